//! The volume as `lamfat` reads and writes it: bytes at a position, in a guarded way.
//!
//! `lamfat` 0.4 (rust-fatfs's unreleased 0.4 under another name) was chosen because it is the one crate for `no_std` that
//! knows all three kinds with long names. It does not expect a corrupt volume: it computes a cluster's place without looking
//! whether there is such a cluster, and follows a chain of clusters that runs in a circle for ever. So:
//!
//! * the boot sector is checked before the crate sees it ([`Geometry`](crate::geometry::Geometry));
//! * a position outside the volume is an error here, and a place that the crate computed wrongly within it reads as rubbish,
//!   which is what a corrupt directory means anyway; its arithmetic wraps in every profile (workspace `Cargo.toml`);
//! * a look through one directory may read so much and no more ([`Budget`]), which ends circles;
//! * it never sees a file's data, nor its clusters: those are checked before they become runs (`chain`);
//! * what it writes goes to a [`Transaction`](crate::transaction), and to the volume only if all went well.
//!
//! The crate lives only as long as one operation: its state is made anew each time and nothing of it stays.

use alloc::vec::Vec;
use core::cell::Cell;

use abi::status::NtStatus;
use lamfat::{IoBase, IoError, Read, Seek, SeekFrom, Write};

use crate::device::{DeviceError, SECTOR};

/// What a look through one directory may read, in bytes: its 65536 entries of 32 bytes, and the entries of the allocation
/// table that chain its clusters.
const DIRECTORY_BUDGET: u32 = 3 << 20;

/// Sectors that can be read and written.
pub trait Sectors {
    /// How many there are.
    fn sectors(&self) -> u64;

    /// Reads one, from the byte `offset` on, as much as `into` holds.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn read_sector(&self, sector: u64, offset: usize, into: &mut [u8]) -> Result<(), DeviceError>;

    /// Writes one, from the byte `offset` on.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn write_sector(&self, sector: u64, offset: usize, from: &[u8]) -> Result<(), DeviceError>;

    /// Changes whenever a sector does, where they can be written past a [`Source`].
    fn version(&self) -> usize {
        0
    }

    /// Reads the bytes from `at` on.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn read_bytes(&self, at: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        let mut done = 0;
        while done < into.len() {
            let (sector, offset) = place(at + done as u64);
            let step = (into.len() - done).min(SECTOR as usize - offset);
            self.read_sector(sector, offset, &mut into[done..done + step])?;
            done += step;
        }
        Ok(())
    }

    /// Writes the bytes from `at` on.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn write_bytes(&self, at: u64, from: &[u8]) -> Result<(), DeviceError> {
        let mut done = 0;
        while done < from.len() {
            let (sector, offset) = place(at + done as u64);
            let step = (from.len() - done).min(SECTOR as usize - offset);
            self.write_sector(sector, offset, &from[done..done + step])?;
            done += step;
        }
        Ok(())
    }
}

/// The sector that holds the byte `at`, and where in it.
fn place(at: u64) -> (u64, usize) {
    (at / u64::from(SECTOR), (at % u64::from(SECTOR)) as usize)
}

/// Entries of directories that are remembered: those of the longest name, and what is read between them.
const REMEMBERED: usize = 32;
/// Bytes of a directory entry.
const ENTRY: u64 = 32;

/// Bytes that may still be read, and what was read last.
pub struct Budget {
    left: Cell<u32>,
    ended: Cell<u64>,
    /// Where the reads ended last that may have ended with a directory entry; the oldest is replaced next.
    recent: [Cell<u64>; REMEMBERED],
    next: Cell<usize>,
}

impl Budget {
    /// Enough for one directory.
    pub fn of_a_directory() -> Self {
        let recent = [const { Cell::new(0) }; REMEMBERED];
        Self { left: Cell::new(DIRECTORY_BUDGET), ended: Cell::new(0), recent, next: Cell::new(0) }
    }

    /// Makes it enough for one more directory.
    pub fn renew(&self) {
        self.left.set(DIRECTORY_BUDGET);
    }

    /// Makes it enough for a directory, and to go through the table of `clusters` clusters four times.
    pub fn renew_with_table(&self, clusters: u32) {
        const BYTES_OF_AN_ENTRY: u32 = 4;
        self.left
            .set(clusters.saturating_add(2).saturating_mul(4 * BYTES_OF_AN_ENTRY).saturating_add(4 * DIRECTORY_BUDGET));
    }

    /// Where the last read ended, in bytes from the volume's start: just past the directory entry that was looked at last.
    pub fn ended(&self) -> u64 {
        self.ended.get()
    }

    /// The directory entries read before the last one, latest first, where those below `from` are something else. All
    /// positions are in bytes from the volume's start.
    pub fn entries_before(&self, from: u64) -> impl Iterator<Item = u64> + '_ {
        let places = (1..=REMEMBERED).map(|back| (self.next.get() + REMEMBERED - back) % REMEMBERED);
        let entries = places.map(|place| self.recent[place].get()).filter(move |ended| *ended > from);
        entries.map(|ended| ended - ENTRY).skip(1)
    }

    fn note(&self, ended: u64) {
        self.ended.set(ended);
        if ended.is_multiple_of(ENTRY) {
            self.recent[self.next.get()].set(ended);
            self.next.set((self.next.get() + 1) % REMEMBERED);
        }
    }

    fn spend(&self, bytes: u32) -> Result<(), SourceError> {
        let left = self.left.get().checked_sub(bytes).ok_or(SourceError::OutOfBudget)?;
        self.left.set(left);
        Ok(())
    }
}

/// Why bytes could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceError {
    /// The device failed.
    Device(DeviceError),
    /// The position is outside the volume.
    OutOfVolume,
    /// The directory is endless.
    OutOfBudget,
}

impl IoError for SourceError {
    fn is_interrupted(&self) -> bool {
        false
    }

    fn new_unexpected_eof_error() -> Self {
        Self::OutOfVolume
    }

    fn new_write_zero_error() -> Self {
        Self::OutOfVolume
    }
}

/// A position in the volume, and the sector it was read from last.
pub struct Source<'a, S> {
    sectors: &'a S,
    budget: &'a Budget,
    position: u64,
    /// Which sector, and which version.
    cached: Option<(u64, usize)>,
    /// Its bytes; not on the stack, through which the crate moves this.
    sector: Vec<u8>,
}

impl<'a, S: Sectors> Source<'a, S> {
    /// The volume whose sectors are `sectors`, from its start.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES.
    pub fn new(sectors: &'a S, budget: &'a Budget) -> Result<Self, NtStatus> {
        let mut sector = Vec::new();
        sector.try_reserve_exact(SECTOR as usize).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        sector.resize(SECTOR as usize, 0);
        Ok(Self { sectors, budget, position: 0, cached: None, sector })
    }

    fn load(&mut self, sector: u64) -> Result<(), SourceError> {
        let wanted = Some((sector, self.sectors.version()));
        if self.cached == wanted {
            return Ok(());
        }
        if sector >= self.sectors.sectors() {
            return Err(SourceError::OutOfVolume);
        }
        self.cached = None;
        self.sectors.read_sector(sector, 0, &mut self.sector).map_err(SourceError::Device)?;
        self.cached = wanted;
        Ok(())
    }

    /// Readies the sector at the position for `length` bytes: how many of them are in it, and where.
    fn step(&mut self, length: usize) -> Result<(u64, usize, usize), SourceError> {
        let (sector, offset) = place(self.position);
        self.load(sector)?;
        let step = length.min(self.sector.len() - offset);
        self.budget.spend(step as u32)?;
        self.position += step as u64;
        Ok((sector, offset, step))
    }
}

impl<S> IoBase for Source<'_, S> {
    type Error = SourceError;
}

impl<S: Sectors> Read for Source<'_, S> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, SourceError> {
        if into.is_empty() {
            return Ok(0);
        }
        let (_, offset, step) = self.step(into.len())?;
        into[..step].copy_from_slice(&self.sector[offset..offset + step]);
        self.budget.note(self.position);
        Ok(step)
    }
}

impl<S: Sectors> Seek for Source<'_, S> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, SourceError> {
        let end = self.sectors.sectors().saturating_mul(u64::from(SECTOR));
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(distance) => self.position.checked_add_signed(distance),
            SeekFrom::End(distance) => end.checked_add_signed(distance),
        };
        self.position = position.filter(|position| *position <= end).ok_or(SourceError::OutOfVolume)?;
        Ok(self.position)
    }
}

impl<S: Sectors> Write for Source<'_, S> {
    fn write(&mut self, from: &[u8]) -> Result<usize, SourceError> {
        if from.is_empty() {
            return Ok(0);
        }
        let (sector, offset, step) = self.step(from.len())?;
        // It may be swallowed.
        self.cached = None;
        self.sectors.write_sector(sector, offset, &from[..step]).map_err(SourceError::Device)?;
        Ok(step)
    }

    /// Nothing is kept here that would have to be written.
    fn flush(&mut self) -> Result<(), SourceError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::BlockDevice;
    use crate::test_volume::TestDisk;

    impl Sectors for TestDisk {
        fn sectors(&self) -> u64 {
            BlockDevice::sectors(self)
        }

        fn read_sector(&self, sector: u64, offset: usize, into: &mut [u8]) -> Result<(), DeviceError> {
            let mut bytes = [0; SECTOR as usize];
            self.read(sector, &mut bytes)?;
            into.copy_from_slice(&bytes[offset..offset + into.len()]);
            Ok(())
        }

        fn write_sector(&self, sector: u64, offset: usize, from: &[u8]) -> Result<(), DeviceError> {
            let mut bytes = [0; SECTOR as usize];
            self.read(sector, &mut bytes)?;
            bytes[offset..offset + from.len()].copy_from_slice(from);
            self.write(sector, &bytes)
        }
    }

    #[test]
    fn a_read_goes_to_the_end_of_a_sector_and_on_from_there() {
        let disk = TestDisk::new((0..1024u32).map(|n| (n / 4) as u8).collect());
        let budget = Budget::of_a_directory();
        let mut source = Source::new(&disk, &budget).unwrap();
        source.seek(SeekFrom::Start(510)).unwrap();
        let mut bytes = [0; 4];
        assert_eq!(source.read(&mut bytes), Ok(2));
        source.seek(SeekFrom::Current(-2)).unwrap();
        source.read_exact(&mut bytes).unwrap();
        assert_eq!(bytes, [127, 127, 128, 128]);
        assert_eq!(budget.ended(), 514);
    }

    #[test]
    fn a_write_keeps_what_stands_beside_it() {
        let disk = TestDisk::new(vec![1; 1536]);
        let budget = Budget::of_a_directory();
        let mut source = Source::new(&disk, &budget).unwrap();
        source.seek(SeekFrom::Start(510)).unwrap();
        source.write_all(&[2; 600]).unwrap();
        let bytes = disk.bytes.borrow();
        assert_eq!((bytes[509], bytes[510], bytes[1109], bytes[1110]), (1, 2, 2, 1));
        drop(bytes);
        let (mut read, expected) = ([0; 700], 600 + 100);
        disk.read_bytes(500, &mut read).unwrap();
        assert_eq!(read.iter().filter(|byte| **byte == 2).count(), 600);
        disk.write_bytes(500, &[3; 700]).unwrap();
        assert_eq!(disk.bytes.borrow().iter().filter(|byte| **byte == 3).count(), expected);
    }

    #[test]
    fn nothing_is_read_or_written_outside_the_volume() {
        let disk = TestDisk::new(vec![0; 512]);
        let budget = Budget::of_a_directory();
        let mut source = Source::new(&disk, &budget).unwrap();
        assert_eq!(source.seek(SeekFrom::Start(513)), Err(SourceError::OutOfVolume));
        assert_eq!(source.seek(SeekFrom::Current(-1)), Err(SourceError::OutOfVolume));
        assert_eq!(source.seek(SeekFrom::End(0)), Ok(512));
        assert_eq!(source.read(&mut [0]), Err(SourceError::OutOfVolume));
        assert_eq!(source.write(&[0]), Err(SourceError::OutOfVolume));
    }

    #[test]
    fn a_budget_ends_reading() {
        let disk = TestDisk::new(vec![0; 512 * 20]);
        let budget = Budget::of_a_directory();
        let mut source = Source::new(&disk, &budget).unwrap();
        let mut read = 0;
        let error = loop {
            source.seek(SeekFrom::Start(0)).unwrap();
            match source.read(&mut [0; 512]) {
                Ok(length) => read += length,
                Err(error) => break error,
            }
        };
        assert_eq!((error, read), (SourceError::OutOfBudget, DIRECTORY_BUDGET as usize));
        budget.renew();
        assert!(source.read(&mut [0; 512]).is_ok());
    }
}
