//! Looking for files: what `FindFirstFile` is given and gives, in the forms of the service that does it.
//!
//! Source: `WIN32_FIND_DATA` of `winbase.h`; `FILE_BOTH_DIR_INFORMATION` of `ntifs.h`; Microsoft's description of the three
//! wildcards that stand for those of DOS.

use alloc::vec;
use alloc::vec::Vec;

use crate::path::{absolute, file_name, folder};
use crate::text::ansi;

/// Bytes of `WIN32_FIND_DATAA` and `WIN32_FIND_DATAW`.
pub const ANSI_SIZE: usize = 0x140;
/// The same in UTF-16.
pub const WIDE_SIZE: usize = 0x250;
/// Where in both the name begins, and units there are for it and for the 8.3 name.
const NAME_AT: usize = 0x2C;
const NAME_UNITS: usize = 260;
const SHORT_UNITS: usize = 14;
/// Where in an entry of the service its name begins.
const ENTRY_NAME: usize = 0x5E;

/// The folder that is looked through, as an absolute path, and the names that are wanted.
pub fn split(current: &[u16], path: &[u16]) -> (Vec<u16>, Vec<u16>) {
    // A last dot is a wildcard of DOS, and would be lost as a part of a path.
    let whole = absolute(current, path);
    let wanted = if file_name(path).is_empty() { Vec::new() } else { file_name(&whole).to_vec() };
    let directory = if wanted.is_empty() { whole.clone() } else { folder(&whole).to_vec() };
    (directory, expression(&wanted))
}

/// `wanted` with the wildcards of DOS put in: what programs mean by `*.*` and `*.`.
fn expression(wanted: &[u16]) -> Vec<u16> {
    const STAR: u16 = b'*' as u16;
    const QUESTION: u16 = b'?' as u16;
    const DOT: u16 = b'.' as u16;
    if wanted == [STAR, DOT, STAR] {
        return vec![STAR];
    }
    let next = |index: usize| wanted.get(index + 1).copied();
    let mut result: Vec<u16> = (0..wanted.len())
        .map(|index| match wanted[index] {
            QUESTION => u16::from(b'>'),
            DOT if matches!(next(index), Some(STAR | QUESTION)) => u16::from(b'"'),
            STAR if next(index) == Some(DOT) => u16::from(b'<'),
            other => other,
        })
        .collect();
    // `*.` wants names without a dot.
    if wanted.ends_with(&[STAR, DOT]) {
        result.pop();
    }
    result
}

/// An entry that the service gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `FILE_ATTRIBUTE_`.
    pub attributes: u32,
    /// Creation, last access, last write: units of 100 ns since 1601.
    pub times: [u64; 3],
    /// Bytes.
    pub size: u64,
    /// Its name.
    pub name: Vec<u16>,
    /// Its 8.3 name, where that is another.
    pub short_name: Vec<u16>,
}

impl Entry {
    /// The entry at `at` of the service's answer, and where the next is. `None` for what is no entry.
    pub fn parse(bytes: &[u8], at: usize) -> Option<(Self, Option<usize>)> {
        let bytes = bytes.get(at..)?;
        let word =
            |at: usize| bytes.get(at..at + 4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        let long = |at: usize| Some(u64::from(word(at)?) | u64::from(word(at + 4)?) << 32);
        let units = |at: usize, length: usize| {
            let pairs = bytes.get(at..at + length)?.chunks_exact(2);
            Some(pairs.map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect::<Vec<u16>>())
        };
        let short_length = usize::from(*bytes.get(0x44)?).min(24);
        let entry = Self {
            attributes: word(0x38)?,
            times: [long(0x08)?, long(0x10)?, long(0x18)?],
            size: long(0x28)?,
            name: units(ENTRY_NAME, word(0x3C)? as usize)?,
            short_name: units(0x46, short_length)?,
        };
        let step = word(0)? as usize;
        Some((entry, (step != 0).then_some(at + step)))
    }

    fn head(&self, data: &mut [u8]) {
        let mut put = |at: usize, word: u32| data[at..at + 4].copy_from_slice(&word.to_le_bytes());
        put(0, self.attributes);
        for (index, time) in self.times.iter().enumerate() {
            put(4 + 8 * index, *time as u32);
            put(8 + 8 * index, (*time >> 32) as u32);
        }
        put(0x1C, (self.size >> 32) as u32);
        put(0x20, self.size as u32);
    }

    /// As `WIN32_FIND_DATAW`.
    pub fn to_wide(&self) -> Vec<u8> {
        let mut data = vec![0; WIDE_SIZE];
        self.head(&mut data);
        let mut put = |at: usize, units: &[u16], most: usize| {
            let bytes = units.iter().take(most - 1).flat_map(|unit| unit.to_le_bytes());
            data[at..].iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
        };
        put(NAME_AT, &self.name, NAME_UNITS);
        put(NAME_AT + 2 * NAME_UNITS, &self.short_name, SHORT_UNITS);
        data
    }

    /// As `WIN32_FIND_DATAA`.
    pub fn to_ansi(&self) -> Vec<u8> {
        let mut data = vec![0; ANSI_SIZE];
        self.head(&mut data);
        let mut put = |at: usize, units: &[u16], most: usize| {
            let bytes = ansi(&units[..units.len().min(most - 1)]);
            data[at..at + bytes.len()].copy_from_slice(&bytes);
        };
        put(NAME_AT, &self.name, NAME_UNITS);
        put(NAME_AT + NAME_UNITS, &self.short_name, SHORT_UNITS);
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::wide;
    use std::string::String;

    fn text(units: &[u16]) -> String {
        String::from_utf8(ansi(units)).unwrap()
    }

    #[test]
    fn a_path_is_a_folder_and_an_expression() {
        let rows: [(&[u8], &str, &str); 10] = [
            (b"\\\\?\\C:\\a\\b*", "\\\\?\\C:\\a\\", "b*"),
            (b"*", "C:\\work\\", "*"),
            (b"*.*", "C:\\work\\", "*"),
            (b"\\*.txt", "C:\\", "<.txt"),
            (b"a\\b?.c*", "C:\\work\\a\\", "b>.c*"),
            (b"..\\x", "C:\\", "x"),
            (b"a.?", "C:\\work\\", "a\">"),
            (b"*.", "C:\\work\\", "<"),
            (b"a\\", "C:\\work\\a", ""),
            (b"C:\\", "C:\\", ""),
        ];
        for (path, directory, wanted) in rows {
            let (found, expression) = split(&wide(b"C:\\work\\"), &wide(path));
            assert_eq!((text(&found).as_str(), text(&expression).as_str()), (directory, wanted));
        }
    }

    fn raw(name: &str, short: &str, step: u32) -> Vec<u8> {
        let mut bytes = vec![0; ENTRY_NAME];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, &step.to_le_bytes());
        put(0x08, &1u64.to_le_bytes());
        put(0x18, &3u64.to_le_bytes());
        put(0x28, &0x1_0000_0002u64.to_le_bytes());
        put(0x38, &0x20u32.to_le_bytes());
        put(0x3C, &(2 * name.len() as u32).to_le_bytes());
        put(0x44, &[2 * short.len() as u8]);
        let short: Vec<u8> = short.encode_utf16().flat_map(u16::to_le_bytes).collect();
        put(0x46, &short);
        bytes.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    }

    #[test]
    fn entries_become_find_data() {
        let (entry, next) = Entry::parse(&raw("A long name.txt", "ALONGN~1.TXT", 0), 0).unwrap();
        assert_eq!((next, entry.size, entry.times), (None, 0x1_0000_0002, [1, 0, 3]));
        let wide = entry.to_wide();
        assert_eq!((wide.len(), wide[0], wide[0x1C], wide[0x20]), (592, 0x20, 1, 2));
        assert_eq!(wide[0x2C..0x30], [b'A', 0, b' ', 0]);
        assert_eq!(wide[0x234..0x238], [b'A', 0, b'L', 0]);
        let ansi = entry.to_ansi();
        assert_eq!((ansi.len(), &ansi[0x2C..0x2F], &ansi[0x130..0x13D]), (320, &b"A l"[..], &b"ALONGN~1.TXT\0"[..]));
    }

    #[test]
    fn one_entry_leads_to_the_next_and_broken_ones_nowhere() {
        let mut bytes = raw("ab", "", 104);
        bytes.resize(104, 0);
        bytes.extend(raw("c", "", 0));
        let (first, next) = Entry::parse(&bytes, 0).unwrap();
        let (second, end) = Entry::parse(&bytes, next.unwrap()).unwrap();
        assert_eq!((text(&first.name), text(&second.name), end), ("ab".into(), "c".into(), None));
        assert_eq!(Entry::parse(&bytes[..0x60], 0), None);
        assert_eq!(Entry::parse(&bytes, 9999), None);
    }
}
