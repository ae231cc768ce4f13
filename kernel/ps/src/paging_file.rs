//! Paging files: making them at the start and on demand, and making them larger.
//!
//! The memory manager knows which of their pages are taken (`mm::paging_file`), the volume where they are (`io::paging_file`); what is
//! here brings the two together. A paging file is never closed: it serves until the machine stops.
//!
//! Source: documented sizes of XP's paging files: one and a half times the RAM, up to three times.

use alloc::vec::Vec;

use abi::access::OBJ_CASE_INSENSITIVE;
use abi::cell::Link;
use abi::file::{FILE_CREATED, FILE_OPEN};
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use io::{OpenRequest, OpenedFile};
use mm::layout::PAGE_SIZE;
use mm::paging_file::{LARGEST, MOST_FILES, PagingFileFigures, SMALLEST};
use ob::ObjectName;

use crate::buffer::room;
use crate::executive::Executive;
use crate::files::Opened;
use crate::platform::Platform;

mod wish;

pub use wish::{PagingSizes, PagingWish};

/// Characters of a paging file's name at most.
const LONGEST_NAME: usize = 128;
/// Pages below which no smaller extension is tried.
const SMALLEST_EXTENSION: u32 = 16;

impl<P: Platform> Executive<P> {
    /// Makes the paging file that `wish` names, or takes the one that is there, and tells what was done of it.
    pub fn start_paging(&self, wish: &PagingWish<'_>) {
        let PagingWish::File { path, sizes } = wish else {
            self.platform().log(format_args!("there is no paging file: none is wanted"));
            return;
        };
        match self.make_paging_file(path, sizes) {
            Ok(file) => {
                let [size, maximum] = [file.size, file.maximum].map(|pages| pages / (0x10_0000 / PAGE_SIZE));
                self.platform().log(format_args!("paging file {}: {path}, {size} MB, up to {maximum}", file.number));
            }
            Err(status) => self.platform().log(format_args!("there is no paging file {path}: {status}")),
        }
    }

    fn make_paging_file(&self, path: &str, sizes: &PagingSizes) -> Result<PagingFileFigures, NtStatus> {
        let mut name: Vec<u16> = room(path.len() + 4)?;
        name.extend("\\??\\".encode_utf16().chain(path.encode_utf16()));
        let number = self.create_paging_file(&name, sizes)?;
        self.mm().paging_files().nth(number as usize).ok_or(NtStatus::INSUFFICIENT_RESOURCES)
    }

    /// Makes `name` a paging file; what is one already gets these sizes, if it does not become smaller. Its number.
    ///
    /// # Errors
    /// INVALID_PARAMETER_2, INVALID_PARAMETER_3 for sizes that cannot be, OBJECT_NAME_INVALID, TOO_MANY_PAGING_FILES, DISK_FULL,
    /// SHARING_VIOLATION for a file that somebody has open, INVALID_DEVICE_REQUEST for what is no file of a volume,
    /// INSUFFICIENT_RESOURCES, and what opening a file gives.
    #[doc(alias = "NtCreatePagingFile")]
    pub(crate) fn create_paging_file(&self, name: &[u16], sizes: &PagingSizes) -> Result<u32, NtStatus> {
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Err(NtStatus::OBJECT_NAME_INVALID);
        }
        if let PagingSizes::Pages(minimum, maximum) = sizes {
            check_sizes(*minimum, *maximum)?;
        }
        let named = ObjectName { root: None, path: name, attributes: OBJ_CASE_INSENSITIVE };
        let refusal = self.refuses_another(&named, sizes)?;
        let mut request = OpenRequest::paging_file();
        if refusal.is_some() {
            // One that there is may still do.
            request.disposition = FILE_OPEN;
        }
        let opened = self.open_by_name(&named, &request).map_err(|status| match (status, refusal) {
            (NtStatus::OBJECT_NAME_NOT_FOUND, Some(refusal)) => refusal,
            _ => status,
        })?;
        let number = self.start_with(&opened, name, sizes);
        if number.is_err() && opened.information == FILE_CREATED && self.opened(opened.file) == Opened::File {
            let _lock = self.lock_volume();
            let _ = self.volume_of(opened.file).set_disposition(opened.file, true);
        }
        let (number, keeps) = match number {
            Ok((number, keeps)) => (Ok(number), keeps),
            Err(status) => (Err(status), Keeps::No),
        };
        if keeps == Keeps::No {
            self.release(opened.file);
        }
        number
    }

    /// Why no other file may become a paging file of these sizes: there are too many, or there is clearly no room for one.
    fn refuses_another(&self, name: &ObjectName<'_>, sizes: &PagingSizes) -> Result<Option<NtStatus>, NtStatus> {
        if self.has_all_paging_files() {
            return Ok(Some(NtStatus::TOO_MANY_PAGING_FILES));
        }
        let PagingSizes::OfMemory = sizes else { return Ok(None) };
        // What is no name of a file on a volume is refused when it is opened.
        let Some(volume) = self.locate(name).ok().and_then(|place| self.volume_at(place.device)) else {
            return Ok(None);
        };
        let free = self.with_volume(volume, |volume| volume.free_clusters())?;
        let bytes = u64::from(free) * u64::from(volume.geometry().cluster_size);
        Ok(sizes_of_memory(self.mm().physical_pages().2, bytes).err())
    }

    fn has_all_paging_files(&self) -> bool {
        self.mm().paging_files().count() as u32 == MOST_FILES
    }

    /// What [`Self::create_paging_file`] does with the file; whether the memory manager keeps the file object.
    fn start_with(&self, opened: &OpenedFile, name: &[u16], sizes: &PagingSizes) -> Result<(u32, Keeps), NtStatus> {
        let file = opened.file;
        if self.opened(file) != Opened::File || self.volume_of(file).fcb(file).is_directory() {
            return Err(NtStatus::INVALID_DEVICE_REQUEST);
        }
        if self.volume_of(file).is_paging_file(file) {
            return Ok((self.enlarge_paging_file(file, sizes)?, Keeps::No));
        }
        if self.has_all_paging_files() {
            return Err(NtStatus::TOO_MANY_PAGING_FILES);
        }
        // What a program wrote to it is of no use any more, but has to be out of memory.
        self.write_dirty_pages(file)?;
        let (minimum, maximum) = self.with_volume(self.volume_of(file), |volume| {
            let (minimum, maximum) = match *sizes {
                PagingSizes::Pages(minimum, maximum) => (minimum, maximum),
                PagingSizes::OfMemory => sizes_of_memory(self.mm().physical_pages().2, volume.room_for_paging(file)?)?,
            };
            volume.prepare_paging_file(file, minimum * PAGE_SIZE)?;
            volume.flush_metadata()?;
            Ok((minimum, maximum))
        })?;
        let number = self.mm().add_paging_file(file, minimum, maximum)?;
        self.mm().name_paging_file(number, name);
        Ok((number, Keeps::Yes))
    }

    /// The file of `file` is a paging file already: it gets other sizes.
    fn enlarge_paging_file(&self, file: Link<FileObject>, sizes: &PagingSizes) -> Result<u32, NtStatus> {
        let fcb = self.volume_of(file).fcb_of(file);
        let is_it = |figures: &PagingFileFigures| self.paging_fcb(figures.number) == fcb;
        let PagingSizes::Pages(minimum, maximum) = *sizes else { return Err(NtStatus::SHARING_VIOLATION) };
        let figures = self.mm().paging_files().find(is_it).ok_or(NtStatus::SHARING_VIOLATION)?;
        if minimum < figures.minimum {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        self.mm().raise_paging_file_maximum(figures.number, maximum)?;
        if minimum > figures.size {
            self.grow_paging_file(figures.number, minimum - figures.size)?;
        }
        self.mm().raise_paging_file_minimum(figures.number, minimum);
        Ok(figures.number)
    }

    fn paging_fcb(&self, number: u32) -> Link<io::Fcb> {
        let file = self.mm().paging_file_object(number);
        self.volume_of(file).fcb_of(file)
    }

    /// Makes a paging file `pages` longer.
    fn grow_paging_file(&self, number: u32, pages: u32) -> Result<(), NtStatus> {
        let file = self.mm().paging_file_object(number);
        self.with_volume(self.volume_of(file), |volume| {
            // Another thread may have made it longer while this one waited for the volume.
            let Some(figures) = self.mm().paging_files().nth(number as usize) else { return Ok(()) };
            let pages = pages.min(figures.maximum - figures.size);
            volume.extend_paging_file(file, (figures.size + pages) * PAGE_SIZE)?;
            self.mm().extend_paging_file(number, pages);
            Ok(())
        })
    }

    /// Makes paging files longer, where that is wanted: whether anything was gained. Never called with the volume locked.
    #[doc(alias = "MiExtendPagingFiles")]
    #[cold]
    #[inline(never)]
    pub(crate) fn extend_paging_files(&self) -> bool {
        let mut gained = false;
        if !self.page_writers.may_extend(self.platform().interrupt_time()) {
            return false;
        }
        while let Some((number, pages)) = self.mm().extension_wanted() {
            let mut pages = pages;
            while pages > 0 && self.grow_paging_file(number, pages).is_err() {
                pages = if pages > SMALLEST_EXTENSION { pages / 2 } else { 0 };
            }
            if pages == 0 {
                self.mm().give_up_extension();
                self.page_writers.had_no_room(self.platform().interrupt_time());
                break;
            }
            gained = true;
        }
        gained
    }
}

/// Whether the memory manager keeps a file object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeps {
    Yes,
    No,
}

/// Whether a paging file may have these sizes, in pages.
fn check_sizes(minimum: u32, maximum: u32) -> Result<(), NtStatus> {
    match () {
        () if !(SMALLEST..=LARGEST).contains(&minimum) => Err(NtStatus::INVALID_PARAMETER_2),
        () if !(minimum..=LARGEST).contains(&maximum) => Err(NtStatus::INVALID_PARAMETER_3),
        () => Ok(()),
    }
}

/// The sizes of a paging file, in pages, for `pages` pages of RAM, on a volume with room for `bytes`: half of that stays to others.
fn sizes_of_memory(pages: u32, bytes: u64) -> Result<(u32, u32), NtStatus> {
    let spare = (bytes / 2 / u64::from(PAGE_SIZE)).min(LARGEST.into()) as u32;
    if spare < SMALLEST {
        return Err(NtStatus::DISK_FULL);
    }
    let wanted = |halves: u64| (u64::from(pages) * halves / 2).clamp(SMALLEST.into(), spare.into()) as u32;
    Ok((wanted(3), wanted(6)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u32 = 256;

    #[test]
    fn a_paging_file_is_one_and_a_half_times_the_ram_where_half_of_the_room_is_enough() {
        let gigabyte = 1 << 30;
        assert_eq!(sizes_of_memory(512 * MB, 4 * gigabyte), Ok((768 * MB, 1536 * MB)));
        assert_eq!(sizes_of_memory(512 * MB, 2 * gigabyte), Ok((768 * MB, 1024 * MB)));
        assert_eq!(sizes_of_memory(512 * MB, 240 << 20), Ok((120 * MB, 120 * MB)));
        assert_eq!(sizes_of_memory(16 << 20, 40 * gigabyte), Ok((LARGEST, LARGEST)));
        assert_eq!(sizes_of_memory(512 * MB, 2 << 20), Ok((MB, MB)));
        assert_eq!(sizes_of_memory(512 * MB, (2 << 20) - 1), Err(NtStatus::DISK_FULL));
    }

    #[test]
    fn sizes_are_from_a_megabyte_to_what_a_file_can_have() {
        assert_eq!(check_sizes(SMALLEST, SMALLEST), Ok(()));
        assert_eq!(check_sizes(SMALLEST, LARGEST), Ok(()));
        assert_eq!(check_sizes(SMALLEST - 1, LARGEST), Err(NtStatus::INVALID_PARAMETER_2));
        assert_eq!(check_sizes(LARGEST + 1, LARGEST + 1), Err(NtStatus::INVALID_PARAMETER_2));
        assert_eq!(check_sizes(SMALLEST + 1, SMALLEST), Err(NtStatus::INVALID_PARAMETER_3));
        assert_eq!(check_sizes(SMALLEST, LARGEST + 1), Err(NtStatus::INVALID_PARAMETER_3));
    }
}
