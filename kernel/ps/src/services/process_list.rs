//! All processes with all their threads: what a task manager asks for.
//!
//! Source: `SYSTEM_PROCESS_INFORMATION` and `SYSTEM_THREAD_INFORMATION` of the XP generation.

use abi::cell::Link;
use abi::nt::process::Eprocess;
use abi::nt::thread::Ethread;
use abi::status::NtStatus;

use crate::executive::Executive;
use crate::platform::Platform;

/// Words of what is told of a process, before its threads.
const PROCESS_WORDS: usize = 46;
/// Words of what is told of a thread.
const THREAD_WORDS: usize = 16;
/// Units of 100 ns in a clock tick.
const TICK: u64 = 100_000;

/// Places in a process's words.
mod process_word {
    pub(super) const THREADS: usize = 1;
    pub(super) const CREATE_TIME: usize = 8;
    pub(super) const USER_TIME: usize = 10;
    pub(super) const KERNEL_TIME: usize = 12;
    pub(super) const NAME: usize = 14;
    pub(super) const BASE_PRIORITY: usize = 16;
    pub(super) const ID: usize = 17;
    pub(super) const PARENT: usize = 18;
    pub(super) const HANDLES: usize = 19;
    pub(super) const VM_COUNTERS: usize = 22;
}

impl<P: Platform> Executive<P> {
    /// Writes the list into the `length` bytes at `buffer`, as far as they reach: whether it fits, and what it needs.
    #[doc(alias = "ExpGetProcessInformation")]
    pub(super) fn list_processes(&self, buffer: u32, length: u32) -> Result<(NtStatus, u32), NtStatus> {
        let mut at = 0;
        let mut next_at = None;
        for process in core::iter::once(None).chain(self.processes().map(Some)) {
            let bytes = self.bytes_about(process);
            if let Some(word) = next_at
                && at + bytes <= length
            {
                self.write_word(word, at - (word - buffer))?;
            }
            if at + bytes <= length {
                self.describe(process, buffer.wrapping_add(at))?;
                next_at = Some(buffer.wrapping_add(at));
            }
            at += bytes;
        }
        let status = if at <= length { NtStatus::SUCCESS } else { NtStatus::INFO_LENGTH_MISMATCH };
        Ok((status, at))
    }

    /// The threads that are told of with `process`, or with the Idle process for `None`.
    fn listed_threads(&self, process: Option<Link<Eprocess>>) -> impl Iterator<Item = Link<Ethread>> + '_ {
        let idle: Link<Ethread> = self.dispatcher.idle_thread().cast();
        let owner = process.unwrap_or(self.system_process);
        self.living_threads_of(owner).filter(move |thread| (*thread == idle) == process.is_none())
    }

    fn bytes_about(&self, process: Option<Link<Eprocess>>) -> u32 {
        let threads = self.listed_threads(process).count();
        let name = process.map_or(0, |process| (self.name_units(process) + 1) * 2);
        ((PROCESS_WORDS + threads * THREAD_WORDS) * 4) as u32 + (name as u32).next_multiple_of(8)
    }

    fn name_units(&self, process: Link<Eprocess>) -> usize {
        let name = &self.machine_record(process).image_file_name;
        name.iter().position(|cell| cell.get() == 0).unwrap_or(name.len())
    }

    fn describe(&self, process: Option<Link<Eprocess>>, at: u32) -> Result<(), NtStatus> {
        let mut words = process.map_or([0; PROCESS_WORDS], |process| self.process_words(process));
        let mut threads = 0;
        for thread in self.listed_threads(process) {
            let place = PROCESS_WORDS + threads as usize * THREAD_WORDS;
            self.write_words(at.wrapping_add(place as u32 * 4), &self.thread_words(thread, process.is_some()))?;
            threads += 1;
        }
        words[process_word::THREADS] = threads;
        if let Some(process) = process {
            let text = at.wrapping_add((PROCESS_WORDS as u32 + threads * THREAD_WORDS as u32) * 4);
            let bytes = self.name_units(process) as u32 * 2;
            words[process_word::NAME..][..2].copy_from_slice(&[bytes | (bytes + 2) << 16, text]);
            let cells = self.machine_record(process).image_file_name.iter();
            for (index, cell) in (0..=bytes / 2).zip(cells) {
                self.platform().write_user(text.wrapping_add(index * 2), &[cell.get(), 0])?;
            }
        } else {
            words[process_word::KERNEL_TIME..][..2].copy_from_slice(&self.idle_ticks());
        }
        self.write_words(at, &words)
    }

    fn idle_ticks(&self) -> [u32; 2] {
        time(self.machine_record(self.dispatcher.idle_thread()).kernel_time.get())
    }

    fn process_words(&self, process: Link<Eprocess>) -> [u32; PROCESS_WORDS] {
        let record = self.machine_record(process);
        let mut words = [0; PROCESS_WORDS];
        let created = record.create_time.get();
        words[process_word::CREATE_TIME..][..2].copy_from_slice(&[created as u32, (created >> 32) as u32]);
        words[process_word::USER_TIME..][..2].copy_from_slice(&time(record.pcb.user_time.get()));
        words[process_word::KERNEL_TIME..][..2].copy_from_slice(&time(record.pcb.kernel_time.get()));
        words[process_word::BASE_PRIORITY] = u32::from(record.pcb.base_priority.get());
        words[process_word::ID] = record.unique_process_id.get();
        words[process_word::PARENT] = record.inherited_from_unique_process_id.get();
        words[process_word::HANDLES] = self.handle_count(process);
        words[process_word::VM_COUNTERS..][..12].copy_from_slice(&self.vm_counters(process));
        words
    }

    fn thread_words(&self, thread: Link<Ethread>, has_number: bool) -> [u32; THREAD_WORDS] {
        let record = self.machine_record(thread);
        let [kernel, user] = [time(record.tcb.kernel_time.get()), time(record.tcb.user_time.get())];
        let created = record.create_time.get() >> 3;
        let process = if has_number { record.cid.unique_process.get() } else { 0 };
        [
            kernel[0],
            kernel[1],
            user[0],
            user[1],
            created as u32,
            (created >> 32) as u32,
            record.tcb.wait_time.get(),
            record.start_address.get(),
            process,
            record.cid.unique_thread.get(),
            u32::from(record.tcb.priority.get()),
            u32::from(record.tcb.base_priority.get()),
            record.tcb.context_switches.get(),
            u32::from(record.tcb.state.get()),
            u32::from(record.tcb.wait_reason.get()),
            0,
        ]
    }
}

/// Clock ticks as a time in units of 100 ns.
fn time(ticks: u32) -> [u32; 2] {
    let units = u64::from(ticks) * TICK;
    [units as u32, (units >> 32) as u32]
}
