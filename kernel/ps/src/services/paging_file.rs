//! What programs do with paging files: make them, and ask what there are.
//!
//! Source: `SYSTEM_PAGEFILE_INFORMATION` of the XP generation's public headers.

use alloc::vec::Vec;

use abi::cell::{Field, Link};
use abi::status::NtStatus;
use mm::layout::PAGE_SIZE;
use mm::paging_file::PagingFileFigures;

use crate::buffer::room;
use crate::executive::Executive;
use crate::paging_file::PagingSizes;
use crate::platform::Platform;

/// Bytes of SYSTEM_PAGEFILE_INFORMATION before its name.
const ENTRY: u32 = 24;
/// Bytes of a UNICODE_STRING, which stands at the end of that.
const STRING: u32 = 8;

impl<P: Platform> Executive<P> {
    /// Makes a paging file; the last argument, a priority, was never used.
    #[doc(alias = "NtCreatePagingFile")]
    pub(super) fn create_paging_file_for(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[name_at, minimum_at, maximum_at, _] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let token = self.machine_record(self.token_of(self.current_process()));
        if !se::holds(token, se::privilege::PAGEFILE) {
            return Err(NtStatus::PRIVILEGE_NOT_HELD);
        }
        let (minimum, maximum) = (self.read_long(minimum_at)?, self.read_long(maximum_at)?);
        let name = self.read_string(name_at)?;
        self.create_paging_file(&name, &PagingSizes::Pages(pages_of(minimum), pages_of(maximum)))?;
        Ok(NtStatus::SUCCESS)
    }

    /// Writes what paging files there are into the `length` bytes at `buffer`, as far as they reach: whether it fits, and what it needs.
    #[doc(alias = "MmGetPageFileInformation")]
    pub(super) fn list_paging_files(&self, buffer: u32, length: u32) -> Result<(NtStatus, u32), NtStatus> {
        let (mut at, mut next_at) = (0, None);
        for figures in self.mm().paging_files() {
            let name = self.paging_file_name(&figures)?;
            let bytes = ENTRY + (name.len() as u32 * 2 + 2).next_multiple_of(4);
            if at + bytes <= length {
                if let Some(word) = next_at {
                    self.write_word(word, at - (word - buffer))?;
                }
                let entry = buffer.wrapping_add(at);
                self.write_words(entry, &[0, figures.size, figures.current, figures.peak])?;
                self.write_counted_text(entry + ENTRY - STRING, &name)?;
                next_at = Some(entry);
            }
            at += bytes;
        }
        let status = if at <= length { NtStatus::SUCCESS } else { NtStatus::INFO_LENGTH_MISMATCH };
        Ok((status, at))
    }

    fn paging_file_name(&self, figures: &PagingFileFigures) -> Result<Vec<u16>, NtStatus> {
        let recorded = &self.machine_record(figures.record).page_file_name;
        let units: Link<Field<u16>> = Link::new(recorded.buffer.get());
        let count = u32::from(recorded.length.get()) / 2;
        let mut name = room(count as usize)?;
        name.extend((0..count).map(|index| self.machine_record(units.offset::<Field<u16>>(index * 2)).get()));
        Ok(name)
    }
}

/// Whole pages of `bytes`, as far as a number of pages goes.
fn pages_of(bytes: u64) -> u32 {
    u32::try_from(bytes / u64::from(PAGE_SIZE)).unwrap_or(u32::MAX)
}
