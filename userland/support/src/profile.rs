//! Profiles: files of sections with keys and values, as `win.ini` is one.
//!
//! Lines that are neither a section nor a key stay where they are, comments among them. A file that begins with the mark of
//! UTF-16 is of that, all others are ANSI.
//!
//! Source: documented behaviour of GetPrivateProfileString, WritePrivateProfileString and their like.

use alloc::vec::Vec;

use crate::text::{ansi, equal_ignoring_case, wide};

/// What a file of UTF-16 begins with.
const MARK: [u8; 2] = [0xFF, 0xFE];

/// A profile, line by line.
#[derive(Debug, Default)]
pub struct Profile {
    lines: Vec<Vec<u16>>,
    is_wide: bool,
}

/// What a line is.
enum Line<'text> {
    Section(&'text [u16]),
    /// A key and its value; a line without a sign has none.
    Key(&'text [u16], Option<&'text [u16]>),
    Other,
}

fn is(unit: u16, characters: &[u8]) -> bool {
    u8::try_from(unit).is_ok_and(|byte| characters.contains(&byte))
}

/// `text` without the blanks around it.
pub fn trimmed(text: &[u16]) -> &[u16] {
    let dark = |unit: &u16| !is(*unit, b" \t\r");
    let Some(start) = text.iter().position(dark) else { return &[] };
    let end = text.iter().rposition(dark).map_or(0, |last| last + 1);
    &text[start..end]
}

/// `text` without a pair of quotation marks around it.
fn unquoted(text: &[u16]) -> &[u16] {
    match text {
        [first, inner @ .., last] if first == last && is(*first, b"'\"") => inner,
        _ => text,
    }
}

fn parse(line: &[u16]) -> Line<'_> {
    let line = trimmed(line);
    match line.first() {
        None => Line::Other,
        Some(&first) if is(first, b";") => Line::Other,
        Some(&first) if is(first, b"[") => {
            let end = line.iter().position(|unit| is(*unit, b"]")).unwrap_or(line.len());
            Line::Section(trimmed(&line[1..end]))
        }
        Some(_) => match line.iter().position(|unit| is(*unit, b"=")) {
            Some(sign) => Line::Key(trimmed(&line[..sign]), Some(trimmed(&line[sign + 1..]))),
            None => Line::Key(line, None),
        },
    }
}

impl Profile {
    /// The profile that a file holds.
    pub fn new(file: &[u8]) -> Self {
        let is_wide = file.starts_with(&MARK);
        let text = if is_wide {
            file[2..].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
        } else {
            wide(file)
        };
        let mut lines: Vec<Vec<u16>> = text
            .split(|unit| is(*unit, b"\n"))
            .map(|line| line.strip_suffix(&[u16::from(b'\r')]).unwrap_or(line).to_vec())
            .collect();
        lines.pop_if(|last| last.is_empty());
        Self { lines, is_wide }
    }

    /// What its file is to hold.
    pub fn bytes(&self) -> Vec<u8> {
        let text: Vec<u16> = self.lines.iter().flat_map(|line| line.iter().copied().chain([13, 10])).collect();
        if self.is_wide {
            MARK.into_iter().chain(text.iter().flat_map(|unit| unit.to_le_bytes())).collect()
        } else {
            ansi(&text)
        }
    }

    /// The names of all sections.
    pub fn sections(&self) -> impl Iterator<Item = &[u16]> {
        self.lines.iter().filter_map(|line| match parse(line) {
            Line::Section(name) => Some(name),
            _ => None,
        })
    }

    /// The lines of a section, as indexes, without its head.
    fn range(&self, section: &[u16]) -> Option<core::ops::Range<usize>> {
        let named = |line: &Vec<u16>| matches!(parse(line), Line::Section(name) if equal_ignoring_case(name, section));
        let start = self.lines.iter().position(named)? + 1;
        let is_head = |line: &Vec<u16>| matches!(parse(line), Line::Section(_));
        let end = self.lines[start..].iter().position(is_head).map_or(self.lines.len(), |length| start + length);
        Some(start..end)
    }

    /// The keys of a section with their values.
    pub fn keys(&self, section: &[u16]) -> impl Iterator<Item = (&[u16], Option<&[u16]>)> {
        self.lines[self.range(section).unwrap_or(0..0)].iter().filter_map(|line| match parse(line) {
            Line::Key(key, value) => Some((key, value)),
            _ => None,
        })
    }

    /// The value of a key, without the quotation marks around it.
    pub fn value(&self, section: &[u16], key: &[u16]) -> Option<&[u16]> {
        let mut keys = self.keys(section);
        keys.find(|(name, _)| equal_ignoring_case(name, key)).and_then(|(_, value)| value).map(unquoted)
    }

    /// Sets the value of a key, which is added to its section, and that to the profile, where they are not there yet. Without a
    /// value the key goes.
    pub fn set(&mut self, section: &[u16], key: &[u16], value: Option<&[u16]>) {
        let line = value.map(|value| [trimmed(key), &[u16::from(b'=')], trimmed(value)].concat());
        let Some(range) = self.range(section) else {
            if let Some(line) = line {
                self.lines.extend([head(section), line]);
            }
            return;
        };
        let named =
            |line: &Vec<u16>| matches!(parse(line), Line::Key(name, _) if equal_ignoring_case(name, trimmed(key)));
        let place = self.lines[range.clone()].iter().position(named).map(|index| range.start + index);
        match (place, line) {
            (Some(place), Some(line)) => self.lines[place] = line,
            (Some(place), None) => drop(self.lines.remove(place)),
            (None, Some(line)) => {
                // In front of the blank lines that part it from the next section.
                let blank = |line: &Vec<u16>| trimmed(line).is_empty();
                let end = self.lines[range.clone()].iter().rposition(|line| !blank(line));
                self.lines.insert(end.map_or(range.start, |last| range.start + last + 1), line);
            }
            (None, None) => {}
        }
    }

    /// Takes a section out with all it holds.
    pub fn remove(&mut self, section: &[u16]) {
        if let Some(range) = self.range(section) {
            self.lines.drain(range.start - 1..range.end);
        }
    }

    /// Makes `lines` all that a section holds.
    pub fn replace<'text>(&mut self, section: &[u16], lines: impl Iterator<Item = &'text [u16]>) {
        let lines = lines.map(<[u16]>::to_vec);
        match self.range(section) {
            Some(range) => drop(self.lines.splice(range, lines)),
            None => {
                self.lines.push(head(section));
                self.lines.extend(lines);
            }
        }
    }
}

fn head(section: &[u16]) -> Vec<u16> {
    [&[u16::from(b'[')], trimmed(section), &[u16::from(b']')]].concat()
}

/// The number that a value begins with; 0 without one.
pub fn number(value: &[u16]) -> i32 {
    let value = trimmed(value);
    let (negative, digits) = match value {
        [sign, digits @ ..] if is(*sign, b"-") => (true, digits),
        _ => (false, value),
    };
    let digits = digits.iter().map_while(|unit| char::from_u32((*unit).into())?.to_digit(10));
    let number = digits.fold(0i32, |number, digit| number.wrapping_mul(10).wrapping_add(digit.cast_signed()));
    if negative { number.wrapping_neg() } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    const FILE: &[u8] =
        b"; first\r\n[One]\r\nkey = value \r\nquoted=\" a b \"\r\nalone\r\n\r\n[Two]\nnumber=-12x\n;key=no\n";

    fn text(units: &[u16]) -> String {
        String::from_utf16(units).unwrap()
    }

    fn value(profile: &Profile, section: &str, key: &str) -> Option<String> {
        profile.value(&wide(section.as_bytes()), &wide(key.as_bytes())).map(text)
    }

    #[test]
    fn values_are_found_without_regard_to_case() {
        let profile = Profile::new(FILE);
        assert_eq!(value(&profile, "ONE", "Key").unwrap(), "value");
        assert_eq!(value(&profile, "one", "quoted").unwrap(), " a b ");
        assert_eq!(value(&profile, "one", "alone"), None);
        assert_eq!(value(&profile, "one", "number"), None);
        assert_eq!(value(&profile, "two", "key"), None, "a comment");
        assert_eq!(profile.sections().map(text).collect::<Vec<_>>(), ["One", "Two"]);
        assert_eq!(
            profile.keys(&wide(b"one")).map(|(key, _)| text(key)).collect::<Vec<_>>(),
            ["key", "quoted", "alone"]
        );
        assert_eq!(number(profile.value(&wide(b"two"), &wide(b"number")).unwrap()), -12);
        assert_eq!(number(&wide(b"x")), 0);
    }

    #[test]
    fn what_is_set_stands_in_its_section() {
        let mut profile = Profile::new(FILE);
        profile.set(&wide(b"one"), &wide(b"KEY"), Some(&wide(b"2")));
        profile.set(&wide(b"one"), &wide(b"new"), Some(&wide(b"3")));
        profile.set(&wide(b"one"), &wide(b"alone"), None);
        profile.set(&wide(b"Three"), &wide(b"a"), Some(&wide(b"b")));
        profile.set(&wide(b"Four"), &wide(b"a"), None);
        profile.remove(&wide(b"two"));
        let expected = b"; first\r\n[One]\r\nKEY=2\r\nquoted=\" a b \"\r\nnew=3\r\n\r\n[Three]\r\na=b\r\n";
        assert_eq!(profile.bytes().escape_ascii().to_string(), expected.escape_ascii().to_string());
        profile.replace(&wide(b"One"), [&wide(b"x=y")[..]].into_iter());
        assert_eq!(profile.bytes(), b"; first\r\n[One]\r\nx=y\r\n[Three]\r\na=b\r\n");
    }

    #[test]
    fn a_file_of_utf16_stays_one() {
        let mut profile = Profile::new(b"\xFF\xFE[\0s\0]\0\r\0\n\0");
        profile.set(&wide(b"s"), &wide(b"k"), Some(&[0x20AC]));
        assert_eq!(profile.bytes(), b"\xFF\xFE[\0s\0]\0\r\0\n\0k\0=\0\xAC\x20\r\0\n\0");
        assert_eq!(Profile::new(b"").bytes(), b"");
    }
}
