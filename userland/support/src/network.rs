//! Addresses of the Internet as text.

/// The number of an address such as `127.0.0.1`, `127.1` or `0x7F000001`: the last part stands for all bytes that are left.
pub fn parse_address(text: &[u8]) -> Option<u32> {
    let text = core::str::from_utf8(text).ok()?;
    let parts = text.split('.').count() as u32;
    let mut address = 0u32;
    for (index, part) in (1..).zip(text.split('.')) {
        let (digits, radix) = match part.as_bytes() {
            [b'0', b'x' | b'X', _, ..] => (&part[2..], 16),
            [b'0', _, ..] => (&part[1..], 8),
            _ => (part, 10),
        };
        let number = u32::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'))?;
        let bits = if index == parts { 8 * 5u32.checked_sub(parts)? } else { 8 };
        if bits < 32 && number >> bits != 0 {
            return None;
        }
        address = if bits == 32 { number } else { address << bits | number };
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_to_four_parts() {
        for (text, expected) in [
            ("127.0.0.1", Some(0x7F00_0001)),
            ("255.255.255.255", Some(u32::MAX)),
            ("127.1", Some(0x7F00_0001)),
            ("10.1.258", Some(0x0A01_0102)),
            ("0x7F000001", Some(0x7F00_0001)),
            ("010.0.0.1", Some(0x0800_0001)),
            ("256.0.0.1", None),
            ("1.2.3.4.5", None),
            ("1.2.3.", None),
            ("+1.2.3.4", None),
            ("", None),
        ] {
            assert_eq!(parse_address(text.as_bytes()), expected, "{text}");
        }
    }
}
