//! What the processes of a job have committed, against what they may.
//!
//! It is looked at only while there are processes in jobs, and then in `#[cold]` code: nothing else pays for it.
//!
//! Source: documented members of JOBOBJECT_EXTENDED_LIMIT_INFORMATION; that commit beyond a limit is refused as that of the system is
//! (STATUS_COMMITMENT_LIMIT) is what programs observe.

use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::job::{Ejob, job_status, limit};
use abi::nt::process::Eprocess;

use crate::address_space::AddressSpace;
use crate::machine::Machine;
use crate::{MemoryManager, list};

impl<M: Machine> MemoryManager<M> {
    /// Pages that the processes of `job` have committed.
    pub fn committed_by_job(&self, job: Link<Ejob>) -> u32 {
        let links = offset_of!(Eprocess, job_links) as u32;
        let head = job.offset(offset_of!(Ejob, process_list_head) as u32);
        let process = |entry: Link<_>| Link::<Eprocess>::new(entry.address() - links);
        list::entries(&self.machine, head)
            .map(|entry| self.machine.record(process(entry)).commit_charge.get())
            .fold(0, u32::saturating_add)
    }
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Whether the process may commit `pages` more. Where it may not, that is noted, for whoever tells the job's port.
    #[doc(alias = "PsChangeJobMemoryUsage")]
    #[cold]
    #[inline(never)]
    pub(crate) fn may_commit(&self, pages: u32) -> bool {
        let Some(job) = Link::<Ejob>::new(self.process.job.get()).some() else { return true };
        let record = self.mm.machine.record(job);
        let own = self.process.commit_charge.get().saturating_add(pages);
        let all = self.mm.committed_by_job(job).saturating_add(pages);
        let flags = record.limit_flags.get();
        let met = if flags & limit::PROCESS_MEMORY != 0 && own > record.process_memory_limit.get() {
            job_status::OWN_LIMIT_MET
        } else if flags & limit::JOB_MEMORY != 0 && all > record.job_memory_limit.get() {
            job_status::JOB_LIMIT_MET
        } else {
            record.current_job_memory_used.set(all);
            record.peak_job_memory_used.update(|peak| peak.max(all));
            record.peak_process_memory_used.update(|peak| peak.max(own));
            return true;
        };
        self.process.job_status.update(|status| status | met);
        false
    }
}
