//! The volume's own sectors: boot sector, tables, directories. They are read and written here, and written to the device only
//! by a flush, which keeps an order that a loss of power cannot turn against the volume (`flush`).
//!
//! * **I5** Between flushes no sector of the volume's own reaches the device, but those that say that the volume is open.

use alloc::collections::BTreeMap;
use core::ops::Range;

use mm::machine::Machine;
use spin::Mutex;

use crate::device::{BlockDevice, DeviceError, SECTOR};
use crate::source::{SectorBytes, Sectors};
use crate::volume::Volume;

/// Sectors kept at most beyond those that wait to be written.
const MOST_CLEAN: usize = 256;

/// A sector in memory.
struct Kept {
    bytes: SectorBytes,
    is_dirty: bool,
}

/// Sectors that have been read or written.
pub(crate) struct Metadata(Mutex<BTreeMap<u64, Kept>>);

impl Metadata {
    pub fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    fn get(&self, sector: u64) -> Option<SectorBytes> {
        self.0.lock().get(&sector).map(|kept| kept.bytes)
    }

    fn keep(&self, sector: u64, bytes: SectorBytes, is_dirty: bool) {
        let mut sectors = self.0.lock();
        if sectors.len() >= MOST_CLEAN {
            sectors.retain(|_, kept| kept.is_dirty);
        }
        sectors.insert(sector, Kept { bytes, is_dirty });
    }

    /// The first sector of `range` that waits to be written.
    fn first_dirty(&self, range: Range<u64>) -> Option<(u64, SectorBytes)> {
        let sectors = self.0.lock();
        sectors.range(range).find(|(_, kept)| kept.is_dirty).map(|(sector, kept)| (*sector, kept.bytes))
    }

    fn set_clean(&self, sector: u64) {
        if let Some(kept) = self.0.lock().get_mut(&sector) {
            kept.is_dirty = false;
        }
    }
}

impl<M: Machine, D: BlockDevice> Sectors for Volume<'_, M, D> {
    fn sectors(&self) -> u64 {
        self.device.sectors()
    }

    fn read_sector(&self, sector: u64) -> Result<SectorBytes, DeviceError> {
        if let Some(bytes) = self.metadata.get(sector) {
            return Ok(bytes);
        }
        let mut bytes = [0; SECTOR as usize];
        self.device.read(sector, &mut bytes)?;
        self.metadata.keep(sector, bytes, false);
        Ok(bytes)
    }

    fn write_sector(&self, sector: u64, bytes: &SectorBytes) -> Result<(), DeviceError> {
        if sector >= self.device.sectors() {
            return Err(DeviceError::OutOfRange);
        }
        self.metadata.keep(sector, *bytes, true);
        Ok(())
    }
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Writes the sectors of `range` to the device that wait for it; whether there were any.
    pub(crate) fn write_out(&self, range: Range<u64>) -> Result<bool, DeviceError> {
        let (mut from, mut any) = (range.start, false);
        while let Some((sector, bytes)) = self.metadata.first_dirty(from..range.end) {
            // First, so that what is written to it meanwhile counts.
            self.metadata.set_clean(sector);
            if let Err(error) = self.device.write(sector, &bytes) {
                self.metadata.keep(sector, bytes, true);
                return Err(error);
            }
            (from, any) = (sector + 1, true);
        }
        Ok(any)
    }
}
