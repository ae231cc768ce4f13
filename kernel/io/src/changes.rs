//! Changes of names, sizes, times and attributes, noted for who watches directories.
//!
//! What is written to a file is noted when its directory entry tells of it: by a flush, or when a handle's file object goes. While nobody watches,
//! a change costs one look at a flag.
//!
//! Source: documented filters and actions of ReadDirectoryChangesW ("detects a change only when the file is written to the disk").

use alloc::vec::Vec;

use abi::cell::{Field, Link};
use abi::file::*;
use abi::nt::file::FileObject;
use mm::machine::Machine;
use spin::Mutex;

use crate::device::BlockDevice;
use crate::fcb::Fcb;
use crate::open::file_flags;
use crate::volume::Volume;

/// What has happened to a file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is there, and was not.
    Added,
    /// It is gone.
    Removed,
    /// Something of it is another.
    Modified,
    /// It was called so before.
    RenamedFrom,
    /// It is called so now.
    RenamedTo,
    /// It is a directory that is to be deleted.
    Going,
}

/// A change, for those who watch a directory above it.
#[derive(Debug)]
pub struct Change {
    /// What has changed, from the root of the volume: `\dir\file`.
    pub path: Vec<u16>,
    /// What has happened to it.
    pub action: Action,
    /// `FILE_NOTIFY_CHANGE_`: who watches for one of them is to hear of it.
    pub filter: u32,
}

/// Changes that nobody has been told of.
pub(crate) struct Changes {
    is_watched: Field<u32>,
    /// Whether there is something to tell.
    is_any: Field<u32>,
    /// Whether there was no memory for one of them.
    is_incomplete: Field<u32>,
    noted: Mutex<Vec<Change>>,
}

impl Changes {
    pub const fn new() -> Self {
        Self {
            is_watched: Field::<u32>::ZERO,
            is_any: Field::<u32>::ZERO,
            is_incomplete: Field::<u32>::ZERO,
            noted: Mutex::new(Vec::new()),
        }
    }
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Whether somebody watches directories, from now on. What nobody has been told of by then is forgotten.
    pub fn set_watched(&self, is_watched: bool) {
        self.changes.is_watched.set(is_watched.into());
        if !is_watched {
            drop(self.take_changes());
        }
    }

    /// Whether somebody does.
    pub fn is_watched(&self) -> bool {
        self.changes.is_watched.get() != 0
    }

    /// Whether there are changes that nobody has been told of.
    #[inline(always)]
    pub fn has_changes(&self) -> bool {
        self.changes.is_any.get() != 0
    }

    /// These changes, the oldest first; and whether they are all.
    pub fn take_changes(&self) -> (Vec<Change>, bool) {
        self.changes.is_any.set(0);
        let is_complete = self.changes.is_incomplete.get() == 0;
        self.changes.is_incomplete.set(0);
        (core::mem::take(&mut *self.changes.noted.lock()), is_complete)
    }

    /// Notes what has happened to the file of `fcb`, under the name that it has now.
    #[inline]
    pub(crate) fn note_change(&self, fcb: Link<Fcb>, action: Action, filter: u32) {
        if self.is_watched() {
            self.add_change(fcb, action, filter);
        }
    }

    /// The same of its name: directories have a filter of their own.
    #[inline]
    pub(crate) fn note_name(&self, fcb: Link<Fcb>, action: Action) {
        let is_directory = self.record(fcb).is_directory();
        self.note_change(
            fcb,
            action,
            if is_directory { FILE_NOTIFY_CHANGE_DIR_NAME } else { FILE_NOTIFY_CHANGE_FILE_NAME },
        );
    }

    #[cold]
    #[inline(never)]
    fn add_change(&self, fcb: Link<Fcb>, action: Action, filter: u32) {
        self.changes.is_any.set(1);
        let mut noted = self.changes.noted.lock();
        let path = self.name_of(fcb).ok().and_then(|name| {
            let mut path = Vec::new();
            path.try_reserve_exact(name.units().len()).ok()?;
            path.extend_from_slice(name.units());
            noted.try_reserve(1).ok()?;
            Some(path)
        });
        match path {
            Some(path) => noted.push(Change { path, action, filter }),
            None => self.changes.is_incomplete.set(1),
        }
    }

    /// The directory entry tells of what was written through `file`: whoever watches is told, too, once.
    pub fn note_written_through(&self, file: Link<FileObject>) {
        let flags = &self.record(file).flags;
        let written = flags.get() & (file_flags::MODIFIED | file_flags::SIZE_CHANGED);
        if written == 0 {
            return;
        }
        flags.clear_bits(written);
        let time = written & file_flags::MODIFIED != 0 && flags.get() & file_flags::KEEPS_WRITE_TIME == 0;
        let size = written & file_flags::SIZE_CHANGED != 0;
        let filter =
            if time { FILE_NOTIFY_CHANGE_LAST_WRITE } else { 0 } | if size { FILE_NOTIFY_CHANGE_SIZE } else { 0 };
        if filter != 0 {
            self.note_change(self.fcb_of(file), Action::Modified, filter);
        }
    }
}

#[cfg(test)]
mod tests;
