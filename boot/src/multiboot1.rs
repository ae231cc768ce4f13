//! The information of a Multiboot 1 loader (QEMU's `-kernel`). Every pointer in it is checked by reading through windows
//! with a length; nothing is believed about how its parts lie.
//!
//! Source: Multiboot Specification 0.6.96, section 3.3.

use mm::memory_map::{Region, RegionKind};

use crate::information::{BootError, BootInformation, LINE, NAME, PhysicalMemory, Text};

/// What EAX holds at entry.
pub(crate) const MAGIC: u32 = 0x2BAD_B002;

const HAS_COMMAND_LINE: u32 = 1 << 2;
const HAS_MODULES: u32 = 1 << 3;
const HAS_MEMORY_MAP: u32 = 1 << 6;

const HEADER: usize = 52;
const MODULE: usize = 16;
/// Bytes of memory map that are looked at.
const MAP_LIMIT: u32 = 0x1_0000;
const ENTRY: usize = 24;
const USABLE: u32 = 1;

/// Reads the information at physical address `at`.
pub(crate) fn read(at: u64, memory: &impl PhysicalMemory, information: &mut BootInformation) -> Result<(), BootError> {
    let mut header = [0; HEADER];
    memory.read(at, &mut header).ok_or(BootError::Corrupt("its address"))?;
    let flags = word(&header, 0);
    if flags & HAS_COMMAND_LINE != 0 {
        information.command_line = Text::new(&text::<_, LINE>(word(&header, 16), memory)?);
    }
    if flags & HAS_MODULES != 0 {
        read_modules(word(&header, 20), word(&header, 24), memory, information)?;
    }
    if flags & HAS_MEMORY_MAP != 0 {
        read_map(word(&header, 44), word(&header, 48), memory, information)?;
    }
    Ok(())
}

fn read_modules(
    count: u32,
    at: u32,
    memory: &impl PhysicalMemory,
    information: &mut BootInformation,
) -> Result<(), BootError> {
    for index in 0..u64::from(count) {
        let mut module = [0; MODULE];
        memory
            .read(u64::from(at) + index * MODULE as u64, &mut module)
            .ok_or(BootError::Corrupt("the list of modules"))?;
        let name = match word(&module, 8) {
            0 => [0; NAME],
            address => text::<_, NAME>(address, memory)?,
        };
        information.add_module(word(&module, 0), word(&module, 4), &name)?;
    }
    Ok(())
}

/// Entries say how long they are, without the word that says so.
fn read_map(
    length: u32,
    at: u32,
    memory: &impl PhysicalMemory,
    information: &mut BootInformation,
) -> Result<(), BootError> {
    const BROKEN: BootError = BootError::Corrupt("the memory map");
    if length > MAP_LIMIT {
        return Err(BROKEN);
    }
    let mut offset = 0;
    while offset + ENTRY as u32 <= length {
        let mut entry = [0; ENTRY];
        memory.read(u64::from(at) + u64::from(offset), &mut entry).ok_or(BROKEN)?;
        let size = word(&entry, 0);
        if !(ENTRY as u32 - 4..=MAP_LIMIT).contains(&size) {
            return Err(BROKEN);
        }
        information.add_region(Region {
            start: long(&entry, 4),
            length: long(&entry, 12),
            kind: if word(&entry, 20) == USABLE { RegionKind::Usable } else { RegionKind::Reserved },
        })?;
        offset += size + 4;
    }
    Ok(())
}

/// The bytes at `at`; text ends at the first NUL among them, if any. Memory may end earlier than `N` bytes on.
fn text<M: PhysicalMemory, const N: usize>(at: u32, memory: &M) -> Result<[u8; N], BootError> {
    let mut bytes = [0; N];
    memory.read(u64::from(at), &mut bytes).ok_or(BootError::Corrupt("a command line"))?;
    Ok(bytes)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from(word(bytes, at)) | u64::from(word(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Physical memory of 64 KB with the information at 1000.
    struct Memory(Vec<u8>);

    impl Memory {
        fn new(flags: u32) -> Self {
            let mut this = Self(vec![0; 0x1_0000]);
            this.put(0x1000, &[flags]);
            this
        }

        fn put(&mut self, at: usize, words: &[u32]) {
            for (index, word) in words.iter().enumerate() {
                self.0[at + index * 4..][..4].copy_from_slice(&word.to_le_bytes());
            }
        }

        fn read(&self) -> Result<BootInformation, BootError> {
            let mut information = BootInformation::new();
            read(0x1000, self, &mut information)?;
            Ok(information)
        }
    }

    impl PhysicalMemory for Memory {
        fn view<R>(&self, start: u64, length: u32, look: impl FnOnce(&[u8]) -> R) -> Option<R> {
            let start = usize::try_from(start).ok()?;
            Some(look(self.0.get(start..start.checked_add(length as usize)?)?))
        }
    }

    #[test]
    fn everything_in_its_place() {
        let mut memory = Memory::new(HAS_COMMAND_LINE | HAS_MODULES | HAS_MEMORY_MAP);
        memory.put(0x1010, &[0x2000, 1, 0x3000]);
        memory.put(0x102C, &[48, 0x4000]);
        memory.0[0x2000..0x2009].copy_from_slice(b"poweroff\0");
        memory.put(0x3000, &[0x20_0000, 0x20_0123, 0x2100]);
        memory.0[0x2100..0x2107].copy_from_slice(b"volume\0");
        memory.put(0x4000, &[20, 0, 1, 0x8000_0000, 0, 1, 20, 0xF000_0000, 0, 0x1000, 0, 2]);
        let information = memory.read().unwrap();
        assert_eq!(information.command_line.as_str(), "poweroff");
        assert_eq!(information.module("volume").unwrap().length, 0x123);
        assert_eq!(information.regions().len(), 2);
        assert_eq!(information.regions()[0].start, 0x1_0000_0000);
        assert_eq!(information.regions()[1].kind, RegionKind::Reserved);
    }

    #[test]
    fn what_is_not_there_is_not_missed() {
        let information = Memory::new(0).read().unwrap();
        assert_eq!((information.regions().len(), information.modules().len()), (0, 0));
    }

    #[test]
    fn broken_information_is_refused() {
        let broken = |flags, at, words: &[u32]| {
            let mut memory = Memory::new(flags);
            memory.put(at, words);
            memory.read().err()
        };
        let map = |words: &[u32]| broken(HAS_MEMORY_MAP, 0x102C, words);
        assert_eq!(map(&[u32::MAX, 0x4000]), Some(BootError::Corrupt("the memory map")));
        assert_eq!(map(&[24, 0xFFFF_FFF0]), Some(BootError::Corrupt("the memory map")));
        assert_eq!(map(&[24, 0x4000]), Some(BootError::Corrupt("the memory map")), "entries of no length");
        let modules = |words: &[u32]| broken(HAS_MODULES, 0x1014, words);
        assert_eq!(modules(&[1, 0xFFFF_FFF0]), Some(BootError::Corrupt("the list of modules")));
        assert_eq!(modules(&[u32::MAX, 0x3000]), Some(BootError::BadModule(0)));
        assert!(broken(HAS_COMMAND_LINE, 0x1010, &[0xFFFF_FFFF]).is_some());
    }
}
