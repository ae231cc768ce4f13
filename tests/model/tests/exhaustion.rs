//! A machine that runs out: every service and every fault is refused cleanly, changes nothing, and works again later.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus as S;
use mm::fault::{FaultOutcome, StackGrowth};
use mm::frame::NoFrame;
use mm::layout::{VirtualAddress, VirtualPage};
use mm::machine::Records;
use mm::protection::Access;
use mm::section::{ControlArea, NotAnImage};
use mm::system::Exhausted;
use model::calls::BOTH;
use model::hog::Hog;
use model::image::TestImage;
use model::machine::NoExecute;
use model::system::{Outcome, System};

const RW: u32 = PAGE_READWRITE;

/// A process with memory of each kind, on a machine without a single frame left.
struct Scene {
    system: System,
    process: Link<Eprocess>,
    section: Link<ControlArea>,
    hog: Hog,
}

/// | from | what |
/// |---|---|
/// | 200000 | committed, its first page touched |
/// | 400000 | an image, whose code and first page of data are mapped and whose constants another process has in memory |
/// | 10000000 | the same image again, nothing of it touched |
/// | 20000000 | reserved, no page table |
/// | 30000000 | committed, no page table |
fn exhausted() -> Scene {
    let mut system = System::new(256, NoExecute::Supported);
    let section = system.add_image(TestImage::plain(0x40_0000, 1)).expect("memory");
    let process = system.start_process().expect("memory");
    system.commit_at(process, 0x20_0000, 0x1_0000);
    system.store(process, 0x20_0000, 7).expect("committed");
    system.space(process).map_image(section, None).expect("room");
    system.load(process, 0x40_1000).expect("readable");
    system.load(process, 0x40_4000).expect("readable");
    system.space(process).map_image(section, Some(VirtualPage(0x1_0000))).expect("room");
    system.allocate(process, MEM_RESERVE, RW, 0x2000_0000, 0x1_0000).expect("room");
    system.commit_at(process, 0x3000_0000, 0x1_0000);
    let other = system.start_process().expect("memory");
    system.space(other).map_image(section, None).expect("room");
    system.load(other, 0x40_3000).expect("readable");
    system.load(other, 0x40_7000).expect("readable");
    let mut hog = Hog::new(&mut system);
    hog.fill(&system, 0);
    Scene { system, process, section, hog }
}

#[test]
fn faults_wait_and_change_nothing() {
    let Scene { mut system, process, hog, .. } = exhausted();
    let before = system.picture(process);
    let rows = [
        (0x20_1000, Access::Write, "zeros"),
        (0x20_1000, Access::Read, "zeros to be read"),
        (0x3000_0000, Access::Read, "zeros, and no page table"),
        (0x40_2000, Access::Execute, "a page of the file"),
        (0x40_6000, Access::Read, "zeros of the image"),
        (0x40_6000, Access::Write, "a copy of zeros"),
        (0x40_4000, Access::Write, "a copy of a mapped page"),
        (0x40_7000, Access::Write, "a copy of a page in memory"),
        (0x1000_1000, Access::Read, "a page in memory, and no page table"),
        (0x1000_2000, Access::Read, "a page of the file, and no page table"),
        (0x1000_4000, Access::Write, "a copy, and no page table"),
        (0x7FFE_0000, Access::Read, "the shared data, and no page table"),
    ];
    for (address, access, what) in rows {
        match system.fault(process, address, access) {
            FaultOutcome::Unread(page) => assert_eq!(system.mm.start_in_page(page), Err(NoFrame), "{what}"),
            outcome => assert_eq!(outcome, FaultOutcome::NoFrame, "{what}"),
        }
        assert_eq!(system.picture(process), before, "{what}");
    }
    assert_eq!(system.load(process, 0x40_3000).map(|_| ()), Ok(()), "in memory, with a page table: no frame needed");
    assert_eq!(system.fault(process, 0x70_0000, Access::Read), FaultOutcome::Denied);
    hog.end(&system);
    for (address, access, what) in rows {
        assert_eq!(system.access(process, address, access), Outcome::Done, "{what}");
        system.sound();
    }
}

#[test]
fn services_that_need_a_page_table_say_no_memory_and_change_nothing() {
    let Scene { mut system, process, hog, .. } = exhausted();
    let before = system.picture(process);
    type Call = fn(&System, Link<Eprocess>) -> Result<(), S>;
    let rows: [(&str, Call); 6] = [
        ("commit", |system, process| system.allocate(process, MEM_COMMIT, RW, 0x2000_0000, 0x1000).map(|_| ())),
        ("commit anew", |system, process| {
            system.allocate(process, MEM_COMMIT, PAGE_READONLY, 0x3000_0000, 1).map(|_| ())
        }),
        ("protect", |system, process| system.protect(process, 0x3000_0000, 1, PAGE_READONLY).map(|_| ())),
        ("guard", |system, process| system.protect(process, 0x3000_0000, 0x2000, RW | PAGE_GUARD).map(|_| ())),
        ("protect an image", |system, process| {
            system.protect(process, 0x1000_1000, 0x1000, PAGE_EXECUTE_READWRITE).map(|_| ())
        }),
        ("decommit a part", |system, process| system.free(process, MEM_DECOMMIT, 0x3000_0000, 0x1000).map(|_| ())),
    ];
    for (what, call) in rows {
        assert_eq!(call(&system, process), Err(S::NO_MEMORY), "{what}");
        assert!(system.mm.take_lack_of_frame(), "{what}: it can be asked again");
        assert_eq!(system.picture(process), before, "{what}");
    }
    hog.end(&system);
    for (what, call) in rows {
        assert_eq!(call(&system, process), Ok(()), "{what}");
        system.sound();
    }
}

#[test]
fn services_that_need_no_frame_work_as_ever() {
    let Scene { mut system, process, .. } = exhausted();
    assert_eq!(system.protect(process, 0x20_0000, 0x2000, PAGE_READONLY), Ok(RW));
    assert_eq!(system.protect(process, 0x40_1000, 1, PAGE_NOACCESS), Ok(PAGE_EXECUTE_READ));
    assert_eq!(system.free(process, MEM_DECOMMIT, 0x3000_0000, 0), Ok((0x3000_0000, 0x1_0000)));
    system.sound();
    assert_eq!(system.free(process, MEM_RELEASE, 0x2000_0000, 0), Ok((0x2000_0000, 0x1_0000)));
    assert_eq!(
        system.allocate(process, MEM_RESERVE, RW, 0x2000_0000, 1),
        Ok((0x2000_0000, 0x1000)),
        "from the pool's own"
    );
    assert_eq!(system.query(process, 0x20_0000).protect, PAGE_READONLY);
    system.sound();
    system.end_process(process);
    assert!(system.mm.available_frames() >= 10);
    system.sound();
}

#[test]
fn vads_and_sections_are_refused_when_the_pool_cannot_grow() {
    let Scene { mut system, process, section, hog } = exhausted();
    let mut base = 0x5000_0000;
    while system.allocate(process, MEM_RESERVE, RW, base, 1).is_ok() {
        base += 0x1_0000;
    }
    let before = system.picture(process);
    assert_eq!(system.allocate(process, BOTH, RW, 0, 1), Err(S::INSUFFICIENT_RESOURCES));
    assert_eq!(system.space(process).map_image(section, None).err(), Some(S::INSUFFICIENT_RESOURCES));
    assert_eq!(system.free(process, MEM_RELEASE, 0x20_4000, 0x1000), Err(S::INSUFFICIENT_RESOURCES), "a split");
    assert!(system.space(process).allocate_block(VirtualPage(0x7FFDF)).is_err());
    assert_eq!(system.add_file(TestImage::plain(0x40_0000, 2).file()), Ok::<_, NotAnImage>(Err(Exhausted)));
    assert_eq!(system.picture(process), before);
    assert_eq!(system.free(process, MEM_RELEASE, 0x20_F000, 0x1000), Ok((0x20_F000, 0x1000)), "no split");
    hog.end(&system);
    assert_eq!(system.free(process, MEM_RELEASE, 0x20_4000, 0x1000), Ok((0x20_4000, 0x1000)));
    assert!(system.space(process).map_image(section, None).is_ok());
    system.sound();
}

#[test]
fn a_process_that_cannot_be_made_takes_nothing() {
    for left in 0..5 {
        let mut system = System::new(256, NoExecute::Supported);
        let first = system.start_process().expect("memory");
        let second = system.start_process().expect("memory");
        system.end_process(second);
        let mut hog = Hog::new(&mut system);
        hog.fill(&system, left);
        let before = system.picture(first);
        assert!(system.start_process().is_none());
        assert_eq!(system.picture(first), before, "{left}");
        hog.end(&system);
        assert!(system.start_process().is_some());
        system.sound();
    }
}

#[test]
fn page_directory_pointer_tables_are_used_again() {
    let mut system = System::new(2048, NoExecute::Supported);
    let mut processes: Vec<_> = std::iter::from_fn(|| system.start_process()).collect();
    assert_eq!(processes.len(), 128, "so many pointer tables fit their page");
    assert!(system.mm.available_frames() > 100 && system.mm.commit.limit() - system.mm.commit.current() > 10);
    let pointers = |system: &System, process: Link<Eprocess>| system.mm.machine.record(process).pae_top.get();
    let freed = [processes.remove(100), processes.remove(3)];
    let expected = freed.map(|process| pointers(&system, process));
    freed.iter().for_each(|process| system.end_process(*process));
    for expected in expected.into_iter().rev() {
        let process = system.start_process().expect("a table is free");
        assert_eq!(pointers(&system, process), expected);
        assert!(expected.is_multiple_of(32));
        assert_eq!(system.mm.machine.record(process).pcb.directory_table_base[0].get() & 0xFFF, expected & 0xFFF);
        processes.push(process);
    }
    system.sound();
    processes.into_iter().for_each(|process| system.end_process(process));
    assert_eq!(system.sound().processes, 0);
}

#[test]
fn an_image_too_large_for_the_pool_takes_no_memory_with_it() {
    let mut system = System::new(256, NoExecute::Supported);
    let mut file = TestImage::plain(0x40_0000, 1).file();
    file[0x98 + 56..0x98 + 60].copy_from_slice(&0x7000_0000u32.to_le_bytes());
    // The first attempt may add page tables to the pool.
    assert_eq!(system.add_file(file.clone()), Ok(Err(Exhausted)));
    let before = (system.sound(), system.mm.available_frames(), system.mm.commit.current());
    for _ in 0..3 {
        assert_eq!(system.add_file(file.clone()), Ok(Err(Exhausted)));
        assert_eq!((system.sound(), system.mm.available_frames(), system.mm.commit.current()), before);
    }
    assert!(before.1 > 200, "{}", before.1);
    assert!(system.start_process().is_some());
}

#[test]
fn a_stack_without_a_frame_for_its_page_table_waits() {
    let mut system = System::new(256, NoExecute::Supported);
    let process = system.start_process().expect("memory");
    system.allocate(process, MEM_RESERVE, RW, 0x1000_0000 - 0x1_0000, 0x2_0000).expect("room");
    system.allocate(process, MEM_COMMIT, RW | PAGE_GUARD, 0x1000_0000, 0x1000).expect("reserved");
    let mut hog = Hog::new(&mut system);
    hog.fill(&system, 0);
    assert_eq!(system.access(process, 0x1000_0000, Access::Write), Outcome::GuardPage);
    let before = system.picture(process);
    let growth = system.space(process).grow_stack(VirtualAddress(0x1000_0000), VirtualAddress(0x0FFF_0000));
    assert_eq!(growth, StackGrowth::NoFrame);
    assert_eq!(system.picture(process), before);
    hog.end(&system);
    let growth = system.space(process).grow_stack(VirtualAddress(0x1000_0000), VirtualAddress(0x0FFF_0000));
    assert_eq!(growth, StackGrowth::Grown(VirtualAddress(0x1000_0000)));
    system.sound();
}

#[test]
fn a_run_of_pool_that_lacks_frames_is_had_in_the_end_by_asking_again() {
    let mut system = System::new(256, NoExecute::Supported);
    let mut hog = Hog::new(&mut system);
    // Its page tables are there already, and nothing is kept.
    let runs: Vec<Link<u32>> = (0..2).map(|_| system.mm.allocate_pool_pages(12).expect("memory")).collect();
    hog.fill(&system, 3);
    assert!(!system.mm.take_lack_of_frame());
    assert_eq!(system.mm.allocate_pool_pages::<u32>(12), Err(Exhausted));
    assert!(system.mm.take_lack_of_frame(), "it is worth waiting for a frame");
    assert_eq!(system.mm.available_frames(), 0, "what there was is kept for who asks again");
    system.mm.free_pool_pages(runs[0], 12);
    assert_eq!(system.mm.allocate_pool_pages(12), Ok(runs[0]));
    assert!(!system.mm.take_lack_of_frame());
    for run in runs {
        system.mm.free_pool_pages(run, 12);
    }
    hog.end(&system);
    system.sound();
}
