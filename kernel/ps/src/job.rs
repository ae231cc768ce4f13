//! Jobs: processes that are counted, limited and ended together.
//!
//! A process comes into a job by NtAssignProcessToJobObject, or with its parent, and leaves when it ends. It holds a reference to the job
//! as long as it is there, so that a job without handles lasts as long as its processes, unless these are to end with its last handle.
//!
//! * **J1** The processes on a job's list are those that name it, and `active_processes` says how many there are.
//!
//! Source: `_EJOB` of XP SP3; Microsoft's documentation of job objects. How often times are looked at is ours: once a second.

use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::job::{Ejob, limit, message};
use abi::nt::list::ListEntry;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use ke::WAKE_INCREMENT;

use crate::executive::Executive;
use crate::platform::Platform;
use crate::priority::PriorityClass;

/// Units of 100 ns in a clock tick.
pub(crate) const TICK: u64 = 100_000;
/// `JOB_OBJECT_POST_AT_END_OF_JOB`.
const POST: u32 = 1;
/// `ERROR_NOT_ENOUGH_QUOTA`: what a process ends with whose time is over.
const TIME_IS_OVER: NtStatus = NtStatus(1816);

impl<P: Platform> Executive<P> {
    /// The job that `process` is in.
    pub(crate) fn job_of(&self, process: Link<Eprocess>) -> Option<Link<Ejob>> {
        Link::new(self.machine_record(process).job.get()).some()
    }

    /// The processes of a job.
    pub(crate) fn job_processes(&self, job: Link<Ejob>) -> impl Iterator<Item = Link<Eprocess>> {
        let links = offset_of!(Eprocess, job_links) as u32;
        mm::list::entries(self.platform(), process_list(job)).map(move |entry| Link::new(entry.address() - links))
    }

    /// Puts `process`, which is in none, into a job.
    ///
    /// # Errors
    /// QUOTA_EXCEEDED where there are as many as may be.
    #[doc(alias = "PspAddProcessToJob")]
    pub(crate) fn join_job(&self, process: Link<Eprocess>, job: Link<Ejob>) -> Result<(), NtStatus> {
        let record = self.machine_record(job);
        let flags = record.limit_flags.get();
        let most = record.active_process_limit.get();
        if flags & limit::ACTIVE_PROCESS != 0 && record.active_processes.get() >= most {
            record.total_terminated_processes.update(|count| count + 1);
            self.tell_job_number(job, message::ACTIVE_PROCESS_LIMIT, 0);
            return Err(NtStatus::QUOTA_EXCEEDED);
        }
        self.objects().reference(job);
        self.machine_record(process).job.set(job.address());
        mm::list::insert_tail(self.platform(), process_list(job), job_entry(process));
        record.active_processes.update(|count| count + 1);
        record.total_processes.update(|count| count + 1);
        self.count_job_memory(process, job);
        self.look_at_jobs();
        self.apply_limits(process, job);
        self.tell_job(job, message::NEW_PROCESS, process);
        Ok(())
    }

    /// Gives `process` what its job says that it is to have.
    pub(crate) fn apply_limits(&self, process: Link<Eprocess>, job: Link<Ejob>) {
        let record = self.machine_record(job);
        if record.limit_flags.get() & limit::PRIORITY_CLASS != 0
            && let Some(class) = PriorityClass::from_number(record.priority_class.get())
        {
            self.give_priority_class(process, class);
        }
        self.apply_job_working_set(process);
    }

    /// A child of `parent` comes into its job, unless it is to break away and may.
    ///
    /// # Errors
    /// ACCESS_DENIED where it may not; those of [`Self::join_job`].
    pub(crate) fn inherit_job(
        &self,
        process: Link<Eprocess>,
        parent: Link<Eprocess>,
        breaks_away: bool,
    ) -> Result<(), NtStatus> {
        let Some(job) = self.job_of(parent) else { return Ok(()) };
        let flags = self.machine_record(job).limit_flags.get();
        match breaks_away {
            _ if flags & limit::SILENT_BREAKAWAY_OK != 0 => Ok(()),
            true if flags & limit::BREAKAWAY_OK != 0 => Ok(()),
            true => Err(NtStatus::ACCESS_DENIED),
            false => self.join_job(process, job),
        }
    }

    /// `process` has ended, or never began: it leaves its job, where it is in one.
    #[doc(alias = "PspExitProcessFromJob")]
    pub(crate) fn leave_job(&self, process: Link<Eprocess>) {
        let Some(job) = self.job_of(process) else { return };
        let (record, own) = (self.machine_record(job), self.machine_record(process));
        self.count_job_memory(process, job);
        own.job.set(0);
        mm::list::remove(self.platform(), job_entry(process));
        record.active_processes.update(|count| count - 1);
        record.total_user_time.set(record.total_user_time.get() + u64::from(own.pcb.user_time.get()));
        record.total_kernel_time.set(record.total_kernel_time.get() + u64::from(own.pcb.kernel_time.get()));
        record.total_page_fault_count.update(|count| count.wrapping_add(own.vm.page_fault_count.get()));
        self.look_at_jobs();
        self.tell_job_of_end(job, process);
        self.release(job);
    }

    /// Ends all processes of a job.
    #[doc(alias = "PspTerminateAllProcessesInJob")]
    pub(crate) fn terminate_job(&self, job: Link<Ejob>, status: NtStatus) -> u32 {
        self.job_processes(job).map(|process| self.condemn_process(process, status)).count() as u32
    }

    /// The last handle to a job has gone.
    pub(crate) fn job_is_closed(&self, job: Link<Ejob>) {
        if self.machine_record(job).limit_flags.get() & limit::KILL_ON_JOB_CLOSE != 0 {
            self.terminate_job(job, NtStatus::SUCCESS);
        }
    }

    /// Clock ticks that processes of a job spent in ring 3 and ring 0, those that have left among them, and their page faults.
    pub(crate) fn job_times(&self, job: Link<Ejob>) -> (u64, u64, u32) {
        let record = self.machine_record(job);
        let left = (record.total_user_time.get(), record.total_kernel_time.get(), record.total_page_fault_count.get());
        self.job_processes(job).fold(left, |(user, kernel, faults), process| {
            let own = self.machine_record(process);
            let (more_user, more_kernel) = (own.pcb.user_time.get(), own.pcb.kernel_time.get());
            let more_faults = own.vm.page_fault_count.get();
            (user + u64::from(more_user), kernel + u64::from(more_kernel), faults.wrapping_add(more_faults))
        })
    }

    /// Ends processes whose time, or that of their job, is over.
    #[doc(alias = "PspEnforceLimitsJob")]
    pub(crate) fn enforce_job_times(&self) {
        self.tell_memory_limits();
        for process in self.processes() {
            let Some(job) = self.job_of(process) else { continue };
            let record = self.machine_record(job);
            let flags = record.limit_flags.get();
            let own = u64::from(self.machine_record(process).pcb.user_time.get()) * TICK;
            if flags & limit::PROCESS_TIME != 0 && own > record.per_process_user_time_limit.get() {
                record.total_terminated_processes.update(|count| count + 1);
                self.tell_job(job, message::END_OF_PROCESS_TIME, process);
                self.condemn_process(process, TIME_IS_OVER);
            }
            let all = || self.job_times(job).0.saturating_sub(record.this_period_total_user_time.get()) * TICK;
            if flags & limit::JOB_TIME != 0 && all() > record.per_job_user_time_limit.get() {
                if record.end_of_job_time_action.get() == POST && record.completion_port.get() != 0 {
                    self.tell_job_number(job, message::END_OF_JOB_TIME, 0);
                } else {
                    let ended = self.terminate_job(job, TIME_IS_OVER);
                    record.total_terminated_processes.update(|count| count + ended);
                }
                // It is over once.
                record.limit_flags.update(|flags| flags & !limit::JOB_TIME);
                self.dispatcher.set_event(job.cast(), WAKE_INCREMENT);
            }
        }
    }

    /// Checks J1 of the jobs that processes are in.
    ///
    /// # Errors
    /// The job that is wrong.
    pub(crate) fn verify_jobs(&self) -> Result<(), Link<Ejob>> {
        for process in self.processes() {
            let Some(job) = self.job_of(process) else { continue };
            let active = self.machine_record(job).active_processes.get();
            // No further than it should reach, so that a circle ends.
            let listed = || self.job_processes(job).take(active as usize + 1);
            let is_sound = listed().count() == active as usize
                && listed().any(|other| other == process)
                && listed().all(|other| self.job_of(other) == Some(job));
            if !is_sound {
                return Err(job);
            }
        }
        Ok(())
    }
}

/// Head of the list of a job's processes.
pub(crate) const fn process_list(job: Link<Ejob>) -> Link<ListEntry> {
    job.offset(offset_of!(Ejob, process_list_head) as u32)
}

const fn job_entry(process: Link<Eprocess>) -> Link<ListEntry> {
    process.offset(offset_of!(Eprocess, job_links) as u32)
}
