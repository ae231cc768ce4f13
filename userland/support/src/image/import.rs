//! The import table: per DLL a descriptor, per symbol a thunk.

use alloc::vec::Vec;

use super::{Image, Malformed, NameAt, Symbol, Table};
use crate::memory::Memory;

/// Set in a thunk that asks for an ordinal.
const BY_ORDINAL: u32 = 0x8000_0000;
/// Size of an import descriptor.
const DESCRIPTOR_SIZE: u32 = 20;

/// What an import asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The symbol of this name.
    Name {
        /// The name, in the importing image.
        name: NameAt,
        /// Offset of the linker's guess at its place among the exported names, which stands before the name.
        hint: u32,
    },
    /// The symbol with this number.
    Ordinal(u32),
}

/// One DLL that an image imports from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The DLL's name, as the linker wrote it.
    pub dll: NameAt,
    /// Offset of the words that say what is wanted.
    lookup: u32,
    /// Offset of the words that receive the addresses: the import address table.
    pub addresses: u32,
}

/// Walks the descriptors of an image.
#[derive(Clone, Debug)]
pub struct Imports {
    at: u32,
}

impl Imports {
    /// The imports of `image`, from the first descriptor on.
    pub fn of<M: Memory>(memory: &M, image: &Image) -> Self {
        Self { at: image.directory(memory, Table::Import).rva }
    }

    /// The next descriptor, or `None` after the last one. An image without import table has none.
    ///
    /// # Errors
    /// [`Malformed`] if the table or a name leaves the image.
    pub fn next<M: Memory>(&mut self, memory: &M, image: &Image) -> Result<Option<Descriptor>, Malformed> {
        if self.at == 0 {
            return Ok(None);
        }
        image.address(self.at, DESCRIPTOR_SIZE)?;
        let (lookup, name) = (image.u32(memory, self.at)?, image.u32(memory, self.at + 12)?);
        let addresses = image.u32(memory, self.at + 16)?;
        if name == 0 || addresses == 0 {
            return Ok(None);
        }
        self.at += DESCRIPTOR_SIZE;
        // Some linkers leave the lookup table out: the address table says what is wanted until it is bound.
        let lookup = if lookup == 0 { addresses } else { lookup };
        Ok(Some(Descriptor { dll: image.name_at(memory, name)?, lookup, addresses }))
    }
}

impl Descriptor {
    /// What word `index` of the DLL asks for, or `None` behind the last one.
    ///
    /// # Errors
    /// [`Malformed`] if the words or a name leave the image.
    pub fn wanted<M: Memory>(&self, memory: &M, image: &Image, index: u32) -> Result<Option<Wanted>, Malformed> {
        let offset = index.checked_mul(4).ok_or(Malformed)?;
        let word = image.u32(memory, self.lookup.checked_add(offset).ok_or(Malformed)?)?;
        if word == 0 {
            return Ok(None);
        }
        if word & BY_ORDINAL != 0 {
            return Ok(Some(Wanted::Ordinal(word & 0xFFFF)));
        }
        Ok(Some(Wanted::Name { name: image.name_at(memory, word + 2)?, hint: word }))
    }

    /// How many symbols are wanted from the DLL.
    ///
    /// # Errors
    /// [`Malformed`] if the words leave the image before their final zero, or the address table is shorter.
    pub fn count<M: Memory>(&self, memory: &M, image: &Image) -> Result<u32, Malformed> {
        let mut count = 0u32;
        while image.u32(memory, self.lookup.checked_add(4 * count).ok_or(Malformed)?)? != 0 {
            count += 1; // I3: the lookup table ends inside the image
        }
        image.address(self.addresses, 4 * count)?;
        Ok(count)
    }
}

impl Wanted {
    /// The symbol, with its name in `name`.
    ///
    /// # Errors
    /// [`Malformed`] if the hint leaves the image.
    pub fn symbol<'name, M: Memory>(
        self,
        memory: &M,
        image: &Image,
        name: &'name mut Vec<u8>,
    ) -> Result<Symbol<'name>, Malformed> {
        match self {
            Self::Ordinal(ordinal) => Ok(Symbol::Ordinal(ordinal)),
            Self::Name { name: place, hint } => {
                let hint = image.u16(memory, hint)?;
                *name = place.bytes(memory);
                Ok(Symbol::Name { name, hint })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::build::Builder;
    use super::*;
    use crate::memory::fake::Bytes;

    fn opened(builder: Builder) -> (Bytes, Image) {
        let memory = Bytes::new(0x40_0000, builder.finish());
        let image = Image::open(&memory, 0x40_0000, 0x3000).unwrap();
        (memory, image)
    }

    #[test]
    fn dlls_and_symbols_in_order() {
        let builder = Builder::new(0x40_0000, 0x3000);
        let (builder, tables) =
            builder.imports(0x2000, &[("KERNEL32.dll", &["ExitProcess", "Sleep"]), ("a.dll", &["#7"])]);
        let (memory, image) = opened(builder);
        let mut imports = Imports::of(&memory, &image);
        let first = imports.next(&memory, &image).unwrap().unwrap();
        assert_eq!((first.dll.bytes(&memory).as_slice(), first.addresses), (&b"KERNEL32.dll"[..], tables[0]));
        assert_eq!(first.count(&memory, &image), Ok(2));
        let mut name = Vec::new();
        let sleep = Symbol::Name { name: b"Sleep", hint: 0 };
        let wanted = first.wanted(&memory, &image, 1).unwrap().unwrap();
        assert_eq!(wanted.symbol(&memory, &image, &mut name), Ok(sleep));
        assert_eq!(first.wanted(&memory, &image, 2), Ok(None));
        let second = imports.next(&memory, &image).unwrap().unwrap();
        assert_eq!(second.wanted(&memory, &image, 0), Ok(Some(Wanted::Ordinal(7))));
        assert_eq!(imports.next(&memory, &image), Ok(None));
    }

    #[test]
    fn tables_and_names_that_leave_the_image_are_refused() {
        let good = || Builder::new(0x40_0000, 0x3000).imports(0x2000, &[("a.dll", &["f"])]).0;
        let first = |builder: Builder| {
            let (memory, image) = opened(builder);
            let descriptor = Imports::of(&memory, &image).next(&memory, &image)?;
            descriptor.map(|descriptor| descriptor.count(&memory, &image)).transpose()
        };
        assert_eq!(first(good()), Ok(Some(1)));
        assert_eq!(first(good().directory(1, 0x2FFA, 40)), Err(Malformed), "descriptor");
        assert_eq!(first(good().words(0x200C, &[0xFFFF_FFFF])), Err(Malformed), "name");
        assert_eq!(first(good().words(0x2000, &[0xFFFF_FFFC])), Err(Malformed), "lookup");
        assert_eq!(first(good().words(0x2010, &[0x2FFF])), Err(Malformed), "addresses");
        assert_eq!(first(good().directory(1, 0, 0)), Ok(None));
    }

    #[test]
    fn an_image_full_of_thunks_ends() {
        let words = [1; 0x400];
        let builder =
            Builder::new(0x40_0000, 0x3000).words(0x2000, &words).words(0x1000, &[0x2000, 0, 0, 0x2000, 0x2000]);
        let (memory, image) = opened(builder.directory(1, 0x1000, 40));
        let descriptor = Imports::of(&memory, &image).next(&memory, &image).unwrap().unwrap();
        assert_eq!(descriptor.count(&memory, &image), Err(Malformed));
    }
}
