//! Which frame an allocation gets, and what the lists look like after.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use mm::frame::{FrameRun, InUse, Location};
use mm::layout::{FrameNumber, VirtualAddress};
use mm::protection::Access;
use mm::pte::Pte;
use mm::system::Contents;
use model::calls::BOTH;
use model::hog::Hog;
use model::image::TestImage;
use model::machine::NoExecute;
use model::system::{Outcome, System};

/// Frames that [`mm::frame::Color`] tells apart.
const COLORS: u32 = 8;
/// A range of kernel addresses that nothing uses: pages of it are allocations of a wanted colour, their own page number's.
const SCRATCH: u32 = 0xB200_0000;

fn system() -> System {
    System::new(256, NoExecute::Supported)
}

/// The frames of a list, head first.
fn frames(system: &System, location: Location) -> Vec<u32> {
    let mut frames: Vec<u32> = Vec::new();
    let on_list = |frame: &FrameNumber| system.mm.frame(*frame).location() == location;
    let all: Vec<FrameNumber> = (0..system.mm.physical_pages().2).map(FrameNumber).filter(on_list).collect();
    let head = all.iter().find(|frame| system.mm.frame(**frame).u2.get() == 0xFFFF_FFFF);
    let mut at = head.map_or(0xFFFF_FFFF, |frame| frame.0);
    while at != 0xFFFF_FFFF {
        frames.push(at);
        at = system.mm.frame(FrameNumber(at)).u1.get();
    }
    assert_eq!(frames.len(), all.len());
    frames
}

/// Allocates a frame of the colour of kernel page number `number`.
fn take(system: &System, number: u32, contents: Contents) -> u32 {
    system.mm.map_system_page(VirtualAddress(SCRATCH + number * 0x1000).page(), contents).expect("a frame").0
}

fn give_back(system: &System, number: u32) {
    system.mm.unmap_system_page(VirtualAddress(SCRATCH + number * 0x1000).page());
}

fn counts(system: &System) -> (u32, u32, u32, u32, u32) {
    let length = |location| system.mm.list_length(location);
    (
        length(Location::Zeroed),
        length(Location::Free),
        length(Location::Standby),
        length(Location::Modified),
        system.mm.available_frames(),
    )
}

/// A system whose page table for [`SCRATCH`] exists and whose `zeroed` oldest free frames are zeroed.
fn with_zeroed(zeroed: u32) -> System {
    let system = system();
    take(&system, 0, Contents::Zeros);
    give_back(&system, 0);
    (0..zeroed).for_each(|_| assert!(system.mm.zero_one_frame()));
    system
}

#[test]
fn after_start_up_all_unused_frames_are_free_in_ascending_order() {
    let mut system = system();
    let free = frames(&system, Location::Free);
    assert!(free.is_sorted());
    assert_eq!(counts(&system), (0, free.len() as u32, 0, 0, free.len() as u32));
    assert_eq!(system.sound().frames, 256);
}

#[test]
fn the_zero_page_thread_takes_the_oldest_free_frame_to_the_head_of_zeroed() {
    let mut system = system();
    let free = frames(&system, Location::Free);
    assert!(system.mm.zeroing_is_due());
    for _ in 0..3 {
        assert!(system.mm.zero_one_frame());
        system.sound();
    }
    assert_eq!(frames(&system, Location::Zeroed), [free[2], free[1], free[0]]);
    assert_eq!(frames(&system, Location::Free), free[3..]);
    while system.mm.zero_one_frame() {}
    assert_eq!(counts(&system), (free.len() as u32, 0, 0, 0, free.len() as u32));
    assert!(!system.mm.zeroing_is_due() && !system.mm.zero_one_frame());
    for frame in free {
        assert!(system.mm.machine.frame_contents(FrameNumber(frame)).iter().all(|byte| *byte == 0));
    }
    system.sound();
}

#[test]
fn the_zero_page_thread_wakes_at_eight_free_frames() {
    let system = system();
    while system.mm.list_length(Location::Free) > 8 {
        assert!(system.mm.zeroing_is_due() && system.mm.zero_one_frame());
    }
    assert!(system.mm.zeroing_is_due());
    assert!(system.mm.zero_one_frame());
    assert!(!system.mm.zeroing_is_due());
}

#[test]
fn a_freed_frame_goes_to_the_tail_of_free() {
    let mut system = with_zeroed(0);
    let frame = take(&system, 1, Contents::Zeros);
    give_back(&system, 1);
    assert_eq!(frames(&system, Location::Free).last(), Some(&frame));
    system.sound();
}

#[test]
fn any_contents_take_free_of_the_colour_then_zeroed_of_the_colour_then_any_free_then_any_zeroed() {
    let mut system = with_zeroed(0);
    // Zero until Free has nothing of colour 3 and Zeroed has, and some of other colours is still Free.
    while frames(&system, Location::Free).iter().filter(|frame| **frame % COLORS == 3).count() > 1 {
        assert!(system.mm.zero_one_frame());
    }
    let free_of_3 = *frames(&system, Location::Free).iter().find(|frame| **frame % COLORS == 3).expect("one left");
    assert_eq!(take(&system, 3, Contents::Rubbish), free_of_3);
    let zeroed_of_3: Vec<u32> =
        frames(&system, Location::Zeroed).into_iter().filter(|frame| frame % COLORS == 3).collect();
    for (index, expected) in (1..).zip(&zeroed_of_3) {
        assert_eq!(take(&system, 3 + index * COLORS, Contents::Rubbish), *expected, "Zeroed, head first");
        system.sound();
    }
    let far = 1 + zeroed_of_3.len() as u32;
    for (index, expected) in (far..).zip(frames(&system, Location::Free)) {
        assert_eq!(take(&system, 3 + index * COLORS, Contents::Rubbish), expected, "any Free, oldest first");
    }
    let head = frames(&system, Location::Zeroed)[0];
    assert_eq!(take(&system, 3 + 60 * COLORS, Contents::Rubbish), head, "any Zeroed");
    system.sound();
}

#[test]
fn zeros_take_zeroed_of_the_colour_then_any_zeroed_then_free_of_the_colour_then_any_free() {
    let mut system = with_zeroed(20);
    let of =
        |list: &[u32], color: u32| list.iter().copied().filter(|frame| frame % COLORS == color).collect::<Vec<_>>();
    let zeroed_of_5 = of(&frames(&system, Location::Zeroed), 5);
    assert!(zeroed_of_5.len() >= 2);
    for (index, expected) in (0..).zip(&zeroed_of_5) {
        assert_eq!(take(&system, 5 + index * COLORS, Contents::Zeros), *expected);
    }
    let next = zeroed_of_5.len() as u32;
    let rest = frames(&system, Location::Zeroed);
    for (index, expected) in (next..).zip(&rest) {
        assert_eq!(take(&system, 5 + index * COLORS, Contents::Zeros), *expected, "any Zeroed, head first");
    }
    let next = next + rest.len() as u32;
    let free_of_5 = of(&frames(&system, Location::Free), 5);
    for (index, expected) in (next..).zip(&free_of_5) {
        system.mm.machine.frame_contents(FrameNumber(*expected));
        assert_eq!(take(&system, 5 + index * COLORS, Contents::Zeros), *expected, "Free of the colour");
        assert!(system.mm.machine.frame_contents(FrameNumber(*expected)).iter().all(|byte| *byte == 0));
    }
    let expected = frames(&system, Location::Free)[0];
    assert_eq!(take(&system, 5 + 62 * COLORS, Contents::Zeros), expected, "any Free, oldest first");
    system.sound();
}

/// A process that has read the five pages of an image's file, and ended: they are on Standby.
fn image_on_standby(system: &mut System) -> (TestImage, Link<mm::section::ControlArea>, Vec<u32>) {
    let image = TestImage::plain(0x40_0000, 7);
    let section = system.add_image(image.clone()).expect("memory");
    let process = system.start_process().expect("a process");
    system.space(process).map_image(section, None).expect("room");
    for page in [1, 2, 3, 4, 5] {
        assert_eq!(system.load(process, 0x40_0000 + page * 0x1000), Ok(image.byte(page * 0x1000)));
    }
    let order = frames_of(system, process, [1, 2, 3, 4, 5].map(|page| 0x40_0000 + page * 0x1000));
    system.end_process(process);
    system.sound();
    (image, section, order)
}

fn frames_of<const N: usize>(system: &System, process: Link<Eprocess>, addresses: [u32; N]) -> Vec<u32> {
    let frame = |address| match system.pte(process, address) {
        Pte::Valid(valid) => valid.frame().0,
        other => panic!("{address:x}: {other:?}"),
    };
    addresses.map(frame).to_vec()
}

#[test]
fn pages_that_lose_their_last_mapper_go_to_the_tail_of_standby() {
    let mut system = system();
    let (_, section, order) = image_on_standby(&mut system);
    assert_eq!(frames(&system, Location::Standby), order);
    let (zeroed, free, standby, modified, available) = counts(&system);
    assert_eq!((standby, modified, available), (5, 0, zeroed + free + 5));
    assert_eq!(system.pfn_references(section), 5);
}

#[test]
fn a_standby_page_comes_back_without_a_read_and_leaves_the_list() {
    let mut system = system();
    let (image, section, order) = image_on_standby(&mut system);
    let process = system.start_process().expect("a process");
    system.space(process).map_image(section, None).expect("room");
    let available = system.mm.available_frames();
    system.set_disk(model::system::Disk::Broken);
    assert_eq!(system.load(process, 0x40_3000), Ok(image.byte(0x3000)));
    assert_eq!(frames(&system, Location::Standby), [order[0], order[1], order[3], order[4]]);
    assert_eq!(system.mm.available_frames(), available - 2, "the page and its page table");
    assert_eq!(system.pfn_references(section), 5);
    system.sound();
}

#[test]
fn with_all_else_gone_the_oldest_standby_page_is_taken_and_its_prototype_says_file_again() {
    let mut system = system();
    take(&system, 0, Contents::Rubbish);
    let (image, section, order) = image_on_standby(&mut system);
    let mut hog = Hog::new(&mut system);
    hog.fill(&system, 5);
    assert_eq!((counts(&system), system.pfn_references(section)), ((0, 0, 5, 0, 5), 5));
    for (taken, expected) in (1..).zip(&order[..4]) {
        assert_eq!(hog.take(&system), Some(FrameNumber(*expected)));
        assert_eq!(system.pfn_references(section), 5 - taken);
        system.sound();
    }
    assert_eq!(counts(&system), (0, 0, 1, 0, 1));
    assert_eq!(take(&system, 1, Contents::Zeros), order[4]);
    assert!(
        system.mm.machine.frame_contents(FrameNumber(order[4])).iter().all(|byte| *byte == 0),
        "zeroed on the spot"
    );
    assert_eq!((counts(&system), hog.take(&system)), ((0, 0, 0, 0, 0), None));
    assert!(system.mm.map_system_page(VirtualAddress(SCRATCH + 0x2000).page(), Contents::Zeros).is_err());
    system.sound();
    hog.end(&system);
    let process = system.start_process().expect("a process");
    system.space(process).map_image(section, None).expect("room");
    assert_eq!(system.load(process, 0x40_1000), Ok(image.byte(0x1000)), "read from the file again");
    assert_eq!(system.pfn_references(section), 1);
    system.sound();
}

#[test]
fn a_private_page_that_was_reset_and_taken_reads_as_zero_and_is_no_longer_counted() {
    use mm::machine::Records;
    let mut system = system();
    let process = system.start_process().expect("a process");
    system.commit_at(process, 0x1_0000, 0x2000);
    system.store(process, 0x1_0000, 0xAA).expect("committed");
    system.store(process, 0x1_1000, 0xBB).expect("committed");
    system.allocate(process, MEM_RESET, PAGE_READWRITE, 0x1_0000, 0x1000).expect("committed");
    system.protect(process, 0x1_0000, 0x2000, PAGE_NOACCESS).expect("committed");
    assert_eq!((counts(&system).2, counts(&system).3), (1, 1), "the reset page is clean, the other dirty");
    assert_eq!(system.mm.machine.record(process).number_of_private_pages.get(), 2);
    let mut hog = Hog::new(&mut system);
    hog.fill(&system, 0);
    assert_eq!(system.pte(process, 0x1_0000), Pte::DemandZero(mm::protection::Protection::NOACCESS));
    assert_eq!(system.mm.machine.record(process).number_of_private_pages.get(), 1);
    system.sound();
    hog.end(&system);
    system.protect(process, 0x1_0000, 0x2000, PAGE_READWRITE).expect("committed");
    assert_eq!((system.load(process, 0x1_0000), system.load(process, 0x1_1000)), (Ok(0), Ok(0xBB)));
    system.end_process(process);
    system.sound();
}

#[test]
fn reading_the_zeros_of_an_image_keeps_no_memory_once_the_process_is_gone() {
    let mut system = system();
    let image = TestImage::plain(0x40_0000, 7);
    let section = system.add_image(image).expect("memory");
    let process = system.start_process().expect("a process");
    system.end_process(process);
    let available = system.mm.available_frames();
    let process = system.start_process().expect("a process");
    system.space(process).map_image(section, None).expect("room");
    assert_eq!(system.load(process, 0x40_7000), Ok(0), "past the file's data");
    assert_eq!(system.access(process, 0x40_6000, Access::Write), Outcome::Done);
    system.end_process(process);
    assert_eq!(counts(&system).3, 0, "zeros are clean");
    assert_eq!(system.mm.available_frames(), available);
    system.sound();
}

#[test]
fn a_retired_frame_is_never_allocated_again() {
    let mut system = system();
    let free = frames(&system, Location::Free);
    (0..4).for_each(|_| assert!(system.mm.zero_one_frame()));
    let before = system.mm.available_frames();
    // A head and a middle of their colours, of both lists.
    let retired = [free[0], free[2], free[20], free[free.len() - 1]];
    for (count, frame) in (1..).zip(retired) {
        system.mm.retire_frame(FrameNumber(frame)).expect("not in use");
        assert_eq!((system.mm.list_length(Location::Bad), system.mm.available_frames()), (count, before - count));
        assert_eq!(system.mm.retire_frame(FrameNumber(frame)), Err(InUse), "already there");
        system.sound();
    }
    assert_eq!(frames(&system, Location::Bad), retired);
    let process = system.start_process().expect("a process");
    system.allocate(process, BOTH, PAGE_READWRITE, 0x1_0000, 0x4_0000).expect("room");
    (0..0x40).for_each(|page| system.store(process, 0x1_0000 + page * 0x1000, 1).expect("a frame"));
    assert_eq!(frames(&system, Location::Bad), retired);
    assert_eq!(system.mm.retire_frame(FrameNumber(0)), Err(InUse), "the kernel's");
    assert_eq!(system.mm.retire_frame(FrameNumber(0x1000)), Err(InUse), "no RAM");
    system.sound();
}

/// The frames of the Free list of each colour, head first, and back from its end.
fn by_color(system: &System) -> [Vec<u32>; COLORS as usize] {
    let free = frames(system, Location::Free);
    std::array::from_fn(|color| {
        let expected: Vec<u32> = free.iter().copied().filter(|frame| frame % COLORS == color as u32).collect();
        let link = |frame: u32| &system.mm.frame(FrameNumber(frame)).original_pte;
        let forward = |at: &u32| Some(link(*at).low.get()).filter(|next| *next != 0xFFFF_FFFF);
        let back = |at: &u32| Some(link(*at).high.get()).filter(|next| *next != 0xFFFF_FFFF);
        let chain: Vec<u32> = std::iter::successors(expected.first().copied(), forward).collect();
        let mut reverse: Vec<u32> = std::iter::successors(expected.last().copied(), back).collect();
        reverse.reverse();
        assert_eq!((&chain, &reverse), (&expected, &expected), "colour {color}");
        chain
    })
}

#[test]
fn start_up_puts_runs_of_every_shape_on_free_in_order_and_by_colour() {
    let runs = |runs: &[(u32, u32)]| runs.iter().map(|(base, end)| FrameRun::between(*base, *end)).collect::<Vec<_>>();
    for (ram, bad) in [
        (vec![(0, 0x40)], vec![]),
        (vec![(0, 0x41), (0x47, 0x48), (0x4A, 0x53), (0x60, 0x68), (0x71, 0x7F)], vec![]),
        (vec![(0, 0x45)], vec![(0x20, 0x23), (0x21, 0x29), (0x44, 0x50)]),
        (vec![(0, 0x43), (0x10_0003, 0x10_0015)], vec![(0x1F, 0x20)]),
    ] {
        let (ram, bad) = (runs(&ram), runs(&bad));
        let mut system = System::with_bad_memory(&ram, &bad, NoExecute::Supported);
        system.sound();
        let is_bad = |frame: &u32| bad.iter().any(|run| run.contains(FrameNumber(*frame)));
        let all = || ram.iter().flat_map(|run| run.frames()).map(|frame| frame.0);
        let listed: Vec<u32> = all().filter(is_bad).collect();
        assert_eq!(all_frames(&system, &ram, Location::Bad), listed);
        let free = all_frames(&system, &ram, Location::Free);
        let active = all_frames(&system, &ram, Location::Active);
        assert_eq!(free.len() + active.len() + listed.len(), all().count());
        assert!(!free.iter().chain(&active).any(is_bad));
        assert_eq!(system.mm.available_frames(), free.len() as u32);
    }
}

/// The frames of RAM in `location`, ascending.
fn all_frames(system: &System, ram: &[FrameRun], location: Location) -> Vec<u32> {
    let frames = ram.iter().flat_map(|run| run.frames());
    frames.filter(|frame| system.mm.frame(*frame).location() == location).map(|frame| frame.0).collect()
}

#[test]
fn colours_are_linked_both_ways_and_frames_leave_from_anywhere() {
    let mut system = system();
    let free = frames(&system, Location::Free);
    let before = by_color(&system);
    for index in [0, 1, 40, 41, 48, 100, free.len() - 1] {
        system.mm.retire_frame(FrameNumber(free[index])).expect("free");
        by_color(&system);
        system.sound();
    }
    take(&system, 5, Contents::Rubbish);
    give_back(&system, 5);
    let after = by_color(&system);
    let length = |colors: &[Vec<u32>]| colors.iter().map(Vec::len).sum::<usize>();
    // Seven are retired, and the first allocation made a page table.
    assert_eq!(length(&before), length(&after) + 8);
    system.sound();
}

#[test]
fn the_zero_page_thread_stops_where_it_is_told_to() {
    let mut system = system();
    let free = system.mm.list_length(Location::Free);
    system.mm.limit_zeroed(40);
    assert!(system.mm.zero_frames());
    assert_eq!(system.mm.list_length(Location::Zeroed), 8, "a batch");
    while system.mm.zero_frames() {}
    assert_eq!(counts(&system), (40, free - 40, 0, 0, free));
    assert!(!system.mm.zeroing_is_due());
    // Fewer than eight below the limit do not wake it.
    (1..=7).for_each(|number| assert!(take(&system, number, Contents::Zeros) > 0));
    assert_eq!(system.mm.list_length(Location::Zeroed), 32, "and the page table");
    assert!(system.mm.zeroing_is_due() && system.mm.zero_frames());
    assert_eq!(system.mm.list_length(Location::Zeroed), 40);
    system.sound();
}
