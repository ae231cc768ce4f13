//! Write watch: what counts as a store, what it outlives, and what is refused.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus as S;
use mm::frame::Removal;
use mm::protection::Access;
use mm::pte::Pte;
use model::calls::BOTH;
use model::hog::Hog;
use model::machine::NoExecute;
use model::system::{Outcome, System};

const RW: u32 = PAGE_READWRITE;
const WATCHED: u32 = BOTH | MEM_WRITE_WATCH;
const BASE: u32 = 0x20_0000;
/// Bytes of the region.
const SIZE: u32 = 0x2_0000;
const ALL: (u32, u32) = (BASE, SIZE);

fn system() -> (System, Link<Eprocess>) {
    let system = System::new(400, NoExecute::Supported);
    system.add_paging_file(512, 512);
    let process = system.start_process().expect("memory");
    system.allocate(process, WATCHED, RW, BASE, SIZE).expect("memory");
    (system, process)
}

fn page(number: u32) -> u32 {
    BASE + number * 0x1000
}

fn store(system: &System, process: Link<Eprocess>, numbers: &[u32]) {
    numbers.iter().for_each(|number| system.store(process, page(*number) + 5, 7).expect("writable"));
}

/// The numbers of the pages that have been written to.
#[track_caller]
fn written(system: &mut System, process: Link<Eprocess>) -> Vec<u32> {
    system.sound();
    let addresses = system.get_watch(process, ALL, 100, false).expect("watched");
    addresses.into_iter().map(|address| (address - BASE) / 0x1000).collect()
}

#[track_caller]
fn reset(system: &mut System, process: Link<Eprocess>) {
    assert_eq!(system.space(process).reset_watch(BASE, SIZE), Ok(()));
    assert_eq!(written(system, process), []);
}

#[test]
fn stores_count_and_loads_do_not() {
    let (mut system, process) = system();
    assert_eq!(written(&mut system, process), []);
    system.load(process, page(0)).expect("readable");
    system.load(process, page(3)).expect("readable");
    assert_eq!(written(&mut system, process), []);
    store(&system, process, &[31, 3, 4]);
    assert_eq!(written(&mut system, process), [3, 4, 31]);
    // Asked again, it is the same; a page counts once.
    store(&system, process, &[3, 3]);
    assert_eq!(written(&mut system, process), [3, 4, 31]);
    reset(&mut system, process);
    system.load(process, page(4)).expect("readable");
    assert_eq!(written(&mut system, process), []);
    store(&system, process, &[4, 0]);
    assert_eq!(written(&mut system, process), [0, 4]);
}

#[test]
fn a_list_that_is_too_short_has_the_lowest_and_only_they_are_reset() {
    let (mut system, process) = system();
    store(&system, process, &[1, 2, 7, 30]);
    assert_eq!(system.get_watch(process, ALL, 3, true), Ok(vec![page(1), page(2), page(7)]));
    assert_eq!(written(&mut system, process), [30]);
    store(&system, process, &[2]);
    assert_eq!(system.get_watch(process, ALL, 0, true), Ok(vec![]));
    assert_eq!(written(&mut system, process), [2, 30]);
    // A part of the region is told of, and reset, by itself; its ends need no alignment.
    assert_eq!(system.get_watch(process, (page(2) + 0xFFF, 1), 9, false), Ok(vec![page(2)]));
    assert_eq!(system.get_watch(process, (page(3), 27 * 0x1000), 9, false), Ok(vec![]));
    assert_eq!(system.get_watch(process, (page(3), 27 * 0x1000 + 1), 9, false), Ok(vec![page(30)]));
    assert_eq!(system.space(process).reset_watch(page(1) + 0xFFF, 2), Ok(()));
    assert_eq!(written(&mut system, process), [30]);
}

#[test]
fn what_leaves_the_working_set_is_still_known() {
    let (mut system, process) = system();
    store(&system, process, &[0, 5]);
    system.load(process, page(6)).expect("readable");
    // Trimmed: to Modified, all of them.
    system.empty(process);
    assert_eq!(written(&mut system, process), [0, 5]);
    // Back by a load, and by a store.
    system.load(process, page(0)).expect("readable");
    store(&system, process, &[6]);
    assert_eq!(written(&mut system, process), [0, 5, 6]);
    // Out to the paging file, and then their page table.
    for pages in [3, 1] {
        system.empty(process);
        assert_eq!(system.page_out(), pages);
        system.drain_standby();
    }
    assert_eq!(system.sound().hidden, 1);
    assert_eq!(written(&mut system, process), [0, 5, 6]);
    reset(&mut system, process);
    assert_eq!(system.load(process, page(5) + 5), Ok(7), "from the paging file");
    assert_eq!(written(&mut system, process), []);
    store(&system, process, &[5]);
    assert_eq!(written(&mut system, process), [5]);
    system.empty(process);
    assert_eq!(written(&mut system, process), [5]);
}

#[test]
fn a_reset_page_keeps_what_is_in_it() {
    let (mut system, process) = system();
    store(&system, process, &[0, 1]);
    system.empty(process);
    system.page_out();
    store(&system, process, &[0]);
    system.store(process, page(0) + 6, 8).expect("writable");
    // It is dirty, and its place in the paging file holds something older: nothing of that is forgotten.
    reset(&mut system, process);
    system.empty(process);
    system.page_out();
    system.drain_standby();
    assert_eq!((system.load(process, page(0) + 5), system.load(process, page(0) + 6)), (Ok(7), Ok(8)));
    assert_eq!(system.load(process, page(1) + 5), Ok(7));
    assert_eq!(written(&mut system, process), []);
}

#[test]
fn a_change_of_protection_is_no_store_and_forgets_none() {
    let (mut system, process) = system();
    store(&system, process, &[1, 2, 3, 4]);
    system.load(process, page(5)).expect("readable");
    for (number, protect) in [(1, PAGE_READONLY), (2, PAGE_NOACCESS), (3, RW | PAGE_GUARD), (4, PAGE_EXECUTE_READ)] {
        system.protect(process, page(number), 1, protect).expect("committed");
    }
    system.protect(process, page(5), 1, PAGE_NOACCESS).expect("committed");
    system.protect(process, page(6), 1, RW | PAGE_GUARD).expect("committed");
    assert_eq!(written(&mut system, process), [1, 2, 3, 4]);
    // A store that is refused is none.
    assert_eq!(system.access(process, page(6), Access::Write), Outcome::GuardPage);
    assert_eq!(system.access(process, page(5), Access::Write), Outcome::AccessViolation);
    assert_eq!(written(&mut system, process), [1, 2, 3, 4]);
    reset(&mut system, process);
    system.protect(process, BASE, SIZE, RW).expect("committed");
    for number in 1..=6 {
        system.load(process, page(number)).expect("readable");
    }
    assert_eq!(written(&mut system, process), []);
    assert_eq!(system.load(process, page(2) + 5), Ok(7));
    store(&system, process, &[2, 6]);
    assert_eq!(written(&mut system, process), [2, 6]);
}

#[test]
fn decommitted_pages_stay_written_until_they_are_reset() {
    let (mut system, process) = system();
    store(&system, process, &[0, 1, 9]);
    system.empty(process);
    store(&system, process, &[1, 8]);
    system.free(process, MEM_DECOMMIT, BASE, 0x5000).expect("committed");
    assert_eq!(written(&mut system, process), [0, 1, 8, 9]);
    system.allocate(process, MEM_COMMIT, RW, BASE, 0x5000).expect("reserved");
    assert_eq!(system.load(process, page(1) + 5), Ok(0));
    assert_eq!(written(&mut system, process), [0, 1, 8, 9]);
    // All of it at once, which takes its page table along.
    system.free(process, MEM_DECOMMIT, BASE, 0).expect("committed");
    assert_eq!(written(&mut system, process), [0, 1, 8, 9]);
    reset(&mut system, process);
    system.allocate(process, MEM_COMMIT, RW, BASE, SIZE).expect("reserved");
    assert_eq!(written(&mut system, process), []);
    assert_eq!(system.load(process, page(0) + 5), Ok(0));
    store(&system, process, &[0]);
    assert_eq!(written(&mut system, process), [0]);
}

#[test]
fn memory_that_is_reserved_first_is_watched_when_it_is_committed() {
    let (mut system, process) = system();
    let base = 0x60_0000;
    system.allocate(process, MEM_RESERVE | MEM_WRITE_WATCH, PAGE_NOACCESS, base, 0x8000).expect("room");
    assert_eq!(system.get_watch(process, (base, 0x8000), 9, true), Ok(vec![]));
    system.allocate(process, MEM_COMMIT, RW, base + 0x3000, 0x2000).expect("reserved");
    system.store(process, base + 0x4000, 1).expect("committed");
    assert_eq!(system.get_watch(process, (base, 0x8000), 9, true), Ok(vec![base + 0x4000]));
    assert_eq!(system.query(process, base).allocation_protect, PAGE_NOACCESS);
    system.sound();
}

#[test]
fn contents_that_are_given_up_were_written_all_the_same() {
    let (mut system, process) = system();
    store(&system, process, &[0, 1, 2, 3]);
    // One that is valid, one in transition, one in the paging file.
    system.protect(process, page(1), 1, PAGE_NOACCESS).expect("committed");
    system.empty(process);
    system.page_out();
    system.drain_standby();
    store(&system, process, &[0, 4]);
    system.bring_tables_in(process, BASE, SIZE).expect("a sound disk");
    system.allocate(process, MEM_RESET, RW, BASE, SIZE).expect("reserved");
    assert_eq!(written(&mut system, process), [0, 1, 2, 3, 4]);
    reset(&mut system, process);
    system.load(process, page(0)).expect("readable");
    assert_eq!(written(&mut system, process), []);
    store(&system, process, &[0]);
    assert_eq!(written(&mut system, process), [0]);
}

#[test]
fn a_frame_that_is_taken_away_takes_nothing_along() {
    let (mut system, process) = system();
    store(&system, process, &[2]);
    system.load(process, page(3)).expect("readable");
    for number in [2, 3] {
        let Pte::Valid(valid) = system.pte(process, page(number)) else { panic!("it was touched") };
        system.space(process);
        assert_eq!(system.mm.remove_frame(valid.frame()), Ok(Removal::Done));
    }
    assert_eq!(written(&mut system, process), [2]);
    store(&system, process, &[3]);
    assert_eq!(written(&mut system, process), [2, 3]);
}

#[test]
fn what_is_watched_is_released_as_a_whole_or_not_at_all() {
    let (mut system, process) = system();
    let other = system.start_process().expect("memory");
    let before = system.mm.pool_bytes_in_use();
    system.allocate(other, WATCHED, RW, BASE, SIZE).expect("room");
    system.store(other, page(1), 1).expect("writable");
    let picture = system.picture(other);
    for (base, size) in [(BASE, 0x1000), (page(31), 0x1000), (page(4), 0x2000), (BASE, SIZE - 0x1000)] {
        assert_eq!(system.free(other, MEM_RELEASE, base, size), Err(S::FREE_VM_NOT_AT_BASE), "{base:x}");
    }
    assert_eq!(system.free(other, MEM_RELEASE, page(1), 0), Err(S::FREE_VM_NOT_AT_BASE));
    assert_eq!(system.free(other, MEM_RELEASE, BASE, SIZE + 1), Err(S::UNABLE_TO_FREE_VM));
    assert_eq!(system.picture(other), picture);
    assert_eq!(system.free(other, MEM_RELEASE, BASE, SIZE), Ok(ALL));
    assert_eq!(system.mm.pool_bytes_in_use(), before);
    // Not watched any more: nobody watches what comes after it.
    system.commit_at(other, BASE, SIZE);
    assert_eq!(system.get_watch(other, ALL, 9, false), Err(S::INVALID_PARAMETER_1));
    system.sound();
    // A process that ends with watched memory leaves nothing behind.
    system.allocate(other, WATCHED, RW, 0x100_0000, 0x2000_0000).expect_err("more than there is commit for");
    system.allocate(other, MEM_RESERVE | MEM_WRITE_WATCH, RW, 0x100_0000, 0x2000_0000).expect("room");
    system.end_process(other);
    assert!(system.mm.pool_bytes_in_use() < before, "the process's own block too");
    system.sound();
    system.end_process(process);
    assert_eq!(system.sound().committed, system.mm.kernel_frames());
}

#[test]
fn ranges_and_regions_that_are_not_watched_are_refused() {
    let (mut system, process) = system();
    system.commit_at(process, 0x60_0000, 0x1_0000);
    system.allocate(process, WATCHED, RW, BASE + SIZE, 0x1_0000).expect("room");
    store(&system, process, &[3]);
    let before = system.picture(process);
    let rows = [
        ((0x7FFF_0000, 1), S::INVALID_PARAMETER_2),
        ((0x8000_0000, 0), S::INVALID_PARAMETER_2),
        ((u32::MAX, u32::MAX), S::INVALID_PARAMETER_2),
        ((BASE, 0), S::INVALID_PARAMETER_3),
        ((BASE, u32::MAX), S::INVALID_PARAMETER_3),
        ((0x7FFE_F000, 0x1001), S::INVALID_PARAMETER_3),
        ((0, 0x1000), S::INVALID_PARAMETER_1),
        ((0x7FFE_0000, 1), S::INVALID_PARAMETER_1),
        ((0x60_0000, 0x1000), S::INVALID_PARAMETER_1),
        ((BASE - 1, 2), S::INVALID_PARAMETER_1),
        ((BASE, SIZE + 1), S::INVALID_PARAMETER_1),
        ((page(31), 0x1001), S::INVALID_PARAMETER_1),
        ((0x70_0000, 1), S::INVALID_PARAMETER_1),
    ];
    for ((base, size), status) in rows {
        assert_eq!(system.get_watch(process, (base, size), 9, true), Err(status), "{base:x} {size:x}");
        assert_eq!(system.space(process).reset_watch(base, size), Err(status), "{base:x} {size:x}");
    }
    assert_eq!(system.picture(process), before);
    assert_eq!(written(&mut system, process), [3]);
    assert_eq!(system.space(process).reset_watch(page(31), 0x1000), Ok(()));
}

#[test]
fn a_region_of_many_page_tables_is_told_page_by_page() {
    let (mut system, process) = system();
    // From the sixteenth page of a page table on: words of the bitmap lie across two.
    let (base, pages) = (0x41_0000, 0x1_2345);
    let region = (base, pages * 0x1000);
    system.allocate(process, MEM_RESERVE | MEM_WRITE_WATCH, RW, region.0, region.1).expect("room");
    let numbers = [0, 31, 32, 495, 496, 497, 0x1000, 0x1_0000, pages - 1];
    for number in numbers {
        system.allocate(process, MEM_COMMIT, RW, base + number * 0x1000, 1).expect("reserved");
        system.store(process, base + number * 0x1000, 1).expect("committed");
    }
    let expected: Vec<u32> = numbers.iter().map(|number| base + number * 0x1000).collect();
    assert_eq!(system.get_watch(process, region, 100, false), Ok(expected.clone()));
    system.empty(process);
    system.page_out();
    system.drain_standby();
    assert_eq!(system.get_watch(process, region, 100, false), Ok(expected.clone()));
    system.sound();
    assert_eq!(system.get_watch(process, region, 4, true), Ok(expected[..4].to_vec()));
    assert_eq!(system.get_watch(process, region, 100, true), Ok(expected[4..].to_vec()));
    assert_eq!(system.get_watch(process, region, 100, true), Ok(vec![]));
    system.sound();
    system.end_process(process);
    system.sound();
}

#[test]
fn each_process_and_each_region_is_watched_by_itself() {
    let (mut system, process) = system();
    let other = system.start_process().expect("memory");
    system.allocate(other, WATCHED, RW, BASE, SIZE).expect("room");
    let beside = (BASE + SIZE, 0x1_0000);
    system.allocate(other, WATCHED, RW, beside.0, beside.1).expect("room");
    store(&system, process, &[1]);
    store(&system, other, &[2]);
    system.store(other, beside.0, 1).expect("writable");
    assert_eq!((written(&mut system, process), written(&mut system, other)), (vec![1], vec![2]));
    assert_eq!(system.get_watch(other, beside, 9, true), Ok(vec![beside.0]));
    reset(&mut system, other);
    assert_eq!(written(&mut system, process), [1]);
    // What one page's entry goes for, another's does not stay for.
    let mut hog = Hog::new(&mut system);
    store(&system, process, &[9]);
    hog.fill(&system, 0);
    assert_eq!(written(&mut system, process), [1, 9]);
    hog.end(&system);
    system.free(other, MEM_RELEASE, BASE, 0).expect("its base");
    assert_eq!(system.get_watch(other, beside, 9, false), Ok(vec![]));
    assert_eq!(written(&mut system, process), [1, 9]);
}

#[test]
fn addresses_that_are_not_watched_any_more_are_left_alone() {
    let (mut system, process) = system();
    store(&system, process, &[1]);
    let space = system.space(process);
    let range = space.check_watched(BASE, SIZE).expect("watched");
    let mut addresses = [0; 4];
    assert_eq!(space.written_pages(range, &mut addresses), 1);
    system.free(process, MEM_RELEASE, BASE, 0).expect("its base");
    system.commit_at(process, BASE, SIZE);
    store(&system, process, &[1]);
    let space = system.space(process);
    space.forget_written(&addresses);
    assert_eq!(space.written_pages(range, &mut addresses), 0);
    let entry = |system: &System| system.pte(process, page(1));
    assert!(matches!(entry(&system), Pte::Valid(valid) if valid.has(mm::pte::DIRTY)), "nobody cleaned it");
    system.sound();
}
