//! The import table: per DLL a descriptor, per symbol a thunk.

use alloc::vec::Vec;

use super::{Image, Malformed, Symbol, Table};
use crate::memory::Memory;

/// Set in a thunk that asks for an ordinal.
const BY_ORDINAL: u32 = 0x8000_0000;
/// Size of an import descriptor.
const DESCRIPTOR_SIZE: u32 = 20;

/// One DLL that an image imports from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The DLL's name, as the linker wrote it.
    pub dll: Vec<u8>,
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
        Ok(Some(Descriptor { dll: image.name(memory, name)?, lookup, addresses }))
    }
}

impl Descriptor {
    /// What word `index` of the DLL asks for, or `None` behind the last one. A name is put into `name`.
    ///
    /// # Errors
    /// [`Malformed`] if the words or a name leave the image.
    pub fn symbol<'name, M: Memory>(
        &self,
        memory: &M,
        image: &Image,
        index: u32,
        name: &'name mut Vec<u8>,
    ) -> Result<Option<Symbol<'name>>, Malformed> {
        let offset = index.checked_mul(4).ok_or(Malformed)?;
        let word = image.u32(memory, self.lookup.checked_add(offset).ok_or(Malformed)?)?;
        if word == 0 {
            return Ok(None);
        }
        if word & BY_ORDINAL != 0 {
            return Ok(Some(Symbol::Ordinal(word & 0xFFFF)));
        }
        let hint = image.u16(memory, word)?;
        image.read_name(memory, word + 2, name)?;
        Ok(Some(Symbol::Name { name, hint }))
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
        assert_eq!((first.dll.as_slice(), first.addresses), (&b"KERNEL32.dll"[..], tables[0]));
        assert_eq!(first.count(&memory, &image), Ok(2));
        let mut name = Vec::new();
        let sleep = Symbol::Name { name: b"Sleep", hint: 0 };
        assert_eq!(first.symbol(&memory, &image, 1, &mut name), Ok(Some(sleep)));
        assert_eq!(first.symbol(&memory, &image, 2, &mut name), Ok(None));
        let second = imports.next(&memory, &image).unwrap().unwrap();
        assert_eq!(second.symbol(&memory, &image, 0, &mut name), Ok(Some(Symbol::Ordinal(7))));
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
