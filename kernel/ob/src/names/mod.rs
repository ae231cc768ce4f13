//! The name space: a tree of directories, in which objects are found by name.
//!
//! A name is a path from the root, or from a directory that the caller has a handle to. A symbolic link on the way sends the
//! look-up back to the root with another name. A name lasts as long as somebody has a handle to the object, or until it is
//! made temporary if it is permanent; references without a handle keep the object and not the name.
//!
//! * **N1** An object in a directory has name information that names the directory, and stands in the list of its name's
//!   hash; no two names of a directory are alike.
//! * **N2** An object in a directory has a handle or is permanent, and the directory refers to it.
//! * **N3** A directory has a reference for each object in it.
//! * **N4** A link that knows what it leads to refers to it, and that is the device which its target is the name of.
//!
//! Nothing is taken from a thread in ring 0 and nothing here waits: a look-up and what is done with its answer are one step.
//!
//! Source: `_OBJECT_DIRECTORY`, `_OBJECT_DIRECTORY_ENTRY`, `_OBJECT_HEADER_NAME_INFO`, `_OBJECT_SYMBOLIC_LINK` of XP SP3;
//! statuses as the tests of public projects found them on Windows.

mod directory;
mod link;
mod look_up;
mod tree;
mod verify;

pub use look_up::{Found, ObjectName, Remainder, Vacancy};
pub use verify::NameCorruption;

use abi::access::OBJ_PERMANENT;
use abi::cell::{Field, Link};
use abi::nt::name_space::{NAME_INFO, ObjectDirectory, name_info_of};
use abi::nt::object::{ObjectBody, ObjectHeader, object_flags};
use abi::nt::string::UnicodeString;
use abi::status::NtStatus;
use alloc::vec::Vec;
use mm::layout::PAGE_SIZE;
use mm::machine::Machine;
use mm::pool::{LARGEST_BLOCK, Tag};
use mm::system::Exhausted;

use crate::kind::Object;
use crate::object::{Condemned, ObjectManager, header_of};

const NAME: Tag = Tag(*b"ObNm");

impl<M: Machine> ObjectManager<'_, M> {
    /// The root of the name space.
    #[doc(alias = "ObpRootDirectoryObject")]
    pub fn root(&self) -> Link<ObjectDirectory> {
        self.root.get()
    }

    /// Makes an object of type `T` with the name of `vacancy` and one reference; of the `OBJ_` attributes only permanence
    /// matters. Its body is full of zeros.
    ///
    /// # Errors
    /// [`Exhausted`]; nothing has changed.
    #[doc(alias = "ObInsertObject")]
    pub fn create_named<T: Object>(&self, vacancy: &Vacancy, attributes: u32) -> Result<Link<T>, Exhausted> {
        let body = self.create_body(T::KIND.definition(), NAME_INFO)?;
        let header = self.record(header_of(body));
        header.name_info_offset.set(NAME_INFO as u8);
        if attributes & OBJ_PERMANENT != 0 {
            header.flags.update(|flags| flags | object_flags::PERMANENT_OBJECT);
        }
        let info = self.record(name_info_of(header_of(body)));
        let named = self.set_text(&info.name, &vacancy.name).and_then(|()| self.enter(vacancy.directory, body));
        if named.is_err() {
            self.delete(Condemned::new(T::KIND, body));
            return Err(Exhausted);
        }
        self.reference(body);
        self.reference(vacancy.directory);
        info.directory.set(vacancy.directory);
        Ok(body.cast())
    }

    /// Takes the name of the object at `body` away if it has no handle and is not permanent. The caller has a reference to it.
    #[doc(alias = "ObpDeleteNameCheck")]
    pub fn forget_unused_name<T>(&self, body: Link<T>) {
        let header = self.record(header_of(body));
        let permanent = header.flags.get() & object_flags::PERMANENT_OBJECT != 0;
        if header.name_info_offset.get() == 0 || header.handle_count.get() > 0 || permanent {
            return;
        }
        let info = self.record(name_info_of(header_of(body)));
        let Some(directory) = info.directory.get().some() else { return };
        info.directory.set(Link::NULL);
        self.leave(directory, body.cast());
        let last = self.release(body);
        debug_assert!(last.is_none(), "N2: {body:?} was only referred to by its directory");
        // A directory holds nothing when it goes, so that it needs nobody to take it apart.
        if let Some(condemned) = self.release(directory) {
            self.delete(condemned);
        }
    }

    /// Makes the object at `body` lose its name with its last handle, at once if it has none. The caller has a
    /// reference to it.
    #[doc(alias = "ObMakeTemporaryObject")]
    pub fn make_temporary<T>(&self, body: Link<T>) {
        self.record(header_of(body)).flags.update(|flags| flags & !object_flags::PERMANENT_OBJECT);
        self.forget_unused_name(body);
    }

    /// The name of the object at `body` in its directory; none where it stands in no directory.
    pub fn name_of<T>(&self, body: Link<T>) -> Option<&UnicodeString> {
        let header: Link<ObjectHeader> = header_of(body);
        if self.record(header).name_info_offset.get() == 0 {
            return None;
        }
        let info = self.record(name_info_of(header));
        info.directory.get().some().map(|_| &info.name)
    }

    /// The whole name of the object at `body`, from the root on; empty where it has none, and as far as there are names where a
    /// directory above it has lost its own.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES.
    #[doc(alias = "ObQueryNameString")]
    pub fn path_of<T>(&self, body: Link<T>) -> Result<Vec<u16>, NtStatus> {
        let mut backwards = Vec::new();
        let mut at: Link<ObjectBody> = body.cast();
        if at == self.root().cast() {
            backwards.try_reserve_exact(1).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
            backwards.push(look_up::SEPARATOR);
        }
        while let Some(name) = self.name_of(at) {
            let units = self.characters(name);
            backwards.try_reserve(units.len() + 1).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
            backwards.extend(units.rev().chain([look_up::SEPARATOR]));
            at = self.record(name_info_of(header_of(at))).directory.get().cast();
        }
        backwards.reverse();
        Ok(backwards)
    }

    /// The characters of `text`, a string in pool.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES.
    pub fn text(&self, text: &UnicodeString) -> Result<Vec<u16>, NtStatus> {
        let mut units = Vec::new();
        let count = usize::from(text.length.get()) / 2;
        units.try_reserve_exact(count).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        units.extend(self.characters(text));
        Ok(units)
    }

    pub(crate) fn characters(&self, text: &UnicodeString) -> impl ExactSizeIterator<Item = u16> + DoubleEndedIterator {
        let (count, buffer) = (u32::from(text.length.get() / 2), text.buffer.get());
        (0..count as usize).map(move |index| self.record(Link::<Field<u16>>::new(buffer + index as u32 * 2)).get())
    }

    /// Makes `string` the text `units`, of less than 64 KB, in a pool block of its own, or in pages where it is longer than
    /// a block can be.
    ///
    /// # Errors
    /// [`Exhausted`]; nothing has changed.
    pub fn set_text(&self, string: &UnicodeString, units: &[u16]) -> Result<(), Exhausted> {
        let bytes = units.len() as u32 * 2;
        let buffer: Link<Field<u16>> = match bytes {
            ..=LARGEST_BLOCK => self.memory().allocate_zeroed_pool(bytes.max(2), NAME)?,
            _ => self.memory().allocate_pool_pages(bytes.div_ceil(PAGE_SIZE))?,
        };
        for (index, unit) in (0..).zip(units) {
            self.record(buffer.offset::<Field<u16>>(index * 2)).set(*unit);
        }
        string.set(buffer.address(), bytes as u16);
        Ok(())
    }

    /// Gives the block of a text back, where there is one.
    pub(crate) fn forget_text(&self, string: &UnicodeString) {
        let buffer: Link<Field<u16>> = Link::new(string.buffer.get());
        match u32::from(string.length.get()) {
            _ if buffer.is_null() => return,
            ..=LARGEST_BLOCK => self.memory().free_pool(buffer),
            bytes => self.memory().free_pool_pages(buffer, bytes.div_ceil(PAGE_SIZE)),
        }
        string.set(0, 0);
    }

    /// The object in `directory` that is called `name`.
    pub(crate) fn find_in(
        &self,
        directory: Link<ObjectDirectory>,
        name: &[u16],
        case: Case,
    ) -> Option<Link<ObjectBody>> {
        let entries = self.entries(directory, directory::bucket(name.iter().copied()));
        entries.map(|entry| self.record(entry).object.get()).find(|body| {
            let info = self.record(name_info_of(header_of(*body)));
            let own = self.characters(&info.name);
            own.len() == name.len() && own.zip(name).all(|(one, other)| case.same(one, *other))
        })
    }
}

/// How names are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// As they stand.
    Sensitive,
    /// Without regard to small and capital letters.
    Insensitive,
}

impl Case {
    fn same(self, one: u16, other: u16) -> bool {
        one == other || self == Self::Insensitive && capital(one) == capital(other)
    }
}

/// The capital of a character, where it has one of the same length.
#[doc(alias = "RtlUpcaseUnicodeChar")]
fn capital(unit: u16) -> u16 {
    if let Ok(byte @ 0..0x80) = u8::try_from(unit) {
        return byte.to_ascii_uppercase().into();
    }
    let Some(letter) = char::from_u32(u32::from(unit)) else { return unit };
    let mut capital = letter.to_uppercase();
    match (capital.next(), capital.next()) {
        (Some(letter), None) => u16::try_from(u32::from(letter)).unwrap_or(unit),
        _ => unit,
    }
}

#[cfg(test)]
mod tests;
