//! What the completion port of a job hears: processes that come and go, and limits that are met.
//!
//! Source: documentation of JOBOBJECT_ASSOCIATE_COMPLETION_PORT. As it says, a message may be lost: here where there is no memory for it.

use abi::cell::Link;
use abi::nt::dispatcher::Kqueue;
use abi::nt::job::{Ejob, message};
use abi::nt::process::Eprocess;
use abi::status::NtStatus;

use crate::executive::Executive;
use crate::io_completion::Completed;
use crate::platform::Platform;

/// Statuses with which a process ends abnormally, as the message's documentation has them; but for those of floating point.
const ABNORMAL: [NtStatus; 14] = [
    NtStatus::ACCESS_VIOLATION,
    NtStatus::ARRAY_BOUNDS_EXCEEDED,
    NtStatus::BREAKPOINT,
    NtStatus::DATATYPE_MISALIGNMENT,
    NtStatus::GUARD_PAGE_VIOLATION,
    NtStatus::ILLEGAL_INSTRUCTION,
    NtStatus::IN_PAGE_ERROR,
    NtStatus::INTEGER_DIVIDE_BY_ZERO,
    NtStatus::INTEGER_OVERFLOW,
    NtStatus(0xC000_0026), // INVALID_DISPOSITION
    NtStatus::NONCONTINUABLE_EXCEPTION,
    NtStatus::PRIVILEGED_INSTRUCTION,
    NtStatus::SINGLE_STEP,
    NtStatus::STACK_OVERFLOW,
];
/// Those of floating point: STATUS_FLOAT_DENORMAL_OPERAND to STATUS_FLOAT_UNDERFLOW.
const FLOATING: core::ops::RangeInclusive<u32> = 0xC000_008D..=0xC000_0093;

impl<P: Platform> Executive<P> {
    /// Tells the port of `job`, where it has one, `what` has become of `process`.
    pub(crate) fn tell_job(&self, job: Link<Ejob>, what: u32, process: Link<Eprocess>) {
        let number = self.machine_record(process).unique_process_id.get();
        self.tell_job_number(job, what, number);
    }

    /// The same, with a number.
    pub(crate) fn tell_job_number(&self, job: Link<Ejob>, what: u32, context: u32) {
        let record = self.machine_record(job);
        if let Some(port) = Link::<Kqueue>::new(record.completion_port.get()).some() {
            let key = record.completion_key.get();
            // What cannot be told is lost.
            let _ = self.post(port, Completed { key, context, status: 0, information: what });
        }
    }

    /// `process` leaves `job` with its end.
    pub(crate) fn tell_job_of_end(&self, job: Link<Ejob>, process: Link<Eprocess>) {
        let status = self.machine_record(process).exit_status.get();
        let is_abnormal = ABNORMAL.contains(&NtStatus(status)) || FLOATING.contains(&status);
        let what = if is_abnormal { message::ABNORMAL_EXIT_PROCESS } else { message::EXIT_PROCESS };
        self.tell_job(job, what, process);
        if self.machine_record(job).active_processes.get() == 0 {
            self.tell_job_number(job, message::ACTIVE_PROCESS_ZERO, 0);
        }
    }

    /// What happens to `job` is told `port` from now on, with `key`; of those that are in it already, too.
    ///
    /// # Errors
    /// INVALID_PARAMETER where there is a port.
    pub(crate) fn set_job_port(&self, job: Link<Ejob>, port: Link<Kqueue>, key: u32) -> Result<(), NtStatus> {
        let record = self.machine_record(job);
        if record.completion_port.get() != 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.objects().reference(port);
        record.completion_port.set(port.address());
        record.completion_key.set(key);
        self.job_processes(job).for_each(|process| self.tell_job(job, message::NEW_PROCESS, process));
        Ok(())
    }
}
