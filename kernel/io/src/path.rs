//! Paths from the root of a volume, `\dir\file`, taken apart, with XP's status for what is no path. What leads to the volume is
//! the object manager's business.
//!
//! Only a backslash separates names. `.` and `..` lead nowhere: ntdll has taken them out of what a program calls a path, and
//! here they are names that no file has, so that whoever asks gets OBJECT_NAME_NOT_FOUND (a choice: what XP's FAT answers was
//! not observed). Trailing dots and spaces of any other name do not count.
//!
//! Source: statuses as XP's FAT file system gives them; reserved characters from its naming rules.

use abi::status::NtStatus;

/// UTF-16 units a path may have, from the root of its volume on.
pub const LONGEST_PATH: usize = 260;
/// UTF-16 units a name may have.
pub const LONGEST_NAME: usize = 255;
const RESERVED: &[u8] = b"\"*/:<>?|";
pub(crate) const BACKSLASH: u16 = b'\\' as u16;

/// A path from the root of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    /// The path without the first and a last backslash.
    rest: &'a [u16],
    /// Whether a backslash ends it: then it must be a directory.
    pub names_directory: bool,
}

impl<'a> Path<'a> {
    /// Takes `path` apart, which begins with a backslash, or with two that count as one: the second may come from a link to a
    /// root, `\??\C:\`, that something follows.
    ///
    /// # Errors
    /// OBJECT_NAME_INVALID for a name that no file can have, NAME_TOO_LONG.
    pub fn parse(path: &'a [u16]) -> Result<Self, NtStatus> {
        let rest = path.strip_prefix(&[BACKSLASH]).ok_or(NtStatus::OBJECT_NAME_INVALID)?;
        let rest = rest.strip_prefix(&[BACKSLASH]).unwrap_or(rest);
        let (rest, names_directory) = match rest.split_last() {
            Some((&BACKSLASH, rest)) if !rest.is_empty() => (rest, true),
            _ => (rest, rest.is_empty()),
        };
        let path = Self { rest, names_directory };
        path.check()?;
        Ok(path)
    }

    /// The path of the directory that a volume calls `name`, from its root on: `\dir\dir`.
    pub(crate) fn of_directory(name: &'a [u16]) -> Self {
        Self { rest: name.strip_prefix(&[BACKSLASH]).unwrap_or(name), names_directory: true }
    }

    fn check(&self) -> Result<(), NtStatus> {
        if self.rest.len() > LONGEST_PATH {
            return Err(NtStatus::NAME_TOO_LONG);
        }
        match self.names().all(is_name) {
            true => Ok(()),
            false => Err(NtStatus::OBJECT_NAME_INVALID),
        }
    }

    /// The names on the way, from the root on; none where the path is the root.
    pub fn names(&self) -> impl Iterator<Item = &'a [u16]> + use<'a> {
        let names = self.rest.split(|unit| *unit == BACKSLASH);
        names.take(if self.rest.is_empty() { 0 } else { usize::MAX }).map(without_tail)
    }
}

/// Whether `name` is `.` or `..`.
pub(crate) fn is_dots(name: &[u16]) -> bool {
    matches!(name.len(), 1 | 2) && name.iter().all(|unit| *unit == u16::from(b'.'))
}

/// `name` without trailing dots and spaces, or one of the two names that are nothing but dots.
fn without_tail(name: &[u16]) -> &[u16] {
    if is_dots(name) {
        return name;
    }
    let counts = |unit: &u16| *unit != u16::from(b'.') && *unit != u16::from(b' ');
    &name[..name.iter().rposition(counts).map_or(0, |last| last + 1)]
}

fn is_name(name: &[u16]) -> bool {
    let allowed = |unit: &u16| *unit >= 0x20 && u8::try_from(*unit).map_or(true, |byte| !RESERVED.contains(&byte));
    !name.is_empty() && name.len() <= LONGEST_NAME && name.iter().all(allowed)
}

/// The capital of a UTF-16 unit, where it has one that is a single unit.
#[doc(alias = "RtlUpcaseUnicodeChar")]
pub fn upper(unit: u16) -> u16 {
    if unit < 0x80 {
        return u16::from((unit as u8).to_ascii_uppercase());
    }
    let mut capital = match char::from_u32(u32::from(unit)) {
        Some(letter) => letter.to_uppercase(),
        None => return unit,
    };
    match (capital.next(), capital.next()) {
        (Some(letter), None) => u16::try_from(u32::from(letter)).unwrap_or(unit),
        _ => unit,
    }
}

/// Whether two names are the same but for case.
pub fn same_name(one: &[u16], other: impl Iterator<Item = u16>) -> bool {
    one.iter().map(|unit| upper(*unit)).eq(other.map(upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_volume::wide;

    fn names(path: &str) -> Result<(Vec<String>, bool), NtStatus> {
        let path = wide(path);
        let path = Path::parse(&path)?;
        Ok((path.names().map(String::from_utf16_lossy).collect(), path.names_directory))
    }

    #[test]
    fn a_path_has_names() {
        let expected = Ok((vec!["dir".to_owned(), "a file.txt".to_owned()], false));
        assert_eq!(names("\\dir\\a file.txt"), expected);
        assert_eq!(names("\\dir. .\\a file.txt.."), expected);
        let dots = vec!["..".to_owned(), "a".to_owned(), ".".to_owned()];
        assert_eq!(names("\\..\\a\\."), Ok((dots, false)), "names like others");
        assert_eq!(names("\\"), Ok((vec![], true)));
        assert_eq!(names("\\\\"), Ok((vec![], true)));
        assert_eq!(names("\\\\dir\\a file.txt"), expected);
        assert_eq!(names("\\dir\\"), Ok((vec!["dir".to_owned()], true)));
    }

    #[test]
    fn what_is_no_path_has_xps_status() {
        for path in [
            "",
            "a",
            "\\\\\\",
            "\\\\\\a",
            "\\a\\\\b",
            "\\...",
            "\\a\\. .\\b",
            "\\ \\b",
            "\\a*",
            "\\a/b",
            "\\a:stream",
            "\\a\tb",
        ] {
            assert_eq!(names(path), Err(NtStatus::OBJECT_NAME_INVALID), "{path}");
        }
        assert_eq!(names(&format!("\\{}", "a".repeat(256))), Err(NtStatus::OBJECT_NAME_INVALID));
        assert_eq!(names(&format!("\\{}", "a\\".repeat(200))), Err(NtStatus::NAME_TOO_LONG));
    }

    #[test]
    fn case_does_not_count_in_any_alphabet() {
        assert!(same_name(&wide("Straße.ÄÖ"), wide("sTRAßE.äö").into_iter()));
        assert!(!same_name(&wide("a"), wide("ab").into_iter()));
        assert_eq!(upper(0xD800), 0xD800, "half a pair has no capital");
    }
}
