//! The loader's lists: `_PEB_LDR_DATA` and the `_LDR_DATA_TABLE_ENTRY` of every module, in the process's memory.
//!
//! An entry and its full path are one heap block. Three doubly linked lists run through it, one per [`Order`]; heads
//! stand in the loader data. Source: XP SP3's public symbols.

use alloc::vec::Vec;

use super::{LoadError, LoaderData, Mapped, Process};
use crate::image::{Image, Malformed, NameAt, Table, ThreadLocalStorage};
use crate::memory::Memory;
use crate::path;
use crate::status::Status;
use crate::text::{ansi_to_wide, lower};

/// Size of `_PEB_LDR_DATA` in bytes.
const DATA_SIZE: u32 = 0x28;
/// Size of `_LDR_DATA_TABLE_ENTRY` in bytes, and behind it what the image wants for each thread, which is ours: XP has that in a list of its own.
const ENTRY_SIZE: u32 = 0x50 + 4 * STORAGE_WORDS;
const STORAGE_WORDS: u32 = 5;
/// Most modules that a walk follows, so that it ends on a list that the program has broken.
const MAXIMUM_MODULES: usize = 4096;

/// Offsets in an entry.
mod field {
    pub(super) const BASE: u32 = 0x18;
    pub(super) const ENTRY_POINT: u32 = 0x1C;
    pub(super) const SIZE: u32 = 0x20;
    pub(super) const FULL_NAME: u32 = 0x24;
    pub(super) const BASE_NAME: u32 = 0x2C;
    pub(super) const FLAGS: u32 = 0x34;
    pub(super) const LOAD_COUNT: u32 = 0x38;
    pub(super) const TLS_INDEX: u32 = 0x3A;
    pub(super) const HASH_LINKS: u32 = 0x3C;
    pub(super) const STAMP: u32 = 0x44;
    /// Until the module has storage, the first word says where its image's directory of that is.
    pub(super) const STORAGE: u32 = 0x50;
}

/// Bits of an entry's flags, under their NT meaning.
pub(super) mod flag {
    /// Loaded because something imports it.
    pub(in super::super) const STATIC_LINK: u32 = 0x0000_0002;
    /// A DLL, not the program.
    pub(in super::super) const IMAGE_DLL: u32 = 0x0000_0004;
    /// Its initialiser was called, or needs no call.
    pub(in super::super) const ENTRY_PROCESSED: u32 = 0x0000_4000;
    /// Its initialiser does not want to hear of threads.
    pub(in super::super) const NOT_FOR_THREADS: u32 = 0x0004_0000;
    /// Its initialiser was told of the process and is to be told of its end.
    pub(in super::super) const ATTACH_CALLED: u32 = 0x0008_0000;
    /// It lies elsewhere than it was linked for.
    pub(in super::super) const NOT_AT_BASE: u32 = 0x0020_0000;
}

/// The load count of a module that never leaves (L3).
pub(super) const PINNED: u16 = 0xFFFF;

/// One of the three lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Order {
    /// As they were mapped: the program first.
    Load = 0,
    /// The same order here; Windows says "memory".
    Memory = 1,
    /// As their initialisers run.
    Initialisation = 2,
}

impl Order {
    pub(super) fn head(self, data: u32) -> u32 {
        data + 0x0C + 8 * self as u32
    }
    fn link(self) -> u32 {
        8 * self as u32
    }
}

/// Makes the three lists of the loader data empty.
pub fn initialise_lists<M: Memory>(memory: &M, data: u32) {
    memory.write_u32(data, DATA_SIZE);
    memory.write_u32(data + 4, 1); // Initialized
    for order in [Order::Load, Order::Memory, Order::Initialisation] {
        let head = order.head(data);
        memory.write_u32(head, head);
        memory.write_u32(head + 4, head);
    }
}

/// A loaded module: the address of its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module(u32);

impl Module {
    /// Where its image lies.
    pub fn base<M: Memory>(self, memory: &M) -> u32 {
        memory.read_u32(self.0 + field::BASE)
    }

    /// Its image.
    ///
    /// # Errors
    /// [`Malformed`] if its headers are no longer those of an image.
    pub fn image<M: Memory>(self, memory: &M) -> Result<Image, Malformed> {
        Image::open(memory, self.base(memory), memory.read_u32(self.0 + field::SIZE))
    }

    /// Address of its entry point, or 0.
    pub fn entry_point<M: Memory>(self, memory: &M) -> u32 {
        memory.read_u32(self.0 + field::ENTRY_POINT)
    }

    /// The time stamp in its headers.
    pub fn stamp<M: Memory>(self, memory: &M) -> u32 {
        memory.read_u32(self.0 + field::STAMP)
    }

    /// Its path.
    pub fn full_name<M: Memory>(self, memory: &M) -> Vec<u16> {
        read_unicode_string(memory, self.0 + field::FULL_NAME)
    }

    /// Its file name.
    pub fn base_name<M: Memory>(self, memory: &M) -> Vec<u16> {
        read_unicode_string(memory, self.0 + field::BASE_NAME)
    }

    pub(super) fn has<M: Memory>(self, memory: &M, flag: u32) -> bool {
        memory.read_u32(self.0 + field::FLAGS) & flag != 0
    }

    pub(super) fn set<M: Memory>(self, memory: &M, flag: u32) {
        let flags = memory.read_u32(self.0 + field::FLAGS);
        memory.write_u32(self.0 + field::FLAGS, flags | flag);
    }

    /// How often it was asked for.
    pub fn load_count<M: Memory>(self, memory: &M) -> u16 {
        memory.read_u16(self.0 + field::LOAD_COUNT)
    }

    pub(super) fn set_load_count<M: Memory>(self, memory: &M, count: u16) {
        memory.write_u16(self.0 + field::LOAD_COUNT, count);
    }

    /// Whether its image wants something for each thread, which it has not got yet.
    pub(super) fn wants_storage<M: Memory>(self, memory: &M) -> bool {
        memory.read_u32(self.0 + field::STORAGE) != 0
    }

    pub(super) fn has_storage<M: Memory>(self, memory: &M) -> bool {
        memory.read_u16(self.0 + field::TLS_INDEX) != 0
    }

    /// Keeps what the module wants for each thread, and says, as Windows does, that it wants something.
    pub(super) fn set_storage<M: Memory>(self, memory: &M, storage: &ThreadLocalStorage) {
        memory.write_u16(self.0 + field::TLS_INDEX, 0xFFFF);
        let ThreadLocalStorage { template, initialised, zeroed, index, callbacks } = *storage;
        for (at, word) in (0..).zip([template, initialised, zeroed, index, callbacks]) {
            memory.write_u32(self.0 + field::STORAGE + 4 * at, word);
        }
    }

    /// What the module wants for each thread.
    pub(super) fn storage<M: Memory>(self, memory: &M) -> Option<ThreadLocalStorage> {
        let word = |at: u32| memory.read_u32(self.0 + field::STORAGE + 4 * at);
        self.has_storage(memory).then(|| ThreadLocalStorage {
            template: word(0),
            initialised: word(1),
            zeroed: word(2),
            index: word(3),
            callbacks: word(4),
        })
    }

    /// All modules, in `order`.
    pub fn all<P: LoaderData>(process: &P, order: Order) -> impl Iterator<Item = Self> {
        Self::along(process, order, 0)
    }

    /// All modules, in the reverse of `order`.
    pub(super) fn all_backwards<P: LoaderData>(process: &P, order: Order) -> impl Iterator<Item = Self> {
        Self::along(process, order, 4)
    }

    /// All modules by the links at `offset` in those of `order`. The list may change behind whatever comes next.
    #[inline(always)]
    fn along<P: LoaderData>(process: &P, order: Order, offset: u32) -> impl Iterator<Item = Self> {
        let head = order.head(process.loader_data());
        let mut at = process.read_u32(head + offset);
        core::iter::from_fn(move || {
            (at != head).then(|| {
                let module = Self(at - order.link());
                at = process.read_u32(at + offset);
                module
            })
        })
        .take(MAXIMUM_MODULES)
    }

    /// The module whose image `address` lies in.
    pub fn around<P: LoaderData>(process: &P, address: u32) -> Option<Self> {
        let size = |module: &Self| process.read_u32(module.0 + field::SIZE);
        Self::all(process, Order::Load).find(|module| address.wrapping_sub(module.base(process)) < size(module))
    }

    /// The module whose image lies at `base`.
    pub fn at<P: LoaderData>(process: &P, base: u32) -> Option<Self> {
        Self::all(process, Order::Load).find(|module| module.base(process) == base)
    }

    /// The module whose image holds `address`.
    pub fn holding<P: LoaderData>(process: &P, address: u32) -> Option<Self> {
        Self::all(process, Order::Load)
            .find(|module| address.wrapping_sub(module.base(process)) < process.read_u32(module.0 + field::SIZE))
    }

    /// The first module of the load order: the program.
    pub fn program<P: LoaderData>(process: &P) -> Option<Self> {
        Self::all(process, Order::Load).next()
    }

    /// The module called `name`: by path if it has a folder, else by file name. An extension is not added here.
    pub fn named<P: Process>(process: &P, name: &[u16]) -> Option<Self> {
        if path::has_folder(name) {
            let full = path::absolute(&process.current_directory(), name);
            Self::all(process, Order::Load).find(|module| module.is_called(process, field::FULL_NAME, &full))
        } else {
            Self::all(process, Order::Load).find(|module| module.is_called(process, field::BASE_NAME, name))
        }
    }

    /// The module that an image imports as `dll`, where that is a file name as it stands. `None` tells nothing: see
    /// [`path::module_name`] for what else a name may be.
    pub(super) fn imported<P: LoaderData>(process: &P, dll: &NameAt) -> Option<Self> {
        let module = Self::all(process, Order::Load).find(|module| module.is_file(process, dll))?;
        // Its file name has no folder, so `dll` has none; with a dot inside it has an extension.
        let is_dot = |at: u32| process.read_u8(at) == b'.';
        let last = dll.address() + dll.length() - 1;
        (!is_dot(last) && (dll.address()..last).rev().any(is_dot)).then_some(module)
    }

    /// Whether its file name is `name`, which is not empty.
    fn is_file<M: Memory>(self, memory: &M, name: &NameAt) -> bool {
        let bytes = u32::from(memory.read_u16(self.0 + field::BASE_NAME));
        let mut at = memory.read_u32(self.0 + field::BASE_NAME + 4);
        if bytes != 2 * name.length() || bytes == 0 {
            return false;
        }
        for place in name.address()..name.address() + name.length() {
            let (own, byte) = (memory.read_u16(at), memory.read_u8(place));
            if own != u16::from(byte) && lower(own) != lower(ansi_to_wide(byte)) {
                return false;
            }
            at += 2;
        }
        true
    }

    fn is_called<M: Memory>(self, memory: &M, string: u32, name: &[u16]) -> bool {
        let (bytes, buffer) = (memory.read_u16(self.0 + string), memory.read_u32(self.0 + string + 4));
        usize::from(bytes) == 2 * name.len()
            && name.iter().zip((buffer..).step_by(2)).all(|(&unit, at)| {
                let own = memory.read_u16(at);
                own == unit || lower(own) == lower(unit)
            })
    }

    /// Makes an entry for an image and puts it on the first two lists (L1).
    pub(super) fn insert<P: Process>(
        process: &P,
        mapped: Mapped,
        image: &Image,
        path: &[u16],
    ) -> Result<Self, LoadError> {
        let bytes = 2 * path.len() as u32;
        if bytes > 0xFFFC {
            return Err(Status::NAME_TOO_LONG.into());
        }
        let entry_point = image.entry_point()?;
        let entry = process.allocate(ENTRY_SIZE + bytes + 2).ok_or(Status::NO_MEMORY)?;
        process.write_u32(entry + field::BASE, mapped.base);
        process.write_u32(entry + field::ENTRY_POINT, entry_point);
        process.write_u32(entry + field::SIZE, mapped.size);
        process.write_u32(entry + field::STAMP, image.stamp());
        let storage = image.directory(process, Table::ThreadLocalStorage);
        process.write_u32(entry + field::STORAGE, storage.rva);
        write_names(process, entry, path);
        let hash = entry + field::HASH_LINKS;
        process.write_u32(hash, hash);
        process.write_u32(hash + 4, hash);
        let module = Self(entry);
        let kind = if image.is_dll() { flag::IMAGE_DLL } else { 0 };
        let place = if image.base() == image.preferred_base() { 0 } else { flag::NOT_AT_BASE };
        module.set(process, kind | place);
        module.append(process, Order::Load);
        module.append(process, Order::Memory);
        Ok(module)
    }

    /// Puts the entry at the end of a list.
    pub(super) fn append<P: Process>(self, process: &P, order: Order) {
        let (head, link) = (order.head(process.loader_data()), self.0 + order.link());
        let last = process.read_u32(head + 4);
        process.write_u32(link, head);
        process.write_u32(link + 4, last);
        process.write_u32(last, link);
        process.write_u32(head + 4, link);
    }

    /// Takes the entry off all lists and frees it. The image stays mapped.
    pub(super) fn remove<P: Process>(self, process: &P) {
        for order in [Order::Load, Order::Memory, Order::Initialisation] {
            let link = self.0 + order.link();
            let (next, previous) = (process.read_u32(link), process.read_u32(link + 4));
            if next != 0 {
                process.write_u32(previous, next);
                process.write_u32(next + 4, previous);
            }
        }
        process.free(self.0);
    }
}

/// Writes the path behind the entry, and the two strings that point into it.
fn write_names<P: Process>(process: &P, entry: u32, path: &[u16]) {
    let buffer = entry + ENTRY_SIZE;
    let (pairs, last) = path.as_chunks::<2>();
    for (at, &[low, high]) in (buffer..).step_by(4).zip(pairs) {
        process.write_u32(at, u32::from(low) | u32::from(high) << 16);
    }
    if let [unit] = last {
        process.write_u16(buffer + 4 * pairs.len() as u32, *unit);
    }
    let write = |string: u32, bytes: usize, buffer: u32| {
        process.write_u16(entry + string, bytes as u16);
        process.write_u16(entry + string + 2, bytes as u16 + 2);
        process.write_u32(entry + string + 4, buffer);
    };
    let folder = 2 * path::folder(path).len();
    write(field::FULL_NAME, 2 * path.len(), buffer);
    write(field::BASE_NAME, 2 * path.len() - folder, buffer + folder as u32);
}

/// The `UNICODE_STRING` at `address`.
pub(super) fn read_unicode_string<M: Memory>(memory: &M, address: u32) -> Vec<u16> {
    let units = u32::from(memory.read_u16(address)) / 2;
    let buffer = memory.read_u32(address + 4);
    (0..units).map(|index| memory.read_u16(buffer + 2 * index)).collect()
}
