//! Handlers for Ctrl-C: the program's own, and the one that ends the process.

use core::arch::naked_asm;
use core::cell::UnsafeCell;

use abi::console::{DETACH, GENERATE_EVENT, IGNORE_CONTROL_C, LEAD_GROUP, SET_CONTROL_ROUTINE};
use alloc::vec::Vec;
use user_support::error::Win32Error;
use user_support::status::Status;

use super::console::{answered, control, is_console};
use super::exception::call_under_last_resort;
use super::file::create;
use super::last_error::{Bool, TRUE, fail};
use super::nt::NtClose;
use super::process::ExitProcess;
use super::standard_handle::real_handle;
use super::thread::ExitThread;
use super::thread_slot::locked;

/// `STD_ERROR_HANDLE` as a pseudo handle; those of output and input follow.
const FIRST_STANDARD: u32 = 0xFFFF_FFF4;
/// `GENERIC_READ`, `FILE_SHARE_READ | FILE_SHARE_WRITE`, `FILE_OPEN`, `FILE_SYNCHRONOUS_IO_NONALERT`.
const READ: u32 = 0x8000_0000;
const SHARE: u32 = 3;
const OPEN: u32 = 1;
const SYNCHRONOUS: u32 = 0x20;
/// Where every process reaches the console, whether it has one or not, in the object name space.
const CONNECTION: &str = "\\Device\\ConDrv\\Connect";
/// `STATUS_CONTROL_C_EXIT`.
const CONTROL_C_EXIT: u32 = 0xC000_013A;

/// The program's handlers, the first one asked last.
struct Handlers(UnsafeCell<Vec<u32>>);

// SAFETY: the list is only touched with the lock of the PEB held.
unsafe impl Sync for Handlers {}

static HANDLERS: Handlers = Handlers(UnsafeCell::new(Vec::new()));

/// Runs `work` on the list; it calls nothing of the program's.
fn handlers<R>(work: impl FnOnce(&mut Vec<u32>) -> R) -> R {
    // SAFETY: the lock makes this the only reference.
    locked(|| work(unsafe { &mut *HANDLERS.0.get() }))
}

/// Tells the console of this process, by whichever standard handle leads there, or by its name where none does.
pub(super) fn tell(code: u32, words: &[u32]) -> Result<u32, Status> {
    ask(code, words, &mut [])
}

/// Asks it: how many bytes of `output` it filled.
pub(super) fn ask(code: u32, words: &[u32], output: &mut [u8]) -> Result<u32, Status> {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let standard = (FIRST_STANDARD..FIRST_STANDARD + 3).map(real_handle).find(|handle| is_console(*handle));
    if let Some(console) = standard {
        return control(console, code, &bytes, output);
    }
    let path: Vec<u16> = CONNECTION.encode_utf16().collect();
    let (console, _) = create(&path, READ, SHARE, OPEN, 0, SYNCHRONOUS, 0)?;
    let told = control(console, code, &bytes, output);
    // SAFETY: nobody else has this handle.
    unsafe { NtClose(console) };
    told
}

/// The child with this number has no console.
pub(super) fn detach(process: u32) {
    let _ = tell(DETACH, &[process]);
}

/// Makes the child with this number the first of a group, which Ctrl-C passes over.
pub(super) fn lead_group(process: u32) {
    // Without a console there is nobody who could send something to it.
    let _ = tell(LEAD_GROUP, &[process]);
}

/// Adds a handler or takes one off; without one, lets Ctrl-C pass this process over, or not any more.
#[unsafe(no_mangle)]
pub extern "system" fn SetConsoleCtrlHandler(handler: u32, add: Bool) -> Bool {
    if handler == 0 {
        return answered(tell(IGNORE_CONTROL_C, &[add]));
    }
    if add == 0 {
        let taken = handlers(|list| list.iter().rposition(|&other| other == handler).map(|at| list.remove(at)));
        return if taken.is_some() { TRUE } else { fail(Win32Error::INVALID_PARAMETER) };
    }
    let is_first = handlers(|list| {
        list.push(handler);
        list.len() == 1
    });
    if is_first {
        // A process without a console is told of nothing, and its handlers are never called.
        let _ = tell(SET_CONTROL_ROUTINE, &[begin_control as *const () as u32]);
    }
    TRUE
}

/// Sends Ctrl-C (0) or Ctrl-Break (1) to the programs at the console, or to one group of them.
#[unsafe(no_mangle)]
pub extern "system" fn GenerateConsoleCtrlEvent(event: u32, group: u32) -> Bool {
    answered(tell(GENERATE_EVENT, &[event, group]))
}

/// The first instructions of the thread that the kernel makes for an event, which is in EBX.
#[unsafe(naked)]
unsafe extern "C" fn begin_control() {
    naked_asm!("xor ebp, ebp", "push ebx", "push 0", "jmp {start}", start = sym start_control)
}

extern "system" fn start_control(event: u32) -> ! {
    // SAFETY: the function is of one word, and this one never returns.
    ExitThread(unsafe { call_under_last_resort(ask_handlers as *const () as u32, event) })
}

/// Asks the handlers, the last one first, until one says that it has dealt with the event; else the process ends.
#[doc(alias = "CtrlRoutine")]
extern "system" fn ask_handlers(event: u32) -> u32 {
    for handler in handlers(|list| list.clone()).into_iter().rev() {
        // SAFETY: the program said that this is a function of one word.
        let handler: extern "system" fn(u32) -> Bool = unsafe { core::mem::transmute(handler) };
        if handler(event) != 0 {
            return 0;
        }
    }
    ExitProcess(CONTROL_C_EXIT)
}
