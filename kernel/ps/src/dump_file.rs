//! Files that are kept ready for a dump: their clusters are known, so that filling one takes the disk and nothing else.
//!
//! To the volume such a file is a paging file until it is given up: nobody opens it meanwhile, and what it held before is lost.

use alloc::vec::Vec;

use abi::access::OBJ_CASE_INSENSITIVE;
use abi::cell::Link;
use abi::file::{FILE_CREATE, FILE_CREATED};
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use io::OpenRequest;
use mm::layout::PAGE_SIZE;
use ob::ObjectName;

use crate::buffer::room;
use crate::executive::Executive;
use crate::files::Opened;
use crate::platform::Platform;

/// What becomes of a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays: the name is taken.
    Stays,
    /// It is overwritten.
    IsOverwritten,
}

impl<P: Platform> Executive<P> {
    /// Makes the file at DOS path `path` with room for `pages` pages, which only [`Volume::write_pages`](io::Volume::write_pages) fills.
    ///
    /// # Errors
    /// FILE_TOO_LARGE for more than a file can have, DISK_FULL, OBJECT_NAME_COLLISION, SHARING_VIOLATION for a file that somebody has open and for
    /// a paging file, INVALID_DEVICE_REQUEST for what is no file of the volume, and what opening a file gives: there is no file more than before.
    #[doc(alias = "DedicatedDumpFile")]
    pub fn reserve_file(&self, path: &str, pages: u32, existing: Existing) -> Result<Link<FileObject>, NtStatus> {
        let bytes = pages.checked_mul(PAGE_SIZE).ok_or(NtStatus::FILE_TOO_LARGE)?;
        let mut name: Vec<u16> = room(path.len() + 4)?;
        name.extend("\\??\\".encode_utf16().chain(path.encode_utf16()));
        let mut request = OpenRequest::paging_file();
        if existing == Existing::Stays {
            request.disposition = FILE_CREATE;
        }
        let named = ObjectName { root: None, path: &name, attributes: OBJ_CASE_INSENSITIVE };
        let opened = self.open_by_name(&named, &request)?;
        let prepared = self.prepare_reserved(opened.file, bytes);
        if let Err(status) = prepared {
            if opened.information == FILE_CREATED && self.opened(opened.file) == Opened::File {
                let _lock = self.lock_volume();
                let _ = self.volume_of(opened.file).set_disposition(opened.file, true);
            }
            self.release(opened.file);
            return Err(status);
        }
        Ok(opened.file)
    }

    fn prepare_reserved(&self, file: Link<FileObject>, bytes: u32) -> Result<(), NtStatus> {
        if self.opened(file) != Opened::File || self.volume_of(file).fcb(file).is_directory() {
            return Err(NtStatus::INVALID_DEVICE_REQUEST);
        }
        if self.volume_of(file).is_paging_file(file) {
            return Err(NtStatus::SHARING_VIOLATION);
        }
        self.write_dirty_pages(file)?;
        self.with_volume(self.volume_of(file), |volume| {
            volume.prepare_paging_file(file, bytes)?;
            volume.flush_metadata()
        })
    }

    /// Makes a file that was reserved an ordinary one, with what it holds now.
    ///
    /// # Errors
    /// What writing its entry in the directory gives: it is ordinary all the same, but hidden.
    pub fn give_up_reserved(&self, file: Link<FileObject>) -> Result<(), NtStatus> {
        let shown = self.with_volume(self.volume_of(file), |volume| {
            volume.end_paging_file(file)?;
            volume.flush_metadata()
        });
        self.release(file);
        shown
    }
}
