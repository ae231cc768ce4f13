//! What processes need of the machine beyond what the memory manager needs: user memory, contexts, and the streams a program's
//! standard handles stand for.

use core::mem::MaybeUninit;

use abi::cell::Link;
use abi::nt::list::ListEntry;
use abi::nt::process::Eprocess;
use abi::nt::thread::{Ethread, Kthread};
use abi::status::NtStatus;
use abi::trap_frame::TrapFrame;
use io::BlockDevice;
use mm::layout::FrameNumber;
use mm::machine::Machine;
pub use terminal::Cell;

use crate::context::{Form, Image};

/// A byte stream of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard input.
    Input,
    /// Standard output.
    Output,
    /// Standard error.
    Error,
    /// The console, for writing.
    Console,
    /// The console, for reading.
    ConsoleInput,
    /// Where lines for people go, whoever writes them: the kernel's log.
    Log,
}

/// What has come from a device of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleByte {
    /// A byte of a scan code.
    Keyboard(u8),
    /// A byte that a terminal sent.
    Terminal(u8),
    /// The terminal will send no more. May be told more than once.
    End,
}

/// How the machine is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutDown {
    /// Switched off.
    PowerOff,
    /// Started anew.
    Restart,
    /// Switched off, and whoever listens is told that the audit failed.
    Corrupt,
}

/// What reading from a stream gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// So many bytes, at least one.
    Bytes(usize),
    /// Nothing yet.
    Nothing,
    /// Nothing any more.
    End,
}

/// How a kernel thread begins; it never returns.
pub type KernelRoutine = extern "C" fn(u32) -> !;

/// The machine as processes see it. Copies from and to user memory work in the current address space, and may make pages
/// come in.
pub trait Platform: Machine + Sync + 'static {
    /// The disk behind C:.
    type Disk: BlockDevice;

    /// Copies `into.len()` bytes from user address `address`, of any alignment.
    ///
    /// # Errors
    /// ACCESS_VIOLATION, or the status of the fault; `into` may be partly filled.
    fn read_user(&self, address: u32, into: &mut [u8]) -> Result<(), NtStatus>;

    /// Reads the word at user address `address`, of any alignment.
    ///
    /// # Errors
    /// As [`Self::read_user`].
    fn read_user_word(&self, address: u32) -> Result<u32, NtStatus>;

    /// Reads the word at user address `address`, and finds out whether it can be written.
    ///
    /// # Errors
    /// As [`Self::read_user_word`].
    fn probe_user_word(&self, address: u32) -> Result<u32, NtStatus>;

    /// Stores a word at user address `address`, of any alignment.
    ///
    /// # Errors
    /// As [`Self::read_user_word`].
    fn write_user_word(&self, address: u32, word: u32) -> Result<(), NtStatus>;

    /// Copies words from user address `address`, of any alignment.
    ///
    /// # Errors
    /// As [`Self::read_user`].
    fn read_user_words(&self, address: u32, into: &mut [u32]) -> Result<(), NtStatus>;

    /// Fills `room` with words from user address `address`, of any alignment.
    ///
    /// # Errors
    /// As [`Self::read_user`].
    fn capture_user_words<'a>(&self, address: u32, room: &'a mut [MaybeUninit<u32>]) -> Result<&'a [u32], NtStatus>;

    /// The `COUNT` words at user address `address`, of any alignment.
    ///
    /// # Errors
    /// As [`Self::read_user`].
    fn read_user_array<const COUNT: usize>(&self, address: u32) -> Result<[u32; COUNT], NtStatus>;

    /// Copies `from` to user address `address`, of any alignment.
    ///
    /// # Errors
    /// ACCESS_VIOLATION, or the status of the fault; part may have been written.
    fn write_user(&self, address: u32, from: &[u8]) -> Result<(), NtStatus>;

    /// Copies `length` bytes from `offset` of `frame`, which the caller holds, to user address `address`, if the pages there take
    /// stores as they are: whether they do.
    fn write_user_from_frame(&self, address: u32, frame: FrameNumber, offset: u32, length: u32) -> bool;

    /// Copies words to user address `address`, of any alignment.
    ///
    /// # Errors
    /// As [`Self::write_user`].
    fn write_user_words(&self, address: u32, from: &[u32]) -> Result<(), NtStatus>;

    /// Loads the page-directory-pointer table at physical address `directory_table`.
    fn load_address_space(&self, directory_table: u32);

    /// Readies the kernel stack that ends at `base` for a thread that begins with `routine(argument)`; its saved stack
    /// pointer.
    fn prepare_kernel_thread(&self, base: u32, routine: KernelRoutine, argument: u32) -> u32;

    /// Readies the kernel stack that ends at `base` for a thread that begins in ring 3 at `eip` with `esp`; its saved stack
    /// pointer.
    fn prepare_user_thread(&self, base: u32, eip: u32, esp: u32) -> u32;

    /// The frame through which the thread of a program whose kernel stack ends at `base` goes back to ring 3.
    fn user_frame(&self, base: u32) -> &'static TrapFrame;

    /// Which form the saved x87 and SSE registers have.
    fn floating_point_form(&self) -> Form;

    /// The x87 and SSE registers of the thread whose kernel stack ends at `base`.
    fn floating_point(&self, base: u32) -> Image;

    /// Replaces them. Bits of MXCSR that the processor does not know are dropped.
    fn set_floating_point(&self, base: u32, image: &Image);

    /// Some thread has breakpoints in debug registers, where none may have had any before.
    fn expect_debug_registers(&self);

    /// Arms the breakpoints of the running thread, whose kernel stack ends at `base`: those in its frame.
    fn load_debug_registers(&self, base: u32);

    /// The running thread has no breakpoints any more.
    fn unload_debug_registers(&self);

    /// DR6, which is as if nothing had happened afterwards.
    fn take_debug_status(&self) -> u32;

    /// Lets `to` run; returns when somebody switches back to `from`, the thread that runs.
    fn switch(&self, from: Link<Kthread>, to: Link<Kthread>);

    /// Waits for an interrupt, unless the dispatcher is asked for already.
    fn wait_for_interrupt(&self);

    /// Forgets what the processor holds of a thread that has ended and whose stack, ending at `base`, goes.
    fn forget_thread(&self, base: u32);

    /// Writes to a stream.
    fn write_stream(&self, stream: Stream, bytes: &[u8]);

    /// Reads from standard input without waiting.
    fn read_input(&self, into: &mut [u8]) -> Input;

    /// The next byte that somebody typed at the console.
    fn read_console(&self) -> Option<ConsoleByte>;

    /// The console's cells from place `first` on, row by row.
    fn read_cells(&self, first: usize, into: &mut [Cell]);

    /// Changes them; `painted` makes a terminal show them.
    fn write_cells(&self, first: usize, cells: &[Cell], painted: &[u8]);

    /// Column and row of the console's cursor, from 0, and the colours of what is written next.
    fn console_place(&self) -> ((usize, usize), u8);

    /// Pixels of a row of the pictures that the screen can show, and rows; none where it shows text only.
    fn picture_size(&self) -> Option<(u32, u32)>;

    /// Shows row `row` of a picture, from `pixels` of 4 bytes each, blue first. The screen is the text's again with the next byte that
    /// is written to it.
    fn show_row(&self, row: u32, pixels: &[u8]);

    /// Stops the machine.
    fn shut_down(&self, how: ShutDown) -> !;

    /// Tells the runner what happened, where there is one, in one line.
    fn event(&self, line: core::fmt::Arguments<'_>);

    /// The current process, `process`, is about to be taken apart with `status`; everything of it is still there.
    fn process_exits(&self, process: Link<Eprocess>, status: NtStatus);

    /// A line for people: the kernel's log.
    fn log(&self, line: core::fmt::Arguments<'_>);

    /// Time-stamp counter.
    fn time_stamp(&self) -> u64;

    /// A counter that only grows, and how much it grows a second.
    fn performance_counter(&self) -> (u64, u64);

    /// Units of 100 ns since the start.
    fn interrupt_time(&self) -> u64;

    /// Where the head of the list of all processes stands, if the machine has a place for it that tools find by its name; else it is in pool.
    #[doc(alias = "PsActiveProcessHead")]
    fn process_list_head(&self) -> Option<Link<ListEntry>> {
        None
    }

    /// Units of 100 ns since 1601.
    fn system_time(&self) -> u64;

    /// Sets the clock, and the clock chip.
    fn set_system_time(&self, time: u64);

    /// How far the clock goes on with a tick and how long a tick is, in units of 100 ns, and whether it goes at its own speed.
    fn time_adjustment(&self) -> (u32, u32, bool);

    /// Makes the clock go on so far with a tick, or at its own speed.
    fn set_time_adjustment(&self, adjustment: Option<u32>);

    /// Tells programs how far local time is behind UTC, in units of 100 ns, and which of its times the zone has.
    fn set_time_zone_bias(&self, bias: u64, season: u32);

    /// The thread that runs.
    fn current_thread(&self) -> Link<Ethread>;
}
