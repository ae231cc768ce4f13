//! The first instructions of a process in ring 3. The contract with the kernel stands in `lib.rs`.

use core::arch::{asm, naked_asm};
use core::cell::UnsafeCell;

use alloc::vec::Vec;

use user_ffi::{UnicodeString, peb};
use user_support::image::Image;
use user_support::loader::{LoadError, Program, initialise_lists, require, shut_down, start};
use user_support::status::Status;
use user_support::text::wide;

use super::critical_section::{self, CriticalSection};
use super::exception::{VadoseCallUnderLastResort, last_resort, prepare_last_resort};
use super::failure::terminate;
use super::heap;
use super::process::Native;
use super::services::{CURRENT_PROCESS, NtQueryVirtualMemory, NtRaiseHardError, NtTerminateProcess};
use super::thread::begin_thread;

/// The lock under which the loader works.
pub(super) static LOADER_LOCK: CriticalSection = CriticalSection::new();
/// The lock of the PEB.
static PEB_LOCK: CriticalSection = CriticalSection::new();
/// `_PEB_LDR_DATA`, where debuggers look for it: in this DLL's data.
static LOADER_DATA: Words<10> = Words(UnsafeCell::new([0; 10]));
/// The `RTL_BITMAP` that describes the PEB's thread-local slots: their number and where the bits are.
static SLOT_BITMAP: Words<2> = Words(UnsafeCell::new([0; 2]));
/// The same for the slots that stand in a block of their own.
static EXPANSION_BITMAP: Words<2> = Words(UnsafeCell::new([0; 2]));

/// Slots that a thread has elsewhere, when it uses one of them.
const EXPANSION_SLOTS: u32 = 1024;
/// Slots that a thread has in its TEB.
const THREAD_SLOTS: u32 = 64;

/// Words that are reached by address only.
struct Words<const COUNT: usize>(UnsafeCell<[u32; COUNT]>);

// SAFETY: no reference into the words is ever made; whoever touches them does so by address, under the loader lock.
unsafe impl<const COUNT: usize> Sync for Words<COUNT> {}

impl<const COUNT: usize> Words<COUNT> {
    fn address(&self) -> u32 {
        self.0.get() as u32
    }
}

/// Where every thread enters ring 3: see the contract in `lib.rs`. A thread that has a `CONTEXT` to go on with came by
/// `KiUserApcDispatcher`, which left it on the stack; one that has not has the return address 0.
///
/// # Safety
/// Called once, by the kernel, on a fresh thread.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LdrInitializeThunk(_context: u32, _ntdll: u32, _argument: u32) {
    naked_asm!(
        "cmp dword ptr [esp], 0",
        "je 2f",
        "lea eax, [esp + 16]",
        "mov [esp + 4], eax",
        "2:",
        "jmp {initialise}",
        initialise = sym initialise,
    )
}

/// Makes the process ready where this is its first thread, else tells the DLLs of a new one. Comes back where there is a
/// `context` to go on with.
#[doc(alias = "LdrpInitialize")]
unsafe extern "system" fn initialise(context: u32, ntdll: u32, _argument: u32) {
    if peb().loader_data() != 0 {
        return begin_thread();
    }
    prepare_process_block();
    // SAFETY: nobody else runs in this process yet.
    let process = unsafe { Native::new() };
    initialise_lists(&process, peb().loader_data());
    let entry = load_program(&process, ntdll, context != 0).unwrap_or_else(|error| refuse(&process, &error));
    if context == 0 {
        // SAFETY: the entry point of the program whose process this is; nothing of this frame is needed any more.
        unsafe { enter_program(entry) }
    }
}

fn prepare_process_block() {
    let peb = peb();
    let heap = heap::create(heap::GROWABLE, 0, 0);
    if heap == 0 {
        terminate(Status::NO_MEMORY.0);
    }
    peb.set_heap(heap);
    peb.set_loader_data(LOADER_DATA.address());
    peb.set_loader_lock(&raw const LOADER_LOCK as u32);
    peb.set_lock(&raw const PEB_LOCK as u32);
    // SAFETY: two words of this DLL's data, which nobody else uses yet.
    unsafe { SLOT_BITMAP.0.get().write([THREAD_SLOTS, peb.slot_bits()]) };
    peb.set_slot_bitmap(SLOT_BITMAP.address());
    // SAFETY: as above.
    unsafe { EXPANSION_BITMAP.0.get().write([EXPANSION_SLOTS, peb.expansion_bits()]) };
    peb.set_expansion_bitmap(EXPANSION_BITMAP.address());
}

/// Loads what the program needs; the address of its entry point. Where a process begins in kernel32 (`begins_there`), that is
/// loaded even for a program that does not import it, as on XP.
fn load_program(process: &Native, ntdll: u32, begins_there: bool) -> Result<u32, LoadError> {
    let program = Program {
        image: image_at(process, peb().image_base())?,
        path: process.image_path(),
        ntdll: image_at(process, ntdll)?,
        ntdll_path: process.in_system_folder(&wide(b"ntdll.dll")),
    };
    LOADER_LOCK.enter();
    let entry = start(process, &program).and_then(|entry| {
        if begins_there {
            require(process, &wide(b"kernel32.dll"))?;
        }
        Ok(entry)
    });
    if !begins_there {
        prepare_last_resort(process);
    }
    LOADER_LOCK.leave();
    entry
}

/// The image that the kernel mapped at `base`, whose headers are read as far as they lie in one piece.
fn image_at(process: &Native, base: u32) -> Result<Image, LoadError> {
    let mut information = [0u32; 7];
    let (buffer, none) = (information.as_mut_ptr().cast(), core::ptr::null_mut());
    // SAFETY: the service writes seven words.
    let status = unsafe { NtQueryVirtualMemory(CURRENT_PROCESS, base, 0, buffer, 28, none) };
    Status(status).ok()?;
    Ok(Image::open_whole(process, base, information[3])?)
}

/// Tells the system why the program cannot run, as Windows's loader does, and ends the process.
#[cold]
#[inline(never)]
fn refuse(process: &Native, error: &LoadError) -> ! {
    let second = match error {
        LoadError::DllNotFound { .. } => search_path(process),
        LoadError::SymbolNotFound { dll, .. } | LoadError::OrdinalNotFound { dll, .. } => dll.clone(),
        _ => Vec::new(),
    };
    let first = match error {
        LoadError::DllNotFound { name } => name.clone(),
        LoadError::SymbolNotFound { name, .. } => wide(name),
        LoadError::BadImage { path, .. } => path.clone(),
        LoadError::InitialiserFailed { dll } => dll.clone(),
        _ => process.image_path(),
    };
    let (first, second) = (UnicodeString::over(&first), UnicodeString::over(&second));
    // An ordinal is a number; everything else is text, and the mask says which.
    let (word, mask) = match error {
        LoadError::OrdinalNotFound { ordinal, .. } => (*ordinal, 2),
        _ => (&raw const first as u32, 3),
    };
    raise_hard_error(error.status(), [word, &raw const second as u32], mask);
    terminate(error.status().0)
}

fn raise_hard_error(status: Status, parameters: [u32; 2], mask: u32) {
    const OPTION_OK: u32 = 1;
    let mut response = 0;
    // SAFETY: the service reads the parameters and the strings they name, which live until it returns, and writes the
    // response.
    unsafe { NtRaiseHardError(status.0, 2, mask, parameters.as_ptr(), OPTION_OK, &mut response) };
}

/// The folders that were searched, with semicolons between them.
fn search_path(process: &Native) -> Vec<u16> {
    use user_support::loader::Process;
    process.search_folders().join(&u16::from(b';'))
}

/// Calls the entry point and ends the process with its result.
///
/// # Safety
/// `entry` is the program's entry point.
unsafe fn enter_program(entry: u32) -> ! {
    // SAFETY: the caller's promise. The entry point finds a return address, the PEB as its only argument and in ebx.
    unsafe {
        asm!(
            "and esp, 0xFFFFFFF0",
            "sub esp, 8",
            "push {filter}",
            "push {argument}",
            "push {entry}",
            "call {call}",
            "push eax",
            "call {finish}",
            entry = in(reg) entry,
            call = sym VadoseCallUnderLastResort,
            finish = sym finish,
            argument = in(reg) peb().address(),
            filter = in(reg) last_resort(),
            options(noreturn),
        )
    }
}

/// What follows when the entry point returns, or when nothing handled an exception.
pub(super) extern "system" fn finish(status: u32) -> ! {
    // The other threads end first: they could hold what the DLLs need.
    // SAFETY: the process ends.
    unsafe { NtTerminateProcess(0, status) };
    shut_down_process();
    terminate(status)
}

/// Tells every DLL that the process ends, of which the calling thread is the only one left.
pub(super) fn shut_down_process() {
    critical_section::shut_down();
    LOADER_LOCK.enter();
    // SAFETY: this thread has the loader lock.
    shut_down(&unsafe { Native::new() });
    LOADER_LOCK.leave();
}
