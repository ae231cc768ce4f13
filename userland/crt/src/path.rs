//! The parts of a path: drive, directory, name and extension.
//!
//! Source: documented behaviour of `_splitpath` and `_makepath`.

use alloc::vec::Vec;

use crate::printf::Unit;

/// Units of a drive, and of each other part, with the zero.
const DRIVE: usize = 3;
const PART: usize = 256;
/// Units of a path, with the zero.
const PATH: usize = 260;

fn is(unit: &impl Unit, characters: &[u8]) -> bool {
    u8::try_from(unit.value()).is_ok_and(|byte| characters.contains(&byte))
}

fn is_separator(unit: &impl Unit) -> bool {
    is(unit, b"\\/")
}

/// Drive, directory with its last separator, name, extension with its dot: each may be empty, and one that is too long is cut.
#[doc(alias = "_splitpath")]
pub fn split<U: Unit>(path: &[U]) -> [&[U]; 4] {
    let drive = if path.get(1).is_some_and(|unit| is(unit, b":")) { DRIVE - 1 } else { 0 };
    let (drive, rest) = path.split_at(drive);
    let name = rest.iter().rposition(is_separator).map_or(0, |index| index + 1);
    let (directory, rest) = rest.split_at(name);
    let extension = rest.iter().rposition(|unit| is(unit, b".")).unwrap_or(rest.len());
    let (name, extension) = rest.split_at(extension);
    [drive, directory, name, extension].map(|part| &part[..part.len().min(PART - 1)])
}

/// The path of such parts, where a colon, a separator and a dot need not be said. What is too long is cut.
#[doc(alias = "_makepath")]
pub fn join<U: Unit + From<u8>>([drive, directory, name, extension]: [&[U]; 4]) -> Vec<U> {
    let mut path = Vec::new();
    if let Some(&letter) = drive.first() {
        path.extend([letter, b':'.into()]);
    }
    path.extend_from_slice(directory);
    if directory.last().is_some_and(|unit| !is_separator(unit)) {
        path.push(b'\\'.into());
    }
    path.extend_from_slice(name);
    if extension.first().is_some_and(|unit| !is(unit, b".")) {
        path.push(b'.'.into());
    }
    path.extend_from_slice(extension);
    path.truncate(PATH - 1);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_apart_and_together() {
        let cases: [(&[u8], [&[u8]; 4]); 8] = [
            (b"C:\\one\\two\\three.tar.gz", [b"C:", b"\\one\\two\\", b"three.tar", b".gz"]),
            (b"c:name", [b"c:", b"", b"name", b""]),
            (b"dir.x/name", [b"", b"dir.x/", b"name", b""]),
            (b"\\", [b"", b"\\", b"", b""]),
            (b".ext", [b"", b"", b"", b".ext"]),
            (b"..", [b"", b"", b".", b"."]),
            (b"\\\\host\\share\\f.", [b"", b"\\\\host\\share\\", b"f", b"."]),
            (b"", [b"", b"", b"", b""]),
        ];
        for (path, parts) in cases {
            assert_eq!(split(path), parts, "{:?}", path.escape_ascii());
            assert_eq!(join(parts), path, "{:?}", path.escape_ascii());
        }
    }

    #[test]
    fn marks_are_put_between_parts() {
        assert_eq!(join::<u8>([b"x", b"dir", b"name", b"ext"]), b"x:dir\\name.ext");
        assert_eq!(join::<u8>([b"", b"dir/", b"", b""]), b"dir/");
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let long = [u16::from(b'n'); 300];
        assert_eq!(split(&long)[2].len(), 255);
        assert_eq!(join([&[], &[], &long, &[]]).len(), 259);
    }
}
