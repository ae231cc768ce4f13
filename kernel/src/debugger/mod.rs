//! The debugger's wiring: when the system stops for it, and where its commands come from.
//!
//! Commands come from a person on COM2 (`kd=com2`, see [`console`]) or from the boot module `debugger`, a script that a runner
//! wants carried out at every breakpoint of a program, or at its end where it never met one.
//!
//! A command is carried out while nothing else runs: on a thread of the kernel, which is not preempted, at a breakpoint or after a step, at the
//! end of a process, or after a bugcheck. On the thread, in ring 3 and at an end every thread is at rest where the invariants hold.

mod breakpoints;
mod console;
mod device;
mod dump;
mod script;
mod symbols;

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use abi::cell::Link;
use abi::nt::process::{Eprocess, process_flags};
use abi::status::NtStatus;
use abi::trap_frame::TrapFrame;
use alloc::vec;
use alloc::vec::Vec;
use hal::attempt::{attempt, give_up};
use kd::bugcheck::{BugcheckCode, Registers};
use kd::commands::{self, After, Session};
use kd::symbols::Symbols;
use kd::target::{Findings, KnownPages, Target};
use mm::machine::Records;
use ps::ObjectAudit;
use spin::mutex::SpinMutex;

use crate::bugcheck::{bugcheck, registers_of};
use crate::machine::{HARDWARE, Hardware};
use crate::options::Debugger;
use crate::{clock, debugger_data, system};

/// Words that the audit counts shares in: 64 KB.
const SCRATCH: usize = 0x8000;
/// Number of the System process: programs that it started are the plan's.
const SYSTEM_ID: u32 = 4;

/// What the audit needs; empty where no debugger was asked for.
static SCRATCH_WORDS: SpinMutex<Vec<u16>> = SpinMutex::new(Vec::new());
/// Somebody is at the console: breakpoints and bugchecks are theirs.
static ATTACHED: AtomicBool = AtomicBool::new(false);

/// Readies what was asked for. `script` is the boot module.
pub fn initialise(wanted: Debugger, script: Option<Vec<u8>>) {
    if wanted == Debugger::None && script.is_none() {
        return;
    }
    *SCRATCH_WORDS.lock() = vec![0; SCRATCH];
    if let Some(script) = script {
        script::keep(&script);
    }
    if wanted != Debugger::None {
        console::open(wanted == Debugger::Screen);
    }
}

/// Starts the thread that listens on COM2, where there is a console.
pub fn start_thread() {
    console::start_thread();
}

/// Waits until the debugger lets the first program go.
pub fn wait_for_go() {
    console::wait_for_go();
}

/// Gives an `int 3` to the debugger, where it is the debugger's own or was asked for; whether it took it. A program's then goes on behind it.
#[doc(alias = "KdpTrap")]
pub fn takes_breakpoint(frame: &TrapFrame) -> bool {
    let address = frame.eip.get().wrapping_sub(1);
    if let Some(number) = breakpoints::meet(address) {
        // The instruction that it stood over is still to be carried out.
        frame.eip.set(address);
        halt(frame, format_args!("Breakpoint {number} hit"));
        return true;
    }
    // The kernel's own are errors of the kernel.
    if !frame.is_user() || !(script::is_there() || ATTACHED.load(Ordering::Relaxed)) {
        return false;
    }
    let mut registers = registers_of(frame);
    // As NT shows it: at the instruction, not behind it.
    registers.pointers[0] = address;
    halt_with(frame, registers, format_args!("Break instruction exception - code 80000003 (first chance)"));
    true
}

/// A page fault is over: what waited for the page may be put into it.
#[doc(alias = "KdSetOwedBreakpoints")]
pub fn page_came() {
    breakpoints::arm_late();
}

/// Gives a `#DB` to the debugger, where it comes of its steps or of what it watches for; whether it took it.
pub fn takes_debug_exception(frame: &TrapFrame) -> bool {
    match breakpoints::about_debug_exception(frame) {
        breakpoints::Debug::NotOurs => return false,
        breakpoints::Debug::GoOn => breakpoints::go_on(frame, false),
        breakpoints::Debug::Stepped => halt(frame, format_args!("Single step exception - code 80000004")),
        breakpoints::Debug::Watched(number) => halt(frame, format_args!("Breakpoint {number} hit")),
    }
    true
}

fn halt(frame: &TrapFrame, why: fmt::Arguments<'_>) {
    halt_with(frame, registers_of(frame), why);
}

/// Stops the system at `registers`, which are those of `frame`, until it is to go on.
fn halt_with(frame: &TrapFrame, registers: Registers, why: fmt::Arguments<'_>) {
    breakpoints::disarm();
    let mut traces = script::at_breakpoint(registers) == Some(After::Trace);
    if ATTACHED.load(Ordering::Relaxed) {
        let stop = if frame.is_user() { console::stop } else { console::stop_still };
        traces = stop(format_args!("{why}\n{registers}"), Some(registers)) == After::Trace;
    }
    breakpoints::go_on(frame, traces);
}

/// The current process is about to be taken apart; everything is still there.
pub fn process_exits(process: Link<Eprocess>, status: NtStatus) {
    if HARDWARE.record(process).inherited_from_unique_process_id.get() == SYSTEM_ID {
        script::at_exit(process, status);
    }
}

/// The system has stopped for good: lets whoever is at the console look.
pub fn after_bugcheck(code: BugcheckCode, registers: Registers) {
    BUGCHECKED.store(true, Ordering::Relaxed);
    if ATTACHED.load(Ordering::Relaxed) && system::is_up() {
        console::stop_for_good(format_args!("Fatal system error: {:#010x}\n{registers}", code.0), registers);
    }
}

/// The system has stopped for good.
static BUGCHECKED: AtomicBool = AtomicBool::new(false);

/// What the debugger remembers from command to command. Locked while one is carried out.
static STATE: SpinMutex<State> = SpinMutex::new(State { session: Session::NEW, chosen: None });

#[derive(Clone, Copy)]
struct State {
    session: Session,
    /// The process that was chosen, or null.
    chosen: Option<Link<Eprocess>>,
}

/// Carries out the commands of `line` until one lets the system go on, or ends it.
fn run_line(line: &str, state: &mut State, registers: Option<Registers>, out: &mut dyn fmt::Write) -> After {
    for command in commands::split(line) {
        match run_command(command, state, registers, out) {
            After::Stay => {}
            After::Process(process) => state.chosen = Some(process),
            After::Reload => {
                let _ = reload(state, registers, out);
            }
            After::Dump(wanted) => {
                let _ = dump::write(&wanted, may_wait(registers), registers, out);
            }
            After::Crash => bugcheck(BugcheckCode::MANUALLY_INITIATED_CRASH, [0; 4]),
            leave => return leave,
        }
    }
    After::Stay
}

/// Reads the symbols of the process that commands mean, where the disk may be waited for.
#[inline(never)]
fn reload(state: &State, registers: Option<Registers>, out: &mut dyn fmt::Write) -> fmt::Result {
    if !may_wait(registers) {
        return out.write_str(
            "kd: the kernel stands still: symbols are read where a program stopped, or while the system runs\n",
        );
    }
    symbols::reload(context(state, registers), out)
}

/// Where a command met what is not there: the address, 1 where there is none, and the instruction.
static FAILURE: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
/// No address.
const NONE: u32 = 1;

/// The kernel faults, at `address` where that is known, or panics: a command that looks at what is broken ends there, the system does not.
#[cold]
pub fn command_fails(instruction: u32, address: Option<u32>) {
    FAILURE[0].store(address.unwrap_or(NONE), Ordering::Relaxed);
    FAILURE[1].store(instruction, Ordering::Relaxed);
    give_up();
}

/// Says that a command was given up, and where.
fn tell_failure(symbols: &Symbols<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
    let [address, instruction] = FAILURE.each_ref().map(|word| word.load(Ordering::Relaxed));
    out.write_str("\nkd: the command is given up")?;
    if address != NONE {
        write!(out, ": nothing is at {address:08x}")?;
    }
    match symbols.lookup(instruction) {
        Some((name, offset)) => writeln!(out, " ({name}+{offset:#x})"),
        None => writeln!(out, " ({instruction:08x})"),
    }
}

/// Whether the disk may be waited for where the system stopped.
fn may_wait(registers: Option<Registers>) -> bool {
    const PROGRAM: u32 = 3;
    let is_inside = registers.is_some_and(|registers| registers.segments[0] & PROGRAM == 0);
    !is_inside && !BUGCHECKED.load(Ordering::Relaxed)
}

#[inline(never)]
fn run_command(command: &str, state: &mut State, registers: Option<Registers>, out: &mut dyn fmt::Write) -> After {
    let executive = system::executive();
    let before = executive.current_process();
    let process = context(state, registers);
    // Nobody waits for it: the system stands still. It is held only where a command itself failed.
    let Some(mut scratch) = SCRATCH_WORDS.try_lock() else { return After::Stay };
    // Where the processor would run into nothing, commands look through the frames alone.
    let attaches =
        process != before && system::is_pointer_table(HARDWARE.record(process).pcb.directory_table_base[0].get());
    if attaches {
        executive.attach(process);
    }
    let target = target(process, registers);
    let mut after = After::Stay;
    let ends = attempt(|| {
        after = commands::run(&target, &mut state.session, &mut scratch, command, out).unwrap_or(After::Stay);
    });
    if !ends {
        let _ = tell_failure(&target.symbols, out);
    }
    if attaches {
        executive.attach(before);
    }
    after
}

/// The system as it is now.
fn target(process: Link<Eprocess>, registers: Option<Registers>) -> Target<'static, Hardware> {
    let executive = system::executive();
    Target {
        mm: executive.mm(),
        processes: executive.process_list(),
        modules: debugger_data::module_list_head(),
        process,
        symbols: Symbols::new(boot::image::symbols()),
        images: symbols::images(),
        registers,
        time: clock::system_time(),
        started: clock::system_time() - clock::interrupt_time(),
        debugging: executive.allows_debugging(),
        pages: KnownPages::NONE,
        audit: &audit_objects,
    }
}

/// The audit of all that is not memory. It needs the heap, and what a bugcheck interrupted may have that.
fn audit_objects(take: &mut dyn FnMut(Findings<'_>)) {
    if BUGCHECKED.load(Ordering::Relaxed) {
        return take(Findings::Nothing);
    }
    match system::executive().verify_objects() {
        Ok(ObjectAudit { files, pipes, tokens }) => take(Findings::Sound { files, pipes, tokens }),
        Err(corruption) => take(Findings::Broken(&corruption)),
    }
}

/// The process that commands mean: the one that was chosen, if it is still there; of a stopped thread its own; else the newest.
fn context(state: &State, registers: Option<Registers>) -> Link<Eprocess> {
    let current = system::executive().current_process();
    // The list may be what is broken.
    let looked_at = target(current, registers);
    let processes = || looked_at.processes();
    let has_space = |record: &Eprocess| record.flags.get() & process_flags::HAS_ADDRESS_SPACE != 0;
    let newest = || processes().filter(|(_, record)| has_space(record)).last();
    let chosen = state.chosen.and_then(|chosen| processes().find(|(process, _)| *process == chosen));
    let found = chosen.or_else(|| if registers.is_some() { None } else { newest() });
    found.map_or(current, |(process, _)| process)
}
