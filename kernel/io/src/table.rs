//! The allocation table: which cluster follows which, and which are free.
//!
//! `lamfat` allocates for directories; the clusters of files are taken and given back here, because the crate can only extend a
//! file by writing its data, walks the whole chain each time, frees before the name is gone, and leaves half of it done when
//! the volume is full.
//!
//! Source: Microsoft, "FAT: General Overview of On-Disk Format", 1.03.

use core::ops::ControlFlow;

use abi::status::NtStatus;
use mm::machine::Machine;

use crate::device::{BlockDevice, SECTOR};
use crate::geometry::{FIRST_CLUSTER, FatKind};
use crate::source::Sectors;
use crate::volume::Volume;

/// What the table says of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableEntry {
    Free,
    Next(u32),
    End,
    /// Bad, or no number of a cluster.
    Unusable,
}

/// Consecutive clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClusterRun {
    pub first: u32,
    pub count: u32,
}

/// The bits that say a cluster is free: none.
const FREE: u32 = 0;
/// The last cluster of a file, cut to the width of an entry.
const END: u32 = 0x0FFF_FFFF;
/// Bits of an entry of FAT32 that are not part of it.
const RESERVED_BITS: u32 = 0xF000_0000;
/// The number of free clusters is not known.
pub(crate) const UNKNOWN: u32 = u32::MAX;
/// Bytes of the table looked through at once: whole entries of each kind.
const CHUNK: usize = 3 * 128;
/// Entries changed at once: they fit a chunk.
const AT_ONCE: u32 = CHUNK as u32 / 4;

/// Entries of the table that were read together.
pub(crate) struct Window {
    first: u32,
    count: u32,
    bytes: [u8; CHUNK],
}

impl Window {
    /// None yet.
    pub const EMPTY: Self = Self { first: 0, count: 0, bytes: [0; CHUNK] };
}

impl FatKind {
    /// The lowest value that ends a chain.
    const fn end_of_chain(self) -> u32 {
        match self {
            Self::Fat12 => 0xFF8,
            Self::Fat16 => 0xFFF8,
            Self::Fat32 => 0x0FFF_FFF8,
        }
    }

    const fn bits(self) -> u32 {
        match self {
            Self::Fat12 => 12,
            Self::Fat16 => 16,
            Self::Fat32 => 32,
        }
    }

    /// Where in a table the entry of `cluster` begins, in bytes.
    fn offset_of(self, cluster: u32) -> u64 {
        u64::from(cluster) * u64::from(self.bits()) / 8
    }

    /// Bytes that hold an entry.
    const fn width(self) -> usize {
        if matches!(self, Self::Fat32) { 4 } else { 2 }
    }

    /// Bytes that hold the entries of the `count` (1 or more) clusters from `first` on.
    fn span(self, first: u32, count: u32) -> usize {
        (self.offset_of(first + count - 1) - self.offset_of(first)) as usize + self.width()
    }

    /// The entry of `cluster` in the bytes from where it begins.
    fn extract(self, cluster: u32, bytes: &[u8]) -> u32 {
        let pair = u32::from(bytes[0]) | u32::from(bytes[1]) << 8;
        match self {
            Self::Fat12 if cluster & 1 == 0 => pair & 0xFFF,
            Self::Fat12 => pair >> 4,
            Self::Fat16 => pair,
            Self::Fat32 => (pair | u32::from(bytes[2]) << 16 | u32::from(bytes[3]) << 24) & !RESERVED_BITS,
        }
    }

    /// Replaces the entry of `cluster` in the bytes from where it begins, and no bit beside it.
    fn replace(self, cluster: u32, value: u32, bytes: &mut [u8; 4]) {
        let old = u32::from_le_bytes(*bytes);
        let (mask, shift) = match self {
            Self::Fat12 => (0xFFF, 4 * (cluster & 1)),
            Self::Fat16 => (0xFFFF, 0),
            Self::Fat32 => (!RESERVED_BITS, 0),
        };
        *bytes = (old & !(mask << shift) | (value & mask) << shift).to_le_bytes();
    }
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// What the table says of `cluster`.
    pub(crate) fn table_entry(&self, cluster: u32) -> Result<TableEntry, NtStatus> {
        if !self.geometry.has_cluster(cluster) {
            return Err(NtStatus::FILE_CORRUPT_ERROR);
        }
        Ok(self.meaning(self.raw_entry(cluster)?))
    }

    fn meaning(&self, value: u32) -> TableEntry {
        match value {
            FREE => TableEntry::Free,
            _ if value >= self.geometry.kind.end_of_chain() => TableEntry::End,
            _ if self.geometry.has_cluster(value) => TableEntry::Next(value),
            _ => TableEntry::Unusable,
        }
    }

    /// The same by way of `window`, which follows a chain faster.
    pub(crate) fn table_entry_by(&self, cluster: u32, window: &mut Window) -> Result<TableEntry, NtStatus> {
        if !self.geometry.has_cluster(cluster) {
            return Err(NtStatus::FILE_CORRUPT_ERROR);
        }
        let kind = self.geometry.kind;
        if cluster.wrapping_sub(window.first) >= window.count {
            let end = self.geometry.clusters + FIRST_CLUSTER;
            (window.first, window.count) = (cluster, (end - cluster).min(AT_ONCE));
            let length = kind.span(cluster, window.count);
            self.read_bytes(self.geometry.table_start + kind.offset_of(cluster), &mut window.bytes[..length])
                .inspect_err(|_| window.count = 0)?;
        }
        let offset = (kind.offset_of(cluster) - kind.offset_of(window.first)) as usize;
        Ok(self.meaning(kind.extract(cluster, &window.bytes[offset..])))
    }

    fn raw_entry(&self, cluster: u32) -> Result<u32, NtStatus> {
        let kind = self.geometry.kind;
        let mut bytes = [0; 4];
        self.read_bytes(self.geometry.table_start + kind.offset_of(cluster), &mut bytes[..kind.width()])?;
        Ok(kind.extract(cluster, &bytes))
    }

    /// Changes the entry of `cluster` in all tables, or in none: `value`, cut to an entry's width.
    fn set_raw_entry(&self, cluster: u32, value: u32) -> Result<(), NtStatus> {
        self.set_entries(ClusterRun { first: cluster, count: 1 }, |_| value).map_err(|(_, status)| status)
    }

    /// Makes `next` the cluster that follows `cluster`.
    pub(crate) fn link_cluster(&self, cluster: u32, next: u32) -> Result<(), NtStatus> {
        self.set_raw_entry(cluster, next)
    }

    /// Makes `cluster` the last of its chain.
    pub(crate) fn end_chain(&self, cluster: u32) -> Result<(), NtStatus> {
        self.set_raw_entry(cluster, END)
    }

    /// Chains the free clusters of `run`.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES, DEVICE_DATA_ERROR: they are free.
    pub(crate) fn chain_run(&self, run: ClusterRun) -> Result<(), NtStatus> {
        let last = run.first + run.count - 1;
        let chained = self.set_entries(run, |cluster| if cluster == last { END } else { cluster + 1 });
        chained.map_err(|(left, status)| {
            self.clear_entries(ClusterRun { first: run.first + left, count: run.count - left });
            status
        })?;
        self.count_free_clusters(|free| free.saturating_sub(run.count));
        self.next_free.set(last + 1);
        Ok(())
    }

    /// Frees the clusters of `run`, which were chained since the last flush.
    pub(crate) fn unchain_run(&self, run: ClusterRun) {
        self.clear_entries(run);
        self.count_free_clusters(|free| free + run.count);
    }

    /// Makes the entries of `run` free, which were changed since the last flush: so their sectors are in memory, and nothing can be lacking.
    fn clear_entries(&self, run: ClusterRun) {
        let cleared = pieces(run).try_for_each(|piece| self.write_entries(piece, |_| FREE));
        debug_assert_eq!(cleared, Ok(()), "what is to be written is in memory");
    }

    /// Frees the clusters of `run`.
    ///
    /// # Errors
    /// How many of them, from the first on, are not free, and why: INSUFFICIENT_RESOURCES, DEVICE_DATA_ERROR.
    pub(crate) fn free_run(&self, run: ClusterRun) -> Result<(), (u32, NtStatus)> {
        let freed = self.set_entries(run, |_| FREE);
        self.count_free_clusters(|free| free + run.count - freed.map_or_else(|(left, _)| left, |()| 0));
        freed
    }

    /// Changes the entries of `run` in all tables to what `value` gives, cut to an entry's width, from the last to the first.
    ///
    /// # Errors
    /// How many of them, from the first on, are as they were in each table, and why.
    fn set_entries(&self, run: ClusterRun, value: impl Fn(u32) -> u32) -> Result<(), (u32, NtStatus)> {
        pieces(run).try_for_each(|piece| {
            let change = || {
                let _held = self.hold_sectors(self.sectors_of_entries(piece))?;
                self.write_entries(piece, &value)
            };
            change().map_err(|status| (piece.first + piece.count - run.first, status))
        })
    }

    /// The sectors in which the entries of `run` are, in each table.
    fn sectors_of_entries(&self, run: ClusterRun) -> impl Iterator<Item = u64> + Clone {
        let length = self.geometry.kind.span(run.first, run.count) as u64;
        self.places_of_entry(run.first)
            .flat_map(move |at| at / u64::from(SECTOR)..(at + length).div_ceil(u64::from(SECTOR)))
    }

    /// Where the entry of `cluster` begins in each table, in bytes of the volume.
    fn places_of_entry(&self, cluster: u32) -> impl Iterator<Item = u64> + Clone {
        let (first, size) =
            (self.geometry.table_start + self.geometry.kind.offset_of(cluster), self.geometry.table_size);
        (0..u64::from(self.geometry.tables)).map(move |table| first + table * size)
    }

    /// Changes the entries of `run`, at most [`AT_ONCE`], in all tables to what `value` gives.
    fn write_entries(&self, run: ClusterRun, value: impl Fn(u32) -> u32) -> Result<(), NtStatus> {
        let kind = self.geometry.kind;
        let length = kind.span(run.first, run.count);
        for at in self.places_of_entry(run.first) {
            // An entry is changed as four bytes: the last may have fewer.
            let mut bytes = [0; CHUNK + 4];
            self.read_bytes(at, &mut bytes[..length])?;
            for cluster in run.first..run.first + run.count {
                let offset = (kind.offset_of(cluster) - kind.offset_of(run.first)) as usize;
                if let Some(entry) = bytes[offset..].first_chunk_mut() {
                    kind.replace(cluster, value(cluster), entry);
                }
            }
            self.write_bytes(at, &bytes[..length])?;
        }
        Ok(())
    }

    fn count_free_clusters(&self, change: impl FnOnce(u32) -> u32) {
        if self.free_count.get() != UNKNOWN {
            self.free_count.update(change);
        }
    }

    /// Free clusters from `from` on, at most `most`, or else from the start of the volume on; the nearest that follow each other.
    pub(crate) fn find_free_run(&self, from: u32, most: u32) -> Result<Option<ClusterRun>, NtStatus> {
        let end = self.geometry.clusters + FIRST_CLUSTER;
        let from = if self.geometry.has_cluster(from) { from } else { FIRST_CLUSTER };
        match self.free_run_in(from, end, most)? {
            None => self.free_run_in(FIRST_CLUSTER, end, most),
            found => Ok(found),
        }
    }

    /// The first `most` free clusters that follow each other; where there are none, the most that do.
    pub(crate) fn largest_free_run(&self, most: u32) -> Result<Option<ClusterRun>, NtStatus> {
        let end = self.geometry.clusters + FIRST_CLUSTER;
        let (mut best, mut run) = (ClusterRun { first: 0, count: 0 }, ClusterRun { first: FIRST_CLUSTER, count: 0 });
        self.each_table_entry(FIRST_CLUSTER, end, |cluster, value| {
            run = match value {
                FREE => ClusterRun { count: run.count + 1, ..run },
                _ => ClusterRun { first: cluster + 1, count: 0 },
            };
            if run.count > best.count {
                best = run;
            }
            if best.count < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok((best.count > 0).then_some(best))
    }

    /// Free clusters from `from` on, which is one, at most `most`; none where `from` is not free.
    pub(crate) fn free_run_at(&self, from: u32, most: u32) -> Result<Option<ClusterRun>, NtStatus> {
        let end = self.geometry.clusters + FIRST_CLUSTER;
        let found = self.free_run_in(from, end.min(from.saturating_add(most)), most)?;
        Ok(found.filter(|run| run.first == from))
    }

    fn free_run_in(&self, from: u32, until: u32, most: u32) -> Result<Option<ClusterRun>, NtStatus> {
        let mut run = ClusterRun { first: from, count: 0 };
        self.each_table_entry(from, until, |cluster, value| match (value == FREE, run.count) {
            (true, 0) => {
                run = ClusterRun { first: cluster, count: 1 };
                if most > 1 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            }
            (true, _) => {
                run.count += 1;
                if run.count < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            }
            (false, 0) => ControlFlow::Continue(()),
            (false, _) => ControlFlow::Break(()),
        })?;
        Ok((run.count > 0).then_some(run))
    }

    /// How many clusters the table calls free. They are counted once, and again when the crate has changed the table.
    pub(crate) fn free_in_table(&self) -> Result<u32, NtStatus> {
        if self.free_count.get() != UNKNOWN {
            return Ok(self.free_count.get());
        }
        let mut count = 0;
        self.each_table_entry(FIRST_CLUSTER, self.geometry.clusters + FIRST_CLUSTER, |_, value| {
            count += u32::from(value == FREE);
            ControlFlow::Continue(())
        })?;
        self.free_count.set(count);
        Ok(count)
    }

    /// Calls `take` with the clusters from `from` to `until` and their entries, until it breaks off.
    fn each_table_entry(
        &self,
        from: u32,
        until: u32,
        mut take: impl FnMut(u32, u32) -> ControlFlow<()>,
    ) -> Result<(), NtStatus> {
        let kind = self.geometry.kind;
        let mut bytes = [0; CHUNK];
        let mut cluster = from;
        while cluster < until {
            let (start, end) = (kind.offset_of(cluster), kind.offset_of(until - 1) + kind.width() as u64);
            let length = (end - start).min(CHUNK as u64) as usize;
            self.read_bytes(self.geometry.table_start + start, &mut bytes[..length])?;
            loop {
                let offset = (kind.offset_of(cluster) - start) as usize;
                if cluster == until || offset + kind.width() > length {
                    break;
                }
                if take(cluster, kind.extract(cluster, &bytes[offset..])).is_break() {
                    return Ok(());
                }
                cluster += 1;
            }
        }
        Ok(())
    }

    /// The flag in the table that says whether the volume was closed; FAT12 has none.
    pub(crate) fn set_closed_in_table(&self, is_closed: bool) -> Result<(), NtStatus> {
        const FLAGS: u32 = 1;
        let bit = match self.geometry.kind {
            FatKind::Fat12 => return Ok(()),
            FatKind::Fat16 => 0x8000,
            FatKind::Fat32 => 0x0800_0000,
        };
        let old = self.raw_entry(FLAGS)?;
        self.set_raw_entry(FLAGS, if is_closed { old | bit } else { old & !bit })
    }
}

/// `run` in pieces whose entries are changed at once, from the last to the first.
fn pieces(run: ClusterRun) -> impl Iterator<Item = ClusterRun> {
    let mut left = run.count;
    core::iter::from_fn(move || {
        let count = left.min(AT_ONCE);
        left -= count;
        (count > 0).then_some(ClusterRun { first: run.first + left, count })
    })
}

#[cfg(test)]
mod tests;
