//! The life of a page: from demand zero through trimming, writing, Standby and a paging file back into the working set, for each kind
//! of page, with a disk that is late or broken.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus as S;
use mm::frame::{Flags, Location};
use mm::layout::{FrameNumber, PageCount, VirtualAddress, VirtualPage};
use mm::machine::Records;
use mm::protection::Protection;
use mm::pte::{PagingFilePage, Pte};
use mm::section::{ControlAreaFlags, WriteResult};
use mm::virtual_memory::PageRange;
use mm::working_set::{LockKind, WorkingSetLimits};
use model::hog::Hog;
use model::image::TestImage;
use model::machine::NoExecute;
use model::sections::whole;
use model::system::{Disk, Outcome, System};

const RW: u32 = PAGE_READWRITE;
const BASE: u32 = 0x20_0000;

fn system() -> (System, Link<Eprocess>) {
    let system = System::new(400, NoExecute::Supported);
    system.add_paging_file(512, 512);
    let process = system.start_process().expect("memory");
    (system, process)
}

fn state(system: &System, frame: FrameNumber) -> (Location, u16) {
    let record = system.mm.frame(frame);
    (record.location(), record.reference_count.get())
}

fn frame_of(system: &System, process: Link<Eprocess>, address: u32) -> FrameNumber {
    match system.pte(process, address) {
        Pte::Valid(valid) => valid.frame(),
        Pte::Transition(frame, _) => frame,
        other => panic!("{other:?}"),
    }
}

fn place(offset: u32) -> Pte {
    Pte::PagingFile(PagingFilePage { file: 0, offset, protection: Protection::READWRITE })
}

#[test]
fn a_private_page_goes_all_the_way_round() {
    let (mut system, process) = system();
    system.commit_at(process, BASE, 0x1000);
    system.store(process, BASE + 5, 7).expect("committed");
    let frame = frame_of(&system, process, BASE);
    assert_eq!(state(&system, frame), (Location::Active, 1));
    // The page, and then its page table.
    assert_eq!(system.empty(process), 1);
    assert_eq!(system.pte(process, BASE), Pte::Transition(frame, Protection::READWRITE));
    assert_eq!(state(&system, frame), (Location::Modified, 0));
    system.sound();
    assert_eq!(system.page_out(), 1);
    assert_eq!(state(&system, frame), (Location::Standby, 0));
    assert_eq!(
        (system.mm.slots_taken(), system.pte(process, BASE)),
        (1, Pte::Transition(frame, Protection::READWRITE))
    );
    system.sound();
    // A soft fault, and clean again: the place stays.
    assert_eq!(system.load(process, BASE + 5), Ok(7));
    assert_eq!((state(&system, frame), system.mm.slots_taken()), ((Location::Active, 1), 1));
    system.empty(process);
    assert_eq!(state(&system, frame), (Location::Standby, 0));
    system.sound();
    system.drain_standby();
    assert_eq!(system.pte(process, BASE), place(1));
    system.sound();
    // A hard fault.
    assert_eq!(system.load(process, BASE + 5), Ok(7));
    assert_eq!(system.mm.slots_taken(), 1);
    system.sound();
    // Stored to, it needs another place; the old one is free by then.
    system.store(process, BASE + 5, 8).expect("committed");
    system.empty(process);
    let frame = frame_of(&system, process, BASE);
    assert_eq!(state(&system, frame), (Location::Modified, 0));
    assert_eq!((system.page_out(), system.mm.slots_taken()), (1, 1));
    system.drain_standby();
    assert_eq!(system.load(process, BASE + 5), Ok(8));
    system.sound();
    system.free(process, MEM_RELEASE, BASE, 0).expect("allocated");
    assert_eq!(system.mm.slots_taken(), 0);
    system.end_process(process);
    system.sound();
}

#[test]
fn a_page_table_without_pages_goes_too_and_is_back_when_it_is_needed() {
    let (mut system, process) = system();
    system.commit_at(process, BASE, 0x8000);
    for page in 0..8 {
        system.store(process, BASE + page * 0x1000, page as u8 + 1).expect("committed");
    }
    assert_eq!(system.empty(process), 8);
    assert_eq!(system.page_out(), 8);
    system.drain_standby();
    // Now no entry of the page table has a frame.
    assert_eq!(system.empty(process), 1);
    assert_eq!((system.page_out(), system.mm.slots_taken()), (1, 9));
    system.sound();
    system.drain_standby();
    let audit = system.sound();
    assert_eq!((audit.hidden, audit.places), (1, 1));
    assert_eq!(system.load(process, BASE), Ok(1));
    assert_eq!(system.sound().hidden, 0);
    assert_eq!(system.mm.slots_taken(), 9);
    // Away again, to be brought in by those who free it.
    system.empty(process);
    system.drain_standby();
    system.empty(process);
    system.page_out();
    system.drain_standby();
    assert_eq!(system.sound().hidden, 1);
    system.bring_tables_in(process, BASE, 0x8000).expect("the disk is sound");
    system.free(process, MEM_DECOMMIT, BASE + 0x1000, 0x2000).expect("allocated");
    system.sound();
    assert_eq!(system.load(process, BASE + 0x1000), Err(Outcome::AccessViolation));
    assert_eq!(system.load(process, BASE + 0x3000), Ok(4));
    system.end_process(process);
    assert_eq!(system.mm.slots_taken(), 0);
    system.sound();
}

#[test]
fn a_page_table_that_is_deleted_while_it_is_written_gives_its_place_back() {
    let (mut system, process) = system();
    system.commit_at(process, BASE, 0x1000);
    assert_eq!(system.protect(process, BASE, 0x1000, PAGE_READONLY), Ok(RW));
    assert_eq!(system.empty(process), 1, "the page table: its page was never touched");
    let request = system.begin_page_out().expect("a dirty page table");
    system.bring_tables_in(process, BASE, 1).expect("in transition");
    system.sound();
    system.free(process, MEM_RELEASE, BASE, 0).expect("allocated");
    system.sound();
    system.end_page_out(request);
    assert_eq!(system.mm.slots_taken(), 0);
    system.sound();
}

#[test]
fn pages_that_were_written_together_are_read_together_and_those_nobody_wanted_go_first() {
    let (mut system, process) = system();
    system.commit_at(process, BASE, 0x10_000);
    for page in 0..16 {
        system.store(process, BASE + page * 0x1000, page as u8).expect("committed");
    }
    system.empty(process);
    let request = system.begin_page_out().expect("dirty pages");
    assert_eq!((request.frames.len(), request.offset, request.bytes), (16, 0x1000, 0x10000));
    assert_eq!(system.end_page_out(request), WriteResult::Done);
    system.drain_standby();
    assert_eq!(system.load(process, BASE + 0x4000), Ok(4));
    for page in 5..12 {
        let frame = frame_of(&system, process, BASE + page * 0x1000);
        assert_eq!(state(&system, frame), (Location::Standby, 0), "{page}");
    }
    assert_eq!(system.pte(process, BASE + 0xC000), place(13));
    assert_eq!(system.pte(process, BASE + 0x3000), place(4));
    system.sound();
}

#[test]
fn what_is_stored_while_a_page_is_written_is_not_lost() {
    let (mut system, process) = system();
    system.commit_at(process, BASE, 0x1000);
    system.store(process, BASE, 1).expect("committed");
    system.empty(process);
    let request = system.begin_page_out().expect("a dirty page");
    let frame = request.frames[0];
    assert!(system.mm.frame(frame).flags().contains(Flags::WRITE_IN_PROGRESS));
    assert_eq!(state(&system, frame), (Location::Transition, 1));
    system.sound();
    system.store(process, BASE, 2).expect("in transition");
    assert_eq!(state(&system, frame), (Location::Active, 2));
    system.sound();
    system.end_page_out(request);
    system.sound();
    system.store(process, BASE, 3).expect("valid");
    system.empty(process);
    assert_eq!(state(&system, frame), (Location::Modified, 0));
    assert_eq!((system.page_out(), system.mm.slots_taken()), (1, 1));
    system.drain_standby();
    assert_eq!(system.load(process, BASE), Ok(3));
    // Deleted while it is written: frame and place are free when the write ends.
    system.store(process, BASE, 4).expect("valid");
    system.empty(process);
    let request = system.begin_page_out().expect("a dirty page");
    system.free(process, MEM_RELEASE, BASE, 0).expect("allocated");
    system.sound();
    system.end_page_out(request);
    assert_eq!(system.mm.slots_taken(), 0);
    system.sound();
}

#[test]
fn a_broken_disk_keeps_what_it_does_not_take_and_tells_of_what_it_does_not_give() {
    let (mut system, process) = system();
    system.commit_at(process, BASE, 0x2000);
    system.store(process, BASE, 1).expect("committed");
    system.store(process, BASE + 0x1000, 2).expect("committed");
    system.empty(process);
    system.set_disk(Disk::Broken);
    assert_eq!(system.page_out(), 0);
    let frame = frame_of(&system, process, BASE);
    assert_eq!((state(&system, frame), system.mm.slots_taken()), ((Location::Modified, 0), 0));
    system.sound();
    system.set_disk(Disk::Sound);
    assert_eq!(system.page_out(), 2);
    system.drain_standby();
    system.set_disk(Disk::Broken);
    assert_eq!(system.load(process, BASE), Err(Outcome::InPageError));
    // The places that the first attempt was given up with are not the next to be taken.
    assert_eq!(system.pte(process, BASE), place(3));
    system.sound();
    system.set_disk(Disk::Sound);
    assert_eq!(system.load(process, BASE), Ok(1));
    // A page table that cannot be read is given up, and what it named stays taken.
    system.empty(process);
    system.drain_standby();
    system.empty(process);
    system.page_out();
    system.drain_standby();
    system.set_disk(Disk::Broken);
    assert_eq!(system.bring_tables_in(process, BASE, 1), Err(Outcome::InPageError));
    let range = system.space(process).pages_of_allocation(BASE);
    system.space(process).give_tables_up(range);
    system.end_process(process);
    assert_eq!(system.mm.slots_taken(), 2);
    system.sound();
}

#[test]
fn without_a_place_in_a_paging_file_what_is_dirty_stays() {
    let mut system = System::new(300, NoExecute::Supported);
    let process = system.start_process().expect("memory");
    system.commit_at(process, BASE, 0x2000);
    system.store(process, BASE, 1).expect("committed");
    assert_eq!(system.empty(process), 0);
    system.sound();
    let image = system.add_image(TestImage::plain(0x40_0000, 1)).expect("memory");
    system.space(process).map_image(image, None).expect("room");
    system.load(process, 0x40_1000).expect("code");
    assert_eq!(system.empty(process), 1, "what is in a file can go");
    system.sound();
    // Five pages of room for eight dirty pages.
    system.add_paging_file(256, 256);
    assert!(system.mm.take_slots(16).is_some());
    while system.mm.free_slots() > 5 {
        system.mm.take_slots(1).expect("a free page");
    }
    system.commit_at(process, 0x100_0000, 0x8000);
    (0..8).for_each(|page| system.store(process, 0x100_0000 + page * 0x1000, 1).expect("committed"));
    assert_eq!(system.empty(process), 5);
    assert_eq!(system.page_out(), 5);
    assert_eq!(system.empty(process), 0);
}

#[test]
fn a_page_that_was_stored_to_again_gives_up_its_old_place_where_there_is_no_other() {
    let (mut system, process) = system();
    system.commit_at(process, BASE, 0x4000);
    (0..4).for_each(|page| system.store(process, BASE + page * 0x1000, 1).expect("committed"));
    let view = {
        let section = system.add_memory(0x1000, RW, ControlAreaFlags::COMMIT).expect("memory");
        system.space(process).map_data(section, &whole(RW)).expect("room").base()
    };
    system.store(process, view, 1).expect("writable");
    // And the page table of the view, none of whose entries has a frame then.
    assert_eq!(system.empty(process), 6);
    assert_eq!(system.page_out(), 6);
    while system.mm.take_slots(1).is_some() {}
    // Two of the pages and that of the section are stored to, one is only read.
    [BASE, BASE + 0x1000, view].iter().for_each(|at| system.store(process, *at, 2).expect("it is there"));
    assert_eq!(system.load(process, BASE + 0x2000), Ok(1));
    assert_eq!((system.mm.free_slots(), system.empty(process)), (0, 5));
    assert_eq!((system.mm.free_slots(), system.page_out()), (4, 4));
    system.drain_standby();
    for (page, value) in [(BASE, 2), (BASE + 0x1000, 2), (BASE + 0x2000, 1), (BASE + 0x3000, 1), (view, 2)] {
        assert_eq!(system.load(process, page), Ok(value), "{page:x}");
    }
}

#[test]
fn a_place_that_the_disk_refused_is_tried_again_only_when_there_is_no_other() {
    let (mut system, process) = system();
    system.commit_at(process, BASE, 0x3000);
    (0..3).for_each(|page| system.store(process, BASE + page * 0x1000, 1).expect("committed"));
    while system.mm.free_slots() > 8 {
        system.mm.take_slots(1).expect("a free page");
    }
    let place = |offset: u32| u64::from(offset) * 0x1000;
    assert_eq!(system.empty(process), 3);
    system.set_disk(Disk::Broken);
    let mut refused = Vec::new();
    for _ in 0..2 {
        let request = system.begin_page_out().expect("dirty pages");
        refused.push((request.offset, request.frames.len()));
        assert_eq!(system.end_page_out(request), WriteResult::Failed);
    }
    assert_eq!(refused, [(place(504), 3), (place(507), 3)]);
    assert_eq!((system.mm.free_slots(), system.mm.paging_files().next().map(|file| file.free)), (8, Some(8)));
    // Two pages are left that were not refused; what does not fit there goes where the disk failed.
    system.set_disk(Disk::Sound);
    let request = system.begin_page_out().expect("dirty pages");
    assert_eq!((request.offset, request.frames.len()), (place(510), 2));
    assert_eq!(system.end_page_out(request), WriteResult::Done);
    let request = system.begin_page_out().expect("one dirty page");
    assert_eq!((request.offset, request.frames.len()), (place(504), 1));
    assert_eq!(system.end_page_out(request), WriteResult::Done);
    system.drain_standby();
    (0..3).for_each(|page| assert_eq!(system.load(process, BASE + page * 0x1000), Ok(1)));
}

#[test]
fn pages_of_an_image_leave_prototype_entries_and_those_that_were_stored_to_go_to_the_paging_file() {
    let (mut system, process) = system();
    let image = system.add_image(TestImage::plain(0x40_0000, 1)).expect("memory");
    system.space(process).map_image(image, None).expect("room");
    let code = system.load(process, 0x40_1000).expect("code");
    system.store(process, 0x40_4000, 0x55).expect("a copy");
    let shared = frame_of(&system, process, 0x40_1000);
    let private = frame_of(&system, process, 0x40_4000);
    assert_eq!(system.empty(process), 2);
    assert!(matches!(system.pte(process, 0x40_1000), Pte::Prototype(_, Protection::ZERO)));
    assert_eq!(state(&system, shared), (Location::Standby, 0));
    assert!(matches!(system.pte(process, 0x40_4000), Pte::Transition(..)));
    assert_eq!(state(&system, private), (Location::Modified, 0));
    system.sound();
    assert_eq!(system.page_out(), 1);
    system.drain_standby();
    assert_eq!(system.load(process, 0x40_1000), Ok(code));
    assert_eq!(system.load(process, 0x40_4000), Ok(0x55));
    system.sound();
}

#[test]
fn a_protection_of_its_own_survives_trimming() {
    let (mut system, process) = system();
    let section = system.add_memory(0x4000, RW, ControlAreaFlags::COMMIT).expect("memory");
    let view = system.space(process).map_data(section, &whole(RW)).expect("room").base();
    system.store(process, view, 1).expect("writable");
    system.store(process, view + 0x1000, 2).expect("writable");
    assert_eq!(system.protect(process, view, 0x1000, PAGE_READONLY), Ok(RW));
    // The page table has no entry left with a frame, and goes with the pages.
    assert_eq!(system.empty(process), 3);
    system.bring_tables_in(process, view, 1).expect("in transition");
    assert_eq!(system.pte(process, view), Pte::LookInVad(Protection::READONLY));
    assert_eq!(system.pte(process, view + 0x1000), Pte::LookInVad(Protection::READWRITE));
    system.sound();
    assert_eq!(system.page_out(), 2);
    system.drain_standby();
    system.sound();
    assert_eq!(system.store(process, view, 9), Err(Outcome::AccessViolation));
    assert_eq!((system.load(process, view), system.load(process, view + 0x1000)), (Ok(1), Ok(2)));
    system.sound();
}

#[test]
fn shared_pages_leave_when_the_last_working_set_lets_go() {
    let (mut system, process) = system();
    let other = system.start_process().expect("memory");
    let section = system.add_memory(0x4000, RW, ControlAreaFlags::COMMIT).expect("memory");
    let views =
        [process, other].map(|process| system.space(process).map_data(section, &whole(RW)).expect("room").base());
    system.store(process, views[0], 1).expect("writable");
    assert_eq!(system.load(other, views[1]), Ok(1));
    let frame = frame_of(&system, process, views[0]);
    assert_eq!(system.mm.frame(frame).share_count(), 2);
    assert_eq!(system.empty(process), 2, "the page and its page table");
    assert_eq!((state(&system, frame), system.mm.frame(frame).share_count()), ((Location::Active, 1), 1));
    system.sound();
    system.store(other, views[1] + 1, 2).expect("writable");
    assert_eq!(system.empty(other), 2);
    assert_eq!(state(&system, frame), (Location::Modified, 0));
    assert_eq!(system.page_out(), 3);
    system.drain_standby();
    assert_eq!((system.load(process, views[0] + 1), system.load(other, views[1])), (Ok(2), Ok(1)));
    system.sound();
    // The section goes with its pages in the paging file.
    system.empty(process);
    system.empty(other);
    system.page_out();
    system.drain_standby();
    assert_eq!(system.mm.slots_taken(), 3);
    system.end_process(process);
    system.end_process(other);
    let _ = system.mm.release_section(section);
    system.mm.delete_section(section);
    assert_eq!(system.mm.slots_taken(), 0);
    system.sound();
}

#[test]
fn ages_tell_which_page_goes_first() {
    let (mut system, process) = system();
    system.commit_at(process, BASE, 0x4000);
    (0..4).for_each(|page| system.store(process, BASE + page * 0x1000, 1).expect("committed"));
    let table = 1;
    assert_eq!(system.space(process).age_working_set().0, [4 + table, 0, 0, 0]);
    system.load(process, BASE + 0x2000).expect("valid");
    // The processor notes the use of the page table too.
    assert_eq!(system.space(process).age_working_set().0, [1 + table, 3, 0, 0]);
    assert_eq!(system.space(process).age_working_set().0, [0, 1 + table, 3, 0]);
    assert_eq!(system.space(process).trim_working_set(2, 2, 0), 2);
    assert_eq!(system.space(process).trim_working_set(2, 9, 0), 1);
    assert!(matches!(system.pte(process, BASE + 0x2000), Pte::Valid(_)));
    assert!(
        (0..4)
            .filter(|page| *page != 2)
            .all(|page| matches!(system.pte(process, BASE + page * 0x1000), Pte::Transition(..)))
    );
    system.sound();
    assert_eq!(system.space(process).trim_working_set(0, 9, 7), 0, "the floor is reached");
}

#[test]
fn what_is_above_a_maximum_goes_before_what_is_as_old() {
    let (mut system, greedy) = system();
    let modest = system.start_process().expect("memory");
    for process in [greedy, modest] {
        system.commit_at(process, BASE, 0x4_6000);
        (0..70).for_each(|page| system.store(process, BASE + page * 0x1000, 1).expect("committed"));
    }
    for (process, minimum, maximum) in [(greedy, 20, 30), (modest, 50, 345)] {
        let limits = WorkingSetLimits { minimum: PageCount(minimum), maximum: PageCount(maximum) };
        system.space(process).set_working_set_limits(limits).expect("sensible");
    }
    let size = |system: &System, process: Link<Eprocess>| system.mm.machine.record(process).vm.working_set_size.get();
    let sizes = (size(&system, greedy), size(&system, modest));
    assert_eq!(sizes.0, sizes.1);
    let mut hog = Hog::new(&mut system);
    hog.fill(&system, 56);
    // 64 frames are wanted, and half as many again.
    system.balance(&[modest, greedy]);
    assert_eq!((size(&system, greedy), size(&system, modest)), (sizes.0 - 40, sizes.1));
    system.page_out();
    hog.fill(&system, 60);
    system.balance(&[modest, greedy]);
    // Six pages are above the maximum; then the others give, down to their minima.
    assert_eq!((size(&system, greedy), size(&system, modest)), (26, 50));
    system.sound();
}

#[test]
fn locked_pages_stay() {
    let (mut system, process) = system();
    system.commit_at(process, BASE, 0x20_000);
    let pages = |first: u32, last: u32| PageRange {
        start: VirtualAddress(BASE + first * 0x1000).page(),
        end: VirtualAddress(BASE + last * 0x1000).page(),
    };
    let limits = |minimum, maximum| WorkingSetLimits { minimum: PageCount(minimum), maximum: PageCount(maximum) };
    assert_eq!(system.space(process).set_working_set_limits(limits(30, 20)), Err(S::BAD_WORKING_SET_LIMIT));
    assert_eq!(system.space(process).set_working_set_limits(limits(0, 20)), Err(S::INVALID_PARAMETER));
    assert_eq!(system.space(process).set_working_set_limits(limits(24, 40)), Ok(()));
    assert_eq!(system.space(process).first_not_valid(pages(0, 31)), Some(VirtualPage(BASE >> 12)));
    (0..32).for_each(|page| system.store(process, BASE + page * 0x1000, page as u8).expect("committed"));
    let space = system.space(process);
    assert_eq!(space.lock_pages(pages(0, 16), LockKind::WorkingSet), Err(S::WORKING_SET_QUOTA));
    assert_eq!(space.lock_pages(pages(0, 9), LockKind::WorkingSet), Ok(false));
    assert_eq!(space.lock_pages(pages(9, 10), LockKind::WorkingSet), Ok(true));
    assert_eq!(space.unlock_pages(pages(10, 11), LockKind::WorkingSet), Err(S::NOT_LOCKED));
    system.sound();
    assert_eq!(system.empty(process), 32 - 11);
    system.sound();
    assert_eq!(system.space(process).unlock_pages(pages(0, 5), LockKind::WorkingSet), Ok(()));
    assert_eq!(system.empty(process), 6);
    system.free(process, MEM_RELEASE, BASE, 0).expect("locked pages can be freed");
    assert_eq!(system.mm.machine.record(process).number_of_locked_pages.get(), 0);
    system.sound();
}

#[test]
fn lists_grow_beyond_their_first_page_and_find_shared_pages_by_their_hash_tables() {
    let mut system = System::new(1600, NoExecute::Supported);
    system.add_paging_file(2048, 2048);
    let section = system.add_memory(400 * 0x1000, RW, ControlAreaFlags::COMMIT).expect("memory");
    let processes = [(); 2].map(|()| system.start_process().expect("memory"));
    let views = processes.map(|process| system.space(process).map_data(section, &whole(RW)).expect("room").base());
    for (process, view) in processes.into_iter().zip(views) {
        for page in 0..400 {
            system.store(process, view + page * 0x1000, page as u8).expect("writable");
        }
        system.sound();
    }
    let space = system.space(processes[1]);
    let list = space.working_set_list();
    assert_eq!((list.non_direct_count.get(), list.hash_table_size.get()), (400, 1024));
    for page in (0..400).step_by(3) {
        assert_eq!(system.protect(processes[1], views[1] + page * 0x1000, 0x1000, PAGE_NOACCESS), Ok(RW));
    }
    system.sound();
    assert_eq!(system.space(processes[1]).trim_working_set(0, 100, 0), 100);
    system.sound();
    for page in (1..400).step_by(3) {
        assert_eq!(system.load(processes[1], views[1] + page * 0x1000), Ok(page as u8));
    }
    system.sound();
    processes.into_iter().for_each(|process| system.end_process(process));
    system.sound();
}

/// Stores to pages of a region of its own until the list of `process` has one place left and none that was given back.
fn fill_list(system: &mut System, process: Link<Eprocess>) {
    system.commit_at(process, 0x4000_0000, 400 * 0x1000);
    for page in 0.. {
        system.store(process, 0x4000_0000 + page * 0x1000, 1).expect("there is memory");
        let space = system.space(process);
        let list = space.working_set_list();
        if list.first_free.get() == 0x0FFF_FFFF && list.last_initialized_wsle.get() - list.last_entry.get() == 1 {
            break;
        }
    }
}

#[test]
fn a_list_that_grows_may_take_the_frame_of_the_page_that_is_wanted() {
    for table_too in [false, true] {
        let (mut system, process) = system();
        system.commit_at(process, BASE, 0x1000);
        system.store(process, BASE, 7).expect("committed");
        assert_eq!(system.empty(process), 1);
        system.page_out();
        if table_too {
            system.drain_standby();
            assert_eq!(system.empty(process), 1, "the page table");
            system.page_out();
        }
        fill_list(&mut system, process);
        let mut hog = Hog::new(&mut system);
        hog.fill(&system, 1);
        assert_eq!(system.mm.list_length(Location::Standby), 1, "what is wanted");
        assert_eq!(system.load(process, BASE), Err(Outcome::NoFrame));
        system.sound();
        hog.end(&system);
        assert_eq!(system.load(process, BASE), Ok(7));
        system.sound();
    }
}

#[test]
fn a_list_without_memory_to_grow_replaces_its_own_pages() {
    let mut system = System::new(330, NoExecute::Supported);
    system.add_paging_file(1024, 1024);
    let process = system.start_process().expect("memory");
    system.commit_at(process, BASE, 400 * 0x1000);
    for page in 0..400 {
        while let Err(refused) = system.store(process, BASE + page * 0x1000, page as u8) {
            assert_eq!(refused, Outcome::NoFrame);
            assert!(system.space(process).trim_working_set(0, 20, 0) > 0);
            system.page_out();
        }
        system.sound();
    }
    for page in 0..400 {
        while let Err(refused) = system.load(process, BASE + page * 0x1000) {
            assert_eq!(refused, Outcome::NoFrame);
            assert!(system.space(process).trim_working_set(0, 20, 0) > 0);
            system.page_out();
        }
        assert_eq!(system.load(process, BASE + page * 0x1000), Ok(page as u8));
    }
    system.sound();
    system.end_process(process);
    system.sound();
}
