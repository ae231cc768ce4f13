//! An index of a DLL's exported names by their hashes, so that the loader finds one in a step or two. It is this system's own: the
//! runner puts it into the end of the headers of our DLLs, a page that is looked at anyway, and says where by the words that the DOS
//! header has for whoever made the file (`e_oemid`, `e_oeminfo`). Nobody else looks at either.
//!
//! The index is believed in nothing: an entry leads to a number below that of the names, and the name there is compared. So a wrong
//! one can hide a name, which is then looked for in the table of names, but never lead to another one's address. Without an index, or
//! with one that makes no sense, all names are looked for there.
//!
//! Layout: the number of names (16 bits), the binary logarithm of the number of slots (16 bits), the slots (16 bits each). The slot where
//! a name is looked for first is told by the highest bits of its hash; one that is taken leads to the next. An empty slot is 0, a full one
//! one more than the number of the name, with bits of the hash in the room above it.

use alloc::vec::Vec;

use super::Image;
use crate::memory::Memory;

/// `e_oemid` of a DLL with an index.
pub const OEM_ID: u16 = 0x5644;
/// Where `e_oemid` is in the headers; `e_oeminfo`, the offset of the index, follows.
pub const OEM_ID_AT: u32 = 0x24;
/// Bytes before the slots.
const HEADER_SIZE: u32 = 4;
const MAXIMUM_BITS: u32 = 15;

/// The hash of what `hash` is of and four bytes more.
#[inline(always)]
pub(super) fn mix(hash: u32, word: u32) -> u32 {
    (hash.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B1)
}

/// The hash of a name: four bytes at a time, its zero and zeros behind it among the last.
pub(super) fn hash_of(name: &[u8]) -> u32 {
    let (words, rest) = name.as_chunks::<4>();
    let hash = words.iter().fold(0, |hash, word| mix(hash, u32::from_le_bytes(*word)));
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    mix(hash, u32::from_le_bytes(last))
}

/// The index of an image's exported names.
#[derive(Clone, Copy, Debug)]
pub struct NameIndex {
    /// Address of the first slot.
    slots: u32,
    shape: Shape,
}

/// How many names and slots there are.
#[derive(Clone, Copy, Debug)]
struct Shape {
    names: u32,
    /// Binary logarithm of the number of slots, 1 to 15.
    bits: u32,
    /// The bits of a slot that are of the hash.
    tag: u32,
}

impl Shape {
    fn new(names: u32, bits: u32) -> Option<Self> {
        let sound = (1..=MAXIMUM_BITS).contains(&bits) && (1..1 << MAXIMUM_BITS).contains(&names);
        sound.then(|| Self { names, bits, tag: 0xFFFF & (u32::MAX << (32 - names.leading_zeros())) })
    }

    /// The slot where a name is looked for first.
    fn first(self, hash: u32) -> u32 {
        hash >> (32 - self.bits)
    }

    fn next(self, slot: u32) -> u32 {
        (slot + 1) & ((1 << self.bits) - 1)
    }

    /// Bits of the hash that say nothing about the slot, where a slot has some of them.
    fn tag_of(self, hash: u32) -> u32 {
        hash >> (16 - self.bits)
    }
}

impl NameIndex {
    /// The index of `image`, which exports `names` names, if it has one.
    pub(super) fn open<M: Memory>(memory: &M, image: &Image, names: u32) -> Option<Self> {
        let words = image.u32(memory, OEM_ID_AT).ok()?;
        if words & 0xFFFF != u32::from(OEM_ID) {
            return None;
        }
        let at = words >> 16;
        let header = image.u32(memory, at).ok()?;
        let shape = Shape::new(names, header >> 16).filter(|_| header & 0xFFFF == names)?;
        Some(Self { slots: image.address(at + HEADER_SIZE, 2 << shape.bits).ok()?, shape })
    }

    /// The number of the name with this hash that `is_it` knows to be the one.
    #[inline(always)]
    pub(super) fn find<M: Memory>(&self, memory: &M, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let (shape, tag) = (self.shape, self.shape.tag_of(hash));
        let mut slot = shape.first(hash);
        for _ in 0..1u32 << shape.bits {
            let entry = u32::from(memory.read_u16(self.slots + 2 * slot));
            if entry == 0 {
                return None;
            }
            if (entry ^ tag) & shape.tag == 0 {
                let index = (entry & !shape.tag).wrapping_sub(1);
                if index < shape.names && is_it(index) {
                    return Some(index);
                }
            }
            slot = shape.next(slot);
        }
        None
    }

    /// The index of `names`, the first of which has number 0, if it is possible in `room` bytes.
    pub fn build(names: &[&[u8]], room: usize) -> Option<Vec<u8>> {
        let count = u32::try_from(names.len()).ok()?;
        // A third of the slots stays empty at least.
        let shape = Shape::new(count, (count + count / 2).max(2).next_power_of_two().trailing_zeros())?;
        let mut slots = alloc::vec![0u16; 1 << shape.bits];
        for (number, name) in (1..).zip(names) {
            let hash = hash_of(name);
            let mut slot = shape.first(hash);
            while slots[slot as usize] != 0 {
                slot = shape.next(slot);
            }
            slots[slot as usize] = (number | shape.tag_of(hash) & shape.tag) as u16;
        }
        let mut bytes = (count | shape.bits << 16).to_le_bytes().to_vec();
        bytes.extend(slots.iter().flat_map(|slot| slot.to_le_bytes()));
        (bytes.len() <= room).then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::build::Builder;
    use super::super::{Export, ExportTable, Symbol};
    use super::*;
    use crate::memory::fake::Bytes;
    use std::format;
    use std::string::String;

    const BASE: u32 = 0x1000_0000;
    const INDEX: u32 = 0x800;
    const COUNT: u32 = 300;

    /// Sorted, of all lengths up to 40.
    fn names() -> Vec<String> {
        let mut names: Vec<String> =
            (0..COUNT).map(|number| format!("F{:0width$}", number, width = 3 + number as usize % 38)).collect();
        names.sort();
        names
    }

    fn address_of(number: usize) -> u32 {
        0x1000 + 4 * number as u32
    }

    /// A DLL that exports those names, with an index that `change` has changed.
    fn image(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let names = names();
        let symbols: Vec<(&str, u32)> =
            names.iter().enumerate().map(|(number, name)| (name.as_str(), address_of(number))).collect();
        let bytes: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        let mut index = NameIndex::build(&bytes, 0x800).unwrap();
        change(&mut index);
        let oem = u32::from(OEM_ID) | INDEX << 16;
        let builder = Builder::new(BASE, 0x8000).exports(0x2000, "t.dll", 1, &symbols);
        builder.bytes(INDEX, &index).words(OEM_ID_AT, &[oem]).finish()
    }

    /// Looks all names up, and some that are not there, by a text and where a text is in memory. How many the index knew.
    fn look_up(image: Vec<u8>) -> usize {
        let (mut known, names) = (0, names());
        for (number, name) in names.iter().enumerate() {
            let mut image = image.clone();
            image[0x7800..][..name.len()].copy_from_slice(name.as_bytes());
            let memory = Bytes::new(BASE, image);
            let image = Image::open(&memory, BASE, 0x8000).unwrap();
            let table = ExportTable::open(&memory, &image).unwrap().unwrap();
            let expected = Some(Export::Address(BASE + address_of(number)));
            let symbol = Symbol::Name { name: name.as_bytes(), hint: 0 };
            assert_eq!(table.find(&memory, symbol), Ok(expected), "{name}");
            let by_index = table.find_indexed(&memory, &image.name_at(&memory, 0x7800).unwrap()).unwrap();
            assert!(by_index.is_none() || by_index == expected, "{name}: {by_index:x?}");
            known += usize::from(by_index.is_some());
            for absent in [&name[1..], &name[..name.len() - 1], "", "x"].map(str::as_bytes) {
                let found = names.iter().position(|name| name.as_bytes() == absent);
                let expected = found.map(|number| Export::Address(BASE + address_of(number)));
                assert_eq!(table.find(&memory, Symbol::Name { name: absent, hint: 0 }), Ok(expected));
            }
        }
        known
    }

    #[test]
    fn all_names_are_in_it() {
        assert_eq!(look_up(image(|_| {})), COUNT as usize);
    }

    #[test]
    fn an_index_that_makes_no_sense_is_none() {
        let words = [0, 1, COUNT, COUNT | 16 << 16, COUNT | 15 << 16, (COUNT - 1) | 9 << 16, u32::MAX];
        for word in words {
            assert_eq!(look_up(image(|index| index[..4].copy_from_slice(&word.to_le_bytes()))), 0, "{word:x}");
        }
        let mut elsewhere = image(|_| {});
        elsewhere[0x26..0x28].copy_from_slice(&0xFFFFu16.to_le_bytes());
        assert_eq!(look_up(elsewhere), 0);
        let mut of_another = image(|_| {});
        of_another[0x24] ^= 1;
        assert_eq!(look_up(of_another), 0);
    }

    #[test]
    fn damage_leads_to_no_wrong_address() {
        let mut random = 0x2545_F491_4F6C_DD1Du64;
        let mut next = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random as usize
        };
        for round in 0..60 {
            let known = look_up(image(|index| {
                for _ in 0..1 << (round % 10) {
                    let at = 4 + next() % (index.len() - 4);
                    index[at] = next() as u8;
                }
            }));
            assert!(known < COUNT as usize || round % 10 < 5, "{round}: {known}");
        }
        for byte in [0, 0xFF] {
            assert_eq!(look_up(image(|index| index[4..].fill(byte))), 0, "slots of {byte:x}");
        }
    }

    #[test]
    fn there_is_none_for_too_many_names_or_without_room() {
        let names: Vec<String> = (0..0x8000).map(|number| format!("{number}")).collect();
        let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        assert!(NameIndex::build(&[], 0x1000).is_none());
        assert!(NameIndex::build(&names, usize::MAX).is_none());
        assert!(NameIndex::build(&names[..1], 8).is_some());
        assert!(NameIndex::build(&names[..1], 7).is_none());
        assert!(NameIndex::build(&names[..0x4000], usize::MAX).is_some());
    }
}
