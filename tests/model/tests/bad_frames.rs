//! Frames that are taken out of use while the system runs: at once where nobody or a program has them, else when they are given up.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use mm::frame::{Flags, Location, NotRemoved, Removal};
use mm::layout::FrameNumber;
use mm::pte::{PrototypePte, Pte};
use model::hog::Hog;
use model::image::TestImage;
use model::machine::NoExecute;
use model::system::System;

const BASE: u32 = 0x20_0000;

fn system() -> System {
    System::new(512, NoExecute::Supported)
}

fn frame_at(system: &System, process: Link<Eprocess>, address: u32) -> FrameNumber {
    match system.pte(process, address) {
        Pte::Valid(valid) => valid.frame(),
        other => panic!("{address:x}: {other:?}"),
    }
}

fn location(system: &System, frame: FrameNumber) -> Location {
    system.mm.frame(frame).location()
}

/// The frame is out of use, and the audit agrees.
fn is_bad(system: &mut System, frame: FrameNumber) {
    assert_eq!(location(system, frame), Location::Bad);
    let marks = Flags::PARITY_ERROR | Flags::REMOVAL_REQUESTED;
    assert!(system.mm.frame(frame).flags().intersects(marks));
    assert_eq!(system.mm.remove_frame(frame), Err(NotRemoved::AlreadyBad));
    system.sound();
}

fn on(system: &System, wanted: Location) -> FrameNumber {
    let mut all = (0..512).map(FrameNumber);
    all.find(|frame| location(system, *frame) == wanted).expect("a frame there")
}

#[test]
fn what_nobody_uses_goes_at_once_and_nothing_may_be_promised_of_it() {
    let mut system = system();
    assert!(system.mm.zero_one_frame());
    for list in [Location::Free, Location::Zeroed] {
        let frame = on(&system, list);
        let (available, limit) = (system.mm.available_frames(), system.mm.commit.limit());
        assert_eq!(system.mm.remove_frame(frame), Ok(Removal::Done));
        assert_eq!((system.mm.available_frames(), system.mm.commit.limit()), (available - 1, limit - 1));
        is_bad(&mut system, frame);
    }
    assert_eq!(system.mm.list_length(Location::Bad), 2);
    assert_eq!(system.mm.remove_frame(FrameNumber(512)), Err(NotRemoved::NotRam));
    assert_eq!(system.mm.remove_frame(FrameNumber(u32::MAX)), Err(NotRemoved::NotRam));
}

#[test]
fn a_private_page_moves_with_all_it_holds() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    let other = system.start_process().expect("another");
    system.commit_at(process, BASE, 0x3000);
    for page in 0..3 {
        system.store(process, BASE + page * 0x1000 + 7, 0x40 + page as u8).expect("committed");
    }
    system.protect(process, BASE + 0x1000, 1, PAGE_READONLY).expect("committed");
    for page in 0..3 {
        let address = BASE + page * 0x1000;
        let old = frame_at(&system, process, address);
        let raw = system.raw_pte(process, address);
        // From within the process, and from another.
        system.space(if page == 2 { other } else { process });
        assert_eq!(system.mm.remove_frame(old), Ok(Removal::Done), "page {page}");
        is_bad(&mut system, old);
        let now = frame_at(&system, process, address);
        assert!(now != old);
        assert_eq!(system.raw_pte(process, address) & !0xF_FFFF_F000, raw & !0xF_FFFF_F000, "the same rights");
        assert_eq!(system.load(process, address + 7), Ok(0x40 + page as u8));
    }
    system.store(process, BASE + 9, 1).expect("still writable");
    system.end_process(process);
    system.end_process(other);
    assert_eq!(system.mm.list_length(Location::Bad), 3);
    system.sound();
}

#[test]
fn a_shared_page_moves_for_all_who_map_it() {
    let mut system = system();
    let image = TestImage::plain(0x40_0000, 7);
    let section = system.add_image(image.clone()).expect("memory");
    let processes = [(); 3].map(|()| system.start_process().expect("a process"));
    for process in processes {
        system.space(process).map_image(section, None).expect("room");
        assert_eq!(system.load(process, 0x40_1234), Ok(image.byte(0x1234)));
    }
    let old = frame_at(&system, processes[0], 0x40_1000);
    assert_eq!(system.mm.frame(old).share_count(), 3);
    assert_eq!(system.mm.remove_frame(old), Ok(Removal::Done));
    is_bad(&mut system, old);
    let now = frame_at(&system, processes[0], 0x40_1000);
    assert_eq!(system.mm.frame(now).share_count(), 3);
    assert!(matches!(system.prototype(section, 1), PrototypePte::Valid(valid) if valid.frame() == now));
    for process in processes {
        assert_eq!(frame_at(&system, process, 0x40_1000), now);
        assert_eq!(system.load(process, 0x40_1234), Ok(image.byte(0x1234)));
    }
    processes.into_iter().for_each(|process| system.end_process(process));
    assert_eq!(location(&system, now), Location::Standby);
    system.sound();
}

#[test]
fn a_page_on_standby_is_read_from_its_file_again() {
    let mut system = system();
    let image = TestImage::plain(0x40_0000, 7);
    let section = system.add_image(image.clone()).expect("memory");
    let process = system.start_process().expect("a process");
    system.space(process).map_image(section, None).expect("room");
    assert_eq!(system.load(process, 0x40_1000), Ok(image.byte(0x1000)));
    let frame = frame_at(&system, process, 0x40_1000);
    system.end_process(process);
    assert_eq!(location(&system, frame), Location::Standby);
    assert_eq!(system.mm.remove_frame(frame), Ok(Removal::Done));
    is_bad(&mut system, frame);
    assert!(matches!(system.prototype(section, 1), PrototypePte::Subsection(..)));
    let process = system.start_process().expect("a process");
    system.space(process).map_image(section, None).expect("room");
    assert_eq!(system.load(process, 0x40_1000), Ok(image.byte(0x1000)));
    system.sound();
}

#[test]
fn a_dirty_page_that_is_not_mapped_moves_on_its_list() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    system.commit_at(process, BASE, 0x1000);
    system.store(process, BASE, 0x77).expect("committed");
    let frame = frame_at(&system, process, BASE);
    system.protect(process, BASE, 1, PAGE_NOACCESS).expect("committed");
    assert_eq!(location(&system, frame), Location::Modified);
    assert_eq!(system.mm.remove_frame(frame), Ok(Removal::Done));
    is_bad(&mut system, frame);
    assert_eq!(system.mm.list_length(Location::Modified), 1);
    system.protect(process, BASE, 1, PAGE_READWRITE).expect("committed");
    assert_eq!(system.load(process, BASE), Ok(0x77));
    system.end_process(process);
    system.sound();
}

#[test]
fn a_page_under_io_goes_when_the_io_has_ended_and_the_page_too() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    system.commit_at(process, BASE, 0x1000);
    system.store(process, BASE, 0x55).expect("committed");
    let frame = frame_at(&system, process, BASE);
    system.mm.add_reference(frame);
    let limit = system.mm.commit.limit();
    assert_eq!(system.mm.remove_frame(frame), Ok(Removal::Requested));
    assert_eq!((location(&system, frame), system.mm.commit.limit()), (Location::Active, limit));
    system.sound();
    assert_eq!(system.load(process, BASE), Ok(0x55), "it is used on");
    system.end_process(process);
    assert_eq!(location(&system, frame), Location::Transition);
    system.sound();
    system.mm.release_reference(frame);
    is_bad(&mut system, frame);
    assert_eq!(system.mm.commit.limit(), limit - 1);
}

#[test]
fn a_request_outlives_the_lists_and_the_page_moves_when_it_can() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    system.commit_at(process, BASE, 0x1000);
    system.store(process, BASE, 0x66).expect("committed");
    let frame = frame_at(&system, process, BASE);
    system.mm.add_reference(frame);
    assert_eq!(system.mm.remove_frame(frame), Ok(Removal::Requested));
    system.mm.release_reference(frame);
    system.protect(process, BASE, 1, PAGE_NOACCESS).expect("committed");
    assert_eq!(location(&system, frame), Location::Modified);
    assert!(system.mm.frame(frame).flags().contains(Flags::REMOVAL_REQUESTED));
    system.sound();
    // Asked again, it can move now.
    assert_eq!(system.mm.remove_frame(frame), Ok(Removal::Done));
    is_bad(&mut system, frame);
    system.protect(process, BASE, 1, PAGE_READWRITE).expect("committed");
    assert_eq!(system.load(process, BASE), Ok(0x66));
    let now = frame_at(&system, process, BASE);
    assert!(!system.mm.frame(now).flags().contains(Flags::REMOVAL_REQUESTED), "the mark stays behind");
    system.end_process(process);
    system.sound();
}

#[test]
fn a_marked_frame_on_standby_serves_its_page_and_is_not_repurposed_but_retired() {
    let mut system = system();
    let image = TestImage::plain(0x40_0000, 7);
    let section = system.add_image(image.clone()).expect("memory");
    let process = system.start_process().expect("a process");
    system.space(process).map_image(section, None).expect("room");
    assert_eq!(system.load(process, 0x40_1000), Ok(image.byte(0x1000)));
    let frame = frame_at(&system, process, 0x40_1000);
    system.mm.add_reference(frame);
    assert_eq!(system.mm.remove_frame(frame), Ok(Removal::Requested));
    system.mm.release_reference(frame);
    system.end_process(process);
    assert_eq!(location(&system, frame), Location::Standby);
    system.sound();
    let mut hog = Hog::new(&mut system);
    hog.fill(&system, 1);
    assert_eq!((system.mm.available_frames(), location(&system, frame)), (1, Location::Standby));
    assert_eq!(hog.take(&system), None);
    is_bad(&mut system, frame);
    assert!(matches!(system.prototype(section, 1), PrototypePte::Subsection(..)));
    hog.end(&system);
    system.sound();
}

#[test]
fn what_the_kernel_has_is_only_marked() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    system.commit_at(process, BASE, 0x1000);
    system.store(process, BASE, 1).expect("committed");
    system.space(process);
    // A page directory, and a page of the boot code's.
    for frame in [system.mm.machine.attached()[0], FrameNumber(0)] {
        assert_eq!(system.mm.remove_frame(frame), Ok(Removal::Requested));
        assert_eq!(location(&system, frame), Location::Active);
        system.sound();
    }
    let directory = system.mm.machine.attached()[0];
    system.end_process(process);
    is_bad(&mut system, directory);
    assert_eq!(location(&system, FrameNumber(0)), Location::Active, "for ever");
}

#[test]
fn a_page_stays_where_there_is_no_other_frame_for_it() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    system.commit_at(process, BASE, 0x1000);
    system.store(process, BASE, 1).expect("committed");
    let frame = frame_at(&system, process, BASE);
    for number in 0..512 {
        let _ = system.mm.retire_frame(FrameNumber(number));
    }
    assert_eq!(system.mm.available_frames(), 0);
    assert_eq!(system.mm.remove_frame(frame), Ok(Removal::Requested));
    system.sound();
    assert_eq!(system.load(process, BASE), Ok(1));
    system.end_process(process);
    is_bad(&mut system, frame);
}
