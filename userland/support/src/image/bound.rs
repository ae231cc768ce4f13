//! Bound imports: what a builder wrote into the import address tables already, and for which build of each DLL it holds.
//!
//! Source: Microsoft's PE specification and `IMAGE_BOUND_IMPORT_DESCRIPTOR` of `winnt.h`.

use super::{Image, NameAt, Table};
use crate::memory::Memory;

/// Size of a descriptor in bytes: time stamp, offset of the name from the table's start, number of forwarders.
const DESCRIPTOR_SIZE: u32 = 8;
/// Descriptors that are looked at: a table without an end ends here.
const MAXIMUM_DESCRIPTORS: u32 = 256;

/// Whether `image` has been bound to the build of the DLL `dll` whose time stamp is `stamp`, so that its addresses hold where
/// that DLL lies at its own base. A table that makes no sense binds nothing, nor does one that leads on to other DLLs.
pub fn is_bound<M: Memory>(memory: &M, image: &Image, dll: &NameAt, stamp: u32) -> bool {
    let table = image.directory(memory, Table::BoundImport).rva;
    if table == 0 {
        return false;
    }
    for index in 0..MAXIMUM_DESCRIPTORS {
        let Some(at) = table.checked_add(index * DESCRIPTOR_SIZE) else { return false };
        let (Ok(found), Ok(rest)) = (image.u32(memory, at), image.u32(memory, at.wrapping_add(4))) else {
            return false;
        };
        if found == 0 && rest == 0 {
            return false;
        }
        let (name, forwarders) = (rest & 0xFFFF, rest >> 16);
        let name = table.wrapping_add(name);
        let is_called = || dll.is_at(memory, image, name) || dll.is_at_in_any_case(memory, image, name);
        if found == stamp && forwarders == 0 && is_called() {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::build::Builder;
    use super::*;
    use crate::memory::fake::Bytes;

    const TABLE: u32 = 0x2000;
    /// They stand from 1000h on, 10h apart.
    const NAMES: [&str; 5] = ["B.DLL", "b.dll", "b.dl", "b.dlll", ""];

    /// Whether it is bound to the name with this number.
    fn bound(memory: &Bytes, image: &Image, name: u32, stamp: u32) -> bool {
        is_bound(memory, image, &image.name_at(memory, 0x1000 + 0x10 * name).unwrap(), stamp)
    }

    fn image(words: &[u32]) -> (Bytes, Image) {
        // "b.dll" stands 20h behind the table's start.
        let name = [0x6C64_2E62, 0x0000_006C];
        let builder = Builder::new(0x40_0000, 0x3000).words(TABLE, words).words(TABLE + 0x20, &name);
        let names = NAMES.iter().zip((0x1000..).step_by(0x10));
        let builder = names.fold(builder, |builder, (name, at)| builder.bytes(at, name.as_bytes()));
        let memory = Bytes::new(0x40_0000, builder.directory(11, TABLE, 0x30).finish());
        let image = Image::open(&memory, 0x40_0000, 0x3000).unwrap();
        (memory, image)
    }

    #[test]
    fn a_dll_of_the_name_and_the_stamp_is_bound_and_no_other() {
        let (memory, image) = image(&[7, 0x20, 0, 0]);
        assert!(bound(&memory, &image, 0, 7));
        for (dll, stamp) in [(1, 8), (2, 7), (3, 7), (4, 7)] {
            assert!(!bound(&memory, &image, dll, stamp), "{dll} {stamp}");
        }
    }

    #[test]
    fn forwarders_and_tables_that_make_no_sense_bind_nothing() {
        for words in [[7, 0x1_0020, 0, 0], [7, 0xFFFF, 0, 0], [0, 0, 7, 0x20]] {
            let (memory, image) = image(&words);
            assert!(!bound(&memory, &image, 1, 7), "{words:x?}");
        }
        let builder = Builder::new(0x40_0000, 0x3000).directory(11, 0x2FFC, 8);
        let memory = Bytes::new(0x40_0000, builder.finish());
        let image = Image::open(&memory, 0x40_0000, 0x3000).unwrap();
        assert!(!bound(&memory, &image, 4, 0));
    }
}
