//! The services of write watch.
//!
//! Source: documented parameters of GetWriteWatch and ResetWriteWatch; order of checks and statuses as Wine's tests observe them of Windows through
//! Win32, the numbers of parameters as published for Server 2003.

use abi::access::PROCESS_VM_OPERATION;
use abi::memory::WRITE_WATCH_FLAG_RESET;
use abi::status::NtStatus;
use mm::layout::{PAGE_SIZE, VirtualAddress};
use mm::virtual_memory::{PageRange, check_watch_range};

use crate::executive::Executive;
use crate::platform::Platform;

/// Addresses that are told at a time: what fits a kernel stack.
const AT_ONCE: usize = 128;

impl<P: Platform> Executive<P> {
    /// Stores the addresses of written pages in the program's array. A page that is to be reset is so before its address is stored: the array
    /// may lie in watched memory itself.
    pub(super) fn get_write_watch(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, flags, base, size, addresses_at, count_at, granularity_at] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        if flags & !WRITE_WATCH_FLAG_RESET != 0 {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        let count = self.probe_word(count_at)?;
        self.probe_word(granularity_at)?;
        let length = count.checked_mul(4).filter(|length| *length > 0).ok_or(NtStatus::INVALID_PARAMETER_5)?;
        self.check_aligned_buffer(addresses_at, length, 4)?;
        self.probe_buffer(addresses_at, length)?;
        check_watch_range(base, size)?;
        let process = self.process_by_handle(process, PROCESS_VM_OPERATION)?;
        let _held = self.hold(process);
        let watched = self.attached(process, |space| space.check_watched(base, size))?;
        let (mut left, mut done) = (Some(watched), 0);
        while let Some(range) = left.filter(|_| done < count) {
            let mut addresses = [0; AT_ONCE];
            let room = &mut addresses[..AT_ONCE.min((count - done) as usize)];
            let found = self.attached(process, |space| {
                let found = space.written_pages(range, room);
                if flags & WRITE_WATCH_FLAG_RESET != 0 {
                    space.forget_written(&room[..found]);
                }
                found
            });
            self.write_words(addresses_at + done * 4, &room[..found])?;
            done += found as u32;
            left = room[..found].last().filter(|_| found == room.len()).and_then(|last| range_behind(range, *last));
        }
        self.write_word(count_at, done)?;
        self.write_word(granularity_at, PAGE_SIZE)?;
        Ok(NtStatus::SUCCESS)
    }

    pub(super) fn reset_write_watch(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, base, size] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        check_watch_range(base, size)?;
        let process = self.process_by_handle(process, PROCESS_VM_OPERATION)?;
        self.attached(process, |space| space.reset_watch(base, size))?;
        Ok(NtStatus::SUCCESS)
    }
}

/// What is left of `range` behind the page at `address`.
fn range_behind(range: PageRange, address: u32) -> Option<PageRange> {
    let start = VirtualAddress(address + PAGE_SIZE).page();
    (start <= range.end).then_some(PageRange { start, ..range })
}
