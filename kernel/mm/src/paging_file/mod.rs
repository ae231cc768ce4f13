//! Paging files: up to sixteen, and which pages of them are taken.
//!
//! A page that leaves memory gets a place in one of them, neighbours where they can be had, so that they are written and read by
//! one command. Nothing here reads or writes: `ps` makes the files, and moves the pages.
//!
//! The first page of each is never given: file 0 with offset 0 in a PTE says "demand zero".
//!
//! * **G1** The bits of a file that are set are the first, those of the pages that are counted as taken, and those in quarantine; none
//!   beyond its size.
//! * **G2** Size = free + taken + 1; minimum <= size <= maximum; no more is taken than the peak says.
//! * **G3** The commit limit is what memory can hold and the sizes of all paging files.
//! * **G4** As many pages are taken as PTEs and frames name; the audit of those knows.
//!
//! Source: symbol type `_MMPAGING_FILE` of XP SP3; `_RTL_BITMAP`; the debugger's `!vm`, which shows one page less free than the size
//! of a paging file nobody uses.

mod bitmap;
mod quarantine;
mod slots;
mod verify;

use abi::assert_layout;
use abi::cell::{Field, Link, Record};
use abi::nt::file::FileObject;
use abi::nt::string::UnicodeString;
use abi::status::NtStatus;

use crate::MemoryManager;
use crate::layout::PageCount;
use crate::machine::Machine;
use crate::pool::{LARGEST_BLOCK, Tag};
use crate::system::Exhausted;
use bitmap::Bitmap;
use quarantine::Quarantine;

pub use slots::Slots;

/// Paging files that there can be: their number has four bits in a PTE.
#[doc(alias = "MAX_PAGE_FILES")]
pub const MOST_FILES: u32 = 16;
/// Pages that a paging file has at least: 1 MB.
pub const SMALLEST: u32 = 256;
/// Pages that a paging file has at most: 4 GB, and no file of a FAT volume has more.
pub const LARGEST: u32 = 0x10_0000 - 1;
/// Pages that a paging file grows by at least: 1 MB.
#[doc(alias = "MmPageFileExtension")]
const EXTENSION: u32 = 256;

const PAGING_FILE: Tag = Tag(*b"MmPf");

/// What is known of a paging file.
#[doc(alias = "_MMPAGING_FILE")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct PagingFile {
    /// Pages, as all sizes here.
    pub size: Field<u32>,
    pub maximum_size: Field<u32>,
    pub minimum_size: Field<u32>,
    pub free_space: Field<u32>,
    pub current_usage: Field<u32>,
    pub peak_usage: Field<u32>,
    /// Where the search for free pages begins.
    pub hint: Field<u32>,
    pub highest_page: Field<u32>,
    /// The two lists of pages that NT's writer has under way; whoever writes has them here.
    pub entry: [Field<u32>; 2],
    pub bitmap: Field<Link<RtlBitmap>>,
    pub file: Field<Link<FileObject>>,
    pub page_file_name: UnicodeString,
    pub page_file_number: Field<u32>,
    pub extended: Field<u8>,
    pub hint_set_to_zero: Field<u8>,
    pub boot_partition: Field<u8>,
    pub spare: Field<u8>,
    pub file_handle: Field<u32>,
}
impl Record for PagingFile {}
assert_layout!(PagingFile, 0x44, {
    size: 0, maximum_size: 4, minimum_size: 8, free_space: 0xC, current_usage: 0x10, peak_usage: 0x14, hint: 0x18,
    highest_page: 0x1C, entry: 0x20, bitmap: 0x28, file: 0x2C, page_file_name: 0x30, page_file_number: 0x38, extended: 0x3C,
    file_handle: 0x40,
});

/// Bits, and where they are.
#[doc(alias = "_RTL_BITMAP")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct RtlBitmap {
    pub size_of_bit_map: Field<u32>,
    pub buffer: Field<Link<Field<u32>>>,
}
impl Record for RtlBitmap {}
assert_layout!(RtlBitmap, 8, { size_of_bit_map: 0, buffer: 4 });

/// A paging file and its bitmap, in one block.
#[repr(C)]
struct Block {
    file: PagingFile,
    bitmap: RtlBitmap,
}
impl Record for Block {}
const BITMAP: u32 = core::mem::offset_of!(Block, bitmap) as u32;

/// All paging files.
pub(crate) struct PagingFiles {
    /// In the order of their numbers.
    #[doc(alias = "MmPagingFile")]
    files: [Field<Link<PagingFile>>; MOST_FILES as usize],
    #[doc(alias = "MmNumberOfPagingFiles")]
    count: Field<u32>,
    /// The file that gave pages last.
    recent: Field<u32>,
    /// Pages that can be taken in all of them, and how many are.
    pages: Field<u32>,
    taken: Field<u32>,
    refused: Quarantine,
    /// Pages that could not be had though a file may still grow.
    wanted: Field<u32>,
}

impl PagingFiles {
    pub(crate) const fn new() -> Self {
        Self {
            files: [const { Field::<Link<PagingFile>>::NULL }; MOST_FILES as usize],
            count: Field::ZERO,
            recent: Field::ZERO,
            pages: Field::ZERO,
            taken: Field::ZERO,
            refused: Quarantine::new(),
            wanted: Field::ZERO,
        }
    }
}

/// The figures of one paging file, in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PagingFileFigures {
    /// Its number.
    pub number: u32,
    /// Where NT's structure is.
    pub record: Link<PagingFile>,
    /// Pages that it has.
    pub size: u32,
    /// Pages that it is made with.
    pub minimum: u32,
    /// Pages that it may grow to.
    pub maximum: u32,
    /// Pages nobody has.
    pub free: u32,
    /// Pages taken.
    pub current: u32,
    /// The most that ever were.
    pub peak: u32,
}

/// Words that hold the bits of `pages` pages.
const fn words(pages: u32) -> u32 {
    pages.div_ceil(32)
}

impl<M: Machine> MemoryManager<M> {
    /// Pages go to `file` too from now on, which has `pages` pages and may grow to `maximum`; its number. The commit limit rises by
    /// `pages`. The caller's reference to the file is kept.
    ///
    /// # Errors
    /// TOO_MANY_PAGING_FILES, INVALID_PARAMETER_2 for too few or too many pages, INVALID_PARAMETER_3 for a maximum below them or too
    /// large, INSUFFICIENT_RESOURCES; nothing has changed.
    #[doc(alias = "NtCreatePagingFile")]
    pub fn add_paging_file(&self, file: Link<FileObject>, pages: u32, maximum: u32) -> Result<u32, NtStatus> {
        let number = self.paging_files.count.get();
        if number == MOST_FILES {
            return Err(NtStatus::TOO_MANY_PAGING_FILES);
        }
        check_sizes(pages, maximum)?;
        let buffer = self.allocate_bits(maximum)?;
        let block = self
            .allocate_zeroed_pool::<Block>(size_of::<Block>() as u32, PAGING_FILE)
            .inspect_err(|_| self.free_bits(buffer, maximum))?;
        let Block { file: record, bitmap } = self.machine.record(block);
        bitmap.size_of_bit_map.set(pages);
        bitmap.buffer.set(buffer);
        record.size.set(pages);
        record.minimum_size.set(pages);
        record.maximum_size.set(maximum);
        record.free_space.set(pages - 1);
        record.highest_page.set(pages - 1);
        record.bitmap.set(block.offset(BITMAP));
        record.file.set(file);
        record.page_file_number.set(number);
        self.machine.record(buffer).set(1);
        self.paging_files.files[number as usize].set(block.cast());
        self.paging_files.count.set(number + 1);
        self.paging_files.pages.update(|all| all + pages - 1);
        self.commit.raise(pages);
        Ok(number)
    }

    /// Tells debuggers and programs how the paging file `number` is called; it can do without where there is no memory.
    pub fn name_paging_file(&self, number: u32, name: &[u16]) {
        let record = &self.paging_file(number).page_file_name;
        let bytes = size_of_val(name) as u32;
        if bytes == 0 || record.buffer.get() != 0 {
            return;
        }
        let Ok(buffer) = self.allocate_pool::<Field<u16>>(bytes, PAGING_FILE) else { return };
        for (index, unit) in (0..).zip(name) {
            self.machine.record(buffer.offset::<Field<u16>>(index * 2)).set(*unit);
        }
        record.set(buffer.address(), bytes as u16);
    }

    /// The file on which the paging file `number` is.
    pub fn paging_file_object(&self, number: u32) -> Link<FileObject> {
        self.paging_file(number).file.get()
    }

    /// The paging file has `pages` more pages: the commit limit rises by as many.
    #[doc(alias = "MiExtendPagingFiles")]
    pub fn extend_paging_file(&self, number: u32, pages: u32) {
        let record = self.paging_file(number);
        let pages = pages.min(record.maximum_size.get() - record.size.get());
        let size = record.size.update(|size| size + pages);
        record.free_space.update(|free| free + pages);
        record.highest_page.set(size - 1);
        record.extended.set(1);
        self.machine.record(record.bitmap.get()).size_of_bit_map.set(size);
        self.paging_files.pages.update(|all| all + pages);
        self.paging_files.wanted.update(|wanted| wanted.saturating_sub(pages));
        self.commit.raise(pages);
    }

    /// The paging file `number` may grow to `maximum` pages.
    ///
    /// # Errors
    /// INVALID_PARAMETER_3 where it might already grow to more, or for more than a paging file can have, INSUFFICIENT_RESOURCES;
    /// nothing has changed.
    pub fn raise_paging_file_maximum(&self, number: u32, maximum: u32) -> Result<(), NtStatus> {
        let record = self.paging_file(number);
        let before = record.maximum_size.get();
        if maximum < before || maximum > LARGEST {
            return Err(NtStatus::INVALID_PARAMETER_3);
        }
        let buffer = self.allocate_bits(maximum)?;
        let bitmap = self.machine.record(record.bitmap.get());
        let old = bitmap.buffer.get();
        for index in 0..words(before) {
            self.machine.record(word_at(buffer, index)).set(self.machine.record(word_at(old, index)).get());
        }
        bitmap.buffer.set(buffer);
        record.maximum_size.set(maximum);
        self.free_bits(old, before);
        Ok(())
    }

    /// The paging file `number` is one that was made with at least `minimum` pages, as it has.
    pub fn raise_paging_file_minimum(&self, number: u32, minimum: u32) {
        let record = self.paging_file(number);
        record.minimum_size.update(|before| minimum.clamp(before, record.size.get()));
    }

    /// The paging file that should have more pages, and how many: commit was refused or nearly so, or hardly a page is free while
    /// memory is short.
    #[doc(alias = "MmAttemptForCantExtend")]
    pub fn extension_wanted(&self) -> Option<(u32, u32)> {
        let pressed = self.is_memory_short() && self.free_slots() < EXTENSION;
        let pressed = if pressed && self.paging_files.count.get() > 0 { EXTENSION } else { 0 };
        let wanted = self.paging_files.wanted.get().max(self.commit.wanted()).max(pressed);
        if wanted == 0 {
            return None;
        }
        let room = |file: &PagingFileFigures| file.maximum - file.size;
        let all: u64 = self.paging_files().map(|file| u64::from(room(&file))).sum();
        if all == 0 || u64::from(wanted) > all && wanted > EXTENSION {
            // What can never be is refused at once.
            self.give_up_extension();
            return None;
        }
        let growing = self.paging_files().find(|file| room(file) > 0)?;
        Some((growing.number, wanted.max(EXTENSION).min(room(&growing))))
    }

    /// No paging file could be made larger: nobody is to wait for that.
    pub fn give_up_extension(&self) {
        self.paging_files.wanted.set(0);
        self.commit.forget_wanted();
    }

    /// The figures of all paging files.
    pub fn paging_files(&self) -> impl Iterator<Item = PagingFileFigures> + '_ {
        (0..self.paging_files.count.get()).map(|number| {
            let link = self.paging_files.files[number as usize].get();
            let record = self.machine.record(link);
            PagingFileFigures {
                number,
                record: link,
                size: record.size.get(),
                minimum: record.minimum_size.get(),
                maximum: record.maximum_size.get(),
                free: record.free_space.get(),
                current: record.current_usage.get(),
                peak: record.peak_usage.get(),
            }
        })
    }

    #[inline(always)]
    fn paging_file(&self, number: u32) -> &PagingFile {
        self.machine.record(self.paging_files.files[number as usize % MOST_FILES as usize].get())
    }

    /// The bits of `file`.
    #[inline(always)]
    fn bitmap<'m>(&'m self, file: &PagingFile) -> Bitmap<impl Fn(u32) -> &'m Field<u32>> {
        let buffer = self.machine.record(file.bitmap.get()).buffer.get();
        Bitmap { size: file.size.get(), word: move |index| self.machine.record(word_at(buffer, index)) }
    }

    /// Clear bits for `pages` pages.
    fn allocate_bits(&self, pages: u32) -> Result<Link<Field<u32>>, Exhausted> {
        let bytes = words(pages) * 4;
        if bytes <= LARGEST_BLOCK {
            return self.allocate_zeroed_pool(bytes, PAGING_FILE);
        }
        self.allocate_zeroed_pool_pages(PageCount::of_bytes(bytes).0)
    }

    fn free_bits(&self, buffer: Link<Field<u32>>, pages: u32) {
        let bytes = words(pages) * 4;
        if bytes <= LARGEST_BLOCK {
            self.free_pool(buffer);
        } else {
            self.free_pool_pages(buffer, PageCount::of_bytes(bytes).0);
        }
    }
}

/// Whether a paging file may have `pages` pages and grow to `maximum`.
fn check_sizes(pages: u32, maximum: u32) -> Result<(), NtStatus> {
    if !(SMALLEST..=LARGEST).contains(&pages) {
        return Err(NtStatus::INVALID_PARAMETER_2);
    }
    if !(pages..=LARGEST).contains(&maximum) {
        return Err(NtStatus::INVALID_PARAMETER_3);
    }
    Ok(())
}

#[inline(always)]
fn word_at(buffer: Link<Field<u32>>, index: u32) -> Link<Field<u32>> {
    buffer.offset(index * 4)
}
