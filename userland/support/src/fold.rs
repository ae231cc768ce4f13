//! Strings made alike: accents on their own or not, digits of all alphabets, wide letters, letters that are two.
//!
//! Source: documentation of FoldString; the Unicode character database's canonical decompositions for U+00C0 to U+017F, its decimal
//! digits, and its compatibility decompositions of ligatures.

use alloc::vec::Vec;

/// What is folded (`MAP_` flags).
pub mod flag {
    /// Letters of the compatibility zone become the ordinary ones.
    pub const ZONE: u32 = 0x10;
    /// A letter and its accent become one.
    pub const PRECOMPOSED: u32 = 0x20;
    /// A letter with an accent becomes two.
    pub const COMPOSITE: u32 = 0x40;
    /// Digits become 0 to 9.
    pub const DIGITS: u32 = 0x80;
    /// Ligatures become their letters.
    pub const LIGATURES: u32 = 0x2000;
    /// All of them.
    pub const ALL: u32 = ZONE | PRECOMPOSED | COMPOSITE | DIGITS | LIGATURES;
}

/// For each accent letters that have it, and the same letters without.
#[rustfmt::skip]
const ACCENTS: [(u16, &str, &str); 13] = [
    (0x0300, "ÀÈÌÒÙàèìòù", "AEIOUaeiou"),
    (0x0301, "ÁÉÍÓÚÝáéíóúýĆćĹĺŃńŔŕŚśŹź", "AEIOUYaeiouyCcLlNnRrSsZz"),
    (0x0302, "ÂÊÎÔÛâêîôûĈĉĜĝĤĥĴĵŜŝŴŵŶŷ", "AEIOUaeiouCcGgHhJjSsWwYy"),
    (0x0303, "ÃÑÕãñõĨĩŨũ", "ANOanoIiUu"),
    (0x0304, "ĀāĒēĪīŌōŪū", "AaEeIiOoUu"),
    (0x0306, "ĂăĔĕĞğĬĭŎŏŬŭ", "AaEeGgIiOoUu"),
    (0x0307, "ĊċĖėĠġİŻż", "CcEeGgIZz"),
    (0x0308, "ÄËÏÖÜäëïöüÿŸ", "AEIOUaeiouyY"),
    (0x030A, "ÅåŮů", "AaUu"),
    (0x030B, "ŐőŰű", "OoUu"),
    (0x030C, "ČčĎďĚěĽľŇňŘřŠšŤťŽž", "CcDdEeLlNnRrSsTtZz"),
    (0x0327, "ÇçĢģĶķĻļŅņŖŗŞşŢţ", "CcGgKkLlNnRrSsTt"),
    (0x0328, "ĄąĘęĮįŲų", "AaEeIiUu"),
];
/// Letters that are two or three.
const LIGATURES: [(char, &str); 26] = [
    ('\u{C6}', "AE"),
    ('\u{DE}', "TH"),
    ('\u{DF}', "ss"),
    ('\u{E6}', "ae"),
    ('\u{FE}', "th"),
    ('\u{132}', "IJ"),
    ('\u{133}', "ij"),
    ('\u{152}', "OE"),
    ('\u{153}', "oe"),
    ('\u{1C4}', "D\u{17D}"),
    ('\u{1C5}', "D\u{17E}"),
    ('\u{1C6}', "d\u{17E}"),
    ('\u{1C7}', "LJ"),
    ('\u{1C8}', "Lj"),
    ('\u{1C9}', "lj"),
    ('\u{1CA}', "NJ"),
    ('\u{1CB}', "Nj"),
    ('\u{1CC}', "nj"),
    ('\u{1F1}', "DZ"),
    ('\u{1F2}', "Dz"),
    ('\u{1F3}', "dz"),
    ('\u{FB00}', "ff"),
    ('\u{FB01}', "fi"),
    ('\u{FB02}', "fl"),
    ('\u{FB03}', "ffi"),
    ('\u{FB04}', "ffl"),
];
/// The zeros of digits that follow each other.
const ZEROS: [u16; 21] = [
    0x0660, 0x06F0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x0ED0, 0x0F20,
    0x1040, 0x17E0, 0x1810, 0x2070, 0x2080, 0xFF10, 0x245F,
];

/// `text`, folded as `flags` say.
#[doc(alias = "FoldString")]
pub fn folded(text: &[u16], flags: u32) -> Vec<u16> {
    let has = |flag: u32| flags & flag != 0;
    let mut result: Vec<u16> = Vec::with_capacity(text.len());
    for &unit in text {
        let unit = if has(flag::ZONE) { narrow(unit) } else { unit };
        let unit = if has(flag::DIGITS) { digit(unit) } else { unit };
        let ligature = char::from_u32(unit.into()).and_then(|letter| LIGATURES.iter().find(|row| row.0 == letter));
        match (ligature, split(unit)) {
            (Some((_, letters)), _) if has(flag::LIGATURES) => result.extend(letters.encode_utf16()),
            (_, Some(pair)) if has(flag::COMPOSITE) => result.extend(pair),
            _ => match result.last().and_then(|last| joined(*last, unit)) {
                Some(letter) if has(flag::PRECOMPOSED) => *result.last_mut().unwrap_or(&mut 0) = letter,
                _ => result.push(unit),
            },
        }
    }
    result
}

fn narrow(unit: u16) -> u16 {
    match unit {
        0xFF01..=0xFF5E => unit - 0xFEE0,
        0x3000 => 0x20,
        _ => unit,
    }
}

fn digit(unit: u16) -> u16 {
    let value = match unit {
        0xB9 => Some(1),
        0xB2 | 0xB3 => Some(unit - 0xB0),
        // Of the superscripts 1, 2 and 3 are elsewhere, and 0 is no circled number.
        0x2071..=0x2073 | 0x245F => None,
        _ => ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&unit)).map(|zero| unit - zero),
    };
    value.map_or(unit, |value| u16::from(b'0') + value)
}

/// A letter with an accent as both.
fn split(unit: u16) -> Option<[u16; 2]> {
    let letter = char::from_u32(unit.into())?;
    ACCENTS.iter().find_map(|(mark, with, without)| {
        let index = with.chars().position(|other| other == letter)?;
        without.chars().nth(index).map(|plain| [plain as u16, *mark])
    })
}

/// Both as one letter.
fn joined(plain: u16, mark: u16) -> Option<u16> {
    let (_, with, without) = ACCENTS.iter().find(|row| row.0 == mark)?;
    let plain = char::from_u32(plain.into())?;
    let index = without.chars().position(|other| other == plain)?;
    with.chars().nth(index).map(|letter| letter as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn fold_text(text: &str, flags: u32) -> String {
        String::from_utf16(&folded(&text.encode_utf16().collect::<Vec<_>>(), flags)).unwrap()
    }

    #[test]
    fn accents_go_and_come_back() {
        assert_eq!(fold_text("\u{E9}\u{17D}x\u{F8}", flag::COMPOSITE), "e\u{301}Z\u{30C}x\u{F8}");
        assert_eq!(fold_text("e\u{301}Z\u{30C}q\u{301}", flag::PRECOMPOSED), "\u{E9}\u{17D}q\u{301}");
        for (_, with, without) in ACCENTS {
            assert_eq!(with.chars().count(), without.chars().count());
            assert_eq!(fold_text(&fold_text(with, flag::COMPOSITE), flag::PRECOMPOSED), with);
        }
    }

    #[test]
    fn digits_wide_letters_and_ligatures() {
        assert_eq!(
            fold_text("\u{B2}\u{B9}\u{663}\u{2074}\u{2460}\u{2468}\u{2469}\u{FF15}7", flag::DIGITS),
            "213419\u{2469}57"
        );
        assert_eq!(fold_text("\u{FF21}\u{FF5E}\u{3000}\u{FF15}", flag::ZONE), "A~ 5");
        assert_eq!(fold_text("\u{DF}\u{C6}\u{FB03}", flag::LIGATURES), "ssAEffi");
        assert_eq!(fold_text("\u{DF}\u{E9}\u{B2}", 0), "\u{DF}\u{E9}\u{B2}");
    }
}
