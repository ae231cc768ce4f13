//! Breakpoints and steps, in the processor and in memory: what [`kd::breakpoints`] keeps account of is put where it takes effect when the system goes
//! on, and taken out when it stops.
//!
//! A thread that stands where an `int 3` is to go carries its instruction out first, with the trap flag, and that `int 3` is put in after it. Others
//! may run past it meanwhile. One whose page is not in memory is put in after the page fault that brings it.

use abi::cell::Link;
use abi::nt::thread::Ethread;
use abi::trap_frame::TrapFrame;
use hal::context::KernelStack;
use hal::debug_registers;
use kd::commands::Session;
use mm::machine::Records;
use ps::Platform;
use spin::mutex::SpinMutex;

use super::{STATE, target};
use crate::machine::HARDWARE;
use crate::{system, traps};

/// EFLAGS: an exception after the next instruction.
const TRAP: u32 = 1 << 8;
/// EFLAGS: no exception for the breakpoint in a debug register at the next instruction.
const RESUME: u32 = 1 << 16;
/// DR6: a single step.
const STEPPED: u32 = 1 << 14;
/// DR6: what is watched for.
const WATCHED: u32 = 0xF;

/// The thread that carries out one instruction.
static STEP: SpinMutex<Option<Step>> = SpinMutex::new(None);

#[derive(Clone, Copy)]
struct Step {
    thread: Link<Ethread>,
    /// Where the instruction is.
    eip: u32,
    /// The system stops after it.
    stops: bool,
    /// The program had the flag itself.
    is_programs: bool,
}

/// What a `#DB` comes of.
pub(super) enum Debug {
    /// A program.
    NotOurs,
    /// The instruction under an `int 3` was carried out.
    GoOn,
    /// The debugger wanted the step.
    Stepped,
    /// This breakpoint.
    Watched(usize),
}

/// Does `work` with what the debugger remembers, unless a command is under way.
fn with_session<T>(work: impl FnOnce(&mut Session) -> T) -> Option<T> {
    let mut state = STATE.try_lock()?;
    (!state.session.breakpoints.is_empty()).then(|| work(&mut state.session))
}

/// Takes every `int 3` out of the code.
pub(super) fn disarm() {
    let process = system::executive().current_process();
    with_session(|session| session.breakpoints.disarm(&target(process, None)));
}

/// Puts every `int 3` into the code whose page is there, but where the thread that goes on stands at `except`; has the processor watch.
pub(super) fn arm(except: Option<u32>) {
    let process = system::executive().current_process();
    let Some(mut state) = STATE.try_lock() else { return };
    let breakpoints = &mut state.session.breakpoints;
    breakpoints.arm(&target(process, None), except);
    let (addresses, control) = breakpoints.registers();
    let thread = HARDWARE.current_thread();
    let stack = KernelStack::of_thread(HARDWARE.record(thread).tcb.stack_base.get());
    debug_registers::watch_for_debugger(addresses, control, stack);
    traps::expect_pages(breakpoints.wait_for_pages(except));
}

/// Puts in what waited for its page, but not where a thread carries out the instruction itself.
pub(super) fn arm_late() {
    let process = system::executive().current_process();
    let except = STEP.try_lock().and_then(|step| step.map(|step| step.eip));
    with_session(|session| session.breakpoints.arm(&target(process, None), except));
}

/// The number of the breakpoint whose `int 3` at `address` was met.
pub(super) fn meet(address: u32) -> Option<usize> {
    let process = system::executive().current_process();
    with_session(|session| session.breakpoints.meet(&target(process, None), address)).flatten()
}

/// What the `#DB` at `frame` comes of.
pub(super) fn about_debug_exception(frame: &TrapFrame) -> Debug {
    let status = debug_registers::status();
    let mut step = STEP.lock();
    if let Some(Step { stops, is_programs, .. }) = step.filter(|step| step.thread == HARDWARE.current_thread()) {
        *step = None;
        if !is_programs {
            frame.eflags.update(|flags| flags & !TRAP);
        }
        // A step of the program's own is one as well.
        if status & STEPPED != 0 && (stops || !is_programs) {
            debug_registers::take_status();
            return if stops { Debug::Stepped } else { Debug::GoOn };
        }
    }
    if status & WATCHED == 0 {
        return Debug::NotOurs;
    }
    match with_session(|session| session.breakpoints.meet_watched(status & WATCHED)).flatten() {
        Some(number) => {
            debug_registers::take_status();
            Debug::Watched(number)
        }
        None => Debug::NotOurs,
    }
}

/// Lets the system go on from `frame`; with `traces` for one instruction.
pub(super) fn go_on(frame: &TrapFrame, traces: bool) {
    let eip = frame.eip.get();
    let here = STATE.try_lock().and_then(|state| state.session.breakpoints.at(eip));
    arm(here.map(|_| eip));
    if here == Some(true) {
        frame.eflags.update(|flags| flags | RESUME);
    }
    if traces || here == Some(false) {
        let flags = frame.eflags.get();
        *STEP.lock() =
            Some(Step { thread: HARDWARE.current_thread(), eip, stops: traces, is_programs: flags & TRAP != 0 });
        frame.eflags.set(flags | TRAP);
    }
}

/// Nobody looks on any more: nothing stops for the debugger.
pub(super) fn forget() {
    disarm();
    if let Some(mut state) = STATE.try_lock() {
        state.session = Session::NEW;
    }
    *STEP.lock() = None;
    arm(None);
}
