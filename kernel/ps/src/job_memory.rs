//! What jobs say of the memory of their processes: limits of commit, and of working sets.
//!
//! What is committed is looked at by `mm` (`job_memory` there), which is told that there is something to look at, and notes whom it refused.
//!
//! Source: documented limits of jobs and what their completion ports hear. That a process which is over a limit already keeps what it has is
//! inferred: only what is committed from then on is refused.

use abi::cell::Link;
use abi::nt::job::{Ejob, job_status, limit, message};
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::layout::{PAGE_SIZE, PageCount};
use mm::working_set::WorkingSetLimits;

use crate::executive::Executive;
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    /// A process has come into a job, or left one.
    pub(crate) fn look_at_jobs(&self) {
        let has_jobs = self.processes().any(|process| self.job_of(process).is_some());
        self.mm().failing().look_at_processes(has_jobs);
    }

    /// What `process` has committed counts for `job`, which it comes into or leaves.
    pub(crate) fn count_job_memory(&self, process: Link<Eprocess>, job: Link<Ejob>) {
        let (record, own) = (self.machine_record(job), self.machine_record(process));
        let all = self.mm().committed_by_job(job);
        record.current_job_memory_used.set(all);
        record.peak_job_memory_used.update(|peak| peak.max(all));
        record.peak_process_memory_used.update(|peak| peak.max(own.commit_charge.get()));
    }

    /// Tells the ports of jobs whose processes were refused memory.
    #[doc(alias = "PsReportProcessMemoryLimitViolation")]
    #[cold]
    #[inline(never)]
    pub(crate) fn tell_memory_limits(&self) {
        for process in self.processes() {
            let status = &self.machine_record(process).job_status;
            let met = status.get();
            status.set(met & !(job_status::OWN_LIMIT_MET | job_status::JOB_LIMIT_MET));
            let Some(job) = self.job_of(process) else { continue };
            if met & job_status::OWN_LIMIT_MET != 0 {
                self.tell_job(job, message::PROCESS_MEMORY_LIMIT, process);
            }
            if met & job_status::JOB_LIMIT_MET != 0 {
                self.tell_job(job, message::JOB_MEMORY_LIMIT, process);
            }
        }
    }

    /// The bounds of working sets that a job says.
    ///
    /// # Errors
    /// INVALID_PARAMETER for bounds that are none.
    pub(crate) fn job_working_set(minimum: u32, maximum: u32) -> Result<WorkingSetLimits, NtStatus> {
        let pages = |bytes: u32| PageCount(bytes / PAGE_SIZE);
        let limits = WorkingSetLimits { minimum: pages(minimum), maximum: pages(maximum) };
        let is_empty = limits.minimum.0 == 0 || limits.maximum.0 == 0 || (minimum, maximum) == (u32::MAX, u32::MAX);
        if is_empty || minimum > maximum { Err(NtStatus::INVALID_PARAMETER) } else { Ok(limits) }
    }

    /// Gives `process` the bounds of its job, where that has some; whether it has.
    pub(crate) fn apply_job_working_set(&self, process: Link<Eprocess>) -> bool {
        let Some(job) = self.job_of(process) else { return false };
        let record = self.machine_record(job);
        if record.limit_flags.get() & limit::WORKING_SET == 0 || !self.is_alive(process) {
            return false;
        }
        let bounds = (record.minimum_working_set_size.get(), record.maximum_working_set_size.get());
        Self::job_working_set(bounds.0, bounds.1)
            .is_ok_and(|limits| self.attached(process, |space| space.set_working_set_limits(limits)).is_ok())
    }
}
