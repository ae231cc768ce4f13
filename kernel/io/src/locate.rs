//! From a path to what the volume says of the file: looking names up with `lamfat`. What changes them is in `names`.

use alloc::vec::Vec;
use core::ops::ControlFlow;

use abi::calendar::date;
use abi::cell::Link;
use abi::file::FILE_ATTRIBUTE_DIRECTORY;
use abi::status::NtStatus;
use lamfat::{DateTime, Dir, DirEntry, FileSystem, FsOptions, LossyOemCpConverter, TimeProvider};
use mm::machine::Machine;

use crate::chain::Chain;
use crate::device::{BlockDevice, DeviceError};
use crate::directory::Listed;
use crate::entry::{ENTRY, Entry as RawEntry};
use crate::fcb::Fcb;
use crate::path::{LONGEST_NAME, LONGEST_PATH, Path, is_dots, same_name};
use crate::source::{Budget, Sectors, Source, SourceError};
use crate::volume::Volume;

pub(crate) type Files<'d, S> = FileSystem<Source<'d, S>, Clock, LossyOemCpConverter>;
pub(crate) type Directory<'f, 'd, S> = Dir<'f, Source<'d, S>, Clock, LossyOemCpConverter>;
pub(crate) type Entry<'f, 'd, S> = DirEntry<'f, Source<'d, S>, Clock, LossyOemCpConverter>;

/// Where bytes of a short name that are no ASCII go: OEM characters, whose code page nothing here knows, each to a unit of
/// its own, so that two names never become one.
const OEM_CHARACTERS: u16 = 0xF000;
/// Bytes of a volume's label.
const LABEL: usize = 11;
/// Units of an 8.3 name.
const SHORT_NAME: usize = 12;

/// The time that the crate gives what it makes.
#[derive(Debug)]
pub(crate) struct Clock(DateTime);

impl TimeProvider for Clock {
    fn get_current_date(&self) -> lamfat::Date {
        self.0.date
    }

    fn get_current_date_time(&self) -> DateTime {
        self.0
    }
}

impl Clock {
    /// The time `now`, the nearest that FAT can tell.
    fn at(now: u64) -> Self {
        let date = date(now);
        let day = lamfat::Date::new(date.year.clamp(1980, 2107) as u16, date.month as u16, date.day as u16);
        let time = lamfat::Time::new(date.hour as u16, date.minute as u16, date.second as u16, 0);
        Self(DateTime::new(day, time))
    }
}

/// What a directory says of a file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FoundFile {
    /// Where the directory entry is, in bytes from the volume's start; 0 for the root.
    pub entry: u64,
    pub attributes: u32,
    /// Bytes; 0 for a directory.
    pub size: u32,
    pub first_cluster: u32,
    /// System times: creation, last access, last write.
    pub times: [u64; 3],
}

/// The name of a file from the root of its volume, as the volume spells it. Kernel stacks are small: it is not there.
pub(crate) struct Name(Vec<u16>);

impl Name {
    /// The path of the root's parent: nothing.
    pub fn root() -> Self {
        Self(Vec::new())
    }

    /// The name that `units` are.
    pub fn copied(units: impl Iterator<Item = u16>) -> Result<Self, NtStatus> {
        let mut name = Self::root();
        name.extend(units)?;
        Ok(name)
    }

    /// `\dir\file`; `\` for the root.
    pub fn units(&self) -> &[u16] {
        &self.0
    }

    /// The units themselves.
    pub fn into_units(self) -> Vec<u16> {
        self.0
    }

    /// Adds a name to the path.
    pub fn push(&mut self, units: impl Iterator<Item = u16>) -> Result<(), NtStatus> {
        self.extend(core::iter::once(u16::from(b'\\')).chain(units))
    }

    /// Adds characters to the path.
    pub fn extend(&mut self, units: impl Iterator<Item = u16>) -> Result<(), NtStatus> {
        self.0.try_reserve(LONGEST_PATH.saturating_sub(self.0.len())).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        for unit in units {
            if self.0.len() >= LONGEST_PATH {
                return Err(NtStatus::NAME_TOO_LONG);
            }
            self.0.push(unit);
        }
        Ok(())
    }
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Whether the root directory can be read to its end.
    pub(crate) fn check_root(&self) -> Result<(), NtStatus> {
        let budget = Budget::of_a_directory();
        let files = open_files(self, &budget, self.now())?;
        files.root_dir().iter().try_for_each(|entry| entry.map(drop).map_err(status_of))
    }

    /// Whether `path` leads to a file that can be found.
    pub fn has(&self, path: &Path<'_>) -> bool {
        let budget = Budget::of_a_directory();
        open_files(self, &budget, self.now()).is_ok_and(|files| self.look_up(self, &files, path, &budget).is_ok())
    }

    /// Clusters that belong to no file.
    ///
    /// # Errors
    /// What corrupt volumes and devices give.
    pub fn free_clusters(&self) -> Result<u32, NtStatus> {
        let freed: u32 = self.freed.lock().iter().map(|freed| freed.run.count).sum();
        Ok((self.free_in_table()? + freed).min(self.geometry.clusters))
    }

    /// Serial number and label of the volume, the label filled up with spaces; blank where it cannot be read.
    pub fn label(&self) -> (u32, [u8; LABEL]) {
        let budget = Budget::of_a_directory();
        let mut label = [b' '; LABEL];
        let Ok(files) = open_files(self, &budget, self.now()) else { return (0, label) };
        label.iter_mut().zip(files.volume_label_as_bytes()).for_each(|(place, byte)| *place = *byte);
        (files.volume_id(), label)
    }

    /// The FCB of what `path` leads to: the one that others use already, or a new one that nobody has open.
    ///
    /// # Errors
    /// OBJECT_NAME_NOT_FOUND, OBJECT_PATH_NOT_FOUND, NAME_TOO_LONG, INSUFFICIENT_RESOURCES, and what corrupt volumes and
    /// devices give.
    pub(crate) fn find(&self, path: &Path<'_>) -> Result<Link<Fcb>, NtStatus> {
        // What is open is found by its name, which changes with the file's.
        if let Some(fcb) = self.open_fcb_at(path) {
            return Ok(fcb);
        }
        let budget = Budget::of_a_directory();
        let files = open_files(self, &budget, self.now())?;
        let (name, found) = self.look_up(self, &files, path, &budget)?;
        if let Some(fcb) = self.open_fcb(&name) {
            return Ok(fcb);
        }
        let is_directory = found.attributes & FILE_ATTRIBUTE_DIRECTORY != 0;
        let chain = if is_directory { Chain::EMPTY } else { self.read_chain(found.first_cluster, found.size)? };
        self.create_fcb(&name, &found, chain).map_err(|_| {
            self.free_runs(chain.runs, chain.capacity);
            NtStatus::INSUFFICIENT_RESOURCES
        })
    }

    /// What `path` leads to in `files`, which are in `sectors`: its name as the volume spells it, and what its directory says.
    pub(crate) fn look_up<S: Sectors>(
        &self,
        sectors: &S,
        files: &Files<'_, S>,
        path: &Path<'_>,
        budget: &Budget,
    ) -> Result<(Name, FoundFile), NtStatus> {
        let (name, entry) = follow(files, path, budget)?;
        let Some(_) = entry else { return Ok((name, ROOT)) };
        let at = budget.ended() - ENTRY;
        Ok((name, self.describe(&RawEntry::read(sectors, at)?, at)))
    }

    /// What `entry`, which is at `at`, says of its file.
    pub(crate) fn describe(&self, entry: &RawEntry, at: u64) -> FoundFile {
        FoundFile {
            entry: at,
            attributes: entry.attributes(),
            size: entry.size(),
            first_cluster: entry.first_cluster(self.is_wide()),
            times: entry.times(),
        }
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
        let files = open_files(self, &budget, self.now())?;
        let (_, found) = follow(&files, path, &budget)?;
        let directory = found.as_ref().map_or_else(|| files.root_dir(), DirEntry::to_dir);
        budget.renew();
        for (index, entry) in (0..).zip(directory.iter()) {
            let entry = entry.map_err(status_of)?;
            if index < from {
                continue;
            }
            let at = budget.ended() - ENTRY;
            let found = self.describe(&RawEntry::read(self, at)?, at);
            let (mut long, mut short) = ([0; LONGEST_NAME], [0; SHORT_NAME]);
            let long = copied(name_of(&entry), &mut long);
            let is_other =
                entry.long_file_name_as_ucs2_units().is_some_and(|long| !short_name(&entry).eq(long.iter().copied()));
            let short = copied(short_name(&entry).take(if is_other { SHORT_NAME } else { 0 }), &mut short);
            if take(self.listed(index, long, short, &found)).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// An entry of a directory; of a file that is open, as it is now.
    fn listed<'e>(&self, index: u32, name: &'e [u16], short_name: &'e [u16], found: &FoundFile) -> Listed<'e> {
        let mut listed = Listed {
            index,
            name,
            short_name,
            attributes: found.attributes,
            size: found.size,
            allocation: self.allocation_of(found.size),
            times: found.times,
        };
        if let Some(fcb) = self.fcb_at(found.entry) {
            let record = self.record(fcb);
            listed.attributes = record.attributes.get();
            listed.size = record.file_size.get();
            listed.allocation = record.allocation(self.geometry.cluster_size);
            listed.times = [record.creation_time.get(), record.last_access_time.get(), record.last_write_time.get()];
        }
        listed
    }

    /// Bytes of the clusters that hold `size` bytes.
    fn allocation_of(&self, size: u32) -> u64 {
        u64::from(size).next_multiple_of(u64::from(self.geometry.cluster_size))
    }
}

/// The root directory has no entry.
const ROOT: FoundFile =
    FoundFile { entry: 0, attributes: FILE_ATTRIBUTE_DIRECTORY, size: 0, first_cluster: 0, times: [0; 3] };

/// The volume in `sectors` for the crate, at the time `now`.
pub(crate) fn open_files<'d, S: Sectors>(
    sectors: &'d S,
    budget: &'d Budget,
    now: u64,
) -> Result<Files<'d, S>, NtStatus> {
    let options = FsOptions::new().time_provider(Clock::at(now));
    FileSystem::new(Source::new(sectors, budget)?, options).map_err(status_of)
}

/// What `path` leads to: its name as the volume spells it, and its entry, which the root does not have.
fn follow<'f, 'd, S: Sectors>(
    files: &'f Files<'d, S>,
    path: &Path<'_>,
    budget: &Budget,
) -> Result<(Name, Option<Entry<'f, 'd, S>>), NtStatus> {
    let mut name = Name::root();
    let mut found: Option<Entry<'f, 'd, S>> = None;
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
pub(crate) fn find_entry<'f, 'd, S: Sectors>(
    directory: &Directory<'f, 'd, S>,
    wanted: &[u16],
) -> Result<Option<Entry<'f, 'd, S>>, NtStatus> {
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
pub(crate) fn name_of<'e, S: Sectors>(entry: &'e Entry<'_, '_, S>) -> impl Iterator<Item = u16> + 'e {
    let long = entry.long_file_name_as_ucs2_units().is_some();
    let short = short_name(entry).take(if long { 0 } else { usize::MAX });
    long_name(entry).chain(short)
}

fn long_name<'e, S: Sectors>(entry: &'e Entry<'_, '_, S>) -> impl Iterator<Item = u16> + 'e {
    entry.long_file_name_as_ucs2_units().unwrap_or_default().iter().copied()
}

fn short_name<'e, S: Sectors>(entry: &'e Entry<'_, '_, S>) -> impl Iterator<Item = u16> + 'e {
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

/// What an error of the crate means to a program.
pub(crate) fn status_of(error: lamfat::Error<SourceError>) -> NtStatus {
    match error {
        lamfat::Error::Io(SourceError::Device(error)) => error.into(),
        lamfat::Error::CorruptedFileSystem => NtStatus::DISK_CORRUPT_ERROR,
        lamfat::Error::NotEnoughSpace => NtStatus::DISK_FULL,
        lamfat::Error::WriteZero => NtStatus::CANNOT_MAKE,
        lamfat::Error::DirectoryIsNotEmpty => NtStatus::DIRECTORY_NOT_EMPTY,
        lamfat::Error::AlreadyExists => NtStatus::OBJECT_NAME_COLLISION,
        lamfat::Error::InvalidFileNameLength | lamfat::Error::UnsupportedFileNameCharacter => {
            NtStatus::OBJECT_NAME_INVALID
        }
        _ => NtStatus::FILE_CORRUPT_ERROR,
    }
}

impl From<DeviceError> for NtStatus {
    fn from(error: DeviceError) -> Self {
        match error {
            DeviceError::Medium | DeviceError::OutOfRange => Self::DEVICE_DATA_ERROR,
            DeviceError::WriteProtected => Self::MEDIA_WRITE_PROTECTED,
            DeviceError::NoMemory => Self::INSUFFICIENT_RESOURCES,
        }
    }
}
