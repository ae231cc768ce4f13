//! What programs ask and say about a process.
//!
//! Source: `PROCESSINFOCLASS` and the structures of the XP generation's public headers; which lengths are accepted as
//! observed of XP.

use abi::access::{PROCESS_QUERY_INFORMATION, PROCESS_SET_INFORMATION, PROCESS_SET_QUOTA};
use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::nt::job::{Ejob, limit};
use abi::nt::process::{Eprocess, process_flags};
use abi::nt::section::SectionObject;
use abi::status::NtStatus;

use crate::executive::{CURRENT_PROCESS, Executive};
use crate::platform::Platform;
use crate::priority::PriorityClass;
use crate::services::working_set::QUOTA_LIMITS;

/// Classes of information, under NT's numbers.
mod class {
    pub(super) const BASIC_INFORMATION: u32 = 0;
    pub(super) const QUOTA_LIMITS: u32 = 1;
    pub(super) const VM_COUNTERS: u32 = 3;
    pub(super) const TIMES: u32 = 4;
    pub(super) const BASE_PRIORITY: u32 = 5;
    pub(super) const DEBUG_PORT: u32 = 7;
    pub(super) const DEFAULT_HARD_ERROR_MODE: u32 = 12;
    pub(super) const PRIORITY_CLASS: u32 = 18;
    pub(super) const HANDLE_COUNT: u32 = 20;
    pub(super) const AFFINITY_MASK: u32 = 21;
    pub(super) const PRIORITY_BOOST: u32 = 22;
    pub(super) const DEVICE_MAP: u32 = 23;
    pub(super) const SESSION_INFORMATION: u32 = 24;
    pub(super) const WOW64_INFORMATION: u32 = 26;
    pub(super) const IMAGE_FILE_NAME: u32 = 27;
    pub(super) const EXECUTE_FLAGS: u32 = 34;
}

/// Bytes of VM_COUNTERS, and of the form with the private bytes behind it.
const VM_COUNTERS: [u32; 2] = [44, 48];
/// Units of 100 ns in a clock tick.
const TICK: u64 = 100_000;
/// The only processor.
const AFFINITY: u32 = 1;
/// `SEM_FAILCRITICALERRORS` is off, so errors are shown: what every process starts with.
const HARD_ERRORS_ARE_SHOWN: u32 = 1;
/// A quota that limits nothing.
const NO_LIMIT: u32 = u32::MAX;

impl<P: Platform> Executive<P> {
    pub(super) fn query_information_process(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let needed = match class {
            class::BASIC_INFORMATION => 24,
            class::QUOTA_LIMITS | class::TIMES => 32,
            class::VM_COUNTERS if length == VM_COUNTERS[1] => length,
            class::VM_COUNTERS => VM_COUNTERS[0],
            class::PRIORITY_CLASS => 2,
            class::DEVICE_MAP => 36,
            class::IMAGE_FILE_NAME => return self.query_image_file_name(handle, buffer, length, returned_at),
            class::DEBUG_PORT
            | class::DEFAULT_HARD_ERROR_MODE
            | class::HANDLE_COUNT
            | class::PRIORITY_BOOST
            | class::SESSION_INFORMATION
            | class::WOW64_INFORMATION
            | class::EXECUTE_FLAGS => 4,
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        };
        if length != needed {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.probe_optional(returned_at)?;
        let process = self.any_process_by_handle(handle, PROCESS_QUERY_INFORMATION)?;
        let words = self.process_information(process, class);
        match needed {
            2 => self.platform().write_user(buffer, &(words[0] as u16).to_le_bytes())?,
            bytes => self.write_words(buffer, &words[..bytes as usize / 4])?,
        }
        self.write_optional(returned_at, needed)?;
        Ok(NtStatus::SUCCESS)
    }

    /// The words of every class but the image's name.
    fn process_information(&self, process: Link<Eprocess>, class: u32) -> [u32; 12] {
        let record = self.machine_record(process);
        let mut words = [0; 12];
        match class {
            class::BASIC_INFORMATION => words[..6].copy_from_slice(&[
                record.exit_status.get(),
                record.peb.get(),
                AFFINITY,
                u32::from(record.pcb.base_priority.get()),
                record.unique_process_id.get(),
                record.inherited_from_unique_process_id.get(),
            ]),
            class::QUOTA_LIMITS => {
                let bytes = |pages: u32| pages << 12;
                let (least, most) =
                    (record.vm.minimum_working_set_size.get(), record.vm.maximum_working_set_size.get());
                words[..5].copy_from_slice(&[NO_LIMIT, NO_LIMIT, bytes(least), bytes(most), NO_LIMIT]);
            }
            class::VM_COUNTERS => words[..12].copy_from_slice(&self.vm_counters(process)),
            class::TIMES => {
                let ticks = |count: u32| u64::from(count) * TICK;
                let times = [
                    record.create_time.get(),
                    record.exit_time.get(),
                    ticks(record.pcb.kernel_time.get()),
                    ticks(record.pcb.user_time.get()),
                ];
                for (pair, time) in words.chunks_exact_mut(2).zip(times) {
                    pair.copy_from_slice(&[time as u32, (time >> 32) as u32]);
                }
            }
            class::PRIORITY_BOOST => words[0] = record.pcb.disable_boost.get().into(),
            class::DEFAULT_HARD_ERROR_MODE => words[0] = HARD_ERRORS_ARE_SHOWN,
            // The first byte says whether it is in the foreground: nothing is.
            class::PRIORITY_CLASS => words[0] = u32::from(record.priority_class.get()) << 8,
            class::HANDLE_COUNT => words[0] = self.handle_count(process),
            class::EXECUTE_FLAGS => words[0] = u32::from(record.pcb.execute_options.get()),
            class::DEVICE_MAP => words[..9].copy_from_slice(&self.device_map()),
            // No debugger, boosts as usual, session 0, a 32-bit system.
            _ => {}
        }
        words
    }

    /// VM_COUNTERS_EX.
    pub(super) fn vm_counters(&self, process: Link<Eprocess>) -> [u32; 12] {
        let record = self.machine_record(process);
        let bytes = |pages: u32| pages << 12;
        [
            record.peak_virtual_size.get(),
            record.virtual_size.get(),
            record.vm.page_fault_count.get(),
            bytes(record.vm.peak_working_set_size.get()),
            bytes(record.vm.working_set_size.get()),
            // Pool is not charged to processes.
            0,
            0,
            0,
            0,
            bytes(record.commit_charge.get()),
            bytes(record.commit_charge_peak.get()),
            bytes(record.commit_charge.get()),
        ]
    }

    pub(super) fn handle_count(&self, process: Link<Eprocess>) -> u32 {
        let table = self.machine_record(process).object_table.get();
        table.some().map_or(0, |table| self.objects().handles(table).count())
    }

    /// A UNICODE_STRING and the text behind it: the image's name in NT's name space.
    fn query_image_file_name(
        &self,
        handle: u32,
        buffer: u32,
        length: u32,
        returned_at: u32,
    ) -> Result<NtStatus, NtStatus> {
        const STRING: u32 = 8;
        self.probe_optional(returned_at)?;
        let process = self.any_process_by_handle(handle, PROCESS_QUERY_INFORMATION)?;
        let Some(file) = self.image_file(process) else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let name = self.path_of_file(file)?;
        let bytes = name.len() as u32 * 2;
        let needed = STRING + bytes + 2;
        if length < needed {
            self.write_optional(returned_at, needed)?;
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.write_counted_text(buffer, &name)?;
        self.write_optional(returned_at, needed)?;
        Ok(NtStatus::SUCCESS)
    }

    /// The file that `process` runs.
    fn image_file(&self, process: Link<Eprocess>) -> Option<Link<FileObject>> {
        let section: Link<SectionObject> = Link::new(self.machine_record(process).section_object.get());
        let control_area = self.control_area_of(section.some()?);
        Some(self.machine_record(control_area).file_pointer.get())
    }

    pub(super) fn set_information_process(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if class == class::QUOTA_LIMITS {
            return self.set_quota_limits(handle, buffer, length);
        }
        let needed = match class {
            class::PRIORITY_CLASS => 2,
            class::BASE_PRIORITY
            | class::DEFAULT_HARD_ERROR_MODE
            | class::AFFINITY_MASK
            | class::PRIORITY_BOOST
            | class::EXECUTE_FLAGS => 4,
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        };
        if length != needed {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let mut bytes = [0; 4];
        self.platform().read_user(buffer, &mut bytes[..needed as usize])?;
        let value = u32::from_le_bytes(bytes);
        if class == class::EXECUTE_FLAGS {
            // A process speaks for itself alone.
            if handle != CURRENT_PROCESS {
                return Err(NtStatus::INVALID_PARAMETER);
            }
            self.set_execution_options(value)?;
            return Ok(NtStatus::SUCCESS);
        }
        let process = self.any_process_by_handle(handle, PROCESS_SET_INFORMATION)?;
        match class {
            class::PRIORITY_CLASS => self.set_priority_class(process, bytes[1])?,
            class::BASE_PRIORITY => self.set_base_priority(process, value)?,
            class::AFFINITY_MASK if value & AFFINITY == 0 => return Err(NtStatus::INVALID_PARAMETER),
            class::PRIORITY_BOOST => self.set_process_boost(process, value != 0),
            // One processor, errors that are shown: there is nothing that could be kept.
            _ => {}
        }
        Ok(NtStatus::SUCCESS)
    }

    fn set_quota_limits(&self, handle: u32, buffer: u32, length: u32) -> Result<NtStatus, NtStatus> {
        let mut limits = [0; QUOTA_LIMITS];
        if length as usize != size_of_val(&limits) {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.platform().read_user_words(buffer, &mut limits)?;
        let process = self.any_process_by_handle(handle, PROCESS_SET_QUOTA)?;
        self.set_working_set(process, limits)?;
        Ok(NtStatus::SUCCESS)
    }

    fn set_priority_class(&self, process: Link<Eprocess>, number: u8) -> Result<(), NtStatus> {
        let class = PriorityClass::from_number(number).ok_or(NtStatus::INVALID_PARAMETER)?;
        if class == PriorityClass::Unknown {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        // A job that says what it is has the last word.
        let is_said = |job: Link<Ejob>| self.machine_record(job).limit_flags.get() & limit::PRIORITY_CLASS != 0;
        if !self.job_of(process).is_some_and(is_said) {
            self.give_priority_class(process, class);
        }
        Ok(())
    }

    pub(crate) fn give_priority_class(&self, process: Link<Eprocess>, class: PriorityClass) {
        self.machine_record(process).priority_class.set(class as u8);
        self.move_process_priority(process, class.base_priority());
    }

    /// Says whether threads of `process` gain priority when they are woken: those there are, and those to come.
    #[doc(alias = "PsSetProcessPriorityBoost")]
    fn set_process_boost(&self, process: Link<Eprocess>, is_off: bool) {
        self.machine_record(process).pcb.disable_boost.set(is_off.into());
        for thread in self.living_threads_of(process) {
            self.machine_record(thread).tcb.disable_boost.set(is_off.into());
        }
    }

    fn set_base_priority(&self, process: Link<Eprocess>, value: u32) -> Result<(), NtStatus> {
        // The top bit asks for the foreground's quantum, which there is not.
        let priority = value & !(1 << 31);
        if !(1..=31).contains(&priority) {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.move_process_priority(process, priority as u8);
        Ok(())
    }

    /// Gives `process` the base priority `priority`; its threads keep their distance from it, as far as the range goes.
    #[doc(alias = "KeSetPriorityProcess")]
    fn move_process_priority(&self, process: Link<Eprocess>, priority: u8) {
        let record = self.machine_record(process);
        if record.flags.get() & process_flags::PROCESS_EXITING != 0 {
            return;
        }
        let before = record.pcb.base_priority.get();
        record.pcb.base_priority.set(priority);
        for thread in self.living_threads_of(process) {
            let own = self.machine_record(thread).tcb.base_priority.get();
            self.dispatcher.set_base_priority(thread.cast(), moved(own, before, priority));
        }
    }
}

/// The base priority of a thread that had `own`, when that of its process goes from `before` to `after`. The ranges of ordinary
/// and of real-time threads are not left.
fn moved(own: u8, before: u8, after: u8) -> u8 {
    const REAL_TIME: u8 = 16;
    let (least, most) = if after < REAL_TIME { (1, REAL_TIME - 1) } else { (REAL_TIME, 31) };
    (i16::from(own) + i16::from(after) - i16::from(before)).clamp(least.into(), most.into()) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_keep_their_distance_and_their_range() {
        let rows = [
            (8, 8, 13, 13),
            (10, 8, 6, 8),
            (15, 8, 13, 15),
            (1, 8, 4, 1),
            (8, 8, 24, 24),
            (22, 24, 8, 6),
            (15, 13, 24, 26),
            (6, 8, 4, 2),
        ];
        for (own, before, after, expected) in rows {
            assert_eq!(moved(own, before, after), expected, "{own} {before} {after}");
        }
    }
}
