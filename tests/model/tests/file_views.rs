//! Views of files' data: what they show, how far they reach, what is written of what was stored in them; and what the audit says
//! where the structures behind them are wrong.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::fault::{FaultOutcome, Resolution};
use mm::frame::{Flags, Location};
use mm::layout::VirtualAddress;
use mm::machine::Records;
use mm::protection::Access;
use mm::pte::{DIRTY, Pte};
use mm::section::{ControlArea, ControlAreaFlags, DirtyRun, Need, Truncation, ViewRequest};
use mm::vad::Mmvad;
use mm::verify::Corruption;
use model::machine::NoExecute;
use model::sections::whole;
use model::system::{Outcome, System};

const RW: u32 = PAGE_READWRITE;
/// Three subsections, the last with a page and a byte.
const SIZE: u32 = 0x40_1001;

fn byte(offset: u32) -> u8 {
    (offset ^ offset >> 8 ^ offset >> 16).wrapping_mul(7) as u8 | 1
}

fn file(system: &System, size: u32) -> Link<ControlArea> {
    system.add_data((0..size).map(byte).collect(), ControlAreaFlags::empty()).expect("memory")
}

fn scene(size: u32) -> (System, Link<Eprocess>, Link<ControlArea>) {
    let system = System::new(512, NoExecute::Supported);
    let section = file(&system, size);
    let process = system.start_process().expect("a process");
    (system, process, section)
}

fn is_dirty(system: &System, process: Link<Eprocess>, address: u32) -> bool {
    matches!(system.pte(process, address), Pte::Valid(valid) if valid.has(DIRTY))
}

#[test]
fn a_view_reaches_over_all_subsections_and_no_further_than_its_section() {
    let (mut system, process, section) = scene(SIZE);
    let (base, size) = system.map(process, section, &whole(PAGE_READONLY)).expect("room");
    assert_eq!(size, 0x40_2000);
    assert_eq!((system.sound().mapped, system.pfn_references(section)), (0, 0));
    for offset in [0, 0x1F_FFFF, 0x20_0000, 0x3F_FFFF, 0x40_0000, SIZE - 1, 0x20_0FFF, 0x1F_F000] {
        assert_eq!(system.load(process, base + offset), Ok(byte(offset)), "{offset:x}");
        system.sound();
    }
    assert_eq!(system.load(process, base + SIZE), Ok(0));
    assert_eq!(system.load(process, base + 0x40_1FFF), Ok(0));
    assert_eq!(system.access(process, base + 0x40_2000, Access::Read), Outcome::AccessViolation);
    assert_eq!(system.access(process, base, Access::Write), Outcome::AccessViolation);
    let region = system.query(process, base + 0x1000);
    assert_eq!(
        (region.state, region.protect, region.kind, region.size),
        (MEM_COMMIT, PAGE_READONLY, MEM_MAPPED, 0x40_1000)
    );
    let part = ViewRequest { offset: 0x1F_0000, size: 0x2_0000, ..whole(PAGE_READONLY) };
    let (at, size) = system.map(process, section, &part).expect("room");
    assert_eq!((size, system.load(process, at + 0x1_F001)), (0x2_0000, Ok(byte(0x20_F001))));
    assert_eq!(system.load(process, at + 0x1234), Ok(byte(0x1F_1234)));
    let less = ViewRequest { section_size: 0x1_1234, ..whole(PAGE_READONLY) };
    for (request, status) in [
        (ViewRequest { offset: 0x40_2000 - 0x2000 + 0x1_0000, ..whole(RW) }, NtStatus::INVALID_VIEW_SIZE),
        (ViewRequest { size: SIZE + 1, ..whole(RW) }, NtStatus::INVALID_VIEW_SIZE),
        (ViewRequest { size: 0x1_1235, ..less }, NtStatus::INVALID_VIEW_SIZE),
        (ViewRequest { offset: 0x2_0000, ..less }, NtStatus::INVALID_VIEW_SIZE),
        (ViewRequest { size: 0x1000, commit: 0x1001, ..whole(RW) }, NtStatus::INVALID_PARAMETER_5),
    ] {
        assert_eq!(system.map(process, section, &request), Err(status), "{request:x?}");
    }
    assert_eq!(system.map(process, section, &less).map(|(_, size)| size), Ok(0x1_2000));
    assert_eq!(system.allocate(process, MEM_COMMIT, PAGE_READONLY, base, 1), Err(NtStatus::ALREADY_COMMITTED));
    system.end_process(process);
    assert_eq!(system.sound().sections, 1, "it stays for whoever opens the file next");
}

#[test]
fn views_reads_and_writes_of_a_file_are_of_one_page() {
    let (mut system, first, section) = scene(0x3000);
    let second = system.start_process().expect("a process");
    let (one, _) = system.map(first, section, &whole(RW)).expect("room");
    let (other, _) = system.map(second, section, &whole(PAGE_READONLY)).expect("room");
    assert_eq!((system.process_charge(first), system.process_charge(second)), (1, 1), "page tables only");
    system.store(first, one + 5, 9).expect("writable");
    assert_eq!((system.load(second, other + 5), system.read_file(section, 5)), (Ok(9), Ok(9)));
    system.write_file(section, 6, 8).expect("memory");
    assert_eq!((system.load(first, one + 6), system.load(second, other + 6)), (Ok(8), Ok(8)));
    let copy = ViewRequest { base: 0x100_0000, ..whole(PAGE_WRITECOPY) };
    system.map(second, section, &copy).expect("room");
    assert_eq!(system.process_charge(second), 2 + 3, "what may be copied");
    let outcome = {
        system.load(second, 0x100_0000).expect("readable");
        system.fault(second, 0x100_0000, Access::Write)
    };
    assert_eq!(outcome, FaultOutcome::Resolved(Resolution::CopyOnWrite));
    system.store(second, 0x100_0005, 7).expect("a copy");
    assert_eq!((system.load(second, 0x100_0005), system.read_file(section, 5)), (Ok(7), Ok(9)));
    assert_eq!(system.load(second, 0x100_0006), Ok(8), "copied as it was");
    system.sound();
    assert_eq!(system.truncate(section, 0x2FFF), Ok(()), "no page goes");
    assert_eq!(system.truncate(section, 0x2000), Err(Truncation::UserMapped));
    [first, second].into_iter().for_each(|process| system.end_process(process));
    assert_eq!(system.truncate(section, 0x2000), Ok(()));
    system.sound();
}

#[test]
fn what_is_stored_through_a_view_is_written_after_it_was_gathered_and_once() {
    let (mut system, process, section) = scene(SIZE);
    let view = ViewRequest { offset: 0x1F_0000, size: 0x2_0000, ..whole(RW) };
    let (base, _) = system.map(process, section, &view).expect("room");
    for page in [0, 1, 0xF, 0x10, 0x1F] {
        system.load(process, base + (page << 12)).expect("readable");
        system.store(process, base + (page << 12), 0).expect("writable");
    }
    let frame = |page: u32| match system.pte(process, base + (page << 12)) {
        Pte::Valid(valid) => valid.frame(),
        other => panic!("{other:?}"),
    };
    assert!(!system.mm.frame(frame(0)).flags().contains(Flags::MODIFIED), "only the PTE knows");
    assert_eq!(system.mm.next_dirty_run(section, 0, u32::MAX), DirtyRun::Clean);
    let gathered = system.space(process).gather_view(base + 0x1001, 0xF000).expect("a view of a file");
    assert_eq!((gathered.control_area, gathered.pages), (section, 0x1F1..0x201));
    assert_eq!((gathered.range.base(), gathered.range.bytes()), (base + 0x1000, 0x1_0000));
    assert!(is_dirty(&system, process, base) && !is_dirty(&system, process, base + 0x1000));
    assert_eq!(system.flush(section, 0x1F1, 0x201), Ok(3), "page 1F1, 1FF, and 200 in the next subsection");
    assert!(!system.mm.is_dirty(section));
    system.store(process, base + 0x1000, 5).expect("writable");
    assert!(is_dirty(&system, process, base + 0x1000), "noted anew");
    let all = system.space(process).gather_view(base + 0x1_0FFF, 0).expect("to the end of the view");
    assert_eq!((all.pages.clone(), all.range.bytes()), (0x200..0x210, 0x1_0000));
    system.unmap(process, base).expect("a view");
    assert_eq!(system.flush(section, 0, u32::MAX), Ok(2), "1F0 and 1F1 are neighbours, 20F");
    let disk = system.on_disk(section);
    assert_eq!([0x1F_0000, 0x1F_1000, 0x1F_2000, 0x20_F000].map(|at| disk[at]), [0, 5, byte(0x1F_2000), 0]);
    for (address, status) in [(base, NtStatus::NOT_MAPPED_VIEW), (0x7FFD_F000, NtStatus::NOT_MAPPED_VIEW)] {
        assert_eq!(system.space(process).gather_view(address, 1), Err(status));
    }
    let memory = system.add_memory(0x1000, RW, ControlAreaFlags::COMMIT).expect("memory");
    let (at, _) = system.map(process, memory, &whole(RW)).expect("room");
    assert_eq!(system.space(process).gather_view(at, 1), Err(NtStatus::NOT_MAPPED_DATA));
    let (base, _) = system.map(process, section, &view).expect("room");
    assert_eq!(system.space(process).gather_view(base + 0x1_F000, 0x1001), Err(NtStatus::INVALID_VIEW_SIZE));
    system.sound();
}

#[test]
fn a_view_without_pool_for_its_prototypes_is_refused() {
    let mut system = System::new(80, NoExecute::Supported);
    // 1 GB: 512 arrays of a page each.
    let section =
        system.mm.create_data_file(Link::new(0xA000_0000), 0x4000_0000, ControlAreaFlags::empty()).expect("memory");
    let process = system.start_process().expect("a process");
    let before = system.mm.pool_bytes_in_use();
    let part = ViewRequest { offset: 0x10_0000, size: 0x1000, ..whole(RW) };
    assert!(system.map(process, section, &part).is_ok());
    for _ in 0..2 {
        assert_eq!(system.map(process, section, &whole(RW)), Err(NtStatus::INSUFFICIENT_RESOURCES));
        assert_eq!(system.prototypes_of(section), 512, "those of the first view");
        system.sound();
    }
    assert!(system.mm.pool_bytes_in_use() - before < 0x100, "a node");
    let part = ViewRequest { offset: 0x3FFF_0000, ..whole(RW) };
    assert_eq!(system.map(process, section, &part).map(|(_, size)| size), Ok(0x1_0000));
    assert_eq!(system.prototypes_of(section), 1024);
    system.sound();
}

#[test]
fn the_audit_names_what_is_wrong_with_the_data_of_a_file() {
    type Break = fn(&System, Link<Eprocess>, Link<ControlArea>, u32);
    type Named = fn(&Corruption) -> bool;
    let cases: [(&str, Break, Named); 6] = [
        (
            "a page fewer in a subsection",
            |system, _, section, _| {
                let link = system.mm.subsections(section).nth(1).expect("there");
                system.mm.machine.record(link).ptes_in_subsection.update(|count| count - 1);
            },
            |found| matches!(found, Corruption::S5(_)),
        ),
        (
            "a subsection that begins elsewhere",
            |system, _, section, _| {
                let link = system.mm.subsections(section).nth(1).expect("there");
                system.mm.machine.record(link).starting_sector.update(|sector| sector + 8);
            },
            |found| matches!(found, Corruption::S5(_)),
        ),
        (
            "a write that has no reference",
            |system, _, section, _| {
                let frame = system.hold(section, 3, Need::Contents).expect("memory");
                system.mm.release_file_page(frame, false);
                system.mm.frame(frame).insert_flags(Flags::WRITE_IN_PROGRESS);
            },
            |found| matches!(found, Corruption::S6(_)),
        ),
        (
            "a dirty page that nobody would write",
            |system, _, section, _| {
                let area = system.mm.machine.record(section);
                system.write_file(section, 0x5000, 1).expect("memory");
                area.flags.update(|flags| flags | ControlAreaFlags::NO_MODIFIED_WRITING.bits());
            },
            |found| matches!(found, Corruption::S7(_)),
        ),
        (
            "a view of another page",
            |system, process, _, base| {
                let space = system.space(process);
                let vad = space.vads().find(VirtualAddress(base).page()).expect("a view");
                let view: &Mmvad = system.mm.machine.record(vad.cast());
                view.first_prototype_pte.update(|pte| pte.offset(8));
            },
            |found| matches!(found, Corruption::S4 { .. }),
        ),
        (
            "a page of the file that is not counted",
            |system, _, section, _| {
                system.mm.machine.record(section).number_of_pfn_references.update(|count| count + 1);
            },
            |found| matches!(found, Corruption::S2 { .. }),
        ),
    ];
    for (what, change, named) in cases {
        let (mut system, process, section) = scene(SIZE);
        let (base, _) = system.map(process, section, &whole(RW)).expect("room");
        system.load(process, base + 0x40_0000).expect("readable");
        assert_eq!(system.mm.list_length(Location::ModifiedNoWrite), 0);
        system.sound();
        change(&system, process, section, base);
        let found = system.verify().expect_err(what);
        assert!(named(&found), "{what}: {found:?}");
    }
}
