//! RAM above 4 GB is RAM like any other: its frame numbers have 24 bits, its addresses fit no pointer of the kernel.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use mm::frame::{FrameRun, Location};
use mm::layout::{FrameNumber, VirtualAddress};
use mm::machine::FrameBytes;
use mm::pte::{PrototypePte, Pte, ValidPte};
use model::image::TestImage;
use model::machine::NoExecute;
use model::system::System;

/// The first frame above 4 GB.
const HIGH: u32 = 0x10_0000;

fn run(base: u32, count: u32) -> FrameRun {
    FrameRun { base: FrameNumber(base), count }
}

/// A megabyte of low memory, a megabyte from 4 GB on, and the last 64 frames that 36 bits can name.
fn system() -> System {
    System::with_memory(&[run(0, 0x100), run(HIGH, 0x100), run(0xFF_FFC0, 0x40)], NoExecute::Supported)
}

fn frame_at(system: &System, process: Link<Eprocess>, address: u32) -> u32 {
    match system.pte(process, address) {
        Pte::Valid(valid) => valid.frame().0,
        other => panic!("{address:x}: {other:?}"),
    }
}

/// The frame of the page table of `address` in the current process.
fn table_at(system: &System, process: Link<Eprocess>, address: u32) -> u32 {
    system.space(process);
    let page = VirtualAddress(address).page().0;
    let directory = system.mm.machine.attached()[(page >> 18) as usize];
    ValidPte(system.mm.machine.read_entry(directory, page >> 9 & 0x1FF)).frame().0
}

#[test]
fn holes_are_no_ram_and_the_ends_of_runs_are() {
    let mut system = system();
    assert_eq!(system.mm.physical_pages(), (FrameNumber(0), FrameNumber(0xFF_FFFF), 0x240));
    for (frame, ram) in
        [(0xFF, true), (0x100, false), (0xF_FFFF, false), (HIGH, true), (0x10_00FF, true), (0x10_0100, false)]
    {
        assert_eq!(system.mm.is_ram(FrameNumber(frame)), ram, "{frame:x}");
    }
    for (frame, ram) in
        [(0xFF_FFBF, false), (0xFF_FFC0, true), (0xFF_FFFF, true), (0x100_0000, false), (u32::MAX, false)]
    {
        assert_eq!(system.mm.is_ram(FrameNumber(frame)), ram, "{frame:x}");
    }
    assert_eq!(system.sound().frames, 0x240);
}

#[test]
fn data_page_tables_directories_and_pool_all_live_above_four_gigabytes() {
    let mut system = system();
    // All that is left of low memory is out of use.
    for frame in 0..0x100 {
        let _ = system.mm.retire_frame(FrameNumber(frame));
    }
    assert_eq!(system.mm.available_frames(), 0x140 - 4, "the first pages of the pool are there too");
    let process = system.start_process().expect("a process above 4 GB");
    system.space(process);
    let directories = system.mm.machine.attached().map(|frame| frame.0);
    assert!(directories[0] >= HIGH && directories[1] >= HIGH && directories[3] >= HIGH, "{directories:x?}");
    assert!(directories[2] < HIGH, "the kernel's own, from the boot code");
    system.commit_at(process, 0x20_0000, 0x8000);
    for page in 0..8 {
        let address = 0x20_0000 + page * 0x1000;
        system.store(process, address, page as u8 + 1).expect("committed");
        assert!(frame_at(&system, process, address) >= HIGH);
        assert_eq!(system.raw_pte(process, address) >> 12 & 0xFF_FFFF, u64::from(frame_at(&system, process, address)));
    }
    assert!(table_at(&system, process, 0x20_0000) >= HIGH);
    assert!((0..8).all(|page| system.load(process, 0x20_0000 + page * 0x1000) == Ok(page as u8 + 1)));
    let image = TestImage::plain(0x40_0000, 4);
    let section = system.add_image(image.clone()).expect("memory");
    system.space(process).map_image(section, None).expect("room");
    assert_eq!(system.load(process, 0x40_1234), Ok(image.byte(0x1234)));
    assert!(matches!(system.prototype(section, 1), PrototypePte::Valid(valid) if valid.frame().0 >= HIGH));
    system.sound();
    system.end_process(process);
    system.sound();
}

#[test]
fn the_very_last_frame_is_used_in_every_form() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    // All but the last page's frames are retired: no charge stands in the way.
    let last = FrameNumber(0xFF_FFFF);
    system.commit_at(process, 0x20_0000, 0x2000);
    system.store(process, 0x20_0000, 1).expect("committed");
    let others: Vec<u32> = (0..0x100).chain(HIGH..HIGH + 0x100).chain(0xFF_FFC0..0xFF_FFFF).collect();
    for frame in others {
        let _ = system.mm.retire_frame(FrameNumber(frame));
    }
    assert_eq!(system.mm.available_frames(), 1);
    system.store(process, 0x20_1000, 0x77).expect("the last frame");
    assert_eq!(frame_at(&system, process, 0x20_1000), last.0);
    assert_eq!(system.mm.available_frames(), 0);
    assert_eq!(system.raw_pte(process, 0x20_1000) & 0xF_FFFF_F000, 0xF_FFFF_F000);
    system.sound();
    system.protect(process, 0x20_1000, 1, PAGE_NOACCESS).expect("committed");
    let transition = Pte::Transition(last, mm::protection::Protection::NOACCESS);
    assert_eq!((system.pte(process, 0x20_1000), system.mm.frame(last).location()), (transition, Location::Modified));
    system.sound();
    system.protect(process, 0x20_1000, 1, PAGE_READONLY).expect("committed");
    assert_eq!(system.load(process, 0x20_1000), Ok(0x77));
    system.sound();
    system.end_process(process);
    assert!(system.mm.available_frames() > 0);
    system.sound();
}

#[test]
fn the_audit_finds_the_same_whatever_its_scratch() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    system.commit_at(process, 0x20_0000, 0x1_0000);
    (0..16).for_each(|page| system.store(process, 0x20_0000 + page * 0x1000, 1).expect("committed"));
    let expected = system.sound();
    assert_eq!(expected.mapped, 16);
    // Sixteen frames a pass: a million passes if the hole below 64 GB were walked, 36 if it is skipped.
    for words in [16, 100, 0x240, 0x8000] {
        assert_eq!(system.mm.verify(&mut vec![0; words]), Ok(expected), "{words}");
    }
}

#[test]
fn frames_above_four_gigabytes_are_the_first_to_be_used_and_the_rest_serves_when_they_are_gone() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    system.commit_at(process, 0x20_0000, 0x18_0000);
    let frames: Vec<u32> = (0..0x180)
        .map(|page| {
            system.store(process, 0x20_0000 + page * 0x1000, 1).expect("committed");
            frame_at(&system, process, 0x20_0000 + page * 0x1000)
        })
        .collect();
    // Colour goes before place, so that the last of them are not taken in a row.
    assert!(frames[..0x120].iter().all(|frame| *frame >= HIGH));
    assert!(frames[0x140..].iter().all(|frame| *frame < HIGH));
    let high = |frame: &FrameNumber| frame.0 >= HIGH && system.mm.frame(*frame).location() != Location::Active;
    assert_eq!((HIGH..HIGH + 0x100).chain(0xFF_FFC0..0x100_0000).map(FrameNumber).filter(high).count(), 0);
    system.sound();
    system.end_process(process);
    system.sound();
}
