//! The one system: the memory manager and the executive, from the moment they exist.

use core::sync::atomic::{AtomicBool, Ordering};

use abi::cell::Link;
use abi::nt::user_shared_data::{KERNEL_SHARED_DATA, KuserSharedData, nx_policy};
use alloc::vec;
use alloc::vec::Vec;
use boot::information::BootInformation;
use boot::{image, memory::KernelHalf};
use drivers::logln;
use hal::{control_region, registers, windows};
use ke::ZERO_PAGE_PRIORITY;
use mm::MemoryManager;
use mm::failing::Request;
use mm::frame::{BootMemory, FrameRun, NoExecute};
use mm::layout::{LARGE_PAGE_SIZE, PAGE_SIZE, PhysicalAddress, VirtualAddress};
use mm::machine::{FrameBytes, Records};
use mm::system::Contents;
use ob::ObjectManager;
use ps::plan::{self, Job};
use ps::{Entries, Executive, KernelRoutine, PagingWish, ShutDown, Verdict};
use spin::Once;

use crate::bugcheck::refuse;
use crate::crash::crash;
use crate::machine::{HARDWARE, Hardware};
use crate::options::{Debugger, Options};
use crate::{bench, crash_dump, debugger, debugger_data, disk, link, volumes};

/// What the kernel is.
static MEMORY: Once<MemoryManager<Hardware>> = Once::new();
static OBJECTS: Once<ObjectManager<'static, Hardware>> = Once::new();
static EXECUTIVE: Once<Executive<Hardware>> = Once::new();
static PLAN: Once<Vec<u8>> = Once::new();
static OPTIONS: Once<Options> = Once::new();
static IN_USER_MODE: AtomicBool = AtomicBool::new(false);

/// Page-directory-pointer tables, for as many processes.
const POINTER_TABLES: usize = 512;
const POINTER_TABLE_WORDS: usize = 8;

#[repr(align(4096))]
struct PointerTables([core::sync::atomic::AtomicU32; POINTER_TABLES * POINTER_TABLE_WORDS]);
static TABLES: PointerTables =
    PointerTables([const { core::sync::atomic::AtomicU32::new(0) }; POINTER_TABLES * POINTER_TABLE_WORDS]);

/// Whether a page-directory-pointer table of a process is at physical `address`.
pub fn is_pointer_table(address: u32) -> bool {
    let first = TABLES.0.as_ptr() as u32 - image::IMAGE_OFFSET;
    let bytes = (POINTER_TABLES * POINTER_TABLE_WORDS * 4) as u32;
    address
        .checked_sub(first)
        .is_some_and(|offset| offset < bytes && offset.is_multiple_of(POINTER_TABLE_WORDS as u32 * 4))
}

/// Above programs, so that the next job starts as soon as one has ended.
const SESSION_PRIORITY: u8 = 9;
/// Above programs, so that Ctrl-C is heard.
const CONSOLE_PRIORITY: u8 = 13;
/// Below what programs usually have: what is dirty can wait.
const LAZY_WRITER_PRIORITY: u8 = 8;
/// So that the disk has its next command before the program goes on.
const READ_AHEAD_PRIORITY: u8 = 16;
/// As XP has them: the balance-set manager and the modified page writer come before what programs can have in time of need.
const BALANCE_PRIORITY: u8 = 16;
const PAGE_WRITER_PRIORITY: u8 = 17;
/// The program that runs where neither plan nor command line names one.
const DEFAULT_PROGRAM: &str = "C:\\WINDOWS\\system32\\cmd.exe";

/// The executive. Nothing asks for it before it is there.
#[inline(always)]
pub fn executive() -> &'static Executive<Hardware> {
    match EXECUTIVE.get() {
        Some(executive) => executive,
        None => too_early(),
    }
}

/// Whether there is one yet.
pub fn is_up() -> bool {
    EXECUTIVE.is_completed()
}

#[cold]
fn too_early() -> ! {
    panic!("the executive was asked for before it existed")
}

/// The memory that the start-up code has found and begun to use.
pub struct Memory<'a> {
    /// All RAM.
    pub ram: &'a [FrameRun],
    /// What of it is in use.
    pub used: &'a [FrameRun],
    /// What is not to be used.
    pub bad: &'a [FrameRun],
    /// What is mapped.
    pub half: &'a KernelHalf,
}

/// Starts memory manager, volume and executive.
pub fn initialise(memory: &Memory<'_>, information: &BootInformation, options: Options) {
    let debug = OPTIONS.call_once(|| options).debug;
    let address = TABLES.0.as_ptr() as u32;
    let boot = BootMemory {
        ram: memory.ram,
        used: memory.used,
        bad: memory.bad,
        directories: image::page_directories(),
        pointer_tables: (address, address - image::IMAGE_OFFSET, POINTER_TABLES as u32),
        shared_data: memory.half.shared_data,
        no_execute: if windows::no_execute() == 0 { NoExecute::Absent } else { NoExecute::Enabled },
    };
    let began = registers::time_stamp();
    let mm = MEMORY.call_once(|| {
        MemoryManager::new(Hardware, &boot)
            .unwrap_or_else(|_| refuse(format_args!("too little RAM for the memory manager")))
    });
    bench::database_is_filled(registers::time_stamp() - began);
    if let Some(megabytes) = OPTIONS.get().and_then(|options| options.maximum_zeroed) {
        mm.limit_zeroed(megabytes.saturating_mul(0x10_0000 / PAGE_SIZE));
    }
    hal::heap::let_grow(grow_heap);
    hal::heap::let_fail(|| MEMORY.get().is_some_and(|mm| mm.failing().refuses(Request::Pool)));
    let objects = OBJECTS.call_once(|| {
        ObjectManager::new(mm).unwrap_or_else(|_| refuse(format_args!("too little RAM for the object manager")))
    });
    if debugger_data::initialise(mm, objects).is_err() {
        refuse(format_args!("too little RAM for the list of the kernel's modules"));
    }
    let volumes = volumes::mount(objects, information);
    let pointers = image::directory_pointers();
    hal::context::set_system_table(pointers);
    let system = EXECUTIVE.call_once(|| {
        Executive::new(objects, volumes, control_region::LINK, pointers, image::stack())
            .unwrap_or_else(|_| refuse(format_args!("too little RAM for the executive")))
    });
    if system.name_physical_memory(hal::cpu::features().address_bits).is_err() {
        refuse(format_args!("too little RAM for the executive"));
    }
    keep_plan(information);
    if OPTIONS.get().is_some_and(|options| options.crash_dump) {
        crash_dump::enable();
    }
    let script = information.module("debugger").map(|module| read_physical(module.start, module.length.into()));
    debugger::initialise(OPTIONS.get().map_or(Debugger::None, |options| options.debugger), script);
    let entries = system.load_ntdll().unwrap_or_else(|error| refuse(format_args!("{error}")));
    fill_shared_data(&entries, mm.physical_pages().2);
    if debug {
        system.allow_debugging();
        let shared: &KuserSharedData = HARDWARE.record(Link::new(KERNEL_SHARED_DATA));
        shared.kd_debugger_enabled.set(1);
        logln!("debug: programs may read all memory");
    }
    logln!("memory manager: {} frames, {} of them free", mm.physical_pages().2, mm.available_frames());
}

/// Gives the heap of Rust's `alloc` the page at `address`.
fn grow_heap(address: u32) -> bool {
    let page = VirtualAddress(address).page();
    MEMORY.get().is_some_and(|mm| mm.map_system_page(page, Contents::Rubbish).is_ok())
}

/// Copies the boot module `plan`, where there is one.
fn keep_plan(information: &BootInformation) {
    let Some(module) = information.module("plan") else { return };
    let bytes = read_physical(module.start, module.length.into());
    if let Err(error) = plan::jobs(&bytes) {
        refuse(format_args!("{error}"));
    }
    PLAN.call_once(|| bytes);
}

/// `length` bytes of physical memory from `start` on.
fn read_physical(start: u64, length: u64) -> Vec<u8> {
    let mut bytes = vec![0; length as usize];
    let mut done = 0;
    while done < bytes.len() {
        let at = PhysicalAddress(start + done as u64);
        let within = (at.0 % u64::from(PAGE_SIZE)) as u32;
        let step = (bytes.len() - done).min((PAGE_SIZE - within) as usize);
        HARDWARE.read(at.frame(), within, &mut bytes[done..done + step]);
        done += step;
    }
    bytes
}

/// What programs read at 7FFE0000 and the kernel alone writes.
fn fill_shared_data(entries: &Entries, pages: u32) {
    const INTEL_386: u16 = 0x14C;
    const WORKSTATION: u32 = 1;
    let data: &KuserSharedData = HARDWARE.record(Link::new(KERNEL_SHARED_DATA));
    for (cell, unit) in data.nt_system_root.iter().zip("C:\\WINDOWS".encode_utf16()) {
        cell.set(unit);
    }
    data.image_number_low.set(INTEL_386);
    data.image_number_high.set(INTEL_386);
    // With PAE every processor has them.
    data.large_page_minimum.set(LARGE_PAGE_SIZE);
    data.nt_product_type.set(WORKSTATION);
    data.product_type_is_valid.set(1);
    data.nt_major_version.set(5);
    data.nt_minor_version.set(1);
    data.number_of_physical_pages.set(pages);
    data.nx_support_policy.set(OPTIONS.get().map_or(nx_policy::OPT_IN, |options| options.no_execute));
    data.reserved1.set(0x7FFE_FFFF);
    data.reserved3.set(0x8000_0000);
    let features = hal::cpu::features();
    for (index, present) in
        [(3, features.mmx), (6, features.sse), (8, true), (9, true), (12, windows::no_execute() != 0)]
    {
        data.processor_features[index].set(u8::from(present));
    }
    let call = if features.fast_system_call { entries.fast_system_call } else { entries.interrupt_system_call };
    data.system_call.set(call);
    data.system_call_return.set(entries.fast_system_call_return);
}

/// Starts the zero-page thread and the session.
pub fn start_threads() {
    let system = executive();
    let threads = [
        (zero_pages as KernelRoutine, ZERO_PAGE_PRIORITY),
        (serve_console as KernelRoutine, CONSOLE_PRIORITY),
        (write_lazily as KernelRoutine, LAZY_WRITER_PRIORITY),
        (read_ahead as KernelRoutine, READ_AHEAD_PRIORITY),
        (balance_sets as KernelRoutine, BALANCE_PRIORITY),
        (write_modified_pages as KernelRoutine, PAGE_WRITER_PRIORITY),
        (write_mapped_pages as KernelRoutine, PAGE_WRITER_PRIORITY),
        (run_session as KernelRoutine, SESSION_PRIORITY),
    ];
    for (routine, priority) in threads {
        if system.create_system_thread(routine, 0, priority).is_err() {
            refuse(format_args!("too little RAM for the first threads"));
        }
    }
    debugger::start_thread();
    logln!("the zero-page thread runs at priority {ZERO_PAGE_PRIORITY}");
}

/// The kernel thread that runs the plan and then switches the machine off.
extern "C" fn run_session(_: u32) -> ! {
    // Not a copy: the stack is small.
    let options = OPTIONS.call_once(|| Options::parse(""));
    if options.link && !link::open() {
        logln!("there is no COM3: programs' streams go to the console");
    }
    if options.debugger == Debugger::Waiting {
        debugger::wait_for_go();
    }
    if let Some(how) = options.crash {
        crash(how);
    }
    let system = executive();
    start_paging(options);
    if options.dump_file {
        keep_dump_file();
    }
    if options.test {
        system.measure_stacks();
    }
    if let Some(terms) = options.fail {
        logln!("requests that are refused: {}", terms.intervals);
        crate::traps::watch();
        system.refuse_requests(terms);
    }
    if options.bench {
        bench::start_up(system.mm());
        bench::zero_pages(system.mm());
        bench::read_disk(system.mm());
    }
    let verdict = match PLAN.get() {
        Some(plan) => plan::jobs(plan).map_or(Verdict::Corrupt, |jobs| system.run_jobs(jobs)),
        None => {
            let program = options.run.as_ref().map_or(DEFAULT_PROGRAM, |path| path.as_str());
            system.run_jobs(core::iter::once(Job::console(program)))
        }
    };
    if options.test {
        logln!("deepest kernel stack: {} bytes", system.deepest_stack());
        logln!("pieces of transfers above 4 GB: {}", disk::bounced());
        logln!("page faults that waited for another's read: {}", system.collisions());
    }
    // Where nobody listens, the way it ends is all that a test can tell.
    let good = verdict == Verdict::Success || verdict == Verdict::Sound && !options.test;
    system.shut_down(if good { ShutDown::PowerOff } else { ShutDown::Corrupt })
}

/// Makes the paging files that are wanted: one on a disk where nobody says anything, none in memory.
fn start_paging(options: &Options) {
    let system = executive();
    for text in options.paging_files.iter().flatten() {
        if let Some(wish) = PagingWish::parse(text.as_str()) {
            system.start_paging(&wish);
        }
    }
    if options.paging_files[0].is_none() && system.system_volume().device().is_disk() {
        system.start_paging(&PagingWish::DEFAULT);
    }
}

/// Keeps a file ready that a dump goes into.
fn keep_dump_file() {
    match crash_dump::reserve() {
        Ok(megabytes) => logln!("dump file: {}, {megabytes} MB", crash_dump::RESERVED),
        Err(status) => logln!("there is no dump file {}: {status}", crash_dump::RESERVED),
    }
}

/// The zero-page thread.
extern "C" fn zero_pages(_: u32) -> ! {
    executive().zero_pages()
}

/// The lazy writer.
extern "C" fn write_lazily(_: u32) -> ! {
    executive().write_lazily()
}

/// The thread that reads ahead.
extern "C" fn read_ahead(_: u32) -> ! {
    executive().read_ahead()
}

/// The balance-set manager.
extern "C" fn balance_sets(_: u32) -> ! {
    executive().balance_sets()
}

/// The modified page writer.
extern "C" fn write_modified_pages(_: u32) -> ! {
    executive().write_modified_pages()
}

/// The mapped page writer.
extern "C" fn write_mapped_pages(_: u32) -> ! {
    executive().write_mapped_pages()
}

/// The thread that takes keys.
extern "C" fn serve_console(_: u32) -> ! {
    executive().serve_console()
}

/// Tells once how long the way to ring 3 was.
pub fn first_user_instruction() {
    if !IN_USER_MODE.swap(true, Ordering::Relaxed) {
        let since_entry = registers::time_stamp() - image::entry_time_stamp();
        link::event(format_args!("ready tsc={since_entry}"));
    }
}
