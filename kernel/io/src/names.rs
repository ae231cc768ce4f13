//! Changing names with `lamfat`: making, removing and renaming, each whole or not at all.
//!
//! What writing taught about the crate: it checks nothing before it writes, so its changes stand aside until they are complete
//! ([`Transaction`]); it changes a name's case only by way of another name; it leaves the `..` of a moved directory as it was;
//! it panics at a name that begins with a character beyond ASCII, and takes 255 bytes of UTF-8 for what are 255 units of UTF-16
//! in Windows: so it is given a name of ASCII alone, whose other characters are put in afterwards.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use abi::file::FILE_ATTRIBUTE_DIRECTORY;
use abi::status::NtStatus;
use mm::machine::Machine;

use crate::device::BlockDevice;
use crate::entry::{ENTRY, Entry};
use crate::locate::{Directory, Files, FoundFile, Name, find_entry, name_of, open_files, status_of};
use crate::path::{LONGEST_PATH, Path, same_name};
use crate::source::{Budget, Sectors};
use crate::table::{TableEntry, UNKNOWN};
use crate::transaction::Transaction;
use crate::volume::Volume;

const SECTOR_LENGTH: u64 = crate::device::SECTOR as u64;
const ZEROS: [u8; crate::device::SECTOR as usize] = [0; crate::device::SECTOR as usize];
/// A name that is used for a moment, inside a change.
const PASSING_NAME: &str = "~RENAME~.~~~";

/// What has the new name of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replaced {
    /// Nothing.
    Nothing,
    /// The file itself: its name differs in case only, or the new one is its short name.
    Itself,
    /// Another file, whose directory entry is there; it loses the name.
    Other(u64),
}

/// A volume as an operation changes it.
pub(crate) struct View<'f, 'd, 'v, 'm, M: Machine, D: BlockDevice> {
    files: &'f Files<'d, Transaction<'v, 'm, M, D>>,
    sectors: &'d Transaction<'v, 'm, M, D>,
    budget: &'d Budget,
}

impl<'m, M: Machine, D: BlockDevice> Volume<'m, M, D> {
    /// Does `work`, and takes over what it changed if it succeeded. `ordered` is where an entry is that must not reach the disk
    /// before all the rest.
    fn change<T>(
        &self,
        ordered: Option<u64>,
        work: impl Fn(&View<'_, '_, '_, 'm, M, D>) -> Result<T, NtStatus>,
    ) -> Result<T, NtStatus> {
        match self.try_change(ordered, &work) {
            Err(NtStatus::DISK_FULL) if !self.freed.lock().is_empty() => {
                self.flush_metadata()?;
                self.try_change(ordered, &work)
            }
            result => result,
        }
    }

    fn try_change<T>(
        &self,
        ordered: Option<u64>,
        work: &impl Fn(&View<'_, '_, '_, 'm, M, D>) -> Result<T, NtStatus>,
    ) -> Result<T, NtStatus> {
        let transaction = Transaction::new(self);
        let budget = Budget::of_a_directory();
        budget.renew_with_table(self.geometry.clusters);
        let result = {
            let files = open_files(&transaction, &budget, self.now())?;
            work(&View { files: &files, sectors: &transaction, budget: &budget })?
        };
        let (changes, changes_tables) = transaction.into_changes()?;
        self.mark_open()?;
        let _held = self.hold_sectors(changes.keys().copied())?;
        self.write_fresh_clusters(&changes)?;
        if changes_tables {
            self.free_count.set(UNKNOWN);
        }
        let last = ordered.map(|at| at / SECTOR_LENGTH).filter(|_| changes.len() > 1);
        for (sector, bytes) in changes.iter().filter(|(sector, _)| Some(**sector) != last) {
            self.write_sector(*sector, 0, bytes)?;
        }
        if let Some((sector, bytes)) = last.and_then(|last| changes.get_key_value(&last)) {
            // What cannot be flushed now waits for the next flush. A loss of power before then may leave both names; a change half done does.
            let _ = self.flush_metadata();
            self.write_sector(*sector, 0, bytes)?;
        }
        Ok(result)
    }

    /// Clusters that directories get have something else in them on the disk: it goes before anything leads there, and the
    /// first entry of a new directory comes.
    fn write_fresh_clusters(&self, changes: &BTreeMap<u64, Vec<u8>>) -> Result<(), NtStatus> {
        let data = self.geometry.data_start / SECTOR_LENGTH..self.geometry.data_end / SECTOR_LENGTH;
        for (sector, bytes) in changes.range(data) {
            if self.table_entry(self.geometry.cluster_of(*sector as u32))? != TableEntry::Free {
                continue;
            }
            let is_directory_start = bytes[0] == b'.';
            self.device.write(*sector, if is_directory_start { bytes } else { &ZEROS })?;
            self.mark.set_bits(crate::flush::FRESH);
        }
        Ok(())
    }

    /// Makes what `path` leads to, with `attributes`, among them whether it is a directory. Its parent exists.
    ///
    /// # Errors
    /// OBJECT_PATH_NOT_FOUND, OBJECT_NAME_INVALID for a name that the crate cannot write, DISK_FULL, CANNOT_MAKE where the root
    /// directory is full, and what corrupt volumes and devices give. Nothing has changed.
    pub(crate) fn make_name(&self, path: &Path<'_>, attributes: u32) -> Result<(Name, FoundFile), NtStatus> {
        let times = [self.now(); 3];
        self.change(None, |view| {
            let parent = view.parent(path)?;
            let name = disguised(&parent, last_name(path)?)?;
            let made = match attributes & FILE_ATTRIBUTE_DIRECTORY {
                0 => parent.create_file(&name).map(drop),
                _ => parent.create_dir(&name).map(drop),
            };
            made.map_err(status_of)?;
            view.uncover(&parent, &name, last_name(path)?)?;
            let (spelled, found) = self.look_up(view.sectors, view.files, path, view.budget)?;
            let mut entry = Entry::read(view.sectors, found.entry)?;
            entry.set_attributes(attributes);
            entry.set_times(times);
            entry.write(view.sectors, found.entry)?;
            Ok((spelled, self.describe(&entry, found.entry)))
        })
    }

    /// Takes the name that `path` leads to off the volume; `entry` is where its directory entry is. The clusters stay in use.
    ///
    /// # Errors
    /// DIRECTORY_NOT_EMPTY, and what corrupt volumes and devices give. Nothing has changed.
    pub(crate) fn remove_name(&self, path: &Path<'_>, entry: u64) -> Result<(), NtStatus> {
        self.change(None, |view| view.remove(path, entry))
    }

    /// Whether there is anything in the directory at `path`.
    pub(crate) fn is_empty_directory(&self, path: &Path<'_>) -> Result<bool, NtStatus> {
        let budget = Budget::of_a_directory();
        let files = open_files(self, &budget, self.now())?;
        let directory = directory(&files, path.names(), &budget)?;
        budget.renew();
        for entry in directory.iter() {
            let entry = entry.map_err(status_of)?;
            if !matches!(entry.short_file_name_as_bytes(), b"." | b"..") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Gives what is at `from`, whose entry is `found`, the name `to`; what has that name already is `replaced`.
    /// The old entry reaches the disk last: a loss of power leaves the file with two names rather than none.
    ///
    /// # Errors
    /// As [`Self::make_name`].
    pub(crate) fn change_name(
        &self,
        from: &Path<'_>,
        found: &FoundFile,
        to: &Path<'_>,
        replaced: Replaced,
    ) -> Result<(Name, FoundFile), NtStatus> {
        let same_place = same_parent(from, to);
        self.change(Some(found.entry), |view| {
            if let Replaced::Other(entry) = replaced {
                view.remove(to, entry)?;
            }
            let (source, target) = (view.parent(from)?, view.parent(to)?);
            let old = view.crate_name(&source, last_name(from)?)?;
            let is_itself = replaced == Replaced::Itself;
            if is_itself {
                source.rename(&old, &source, PASSING_NAME).map_err(status_of)?;
            }
            let new = disguised(&target, last_name(to)?)?;
            source.rename(if is_itself { PASSING_NAME } else { &old }, &target, &new).map_err(status_of)?;
            view.uncover(&target, &new, last_name(to)?)?;
            let (spelled, moved) = self.look_up(view.sectors, view.files, to, view.budget)?;
            if moved.first_cluster != found.first_cluster && found.size > 0 {
                return Err(NtStatus::FILE_CORRUPT_ERROR);
            }
            if found.attributes & FILE_ATTRIBUTE_DIRECTORY != 0 && !same_place {
                self.lead_back(view, to)?;
            }
            Ok((spelled, moved))
        })
    }

    /// Makes the `..` of a directory that was moved to `path` lead to its new parent.
    fn lead_back(&self, view: &View<'_, '_, '_, 'm, M, D>, path: &Path<'_>) -> Result<(), NtStatus> {
        let mut names = path.names().collect::<Vec<_>>();
        names.pop();
        let parent = match names.is_empty() {
            true => 0,
            false => {
                let mut name = Name::root();
                names.iter().try_for_each(|part| name.push(part.iter().copied()))?;
                self.look_up(view.sectors, view.files, &Path::of_directory(name.units()), view.budget)?.1.first_cluster
            }
        };
        // Where it stands, some have put something in front of it.
        let moved = directory(view.files, path.names(), view.budget)?;
        let is_parent = |entry: &crate::locate::Entry<'_, '_, _>| entry.short_file_name_as_bytes() == b"..";
        let mut entries = moved.iter().map(|entry| entry.map_err(status_of));
        if !entries.any(|entry| entry.is_ok_and(|entry| is_parent(&entry))) {
            return Err(NtStatus::FILE_CORRUPT_ERROR);
        }
        let at = view.budget.ended() - ENTRY;
        let mut entry = Entry::read(view.sectors, at)?;
        entry.set_first_cluster(parent, self.is_wide());
        Ok(entry.write(view.sectors, at)?)
    }
}

impl<'f, 'd, 'v, 'm, M: Machine, D: BlockDevice> View<'f, 'd, 'v, 'm, M, D> {
    /// The directory that holds what `path` leads to.
    fn parent(&self, path: &Path<'_>) -> Result<Directory<'f, 'd, Transaction<'v, 'm, M, D>>, NtStatus> {
        let count = path.names().count();
        directory(self.files, path.names().take(count.saturating_sub(1)), self.budget)
    }

    fn remove(&self, path: &Path<'_>, entry: u64) -> Result<(), NtStatus> {
        let parent = self.parent(path)?;
        let name = self.crate_name(&parent, last_name(path)?)?;
        self.budget.renew_with_table(self.files_clusters());
        self.sectors.keeping_tables(|| parent.remove(&name)).map_err(status_of)?;
        // It has its own idea of when names are the same.
        if Entry::read(self.sectors, entry)?.is_deleted() { Ok(()) } else { Err(NtStatus::FILE_CORRUPT_ERROR) }
    }

    fn files_clusters(&self) -> u32 {
        self.sectors.volume().geometry.clusters
    }

    /// What the crate is to call the entry of `parent` that `wanted` leads to: the name as the volume spells it.
    fn crate_name(
        &self,
        parent: &Directory<'f, 'd, Transaction<'v, 'm, M, D>>,
        wanted: &[u16],
    ) -> Result<String, NtStatus> {
        let found = find_entry(parent, wanted)?.ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
        let short = || String::from_utf8(found.short_file_name_as_bytes().to_vec()).ok();
        String::from_utf16(&name_of(&found).collect::<Vec<_>>())
            .ok()
            .or_else(short)
            .ok_or(NtStatus::OBJECT_NAME_INVALID)
    }

    /// Gives the entry of `parent` that the crate made as `disguise` its own name.
    fn uncover(
        &self,
        parent: &Directory<'f, 'd, Transaction<'v, 'm, M, D>>,
        disguise: &str,
        name: &[u16],
    ) -> Result<(), NtStatus> {
        if name.iter().copied().eq(disguise.encode_utf16()) {
            return Ok(());
        }
        let disguise: Vec<u16> = disguise.encode_utf16().collect();
        find_entry(parent, &disguise)?.ok_or(NtStatus::FILE_CORRUPT_ERROR)?;
        let directories = self.sectors.volume().geometry.tables_end();
        // The parts of the name stand in front of the entry, the last one first.
        let entries: Vec<u64> = self.budget.entries_before(directories).take(name.len().div_ceil(PART)).collect();
        for (part, at) in name.chunks(PART).zip(entries) {
            for (unit, offset) in part.iter().zip(PART_OFFSETS) {
                self.sectors.write_bytes(at + offset, &unit.to_le_bytes())?;
            }
        }
        Ok(())
    }
}

/// Units of a long name in one directory entry, and where they are.
const PART: usize = 13;
const PART_OFFSETS: [u64; PART] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
/// Characters that stand in for what the crate cannot write: a short name has none of them.
const DISGUISES: &str = "+,;=[]";

/// `name` with nothing in it that the crate cannot write, as nothing in `parent` is called.
fn disguised<S: Sectors>(parent: &Directory<'_, '_, S>, name: &[u16]) -> Result<String, NtStatus> {
    let writable = |unit: u16| u8::try_from(unit).is_ok_and(|byte| (b' '..0x7F).contains(&byte));
    for disguise in DISGUISES.encode_utf16() {
        let units: Vec<u16> = name.iter().map(|unit| if writable(*unit) { *unit } else { disguise }).collect();
        if find_entry(parent, &units)?.is_none() {
            return Ok(String::from_utf16_lossy(&units));
        }
        if units == name {
            return Err(NtStatus::OBJECT_NAME_COLLISION);
        }
    }
    Err(NtStatus::OBJECT_NAME_INVALID)
}

/// The directory that `names` lead to from the root.
fn directory<'f, 'd, 'n, S: Sectors>(
    files: &'f Files<'d, S>,
    names: impl Iterator<Item = &'n [u16]>,
    budget: &Budget,
) -> Result<Directory<'f, 'd, S>, NtStatus> {
    let mut directory = files.root_dir();
    for name in names {
        budget.renew_with_table(0);
        let entry = find_entry(&directory, name)?.filter(lamfat::DirEntry::is_dir);
        directory = entry.ok_or(NtStatus::OBJECT_PATH_NOT_FOUND)?.to_dir();
    }
    Ok(directory)
}

fn last_name<'p>(path: &Path<'p>) -> Result<&'p [u16], NtStatus> {
    path.names().last().ok_or(NtStatus::OBJECT_NAME_INVALID)
}

/// Whether two paths lead into one directory.
fn same_parent(one: &Path<'_>, other: &Path<'_>) -> bool {
    let (count, other_count) = (one.names().count(), other.names().count());
    count == other_count
        && one
            .names()
            .zip(other.names())
            .take(count.min(LONGEST_PATH) - 1)
            .all(|(a, b)| same_name(a, b.iter().copied()))
}
