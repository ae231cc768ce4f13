//! Opening files.
//!
//! Source: order of refusals as XP's FAT file system on a write-protected medium gives them.

use abi::access::*;
use abi::cell::Link;
use abi::file::*;
use abi::nt::file::{FILE_OBJECT_TYPE, FileObject};
use abi::status::NtStatus;
use mm::machine::Machine;
use ob::Kind;

use crate::device::BlockDevice;
use crate::fcb::Fcb;
use crate::path::Path;
use crate::volume::Volume;

/// Rights that nobody gets on a volume that is not written.
const WRITING: u32 =
    FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES | FILE_DELETE_CHILD | DELETE;
/// Flag of a file object that keeps a position.
#[doc(alias = "FO_SYNCHRONOUS_IO")]
const SYNCHRONOUS_IO: u32 = 0x2;

/// What the opener wants.
#[derive(Clone, Copy, Debug)]
pub struct OpenRequest {
    /// Rights, generic ones among them.
    pub desired_access: u32,
    /// What to do if the file exists, and if it does not: `FILE_OPEN` and so on.
    pub disposition: u32,
    /// `FILE_DIRECTORY_FILE` and so on.
    pub options: u32,
    /// `FILE_SHARE_`.
    pub share_access: u32,
}

/// An open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenedFile {
    /// The file object, with one reference, the caller's.
    pub file: Link<FileObject>,
    /// The rights a handle to it gives.
    pub granted_access: u32,
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Opens what `path` leads to.
    ///
    /// # Errors
    /// Those of [`Path::parse`] come before. INVALID_PARAMETER for a disposition or options that make no sense;
    /// OBJECT_PATH_NOT_FOUND, OBJECT_NAME_NOT_FOUND, OBJECT_NAME_COLLISION, FILE_IS_A_DIRECTORY, NOT_A_DIRECTORY,
    /// OBJECT_NAME_INVALID for a file with a backslash behind it, MEDIA_WRITE_PROTECTED, INSUFFICIENT_RESOURCES, and what
    /// corrupt volumes and devices give.
    #[doc(alias = "FatCommonCreate")]
    #[doc(alias = "IoCreateFile")]
    pub fn open(&self, path: &Path<'_>, request: &OpenRequest) -> Result<OpenedFile, NtStatus> {
        request.check()?;
        let fcb = match self.find(path) {
            Err(NtStatus::OBJECT_NAME_NOT_FOUND) if request.makes_files() => {
                return Err(NtStatus::MEDIA_WRITE_PROTECTED);
            }
            found => found?,
        };
        let record = self.record(fcb);
        record.open_count.update(|count| count + 1);
        let opened = request.judge(record, path.names_directory).and_then(|granted_access| {
            let file = self.objects.create::<FileObject>().map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
            Ok(OpenedFile { file, granted_access })
        });
        match opened {
            Ok(opened) => self.fill(opened, fcb, request),
            Err(_) => self.release_fcb(fcb),
        }
        opened
    }

    fn fill(&self, opened: OpenedFile, fcb: Link<Fcb>, request: &OpenRequest) {
        let record = self.record(opened.file);
        let flag = |mask: u32, bits: u32| if mask & bits == 0 { 0 } else { 1 };
        record.kind.set(FILE_OBJECT_TYPE);
        record.size.set(size_of::<FileObject>() as u16);
        record.fs_context.set(fcb.address());
        record.section_object_pointer.set(fcb.cast());
        record.read_access.set(flag(opened.granted_access, FILE_READ_DATA | FILE_EXECUTE));
        record.shared_read.set(flag(request.share_access, FILE_SHARE_READ));
        record.shared_write.set(flag(request.share_access, FILE_SHARE_WRITE));
        record.shared_delete.set(flag(request.share_access, FILE_SHARE_DELETE));
        let synchronous = flag(request.options, FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT);
        record.flags.set(if synchronous == 0 { 0 } else { SYNCHRONOUS_IO });
        let name = &self.record(fcb).name;
        record.file_name.set(name.buffer.get(), name.length.get());
    }
}

impl OpenRequest {
    fn check(&self) -> Result<(), NtStatus> {
        let both = FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE;
        let sound = self.disposition <= FILE_OVERWRITE_IF && self.options & both != both;
        if sound { Ok(()) } else { Err(NtStatus::INVALID_PARAMETER) }
    }

    /// Whether a file that does not exist is to be made.
    fn makes_files(&self) -> bool {
        matches!(self.disposition, FILE_SUPERSEDE | FILE_CREATE | FILE_OPEN_IF | FILE_OVERWRITE_IF)
    }

    /// The rights that the opener of `fcb`, which exists, gets.
    fn judge(&self, fcb: &Fcb, names_directory: bool) -> Result<u32, NtStatus> {
        if self.disposition == FILE_CREATE {
            return Err(NtStatus::OBJECT_NAME_COLLISION);
        }
        if fcb.is_directory() {
            if self.options & FILE_NON_DIRECTORY_FILE != 0 || self.empties() {
                return Err(NtStatus::FILE_IS_A_DIRECTORY);
            }
        } else if self.options & FILE_DIRECTORY_FILE != 0 {
            return Err(NtStatus::NOT_A_DIRECTORY);
        } else if names_directory {
            return Err(NtStatus::OBJECT_NAME_INVALID);
        }
        let named = Kind::File.rights(self.desired_access & !MAXIMUM_ALLOWED);
        if named & WRITING != 0 || self.empties() || self.options & FILE_DELETE_ON_CLOSE != 0 {
            return Err(NtStatus::MEDIA_WRITE_PROTECTED);
        }
        let most =
            if self.desired_access & MAXIMUM_ALLOWED == 0 { 0 } else { FILE_GENERIC_READ | FILE_GENERIC_EXECUTE };
        Ok(named | most)
    }

    /// Whether a file that exists is to lose what is in it.
    fn empties(&self) -> bool {
        matches!(self.disposition, FILE_SUPERSEDE | FILE_OVERWRITE | FILE_OVERWRITE_IF)
    }
}

#[cfg(test)]
mod tests;
