//! The audit finds what is broken: one word is changed behind the memory manager's back, and the right invariant is named.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use mm::frame::Location;
use mm::layout::{FrameNumber, PageCount, VirtualAddress};
use mm::machine::{FrameBytes, Records};
use mm::protection::Protection;
use mm::pte::{NO_EXECUTE, Pte, ValidPte, WRITE};
use mm::section::{ControlArea, ControlAreaFlags, Segment, ViewRequest};
use mm::vad::{Mmvad, MmvadLong, MmvadShort, VadFlags, VadFlags2};
use mm::verify::Corruption;
use mm::virtual_memory::{PhysicalView, SecureMode};
use model::image::TestImage;
use model::machine::NoExecute;
use model::sections::whole;
use model::system::System;

/// A system with a page of each kind; see [`Scene::new`].
struct Scene {
    system: System,
    process: Link<Eprocess>,
    section: Link<ControlArea>,
    memory: Link<ControlArea>,
}

impl Scene {
    /// | address | what |
    /// |---|---|
    /// | 200000 | committed; 200000 written, 201000 read-only, 202000 parked, 203000 decommitted |
    /// | 400000 | an image; code read, data read, constants made writable |
    /// | 500000 | a view of two of three pages of memory that takes no stores; both committed, the first read, the other closed |
    /// | 600000 | five pages of reserved memory that are watched |
    /// | 700000 | committed and written; 701000 and 703000 are secured |
    /// | 800000 | committed; 801000 is secured |
    /// | 900000 | three committed pages that were made read-only at once |
    /// | A00000 | three pages that were committed at once; the last is written |
    fn new() -> Self {
        let mut system = System::new(256, NoExecute::Supported);
        let section = system.add_image(TestImage::plain(0x40_0000, 1)).expect("memory");
        let process = system.start_process().expect("memory");
        system.commit_at(process, 0x20_0000, 0x1_0000);
        (0..3).for_each(|page| system.store(process, 0x20_0000 + page * 0x1000, 1).expect("committed"));
        system.protect(process, 0x20_1000, 1, PAGE_READONLY).expect("committed");
        system.protect(process, 0x20_2000, 1, PAGE_NOACCESS).expect("committed");
        system.free(process, MEM_DECOMMIT, 0x20_3000, 1).expect("committed");
        system.space(process).map_image(section, None).expect("room");
        system.load(process, 0x40_1000).expect("readable");
        system.load(process, 0x40_4000).expect("readable");
        system.protect(process, 0x40_3000, 1, PAGE_READWRITE).expect("committed");
        let memory = system.add_memory(0x3000, PAGE_READONLY, ControlAreaFlags::RESERVE).expect("memory");
        let view = ViewRequest { base: 0x50_0000, size: 0x2000, commit: 0x1001, ..whole(PAGE_READONLY) };
        system.map(process, memory, &view).expect("room");
        system.load(process, 0x50_0000).expect("readable");
        system.protect(process, 0x50_1000, 1, PAGE_NOACCESS).expect("committed");
        system.allocate(process, MEM_RESERVE | MEM_WRITE_WATCH, PAGE_READWRITE, 0x60_0000, 0x5000).expect("room");
        for (base, secured) in [(0x70_0000, [1, 3]), (0x80_0000, [1, 1])] {
            system.commit_at(process, base, 0x1_0000);
            let number = if secured[0] == secured[1] { 1 } else { 2 };
            for page in &secured[..number] {
                let at = base + page * 0x1000;
                system.space(process).secure(at, 1, SecureMode::Writable).expect("good for it");
            }
        }
        system.store(process, 0x70_0000, 1).expect("writable");
        system.commit_at(process, 0x90_0000, 0x3000);
        system.protect(process, 0x90_0000, 0x3000, PAGE_READONLY).expect("committed");
        system.commit_at(process, 0xA0_0000, 0x3000);
        system.store(process, 0xA0_2000, 1).expect("committed");
        system.sound();
        Self { system, process, section, memory }
    }

    fn record(&self) -> &Eprocess {
        self.system.mm.machine.record(self.process)
    }

    /// Replaces the PTE of `address` where it stands.
    fn set_pte(&self, address: u32, raw: u64) {
        self.system.space(self.process);
        let page = VirtualAddress(address).page().0;
        let directory = self.system.mm.machine.attached()[(page >> 18) as usize];
        let table = ValidPte(self.system.mm.machine.read_entry(directory, page >> 9 & 0x1FF)).frame();
        self.system.mm.machine.write_entry(table, page & 0x1FF, raw);
    }

    fn raw(&self, address: u32) -> u64 {
        self.system.raw_pte(self.process, address)
    }

    fn frame(&self, address: u32) -> FrameNumber {
        match self.system.pte(self.process, address) {
            Pte::Valid(valid) => valid.frame(),
            Pte::Transition(frame, _) => frame,
            other => panic!("{other:?}"),
        }
    }

    /// What is kept of the watched memory.
    fn view(&self) -> &PhysicalView {
        self.system.mm.machine.record(self.record().physical_vad_list.flink.get().cast())
    }

    fn long(&self, address: u32) -> &MmvadLong {
        let space = self.system.space(self.process);
        let vad = space.vads().find(VirtualAddress(address).page()).expect("allocated");
        self.system.mm.machine.record(vad.cast())
    }

    fn vad(&self, address: u32) -> &MmvadShort {
        let space = self.system.space(self.process);
        let vad = space.vads().find(VirtualAddress(address).page()).expect("allocated");
        self.system.mm.machine.record(vad.cast())
    }
}

/// Breaks a scene, and tells what the audit should say.
type Case = (&'static str, fn(&Scene), fn(&Corruption) -> bool);

fn run(cases: &[Case]) {
    for (what, change, named) in cases {
        let scene = Scene::new();
        change(&scene);
        let mut scratch = vec![0; 0x8000];
        let found = scene.system.mm.verify(&mut scratch).expect_err(what);
        assert!(named(&found), "{what}: {found:?}");
    }
}

#[test]
fn what_a_pte_may_not_say() {
    use Corruption::T3;
    run(&[
        (
            "write where the record says read",
            |s| s.set_pte(0x20_1000, s.raw(0x20_1000) | WRITE),
            |c| matches!(c, T3 { .. }),
        ),
        ("execute", |s| s.set_pte(0x20_0000, s.raw(0x20_0000) & !NO_EXECUTE), |c| matches!(c, T3 { .. })),
        ("write to the shared frame", |s| s.set_pte(0x40_4000, s.raw(0x40_4000) | WRITE), |c| matches!(c, T3 { .. })),
        (
            "write through a view that only reads",
            |s| s.set_pte(0x50_0000, s.raw(0x50_0000) | WRITE),
            |c| matches!(c, T3 { .. }),
        ),
        (
            "more than the view allows",
            |s| s.set_pte(0x50_1000, Pte::LookInVad(Protection::READWRITE).encode()),
            |c| matches!(c, T3 { .. }),
        ),
        (
            "the frame of another page of the image",
            |s| {
                s.set_pte(
                    0x40_4000,
                    ValidPte::user(s.frame(0x40_1000), Protection::WRITECOPY, NO_EXECUTE).0 | mm::pte::PROTOTYPE,
                )
            },
            |c| matches!(c, T3 { .. }),
        ),
        (
            "a section's form in private memory",
            |s| s.set_pte(0x20_3000, Pte::LookInVad(Protection::DECOMMITTED).encode()),
            |c| matches!(c, T3 { .. } | Corruption::M1 { .. }),
        ),
        (
            "a parked page with another protection than its record",
            |s| s.set_pte(0x20_2000, Pte::Transition(s.frame(0x20_2000), Protection::READWRITE).encode()),
            |c| matches!(c, T3 { .. }),
        ),
        (
            "decommitted in an image",
            |s| s.set_pte(0x40_3000, Pte::DemandZero(Protection::DECOMMITTED).encode()),
            |c| matches!(c, T3 { .. }),
        ),
        (
            "a frame that is no RAM",
            |s| s.set_pte(0x20_0000, ValidPte::user(FrameNumber(0xFF_FFFF), Protection::READWRITE, NO_EXECUTE).0),
            |c| matches!(c, Corruption::F6 { .. }),
        ),
        (
            "the frame of another page",
            |s| s.set_pte(0x20_0000, ValidPte::user(s.frame(0x20_1000), Protection::READWRITE, NO_EXECUTE).0),
            |c| matches!(c, Corruption::F6 { .. }),
        ),
    ]);
}

#[test]
fn counts_of_a_process() {
    use Corruption::{A3, A4, M1, M3, W1};
    run(&[
        (
            "private pages",
            |s| {
                s.record().number_of_private_pages.update(|n| n + 1);
            },
            |c| matches!(c, A4 { .. }),
        ),
        (
            "working set",
            |s| {
                s.record().vm.working_set_size.update(|n| n + 1);
            },
            |c| matches!(c, W1 { .. }),
        ),
        (
            "VADs",
            |s| {
                s.record().number_of_vads.update(|n| n - 1);
            },
            |c| matches!(c, A4 { .. }),
        ),
        (
            "addresses",
            |s| {
                s.record().virtual_size.update(|n| n + 0x1000);
            },
            |c| matches!(c, A4 { .. }),
        ),
        (
            "its charge",
            |s| {
                s.record().commit_charge.update(|n| n + 1);
            },
            |c| matches!(c, A3 { .. }),
        ),
        ("the charge of private memory", |s| charge_one_more(s, 0x20_0000), |c| matches!(c, M1 { .. })),
        ("the charge of a view of memory", |s| charge_one_more(s, 0x50_0000), |c| matches!(c, M3 { .. })),
        ("the charge of an image", |s| charge_one_more(s, 0x40_0000), |c| matches!(c, M3 { .. })),
    ]);
}

fn charge_one_more(scene: &Scene, address: u32) {
    let vad = scene.vad(address);
    let charge = vad.flags().commit_charge().0 + 1;
    vad.set_flags(vad.flags().with_commit_charge(mm::layout::PageCount(charge)));
    scene.record().commit_charge.update(|charge| charge + 1);
}

#[test]
fn frames_and_their_lists() {
    use Corruption::{F1, F2, F3, F4, F5, F6, F7, F8, F9};
    run(&[
        ("a parked page forgotten", forget_parked, |c| matches!(c, F8 { .. })),
        (
            "a share too many",
            |s| {
                s.system.mm.frame(s.frame(0x40_1000)).u2.update(|n| n + 1);
            },
            |c| matches!(c, F7 { .. }),
        ),
        ("a share too few", |s| s.system.mm.frame(s.frame(0x20_0000)).u2.set(0), |c| matches!(c, F4(_))),
        ("no reference", |s| s.system.mm.frame(s.frame(0x20_0000)).reference_count.set(0), |c| matches!(c, F4(_))),
        (
            "named by another",
            |s| {
                s.system.mm.frame(s.frame(0x20_0000)).pte_address.update(|at| at + 8);
            },
            |c| matches!(c, F6 { .. }),
        ),
        (
            "on a list and referenced",
            |s| s.system.mm.frame(last_free(s)).reference_count.set(1),
            |c| matches!(c, F1(_)),
        ),
        ("a back link", |s| s.system.mm.frame(last_free(s)).u2.set(0), |c| matches!(c, F2(_))),
        (
            "a colour's link",
            |s| s.system.mm.frame(first_free(s)).original_pte.low.set(0xFFFF_FFFF),
            |c| matches!(c, F3(_)),
        ),
        (
            "a frame nowhere",
            |s| s.system.mm.frame(s.frame(0x20_0000)).e1.set(0x1501),
            |c| matches!(c, F4(_) | F5 { .. } | F9(_)),
        ),
    ]);
}

fn first_free(scene: &Scene) -> FrameNumber {
    let on_free = |frame: &FrameNumber| scene.system.mm.frame(*frame).location() == Location::Free;
    (0..256).map(FrameNumber).find(on_free).expect("one")
}

fn last_free(scene: &Scene) -> FrameNumber {
    let on_free = |frame: &FrameNumber| scene.system.mm.frame(*frame).location() == Location::Free;
    (0..256).map(FrameNumber).filter(on_free).last().expect("one")
}

/// The PTE no longer names the page that stands on Modified, and all counts but one agree.
fn forget_parked(scene: &Scene) {
    scene.set_pte(0x20_2000, Pte::DemandZero(Protection::NOACCESS).encode());
    scene.record().number_of_private_pages.update(|count| count - 1);
}

#[test]
fn sections_and_commit() {
    use Corruption::{C1, P, S1, S2, S3, S4};
    run(&[
        (
            "views",
            |s| {
                area(s).number_of_mapped_views.update(|n| n + 1);
            },
            |c| matches!(c, S1 { .. }),
        ),
        (
            "pages of the file",
            |s| {
                area(s).number_of_pfn_references.update(|n| n - 1);
            },
            |c| matches!(c, S2 { .. }),
        ),
        (
            "views of memory",
            |s| {
                s.system.mm.machine.record(s.memory).number_of_mapped_views.update(|n| n - 1);
            },
            |c| matches!(c, S1 { .. }),
        ),
        (
            "committed pages of memory",
            |s| {
                segment(s).number_of_committed_pages.update(|n| n + 1);
            },
            |c| matches!(c, S3 { .. }),
        ),
        (
            "a hole in committed memory",
            |s| s.system.mm.machine.record(s.memory).flags.set(ControlAreaFlags::COMMIT.bits()),
            |c| matches!(c, S3 { .. }),
        ),
        (
            "a view of other pages than its offset says",
            |s| {
                let view = s.system.mm.machine.record(Link::<Mmvad>::new(vad_at(s, 0x50_0000)));
                view.last_contiguous_pte.update(|at| at.offset(8));
            },
            |c| matches!(c, S4 { .. }),
        ),
        (
            "the sum of all",
            |s| s.system.mm.commit.charge(1).map(std::mem::forget).expect("room"),
            |c| matches!(c, C1 { .. }),
        ),
        (
            "the size before a pool block",
            |s| {
                header(s).update(|word| word ^ 1);
            },
            |c| matches!(c, P(_)),
        ),
        (
            "the size of a pool block",
            |s| {
                header(s).update(|word| word ^ 1 << 16);
            },
            |c| matches!(c, P(_)),
        ),
        (
            "a pool block in use that says free",
            |s| {
                header(s).update(|word| word & 0x1FF_FFFF);
            },
            |c| matches!(c, P(_)),
        ),
    ]);
}

fn segment(scene: &Scene) -> &Segment {
    scene.system.mm.machine.record(scene.system.mm.machine.record(scene.memory).segment.get())
}

fn vad_at(scene: &Scene, address: u32) -> u32 {
    let space = scene.system.space(scene.process);
    space.vads().find(VirtualAddress(address).page()).expect("allocated").address()
}

fn area(scene: &Scene) -> &ControlArea {
    scene.system.mm.machine.record(scene.section)
}

/// The sizes of the pool block of the control area.
fn header(scene: &Scene) -> &abi::cell::Field<u32> {
    scene.system.mm.machine.record(Link::new(scene.section.address() - 8))
}

#[test]
fn what_watched_and_secured_memory_may_not_say() {
    use Corruption::{Q1, Q2, U1, U2, U3};
    run(&[
        ("another range", |s| s.view().end_va.set(0x60_5FFF), |c| matches!(c, Q1 { .. })),
        ("another VAD", |s| s.view().vad.set(Link::new(s.view().vad.get().address() + 8)), |c| matches!(c, Q1 { .. })),
        (
            "a view that is not in the list",
            |s| mm::list::remove(&s.system.mm.machine, s.record().physical_vad_list.flink.get()),
            |c| matches!(c, Q1 { .. }),
        ),
        ("no flag in the process", |s| s.record().flags.set(0), |c| matches!(c, Q1 { .. })),
        (
            "a view of nothing",
            |s| s.vad(0x60_0000).set_flags(s.vad(0x60_0000).flags().without(VadFlags::WRITE_WATCH)),
            |c| matches!(c, Q1 { .. }),
        ),
        (
            "a bit beyond the last page",
            |s| s.system.mm.machine.record(s.system.mm.machine.record(s.view().bit_map.get()).buffer.get()).set(0x20),
            |c| matches!(c, Q2 { .. }),
        ),
        (
            "bits for another number of pages",
            |s| s.system.mm.machine.record(s.view().bit_map.get()).size_of_bit_map.set(6),
            |c| matches!(c, Q2 { .. }),
        ),
        (
            "fixed for no reason",
            |s| s.long(0x80_0000).mapped.set_flags2(VadFlags2::LONG_VAD),
            |c| matches!(c, U1 { .. }),
        ),
        (
            "secured and not fixed",
            |s| s.vad(0x80_0000).set_flags(s.vad(0x80_0000).flags().without(VadFlags::NO_CHANGE)),
            |c| matches!(c, U1 { .. }),
        ),
        ("pages of another VAD", |s| s.long(0x80_0000).secured[1].set(0x81_0FFF), |c| matches!(c, U2 { .. })),
        (
            "an empty list",
            |s| s.long(0x70_0000).secured.iter().for_each(|link| link.set(list_of(s))),
            |c| matches!(c, U2 { .. }),
        ),
        (
            "a page that cannot be written to",
            |s| s.set_pte(0x70_3000, Pte::DemandZero(Protection::READONLY).encode()),
            |c| matches!(c, U3 { .. }),
        ),
    ]);
}

#[test]
fn what_a_vad_may_not_say_of_all_its_pages() {
    use Corruption::M4;
    run(&[
        (
            "a page that can be written to",
            |s| s.set_pte(0x90_1000, Pte::DemandZero(Protection::READWRITE).encode()),
            |c| matches!(c, M4 { .. }),
        ),
        (
            "memory whose silent pages have another protection",
            |s| {
                let flags = VadFlags::PRIVATE_MEMORY.with(VadFlags::MEM_COMMIT).with_protection(Protection::READONLY);
                s.vad(0xA0_0000).set_flags(flags.with_commit_charge(PageCount(3)));
            },
            |c| matches!(c, M4 { .. }),
        ),
    ]);
}

/// Address of the head of the list of secured ranges at 700000.
fn list_of(scene: &Scene) -> u32 {
    let space = scene.system.space(scene.process);
    let vad = space.vads().find(VirtualAddress(0x70_0000).page()).expect("allocated");
    vad.address() + core::mem::offset_of!(MmvadLong, secured) as u32
}
