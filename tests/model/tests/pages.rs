//! What the services do to pages: guards, stacks, caching, decommit and release of parts, relocation of images.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::fault::StackGrowth;
use mm::frame::Location;
use mm::layout::VirtualAddress;
use mm::machine::Records;
use mm::pool::Tag;
use mm::protection::{Access, Protection};
use mm::pte::{CACHE_DISABLE, Pte, WRITE_THROUGH};
use model::calls::BOTH;
use model::image::{DATA, TestImage, TestSection};
use model::machine::NoExecute;
use model::system::{Outcome, System};

const RW: u32 = PAGE_READWRITE;

fn started() -> (System, Link<Eprocess>) {
    let system = System::new(256, NoExecute::Supported);
    let process = system.start_process().expect("a process");
    (system, process)
}

/// State and protection of the page at `address`.
fn state(system: &System, process: Link<Eprocess>, address: u32) -> (u32, u32) {
    let region = system.query(process, address);
    (region.state, region.protect)
}

/// A hit on the guard page at `hit` of a stack whose lowest page is at `bottom`.
fn grow(system: &System, process: Link<Eprocess>, hit: u32, bottom: u32) -> StackGrowth {
    assert_eq!(system.access(process, hit, Access::Write), Outcome::GuardPage, "{hit:x}");
    system.space(process).grow_stack(VirtualAddress(hit), VirtualAddress(bottom))
}

/// A stack of 64 KB at 100000 as process start makes it: its top page, and a guard below.
fn stack(system: &System, process: Link<Eprocess>) {
    system.allocate(process, MEM_RESERVE, RW, 0x10_0000, 0x1_0000).expect("free");
    system.allocate(process, MEM_COMMIT, RW, 0x10_F000, 0x1000).expect("reserved");
    system.allocate(process, MEM_COMMIT, RW | PAGE_GUARD, 0x10_E000, 0x1000).expect("reserved");
}

#[test]
fn a_stack_grows_page_by_page_until_only_its_lowest_page_is_left() {
    let (mut system, process) = started();
    stack(&system, process);
    for page in (2..0xF).rev() {
        let hit = 0x10_0000 + page * 0x1000;
        assert_eq!(grow(&system, process, hit, 0x10_0000), StackGrowth::Grown(VirtualAddress(hit)));
        assert_eq!(state(&system, process, hit), (MEM_COMMIT, RW));
        assert_eq!(state(&system, process, hit - 0x1000), (MEM_COMMIT, RW | PAGE_GUARD));
        system.sound();
    }
    assert_eq!(grow(&system, process, 0x10_1000, 0x10_0000), StackGrowth::Overflow(VirtualAddress(0x10_1000)));
    assert_eq!(state(&system, process, 0x10_0000), (MEM_RESERVE, 0));
    assert_eq!(system.load(process, 0x10_0FFF), Err(Outcome::AccessViolation));
    assert_eq!(system.process_charge(process), 15 + 1);
    system.sound();
}

#[test]
fn a_stack_that_cannot_be_charged_overflows_and_nothing_is_left_behind() {
    let (mut system, process) = started();
    stack(&system, process);
    let left = system.mm.commit.limit() - system.mm.commit.current();
    system.commit_at(process, 0x20_0000 - 0x1_0000, 0x1000);
    system.commit_at(process, 0x1000_0000, (left - 2) << 12);
    assert_eq!(system.mm.commit.limit(), system.mm.commit.current());
    let vads = system.sound().vads;
    assert_eq!(grow(&system, process, 0x10_E000, 0x10_0000), StackGrowth::NoCommit(VirtualAddress(0x10_E000)));
    assert_eq!(state(&system, process, 0x10_D000), (MEM_RESERVE, 0));
    assert_eq!(system.sound().vads, vads);
}

#[test]
fn a_stack_never_grows_out_of_its_allocation_whatever_its_teb_says() {
    let (mut system, process) = started();
    // An image up to 40FFFF, private memory behind it, and a guard at the lowest page of each of two allocations.
    let sections = vec![TestSection { pages: 15, bytes: 0xF000, flags: DATA }];
    let section = system.add_image(TestImage { base: 0x40_0000, sections, seed: 1 }).expect("memory");
    system.space(process).map_image(section, None).expect("room");
    assert_eq!(system.load(process, 0x40_F000).map(|_| ()), Ok(()));
    system.commit_at(process, 0x41_0000, 0x1_0000);
    system.commit_at(process, 0x42_0000, 0x1_0000);
    for hit in [0x41_0000, 0x42_0000] {
        system.protect(process, hit, 1, RW | PAGE_GUARD).expect("committed");
        let below = state(&system, process, hit - 0x1000);
        assert_eq!(grow(&system, process, hit, 0), StackGrowth::Overflow(VirtualAddress(hit)));
        assert_eq!(state(&system, process, hit - 0x1000), below);
        system.sound();
    }
    system.commit_at(process, 0x50_0000, 0x1000);
    system.protect(process, 0x50_0000, 1, RW | PAGE_GUARD).expect("committed");
    assert_eq!(grow(&system, process, 0x50_0000, 0), StackGrowth::Overflow(VirtualAddress(0x50_0000)), "nothing below");
    system.sound();
}

#[test]
fn a_guard_tells_once_whatever_stands_behind_it() {
    let (mut system, process) = started();
    system.commit_at(process, 0x10_0000, 0x4000);
    system.store(process, 0x10_1000, 7).expect("committed");
    for (page, what) in [(0, "never touched"), (1, "in memory")] {
        let address = 0x10_0000 + page * 0x1000;
        assert_eq!(system.protect(process, address, 1, PAGE_READONLY | PAGE_GUARD), Ok(RW));
        system.sound();
        assert_eq!(system.access(process, address, Access::Read), Outcome::GuardPage, "{what}");
        assert_eq!(state(&system, process, address), (MEM_COMMIT, PAGE_READONLY));
        assert_eq!(system.load(process, address), Ok(if page == 0 { 0 } else { 7 }));
        assert_eq!(system.store(process, address, 1), Err(Outcome::AccessViolation));
        system.sound();
    }
    assert_eq!(system.mm.list_length(Location::Modified), 0);
}

#[test]
fn a_guard_comes_before_the_protection_under_it() {
    let (mut system, process) = started();
    system.commit_at(process, 0x10_0000, 0x4000);
    system.store(process, 0x10_1000, 7).expect("committed");
    for (page, access) in [(0, Access::Write), (1, Access::Write), (2, Access::Execute)] {
        let address = 0x10_0000 + page * 0x1000;
        assert_eq!(system.protect(process, address, 1, PAGE_READONLY | PAGE_GUARD), Ok(RW));
        assert_eq!(system.access(process, address, access), Outcome::GuardPage, "{access:?}");
        assert_eq!(state(&system, process, address), (MEM_COMMIT, PAGE_READONLY));
        assert_eq!(system.access(process, address, access), Outcome::AccessViolation, "{access:?}");
        system.sound();
    }
}

#[test]
fn a_guard_on_an_image_page_guards_one_process_only() {
    let (mut system, process) = started();
    let image = TestImage::plain(0x40_0000, 1);
    let section = system.add_image(image.clone()).expect("memory");
    let other = system.start_process().expect("a process");
    for process in [process, other] {
        system.space(process).map_image(section, None).expect("room");
        assert_eq!(system.load(process, 0x40_4000), Ok(image.byte(0x4000)));
    }
    assert_eq!(system.protect(process, 0x40_4000, 1, RW | PAGE_GUARD), Ok(PAGE_WRITECOPY));
    assert_eq!(state(&system, process, 0x40_4000), (MEM_COMMIT, PAGE_WRITECOPY | PAGE_GUARD));
    assert_eq!(system.load(other, 0x40_4000), Ok(image.byte(0x4000)));
    assert_eq!(system.store(process, 0x40_4000, 3), Err(Outcome::GuardPage));
    assert_eq!(system.store(process, 0x40_4000, 3), Ok(()));
    assert_eq!(state(&system, process, 0x40_4000), (MEM_COMMIT, RW));
    assert_eq!(system.load(other, 0x40_4000), Ok(image.byte(0x4000)));
    system.sound();
}

#[test]
fn uncached_memory_says_so_in_its_entries() {
    let (mut system, process) = started();
    let uncached = CACHE_DISABLE | WRITE_THROUGH;
    let kinds = [
        (0x10_0000, RW | PAGE_NOCACHE, CACHE_DISABLE),
        (0x20_0000, RW | PAGE_WRITECOMBINE, CACHE_DISABLE | WRITE_THROUGH),
    ];
    for (base, protect, bits) in kinds {
        system.allocate(process, BOTH, protect, base, 0x1000).expect("room");
        system.store(process, base, 1).expect("committed");
        assert_eq!(system.raw_pte(process, base) & uncached, bits);
        assert_eq!(state(&system, process, base), (MEM_COMMIT, protect));
        system.sound();
        assert_eq!(system.protect(process, base, 1, PAGE_READONLY), Ok(protect));
        assert_eq!(system.raw_pte(process, base) & uncached, 0);
        assert_eq!(system.protect(process, base, 1, PAGE_READONLY | PAGE_NOCACHE), Ok(PAGE_READONLY));
        assert_eq!(system.raw_pte(process, base) & uncached, CACHE_DISABLE);
        assert_eq!(system.load(process, base), Ok(1));
        system.sound();
    }
}

#[test]
fn committing_again_changes_the_protection_and_keeps_what_is_there() {
    let (mut system, process) = started();
    system.commit_at(process, 0x10_0000, 0x3000);
    system.store(process, 0x10_1000, 9).expect("committed");
    let charge = system.process_charge(process);
    system.allocate(process, MEM_COMMIT, PAGE_READONLY, 0x10_0000, 0x2000).expect("reserved");
    assert_eq!(system.process_charge(process), charge);
    let pages = [0x10_0000, 0x10_1000, 0x10_2000].map(|address| state(&system, process, address).1);
    assert_eq!(pages, [PAGE_READONLY, PAGE_READONLY, RW]);
    assert_eq!(system.load(process, 0x10_1000), Ok(9));
    assert_eq!(system.store(process, 0x10_1000, 1), Err(Outcome::AccessViolation));
    system.sound();
}

#[test]
fn decommitted_pages_lose_their_frames_and_come_back_as_zeros() {
    let (mut system, process) = started();
    system.commit_at(process, 0x10_0000, 0x4000);
    (0..4).for_each(|page| system.store(process, 0x10_0000 + page * 0x1000, 5).expect("committed"));
    let available = system.mm.available_frames();
    system.free(process, MEM_DECOMMIT, 0x10_1000, 0x2000).expect("committed");
    assert_eq!((system.mm.available_frames(), system.process_charge(process)), (available + 2, 2 + 1));
    assert_eq!(system.pte(process, 0x10_1000), Pte::DemandZero(Protection::DECOMMITTED));
    assert_eq!(system.load(process, 0x10_1000), Err(Outcome::AccessViolation));
    assert_eq!(state(&system, process, 0x10_1000), (MEM_RESERVE, 0));
    system.sound();
    system.allocate(process, MEM_COMMIT, RW, 0x10_1000, 0x2000).expect("reserved");
    assert_eq!((system.load(process, 0x10_1000), system.load(process, 0x10_3000)), (Ok(0), Ok(5)));
    system.free(process, MEM_DECOMMIT, 0x10_0000, 0).expect("committed");
    assert_eq!((system.sound().mapped, system.process_charge(process)), (0, 1));
    assert_eq!(system.pte(process, 0x10_0000), Pte::Empty, "all of it: the VAD itself says so");
}

#[test]
fn the_upper_part_of_a_split_allocation_is_tagged_as_such() {
    let (mut system, process) = started();
    system.commit_at(process, 0x10_0000, 0x1_0000);
    system.free(process, MEM_DECOMMIT, 0x10_8000, 0x1000).expect("committed");
    system.free(process, MEM_RELEASE, 0x10_4000, 0x1000).expect("committed");
    let space = system.space(process);
    let rows = [(0x10_0000, *b"VadS", 4), (0x10_5000, *b"VadF", 10)];
    for (address, tag, charge) in rows {
        let vad = space.vads().find(VirtualAddress(address).page()).expect("allocated");
        assert_eq!(system.mm.pool_tag(vad), Tag(tag));
        assert_eq!(space.vads().node(vad).flags().commit_charge().0, charge);
    }
    assert_eq!(state(&system, process, 0x10_8000), (MEM_RESERVE, 0));
    assert_eq!(system.free(process, MEM_RELEASE, 0x10_4000, 0), Err(NtStatus::MEMORY_NOT_ALLOCATED));
    assert_eq!(system.free(process, MEM_RELEASE, 0x10_5000, 0), Ok((0x10_5000, 0xB000)));
    system.sound();
}

#[test]
fn an_image_that_is_not_at_its_base_is_relocated_in_copies() {
    let (mut system, process) = started();
    let image = TestImage::plain(0x40_0000, 1);
    let section = system.add_image(image.clone()).expect("memory");
    let other = system.start_process().expect("a process");
    system.space(other).map_image(section, None).expect("room");
    assert_eq!(system.load(other, 0x40_1010), Ok(image.byte(0x1010)));
    system.allocate(process, MEM_RESERVE, RW, 0x40_0000, 1).expect("free");
    let base = system.space(process).map_image(section, None).expect("room").start.address().0;
    assert_eq!(base, 0x1_0000);
    assert_eq!(system.load(process, base), Ok(b'M'), "the headers");
    assert_eq!(system.store(process, base, 0), Err(Outcome::AccessViolation), "are read-only");
    let code = base + 0x1000;
    assert_eq!(system.protect(process, code, 0x2000, PAGE_EXECUTE_READWRITE), Ok(PAGE_EXECUTE_READ));
    assert_eq!(state(&system, process, code), (MEM_COMMIT, PAGE_EXECUTE_WRITECOPY), "until it is written");
    system.store(process, code + 0x10, 0x90).expect("writable");
    assert_eq!(state(&system, process, code), (MEM_COMMIT, PAGE_EXECUTE_READWRITE));
    assert_eq!(state(&system, process, code + 0x1000), (MEM_COMMIT, PAGE_EXECUTE_WRITECOPY));
    assert_eq!(system.protect(process, code, 0x2000, PAGE_EXECUTE_READ), Ok(PAGE_EXECUTE_READWRITE));
    assert_eq!(system.access(process, code, Access::Execute), Outcome::Done);
    assert_eq!(system.store(process, code, 1), Err(Outcome::AccessViolation));
    assert_eq!(
        (system.load(process, code + 0x10), system.load(process, code + 0x11)),
        (Ok(0x90), Ok(image.byte(0x1011)))
    );
    assert_eq!(system.load(other, 0x40_1010), Ok(image.byte(0x1010)));
    assert_eq!(system.mm.machine.record(process).number_of_private_pages.get(), 1);
    system.sound();
}
