//! What a change of names writes, kept until all of it is known to go well.
//!
//! `lamfat` writes as it goes: on a volume that becomes full, or a disk that fails, it would leave half a name behind. Here its
//! sectors stand aside; [`Volume::change`](crate::volume::Volume) takes them over when the operation has succeeded, and
//! forgets them otherwise.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use mm::machine::Machine;

use crate::device::{BlockDevice, DeviceError, SECTOR};
use crate::geometry::Geometry;
use crate::source::Sectors;
use crate::volume::Volume;

/// A volume with changes that it does not have yet.
pub(crate) struct Transaction<'v, 'm, M, D> {
    volume: &'v Volume<'m, M, D>,
    changed: RefCell<BTreeMap<u64, Vec<u8>>>,
    keeps_tables: Cell<bool>,
    failed: Cell<Option<DeviceError>>,
    writes: Cell<usize>,
}

impl<'v, 'm, M: Machine, D: BlockDevice> Transaction<'v, 'm, M, D> {
    /// No changes to `volume` yet.
    pub fn new(volume: &'v Volume<'m, M, D>) -> Self {
        let changed = RefCell::new(BTreeMap::new());
        Self { volume, changed, keeps_tables: Cell::new(false), failed: Cell::new(None), writes: Cell::new(0) }
    }

    /// The volume.
    pub fn volume(&self) -> &'v Volume<'m, M, D> {
        self.volume
    }

    /// Does `work` without changing the tables: clusters that the crate frees stay in use, until the name that led to them is
    /// gone from the disk (`flush`).
    pub fn keeping_tables<T>(&self, work: impl FnOnce() -> T) -> T {
        self.keeps_tables.set(true);
        let result = work();
        self.keeps_tables.set(false);
        result
    }

    /// The changes, and whether the tables are among them; none if a read or write failed that the crate did not tell of.
    pub fn into_changes(self) -> Result<(BTreeMap<u64, Vec<u8>>, bool), DeviceError> {
        if let Some(error) = self.failed.get() {
            return Err(error);
        }
        let changed = self.changed.into_inner();
        let geometry = &self.volume.geometry;
        let tables = geometry.table_start / u64::from(SECTOR)..geometry.tables_end() / u64::from(SECTOR);
        let any = changed.range(tables).next().is_some();
        Ok((changed, any))
    }

    /// What `sector` holds so far.
    fn copy_of(&self, sector: u64) -> Result<Vec<u8>, DeviceError> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(SECTOR as usize).map_err(|_| DeviceError::NoMemory)?;
        bytes.resize(SECTOR as usize, 0);
        self.volume.read_sector(sector, 0, &mut bytes)?;
        Ok(bytes)
    }

    /// Sectors that only the volume itself writes: those with its flags and counts.
    fn is_kept(&self, sector: u64) -> bool {
        let Geometry { table_start, information_sector, .. } = self.volume.geometry;
        let at = sector * u64::from(SECTOR);
        let in_tables = (table_start..self.volume.geometry.tables_end()).contains(&at);
        sector == 0 || at == information_sector || in_tables && self.keeps_tables.get()
    }
}

impl<M: Machine, D: BlockDevice> Sectors for Transaction<'_, '_, M, D> {
    fn sectors(&self) -> u64 {
        self.volume.sectors()
    }

    fn read_sector(&self, sector: u64, offset: usize, into: &mut [u8]) -> Result<(), DeviceError> {
        if let Some(bytes) = self.changed.borrow().get(&sector) {
            into.copy_from_slice(&bytes[offset..offset + into.len()]);
            return Ok(());
        }
        self.volume.read_sector(sector, offset, into).inspect_err(|error| self.failed.set(Some(*error)))
    }

    fn version(&self) -> usize {
        self.writes.get()
    }

    fn write_sector(&self, sector: u64, offset: usize, from: &[u8]) -> Result<(), DeviceError> {
        self.writes.set(self.writes.get() + 1);
        if self.is_kept(sector) {
            return Ok(());
        }
        if !self.changed.borrow().contains_key(&sector) {
            let bytes = self.copy_of(sector).inspect_err(|error| self.failed.set(Some(*error)))?;
            self.changed.borrow_mut().insert(sector, bytes);
        }
        if let Some(bytes) = self.changed.borrow_mut().get_mut(&sector) {
            bytes[offset..offset + from.len()].copy_from_slice(from);
        }
        Ok(())
    }
}
