//! What programs ask about the system.
//!
//! Source: `SYSTEM_INFORMATION_CLASS` and the structures of the XP generation's public headers; which lengths are accepted as
//! observed of XP.

use abi::cell::Link;
use abi::frames;
use abi::nt::process::Eprocess;
use abi::nt::thread::Kthread;
use abi::status::NtStatus;
use abi::time_zone::UNITS_PER_MINUTE;
use mm::layout::{ALLOCATION_GRANULARITY, HIGHEST_VAD_ADDRESS, LOWEST_USER_ADDRESS, PAGE_SIZE};

use crate::executive::Executive;
use crate::platform::Platform;

/// Classes of information, under NT's numbers.
pub(super) mod class {
    pub(super) const BASIC_INFORMATION: u32 = 0;
    pub(super) const PERFORMANCE_INFORMATION: u32 = 2;
    pub(super) const TIME_OF_DAY_INFORMATION: u32 = 3;
    pub(super) const PROCESS_INFORMATION: u32 = 5;
    pub(super) const PROCESSOR_PERFORMANCE_INFORMATION: u32 = 8;
    pub(super) const PAGE_FILE_INFORMATION: u32 = 18;
    pub(in crate::services) const TIME_ADJUSTMENT_INFORMATION: u32 = 28;
    pub(super) const LOGICAL_PROCESSOR_INFORMATION: u32 = 73;
    pub(in crate::services) const CURRENT_TIME_ZONE_INFORMATION: u32 = 44;
}

/// Length of a clock tick, in units of 100 ns.
const TICK: u32 = 100_000;

/// SYSTEM_LOGICAL_PROCESSOR_INFORMATION of one processor, six words each: it is a core, a package, and a node of memory.
const LOGICAL_PROCESSORS: [u32; 18] = [1, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0];

/// SYSTEM_PERFORMANCE_INFORMATION in words, and the places of what is counted.
mod performance {
    pub(super) const WORDS: usize = 78;
    pub(super) const IDLE_TIME: usize = 0;
    pub(super) const AVAILABLE_PAGES: usize = 11;
    pub(super) const COMMITTED_PAGES: usize = 12;
    pub(super) const COMMIT_LIMIT: usize = 13;
    pub(super) const PEAK_COMMITMENT: usize = 14;
    pub(super) const PAGE_FAULTS: usize = 15;
    pub(super) const NONPAGED_POOL_PAGES: usize = 29;
    pub(super) const CONTEXT_SWITCHES: usize = 74;
}

impl<P: Platform> Executive<P> {
    pub(super) fn query_system_information(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_optional(returned_at)?;
        let answer = match class {
            class::BASIC_INFORMATION => self.exactly(&self.basic_information(), buffer, length),
            class::PERFORMANCE_INFORMATION => self.at_least(&self.performance_information(), buffer, length),
            class::TIME_OF_DAY_INFORMATION => self.at_most(&self.time_of_day_information(), buffer, length),
            class::PROCESSOR_PERFORMANCE_INFORMATION => self.at_least(&self.processor_times(), buffer, length),
            class::TIME_ADJUSTMENT_INFORMATION => self.exactly(&self.time_adjustment_information(), buffer, length),
            class::CURRENT_TIME_ZONE_INFORMATION => self.exactly(&self.time_zone().0, buffer, length),
            class::LOGICAL_PROCESSOR_INFORMATION => {
                if length < LOGICAL_PROCESSORS.len() as u32 * 4 {
                    self.write_optional(returned_at, LOGICAL_PROCESSORS.len() as u32 * 4)?;
                }
                self.at_least(&LOGICAL_PROCESSORS, buffer, length)
            }
            class::PROCESS_INFORMATION => self.list_processes(buffer, length),
            class::PAGE_FILE_INFORMATION => self.list_paging_files(buffer, length),
            frames::MEMORY_LISTS => self.at_least(&self.memory_lists(), buffer, length),
            frames::FRAME_STATES => self.frame_states(buffer, length),
            frames::FRAME_EVENTS => self.frame_events(buffer, length),
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        };
        let (status, returned) = answer?;
        self.write_optional(returned_at, returned)?;
        status.ok().map(|()| NtStatus::SUCCESS)
    }

    /// Answers with `words` where the buffer has just that length.
    fn exactly(&self, words: &[u32], buffer: u32, length: u32) -> Result<(NtStatus, u32), NtStatus> {
        if length != words.len() as u32 * 4 {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.at_least(words, buffer, length)
    }

    fn at_least(&self, words: &[u32], buffer: u32, length: u32) -> Result<(NtStatus, u32), NtStatus> {
        let needed = words.len() as u32 * 4;
        if length < needed {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.write_words(buffer, words)?;
        Ok((NtStatus::SUCCESS, needed))
    }

    /// Answers with as much as the buffer takes, which must not be longer.
    fn at_most(&self, words: &[u32], buffer: u32, length: u32) -> Result<(NtStatus, u32), NtStatus> {
        if length > words.len() as u32 * 4 {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        for (index, word) in (0..).zip(words) {
            let left = length.saturating_sub(index * 4).min(4) as usize;
            self.platform().write_user(buffer.wrapping_add(index * 4), &word.to_le_bytes()[..left])?;
        }
        Ok((NtStatus::SUCCESS, length))
    }

    fn basic_information(&self) -> [u32; 11] {
        let (lowest, highest, count) = self.mm().physical_pages();
        [
            0,
            TICK,
            PAGE_SIZE,
            count,
            lowest.0,
            highest.0,
            ALLOCATION_GRANULARITY,
            LOWEST_USER_ADDRESS,
            HIGHEST_VAD_ADDRESS,
            1,
            1,
        ]
    }

    /// What is counted; the words for what is not stay zero.
    fn performance_information(&self) -> [u32; performance::WORDS] {
        let mut words = [0; performance::WORDS];
        let commit = &self.mm().commit;
        let faults = |sum: u32, process: Link<Eprocess>| {
            sum.wrapping_add(self.machine_record(process).vm.page_fault_count.get())
        };
        words[performance::IDLE_TIME..][..2].copy_from_slice(&halves(self.idle_time()));
        words[performance::AVAILABLE_PAGES] = self.mm().available_frames();
        words[performance::COMMITTED_PAGES] = commit.current();
        words[performance::COMMIT_LIMIT] = commit.limit();
        words[performance::PEAK_COMMITMENT] = commit.peak();
        words[performance::PAGE_FAULTS] = self.processes().fold(0, faults);
        words[performance::NONPAGED_POOL_PAGES] = self.mm().pool_bytes_in_use().div_ceil(PAGE_SIZE);
        words[performance::CONTEXT_SWITCHES] = self.dispatcher.context_switches();
        words
    }

    /// SYSTEM_TIMEOFDAY_INFORMATION: when the system started, what time it is, both in UTC, how far local time is behind, and which of its
    /// times the zone has.
    fn time_of_day_information(&self) -> [u32; 12] {
        let now = self.platform().system_time();
        let start = now - self.platform().interrupt_time();
        let mut words = [0; 12];
        words[..2].copy_from_slice(&halves(start));
        words[2..4].copy_from_slice(&halves(now));
        let (season, minutes) = self.time_zone().at(now);
        words[4..6].copy_from_slice(&halves((minutes * UNITS_PER_MINUTE) as u64));
        words[6] = season as u32;
        words
    }

    /// SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION of the one processor: times idle, in ring 0 with the idle time, in ring 3.
    fn processor_times(&self) -> [u32; 12] {
        let (kernel, user) = self.dispatcher.processor_ticks();
        let ticks = |count: u32| u64::from(count) * u64::from(TICK);
        let mut words = [0; 12];
        for (pair, time) in words.chunks_exact_mut(2).zip([self.idle_time(), ticks(kernel), ticks(user)]) {
            pair.copy_from_slice(&halves(time));
        }
        words
    }

    fn idle_time(&self) -> u64 {
        let idle: &Kthread = self.machine_record(self.dispatcher.idle_thread());
        u64::from(idle.kernel_time.get()) * u64::from(TICK)
    }
}

fn halves(value: u64) -> [u32; 2] {
    [value as u32, (value >> 32) as u32]
}
