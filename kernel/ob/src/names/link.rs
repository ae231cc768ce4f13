//! Symbolic links: names that stand for others.
//!
//! A link to a device knows it, as XP's links of drive letters do: a look-up goes on there at once. Devices keep their names for
//! as long as the system runs, so that looking the target up again would lead to the same place.

use abi::cell::Link;
use abi::nt::name_space::{ObjectDirectory, ObjectSymbolicLink};
use abi::nt::object::ObjectBody;
use mm::machine::Machine;
use mm::system::Exhausted;

use super::Case;
use super::look_up::{SEPARATOR, from_root};
use crate::kind::Kind;
use crate::object::ObjectManager;

impl<M: Machine> ObjectManager<'_, M> {
    /// Makes the new symbolic link at `link`, created at `time` (units of 100 ns since 1601), lead to `target`, which is
    /// shorter than 64 KB.
    ///
    /// # Errors
    /// [`Exhausted`]; nothing has changed.
    #[doc(alias = "NtCreateSymbolicLinkObject")]
    #[doc(alias = "ObpProcessDosDeviceSymbolicLink")]
    pub fn set_target(&self, link: Link<ObjectSymbolicLink>, target: &[u16], time: u64) -> Result<(), Exhausted> {
        let record = self.record(link);
        self.set_text(&record.link_target, target)?;
        record.creation_time.set(time);
        if let Some(device) = self.device_called(target) {
            self.reference(device);
            record.link_target_object.set(device);
        }
        Ok(())
    }

    /// Gives back what the link at `link`, which goes, holds.
    pub(crate) fn forget_target(&self, link: Link<ObjectSymbolicLink>) {
        let record = self.record(link);
        self.forget_text(&record.link_target);
        let device = record.link_target_object.get().some();
        record.link_target_object.set(Link::NULL);
        if let Some(condemned) = device.and_then(|device| self.release(device)) {
            self.delete(condemned);
        }
    }

    /// The device that is called `path`, no link being on the way.
    pub(super) fn device_called(&self, path: &[u16]) -> Option<Link<ObjectBody>> {
        let mut at: Link<ObjectBody> = self.root().cast();
        for name in from_root(path).ok()?.split(|unit| *unit == SEPARATOR) {
            let directory: Link<ObjectDirectory> = (self.kind_of(at) == Kind::Directory).then(|| at.cast())?;
            at = self.find_in(directory, name, Case::Insensitive)?;
        }
        (self.kind_of(at) == Kind::Device).then_some(at)
    }
}
