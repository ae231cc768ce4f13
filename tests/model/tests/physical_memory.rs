//! Physical memory as a section: frames seen by their numbers, whoever owns them, without anybody's noticing.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::{Eprocess, process_flags};
use abi::status::NtStatus as S;
use mm::layout::{FrameNumber, PAGE_SIZE, VirtualAddress};
use mm::machine::{FrameBytes, PageTables, Records};
use mm::protection::{Access, Protection};
use mm::pte::{CACHE_DISABLE, EXECUTABLE_ANYWAY, NO_EXECUTE, Pte, ValidPte, WRITE, pte_of};
use mm::section::{ControlArea, SectionFate, SectionLimits, ViewRequest};
use mm::vad::{MmvadShort, VadFlags};
use mm::verify::Corruption;
use model::machine::NoExecute;
use model::sections::whole;
use model::system::{Outcome, System};

const BITS: u8 = 36;
const BASE: u32 = 0x3000_0000;
/// A frame that is no RAM.
const DEVICE: u32 = 0xF_0000;

struct Scene {
    system: System,
    process: Link<Eprocess>,
    area: Link<ControlArea>,
    /// The frame at 200000, full of sevens.
    own: FrameNumber,
}

impl Scene {
    fn new() -> Self {
        let system = System::new(256, NoExecute::Supported);
        let area = system.mm.create_physical_memory(BITS).expect("memory");
        let process = system.start_process().expect("memory");
        system.commit_at(process, 0x20_0000, 0x1_0000);
        system.store(process, 0x20_0000, 7).expect("committed");
        let Pte::Valid(own) = system.pte(process, 0x20_0000) else { panic!("it was written") };
        Self { system, process, area, own: own.frame() }
    }

    /// Maps `pages` frames from `first` on at [`BASE`].
    fn map(&self, first: u32, pages: u32, protect: u32) -> Result<(), S> {
        let limits = SectionLimits { size: 1 << BITS, protection: None, base: 0, no_change: false };
        let offset = u64::from(first) * u64::from(PAGE_SIZE);
        let request = ViewRequest { base: BASE, offset, size: pages * PAGE_SIZE, ..whole(protect) };
        self.system.space(self.process).map_view(self.area, &limits, &request).map(drop)
    }

    fn vad(&self) -> &MmvadShort {
        let vad = self.system.space(self.process).vads().find(VirtualAddress(BASE).page()).expect("mapped");
        self.system.mm.machine.record(vad.cast())
    }

    fn unmap(&self) {
        let fate = self.system.space(self.process).unmap_view(VirtualAddress(BASE).page());
        assert_eq!(fate, Ok(SectionFate::Kept));
    }

    /// What is wrong when the entry of the view's first page is `entry`.
    fn with_entry(&mut self, entry: ValidPte) -> Result<(), Corruption> {
        let _attached = self.system.space(self.process);
        let cell = self.system.mm.machine.record(pte_of(VirtualAddress(BASE).page()));
        let before = cell.load();
        cell.store(entry.0);
        self.system.mm.machine.flush(VirtualAddress(BASE).page());
        let found = self.system.verify().map(drop);
        self.system.mm.machine.record(pte_of(VirtualAddress(BASE).page())).store(before);
        found
    }
}

#[test]
fn a_view_shows_the_frame_and_the_frame_does_not_notice() {
    let mut scene = Scene::new();
    let before = (scene.system.sound(), scene.system.mm.available_frames());
    scene.map(scene.own.0 - 1, 3, PAGE_READONLY).expect("room");
    let shares = scene.system.mm.frame(scene.own).share_count();
    assert_eq!(scene.system.load(scene.process, BASE + PAGE_SIZE), Ok(7));
    assert_eq!(scene.system.access(scene.process, BASE + PAGE_SIZE, Access::Write), Outcome::AccessViolation);
    assert_eq!(scene.system.access(scene.process, BASE + PAGE_SIZE, Access::Execute), Outcome::AccessViolation);
    assert_eq!(scene.system.mm.frame(scene.own).share_count(), shares);
    let region = scene.system.query(scene.process, BASE);
    assert_eq!(
        (region.size, region.state, region.protect, region.kind),
        (3 * PAGE_SIZE, MEM_COMMIT, PAGE_READONLY, MEM_MAPPED)
    );
    scene.system.sound();
    scene.unmap();
    assert_eq!((scene.system.sound(), scene.system.mm.available_frames()), before);
}

#[test]
fn a_page_that_goes_and_comes_elsewhere_leaves_its_frame_in_the_view() {
    let mut scene = Scene::new();
    scene.map(scene.own.0, 1, PAGE_READONLY).expect("room");
    assert_eq!(scene.system.load(scene.process, BASE), Ok(7));
    scene.system.free(scene.process, MEM_RELEASE, 0x20_0000, 0).expect("allocated");
    scene.system.sound();
    scene.system.mm.machine.write(scene.own, 0, &[9]);
    assert_eq!(scene.system.load(scene.process, BASE), Ok(9));
    scene.system.end_process(scene.process);
    assert_eq!(scene.system.sound().processes, 0);
}

#[test]
fn refusals_change_nothing() {
    let mut scene = Scene::new();
    let before = scene.system.picture(scene.process);
    let (own, last) = (scene.own.0, (1 << (BITS - 12)) - 1);
    let rows = [
        (own, 1, PAGE_READWRITE, S::ACCESS_DENIED),
        (own, 1, PAGE_EXECUTE_READWRITE, S::ACCESS_DENIED),
        (DEVICE, 1, PAGE_WRITECOPY, S::INVALID_PAGE_PROTECTION),
        (DEVICE, 1, PAGE_NOACCESS, S::INVALID_PAGE_PROTECTION),
        (DEVICE, 1, PAGE_READONLY | PAGE_GUARD, S::INVALID_PAGE_PROTECTION),
        (own, 1, PAGE_READONLY | PAGE_NOCACHE, S::CONFLICTING_ADDRESSES),
        (own, 1, PAGE_READONLY | PAGE_WRITECOMBINE, S::CONFLICTING_ADDRESSES),
        (last + 1, 1, PAGE_READONLY, S::INVALID_VIEW_SIZE),
        (last, 2, PAGE_READONLY, S::INVALID_VIEW_SIZE),
        (0, 0, PAGE_READONLY, S::INVALID_VIEW_SIZE),
    ];
    for (first, pages, protect, status) in rows {
        assert_eq!(scene.map(first, pages, protect), Err(status), "{first:x} {pages} {protect:x}");
        assert_eq!(scene.system.picture(scene.process), before);
    }
    let before = (scene.system.sound(), scene.system.mm.available_frames());
    assert_eq!(scene.map(last, 1, PAGE_READWRITE | PAGE_WRITECOMBINE), Ok(()));
    assert_eq!(scene.map(DEVICE, 1, PAGE_READONLY), Err(S::CONFLICTING_ADDRESSES), "the addresses are taken");
    let protect = |protect| scene.system.protect(scene.process, BASE, 1, protect).err();
    assert_eq!(protect(PAGE_READONLY), Some(S::CONFLICTING_ADDRESSES));
    let free = |kind| scene.system.free(scene.process, kind, BASE, 0).err();
    assert_eq!(free(MEM_RELEASE), Some(S::UNABLE_TO_DELETE_SECTION));
    assert_eq!(free(MEM_DECOMMIT), Some(S::UNABLE_TO_DELETE_SECTION));
    scene.unmap();
    assert_eq!((scene.system.sound(), scene.system.mm.available_frames()), before);
}

#[test]
fn the_audit_names_an_entry_that_is_not_the_views() {
    let mut scene = Scene::new();
    scene.map(DEVICE, 2, PAGE_READWRITE | PAGE_NOCACHE).expect("room");
    assert_eq!(scene.system.access(scene.process, BASE, Access::Write), Outcome::Done);
    let Pte::Valid(entry) = scene.system.pte(scene.process, BASE) else { panic!("it was touched") };
    assert!(entry.has(WRITE | CACHE_DISABLE | NO_EXECUTE) && entry.frame() == FrameNumber(DEVICE));
    assert_eq!(scene.with_entry(entry), Ok(()));
    let page = VirtualAddress(BASE).page();
    let wrong = [
        ValidPte(entry.0 + (1 << 12)),
        ValidPte(entry.0 & !WRITE),
        entry.with(EXECUTABLE_ANYWAY),
        ValidPte(entry.0 & !NO_EXECUTE),
    ];
    for entry in wrong {
        let found = scene.with_entry(entry);
        assert!(matches!(found, Err(Corruption::T3 { page: named, .. }) if named == page), "{entry:x?}: {found:?}");
    }
    // No view of the section any more, by its flags and by the process's.
    let flags = scene.vad().flags();
    assert_eq!(
        flags,
        VadFlags::PHYSICAL_MAPPING
            .with_protection(Protection::from_win32(PAGE_READWRITE | PAGE_NOCACHE).expect("sound"))
    );
    scene.vad().set_flags(flags.without(VadFlags::PHYSICAL_MAPPING));
    assert!(scene.system.verify().is_err());
    scene.vad().set_flags(flags);
    let record = &scene.system.mm.machine.record(scene.process).flags;
    let of_process = record.get();
    record.set(of_process & !process_flags::HAS_PHYSICAL_VAD);
    let found = scene.system.verify();
    assert!(matches!(found, Err(Corruption::S8 { start, .. }) if start == page), "{found:?}");
    scene.system.mm.machine.record(scene.process).flags.set(of_process);
    scene.system.sound();
}
