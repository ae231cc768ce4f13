//! What NtCreateSection and NtMapViewOfSection are asked for, checked by itself: before there is a section, and between the probes
//! of the program's pointers and the look at its handles.
//!
//! Source: documented parameters and refusals of both; the order of checks as observed of Windows.

use abi::access::{
    FILE_EXECUTE, FILE_READ_DATA, FILE_WRITE_DATA, SECTION_MAP_EXECUTE, SECTION_MAP_READ, SECTION_MAP_WRITE,
};
use abi::memory::*;
use abi::status::NtStatus;

use super::{ControlAreaFlags, Disposition};
use crate::layout::{HIGHEST_USER_ADDRESS, HIGHEST_VAD_ADDRESS, MAXIMUM_ZERO_BITS};
use crate::protection::Protection;

/// Allocation attributes NtCreateSection knows.
const KNOWN_ATTRIBUTES: u32 = SEC_BASED | SEC_NO_CHANGE | SEC_IMAGE | SEC_RESERVE | SEC_COMMIT | SEC_NOCACHE;
/// How the attributes of a section stand in its flags.
const ATTRIBUTES: [(u32, ControlAreaFlags); 7] = [
    (SEC_BASED, ControlAreaFlags::BASED),
    (SEC_NO_CHANGE, ControlAreaFlags::NO_CHANGE),
    (SEC_FILE, ControlAreaFlags::FILE),
    (SEC_IMAGE, ControlAreaFlags::IMAGE),
    (SEC_RESERVE, ControlAreaFlags::RESERVE),
    (SEC_COMMIT, ControlAreaFlags::COMMIT),
    (SEC_NOCACHE, ControlAreaFlags::NO_CACHE),
];
/// Allocation types NtMapViewOfSection knows.
const KNOWN_TYPES: u32 = MEM_TOP_DOWN | MEM_LARGE_PAGES | MEM_DOS_LIM | SEC_NO_CHANGE | MEM_RESERVE;

/// The attributes and the protection of a new section, found sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionArguments {
    /// `SEC_` attributes.
    pub attributes: u32,
    /// What views of it may have.
    pub protection: Protection,
}

impl SectionArguments {
    /// Checks both.
    ///
    /// # Errors
    /// INVALID_PARAMETER_6 for the attributes, INVALID_PAGE_PROTECTION: a section has a plain protection.
    pub fn check(attributes: u32, protect: u32) -> Result<Self, NtStatus> {
        if !attributes_are_sound(attributes) {
            return Err(NtStatus::INVALID_PARAMETER_6);
        }
        let plain = protect & (PAGE_NOCACHE | PAGE_WRITECOMBINE | PAGE_GUARD | PAGE_NOACCESS) == 0;
        match Protection::from_win32(protect) {
            Ok(protection) if plain => Ok(Self { attributes, protection }),
            _ => Err(NtStatus::INVALID_PAGE_PROTECTION),
        }
    }

    /// Whether it is one of an image.
    pub const fn is_image(self) -> bool {
        self.attributes & SEC_IMAGE != 0
    }

    /// How the attributes stand in the flags of a control area and of a section.
    pub fn flags(self) -> ControlAreaFlags {
        let set = ATTRIBUTES.into_iter().filter(|(attribute, _)| self.attributes & attribute != 0);
        set.map(|(_, flag)| flag).collect()
    }

    /// What a file's handle must allow for the section.
    #[doc(alias = "MmMakeFileAccess")]
    pub fn needed_file_access(self) -> u32 {
        let execute = if self.protection.is_executable() { FILE_EXECUTE } else { 0 };
        let write = if writes_through(self.protection) { FILE_WRITE_DATA } else { 0 };
        let read = if self.protection == Protection::EXECUTE { 0 } else { FILE_READ_DATA };
        execute | write | read
    }

    /// The bytes of the section of an image of `whole` bytes for which `asked` was asked; none stand for all.
    ///
    /// # Errors
    /// SECTION_TOO_BIG for more than the image has.
    pub fn image_size(self, whole: u64, asked: u64) -> Result<u64, NtStatus> {
        match asked {
            0 => Ok(whole),
            asked if asked <= whole => Ok(asked),
            _ => Err(NtStatus::SECTION_TOO_BIG),
        }
    }

    /// The same of a file's data. The file is to become longer where it has less.
    ///
    /// # Errors
    /// MAPPED_FILE_SIZE_ZERO for all of an empty file; SECTION_TOO_BIG for more than there is, if what is stored in the section's views is
    /// not stored in the file.
    pub fn data_size(self, whole: u64, asked: u64) -> Result<u64, NtStatus> {
        match asked {
            0 if whole == 0 => Err(NtStatus::MAPPED_FILE_SIZE_ZERO),
            0 => Ok(whole),
            asked if asked <= whole || writes_through(self.protection) => Ok(asked),
            _ => Err(NtStatus::SECTION_TOO_BIG),
        }
    }
}

fn attributes_are_sound(attributes: u32) -> bool {
    let any = |bits: u32| attributes & bits != 0;
    let image_alone = !any(SEC_IMAGE) || !any(SEC_COMMIT | SEC_RESERVE | SEC_NOCACHE | SEC_NO_CHANGE);
    attributes & !KNOWN_ATTRIBUTES == 0
        && any(SEC_COMMIT | SEC_RESERVE | SEC_IMAGE)
        && !(any(SEC_COMMIT) && any(SEC_RESERVE))
        && image_alone
}

/// What NtQuerySection tells of a section's flags.
pub fn section_attributes(flags: ControlAreaFlags) -> u32 {
    let set = ATTRIBUTES.into_iter().filter(|(_, flag)| flags.contains(*flag));
    set.fold(0, |sum, (attribute, _)| sum | attribute)
}

/// Whether what is stored in views of this protection is stored for all.
pub fn writes_through(protection: Protection) -> bool {
    protection.is_writable() && !protection.is_copy_on_write()
}

/// What a view is to be, found sound by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewArguments {
    /// What becomes of it in a child.
    pub disposition: Disposition,
    /// `MEM_TOP_DOWN` and others.
    pub kind: u32,
    /// What it allows.
    pub protection: Protection,
}

impl ViewArguments {
    /// Checks what can be checked without the program's pointers.
    ///
    /// # Errors
    /// INVALID_PARAMETER_8 (`disposition`), _9 (`kind`), INVALID_PAGE_PROTECTION.
    pub fn check(disposition: u32, kind: u32, protect: u32) -> Result<Self, NtStatus> {
        let disposition = match disposition {
            VIEW_SHARE => Disposition::Share,
            VIEW_UNMAP => Disposition::Unmap,
            _ => return Err(NtStatus::INVALID_PARAMETER_8),
        };
        if kind & !KNOWN_TYPES != 0 {
            return Err(NtStatus::INVALID_PARAMETER_9);
        }
        let protection = Protection::from_win32(protect).map_err(|_| NtStatus::INVALID_PAGE_PROTECTION)?;
        Ok(Self { disposition, kind, protection })
    }

    /// What a section's handle must allow for the view.
    #[doc(alias = "MmMakeSectionAccess")]
    pub fn needed_access(self) -> u32 {
        let execute = if self.protection.is_executable() { SECTION_MAP_EXECUTE } else { 0 };
        let access = match (writes_through(self.protection), self.protection.without_modifiers()) {
            (true, _) => SECTION_MAP_WRITE,
            (_, Protection::EXECUTE) => 0,
            _ => SECTION_MAP_READ,
        };
        access | execute
    }
}

/// Checks where a view is to be: `size` bytes at `base`, below an address with `zero_bits` high bits that are 0.
///
/// # Errors
/// INVALID_PARAMETER_3 for addresses that no program has, INVALID_PARAMETER_4 for too many zero bits, or a range beyond them.
pub fn check_view_range(base: u32, size: u32, zero_bits: u32) -> Result<(), NtStatus> {
    if base > HIGHEST_VAD_ADDRESS || size > HIGHEST_VAD_ADDRESS - base {
        return Err(NtStatus::INVALID_PARAMETER_3);
    }
    if zero_bits > MAXIMUM_ZERO_BITS || base + size > u32::MAX >> zero_bits {
        return Err(NtStatus::INVALID_PARAMETER_4);
    }
    Ok(())
}

/// Checks the range of a view that is to be flushed; no bytes stand for all that follow.
///
/// # Errors
/// INVALID_PARAMETER_2 for addresses that no program has.
pub fn check_flush_range(base: u32, size: u32) -> Result<(), NtStatus> {
    if base > HIGHEST_USER_ADDRESS || size > HIGHEST_USER_ADDRESS + 1 - base {
        return Err(NtStatus::INVALID_PARAMETER_2);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_refused_as_xp_refuses_them() {
        let rows = [
            (SEC_IMAGE, true),
            (SEC_COMMIT, true),
            (SEC_RESERVE, true),
            (0, false),
            (SEC_COMMIT | SEC_RESERVE, false),
            (SEC_IMAGE | SEC_COMMIT, false),
            (SEC_IMAGE | SEC_NO_CHANGE, false),
            (SEC_COMMIT | SEC_NO_CHANGE, true),
            (SEC_COMMIT | 1, false),
        ];
        for (attributes, sound) in rows {
            assert_eq!(SectionArguments::check(attributes, PAGE_READONLY).is_ok(), sound, "{attributes:x}");
        }
    }

    #[test]
    fn a_section_takes_no_modifier() {
        let check = |protect| SectionArguments::check(SEC_COMMIT, protect).map(|arguments| arguments.protection);
        assert_eq!(check(PAGE_EXECUTE), Ok(Protection::EXECUTE));
        for protect in [PAGE_NOACCESS, PAGE_READWRITE | PAGE_GUARD, PAGE_READWRITE | PAGE_NOCACHE, 0, 3] {
            assert_eq!(check(protect), Err(NtStatus::INVALID_PAGE_PROTECTION));
        }
    }

    #[test]
    fn a_section_asks_of_its_file_what_it_lets_views_do() {
        let (read, write, execute) = (FILE_READ_DATA, FILE_WRITE_DATA, FILE_EXECUTE);
        let rows = [
            (PAGE_READONLY, read),
            (PAGE_EXECUTE, execute),
            (PAGE_EXECUTE_READ, execute | read),
            (PAGE_READWRITE, read | write),
            (PAGE_WRITECOPY, read),
            (PAGE_EXECUTE_READWRITE, execute | read | write),
            (PAGE_EXECUTE_WRITECOPY, execute | read),
        ];
        for (protect, access) in rows {
            let arguments = SectionArguments::check(SEC_COMMIT, protect);
            assert_eq!(arguments.map(SectionArguments::needed_file_access), Ok(access), "{protect:x}");
        }
    }

    #[test]
    fn a_view_asks_of_its_handle_what_it_lets_programs_do() {
        let (read, write, execute) = (SECTION_MAP_READ, SECTION_MAP_WRITE, SECTION_MAP_EXECUTE);
        let rows = [
            (PAGE_NOACCESS, read),
            (PAGE_READONLY, read),
            (PAGE_EXECUTE, execute),
            (PAGE_EXECUTE | PAGE_NOCACHE, execute),
            (PAGE_EXECUTE_READ, read | execute),
            (PAGE_READWRITE, write),
            (PAGE_READWRITE | PAGE_GUARD, write),
            (PAGE_WRITECOPY, read),
            (PAGE_EXECUTE_READWRITE, write | execute),
            (PAGE_EXECUTE_WRITECOPY, read | execute),
        ];
        for (protect, access) in rows {
            let arguments = ViewArguments::check(VIEW_UNMAP, 0, protect);
            assert_eq!(arguments.map(ViewArguments::needed_access), Ok(access), "{protect:x}");
        }
    }

    #[test]
    fn a_range_is_held_against_the_zero_bits() {
        assert_eq!(check_view_range(0x3000_0000, 0x1000, 2), Ok(()));
        assert_eq!(check_view_range(0x3000_0000, 0x1000, 3), Err(NtStatus::INVALID_PARAMETER_4));
        assert_eq!(check_view_range(0, 0x2_0001, 15), Err(NtStatus::INVALID_PARAMETER_4));
        assert_eq!(check_view_range(0, 0, 22), Err(NtStatus::INVALID_PARAMETER_4));
        assert_eq!(check_view_range(0x7FFE_0000, 0, 0), Err(NtStatus::INVALID_PARAMETER_3));
    }
}
