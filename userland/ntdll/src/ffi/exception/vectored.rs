//! Vectored handlers of the process.

use core::cell::UnsafeCell;

use user_support::exception::VectoredHandlers;

use crate::ffi::critical_section::CriticalSection;

static LOCK: CriticalSection = CriticalSection::new();
static HANDLERS: Guarded = Guarded(UnsafeCell::new(VectoredHandlers::new()));

/// What a handler answers when the thread is to go on: `EXCEPTION_CONTINUE_EXECUTION`.
const CONTINUE_EXECUTION: u32 = 0xFFFF_FFFF;

struct Guarded(UnsafeCell<VectoredHandlers>);

// SAFETY: reached only in `with`, under the lock.
unsafe impl Sync for Guarded {}

/// Does `work` under the lock. It calls nothing that comes back here.
fn with<T>(work: impl FnOnce(&mut VectoredHandlers) -> T) -> T {
    LOCK.enter();
    // SAFETY: the lock is held, and `work` does not come back here.
    let result = work(unsafe { &mut *HANDLERS.0.get() });
    LOCK.leave();
    result
}

/// Asks the handlers in their order, none of them under the lock; whether one wants the thread to go on.
pub(super) fn ask(record: u32, context: u32) -> bool {
    let pointers = [record, context];
    let mut number = 0;
    while let Some((next, handler)) = with(|handlers| handlers.next_after(number)) {
        number = next;
        // SAFETY: the program added the address as that of such a function.
        let handler = unsafe { core::mem::transmute::<u32, unsafe extern "system" fn(*const u32) -> u32>(handler) };
        // SAFETY: the pointers are what the handler expects, and live until it returns.
        if unsafe { handler(pointers.as_ptr()) } == CONTINUE_EXECUTION {
            return true;
        }
    }
    false
}

/// Adds a handler before all others, or behind them for 0; what to remove it by, or 0 without memory.
///
/// # Safety
/// `handler` is the address of a function that takes `EXCEPTION_POINTERS`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlAddVectoredExceptionHandler(first: u32, handler: u32) -> u32 {
    with(|handlers| handlers.add(first != 0, handler)).unwrap_or(0)
}

/// Removes a handler; whether there was one.
#[unsafe(no_mangle)]
pub extern "system" fn RtlRemoveVectoredExceptionHandler(number: u32) -> u32 {
    u32::from(with(|handlers| handlers.remove(number)))
}
