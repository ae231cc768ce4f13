//! What is in a directory: 37 lists, in which a name stands by its hash.

use abi::cell::Link;
use abi::nt::name_space::{HASH_BUCKETS, ObjectDirectory, ObjectDirectoryEntry, name_info_of};
use abi::nt::object::ObjectBody;
use mm::machine::Machine;
use mm::pool::Tag;
use mm::system::Exhausted;

use super::capital;
use crate::object::{ObjectManager, header_of};

const ENTRY: Tag = Tag(*b"ObDi");

/// The list in which a name stands: alike for small and capital letters.
pub(super) fn bucket(name: impl Iterator<Item = u16>) -> u32 {
    let mix = |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(u32::from(capital(unit)));
    name.fold(0, mix) % HASH_BUCKETS
}

impl<M: Machine> ObjectManager<'_, M> {
    /// The entries of one list.
    pub(super) fn entries(
        &self,
        directory: Link<ObjectDirectory>,
        bucket: u32,
    ) -> impl Iterator<Item = Link<ObjectDirectoryEntry>> {
        let first = self.record(directory).hash_buckets[bucket as usize].get().some();
        core::iter::successors(first, |entry| self.record(*entry).chain_link.get().some())
    }

    /// What stands in `directory`, list by list.
    #[doc(alias = "NtQueryDirectoryObject")]
    pub fn objects_in(&self, directory: Link<ObjectDirectory>) -> impl Iterator<Item = Link<ObjectBody>> {
        (0..HASH_BUCKETS)
            .flat_map(move |bucket| self.entries(directory, bucket))
            .map(|entry| self.record(entry).object.get())
    }

    /// The list that the name of the object at `body` belongs in.
    pub(super) fn bucket_of(&self, body: Link<ObjectBody>) -> u32 {
        bucket(self.characters(&self.record(name_info_of(header_of(body))).name))
    }

    /// Puts the object at `body`, which has its name already, in front of its list of `directory`.
    #[doc(alias = "ObpInsertDirectoryEntry")]
    pub(super) fn enter(&self, directory: Link<ObjectDirectory>, body: Link<ObjectBody>) -> Result<(), Exhausted> {
        let entry: Link<ObjectDirectoryEntry> =
            self.memory().allocate_zeroed_pool(size_of::<ObjectDirectoryEntry>() as u32, ENTRY)?;
        let head = &self.record(directory).hash_buckets[self.bucket_of(body) as usize];
        self.record(entry).object.set(body);
        self.record(entry).chain_link.set(head.get());
        head.set(entry);
        Ok(())
    }

    /// Takes the object at `body` out of `directory`.
    #[doc(alias = "ObpDeleteDirectoryEntry")]
    pub(super) fn leave(&self, directory: Link<ObjectDirectory>, body: Link<ObjectBody>) {
        let mut place = &self.record(directory).hash_buckets[self.bucket_of(body) as usize];
        while let Some(entry) = place.get().some() {
            let record = self.record(entry);
            if record.object.get() == body {
                place.set(record.chain_link.get());
                self.memory().free_pool(entry);
                return;
            }
            place = &record.chain_link;
        }
        debug_assert!(false, "N1: {body:?} is not in its directory");
    }
}
