//! Integers: `d i u x X o p`.

use super::specification::{Size, Specification};

/// Digits of the longest number: 64 bits in octal.
const LONGEST: usize = 22;

/// A number in pieces.
pub(super) struct Number {
    prefix: [u8; 2],
    prefix_length: usize,
    /// Zeros before the digits, because of the precision.
    pub(super) zeros: u32,
    buffer: [u8; LONGEST],
    first: usize,
}

impl Number {
    /// The sign or the `0x`.
    pub(super) fn prefix(&self) -> &[u8] {
        &self.prefix[..self.prefix_length]
    }

    /// The digits.
    pub(super) fn digits(&self) -> &[u8] {
        &self.buffer[self.first..]
    }

    fn set_prefix(&mut self, prefix: &[u8]) {
        self.prefix_length = prefix.len();
        self.prefix[..prefix.len()].copy_from_slice(prefix);
    }
}

/// Turns the argument `bits` into digits. A precision overrides the `0` flag: it says how many zeros there are.
pub(super) fn render(specification: &Specification, kind: u8, bits: u64) -> Number {
    let signed = matches!(kind, b'd' | b'i');
    let value = narrowed(specification.size, signed, bits);
    let negative = signed && value.cast_signed() < 0;
    let magnitude = if negative { value.wrapping_neg() } else { value };
    // A pointer is eight capital digits, whatever the precision says.
    let precision = if kind == b'p' { Some(8) } else { specification.precision };
    let (radix, capital) = match kind {
        b'x' => (16, false),
        b'X' | b'p' => (16, true),
        b'o' => (8, false),
        _ => (10, false),
    };
    let mut number = Number { prefix: [0; 2], prefix_length: 0, zeros: 0, buffer: [0; LONGEST], first: LONGEST };
    fill(&mut number, magnitude, radix, capital);
    let wanted = precision.unwrap_or(1);
    number.zeros = wanted.saturating_sub(number.digits().len() as u32);
    if signed {
        number.set_prefix(specification.sign(negative));
    } else if specification.alternate && radix == 16 && magnitude != 0 {
        number.set_prefix(if capital { b"0X" } else { b"0x" });
    } else if specification.alternate && radix == 8 && number.zeros == 0 && number.digits().first() != Some(&b'0') {
        number.zeros = 1;
    }
    number
}

/// The argument at its own size: sign or zeros extended to 64 bits.
fn narrowed(size: Size, signed: bool, bits: u64) -> u64 {
    match (size, signed) {
        (Size::Double, _) => bits,
        (Size::Short, true) => i64::from(bits as i16).cast_unsigned(),
        (Size::Short, false) => u64::from(bits as u16),
        (_, true) => i64::from(bits as i32).cast_unsigned(),
        (_, false) => u64::from(bits as u32),
    }
}

/// Writes the digits of `value`, none for zero.
fn fill(number: &mut Number, mut value: u64, radix: u64, capital: bool) {
    while value != 0 {
        let digit = (value % radix) as u8;
        number.first -= 1;
        number.buffer[number.first] = match digit {
            0..=9 => b'0' + digit,
            _ if capital => b'A' + digit - 10,
            _ => b'a' + digit - 10,
        };
        value /= radix;
    }
}
