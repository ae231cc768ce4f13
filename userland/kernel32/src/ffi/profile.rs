//! Profiles: `win.ini`, and files like it of a program's own. What they hold is read and written by `user_support::profile`.
//!
//! A file without a folder is one of the Windows folder's. Nothing is kept between calls, so there is nothing to flush.
//!
//! Source: documented behaviour of the functions.

use alloc::vec;
use alloc::vec::Vec;

use user_ffi::{bytes_mut, c_string, wide_mut, wide_string};
use user_support::path::{has_folder, join};
use user_support::profile::{Profile, number, trimmed};
use user_support::text::{ansi, wide};

use super::directory::windows_directory;
use super::file::{GetFileSize, ReadFile, WriteFile, open};
use super::file_time::SetEndOfFile;
use super::last_error::{Bool, FALSE, GetLastError, SetLastError};
use super::nt::NtClose;
use super::standard_handle::INVALID_HANDLE;

/// `GENERIC_READ`, and with `GENERIC_WRITE`.
const READ: u32 = 0x8000_0000;
const READ_WRITE: u32 = 0xC000_0000;
const SHARE_READ: u32 = 1;
/// `OPEN_EXISTING`, `OPEN_ALWAYS`.
const OPEN_EXISTING: u32 = 3;
const OPEN_ALWAYS: u32 = 4;
/// Bytes of a profile at most.
const LONGEST: u32 = 0x100_0000;

/// A string, if the pointer is not null.
type Text = Option<Vec<u16>>;

/// Opens a profile, `win.ini` without a name: its handle, or -1.
fn open_profile(name: Option<&[u16]>, access: u32, creation: u32) -> u32 {
    let name = name.unwrap_or(&[]);
    let path = match name {
        [] => join(&windows_directory(), &wide(b"win.ini")),
        _ if has_folder(name) => name.to_vec(),
        _ => join(&windows_directory(), name),
    };
    open(&path, access, SHARE_READ, creation, 0, 0)
}

fn contents(file: u32) -> Option<Profile> {
    // SAFETY: nobody wants the upper half of the size.
    let size = unsafe { GetFileSize(file, core::ptr::null_mut()) }.min(LONGEST);
    let (mut bytes, mut done) = (vec![0; size as usize], 0);
    // SAFETY: there is room for that many bytes.
    let read = unsafe { ReadFile(file, bytes.as_mut_ptr(), size, &mut done, core::ptr::null()) };
    (read != FALSE).then(|| Profile::new(&bytes[..done as usize]))
}

fn close(file: u32) {
    // SAFETY: the callers opened it.
    unsafe { NtClose(file) };
}

/// The profile as it is, an empty one with a last error where there is none.
fn load(name: Option<&[u16]>) -> Profile {
    let file = open_profile(name, READ, OPEN_EXISTING);
    if file == INVALID_HANDLE {
        return Profile::default();
    }
    let profile = contents(file).unwrap_or_default();
    close(file);
    profile
}

/// Has `work` change the profile, which is made where there is none.
fn change(name: Option<&[u16]>, work: impl FnOnce(&mut Profile)) -> Bool {
    let file = open_profile(name, READ_WRITE, OPEN_ALWAYS);
    if file == INVALID_HANDLE {
        return FALSE;
    }
    let written = contents(file).is_some_and(|mut profile| {
        work(&mut profile);
        let (bytes, mut done, start) = (profile.bytes(), 0, [0u32; 5]);
        // SAFETY: that many bytes are there, and `start` is an OVERLAPPED that says the beginning.
        let written = unsafe { WriteFile(file, bytes.as_ptr(), bytes.len() as u32, &mut done, start.as_ptr()) };
        written != FALSE && SetEndOfFile(file) != FALSE
    });
    close(file);
    written.into()
}

/// Where what the user says of the locale is kept.
const INTERNATIONAL: &[u8] = b"intl";

/// What the user says of the locale under a name. The last error stays what it is.
pub(super) fn international(name: &str) -> Option<Vec<u16>> {
    let before = GetLastError();
    let profile = load(None);
    SetLastError(before);
    profile.value(&wide(INTERNATIONAL), &wide(name.as_bytes())).map(<[u16]>::to_vec)
}

/// Keeps what the user says.
pub(super) fn set_international(values: &[(&str, Vec<u16>)]) -> Bool {
    let quote = u16::from(b'"');
    change(None, |profile| {
        for (name, text) in values {
            // Between quotation marks, so that blanks around it stay.
            let quoted = [&[quote], &text[..], &[quote]].concat();
            profile.set(&wide(INTERNATIONAL), &wide(name.as_bytes()), Some(&quoted));
        }
    })
}

/// Where a text goes: how many units there are, and how one is stored.
struct Target<'target> {
    room: usize,
    store: &'target mut dyn FnMut(&[u16]),
}

impl Target<'_> {
    /// Stores a string with its zero, cut where it must be; its length.
    fn string(self, text: &[u16]) -> u32 {
        let Some(room) = self.room.checked_sub(1) else { return 0 };
        let text = &text[..text.len().min(room)];
        (self.store)(&[text, &[0]].concat());
        text.len() as u32
    }

    /// Stores strings, each with its zero, and one more; the length without that. Two less than the room says that it was cut.
    fn list(self, strings: impl Iterator<Item = Vec<u16>>) -> u32 {
        let mut text: Vec<u16> = strings.flat_map(|string| string.into_iter().chain([0])).collect();
        let Some(room) = self.room.checked_sub(2) else { return self.string(&[]) };
        if text.len() > room + 1 {
            text.truncate(room);
            text.push(0);
            (self.store)(&[&text[..], &[0]].concat());
            return room as u32;
        }
        (self.store)(&[&text[..], if text.is_empty() { &[0, 0] } else { &[0] }].concat());
        text.len() as u32
    }
}

/// A value; without a key those that there are, without a section the names of all.
fn string(section: Text, key: Text, default: Text, name: Text, target: Target<'_>) -> u32 {
    let profile = load(name.as_deref());
    let Some(section) = section else { return target.list(profile.sections().map(<[u16]>::to_vec)) };
    let Some(key) = key else { return target.list(profile.keys(&section).map(|(key, _)| key.to_vec())) };
    let default = default.unwrap_or_default();
    let end = default.iter().rposition(|unit| *unit != u16::from(b' ')).map_or(0, |last| last + 1);
    target.string(profile.value(trimmed(&section), trimmed(&key)).unwrap_or(&default[..end]))
}

/// The lines of a section that are keys.
fn section(section: Text, name: Text, target: Target<'_>) -> u32 {
    let profile = load(name.as_deref());
    let line = |(key, value): (&[u16], Option<&[u16]>)| match value {
        Some(value) => [key, &[u16::from(b'=')], value].concat(),
        None => key.to_vec(),
    };
    target.list(profile.keys(&section.unwrap_or_default()).map(line))
}

fn integer(section: Text, key: Text, default: i32, name: Text) -> i32 {
    let profile = load(name.as_deref());
    profile.value(&section.unwrap_or_default(), &key.unwrap_or_default()).map_or(default, number)
}

/// Sets a value, or takes out a key, or a section. All three null ask to flush, which says no, as on Windows.
fn write(section: Text, key: Text, value: Text, name: Text) -> Bool {
    let Some(section) = section else { return FALSE };
    change(name.as_deref(), |profile| match key {
        Some(key) => profile.set(&section, &key, value.as_deref()),
        None => profile.remove(&section),
    })
}

fn write_section(section: Text, lines: Option<Vec<Vec<u16>>>, name: Text) -> Bool {
    let Some(section) = section else { return FALSE };
    change(name.as_deref(), |profile| match &lines {
        Some(lines) => profile.replace(&section, lines.iter().map(Vec::as_slice)),
        None => profile.remove(&section),
    })
}

/// # Safety
/// `text` is null or a string.
unsafe fn bytes_or_null(text: *const u8) -> Text {
    // SAFETY: the caller's promise.
    (!text.is_null()).then(|| wide(unsafe { c_string(text) }))
}

/// # Safety
/// `text` is null or a string.
unsafe fn units_or_null(text: *const u16) -> Text {
    // SAFETY: the caller's promise.
    (!text.is_null()).then(|| unsafe { wide_string(text) }.to_vec())
}

/// # Safety
/// `target` has room for `room` bytes.
unsafe fn with_bytes(target: *mut u8, room: u32, work: impl FnOnce(Target<'_>) -> u32) -> u32 {
    // SAFETY: the caller's promise; no more is stored than there is room.
    let mut store = |text: &[u16]| unsafe { bytes_mut(target, text.len() as u32) }.copy_from_slice(&ansi(text));
    work(Target { room: room as usize, store: &mut store })
}

/// # Safety
/// `target` has room for `room` units.
unsafe fn with_units(target: *mut u16, room: u32, work: impl FnOnce(Target<'_>) -> u32) -> u32 {
    // SAFETY: the caller's promise; no more is stored than there is room.
    let mut store = |text: &[u16]| unsafe { wide_mut(target, text.len() as u32) }.copy_from_slice(text);
    work(Target { room: room as usize, store: &mut store })
}

/// Functions of one kind of character. Their arguments are strings or null, and targets with the room that is said.
macro_rules! profile_functions {
    (
        $unit:ty, $text:ident, $with:ident, $string:ident, $win_string:ident, $section:ident, $names:ident,
        $integer:ident, $write:ident, $write_section:ident, $win_integer:ident, $win_section:ident, $win_write:ident
    ) => {
        profile_functions!(@string $unit, $text, $with, $string, file: *const $unit);
        profile_functions!(@string $unit, $text, $with, $win_string,);
        profile_functions!(@others $unit, $text, $with, $section, $integer, $write, file: *const $unit);
        profile_functions!(@others $unit, $text, $with, $win_section, $win_integer, $win_write,);

        /// The names of all sections.
        ///
        /// # Safety
        /// The file's name is a string or null, the target has the room that is said.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $names(target: *mut $unit, room: u32, file: *const $unit) -> u32 {
            // SAFETY: the caller's promise.
            let name = unsafe { $text(file) };
            // SAFETY: the caller's promise.
            unsafe { $with(target, room, |target| string(None, None, None, name, target)) }
        }

        /// Makes lines all that a section holds; null takes it out.
        ///
        /// # Safety
        /// The names are strings or null; the lines are strings, an empty one behind the last.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $write_section(
            section: *const $unit,
            lines: *const $unit,
            file: *const $unit,
        ) -> Bool {
            // SAFETY: the caller's promise.
            let [section, name] = unsafe { [$text(section), $text(file)] };
            let mut next = lines;
            // SAFETY: the caller's promise.
            let line = || unsafe { $text(next) }.filter(|line| !line.is_empty()).inspect(|line| {
                next = next.wrapping_add(line.len() + 1);
            });
            let lines = (!lines.is_null()).then(|| core::iter::from_fn(line).collect());
            write_section(section, lines, name)
        }
    };
    (@string $unit:ty, $text:ident, $with:ident, $name:ident, $($file:ident: $kind:ty)?) => {
        /// A value; without a key those that there are, without a section the names of all.
        ///
        /// # Safety
        /// The strings are strings or null, the target has the room that is said.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name(
            section: *const $unit,
            key: *const $unit,
            default: *const $unit,
            target: *mut $unit,
            room: u32,
            $($file: $kind)?
        ) -> u32 {
            let name = core::ptr::null();
            $(let name = { let _: *const $unit = name; $file };)?
            // SAFETY: the caller's promise.
            let [section, key, default, name] = unsafe { [$text(section), $text(key), $text(default), $text(name)] };
            // SAFETY: the caller's promise.
            unsafe { $with(target, room, |target| string(section, key, default, name, target)) }
        }
    };
    (
        @others $unit:ty, $text:ident, $with:ident, $section:ident, $integer:ident, $write:ident,
        $($file:ident: $kind:ty)?
    ) => {
        /// The lines of a section.
        ///
        /// # Safety
        /// The strings are strings or null, the target has the room that is said.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $section(
            name_of_section: *const $unit,
            target: *mut $unit,
            room: u32,
            $($file: $kind)?
        ) -> u32 {
            let name = core::ptr::null();
            $(let name = { let _: *const $unit = name; $file };)?
            // SAFETY: the caller's promise.
            let [which, name] = unsafe { [$text(name_of_section), $text(name)] };
            // SAFETY: the caller's promise.
            unsafe { $with(target, room, |target| section(which, name, target)) }
        }

        /// A value that is a number.
        ///
        /// # Safety
        /// The strings are strings or null.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $integer(
            section: *const $unit,
            key: *const $unit,
            default: i32,
            $($file: $kind)?
        ) -> i32 {
            let name = core::ptr::null();
            $(let name = { let _: *const $unit = name; $file };)?
            // SAFETY: the caller's promise.
            let [section, key, name] = unsafe { [$text(section), $text(key), $text(name)] };
            integer(section, key, default, name)
        }

        /// Sets a value; without one takes the key out, without a key the section.
        ///
        /// # Safety
        /// The strings are strings or null.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $write(
            section: *const $unit,
            key: *const $unit,
            value: *const $unit,
            $($file: $kind)?
        ) -> Bool {
            let name = core::ptr::null();
            $(let name = { let _: *const $unit = name; $file };)?
            // SAFETY: the caller's promise.
            let [section, key, value, name] = unsafe { [$text(section), $text(key), $text(value), $text(name)] };
            write(section, key, value, name)
        }
    };
}

profile_functions!(
    u8,
    bytes_or_null,
    with_bytes,
    GetPrivateProfileStringA,
    GetProfileStringA,
    GetPrivateProfileSectionA,
    GetPrivateProfileSectionNamesA,
    GetPrivateProfileIntA,
    WritePrivateProfileStringA,
    WritePrivateProfileSectionA,
    GetProfileIntA,
    GetProfileSectionA,
    WriteProfileStringA
);
profile_functions!(
    u16,
    units_or_null,
    with_units,
    GetPrivateProfileStringW,
    GetProfileStringW,
    GetPrivateProfileSectionW,
    GetPrivateProfileSectionNamesW,
    GetPrivateProfileIntW,
    WritePrivateProfileStringW,
    WritePrivateProfileSectionW,
    GetProfileIntW,
    GetProfileSectionW,
    WriteProfileStringW
);
