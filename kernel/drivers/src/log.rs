//! The kernel's log: lines for people, on COM1 and on the screen, whichever there is.

use core::fmt::{self, Write};

use spin::mutex::SpinMutex;

use terminal::{Cell, Cells};

use crate::screen::{Colors, Screen, Text, text};
use crate::serial::{Port, Serial};

struct Log {
    serial: Option<Serial>,
    screen: Option<Screen>,
    /// What the console shows.
    text: Option<Text>,
}

const CLOSED: Log = Log { serial: None, screen: None, text: None };

/// Held while a line is written. Interrupt handlers do not log, so that nobody waits for it but a bugcheck.
static LOG: SpinMutex<Log> = SpinMutex::new(CLOSED);

/// Opens COM1 and the screen.
pub fn initialise() {
    let mut log = LOG.lock();
    log.screen = Some(Screen::new());
    log.text = Some(text());
    log.serial = Serial::open(Port::Com1);
}

/// Whether COM1 is there.
pub fn has_serial() -> bool {
    LOG.lock().serial.is_some()
}

/// Writes to the log. Use `logln!`.
pub fn write(arguments: fmt::Arguments<'_>) {
    let mut log = LOG.lock();
    if let Some(serial) = &mut log.serial {
        let _ = serial.write_fmt(arguments);
    }
    let _ = log.write_fmt(arguments);
}

/// What is seen on the screen.
impl fmt::Write for Log {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if let Some(screen) = &mut self.screen {
            screen.write_bytes(text.as_bytes());
        }
        if let Some(seen) = &mut self.text {
            seen.write(text.as_bytes());
        }
        Ok(())
    }
}

/// Turns the screen blue and writes the last words of the system. Whoever was writing will never finish.
pub fn write_last_words(arguments: fmt::Arguments<'_>) {
    with_last_words(|log| {
        if let Some(screen) = &mut log.screen {
            screen.clear(Colors::Stop);
            let _ = screen.write_fmt(arguments);
        }
        if let Some(serial) = &mut log.serial {
            let _ = serial.write_fmt(arguments);
        }
    });
}

/// Writes to COM1 what there is to say behind the last words; the screen is theirs.
pub fn write_more_last_words(arguments: fmt::Arguments<'_>) {
    with_last_words(|log| {
        if let Some(serial) = &mut log.serial {
            let _ = serial.write_fmt(arguments);
        }
    });
}

/// Writes to the screen alone, also where whoever was writing will never finish.
pub fn write_to_screen(bytes: &[u8]) {
    let write = |log: &mut Log| {
        if let Some(screen) = &mut log.screen {
            screen.write_bytes(bytes);
        }
    };
    with_last_words(write);
}

fn with_last_words(write: impl FnOnce(&mut Log)) {
    match LOG.try_lock() {
        Some(mut log) => write(&mut log),
        None => write(&mut Log { serial: Serial::open(Port::Com1), screen: Some(Screen::new()), ..CLOSED }),
    }
}

/// Writes a console's bytes to COM1 and the screen. A line feed also returns the carriage, on both.
pub fn write_bytes(bytes: &[u8]) {
    let mut log = LOG.lock();
    if let Some(serial) = &mut log.serial {
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            if index > 0 {
                serial.send(b"\r\n");
            }
            serial.send(line.strip_suffix(b"\r").unwrap_or(line));
        }
        // A carriage return at the end belongs to nothing that follows here.
        if bytes.last() == Some(&b'\r') {
            serial.send(b"\r");
        }
    }
    if let Some(screen) = &mut log.screen {
        screen.write_bytes(bytes);
    }
    drop(log);
    write_text(bytes);
}

/// Notes what a console shows somewhere else.
pub fn write_text(bytes: &[u8]) {
    if let Some(text) = &mut LOG.lock().text {
        text.write(bytes);
    }
}

/// The console's cells from place `first` on. There are none before [`initialise`].
pub fn read_cells(first: usize, into: &mut [Cell]) {
    if let Some(text) = &LOG.lock().text {
        (first..).zip(into).for_each(|(index, cell)| *cell = text.cells().get(index));
    }
}

/// Changes them. Where the console is here, COM1 is sent `painted`.
pub fn write_cells(first: usize, cells: &[Cell], painted: Option<&[u8]>) {
    let mut log = LOG.lock();
    if let Some(text) = &log.text {
        (first..).zip(cells).for_each(|(index, cell)| text.cells().set(index, *cell));
    }
    let Some(painted) = painted else { return };
    if let Some(screen) = &log.screen {
        screen.set(first, cells);
    }
    if let Some(serial) = &mut log.serial {
        serial.send(painted);
    }
}

/// Column and row of the console's cursor, and the colours of what is written next.
pub fn place() -> ((usize, usize), u8) {
    LOG.lock().text.as_ref().map_or(((0, 0), 7), |text| (text.position(), text.attribute()))
}

/// Waits until the last line has left COM1.
pub fn drain() {
    if let Some(serial) = &mut LOG.lock().serial {
        serial.drain();
    }
}

/// Writes one line to the kernel's log.
#[macro_export]
macro_rules! logln {
    ($($argument:tt)*) => { $crate::log::write(format_args!("{}\n", format_args!($($argument)*))) };
}
