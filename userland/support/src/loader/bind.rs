//! Binding: the import address tables of an image are filled with the addresses of what it imports.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::list::{PINNED, flag};
use super::load::load;
use super::reference::pin;
use super::{LoadError, Module, Process};
use crate::image::{
    Descriptor, Export, ExportTable, Image, Imports, Malformed, NameAt, Section, Symbol, Wanted, is_bound,
};
use crate::text::{ansi_to_wide, wide};

/// `PAGE_READWRITE`.
const READ_WRITE: u32 = 0x04;
/// What a forwarder leaves out of the name of a DLL.
const EXTENSION: &[u8] = b".dll";
/// Forwarders that lead to forwarders are followed this far; a circle of them ends here.
const MAXIMUM_FORWARDS: u32 = 16;

/// Loads every DLL that `image` imports from and fills its import address tables.
#[doc(alias = "LdrpWalkImportDescriptor")]
pub(super) fn bind_imports<P: Process>(process: &P, added: &mut Vec<Module>, image: &Image) -> Result<(), LoadError> {
    let mut imports = Imports::of(process, image);
    while let Some(descriptor) = imports.next(process, image)? {
        let dll = match Module::imported(process, &descriptor.dll) {
            Some(module) => module,
            None => load(process, added, &wide(&descriptor.dll.bytes(process)))?,
        };
        dll.set(process, flag::STATIC_LINK);
        if holds(process, image, &descriptor, dll) {
            continue;
        }
        bind_descriptor(process, added, image, &descriptor, dll)?;
    }
    Ok(())
}

/// Whether the table of one DLL holds what it should from the start: it was bound to the very DLL that was loaded, and that one
/// lies where it was meant to.
fn holds<P: Process>(process: &P, image: &Image, descriptor: &Descriptor, dll: Module) -> bool {
    !dll.has(process, flag::NOT_AT_BASE) && is_bound(process, image, &descriptor.dll, dll.stamp(process))
}

/// Fills the table of one DLL, which is opened for writing meanwhile if its section is not writable anyway.
fn bind_descriptor<P: Process>(
    process: &P,
    added: &mut Vec<Module>,
    image: &Image,
    descriptor: &Descriptor,
    dll: Module,
) -> Result<(), LoadError> {
    let count = descriptor.count(process, image)?;
    if count == 0 {
        return Ok(());
    }
    let table = image.address(descriptor.addresses, 4 * count)?;
    let section = section_of(image.sections(process)?, descriptor.addresses, 4 * count).ok_or(Malformed)?;
    if section.is_writable() {
        return fill(process, added, image, descriptor, dll, table, count);
    }
    process.protect(table, 4 * count, READ_WRITE)?;
    fill(process, added, image, descriptor, dll, table, count)?;
    process.protect(table, 4 * count, section.protection())?;
    Ok(())
}

/// The one section that holds all of `size` bytes at `rva`.
fn section_of(mut sections: impl Iterator<Item = Section>, rva: u32, size: u32) -> Option<Section> {
    sections.find(|section| {
        let offset = rva.wrapping_sub(section.rva);
        offset < section.size && size <= section.size - offset
    })
}

/// Fills the `count` words at `table` with the addresses of what they ask for.
fn fill<P: Process>(
    process: &P,
    added: &mut Vec<Module>,
    image: &Image,
    descriptor: &Descriptor,
    dll: Module,
    table: u32,
    count: u32,
) -> Result<(), LoadError> {
    let mut exporter = Exporter::open(process, dll)?;
    for index in 0..count {
        // The table may overlap the words that were counted: a zero that was written meanwhile ends the walk.
        let Some(wanted) = descriptor.wanted(process, image, index)? else { break };
        let indexed = match &wanted {
            Wanted::Name { name, .. } => exporter.indexed(process, name)?,
            Wanted::Ordinal(_) => None,
        };
        let address = match indexed {
            Some(Export::Address(address)) => address,
            Some(Export::Forwarder(rva)) => exporter.forward(process, added, rva, MAXIMUM_FORWARDS - 1)?,
            None => exporter.resolve_slowly(process, added, image, wanted)?,
        };
        process.write_u32(table + 4 * index, address);
    }
    Ok(())
}

/// The address of `symbol` in `module`.
pub(super) fn resolve<P: Process>(
    process: &P,
    added: &mut Vec<Module>,
    module: Module,
    symbol: Symbol<'_>,
) -> Result<u32, LoadError> {
    Exporter::open(process, module)?.resolve(process, added, symbol, MAXIMUM_FORWARDS)
}

/// A module with its export table, opened once for all that is wanted from it.
struct Exporter {
    module: Module,
    table: Option<ExportTable>,
    /// The DLL that the last forwarder led to, as the forwarder calls it: most lead to the same one.
    forwarded_to: Option<(Vec<u8>, Box<Exporter>)>,
}

impl Exporter {
    fn open<P: Process>(process: &P, module: Module) -> Result<Self, LoadError> {
        let open = || -> Result<Self, Malformed> {
            let image = module.image(process)?;
            let table = ExportTable::open(process, &image)?;
            Ok(Self { module, table, forwarded_to: None })
        };
        open().map_err(|error| LoadError::from(error).named(|| module.full_name(process)))
    }

    /// What the index of the exported names knows of it.
    #[inline(always)]
    fn indexed<P: Process>(&self, process: &P, name: &NameAt) -> Result<Option<Export>, LoadError> {
        let Some(table) = &self.table else { return Ok(None) };
        table
            .find_indexed(process, name)
            .map_err(|error| LoadError::from(error).named(|| self.module.full_name(process)))
    }

    /// What `image` wants, which the index does not know.
    #[inline(never)]
    fn resolve_slowly<P: Process>(
        &mut self,
        process: &P,
        added: &mut Vec<Module>,
        image: &Image,
        wanted: Wanted,
    ) -> Result<u32, LoadError> {
        let mut name = Vec::new();
        let symbol = wanted.symbol(process, image, &mut name)?;
        self.resolve(process, added, symbol, MAXIMUM_FORWARDS)
    }

    fn resolve<P: Process>(
        &mut self,
        process: &P,
        added: &mut Vec<Module>,
        symbol: Symbol<'_>,
        forwards: u32,
    ) -> Result<u32, LoadError> {
        let find = |table: &ExportTable| table.find(process, symbol);
        let found = self.table.as_ref().map_or(Ok(None), find);
        match found.map_err(|error| LoadError::from(error).named(|| self.module.full_name(process)))? {
            Some(Export::Address(address)) => Ok(address),
            Some(Export::Forwarder(rva)) if forwards > 0 => self.forward(process, added, rva, forwards - 1),
            _ => Err(self.missing(process, symbol)),
        }
    }

    /// Follows `dll.symbol` or `dll.#ordinal`. The DLL stays for good: nothing would say when it is no longer needed.
    fn forward<P: Process>(
        &mut self,
        process: &P,
        added: &mut Vec<Module>,
        rva: u32,
        forwards: u32,
    ) -> Result<u32, LoadError> {
        let module = self.module;
        let malformed = || LoadError::Malformed.named(|| module.full_name(process));
        let image = self.table.as_ref().map(ExportTable::image).ok_or_else(malformed)?;
        let text = image.name_at(process, rva).map_err(|_| malformed())?;
        let is_dot = |index: &u32| process.read_u8(text.address() + index) == b'.';
        let dot = (0..text.length()).rev().find(is_dot).ok_or_else(malformed)?;
        let name = image.name_at(process, rva + dot + 1).map_err(|_| malformed())?;
        let exporter = self.exporter_of(process, added, text.address(), dot)?;
        match exporter.indexed(process, &name)? {
            Some(Export::Address(address)) => Ok(address),
            _ => exporter.forward_slowly(process, added, &name.bytes(process), forwards).ok_or_else(malformed)?,
        }
    }

    /// The address of a forwarder's `symbol` or `#ordinal` that the index does not know; `None` for what is no number.
    #[inline(never)]
    fn forward_slowly<P: Process>(
        &mut self,
        process: &P,
        added: &mut Vec<Module>,
        name: &[u8],
        forwards: u32,
    ) -> Option<Result<u32, LoadError>> {
        let symbol = match name.strip_prefix(b"#") {
            Some(digits) => Symbol::Ordinal(decimal(digits)?),
            None => Symbol::Name { name, hint: 0 },
        };
        Some(self.resolve(process, added, symbol, forwards))
    }

    /// The DLL whose name in a forwarder are the `length` bytes at `dll`.
    fn exporter_of<P: Process>(
        &mut self,
        process: &P,
        added: &mut Vec<Module>,
        dll: u32,
        length: u32,
    ) -> Result<&mut Self, LoadError> {
        let is_known = |(name, _): &(Vec<u8>, Box<Self>)| {
            name.len() == length as usize && (dll..).zip(name).all(|(at, &byte)| process.read_u8(at) == byte)
        };
        if !self.forwarded_to.as_ref().is_some_and(is_known) {
            self.forwarded_to = Some(Self::open_forwarded(process, added, dll, length)?);
        }
        self.forwarded_to.as_mut().map(|(_, exporter)| &mut **exporter).ok_or(LoadError::Malformed)
    }

    /// Loads that DLL for good.
    #[inline(never)]
    fn open_forwarded<P: Process>(
        process: &P,
        added: &mut Vec<Module>,
        dll: u32,
        length: u32,
    ) -> Result<(Vec<u8>, Box<Self>), LoadError> {
        let mut name = alloc::vec![0; length as usize];
        process.read_bytes(dll, &mut name);
        let mut file = Vec::with_capacity(name.len() + EXTENSION.len());
        file.extend(name.iter().chain(EXTENSION).copied().map(ansi_to_wide));
        let module = load(process, added, &file)?;
        if module.load_count(process) != PINNED {
            pin(process, module);
        }
        Ok((name, Box::new(Self::open(process, module)?)))
    }

    #[cold]
    #[inline(never)]
    fn missing<P: Process>(&self, process: &P, symbol: Symbol<'_>) -> LoadError {
        let dll = self.module.base_name(process);
        match symbol {
            Symbol::Name { name, .. } => LoadError::SymbolNotFound { name: name.to_vec(), dll },
            Symbol::Ordinal(ordinal) => LoadError::OrdinalNotFound { ordinal, dll },
        }
    }
}

fn decimal(digits: &[u8]) -> Option<u32> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}
