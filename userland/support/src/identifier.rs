//! GUIDs as text: `{00000000-0000-0000-C000-000000000046}`.

use alloc::format;
use alloc::vec::Vec;

/// A GUID as it lies in memory: a word, two halves, eight bytes.
pub type Guid = [u8; 16];

/// UTF-16 units of a GUID as text.
pub const LENGTH: usize = 38;

/// In which order bytes stand in the text, and before which of them a dash.
const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
const DASHES: [usize; 4] = [4, 6, 8, 10];

/// The text of a GUID.
pub fn to_text(guid: &Guid) -> Vec<u16> {
    let mut text: Vec<u16> = [u16::from(b'{')].to_vec();
    for (index, &place) in ORDER.iter().enumerate() {
        if DASHES.contains(&index) {
            text.push(u16::from(b'-'));
        }
        text.extend(format!("{:02X}", guid[place]).encode_utf16());
    }
    text.push(u16::from(b'}'));
    text
}

/// The GUID of a text, which is just that long.
pub fn parse(text: &[u16]) -> Option<Guid> {
    let digit = |unit: u16| char::from_u32(unit.into())?.to_digit(16).map(|digit| digit as u8);
    let inside = text.strip_prefix(&[u16::from(b'{')])?.strip_suffix(&[u16::from(b'}')])?;
    let mut guid = [0; 16];
    let mut rest = inside;
    for (index, &place) in ORDER.iter().enumerate() {
        if DASHES.contains(&index) {
            rest = rest.strip_prefix(&[u16::from(b'-')])?;
        }
        let &[high, low, ref others @ ..] = rest else { return None };
        guid[place] = digit(high)? << 4 | digit(low)?;
        rest = others;
    }
    rest.is_empty().then_some(guid)
}

/// Makes 16 random bytes a GUID of random numbers (version 4).
pub fn random(mut bytes: [u8; 16]) -> Guid {
    bytes[7] = bytes[7] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    #[test]
    fn texts_and_back() {
        let unknown: Guid = [0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0xC0, 1, 2, 3, 4, 5, 6, 0xAF];
        let text = to_text(&unknown);
        assert_eq!(String::from_utf16(&text).unwrap(), "{00112233-4455-6677-C001-0203040506AF}");
        assert_eq!((text.len(), parse(&text)), (LENGTH, Some(unknown)));
        let small: Vec<u16> = "{00112233-4455-6677-c001-0203040506af}".encode_utf16().collect();
        assert_eq!(parse(&small), Some(unknown));
        for wrong in [
            "",
            "{}",
            "00112233-4455-6677-C001-0203040506AF",
            "{00112233-4455-6677-C0010-203040506AF}",
            "{0011223G-4455-6677-C001-0203040506AF}",
        ] {
            assert_eq!(parse(&wrong.encode_utf16().collect::<Vec<u16>>()), None, "{wrong}");
        }
    }

    #[test]
    fn random_ones_say_so() {
        let guid = random([0xFF; 16]);
        assert_eq!((guid[7], guid[8]), (0x4F, 0xBF));
    }
}
