//! What a disk must do for a volume.

use mm::layout::{FrameNumber, PAGE_SIZE};
use mm::machine::FrameBytes;

/// Bytes of a device's sector.
pub const SECTOR: u32 = 512;

/// Why sectors could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceError {
    /// The medium failed.
    Medium,
    /// There are no such sectors.
    OutOfRange,
    /// The medium cannot be written.
    WriteProtected,
    /// There is no memory to put them into.
    NoMemory,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the disk to memory.
    Read,
    /// From memory to the disk.
    Write,
}

/// Part of a frame that takes part in a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The frame.
    pub frame: FrameNumber,
    /// Where in it, in bytes; a multiple of [`SECTOR`].
    pub offset: u32,
    /// How many bytes; a multiple of [`SECTOR`], and not past the frame's end.
    pub bytes: u32,
}

/// Something that holds sectors. Other threads may run while a call waits for the device.
pub trait BlockDevice {
    /// How many there are.
    fn sectors(&self) -> u64;

    /// Reads from the sector `first` on as many sectors as `into` holds; its length is a multiple of [`SECTOR`].
    ///
    /// # Errors
    /// [`DeviceError`]; what `into` holds then is undefined.
    fn read(&self, first: u64, into: &mut [u8]) -> Result<(), DeviceError>;

    /// Writes `from`, whose length is a multiple of [`SECTOR`], to the sectors from `first` on.
    ///
    /// # Errors
    /// [`DeviceError`]; some of the sectors may have been written.
    fn write(&self, first: u64, from: &[u8]) -> Result<(), DeviceError>;

    /// Moves the sectors from `first` on from or to the `pieces` of frames of `memory`, one behind the other. The caller holds
    /// the frames.
    ///
    /// # Errors
    /// [`DeviceError`]; some of it may have been moved.
    fn transfer(
        &self,
        memory: &impl FrameBytes,
        first: u64,
        direction: Direction,
        pieces: &[Piece],
    ) -> Result<(), DeviceError> {
        let mut sector = first;
        for piece in pieces {
            debug_assert!(piece.offset + piece.bytes <= PAGE_SIZE, "a piece lies within its frame");
            for offset in (piece.offset..piece.offset + piece.bytes).step_by(SECTOR as usize) {
                let mut bytes = [0; SECTOR as usize];
                match direction {
                    Direction::Read => {
                        self.read(sector, &mut bytes)?;
                        memory.write(piece.frame, offset, &bytes);
                    }
                    Direction::Write => {
                        memory.read(piece.frame, offset, &mut bytes);
                        self.write(sector, &bytes)?;
                    }
                }
                sector += 1;
            }
        }
        Ok(())
    }

    /// Returns when all that was written is safe from a loss of power.
    ///
    /// # Errors
    /// [`DeviceError::Medium`].
    fn flush(&self) -> Result<(), DeviceError>;
}

/// Somebody else's device.
impl<D: BlockDevice> BlockDevice for &D {
    fn sectors(&self) -> u64 {
        (**self).sectors()
    }

    fn read(&self, first: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        (**self).read(first, into)
    }

    fn write(&self, first: u64, from: &[u8]) -> Result<(), DeviceError> {
        (**self).write(first, from)
    }

    fn transfer(
        &self,
        memory: &impl FrameBytes,
        first: u64,
        direction: Direction,
        pieces: &[Piece],
    ) -> Result<(), DeviceError> {
        (**self).transfer(memory, first, direction, pieces)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        (**self).flush()
    }
}
