//! Windows-1252, UTF-8 and UTF-16.
//!
//! The ANSI code page of this system is Windows-1252 (`CP_ACP`), so one byte is one UTF-16 unit in both directions.
//! UTF-8 is converted strictly or with replacement characters, as the caller asks.
//! Source: the Unicode consortium's mapping table for code page 1252, with Microsoft's "best fit" for the five
//! unassigned bytes (they keep their value).

use alloc::vec::Vec;

/// What bytes 80h-9Fh mean in Windows-1252; all other bytes are their own Unicode value.
const HIGH_CONTROLS: [u16; 32] = [
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D,
    0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
    0x0153, 0x009D, 0x017E, 0x0178,
];

/// What stands for a character that the target cannot show.
const REPLACEMENT: u16 = 0xFFFD;

/// The UTF-16 unit of a Windows-1252 byte.
pub fn ansi_to_wide(byte: u8) -> u16 {
    match byte {
        0x80..=0x9F => HIGH_CONTROLS[usize::from(byte - 0x80)],
        _ => u16::from(byte),
    }
}

/// The Windows-1252 byte of a UTF-16 unit, or `None` where the code page has none.
pub fn wide_to_ansi(unit: u16) -> Option<u8> {
    match unit {
        0x00..=0x7F | 0xA0..=0xFF => Some(unit as u8),
        _ => high_control(unit),
    }
}

/// The byte 80h-9Fh that means `unit`.
#[cold]
#[inline(never)]
fn high_control(unit: u16) -> Option<u8> {
    HIGH_CONTROLS.iter().position(|&high| high == unit).map(|index| index as u8 + 0x80)
}

/// `bytes` of Windows-1252 as UTF-16.
pub fn wide(bytes: &[u8]) -> Vec<u16> {
    bytes.iter().copied().map(ansi_to_wide).collect()
}

/// UTF-16 as Windows-1252, `?` for what it lacks. There is room for the zero that most put behind it.
pub fn ansi(units: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(units.len() + 1);
    bytes.extend(units.iter().map(|&unit| if unit < 0x80 { unit as u8 } else { narrow(unit) }));
    bytes
}

/// The Windows-1252 byte of a unit that is not ASCII, `?` where there is none.
#[cold]
#[inline(never)]
fn narrow(unit: u16) -> u8 {
    wide_to_ansi(unit).unwrap_or(b'?')
}

/// The lower case of a UTF-16 unit in the range of Windows-1252; other units are left alone.
pub fn lower(unit: u16) -> u16 {
    match unit {
        0x41..=0x5A | 0xC0..=0xD6 | 0xD8..=0xDE => unit + 0x20,
        _ => unit,
    }
}

/// Whether two UTF-16 strings are equal when case is ignored, as the system compares file and module names.
pub fn equal_ignoring_case(left: &[u16], right: &[u16]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(&a, &b)| lower(a) == lower(b))
}

/// A sequence that is not UTF-8 (or not UTF-16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Untranslatable;

/// What to do about a sequence that is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// Put U+FFFD (or its UTF-8) in its place.
    Replace,
    /// Fail.
    Refuse,
}

/// UTF-8 as UTF-16.
///
/// # Errors
/// [`Untranslatable`] for a sequence that is not UTF-8, when `invalid` says so.
pub fn utf8_to_wide(bytes: &[u8], invalid: Invalid) -> Result<Vec<u16>, Untranslatable> {
    let mut units = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        units.extend(chunk.valid().encode_utf16());
        if !chunk.invalid().is_empty() {
            if invalid == Invalid::Refuse {
                return Err(Untranslatable);
            }
            units.push(REPLACEMENT);
        }
    }
    Ok(units)
}

/// UTF-16 as UTF-8.
///
/// # Errors
/// [`Untranslatable`] for half of a surrogate pair, when `invalid` says so.
pub fn wide_to_utf8(units: &[u16], invalid: Invalid) -> Result<Vec<u8>, Untranslatable> {
    let mut bytes = Vec::with_capacity(units.len());
    for decoded in char::decode_utf16(units.iter().copied()) {
        let character = match decoded {
            Ok(character) => character,
            Err(_) if invalid == Invalid::Refuse => return Err(Untranslatable),
            Err(_) => char::REPLACEMENT_CHARACTER,
        };
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ansi_byte_comes_back() {
        for byte in 0..=255u8 {
            assert_eq!(wide_to_ansi(ansi_to_wide(byte)), Some(byte));
        }
        assert_eq!(ansi_to_wide(0x80), 0x20AC);
        assert_eq!(ansi(&[0x41, 0x4E2D, 0x20AC]), [b'A', b'?', 0x80]);
    }

    #[test]
    fn names_compare_without_case_and_umlauts_are_letters() {
        assert!(equal_ignoring_case(&wide(b"KERNEL32.DLL"), &wide(b"kernel32.dll")));
        assert!(equal_ignoring_case(&wide(b"\xC4"), &wide(b"\xE4")));
        assert!(!equal_ignoring_case(&wide(b"\xD7"), &wide(b"\xF7")), "multiplication is not a capital division");
        assert!(!equal_ignoring_case(&wide(b"a"), &wide(b"ab")));
    }

    #[test]
    fn utf8_both_ways() {
        let text = "aß€\u{1F600}".as_bytes();
        let units = utf8_to_wide(text, Invalid::Refuse).unwrap();
        assert_eq!(units.len(), 5);
        assert_eq!(wide_to_utf8(&units, Invalid::Refuse).unwrap(), text);
    }

    #[test]
    fn broken_sequences_are_replaced_or_refused() {
        assert_eq!(utf8_to_wide(b"a\xFFb", Invalid::Refuse), Err(Untranslatable));
        assert_eq!(utf8_to_wide(b"a\xFFb", Invalid::Replace).unwrap(), [0x61, REPLACEMENT, 0x62]);
        assert_eq!(wide_to_utf8(&[0xD800], Invalid::Refuse), Err(Untranslatable));
        assert_eq!(wide_to_utf8(&[0xD800], Invalid::Replace).unwrap(), "\u{FFFD}".as_bytes());
    }
}
