//! A disk in memory: the boot module that holds the volume. Its frames need not be mapped anywhere.

use mm::layout::{PAGE_SIZE, PhysicalAddress};
use mm::machine::FrameBytes;

use crate::device::{BlockDevice, DeviceError, SECTOR};

/// Consecutive physical memory as a disk.
pub struct RamDisk<M> {
    memory: M,
    start: PhysicalAddress,
    sectors: u64,
}

impl<M: FrameBytes> RamDisk<M> {
    /// The disk in the `bytes` bytes of `memory` from `start` on; what does not fill a sector at the end is not part of it.
    pub fn new(memory: M, start: PhysicalAddress, bytes: u64) -> Self {
        Self { memory, start, sectors: bytes / u64::from(SECTOR) }
    }
}

impl<M: FrameBytes> BlockDevice for RamDisk<M> {
    fn sectors(&self) -> u64 {
        self.sectors
    }

    fn read(&self, first: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        let count = (into.len() as u64).div_ceil(u64::from(SECTOR));
        let end = first.checked_add(count).ok_or(DeviceError::OutOfRange)?;
        if end > self.sectors {
            return Err(DeviceError::OutOfRange);
        }
        let mut address = self.start.0 + first * u64::from(SECTOR);
        let mut rest = into;
        while !rest.is_empty() {
            let offset = (address % u64::from(PAGE_SIZE)) as u32;
            let length = rest.len().min((PAGE_SIZE - offset) as usize);
            let (piece, later) = rest.split_at_mut(length);
            self.memory.read(PhysicalAddress(address).frame(), offset, piece);
            address += length as u64;
            rest = later;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm::layout::FrameNumber;
    use model::machine::SoftwareMachine;

    #[test]
    fn sectors_are_read_across_frames_and_not_past_the_end() {
        let machine = SoftwareMachine::new(8);
        // The disk starts 100h bytes before a frame's end: its first sector lies in two frames.
        machine.write(FrameNumber(2), 0xF00, &[1; 0x100]);
        machine.write(FrameNumber(3), 0, &[2; 0x100]);
        machine.write(FrameNumber(3), 0x100, &[3; 0x200]);
        let disk = RamDisk::new(machine, PhysicalAddress(0x2F00), 0x400 + 0x1FF);
        assert_eq!(disk.sectors(), 2);
        let mut bytes = [0; 0x400];
        disk.read(0, &mut bytes).unwrap();
        assert_eq!((bytes[0xFF], bytes[0x100], bytes[0x1FF], bytes[0x200]), (1, 2, 2, 3));
        assert_eq!(disk.read(1, &mut bytes), Err(DeviceError::OutOfRange));
        assert_eq!(
            disk.read(1, &mut bytes[..0x201]),
            Err(DeviceError::OutOfRange),
            "part of a sector that is not there"
        );
        assert_eq!(disk.read(u64::MAX, &mut bytes), Err(DeviceError::OutOfRange));
    }
}
