//! `signal` and `raise`: a table. Exceptions become signals in the program's own start-up code, Ctrl-C becomes one here, in a
//! thread of its own.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use user_crt::error::Errno;

use super::exit::_exit;
use super::nt::SetConsoleCtrlHandler;
use super::thread_data::set_errno;

/// `SIGABRT`.
pub(super) const ABORT: u32 = 22;
/// `SIGINT` and `SIGBREAK`.
const INTERRUPT: u32 = 2;
const BREAK: u32 = 21;
/// `SIGILL`, `SIGFPE`, `SIGSEGV`.
pub(super) const ILLEGAL: u32 = 4;
pub(super) const FLOATING_POINT: u32 = 8;
pub(super) const VIOLATION: u32 = 11;
/// `SIG_DFL`.
pub(super) const DEFAULT: u32 = 0;
/// `SIG_IGN`.
pub(super) const IGNORE: u32 = 1;
/// `SIG_GET`: asks only.
const ASK: u32 = 2;
/// `SIG_ERR`.
const ERROR: u32 = u32::MAX;
/// Exit status of a signal's default action.
const KILLED: u32 = 3;

/// Interrupt, illegal instruction, floating point, access violation, termination, break, abort.
const SIGNALS: [u32; 7] = [INTERRUPT, ILLEGAL, FLOATING_POINT, VIOLATION, 15, BREAK, ABORT];

/// Whether the console knows of this library.
static LISTENS: AtomicBool = AtomicBool::new(false);
static HANDLERS: [AtomicU32; 7] = [const { AtomicU32::new(DEFAULT) }; 7];

fn handler_of(signal: u32) -> Option<&'static AtomicU32> {
    SIGNALS.iter().position(|&known| known == signal).map(|index| &HANDLERS[index])
}

/// The handler of a signal that is about to be called: the default action comes back first, unless the signal is ignored.
pub(super) fn take(number: u32) -> u32 {
    handler_of(number).map_or(DEFAULT, |place| match place.load(Ordering::Relaxed) {
        IGNORE => IGNORE,
        _ => place.swap(DEFAULT, Ordering::Relaxed),
    })
}

/// What the console calls: a program that ignores the signal or handles it goes on.
#[doc(alias = "ctrlevent_capture")]
extern "system" fn control(event: u32) -> u32 {
    let number = if event == 0 { INTERRUPT } else { BREAK };
    match handler_of(number).map(|place| place.load(Ordering::Relaxed)) {
        None | Some(DEFAULT) => 0,
        Some(_) => {
            raise(number);
            1
        }
    }
}

/// Sets a signal's handler and returns the old one, or -1 for a signal that there is not.
#[unsafe(no_mangle)]
pub extern "C" fn signal(number: u32, handler: u32) -> u32 {
    let Some(place) = handler_of(number).filter(|_| handler != 3 && handler != 4) else {
        set_errno(Errno::EINVAL);
        return ERROR;
    };
    if matches!(number, INTERRUPT | BREAK) && handler != ASK && !LISTENS.swap(true, Ordering::Relaxed) {
        // SAFETY: the function is of the type that the console calls.
        unsafe { SetConsoleCtrlHandler(control as *const () as u32, 1) };
    }
    if handler == ASK { place.load(Ordering::Relaxed) } else { place.swap(handler, Ordering::Relaxed) }
}

/// Sends a signal to the own thread. A handler is called once: the default action comes back first.
#[unsafe(no_mangle)]
pub extern "C" fn raise(number: u32) -> i32 {
    if handler_of(number).is_none() {
        return -1;
    }
    match take(number) {
        IGNORE => 0,
        DEFAULT => _exit(KILLED),
        handler => {
            // SAFETY: the program said that this is a function of one number.
            let routine: extern "C" fn(u32) = unsafe { core::mem::transmute(handler) };
            routine(number);
            0
        }
    }
}
