//! From a path to what the volume says of the file, and to the runs of sectors that hold it: all that is asked of `lamfat`.

use core::ops::ControlFlow;

use abi::calendar::{Date, system_time};
use abi::cell::Link;
use abi::file::{FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_NORMAL};
use abi::status::NtStatus;
use lamfat::{DateTime, DefaultTimeProvider, Dir, DirEntry, Extent, FileSystem, FsOptions, LossyOemCpConverter};
use mm::machine::Machine;

use crate::device::{BlockDevice, SECTOR};
use crate::directory::{Listed, listed};
use crate::fcb::{Fcb, Run};
use crate::geometry::Geometry;
use crate::path::{LONGEST_NAME, LONGEST_PATH, Path, is_dots, same_name};
use crate::source::{Budget, Source, SourceError};
use crate::volume::{Volume, nth_run};

type Files<'d, D> = FileSystem<Source<'d, D>, DefaultTimeProvider, LossyOemCpConverter>;
type Directory<'f, 'd, D> = Dir<'f, Source<'d, D>, DefaultTimeProvider, LossyOemCpConverter>;
type Entry<'f, 'd, D> = DirEntry<'f, Source<'d, D>, DefaultTimeProvider, LossyOemCpConverter>;

/// Where bytes of a short name that are no ASCII go: OEM characters, whose code page nothing here knows, each to a unit of
/// its own, so that two names never become one.
const OEM_CHARACTERS: u16 = 0xF000;
/// Bytes of a volume's label.
const LABEL: usize = 11;
/// Units of an 8.3 name.
const SHORT_NAME: usize = 12;
/// Attributes that mean something outside FAT.
const ATTRIBUTES: u32 = 0x37;

/// What a directory says of a file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FoundFile {
    pub attributes: u32,
    /// Bytes; 0 for a directory.
    pub size: u32,
    pub creation_time: u64,
    pub last_access_time: u64,
    pub last_write_time: u64,
}

/// The name of a file from the root of its volume, as the volume spells it.
pub(crate) struct Name {
    units: [u16; LONGEST_PATH],
    length: usize,
}

impl Name {
    fn root() -> Self {
        Self { units: [0; LONGEST_PATH], length: 0 }
    }

    /// The name that `units` are.
    pub fn copied(units: impl Iterator<Item = u16>) -> Result<Self, NtStatus> {
        let mut name = Self::root();
        for unit in units {
            *name.units.get_mut(name.length).ok_or(NtStatus::NAME_TOO_LONG)? = unit;
            name.length += 1;
        }
        Ok(name)
    }

    /// `\dir\file`; `\` for the root.
    pub fn units(&self) -> &[u16] {
        &self.units[..self.length]
    }

    fn push(&mut self, units: impl Iterator<Item = u16>) -> Result<(), NtStatus> {
        for unit in core::iter::once(u16::from(b'\\')).chain(units) {
            *self.units.get_mut(self.length).ok_or(NtStatus::NAME_TOO_LONG)? = unit;
            self.length += 1;
        }
        Ok(())
    }
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Whether the root directory can be read to its end.
    pub(crate) fn check_root(&self) -> Result<(), NtStatus> {
        let budget = Budget::of_a_directory();
        let files = self.read_volume(&budget)?;
        files.root_dir().iter().try_for_each(|entry| entry.map(drop).map_err(status_of))
    }

    /// Clusters that belong to no file.
    ///
    /// # Errors
    /// What corrupt volumes and devices give.
    pub fn free_clusters(&self) -> Result<u32, NtStatus> {
        let budget = Budget::of_a_directory();
        budget.renew_for_chain(self.geometry.clusters);
        let files = self.read_volume(&budget)?;
        files.stats().map(|stats| stats.free_clusters().min(self.geometry.clusters)).map_err(status_of)
    }

    /// Serial number and label of the volume, the label filled up with spaces; blank where it cannot be read.
    pub fn label(&self) -> (u32, [u8; LABEL]) {
        let budget = Budget::of_a_directory();
        let mut label = [b' '; LABEL];
        let Ok(files) = self.read_volume(&budget) else { return (0, label) };
        label.iter_mut().zip(files.volume_label_as_bytes()).for_each(|(place, byte)| *place = *byte);
        (files.volume_id(), label)
    }

    fn read_volume<'a>(&'a self, budget: &'a Budget) -> Result<Files<'a, D>, NtStatus> {
        let source = Source::new(&self.device, budget);
        FileSystem::new(source, FsOptions::new()).map_err(status_of)
    }

    /// The FCB of what `path` leads to: the one that others use already, or a new one that nobody has open.
    ///
    /// # Errors
    /// OBJECT_NAME_NOT_FOUND, OBJECT_PATH_NOT_FOUND, NAME_TOO_LONG, INSUFFICIENT_RESOURCES, and what corrupt volumes and
    /// devices give.
    pub(crate) fn find(&self, path: &Path<'_>) -> Result<Link<Fcb>, NtStatus> {
        // What is open is found by its name; nobody can have renamed it.
        if let Some(fcb) = self.open_fcb_at(path) {
            return Ok(fcb);
        }
        let budget = Budget::of_a_directory();
        let files = self.read_volume(&budget)?;
        let (name, entry) = follow(&files, path, &budget)?;
        if let Some(fcb) = self.open_fcb(&name) {
            return Ok(fcb);
        }
        let about = entry.as_ref().map_or(ROOT, describe);
        let runs = match &entry {
            Some(entry) if entry.is_file() => self.runs(entry, &budget)?,
            _ => (Link::NULL, 0),
        };
        self.create_fcb(&name, &about, runs).map_err(|_| {
            self.free_runs(runs.0, runs.1);
            NtStatus::INSUFFICIENT_RESOURCES
        })
    }

    /// Calls `take` with the entries of the directory that `path` leads to, from the one with index `from` on, until it
    /// breaks off.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub(crate) fn each_entry(
        &self,
        path: &Path<'_>,
        from: u32,
        mut take: impl FnMut(Listed<'_>) -> ControlFlow<()>,
    ) -> Result<(), NtStatus> {
        let budget = Budget::of_a_directory();
        let files = self.read_volume(&budget)?;
        let (_, found) = follow(&files, path, &budget)?;
        let directory = found.as_ref().map_or_else(|| files.root_dir(), DirEntry::to_dir);
        budget.renew();
        for (index, entry) in (0..).zip(directory.iter()) {
            let entry = entry.map_err(status_of)?;
            if index < from {
                continue;
            }
            let (mut long, mut short) = ([0; LONGEST_NAME], [0; SHORT_NAME]);
            let long = copied(name_of(&entry), &mut long);
            let has_long = entry.long_file_name_as_ucs2_units().is_some();
            let short = copied(short_name(&entry).take(if has_long { SHORT_NAME } else { 0 }), &mut short);
            if take(listed(index, long, short, &describe(&entry))).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The runs of sectors that hold the file of `entry`: where they are in pool, and how many (I2).
    fn runs(&self, entry: &Entry<'_, '_, D>, budget: &Budget) -> Result<(Link<Run>, u32), NtStatus> {
        let size = entry.len();
        if size > self.geometry.data_end - self.geometry.data_start {
            return Err(NtStatus::FILE_CORRUPT_ERROR);
        }
        budget.renew_for_chain(size.div_ceil(u64::from(self.geometry.cluster_size)) as u32);
        let mut count = 0;
        self.each_run(entry, |_, _| count += 1)?;
        let runs = self.allocate_runs(count).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        let mut index = 0;
        let filled = self.each_run(entry, |file_sector, run| {
            let record = self.record(nth_run(runs, index));
            record.file_sector.set(file_sector);
            record.volume_sector.set(run.sector);
            record.count.set(run.count);
            index += 1;
        });
        match filled {
            Ok(()) => Ok((runs, count)),
            Err(status) => {
                self.free_runs(runs, count);
                Err(status)
            }
        }
    }

    /// Calls `take` with each run of the file of `entry` and its first sector in the file.
    fn each_run(&self, entry: &Entry<'_, '_, D>, mut take: impl FnMut(u32, SectorRun)) -> Result<(), NtStatus> {
        let sectors = entry.len().div_ceil(u64::from(SECTOR)) as u32;
        let mut extents = entry.to_file().extents();
        let (mut from, mut known) = (0, 0);
        let mut run = SectorRun { sector: 0, count: 0 };
        while known < sectors {
            let extent = extents.next().ok_or(NtStatus::FILE_CORRUPT_ERROR)?.map_err(status_of)?;
            let next = self.sectors_of(&extent)?;
            known += next.count;
            if run.count > 0 && run.sector + run.count == next.sector {
                run.count += next.count;
                continue;
            }
            if run.count > 0 {
                take(from, run);
                from += run.count;
            }
            run = next;
        }
        if run.count > 0 {
            take(from, run);
        }
        Ok(())
    }

    /// The sectors of `extent`, one cluster or the used part of the last, if it is one of the volume's.
    fn sectors_of(&self, extent: &Extent) -> Result<SectorRun, NtStatus> {
        let Geometry { data_start, data_end, cluster_size, .. } = self.geometry;
        let within = (data_start..data_end).contains(&extent.offset)
            && (extent.offset - data_start).is_multiple_of(u64::from(cluster_size))
            && (1..=cluster_size).contains(&extent.size);
        let sector = u32::try_from(extent.offset / u64::from(SECTOR)).ok().filter(|_| within);
        let sector = sector.ok_or(NtStatus::FILE_CORRUPT_ERROR)?;
        Ok(SectorRun { sector, count: extent.size.div_ceil(SECTOR) })
    }
}

/// Consecutive sectors of the volume.
#[derive(Clone, Copy)]
struct SectorRun {
    sector: u32,
    count: u32,
}

/// The root directory has no entry.
const ROOT: FoundFile = FoundFile {
    attributes: FILE_ATTRIBUTE_DIRECTORY,
    size: 0,
    creation_time: 0,
    last_access_time: 0,
    last_write_time: 0,
};

/// What `path` leads to: its name as the volume spells it, and its entry, which the root does not have.
fn follow<'f, 'd, D: BlockDevice>(
    files: &'f Files<'d, D>,
    path: &Path<'_>,
    budget: &Budget,
) -> Result<(Name, Option<Entry<'f, 'd, D>>), NtStatus> {
    let mut name = Name::root();
    let mut found: Option<Entry<'f, 'd, D>> = None;
    let mut names = path.names().peekable();
    while let Some(wanted) = names.next() {
        let directory = match &found {
            None => files.root_dir(),
            Some(entry) if entry.is_dir() => entry.to_dir(),
            Some(_) => return Err(NtStatus::OBJECT_PATH_NOT_FOUND),
        };
        budget.renew();
        let is_last = names.peek().is_none();
        let missing = if is_last { NtStatus::OBJECT_NAME_NOT_FOUND } else { NtStatus::OBJECT_PATH_NOT_FOUND };
        let entry = find_entry(&directory, wanted)?.ok_or(missing)?;
        name.push(name_of(&entry))?;
        found = Some(entry);
    }
    if found.is_none() {
        name.push(core::iter::empty())?;
    }
    Ok((name, found))
}

/// The entry of `directory` whose long or short name is `wanted`. What a directory calls itself and its parent are no names:
/// a file would have more than one from the root, and more than one FCB.
fn find_entry<'f, 'd, D: BlockDevice>(
    directory: &Directory<'f, 'd, D>,
    wanted: &[u16],
) -> Result<Option<Entry<'f, 'd, D>>, NtStatus> {
    if is_dots(wanted) {
        return Ok(None);
    }
    for entry in directory.iter() {
        let entry = entry.map_err(status_of)?;
        if same_name(wanted, long_name(&entry)) || same_name(wanted, short_name(&entry)) {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// How the volume spells the name of `entry`.
fn name_of<'e, D: BlockDevice>(entry: &'e Entry<'_, '_, D>) -> impl Iterator<Item = u16> + 'e {
    let long = entry.long_file_name_as_ucs2_units().is_some();
    let short = short_name(entry).take(if long { 0 } else { usize::MAX });
    long_name(entry).chain(short)
}

fn long_name<'e, D: BlockDevice>(entry: &'e Entry<'_, '_, D>) -> impl Iterator<Item = u16> + 'e {
    entry.long_file_name_as_ucs2_units().unwrap_or_default().iter().copied()
}

fn short_name<'e, D: BlockDevice>(entry: &'e Entry<'_, '_, D>) -> impl Iterator<Item = u16> + 'e {
    let unit = |byte: &u8| if byte.is_ascii() { u16::from(*byte) } else { OEM_CHARACTERS + u16::from(*byte) };
    entry.short_file_name_as_bytes().iter().map(unit)
}

/// As many of `units` as there is room for.
fn copied(units: impl Iterator<Item = u16>, room: &mut [u16]) -> &[u16] {
    let mut length = 0;
    for (place, unit) in room.iter_mut().zip(units) {
        *place = unit;
        length += 1;
    }
    &room[..length]
}

fn describe<D: BlockDevice>(entry: &Entry<'_, '_, D>) -> FoundFile {
    let accessed = entry.accessed();
    let attributes = u32::from(entry.attributes().bits()) & ATTRIBUTES;
    FoundFile {
        attributes: if attributes == 0 { FILE_ATTRIBUTE_NORMAL } else { attributes },
        size: if entry.is_file() { entry.len() as u32 } else { 0 },
        creation_time: time_of(entry.created()),
        last_access_time: day(accessed, (0, 0, 0)),
        last_write_time: time_of(entry.modified()),
    }
}

/// FAT keeps local time; there is one time zone, UTC.
fn time_of(time: DateTime) -> u64 {
    day(time.date, (time.time.hour, time.time.min, time.time.sec))
}

fn day(date: lamfat::Date, (hour, minute, second): (u16, u16, u16)) -> u64 {
    system_time(Date {
        year: u32::from(date.year),
        month: u32::from(date.month),
        day: u32::from(date.day),
        hour: u32::from(hour),
        minute: u32::from(minute),
        second: u32::from(second),
    })
}

/// What an error of the crate means to a program.
fn status_of(error: lamfat::Error<SourceError>) -> NtStatus {
    match error {
        lamfat::Error::Io(SourceError::Device(_)) => NtStatus::DEVICE_DATA_ERROR,
        lamfat::Error::Io(SourceError::ReadOnly) => NtStatus::MEDIA_WRITE_PROTECTED,
        lamfat::Error::CorruptedFileSystem => NtStatus::DISK_CORRUPT_ERROR,
        _ => NtStatus::FILE_CORRUPT_ERROR,
    }
}
