//! The battery-backed clock (MC146818 and its heirs): the date and time when the machine started.
//!
//! Source: Motorola MC146818 data sheet; the century at 32h is what every PC of the time has.

use hal::port::{read_u8, write_u8};

const INDEX: u16 = 0x70;
const DATA: u16 = 0x71;
const SECONDS: u8 = 0x00;
const MINUTES: u8 = 0x02;
const HOURS: u8 = 0x04;
const DAY: u8 = 0x07;
const MONTH: u8 = 0x08;
const YEAR: u8 = 0x09;
const STATUS_A: u8 = 0x0A;
const STATUS_B: u8 = 0x0B;
const CENTURY: u8 = 0x32;
/// Status A: the chip is changing its registers.
const UPDATING: u8 = 1 << 7;
/// Status B: numbers are binary, hours count to 24.
const BINARY: u8 = 1 << 2;
const DAY_OF_24_HOURS: u8 = 1 << 1;
const AFTERNOON: u8 = 1 << 7;
/// Status B: time stands still, so that it can be set.
const STOPPED: u8 = 1 << 7;
/// Looks at the chip before it is taken as it is: an update lasts 2 ms at most.
const PATIENCE: u32 = 10_000;

/// What the chip says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Year with its century.
    pub year: u32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
}

/// Reads the chip until it says the same twice.
pub fn read() -> Reading {
    let mut before = read_once();
    for _ in 0..4 {
        let now = read_once();
        if now == before {
            break;
        }
        before = now;
    }
    before
}

/// Sets the chip, in the form in which it has its numbers.
pub fn write(date: Reading) {
    let mode = register(STATUS_B);
    let number = |index: u8, value: u32| set_register(index, encode(value, mode));
    set_register(STATUS_B, mode | STOPPED);
    number(CENTURY, date.year / 100);
    number(YEAR, date.year % 100);
    number(MONTH, date.month);
    number(DAY, date.day);
    let hours = match mode & DAY_OF_24_HOURS {
        0 => encode((date.hour + 11) % 12 + 1, mode) | if date.hour < 12 { 0 } else { AFTERNOON },
        _ => encode(date.hour, mode),
    };
    set_register(HOURS, hours);
    number(MINUTES, date.minute);
    number(SECONDS, date.second);
    set_register(STATUS_B, mode);
}

/// The seconds as the chip has them, for who only wants to know whether time passes.
pub fn seconds() -> u8 {
    register(SECONDS)
}

fn read_once() -> Reading {
    for _ in 0..PATIENCE {
        if register(STATUS_A) & UPDATING == 0 {
            break;
        }
    }
    let mode = register(STATUS_B);
    let number = |index: u8| decode(register(index), mode);
    let hours = register(HOURS);
    let hour = match mode & DAY_OF_24_HOURS {
        0 => decode(hours & !AFTERNOON, mode) % 12 + if hours & AFTERNOON == 0 { 0 } else { 12 },
        _ => decode(hours, mode),
    };
    let century = match number(CENTURY) {
        century @ 19..=21 => century,
        _ => 20,
    };
    Reading {
        year: century * 100 + number(YEAR),
        month: number(MONTH),
        day: number(DAY),
        hour,
        minute: number(MINUTES),
        second: number(SECONDS),
    }
}

fn decode(value: u8, mode: u8) -> u32 {
    let value = u32::from(value);
    if mode & BINARY == 0 { (value >> 4) * 10 + (value & 0xF) } else { value }
}

fn encode(value: u32, mode: u8) -> u8 {
    let value = value as u8;
    if mode & BINARY == 0 { ((value / 10) << 4) | (value % 10) } else { value }
}

fn set_register(index: u8, value: u8) {
    write_u8(INDEX, index);
    write_u8(DATA, value);
}

fn register(index: u8) -> u8 {
    write_u8(INDEX, index);
    read_u8(DATA)
}
