//! AWE: frames that a program owns by their numbers, and the windows that show them.

use abi::cell::Link;
use abi::frames::{FrameState, Use};
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus as S;
use mm::frame::{FrameRun, Location, Removal};
use mm::layout::FrameNumber;
use mm::machine::{FrameBytes, Records};
use mm::protection::Access;
use mm::pte::{Pte, ValidPte};
use mm::system::Exhausted;
use mm::vad::VadFlags;
use mm::verify::Corruption;
use model::calls::BOTH;
use model::machine::NoExecute;
use model::random::Random;
use model::system::{Outcome, System};

const RW: u32 = PAGE_READWRITE;
const WINDOW: u32 = 0x100_0000;
const OTHER: u32 = 0x4000_0000;
/// Pages of each window.
const PAGES: u32 = 16;

/// A process with two windows of 16 pages.
fn scene() -> (System, Link<Eprocess>) {
    scene_of(1024)
}

/// The same on a machine with so many frames.
fn scene_of(frames: u32) -> (System, Link<Eprocess>) {
    let system = System::new(frames, NoExecute::Supported);
    let process = system.start_process().expect("memory");
    system.window(process, WINDOW, PAGES);
    system.window(process, OTHER, PAGES);
    (system, process)
}

fn page(index: u32) -> u32 {
    WINDOW + index * 0x1000
}

/// A byte by which each frame is known.
fn stamp(system: &System, process: Link<Eprocess>, address: u32, byte: u8) {
    assert_eq!(system.load(process, address), Ok(0), "frames come full of zeros");
    system.store(process, address, byte).expect("mapped");
}

fn frame_at(system: &System, process: Link<Eprocess>, address: u32) -> Option<FrameNumber> {
    match system.pte(process, address) {
        Pte::Valid(valid) => Some(valid.frame()),
        Pte::Empty => None,
        other => panic!("{address:x}: {other:?}"),
    }
}

#[test]
fn a_window_is_reserved_and_shows_nothing() {
    let (mut system, process) = scene();
    let vad = system.space(process).vads().find(mm::layout::VirtualPage(WINDOW >> 12)).expect("there");
    let flags = system.space(process).vads().node(vad).flags();
    assert_eq!(flags.0, 0x8420_0000);
    assert!(flags.has(VadFlags::USER_PHYSICAL_PAGES));
    assert_eq!(system.process_charge(process), 2, "page tables only");
    assert_eq!(system.access(process, WINDOW, Access::Read), Outcome::AccessViolation);
    let region = system.query(process, page(3));
    assert_eq!((region.allocation_base, region.allocation_protect, region.size), (WINDOW, RW, 13 * 0x1000));
    assert_eq!((region.state, region.protect, region.kind), (MEM_RESERVE, 0, MEM_PRIVATE));
    system.sound();
    let top = system.allocate(process, MEM_RESERVE | MEM_PHYSICAL | MEM_TOP_DOWN, RW, 0, 0x5000);
    assert_eq!(top, Ok((0x7FFD_0000, 0x5000)));
    assert_eq!(
        system.allocate(process, MEM_RESERVE | MEM_PHYSICAL, RW, WINDOW + 0xF_000, 1),
        Err(S::CONFLICTING_ADDRESSES)
    );
    assert_eq!(system.allocate(process, MEM_RESERVE | MEM_PHYSICAL, PAGE_READONLY, 0, 1), Err(S::INVALID_PARAMETER_6));
    assert_eq!(system.allocate(process, MEM_COMMIT | MEM_PHYSICAL, RW, 0, 1), Err(S::INVALID_PARAMETER_5));
    assert_eq!(system.allocate(process, BOTH | MEM_PHYSICAL, RW, 0, 1), Err(S::INVALID_PARAMETER_5));
    system.sound();
}

#[test]
fn frames_are_charged_zeroed_and_in_no_working_set() {
    let (mut system, process) = scene();
    // What was free before has rubbish in it.
    let before = system.sound();
    let other = system.start_process().expect("memory");
    system.commit_at(other, 0x20_0000, 0x40_000);
    (0..64).for_each(|page| system.store(other, 0x20_0000 + page * 0x1000, 0xAA).expect("committed"));
    system.end_process(other);
    let (committed, size) = (system.mm.commit.current(), system.mm.machine.record(process).vm.working_set_size.get());
    let charge = system.process_charge(process);
    let kernel = system.mm.kernel_frames();
    let frames = system.frames(process, 100);
    for frame in &frames {
        assert!(system.mm.machine.frame_contents(*frame).iter().all(|byte| *byte == 0));
        assert_eq!(system.mm.frame_state(*frame), FrameState::new(Location::Active as u8, Use::Awe));
    }
    let grown = system.mm.kernel_frames() - kernel;
    assert_eq!(system.mm.commit.current(), committed + 100 + grown);
    assert_eq!(system.process_charge(process), charge, "nothing of it is the process's");
    let info = system.mm.awe_info(process).expect("it owns some");
    assert_eq!((info.frames.get(), info.mapped.get()), (100, 0));
    let audit = system.sound();
    assert_eq!((audit.awe, audit.mapped), (100, before.mapped));
    system.map_frames(process, WINDOW, &frames[..10]).expect("its own");
    let audit = system.sound();
    assert_eq!((audit.awe, audit.mapped), (100, before.mapped + 10));
    // Valid, PAGE_READWRITE, locked.
    assert_eq!([9, 10].map(|page| system.space(process).page_report(WINDOW + page * 0x1000)), [0x0040_0041, 0]);
    // A page table more, and nothing else.
    assert_eq!(system.mm.machine.record(process).vm.working_set_size.get(), size + 1);
    assert_eq!(system.mm.machine.record(process).number_of_private_pages.get(), 0);
    assert_eq!(system.mm.awe_info(process).expect("it does").mapped.get(), 10);
    system.end_process(process);
    assert_eq!(system.sound().awe, 0);
}

#[test]
fn what_is_stored_stays_with_the_frame_wherever_it_is_mapped() {
    let (mut system, process) = scene();
    let frames = system.frames(process, 3);
    system.map_frames(process, page(2), &frames).expect("its own");
    for index in 0..3 {
        stamp(&system, process, page(2 + index), 10 + index as u8);
        assert_eq!(frame_at(&system, process, page(2 + index)), Some(frames[index as usize]));
    }
    assert_eq!(system.raw_pte(process, page(2)), 1 << 63 | u64::from(frames[0].0) << 12 | 0x67);
    assert_eq!(system.access(process, page(1), Access::Read), Outcome::AccessViolation);
    assert_eq!(system.access(process, page(5), Access::Write), Outcome::AccessViolation);
    assert_eq!(system.access(process, page(2), Access::Execute), Outcome::AccessViolation);
    let region = system.query(process, page(2));
    assert_eq!((region.size, region.state, region.protect), (0x3000, MEM_COMMIT, RW));
    assert_eq!(system.query(process, WINDOW).size, 0x2000);
    system.sound();
    system.unmap_frames(process, page(2), 3).expect("a window");
    assert_eq!(system.access(process, page(2), Access::Read), Outcome::AccessViolation);
    assert_eq!(system.sound().mapped, 0);
    system.map_frames(process, OTHER + 0xF000, &frames[1..2]).expect("its own");
    assert_eq!(system.load(process, OTHER + 0xF000), Ok(11));
    assert_eq!(system.map_frames(process, OTHER, &[frames[2], frames[0]]), Ok(()));
    assert_eq!([0, 1].map(|index| system.load(process, OTHER + index * 0x1000)), [Ok(12), Ok(10)]);
    system.sound();
}

#[test]
fn old_mappings_are_overwritten_and_frames_may_change_places() {
    let (mut system, process) = scene();
    let frames = system.frames(process, 40);
    system.map_frames(process, WINDOW, &frames[..4]).expect("its own");
    (0..4).for_each(|index| stamp(&system, process, page(index), index as u8 + 1));
    let shown =
        |system: &System| (0..5).map(|index| system.load(process, page(index)).unwrap_or(0)).collect::<Vec<_>>();
    let order = |order: [usize; 4]| order.map(|index| frames[index]);
    assert_eq!(system.map_frames(process, WINDOW, &order([3, 2, 1, 0])), Ok(()), "turned round");
    assert_eq!(shown(&system), [4, 3, 2, 1, 0]);
    assert_eq!(system.map_frames(process, WINDOW, &order([3, 2, 1, 0])), Ok(()), "as it is");
    system.sound();
    assert_eq!(system.map_frames(process, WINDOW, &[frames[7], frames[3]]), Ok(()), "one comes, one moves, one goes");
    assert_eq!(shown(&system), [0, 4, 2, 1, 0]);
    assert_eq!(system.map_frames(process, page(2), &[frames[2], frames[1], frames[0]]), Ok(()));
    assert_eq!(shown(&system), [0, 4, 3, 2, 1]);
    system.sound();
    // As many as make all translations be dropped at once.
    let system = system;
    system.window(process, 0x200_0000, 64);
    system.unmap_frames(process, WINDOW, PAGES).expect("a window");
    system.map_frames(process, 0x200_0000, &frames).expect("its own");
    let turned: Vec<_> = frames.iter().copied().rev().collect();
    assert_eq!(system.load(process, 0x200_1000), Ok(2));
    system.map_frames(process, 0x200_0000, &turned).expect("its own");
    assert_eq!(system.load(process, 0x200_0000 + 38 * 0x1000), Ok(2));
    let mut system = system;
    system.sound();
}

#[test]
fn a_request_with_one_bad_entry_changes_nothing() {
    let (mut system, process) = scene();
    let frames = system.frames(process, 8);
    let stranger = system.start_process().expect("memory");
    let foreign = system.frames(stranger, 1)[0];
    system.commit_at(process, 0x20_0000, 0x1000);
    system.store(process, 0x20_0000, 1).expect("committed");
    let private = frame_at(&system, process, 0x20_0000).expect("touched");
    system.map_frames(process, WINDOW, &frames[..2]).expect("its own");
    system.map_frames(process, OTHER, &frames[2..3]).expect("its own");
    let free = (0..1024).map(FrameNumber).find(|frame| system.mm.frame(*frame).location() == Location::Free);
    let bad =
        [foreign, private, FrameNumber(0), FrameNumber(1024), FrameNumber(u32::MAX), free.expect("one"), frames[2]];
    let before = system.picture(process);
    for bad in bad {
        for at in 0..3 {
            let mut asked = vec![frames[4], frames[1], frames[5]];
            asked[at] = bad;
            assert_eq!(system.map_frames(process, WINDOW, &asked), Err(S::CONFLICTING_ADDRESSES), "{bad:?} at {at}");
            assert_eq!(system.picture(process), before, "{bad:?} at {at}");
        }
    }
    let twice = [frames[4], frames[5], frames[4]];
    assert_eq!(system.map_frames(process, page(4), &twice), Err(S::CONFLICTING_ADDRESSES));
    // The first two are where the request does not reach.
    assert_eq!(system.map_frames(process, page(1), &frames[..1]), Err(S::CONFLICTING_ADDRESSES));
    let places = [page(15), 0x20_0000, 0x30_0000, OTHER + 0xF000, 0x7FFD_F000, 0];
    for base in places {
        assert_eq!(system.map_frames(process, base, &frames[4..6]), Err(S::INVALID_PARAMETER_1), "{base:x}");
        let asked = [(WINDOW, None), (base + 0x1000, Some(frames[4])), (page(3), Some(frames[5]))];
        assert_eq!(system.scatter(process, &asked), Err(S::INVALID_PARAMETER_1), "{base:x}");
        assert_eq!(system.unmap_frames(process, base, 2), Err(S::INVALID_PARAMETER_1), "{base:x}");
    }
    assert_eq!(system.picture(process), before);
    // A process without frames has nothing to map, but may say that nothing is mapped.
    let poor = system.start_process().expect("memory");
    system.window(poor, WINDOW, 2);
    assert_eq!(system.map_frames(poor, WINDOW, &frames[..1]), Err(S::CONFLICTING_ADDRESSES));
    assert_eq!(system.unmap_frames(poor, WINDOW, 2), Ok(()));
    assert_eq!(system.unmap_frames(poor, WINDOW, 3), Err(S::INVALID_PARAMETER_1));
    system.sound();
}

#[test]
fn scattered_requests_reach_several_windows_and_unmap_where_they_name_no_frame() {
    let (mut system, process) = scene();
    let frames = system.frames(process, 4);
    let first = [(page(3), Some(frames[0])), (OTHER, Some(frames[1])), (page(15), Some(frames[2]))];
    assert_eq!(system.scatter(process, &first), Ok(()));
    stamp(&system, process, page(3), 1);
    stamp(&system, process, OTHER, 2);
    stamp(&system, process, page(15), 3);
    // The address within a page does not matter; frames move, whatever the order of the entries.
    let moves =
        [(OTHER + 0x2FFF, Some(frames[0])), (page(3), None), (page(15), Some(frames[1])), (OTHER, Some(frames[2]))];
    assert_eq!(system.scatter(process, &moves), Ok(()));
    assert_eq!(system.load(process, OTHER + 0x2000), Ok(1));
    assert_eq!((system.load(process, page(15)), system.load(process, OTHER)), (Ok(2), Ok(3)));
    assert_eq!(system.load(process, page(3)), Err(Outcome::AccessViolation));
    system.sound();
    // The last of several entries for one page holds.
    let again = [
        (page(0), Some(frames[3])),
        (page(0), Some(frames[0])),
        (OTHER + 0x2000, None),
        (page(1), Some(frames[2])),
        (page(1), None),
        (OTHER, None),
    ];
    assert_eq!(system.scatter(process, &again), Ok(()));
    assert_eq!(system.load(process, page(0)), Ok(1));
    assert_eq!(system.load(process, page(1)), Err(Outcome::AccessViolation));
    assert_eq!(system.sound().mapped, 2);
    assert_eq!(
        system.scatter(process, &[(page(2), Some(frames[1]))]),
        Err(S::CONFLICTING_ADDRESSES),
        "still at page 15"
    );
    assert_eq!(
        system.scatter(process, &[(page(0), Some(frames[2])), (page(0), Some(frames[2]))]),
        Err(S::CONFLICTING_ADDRESSES)
    );
    assert_eq!(system.scatter(process, &[]), Ok(()));
    system.sound();
}

#[test]
fn a_freed_frame_is_unmapped_and_anybodys() {
    let (mut system, process) = scene();
    let before = system.mm.available_frames();
    let committed = system.mm.commit.current();
    let frames = system.frames(process, 6);
    system.map_frames(process, WINDOW, &frames[..4]).expect("its own");
    system.store(process, page(1), 7).expect("mapped");
    assert_eq!(system.free_frames(process, &frames[1..2]), (1, Ok(())));
    assert_eq!(system.access(process, page(1), Access::Read), Outcome::AccessViolation);
    assert_eq!(system.mm.frame(frames[1]).location(), Location::Free);
    system.sound();
    assert_eq!(system.free_frames(process, &frames), (1, Err(S::CONFLICTING_ADDRESSES)), "the first, but not twice");
    assert_eq!(system.free_frames(process, &[FrameNumber(u32::MAX)]), (0, Err(S::CONFLICTING_ADDRESSES)));
    let stranger = system.start_process().expect("memory");
    assert_eq!(system.free_frames(stranger, &frames[2..3]), (0, Err(S::CONFLICTING_ADDRESSES)));
    system.end_process(stranger);
    system.sound();
    assert_eq!(system.free_frames(process, &frames[2..]), (4, Ok(())));
    let audit = system.sound();
    assert_eq!((audit.awe, audit.mapped), (0, 0));
    system.end_process(process);
    system.sound();
    assert!(system.mm.available_frames() >= before && system.mm.commit.current() < committed);
}

#[test]
fn a_window_that_goes_leaves_its_frames_to_the_process() {
    let (mut system, process) = scene();
    let frames = system.frames(process, 5);
    system.map_frames(process, WINDOW, &frames).expect("its own");
    stamp(&system, process, page(4), 9);
    let before = system.picture(process);
    let (release, decommit) = (MEM_RELEASE, MEM_DECOMMIT);
    for (kind, base, size, status) in [
        (decommit, WINDOW, 0, S::MEMORY_NOT_ALLOCATED),
        (decommit, page(1), 0x1000, S::MEMORY_NOT_ALLOCATED),
        (release, page(1), 0, S::FREE_VM_NOT_AT_BASE),
        (release, page(1), 0x1000, S::FREE_VM_NOT_AT_BASE),
        (release, WINDOW, 0x1000, S::UNABLE_TO_FREE_VM),
        (release, WINDOW, 0x1_1000, S::UNABLE_TO_FREE_VM),
    ] {
        assert_eq!(system.free(process, kind, base, size), Err(status), "{kind:x} {base:x} {size:x}");
    }
    for protect in [RW, PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE | PAGE_GUARD] {
        assert_eq!(system.protect(process, WINDOW, 0x1000, protect), Err(S::CONFLICTING_ADDRESSES));
    }
    assert_eq!(system.allocate(process, MEM_COMMIT, RW, page(6), 1), Err(S::CONFLICTING_ADDRESSES));
    assert_eq!(system.allocate(process, MEM_RESET, RW, WINDOW, 1), Err(S::CONFLICTING_ADDRESSES));
    let range = mm::virtual_memory::PageRange::of(WINDOW, 0x1000);
    assert_eq!(system.space(process).check_lockable(range), Err(S::INCOMPATIBLE_FILE_MAP));
    let unlocked = system.space(process).unlock_pages(range, mm::working_set::LockKind::WorkingSet);
    assert_eq!(unlocked, Err(S::INCOMPATIBLE_FILE_MAP));
    assert_eq!(system.picture(process), before);
    assert_eq!(system.free(process, release, WINDOW, 0), Ok((WINDOW, 0x1_0000)));
    let audit = system.sound();
    assert_eq!((audit.awe, audit.mapped), (5, 0));
    system.map_frames(process, OTHER, &frames[4..]).expect("its own");
    assert_eq!(system.load(process, OTHER), Ok(9));
    assert_eq!(system.free(process, release, OTHER, 0x1_0000), Ok((OTHER, 0x1_0000)));
    system.sound();
}

#[test]
fn fewer_frames_are_given_before_memory_becomes_short() {
    let (mut system, process) = scene();
    let wanted = system.mm.frames_wanted();
    let frames = system.allocate_frames(process, 5000).expect("a bitmap");
    assert_eq!(system.mm.commit.limit() - system.mm.commit.current(), wanted);
    assert!(frames.len() > 500 && !system.mm.is_memory_short());
    assert_eq!(system.allocate_frames(process, 1), Ok(vec![]));
    let poor = system.start_process().expect("memory is left");
    assert_eq!(system.allocate_frames(poor, 1), Ok(vec![]));
    assert!(system.mm.awe_info(poor).is_none(), "a bitmap for nothing goes again");
    system.sound();
    system.end_process(process);
    assert_eq!(system.sound().awe, 0);
    // What is promised already is not given away either.
    system.commit_at(poor, 0x100_0000, (system.mm.commit.limit() - system.mm.commit.current() - wanted - 30) * 0x1000);
    let given = system.allocate_frames(poor, 100).expect("a bitmap").len();
    assert!((1..30).contains(&given), "{given}, and a page for the bitmap");
    assert_eq!(system.mm.commit.limit() - system.mm.commit.current(), wanted);
    system.sound();
    // And what nobody was promised but everybody uses stays for them.
    let (mut system, process) = scene_of(384);
    system.add_paging_file(4096, 4096);
    let frames = system.allocate_frames(process, 5000).expect("a bitmap");
    assert_eq!(system.mm.available_frames(), system.mm.frames_wanted());
    assert!(frames.len() > 200 && system.mm.commit.limit() - system.mm.commit.current() > 4000);
    system.sound();
}

#[test]
fn neither_trimming_nor_ageing_nor_paging_touches_them() {
    let (mut system, process) = scene_of(384);
    system.add_paging_file(512, 512);
    let frames = system.frames(process, PAGES as usize);
    system.map_frames(process, WINDOW, &frames).expect("its own");
    (0..PAGES).for_each(|index| stamp(&system, process, page(index), index as u8));
    let entries: Vec<_> = (0..PAGES).map(|index| system.raw_pte(process, page(index))).collect();
    system.commit_at(process, 0x20_0000, 0x4000);
    (0..4).for_each(|page| system.store(process, 0x20_0000 + page * 0x1000, 1).expect("committed"));
    for _ in 0..4 {
        system.space(process).age_working_set();
    }
    assert!(system.empty(process) >= 4);
    system.page_out();
    system.drain_standby();
    system.sound();
    assert_eq!((0..PAGES).map(|index| system.raw_pte(process, page(index))).collect::<Vec<_>>(), entries);
    assert!((0..PAGES).all(|index| system.load(process, page(index)) == Ok(index as u8)));
    // The page table of a window with nothing in it may go, and comes back.
    system.unmap_frames(process, page(1), PAGES - 1).expect("a window");
    system.commit_at(process, 0x110_0000, 0x1000);
    system.store(process, 0x110_0000, 5).expect("committed");
    system.unmap_frames(process, WINDOW, 1).expect("a window");
    assert!(system.empty(process) > 0);
    system.page_out();
    assert!(system.space(process).any_table_is_out());
    system.drain_standby();
    assert_eq!(system.sound().hidden, 1);
    system.bring_tables_in(process, WINDOW, 0x1000).expect("the disk is sound");
    system.map_frames(process, page(7), &frames[7..8]).expect("its own");
    assert_eq!((system.load(process, page(7)), system.load(process, 0x110_0000)), (Ok(7), Ok(5)));
    system.sound();
}

#[test]
fn frames_above_four_gigabytes_are_mapped_by_entries_of_36_bits() {
    let runs = [(0, 0x600), (0x10_0000, 0x300), (0xFF_FFC0, 0x40)]
        .map(|(base, count)| FrameRun { base: FrameNumber(base), count });
    let mut system = System::with_memory(&runs, NoExecute::Absent);
    let process = system.start_process().expect("memory");
    system.window(process, WINDOW, 0x150);
    let frames = system.frames(process, 0x150);
    let last = frames.iter().position(|frame| frame.0 == 0xFF_FFFF).expect("what lies above is given first");
    system.map_frames(process, WINDOW, &frames).expect("its own");
    let address = page(last as u32);
    stamp(&system, process, address, 0x77);
    assert_eq!(system.raw_pte(process, address), 0xF_FFFF_F067);
    assert_eq!(system.access(process, address, Access::Execute), Outcome::Done, "without NX");
    let mut byte = [0];
    system.mm.machine.read(FrameNumber(0xFF_FFFF), 0, &mut byte);
    assert_eq!(byte, [0x77]);
    // The bitmap reaches as far as the highest frame.
    assert_eq!(system.mm.awe_info(process).expect("it has some").bitmap_pages.get(), 0x200);
    system.sound();
    system.end_process(process);
    system.sound();
}

#[test]
fn a_frame_that_is_found_bad_stays_until_it_is_freed() {
    let (mut system, process) = scene();
    let frames = system.frames(process, 2);
    system.map_frames(process, WINDOW, &frames).expect("its own");
    stamp(&system, process, WINDOW, 3);
    assert_eq!(system.mm.remove_frame(frames[0]), Ok(Removal::Requested));
    system.sound();
    assert_eq!((system.load(process, WINDOW), frame_at(&system, process, WINDOW)), (Ok(3), Some(frames[0])));
    system.unmap_frames(process, WINDOW, 2).expect("a window");
    assert_eq!(system.mm.remove_frame(frames[1]), Ok(Removal::Requested));
    system.map_frames(process, page(4), &frames).expect("its own");
    assert_eq!(system.free_frames(process, &frames[..1]), (1, Ok(())));
    assert_eq!(system.mm.frame(frames[0]).location(), Location::Bad);
    system.sound();
    system.end_process(process);
    assert_eq!(system.mm.frame(frames[1]).location(), Location::Bad);
    system.sound();
}

type Call = fn(&System, Link<Eprocess>, &[FrameNumber]) -> Result<(), S>;

const CALLS: [(&str, Call, u32); 4] = [
    (
        "a window",
        |system, process, _| system.allocate(process, MEM_RESERVE | MEM_PHYSICAL, RW, 0, 0x1_0000).map(drop),
        2,
    ),
    ("map", |system, process, frames| system.map_frames(process, WINDOW, &frames[1..3]), 1),
    (
        "map in two page tables",
        |system, process, frames| {
            system.scatter(process, &[(OTHER, Some(frames[0])), (page(2), Some(frames[1])), (page(9), None)])
        },
        1,
    ),
    (
        "move from one page table to another",
        |system, process, frames| system.scatter(process, &[(0x200_0000, None), (page(2), Some(frames[0]))]),
        1,
    ),
];

#[test]
fn each_request_for_memory_may_be_refused() {
    for (what, call, least) in CALLS {
        for nth in 1.. {
            let (mut system, process) = scene();
            system.window(process, 0x200_0000, 1);
            let frames = system.frames(process, 4);
            system.map_frames(process, 0x200_0000, &frames[..1]).expect("its own");
            if what != "move from one page table to another" {
                system.unmap_frames(process, 0x200_0000, 1).expect("a window");
            }
            let grown = system.mm.kernel_frames();
            let before = system.picture(process).without_kernel(grown);
            system.mm.failing().arm_once(nth);
            let result = call(&system, process, &frames);
            system.mm.failing().disarm();
            system.sound();
            if let Err(status) = result {
                assert!(
                    [S::NO_MEMORY, S::INSUFFICIENT_RESOURCES, S::COMMITMENT_LIMIT].contains(&status),
                    "{what}: {status}"
                );
                let grown = system.mm.kernel_frames();
                assert_eq!(system.picture(process).without_kernel(grown), before, "{what}, request {nth}");
                assert_eq!(call(&system, process, &frames), Ok(()), "{what}, after request {nth} was refused");
            }
            if !system.mm.failing().has_come() {
                assert!(nth > least, "{what} asks {nth}");
                break;
            }
        }
    }
}

#[test]
fn frames_refused_are_fewer_and_a_bitmap_refused_is_none() {
    let mut counts = Vec::new();
    for nth in 1..=12 {
        let (mut system, process) = scene();
        let before = (
            system.mm.available_frames() + system.mm.kernel_frames(),
            system.mm.commit.current() - system.mm.kernel_frames(),
        );
        system.mm.failing().arm_once(nth);
        let given = system.allocate_frames(process, 6);
        system.mm.failing().disarm();
        system.sound();
        let count = given.as_ref().map_or(0, Vec::len);
        counts.push(given.map(|frames| frames.len()));
        let after = (
            system.mm.available_frames() + system.mm.kernel_frames(),
            system.mm.commit.current() - system.mm.kernel_frames(),
        );
        assert_eq!(after, (before.0 - count as u32, before.1 + count as u32), "{nth}");
        assert_eq!(system.mm.awe_info(process).is_some(), count > 0);
        assert_eq!(system.frames(process, 6).len(), 6);
        system.end_process(process);
        system.sound();
    }
    assert_eq!(counts[0], Err(Exhausted), "the bitmap's pages");
    assert!(counts.contains(&Ok(0)), "the charge: {counts:?}");
    assert_eq!(counts[11], Ok(6), "a frame that is refused once is asked for again: {counts:?}");
}

/// Breaks something of a process and the frames it owns.
type Harm<'a> = dyn Fn(&System, Link<Eprocess>, &[FrameNumber]) + 'a;

#[test]
fn the_audit_names_what_is_broken() {
    let broken = |harm: &Harm<'_>| {
        let (mut system, process) = scene();
        let frames = system.frames(process, 4);
        system.map_frames(process, WINDOW, &frames[..2]).expect("its own");
        system.sound();
        harm(&system, process, &frames);
        (system.verify().expect_err("it is broken"), process, frames)
    };
    fn info(system: &System, process: Link<Eprocess>) -> &mm::virtual_memory::AweInfo {
        system.mm.awe_info(process).expect("it owns frames")
    }
    let (found, process, _) = broken(&|system, process, _| _ = info(system, process).frames.update(|count| count + 1));
    assert_eq!(found, Corruption::X1 { process, found: 4, recorded: 5 });
    let (found, process, _) = broken(&|system, process, _| _ = info(system, process).mapped.update(|count| count - 1));
    assert_eq!(found, Corruption::X1 { process, found: 2, recorded: 1 });
    let (found, process, _) = broken(&|system, process, frames| {
        let word = system
            .mm
            .machine
            .record(info(system, process).bitmap.get().offset::<abi::cell::Field<u32>>(frames[3].0 / 32 * 4));
        word.update(|bits| bits & !(1 << (frames[3].0 % 32)));
    });
    assert_eq!(found, Corruption::X1 { process, found: 3, recorded: 4 });
    let (found, _, frames) = broken(&|system, _, frames| _ = system.mm.frame(frames[3]).u2.update(|shares| shares + 1));
    assert_eq!(found, Corruption::X2(frames[3]));
    let (found, _, frames) = broken(&|system, _, frames| _ = system.mm.frame(frames[3]).u1.update(|word| word | 1));
    assert_eq!(found, Corruption::X4(frames[3]));
    let (found, ..) = broken(&|system, process, _| {
        let space = system.space(process);
        let vad = space.vads().find(mm::layout::VirtualPage(WINDOW >> 12)).expect("there");
        let node = space.vads().node(vad);
        node.set_flags(node.flags().with(VadFlags::MEM_COMMIT));
    });
    assert!(matches!(found, Corruption::M1 { .. } | Corruption::X3 { .. }), "{found:?}");
    let entry = |system: &System, process, raw: &dyn Fn(u64) -> u64| {
        system.space(process);
        let directory = system.mm.machine.attached()[0];
        let table = ValidPte(system.mm.machine.read_entry(directory, WINDOW >> 21)).frame();
        let index = WINDOW >> 12 & 0x1FF;
        system.mm.machine.write_entry(table, index, raw(system.mm.machine.read_entry(table, index)));
    };
    let (found, ..) = broken(&|system, process, _| entry(system, process, &|raw| raw & !2));
    assert!(matches!(found, Corruption::T3 { raw, .. } if raw & 2 == 0), "{found:?}");
    let (found, ..) =
        broken(&|system, process, frames| entry(system, process, &|raw| mm::pte::with_frame(raw, frames[1])));
    assert!(matches!(found, Corruption::F6 { .. }), "{found:?}");
    let (found, process, _) = broken(&|system, process, _| system.mm.machine.record::<Eprocess>(process).flags.set(0));
    assert_eq!(found, Corruption::X3 { process, start: mm::layout::VirtualPage(WINDOW >> 12) });
}

/// One frame as the naive model knows it: where it is mapped, and its byte.
#[derive(Clone, Copy)]
struct Known {
    frame: FrameNumber,
    at: Option<u32>,
    byte: u8,
}

/// Entries at random places, of frames of which some are not the process's.
fn random_entries(random: &mut Random, known: &[Known], limit: u32) -> Vec<(u32, Option<FrameNumber>)> {
    let count = 1 + random.below(limit);
    (0..count)
        .map(|_| {
            let base = if random.below(2) == 0 { WINDOW } else { OTHER };
            let frame = match random.below(8) {
                0 | 1 => None,
                2 if random.below(20) == 0 => Some(FrameNumber(random.below(1100))),
                _ if known.is_empty() => None,
                _ => Some(known[random.below(known.len() as u32) as usize].frame),
            };
            (base + random.below(PAGES) * 0x1000, frame)
        })
        .collect()
}

/// Whether the rules allow `entries`.
fn allowed(known: &[Known], entries: &[(u32, Option<FrameNumber>)]) -> bool {
    let frames: Vec<_> = entries.iter().filter_map(|(_, frame)| *frame).collect();
    let is_free = |frame: &FrameNumber| {
        known
            .iter()
            .find(|known| known.frame == *frame)
            .is_some_and(|known| known.at.is_none_or(|at| entries.iter().any(|(address, _)| *address == at)))
    };
    frames.iter().all(is_free) && (1..frames.len()).all(|index| !frames[..index].contains(&frames[index]))
}

#[test]
fn random_requests_give_what_a_naive_model_says() {
    let (mut system, process) = scene();
    let mut random = Random::new(0xA3E);
    let (mut known, mut refused, mut done): (Vec<Known>, u32, u32) = (Vec::new(), 0, 0);
    for step in 0..3000 {
        match random.below(10) {
            0 if known.len() < 40 => {
                let frames = system.frames(process, 1 + random.below(4) as usize);
                known.extend(frames.into_iter().map(|frame| Known { frame, at: None, byte: 0 }));
            }
            1 if !known.is_empty() => {
                let gone = known.swap_remove(random.below(known.len() as u32) as usize);
                assert_eq!(system.free_frames(process, &[gone.frame]), (1, Ok(())));
            }
            2 => {
                let mapped = known.iter_mut().find(|known| known.at.is_some());
                if let Some(Known { at: Some(at), byte, .. }) = mapped {
                    *byte = random.below(256) as u8;
                    system.store(process, *at, *byte).expect("mapped");
                }
            }
            _ => {
                let limit = if random.below(4) == 0 { 40 } else { 3 };
                let entries = random_entries(&mut random, &known, limit);
                let result = system.scatter(process, &entries);
                if allowed(&known, &entries) {
                    assert_eq!(result, Ok(()), "step {step}: {entries:x?}");
                    done += 1;
                    for (address, frame) in entries {
                        known.iter_mut().filter(|known| known.at == Some(address)).for_each(|known| known.at = None);
                        known
                            .iter_mut()
                            .filter(|known| Some(known.frame) == frame)
                            .for_each(|known| known.at = Some(address));
                    }
                } else {
                    assert_eq!(result, Err(S::CONFLICTING_ADDRESSES), "step {step}: {entries:x?}");
                    refused += 1;
                }
            }
        }
        if step % 8 == 0 {
            assert_eq!(system.sound().awe, known.len() as u32, "step {step}");
            for known in &known {
                if let Some(at) = known.at {
                    assert_eq!(system.load(process, at), Ok(known.byte), "step {step}");
                }
            }
        }
    }
    assert!(done > 300 && refused > 300, "{done} {refused}");
    system.end_process(process);
    assert_eq!(system.sound().awe, 0);
}
