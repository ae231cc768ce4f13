//! The names of the kernel's functions, packed into the image so that a backtrace can be read without the ELF file; and NT's structures
//! behind them ([`crate::types`]).
//!
//! The image has a section of fixed size for them. A host tool fills it after linking: it lists the functions of the ELF
//! file and hands them to [`encode`]. All numbers are little-endian:
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `VADOSYMS` |
//! | 8 | 4 | bytes of the whole section, there before packing |
//! | 12 | 4 | number of symbols, 0 before packing |
//! | 16 | 4 | end of the last function |
//! | 20 | 4 | where the structures are, 0 where there are none |
//! | 24 | 4 each | addresses, ascending |
//! | then | 1 + n each | length and UTF-8 bytes of each name, in the same order |
//!
//! Names are demangled and without their hash when they are packed.

use crate::types::Types;

/// What stands before the names of the kernel's own functions.
pub const KERNEL: &str = "nt!";
/// First bytes of the section.
pub const MAGIC: [u8; 8] = *b"VADOSYMS";
/// Bytes before the addresses.
const HEADER: usize = 24;
/// Bytes of a name that are kept.
#[cfg(any(test, feature = "encode"))]
const LONGEST_NAME: usize = u8::MAX as usize;

/// The packed symbols of an image.
#[derive(Clone, Copy, Debug)]
pub struct Symbols<'a> {
    addresses: &'a [u8],
    names: &'a [u8],
    end: u32,
    types: &'a [u8],
}

impl<'a> Symbols<'a> {
    /// Reads a section; one that was never packed, or is not what it should be, has no symbols.
    pub fn new(section: &'a [u8]) -> Self {
        Self::read(section).unwrap_or(Self { addresses: &[], names: &[], end: 0, types: &[] })
    }

    fn read(section: &'a [u8]) -> Option<Self> {
        let (magic, _) = section.split_at_checked(MAGIC.len())?;
        if magic != MAGIC {
            return None;
        }
        let count = word(section, 12)? as usize;
        let end = word(section, 16)?;
        let (addresses, names) = section.get(HEADER..)?.split_at_checked(count.checked_mul(4)?)?;
        let types = match word(section, 20)? as usize {
            0 => &[],
            at => section.get(at..)?,
        };
        Some(Self { addresses, names, end, types })
    }

    /// NT's structures.
    pub fn types(&self) -> Types<'a> {
        Types::new(self.types)
    }

    /// How many symbols there are.
    pub fn len(&self) -> usize {
        self.addresses.len() / 4
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    /// The function that `address` lies in, and how many bytes from its beginning.
    pub fn lookup(&self, address: u32) -> Option<(&'a str, u32)> {
        let index = self.index_of(address)?;
        Some((self.name(index)?, address - word(self.addresses, index * 4)?))
    }

    /// The number, in ascending order, of the function that `address` lies in.
    pub fn index_of(&self, address: u32) -> Option<usize> {
        if address >= self.end {
            return None;
        }
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if word(self.addresses, middle * 4)? <= address {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.checked_sub(1)
    }

    /// Address and name of the function with this number.
    pub fn get(&self, index: usize) -> Option<(u32, &'a str)> {
        Some((word(self.addresses, index.checked_mul(4)?)?, self.name(index)?))
    }

    /// All functions, by ascending address.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &'a str)> {
        let mut names = self.names;
        self.addresses.chunks_exact(4).map_while(move |address| {
            let length = usize::from(*names.first()?);
            let name = core::str::from_utf8(names.get(1..1 + length)?).ok()?;
            names = &names[1 + length..];
            Some((word(address, 0)?, name))
        })
    }

    fn name(&self, index: usize) -> Option<&'a str> {
        let mut names = self.names;
        for _ in 0..index {
            names = names.get(1 + usize::from(*names.first()?)..)?;
        }
        let length = usize::from(*names.first()?);
        core::str::from_utf8(names.get(1..1 + length)?).ok()
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The symbols do not fit into their section.
#[cfg(any(test, feature = "encode"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// Bytes they need.
    pub needed: usize,
    /// Bytes the section has.
    pub room: usize,
}

/// Packs `functions`, pairs of address and mangled name in any order, of which the last ends at `end`, and the table `types` into a section of
/// `room` bytes, which the result fills exactly. Of several names of one address the first is kept.
///
/// # Errors
/// [`TooLarge`].
#[cfg(any(test, feature = "encode"))]
pub fn encode<'a>(
    functions: impl IntoIterator<Item = (u32, &'a str)>,
    end: u32,
    types: &[u8],
    room: usize,
) -> Result<alloc::vec::Vec<u8>, TooLarge> {
    use alloc::vec::Vec;
    let mut functions: Vec<_> = functions.into_iter().collect();
    functions.sort_by_key(|(address, _)| *address);
    functions.dedup_by_key(|(address, _)| *address);
    let mut section = Vec::from(MAGIC);
    for number in [room as u32, functions.len() as u32, end, 0] {
        section.extend(number.to_le_bytes());
    }
    for (address, _) in &functions {
        section.extend(address.to_le_bytes());
    }
    for (_, mangled) in &functions {
        let name = alloc::format!("{:#}", rustc_demangle::demangle(mangled));
        let length = name.floor_char_boundary(LONGEST_NAME);
        section.push(length as u8);
        section.extend(&name.as_bytes()[..length]);
    }
    if !types.is_empty() {
        let at = section.len() as u32;
        section[20..HEADER].copy_from_slice(&at.to_le_bytes());
        section.extend(types);
    }
    if section.len() > room {
        return Err(TooLarge { needed: section.len(), room });
    }
    section.resize(room, 0);
    Ok(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed() -> Vec<u8> {
        let functions = [
            (0x8010_2000, "boot_entry"),
            (0x8010_1000, "_ZN6kernel5start17h0123456789abcdefE"),
            (0x8010_1000, "an_alias"),
            (0x8010_1800, "_ZN4core3fmt5write17h0123456789abcdefE"),
        ];
        encode(functions, 0x8010_2100, b"\x01\0\0\0\x07\0\x08\0\0\0\x02_X", 200).unwrap()
    }

    #[test]
    fn an_address_finds_its_function_and_the_distance() {
        let section = packed();
        assert_eq!(section.len(), 200);
        let symbols = Symbols::new(&section);
        assert_eq!(symbols.len(), 3);
        assert_eq!(symbols.lookup(0x8010_1000), Some(("kernel::start", 0)));
        assert_eq!(symbols.lookup(0x8010_17FF), Some(("kernel::start", 0x7FF)));
        assert_eq!(symbols.lookup(0x8010_1801), Some(("core::fmt::write", 1)));
        assert_eq!(symbols.lookup(0x8010_20FF), Some(("boot_entry", 0xFF)));
        assert_eq!(symbols.lookup(0x8010_2100), None, "past the last function");
        assert_eq!(symbols.lookup(0x8010_0FFF), None, "before the first");
        assert_eq!(symbols.types().find("_X").map(|structure| structure.size), Some(8));
    }

    #[test]
    fn a_section_that_was_never_packed_has_no_symbols() {
        let mut section = MAGIC.to_vec();
        section.extend(200u32.to_le_bytes());
        section.resize(200, 0);
        assert!(Symbols::new(&section).is_empty());
        assert_eq!(Symbols::new(&section).lookup(0x8010_1000), None);
        assert!(Symbols::new(&[]).is_empty());
    }

    #[test]
    fn a_broken_section_is_harmless() {
        let good = packed();
        for index in 0..good.len() {
            for value in [0, 0x7F, 0xFF] {
                let mut bad = good.clone();
                bad[index] = value;
                Symbols::new(&bad).lookup(0x8010_2001);
                Symbols::new(&bad).types().structures().count();
                Symbols::new(&bad[..index]).lookup(0x8010_2001);
            }
        }
    }

    #[test]
    fn too_many_symbols_are_refused() {
        assert_eq!(encode([(1, "a")], 2, &[], 29), Err(TooLarge { needed: 30, room: 29 }));
        assert!(encode([(1, "a")], 2, &[], 30).is_ok());
    }

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        let name = "é".repeat(200);
        let section = encode([(1, name.as_str())], 2, &[], 1000).unwrap();
        let (found, _) = Symbols::new(&section).lookup(1).unwrap();
        assert_eq!(found, "é".repeat(127));
    }
}
