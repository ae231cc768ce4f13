//! What a UTF-16 unit is, and its upper and lower case: Unicode's properties, as Rust's core library has them.
//!
//! Source: the values of `CT_CTYPE1` in `winnls.h`.

/// The bits of a character's kind.
pub mod kind {
    /// A capital letter.
    pub const UPPER: u16 = 0x001;
    /// A small letter.
    pub const LOWER: u16 = 0x002;
    /// A decimal digit.
    pub const DIGIT: u16 = 0x004;
    /// White space.
    pub const SPACE: u16 = 0x008;
    /// Punctuation and symbols.
    pub const PUNCTUATION: u16 = 0x010;
    /// A control character.
    pub const CONTROL: u16 = 0x020;
    /// A blank.
    pub const BLANK: u16 = 0x040;
    /// A hexadecimal digit.
    pub const HEXADECIMAL: u16 = 0x080;
    /// A letter of any alphabet.
    pub const ALPHABETIC: u16 = 0x100;
}

/// The bits of `unit`'s kind. Half a surrogate pair has none.
#[doc(alias = "CT_CTYPE1")]
pub fn kind_of(unit: u16) -> u16 {
    let Some(letter) = char::from_u32(unit.into()) else { return 0 };
    let mut kind = 0;
    let mut put = |bit: u16, has: bool| kind |= if has { bit } else { 0 };
    put(kind::UPPER, letter.is_uppercase());
    put(kind::LOWER, letter.is_lowercase());
    put(kind::ALPHABETIC, letter.is_alphabetic());
    put(kind::DIGIT, letter.is_ascii_digit());
    put(kind::HEXADECIMAL, letter.is_ascii_hexdigit());
    put(kind::SPACE, letter.is_whitespace());
    put(kind::BLANK, matches!(letter, '\t' | ' ' | '\u{A0}'));
    put(kind::CONTROL, letter.is_control());
    if kind == 0 || letter.is_numeric() && kind & kind::DIGIT == 0 {
        kind |= kind::PUNCTUATION;
    }
    kind
}

/// `unit` in upper case, where that is one unit and leads back.
pub fn upper(unit: u16) -> u16 {
    changed(unit, |letter| single(letter.to_uppercase()), |letter| single(letter.to_lowercase()))
}

/// `unit` in lower case, where that is one unit and leads back.
pub fn lower(unit: u16) -> u16 {
    changed(unit, |letter| single(letter.to_lowercase()), |letter| single(letter.to_uppercase()))
}

fn changed(unit: u16, there: impl Fn(char) -> Option<char>, back: impl Fn(char) -> Option<char>) -> u16 {
    char::from_u32(unit.into())
        .and_then(|letter| there(letter).filter(|other| back(*other) == Some(letter)))
        .and_then(|other| u16::try_from(u32::from(other)).ok())
        .unwrap_or(unit)
}

fn single(mut letters: impl Iterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_all_sorts() {
        use kind::*;
        let rows = [
            ('A', UPPER | ALPHABETIC | HEXADECIMAL),
            ('z', LOWER | ALPHABETIC),
            ('7', DIGIT | HEXADECIMAL),
            (' ', SPACE | BLANK),
            ('\t', SPACE | BLANK | CONTROL),
            ('\u{1}', CONTROL),
            ('_', PUNCTUATION),
            ('é', LOWER | ALPHABETIC),
            ('×', PUNCTUATION),
            ('½', PUNCTUATION),
            ('ж', LOWER | ALPHABETIC),
        ];
        for (letter, expected) in rows {
            assert_eq!(kind_of(letter as u32 as u16), expected, "{letter:?}");
        }
        assert_eq!(kind_of(0xD800), 0);
    }

    #[test]
    fn cases_that_lead_back_and_no_others() {
        let unit = |letter: char| letter as u32 as u16;
        for (small, capital) in [('a', 'A'), ('é', 'É'), ('ÿ', 'Ÿ'), ('ж', 'Ж')] {
            assert_eq!((upper(unit(small)), lower(unit(capital))), (unit(capital), unit(small)));
        }
        for alone in ['ß', 'µ', 'ı', '1'] {
            assert_eq!((upper(unit(alone)), lower(unit(alone))), (unit(alone), unit(alone)), "{alone}");
        }
    }
}
