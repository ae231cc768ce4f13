//! The end of the system, wanted or not: bugchecks, Rust panics, machines it cannot start on, and switching off.

use core::fmt;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use abi::status::NtStatus;
use abi::trap_frame::TrapFrame;
use drivers::power::{self, Outcome, PowerOff};
use drivers::{keyboard, log, logln};
use hal::descriptors::{self, InterruptedTask};
use hal::page_tables::peek;
use hal::{interrupts, registers};
use kd::bugcheck::{BugcheckCode, Registers, Report};
use kd::symbols::Symbols;

use crate::options::Exit;
use crate::{crash_dump, debugger, link};

static DEBUG_EXIT: AtomicBool = AtomicBool::new(false);
static POWER_OFF: AtomicU8 = AtomicU8::new(0);
/// Set by the first bugcheck; a second one inside it says no more.
static STOPPING: AtomicBool = AtomicBool::new(false);

/// Says how the system is to end.
pub fn set_exit(exit: Exit) {
    DEBUG_EXIT.store(exit.debug, Ordering::Relaxed);
    let how = match exit.power_off {
        PowerOff::Halt => 0,
        PowerOff::Qemu => 1,
        PowerOff::Bochs => 2,
    };
    POWER_OFF.store(how, Ordering::Relaxed);
}

/// Ends the system as the command line asks.
#[doc(alias = "NtShutdownSystem")]
pub fn shut_down(outcome: Outcome) -> ! {
    link::drain();
    log::drain();
    if DEBUG_EXIT.load(Ordering::Relaxed) {
        power::debug_exit(outcome);
    }
    power::power_off(match POWER_OFF.load(Ordering::Relaxed) {
        1 => PowerOff::Qemu,
        2 => PowerOff::Bochs,
        _ => PowerOff::Halt,
    })
}

/// Starts the machine anew.
#[doc(alias = "HalReturnToFirmware")]
pub fn restart() -> ! {
    crate::link::drain();
    log::drain();
    keyboard::reset_processor();
    // There is no keyboard controller to do it.
    shut_down(Outcome::Good)
}

/// The machine is not one the kernel can start on: says why and stops.
pub fn refuse(why: fmt::Arguments<'_>) -> ! {
    logln!("Vadose cannot start: {why}.");
    if DEBUG_EXIT.load(Ordering::Relaxed) {
        power::debug_exit(Outcome::Bad);
    }
    interrupts::halt_forever()
}

/// Stops the system: `code` and its parameters, and who called.
#[doc(alias = "KeBugCheckEx")]
#[inline(never)]
#[cold]
pub fn bugcheck(code: BugcheckCode, parameters: [u32; 4]) -> ! {
    stop(code, parameters, None, None, registers::frame_pointer())
}

/// Stops the system for a trap that must not happen.
#[doc(alias = "KeBugCheck2")]
pub fn bugcheck_at(code: BugcheckCode, parameters: [u32; 4], frame: &TrapFrame) -> ! {
    stop(code, parameters, None, Some(registers_of(frame)), frame.ebp.get())
}

/// Stops the system for a double fault: nearly always a kernel stack that ran into its guard page.
pub extern "C" fn double_fault(task: &InterruptedTask) -> ! {
    /// First parameter of a bugcheck 7F: the vector.
    const DOUBLE_FAULT: u32 = 8;
    let [eax, ecx, edx, ebx, esp, ebp, esi, edi] = task.general;
    let registers = Registers {
        general: [eax, ebx, ecx, edx, esi, edi],
        pointers: [task.eip, esp, ebp],
        flags: task.eflags,
        segments: task.segments,
        fault_address: registers::cr2(),
        error_code: 0,
    };
    let parameters = [DOUBLE_FAULT, task.address, 0, 0];
    stop(BugcheckCode::UNEXPECTED_KERNEL_MODE_TRAP, parameters, None, Some(registers), ebp)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    debugger::command_fails(panic as *const () as u32, None);
    let parameters = [NtStatus::ASSERTION_FAILURE.0, 0, 0, 0];
    let code = BugcheckCode::KMODE_EXCEPTION_NOT_HANDLED;
    stop(code, parameters, Some(format_args!("{info}")), None, registers::frame_pointer())
}

fn stop(
    code: BugcheckCode,
    parameters: [u32; 4],
    message: Option<fmt::Arguments<'_>>,
    registers: Option<Registers>,
    frame_pointer: u32,
) -> ! {
    interrupts::disable();
    if !STOPPING.swap(true, Ordering::Relaxed) {
        let symbols = Symbols::new(boot::image::symbols());
        let report = Report { code, parameters, message, registers, frame_pointer, symbols, peek };
        log::write_last_words(format_args!("{report}"));
        let [p1, p2, p3, p4] = parameters;
        let name = code.name().unwrap_or("unknown");
        link::last_event(format_args!(
            "bugcheck code={:08X} p1={p1:08X} p2={p2:08X} p3={p3:08X} p4={p4:08X} name={name}",
            code.0
        ));
        let caller = [stop as *const () as u32, 0, frame_pointer];
        let registers = registers.unwrap_or(Registers { pointers: caller, ..Registers::default() });
        debugger::after_bugcheck(code, registers);
        crash_dump::write(code, parameters, &registers);
    }
    if DEBUG_EXIT.load(Ordering::Relaxed) {
        power::debug_exit(Outcome::Bad);
    }
    interrupts::halt_forever()
}

/// The registers of the code that `frame` interrupted.
pub fn registers_of(frame: &TrapFrame) -> Registers {
    let get = |field: &abi::cell::Field<u32>| field.get();
    // A trap out of ring 0 pushes no stack pointer: the stack went on where the frame's last words would be.
    let (esp, ss) = if frame.is_user() {
        (frame.hardware_esp.get(), frame.hardware_ss.get())
    } else {
        (core::ptr::from_ref(&frame.hardware_esp) as u32, descriptors::KERNEL_DATA)
    };
    Registers {
        general: [&frame.eax, &frame.ebx, &frame.ecx, &frame.edx, &frame.esi, &frame.edi].map(get),
        pointers: [frame.eip.get(), esp, frame.ebp.get()],
        flags: frame.eflags.get(),
        segments: [
            frame.seg_cs.get(),
            ss,
            frame.seg_ds.get(),
            frame.seg_es.get(),
            frame.seg_fs.get(),
            frame.seg_gs.get(),
        ],
        fault_address: registers::cr2(),
        error_code: frame.err_code.get(),
    }
}
