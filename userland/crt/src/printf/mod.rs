//! The printf family as `msvcrt` formats, in bytes and in UTF-16 by one engine.
//!
//! A character is a `u16` here: a byte of the narrow functions, a UTF-16 unit of the wide ones. In the "C" locale the
//! one becomes the other by value, so a wide character above FFh has no narrow form and ends the output with an error.
//!
//! No crate formats like this: exponents have three digits, infinity is `1.#INF`, `%I64d` is 64 bits, `%S` is a string
//! of the other width, `0` pads strings too, and an unknown conversion is its own letter.
//! Source: Microsoft's "Format specification syntax"; results of the real library for what it leaves open.

mod float;
mod integer;
mod specification;
#[cfg(test)]
mod tests;

pub use float::{Digits, Style, digits_of, format_float};

use alloc::vec::Vec;

use user_support::memory::Memory;

use specification::{Size, Specification, parse};

/// A character of a template: a byte or a UTF-16 unit.
pub trait Unit: Copy {
    /// Whether the functions of this unit are the wide ones.
    const WIDE: bool;
    /// Its value.
    fn value(self) -> u16;
}

impl Unit for u8 {
    const WIDE: bool = false;
    fn value(self) -> u16 {
        u16::from(self)
    }
}

impl Unit for u16 {
    const WIDE: bool = true;
    fn value(self) -> u16 {
        self
    }
}

/// A wide character that has no narrow form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unprintable;

/// Formats `template` with the argument words that `next` yields and hands every character to `put`. Strings are read
/// from `memory`, and `%n` writes to it. Returns how many characters that were.
///
/// # Errors
/// [`Unprintable`] when a wide character cannot be put into narrow text; what came before it was put.
pub fn format<U: Unit, M: Memory>(
    memory: &M,
    template: &[U],
    next: impl FnMut() -> u32,
    put: impl FnMut(u16),
) -> Result<u32, Unprintable> {
    let mut printer = Printer { memory, next, put, count: 0 };
    let mut rest = template;
    while let Some((&unit, tail)) = rest.split_first() {
        rest = tail;
        if unit.value() != u16::from(b'%') {
            printer.emit(unit.value());
            continue;
        }
        let (specification, after) = parse(rest, &mut printer.next);
        let Some((&kind, tail)) = after.split_first() else { break };
        rest = tail;
        printer.convert::<U>(specification, kind.value())?;
    }
    Ok(printer.count)
}

struct Printer<'memory, M, N, P> {
    memory: &'memory M,
    next: N,
    put: P,
    count: u32,
}

impl<M: Memory, N: FnMut() -> u32, P: FnMut(u16)> Printer<'_, M, N, P> {
    fn emit(&mut self, unit: u16) {
        (self.put)(unit);
        self.count = self.count.wrapping_add(1);
    }

    fn convert<U: Unit>(&mut self, specification: Specification, kind: u16) -> Result<(), Unprintable> {
        match u8::try_from(kind).unwrap_or(0) {
            kind @ (b'd' | b'i' | b'u' | b'x' | b'X' | b'o' | b'p') => self.integer(specification, kind),
            kind @ (b'e' | b'E' | b'f' | b'g' | b'G') => self.float(specification, kind),
            b'c' => self.character(specification, specification.is_wide(U::WIDE))?,
            b'C' => self.character(specification, specification.is_wide(!U::WIDE))?,
            b's' => self.string(specification, specification.is_wide(U::WIDE), U::WIDE)?,
            b'S' => self.string(specification, specification.is_wide(!U::WIDE), U::WIDE)?,
            b'Z' => self.counted_string(specification, U::WIDE)?,
            b'n' => self.deliver_count(specification),
            _ => self.emit(kind),
        }
        Ok(())
    }

    fn integer(&mut self, specification: Specification, kind: u8) {
        let low = (self.next)();
        let high = if specification.size == Size::Double { (self.next)() } else { 0 };
        let number = integer::render(&specification, kind, u64::from(high) << 32 | u64::from(low));
        self.padded(specification, number.prefix(), number.zeros, number.digits());
    }

    fn float(&mut self, specification: Specification, kind: u8) {
        let (low, high) = ((self.next)(), (self.next)());
        let value = f64::from_bits(u64::from(high) << 32 | u64::from(low));
        let precision = match (specification.precision, kind) {
            (None, _) => 6,
            (Some(0), b'g' | b'G') => 1,
            (Some(precision), _) => precision,
        };
        let style = match kind {
            b'f' => Style::Fixed,
            b'e' | b'E' => Style::Exponent,
            _ => Style::General,
        };
        let mut text = format_float(&digits_of(value), style, precision as usize, specification.alternate);
        if kind.is_ascii_uppercase() {
            text.make_ascii_uppercase();
        }
        let sign = specification.sign(value.is_sign_negative());
        self.padded(specification, sign, 0, &text);
    }

    fn character(&mut self, specification: Specification, wide: bool) -> Result<(), Unprintable> {
        let word = (self.next)();
        let unit = if wide { word as u16 } else { word as u16 & 0xFF };
        self.units(specification, core::iter::once(unit), 1, true)
    }

    fn string(&mut self, specification: Specification, wide: bool, target: bool) -> Result<(), Unprintable> {
        let (address, memory) = ((self.next)(), self.memory);
        if address == 0 {
            return self.null(specification);
        }
        let limit = specification.precision.unwrap_or(u32::MAX);
        let unit = move |index: u32| match wide {
            true => memory.read_u16(address.wrapping_add(2 * index)),
            false => u16::from(memory.read_u8(address.wrapping_add(index))),
        };
        let length = (0..limit).take_while(|&index| unit(index) != 0).count() as u32;
        self.units(specification, (0..length).map(unit), length, target)
    }

    /// `STRING` or `UNICODE_STRING`: length in bytes at +0, buffer at +4.
    fn counted_string(&mut self, specification: Specification, target: bool) -> Result<(), Unprintable> {
        let (address, memory) = ((self.next)(), self.memory);
        if address == 0 || memory.read_u32(address.wrapping_add(4)) == 0 {
            return self.null(specification);
        }
        let (bytes, buffer) = (u32::from(memory.read_u16(address)), memory.read_u32(address.wrapping_add(4)));
        let wide = specification.is_wide(false);
        let unit = move |index: u32| match wide {
            true => memory.read_u16(buffer.wrapping_add(2 * index)),
            false => u16::from(memory.read_u8(buffer.wrapping_add(index))),
        };
        let length = if wide { bytes / 2 } else { bytes };
        self.units(specification, (0..length).map(unit), length, target)
    }

    fn null(&mut self, specification: Specification) -> Result<(), Unprintable> {
        let text = b"(null)";
        let length = specification.precision.unwrap_or(6).min(6);
        self.units(specification, text[..length as usize].iter().map(|&byte| byte.into()), length, true)
    }

    /// Puts text between its padding. `target` is whether any character may be put.
    fn units(
        &mut self,
        specification: Specification,
        units: impl Iterator<Item = u16>,
        length: u32,
        target: bool,
    ) -> Result<(), Unprintable> {
        let missing = specification.width.saturating_sub(length);
        if !specification.left {
            self.repeat(if specification.zero { b'0' } else { b' ' }, missing);
        }
        for unit in units {
            if !target && unit > 0xFF {
                return Err(Unprintable);
            }
            self.emit(unit);
        }
        if specification.left {
            self.repeat(b' ', missing);
        }
        Ok(())
    }

    /// Puts a number: sign or `0x`, zeros that the precision asks for, digits; padded to the width.
    fn padded(&mut self, specification: Specification, prefix: &[u8], zeros: u32, digits: &[u8]) {
        let length = (prefix.len() + digits.len()) as u32;
        let missing = specification.width.saturating_sub(length.saturating_add(zeros));
        let fill_with_zeros = specification.zero && !specification.left;
        if !specification.left && !fill_with_zeros {
            self.repeat(b' ', missing);
        }
        prefix.iter().for_each(|&byte| self.emit(byte.into()));
        self.repeat(b'0', zeros);
        if fill_with_zeros {
            self.repeat(b'0', missing);
        }
        digits.iter().for_each(|&byte| self.emit(byte.into()));
        if specification.left {
            self.repeat(b' ', missing);
        }
    }

    fn repeat(&mut self, byte: u8, count: u32) {
        (0..count).for_each(|_| self.emit(byte.into()));
    }

    fn deliver_count(&mut self, specification: Specification) {
        let address = (self.next)();
        if address == 0 {
            return;
        }
        match specification.size {
            Size::Short => self.memory.write_u16(address, self.count as u16),
            _ => self.memory.write_u32(address, self.count),
        }
    }
}

/// Formats into a fresh buffer of bytes: for callers that have one piece of text to make.
///
/// # Errors
/// As [`format`].
pub fn format_bytes<M: Memory>(memory: &M, template: &[u8], next: impl FnMut() -> u32) -> Result<Vec<u8>, Unprintable> {
    let mut text = Vec::new();
    format(memory, template, next, |unit| text.push(unit as u8))?;
    Ok(text)
}
