//! The DLLs that every process may map without looking for them: their sections, made when the system starts.
//!
//! Source: the directory `\KnownDlls` of XP, which SMSS fills from the registry; here the list is fixed.

use abi::cell::Link;
use abi::nt::section::SectionObject;
use abi::status::NtStatus;
use alloc::format;
use io::path::same_name;
use spin::Once;

use crate::executive::Executive;
use crate::platform::Platform;
use crate::process::SYSTEM_DIRECTORY;

/// Their directory in the name space.
const DIRECTORY: &str = "\\KnownDlls\\";
/// Those of XP's list that this system may have.
const NAMES: [&str; 3] = ["ntdll.dll", "kernel32.dll", "msvcrt.dll"];

/// Sections by the index of their name; null where there is no such DLL.
pub(crate) struct KnownDlls(Once<[Link<SectionObject>; NAMES.len()]>);

impl KnownDlls {
    pub(crate) const fn new() -> Self {
        Self(Once::new())
    }

    /// The section called `name`.
    ///
    /// # Errors
    /// OBJECT_PATH_SYNTAX_BAD where the name does not begin at the root, OBJECT_PATH_NOT_FOUND for another directory,
    /// OBJECT_NAME_NOT_FOUND.
    pub(crate) fn find(&self, name: &[u16]) -> Result<Link<SectionObject>, NtStatus> {
        if name.first() != Some(&u16::from(b'\\')) {
            return Err(NtStatus::OBJECT_PATH_SYNTAX_BAD);
        }
        let (directory, name) = name.split_at_checked(DIRECTORY.len()).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
        if !same_name(directory, DIRECTORY.encode_utf16()) {
            return Err(NtStatus::OBJECT_PATH_NOT_FOUND);
        }
        let index = NAMES.iter().position(|known| same_name(name, known.encode_utf16()));
        let found = index.zip(self.0.get()).and_then(|(index, sections)| sections[index].some());
        found.ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)
    }
}

impl<P: Platform> Executive<P> {
    /// Makes the sections of those that there are; each keeps its reference for good.
    pub(crate) fn keep_known_dlls(&self) {
        let section = |name: &str| self.image_section(&format!("{SYSTEM_DIRECTORY}\\{name}")).unwrap_or(Link::NULL);
        self.known_dlls.0.call_once(|| NAMES.map(section));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(dlls: &KnownDlls, name: &str) -> Result<Link<SectionObject>, NtStatus> {
        dlls.find(&name.encode_utf16().collect::<Vec<_>>())
    }

    #[test]
    fn a_name_in_the_directory_leads_to_its_section_whatever_the_case() {
        let dlls = KnownDlls::new();
        dlls.0.call_once(|| [Link::new(8), Link::new(16), Link::NULL]);
        assert_eq!(find(&dlls, "\\KNOWNDLLS\\Kernel32.dll"), Ok(Link::new(16)));
        for (name, status) in [
            ("\\KnownDlls\\msvcrt.dll", NtStatus::OBJECT_NAME_NOT_FOUND),
            ("\\KnownDlls\\kernel32", NtStatus::OBJECT_NAME_NOT_FOUND),
            ("\\OtherDlls\\kernel32.dll", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("kernel32.dll", NtStatus::OBJECT_PATH_SYNTAX_BAD),
            ("\\", NtStatus::OBJECT_NAME_NOT_FOUND),
            ("", NtStatus::OBJECT_PATH_SYNTAX_BAD),
        ] {
            assert_eq!(find(&dlls, name), Err(status), "{name}");
        }
    }
}
