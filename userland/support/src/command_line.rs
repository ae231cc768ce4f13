//! From what `CreateProcess` is told to the file it runs: which part of a command line names the program, where a program is
//! looked for, and what the child's command line is.
//!
//! Source: Microsoft's documentation of CreateProcess and SearchPath, XP generation.

use alloc::vec::Vec;

use crate::path::{file_name, has_folder, join};
use crate::text::wide;

const QUOTE: u16 = b'"' as u16;
const SPACE: u16 = b' ' as u16;
const TAB: u16 = b'\t' as u16;
const DOT: u16 = b'.' as u16;
const SEMICOLON: u16 = b';' as u16;

/// One reading of a command line: its first `end` units name the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The name, without quotes.
    pub name: Vec<u16>,
    /// Where in the command line what follows the name begins.
    pub end: usize,
    /// The name has a space in it and no quotes around it, so that the child must be told by quotes where it ends.
    pub needs_quotes: bool,
}

/// The readings of `command_line`, in the order in which they are tried: a name in quotes has one; without them the name ends
/// at the first space or tab, or else at the second, and so on.
pub fn readings(command_line: &[u16]) -> Vec<Reading> {
    if let Some(quoted) = command_line.strip_prefix(&[QUOTE]) {
        let length = quoted.iter().position(|&unit| unit == QUOTE).unwrap_or(quoted.len());
        let end = (length + 2).min(command_line.len());
        return [Reading { name: quoted[..length].to_vec(), end, needs_quotes: false }].to_vec();
    }
    let is_blank = |unit: u16| unit == SPACE || unit == TAB;
    let ends = command_line.iter().enumerate().filter(|(_, unit)| is_blank(**unit)).map(|(at, _)| at);
    let mut readings: Vec<Reading> = Vec::new();
    for end in ends.chain([command_line.len()]) {
        let name = command_line[..end].to_vec();
        // Of several blanks in a row only the first ends a name that could exist.
        if readings.is_empty() || name.last().is_some_and(|&unit| !is_blank(unit)) {
            readings.push(Reading { name, end, needs_quotes: !readings.is_empty() });
        }
    }
    readings
}

/// The child's command line, read so that its program is `reading`.
pub fn told(command_line: &[u16], reading: &Reading) -> Vec<u16> {
    if !reading.needs_quotes {
        return command_line.to_vec();
    }
    let mut told = [QUOTE].to_vec();
    told.extend_from_slice(&reading.name);
    told.push(QUOTE);
    told.extend_from_slice(&command_line[reading.end..]);
    told
}

/// Where programs are looked for, in order.
#[derive(Clone, Debug, Default)]
pub struct SearchPlaces {
    /// The folder of the program that asks.
    pub own: Vec<u16>,
    /// The current directory.
    pub current: Vec<u16>,
    /// The folder of the system's DLLs.
    pub system: Vec<u16>,
    /// The folder of Windows.
    pub windows: Vec<u16>,
    /// The variable PATH.
    pub path: Vec<u16>,
}

impl SearchPlaces {
    /// The paths at which the program called `name` may be, in order. `.exe` is added to a name without an extension.
    pub fn candidates(&self, name: &[u16]) -> Vec<Vec<u16>> {
        let mut name = name.to_vec();
        if !file_name(&name).contains(&DOT) {
            name.extend(wide(b".exe"));
        }
        if has_folder(&name) {
            return [name].to_vec();
        }
        let own = [&self.own, &self.current, &self.system, &self.windows].map(Vec::as_slice);
        let listed = self.path.split(|&unit| unit == SEMICOLON);
        own.into_iter().chain(listed).filter(|folder| !folder.is_empty()).map(|folder| join(folder, &name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::ansi;
    use std::string::String;
    use std::vec;

    fn text(units: &[u16]) -> String {
        String::from_utf8(ansi(units)).unwrap()
    }

    fn read(line: &str) -> Vec<(String, String)> {
        let line = wide(line.as_bytes());
        readings(&line).iter().map(|reading| (text(&reading.name), text(&told(&line, reading)))).collect()
    }

    fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
        rows.iter().map(|(name, told)| (String::from(*name), String::from(*told))).collect()
    }

    #[test]
    fn a_name_in_quotes_is_read_in_one_way() {
        assert_eq!(read("\"a b\" c"), pairs(&[("a b", "\"a b\" c")]));
        assert_eq!(read("\"a b"), pairs(&[("a b", "\"a b")]));
        assert_eq!(read("\"\""), pairs(&[("", "\"\"")]));
    }

    #[test]
    fn a_name_without_quotes_may_have_spaces_and_then_gets_quotes() {
        let line = "c:\\program files\\sub dir\\program name";
        let expected = pairs(&[
            ("c:\\program", line),
            ("c:\\program files\\sub", "\"c:\\program files\\sub\" dir\\program name"),
            ("c:\\program files\\sub dir\\program", "\"c:\\program files\\sub dir\\program\" name"),
            (line, "\"c:\\program files\\sub dir\\program name\""),
        ]);
        assert_eq!(read(line), expected);
        assert_eq!(read("a\t b"), pairs(&[("a", "a\t b"), ("a\t b", "\"a\t b\"")]));
        assert_eq!(read("a "), pairs(&[("a", "a ")]));
        assert_eq!(read(""), pairs(&[("", "")]));
        assert_eq!(read(" a")[0], (String::new(), String::from(" a")));
    }

    #[test]
    fn programs_are_looked_for_in_windows_order() {
        let places = SearchPlaces {
            own: wide(b"C:\\own\\"),
            current: wide(b"C:\\"),
            system: wide(b"C:\\WINDOWS\\system32"),
            windows: wide(b"C:\\WINDOWS"),
            path: wide(b";C:\\one;;D:\\two\\"),
        };
        let found: Vec<String> = places.candidates(&wide(b"p")).iter().map(|path| text(path)).collect();
        let expected = [
            "C:\\own\\p.exe",
            "C:\\p.exe",
            "C:\\WINDOWS\\system32\\p.exe",
            "C:\\WINDOWS\\p.exe",
            "C:\\one\\p.exe",
            "D:\\two\\p.exe",
        ];
        assert_eq!(found, expected);
        for (name, only) in [("a\\p", "a\\p.exe"), ("C:p.com", "C:p.com"), ("..\\p.", "..\\p.")] {
            assert_eq!(places.candidates(&wide(name.as_bytes())), vec![wide(only.as_bytes())]);
        }
    }
}
