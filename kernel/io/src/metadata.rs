//! The volume's own sectors: boot sector, tables, directories. They are read and written here, and written to the device only
//! by a flush, which keeps an order that a loss of power cannot turn against the volume (`flush`).
//!
//! * **I5** Between flushes no sector of the volume's own reaches the device, but those that say that the volume is open.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use mm::machine::Machine;
use spin::Mutex;

use crate::device::{BlockDevice, DeviceError, SECTOR};
use crate::source::Sectors;
use crate::volume::Volume;

/// Sectors kept at most beyond those that wait to be written.
const MOST_CLEAN: usize = 256;

/// A sector in memory.
struct Kept {
    bytes: Vec<u8>,
    is_dirty: bool,
}

/// Sectors that have been read or written.
pub(crate) struct Metadata(Mutex<BTreeMap<u64, Kept>>);

impl Metadata {
    pub fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Copies from a sector that is kept; whether it is.
    fn read(&self, sector: u64, offset: usize, into: &mut [u8]) -> bool {
        let sectors = self.0.lock();
        let kept = sectors.get(&sector);
        if let Some(kept) = kept {
            into.copy_from_slice(&kept.bytes[offset..offset + into.len()]);
        }
        kept.is_some()
    }

    /// Copies to a sector that is kept, which then waits to be written; whether it is.
    fn write(&self, sector: u64, offset: usize, from: &[u8]) -> bool {
        let mut sectors = self.0.lock();
        let kept = sectors.get_mut(&sector);
        let is_kept = kept.is_some();
        if let Some(kept) = kept {
            kept.bytes[offset..offset + from.len()].copy_from_slice(from);
            kept.is_dirty = true;
        }
        is_kept
    }

    fn keep(&self, sector: u64, bytes: Vec<u8>) {
        let mut sectors = self.0.lock();
        if sectors.len() >= MOST_CLEAN {
            sectors.retain(|_, kept| kept.is_dirty);
        }
        sectors.insert(sector, Kept { bytes, is_dirty: false });
    }

    /// The first sector of `range` that waits to be written.
    fn first_dirty(&self, range: Range<u64>) -> Option<(u64, Vec<u8>)> {
        let sectors = self.0.lock();
        sectors.range(range).find(|(_, kept)| kept.is_dirty).map(|(sector, kept)| (*sector, kept.bytes.clone()))
    }

    fn set_dirty(&self, sector: u64, is_dirty: bool) {
        if let Some(kept) = self.0.lock().get_mut(&sector) {
            kept.is_dirty = is_dirty;
        }
    }
}

impl<M: Machine, D: BlockDevice> Sectors for Volume<'_, M, D> {
    fn sectors(&self) -> u64 {
        self.device.sectors()
    }

    fn read_sector(&self, sector: u64, offset: usize, into: &mut [u8]) -> Result<(), DeviceError> {
        if !self.metadata.read(sector, offset, into) {
            self.load_sector(sector)?;
            self.metadata.read(sector, offset, into);
        }
        Ok(())
    }

    fn write_sector(&self, sector: u64, offset: usize, from: &[u8]) -> Result<(), DeviceError> {
        if !self.metadata.write(sector, offset, from) {
            self.load_sector(sector)?;
            self.metadata.write(sector, offset, from);
        }
        Ok(())
    }
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    fn load_sector(&self, sector: u64) -> Result<(), DeviceError> {
        let mut bytes = vec![0; SECTOR as usize];
        self.device.read(sector, &mut bytes)?;
        self.metadata.keep(sector, bytes);
        Ok(())
    }

    /// Writes the sectors of `range` to the device that wait for it; whether there were any.
    pub(crate) fn write_out(&self, range: Range<u64>) -> Result<bool, DeviceError> {
        let (mut from, mut any) = (range.start, false);
        while let Some((sector, bytes)) = self.metadata.first_dirty(from..range.end) {
            // First, so that what is written to it meanwhile counts.
            self.metadata.set_dirty(sector, false);
            self.device.write(sector, &bytes).inspect_err(|_| self.metadata.set_dirty(sector, true))?;
            (from, any) = (sector + 1, true);
        }
        Ok(any)
    }
}
