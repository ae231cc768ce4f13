//! Text that becomes a number: `strtol` and its kin, `atoi`, `strtod`; and `itoa` back.

use alloc::string::String;
use alloc::vec::Vec;

use crate::character::is_space;
use crate::printf::Unit;

/// An integer read from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer {
    /// Its absolute value, all ones if that does not fit.
    pub magnitude: u64,
    /// Whether a minus stood before it.
    pub negative: bool,
    /// Whether the absolute value does not fit into 64 bits.
    pub overflow: bool,
    /// Characters that were taken; 0 if there is no number.
    pub length: usize,
}

/// The integer at the head of `text`, in a base from 2 to 36, or 0 to let a `0x` or `0` decide. White space and a sign
/// may stand before it. `None` for another base.
pub fn integer<U: Unit>(text: &[U], base: u32) -> Option<Integer> {
    if base == 1 || base > 36 {
        return None;
    }
    let unit = |at: usize| text.get(at).map_or(0, |unit| unit.value());
    let mut at = text.iter().take_while(|unit| is_space(unit.value())).count();
    let negative = unit(at) == u16::from(b'-');
    at += usize::from(negative || unit(at) == u16::from(b'+'));
    let zero = unit(at) == u16::from(b'0');
    let hexadecimal = zero && matches!(u8::try_from(unit(at + 1)), Ok(b'x' | b'X'));
    let base = match base {
        0 if hexadecimal => 16,
        0 if zero => 8,
        0 => 10,
        base => base,
    };
    if base == 16 && hexadecimal {
        at += 2;
    }
    let mut result = Integer { magnitude: 0, negative, overflow: false, length: 0 };
    while let Some(digit) = char::from_u32(unit(at).into()).and_then(|character| character.to_digit(base)) {
        let next = result.magnitude.checked_mul(base.into()).and_then(|value| value.checked_add(digit.into()));
        result.overflow |= next.is_none();
        result.magnitude = next.unwrap_or(u64::MAX);
        at += 1;
        result.length = at;
    }
    Some(result)
}

impl Integer {
    /// As a signed number of 32 bits; the nearest one and an error if it does not fit.
    ///
    /// # Errors
    /// The nearest number.
    pub fn to_i32(self) -> Result<i32, i32> {
        let limit = if self.negative { 1 << 31 } else { (1 << 31) - 1 };
        let clamped = self.magnitude.min(limit) as u32;
        let value = if self.negative { clamped.wrapping_neg() } else { clamped }.cast_signed();
        if self.overflow || self.magnitude > limit { Err(value) } else { Ok(value) }
    }

    /// As an unsigned number of 32 bits, negated if a minus stood before it.
    ///
    /// # Errors
    /// The largest number if it does not fit.
    pub fn to_u32(self) -> Result<u32, u32> {
        match u32::try_from(self.magnitude) {
            Ok(value) if !self.overflow => Ok(if self.negative { value.wrapping_neg() } else { value }),
            _ => Err(u32::MAX),
        }
    }

    /// As a signed number of 64 bits.
    ///
    /// # Errors
    /// The nearest number.
    pub fn to_i64(self) -> Result<i64, i64> {
        let limit = if self.negative { 1 << 63 } else { (1 << 63) - 1 };
        let clamped = self.magnitude.min(limit);
        let value = if self.negative { clamped.wrapping_neg() } else { clamped }.cast_signed();
        if self.overflow || self.magnitude > limit { Err(value) } else { Ok(value) }
    }

    /// As an unsigned number of 64 bits, negated if a minus stood before it.
    ///
    /// # Errors
    /// The largest number if it does not fit.
    pub fn to_u64(self) -> Result<u64, u64> {
        if self.overflow {
            return Err(u64::MAX);
        }
        Ok(if self.negative { self.magnitude.wrapping_neg() } else { self.magnitude })
    }
}

/// What `atoi` makes of `text`: decimal, and what does not fit wraps around.
pub fn wrapping_decimal<U: Unit>(text: &[U]) -> i64 {
    let mut at = text.iter().take_while(|unit| is_space(unit.value())).count();
    let sign = text.get(at).map_or(0, |unit| unit.value());
    let negative = sign == u16::from(b'-');
    at += usize::from(negative || sign == u16::from(b'+'));
    let digits =
        text[at.min(text.len())..].iter().map_while(|unit| unit.value().checked_sub(48).filter(|&digit| digit < 10));
    let value = digits.fold(0i64, |value, digit| value.wrapping_mul(10).wrapping_add(digit.into()));
    if negative { value.wrapping_neg() } else { value }
}

/// A floating-point number read from text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Real {
    /// The nearest double; infinity for what is too large.
    pub value: f64,
    /// Whether it was too large, or too small to be more than zero.
    pub out_of_range: bool,
    /// Characters that were taken; 0 if there is no number.
    pub length: usize,
}

/// The decimal number at the head of `text`. White space and a sign may stand before it, `d` may stand for `e`; neither
/// hexadecimal numbers nor names of infinities are known.
pub fn real<U: Unit>(text: &[U]) -> Real {
    let mut scanner = Scanner::default();
    let start = text.iter().take_while(|unit| is_space(unit.value())).count();
    let mut length = 0;
    for (index, unit) in text.iter().enumerate().skip(start) {
        if !scanner.accept(unit.value()) {
            break;
        }
        if scanner.is_complete() {
            length = index + 1;
        }
    }
    // What was taken after the last complete number (`1e+`) does not count.
    let mut counted = Scanner::default();
    text[start.min(length)..length].iter().for_each(|unit| {
        counted.accept(unit.value());
    });
    Real { length, ..counted.finish() }
}

/// Takes a decimal number apart, character by character.
#[derive(Clone, Debug, Default)]
pub struct Scanner {
    text: String,
    state: State,
    nonzero: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    Sign,
    Whole,
    /// A point without a digit before it.
    BarePoint,
    Fraction,
    ExponentMark,
    ExponentSign,
    Exponent,
}

impl Scanner {
    /// Takes the next character, or refuses it because it does not belong to the number.
    pub fn accept(&mut self, unit: u16) -> bool {
        use State::{BarePoint, Exponent, ExponentMark, ExponentSign, Fraction, Sign, Start, Whole};
        let byte = u8::try_from(unit).unwrap_or(0);
        let next = match (self.state, byte) {
            (Start, b'+' | b'-') => Sign,
            (Start | Sign | Whole, b'0'..=b'9') => Whole,
            (Start | Sign, b'.') => BarePoint,
            (Whole, b'.') => Fraction,
            (BarePoint | Fraction, b'0'..=b'9') => Fraction,
            (Whole | Fraction, b'e' | b'E' | b'd' | b'D') => ExponentMark,
            (ExponentMark, b'+' | b'-') => ExponentSign,
            (ExponentMark | ExponentSign | Exponent, b'0'..=b'9') => Exponent,
            _ => return false,
        };
        self.state = next;
        self.nonzero |= matches!(next, Whole | Fraction) && matches!(byte, b'1'..=b'9');
        self.text.push(if next == ExponentMark { 'e' } else { char::from(byte) });
        true
    }

    /// Whether what was taken is a number.
    pub fn is_complete(&self) -> bool {
        matches!(self.state, State::Whole | State::Fraction | State::Exponent)
    }

    /// The number that was taken; zero, without length, if it is none.
    pub fn finish(&self) -> Real {
        let value: f64 = self.text.parse().unwrap_or(0.0);
        let out_of_range = value.is_infinite() || value == 0.0 && self.nonzero;
        Real { value, out_of_range, length: self.text.len() }
    }
}

/// `value` in a base from 2 to 36, with small letters and, if `negative`, a minus before it.
pub fn to_text(value: u64, negative: bool, base: u32) -> Vec<u8> {
    let (mut text, mut rest) = (Vec::new(), value);
    loop {
        text.push(char::from_digit((rest % u64::from(base)) as u32, base).map_or(b'?', |digit| digit as u8));
        rest /= u64::from(base);
        if rest == 0 {
            break;
        }
    }
    if negative {
        text.push(b'-');
    }
    text.reverse();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, base: u32) -> (Result<i32, i32>, Result<u32, u32>, usize) {
        let integer = integer(text.as_bytes(), base).unwrap();
        (integer.to_i32(), integer.to_u32(), integer.length)
    }

    #[test]
    fn integers_in_every_base() {
        assert_eq!(read("  42rest", 10), (Ok(42), Ok(42), 4));
        assert_eq!(read("-0x1Fg", 0), (Ok(-31), Ok(31u32.wrapping_neg()), 5));
        assert_eq!(read("0755", 0), (Ok(493), Ok(493), 4));
        assert_eq!(read("zz", 36), (Ok(1295), Ok(1295), 2));
        assert_eq!(read("102", 2), (Ok(2), Ok(2), 2));
        assert_eq!(read("0x10", 16), (Ok(16), Ok(16), 4));
        assert_eq!(read("+", 10), (Ok(0), Ok(0), 0));
        assert_eq!(read("0", 0), (Ok(0), Ok(0), 1));
        assert_eq!(integer(b"1", 37), None);
        assert_eq!(integer(b"1", 1), None);
    }

    #[test]
    fn what_does_not_fit_is_clamped() {
        assert_eq!(read("2147483647", 10).0, Ok(i32::MAX));
        assert_eq!(read("2147483648", 10), (Err(i32::MAX), Ok(1 << 31), 10));
        assert_eq!(read("-2147483648", 10).0, Ok(i32::MIN));
        assert_eq!(read("-2147483649", 10).0, Err(i32::MIN));
        assert_eq!(read("4294967296", 10).1, Err(u32::MAX));
        let large = integer(b"99999999999999999999", 10).unwrap();
        assert_eq!((large.to_i64(), large.to_u64(), large.length), (Err(i64::MAX), Err(u64::MAX), 20));
        assert_eq!(integer(b"-9223372036854775808", 10).unwrap().to_i64(), Ok(i64::MIN));
    }

    #[test]
    fn atoi_wraps() {
        assert_eq!(wrapping_decimal(b" -12x") as i32, -12);
        assert_eq!(wrapping_decimal(b"4294967297") as i32, 1);
        assert_eq!(wrapping_decimal(b"") as i32, 0);
    }

    #[test]
    fn reals() {
        let table: [(&str, f64, usize); 12] = [
            ("3.25", 3.25, 4),
            ("  -1e3x", -1000.0, 6),
            (".5", 0.5, 2),
            ("5.", 5.0, 2),
            ("1e", 1.0, 1),
            ("1e+", 1.0, 1),
            ("1d2", 100.0, 3),
            (".", 0.0, 0),
            ("abc", 0.0, 0),
            ("0x10", 0.0, 1),
            ("inf", 0.0, 0),
            ("0.1", 0.1, 3),
        ];
        for (text, value, length) in table {
            let read = real(text.as_bytes());
            assert_eq!((read.value, read.length, read.out_of_range), (value, length, false), "{text}");
        }
        assert_eq!(real(b"1e999"), Real { value: f64::INFINITY, out_of_range: true, length: 5 });
        assert_eq!(real(b"-1e-999").value, 0.0);
        assert!(real(b"-1e-999").out_of_range && !real(b"0e-999").out_of_range);
    }

    #[test]
    fn back_to_text() {
        assert_eq!(to_text(0, false, 10), b"0");
        assert_eq!(to_text(255, true, 16), b"-ff");
        assert_eq!(to_text(u64::MAX, false, 2).len(), 64);
    }
}
