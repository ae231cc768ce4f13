//! Single scenes: one fault or service at a time, each with the audit after it.

use abi::memory::*;
use abi::nt::process::execute_options::{EXECUTE_DISABLE, EXECUTE_ENABLE};
use abi::status::NtStatus;
use mm::frame::{Flags, Location};
use mm::layout::VirtualAddress;
use mm::machine::Records;
use mm::protection::Access;
use mm::pte::{CACHE_DISABLE, VALID, ValidPte, WRITE_THROUGH, pte_of};
use mm::virtual_memory::{AllocateFlags, AskedRange, FreeKind, check_protect};
use model::image::TestImage;
use model::machine::NoExecute;
use model::system::{Outcome, System};

fn system() -> System {
    System::new(256, NoExecute::Supported)
}

fn asked(base: u32, size: u32) -> AskedRange {
    AskedRange::check(base, size).expect("a sound range")
}

fn flags(kind: u32, protect: u32) -> AllocateFlags {
    AllocateFlags::check(0, kind, protect).expect("sound flags")
}

const BOTH: u32 = MEM_RESERVE | MEM_COMMIT;

#[test]
fn a_started_system_passes_its_audit() {
    let mut system = system();
    let audit = system.verify().expect("a sound system");
    assert_eq!(audit.frames, 256);
    assert_eq!((audit.processes, audit.vads, audit.mapped), (0, 0, 0));
}

#[test]
fn a_process_that_ends_leaves_nothing_behind() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    system.end_process(process);
    let before = (system.mm.available_frames(), system.mm.commit.current());
    let process = system.start_process().expect("a process");
    let range = system.space(process).allocate(flags(BOTH, PAGE_READWRITE), asked(0, 0x30000)).expect("room");
    for page in 0..0x30 {
        system.store(process, range.base() + page * 0x1000, page as u8).expect("committed");
    }
    system.verify().expect("sound while it runs");
    system.end_process(process);
    system.verify().expect("sound when it is gone");
    assert_eq!((system.mm.available_frames(), system.mm.commit.current()), before);
}

#[test]
fn demand_zero_pages_read_as_zero_and_keep_what_is_written() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    let range = system.space(process).allocate(flags(BOTH, PAGE_READWRITE), asked(0, 0x3000)).expect("room");
    assert_eq!(range.base(), 0x10000);
    assert_eq!(system.load(process, 0x10FFF), Ok(0));
    system.store(process, 0x10FFF, 7).expect("writable");
    assert_eq!(system.load(process, 0x10FFF), Ok(7));
    assert_eq!(system.load(process, 0x13000), Err(Outcome::AccessViolation));
    assert_eq!(system.verify().expect("sound").mapped, 1);
}

#[test]
fn data_is_executed_where_the_process_is_not_covered_and_its_protection_stays() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    system.space(process).allocate(flags(BOTH, PAGE_READWRITE), asked(0, 0x2000)).expect("room");
    let options = |system: &System, options: u8| {
        system.mm.machine.record(process).pcb.execute_options.set(options);
        if options & EXECUTE_ENABLE == 0 {
            system.space(process).prevent_execution();
        }
    };
    system.store(process, 0x10000, 42).expect("writable");
    assert_eq!(system.access(process, 0x10000, Access::Execute), Outcome::AccessViolation);
    options(&system, EXECUTE_ENABLE);
    for page in [0x10000, 0x11000] {
        assert_eq!(system.access(process, page, Access::Execute), Outcome::Done);
        let region = system.space(process).query(page).expect("user space");
        assert_eq!((region.protect, region.size), (PAGE_READWRITE, 0x12000 - page));
    }
    assert_eq!(system.access(process, 0x12000, Access::Execute), Outcome::AccessViolation);
    system.verify().expect("sound with marked entries");
    system.space(process).empty_working_set();
    assert_eq!(system.access(process, 0x10000, Access::Execute), Outcome::Done);
    assert_eq!(system.load(process, 0x10000), Ok(42));
    options(&system, EXECUTE_DISABLE);
    for page in [0x10000, 0x11000] {
        assert_eq!(system.access(process, page, Access::Execute), Outcome::AccessViolation);
    }
    system.verify().expect("sound without");
}

#[test]
fn a_frame_is_cached_as_its_page_asks() {
    const UNCACHED: u64 = CACHE_DISABLE;
    const COMBINED: u64 = CACHE_DISABLE | WRITE_THROUGH;
    let mut system = system();
    let process = system.start_process().expect("a process");
    let none = Flags::empty();
    let kinds =
        [(0, 0, Flags::CACHED), (PAGE_NOCACHE, UNCACHED, none), (PAGE_WRITECOMBINE, COMBINED, Flags::WRITE_COMBINED)];
    for (modifier, bits, attribute) in kinds {
        let range =
            system.space(process).allocate(flags(BOTH, PAGE_READWRITE | modifier), asked(0, 0x1000)).expect("room");
        let base = range.base();
        let look = |system: &System| {
            let valid = ValidPte(system.mm.machine.record(pte_of(VirtualAddress(base).page())).load());
            assert!(valid.has(VALID));
            let record = system.mm.frame(valid.frame());
            (valid.0 & COMBINED, record.flags() & (Flags::CACHED | Flags::WRITE_COMBINED))
        };
        system.store(process, base, 42).expect("writable");
        assert_eq!(look(&system), (bits, attribute), "{modifier:x}");
        system.space(process).empty_working_set();
        assert_eq!(system.load(process, base), Ok(42));
        assert_eq!(look(&system), (bits, attribute), "{modifier:x} in transition meanwhile");
        let region = system.space(process).query(base).expect("user space");
        assert_eq!(region.protect, PAGE_READWRITE | modifier);
        for (other, bits, attribute) in &kinds[..2] {
            let protect = check_protect(PAGE_READONLY | other).expect("valid");
            system.space(process).protect(base, 1, protect).expect("committed");
            assert_eq!(look(&system), (*bits, *attribute), "{modifier:x} to {other:x}");
        }
        system.verify().expect("sound");
    }
}

#[test]
fn a_guard_page_fires_once() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    let guard = flags(BOTH, PAGE_READWRITE | PAGE_GUARD);
    system.space(process).allocate(guard, asked(0, 0x1000)).expect("room");
    assert_eq!(system.access(process, 0x10000, Access::Read), Outcome::GuardPage);
    assert_eq!(system.access(process, 0x10000, Access::Write), Outcome::Done);
    let region = system.space(process).query(0x10000).expect("user space");
    assert_eq!(region.protect, PAGE_READWRITE);
    system.verify().expect("sound");
}

#[test]
fn no_access_parks_a_page_in_transition_and_it_comes_back_whole() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    system.space(process).allocate(flags(BOTH, PAGE_READWRITE), asked(0, 0x1000)).expect("room");
    system.store(process, 0x10000, 42).expect("writable");
    let no_access = check_protect(PAGE_NOACCESS).expect("valid");
    let old = system.space(process).protect(0x10000, 1, no_access).expect("committed");
    assert_eq!(old.1, PAGE_READWRITE);
    assert_eq!(system.mm.list_length(Location::Modified), 1);
    assert_eq!(system.load(process, 0x10000), Err(Outcome::AccessViolation));
    system.verify().expect("sound in transition");
    let read_only = check_protect(PAGE_READONLY).expect("valid");
    assert_eq!(system.space(process).protect(0x10000, 1, read_only).expect("committed").1, PAGE_NOACCESS);
    assert_eq!(system.load(process, 0x10000), Ok(42));
    assert_eq!(system.store(process, 0x10000, 1), Err(Outcome::AccessViolation));
    system.verify().expect("sound");
}

#[test]
fn a_written_image_page_is_copied_and_the_other_process_keeps_its_own() {
    let mut system = system();
    let image = TestImage::plain(0x40_0000, 1);
    let section = system.add_image(image.clone()).expect("memory");
    let first = system.start_process().expect("a process");
    let second = system.start_process().expect("a process");
    for process in [first, second] {
        let mapped = system.space(process).map_image(section, None).expect("room");
        assert_eq!(mapped.start.address().0, 0x40_0000);
    }
    let data = 0x40_4000;
    assert_eq!(system.load(first, data), Ok(image.byte(0x4000)));
    assert_eq!(system.load(second, data), Ok(image.byte(0x4000)));
    system.verify().expect("sound while shared");
    system.store(first, data, 0xEE).expect("copied");
    assert_eq!(system.load(first, data), Ok(0xEE));
    assert_eq!(system.load(second, data), Ok(image.byte(0x4000)));
    assert_eq!(system.load(first, data + 1), Ok(image.byte(0x4001)), "the rest of the page came along");
    assert_eq!(system.load(first, 0x40_7000), Ok(0), "behind the file's data are zeros");
    assert_eq!(system.store(first, 0x40_1000, 0), Err(Outcome::AccessViolation));
    assert_eq!(system.access(first, 0x40_3000, Access::Execute), Outcome::AccessViolation);
    system.verify().expect("sound");
    system.end_process(first);
    system.end_process(second);
    system.verify().expect("sound when they are gone");
}

#[test]
fn an_image_whose_base_is_taken_goes_elsewhere() {
    let mut system = system();
    let section = system.add_image(TestImage::plain(0x40_0000, 1)).expect("memory");
    let process = system.start_process().expect("a process");
    system.space(process).allocate(flags(MEM_RESERVE, PAGE_READWRITE), asked(0x40_0000, 1)).expect("free");
    let mapped = system.space(process).map_image(section, None).expect("room");
    assert_eq!(mapped.start.address().0, 0x1_0000);
    assert_eq!(mapped.place, mm::section::Place::Elsewhere);
    let wanted = Some(mapped.start);
    assert_eq!(system.space(process).map_image(section, wanted), Err(NtStatus::CONFLICTING_ADDRESSES));
    system.verify().expect("sound");
}

#[test]
fn releasing_the_middle_splits_the_vad_and_its_charge() {
    let mut system = system();
    let process = system.start_process().expect("a process");
    system.space(process).allocate(flags(BOTH, PAGE_READWRITE), asked(0, 0x10000)).expect("room");
    system.store(process, 0x10000, 1).expect("writable");
    system.store(process, 0x1F000, 2).expect("writable");
    system.space(process).free(FreeKind::Release, 0x14000, 0x2000).expect("inside");
    assert_eq!(system.verify().expect("sound").vads, 2);
    assert_eq!(system.load(process, 0x14000), Err(Outcome::AccessViolation));
    assert_eq!(system.load(process, 0x1F000), Ok(2));
    let region = system.space(process).query(0x16000).expect("user space");
    assert_eq!((region.allocation_base, region.size), (0x16000, 0xA000));
}

#[test]
fn without_nx_data_can_be_executed_and_protections_still_read_back() {
    let mut system = System::new(256, NoExecute::Absent);
    let section = system.add_image(TestImage::plain(0x40_0000, 1)).expect("memory");
    let process = system.start_process().expect("a process");
    system.space(process).map_image(section, None).expect("room");
    assert_eq!(system.access(process, 0x40_4000, Access::Execute), Outcome::Done);
    let new = check_protect(PAGE_EXECUTE_READ).expect("valid");
    assert_eq!(system.space(process).protect(0x40_4000, 1, new).expect("committed").1, PAGE_WRITECOPY);
    assert_eq!(system.access(process, 0x40_4000, Access::Read), Outcome::Done);
    assert_eq!(system.space(process).query(0x40_4000).expect("user").protect, PAGE_EXECUTE_READ);
    system.verify().expect("sound");
}
