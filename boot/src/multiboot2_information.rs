//! The information of a Multiboot 2 loader (GRUB), read by the `multiboot2` crate.
//!
//! Source: Multiboot2 Specification 2.0, section 3.6.

use mm::memory_map::{Region, RegionKind};
use multiboot2::{BootInformation as Loaded, BootInformationHeader, MemoryArea, MemoryAreaType};

use crate::information::{BootError, BootInformation, PhysicalMemory, Text};

/// Information larger than this is rubbish.
const LIMIT: u32 = 0x8_0000;
const SMALLEST: u32 = 16;

/// Reads the information at physical address `at`.
pub(crate) fn read(at: u64, memory: &impl PhysicalMemory, information: &mut BootInformation) -> Result<(), BootError> {
    const NOT_THERE: BootError = BootError::Corrupt("its address");
    let mut size = [0; 4];
    memory.read(at, &mut size).ok_or(NOT_THERE)?;
    let size = u32::from_le_bytes(size);
    if !at.is_multiple_of(8) || !(SMALLEST..=LIMIT).contains(&size) {
        return Err(BootError::Corrupt("its size"));
    }
    memory.view(at, size, |bytes| parse(bytes, information)).ok_or(NOT_THERE)?
}

fn parse(bytes: &[u8], information: &mut BootInformation) -> Result<(), BootError> {
    // SAFETY: the slice is as long as its first word says, aligned to eight bytes, and outlives `loaded`.
    let loaded = unsafe { Loaded::load(bytes.as_ptr().cast::<BootInformationHeader>()) };
    let loaded = loaded.map_err(|_| BootError::Corrupt("its tags"))?;
    if let Some(line) = loaded.command_line_tag() {
        let line = line.cmdline().map_err(|_| BootError::Corrupt("the command line"))?;
        information.command_line = Text::new(line.as_bytes());
    }
    for module in loaded.module_tags() {
        let line = module.cmdline().map_err(|_| BootError::Corrupt("a module's command line"))?;
        information.add_module(module.start_address(), module.end_address(), line.as_bytes())?;
    }
    let map = loaded.memory_map_tag().ok_or(BootError::NoMemoryMap)?;
    if map.entry_size() as usize != size_of::<MemoryArea>() {
        return Err(BootError::Corrupt("the memory map"));
    }
    for area in map.memory_areas() {
        let usable = area.typ() == MemoryAreaType::Available;
        let kind = if usable { RegionKind::Usable } else { RegionKind::Reserved };
        information.add_region(Region { start: area.start_address(), length: area.size(), kind })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: u64 = 0x1000;

    /// The information at 1000, as 64-bit words so that it is aligned.
    struct Memory(Vec<u64>);

    impl Memory {
        fn new(tags: &[&[u32]]) -> Self {
            let mut words = vec![0, 0];
            for tag in tags {
                words.extend_from_slice(tag);
                words.resize(words.len().next_multiple_of(2), 0);
            }
            words.extend_from_slice(&[0, 8]);
            words[0] = words.len() as u32 * 4;
            Self(words.chunks(2).map(|pair| u64::from(pair[0]) | u64::from(pair[1]) << 32).collect())
        }
    }

    impl PhysicalMemory for Memory {
        fn view<R>(&self, start: u64, length: u32, look: impl FnOnce(&[u8]) -> R) -> Option<R> {
            let aligned = self.0.as_slice();
            // SAFETY: the bytes of the words, which outlive the call.
            let all = unsafe { core::slice::from_raw_parts(aligned.as_ptr().cast::<u8>(), aligned.len() * 8) };
            all.get((start - AT) as usize..)?.get(..length as usize).map(look)
        }
    }

    fn read(at: u64, memory: &Memory) -> Result<BootInformation, BootError> {
        let mut information = BootInformation::new();
        super::read(at, memory, &mut information)?;
        Ok(information)
    }

    const MAP: &[u32] = &[6, 40, 24, 0, 0x10_0000, 0, 0x100_0000, 0, 1, 0];

    #[test]
    fn everything_in_its_place() {
        let line = [1, 12, u32::from_le_bytes(*b"ab\0\0")];
        let module = [3, 20, 0x20_0000, 0x20_1001, u32::from_le_bytes(*b"vol\0")];
        let information = read(AT, &Memory::new(&[&line, &module, MAP])).unwrap();
        assert_eq!(information.command_line.as_str(), "ab");
        assert_eq!(information.module("vol").unwrap().length, 0x1001);
        assert_eq!(information.regions().len(), 1);
        assert_eq!(information.regions()[0].length, 0x100_0000);
    }

    #[test]
    fn broken_information_is_refused() {
        assert_eq!(read(AT, &Memory::new(&[])).err(), Some(BootError::NoMemoryMap));
        assert_eq!(read(AT + 4, &Memory::new(&[MAP])).err(), Some(BootError::Corrupt("its size")));
        let mut endless = Memory::new(&[MAP]);
        endless.0[0] = u64::from(LIMIT + 8);
        assert_eq!(read(AT, &endless).err(), Some(BootError::Corrupt("its size")));
        let runs_over = [6, 4000, 24, 0];
        assert_eq!(read(AT, &Memory::new(&[&runs_over])).err(), Some(BootError::Corrupt("its tags")));
        let odd_entries = [6, 40, 20, 0, 0x10_0000, 0, 0x100_0000, 0, 1, 0];
        assert_eq!(read(AT, &Memory::new(&[&odd_entries])).err(), Some(BootError::Corrupt("the memory map")));
    }
}
