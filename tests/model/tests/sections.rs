//! Image sections: reads that fail, collide or outlive their process, and what processes share.

use abi::cell::Link;
use abi::memory::*;
use abi::status::NtStatus;
use mm::fault::{FaultOutcome, InPageRequest, ReadResult, Resolution};
use mm::frame::Location;
use mm::layout::FrameNumber;
use mm::machine::Records;
use mm::protection::{Access, Protection};
use mm::pte::{PrototypePte, Pte};
use mm::section::{ControlArea, SectionFate};
use model::hog::Hog;
use model::image::{SHARED_DATA, TestImage, TestSection};
use model::machine::NoExecute;
use model::system::{Disk, Outcome, System};

const BASE: u32 = 0x40_0000;
const CODE: u32 = BASE + 0x1000;
const CONSTANTS: u32 = BASE + 0x3000;
const DATA: u32 = BASE + 0x4000;
const ZEROS: u32 = BASE + 0x7000;
/// The page that processes share for writing, in [`shared_image`].
const SHARED: u32 = BASE + 0x8000;

fn system() -> System {
    System::new(256, NoExecute::Supported)
}

/// A plain image with a section that all processes write.
fn shared_image() -> TestImage {
    let mut image = TestImage::plain(BASE, 5);
    image.sections.push(TestSection { pages: 2, bytes: 0x200, flags: SHARED_DATA });
    image
}

/// A process that has the image of `section` at its base.
fn mapped(system: &System, section: Link<ControlArea>) -> Link<abi::nt::process::Eprocess> {
    let process = system.start_process().expect("a process");
    let view = system.space(process).map_image(section, None).expect("room");
    assert_eq!(view.start.address().0, BASE);
    process
}

fn started_read(system: &System, process: Link<abi::nt::process::Eprocess>, address: u32) -> InPageRequest {
    match system.fault(process, address, Access::Read) {
        FaultOutcome::Unread(page) => system.mm.start_in_page(page).expect("frames"),
        other => panic!("{other:?}"),
    }
}

fn frame_at(system: &System, process: Link<abi::nt::process::Eprocess>, address: u32) -> FrameNumber {
    match system.pte(process, address) {
        Pte::Valid(valid) => valid.frame(),
        other => panic!("{address:x}: {other:?}"),
    }
}

#[test]
fn creating_an_image_takes_no_page_of_it_and_mapping_it_charges_what_may_be_copied() {
    let mut system = system();
    let section = system.add_image(TestImage::plain(BASE, 5)).expect("memory");
    let information = system.information(section);
    assert_eq!((information.transfer_address.get(), information.image_file_size.get()), (CODE, 0x2C00));
    assert_eq!((information.maximum_stack_size.get(), information.committed_stack_size.get()), (0x10_0000, 0x1000));
    assert_eq!((information.subsystem.get(), information.subsystem_version.get()), (3, 4 << 16));
    let kinds = (0..8).map(|page| match system.prototype(section, page) {
        PrototypePte::Subsection(_, protection) => ('f', protection),
        PrototypePte::DemandZero(protection) => ('z', protection),
        other => panic!("{other:?}"),
    });
    let (code, data) = (Protection::EXECUTE_READ, Protection::WRITECOPY);
    let constants = Protection::READONLY;
    let expected = [
        ('f', constants),
        ('f', code),
        ('f', code),
        ('f', constants),
        ('f', data),
        ('f', data),
        ('z', data),
        ('z', data),
    ];
    assert_eq!(kinds.collect::<Vec<_>>(), expected);
    let (committed, available) = (system.mm.commit.current(), system.mm.available_frames());
    let process = mapped(&system, section);
    assert_eq!(system.process_charge(process), 4 + 1, "four pages of data and a page table");
    assert_eq!(system.mm.commit.current() - committed, 5 + 5, "and what every process has");
    assert!(available - system.mm.available_frames() >= 5);
    assert_eq!(system.sound().mapped, 0);
}

#[test]
fn a_read_that_fails_leaves_the_page_in_its_file_and_a_later_one_succeeds() {
    let mut system = system();
    let image = TestImage::plain(BASE, 5);
    let section = system.add_image(image.clone()).expect("memory");
    let process = mapped(&system, section);
    let before = system.picture(process);
    system.set_disk(Disk::Broken);
    for access in [Access::Read, Access::Write, Access::Read] {
        assert_eq!(system.access(process, DATA, access), Outcome::InPageError);
        assert!(matches!(system.prototype(section, 4), PrototypePte::Subsection(_, Protection::WRITECOPY)));
        assert_eq!((system.pfn_references(section), system.picture(process)), (0, before.clone()));
    }
    system.set_disk(Disk::Sound);
    assert_eq!(system.load(process, DATA), Ok(image.byte(0x4000)));
    assert_eq!(system.pfn_references(section), 1);
    system.sound();
}

#[test]
fn a_second_fault_on_a_page_that_is_being_read_waits_and_then_finds_it() {
    let mut system = system();
    let image = TestImage::plain(BASE, 5);
    let section = system.add_image(image.clone()).expect("memory");
    let (first, second) = (mapped(&system, section), mapped(&system, section));
    let request = started_read(&system, first, CODE);
    let frame = request.frames[0];
    assert_eq!((request.offset, request.bytes), (0x400, 0x1000));
    assert_eq!(system.sound().transition, 1);
    assert_eq!(system.mm.frame(frame).reference_count.get(), 1);
    for process in [second, first] {
        assert_eq!(system.fault(process, CODE, Access::Read), FaultOutcome::Collided(frame));
        system.sound();
    }
    system.read(request);
    assert_eq!(system.mm.frame(frame).location(), Location::Standby);
    system.sound();
    assert_eq!(system.fault(second, CODE, Access::Read), FaultOutcome::Resolved(Resolution::Transition));
    assert_eq!(system.fault(first, CODE, Access::Read), FaultOutcome::Resolved(Resolution::Nothing));
    assert_eq!((frame_at(&system, first, CODE), frame_at(&system, second, CODE)), (frame, frame));
    assert_eq!(system.load(second, CODE), Ok(image.byte(0x1000)));
    assert_eq!(system.pfn_references(section), 1);
    system.sound();
}

#[test]
fn who_waited_for_a_read_that_fails_starts_one_of_its_own() {
    let mut system = system();
    let section = system.add_image(TestImage::plain(BASE, 5)).expect("memory");
    let (first, second) = (mapped(&system, section), mapped(&system, section));
    let request = started_read(&system, first, CODE);
    assert!(matches!(system.fault(second, CODE, Access::Read), FaultOutcome::Collided(_)));
    system.mm.complete_in_page(request, ReadResult::Failed);
    system.sound();
    let request = started_read(&system, second, CODE);
    system.read(request);
    assert_eq!(system.access(first, CODE, Access::Execute), Outcome::Done);
    system.sound();
}

#[test]
fn a_process_may_end_while_its_read_is_under_way() {
    let mut system = system();
    let image = TestImage::plain(BASE, 5);
    let section = system.add_image(image.clone()).expect("memory");
    let process = mapped(&system, section);
    let request = started_read(&system, process, CODE);
    system.end_process(process);
    assert_eq!(system.sound().transition, 1);
    system.read(request);
    assert_eq!((system.sound().transition, system.mm.list_length(Location::Standby)), (0, 1));
    let process = mapped(&system, section);
    system.set_disk(Disk::Broken);
    assert_eq!(system.load(process, CODE), Ok(image.byte(0x1000)), "the read was not in vain");
    system.sound();
}

#[test]
fn a_section_may_go_while_a_page_of_it_is_being_read() {
    for result in [ReadResult::Done, ReadResult::Failed] {
        let mut system = system();
        // What stood in the section's pool blocks is something else's when the read ends.
        let section = system.add_image(shared_image()).expect("memory");
        let process = mapped(&system, section);
        assert_eq!(system.mm.release_section(section), SectionFate::Kept);
        let request = started_read(&system, process, CODE);
        let frame = request.frames[0];
        system.end_process(process);
        let audit = system.sound();
        assert_eq!((audit.sections, audit.transition, audit.deleted), (0, 1, 1));
        let available = system.mm.available_frames();
        let other = system.add_image(TestImage::plain(BASE, 6)).expect("memory");
        let process = mapped(&system, other);
        let left = system.mm.available_frames();
        match result {
            ReadResult::Done => system.read(request),
            ReadResult::Failed => system.mm.complete_in_page(request, ReadResult::Failed),
        }
        assert_eq!(system.mm.frame(frame).location(), Location::Free);
        assert_eq!(system.mm.available_frames(), left + 1);
        assert!(available > left);
        assert_eq!(system.load(process, CODE), Ok(TestImage::plain(BASE, 6).byte(0x1000)), "{result:?}");
        system.sound();
    }
}

#[test]
fn two_processes_have_one_frame_until_the_last_lets_go() {
    let mut system = system();
    let section = system.add_image(TestImage::plain(BASE, 5)).expect("memory");
    let (first, second) = (mapped(&system, section), mapped(&system, section));
    system.load(first, CODE).expect("readable");
    let frame = frame_at(&system, first, CODE);
    assert_eq!(system.mm.frame(frame).share_count(), 1);
    let available = system.mm.available_frames();
    system.load(second, CODE).expect("readable");
    assert_eq!((frame_at(&system, second, CODE), system.mm.frame(frame).share_count()), (frame, 2));
    assert_eq!(system.mm.available_frames(), available - 2, "a page table, and the hash table of its working set");
    assert_eq!(system.mm.machine.record(section).number_of_mapped_views.get(), 2);
    system.sound();
    system.end_process(first);
    assert_eq!((system.mm.frame(frame).location(), system.mm.frame(frame).share_count()), (Location::Active, 1));
    system.sound();
    system.end_process(second);
    assert_eq!(system.mm.frame(frame).location(), Location::Standby);
    assert!(
        matches!(system.prototype(section, 1), PrototypePte::Transition(at, Protection::EXECUTE_READ) if at == frame)
    );
    assert_eq!(system.mm.machine.record(section).number_of_mapped_views.get(), 0);
    system.sound();
}

#[test]
fn what_is_written_in_a_shared_section_all_see_and_it_goes_with_the_last_view() {
    let mut system = system();
    let committed = system.mm.commit.current() - system.mm.kernel_frames();
    let section = system.add_image(shared_image()).expect("memory");
    let charge = |system: &System| system.mm.commit.current() - system.mm.kernel_frames();
    assert_eq!(charge(&system) - committed, 2, "its two pages, once for all");
    let (first, second) = (mapped(&system, section), mapped(&system, section));
    assert_eq!(system.load(second, SHARED), Ok(shared_image().byte(0x8000)));
    system.store(first, SHARED, 0x5A).expect("writable");
    system.store(first, SHARED + 0x1000, 0x5B).expect("writable");
    assert_eq!((system.load(second, SHARED), system.load(second, SHARED + 0x1000)), (Ok(0x5A), Ok(0x5B)));
    assert_eq!(frame_at(&system, first, SHARED), frame_at(&system, second, SHARED));
    assert_eq!(system.query(second, SHARED).protect, PAGE_READWRITE);
    assert_eq!(system.mm.release_section(section), SectionFate::Kept);
    system.end_process(first);
    assert_eq!(system.load(second, SHARED), Ok(0x5A));
    assert_eq!(system.sound().sections, 1);
    system.end_process(second);
    assert_eq!(system.sound().sections, 0);
    assert_eq!((charge(&system), system.mm.list_length(Location::Modified)), (committed, 0));
    let section = system.add_image(shared_image()).expect("memory");
    let process = mapped(&system, section);
    assert_eq!(system.load(process, SHARED), Ok(shared_image().byte(0x8000)), "as the file says");
    system.sound();
}

#[test]
fn a_written_shared_page_outlives_its_mappers_while_the_section_is_referred_to() {
    let mut system = system();
    let section = system.add_image(shared_image()).expect("memory");
    let process = mapped(&system, section);
    system.load(process, SHARED).expect("readable");
    system.store(process, SHARED, 0x77).expect("writable");
    system.end_process(process);
    assert_eq!(system.mm.list_length(Location::Modified), 1);
    system.sound();
    let process = mapped(&system, section);
    assert_eq!(system.load(process, SHARED), Ok(0x77));
    system.sound();
}

#[test]
fn a_written_page_of_zeros_takes_one_frame() {
    let mut system = system();
    let section = system.add_image(TestImage::plain(BASE, 5)).expect("memory");
    let process = mapped(&system, section);
    system.load(process, CONSTANTS).expect("readable");
    let available = system.mm.available_frames();
    system.store(process, ZEROS, 9).expect("writable");
    assert_eq!(system.mm.available_frames(), available - 1);
    assert_eq!((system.load(process, ZEROS), system.load(process, ZEROS + 1)), (Ok(9), Ok(0)));
    assert_eq!(system.query(process, ZEROS).protect, PAGE_READWRITE);
    assert!(matches!(system.prototype(section, 7), PrototypePte::DemandZero(Protection::WRITECOPY)));
    let other = mapped(&system, section);
    assert_eq!((system.load(other, ZEROS), system.query(other, ZEROS).protect), (Ok(0), PAGE_WRITECOPY));
    system.store(other, ZEROS, 8).expect("writable");
    assert_eq!((system.load(process, ZEROS), system.load(other, ZEROS)), (Ok(9), Ok(8)));
    system.sound();
}

#[test]
fn a_protection_that_only_a_copy_can_have_survives_the_lack_of_a_frame() {
    let mut system = System::new(256, NoExecute::Absent);
    let section = system.add_image(TestImage::plain(BASE, 5)).expect("memory");
    let (process, other) = (mapped(&system, section), mapped(&system, section));
    system.load(other, CODE).expect("readable");
    assert_eq!(system.protect(process, CODE, 1, PAGE_EXECUTE), Ok(PAGE_EXECUTE_READ));
    let mut hog = Hog::new(&mut system);
    hog.fill(&system, 0);
    let before = system.picture(process);
    assert_eq!(system.fault(process, CODE, Access::Read), FaultOutcome::NoFrame);
    assert_eq!(system.query(process, CODE).protect, PAGE_EXECUTE);
    assert_eq!(system.picture(process), before);
    hog.end(&system);
    assert_eq!(system.access(process, CODE, Access::Execute), Outcome::Done);
    assert_eq!(system.query(process, CODE).protect, PAGE_EXECUTE);
    assert_eq!(system.query(other, CODE).protect, PAGE_EXECUTE_READ);
    system.sound();
}

#[test]
fn the_shared_data_page_is_read_by_all_and_written_by_none() {
    let mut system = system();
    let (first, second) = (system.start_process().expect("one"), system.start_process().expect("two"));
    for process in [first, second] {
        assert_eq!(system.load(process, 0x7FFE_0000), Ok(0));
        assert_eq!(system.store(process, 0x7FFE_0000, 1), Err(Outcome::AccessViolation));
        assert_eq!(system.access(process, 0x7FFE_0000, Access::Execute), Outcome::AccessViolation);
        assert_eq!(system.load(process, 0x7FFE_1000), Err(Outcome::AccessViolation));
        assert_eq!(system.protect(process, 0x7FFE_0000, 1, PAGE_READWRITE), Err(NtStatus::INVALID_PARAMETER_2));
        assert_eq!(
            system.allocate(process, MEM_COMMIT, PAGE_READWRITE, 0x7FFE_0000, 1),
            Err(NtStatus::INVALID_PARAMETER_2)
        );
    }
    let frame = frame_at(&system, first, 0x7FFE_0000);
    assert_eq!((frame_at(&system, second, 0x7FFE_0000), system.mm.frame(frame).share_count()), (frame, 3));
    assert_eq!(system.sound().mapped, 2);
    system.end_process(first);
    system.end_process(second);
    assert_eq!(system.mm.frame(frame).share_count(), 1);
    system.sound();
}
