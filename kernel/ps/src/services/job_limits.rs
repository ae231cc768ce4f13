//! The limits of jobs, as programs say and hear them.
//!
//! Source: `JOBOBJECT_BASIC_LIMIT_INFORMATION` and `JOBOBJECT_EXTENDED_LIMIT_INFORMATION` of `winnt.h`, and their documentation. That a limit of
//! memory below a page is refused is inferred: it is kept in pages.

use abi::cell::Link;
use abi::nt::job::{Ejob, limit};
use abi::status::NtStatus;
use mm::layout::PAGE_SIZE;

use crate::executive::Executive;
use crate::platform::Platform;
use crate::priority::PriorityClass;

/// Words of the basic form, of the counters of input and output behind it, and of the extended form.
pub(super) const LIMITS: usize = 12;
pub(super) const IO_COUNTERS: usize = 12;
pub(super) const EXTENDED: usize = LIMITS + IO_COUNTERS + 4;
/// Which words are the limits of memory; behind them stand what was used at most.
const PROCESS_MEMORY: usize = LIMITS + IO_COUNTERS;
const JOB_MEMORY: usize = PROCESS_MEMORY + 1;
/// Highest scheduling class.
const SCHEDULING_CLASSES: u32 = 9;
/// The processors there are.
const PROCESSORS: u32 = 1;

impl<P: Platform> Executive<P> {
    pub(super) fn set_job_limits(&self, job: Link<Ejob>, given: &[u32; EXTENDED], known: u32) -> Result<(), NtStatus> {
        let flags = given[4];
        let has = |bit: u32| flags & bit != 0;
        if flags & !known != 0 || has(limit::JOB_TIME) && has(limit::PRESERVE_JOB_TIME) {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        if has(limit::WORKING_SET) {
            Self::job_working_set(given[5], given[6])?;
        }
        let [process_pages, job_pages] = [given[PROCESS_MEMORY], given[JOB_MEMORY]].map(|bytes| bytes / PAGE_SIZE);
        let class = u8::try_from(given[9]).ok().and_then(PriorityClass::from_number);
        let class = class.filter(|class| *class != PriorityClass::Unknown);
        let is_wrong = has(limit::PROCESS_MEMORY) && process_pages == 0
            || has(limit::JOB_MEMORY) && job_pages == 0
            || has(limit::PRIORITY_CLASS) && class.is_none()
            || has(limit::SCHEDULING_CLASS) && given[10] > SCHEDULING_CLASSES
            || has(limit::AFFINITY) && given[8] & PROCESSORS == 0;
        if is_wrong {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let record = self.machine_record(job);
        let long = |at: usize| u64::from(given[at + 1]) << 32 | u64::from(given[at]);
        let keeps = if has(limit::PRESERVE_JOB_TIME) { limit::JOB_TIME } else { 0 };
        // The basic form says nothing of what only the extended one has.
        let kept = record.limit_flags.get() & (limit::EXTENDED & !known | keeps);
        record.limit_flags.set(flags & !limit::PRESERVE_JOB_TIME | kept);
        if has(limit::PROCESS_TIME) {
            record.per_process_user_time_limit.set(long(0));
        }
        if has(limit::JOB_TIME) {
            let (user, kernel, _) = self.job_times(job);
            record.per_job_user_time_limit.set(long(2));
            record.this_period_total_user_time.set(user);
            record.this_period_total_kernel_time.set(kernel);
            self.dispatcher.reset_event(job.cast());
        }
        if has(limit::WORKING_SET) {
            record.minimum_working_set_size.set(given[5]);
            record.maximum_working_set_size.set(given[6]);
        }
        if has(limit::PROCESS_MEMORY) {
            record.process_memory_limit.set(process_pages);
        }
        if has(limit::JOB_MEMORY) {
            record.job_memory_limit.set(job_pages);
        }
        if has(limit::ACTIVE_PROCESS) {
            record.active_process_limit.set(given[7]);
        }
        if has(limit::AFFINITY) {
            record.affinity.set(given[8]);
        }
        if has(limit::SCHEDULING_CLASS) {
            record.scheduling_class.set(given[10]);
        }
        if has(limit::PRIORITY_CLASS) {
            record.priority_class.set(given[9] as u8);
        }
        self.job_processes(job).for_each(|process| self.apply_limits(process, job));
        Ok(())
    }
}

/// JOBOBJECT_EXTENDED_LIMIT_INFORMATION, of which the basic form is the beginning.
pub(super) fn limits_of(job: &Ejob) -> [u32; EXTENDED] {
    let halves = |time: u64| [time as u32, (time >> 32) as u32];
    let [process, process_high] = halves(job.per_process_user_time_limit.get());
    let [all, all_high] = halves(job.per_job_user_time_limit.get());
    let mut words = [0; EXTENDED];
    words[..LIMITS - 1].copy_from_slice(&[
        process,
        process_high,
        all,
        all_high,
        job.limit_flags.get(),
        job.minimum_working_set_size.get(),
        job.maximum_working_set_size.get(),
        job.active_process_limit.get(),
        job.affinity.get(),
        job.priority_class.get().into(),
        job.scheduling_class.get(),
    ]);
    let memory =
        [&job.process_memory_limit, &job.job_memory_limit, &job.peak_process_memory_used, &job.peak_job_memory_used];
    for (word, pages) in words[PROCESS_MEMORY..].iter_mut().zip(memory) {
        *word = pages.get().saturating_mul(PAGE_SIZE);
    }
    words
}
