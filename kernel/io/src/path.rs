//! NT paths: `\??\C:\dir\file` or `\Device\HarddiskVolume1\dir\file`, taken apart, with XP's status for what is no path.
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
/// Names of the directory of drives.
const DRIVE_DIRECTORIES: [&str; 3] = ["\\??\\", "\\DosDevices\\", "\\GLOBAL??\\"];
/// What the object manager calls the volume behind C:, and its drive letter.
const SYSTEM_VOLUME: (&str, u8) = ("\\Device\\HarddiskVolume1", b'C');
const RESERVED: &[u8] = b"\"*/:<>?|";
const BACKSLASH: u16 = b'\\' as u16;

/// A path from the root of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    /// The drive letter, upper case.
    pub drive: u8,
    /// What follows it, without the first and a last backslash.
    rest: &'a [u16],
    /// Whether a backslash ends it: then it must be a directory.
    pub names_directory: bool,
}

impl<'a> Path<'a> {
    /// Takes `path` apart.
    ///
    /// # Errors
    /// OBJECT_PATH_SYNTAX_BAD where it does not begin at the root of the name space, OBJECT_NAME_INVALID for a name that no
    /// file can have, NAME_TOO_LONG, OBJECT_PATH_NOT_FOUND where it does not lead to a drive, INVALID_DEVICE_REQUEST for
    /// a drive itself.
    pub fn parse(path: &'a [u16]) -> Result<Self, NtStatus> {
        if path.first() != Some(&BACKSLASH) {
            return Err(NtStatus::OBJECT_PATH_SYNTAX_BAD);
        }
        let (drive, rest) = volume(path).ok_or(NtStatus::OBJECT_PATH_NOT_FOUND)?;
        let Some((&BACKSLASH, rest)) = rest.split_first() else {
            let other =
                if rest.is_empty() { NtStatus::INVALID_DEVICE_REQUEST } else { NtStatus::OBJECT_PATH_NOT_FOUND };
            return Err(other);
        };
        let (rest, names_directory) = match rest.split_last() {
            Some((&BACKSLASH, rest)) if !rest.is_empty() => (rest, true),
            _ => (rest, rest.is_empty()),
        };
        let path = Self { drive, rest, names_directory };
        path.check()?;
        Ok(path)
    }

    /// The path of the directory that a volume calls `name`, from its root on: `\dir\dir`.
    pub(crate) fn of_directory(name: &'a [u16]) -> Self {
        Self { drive: SYSTEM_VOLUME.1, rest: name.strip_prefix(&[BACKSLASH]).unwrap_or(name), names_directory: true }
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

/// `path` without `prefix`, compared without regard to case.
fn strip_prefix<'a>(path: &'a [u16], prefix: &str) -> Option<&'a [u16]> {
    let (head, rest) = path.split_at_checked(prefix.len())?;
    head.iter().zip(prefix.bytes()).all(|(unit, byte)| upper(*unit) == upper(u16::from(byte))).then_some(rest)
}

/// The drive letter of the volume that `path` begins with, and what follows it.
fn volume(path: &[u16]) -> Option<(u8, &[u16])> {
    let (device, letter) = SYSTEM_VOLUME;
    if let Some(rest) = strip_prefix(path, device) {
        return Some((letter, rest));
    }
    DRIVE_DIRECTORIES.iter().find_map(|prefix| strip_prefix(path, prefix)).and_then(drive)
}

/// The drive letter at the start of `path`, and what follows its colon.
fn drive(path: &[u16]) -> Option<(u8, &[u16])> {
    match path {
        [letter, colon, rest @ ..] if *colon == u16::from(b':') => {
            let letter = u8::try_from(*letter).ok().filter(u8::is_ascii_alphabetic)?;
            Some((letter.to_ascii_uppercase(), rest))
        }
        _ => None,
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

    fn names(path: &str) -> Result<(char, Vec<String>, bool), NtStatus> {
        let path = wide(path);
        let path = Path::parse(&path)?;
        let names = path.names().map(String::from_utf16_lossy).collect();
        Ok((char::from(path.drive), names, path.names_directory))
    }

    #[test]
    fn a_path_has_a_drive_and_names() {
        let expected = Ok(('C', vec!["dir".to_owned(), "a file.txt".to_owned()], false));
        assert_eq!(names("\\??\\C:\\dir\\a file.txt"), expected);
        assert_eq!(names("\\dosdevices\\c:\\dir\\a file.txt"), expected);
        assert_eq!(names("\\??\\C:\\dir. .\\a file.txt.."), expected);
        assert_eq!(names("\\Device\\HarddiskVolume1\\dir\\a file.txt"), expected);
        assert_eq!(names("\\DEVICE\\harddiskvolume1\\"), Ok(('C', vec![], true)));
        let dots = vec!["..".to_owned(), "a".to_owned(), ".".to_owned()];
        assert_eq!(names("\\??\\C:\\..\\a\\."), Ok(('C', dots, false)), "names like others");
        assert_eq!(names("\\??\\C:\\"), Ok(('C', vec![], true)));
        assert_eq!(names("\\??\\Z:\\dir\\"), Ok(('Z', vec!["dir".to_owned()], true)));
    }

    #[test]
    fn what_is_no_path_has_xps_status() {
        let table = [
            ("", NtStatus::OBJECT_PATH_SYNTAX_BAD),
            ("C:\\a", NtStatus::OBJECT_PATH_SYNTAX_BAD),
            ("\\", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\Device\\Null", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\??\\", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\??\\CON", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\??\\1:\\a", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\??\\C:a", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\??\\C:", NtStatus::INVALID_DEVICE_REQUEST),
            ("\\??\\C:\\\\", NtStatus::OBJECT_NAME_INVALID),
            ("\\??\\C:\\a\\\\b", NtStatus::OBJECT_NAME_INVALID),
            ("\\Device\\HarddiskVolume1", NtStatus::INVALID_DEVICE_REQUEST),
            ("\\Device\\HarddiskVolume10\\a", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\Device\\HarddiskVolume2\\a", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\??\\C:\\...", NtStatus::OBJECT_NAME_INVALID),
            ("\\??\\C:\\a\\. .\\b", NtStatus::OBJECT_NAME_INVALID),
            ("\\??\\C:\\ \\b", NtStatus::OBJECT_NAME_INVALID),
            ("\\??\\C:\\a*", NtStatus::OBJECT_NAME_INVALID),
            ("\\??\\C:\\a/b", NtStatus::OBJECT_NAME_INVALID),
            ("\\??\\C:\\a:stream", NtStatus::OBJECT_NAME_INVALID),
            ("\\??\\C:\\a\tb", NtStatus::OBJECT_NAME_INVALID),
        ];
        for (path, status) in table {
            assert_eq!(names(path), Err(status), "{path}");
        }
        assert_eq!(names(&format!("\\??\\C:\\{}", "a".repeat(256))), Err(NtStatus::OBJECT_NAME_INVALID));
        assert_eq!(names(&format!("\\??\\C:\\{}", "a\\".repeat(200))), Err(NtStatus::NAME_TOO_LONG));
    }

    #[test]
    fn case_does_not_count_in_any_alphabet() {
        assert!(same_name(&wide("Straße.ÄÖ"), wide("sTRAßE.äö").into_iter()));
        assert!(!same_name(&wide("a"), wide("ab").into_iter()));
        assert_eq!(upper(0xD800), 0xD800, "half a pair has no capital");
    }
}
