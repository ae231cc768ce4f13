//! Symbolic links: names that stand for others.

use abi::cell::Link;
use abi::nt::name_space::ObjectSymbolicLink;
use mm::machine::Machine;
use mm::system::Exhausted;

use crate::object::ObjectManager;

impl<M: Machine> ObjectManager<'_, M> {
    /// Makes the new symbolic link at `link`, created at `time` (units of 100 ns since 1601), lead to `target`, which is
    /// shorter than 64 KB.
    ///
    /// # Errors
    /// [`Exhausted`]; nothing has changed.
    #[doc(alias = "NtCreateSymbolicLinkObject")]
    pub fn set_target(&self, link: Link<ObjectSymbolicLink>, target: &[u16], time: u64) -> Result<(), Exhausted> {
        let record = self.record(link);
        self.set_text(&record.link_target, target)?;
        record.creation_time.set(time);
        Ok(())
    }
}
