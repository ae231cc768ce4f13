//! Floating point: `e f g`, in the two steps that the library takes.
//!
//! A number first becomes at most 17 significant decimal digits, correctly rounded; then these are rounded to what the
//! conversion asks for, half up. So `%.0f` of 0.5 is `1` and of 2.5 is `3`, and digits after the seventeenth are zeros.
//! Infinities and NaNs are "digits" too, which is why `%.2f` of infinity is `1.#J`.

use alloc::vec::Vec;
use core::fmt::Write;

/// Significant digits that the library keeps of a double.
const SIGNIFICANT: usize = 17;

/// A number as decimal digits: `0.d1d2d3... * 10^point`, without its sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digits {
    /// ASCII digits without trailing zeros, or the letters of what is not a number.
    pub digits: Vec<u8>,
    /// Where the decimal point is: before the first digit for 0, behind it for 1.
    pub point: i32,
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `%f`
    Fixed,
    /// `%e`
    Exponent,
    /// `%g`
    General,
}

/// A few bytes of text that the standard library formats into.
struct Scratch {
    bytes: [u8; 40],
    length: usize,
}

impl Write for Scratch {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let room = self.bytes.get_mut(self.length..self.length + text.len()).ok_or(core::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}

/// The digits of `value`, without its sign.
pub fn digits_of(value: f64) -> Digits {
    if value == 0.0 {
        return Digits { digits: b"0".to_vec(), point: 0 };
    }
    if !value.is_finite() {
        return Digits { digits: not_a_number(value).to_vec(), point: 1 };
    }
    let mut scratch = Scratch { bytes: [0; 40], length: 0 };
    // 17 digits, a point, `e` and at most four characters of exponent fit.
    let _ = write!(scratch, "{:.*e}", SIGNIFICANT - 1, value.abs());
    let text = &scratch.bytes[..scratch.length];
    let (mantissa, exponent) = text.split_at(text.iter().position(|&byte| byte == b'e').unwrap_or(text.len()));
    let mut digits: Vec<u8> = mantissa.iter().copied().filter(u8::is_ascii_digit).collect();
    while digits.len() > 1 && digits.last() == Some(&b'0') {
        digits.pop();
    }
    let exponent = core::str::from_utf8(&exponent[1..]).ok().and_then(|text| text.parse::<i32>().ok());
    Digits { digits, point: exponent.unwrap_or(0) + 1 }
}

fn not_a_number(value: f64) -> &'static [u8] {
    const QUIET: u64 = 1 << 51;
    match value.to_bits() {
        bits if bits << 12 == 0 => b"1#INF",
        // What the processor itself makes of an invalid operation.
        0xFFF8_0000_0000_0000 => b"1#IND",
        bits if bits & QUIET != 0 => b"1#QNAN",
        _ => b"1#SNAN",
    }
}

impl Digits {
    /// Exactly `count` digits, rounded half up; the point moves if a digit is gained. Fewer than none is none.
    pub fn rounded(&self, count: i32) -> Digits {
        let wanted = usize::try_from(count).unwrap_or(0);
        let mut digits: Vec<u8> = self.digits.iter().copied().chain(core::iter::repeat(b'0')).take(wanted).collect();
        let mut point = self.point;
        let up = count >= 0 && self.digits.get(wanted).is_some_and(|&next| next >= b'5');
        if up && carry(&mut digits) {
            digits.insert(0, b'1');
            digits.truncate(wanted.max(1));
            point += 1;
        }
        Digits { digits, point }
    }
}

/// Adds one to the last digit; yes if the carry left the first.
fn carry(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit != b'9' {
            *digit += 1;
            return false;
        }
        *digit = b'0';
    }
    true
}

/// Writes `digits` in a style, `precision` as in printf. `alternate` keeps the point and, in `%g`, the zeros.
pub fn format_float(digits: &Digits, style: Style, precision: usize, alternate: bool) -> Vec<u8> {
    let precision = i32::try_from(precision).unwrap_or(i32::MAX - 400);
    match style {
        Style::Fixed => {
            // The carry may have made a digit more of the whole part: then one more is wanted.
            let rounded = digits.rounded(digits.point.saturating_add(precision));
            fixed(&rounded, precision, alternate)
        }
        Style::Exponent => exponent(&digits.rounded(precision.saturating_add(1)), digits, alternate),
        Style::General => general(digits, precision, alternate),
    }
}

fn general(digits: &Digits, precision: i32, alternate: bool) -> Vec<u8> {
    let rounded = digits.rounded(precision);
    let magnitude = rounded.point - 1;
    let mut text = if magnitude < -4 || magnitude >= precision {
        exponent(&rounded, digits, alternate)
    } else {
        fixed(&rounded, precision - rounded.point, alternate)
    };
    if !alternate {
        crop(&mut text);
    }
    text
}

/// Whole part, point, `places` decimals.
fn fixed(rounded: &Digits, places: i32, alternate: bool) -> Vec<u8> {
    let digit = |place: i32| {
        let index = usize::try_from(place.saturating_add(rounded.point)).ok();
        index.and_then(|index| rounded.digits.get(index)).copied().unwrap_or(b'0')
    };
    let mut text: Vec<u8> = Vec::new();
    if rounded.point <= 0 {
        text.push(b'0');
    } else {
        text.extend((-rounded.point..0).map(digit));
    }
    if places > 0 || alternate {
        text.push(b'.');
    }
    text.extend((0..places.max(0)).map(digit));
    text
}

/// One digit, point, the others, `e`, a sign and three digits.
fn exponent(rounded: &Digits, original: &Digits, alternate: bool) -> Vec<u8> {
    let mut text = Vec::new();
    let (first, rest) = rounded.digits.split_first().map_or((b'0', &[][..]), |(first, rest)| (*first, rest));
    text.push(first);
    if !rest.is_empty() || alternate {
        text.push(b'.');
    }
    text.extend_from_slice(rest);
    let exponent = if original.digits == b"0" { 0 } else { rounded.point - 1 };
    let magnitude = exponent.unsigned_abs();
    text.extend([b'e', if exponent < 0 { b'-' } else { b'+' }]);
    text.extend([100, 10, 1].map(|unit| b'0' + (magnitude / unit % 10) as u8));
    text
}

/// Takes the zeros at the end of the decimals away, and the point if none is left.
fn crop(text: &mut Vec<u8>) {
    let Some(point) = text.iter().position(|&byte| byte == b'.') else { return };
    let end = text.iter().position(|&byte| byte == b'e').unwrap_or(text.len());
    let zeros = text[point..end].iter().rev().take_while(|&&byte| byte == b'0').count();
    let keep = if end - zeros == point + 1 { point } else { end - zeros };
    text.drain(keep..end);
}
