//! The audit of the name space.

use abi::cell::Link;
use abi::nt::name_space::{HASH_BUCKETS, ObjectDirectory, ObjectDirectoryEntry, ObjectSymbolicLink, name_info_of};
use abi::nt::object::{ObjectBody, object_flags};
use abi::nt::string::UnicodeString;
use mm::machine::Machine;

use super::Case;
use super::look_up::SEPARATOR;
use crate::kind::Kind;
use crate::object::{ObjectManager, header_of};

/// What is wrong with the name space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameCorruption {
    /// An object in a directory or a list that its name does not belong in, or whose name is there twice.
    N1(Link<ObjectBody>),
    /// An object in a directory that should have lost its name, or that the directory does not refer to.
    N2(Link<ObjectBody>),
    /// A directory with fewer references than objects in it.
    N3(Link<ObjectDirectory>),
    /// A link that leads to something else than the device its target names, or has no reference to it.
    N4(Link<ObjectSymbolicLink>),
}

impl<M: Machine> ObjectManager<'_, M> {
    /// Checks N1 to N4 of all directories that the root leads to; how many objects stand in them. A program can make the
    /// tree as deep as it likes, so that it is walked without a stack.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn verify_names(&self) -> Result<u32, NameCorruption> {
        let mut count = 0;
        let mut directory = self.root();
        count += self.verify_directory(directory)?;
        let mut next = self.entry_from(directory, 0);
        loop {
            match next {
                Some(entry) => {
                    let body = self.record(entry).object.get();
                    if self.kind_of(body) == Kind::Directory {
                        directory = body.cast();
                        count += self.verify_directory(directory)?;
                        next = self.entry_from(directory, 0);
                    } else {
                        next = self.entry_after(directory, entry);
                    }
                }
                None if directory == self.root() => return Ok(count),
                None => {
                    let parent = self.record(name_info_of(header_of(directory))).directory.get();
                    let body: Link<ObjectBody> = directory.cast();
                    let own = self
                        .entries(parent, self.bucket_of(body))
                        .find(|entry| self.record(*entry).object.get() == body);
                    let own = own.ok_or(NameCorruption::N1(body))?;
                    directory = parent;
                    next = self.entry_after(directory, own);
                }
            }
        }
    }

    /// The first entry in the lists from `bucket` on.
    fn entry_from(&self, directory: Link<ObjectDirectory>, bucket: u32) -> Option<Link<ObjectDirectoryEntry>> {
        (bucket..HASH_BUCKETS).find_map(|bucket| self.entries(directory, bucket).next())
    }

    fn entry_after(
        &self,
        directory: Link<ObjectDirectory>,
        entry: Link<ObjectDirectoryEntry>,
    ) -> Option<Link<ObjectDirectoryEntry>> {
        let record = self.record(entry);
        record.chain_link.get().some().or_else(|| self.entry_from(directory, self.bucket_of(record.object.get()) + 1))
    }

    fn verify_directory(&self, directory: Link<ObjectDirectory>) -> Result<u32, NameCorruption> {
        let mut count = 0;
        for bucket in 0..HASH_BUCKETS {
            for entry in self.entries(directory, bucket) {
                self.verify_entry(directory, bucket, entry)?;
                count += 1;
            }
        }
        if self.references(directory) < count { Err(NameCorruption::N3(directory)) } else { Ok(count) }
    }

    fn verify_entry(
        &self,
        directory: Link<ObjectDirectory>,
        bucket: u32,
        entry: Link<ObjectDirectoryEntry>,
    ) -> Result<(), NameCorruption> {
        let body = self.record(entry).object.get();
        let header = self.record(header_of(body));
        if header.name_info_offset.get() == 0 {
            return Err(NameCorruption::N1(body));
        }
        let info = self.record(name_info_of(header_of(body)));
        let alike = |other: &Link<ObjectDirectoryEntry>| {
            let theirs = self.record(name_info_of(header_of(self.record(*other).object.get())));
            *other != entry && self.characters(&theirs.name).eq(self.characters(&info.name))
        };
        if info.directory.get() != directory
            || self.bucket_of(body) != bucket
            || self.entries(directory, bucket).any(|other| alike(&other))
        {
            return Err(NameCorruption::N1(body));
        }
        let (handles, references) = (header.handle_count.get(), header.pointer_count.get());
        let kept = handles > 0 || header.flags.get() & object_flags::PERMANENT_OBJECT != 0;
        if !kept || references <= handles {
            return Err(NameCorruption::N2(body));
        }
        if self.kind_of(body) == Kind::SymbolicLink { self.verify_link(body.cast()) } else { Ok(()) }
    }

    fn verify_link(&self, link: Link<ObjectSymbolicLink>) -> Result<(), NameCorruption> {
        let record = self.record(link);
        let Some(device) = record.link_target_object.get().some() else { return Ok(()) };
        // The device's directory refers to it too.
        let is_known = self.kind_of(device) == Kind::Device && self.references(device) > 1;
        if is_known && self.is_called(device, &record.link_target) { Ok(()) } else { Err(NameCorruption::N4(link)) }
    }

    /// Whether `path` is the whole name of the object at `body`, or ends as it does where a directory above has lost its name.
    /// Nothing is allocated.
    fn is_called(&self, body: Link<ObjectBody>, path: &UnicodeString) -> bool {
        let mut path = self.characters(path).rev();
        let mut at = body;
        while let Some(name) = self.name_of(at) {
            let mut units = self.characters(name).rev().chain([SEPARATOR]);
            if !units.all(|unit| path.next().is_some_and(|own| Case::Insensitive.same(own, unit))) {
                return false;
            }
            at = self.record(name_info_of(header_of(at))).directory.get().cast();
        }
        at != self.root().cast() || path.next().is_none()
    }
}
