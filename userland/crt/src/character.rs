//! What a character is, in the "C" locale: the bits of `_pctype`, and upper and lower case.

/// The bits of a character's class, as `ctype.h` has them.
pub mod class {
    /// A capital letter.
    pub const UPPER: u16 = 0x01;
    /// A small letter.
    pub const LOWER: u16 = 0x02;
    /// A decimal digit.
    pub const DIGIT: u16 = 0x04;
    /// White space.
    pub const SPACE: u16 = 0x08;
    /// Punctuation.
    pub const PUNCTUATION: u16 = 0x10;
    /// A control character.
    pub const CONTROL: u16 = 0x20;
    /// A blank that is printed.
    pub const BLANK: u16 = 0x40;
    /// A hexadecimal digit.
    pub const HEXADECIMAL: u16 = 0x80;
    /// A letter of an alphabet; only wide characters have the bit itself.
    pub const ALPHABETIC: u16 = 0x0100;
    /// What `isalpha` asks for.
    pub const ALPHA: u16 = ALPHABETIC | UPPER | LOWER;
    /// What `isalnum` asks for.
    pub const ALPHANUMERIC: u16 = ALPHA | DIGIT;
    /// What `isprint` asks for.
    pub const PRINTABLE: u16 = BLANK | PUNCTUATION | ALPHANUMERIC;
    /// What `isgraph` asks for.
    pub const GRAPHIC: u16 = PUNCTUATION | ALPHANUMERIC;
}

/// The table that `_pctype` points into: first `EOF`, then every byte.
pub const TABLE: [u16; 257] = table();

const fn table() -> [u16; 257] {
    let mut table = [0; 257];
    let mut byte = 0;
    while byte < 128 {
        table[byte + 1] = class_of(byte as u8);
        byte += 1;
    }
    table
}

const fn class_of(byte: u8) -> u16 {
    use class::{BLANK, CONTROL, DIGIT, HEXADECIMAL, LOWER, PUNCTUATION, SPACE, UPPER};
    match byte {
        b'\t'..=b'\r' => SPACE | CONTROL,
        b' ' => SPACE | BLANK,
        b'0'..=b'9' => DIGIT | HEXADECIMAL,
        b'A'..=b'F' => UPPER | HEXADECIMAL,
        b'G'..=b'Z' => UPPER,
        b'a'..=b'f' => LOWER | HEXADECIMAL,
        b'g'..=b'z' => LOWER,
        0..=31 | 127 => CONTROL,
        128.. => 0,
        _ => PUNCTUATION,
    }
}

/// The class of `character`, an `int` as C passes it: `EOF` or a byte, the same if it was sign-extended.
pub fn class(character: i32) -> u16 {
    if character == -1 { 0 } else { TABLE[usize::from(character as u8) + 1] }
}

/// The class of a wide character.
pub fn wide_class(unit: u16) -> u16 {
    use class::{ALPHABETIC, BLANK, CONTROL, DIGIT, LOWER, PUNCTUATION, SPACE, UPPER};
    if unit < 128 {
        let class = class_of(unit as u8);
        return if class & (UPPER | LOWER) != 0 { class | ALPHABETIC } else { class };
    }
    let Some(character) = char::from_u32(unit.into()) else { return 0 };
    match character {
        _ if character.is_uppercase() => UPPER | ALPHABETIC,
        _ if character.is_lowercase() => LOWER | ALPHABETIC,
        _ if character.is_alphabetic() => ALPHABETIC,
        _ if character.is_whitespace() => SPACE | BLANK,
        _ if character.is_control() => CONTROL,
        _ if character.is_numeric() && unit < 0x100 => DIGIT,
        _ => PUNCTUATION,
    }
}

/// Whether a character is white space in the "C" locale.
pub fn is_space(unit: u16) -> bool {
    matches!(unit, 0x09..=0x0D | 0x20)
}

/// The small letter of a capital of ASCII.
pub fn lower(byte: u8) -> u8 {
    byte.to_ascii_lowercase()
}

/// The small form of a wide character, if it is one unit.
pub fn wide_lower(unit: u16) -> u16 {
    one_unit(unit, |character| single(character.to_lowercase()))
}

/// The capital form of a wide character, if it is one unit.
pub fn wide_upper(unit: u16) -> u16 {
    one_unit(unit, |character| single(character.to_uppercase()))
}

fn single(mut characters: impl Iterator<Item = char>) -> Option<char> {
    characters.next().filter(|_| characters.next().is_none())
}

fn one_unit(unit: u16, change: impl Fn(char) -> Option<char>) -> u16 {
    let changed = char::from_u32(unit.into()).and_then(change);
    changed.and_then(|character| u16::try_from(u32::from(character)).ok()).unwrap_or(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_ascii_agree_with_the_standard_library() {
        for byte in 0..=255u8 {
            let of = |mask: u16| class(i32::from(byte)) & mask != 0;
            assert_eq!(of(class::UPPER), byte.is_ascii_uppercase());
            assert_eq!(of(class::LOWER), byte.is_ascii_lowercase());
            assert_eq!(of(class::ALPHANUMERIC), byte.is_ascii_alphanumeric());
            assert_eq!(of(class::HEXADECIMAL), byte.is_ascii_hexdigit());
            assert_eq!(of(class::PUNCTUATION), byte.is_ascii_punctuation());
            assert_eq!(of(class::CONTROL), byte.is_ascii_control());
            assert_eq!(of(class::SPACE), is_space(byte.into()), "{byte}");
            assert_eq!(of(class::PRINTABLE), byte == b' ' || byte.is_ascii_graphic());
        }
        assert_eq!((class(-1), class(-2)), (0, class(254)));
    }

    #[test]
    fn wide_characters() {
        assert_eq!((wide_lower(0xC4), wide_upper(0xE4), wide_upper(0xDF)), (0xE4, 0xC4, 0xDF));
        assert_eq!((wide_lower(0x41), wide_upper(0x439)), (0x61, 0x419));
        assert!(wide_class(0x4E2D) & class::ALPHA != 0 && wide_class(0xC4) & class::UPPER != 0);
        assert_eq!(wide_class(0xD800), 0);
    }
}
