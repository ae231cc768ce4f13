//! What is in the name space from the start.
//!
//! Source: the directories of a running XP. There is one session, so that `Local\` and `Global\` lead to the same place; XP
//! looks `\??` up in the caller's own device map first, which nobody has here.

use abi::access::OBJ_PERMANENT;
use abi::cell::Link;
use abi::nt::name_space::{ObjectDirectory, ObjectSymbolicLink};
use alloc::vec::Vec;
use mm::machine::Machine;
use mm::system::Exhausted;

use super::{Found, ObjectName};
use crate::kind::{Kind, Object};
use crate::object::ObjectManager;

/// The directory of links to devices.
const DOS_DEVICES: &str = "\\GLOBAL??";
const DIRECTORIES: [&str; 4] = ["\\BaseNamedObjects", "\\Device", DOS_DEVICES, "\\KnownDlls"];
/// Links and their targets.
const LINKS: [(&str, &str); 4] = [
    ("\\??", "\\GLOBAL??"),
    ("\\DosDevices", "\\??"),
    ("\\BaseNamedObjects\\Global", "\\BaseNamedObjects"),
    ("\\BaseNamedObjects\\Local", "\\BaseNamedObjects"),
];

impl<M: Machine> ObjectManager<'_, M> {
    /// Makes the root and what is in the name space from the start, for good.
    pub(crate) fn create_name_space(&self) -> Result<(), Exhausted> {
        self.root.set(self.create::<ObjectDirectory>()?);
        for path in DIRECTORIES {
            let directory = self.create_permanent::<ObjectDirectory>(path)?;
            if path == DOS_DEVICES {
                // It stays, whoever takes its name away.
                self.reference(directory);
                self.dos_devices.set(directory);
            }
        }
        for (path, target) in LINKS {
            self.create_permanent_link(path, target)?;
        }
        Ok(())
    }

    /// Makes a symbolic link called `path` to `target`, for good.
    ///
    /// # Errors
    /// As [`Self::create_permanent`].
    pub fn create_permanent_link(&self, path: &str, target: &str) -> Result<(), Exhausted> {
        let link = self.create_permanent::<ObjectSymbolicLink>(path)?;
        self.set_target(link, &target.encode_utf16().collect::<Vec<_>>(), 0)
    }

    /// Makes an object of type `T` called `path`, for good. Its body is full of zeros.
    ///
    /// # Errors
    /// [`Exhausted`], also where the name is taken or leads nowhere.
    pub fn create_permanent<T: Object>(&self, path: &str) -> Result<Link<T>, Exhausted> {
        let path: Vec<u16> = path.encode_utf16().collect();
        let name = ObjectName { root: None, path: &path, attributes: 0 };
        match self.look_up(&name, Kind::SymbolicLink) {
            Ok(Found::Vacant(vacancy)) => {
                let body = self.create_named::<T>(&vacancy, OBJ_PERMANENT)?;
                // The directory's reference keeps it.
                let last = self.release(body);
                debug_assert!(last.is_none(), "N2: {body:?} is permanent");
                Ok(body)
            }
            _ => Err(Exhausted),
        }
    }
}
