//! What the switch that makes requests fail ([`mm::failing`]) refuses to the programs of a plan, and how they are told.
//!
//! A refusal belongs to the thread that asked. What a page fault or a wait of the kernel's own made good by asking again is
//! settled there; what is left when a service answers has been refused to the service: it must have succeeded all the
//! same, or answer with one of the statuses that XP has for a lack of memory. Any other answer is a violation, and is
//! reported with the job.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use abi::cell::{Field, Link};
use abi::nt::process::Eprocess;
use abi::nt::thread::Ethread;
use abi::service::Service;
use abi::status::NtStatus;
use ke::{Switch, ThreadState};
use mm::failing::{Intervals, NoInterval};
use spin::Once;

use crate::executive::Executive;
use crate::platform::Platform;

/// What is refused, and from when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Which requests.
    pub intervals: Intervals,
    /// From when on.
    pub since: Since,
}

/// From when on requests are refused; never while the kernel starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// From the first program of the plan on.
    Plan,
    /// From the first instruction of each program of the plan to its end: by then it is loaded.
    Entry,
}

/// As [`Intervals`] are written, with `entry,` in front where the programs are to be loaded first.
impl FromStr for Terms {
    type Err = NoInterval;

    fn from_str(text: &str) -> Result<Self, NoInterval> {
        let (since, intervals) = match text.strip_prefix("entry,") {
            Some(rest) => (Since::Entry, rest),
            None => (Since::Plan, text),
        };
        Ok(Self { intervals: intervals.parse()?, since })
    }
}

/// An answer of a service that had a request refused, which does not say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub service: u32,
    pub answer: NtStatus,
}

/// What is in use that a program may have left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Pages committed, without those of the kernel itself.
    commit: u32,
    /// Blocks of the pool, without those of files and sections, which stay.
    blocks: u32,
}

impl fmt::Display for Left {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "commit:{},blocks:{}", self.commit, self.blocks)
    }
}

/// How the tags of blocks begin that stay when a program is gone: those of the memory manager's sections, of files, and of what
/// is open on the volume.
const KEPT: [&[u8]; 3] = [b"Mm", b"Fil", b"Fat"];

/// What has been refused since the job began.
pub(crate) struct Refusals {
    terms: Once<Terms>,
    /// Refusals that are not the running thread's, or settled.
    settled: Field<u32>,
    /// Those to programs.
    in_job: Field<u32>,
    /// The process whose first instruction is waited for.
    awaited: Field<Link<Eprocess>>,
    violations: Field<u32>,
    /// Number and answer of the first service that was one.
    first: [Field<u32>; 2],
}

impl Refusals {
    pub(crate) const fn new() -> Self {
        Self {
            terms: Once::new(),
            settled: Field::ZERO,
            in_job: Field::ZERO,
            awaited: Field::<Link<Eprocess>>::NULL,
            violations: Field::ZERO,
            first: [const { Field::ZERO }; 2],
        }
    }

    /// Refusals to programs since the job began.
    pub(crate) fn in_job(&self) -> u32 {
        self.in_job.get()
    }

    /// How many violations there were, and the first one.
    pub(crate) fn violations(&self) -> (u32, Violation) {
        let [service, answer] = [self.first[0].get(), self.first[1].get()];
        (self.violations.get(), Violation { service, answer: NtStatus(answer) })
    }

    fn report(&self, violation: Violation) {
        if self.violations.update(|count| count + 1) == 1 {
            self.first[0].set(violation.service);
            self.first[1].set(violation.answer.0);
        }
    }
}

/// How long a program may take where requests are refused, in units of 100 ns: fifteen seconds, for one of the tests sleeps for ten.
const PATIENCE: u64 = 150_000_000;
/// Time between two looks at it: 0.3 seconds.
const LOOK: u64 = 3_000_000;
/// Looks at which all programs wait for each other after which they count as doing so for ever.
const LOOKS: u32 = 4;

/// Statuses that a service may answer when it was refused memory.
///
/// Source: what the documentation of Windows gives for lack of pool, of memory and of commit, each service having its own.
const LACKS: [NtStatus; 4] =
    [NtStatus::NO_MEMORY, NtStatus::INSUFFICIENT_RESOURCES, NtStatus::COMMITMENT_LIMIT, NtStatus::PAGEFILE_QUOTA];

/// Whether `status` tells of a lack of memory.
pub(crate) fn is_lack(status: NtStatus) -> bool {
    LACKS.contains(&status)
}

/// Whether `service` may answer so when memory was refused to it. Reading and writing another process's memory tells of whatever
/// stopped it by PARTIAL_COPY.
fn may_answer(service: u32, answer: NtStatus) -> bool {
    let copies =
        matches!(Service::from_number(service), Some(Service::NtReadVirtualMemory | Service::NtWriteVirtualMemory));
    answer.is_success() || is_lack(answer) || copies && answer == NtStatus::PARTIAL_COPY
}

impl<P: Platform> Executive<P> {
    /// From the first program on requests are refused as `terms` say.
    pub fn refuse_requests(&self, terms: Terms) {
        self.refusals.terms.call_once(|| terms);
        self.mm().failing().arm(terms.intervals);
        self.mm().failing().disarm();
    }

    /// Whether requests are refused at all.
    pub(crate) fn refuses_requests(&self) -> bool {
        self.refusals.terms.get().is_some()
    }

    /// A job is about to be started.
    pub(crate) fn begin_refusals(&self) {
        let Some(terms) = self.refusals.terms.get() else { return };
        self.settle_refusals(0);
        self.refusals.in_job.set(0);
        self.refusals.violations.set(0);
        if terms.since == Since::Plan {
            // The turns go on where they were: else each program would be refused the same.
            self.mm().failing().rearm();
        }
    }

    /// The program of the job is about to run in `process`, or could not be started.
    pub(crate) fn await_entry(&self, process: Option<Link<Eprocess>>) {
        let Some(terms) = self.refusals.terms.get() else { return };
        self.count_refusals(0);
        if let (Since::Entry, Some(process)) = (terms.since, process) {
            self.refusals.awaited.set(process);
            self.mm().failing().arm(Intervals::default());
        }
    }

    /// The program of the job is gone, with all it had: nothing is refused to those who look at what is left.
    pub(crate) fn end_refusals(&self) {
        self.settle_refusals(0);
        self.refusals.awaited.set(Link::NULL);
        self.mm().failing().disarm();
    }

    /// Lets another thread run; the running one finds its refusals again.
    #[cold]
    #[inline(never)]
    pub(crate) fn switch_with_refusals(&self, switch: Switch) {
        let own = self.own_refusals();
        self.platform().switch(switch.from, switch.to);
        self.settle_refusals(own);
    }

    /// Refusals to the running thread that are not settled.
    #[inline(always)]
    pub(crate) fn own_refusals(&self) -> u32 {
        self.mm().failing().refused().wrapping_sub(self.refusals.settled.get())
    }

    /// Of the refusals to the running thread all but the first `left` are settled.
    #[inline(always)]
    pub(crate) fn settle_refusals(&self, left: u32) {
        self.refusals.settled.set(self.mm().failing().refused().wrapping_sub(left));
    }

    /// The same, and they were a program's.
    pub(crate) fn count_refusals(&self, left: u32) -> u32 {
        let more = self.own_refusals().wrapping_sub(left);
        self.refusals.in_job.update(|count| count + more);
        self.settle_refusals(left);
        more
    }

    /// What the end of a job tells of refusals, where there can be any: how many there were, how many answers did not fit, and the
    /// first of these.
    pub(crate) fn refusals_of_job(&self, (before, after): (Left, Left)) -> String {
        if !self.refuses_requests() {
            return String::new();
        }
        let (violations, Violation { service, answer }) = self.refusals.violations();
        let name = Service::from_number(service).map_or("", Service::name);
        let first = if violations == 0 { String::new() } else { format!(" violation={name}:{:08X}", answer.0) };
        let leak = if before == after { String::new() } else { format!(" leak={before}-{after}") };
        format!(" refused={} violations={violations}{first}{leak}", self.refusals.in_job())
    }

    /// What a program must not leave behind, beside frames; counted only where requests are refused.
    pub(crate) fn left_over(&self) -> Left {
        let mut blocks = 0;
        if self.refuses_requests() {
            self.mm().each_pool_block(|_, tag| blocks += u32::from(!KEPT.iter().any(|kept| tag.0.starts_with(kept))));
        }
        Left { commit: self.mm().commit.current() - self.mm().kernel_frames(), blocks }
    }

    /// Waits for the end of a job's program. Where requests are refused, one that waits for what will never come is ended after a
    /// while, and the programs that it left behind end with it.
    pub(crate) fn wait_for_job(&self, process: Link<Eprocess>, beside: impl Fn(Link<Eprocess>) -> bool) {
        if !self.refuses_requests() {
            return;
        }
        let due = self.platform().interrupt_time() + PATIENCE;
        let mut in_vain = 0;
        while !self.has_ended(process) && self.platform().interrupt_time() < due && in_vain < LOOKS {
            self.wait_for_end_until(process, Some(self.platform().interrupt_time() + LOOK));
            in_vain = if self.all_wait() { in_vain + 1 } else { 0 };
        }
        let is_left = |other: &Link<Eprocess>| *other != self.system_process && !beside(*other);
        let lives = |other: &Link<Eprocess>| self.living_threads_of(*other).next().is_some();
        while let Some(left) = self.processes().filter(is_left).find(lives) {
            let _held = self.hold(left);
            self.condemn_process(left, NtStatus::TIMEOUT);
            self.wait_for_end_until(left, None);
        }
    }

    /// Whether all threads of programs wait, and none of them until a time.
    fn all_wait(&self) -> bool {
        let waits = |thread: Link<Ethread>| {
            let tcb = &self.machine_record(thread).tcb;
            tcb.state.get() == ThreadState::Waiting as u8 && tcb.timer.header.inserted.get() == 0
        };
        let programs = self.processes().filter(|process| *process != self.system_process);
        programs.flat_map(|process| self.living_threads_of(process)).all(waits)
    }

    /// The running thread of a program ends: what it was refused on its way out counts.
    pub(crate) fn count_last_refusals(&self) {
        self.count_refusals(0);
    }

    /// A service begins, whose answer must fit what is refused meanwhile; whether anything can be.
    pub fn begin_watching_service(&self) -> bool {
        self.settle_refusals(0);
        self.mm().failing().is_armed()
    }

    /// The service `number` answers `answer`; `watched` is what was said at its beginning.
    pub fn end_watching_service(&self, watched: bool, number: u32, answer: NtStatus) {
        if watched && self.count_refusals(0) > 0 && !may_answer(number, answer) {
            self.refusals.report(Violation { service: number, answer });
        }
    }

    /// A page fault begins: whatever is refused meanwhile is there at the next try. What is to be [told](Self::end_watching_fault) at its end.
    pub fn begin_watching_fault(&self) -> u32 {
        self.look_for_entry();
        self.own_refusals()
    }

    /// The page fault is over.
    pub fn end_watching_fault(&self, before: u32) {
        self.count_refusals(before);
    }

    /// Begins to refuse where the program that is waited for runs its own code.
    fn look_for_entry(&self) {
        let Some(terms) = self.refusals.terms.get() else { return };
        let Some(process) = self.refusals.awaited.get().some() else { return };
        if process != self.own_process() {
            return;
        }
        let at = self.user_frame(self.platform().current_thread()).eip.get();
        let record = self.machine_record(process);
        let area = self.control_area_of(Link::new(record.section_object.get()));
        let size = self.machine_record(self.machine_record(area).segment.get()).size_of_segment.get();
        if u64::from(at.wrapping_sub(record.section_base_address.get())) < size {
            self.refusals.awaited.set(Link::NULL);
            self.mm().failing().arm(terms.intervals);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read() {
        let terms = |intervals, since| Ok(Terms { intervals, since });
        assert_eq!("7".parse(), terms(Intervals::all(7), Since::Plan));
        assert_eq!("entry,3".parse(), terms(Intervals::all(3), Since::Entry));
        assert_eq!("entry,pool:2".parse(), terms(Intervals { frames: 0, pool: 2, commit: 0 }, Since::Entry));
        assert_eq!("entry".parse::<Terms>(), Err(NoInterval));
        assert_eq!("entry,".parse::<Terms>(), Err(NoInterval));
    }

    #[test]
    fn answers_fit_what_was_refused() {
        let create = Service::NtCreateEvent as u32;
        assert!(may_answer(create, NtStatus::SUCCESS));
        assert!(may_answer(create, NtStatus::INSUFFICIENT_RESOURCES));
        assert!(!may_answer(create, NtStatus::ACCESS_VIOLATION));
        assert!(!may_answer(create, NtStatus::PARTIAL_COPY));
        assert!(may_answer(Service::NtReadVirtualMemory as u32, NtStatus::PARTIAL_COPY));
        assert!(is_lack(NtStatus::COMMITMENT_LIMIT) && !is_lack(NtStatus::DLL_NOT_FOUND));
    }
}
