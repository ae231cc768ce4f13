//! Each request for memory of each operation, refused in turn: a service succeeds all the same, or says that memory is lacking and has
//! changed nothing; a fault is resolved by trying again, however often frames are refused.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus as S;
use mm::failing::{Intervals, Request};
use mm::fault::StackGrowth;
use mm::layout::{VirtualAddress, VirtualPage};
use mm::protection::Access;
use mm::section::{ControlArea, ControlAreaFlags, Need};
use mm::virtual_memory::SecureMode;
use model::calls::{BOTH, Picture};
use model::data_files::NoPage;
use model::hog::Hog;
use model::image::TestImage;
use model::machine::NoExecute;
use model::sections::whole;
use model::system::{Outcome, System};

const RW: u32 = PAGE_READWRITE;
const WATCHED: u32 = MEM_RESERVE | MEM_WRITE_WATCH;

/// A process with memory of each kind.
///
/// | from | what |
/// |---|---|
/// | 200000 | committed, its first page touched, the second secured |
/// | 400000 | an image, a page of whose data is mapped and another is in memory |
/// | 10000000 | the same image again, nothing of it touched |
/// | 20000000 | reserved, no page table |
/// | 30000000 | committed, no page table |
/// | 40000000 | a view of memory |
struct Scene {
    system: System,
    process: Link<Eprocess>,
    image: Link<ControlArea>,
    memory: Link<ControlArea>,
    file: Link<ControlArea>,
}

fn scene() -> Scene {
    let mut system = System::new(512, NoExecute::Supported);
    let image = system.add_image(TestImage::plain(0x40_0000, 1)).expect("memory");
    let file = system.add_data(vec![7; 0x2_5000], ControlAreaFlags::empty()).expect("memory");
    let memory = system.add_memory(0x8000, RW, ControlAreaFlags::COMMIT).expect("memory");
    let process = system.start_process().expect("memory");
    system.commit_at(process, 0x20_0000, 0x1_0000);
    system.store(process, 0x20_0000, 7).expect("committed");
    system.space(process).map_image(image, None).expect("room");
    system.load(process, 0x40_4000).expect("readable");
    system.space(process).map_image(image, Some(VirtualPage(0x1_0000))).expect("room");
    system.allocate(process, MEM_RESERVE, RW, 0x2000_0000, 0x10_0000).expect("room");
    system.commit_at(process, 0x3000_0000, 0x1_0000);
    let request = mm::section::ViewRequest { base: 0x4000_0000, ..whole(RW) };
    system.map(process, memory, &request).expect("room");
    system.space(process).secure(0x20_1000, 1, SecureMode::Writable).expect("writable");
    let other = system.start_process().expect("memory");
    system.space(other).map_image(image, None).expect("room");
    system.load(other, 0x40_3000).expect("readable");
    Scene { system, process, image, memory, file }
}

/// What a refused operation must leave as it was: all but what the pool has grown by.
fn picture(scene: &mut Scene) -> Picture {
    let grown = scene.system.mm.kernel_frames();
    scene.system.picture(scene.process).without_kernel(grown)
}

type Call = fn(&mut Scene) -> Result<(), S>;

/// Operations that answer with a status. Each can be done once only, in its scene.
const CALLS: [(&str, Call); 21] = [
    ("reserve", |it| it.system.allocate(it.process, MEM_RESERVE, RW, 0, 0x1_0000).map(drop)),
    ("reserve and commit", |it| it.system.allocate(it.process, BOTH, RW, 0, 0x8_0000).map(drop)),
    ("reserve to be watched", |it| it.system.allocate(it.process, WATCHED, RW, 0, 0x10_0000).map(drop)),
    ("reserve more to be watched", |it| it.system.allocate(it.process, WATCHED, RW, 0, 0x2000_0000).map(drop)),
    ("secure a second range", |it| it.system.space(it.process).secure(0x20_2000, 1, SecureMode::Writable).map(drop)),
    ("commit", |it| it.system.allocate(it.process, MEM_COMMIT, RW, 0x2000_0000, 0x5000).map(drop)),
    ("commit elsewhere", |it| it.system.allocate(it.process, MEM_COMMIT, PAGE_READONLY, 0x3000_0000, 1).map(drop)),
    ("protect", |it| it.system.protect(it.process, 0x3000_0000, 0x3000, PAGE_READONLY).map(drop)),
    ("guard", |it| it.system.protect(it.process, 0x3000_0000, 0x2000, RW | PAGE_GUARD).map(drop)),
    ("protect an image", |it| it.system.protect(it.process, 0x1000_1000, 0x2000, PAGE_EXECUTE_READWRITE).map(drop)),
    ("decommit", |it| it.system.free(it.process, MEM_DECOMMIT, 0x3000_0000, 0x1000).map(drop)),
    ("release a part", |it| it.system.free(it.process, MEM_RELEASE, 0x20_4000, 0x1000).map(drop)),
    ("map an image", |it| it.system.space(it.process).map_image(it.image, None).map(drop)),
    ("map memory", |it| it.system.map(it.process, it.memory, &whole(RW)).map(drop)),
    ("map a file", |it| it.system.map(it.process, it.file, &whole(PAGE_READONLY)).map(drop)),
    ("map a file to copy", |it| it.system.map(it.process, it.file, &whole(PAGE_WRITECOPY)).map(drop)),
    ("a section of memory", |it| it.system.add_memory(0x8_0000, RW, ControlAreaFlags::COMMIT).map(drop)),
    ("a section of memory for later", |it| it.system.add_memory(0x8_0000, RW, ControlAreaFlags::RESERVE).map(drop)),
    ("a section of an image", |it| {
        let made = it.system.add_file(TestImage::plain(0x50_0000, 2).file()).expect("an image");
        made.map(drop).map_err(|_| S::INSUFFICIENT_RESOURCES)
    }),
    ("a longer file", |it| it.system.extend(it.file, 0x8_0000)),
    ("a process", |it| it.system.start_process().map(drop).ok_or(S::INSUFFICIENT_RESOURCES)),
];

const LACKS: [S; 3] = [S::NO_MEMORY, S::INSUFFICIENT_RESOURCES, S::COMMITMENT_LIMIT];

#[test]
fn a_service_that_is_refused_changes_nothing() {
    let mut refusals = 0;
    for (what, call) in CALLS {
        for nth in 1.. {
            let mut scene = scene();
            let before = picture(&mut scene);
            scene.system.mm.failing().arm_once(nth);
            let result = call(&mut scene);
            scene.system.mm.failing().disarm();
            let after = picture(&mut scene);
            if let Err(status) = result {
                assert!(LACKS.contains(&status), "{what}, request {nth}: {status}");
                assert_eq!(after, before, "{what}, request {nth}");
                assert_eq!(call(&mut scene), Ok(()), "{what}, after request {nth} was refused");
                scene.system.sound();
            }
            if !scene.system.mm.failing().has_come() {
                assert_eq!(result, Ok(()), "{what}");
                assert!(nth > 1, "{what} asks for nothing");
                break;
            }
            refusals += 1;
        }
    }
    assert!(refusals >= 40, "{refusals}");
}

const FAULTS: [(u32, Access, &str); 12] = [
    (0x20_1000, Access::Write, "zeros"),
    (0x3000_0000, Access::Read, "zeros, and no page table"),
    (0x3000_1000, Access::Write, "zeros"),
    (0x40_2000, Access::Execute, "a page of the file"),
    (0x40_6000, Access::Write, "a copy of zeros"),
    (0x40_4000, Access::Write, "a copy of a mapped page"),
    (0x40_7000, Access::Write, "a copy of a page of the file"),
    (0x1000_1000, Access::Read, "a page of the file, and no page table"),
    (0x1000_4000, Access::Write, "a copy"),
    (0x4000_0000, Access::Write, "zeros of a section, and no page table"),
    (0x4000_1000, Access::Write, "zeros of a section"),
    (0x7FFE_0000, Access::Read, "the shared data, and no page table"),
];

#[test]
fn a_fault_is_resolved_by_trying_again() {
    for (address, access, what) in FAULTS {
        for nth in 1.. {
            let Scene { mut system, process, .. } = scene();
            system.mm.failing().arm_once(nth);
            let first = system.access(process, address, access);
            system.sound();
            let second = system.access(process, address, access);
            system.mm.failing().disarm();
            assert!(first == Outcome::Done || first == Outcome::NoFrame, "{what}, request {nth}: {first:?}");
            assert_eq!(second, Outcome::Done, "{what}, request {nth}");
            system.sound();
            if !system.mm.failing().has_come() {
                break;
            }
        }
    }
}

#[test]
fn every_second_frame_refused_still_gets_each_fault_done() {
    for every in 2..5 {
        for ahead in 0..every {
            let Scene { mut system, process, .. } = scene();
            system.mm.failing().arm(Intervals { frames: every, pool: 0, commit: 0 });
            let passed = (0..ahead).filter(|_| !system.mm.failing().refuses(Request::Frame)).count();
            assert!(passed as u32 == ahead, "none of the first is refused");
            for (address, access, what) in FAULTS {
                let tries = (1..=4).take_while(|_| system.access(process, address, access) != Outcome::Done).count();
                assert!(tries < 4, "{what}, where one of {every} is refused");
                system.sound();
            }
            assert!(system.start_process().is_some(), "its frames are asked for twice");
            system.allocate(process, MEM_RESERVE, RW, 0x5000_0000, 0x80_0000).expect("room");
            let committed = system.allocate(process, MEM_COMMIT, RW, 0x501F_F000, 0x2000);
            assert_eq!(committed, Ok((0x501F_F000, 0x2000)), "page tables too");
            system.sound();
        }
    }
}

#[test]
fn who_was_refused_asks_again_at_once_only_where_the_switch_did_it() {
    let Scene { mut system, process, .. } = scene();
    let mut hog = Hog::new(&mut system);
    hog.fill(&system, 1);
    // The page table gets the only frame, the page none; asked for again and again it would be the same.
    assert_eq!(system.access(process, 0x3000_0000, Access::Write), Outcome::NoFrame);
    assert_eq!((system.mm.available_frames(), system.mm.may_ask_again()), (1, false));
    system.mm.failing().arm(Intervals::all(2));
    assert!(!system.mm.may_ask_again(), "the switch does not make frames");
    system.mm.failing().disarm();
    hog.end(&system);
    assert!(!system.mm.may_ask_again(), "nothing was refused");
    system.mm.failing().arm(Intervals::all(2));
    assert!(system.mm.may_ask_again());
    system.mm.failing().disarm();
    assert_eq!(system.access(process, 0x3000_0000, Access::Write), Outcome::Done);
    system.sound();
}

#[test]
fn a_stack_overflows_or_grows() {
    for nth in 1.. {
        let Scene { mut system, process, .. } = scene();
        system.allocate(process, MEM_COMMIT, RW | PAGE_GUARD, 0x2000_4000, 0x1000).expect("reserved");
        assert_eq!(system.access(process, 0x2000_4000, Access::Write), Outcome::GuardPage);
        system.mm.failing().arm_once(nth);
        let growth = system.space(process).grow_stack(VirtualAddress(0x2000_4000), VirtualAddress(0x2000_0000));
        system.mm.failing().disarm();
        system.sound();
        let limit = VirtualAddress(0x2000_4000);
        if !system.mm.failing().has_come() {
            assert_eq!(growth, StackGrowth::Grown(limit));
            assert!(nth > 1, "a stack grows by a page of commit");
            break;
        }
        // The first request is for commit; a frame is asked for twice.
        let expected = if nth == 1 { StackGrowth::NoCommit(limit) } else { StackGrowth::Grown(limit) };
        assert_eq!(growth, expected, "{nth}");
    }
}

#[test]
fn a_page_of_a_file_comes_in_at_the_next_try() {
    for nth in 1.. {
        let Scene { mut system, file, .. } = scene();
        system.mm.failing().arm_once(nth);
        let first = system.hold(file, 3, Need::Contents);
        let frame = first.or_else(|refused| {
            assert_eq!(refused, NoPage::NoFrame, "{nth}");
            system.sound();
            system.hold(file, 3, Need::Contents)
        });
        system.mm.failing().disarm();
        system.mm.release_file_page(frame.expect("at the next try"), false);
        assert_eq!(system.sound().transition, 0, "{nth}: nothing is being read any more");
        // What was not read along for lack of a frame can be.
        for page in 0..0x25 {
            let frame = system.hold(file, page, Need::Contents).expect("memory");
            system.mm.release_file_page(frame, false);
        }
        system.sound();
        if !system.mm.failing().has_come() {
            break;
        }
    }
}
