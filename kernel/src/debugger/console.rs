//! A person at COM2, or at the machine's own keyboard and screen: a prompt, lines, and what stops the system and lets it go on.
//!
//! While the system runs, a thread above all programs looks for input with every tick. The first byte at COM2 says that somebody is there; Ctrl-D
//! or `q` that nobody is any more. Ctrl-C stops the system where that thread stands. At the keyboard Pause does both: what is typed while the system
//! runs is the programs'.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};

use drivers::keyboard;
use drivers::serial::{Port, Serial};
use hal::interrupts;
use kd::bugcheck::Registers;
use kd::commands::{self, After};
use kd::line::{Key, Line};
use spin::mutex::SpinMutex;

use super::device::Device;
use super::{ATTACHED, STATE, breakpoints, run_line};
use crate::system;

/// Answers the end of a session: whoever is at the other end may leave.
const DETACHED: u8 = 0x04;
const PROMPT: &str = "kd> ";
/// Above all programs, so that a busy one can be looked at.
const PRIORITY: u8 = 24;
/// Bytes taken from the port at once.
const CHUNK: usize = 16;

static CONSOLE: SpinMutex<Option<Console>> = SpinMutex::new(None);
/// The first program may start.
static RELEASED: AtomicBool = AtomicBool::new(false);

struct Console {
    device: Device,
    line: Line,
    /// Bytes that came behind one which stopped the system or let it go on.
    ahead: [u8; CHUNK],
    waiting: core::ops::Range<usize>,
}

/// What the person wants.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// The system stops.
    Break,
    /// The system goes on.
    Go,
    /// The same for one instruction.
    Trace,
    /// The system goes on and nobody looks on.
    Leave,
}

/// Opens COM2, or the `screen`.
pub(super) fn open(screen: bool) {
    let device = match screen {
        true => Some(Device::Screen(terminal::Keyboard::new())),
        false => Serial::open(Port::Com2).map(Device::Port),
    };
    *CONSOLE.lock() = device.map(|device| Console { device, line: Line::default(), ahead: [0; CHUNK], waiting: 0..0 });
}

/// Starts the thread that listens.
pub(super) fn start_thread() {
    if CONSOLE.lock().is_some() && system::executive().create_system_thread(listen, 0, PRIORITY).is_err() {
        drivers::logln!("too little RAM for the debugger's thread");
    }
}

/// Waits for the first `g`, where there is a console.
pub(super) fn wait_for_go() {
    if CONSOLE.lock().is_none() {
        drivers::logln!("there is no COM2: nobody can be waited for");
        return;
    }
    while !RELEASED.load(Ordering::Relaxed) {
        system::executive().sleep(1);
    }
}

/// What the thread does for ever.
extern "C" fn listen(_: u32) -> ! {
    loop {
        match with_console(Console::look).flatten() {
            Some(Wish::Break) => {
                stop(format_args!("Break-in: the system stands still until g.\n"), None);
            }
            Some(Wish::Go | Wish::Trace | Wish::Leave) => RELEASED.store(true, Ordering::Relaxed),
            None => {}
        }
        system::executive().sleep(1);
    }
}

/// Stops the system, says why, and does what the person wants until it is to go on; whether for one instruction only.
pub(super) fn stop(why: fmt::Arguments<'_>, registers: Option<Registers>) -> After {
    stop_with(why, registers, false)
}

/// The same inside the kernel, which may have locked out interrupts.
pub(super) fn stop_still(why: fmt::Arguments<'_>, registers: Option<Registers>) -> After {
    stop_with(why, registers, true)
}

/// The same after a bugcheck.
pub(super) fn stop_for_good(why: fmt::Arguments<'_>, registers: Registers) {
    stop_still(why, Some(registers));
}

fn stop_with(why: fmt::Arguments<'_>, registers: Option<Registers>, still: bool) -> After {
    with_console(|console| console.greet(why));
    loop {
        match with_console(|console| console.take(registers, still)) {
            Some(Some(Wish::Trace)) => return After::Trace,
            Some(Some(Wish::Go | Wish::Leave)) | None => return After::Go,
            Some(None | Some(Wish::Break)) if still => core::hint::spin_loop(),
            Some(None | Some(Wish::Break)) => interrupts::sleep(),
        }
    }
}

/// Does `work` with the console, where there is one and no command of it is under way.
fn with_console<T>(work: impl FnOnce(&mut Console) -> T) -> Option<T> {
    CONSOLE.try_lock()?.as_mut().map(work)
}

impl Console {
    fn greet(&mut self, why: fmt::Arguments<'_>) {
        self.device.forget_input();
        let _ = self.device.paged(Some(0), false).write_fmt(format_args!("\n{why}\n{PROMPT}"));
        self.line.clear();
    }

    /// What somebody wants of the system that runs.
    fn look(&mut self) -> Option<Wish> {
        if self.device.is_screen() {
            let wants = keyboard::take_pause();
            ATTACHED.fetch_or(wants, Ordering::Relaxed);
            return wants.then_some(Wish::Break);
        }
        self.take(None, false)
    }

    /// Takes what was typed, and carries out whole lines.
    fn take(&mut self, registers: Option<Registers>, still: bool) -> Option<Wish> {
        loop {
            while let Some(index) = self.waiting.next() {
                ATTACHED.store(true, Ordering::Relaxed);
                if let Some(wish) = self.key(self.ahead[index], registers, still) {
                    return Some(wish);
                }
            }
            self.waiting = 0..self.device.receive(&mut self.ahead, still);
            if self.waiting.is_empty() {
                return None;
            }
        }
    }

    /// Nobody looks on any more; says so.
    fn detach(&mut self) -> Option<Wish> {
        ATTACHED.store(false, Ordering::Relaxed);
        self.line.clear();
        breakpoints::forget();
        self.device.send(&[DETACHED]);
        Some(Wish::Leave)
    }

    fn key(&mut self, byte: u8, registers: Option<Registers>, still: bool) -> Option<Wish> {
        match self.line.push(byte) {
            Key::Nothing => None,
            Key::Echo(byte) => {
                self.device.send(&[byte]);
                None
            }
            Key::Erase(count) => {
                self.erase(count);
                None
            }
            Key::Replace(count) => {
                self.erase(count);
                self.device.send(self.line.text().as_bytes());
                None
            }
            Key::Complete => {
                self.device.send(self.line.complete(commands::names()).as_bytes());
                None
            }
            Key::Enter => self.enter(registers, still),
            Key::Break => Some(Wish::Break),
            Key::Detach => self.detach(),
        }
    }

    fn erase(&mut self, count: usize) {
        (0..count).for_each(|_| self.device.send(b"\x08 \x08"));
    }

    fn enter(&mut self, registers: Option<Registers>, still: bool) -> Option<Wish> {
        self.device.send(b"\r\n");
        let line = self.line.clone();
        self.line.clear();
        // Where the system runs, what it runs into is in place; commands see what it stands over.
        breakpoints::disarm();
        let after = {
            let mut state = STATE.try_lock()?;
            let lines = state.session.lines;
            run_line(line.text(), &mut state, registers, &mut self.device.paged(lines, still))
        };
        if registers.is_none() {
            breakpoints::arm(None);
        }
        let wish = match after {
            After::Go => Some(Wish::Go),
            After::Trace => Some(Wish::Trace),
            After::Quit => return self.detach(),
            _ => None,
        };
        self.device.send(PROMPT.as_bytes());
        wish
    }
}
