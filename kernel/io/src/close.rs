//! Closing files, and the end of those that are to be deleted.
//!
//! A file object goes in two steps: when its last handle goes it no longer counts among those who share the file, and a file that
//! is to be deleted loses its name with the last of them; when nobody refers to it any more, its FCB may go, and with a deleted
//! file its clusters.

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use mm::machine::Machine;
use ob::Condemned;

use crate::changes::Action;
use crate::device::BlockDevice;
use crate::fcb::{Fcb, fcb_flags};
use crate::file_object;
use crate::open::file_flags;
use crate::path::Path;
use crate::share::Sharing;
use crate::volume::Volume;

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// The last handle to `file` is gone. What cannot be written now stays to be written.
    #[doc(alias = "FatCommonCleanup")]
    pub fn clean_up(&self, file: Link<FileObject>) {
        let (record, fcb) = (self.record(file), self.fcb_of(file));
        if record.flags.get() & file_flags::CLEANUP_COMPLETE != 0 {
            return;
        }
        record.flags.set_bits(file_flags::CLEANUP_COMPLETE);
        let shared = self.record(fcb);
        shared.share.remove(&Sharing::of(record));
        let left = shared.clean_count.update(|count| count - 1);
        if record.flags.get() & file_flags::DELETE_ON_CLOSE != 0 && self.may_be_deleted(fcb).is_ok() {
            shared.flags.set_bits(fcb_flags::DELETE_PENDING);
            self.note_going(fcb);
        }
        if left > 0 {
            self.note_written_through(file);
            return;
        }
        let _ = match shared.has(fcb_flags::DELETE_PENDING) {
            true => self.insist_on_deletion(fcb).map(|()| {
                self.note_name(fcb, Action::Removed);
                self.forget_data(fcb);
            }),
            false => self.settle(fcb).map(|()| self.note_written_through(file)),
        };
    }

    /// Takes the name of `fcb` off the volume. Nobody can be told that memory was lacking for it, so it is tried again.
    fn insist_on_deletion(&self, fcb: Link<Fcb>) -> Result<(), NtStatus> {
        const MORE: usize = 3;
        (0..MORE).fold(self.delete_name(fcb), |result, _| match result {
            Err(NtStatus::INSUFFICIENT_RESOURCES) => self.delete_name(fcb),
            other => other,
        })
    }

    /// Nobody writes the file any more: it keeps the clusters it needs, and is told of.
    fn settle(&self, fcb: Link<Fcb>) -> Result<(), NtStatus> {
        let record = self.record(fcb);
        if record.is_directory() {
            return if record.has(fcb_flags::ENTRY_STALE) { self.tell(fcb, 0) } else { Ok(()) };
        }
        self.cut_chain(record, record.file_size.get())?;
        match self.area_of(record) {
            // What is in memory will be written, and then told of.
            Some(_) => self.tell(fcb, record.file_size.get().min(record.valid_data_length.get())),
            None => self.tell_all(fcb),
        }
    }

    /// Takes a file object apart to which nobody refers any more, and deletes it.
    #[doc(alias = "FatCommonClose")]
    pub fn close(&self, condemned: Condemned) {
        if let Some(file) = condemned.body::<FileObject>() {
            self.clean_up(file);
            self.free_context(file);
            self.close_fcb(self.fcb_of(file));
        }
        file_object::delete(self.objects, condemned);
    }

    /// One user of `fcb` fewer; with the last user of a deleted file its clusters go.
    pub(crate) fn close_fcb(&self, fcb: Link<Fcb>) {
        let record = self.record(fcb);
        if record.open_count.get() <= 1 && record.has(fcb_flags::DELETED) {
            // What cannot be given back is lost until the volume is checked.
            let _ = match record.is_directory() {
                true => self.free_chain(record.first_cluster.get()),
                false => self.cut_chain(record, 0),
            };
        }
        self.release_fcb(fcb);
    }

    /// Whether the file can be deleted.
    ///
    /// # Errors
    /// CANNOT_DELETE for the root, for a file that must not be written, and one that a program runs or has mapped;
    /// DIRECTORY_NOT_EMPTY.
    fn may_be_deleted(&self, fcb: Link<Fcb>) -> Result<(), NtStatus> {
        let record = self.record(fcb);
        if record.is_root() || record.is_read_only() || self.is_mapped(record) || !self.forget_image(fcb) {
            return Err(NtStatus::CANNOT_DELETE);
        }
        if record.is_directory() && !record.has(fcb_flags::DELETED) {
            let name = self.name_of(fcb)?;
            if !self.is_empty_directory(&Path::of_directory(name.units()))? {
                return Err(NtStatus::DIRECTORY_NOT_EMPTY);
            }
        }
        Ok(())
    }

    /// The file goes with its last handle, or does not after all.
    ///
    /// # Errors
    /// CANNOT_DELETE for the root, and for a file that must not be written; DIRECTORY_NOT_EMPTY.
    #[doc(alias = "FatSetDispositionInfo")]
    pub fn set_disposition(&self, file: Link<FileObject>, deletes: bool) -> Result<(), NtStatus> {
        let fcb = self.fcb_of(file);
        if !deletes {
            self.record(fcb).flags.clear_bits(fcb_flags::DELETE_PENDING);
            self.record(file).delete_pending.set(0);
            return Ok(());
        }
        self.may_be_deleted(fcb)?;
        self.record(fcb).flags.set_bits(fcb_flags::DELETE_PENDING);
        self.record(file).delete_pending.set(1);
        self.note_going(fcb);
        Ok(())
    }

    /// Who watches a directory that is to be deleted hears of it.
    fn note_going(&self, fcb: Link<Fcb>) {
        if self.record(fcb).is_directory() {
            self.note_change(fcb, Action::Going, 0);
        }
    }

    /// Takes the name of `fcb` off the volume.
    pub(crate) fn delete_name(&self, fcb: Link<Fcb>) -> Result<(), NtStatus> {
        let record = self.record(fcb);
        if record.has(fcb_flags::DELETED) {
            return Ok(());
        }
        let name = self.name_of(fcb)?;
        self.remove_name(&Path::of_directory(name.units()), record.entry.get())?;
        record.flags.set_bits(fcb_flags::DELETED);
        Ok(())
    }

    /// Whether the directory that `path` leads into is to be deleted.
    pub(crate) fn parent_is_going(&self, path: &Path<'_>) -> bool {
        let mut name = crate::locate::Name::root();
        let count = path.names().count();
        let built = path.names().take(count.saturating_sub(1)).try_for_each(|part| name.push(part.iter().copied()));
        let parent = built.ok().and_then(|()| self.open_fcb_at(&Path::of_directory(name.units())));
        parent.is_some_and(|parent| self.record(parent).has(fcb_flags::DELETE_PENDING))
    }
}

#[cfg(test)]
mod tests;
