//! Sections of files' data: from a file that a program has opened to the control area that all who have it open share.
//!
//! Source: documented parameters and refusals of NtCreateSection and NtExtendSection.

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use mm::section::{ControlArea, SectionArguments};

use crate::executive::Executive;
use crate::files::Opened;
use crate::platform::Platform;

/// What a section object is made of.
pub(crate) struct SectionParts {
    /// Its control area, with a reference for it.
    pub(crate) area: Link<ControlArea>,
    /// Its bytes, where they are not all that the control area has.
    pub(crate) size: Option<u64>,
}

impl SectionParts {
    /// All of `area`.
    pub(crate) fn whole(area: Link<ControlArea>) -> Self {
        Self { area, size: None }
    }
}

impl<P: Platform> Executive<P> {
    /// What a section of `size` bytes of the data of `file` is made of; no bytes stand for all there are. A file that is shorter becomes
    /// longer, if what is stored in the section's views is to be stored in it.
    ///
    /// # Errors
    /// INVALID_FILE_FOR_SECTION for what has no data, MAPPED_FILE_SIZE_ZERO for an empty file, SECTION_TOO_BIG for more than
    /// there is, and what making the file longer gives.
    #[doc(alias = "MiCreateDataFileMap")]
    pub(crate) fn data_section(
        &self,
        file: Link<FileObject>,
        size: u64,
        asked: SectionArguments,
    ) -> Result<SectionParts, NtStatus> {
        if self.opened(file) != Opened::File || self.volume_of(file).fcb(file).is_directory() {
            return Err(NtStatus::INVALID_FILE_FOR_SECTION);
        }
        let _held = self.hold(file);
        let area = self.volume_of(file).data_area(file)?;
        self.mm().reference_section(area);
        self.fit_section(file, area, size, asked)
            .map(|size| SectionParts { area, size: Some(size) })
            .inspect_err(|_| self.give_up_section(area))
    }

    /// The bytes of a section of `area` for which `size` was asked.
    fn fit_section(
        &self,
        file: Link<FileObject>,
        area: Link<ControlArea>,
        size: u64,
        asked: SectionArguments,
    ) -> Result<u64, NtStatus> {
        let whole = self.mm().data_file_size(area);
        let size = asked.data_size(whole, size)?;
        if size > whole {
            self.lengthen_file(file, size)?;
        }
        Ok(size)
    }

    /// Makes `file` at least `size` bytes long.
    ///
    /// # Errors
    /// DISK_FULL, INSUFFICIENT_RESOURCES.
    #[doc(alias = "FsRtlSetFileSize")]
    pub(crate) fn lengthen_file(&self, file: Link<FileObject>, size: u64) -> Result<(), NtStatus> {
        self.with_volume(self.volume_of(file), |volume| match size > u64::from(volume.fcb(file).file_size.get()) {
            true => volume.set_end_of_file(file, size),
            false => Ok(()),
        })
    }
}
