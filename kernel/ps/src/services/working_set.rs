//! The services of working sets: locking pages, setting limits, telling what is in one.
//!
//! Source: documented parameters of VirtualLock, SetProcessWorkingSetSize and QueryWorkingSet; statuses and the layout of
//! MEMORY_WORKING_SET_LIST as programs observe them.

use abi::access::PROCESS_VM_OPERATION;
use abi::cell::Link;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::address_space::AddressSpace;
use mm::layout::{PAGE_SIZE, PageCount};
use mm::virtual_memory::PageRange;
use mm::working_set::{LockKind, WorkingSetLimits, check_lock_range};

use crate::buffer::room;
use crate::executive::Executive;
use crate::platform::Platform;

/// Words of QUOTA_LIMITS.
pub(super) const QUOTA_LIMITS: usize = 8;
/// Times that a page is brought in for a range to be locked; others may be trimmed meanwhile.
const ATTEMPTS: u32 = 4;

impl<P: Platform> Executive<P> {
    pub(super) fn lock_virtual_memory(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let (process, range, kind) = self.range_to_lock(arguments)?;
        let was_locked = self.lock_range(process, range, kind)?;
        self.tell_locked(arguments, range)?;
        Ok(if was_locked { NtStatus::WAS_LOCKED } else { NtStatus::SUCCESS })
    }

    pub(super) fn unlock_virtual_memory(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let (process, range, kind) = self.range_to_lock(arguments)?;
        self.with_tables(process, |_| range, |space| space.unlock_pages(range, kind))?;
        self.tell_locked(arguments, range)?;
        Ok(NtStatus::SUCCESS)
    }

    /// What both services are asked for, checked.
    fn range_to_lock(&self, arguments: &[u32]) -> Result<(Link<Eprocess>, PageRange, LockKind), NtStatus> {
        let &[process, base_at, size_at, kind] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let kind = LockKind::of(kind)?;
        let base = self.probe_word(base_at)?;
        let size = self.probe_word(size_at)?;
        let range = check_lock_range(base, size)?;
        let process = self.process_by_handle(process, PROCESS_VM_OPERATION)?;
        if kind.needs_privilege() {
            self.require_lock_memory()?;
        }
        Ok((process, range, kind))
    }

    fn tell_locked(&self, arguments: &[u32], range: PageRange) -> Result<(), NtStatus> {
        self.write_word(arguments[2], range.bytes())?;
        self.write_word(arguments[1], range.base())
    }

    /// Brings all pages of `range` in and locks them; whether some of them were locked before.
    fn lock_range(&self, process: Link<Eprocess>, range: PageRange, kind: LockKind) -> Result<bool, NtStatus> {
        let count = range.bytes() / PAGE_SIZE;
        for _ in 0..count.saturating_mul(ATTEMPTS) {
            let missing = self.with_tables(
                process,
                |_| range,
                |space| {
                    space.check_lockable(range)?;
                    Ok(space.first_not_valid(range))
                },
            )?;
            let Some(page) = missing else { break };
            let mut byte = [0];
            // A guard is off after that, and is told: the next time the page can be locked.
            self.attached(process, |_| self.platform().read_user(page.address().0, &mut byte))?;
        }
        self.with_tables(
            process,
            |_| range,
            |space| match space.first_not_valid(range) {
                None => space.lock_pages(range, kind),
                Some(_) => Err(NtStatus::WORKING_SET_QUOTA),
            },
        )
    }

    /// Sets what QUOTA_LIMITS, `limits`, says of the working set of `process`. Both limits at their highest empty it.
    #[doc(alias = "PspSetQuotaLimits")]
    pub(super) fn set_working_set(&self, process: Link<Eprocess>, limits: [u32; QUOTA_LIMITS]) -> Result<(), NtStatus> {
        let (minimum, maximum) = (limits[2], limits[3]);
        if !self.is_alive(process) {
            return Err(NtStatus::PROCESS_IS_TERMINATING);
        }
        if (minimum, maximum) == (u32::MAX, u32::MAX) {
            self.attached(process, |space| space.empty_working_set());
            return Ok(());
        }
        if self.apply_job_working_set(process) {
            // The job has said it.
            return Ok(());
        }
        let pages = |bytes: u32| PageCount(bytes / PAGE_SIZE);
        let limits = WorkingSetLimits { minimum: pages(minimum), maximum: pages(maximum) };
        self.attached(process, |space| space.set_working_set_limits(limits))
    }

    /// Writes the working set of `process` to the `length` bytes at `buffer`: the number of pages and a word for each, as far as they reach.
    /// Whether it fits, and what it needs.
    #[doc(alias = "MiGetWorkingSetInfo")]
    pub(super) fn list_working_set(
        &self,
        process: Link<Eprocess>,
        buffer: u32,
        length: u32,
    ) -> Result<(NtStatus, u32), NtStatus> {
        let mut words = room(self.machine_record(process).vm.working_set_size.get() as usize + 1)?;
        words.push(0);
        self.attached(process, |space: AddressSpace<'_, P>| {
            space.each_in_working_set(|entry| {
                if words.len() < words.capacity() {
                    words.push(entry);
                }
            });
        });
        words[0] = words.len() as u32 - 1;
        let needed = words.len() as u32 * 4;
        let fits = needed <= length;
        self.write_words(buffer, &words[..if fits { words.len() } else { 1 }])?;
        Ok((if fits { NtStatus::SUCCESS } else { NtStatus::INFO_LENGTH_MISMATCH }, needed))
    }
}
