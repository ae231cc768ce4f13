//! Opening files, and making them.
//!
//! Source: documented parameters of NtCreateFile and its checks; statuses as XP's FAT file system gives them.

use abi::access::*;
use abi::cell::Link;
use abi::file::*;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use mm::machine::Machine;
use ob::Kind;

use crate::chain::Chain;
use crate::changes::Action;
use crate::device::BlockDevice;
use crate::entry::SETTABLE;
use crate::fcb::{Fcb, fcb_flags};
use crate::file_object;
use crate::path::Path;
use crate::share::Sharing;
use crate::volume::Volume;

/// Rights that a file which must not be written does not give.
const WRITING: u32 = FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_DELETE_CHILD;
/// Attributes that NtCreateFile knows.
const VALID_ATTRIBUTES: u32 = 0x7FB7;
/// Options that it knows.
const VALID_OPTIONS: u32 = 0x00FF_FFFF;

/// Flags of a file object.
///
/// Source: public Windows headers (`ntifs.h`).
pub mod file_flags {
    /// It keeps a position.
    #[doc(alias = "FO_SYNCHRONOUS_IO")]
    pub const SYNCHRONOUS_IO: u32 = 0x2;
    /// Waits for it can be alerted.
    #[doc(alias = "FO_ALERTABLE_IO")]
    pub const ALERTABLE_IO: u32 = 0x4;
    /// Nothing is kept in memory.
    #[doc(alias = "FO_NO_INTERMEDIATE_BUFFERING")]
    pub const NO_INTERMEDIATE_BUFFERING: u32 = 0x8;
    /// A write returns when the data is on the disk.
    #[doc(alias = "FO_WRITE_THROUGH")]
    pub const WRITE_THROUGH: u32 = 0x10;
    /// It is read from the start to the end.
    #[doc(alias = "FO_SEQUENTIAL_ONLY")]
    pub const SEQUENTIAL_ONLY: u32 = 0x20;
    /// The file was written through it, and nobody who watches was told.
    #[doc(alias = "FO_FILE_MODIFIED")]
    pub const MODIFIED: u32 = 0x1000;
    /// It has become longer or shorter through it, and nobody was told.
    #[doc(alias = "FO_FILE_SIZE_CHANGED")]
    pub const SIZE_CHANGED: u32 = 0x2000;
    /// Its last handle is gone.
    #[doc(alias = "FO_CLEANUP_COMPLETE")]
    pub const CLEANUP_COMPLETE: u32 = 0x4000;
    /// The file goes with it.
    #[doc(alias = "FO_DELETE_ON_CLOSE")]
    pub const DELETE_ON_CLOSE: u32 = 0x1_0000;
    /// Its user has set the time of the last write, which stays.
    pub const KEEPS_WRITE_TIME: u32 = 0x1000_0000;
}

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
    /// `FILE_ATTRIBUTE_` of a file that is made or emptied.
    pub attributes: u32,
    /// Bytes that a file which is made or emptied gets clusters for.
    pub allocation: u64,
    /// Who opens it.
    pub opener: Opener,
}

/// Who opens a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// A program, or the kernel for one.
    Anybody,
    /// The memory manager, to keep pages in it.
    #[doc(alias = "IO_OPEN_PAGING_FILE")]
    Pager,
}

/// An open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenedFile {
    /// The file object, with one reference, the caller's.
    pub file: Link<FileObject>,
    /// The rights a handle to it gives.
    pub granted_access: u32,
    /// What was done: [`FILE_OPENED`] and so on.
    pub information: u32,
}

/// How what is opened came to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Made,
    Found,
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Opens what `path` leads to, or makes it.
    ///
    /// # Errors
    /// Those of [`Path::parse`] come before. INVALID_PARAMETER for a disposition or options that make no sense;
    /// OBJECT_PATH_NOT_FOUND, OBJECT_NAME_NOT_FOUND, OBJECT_NAME_COLLISION, FILE_IS_A_DIRECTORY, NOT_A_DIRECTORY,
    /// OBJECT_NAME_INVALID for a file with a backslash behind it, DELETE_PENDING, SHARING_VIOLATION, ACCESS_DENIED and
    /// CANNOT_DELETE for a file that must not be written, USER_MAPPED_FILE for one that cannot be emptied, DISK_FULL,
    /// CANNOT_MAKE, CANT_WAIT where a page is being written that is to go (wait, try again), INSUFFICIENT_RESOURCES, and what corrupt volumes and devices give.
    #[doc(alias = "FatCommonCreate")]
    #[doc(alias = "IoCreateFile")]
    pub fn open(&self, path: &Path<'_>, request: &OpenRequest) -> Result<OpenedFile, NtStatus> {
        request.check()?;
        // First: what it leads to may have to be made, and must not be in vain.
        let file = self.objects.create::<FileObject>().map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        let opened = self.open_as(file, path, request);
        if opened.is_err()
            && let Some(condemned) = self.objects.release(file)
        {
            self.objects.delete(condemned);
        }
        opened
    }

    /// Opens what `path` leads to as `file`, which leads nowhere yet.
    fn open_as(&self, file: Link<FileObject>, path: &Path<'_>, request: &OpenRequest) -> Result<OpenedFile, NtStatus> {
        let (fcb, origin) = match self.find(path) {
            Err(NtStatus::OBJECT_NAME_NOT_FOUND) if request.makes_files() => (self.make(path, request)?, Origin::Made),
            found => (found?, Origin::Found),
        };
        let record = self.record(fcb);
        record.open_count.update(|count| count + 1);
        let opened = match self.grant(fcb, path, request, origin) {
            Ok(granted_access) => self.complete_open(file, fcb, request, granted_access, origin),
            Err(status) => Err(status),
        };
        if opened.is_err() {
            if origin == Origin::Made {
                // Nobody has seen it; if even this fails it stays, empty.
                let _ = self.delete_name(fcb);
            }
            self.close_fcb(fcb);
        }
        opened
    }

    /// Makes what `path` leads to, where there is nothing yet.
    fn make(&self, path: &Path<'_>, request: &OpenRequest) -> Result<Link<Fcb>, NtStatus> {
        if path.names_directory && request.options & FILE_DIRECTORY_FILE == 0 {
            return Err(NtStatus::OBJECT_NAME_INVALID);
        }
        if request.options & FILE_DELETE_ON_CLOSE != 0 && request.attributes & FILE_ATTRIBUTE_READONLY != 0 {
            return Err(NtStatus::CANNOT_DELETE);
        }
        if self.parent_is_going(path) {
            return Err(NtStatus::DELETE_PENDING);
        }
        let kind =
            if request.options & FILE_DIRECTORY_FILE != 0 { FILE_ATTRIBUTE_DIRECTORY } else { FILE_ATTRIBUTE_ARCHIVE };
        let fcb = self.allocate_fcb()?;
        let made = self.make_name(path, request.attributes & SETTABLE | kind);
        let (name, found) = made.inspect_err(|_| self.memory().free_pool(fcb))?;
        self.fill_fcb(fcb, &name, &found, Chain::EMPTY);
        Ok(fcb)
    }

    /// The rights that the opener of `fcb` gets.
    fn grant(&self, link: Link<Fcb>, path: &Path<'_>, request: &OpenRequest, origin: Origin) -> Result<u32, NtStatus> {
        let fcb = self.record(link);
        let named = Kind::File.rights(request.desired_access & !MAXIMUM_ALLOWED);
        if origin == Origin::Found {
            request.judge(fcb, path.names_directory, named)?;
        }
        if fcb.has(fcb_flags::PAGING_FILE) && request.opener != Opener::Pager {
            return Err(NtStatus::SHARING_VIOLATION);
        }
        let writes = named & (FILE_WRITE_DATA | FILE_APPEND_DATA) != 0 || request.empties();
        if writes && !self.forget_image(link) {
            return Err(NtStatus::SHARING_VIOLATION);
        }
        let wants_most = request.desired_access & MAXIMUM_ALLOWED != 0;
        let spared = if fcb.is_read_only() && !fcb.is_directory() { WRITING } else { 0 };
        let granted = named | if wants_most { FILE_ALL_ACCESS & !spared } else { 0 };
        let needed = match (origin, request.disposition) {
            (Origin::Found, FILE_SUPERSEDE) => DELETE,
            (Origin::Found, FILE_OVERWRITE | FILE_OVERWRITE_IF) => FILE_WRITE_DATA,
            _ => 0,
        };
        // Of a paging file the pager alone has file objects.
        if !fcb.has(fcb_flags::PAGING_FILE) {
            fcb.share.check(&Sharing::new(granted | needed, request.share_access))?;
        }
        Ok(granted)
    }

    fn complete_open(
        &self,
        file: Link<FileObject>,
        fcb: Link<Fcb>,
        request: &OpenRequest,
        granted_access: u32,
        origin: Origin,
    ) -> Result<OpenedFile, NtStatus> {
        let emptied = match (origin, request.empties()) {
            (Origin::Found, true) => self.overwrite(fcb, request.attributes & SETTABLE, false),
            _ => Ok(()),
        };
        let gets_clusters = request.allocation > 0 && (origin == Origin::Made || request.empties());
        emptied.and_then(|()| match gets_clusters && !self.record(fcb).is_directory() {
            true => self.extend_chain(self.record(fcb), request.allocation),
            false => Ok(()),
        })?;
        let opened = OpenedFile { file, granted_access, information: request.outcome(origin) };
        self.fill(opened, fcb, request);
        if origin == Origin::Made {
            self.note_name(fcb, Action::Added);
        }
        Ok(opened)
    }

    fn fill(&self, opened: OpenedFile, fcb: Link<Fcb>, request: &OpenRequest) {
        let (record, shared) = (self.record(opened.file), self.record(fcb));
        file_object::lead_to(self.objects, opened.file, self.device_object.get());
        record.fs_context.set(fcb.address());
        record.section_object_pointer.set(fcb.cast());
        let sharing = Sharing::new(opened.granted_access, request.share_access);
        sharing.store(record);
        shared.share.add(&sharing);
        shared.clean_count.update(|count| count + 1);
        record.flags.set(request.flags());
        let name = &shared.name;
        record.file_name.set(name.buffer.get(), name.length.get());
    }
}

impl OpenRequest {
    /// A request to open what exists, with these rights and options, letting others do whatever they want.
    pub fn existing(desired_access: u32, options: u32) -> Self {
        let share_access = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
        Self {
            desired_access,
            disposition: FILE_OPEN,
            options,
            share_access,
            attributes: 0,
            allocation: 0,
            opener: Opener::Anybody,
        }
    }

    /// Whether one of these options is given.
    pub fn has(&self, option: u32) -> bool {
        self.options & option != 0
    }

    /// What NtCreateFile refuses whatever the file is.
    ///
    /// # Errors
    /// INVALID_PARAMETER for a disposition, options, attributes or share access that make no sense.
    pub fn check(&self) -> Result<(), NtStatus> {
        let makes_sense = self.disposition <= FILE_OVERWRITE_IF
            && self.options & !VALID_OPTIONS == 0
            && self.attributes & !VALID_ATTRIBUTES == 0
            && self.share_access & !7 == 0;
        let both_kinds = self.has(FILE_DIRECTORY_FILE) && self.has(FILE_NON_DIRECTORY_FILE);
        let opens_or_makes = matches!(self.disposition, FILE_CREATE | FILE_OPEN | FILE_OPEN_IF);
        let both_waits = self.has(FILE_SYNCHRONOUS_IO_ALERT) && self.has(FILE_SYNCHRONOUS_IO_NONALERT);
        let waits = self.has(FILE_SYNCHRONOUS_IO_ALERT) || self.has(FILE_SYNCHRONOUS_IO_NONALERT);
        let named = Kind::File.rights(self.desired_access);
        let may_wait = named & SYNCHRONIZE != 0 || self.desired_access & MAXIMUM_ALLOWED != 0;
        let sound = makes_sense
            && !both_kinds
            && !both_waits
            && (!waits || may_wait)
            && (!self.has(FILE_DIRECTORY_FILE) || opens_or_makes)
            && (!self.has(FILE_DELETE_ON_CLOSE) || named & DELETE != 0);
        if sound { Ok(()) } else { Err(NtStatus::INVALID_PARAMETER) }
    }

    /// Whether a file that does not exist is to be made.
    fn makes_files(&self) -> bool {
        matches!(self.disposition, FILE_SUPERSEDE | FILE_CREATE | FILE_OPEN_IF | FILE_OVERWRITE_IF)
    }

    /// Whether a file that exists is to lose what is in it.
    pub fn empties(&self) -> bool {
        matches!(self.disposition, FILE_SUPERSEDE | FILE_OVERWRITE | FILE_OVERWRITE_IF)
    }

    /// Why the opener of `fcb`, which exists, is refused, who names the rights `named`.
    fn judge(&self, fcb: &Fcb, names_directory: bool, named: u32) -> Result<(), NtStatus> {
        if fcb.has(fcb_flags::DELETE_PENDING) {
            return Err(NtStatus::DELETE_PENDING);
        }
        if self.disposition == FILE_CREATE {
            return Err(NtStatus::OBJECT_NAME_COLLISION);
        }
        if fcb.is_directory() {
            return match () {
                () if self.has(FILE_NON_DIRECTORY_FILE) => Err(NtStatus::FILE_IS_A_DIRECTORY),
                () if self.empties() => Err(NtStatus::OBJECT_NAME_COLLISION),
                () if self.has(FILE_DELETE_ON_CLOSE) && (fcb.is_root() || fcb.is_read_only()) => {
                    Err(NtStatus::CANNOT_DELETE)
                }
                () => Ok(()),
            };
        }
        if self.has(FILE_DIRECTORY_FILE) {
            return Err(NtStatus::NOT_A_DIRECTORY);
        }
        if names_directory {
            return Err(NtStatus::OBJECT_NAME_INVALID);
        }
        if fcb.is_read_only() && (named & WRITING != 0 || self.empties()) {
            return Err(NtStatus::ACCESS_DENIED);
        }
        if fcb.is_read_only() && self.has(FILE_DELETE_ON_CLOSE) {
            return Err(NtStatus::CANNOT_DELETE);
        }
        // Who empties a hidden or system file must know that it is one.
        let secret = fcb.attributes.get() & (FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM);
        if self.empties() && secret & !self.attributes != 0 { Err(NtStatus::ACCESS_DENIED) } else { Ok(()) }
    }

    /// What the status block says was done.
    fn outcome(&self, origin: Origin) -> u32 {
        match (origin, self.disposition) {
            (Origin::Made, _) => FILE_CREATED,
            (Origin::Found, FILE_SUPERSEDE) => FILE_SUPERSEDED,
            (Origin::Found, FILE_OVERWRITE | FILE_OVERWRITE_IF) => FILE_OVERWRITTEN,
            (Origin::Found, _) => FILE_OPENED,
        }
    }

    /// [`file_flags`] of the file object.
    pub fn flags(&self) -> u32 {
        let table = [
            (FILE_SYNCHRONOUS_IO_ALERT, file_flags::SYNCHRONOUS_IO | file_flags::ALERTABLE_IO),
            (FILE_SYNCHRONOUS_IO_NONALERT, file_flags::SYNCHRONOUS_IO),
            (FILE_NO_INTERMEDIATE_BUFFERING, file_flags::NO_INTERMEDIATE_BUFFERING),
            (FILE_WRITE_THROUGH, file_flags::WRITE_THROUGH),
            (FILE_SEQUENTIAL_ONLY, file_flags::SEQUENTIAL_ONLY),
            (FILE_DELETE_ON_CLOSE, file_flags::DELETE_ON_CLOSE),
        ];
        table.into_iter().filter(|(option, _)| self.has(*option)).fold(0, |flags, (_, flag)| flags | flag)
    }
}

#[cfg(test)]
mod tests;
