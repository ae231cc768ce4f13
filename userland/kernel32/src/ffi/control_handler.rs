//! Handlers for Ctrl-C: the program's own, and the one that ends the process.

use core::arch::naked_asm;
use core::cell::UnsafeCell;

use abi::console::{GENERATE_EVENT, IGNORE_CONTROL_C, SET_CONTROL_ROUTINE};
use alloc::vec::Vec;
use user_support::error::Win32Error;
use user_support::status::Status;

use super::console::{answered, control};
use super::last_error::{Bool, TRUE, fail};
use super::nt::VadoseCallUnderLastResort;
use super::process::ExitProcess;
use super::standard_handle::console_output;
use super::thread::ExitThread;
use super::thread_slot::locked;

/// `STD_INPUT_HANDLE` as a pseudo handle.
const STANDARD_INPUT: u32 = 0xFFFF_FFF6;
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

/// Tells the console of this process, by whichever standard handle leads there.
fn tell(code: u32, word: u32) -> Result<u32, Status> {
    let word = word.to_le_bytes();
    control(STANDARD_INPUT, code, &word, &mut []).or_else(|status| match console_output() {
        Some(output) => control(output, code, &word, &mut []),
        None => Err(status),
    })
}

/// Adds a handler or takes one off; without one, lets Ctrl-C pass this process over, or not any more.
#[unsafe(no_mangle)]
pub extern "system" fn SetConsoleCtrlHandler(handler: u32, add: Bool) -> Bool {
    if handler == 0 {
        return answered(tell(IGNORE_CONTROL_C, add));
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
        let _ = tell(SET_CONTROL_ROUTINE, begin_control as *const () as u32);
    }
    TRUE
}

/// Sends Ctrl-C (0) or Ctrl-Break (1) to the programs at the console. There is one group of them, 0.
#[unsafe(no_mangle)]
pub extern "system" fn GenerateConsoleCtrlEvent(event: u32, group: u32) -> Bool {
    if event > 1 || group != 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    answered(tell(GENERATE_EVENT, event))
}

/// The first instructions of the thread that the kernel makes for an event, which is in EBX.
#[unsafe(naked)]
unsafe extern "C" fn begin_control() {
    naked_asm!("xor ebp, ebp", "push ebx", "push 0", "jmp {start}", start = sym start_control)
}

extern "system" fn start_control(event: u32) -> ! {
    // SAFETY: the function is of one word, and this one never returns.
    ExitThread(unsafe { VadoseCallUnderLastResort(ask_handlers as *const () as u32, event) })
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
