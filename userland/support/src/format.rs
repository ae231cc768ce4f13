//! What `DbgPrint` understands: the part of printf that kernel-style messages use.
//!
//! `%[-][0][width][.precision][l|h|I64|w]type` with `d i u x X p c C s S Z %`. Arguments are 32-bit words that
//! the caller hands out one by one, with `I64` taking two.

use alloc::vec::Vec;

use crate::memory::Memory;
use crate::text::ansi;

/// Longest message `DbgPrint` sends.
pub const MAXIMUM_MESSAGE: usize = 512;

#[derive(Clone, Copy, Default)]
struct Specification {
    left: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    wide: bool,
    double: bool,
}

/// Formats `template` with the words that `next` yields; strings are read from `memory`.
///
/// The result is cut at [`MAXIMUM_MESSAGE`] bytes. An unknown conversion is copied as it stands.
pub fn format<M: Memory>(memory: &M, template: &[u8], mut next: impl FnMut() -> u32) -> Vec<u8> {
    let mut output = Vec::new();
    let mut rest = template;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            output.push(byte);
            continue;
        }
        let (specification, after) = parse(rest, &mut next);
        let Some((&kind, tail)) = after.split_first() else { break };
        rest = tail;
        match convert(memory, specification, kind, &mut next) {
            Some(text) => pad(&mut output, &text, specification, kind),
            None => output.extend_from_slice(&[b'%', kind]),
        }
    }
    output.truncate(MAXIMUM_MESSAGE);
    output
}

fn parse<'text>(mut text: &'text [u8], next: &mut impl FnMut() -> u32) -> (Specification, &'text [u8]) {
    let mut specification = Specification::default();
    while let [flag @ (b'-' | b'0' | b'+' | b' ' | b'#'), rest @ ..] = text {
        specification.left |= *flag == b'-';
        specification.zero |= *flag == b'0';
        text = rest;
    }
    (specification.width, text) = number(text, next);
    if let [b'.', rest @ ..] = text {
        let (precision, rest) = number(rest, next);
        specification.precision = Some(precision);
        text = rest;
    }
    loop {
        match text {
            [b'I', b'6', b'4', rest @ ..] => (specification.double, text) = (true, rest),
            [b'l' | b'w', rest @ ..] => (specification.wide, text) = (true, rest),
            [b'h', rest @ ..] => text = rest,
            _ => return (specification, text),
        }
    }
}

fn number<'text>(mut text: &'text [u8], next: &mut impl FnMut() -> u32) -> (usize, &'text [u8]) {
    if let [b'*', rest @ ..] = text {
        return ((next() as usize).min(MAXIMUM_MESSAGE), rest);
    }
    let mut value = 0usize;
    while let [digit @ b'0'..=b'9', rest @ ..] = text {
        value = (value * 10 + usize::from(digit - b'0')).min(MAXIMUM_MESSAGE);
        text = rest;
    }
    (value, text)
}

fn convert<M: Memory>(
    memory: &M,
    specification: Specification,
    kind: u8,
    next: &mut impl FnMut() -> u32,
) -> Option<Vec<u8>> {
    let mut integer = || u64::from(next()) | if specification.double { u64::from(next()) << 32 } else { 0 };
    Some(match kind {
        b'%' => b"%".to_vec(),
        b'd' | b'i' => signed(integer(), specification.double),
        b'u' => unsigned(integer(), 10, b"0123456789abcdef"),
        b'x' => unsigned(integer(), 16, b"0123456789abcdef"),
        b'X' => unsigned(integer(), 16, b"0123456789ABCDEF"),
        b'p' => {
            let digits = unsigned(u64::from(next()), 16, b"0123456789abcdef");
            let mut text = b"0".repeat(8 - digits.len());
            text.extend(digits);
            text
        }
        b'c' | b'C' => [next() as u8].to_vec(),
        b's' if !specification.wide => narrow_string(memory, next(), specification.precision),
        b's' | b'S' => wide_string(memory, next(), specification.precision),
        b'Z' => counted_string(memory, next(), specification.wide),
        _ => return None,
    })
}

fn signed(value: u64, double: bool) -> Vec<u8> {
    let value = if double { value.cast_signed() } else { i64::from((value as u32).cast_signed()) };
    let mut text = Vec::new();
    if value < 0 {
        text.push(b'-');
    }
    text.extend(unsigned(value.unsigned_abs(), 10, b"0123456789abcdef"));
    text
}

fn unsigned(mut value: u64, radix: u64, digits: &[u8; 16]) -> Vec<u8> {
    let mut text = Vec::new();
    loop {
        text.push(digits[(value % radix) as usize]);
        value /= radix;
        if value == 0 {
            text.reverse();
            return text;
        }
    }
}

fn narrow_string<M: Memory>(memory: &M, address: u32, limit: Option<usize>) -> Vec<u8> {
    if address == 0 {
        return b"(null)".to_vec();
    }
    let limit = limit.unwrap_or(MAXIMUM_MESSAGE).min(MAXIMUM_MESSAGE) as u32;
    let bytes = (0..limit).map(|index| memory.read_u8(address.wrapping_add(index)));
    bytes.take_while(|&byte| byte != 0).collect()
}

fn wide_string<M: Memory>(memory: &M, address: u32, limit: Option<usize>) -> Vec<u8> {
    if address == 0 {
        return b"(null)".to_vec();
    }
    let limit = limit.unwrap_or(MAXIMUM_MESSAGE).min(MAXIMUM_MESSAGE) as u32;
    let units = (0..limit).map(|index| memory.read_u16(address.wrapping_add(2 * index)));
    ansi(&units.take_while(|&unit| unit != 0).collect::<Vec<_>>())
}

/// `STRING` or `UNICODE_STRING`: length in bytes at +0, buffer at +4.
fn counted_string<M: Memory>(memory: &M, address: u32, wide: bool) -> Vec<u8> {
    if address == 0 {
        return b"(null)".to_vec();
    }
    let length = usize::from(memory.read_u16(address));
    let buffer = memory.read_u32(address.wrapping_add(4));
    if wide { wide_string(memory, buffer, Some(length / 2)) } else { narrow_string(memory, buffer, Some(length)) }
}

fn pad(output: &mut Vec<u8>, text: &[u8], specification: Specification, kind: u8) {
    let missing = specification.width.saturating_sub(text.len());
    let zeros = specification.zero && !specification.left && matches!(kind, b'd' | b'i' | b'u' | b'x' | b'X');
    let fill = if zeros { b'0' } else { b' ' };
    if specification.left {
        output.extend_from_slice(text);
    }
    if zeros && text.first() == Some(&b'-') {
        output.push(b'-');
        output.extend(core::iter::repeat_n(fill, missing));
        output.extend_from_slice(&text[1..]);
        return;
    }
    output.extend(core::iter::repeat_n(fill, missing));
    if !specification.left {
        output.extend_from_slice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::fake::Bytes;
    use std::string::String;

    fn formatted(template: &str, words: &[u32]) -> String {
        let memory = Bytes::new(0x1000, b"text\0\0w\0i\0\0\0\x04\0\x04\0\x06\x10\0\0".to_vec());
        let mut words = words.iter().copied();
        String::from_utf8(format(&memory, template.as_bytes(), || words.next().unwrap())).unwrap()
    }

    #[test]
    fn numbers() {
        assert_eq!(
            formatted("%d %u %x %X %08x|%-4d|%4d", &[!0, !0, 255, 255, 0xBEEF, 7, 7]),
            "-1 4294967295 ff FF 0000beef|7   |   7"
        );
        assert_eq!(formatted("%I64x %I64d", &[1, 2, !0, !0]), "200000001 -1");
        assert_eq!(formatted("%p %05d %%", &[0x1234, (-5i32).cast_unsigned()]), "00001234 -0005 %");
        assert_eq!(formatted("%lx %*d", &[10, 3, 5]), "a   5");
    }

    #[test]
    fn strings() {
        assert_eq!(
            formatted("%s|%.2s|%ws|%S|%wZ|%c", &[0x1000, 0x1000, 0x1006, 0x1006, 0x100C, 0x41]),
            "text|te|wi|wi|wi|A"
        );
        assert_eq!(formatted("%s %q", &[0]), "(null) %q");
        assert_eq!(formatted("end %", &[]), "end ");
    }
}
