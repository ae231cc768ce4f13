//! Commit: what is charged to whom, and what happens at the limit.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::machine::Records;
use model::calls::BOTH;
use model::image::TestImage;
use model::machine::NoExecute;
use model::system::System;

const RW: u32 = PAGE_READWRITE;

fn system() -> System {
    System::new(256, NoExecute::Supported)
}

/// Pages that can still be charged.
fn left(system: &System) -> u32 {
    system.mm.commit.limit() - system.mm.commit.current()
}

/// A process for which the pool has room for a few VADs.
fn started(system: &System) -> Link<Eprocess> {
    let process = system.start_process().expect("a process");
    system.allocate(process, MEM_RESERVE, RW, 0x7000_0000, 1).expect("room");
    system.free(process, MEM_RELEASE, 0x7000_0000, 0).expect("reserved");
    process
}

#[test]
fn the_limit_keeps_an_eighth_of_what_was_free_but_no_more_than_a_megabyte() {
    for (frames, reserve) in [(256, |free| free / 8), (4096, |_| 256)] as [(u32, fn(u32) -> u32); 2] {
        let system = System::new(frames, NoExecute::Supported);
        let free = system.mm.available_frames() + system.mm.kernel_frames();
        assert_eq!(system.mm.commit.limit(), free - reserve(free));
    }
}

#[test]
fn a_process_is_charged_five_pages_and_they_come_back() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    system.end_process(process);
    let before = (left(&system), system.mm.available_frames());
    let process = system.start_process().expect("a process");
    assert_eq!((before.0 - left(&system), before.1 - system.mm.available_frames()), (5, 5));
    assert_eq!(system.process_charge(process), 0);
    system.sound();
    system.end_process(process);
    assert_eq!((left(&system), system.mm.available_frames()), before);
    system.sound();
}

#[test]
fn the_limit_can_be_reached_and_not_passed() {
    let mut system = system();
    let process = started(&system);
    let room = left(&system) - 1;
    let before = system.picture(process);
    let peak = system.mm.commit.peak();
    for pages in [room + 1, room + 2, 0x7_0000] {
        let refused = system.allocate(process, BOTH, RW, 0x10_0000, pages << 12);
        assert_eq!(refused, Err(NtStatus::COMMITMENT_LIMIT), "{pages:x}");
        assert_eq!(system.picture(process), before, "{pages:x}");
        assert_eq!(system.mm.commit.peak(), peak, "what was refused never was");
    }
    assert_eq!(system.allocate(process, BOTH, RW, 0x10_0000, room << 12), Ok((0x10_0000, room << 12)));
    assert_eq!((left(&system), system.process_charge(process)), (0, room + 1));
    assert_eq!(system.mm.commit.peak(), system.mm.commit.limit());
    let full = system.picture(process);
    assert_eq!(
        system.allocate(process, MEM_RESERVE, RW, 0x1000_0000, 1),
        Err(NtStatus::COMMITMENT_LIMIT),
        "a page table"
    );
    assert_eq!(system.picture(process), full);
    assert!(system.start_process().is_none(), "five pages");
    system.free(process, MEM_RELEASE, 0x10_0000, 0).expect("committed");
    assert_eq!((left(&system), system.process_charge(process)), (room + 1, 0));
    system.sound();
}

#[test]
fn committing_reserved_pages_is_all_or_nothing() {
    let mut system = system();
    let process = started(&system);
    system.allocate(process, MEM_RESERVE, RW, 0x20_0000, 0x10_0000).expect("room");
    let room = left(&system);
    system.allocate(process, MEM_COMMIT, RW, 0x20_0000, 0x1_0000).expect("reserved");
    assert_eq!(left(&system), room - 16);
    // A range half of which is committed is charged for the other half.
    system.allocate(process, MEM_COMMIT, RW, 0x20_8000, 0x1_0000).expect("reserved");
    assert_eq!((left(&system), system.process_charge(process)), (room - 24, 24 + 1));
    system.commit_at(process, 0x1000_0000, (left(&system) - 1 - 7) << 12);
    assert_eq!(left(&system), 7);
    let before = system.picture(process);
    let refused = system.allocate(process, MEM_COMMIT, RW, 0x20_0000, 0x2_0000);
    assert_eq!(refused, Err(NtStatus::COMMITMENT_LIMIT), "eight more");
    assert_eq!(system.picture(process), before);
    system.allocate(process, MEM_COMMIT, RW, 0x20_0000, 0x1_F000).expect("seven more");
    assert_eq!(left(&system), 0);
    system.sound();
}

#[test]
fn neighbours_in_two_megabytes_share_a_page_tables_charge() {
    let mut system = system();
    let process = started(&system);
    let charge = |system: &System| system.process_charge(process);
    let steps: [(u32, u32, u32); 5] = [
        (0x100_0000, 0x1000, 1),
        (0x101_0000, 0x1000, 1),
        (0x11F_0000, 0x1_0000, 1),
        (0x120_0000, 0x1000, 2),
        (0x13F_0000, 0x40_1000, 4),
    ];
    for (base, size, tables) in steps {
        system.allocate(process, MEM_RESERVE, RW, base, size).expect("free");
        assert_eq!(charge(&system), tables, "{base:x}");
        system.sound();
    }
    let steps: [(u32, u32); 5] = [(0x101_0000, 4), (0x13F_0000, 2), (0x100_0000, 2), (0x11F_0000, 1), (0x120_0000, 0)];
    for (base, tables) in steps {
        system.free(process, MEM_RELEASE, base, 0).expect("reserved");
        assert_eq!(charge(&system), tables, "{base:x}");
        system.sound();
    }
}

#[test]
fn releasing_a_part_returns_the_page_tables_that_only_it_needed() {
    let mut system = system();
    let process = started(&system);
    system.allocate(process, MEM_RESERVE, RW, 0x100_0000, 0x80_0000).expect("free");
    let charge = |system: &System| system.process_charge(process);
    assert_eq!(charge(&system), 4);
    let steps = [
        (0x120_0000, 0x20_0000, 3, "all of one in the middle"),
        (0x150_0000, 0x10_0000, 3, "half of one"),
        (0x140_0000, 0x10_0000, 2, "and its other half"),
        (0x100_0000, 0x10_0000, 2, "the head"),
        (0x110_0000, 0x10_0000, 1, "what is left of it"),
        (0x160_0000, 0x20_0000, 0, "the tail"),
    ];
    for (base, size, tables, what) in steps {
        system.free(process, MEM_RELEASE, base, size).expect("reserved");
        assert_eq!(charge(&system), tables, "{what}");
        system.sound();
    }
    assert_eq!(system.sound().vads, 0);
}

#[test]
fn all_addresses_can_be_reserved_for_the_charge_of_their_page_tables() {
    let mut system = System::new(2048, NoExecute::Supported);
    let process = started(&system);
    let available = system.mm.available_frames();
    let all = 0x8000_0000u32 - 0x2_0000 - 0x1_0000;
    assert_eq!(system.allocate(process, MEM_RESERVE, RW, 0, all), Ok((0x1_0000, all)));
    assert_eq!(system.process_charge(process), 1024);
    assert_eq!(system.mm.available_frames(), available, "no frame for it");
    assert_eq!(system.mm.machine.record(process).virtual_size.get(), all);
    assert_eq!(system.allocate(process, MEM_RESERVE, RW, 0, 1), Err(NtStatus::NO_MEMORY));
    let before = system.picture(process);
    for size in [all, all / 2] {
        assert_eq!(
            system.allocate(process, MEM_COMMIT, RW, 0x1_0000, size),
            Err(NtStatus::COMMITMENT_LIMIT),
            "{size:x}"
        );
        assert_eq!(system.picture(process), before);
    }
    system.allocate(process, MEM_COMMIT, RW, 0x4000_0000 - 0x1000, 0x2000).expect("two pages, two page tables");
    system.store(process, 0x3FFF_FFFF, 1).expect("committed");
    system.store(process, 0x4000_0000, 1).expect("committed");
    system.sound();
    system.free(process, MEM_RELEASE, 0x1_0000, 0).expect("reserved");
    assert_eq!((system.process_charge(process), system.mm.available_frames()), (0, available));
    system.sound();
}

#[test]
fn the_peaks_are_the_most_that_ever_was() {
    let mut system = system();
    let process = started(&system);
    let record_peak = |system: &System| system.mm.machine.record(process).commit_charge_peak.get();
    system.allocate(process, MEM_RESERVE, RW, 0x10_0000, 0x1_0000).expect("room");
    system.allocate(process, MEM_COMMIT, RW, 0x10_0000, 0x8000).expect("reserved");
    let most = system.mm.commit.current();
    system.free(process, MEM_DECOMMIT, 0x10_0000, 0).expect("committed");
    assert_eq!((system.process_charge(process), record_peak(&system)), (1, 9));
    assert_eq!((system.mm.commit.current(), system.mm.commit.peak()), (most - 8, most));
    system.allocate(process, MEM_COMMIT, RW, 0x10_0000, 0x9000).expect("reserved");
    assert_eq!((record_peak(&system), system.mm.commit.peak()), (10, most + 1));
    system.sound();
}

#[test]
fn a_page_of_an_image_is_charged_once_however_often_it_is_made_writable() {
    let mut system = system();
    let section = system.add_image(TestImage::plain(0x40_0000, 1)).expect("memory");
    let process = started(&system);
    system.space(process).map_image(section, None).expect("room");
    let own = system.process_charge(process);
    for _ in 0..300 {
        system.protect(process, 0x40_1000, 0x2000, PAGE_EXECUTE_READWRITE).expect("committed");
        assert_eq!(system.process_charge(process), own + 2);
        system.protect(process, 0x40_1000, 0x2000, PAGE_EXECUTE_READ).expect("committed");
        assert_eq!(system.process_charge(process), own);
    }
    system.sound();
    system.protect(process, 0x40_1000, 0x2000, PAGE_EXECUTE_READWRITE).expect("committed");
    system.store(process, 0x40_1000, 1).expect("writable");
    system.protect(process, 0x40_1000, 0x2000, PAGE_EXECUTE_READ).expect("committed");
    assert_eq!(system.process_charge(process), own + 1, "the copy it has");
    system.sound();
    system.protect(process, 0x40_4000, 0x4000, PAGE_READONLY).expect("committed");
    assert_eq!(system.process_charge(process), own + 1, "the image's commitment stays");
    system.sound();
    let fate = system.space(process).unmap_view(mm::layout::VirtualPage(0x400));
    assert_eq!(fate, Ok(mm::section::SectionFate::Kept));
    assert_eq!(system.process_charge(process), 0);
    system.sound();
}

#[test]
fn a_copy_that_only_keeps_a_protection_is_charged_too() {
    let mut system = System::new(256, NoExecute::Absent);
    let section = system.add_image(TestImage::plain(0x40_0000, 1)).expect("memory");
    let process = started(&system);
    system.space(process).map_image(section, None).expect("room");
    let own = system.process_charge(process);
    system.protect(process, 0x40_1000, 0x2000, PAGE_EXECUTE).expect("committed");
    assert_eq!(system.process_charge(process), own + 2, "without NX the entry cannot tell EXECUTE from EXECUTE_READ");
    system.load(process, 0x40_1000).expect("readable");
    system.sound();
    system.protect(process, 0x40_1000, 0x2000, PAGE_EXECUTE_READ).expect("committed");
    assert_eq!(system.process_charge(process), own + 1);
    system.sound();
}

#[test]
fn an_image_page_made_writable_at_the_limit_is_refused_and_stays() {
    let mut system = system();
    let section = system.add_image(TestImage::plain(0x40_0000, 1)).expect("memory");
    let process = started(&system);
    system.space(process).map_image(section, None).expect("room");
    system.commit_at(process, 0x1000_0000, (left(&system) - 2) << 12);
    assert_eq!(left(&system), 1);
    let before = system.picture(process);
    assert_eq!(system.protect(process, 0x40_1000, 0x2000, RW), Err(NtStatus::COMMITMENT_LIMIT));
    assert_eq!(system.picture(process), before);
    assert_eq!(system.protect(process, 0x40_1000, 0x1000, RW), Ok(PAGE_EXECUTE_READ));
    assert_eq!(left(&system), 0);
    system.sound();
}
