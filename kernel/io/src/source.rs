//! The volume as `lamfat` reads it: bytes at a position, in a guarded way.
//!
//! `lamfat` 0.4 (rust-fatfs's unreleased 0.4 under another name) was chosen because it is the one crate for `no_std` that
//! reads all three kinds with long names. It does not expect a corrupt volume: it computes a cluster's place without looking
//! whether there is such a cluster, and follows a chain of clusters that runs in a circle for ever. So:
//!
//! * the boot sector is checked before the crate sees it ([`Geometry`](crate::geometry::Geometry));
//! * a position outside the volume is an error here, and a place that the crate computed wrongly within it reads as rubbish,
//!   which is what a corrupt directory means anyway; its arithmetic wraps in every profile (workspace `Cargo.toml`);
//! * a look through one directory may read so much and no more ([`Budget`]), which ends circles;
//! * of a file the crate tells the clusters, which are checked before they become runs (`locate`);
//! * writing is refused.
//!
//! The crate lives only as long as one open: its state is made anew each time and nothing of it stays.

use core::cell::Cell;

use lamfat::{IoBase, IoError, Read, Seek, SeekFrom, Write};

use crate::device::{BlockDevice, DeviceError, SECTOR};

/// What a look through one directory may read, in bytes: its 65536 entries of 32 bytes, and the entries of the allocation
/// table that chain its clusters.
const DIRECTORY_BUDGET: u32 = 3 << 20;

/// Bytes that may still be read.
pub struct Budget(Cell<u32>);

impl Budget {
    /// Enough for one directory.
    pub fn of_a_directory() -> Self {
        Self(Cell::new(DIRECTORY_BUDGET))
    }

    /// Makes it enough for one more directory.
    pub fn renew(&self) {
        self.0.set(DIRECTORY_BUDGET);
    }

    /// Makes it enough to follow a chain of `clusters` clusters twice.
    pub fn renew_for_chain(&self, clusters: u32) {
        const BYTES_OF_AN_ENTRY: u32 = 4;
        self.0.set(clusters.saturating_add(2).saturating_mul(2 * BYTES_OF_AN_ENTRY));
    }

    fn spend(&self, bytes: u32) -> Result<(), SourceError> {
        let left = self.0.get().checked_sub(bytes).ok_or(SourceError::OutOfBudget)?;
        self.0.set(left);
        Ok(())
    }
}

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceError {
    /// The device failed.
    Device(DeviceError),
    /// The position is outside the volume.
    OutOfVolume,
    /// The directory is endless.
    OutOfBudget,
    /// The volume is not written.
    ReadOnly,
}

impl IoError for SourceError {
    fn is_interrupted(&self) -> bool {
        false
    }

    fn new_unexpected_eof_error() -> Self {
        Self::OutOfVolume
    }

    fn new_write_zero_error() -> Self {
        Self::ReadOnly
    }
}

/// A position in the volume, and the sector it was read from last.
pub struct Source<'a, D> {
    device: &'a D,
    budget: &'a Budget,
    position: u64,
    cached: Option<u64>,
    sector: [u8; SECTOR as usize],
}

impl<'a, D: BlockDevice> Source<'a, D> {
    /// The volume on `device`, from its start.
    pub fn new(device: &'a D, budget: &'a Budget) -> Self {
        Self { device, budget, position: 0, cached: None, sector: [0; SECTOR as usize] }
    }

    fn load(&mut self, sector: u64) -> Result<(), SourceError> {
        if self.cached == Some(sector) {
            return Ok(());
        }
        if sector >= self.device.sectors() {
            return Err(SourceError::OutOfVolume);
        }
        self.cached = None;
        self.device.read(sector, &mut self.sector).map_err(SourceError::Device)?;
        self.cached = Some(sector);
        Ok(())
    }
}

impl<D> IoBase for Source<'_, D> {
    type Error = SourceError;
}

impl<D: BlockDevice> Read for Source<'_, D> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, SourceError> {
        if into.is_empty() {
            return Ok(0);
        }
        self.load(self.position / u64::from(SECTOR))?;
        let offset = (self.position % u64::from(SECTOR)) as usize;
        let length = into.len().min(self.sector.len() - offset);
        self.budget.spend(length as u32)?;
        into[..length].copy_from_slice(&self.sector[offset..offset + length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl<D: BlockDevice> Seek for Source<'_, D> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, SourceError> {
        let end = self.device.sectors().saturating_mul(u64::from(SECTOR));
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(distance) => self.position.checked_add_signed(distance),
            SeekFrom::End(distance) => end.checked_add_signed(distance),
        };
        self.position = position.filter(|position| *position <= end).ok_or(SourceError::OutOfVolume)?;
        Ok(self.position)
    }
}

impl<D> Write for Source<'_, D> {
    fn write(&mut self, _: &[u8]) -> Result<usize, SourceError> {
        Err(SourceError::ReadOnly)
    }

    /// Nothing is ever written, so nothing is left to write: the crate flushes what it has read, too.
    fn flush(&mut self) -> Result<(), SourceError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_volume::TestDisk;

    #[test]
    fn a_read_goes_to_the_end_of_a_sector_and_on_from_there() {
        let disk = TestDisk::new((0..1024u32).map(|n| (n / 4) as u8).collect());
        let budget = Budget::of_a_directory();
        let mut source = Source::new(&disk, &budget);
        source.seek(SeekFrom::Start(510)).unwrap();
        let mut bytes = [0; 4];
        assert_eq!(source.read(&mut bytes), Ok(2));
        source.seek(SeekFrom::Current(-2)).unwrap();
        source.read_exact(&mut bytes).unwrap();
        assert_eq!(bytes, [127, 127, 128, 128]);
    }

    #[test]
    fn nothing_is_read_outside_the_volume_and_nothing_written() {
        let disk = TestDisk::new(vec![0; 512]);
        let budget = Budget::of_a_directory();
        let mut source = Source::new(&disk, &budget);
        assert_eq!(source.seek(SeekFrom::Start(513)), Err(SourceError::OutOfVolume));
        assert_eq!(source.seek(SeekFrom::Current(-1)), Err(SourceError::OutOfVolume));
        assert_eq!(source.seek(SeekFrom::End(0)), Ok(512));
        assert_eq!(source.read(&mut [0]), Err(SourceError::OutOfVolume));
        assert_eq!(source.write(&[0]), Err(SourceError::ReadOnly));
    }

    #[test]
    fn a_budget_ends_reading() {
        let disk = TestDisk::new(vec![0; 512]);
        let budget = Budget::of_a_directory();
        budget.renew_for_chain(0);
        let mut source = Source::new(&disk, &budget);
        assert_eq!(source.read(&mut [0; 16]), Ok(16));
        assert_eq!(source.read(&mut [0]), Err(SourceError::OutOfBudget));
    }
}
