//! The memory of processes as the truth tells where it is: read without a look at a page table.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::dump;
use crate::error::{Error, Result};
use crate::truth::{Hidden, PAGE, Place, Process};

/// RAM and the paging file of a dump.
#[derive(Debug)]
pub struct Memory {
    ram: File,
    paging_file: Option<File>,
}

/// What was read, and why a tool outside cannot read it, if it cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen<T> {
    /// It.
    pub value: T,
    /// Why not.
    pub hidden: Option<Hidden>,
}

impl<T> Seen<T> {
    /// The same seen through another: what hides that hides this.
    pub fn behind(self, hidden: Option<Hidden>) -> Self {
        Self { hidden: hidden.or(self.hidden), ..self }
    }

    /// What it is, where a tool outside can tell.
    pub fn visible(self) -> Option<T> {
        if self.hidden.is_none() { Some(self.value) } else { None }
    }
}

impl Memory {
    /// The memory of the dump in `folder`.
    ///
    /// # Errors
    /// [`Error::Host`].
    pub fn open(folder: &Path) -> Result<Self> {
        let ram = folder.join(dump::RAM);
        let ram = File::open(&ram).map_err(Error::file("opening", &ram))?;
        Ok(Self { ram, paging_file: File::open(folder.join(dump::PAGING_FILE)).ok() })
    }

    /// The bytes at physical address `address`; fewer where RAM ends.
    #[must_use]
    pub fn physical(&self, address: u64, length: usize) -> Vec<u8> {
        read(&self.ram, address, length)
    }

    /// The contents of page `number` of `process`.
    ///
    /// # Errors
    /// Why nobody has them.
    pub fn page(&self, process: &Process, number: u32) -> Result<Seen<Vec<u8>>, Hidden> {
        if let Some(frame) = process.kernel.get(&number) {
            let value = self.physical(u64::from(*frame) * u64::from(PAGE), PAGE as usize);
            return Ok(Seen { value, hidden: None });
        }
        let Some(page) = process.pages.get(&number) else {
            let first = number & !511;
            return Err(if process.tables.contains(&first) { Hidden::Table } else { Hidden::Absent });
        };
        let value = match page.place {
            Place::Frame(frame) => self.physical(u64::from(frame) * u64::from(PAGE), PAGE as usize),
            Place::PagingFile { file: 0, offset } => {
                let file = self.paging_file.as_ref().ok_or(Hidden::File)?;
                read(file, u64::from(offset) * u64::from(PAGE), PAGE as usize)
            }
            Place::PagingFile { .. } => return Err(Hidden::File),
            Place::MappedFile => return Err(Hidden::Section),
        };
        Ok(Seen { value, hidden: page.hidden })
    }

    /// `length` bytes from `address` on.
    ///
    /// # Errors
    /// Why nobody has one of them.
    pub fn read(&self, process: &Process, address: u32, length: u32) -> Result<Seen<Vec<u8>>, Hidden> {
        let mut seen = Seen { value: Vec::new(), hidden: None };
        let mut at = address;
        let end = address.checked_add(length).ok_or(Hidden::Absent)?;
        while at < end {
            let page = self.page(process, at / PAGE)?;
            let (start, count) = (at % PAGE, (PAGE - at % PAGE).min(end - at));
            seen.value.extend(&page.value[start as usize..(start + count) as usize]);
            let misread = start > 0 && is_paged_out(process, at / PAGE);
            seen.hidden = seen.hidden.or(page.hidden).or(misread.then_some(Hidden::Misread));
            at += count;
        }
        Ok(seen)
    }

    /// The words at `address`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn words<const COUNT: usize>(&self, process: &Process, address: u32) -> Result<Seen<[u32; COUNT]>, Hidden> {
        let seen = self.read(process, address, COUNT as u32 * 4)?;
        let (words, _) = seen.value.as_chunks::<4>();
        let value = core::array::from_fn(|index| u32::from_le_bytes(words[index]));
        Ok(Seen { value, hidden: seen.hidden })
    }

    /// The characters of the UNICODE_STRING at `address`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn string(&self, process: &Process, address: u32) -> Result<Seen<String>, Hidden> {
        let head = self.words::<2>(process, address)?;
        let [lengths, buffer] = head.value;
        let seen = self.read(process, buffer, lengths & 0xFFFE)?;
        let (units, _) = seen.value.as_chunks::<2>();
        let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        Ok(Seen { value: String::from_utf16_lossy(&units), hidden: head.hidden.or(seen.hidden) })
    }
}

fn is_paged_out(process: &Process, page: u32) -> bool {
    process.pages.get(&page).is_some_and(|page| matches!(page.place, Place::PagingFile { .. }))
}

fn read(file: &File, at: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut done = 0;
    while let Ok(count) = file.read_at(&mut bytes[done..], at + done as u64) {
        done += count;
        if count == 0 || done == length {
            break;
        }
    }
    bytes
}
