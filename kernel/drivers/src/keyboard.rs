//! The PS/2 keyboard behind an i8042 controller, which may both be missing: then no scan code ever comes.
//!
//! The controller is asked to translate to scan code set 1. The interrupt handler reads one byte and puts it where
//! [`take`] finds it; what the bytes mean is `terminal::scan_code`'s to know.
//!
//! Source: IBM PC/AT technical reference, keyboard controller; every wait is bounded, because a controller that is not there
//! never answers.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hal::port::{read_u8, write_u8};
use terminal::Ring;

/// The keyboard's interrupt line.
pub const LINE: u8 = 1;

const DATA: u16 = 0x60;
/// Status when read, commands when written.
const CONTROL: u16 = 0x64;
/// Status: there is a byte to read.
const OUTPUT_FULL: u8 = 1 << 0;
/// Status: the last byte written has not been taken.
const INPUT_FULL: u8 = 1 << 1;
/// Status: the byte to read is the mouse's.
const FROM_MOUSE: u8 = 1 << 5;
/// What a port answers behind which there is nothing.
const NOBODY: u8 = 0xFF;

const READ_CONFIGURATION: u8 = 0x20;
const WRITE_CONFIGURATION: u8 = 0x60;
const DISABLE_MOUSE: u8 = 0xA7;
const DISABLE_KEYBOARD: u8 = 0xAD;
const ENABLE_KEYBOARD: u8 = 0xAE;
const RESET_PROCESSOR: u8 = 0xFE;
/// Configuration: the keyboard interrupts; the mouse does not; the keyboard's clock runs; scan codes are translated.
const INTERRUPT: u8 = 1 << 0;
const MOUSE_INTERRUPT: u8 = 1 << 1;
const CLOCK_OFF: u8 = 1 << 4;
const TRANSLATE: u8 = 1 << 6;

/// Times the status is looked at before the controller is given up, each about a microsecond.
const PATIENCE: u32 = 100_000;
/// Bytes thrown away at the start at most.
const OLD_BYTES: u32 = 32;

static SCAN_CODES: Ring<256> = Ring::new();

/// What Pause sends.
const PAUSE: [u8; 6] = [0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5];
/// How many bytes of that have come.
static PAUSE_BYTES: AtomicUsize = AtomicUsize::new(0);
/// Pause was pressed.
static PAUSED: AtomicBool = AtomicBool::new(false);

/// Sets the controller up; whether there is one. Interrupts of the line are still masked.
#[doc(alias = "I8042InitializeHardware")]
pub fn initialise() -> bool {
    if read_u8(CONTROL) == NOBODY || !command(DISABLE_KEYBOARD) || !command(DISABLE_MOUSE) {
        return false;
    }
    for _ in 0..OLD_BYTES {
        if read_u8(CONTROL) & OUTPUT_FULL == 0 {
            break;
        }
        read_u8(DATA);
    }
    let configured = configure().is_some();
    command(ENABLE_KEYBOARD) && configured
}

fn configure() -> Option<()> {
    command(READ_CONFIGURATION).then_some(())?;
    let configuration = answer()?;
    command(WRITE_CONFIGURATION).then_some(())?;
    wait_until_taken().then_some(())?;
    write_u8(DATA, (configuration | INTERRUPT | TRANSLATE) & !(MOUSE_INTERRUPT | CLOCK_OFF));
    wait_until_taken().then_some(())
}

/// An interrupt of the keyboard: touches only atomics and the controller.
pub fn interrupt() {
    let status = read_u8(CONTROL);
    if status & OUTPUT_FULL != 0 {
        let byte = read_u8(DATA);
        if status & FROM_MOUSE == 0 {
            look_for_pause(byte);
            // Where there is no room a key is lost, as on any PC.
            let _ = SCAN_CODES.put(byte);
        }
    }
}

fn look_for_pause(byte: u8) {
    let come = PAUSE_BYTES.load(Ordering::Relaxed);
    let matched = if byte == PAUSE[come] { come + 1 } else { usize::from(byte == PAUSE[0]) };
    PAUSED.fetch_or(matched == PAUSE.len(), Ordering::Relaxed);
    PAUSE_BYTES.store(matched % PAUSE.len(), Ordering::Relaxed);
}

/// Whether Pause was pressed since this was asked last.
pub fn take_pause() -> bool {
    PAUSED.swap(false, Ordering::Relaxed)
}

/// The next byte of a scan code.
pub fn take() -> Option<u8> {
    SCAN_CODES.take()
}

/// Pulls the processor's reset line. Returns where there is no controller.
#[doc(alias = "HalpReboot")]
pub fn reset_processor() {
    if command(RESET_PROCESSOR) {
        for _ in 0..PATIENCE {
            read_u8(CONTROL);
        }
    }
}

fn command(byte: u8) -> bool {
    let ready = wait_until_taken();
    if ready {
        write_u8(CONTROL, byte);
    }
    ready
}

fn wait_until_taken() -> bool {
    (0..PATIENCE).any(|_| read_u8(CONTROL) & INPUT_FULL == 0)
}

fn answer() -> Option<u8> {
    (0..PATIENCE).any(|_| read_u8(CONTROL) & OUTPUT_FULL != 0).then(|| read_u8(DATA))
}
