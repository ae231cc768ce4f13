//! DOS paths: made absolute, made NT paths, cut into folder and name.
//!
//! A DOS path is what programs use (`C:\dir\prog.exe`, `prog.exe`, `\x`); the system's services take NT paths
//! (`\??\C:\dir\prog.exe`). `/` counts as `\`. A path that begins with `\\?\` is taken as it is.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::text::{equal_ignoring_case, wide};

/// UTF-16 `\`.
const BACKSLASH: u16 = b'\\' as u16;
const DOT: u16 = b'.' as u16;
/// What NT puts before a DOS path.
const NT_PREFIX: &[u8] = b"\\??\\";
/// What a program puts before a DOS path that is to be taken as it is.
const VERBATIM_PREFIX: &[u8] = b"\\\\?\\";
/// How a program names a device.
const DEVICE_PREFIX: &[u8] = b"\\\\.\\";

/// Parts that most paths do not exceed.
const USUAL_PARTS: usize = 16;

/// Longest DOS path, in UTF-16 units with its final zero.
pub const MAXIMUM_PATH: usize = 260;

fn is_separator(unit: u16) -> bool {
    unit == BACKSLASH || unit == u16::from(b'/')
}

fn has_drive(path: &[u16]) -> bool {
    path.len() >= 2 && path[1] == u16::from(b':')
}

/// Whether `name` says where it lies: it has a drive or a separator.
pub fn has_folder(name: &[u16]) -> bool {
    has_drive(name) || name.iter().any(|&unit| is_separator(unit))
}

/// The part after the last separator.
pub fn file_name(path: &[u16]) -> &[u16] {
    match path.iter().rposition(|&unit| is_separator(unit)) {
        Some(at) => &path[at + 1..],
        None => path,
    }
}

/// The part up to and with the last separator; empty without one.
pub fn folder(path: &[u16]) -> &[u16] {
    &path[..path.len() - file_name(path).len()]
}

/// `folder` and `name` as one path.
pub fn join(folder: &[u16], name: &[u16]) -> Vec<u16> {
    let mut path = Vec::with_capacity(folder.len() + 1 + name.len());
    path.extend_from_slice(folder);
    if path.last().is_some_and(|&unit| !is_separator(unit)) {
        path.push(BACKSLASH);
    }
    path.extend_from_slice(name);
    path
}

/// The name a DLL is loaded by: `.dll` is added where there is no extension, and a final dot asks for none.
pub fn module_name(name: &[u16]) -> Cow<'_, [u16]> {
    if let Some((&DOT, rest)) = name.split_last() {
        return Cow::Borrowed(rest);
    }
    if file_name(name).contains(&DOT) {
        return Cow::Borrowed(name);
    }
    Cow::Owned([name, &wide(b".dll")].concat())
}

/// The variable that tells where `path` begins, which is relative on a drive that `current` is not on: `=D:` for `D:x`.
pub fn drive_variable(current: &[u16], path: &[u16]) -> Option<[u16; 3]> {
    let relative = has_drive(path) && !path.get(2).is_some_and(|&unit| is_separator(unit));
    let other = relative && !equal_ignoring_case(&path[..2], current.get(..2).unwrap_or_default());
    other.then(|| [u16::from(b'='), path[0], path[1]])
}

/// `path` as an absolute DOS path: relative to `current`, `.` and `..` resolved, one `\` between parts; as it is behind `\\?\`.
///
/// `current` is an absolute DOS path. `..` above the root stays at the root, as on Windows.
#[doc(alias = "RtlGetFullPathName_U")]
pub fn absolute(current: &[u16], path: &[u16]) -> Vec<u16> {
    if begins_with(path, VERBATIM_PREFIX) {
        return path.to_vec();
    }
    let drive = if has_drive(path) { &path[..2] } else { current.get(..2).unwrap_or_default() };
    let rest = if has_drive(path) { &path[2..] } else { path };
    let same_drive = !has_drive(path) || equal_ignoring_case(drive, current.get(..2).unwrap_or_default());
    let rooted = rest.first().is_some_and(|&unit| is_separator(unit));
    let mut parts: Vec<&[u16]> = Vec::with_capacity(USUAL_PARTS);
    if !rooted && same_drive {
        collect_parts(&mut parts, current.get(2..).unwrap_or_default());
    }
    collect_parts(&mut parts, rest);
    let mut result = Vec::with_capacity(drive.len() + parts.iter().map(|part| part.len() + 1).sum::<usize>().max(1));
    result.extend_from_slice(drive);
    for part in &parts {
        result.push(BACKSLASH);
        result.extend_from_slice(part);
    }
    if parts.is_empty() {
        result.push(BACKSLASH);
    }
    result
}

/// `path` from the root of its drive or its share on, as programs are told: a separator at its end stays, dots and spaces there go. Of an
/// empty one nothing.
#[doc(alias = "GetFullPathName")]
pub fn full_path(current: &[u16], path: &[u16]) -> Vec<u16> {
    const SPACE: u16 = b' ' as u16;
    if begins_with(path, VERBATIM_PREFIX) {
        return path.to_vec();
    }
    let end = path.iter().rposition(|&unit| unit != SPACE).map_or(0, |last| last + 1);
    let path = &path[..end];
    let Some(&last) = path.last() else { return Vec::new() };
    let mut whole = if let [first, second, rest @ ..] = path
        && is_separator(*first)
        && is_separator(*second)
    {
        on_share(rest)
    } else {
        absolute(current, path)
    };
    if is_separator(last) {
        if whole.last() != Some(&BACKSLASH) {
            whole.push(BACKSLASH);
        }
    } else {
        while matches!(whole.last(), Some(&unit) if unit == DOT || unit == SPACE) {
            whole.pop();
        }
    }
    whole
}

/// What is behind the two separators of a share's path, or of a device's, with them: server and share stay whatever `..` says.
fn on_share(rest: &[u16]) -> Vec<u16> {
    let mut names = rest.splitn(3, |&unit| is_separator(unit));
    let mut whole = [BACKSLASH, BACKSLASH].to_vec();
    whole.extend_from_slice(names.next().unwrap_or_default());
    if let Some(share) = names.next() {
        whole.push(BACKSLASH);
        whole.extend_from_slice(share);
    }
    let mut parts: Vec<&[u16]> = Vec::new();
    collect_parts(&mut parts, names.next().unwrap_or_default());
    for part in parts {
        whole.push(BACKSLASH);
        whole.extend_from_slice(part);
    }
    whole
}

fn collect_parts<'path>(parts: &mut Vec<&'path [u16]>, path: &'path [u16]) {
    for part in path.split(|&unit| is_separator(unit)) {
        match part {
            [] | [DOT] => {}
            [DOT, DOT] => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
}

/// The device that a DOS path means, in whatever folder: `NUL`, `CON`, `AUX`, `PRN`, `COM1` and so on, with an extension or a
/// colon or without. As the path spells it.
#[doc(alias = "RtlIsDosDeviceName_U")]
pub fn dos_device(path: &[u16]) -> Option<&[u16]> {
    const NAMES: [&[u8]; 4] = [b"NUL", b"CON", b"AUX", b"PRN"];
    const NUMBERED: [&[u8]; 2] = [b"COM", b"LPT"];
    let name = file_name(path);
    let name = if has_drive(name) { &name[2..] } else { name };
    let end = name.iter().take(5).position(|&unit| unit == DOT || unit == u16::from(b':') || unit == u16::from(b' '));
    let stem = &name[..end.unwrap_or(name.len())];
    // What follows spaces must be an extension or a colon.
    let behind = name[stem.len()..].iter().find(|&&unit| unit != u16::from(b' '));
    if behind.is_some_and(|&unit| unit != DOT && unit != u16::from(b':')) {
        return None;
    }
    let is = |other: &&[u8]| equal_ignoring_case(&stem[..3], &wide(other));
    let known = match stem {
        [_, _, _] => NAMES.iter().any(is),
        [_, _, _, digit] => (u16::from(b'1')..=u16::from(b'9')).contains(digit) && NUMBERED.iter().any(is),
        _ => false,
    };
    known.then_some(stem)
}

/// The NT path of a DOS path.
#[doc(alias = "RtlDosPathNameToNtPathName_U")]
pub fn to_nt(current: &[u16], path: &[u16]) -> Vec<u16> {
    let rest = match [VERBATIM_PREFIX, NT_PREFIX, DEVICE_PREFIX].iter().any(|prefix| begins_with(path, prefix)) {
        true => path[NT_PREFIX.len()..].to_vec(),
        false => dos_device(path).map_or_else(|| absolute(current, path), <[u16]>::to_vec),
    };
    let mut result = Vec::with_capacity(NT_PREFIX.len() + rest.len());
    result.extend(NT_PREFIX.iter().copied().map(u16::from));
    result.extend_from_slice(&rest);
    result
}

fn begins_with(path: &[u16], prefix: &[u8]) -> bool {
    path.len() >= prefix.len() && prefix.iter().zip(path).all(|(&byte, &unit)| u16::from(byte) == unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::ansi;
    use std::string::String;

    fn text(units: &[u16]) -> String {
        String::from_utf8(ansi(units)).unwrap()
    }

    #[test]
    fn full_paths_keep_a_last_separator_and_lose_last_dots() {
        let rows: [(&[u8], &[u8]); 13] = [
            (b"", b""),
            (b"   ", b""),
            (b"x", b"C:\\dir\\x"),
            (b"x\\", b"C:\\dir\\x\\"),
            (b"C:\\a\\.\\b/../c. . ", b"C:\\a\\c"),
            (b"\\", b"C:\\"),
            (b"..\\..\\..", b"C:\\"),
            (b"D:y", b"D:\\y"),
            (b"C:", b"C:\\dir"),
            (b"\\\\server\\share\\..\\..\\x", b"\\\\server\\share\\x"),
            (b"//server/share/a/./b/", b"\\\\server\\share\\a\\b\\"),
            (b"\\\\.\\pipe\\x", b"\\\\.\\pipe\\x"),
            (b"\\\\?\\C:\\a\\..\\b. ", b"\\\\?\\C:\\a\\..\\b. "),
        ];
        for (path, whole) in rows {
            assert_eq!(full_path(&wide(b"C:\\dir\\"), &wide(path)), wide(whole));
        }
    }

    #[test]
    fn relative_paths_start_at_the_current_folder() {
        let cases = [
            ("a.txt", "C:\\work\\a.txt"),
            ("\\a.txt", "C:\\a.txt"),
            ("..\\..\\..\\a", "C:\\a"),
            (".\\b\\\\c/d", "C:\\work\\b\\c\\d"),
            ("C:x", "C:\\work\\x"),
            ("D:x", "D:\\x"),
            ("..", "C:\\"),
            ("", "C:\\work"),
            ("\\\\?\\C:\\a..b\\.c", "\\\\?\\C:\\a..b\\.c"),
        ];
        assert_eq!(text(&to_nt(&wide(b"C:\\"), &wide(b"\\\\.\\pipe\\a"))), "\\??\\pipe\\a", "a device");
        for (path, expected) in cases {
            assert_eq!(text(&absolute(&wide(b"C:\\work"), &wide(path.as_bytes()))), expected, "{path}");
        }
    }

    #[test]
    fn nt_paths() {
        let current = wide(b"C:\\");
        assert_eq!(text(&to_nt(&current, &wide(b"p.exe"))), "\\??\\C:\\p.exe");
        assert_eq!(text(&to_nt(&current, &wide(b"\\\\?\\C:\\a..b"))), "\\??\\C:\\a..b");
    }

    #[test]
    fn devices_have_their_names_in_every_folder() {
        let cases = [
            ("nul", Some("nul")),
            ("C:\\dir\\NUL.txt", Some("NUL")),
            ("C:nul", Some("nul")),
            ("a/Con:", Some("Con")),
            ("lpt9", Some("lpt9")),
            ("prn  .x", Some("prn")),
            ("com0", None),
            ("com10", None),
            ("null", None),
            ("nul x", None),
            ("x.nul", None),
            ("nul\\x", None),
            ("", None),
        ];
        for (path, device) in cases {
            assert_eq!(dos_device(&wide(path.as_bytes())).map(text).as_deref(), device, "{path}");
        }
        assert_eq!(text(&to_nt(&wide(b"C:\\"), &wide(b"x\\nul"))), "\\??\\nul");
        assert_eq!(text(&to_nt(&wide(b"C:\\"), &wide(b"\\\\.\\x\\nul"))), "\\??\\x\\nul", "taken as it is");
    }

    #[test]
    fn a_module_without_extension_is_a_dll() {
        let cases = [("kernel32", "kernel32.dll"), ("a.drv", "a.drv"), ("plain.", "plain"), ("a.b\\c", "a.b\\c.dll")];
        for (name, expected) in cases {
            assert_eq!(text(&module_name(&wide(name.as_bytes()))), expected);
        }
    }

    #[test]
    fn folders_and_names() {
        assert_eq!(text(folder(&wide(b"C:\\a\\b.exe"))), "C:\\a\\");
        assert_eq!(text(file_name(&wide(b"C:\\a\\b.exe"))), "b.exe");
        assert_eq!(text(&join(&wide(b"C:\\WINDOWS"), &wide(b"x"))), "C:\\WINDOWS\\x");
        assert!(has_folder(&wide(b"C:x")) && has_folder(&wide(b"a/b")) && !has_folder(&wide(b"a.b")));
    }
}
