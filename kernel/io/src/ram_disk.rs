//! A disk in memory: the boot module that holds the volume. Its frames need not be mapped anywhere.

use core::ops::Range;

use mm::layout::{FrameNumber, PAGE_SIZE, PhysicalAddress};
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

impl<M: FrameBytes> RamDisk<M> {
    /// Calls `each` with the frames that hold the `length` bytes from the sector `first` on: frame, offset in it, and which of
    /// the bytes.
    fn each_part(
        &self,
        first: u64,
        length: usize,
        mut each: impl FnMut(FrameNumber, u32, Range<usize>),
    ) -> Result<(), DeviceError> {
        let count = (length as u64).div_ceil(u64::from(SECTOR));
        let end = first.checked_add(count).ok_or(DeviceError::OutOfRange)?;
        if end > self.sectors {
            return Err(DeviceError::OutOfRange);
        }
        let start = self.start.0 + first * u64::from(SECTOR);
        let mut done = 0;
        while done < length {
            let address = PhysicalAddress(start + done as u64);
            let offset = (address.0 % u64::from(PAGE_SIZE)) as u32;
            let step = (length - done).min((PAGE_SIZE - offset) as usize);
            each(address.frame(), offset, done..done + step);
            done += step;
        }
        Ok(())
    }
}

impl<M: FrameBytes> BlockDevice for RamDisk<M> {
    fn sectors(&self) -> u64 {
        self.sectors
    }

    fn read(&self, first: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        self.each_part(first, into.len(), |frame, offset, part| self.memory.read(frame, offset, &mut into[part]))
    }

    fn write(&self, first: u64, from: &[u8]) -> Result<(), DeviceError> {
        self.each_part(first, from.len(), |frame, offset, part| self.memory.write(frame, offset, &from[part]))
    }

    /// It does not outlive the power anyway.
    fn flush(&self) -> Result<(), DeviceError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        disk.write(0, &[9; 0x200]).unwrap();
        disk.read(0, &mut bytes).unwrap();
        assert_eq!((bytes[0], bytes[0x1FF], bytes[0x200]), (9, 9, 3), "a write reaches both frames and no more");
        assert_eq!(disk.write(2, &[9; 0x200]), Err(DeviceError::OutOfRange));
    }
}
