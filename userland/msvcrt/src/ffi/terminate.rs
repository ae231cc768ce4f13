//! The end of a C++ program that cannot go on, and what `new` does without memory.

use core::sync::atomic::{AtomicU32, Ordering};

use super::exit::abort;
use super::memory::{free, malloc};

/// The program's functions for the end, and for an exception that a function said it does not throw; 0 for the library's.
static TERMINATE: AtomicU32 = AtomicU32::new(0);
static UNEXPECTED: AtomicU32 = AtomicU32::new(0);
/// The program's function for `new` without memory: takes the size, returns 0 to give up.
static NEW: AtomicU32 = AtomicU32::new(0);

/// Ends the program: its own function, then `abort`.
#[unsafe(export_name = "?terminate@@YAXXZ")]
pub extern "C" fn terminate() -> ! {
    call(&TERMINATE);
    abort()
}

/// What is called for an exception that a function said it does not throw.
#[unsafe(export_name = "?unexpected@@YAXXZ")]
pub extern "C" fn unexpected() -> ! {
    call(&UNEXPECTED);
    terminate()
}

fn call(routine: &AtomicU32) {
    let routine = routine.load(Ordering::Relaxed);
    if routine != 0 {
        // SAFETY: the program set the address as that of such a function.
        let routine: extern "C" fn() = unsafe { core::mem::transmute(routine) };
        routine();
    }
}

/// Sets the program's function for the end, and returns the old one.
#[unsafe(export_name = "?set_terminate@@YAP6AXXZP6AXXZ@Z")]
pub extern "C" fn set_terminate(routine: u32) -> u32 {
    TERMINATE.swap(routine, Ordering::Relaxed)
}

/// Sets the program's function for unexpected exceptions, and returns the old one.
#[unsafe(export_name = "?set_unexpected@@YAP6AXXZP6AXXZ@Z")]
pub extern "C" fn set_unexpected(routine: u32) -> u32 {
    UNEXPECTED.swap(routine, Ordering::Relaxed)
}

/// Sets the program's function for `new` without memory, and returns the old one.
#[unsafe(export_name = "?_set_new_handler@@YAP6AHI@ZP6AHI@Z@Z")]
pub extern "C" fn set_new_handler(routine: u32) -> u32 {
    NEW.swap(routine, Ordering::Relaxed)
}

/// The program's function for `new` without memory.
#[unsafe(export_name = "?_query_new_handler@@YAP6AHI@ZXZ")]
pub extern "C" fn query_new_handler() -> u32 {
    NEW.load(Ordering::Relaxed)
}

/// Asks the program's function for `new` to make room; whether it says that it did.
#[unsafe(no_mangle)]
pub extern "C" fn _callnewh(size: u32) -> u32 {
    let routine = NEW.load(Ordering::Relaxed);
    if routine == 0 {
        return 0;
    }
    // SAFETY: the program set the address as that of such a function.
    let routine: extern "C" fn(u32) -> u32 = unsafe { core::mem::transmute(routine) };
    u32::from(routine(size) != 0)
}

fn allocate(size: u32) -> u32 {
    loop {
        let made = malloc(size);
        if made != 0 || _callnewh(size) == 0 {
            return made;
        }
    }
}

/// `operator new`: null where there is no memory, as of the compilers that this library is of.
#[unsafe(export_name = "??2@YAPAXI@Z")]
pub extern "C" fn operator_new(size: u32) -> u32 {
    allocate(size)
}

/// `operator new[]`.
#[unsafe(export_name = "??_U@YAPAXI@Z")]
pub extern "C" fn operator_new_array(size: u32) -> u32 {
    allocate(size)
}

/// `operator delete`.
///
/// # Safety
/// As [`free`].
#[unsafe(export_name = "??3@YAXPAX@Z")]
pub unsafe extern "C" fn operator_delete(address: u32) {
    // SAFETY: the caller's promise.
    unsafe { free(address) };
}

/// `operator delete[]`.
///
/// # Safety
/// As [`free`].
#[unsafe(export_name = "??_V@YAXPAX@Z")]
pub unsafe extern "C" fn operator_delete_array(address: u32) {
    // SAFETY: the caller's promise.
    unsafe { free(address) };
}
