//! Commands that a runner wants carried out, from the boot module `debugger`; what they print goes over the link.

use alloc::string::String;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use abi::cell::Link;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use hal::context::KernelStack;
use kd::bugcheck::Registers;
use kd::commands::{self, After, Session};
use mm::machine::Records;
use spin::Once;

use super::{STATE, run_line};
use crate::bugcheck::registers_of;
use crate::machine::HARDWARE;
use crate::{link, system};

static SCRIPT: Once<String> = Once::new();
/// A breakpoint was met: the end of the program is no news any more.
static STOPPED: AtomicBool = AtomicBool::new(false);
/// The command with which it goes on: what stands behind one that lets the system go on is for the next stop.
static NEXT: AtomicUsize = AtomicUsize::new(0);
/// `q` was among the commands.
static LEFT: AtomicBool = AtomicBool::new(false);

/// Bytes that are sent at once.
const CHUNK: usize = 1024;

/// Keeps the script.
pub(super) fn keep(script: &[u8]) {
    SCRIPT.call_once(|| String::from_utf8_lossy(script).into_owned());
}

/// Whether there is a script.
pub(super) fn is_there() -> bool {
    SCRIPT.get().is_some() && !LEFT.load(Ordering::Relaxed)
}

/// Carries the script out at a breakpoint of the running program; how the system goes on, where there is a script.
pub(super) fn at_breakpoint(registers: Registers) -> Option<After> {
    let script = SCRIPT.get().filter(|_| is_there())?;
    STOPPED.store(true, Ordering::Relaxed);
    let process = system::executive().current_process();
    Some(run(script, process, format_args!("breakpoint at {:08x}", registers.pointers[0]), registers))
}

/// Carries the script out at the end of the running program, if it met no breakpoint.
pub(super) fn at_exit(process: Link<Eprocess>, status: NtStatus) {
    let done = STOPPED.load(Ordering::Relaxed) || LEFT.load(Ordering::Relaxed);
    let Some(script) = SCRIPT.get().filter(|_| !done) else { return };
    // What ring 3 was doing when it entered the kernel for the last time.
    let thread = ps::Platform::current_thread(&HARDWARE);
    let stack = KernelStack::of_thread(HARDWARE.record(thread).tcb.stack_base.get());
    run(script, process, format_args!("ends with status {:08X}", status.0), registers_of(stack.user_frame()));
}

fn run(script: &str, process: Link<Eprocess>, what: fmt::Arguments<'_>, registers: Registers) -> After {
    let out = &mut Output { bytes: [0; CHUNK], length: 0 };
    let executive = system::executive();
    let id = HARDWARE.record(process).unique_process_id.get();
    let name = executive.image_name(process);
    let _ = fmt::Write::write_fmt(out, format_args!("{name} ({id:04x}): {what}\n"));
    let Some(mut state) = STATE.try_lock() else { return After::Go };
    state.chosen = None;
    let first = NEXT.swap(0, Ordering::Relaxed);
    for (number, command) in commands::split(script).enumerate().skip(first) {
        let _ = fmt::Write::write_fmt(out, format_args!("kd> {command}\n"));
        // What went before is seen even if the command ends the system.
        out.flush();
        let after = run_line(command, &mut state, Some(registers), out);
        if after == After::Quit {
            LEFT.store(true, Ordering::Relaxed);
            state.session = Session::NEW;
        }
        if after != After::Stay {
            let last = commands::split(script).count() == number + 1;
            NEXT.store(if last { 0 } else { number + 1 }, Ordering::Relaxed);
            out.flush();
            return after;
        }
    }
    out.flush();
    After::Go
}

/// The link's channel, in pieces of some size.
struct Output {
    bytes: [u8; CHUNK],
    length: usize,
}

impl Output {
    fn flush(&mut self) {
        link::write_debugger(&self.bytes[..self.length]);
        self.length = 0;
    }
}

impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if self.length == CHUNK {
                self.flush();
            }
            self.bytes[self.length] = byte;
            self.length += 1;
        }
        Ok(())
    }
}
