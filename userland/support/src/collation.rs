//! Comparing strings as people sort them: letters first by what they are, then by accents, then by case.
//!
//! A string becomes a key: the weights of its letters, a 1, their accents, a 1, their cases, a 1, and where hyphens and apostrophes
//! stood, which a "word sort" does not see at first. Keys compare byte by byte. The order of symbols is that of the English tables as
//! `CompareString` is documented to use them: symbols, then digits, then letters.
//!
//! Source: Microsoft's description of `CompareString`, `LCMapString` and word sort against string sort. No `no_std` crate
//! has this order: ICU's differs in symbols, hyphens and the place of case.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::letter::{lower, upper};

/// What a comparison leaves out (`NORM_` and `SORT_` flags).
pub mod flag {
    /// Case.
    pub const IGNORE_CASE: u32 = 0x0000_0001;
    /// Accents.
    pub const IGNORE_ACCENTS: u32 = 0x0000_0002;
    /// Symbols.
    pub const IGNORE_SYMBOLS: u32 = 0x0000_0004;
    /// Hyphens and apostrophes are symbols like others.
    pub const STRING_SORT: u32 = 0x0000_1000;
    /// Kinds of kana: there are none here.
    pub const IGNORE_KANA: u32 = 0x0001_0000;
    /// Widths of letters: there are none here.
    pub const IGNORE_WIDTH: u32 = 0x0002_0000;
    /// All of them.
    pub const ALL: u32 = IGNORE_CASE | IGNORE_ACCENTS | IGNORE_SYMBOLS | STRING_SORT | IGNORE_KANA | IGNORE_WIDTH;
}

/// Symbols in their order.
const SYMBOLS: &str = "'-\u{AD}_\u{AF}\u{A0} ,;:!¡?¿/.`\u{B4}^¨~·¸'\"«»()[]{}§¶@¤¢$£¥€*\\&#%+±÷×<=>|¦¬°µ";
/// Where digits and letters begin among the weights.
const DIGITS: u16 = 0x0C00;
const LETTERS: u16 = 0x0E00;
/// Letters that are others with an accent: the letter, then pairs of what it looks like and its accent's weight.
const ACCENTED: [(&str, char); 15] = [
    ("àáâãäå", 'a'),
    ("ç", 'c'),
    ("èéêë", 'e'),
    ("ìíîï", 'i'),
    ("ñ", 'n'),
    ("òóôõöø", 'o'),
    ("ùúûü", 'u'),
    ("ýÿ", 'y'),
    ("š", 's'),
    ("ž", 'z'),
    ("ß", 's'),
    ("æ", 'a'),
    ("œ", 'o'),
    ("þ", 't'),
    ("ð", 'd'),
];
/// Letters that sort as two: the second one.
const DOUBLE: [(char, char); 4] = [('ß', 's'), ('æ', 'e'), ('œ', 'e'), ('þ', 'h')];
/// Weight of a letter without accent, and of a small one.
const PLAIN: u8 = 2;
const CAPITAL: u8 = 0x12;
const SEPARATOR: u8 = 1;

/// One sort weight: of the letter, the accent, the case.
type Weights = (u16, u8, u8);

/// Which symbol `letter` is, if it is one.
fn symbol(letter: char) -> Option<u16> {
    SYMBOLS.chars().position(|other| other == letter).map(|index| 0x0700 + index as u16)
}

/// The weights of a unit, and those of the second letter it stands for.
fn weights(unit: u16) -> (Weights, Option<Weights>) {
    let small = lower(unit);
    let case = if small == unit { PLAIN } else { CAPITAL };
    let letter = char::from_u32(small.into()).unwrap_or(char::REPLACEMENT_CHARACTER);
    if letter.is_ascii_digit() {
        return ((DIGITS + u16::from(letter as u8), PLAIN, PLAIN), None);
    }
    if let Some(weight) = symbol(letter) {
        return ((weight, PLAIN, PLAIN), None);
    }
    if letter.is_ascii_lowercase() {
        return ((weight_of(letter), PLAIN, case), None);
    }
    for (accented, base) in ACCENTED {
        if let Some(index) = accented.chars().position(|other| other == letter) {
            let accent = PLAIN + 1 + index as u8;
            let second = DOUBLE.iter().find(|(double, _)| *double == letter);
            let second = second.map(|(_, second)| (weight_of(*second), PLAIN, case));
            return ((weight_of(base), accent, case), second);
        }
    }
    ((LETTERS + 0x1000 + small / 2, PLAIN + (small % 2) as u8, case), None)
}

fn weight_of(letter: char) -> u16 {
    LETTERS + u16::from(letter as u8)
}

/// The sort key of `text`, with its final zero.
#[doc(alias = "LCMAP_SORTKEY")]
pub fn key(text: &[u16], flags: u32) -> Vec<u8> {
    let has = |flag: u32| flags & flag != 0;
    let (mut first, mut accents, mut cases, mut passed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (index, &unit) in text.iter().enumerate() {
        let is_passed = matches!(unit, 0x27 | 0x2D | 0xAD);
        let is_symbol = char::from_u32(unit.into()).is_some_and(|letter| symbol(letter).is_some());
        if unit == 0 || is_symbol && has(flag::IGNORE_SYMBOLS) {
            continue;
        }
        let (weight, second) = weights(unit);
        if is_passed && !has(flag::STRING_SORT) {
            passed.extend((index as u16).to_be_bytes());
            passed.extend(weight.0.to_be_bytes());
            continue;
        }
        for (letter, accent, case) in [Some(weight), second].into_iter().flatten() {
            first.extend(letter.to_be_bytes());
            accents.push(if has(flag::IGNORE_ACCENTS) { PLAIN } else { accent });
            cases.push(if has(flag::IGNORE_CASE) { PLAIN } else { case });
        }
    }
    let shortened = |mut weights: Vec<u8>| {
        while weights.last() == Some(&PLAIN) {
            weights.pop();
        }
        weights
    };
    let mut key = first;
    for part in [shortened(accents), shortened(cases), passed] {
        key.push(SEPARATOR);
        key.extend(part);
    }
    key.push(0);
    key
}

/// How two strings compare.
pub fn compare(left: &[u16], right: &[u16], flags: u32) -> Ordering {
    if left == right { Ordering::Equal } else { key(left, flags).cmp(&key(right, flags)) }
}

/// `text` in upper (or else lower) case.
pub fn in_case(text: &[u16], capital: bool) -> Vec<u16> {
    text.iter().map(|&unit| if capital { upper(unit) } else { lower(unit) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn letters_then_accents_then_case_then_hyphens() {
        let order = [
            "", "_x", "1", "10", "2", "a", "A", "á", "ab", "coop", "co-op", "Coop", "resume", "résumé", "resumes", "z",
        ];
        let mut sorted = order;
        sorted.reverse();
        sorted.sort_by(|left, right| compare(&wide(left), &wide(right), 0));
        assert_eq!(sorted, order);
    }

    #[test]
    fn what_is_ignored_is_equal() {
        let rows = [
            ("abc", "ABC", flag::IGNORE_CASE),
            ("Émile", "Emile", flag::IGNORE_ACCENTS),
            ("co-op", "coop", flag::IGNORE_SYMBOLS),
            ("a b.c", "abc", flag::IGNORE_SYMBOLS),
        ];
        for (left, right, flags) in rows {
            assert_eq!(compare(&wide(left), &wide(right), flags), Ordering::Equal, "{left} {right}");
            assert_ne!(compare(&wide(left), &wide(right), 0), Ordering::Equal, "{left} {right}");
        }
        assert_eq!(
            compare(&wide("co-op"), &wide("coop"), flag::STRING_SORT),
            Ordering::Less,
            "a symbol before a letter"
        );
        assert_eq!(compare(&wide("straße"), &wide("strasse"), flag::IGNORE_ACCENTS), Ordering::Equal);
    }

    #[test]
    fn a_longer_string_follows_its_beginning() {
        assert_eq!(compare(&wide("ab"), &wide("abc"), 0), Ordering::Less);
        assert_eq!(compare(&wide("B"), &wide("a"), 0), Ordering::Greater);
        assert_eq!(key(&[], 0), [1, 1, 1, 0]);
    }
}
