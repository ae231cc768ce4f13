//! What jobs say of the commit of their processes.

use core::mem::offset_of;

use abi::cell::Link;
use abi::memory::*;
use abi::nt::job::{Ejob, job_status, limit};
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::layout::PAGE_SIZE;
use mm::list;
use mm::machine::Records;
use mm::pool::Tag;
use model::machine::NoExecute;
use model::system::System;

const RW: u32 = PAGE_READWRITE;
const BASE: u32 = 0x7000_0000;

fn job(system: &System) -> Link<Ejob> {
    let job: Link<Ejob> = system.mm.allocate_zeroed_pool(size_of::<Ejob>() as u32, Tag(*b"Job ")).expect("pool");
    list::initialise(&system.mm.machine, job.offset(offset_of!(Ejob, process_list_head) as u32));
    job
}

/// A process of `job`, with a megabyte reserved and one page of it committed, so that what follows needs no page table.
fn member(system: &System, job: Link<Ejob>) -> Link<Eprocess> {
    let process = system.start_process().expect("a process");
    system.allocate(process, MEM_RESERVE, RW, BASE, 0x10_0000).expect("room");
    system.allocate(process, MEM_COMMIT, RW, BASE, 1).expect("reserved");
    system.mm.machine.record(process).job.set(job.address());
    let (head, entry) = (offset_of!(Ejob, process_list_head), offset_of!(Eprocess, job_links));
    list::insert_tail(&system.mm.machine, job.offset(head as u32), process.offset(entry as u32));
    system.mm.failing().look_at_processes(true);
    process
}

fn commit(system: &System, process: Link<Eprocess>, page: u32, pages: u32) -> Result<(), NtStatus> {
    system.allocate(process, MEM_COMMIT, RW, BASE + page * PAGE_SIZE, pages * PAGE_SIZE).map(|_| ())
}

fn leave(system: &System, process: Link<Eprocess>) {
    list::remove(&system.mm.machine, process.offset(offset_of!(Eprocess, job_links) as u32));
    system.mm.machine.record(process).job.set(0);
}

#[test]
fn a_process_may_have_its_jobs_limit_and_no_page_more() {
    let mut system = System::new(512, NoExecute::Supported);
    let job = job(&system);
    let process = member(&system, job);
    let before = system.process_charge(process);
    system.mm.machine.record(job).process_memory_limit.set(before + 10);
    system.mm.machine.record(job).limit_flags.set(limit::PROCESS_MEMORY);
    assert!(commit(&system, process, 1, 10).is_ok());
    assert_eq!(system.mm.machine.record(job).peak_process_memory_used.get(), before + 10);
    let current = system.mm.commit.current();
    assert_eq!(commit(&system, process, 11, 1), Err(NtStatus::COMMITMENT_LIMIT));
    assert_eq!((system.mm.commit.current(), system.process_charge(process)), (current, before + 10));
    assert_eq!(system.mm.machine.record(process).job_status.get(), job_status::OWN_LIMIT_MET);
    system.sound();
    // What is committed already may be committed again, and what goes makes room.
    assert!(commit(&system, process, 1, 10).is_ok());
    system.free(process, MEM_DECOMMIT, BASE + PAGE_SIZE, 3 * PAGE_SIZE).expect("committed");
    assert_eq!(commit(&system, process, 11, 4), Err(NtStatus::COMMITMENT_LIMIT));
    assert!(commit(&system, process, 11, 3).is_ok());
    // A copy of a written page of a view counts as much, and so does a page table.
    assert_eq!(system.allocate(process, MEM_COMMIT | MEM_RESERVE, RW, 0x6000_0000, 1), Err(NtStatus::COMMITMENT_LIMIT));
    assert_eq!(system.mm.machine.record(job).peak_process_memory_used.get(), before + 10);
    // Without the flag the number means nothing; nor does it for who has left.
    system.mm.machine.record(job).limit_flags.set(0);
    assert!(commit(&system, process, 14, 5).is_ok());
    system.mm.machine.record(job).limit_flags.set(limit::PROCESS_MEMORY);
    leave(&system, process);
    assert!(commit(&system, process, 30, 5).is_ok());
    system.sound();
    system.end_process(process);
}

#[test]
fn a_jobs_limit_is_for_all_of_its_processes() {
    let mut system = System::new(512, NoExecute::Supported);
    let job = job(&system);
    let [one, other] = [(); 2].map(|()| member(&system, job));
    let stranger = system.start_process().expect("a process");
    let before = system.mm.committed_by_job(job);
    assert_eq!(before, system.process_charge(one) + system.process_charge(other));
    system.mm.machine.record(job).job_memory_limit.set(before + 10);
    system.mm.machine.record(job).limit_flags.set(limit::JOB_MEMORY);
    assert!(commit(&system, one, 1, 6).is_ok());
    assert_eq!(commit(&system, other, 1, 5), Err(NtStatus::COMMITMENT_LIMIT));
    assert_eq!(system.mm.machine.record(other).job_status.get(), job_status::JOB_LIMIT_MET);
    assert!(commit(&system, other, 1, 4).is_ok());
    assert_eq!(
        (
            system.mm.machine.record(job).peak_job_memory_used.get(),
            system.mm.machine.record(job).current_job_memory_used.get()
        ),
        (before + 10, before + 10)
    );
    assert!(system.allocate(stranger, MEM_COMMIT | MEM_RESERVE, RW, BASE, 20 * PAGE_SIZE).is_ok(), "of no job");
    // What one gives back the other may have.
    system.free(one, MEM_DECOMMIT, BASE + PAGE_SIZE, 6 * PAGE_SIZE).expect("committed");
    assert!(commit(&system, other, 5, 6).is_ok());
    assert_eq!(commit(&system, other, 11, 1), Err(NtStatus::COMMITMENT_LIMIT));
    system.sound();
    for process in [one, other] {
        leave(&system, process);
        system.end_process(process);
    }
    system.end_process(stranger);
    assert_eq!(system.mm.committed_by_job(job), 0);
}

#[test]
fn a_refusal_is_watched_with_limits_and_without() {
    let system = System::new(512, NoExecute::Supported);
    let process = member(&system, job(&system));
    system.mm.failing().arm("commit:2".parse().expect("intervals"));
    let refused = (0..4).filter(|page| commit(&system, process, 1 + page, 1).is_err()).count();
    assert_eq!(refused, 2);
    system.mm.failing().disarm();
    assert!(!system.mm.failing().is_armed() && commit(&system, process, 5, 1).is_ok());
    system.mm.failing().look_at_processes(false);
    assert!(commit(&system, process, 6, 1).is_ok());
}
