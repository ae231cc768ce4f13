//! Large pages: 2 MB that one entry of a page directory maps.

use abi::cell::Link;
use abi::frames::{FrameState, Use};
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus as S;
use mm::fault::FaultOutcome;
use mm::frame::{FrameRun, Location, Removal};
use mm::layout::{FrameNumber, LARGE_PAGE_SIZE, VirtualPage};
use mm::machine::{FrameBytes, Records};
use mm::protection::Access;
use mm::pte::{LARGE_PAGE, ValidPte};
use mm::section::{ControlAreaFlags, Need};
use mm::vad::{MmvadShort, VadFlags};
use mm::verify::Corruption;
use mm::virtual_memory::PageRange;
use mm::working_set::LockKind;
use model::calls::BOTH;
use model::machine::NoExecute;
use model::system::{Outcome, System};

const RW: u32 = PAGE_READWRITE;
const RWX: u32 = PAGE_EXECUTE_READWRITE;
const LARGE: u32 = BOTH | MEM_LARGE_PAGES;
const SIZE: u32 = LARGE_PAGE_SIZE;
const BASE: u32 = 0x4000_0000;

/// A machine with 16 MB, eight runs of 512 frames of which the first is in use, and a process.
fn scene() -> (System, Link<Eprocess>) {
    let system = System::new(0x1000, NoExecute::Supported);
    let process = system.start_process().expect("memory");
    (system, process)
}

fn entry(system: &System, process: Link<Eprocess>, address: u32) -> ValidPte {
    let entry = ValidPte(system.raw_pte(process, address));
    assert!(entry.has(LARGE_PAGE | 1), "{:x}", entry.0);
    entry
}

/// Makes frame `number` one that somebody uses.
fn occupy(system: &System, process: Link<Eprocess>, numbers: &[u32]) {
    // All frames are taken one after the other; those that are not wanted are given back.
    let count = system.mm.available_frames() - system.mm.frames_wanted();
    let frames = system.allocate_frames(process, count as usize).expect("a bitmap");
    let free: Vec<_> = frames.into_iter().filter(|frame| !numbers.contains(&frame.0)).collect();
    assert_eq!(system.free_frames(process, &free).0, free.len());
}

#[test]
fn two_megabytes_are_one_entry_over_frames_in_a_row() {
    let (mut system, process) = scene();
    let before = system.sound();
    let (charge, size) = (system.process_charge(process), system.mm.machine.record(process).vm.working_set_size.get());
    let kernel = system.mm.kernel_frames();
    assert_eq!(system.allocate(process, LARGE, RW, BASE, 2 * SIZE), Ok((BASE, 2 * SIZE)));
    let space = system.space(process);
    let vad = space.vads().find(VirtualPage(BASE >> 12)).expect("there");
    assert_eq!(space.vads().node(vad).flags().0, 0xE400_0400);
    // Valid, PAGE_READWRITE, locked, a large page.
    assert_eq!(space.page_report(BASE + 0x1234), 0x00C0_0041);
    // A page table for each is charged, though there is none.
    assert_eq!(system.process_charge(process), charge + 1024 + 2);
    let entries = [0, SIZE].map(|offset| entry(&system, process, BASE + offset));
    for entry in entries {
        assert_eq!((entry.frame().0 % 512, entry.0 & 0xFFF, entry.0 >> 63), (0, 0xE7, 1));
        let state = FrameState::new(Location::Active as u8, Use::LargePage);
        assert!((0..512).all(|index| system.mm.frame_state(FrameNumber(entry.frame().0 + index)) == state));
    }
    assert_ne!(entries[0].frame(), entries[1].frame());
    let audit = system.sound();
    assert_eq!((audit.large_pages, audit.large_frames, audit.mapped), (2, 1024, before.mapped));
    let grown = system.mm.kernel_frames() - kernel;
    assert_eq!((audit.active, audit.committed), (before.active + 1024 + grown, before.committed + 1026 + grown));
    let record = system.mm.machine.record(process);
    assert_eq!((record.vm.working_set_size.get(), record.number_of_private_pages.get()), (size, 0));
    for offset in [0, 0xFFF, 0x1000, 0x1F_FFFF, 0x20_0000, 0x3F_FFFF] {
        assert_eq!(system.load(process, BASE + offset), Ok(0));
        system.store(process, BASE + offset, offset as u8 | 1).expect("committed");
    }
    for offset in [0, 0xFFF, 0x1000, 0x1F_FFFF, 0x20_0000, 0x3F_FFFF] {
        assert_eq!(system.load(process, BASE + offset), Ok(offset as u8 | 1));
    }
    let mut byte = [0];
    system.mm.machine.read(FrameNumber(entries[0].frame().0 + 0x1FF), 0xFFF, &mut byte);
    assert_eq!(byte, [0xFF]);
    assert_eq!(record.vm.page_fault_count.get(), 0);
    let region = system.query(process, BASE + 0x1000);
    assert_eq!((region.allocation_base, region.allocation_protect, region.size), (BASE, RW, 2 * SIZE - 0x1000));
    assert_eq!((region.state, region.protect, region.kind), (MEM_COMMIT, RW, MEM_PRIVATE));
    system.end_process(process);
    let audit = system.sound();
    assert_eq!((audit.large_pages, audit.large_frames), (0, 0));
}

#[test]
fn frames_with_rubbish_are_zeroed_and_go_to_free_afterwards() {
    let (mut system, process) = scene();
    let available = system.mm.available_frames();
    system.allocate(process, LARGE, RW, BASE, 6 * SIZE).expect("room");
    for page in 0..6 * 512 {
        system.store(process, BASE + page * 0x1000 + page % 0x1000, 0x5A).expect("committed");
    }
    let frame = entry(&system, process, BASE).frame();
    assert_eq!(system.free(process, MEM_RELEASE, BASE, 0), Ok((BASE, 6 * SIZE)));
    assert_eq!(system.access(process, BASE, Access::Read), Outcome::AccessViolation);
    assert_eq!(system.mm.frame(frame).location(), Location::Free);
    system.sound();
    assert_eq!(system.mm.available_frames(), available);
    system.allocate(process, LARGE, RW, BASE, 6 * SIZE).expect("room");
    for page in 0..6 * 512 {
        assert_eq!(system.load(process, BASE + page * 0x1000 + page % 0x1000), Ok(0));
    }
    system.sound();
}

#[test]
fn a_forbidden_access_to_a_large_page_is_the_programs_fault() {
    for (no_execute, fetch) in [(NoExecute::Supported, Outcome::AccessViolation), (NoExecute::Absent, Outcome::Done)] {
        let mut system = System::new(0x1000, no_execute);
        let process = system.start_process().expect("memory");
        system.allocate(process, LARGE, RW, BASE, SIZE).expect("room");
        system.allocate(process, LARGE, RWX, BASE + SIZE, SIZE).expect("room");
        // What a program stores at the beginning of the page would be its entries, were it a page table.
        for index in 0..64 {
            system.store(process, BASE + index * 8, 0x67).expect("committed");
        }
        let before = system.picture(process);
        assert_eq!(system.access(process, BASE, Access::Execute), fetch);
        assert_eq!(system.access(process, BASE + 0x5000, Access::Execute), fetch);
        assert_eq!(system.access(process, BASE + SIZE + 0x5000, Access::Execute), Outcome::Done);
        // A fault by a stale translation is resolved by nothing.
        for access in [Access::Read, Access::Write] {
            assert!(matches!(system.fault(process, BASE + 0x3000, access), FaultOutcome::Resolved(_)));
        }
        assert_eq!(system.picture(process), before);
        assert_eq!(system.access(process, BASE + 2 * SIZE, Access::Read), Outcome::AccessViolation);
        assert_eq!(system.access(process, BASE - 1, Access::Read), Outcome::AccessViolation);
    }
}

#[test]
fn what_is_refused_changes_nothing() {
    let (mut system, process) = scene();
    system.commit_at(process, 0x1000_0000, 0x10_000);
    system.allocate(process, MEM_RESERVE, RW, 0x2000_0000, SIZE).expect("room");
    system.allocate(process, LARGE, RW, BASE, 2 * SIZE).expect("room");
    let before = system.picture(process);
    let commit = MEM_COMMIT | MEM_LARGE_PAGES;
    for (kind, protect, base, size, status) in [
        (MEM_RESERVE | MEM_LARGE_PAGES, RW, 0, SIZE, S::INVALID_PARAMETER_5),
        (LARGE | MEM_PHYSICAL, RW, 0, SIZE, S::INVALID_PARAMETER_5),
        (LARGE | MEM_WRITE_WATCH, RW, 0, SIZE, S::INVALID_PARAMETER_5),
        (LARGE, PAGE_READONLY, 0, SIZE, S::INVALID_PAGE_PROTECTION),
        (LARGE, PAGE_NOACCESS, 0, SIZE, S::INVALID_PAGE_PROTECTION),
        (LARGE, PAGE_WRITECOPY, 0, SIZE, S::INVALID_PAGE_PROTECTION),
        (LARGE, RW | PAGE_GUARD, 0, SIZE, S::INVALID_PAGE_PROTECTION),
        (LARGE, RW | PAGE_NOCACHE, 0, SIZE, S::INVALID_PAGE_PROTECTION),
        (LARGE, RW, 0, SIZE - 1, S::INVALID_PARAMETER_4),
        (LARGE, RW, 0, 0x1000, S::INVALID_PARAMETER_4),
        (LARGE, RW, 0, 0, S::INVALID_PARAMETER_4),
        (LARGE, RW, 0x3000_1000, SIZE, S::INVALID_PARAMETER_2),
        (LARGE, RW, 0x3010_0000, SIZE, S::INVALID_PARAMETER_2),
        (LARGE, RW, 0x7FE0_0000, SIZE, S::INVALID_PARAMETER_4),
        (LARGE, RW, 0x1000_0000, SIZE, S::CONFLICTING_ADDRESSES),
        (LARGE, RW, BASE - SIZE, 2 * SIZE, S::CONFLICTING_ADDRESSES),
        (commit, RW, 0x2000_0000, SIZE, S::CONFLICTING_ADDRESSES),
        (commit, RW, BASE, SIZE, S::CONFLICTING_ADDRESSES),
        (LARGE, RW, 0, 7 * SIZE, S::INSUFFICIENT_RESOURCES),
        (LARGE, RW, 0, 0x7000_0000, S::NO_MEMORY),
        (LARGE, RW, 0x5000_0000, 0x2000_0000, S::INSUFFICIENT_RESOURCES),
        (MEM_COMMIT, RW, BASE, 0x1000, S::CONFLICTING_ADDRESSES),
        (MEM_RESET, RW, BASE, 0x1000, S::CONFLICTING_ADDRESSES),
    ] {
        let result = system.allocate(process, kind, protect, base, size);
        assert_eq!(result, Err(status), "{kind:x} {protect:x} {base:x} {size:x}");
        assert_eq!(system.picture(process), before, "{kind:x} {protect:x} {base:x} {size:x}");
    }
    let (release, decommit) = (MEM_RELEASE, MEM_DECOMMIT);
    for (kind, base, size, status) in [
        (decommit, BASE, 0, S::MEMORY_NOT_ALLOCATED),
        (decommit, BASE, SIZE, S::MEMORY_NOT_ALLOCATED),
        (release, BASE, SIZE, S::UNABLE_TO_FREE_VM),
        (release, BASE + SIZE, SIZE, S::FREE_VM_NOT_AT_BASE),
        (release, BASE + SIZE, 0, S::FREE_VM_NOT_AT_BASE),
        (release, BASE, 2 * SIZE + 1, S::UNABLE_TO_FREE_VM),
    ] {
        assert_eq!(system.free(process, kind, base, size), Err(status), "{kind:x} {base:x} {size:x}");
    }
    for protect in [RW, PAGE_READONLY, PAGE_NOACCESS] {
        assert_eq!(system.protect(process, BASE, SIZE, protect), Err(S::CONFLICTING_ADDRESSES));
        assert_eq!(system.protect(process, BASE + 0x1000, 1, protect), Err(S::CONFLICTING_ADDRESSES));
    }
    assert_eq!(system.picture(process), before);
    assert_eq!(system.free(process, release, BASE + 0xFFF, 2 * SIZE - 0xFFF), Ok((BASE, 2 * SIZE)));
    system.sound();
}

#[test]
fn room_is_found_at_multiples_of_two_megabytes_only() {
    let (mut system, process) = scene();
    system.commit_at(process, 0x21_0000, 0x1_0000);
    system.commit_at(process, 0x7F0_0000, 0x1000);
    // 200000 is taken in part, and from 400000 on 1 MB; then 2 MB are free, and what is free behind is not at a multiple.
    system.commit_at(process, 0x40_0000, 0x10_0000);
    system.commit_at(process, 0x80_0000, 0x1_0000);
    assert_eq!(system.allocate(process, LARGE, RW, 0, SIZE), Ok((0x60_0000, SIZE)));
    assert_eq!(system.allocate(process, LARGE, RW, 0, 2 * SIZE), Ok((0xA0_0000, 2 * SIZE)));
    assert_eq!(system.allocate(process, MEM_COMMIT | MEM_LARGE_PAGES, RW, 0, SIZE), Ok((0xE0_0000, SIZE)));
    let top = system.allocate(process, LARGE | MEM_TOP_DOWN, RW, 0, SIZE);
    assert_eq!(top, Ok((0x7FC0_0000, SIZE)), "2 MB below what a VAD may cover");
    system.sound();
    for base in [0x60_0000, 0xA0_0000, 0xE0_0000, 0x7FC0_0000] {
        assert!(system.free(process, MEM_RELEASE, base, 0).is_ok());
        system.sound();
    }
    // Where a large page was, ordinary pages may be.
    system.commit_at(process, 0x60_0000, 0x20_0000);
    system.store(process, 0x7F_F000, 3).expect("committed");
    assert_eq!(system.load(process, 0x60_0000), Ok(0));
    system.sound();
}

#[test]
fn a_run_with_one_frame_in_use_is_no_run() {
    let (mut system, process) = scene();
    // One frame of each run but two.
    occupy(&system, process, &[0x2FF, 0x400, 0x7FF, 0x801, 0xC00]);
    system.sound();
    assert_eq!(system.allocate(process, LARGE, RW, BASE, 3 * SIZE), Err(S::INSUFFICIENT_RESOURCES));
    assert_eq!(system.allocate(process, LARGE, RW, BASE, 2 * SIZE), Ok((BASE, 2 * SIZE)));
    let mut firsts = [0, SIZE].map(|offset| entry(&system, process, BASE + offset).frame().0);
    firsts.sort_unstable();
    assert_eq!(firsts, [0xA00, 0xE00]);
    system.sound();
    assert_eq!(system.allocate(process, LARGE, RW, 0, SIZE), Err(S::INSUFFICIENT_RESOURCES));
    system.sound();
}

#[test]
fn pages_on_standby_give_way_where_no_run_is_free() {
    let (mut system, process) = scene();
    // Twelve megabytes of a file that somebody has read.
    let pages = 0xC00;
    let bytes: Vec<u8> = (0..pages * 0x1000).map(|at: u32| (at >> 12) as u8 ^ at as u8).collect();
    let file = system.add_data(bytes.clone(), ControlAreaFlags::empty()).expect("memory");
    let read = |system: &System, page: u32| {
        let frame = system.hold(file, page, Need::Contents).expect("a frame");
        let found = system.mm.machine.frame_contents(frame);
        system.mm.release_file_page(frame, false);
        assert_eq!(found, bytes[(page * 0x1000) as usize..][..0x1000], "{page:x}");
    };
    // Prototype PTEs are made 512 at a time: each page of them would stand in the middle of a run.
    (0..pages).step_by(512).for_each(|page| read(&system, page));
    (0..pages).for_each(|page| read(&system, page));
    let is_free =
        |frame: u32| matches!(system.mm.frame(FrameNumber(frame)).location(), Location::Free | Location::Zeroed);
    let free_runs = (0..8).filter(|run| (run * 512..run * 512 + 512).all(is_free)).count() as u32;
    let standby = system.mm.list_length(Location::Standby);
    assert!(standby >= pages && free_runs < 2, "{standby} {free_runs}");
    let count = 4;
    assert_eq!(system.allocate(process, LARGE, RW, BASE, count * SIZE), Ok((BASE, count * SIZE)));
    assert!(system.mm.list_length(Location::Standby) <= standby - (count - free_runs - 1) * 512);
    system.sound();
    for page in 0..count * 512 {
        assert_eq!(system.load(process, BASE + page * 0x1000 + 7), Ok(0));
        system.store(process, BASE + page * 0x1000 + 7, 1).expect("committed");
    }
    // The file's pages are where they were, or read again.
    (0..pages).for_each(|page| read(&system, page));
    system.sound();
}

#[test]
fn memory_does_not_become_short_for_large_pages() {
    let (mut system, process) = scene();
    let wanted = system.mm.frames_wanted();
    let mut count = 0;
    while system.allocate(process, LARGE, RW, BASE + count * SIZE, SIZE).is_ok() {
        count += 1;
    }
    assert_eq!(count, (0x1000 - 512 - wanted).min(6 * 512) / 512);
    assert!(!system.mm.is_memory_short());
    system.sound();
    // What the machine lacks in a row is no lack of commit.
    let small = System::new(0x300, NoExecute::Supported);
    let process = small.start_process().expect("memory");
    assert_eq!(small.allocate(process, LARGE, RW, 0, SIZE), Err(S::INSUFFICIENT_RESOURCES));
    small.commit_at(process, 0x10_0000, 0x10_0000);
}

#[test]
fn runs_above_four_gigabytes_come_first() {
    let runs = [(0, 0x800), (0x10_0100, 0x800)].map(|(base, count)| FrameRun { base: FrameNumber(base), count });
    let mut system = System::with_memory(&runs, NoExecute::Supported);
    let process = system.start_process().expect("memory");
    system.allocate(process, LARGE, RW, BASE, 4 * SIZE).expect("room");
    let frames = [0, 1, 2, 3].map(|index| entry(&system, process, BASE + index * SIZE).frame().0);
    let mut sorted = frames;
    sorted.sort_unstable();
    // Runs lie at multiples of 2 MB: from 100200 to 100800 there are three, but the kernel has taken what came first.
    assert!(sorted[..2].iter().all(|frame| *frame < 0x800) || sorted[0] < 0x800, "{sorted:x?}");
    assert!(sorted[2] >= 0x10_0200 && sorted[3] == 0x10_0600, "{sorted:x?}");
    system.store(process, BASE + 3 * SIZE + 0x12_3456, 9).expect("committed");
    assert_eq!(system.load(process, BASE + 3 * SIZE + 0x12_3456), Ok(9));
    assert_eq!(entry(&system, process, BASE).0 >> 12 & 0xFF_FFFF, u64::from(frames[0]));
    system.sound();
}

#[test]
fn locking_succeeds_and_changes_nothing() {
    let (mut system, process) = scene();
    system.mm.machine.record(process).vm.minimum_working_set_size.set(50);
    system.allocate(process, LARGE, RW, BASE, SIZE).expect("room");
    let before = system.picture(process);
    let all = PageRange::of(BASE, SIZE);
    let space = system.space(process);
    assert_eq!(space.check_lockable(all), Ok(()));
    assert_eq!(space.first_not_valid(all), None);
    assert_eq!(space.lock_pages(all, LockKind::WorkingSet), Ok(false));
    assert_eq!(space.lock_pages(PageRange::of(BASE + 0x3000, 1), LockKind::Both), Ok(false));
    assert_eq!(space.unlock_pages(all, LockKind::WorkingSet), Ok(()));
    assert_eq!(system.picture(process), before);
    // Beside ordinary pages these alone count.
    system.commit_at(process, BASE + SIZE, 0x2000);
    system.store(process, BASE + SIZE, 1).expect("committed");
    system.store(process, BASE + SIZE + 0x1000, 1).expect("committed");
    let both = PageRange::of(BASE, SIZE + 0x2000);
    let space = system.space(process);
    assert_eq!(space.check_lockable(both), Ok(()));
    assert_eq!(space.lock_pages(both, LockKind::WorkingSet), Ok(false));
    assert_eq!(system.mm.machine.record(process).number_of_locked_pages.get(), 2);
    assert_eq!(system.space(process).unlock_pages(both, LockKind::WorkingSet), Ok(()));
    system.sound();
}

#[test]
fn neither_trimming_nor_ageing_touches_them() {
    let (mut system, process) = scene();
    system.add_paging_file(512, 512);
    system.allocate(process, LARGE, RW, BASE, SIZE).expect("room");
    system.store(process, BASE + 0x5000, 5).expect("committed");
    let raw = system.raw_pte(process, BASE);
    system.space(process).age_working_set();
    system.empty(process);
    system.page_out();
    assert_eq!(system.raw_pte(process, BASE), raw);
    assert_eq!(system.load(process, BASE + 0x5000), Ok(5));
    system.sound();
}

#[test]
fn a_frame_that_is_found_bad_stays_until_the_page_goes() {
    let (mut system, process) = scene();
    system.allocate(process, LARGE, RW, BASE, SIZE).expect("room");
    let first = entry(&system, process, BASE).frame().0;
    system.store(process, BASE + 0x7_000, 7).expect("committed");
    let bad = FrameNumber(first + 7);
    assert_eq!(system.mm.remove_frame(bad), Ok(Removal::Requested));
    system.sound();
    assert_eq!(system.load(process, BASE + 0x7_000), Ok(7));
    system.free(process, MEM_RELEASE, BASE, 0).expect("it is there");
    assert_eq!(system.mm.frame(bad).location(), Location::Bad);
    system.sound();
    system.allocate(process, LARGE, RW, BASE, SIZE).expect("another run");
    assert_ne!(entry(&system, process, BASE).frame().0, first);
    system.sound();
}

#[test]
fn each_request_for_memory_may_be_refused() {
    for nth in 1.. {
        let (mut system, process) = scene();
        let grown = system.mm.kernel_frames();
        let before = system.picture(process).without_kernel(grown);
        system.mm.failing().arm_once(nth);
        let result = system.allocate(process, LARGE, RW, BASE, 2 * SIZE);
        system.mm.failing().disarm();
        system.sound();
        if let Err(status) = result {
            assert!([S::INSUFFICIENT_RESOURCES, S::COMMITMENT_LIMIT].contains(&status), "{status}");
            let grown = system.mm.kernel_frames();
            assert_eq!(system.picture(process).without_kernel(grown), before, "request {nth}");
            assert!(system.allocate(process, LARGE, RW, BASE, 2 * SIZE).is_ok(), "after request {nth} was refused");
            system.sound();
        }
        if !system.mm.failing().has_come() {
            assert!(nth > 4, "two for frames, one for pool, one for commit");
            break;
        }
    }
}

#[test]
fn the_audit_names_what_is_broken() {
    let broken = |harm: &dyn Fn(&System, Link<Eprocess>)| {
        let (mut system, process) = scene();
        system.allocate(process, LARGE, RW, BASE, SIZE).expect("room");
        system.sound();
        let first = entry(&system, process, BASE).frame();
        harm(&system, process);
        (system.verify().expect_err("it is broken"), process, first)
    };
    let page = VirtualPage(BASE >> 12);
    let change = |system: &System, process, raw: &dyn Fn(u64) -> u64| {
        let before = system.raw_pte(process, BASE);
        let directory = system.mm.machine.attached()[1];
        system.mm.machine.write_entry(directory, 0, raw(before));
    };
    let (found, process, _) = broken(&|system, process| change(system, process, &|raw| raw & !2));
    assert_eq!(found, Corruption::Y3 { process, page });
    let (found, process, _) = broken(&|system, process| change(system, process, &|raw| raw & !(1 << 63)));
    assert_eq!(found, Corruption::Y3 { process, page });
    let (found, _, first) = broken(&|system, process| {
        let first = entry(system, process, BASE).frame();
        system.mm.frame(FrameNumber(first.0 + 9)).u2.set(2);
    });
    assert_eq!(found, Corruption::Y2(FrameNumber(first.0 + 9)));
    let (found, process, _) = broken(&|system, process| {
        let space = system.space(process);
        let vad = space.vads().find(page).expect("there");
        let node: &MmvadShort = space.vads().node(vad);
        node.set_flags(node.flags().without(VadFlags::LARGE_PAGES));
    });
    assert_eq!(found, Corruption::Y1 { process, start: VirtualPage(0) }, "an entry that nothing explains");
    let (found, process, _) = broken(&|system, process| {
        let space = system.space(process);
        let vad = space.vads().find(page).expect("there");
        let node: &MmvadShort = space.vads().node(vad);
        node.set_flags(node.flags().without(VadFlags::MEM_COMMIT));
    });
    assert!(matches!(found, Corruption::M1 { .. } | Corruption::Y1 { .. }), "{found:?} {process:?}");
}
