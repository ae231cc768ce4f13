//! The virtual-memory services.
//!
//! Source: documented parameters; the order in which parameters are checked, pointers probed and handles resolved as
//! observed of Windows.

use abi::access::{PROCESS_QUERY_INFORMATION, PROCESS_VM_OPERATION, PROCESS_VM_READ, PROCESS_VM_WRITE};
use abi::cell::Link;
use abi::memory::MemoryBasicInformation;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::address_space::AddressSpace;
use mm::layout::{HIGHEST_USER_ADDRESS, PAGE_SIZE, VirtualAddress};
use mm::virtual_memory::{AllocateFlags, AskedRange, FreeKind, Region, check_protect};
use ob::Kind;

use crate::buffer::zeros;
use crate::executive::Executive;
use crate::platform::Platform;

/// `MemoryBasicInformation` of NtQueryVirtualMemory.
const BASIC_INFORMATION: u32 = 0;
/// `MemoryWorkingSetList`.
const WORKING_SET_LIST: u32 = 1;
/// `MemoryWorkingSetExInformation`, and bytes of an entry: an address, and what is there.
const WORKING_SET_EX: u32 = 4;
const WORKING_SET_EX_ENTRY: u32 = 8;
/// `MemoryMappedFilenameInformation`, or `MemorySectionName`.
const MAPPED_FILE_NAME: u32 = 2;

impl<P: Platform> Executive<P> {
    #[inline(never)]
    pub(super) fn allocate_virtual_memory(&self, arguments: u32) -> Result<NtStatus, NtStatus> {
        let [process, base_at, zero_bits, size_at, kind, protect] = self.arguments(arguments)?;
        let flags = AllocateFlags::check(zero_bits, kind, protect)?;
        let base = self.probe_word(base_at)?;
        let size = self.probe_word(size_at)?;
        let asked = AskedRange::check(base, size)?;
        if flags.needs_lock_memory_privilege() {
            self.process_by_handle(process, PROCESS_VM_OPERATION)?;
            self.require_lock_memory()?;
        }
        let attached = self.attach_by_handle(process, PROCESS_VM_OPERATION)?;
        let range = self.with_tables_of(attached, |_| asked.pages(), |space| space.allocate(flags, asked))?;
        self.write_word(base_at, range.base())?;
        self.write_word(size_at, range.bytes())?;
        Ok(NtStatus::SUCCESS)
    }

    #[inline(never)]
    pub(super) fn free_virtual_memory(&self, arguments: u32) -> Result<NtStatus, NtStatus> {
        let [process, base_at, size_at, kind] = self.arguments(arguments)?;
        let kind = FreeKind::check(kind)?;
        let base = self.probe_word(base_at)?;
        let size = self.probe_word(size_at)?;
        let attached = self.attach_by_handle(process, PROCESS_VM_OPERATION)?;
        let needs = |space: &AddressSpace<'_, P>| space.pages_of_allocation(base);
        let range = self.with_tables_of(attached, needs, |space| space.free(kind, base, size))?;
        // The words may lie in what was just freed: the service has done its work all the same.
        let _ = self.write_word(size_at, range.bytes());
        let _ = self.write_word(base_at, range.base());
        Ok(NtStatus::SUCCESS)
    }

    #[inline(never)]
    pub(super) fn protect_virtual_memory(&self, arguments: u32) -> Result<NtStatus, NtStatus> {
        let [process, base_at, size_at, protect, old_at] = self.arguments(arguments)?;
        let new = check_protect(protect)?;
        let base = self.probe_word(base_at)?;
        let size = self.probe_word(size_at)?;
        self.probe_word(old_at)?;
        let attached = self.attach_by_handle(process, PROCESS_VM_OPERATION)?;
        let needs = |space: &AddressSpace<'_, P>| space.pages_to_protect(base, size);
        let (range, old) = self.with_tables_of(attached, needs, |space| space.protect(base, size, new))?;
        let _ = self.write_word(size_at, range.bytes());
        let _ = self.write_word(base_at, range.base());
        let _ = self.write_word(old_at, old);
        Ok(NtStatus::SUCCESS)
    }

    #[inline(never)]
    pub(super) fn query_virtual_memory(&self, arguments: u32) -> Result<NtStatus, NtStatus> {
        const SIZE: u32 = size_of::<MemoryBasicInformation>() as u32;
        let [process, address, class, buffer, length, returned_at] = self.arguments(arguments)?;
        match class {
            BASIC_INFORMATION => {}
            WORKING_SET_LIST => return self.query_working_set(process, buffer, length, returned_at),
            MAPPED_FILE_NAME => return self.query_mapped_file(process, address, buffer, length, returned_at),
            WORKING_SET_EX => return self.query_addresses(process, buffer, length, returned_at),
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        }
        if length < SIZE {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.check_aligned_buffer(buffer, length, 4)?;
        self.probe_optional(returned_at)?;
        if address > HIGHEST_USER_ADDRESS {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let attached = self.attach_by_handle(process, PROCESS_QUERY_INFORMATION)?;
        let needs = |space: &AddressSpace<'_, P>| space.pages_of_allocation(address);
        let query = |space: AddressSpace<'_, P>| space.query(address).map(|region| information(region).to_words());
        let words = self.with_tables_of(attached, needs, query)?;
        self.write_words(buffer, &words)?;
        self.write_optional(returned_at, SIZE)?;
        Ok(NtStatus::SUCCESS)
    }

    /// The name of the file that the view at `address` shows.
    #[cold]
    #[inline(never)]
    fn query_mapped_file(
        &self,
        process: u32,
        address: u32,
        buffer: u32,
        length: u32,
        returned_at: u32,
    ) -> Result<NtStatus, NtStatus> {
        self.check_aligned_buffer(buffer, length, 4)?;
        self.probe_optional(returned_at)?;
        if address > HIGHEST_USER_ADDRESS {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let process = self.process_by_handle(process, PROCESS_QUERY_INFORMATION)?;
        let file = self.attached(process, |space| space.file_at(VirtualAddress(address).page()))?;
        // The view may go while the name is told.
        let _held = self.hold(file);
        self.query_name(file.cast(), Kind::File, buffer, length, returned_at)
    }

    /// What is in memory at each of the addresses in `buffer`.
    #[cold]
    #[inline(never)]
    fn query_addresses(&self, process: u32, buffer: u32, length: u32, returned_at: u32) -> Result<NtStatus, NtStatus> {
        if length < WORKING_SET_EX_ENTRY {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.check_aligned_buffer(buffer, length, 4)?;
        self.probe_optional(returned_at)?;
        let process = self.process_by_handle(process, PROCESS_QUERY_INFORMATION)?;
        let entries = length / WORKING_SET_EX_ENTRY;
        for at in (0..entries).map(|index| buffer + index * WORKING_SET_EX_ENTRY) {
            let address = self.read_word(at)?;
            let report = self.attached(process, |space| space.page_report(address));
            self.write_word(at + 4, report)?;
        }
        self.write_optional(returned_at, entries * WORKING_SET_EX_ENTRY)?;
        Ok(NtStatus::SUCCESS)
    }

    #[cold]
    #[inline(never)]
    fn query_working_set(
        &self,
        process: u32,
        buffer: u32,
        length: u32,
        returned_at: u32,
    ) -> Result<NtStatus, NtStatus> {
        if length < 4 {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.check_aligned_buffer(buffer, length, 4)?;
        self.probe_optional(returned_at)?;
        let process = self.process_by_handle(process, PROCESS_QUERY_INFORMATION)?;
        let (status, needed) = self.list_working_set(process, buffer, length)?;
        self.write_optional(returned_at, needed)?;
        Ok(status)
    }

    pub(super) fn read_virtual_memory(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, base, buffer, size, done_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.copy_virtual_memory((process, PROCESS_VM_READ), base, buffer, size, done_at, Direction::Read)
    }

    pub(super) fn write_virtual_memory(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, base, buffer, size, done_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.copy_virtual_memory((process, PROCESS_VM_WRITE), base, buffer, size, done_at, Direction::Write)
    }

    /// Copies page by page through the kernel, between the caller's `buffer` and `base` in the process, after a look at whether all of the
    /// target takes stores. What was copied when a page of the source fails stays copied, and is told.
    #[doc(alias = "MmCopyVirtualMemory")]
    fn copy_virtual_memory(
        &self,
        (handle, access): (u32, u32),
        base: u32,
        buffer: u32,
        size: u32,
        done_at: u32,
        direction: Direction,
    ) -> Result<NtStatus, NtStatus> {
        let in_user = |start: u32| start.checked_add(size).is_some_and(|end| end <= HIGHEST_USER_ADDRESS + 1);
        if !in_user(base) || !in_user(buffer) {
            return Err(NtStatus::ACCESS_VIOLATION);
        }
        self.probe_optional(done_at)?;
        if size == 0 {
            self.write_optional(done_at, 0)?;
            return Ok(NtStatus::SUCCESS);
        }
        let process = self.process_by_handle(handle, access)?;
        // Either side's pages may have to be waited for: the process may end meanwhile, and its handle be closed.
        let _held = self.hold(process);
        let copied = match direction {
            Direction::Read => self.copy_from_process(process, base, buffer, size),
            Direction::Write => self.copy_to_process(process, base, buffer, size),
        };
        let done = copied.unwrap_or(0);
        self.write_optional(done_at, done)?;
        copied.map(|_| if done == size { NtStatus::SUCCESS } else { NtStatus::PARTIAL_COPY })
    }

    /// How many bytes could be copied.
    fn copy_from_process(&self, process: Link<Eprocess>, base: u32, buffer: u32, size: u32) -> Result<u32, NtStatus> {
        self.probe_bytes(buffer, size)?;
        by_pages(base, buffer, size, |done, bytes| {
            self.attached(process, |_| self.platform().read_user(base + done, bytes))?;
            self.platform().write_user(buffer + done, bytes)
        })
    }

    /// The same the other way. The process is asked whether it takes the stores when it is attached to for the first of them.
    fn copy_to_process(&self, process: Link<Eprocess>, base: u32, buffer: u32, size: u32) -> Result<u32, NtStatus> {
        let mut probed = Ok(());
        let copied = by_pages(base, buffer, size, |done, bytes| {
            let read = self.platform().read_user(buffer + done, bytes);
            self.attached(process, |_| {
                if done == 0 {
                    probed = self.probe_bytes(base, size);
                }
                probed.and(read)?;
                self.platform().write_user(base + done, bytes)
            })
        });
        probed.and(copied)
    }
}

/// Calls `copy` with how many of `size` bytes are done and room for the next ones, which cross no page's boundary after `one` or `other`, until it
/// fails; how many were done.
///
/// # Errors
/// INSUFFICIENT_RESOURCES.
fn by_pages(
    one: u32,
    other: u32,
    size: u32,
    mut copy: impl FnMut(u32, &mut [u8]) -> Result<(), NtStatus>,
) -> Result<u32, NtStatus> {
    let mut page = zeros(size.min(PAGE_SIZE))?;
    let mut done = 0;
    while done < size {
        let left = |at: u32| PAGE_SIZE - (at + done) % PAGE_SIZE;
        let step = left(one).min(left(other)).min(size - done);
        if copy(done, &mut page[..step as usize]).is_err() {
            break;
        }
        done += step;
    }
    Ok(done)
}

impl<P: Platform> Executive<P> {
    /// Checks that each page of `size` bytes from `start` on, in the current address space, takes stores.
    #[doc(alias = "ProbeForWrite")]
    fn probe_bytes(&self, start: u32, size: u32) -> Result<(), NtStatus> {
        let last = start + (size - 1);
        // A word within each page, at its beginning but for the first.
        let pages = (start & !(PAGE_SIZE - 1)..=last).step_by(PAGE_SIZE as usize);
        pages.map(|page| page.max(start & !3)).try_for_each(|at| self.probe_word(at).map(|_| ()))
    }

    /// Nothing is to be flushed on this processor, which sees what it stores; the arguments are checked all the same.
    pub(super) fn flush_instruction_cache(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, base, size] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if base != 0 && size == 0 {
            return Ok(NtStatus::SUCCESS);
        }
        if base > HIGHEST_USER_ADDRESS {
            return Err(NtStatus::ACCESS_VIOLATION);
        }
        self.process_by_handle(process, PROCESS_VM_WRITE)?;
        Ok(NtStatus::SUCCESS)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Read,
    Write,
}

#[inline(always)]
fn information(region: Region) -> MemoryBasicInformation {
    MemoryBasicInformation {
        base_address: region.base,
        allocation_base: region.allocation_base,
        allocation_protect: region.allocation_protect,
        region_size: region.size,
        state: region.state,
        protect: region.protect,
        kind: region.kind,
    }
}
