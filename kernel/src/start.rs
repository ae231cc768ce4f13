//! Start-up, as a list of steps.

use abi::nt::user_shared_data::nx_policy;
use boot::early_frames::EarlyFrames;
use boot::information::BootInformation;
use boot::memory::KernelHalf;
use boot::{Physical, image};
use drivers::{graphics, interrupt_controller, keyboard, log, logln, serial, timer};
use hal::cpu::{self, Features};
use hal::registers::time_stamp;
use hal::{control_region, fpu, interrupts, windows};
use mm::frame::{FOUR_GIGABYTES, FrameList, FrameRun};
use mm::layout::{FrameNumber, PAGE_SIZE};
use mm::memory_map::MemoryMap;
use mm::memory_test;

use crate::machine::HARDWARE;
use crate::options::Options;
use crate::system::Memory;
use crate::{bench, bugcheck, clock, disk, system, traps};

/// Pages in a megabyte.
const MEGABYTE: u32 = 0x10_0000 / PAGE_SIZE;
/// RAM below which nothing is tried, in megabytes. A machine sold with 16 has less, for the firmware takes some.
const SMALLEST: u32 = 15;

/// Called by the entry code with what the boot loader left in EAX and EBX: paging is on, interrupts are off. This becomes
/// the idle thread.
pub fn start(magic: u32, information: u32) -> ! {
    prepare(magic, information);
    interrupts::enable();
    system::start_threads();
    system::executive().idle()
}

/// Everything up to the first thread. Apart, so that none of it stays on the idle thread's stack.
#[inline(never)]
fn prepare(magic: u32, address: u32) {
    let features = cpu::features();
    windows::set_no_execute(features.no_execute);
    log::initialise();
    logln!("Vadose {} for i686 with PAE", env!("CARGO_PKG_VERSION"));
    traps::initialise(&features);
    let information = &mut BootInformation::new();
    let read = information.read(magic, address, &Physical);
    let options = Options::parse(information.command_line.as_str());
    if options.no_execute == nx_policy::ALWAYS_OFF {
        windows::set_no_execute(false);
    }
    bugcheck::set_exit(options.exit);
    if let Err(error) = read {
        bugcheck::refuse(format_args!("{error}"));
    }
    let map = memory_map(information, &features, &options);
    let mut frames = early_frames(information, &map);
    let known_bad = options.bad_frames;
    frames.avoid(known_bad.runs());
    cpu::enable_sse(&features);
    cpu::enable_write_combining(&features);
    let began = time_stamp();
    let kernel_half = map_kernel_half(&map, &mut frames);
    bench::database_is_mapped(time_stamp() - began);
    control_region::initialise();
    fpu::initialise();
    report(&map, &frames, &kernel_half);
    open_screen(options.video);
    let bad = bad_frames(&map, frames.used(), &options);
    let memory = Memory { ram: map.runs(), used: frames.used(), bad: bad.runs(), half: &kernel_half };
    system::initialise(&memory, information, options);
    interrupt_controller::initialise();
    clock::initialise();
    interrupt_controller::unmask(timer::LINE);
    disk::unmask();
    open_console();
}

/// Lets programs show pictures, where they are asked for and the adapter can.
fn open_screen(pictures: bool) {
    if pictures && !graphics::find() {
        logln!("video: the screen can show no pictures");
    }
}

/// Lets the devices interrupt at which somebody may type, as far as there are any.
fn open_console() {
    if keyboard::initialise() {
        interrupt_controller::unmask(keyboard::LINE);
    }
    if log::has_serial() {
        serial::listen();
        interrupt_controller::unmask(serial::LINE);
    }
}

fn memory_map(information: &BootInformation, features: &Features, options: &Options) -> MemoryMap {
    let mut map = MemoryMap::new(information.regions(), features.address_bits);
    let left_out = options.client.then(|| map.cut(FrameNumber(FOUR_GIGABYTES)));
    if let Some(frames) = left_out.filter(|frames| *frames > 0) {
        logln!("{} MB of RAM above 4 GB are left out, as in Windows XP: client4gb", frames / MEGABYTE);
    }
    let end = options.maximum_memory.map(|megabytes| FrameNumber(megabytes.saturating_mul(MEGABYTE)));
    if let Some(frames) = end.map(|end| map.cut(end)).filter(|frames| *frames > 0) {
        logln!("{} MB of RAM are left alone: maxmem", frames / MEGABYTE);
    }
    let megabytes = map.frames() / MEGABYTE;
    logln!("{megabytes} MB of RAM, {} physical address bits", features.address_bits);
    if map.beyond_reach > 0 {
        let megabytes = map.beyond_reach / u64::from(MEGABYTE);
        logln!("{megabytes} MB of RAM are left out: this processor cannot address them");
    }
    if map.dropped > 0 {
        logln!("{} KB of RAM are left out: they lie in too many pieces", map.dropped * 4);
    }
    if megabytes < SMALLEST {
        bugcheck::refuse(format_args!("there are {megabytes} MB of RAM, and 16 are needed"));
    }
    map
}

fn early_frames<'a>(information: &BootInformation, map: &'a MemoryMap) -> EarlyFrames<'a> {
    for module in information.modules() {
        logln!("module at {:#x}, {} KB: {}", module.start, module.length.div_ceil(1024), module.command_line.as_str());
    }
    if let Err(error) = information.check_modules(map.runs(), image::frames()) {
        bugcheck::refuse(format_args!("{error}"));
    }
    let modules = information.modules().iter().map(|module| module.frames());
    let Ok(frames) = EarlyFrames::new(map.runs(), modules.chain([image::frames()])) else {
        bugcheck::refuse(format_args!("there are too many boot modules"));
    };
    frames
}

/// The frames that are not to be used: those that the command line names, and those that fail a test where one is asked for.
fn bad_frames(map: &MemoryMap, used: &[FrameRun], options: &Options) -> FrameList {
    let mut bad = options.bad_frames;
    if options.test_memory {
        let tested = memory_test::test_memory(&HARDWARE, map.runs(), used, &mut bad);
        logln!("memtest: {} MB tested", tested / MEGABYTE);
    }
    let frames = bad.runs().iter().map(|run| (run, map.runs().iter().map(|ram| run.common(*ram).count).sum::<u32>()));
    for (run, ram) in frames.filter(|(_, ram)| *ram > 0) {
        let in_use: u32 = used.iter().map(|used| run.common(*used).count).sum();
        logln!("bad: frames {:x} to {:x}, {ram} of RAM, {in_use} of them in use and kept", run.base.0, run.end() - 1);
    }
    bad
}

fn map_kernel_half(map: &MemoryMap, frames: &mut EarlyFrames<'_>) -> KernelHalf {
    boot::memory::map_kernel_half(map.runs(), frames)
        .unwrap_or_else(|_| bugcheck::refuse(format_args!("the frame database and the heap do not fit into RAM")))
}

fn report(map: &MemoryMap, frames: &EarlyFrames<'_>, kernel_half: &KernelHalf) {
    let used: u32 = frames.used().iter().map(|run| run.count).sum();
    logln!(
        "frame database: {} KB for {} frames; {} KB in use before the memory manager",
        kernel_half.database_pages * 4,
        map.frames(),
        used * 4,
    );
}
