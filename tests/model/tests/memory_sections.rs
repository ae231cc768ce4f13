//! Sections without a file: memory that processes share.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::fault::{FaultOutcome, Resolution};
use mm::frame::Location;
use mm::layout::FrameNumber;
use mm::machine::Records;
use mm::protection::{Access, Protection};
use mm::pte::{PrototypePte, Pte};
use mm::section::{ControlAreaFlags, ViewRequest};
use model::hog::Hog;
use model::machine::NoExecute;
use model::sections::whole;
use model::system::{Outcome, System};

const COMMIT: ControlAreaFlags = ControlAreaFlags::COMMIT;
const RESERVE: ControlAreaFlags = ControlAreaFlags::RESERVE;
const RW: u32 = PAGE_READWRITE;

fn system() -> System {
    System::new(256, NoExecute::Supported)
}

fn process(system: &System) -> Link<Eprocess> {
    system.start_process().expect("a process")
}

fn frame_at(system: &System, process: Link<Eprocess>, address: u32) -> FrameNumber {
    match system.pte(process, address) {
        Pte::Valid(valid) => valid.frame(),
        other => panic!("{address:x}: {other:?}"),
    }
}

/// What is charged but for the pool's pages.
fn charged(system: &System) -> u32 {
    system.mm.commit.current() - system.mm.kernel_frames()
}

#[test]
fn making_one_charges_its_pages_once_and_takes_none() {
    let mut system = system();
    let (before, available) = (charged(&system), system.mm.available_frames());
    let section = system.add_memory(0x4001, RW, COMMIT).expect("memory");
    assert_eq!((charged(&system) - before, system.shared_commit(section)), (5, 5));
    assert!(available - system.mm.available_frames() <= 3, "no more than pool");
    assert_eq!(system.prototype(section, 4), PrototypePte::DemandZero(Protection::READWRITE));
    let process = process(&system);
    let (base, size) = system.map(process, section, &whole(RW)).expect("room");
    assert_eq!((base, size), (0x1_0000, 0x5000));
    assert_eq!(system.process_charge(process), 1, "a page table");
    assert_eq!(system.sound().mapped, 0);
    let region = system.query(process, base);
    assert_eq!((region.state, region.protect, region.kind), (MEM_COMMIT, RW, MEM_MAPPED));
    assert_eq!((region.allocation_protect, region.size), (RW, 0x5000));
    system.release(section);
    assert_eq!(system.sound().sections, 1, "the view keeps it");
    assert_eq!(system.unmap(process, base + 0x4FFF), Ok(()));
    system.end_process(process);
    assert_eq!((system.sound().sections, charged(&system)), (0, before));
}

#[test]
fn refusals_change_nothing() {
    let mut system = system();
    let process = process(&system);
    let before = system.picture(process);
    assert_eq!(system.add_memory(0, RW, COMMIT), Err(NtStatus::INVALID_PARAMETER_4));
    assert_eq!(system.add_memory(1 << 41, RW, COMMIT), Err(NtStatus::SECTION_TOO_BIG));
    assert_eq!(system.add_memory(u64::MAX, RW, RESERVE), Err(NtStatus::SECTION_TOO_BIG));
    assert_eq!(system.add_memory(0x1000_0000, RW, COMMIT), Err(NtStatus::COMMITMENT_LIMIT));
    assert_eq!(system.add_memory(1 << 40, RW, RESERVE), Err(NtStatus::INSUFFICIENT_RESOURCES));
    assert_eq!(system.picture(process), before);
    let section = system.add_memory(0x2_0000, PAGE_READONLY, COMMIT).expect("memory");
    system.commit_at(process, 0x10_0000, 0x1000);
    let before = system.picture(process);
    let view = whole(PAGE_READONLY);
    let rows = [
        (ViewRequest { offset: 0x2_0000, ..view }, NtStatus::INVALID_VIEW_SIZE),
        (ViewRequest { offset: 1 << 40, ..view }, NtStatus::INVALID_VIEW_SIZE),
        (ViewRequest { offset: 0x1_0000, size: 0x1_0001, ..view }, NtStatus::INVALID_VIEW_SIZE),
        (ViewRequest { size: u32::MAX, ..view }, NtStatus::INVALID_VIEW_SIZE),
        (ViewRequest { size: 0x1000, commit: 0x1001, ..view }, NtStatus::INVALID_PARAMETER_5),
        (ViewRequest { base: 0x10_0000, ..view }, NtStatus::CONFLICTING_ADDRESSES),
        (ViewRequest { base: 0xF_0000, ..view }, NtStatus::CONFLICTING_ADDRESSES),
        (ViewRequest { base: 0x7FFD_0000, ..view }, NtStatus::CONFLICTING_ADDRESSES),
        (ViewRequest { zero_bits: 15, size: 0x1_0001, ..view }, NtStatus::NO_MEMORY),
        (whole(RW), NtStatus::SECTION_PROTECTION),
        (whole(PAGE_EXECUTE_READ), NtStatus::SECTION_PROTECTION),
        (whole(PAGE_EXECUTE_WRITECOPY), NtStatus::SECTION_PROTECTION),
    ];
    for (request, status) in rows {
        assert_eq!(system.map(process, section, &request), Err(status), "{request:x?}");
        assert_eq!(system.picture(process), before);
    }
    assert_eq!(system.unmap(process, 0x10_0000), Err(NtStatus::NOT_MAPPED_VIEW));
    assert_eq!(system.unmap(process, 0x20_0000), Err(NtStatus::NOT_MAPPED_VIEW));
    let (base, _) = system.map(process, section, &whole(PAGE_WRITECOPY)).expect("no more than reading");
    let before = system.picture(process);
    for kind in [MEM_RELEASE, MEM_DECOMMIT] {
        assert_eq!(system.free(process, kind, base, 0), Err(NtStatus::UNABLE_TO_DELETE_SECTION));
    }
    assert_eq!(system.protect(process, base, 1, RW), Err(NtStatus::SECTION_PROTECTION));
    assert_eq!(system.protect(process, base, 1, PAGE_READONLY | PAGE_NOCACHE), Err(NtStatus::INVALID_PARAMETER_4));
    assert_eq!(system.allocate(process, MEM_COMMIT, RW, base, 1), Err(NtStatus::SECTION_PROTECTION));
    let uncached = system.allocate(process, MEM_COMMIT, RW | PAGE_NOCACHE, base, 1);
    assert_eq!(uncached, Err(NtStatus::INVALID_PAGE_PROTECTION));
    assert_eq!(system.picture(process), before);
}

#[test]
fn two_processes_see_one_page_and_its_share_count() {
    let mut system = system();
    let section = system.add_memory(0x3000, RW, COMMIT).expect("memory");
    let (first, second) = (process(&system), process(&system));
    let (at, _) = system.map(first, section, &whole(RW)).expect("room");
    let elsewhere = ViewRequest { base: 0x50_0000, ..whole(PAGE_READONLY) };
    let (there, _) = system.map(second, section, &elsewhere).expect("room");
    let outcome = system.fault(first, at + 0x1000, Access::Write);
    assert_eq!(outcome, FaultOutcome::Resolved(Resolution::DemandZero));
    let frame = frame_at(&system, first, at + 0x1000);
    assert!(matches!(system.prototype(section, 1), PrototypePte::Valid(valid) if valid.frame() == frame));
    assert_eq!(system.mm.frame(frame).share_count(), 1);
    system.store(first, at + 0x1000, 0x42).expect("writable");
    let outcome = system.fault(second, there + 0x1000, Access::Read);
    assert_eq!(outcome, FaultOutcome::Resolved(Resolution::Nothing), "valid already");
    assert_eq!(system.load(second, there + 0x1000), Ok(0x42));
    assert_eq!((frame_at(&system, second, there + 0x1000), system.mm.frame(frame).share_count()), (frame, 2));
    assert_eq!(system.store(second, there + 0x1000, 1), Err(Outcome::AccessViolation));
    assert_eq!(system.query(second, there + 0x1000).protect, PAGE_READONLY);
    system.sound();
    assert_eq!(system.unmap(first, at), Ok(()));
    assert_eq!(system.mm.frame(frame).share_count(), 1);
    assert_eq!(system.unmap(second, there), Ok(()));
    assert!(matches!(system.prototype(section, 1), PrototypePte::Transition(at, _) if at == frame));
    assert_eq!(system.mm.frame(frame).location(), Location::Modified, "it was written");
    system.sound();
    let (at, _) = system.map(second, section, &whole(RW)).expect("room");
    let outcome = system.fault(second, at + 0x1000, Access::Read);
    assert_eq!(outcome, FaultOutcome::Resolved(Resolution::Transition));
    assert_eq!((system.load(second, at + 0x1000), frame_at(&system, second, at + 0x1000)), (Ok(0x42), frame));
    system.release(section);
    system.end_process(second);
    assert_eq!((system.sound().sections, system.mm.list_length(Location::Modified)), (0, 0));
    assert_eq!(system.mm.frame(frame).location(), Location::Free);
}

#[test]
fn pages_that_nobody_wrote_are_zeros_whatever_becomes_of_their_frames() {
    let mut system = system();
    let section = system.add_memory(0x2000, RW, COMMIT).expect("memory");
    let first = process(&system);
    let (at, _) = system.map(first, section, &whole(RW)).expect("room");
    assert_eq!(system.load(first, at), Ok(0));
    system.store(first, at + 0x1000, 7).expect("writable");
    system.unmap(first, at).expect("a view");
    assert_eq!((system.mm.list_length(Location::Standby), system.mm.list_length(Location::Modified)), (1, 1));
    let mut hog = Hog::new(&mut system);
    hog.fill(&system, 0);
    assert_eq!(system.prototype(section, 0), PrototypePte::DemandZero(Protection::READWRITE));
    assert!(matches!(system.prototype(section, 1), PrototypePte::Transition(..)), "nowhere to write it to");
    hog.end(&system);
    let (at, _) = system.map(first, section, &whole(RW)).expect("room");
    assert_eq!((system.load(first, at), system.load(first, at + 0x1000)), (Ok(0), Ok(7)));
    system.sound();
}

#[test]
fn a_view_shows_a_part_and_stops_where_it_was_told_to() {
    let mut system = system();
    let section = system.add_memory(0x4_0000, RW, COMMIT).expect("memory");
    let process = process(&system);
    let (all, size) = system.map(process, section, &whole(RW)).expect("room");
    assert_eq!(size, 0x4_0000);
    let part = ViewRequest { offset: 0x2_0000, size: 0x1001, ..whole(RW) };
    let (at, size) = system.map(process, section, &part).expect("room");
    assert_eq!((at, size), (all + 0x4_0000, 0x2000));
    let rest = ViewRequest { offset: 0x3_0000, kind: MEM_TOP_DOWN, ..whole(RW) };
    assert_eq!(system.map(process, section, &rest), Ok((0x7FFD_0000, 0x1_0000)));
    let low = ViewRequest { zero_bits: 11, ..rest };
    assert_eq!(system.map(process, section, &low), Ok((0x1F_0000, 0x1_0000)));
    for (page, byte) in [(0x2_0000, 1), (0x2_1000, 2), (0x3_F000, 3)] {
        system.store(process, all + page, byte).expect("writable");
    }
    assert_eq!((system.load(process, at), system.load(process, at + 0x1000)), (Ok(1), Ok(2)));
    assert_eq!(system.load(process, at + 0x2000), Err(Outcome::AccessViolation));
    assert_eq!((system.load(process, 0x7FFD_F000), system.load(process, 0x1F_F000)), (Ok(3), Ok(3)));
    let frame = frame_at(&system, process, all + 0x3_F000);
    assert_eq!(system.mm.frame(frame).share_count(), 3, "three views in one process");
    assert_eq!(system.mm.machine.record(section).number_of_mapped_views.get(), 4);
    system.sound();
}

#[test]
fn a_copy_on_write_view_is_charged_whole_and_copies_at_the_first_write() {
    let mut system = system();
    let section = system.add_memory(0x4000, RW, COMMIT).expect("memory");
    let (owner, other) = (process(&system), process(&system));
    let (at, _) = system.map(owner, section, &whole(RW)).expect("room");
    let before = charged(&system);
    let (copy, _) = system.map(other, section, &whole(PAGE_WRITECOPY)).expect("room");
    assert_eq!((charged(&system) - before, system.process_charge(other)), (5, 5));
    system.store(owner, at, 1).expect("writable");
    assert_eq!((system.load(other, copy), system.query(other, copy).protect), (Ok(1), PAGE_WRITECOPY));
    let frame = frame_at(&system, owner, at);
    assert_eq!(system.mm.frame(frame).share_count(), 2);
    assert_eq!(system.fault(other, copy, Access::Write), FaultOutcome::Resolved(Resolution::CopyOnWrite));
    assert_eq!(system.mm.frame(frame).share_count(), 1);
    system.store(other, copy, 2).expect("its own now");
    assert_eq!((system.load(owner, at), system.load(other, copy), system.load(other, copy + 1)), (Ok(1), Ok(2), Ok(0)));
    system.store(owner, at, 3).expect("writable");
    assert_eq!(system.load(other, copy), Ok(2));
    let region = system.query(other, copy);
    assert_eq!((region.protect, region.allocation_protect, region.size), (RW, PAGE_WRITECOPY, 0x1000));
    // A page that nobody touched is copied as zeros, and the section's stays untouched.
    system.store(other, copy + 0x1000, 4).expect("its own");
    assert_eq!(system.prototype(section, 1), PrototypePte::DemandZero(Protection::READWRITE));
    assert_eq!(system.load(owner, at + 0x1000), Ok(0));
    assert_eq!(charged(&system) - before, 5 + 1, "all was charged before but the hash table of a working set");
    system.sound();
    system.unmap(other, copy).expect("a view");
    system.end_process(other);
    system.sound();
}

#[test]
fn a_page_made_copy_on_write_is_charged_until_it_is_not() {
    let mut system = system();
    let section = system.add_memory(0x4000, PAGE_EXECUTE_READWRITE, COMMIT).expect("memory");
    let process = process(&system);
    let (at, _) = system.map(process, section, &whole(RW)).expect("room");
    system.store(process, at, 1).expect("writable");
    assert_eq!(system.protect(process, at, 0x2000, PAGE_WRITECOPY), Ok(RW));
    assert_eq!(system.process_charge(process), 1 + 2);
    assert_eq!(system.protect(process, at, 1, PAGE_EXECUTE_READ), Err(NtStatus::SECTION_PROTECTION));
    assert_eq!(system.protect(process, at + 0x1000, 1, PAGE_READONLY), Ok(PAGE_WRITECOPY));
    assert_eq!(system.process_charge(process), 1 + 1);
    system.store(process, at, 2).expect("a copy");
    assert_eq!(system.protect(process, at, 1, PAGE_NOACCESS), Ok(RW));
    assert_eq!(system.load(process, at), Err(Outcome::AccessViolation));
    assert_eq!(system.protect(process, at, 1, RW), Ok(PAGE_NOACCESS));
    assert_eq!((system.load(process, at), system.process_charge(process)), (Ok(2), 1 + 1), "its own for good");
    assert_eq!(system.protect(process, at + 0x2000, 1, RW | PAGE_GUARD), Ok(RW));
    assert_eq!(system.load(process, at + 0x2000), Err(Outcome::GuardPage));
    assert_eq!(system.load(process, at + 0x2000), Ok(0));
    assert_eq!(system.query(process, at + 0x2000).protect, RW);
    system.sound();
}

#[test]
fn reserved_memory_is_committed_through_one_view_and_seen_by_all() {
    let mut system = system();
    let before = charged(&system);
    let section = system.add_memory(0x1_0000, RW, RESERVE).expect("memory");
    assert_eq!((charged(&system), system.prototype(section, 0)), (before, PrototypePte::Empty));
    let (first, second) = (process(&system), process(&system));
    let (at, _) = system.map(first, section, &whole(RW)).expect("room");
    let (there, _) = system.map(second, section, &whole(PAGE_READONLY)).expect("room");
    let region = system.query(first, at);
    assert_eq!((region.state, region.protect, region.size, region.kind), (MEM_RESERVE, 0, 0x1_0000, MEM_MAPPED));
    assert_eq!(system.load(first, at), Err(Outcome::AccessViolation));
    assert_eq!(system.protect(first, at, 1, PAGE_READONLY), Err(NtStatus::NOT_COMMITTED));
    let before = charged(&system);
    assert_eq!(system.allocate(first, MEM_COMMIT, RW, at + 0x2FFF, 2), Ok((at + 0x2000, 0x2000)));
    assert_eq!((charged(&system) - before, system.shared_commit(section)), (2, 2), "to nobody");
    assert_eq!(system.query(second, there + 0x2000).size, 0x2000);
    assert_eq!(system.load(second, there + 0x2000), Ok(0));
    assert_eq!(system.load(second, there + 0x4000), Err(Outcome::AccessViolation));
    system.store(first, at + 0x3000, 5).expect("writable");
    assert_eq!(system.load(second, there + 0x3000), Ok(5));
    // The second process has a page that the first mapped first: its working set has a hash table.
    let before = before + 1;
    // Committed again: only the protection in this view changes.
    assert_eq!(system.allocate(first, MEM_COMMIT, PAGE_READONLY, at + 0x3000, 0x2000), Ok((at + 0x3000, 0x2000)));
    assert_eq!((charged(&system) - before, system.shared_commit(section)), (3, 3));
    assert_eq!(system.store(first, at + 0x3000, 6), Err(Outcome::AccessViolation));
    assert_eq!(system.load(second, there + 0x3000), Ok(5));
    assert_eq!(system.query(first, at + 0x4000).protect, PAGE_READONLY);
    // A view that was mapped for reading may be committed for writing: the section takes stores.
    assert_eq!(system.allocate(second, MEM_COMMIT, RW, there + 0x3000, 1), Ok((there + 0x3000, 0x1000)));
    system.store(second, there + 0x3000, 6).expect("writable now");
    assert_eq!(system.load(first, at + 0x3000), Ok(6));
    assert_eq!(system.protect(second, there, 1, RW), Err(NtStatus::SECTION_PROTECTION));
    assert_eq!(system.allocate(first, MEM_COMMIT, RW, at + 0xF000, 0x1001), Err(NtStatus::CONFLICTING_ADDRESSES));
    system.sound();
    let some = ViewRequest { commit: 0x5001, ..whole(RW) };
    system.map(second, section, &some).expect("room");
    assert_eq!(system.shared_commit(section), 6, "pages 0, 1 and 5 more");
    system.sound();
    system.end_process(first);
    system.release(section);
    system.end_process(second);
    assert_eq!(system.sound().sections, 0);
}

#[test]
fn committing_beyond_the_limit_commits_nothing() {
    let mut system = system();
    let section = system.add_memory(0x100_0000, RW, RESERVE).expect("memory");
    let process = process(&system);
    let (at, _) = system.map(process, section, &whole(RW)).expect("room");
    let before = system.picture(process);
    assert_eq!(system.allocate(process, MEM_COMMIT, RW, at, 0x100_0000), Err(NtStatus::COMMITMENT_LIMIT));
    let greedy = ViewRequest { commit: 0x100_0000, ..whole(RW) };
    assert_eq!(system.map(process, section, &greedy), Err(NtStatus::COMMITMENT_LIMIT));
    assert_eq!(system.map(process, section, &whole(PAGE_WRITECOPY)), Err(NtStatus::COMMITMENT_LIMIT));
    assert_eq!((system.picture(process), system.shared_commit(section)), (before, 0));
    // The charge of the section and that of the view are one or none.
    let fits = system.mm.commit.limit() - system.mm.commit.current();
    let mixed = ViewRequest { commit: fits << 12, size: fits << 12, ..whole(PAGE_WRITECOPY) };
    assert_eq!(system.map(process, section, &mixed), Err(NtStatus::COMMITMENT_LIMIT));
    assert_eq!(system.shared_commit(section), 0);
    system.sound();
}

#[test]
fn a_view_that_may_not_change_keeps_its_protection() {
    let mut system = system();
    let section = system.add_memory(0x2000, RW, COMMIT).expect("memory");
    let fixed = system.add_memory(0x2000, RW, COMMIT | ControlAreaFlags::NO_CHANGE).expect("memory");
    let process = process(&system);
    let asked = ViewRequest { kind: SEC_NO_CHANGE, ..whole(RW) };
    for (section, request) in [(section, asked), (fixed, whole(RW))] {
        let (at, _) = system.map(process, section, &request).expect("room");
        assert_eq!(system.protect(process, at, 1, PAGE_READONLY), Err(NtStatus::INVALID_PAGE_PROTECTION));
        system.store(process, at, 1).expect("writable");
        system.sound();
        assert_eq!(system.unmap(process, at), Ok(()));
    }
    system.sound();
}

#[test]
fn an_uncached_section_has_uncached_views() {
    let mut system = system();
    let section = system.add_memory(0x1000, RW, COMMIT | ControlAreaFlags::NO_CACHE).expect("memory");
    let process = process(&system);
    let (at, _) = system.map(process, section, &whole(PAGE_READONLY)).expect("room");
    assert_eq!(system.load(process, at), Ok(0));
    assert_eq!(system.query(process, at).protect, PAGE_READONLY | PAGE_NOCACHE);
    assert!(matches!(system.pte(process, at), Pte::Valid(valid) if valid.has(mm::pte::CACHE_DISABLE)));
    system.sound();
}

#[test]
fn without_nx_shared_memory_stays_shared_whatever_its_protection() {
    let mut system = System::new(256, NoExecute::Absent);
    let section = system.add_memory(0x1000, PAGE_EXECUTE_READWRITE, COMMIT).expect("memory");
    let (first, second) = (process(&system), process(&system));
    let (at, _) = system.map(first, section, &whole(PAGE_EXECUTE_READWRITE)).expect("room");
    let (there, _) = system.map(second, section, &whole(PAGE_EXECUTE_READWRITE)).expect("room");
    system.store(first, at, 1).expect("writable");
    assert_eq!(system.protect(second, there, 1, PAGE_EXECUTE), Ok(PAGE_EXECUTE_READWRITE));
    assert_eq!(system.load(second, there), Ok(1));
    system.store(first, at, 2).expect("writable");
    assert_eq!(system.load(second, there), Ok(2));
    assert_eq!(system.process_charge(second), 1);
    system.sound();
}
