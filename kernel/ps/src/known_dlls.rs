//! The DLLs that every process may map without looking for them: their sections, made when the system starts.
//!
//! Source: the directory `\KnownDlls` of XP, which SMSS fills from the registry; here the list is fixed.

use abi::nt::section::SectionObject;
use alloc::format;

use crate::executive::Executive;
use crate::platform::Platform;
use crate::process::SYSTEM_DIRECTORY;

/// Those of XP's list that this system may have.
const NAMES: [&str; 3] = ["ntdll.dll", "kernel32.dll", "msvcrt.dll"];

impl<P: Platform> Executive<P> {
    /// Names the sections of those that there are, for good. Without its name a DLL is looked for like any other.
    pub(crate) fn keep_known_dlls(&self) {
        for name in NAMES {
            let Ok(area) = self.image_area(&format!("{SYSTEM_DIRECTORY}\\{name}")) else { continue };
            match self.objects().create_permanent::<SectionObject>(&format!("\\KnownDlls\\{name}")) {
                Ok(section) => self.fill_section(section, area, abi::memory::PAGE_EXECUTE),
                Err(_) => self.give_up_section(area),
            }
        }
    }
}
