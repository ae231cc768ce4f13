//! The 8254 timer: one interrupt every 10 ms on line 0.
//!
//! Source: Intel 8254 data sheet; its clock is 1193182 Hz on every PC.

use hal::port::{read_u8, write_u8};

use crate::interrupt_controller;

/// The timer's interrupt line.
pub const LINE: u8 = 0;
/// Units of 100 ns between two interrupts, as NT counts time: 11932 clocks are 10.00015 ms.
#[doc(alias = "KeMaximumIncrement")]
pub const INCREMENT: u32 = 100_001;

/// Clocks of the timer between two interrupts.
pub const DIVISOR: u16 = 11932;
/// Clocks of the timer a second.
pub const FREQUENCY: u32 = 1_193_182;

const COUNTER: u16 = 0x40;
const CONTROL: u16 = 0x43;
/// Counter 0, low byte then high byte, mode 2 (rate generator).
const RATE_GENERATOR: u8 = 0x34;

/// Counter 0, its value kept to be read.
const LATCH: u8 = 0x00;

/// Clocks since the last interrupt that the processor has taken was due: those of one tick, or of two where the next one waits. To be called
/// without interrupts.
pub fn clocks_since_tick() -> u32 {
    write_u8(CONTROL, LATCH);
    let low = read_u8(COUNTER);
    let left = u16::from_le_bytes([low, read_u8(COUNTER)]);
    let clocks = DIVISOR.saturating_sub(left);
    // Late in a tick the next one came after the counter was read.
    let waits = clocks < DIVISOR / 2 && interrupt_controller::is_waiting(LINE);
    u32::from(clocks) + if waits { u32::from(DIVISOR) } else { 0 }
}

/// Starts the interrupts.
pub fn initialise() {
    write_u8(CONTROL, RATE_GENERATOR);
    let [low, high] = DIVISOR.to_le_bytes();
    write_u8(COUNTER, low);
    write_u8(COUNTER, high);
}
