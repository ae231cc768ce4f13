//! Jobs, as services.
//!
//! What is told of input and output is zero.
//!
//! Source: documented parameters of the functions that use these services; `JOBOBJECT_*` of `winnt.h`.

use abi::access::{
    IO_COMPLETION_MODIFY_STATE, JOB_OBJECT_ASSIGN_PROCESS, JOB_OBJECT_QUERY, JOB_OBJECT_SET_ATTRIBUTES,
    JOB_OBJECT_TERMINATE, PROCESS_QUERY_INFORMATION, PROCESS_SET_QUOTA, PROCESS_TERMINATE,
};
use abi::cell::Link;
use abi::nt::job::{Ejob, limit};
use abi::status::NtStatus;
use alloc::vec::Vec;
use ke::{EventKind, initialise_event};
use ob::Handle;

use crate::buffer::room;
use crate::executive::Executive;
use crate::job::{TICK, process_list};
use crate::platform::Platform;
use crate::services::job_limits::{EXTENDED, IO_COUNTERS, LIMITS, limits_of};

/// Classes of information, under NT's numbers.
mod class {
    pub(super) const BASIC_ACCOUNTING: u32 = 1;
    pub(super) const BASIC_LIMIT: u32 = 2;
    pub(super) const PROCESS_LIST: u32 = 3;
    pub(super) const UI_RESTRICTIONS: u32 = 4;
    pub(super) const END_OF_JOB_TIME: u32 = 6;
    pub(super) const ASSOCIATE_COMPLETION_PORT: u32 = 7;
    pub(super) const BASIC_AND_IO_ACCOUNTING: u32 = 8;
    pub(super) const EXTENDED_LIMIT: u32 = 9;
}

/// Words of the structures.
const ACCOUNTING: usize = 12;
/// Restrictions of windows that there are.
const UI_RESTRICTIONS: u32 = 0xFF;

impl<P: Platform> Executive<P> {
    #[inline(never)]
    pub(super) fn create_job_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(handle_at)?;
        self.create_object(access, attributes_at, handle_at, |job: Link<Ejob>| {
            initialise_event(self.platform(), job.cast(), EventKind::Notification, 0);
            mm::list::initialise(self.platform(), process_list(job));
            self.machine_record(job).scheduling_class.set(5);
            Ok(())
        })
    }

    fn job_by_handle(&self, handle: u32, access: u32) -> Result<Link<Ejob>, NtStatus> {
        self.current_handles().get(Handle(handle), access)
    }

    #[inline(never)]
    pub(super) fn assign_process_to_job_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[job, process] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let job = self.job_by_handle(job, JOB_OBJECT_ASSIGN_PROCESS)?;
        let process = self.process_by_handle(process, PROCESS_SET_QUOTA | PROCESS_TERMINATE)?;
        if self.job_of(process).is_some() || process == self.system_process {
            return Err(NtStatus::ACCESS_DENIED);
        }
        if let Err(status) = self.join_job(process, job) {
            // It was to be in the job and may not.
            self.condemn_process(process, status);
            return Err(status);
        }
        Ok(NtStatus::SUCCESS)
    }

    #[inline(never)]
    pub(super) fn is_process_in_job(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, job] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let process = self.any_process_by_handle(process, PROCESS_QUERY_INFORMATION)?;
        let own = self.job_of(process);
        let is_there = match job {
            0 => own.is_some(),
            job => own == Some(self.job_by_handle(job, JOB_OBJECT_QUERY)?),
        };
        Ok(if is_there { NtStatus::PROCESS_IN_JOB } else { NtStatus::PROCESS_NOT_IN_JOB })
    }

    #[inline(never)]
    pub(super) fn terminate_job_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[job, status] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let job = self.job_by_handle(job, JOB_OBJECT_TERMINATE)?;
        self.terminate_job(job, NtStatus(status));
        Ok(NtStatus::SUCCESS)
    }

    #[inline(never)]
    pub(super) fn query_information_job_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let words = match class {
            class::BASIC_ACCOUNTING => ACCOUNTING,
            class::BASIC_LIMIT => LIMITS,
            class::BASIC_AND_IO_ACCOUNTING => ACCOUNTING + IO_COUNTERS,
            class::EXTENDED_LIMIT => EXTENDED,
            class::UI_RESTRICTIONS | class::END_OF_JOB_TIME => 1,
            class::PROCESS_LIST => 3,
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        };
        let needed = words as u32 * 4;
        if class == class::PROCESS_LIST && length < needed || class != class::PROCESS_LIST && length != needed {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.check_aligned_buffer(buffer, length, 4)?;
        self.probe_optional(returned_at)?;
        // Without a handle it is the caller's own.
        let job = match handle {
            0 => self.job_of(self.current_process()).ok_or(NtStatus::ACCESS_DENIED)?,
            handle => self.job_by_handle(handle, JOB_OBJECT_QUERY)?,
        };
        if class == class::PROCESS_LIST {
            return self.list_job_processes(job, (buffer, length), returned_at);
        }
        let record = self.machine_record(job);
        let mut answer = [0; EXTENDED];
        match class {
            class::BASIC_ACCOUNTING | class::BASIC_AND_IO_ACCOUNTING => {
                answer[..ACCOUNTING].copy_from_slice(&self.job_accounting(job));
            }
            class::BASIC_LIMIT | class::EXTENDED_LIMIT => answer = limits_of(record),
            class::UI_RESTRICTIONS => answer[0] = record.ui_restrictions_class.get(),
            _ => answer[0] = record.end_of_job_time_action.get(),
        }
        if class == class::BASIC_LIMIT {
            answer[4] &= limit::BASIC;
        }
        self.write_words(buffer, &answer[..words])?;
        self.write_optional(returned_at, needed)?;
        Ok(NtStatus::SUCCESS)
    }

    /// JOBOBJECT_BASIC_ACCOUNTING_INFORMATION.
    fn job_accounting(&self, job: Link<Ejob>) -> [u32; ACCOUNTING] {
        let record = self.machine_record(job);
        let (user, kernel, faults) = self.job_times(job);
        let periods = [&record.this_period_total_user_time, &record.this_period_total_kernel_time];
        let [user_before, kernel_before] = periods.map(|before| before.get());
        let mut words = [0; ACCOUNTING];
        let times = [user, kernel, user.saturating_sub(user_before), kernel.saturating_sub(kernel_before)];
        for (pair, ticks) in words.as_chunks_mut().0.iter_mut().zip(times) {
            let time = ticks * TICK;
            *pair = [time as u32, (time >> 32) as u32];
        }
        let counts = [&record.total_processes, &record.active_processes, &record.total_terminated_processes];
        words[8] = faults;
        words[9..].copy_from_slice(&counts.map(|count| count.get()));
        words
    }

    /// How many there are, how many of them follow, and their numbers.
    fn list_job_processes(
        &self,
        job: Link<Ejob>,
        (buffer, length): (u32, u32),
        returned_at: u32,
    ) -> Result<NtStatus, NtStatus> {
        let count = self.machine_record(job).active_processes.get();
        let fits = count.min(length / 4 - 2);
        let mut words: Vec<u32> = room(fits as usize + 2)?;
        words.extend([count, fits]);
        let ids = self.job_processes(job).map(|process| self.machine_record(process).unique_process_id.get());
        words.extend(ids.take(fits as usize));
        self.write_words(buffer, &words)?;
        self.write_optional(returned_at, words.len() as u32 * 4)?;
        Ok(if fits < count { NtStatus::BUFFER_OVERFLOW } else { NtStatus::SUCCESS })
    }

    #[inline(never)]
    pub(super) fn set_information_job_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let words = match class {
            class::BASIC_LIMIT => LIMITS,
            class::EXTENDED_LIMIT => EXTENDED,
            class::UI_RESTRICTIONS | class::END_OF_JOB_TIME => 1,
            class::ASSOCIATE_COMPLETION_PORT => 2,
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        };
        if length != words as u32 * 4 {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let mut given = [0; EXTENDED];
        self.check_aligned_buffer(buffer, length, 4)?;
        self.platform().read_user_words(buffer, &mut given[..words])?;
        let job = self.job_by_handle(handle, JOB_OBJECT_SET_ATTRIBUTES)?;
        let record = self.machine_record(job);
        match class {
            class::BASIC_LIMIT => self.set_job_limits(job, &given, limit::BASIC)?,
            class::EXTENDED_LIMIT => self.set_job_limits(job, &given, limit::EXTENDED)?,
            class::ASSOCIATE_COMPLETION_PORT => {
                let port = self.current_handles().get(Handle(given[1]), IO_COMPLETION_MODIFY_STATE)?;
                self.set_job_port(job, port, given[0])?;
            }
            class::UI_RESTRICTIONS if given[0] & !UI_RESTRICTIONS == 0 => record.ui_restrictions_class.set(given[0]),
            // Ending the processes, or telling a port.
            class::END_OF_JOB_TIME if given[0] <= 1 => record.end_of_job_time_action.set(given[0]),
            _ => return Err(NtStatus::INVALID_PARAMETER),
        }
        Ok(NtStatus::SUCCESS)
    }
}
