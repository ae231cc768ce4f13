//! The machine as processes see it: user memory, contexts, streams and time.

use core::mem::MaybeUninit;

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use abi::cell::Link;
use abi::nt::list::ListEntry;
use abi::nt::process::{Eprocess, Kprocess};
use abi::nt::thread::{Ethread, Kthread};
use abi::status::NtStatus;
use abi::trap_frame::TrapFrame;
use drivers::power::Outcome;
use drivers::{graphics, keyboard, log, serial};
use hal::context::{self, Context, KernelStack};
use hal::{control_region, debug_registers, fpu, interrupts, registers, traps, user_memory};
use mm::layout::FrameNumber;
use mm::machine::Records;
use ps::{Cell, ConsoleByte, Form, Image, Input, KernelRoutine, Platform, ShutDown, Stream};

use crate::machine::Hardware;
use crate::volumes::VolumeDisk;
use crate::{bugcheck, clock, debugger, debugger_data, link};

/// Whether the runner has been told of a picture.
static PICTURE_TOLD: AtomicBool = AtomicBool::new(false);

impl Platform for Hardware {
    type Disk = VolumeDisk;

    fn read_user(&self, address: u32, into: &mut [u8]) -> Result<(), NtStatus> {
        user_memory::copy_from_user(address, into)
    }

    #[inline(always)]
    fn read_user_word(&self, address: u32) -> Result<u32, NtStatus> {
        user_memory::read_word(address)
    }

    #[inline(always)]
    fn probe_user_word(&self, address: u32) -> Result<u32, NtStatus> {
        user_memory::probe_word(address)
    }

    #[inline(always)]
    fn write_user_word(&self, address: u32, word: u32) -> Result<(), NtStatus> {
        user_memory::write_word(address, word)
    }

    #[inline(always)]
    fn read_user_words(&self, address: u32, into: &mut [u32]) -> Result<(), NtStatus> {
        user_memory::words_from_user(address, into)
    }

    #[inline(always)]
    fn capture_user_words<'a>(&self, address: u32, room: &'a mut [MaybeUninit<u32>]) -> Result<&'a [u32], NtStatus> {
        user_memory::capture_words(address, room)
    }

    #[inline(always)]
    fn read_user_array<const COUNT: usize>(&self, address: u32) -> Result<[u32; COUNT], NtStatus> {
        user_memory::array_from_user(address)
    }

    fn write_user(&self, address: u32, from: &[u8]) -> Result<(), NtStatus> {
        user_memory::copy_to_user(address, from)
    }

    fn write_user_from_frame(&self, address: u32, frame: FrameNumber, offset: u32, length: u32) -> bool {
        user_memory::copy_from_frame(address, frame, offset, length)
    }

    fn write_user_words(&self, address: u32, from: &[u32]) -> Result<(), NtStatus> {
        user_memory::words_to_user(address, from)
    }

    fn load_address_space(&self, directory_table: u32) {
        context::load_address_space(directory_table);
    }

    fn prepare_kernel_thread(&self, base: u32, routine: KernelRoutine, argument: u32) -> u32 {
        KernelStack::new(base).prepare(routine, argument)
    }

    fn prepare_user_thread(&self, base: u32, eip: u32, esp: u32) -> u32 {
        let stack = KernelStack::new(base);
        let stack_pointer = stack.prepare(begin_in_user_mode, 0);
        context::begin_user_frame(stack.user_frame(), eip, esp);
        stack_pointer
    }

    fn user_frame(&self, base: u32) -> &'static TrapFrame {
        KernelStack::of_thread(base).user_frame()
    }

    fn floating_point_form(&self) -> Form {
        if fpu::is_extended() { Form::Extended } else { Form::Plain }
    }

    fn floating_point(&self, base: u32) -> Image {
        fpu::registers(KernelStack::of_thread(base))
    }

    fn set_floating_point(&self, base: u32, image: &Image) {
        fpu::set_registers(KernelStack::of_thread(base), image);
    }

    fn expect_debug_registers(&self) {
        traps::expect_debug_registers();
    }

    fn load_debug_registers(&self, base: u32) {
        debug_registers::load(KernelStack::of_thread(base));
    }

    fn unload_debug_registers(&self) {
        debug_registers::unload();
    }

    fn take_debug_status(&self) -> u32 {
        debug_registers::take_status()
    }

    fn switch(&self, from: Link<Kthread>, to: Link<Kthread>) {
        let next = self.record(to);
        let process: Link<Kprocess> = next.apc_state.process.get();
        let context = Context {
            stack: KernelStack::of_thread(next.stack_base.get()),
            stack_pointer: next.kernel_stack.get(),
            directory_table: self.record(process).directory_table_base[0].get(),
            teb: next.teb.get(),
        };
        context::switch(&self.record(from).kernel_stack, &context, &next.debug_active);
    }

    fn wait_for_interrupt(&self) {
        interrupts::wait();
    }

    fn forget_thread(&self, base: u32) {
        fpu::forget(KernelStack::of_thread(base));
    }

    fn write_stream(&self, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if !link::write(stream, bytes) {
            log::write_bytes(bytes);
        } else if stream == Stream::Console {
            log::write_text(bytes);
        }
    }

    fn read_cells(&self, first: usize, into: &mut [Cell]) {
        log::read_cells(first, into);
    }

    fn write_cells(&self, first: usize, cells: &[Cell], painted: &[u8]) {
        let is_shown = link::write(Stream::Console, painted);
        log::write_cells(first, cells, (!is_shown).then_some(painted));
    }

    fn read_input(&self, into: &mut [u8]) -> Input {
        link::read(into).unwrap_or_else(|| {
            let mut count = 0;
            while count < into.len()
                && let Some(byte) = serial::take_typed()
            {
                into[count] = byte;
                count += 1;
            }
            if count == 0 { Input::Nothing } else { Input::Bytes(count) }
        })
    }

    fn read_console(&self) -> Option<ConsoleByte> {
        let mut byte = [0];
        match link::read(&mut byte) {
            Some(Input::Bytes(_)) => Some(ConsoleByte::Terminal(byte[0])),
            Some(Input::End) => Some(ConsoleByte::End),
            Some(Input::Nothing) => None,
            None => {
                let typed = || serial::take_typed().map(ConsoleByte::Terminal);
                keyboard::take().map(ConsoleByte::Keyboard).or_else(typed)
            }
        }
    }

    fn console_place(&self) -> ((usize, usize), u8) {
        log::place()
    }

    fn picture_size(&self) -> Option<(u32, u32)> {
        graphics::size()
    }

    fn show_row(&self, row: u32, pixels: &[u8]) {
        graphics::write_row(row, pixels);
        let (columns, rows) = graphics::SIZE;
        // Whoever takes pictures of the screen takes the first that is whole.
        if row + 1 == rows && !PICTURE_TOLD.swap(true, Ordering::Relaxed) {
            link::event(format_args!("picture columns={columns} rows={rows}"));
        }
    }

    fn shut_down(&self, how: ShutDown) -> ! {
        match how {
            ShutDown::Restart => bugcheck::restart(),
            ShutDown::PowerOff => bugcheck::shut_down(Outcome::Good),
            ShutDown::Corrupt => bugcheck::shut_down(Outcome::Bad),
        }
    }

    fn event(&self, line: fmt::Arguments<'_>) {
        link::event(line);
    }

    fn process_exits(&self, process: Link<Eprocess>, status: NtStatus) {
        debugger::process_exits(process, status);
    }

    fn log(&self, line: fmt::Arguments<'_>) {
        drivers::logln!("{line}");
    }

    fn time_stamp(&self) -> u64 {
        registers::time_stamp()
    }

    fn performance_counter(&self) -> (u64, u64) {
        clock::performance_counter()
    }

    fn interrupt_time(&self) -> u64 {
        clock::interrupt_time()
    }

    fn process_list_head(&self) -> Option<Link<ListEntry>> {
        Some(debugger_data::process_list_head())
    }

    fn system_time(&self) -> u64 {
        clock::system_time()
    }

    fn set_system_time(&self, time: u64) {
        clock::set_system_time(time);
    }

    fn time_adjustment(&self) -> (u32, u32, bool) {
        clock::adjustment()
    }

    fn set_time_adjustment(&self, adjustment: Option<u32>) {
        clock::set_adjustment(adjustment);
    }

    fn set_time_zone_bias(&self, bias: u64, season: u32) {
        clock::set_time_zone_bias(bias, season);
    }

    #[inline(always)]
    fn current_thread(&self) -> Link<Ethread> {
        Link::new(control_region::get().prcb_data.current_thread.get())
    }
}

/// Where a user thread begins, on its own kernel stack: its user frame is complete.
extern "C" fn begin_in_user_mode(_: u32) -> ! {
    crate::system::first_user_instruction();
    context::enter_user_mode()
}
