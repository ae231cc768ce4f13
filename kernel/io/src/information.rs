//! Changing what is known of a file: times, attributes, its name.
//!
//! Source: documented parameters of NtSetInformationFile; statuses as XP's FAT file system gives them.

use abi::cell::Link;
use abi::file::*;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use mm::machine::Machine;

use crate::changes::Action;
use crate::device::BlockDevice;
use crate::entry::{SETTABLE, rounded};
use crate::fcb::{Fcb, fcb_flags};
use crate::locate::{FoundFile, Name};
use crate::names::Replaced;
use crate::open::file_flags;
use crate::path::Path;
use crate::volume::Volume;

/// A time that is not to change, now and from now on.
const LEAVE_ALONE: u64 = u64::MAX;

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Changes times (creation, last access, last write) and attributes; 0 leaves each as it is.
    ///
    /// # Errors
    /// INVALID_PARAMETER for attributes of the other kind of file, and for the root; DEVICE_DATA_ERROR.
    #[doc(alias = "FatSetBasicInfo")]
    pub fn set_basic(&self, file: Link<FileObject>, times: [u64; 3], attributes: u32) -> Result<(), NtStatus> {
        let fcb = self.fcb_of(file);
        let record = self.record(fcb);
        let wants_directory = attributes & FILE_ATTRIBUTE_DIRECTORY != 0;
        if record.is_root() || wants_directory && !record.is_directory() {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let told = rounded(times);
        let fields = [&record.creation_time, &record.last_access_time, &record.last_write_time];
        for ((field, time), told) in fields.into_iter().zip(times).zip(told) {
            if time != 0 && time != LEAVE_ALONE {
                field.set(told);
            }
        }
        if times[2] != 0 {
            self.record(file).flags.set_bits(file_flags::KEEPS_WRITE_TIME);
        }
        if attributes != 0 {
            let kept = record.attributes.get() & FILE_ATTRIBUTE_DIRECTORY;
            let new = attributes & SETTABLE | kept;
            record.attributes.set(if new == 0 { FILE_ATTRIBUTE_NORMAL } else { new });
        }
        self.tell(fcb, record.told_size.get())?;
        self.note_basic(fcb, times, attributes);
        Ok(())
    }

    /// Tells who watches of what was set.
    fn note_basic(&self, fcb: Link<Fcb>, times: [u64; 3], attributes: u32) {
        let kinds = [FILE_NOTIFY_CHANGE_CREATION, FILE_NOTIFY_CHANGE_LAST_ACCESS, FILE_NOTIFY_CHANGE_LAST_WRITE];
        let set = kinds.into_iter().zip(times).filter(|(_, time)| *time != 0 && *time != LEAVE_ALONE);
        let filter = set.fold(0, |filter, (kind, _)| filter | kind);
        let filter = filter | if attributes == 0 { 0 } else { FILE_NOTIFY_CHANGE_ATTRIBUTES };
        if filter != 0 {
            self.note_change(fcb, Action::Modified, filter);
        }
    }

    /// Gives the file of `file` the name `to`; what has it already is replaced, if `replaces` says so.
    ///
    /// # Errors
    /// OBJECT_NAME_COLLISION where the name is taken and `replaces` does not say so; ACCESS_DENIED for the root, a directory in
    /// which files are open, a directory that would go into itself, and where the other must not be replaced: it is a directory,
    /// must not be written, or somebody has it open; and those of [`Volume::open`] for a file that is made.
    #[doc(alias = "FatSetRenameInfo")]
    pub fn rename(&self, file: Link<FileObject>, to: &Path<'_>, replaces: bool) -> Result<(), NtStatus> {
        let fcb = self.fcb_of(file);
        let record = self.record(fcb);
        if record.is_root() || record.has(fcb_flags::DELETED) {
            return Err(NtStatus::ACCESS_DENIED);
        }
        if to.names().next().is_none() || to.names_directory && !record.is_directory() {
            return Err(NtStatus::OBJECT_NAME_INVALID);
        }
        let name = self.name_of(fcb)?;
        let from = Path::of_directory(name.units());
        if record.is_directory() && (self.is_open_below(name.units()) || leads_into(&from, to)) {
            return Err(NtStatus::ACCESS_DENIED);
        }
        if self.parent_is_going(to) {
            return Err(NtStatus::DELETE_PENDING);
        }
        let target = match self.find(to) {
            Ok(target) => Some(target),
            Err(NtStatus::OBJECT_NAME_NOT_FOUND) => None,
            Err(status) => return Err(status),
        };
        let result = self.rename_over(fcb, &from, to, target, replaces);
        if let Some(target) = target
            && self.record(target).open_count.get() == 0
        {
            // It was looked up for this alone.
            self.close_fcb(target);
        }
        result
    }

    fn rename_over(
        &self,
        fcb: Link<Fcb>,
        from: &Path<'_>,
        to: &Path<'_>,
        target: Option<Link<Fcb>>,
        replaces: bool,
    ) -> Result<(), NtStatus> {
        let replaced = match target {
            None => Replaced::Nothing,
            Some(target) if target == fcb => Replaced::Itself,
            Some(target) => {
                self.may_be_replaced(self.record(target), replaces)?;
                Replaced::Other(self.record(target).entry.get())
            }
        };
        let record = self.record(fcb);
        let size = record.told_size.get();
        let found = FoundFile {
            entry: record.entry.get(),
            attributes: record.attributes.get(),
            size,
            first_cluster: record.first_cluster.get(),
            times: [0; 3],
        };
        let old = self.name_of(fcb)?;
        let (name, moved) = self.change_name(from, &found, to, replaced)?;
        if let Some(target) = target.filter(|target| *target != fcb) {
            self.note_name(target, Action::Removed);
            self.record(target).flags.set_bits(fcb_flags::DELETED);
        }
        // To another directory it does not only change its name.
        let stays = folder(old.units()) == folder(name.units());
        self.note_name(fcb, if stays { Action::RenamedFrom } else { Action::Removed });
        record.entry.set(moved.entry);
        if record.is_directory() {
            self.rename_below(&old, &name);
        }
        self.set_name(fcb, &name);
        self.note_name(fcb, if stays { Action::RenamedTo } else { Action::Added });
        Ok(())
    }

    fn may_be_replaced(&self, target: &Fcb, replaces: bool) -> Result<(), NtStatus> {
        if !replaces {
            return Err(NtStatus::OBJECT_NAME_COLLISION);
        }
        let refused = target.is_directory() || target.is_read_only() || target.clean_count.get() > 0;
        if refused || target.has(fcb_flags::DELETE_PENDING) { Err(NtStatus::ACCESS_DENIED) } else { Ok(()) }
    }

    /// Whether somebody has a handle to what is below the directory `name`.
    fn is_open_below(&self, name: &[u16]) -> bool {
        self.open_files().any(|fcb| {
            let record = self.record(fcb);
            record.clean_count.get() > 0 && !record.has(fcb_flags::DELETED) && self.is_below(fcb, name)
        })
    }

    fn is_below(&self, fcb: Link<Fcb>, directory: &[u16]) -> bool {
        let separator = [u16::from(b'\\')];
        self.name_of(fcb).is_ok_and(|name| {
            let rest = name.units().strip_prefix(directory);
            rest.is_some_and(|rest| rest.starts_with(&separator))
        })
    }

    /// What is below the directory `old`, which nobody has a handle to, is now below `new`.
    fn rename_below(&self, old: &Name, new: &Name) {
        for fcb in self.open_files() {
            if !self.is_below(fcb, old.units()) || self.record(fcb).has(fcb_flags::DELETED) {
                continue;
            }
            let moved = self.name_of(fcb).and_then(|name| {
                let rest = &name.units()[old.units().len()..];
                Name::copied(new.units().iter().chain(rest).copied())
            });
            if let Ok(moved) = moved {
                self.set_name(fcb, &moved);
            }
        }
    }
}

/// What the directory is called in which `name` is.
fn folder(name: &[u16]) -> &[u16] {
    &name[..name.iter().rposition(|unit| *unit == u16::from(b'\\')).unwrap_or(0)]
}

/// Whether `to` leads to `from` or below it.
fn leads_into(from: &Path<'_>, to: &Path<'_>) -> bool {
    let depth = from.names().count();
    let same = from.names().zip(to.names()).all(|(one, other)| crate::path::same_name(one, other.iter().copied()));
    same && to.names().count() > depth
}

#[cfg(test)]
mod tests;
