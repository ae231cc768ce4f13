//! What the kernel does at each kind of entry: the hooks of `hal::traps`.

use core::sync::atomic::{AtomicBool, Ordering};

use abi::status::NtStatus;
use abi::trap_frame::TrapFrame;
use drivers::{interrupt_controller, keyboard, serial, timer};
use hal::cpu::Features;
use hal::traps::{self, Hooks};
use hal::{page_tables, user_memory};
use kd::bugcheck::BugcheckCode;
use ke::Ring;
use mm::layout::VirtualAddress;
use mm::protection::Access;

use crate::bugcheck::{bugcheck_at, double_fault};
use crate::{clock, debugger, disk, system};

/// Error code of a page fault: the page was present.
const PROTECTION: u32 = 1 << 0;
/// Error code of a page fault: a store.
const WRITE: u32 = 1 << 1;
/// Error code of a page fault: an instruction fetch.
const EXECUTE: u32 = 1 << 4;

/// Takes over all entries into the kernel.
pub fn initialise(features: &Features) {
    traps::initialise(&Hooks { system_call, page_fault, interrupt, return_to_user, exception, double_fault });
    traps::enable_fast_system_call(features);
}

extern "C" fn system_call(frame: &TrapFrame, arguments: u32) {
    let status = system::executive().system_call(frame.eax.get(), arguments);
    frame.eax.set(status.0);
}

extern "C" fn page_fault(frame: &TrapFrame, address: u32) {
    let copying = user_memory::is_copying(frame);
    if !(frame.is_user() || copying) || !system::is_up() {
        system_page_fault(frame, address);
    }
    let access = access_of(frame.err_code.get());
    let Err(status) = system::executive().page_fault(address, access) else { return };
    if copying {
        user_memory::recover(frame, status);
    } else {
        system::executive().user_page_fault(frame, address, access, status);
    }
}

/// From here on system calls and page faults are watched: requests for memory may be refused to them. Apart, so that it costs nothing
/// where none are.
pub fn watch() {
    WATCHED.store(true, Ordering::Relaxed);
    traps::replace(watched_system_call, watched_page_fault);
}

/// Whether requests for memory are watched.
static WATCHED: AtomicBool = AtomicBool::new(false);

/// Page faults are, or are no longer, followed by a look for the debugger's breakpoints that wait for their pages.
pub fn expect_pages(expected: bool) {
    if !WATCHED.load(Ordering::Relaxed) {
        traps::replace(system_call, if expected { page_fault_for_debugger } else { page_fault });
    }
}

extern "C" fn page_fault_for_debugger(frame: &TrapFrame, address: u32) {
    let hook: extern "C" fn(&TrapFrame, u32) = page_fault;
    // Called like a hook, so that the compiler keeps one copy of what it does.
    core::hint::black_box(hook)(frame, address);
    debugger::page_came();
}

extern "C" fn watched_system_call(frame: &TrapFrame, arguments: u32) {
    let unwatched: extern "C" fn(&TrapFrame, u32) = system_call;
    let number = frame.eax.get();
    let watched = system::executive().begin_watching_service();
    // Called like a hook, so that the compiler keeps one copy of what it does.
    core::hint::black_box(unwatched)(frame, arguments);
    system::executive().end_watching_service(watched, number, NtStatus(frame.eax.get()));
}

extern "C" fn watched_page_fault(frame: &TrapFrame, address: u32) {
    let unwatched: extern "C" fn(&TrapFrame, u32) = page_fault;
    let before = system::is_up().then(|| system::executive().begin_watching_fault());
    core::hint::black_box(unwatched)(frame, address);
    if let Some(before) = before {
        system::executive().end_watching_fault(before);
    }
}

fn access_of(error: u32) -> Access {
    if error & EXECUTE != 0 {
        Access::Execute
    } else if error & WRITE != 0 {
        Access::Write
    } else {
        Access::Read
    }
}

/// The kernel itself touched what is not there.
fn system_page_fault(frame: &TrapFrame, address: u32) -> ! {
    debugger::command_fails(frame.eip.get(), Some(address));
    let error = frame.err_code.get();
    let entry = page_tables::raw_entry(VirtualAddress(address)) as u32;
    let frame_address = core::ptr::from_ref(frame) as u32;
    if error & EXECUTE != 0 {
        let code = BugcheckCode::ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY;
        bugcheck_at(code, [address, entry, frame_address, 0], frame);
    }
    if error & (PROTECTION | WRITE) == PROTECTION | WRITE {
        let code = BugcheckCode::ATTEMPTED_WRITE_TO_READONLY_MEMORY;
        bugcheck_at(code, [address, entry, frame_address, 0], frame);
    }
    let access = error >> 1 & 1;
    bugcheck_at(BugcheckCode::PAGE_FAULT_IN_NONPAGED_AREA, [address, access, frame.eip.get(), 0], frame)
}

/// What the kernel stops with when the exception with `vector` is its own, or `None` for one without a status.
const fn exception_status(vector: u32) -> Option<NtStatus> {
    Some(match vector {
        0 => NtStatus::INTEGER_DIVIDE_BY_ZERO,
        1 => NtStatus::SINGLE_STEP,
        3 => NtStatus::BREAKPOINT,
        4 => NtStatus::INTEGER_OVERFLOW,
        5 => NtStatus::ARRAY_BOUNDS_EXCEEDED,
        6 => NtStatus::ILLEGAL_INSTRUCTION,
        10..=13 => NtStatus::ACCESS_VIOLATION,
        16 => NtStatus::FLOAT_INVALID_OPERATION,
        17 => NtStatus::DATATYPE_MISALIGNMENT,
        19 => NtStatus::FLOAT_MULTIPLE_TRAPS,
        _ => return None,
    })
}

/// Whether the debugger takes the exception with `vector`.
fn is_debuggers(frame: &TrapFrame, vector: u32) -> bool {
    const DEBUG: u32 = 1;
    const BREAKPOINT: u32 = 3;
    match vector {
        DEBUG => debugger::takes_debug_exception(frame),
        BREAKPOINT => debugger::takes_breakpoint(frame),
        _ => false,
    }
}

extern "C" fn exception(frame: &TrapFrame, vector: u32) {
    const NON_MASKABLE: u32 = 2;
    const MACHINE_CHECK: u32 = 18;
    let eip = frame.eip.get();
    if is_debuggers(frame, vector) {
        return;
    }
    if frame.is_user() && vector != NON_MASKABLE && vector != MACHINE_CHECK {
        return system::executive().user_exception(frame, vector);
    }
    if vector != NON_MASKABLE && vector != MACHINE_CHECK {
        debugger::command_fails(eip, None);
    }
    match (vector, exception_status(vector)) {
        (NON_MASKABLE, _) => bugcheck_at(BugcheckCode::NMI_HARDWARE_FAILURE, [0; 4], frame),
        (MACHINE_CHECK, _) => bugcheck_at(BugcheckCode::MACHINE_CHECK_EXCEPTION, [0; 4], frame),
        (_, Some(status)) => bugcheck_at(BugcheckCode::KMODE_EXCEPTION_NOT_HANDLED, [status.0, eip, 0, 0], frame),
        (_, None) => bugcheck_at(BugcheckCode::UNEXPECTED_KERNEL_MODE_TRAP, [vector, 0, 0, 0], frame),
    }
}

/// Touches only atomics and the interrupt controller: it may have interrupted anything.
extern "C" fn interrupt(frame: &TrapFrame, line: u32) {
    let line = line as u8;
    if !interrupt_controller::acknowledge(line) {
        return;
    }
    match line {
        timer::LINE => {
            clock::tick();
            system::executive().clock_tick(if frame.is_user() { Ring::User } else { Ring::Kernel });
        }
        keyboard::LINE => keyboard::interrupt(),
        serial::LINE => serial::interrupt(),
        _ if disk::interrupt(line) => system::executive().device_interrupt(line),
        _ => {}
    }
}

extern "C" fn return_to_user(_frame: &TrapFrame) {
    system::executive().before_user_mode();
}
