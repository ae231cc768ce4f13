//! The clusters of a file as runs of sectors: read from the allocation table once, then kept up with it.

use abi::cell::Link;
use abi::status::NtStatus;
use mm::layout::PageCount;
use mm::machine::Machine;
use mm::pool::{LARGEST_BLOCK, Tag};
use mm::system::Exhausted;

use crate::device::BlockDevice;
use crate::fcb::{Fcb, Run};
use crate::table::{ClusterRun, TableEntry, Window};
use crate::volume::Volume;

const RUNS: Tag = Tag(*b"FatR");
/// Runs there is room for at first.
const FIRST_CAPACITY: u32 = 2;

/// The clusters of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    pub runs: Link<Run>,
    pub run_count: u32,
    pub capacity: u32,
    pub clusters: u32,
}

impl Chain {
    /// No clusters.
    pub const EMPTY: Self = Self { runs: Link::NULL, run_count: 0, capacity: 0, clusters: 0 };
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// The chain that begins with the cluster `first`, 0 for none, of a file of `size` bytes (I2).
    ///
    /// # Errors
    /// FILE_CORRUPT_ERROR where it is shorter than the file, longer than the volume (it runs in a circle), or leads to what is
    /// no cluster; INSUFFICIENT_RESOURCES, DEVICE_DATA_ERROR.
    pub(crate) fn read_chain(&self, first: u32, size: u32) -> Result<Chain, NtStatus> {
        let (mut count, mut clusters) = (0, 0);
        self.each_run(first, |run| {
            count += 1;
            clusters += run.count;
        })?;
        if u64::from(clusters) * u64::from(self.geometry.cluster_size) < u64::from(size) {
            return Err(NtStatus::FILE_CORRUPT_ERROR);
        }
        let runs = self.allocate_runs(count).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        let (mut index, mut file_sector) = (0, 0);
        let filled = self.each_run(first, |run| {
            if index < count {
                self.set_run(runs, index, file_sector, run);
            }
            index += 1;
            file_sector += run.count * self.geometry.cluster_sectors();
        });
        match filled {
            Ok(()) => Ok(Chain { runs, run_count: count, capacity: count, clusters }),
            Err(status) => {
                self.free_runs(runs, count);
                Err(status)
            }
        }
    }

    /// Calls `take` with the runs of clusters of the chain that begins with `first`, 0 for none.
    pub(crate) fn each_run(&self, first: u32, mut take: impl FnMut(ClusterRun)) -> Result<(), NtStatus> {
        if first == 0 {
            return Ok(());
        }
        let (mut run, mut known, mut window) = (ClusterRun { first, count: 1 }, 1, Window::EMPTY);
        loop {
            let last = run.first + run.count - 1;
            let linked = self
                .link_of(last)
                .map_or_else(|| self.table_entry_by(last, &mut window), |next| Ok(TableEntry::Next(next)));
            match linked? {
                TableEntry::End => break,
                TableEntry::Next(next) if self.is_cut(last, next) => break,
                TableEntry::Next(next) if next == run.first + run.count => run.count += 1,
                TableEntry::Next(next) => {
                    take(run);
                    run = ClusterRun { first: next, count: 1 };
                }
                TableEntry::Free | TableEntry::Unusable => return Err(NtStatus::FILE_CORRUPT_ERROR),
            }
            known += 1;
            if known > self.geometry.clusters {
                return Err(NtStatus::FILE_CORRUPT_ERROR);
            }
        }
        take(run);
        Ok(())
    }

    /// Where the cluster `last` leads, if the table does not say so yet.
    fn link_of(&self, last: u32) -> Option<u32> {
        self.links.lock().iter().find(|link| link.0 == last).map(|link| link.1)
    }

    /// Makes the clusters from `first` on follow `last`, the last of the file: in the table only when they are chained on the disk,
    /// if `last` is. Who reads the disk after a loss of power must not come to a free cluster.
    fn follow(&self, fcb: &Fcb, last: u32, first: u32) -> Result<(), NtStatus> {
        if fcb.clusters.get() > fcb.chained.get() {
            return self.link_cluster(last, first);
        }
        self.links.lock().push((last, first));
        Ok(())
    }

    /// Whether the chain has been cut behind the cluster `last`, which still leads to `next` in the table.
    fn is_cut(&self, last: u32, next: u32) -> bool {
        self.freed.lock().iter().any(|freed| freed.after == Some(last) && freed.run.first == next)
    }

    fn set_run(&self, runs: Link<Run>, index: u32, file_sector: u32, run: ClusterRun) {
        let record = self.record(nth_run(runs, index));
        record.file_sector.set(file_sector);
        record.volume_sector.set(self.geometry.sector_of(run.first));
        record.count.set(run.count * self.geometry.cluster_sectors());
    }

    /// The clusters of the run `index` of a file.
    fn clusters_of(&self, fcb: &Fcb, index: u32) -> ClusterRun {
        let record = self.record(nth_run(fcb.runs.get(), index));
        let first = self.geometry.cluster_of(record.volume_sector.get());
        ClusterRun { first, count: record.count.get() / self.geometry.cluster_sectors() }
    }

    /// The last cluster of a file, if it has one.
    fn last_cluster(&self, fcb: &Fcb) -> Option<u32> {
        let run = self.clusters_of(fcb, fcb.run_count.get().checked_sub(1)?);
        Some(run.first + run.count - 1)
    }

    /// Gives the file clusters for `bytes` bytes, if it has not so many already. What the disk says of the file stays.
    ///
    /// # Errors
    /// DISK_FULL where the volume has too few, and nothing has changed; INSUFFICIENT_RESOURCES and DEVICE_DATA_ERROR, where the
    /// file may have got some.
    #[doc(alias = "FatAddFileAllocation")]
    pub(crate) fn extend_chain(&self, fcb: &Fcb, bytes: u64) -> Result<(), NtStatus> {
        self.extend_chain_by(fcb, bytes, |last, missing| {
            let from = last.map_or(self.next_free.get(), |last| last + 1);
            self.find_free_run(from, missing)
        })
    }

    /// The same with free clusters that `find` finds, which gets the last cluster of the file and how many are missing.
    pub(crate) fn extend_chain_by(
        &self,
        fcb: &Fcb,
        bytes: u64,
        find: impl Fn(Option<u32>, u32) -> Result<Option<ClusterRun>, NtStatus>,
    ) -> Result<(), NtStatus> {
        let wanted = bytes.div_ceil(u64::from(self.geometry.cluster_size));
        let Some(missing) = wanted.checked_sub(u64::from(fcb.clusters.get())).filter(|missing| *missing > 0) else {
            return Ok(());
        };
        if missing > u64::from(self.geometry.clusters) {
            return Err(NtStatus::DISK_FULL);
        }
        self.want_free(missing as u32)?;
        self.mark_open()?;
        let mut missing = missing as u32;
        while missing > 0 {
            self.make_room_for_a_run(fcb)?;
            self.links.lock().try_reserve(1).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
            let last = self.last_cluster(fcb);
            let run = find(last, missing)?.ok_or(NtStatus::DISK_FULL)?;
            self.chain_run(run)?;
            match last {
                Some(last) => self.follow(fcb, last, run.first).inspect_err(|_| self.unchain_run(run))?,
                None => fcb.first_cluster.set(run.first),
            }
            self.append_run(fcb, run);
            missing -= run.count;
        }
        Ok(())
    }

    /// Sees to it that `count` clusters are free.
    fn want_free(&self, count: u32) -> Result<(), NtStatus> {
        if self.free_in_table()? < count && self.freed.lock().is_empty() {
            return Err(NtStatus::DISK_FULL);
        }
        if self.free_in_table()? < count {
            // Clusters of what has been deleted wait for a flush.
            self.flush_metadata()?;
        }
        if self.free_in_table()? < count { Err(NtStatus::DISK_FULL) } else { Ok(()) }
    }

    fn append_run(&self, fcb: &Fcb, run: ClusterRun) {
        let count = fcb.run_count.get();
        let file_sector = fcb.clusters.get() * self.geometry.cluster_sectors();
        fcb.clusters.update(|clusters| clusters + run.count);
        if let Some(index) = count.checked_sub(1) {
            let last = self.clusters_of(fcb, index);
            if last.first + last.count == run.first {
                let record = self.record(nth_run(fcb.runs.get(), index));
                record.count.update(|sectors| sectors + run.count * self.geometry.cluster_sectors());
                return;
            }
        }
        self.set_run(fcb.runs.get(), count, file_sector, run);
        fcb.run_count.set(count + 1);
    }

    /// Makes room in pool for one more run of a file.
    fn make_room_for_a_run(&self, fcb: &Fcb) -> Result<(), NtStatus> {
        let (count, capacity) = (fcb.run_count.get(), fcb.run_capacity.get());
        if count < capacity {
            return Ok(());
        }
        let larger = (capacity * 2).max(FIRST_CAPACITY);
        let (old, new) = (fcb.runs.get(), self.allocate_runs(larger).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?);
        for index in 0..count {
            let (from, to) = (self.record(nth_run(old, index)), self.record(nth_run(new, index)));
            to.file_sector.set(from.file_sector.get());
            to.volume_sector.set(from.volume_sector.get());
            to.count.set(from.count.get());
        }
        fcb.runs.set(new);
        fcb.run_capacity.set(larger);
        self.free_runs(old, capacity);
        Ok(())
    }

    /// Takes the clusters from the file that `bytes` bytes do not need. They stay in use on the disk until it has forgotten
    /// them: the next flush frees them. Its directory entry is the caller's.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES, DEVICE_DATA_ERROR; nothing has changed.
    #[doc(alias = "FatTruncateFileAllocation")]
    pub(crate) fn cut_chain(&self, fcb: &Fcb, bytes: u32) -> Result<(), NtStatus> {
        let keep = bytes.div_ceil(self.geometry.cluster_size);
        if keep >= fcb.clusters.get() {
            return Ok(());
        }
        self.mark_open()?;
        let (mut kept, mut runs_kept, mut last) = (0, 0, None);
        let mut freed = self.freed.lock();
        freed.try_reserve(fcb.run_count.get() as usize).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        for index in 0..fcb.run_count.get() {
            let run = self.clusters_of(fcb, index);
            let stays = run.count.min(keep - kept);
            if stays > 0 {
                last = Some(run.first + stays - 1);
                self.record(nth_run(fcb.runs.get(), index)).count.set(stays * self.geometry.cluster_sectors());
                (kept, runs_kept) = (kept + stays, runs_kept + 1);
            }
            if stays < run.count {
                freed.push(Freed {
                    after: last,
                    run: ClusterRun { first: run.first + stays, count: run.count - stays },
                });
                // What follows is behind a cluster that is freed itself.
                last = None;
            }
        }
        let is_freed = |cluster: u32| {
            freed.iter().any(|freed| (freed.run.first..freed.run.first + freed.run.count).contains(&cluster))
        };
        self.links.lock().retain(|link| !is_freed(link.1));
        drop(freed);
        fcb.run_count.set(runs_kept);
        fcb.clusters.set(kept);
        fcb.chained.update(|chained| chained.min(kept));
        if kept == 0 {
            fcb.first_cluster.set(0);
        }
        Ok(())
    }

    /// Notes that the clusters of the chain that begins with `first` are to be freed.
    pub(crate) fn free_chain(&self, first: u32) -> Result<(), NtStatus> {
        let mut count = 0;
        self.each_run(first, |_| count += 1)?;
        self.freed.lock().try_reserve(count).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        let before = self.freed.lock().len();
        let noted = self.each_run(first, |run| self.freed.lock().push(Freed { after: None, run }));
        noted.inspect_err(|_| self.freed.lock().truncate(before))
    }

    fn allocate_runs(&self, count: u32) -> Result<Link<Run>, Exhausted> {
        match run_bytes(count) {
            0 => Ok(Link::NULL),
            bytes @ 1..=LARGEST_BLOCK => self.memory().allocate_pool(bytes, RUNS),
            bytes => self.memory().allocate_pool_pages(PageCount::of_bytes(bytes).0),
        }
    }

    /// Gives the memory of a list of runs back that has room for `count`.
    pub(crate) fn free_runs(&self, runs: Link<Run>, count: u32) {
        match run_bytes(count) {
            0 => {}
            1..=LARGEST_BLOCK => self.memory().free_pool(runs),
            bytes => self.memory().free_pool_pages(runs, PageCount::of_bytes(bytes).0),
        }
    }

    /// Where the sector `wanted` of a file is on the volume, and how many follow it there, itself included.
    pub(crate) fn place_of(&self, fcb: &Fcb, wanted: u32) -> Option<(u32, u32)> {
        let runs = fcb.runs.get();
        let (mut low, mut high) = (0, fcb.run_count.get());
        while low < high {
            let middle = (low + high) / 2;
            let run = self.record(nth_run(runs, middle));
            let first = run.file_sector.get();
            if wanted < first {
                high = middle;
            } else if wanted - first >= run.count.get() {
                low = middle + 1;
            } else {
                let skip = wanted - first;
                return Some((run.volume_sector.get() + skip, run.count.get() - skip));
            }
        }
        None
    }
}

/// Clusters that a file or directory no longer has, and that are still in use on the disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Freed {
    /// The cluster of the file that leads to them, if it stays.
    pub after: Option<u32>,
    pub run: ClusterRun,
}

/// The run `index` of those at `runs`.
pub(crate) const fn nth_run(runs: Link<Run>, index: u32) -> Link<Run> {
    runs.offset(run_bytes(index))
}

const fn run_bytes(count: u32) -> u32 {
    count * size_of::<Run>() as u32
}
