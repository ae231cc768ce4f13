//! The two 8259 interrupt controllers: 15 lines, all masked until a driver wants one.
//!
//! A line that falls before the processor asks shows up as line 7 or 15 with nothing in service: spurious, not to be
//! acknowledged (for 15 the first controller is).
//!
//! Source: Intel 8259A data sheet.

use hal::port::{read_u8, write_u8};
use hal::traps::FIRST_INTERRUPT;

const FIRST: u16 = 0x20;
const SECOND: u16 = 0xA0;
/// The line of the first controller on which the second one reports.
const CASCADE: u8 = 2;

const INITIALISE: u8 = 0x11;
const MODE_8086: u8 = 0x01;
const READ_REQUESTS: u8 = 0x0A;
const READ_IN_SERVICE: u8 = 0x0B;
const END_OF_INTERRUPT: u8 = 0x20;

/// Makes the lines vectors from [`FIRST_INTERRUPT`] on and masks them all.
#[doc(alias = "HalpInitializePICs")]
pub fn initialise() {
    for (controller, vector, wiring) in [(FIRST, FIRST_INTERRUPT, 1 << CASCADE), (SECOND, FIRST_INTERRUPT + 8, CASCADE)]
    {
        write_u8(controller, INITIALISE);
        write_u8(controller + 1, vector);
        write_u8(controller + 1, wiring);
        write_u8(controller + 1, MODE_8086);
        write_u8(controller + 1, 0xFF);
    }
    unmask(CASCADE);
}

/// Lets `line` (0 to 15) interrupt.
pub fn unmask(line: u8) {
    let (controller, line) = split(line);
    write_u8(controller + 1, read_u8(controller + 1) & !(1 << line));
}

/// Whether an interrupt of `line` waits for the processor to take it.
pub fn is_waiting(line: u8) -> bool {
    let (controller, bit) = split(line);
    write_u8(controller, READ_REQUESTS);
    read_u8(controller) & 1 << bit != 0
}

/// Acknowledges `line`; says `false` if it was spurious and there is nothing to serve.
pub fn acknowledge(line: u8) -> bool {
    let (controller, bit) = split(line);
    let spurious = bit == 7 && {
        write_u8(controller, READ_IN_SERVICE);
        read_u8(controller) & 1 << 7 == 0
    };
    if !spurious {
        write_u8(controller, END_OF_INTERRUPT);
    }
    if controller == SECOND {
        write_u8(FIRST, END_OF_INTERRUPT);
    }
    !spurious
}

const fn split(line: u8) -> (u16, u8) {
    if line < 8 { (FIRST, line) } else { (SECOND, line - 8) }
}
