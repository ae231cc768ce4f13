//! Secured ranges and views whose protection may not change: what is refused, what is not, and what form their VADs have.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus as S;
use mm::layout::{VirtualAddress, VirtualPage};
use mm::machine::Records;
use mm::pool::Tag;
use mm::section::ControlAreaFlags;
use mm::section::ViewRequest;
use mm::vad::{MmvadLong, VadFlags, VadFlags2, VadForm};
use mm::virtual_memory::SecureMode::{self, Readable, Writable};
use mm::virtual_memory::SecuredRange;
use model::machine::NoExecute;
use model::sections::whole;
use model::system::System;

const RW: u32 = PAGE_READWRITE;
const RO: u32 = PAGE_READONLY;
const BASE: u32 = 0x20_0000;
const REFUSED: S = S::INVALID_PAGE_PROTECTION;

fn system() -> (System, Link<Eprocess>) {
    let system = System::new(400, NoExecute::Supported);
    let process = system.start_process().expect("memory");
    system.commit_at(process, BASE, 0x1_0000);
    (system, process)
}

fn page(number: u32) -> u32 {
    BASE + number * 0x1000
}

fn secure(system: &System, process: Link<Eprocess>, base: u32, size: u32, mode: SecureMode) -> SecuredRange {
    system.space(process).secure(base, size, mode).expect("good for it")
}

/// Form, pool tag and second flag word of the VAD at `address`, and what stands in it of secured ranges.
fn node(system: &System, process: Link<Eprocess>, address: u32) -> (VadForm, Tag, VadFlags2, [u32; 2]) {
    let space = system.space(process);
    let vad = space.vads().find(VirtualAddress(address).page()).expect("allocated");
    let form = VadForm::of(&system.mm.machine, vad);
    let long = system.mm.machine.record(vad.cast::<MmvadLong>());
    let flags = if form == VadForm::Short { VadFlags2::default() } else { long.mapped.flags2() };
    assert_eq!(space.vads().node(vad).flags().has(VadFlags::NO_CHANGE), form == VadForm::Long);
    (form, system.mm.pool_tag(vad), flags, [0, 1].map(|index: usize| long.secured[index].get()))
}

#[test]
fn a_range_stays_good_for_what_it_was_secured_for() {
    let protections = [RW, PAGE_EXECUTE_READWRITE, RW | PAGE_GUARD, RO, PAGE_EXECUTE_READ, PAGE_EXECUTE, PAGE_NOACCESS];
    for (mode, good) in [(Writable, 3), (Readable, 6)] {
        let (mut system, process) = system();
        secure(&system, process, page(4) + 0x800, 0x1000, mode);
        for (index, protect) in protections.into_iter().enumerate() {
            let before = system.picture(process);
            let result = system.protect(process, page(3), 0x2000, protect);
            assert_eq!(result.is_ok(), index < good, "{mode:?} {protect:x}");
            let committed = system.allocate(process, MEM_COMMIT, protect, page(5), 0x2000);
            assert_eq!(committed.is_ok(), index < good, "{mode:?} {protect:x}");
            if index >= good {
                assert_eq!((result, committed), (Err(REFUSED), Err(REFUSED)));
                assert_eq!(system.picture(process), before);
            }
            system.sound();
        }
        // Beside it everything goes.
        assert!(system.protect(process, page(0), 0x4000, PAGE_NOACCESS).is_ok());
        assert!(system.protect(process, page(6), 0xA000, PAGE_NOACCESS).is_ok());
        system.sound();
        system.end_process(process);
        system.sound();
    }
}

#[test]
fn a_secured_range_is_not_freed() {
    let (mut system, process) = system();
    secure(&system, process, page(4), 0x2000, Readable);
    let before = system.picture(process);
    for (kind, base, size) in [
        (MEM_RELEASE, BASE, 0),
        (MEM_RELEASE, BASE, 0x1_0000),
        (MEM_RELEASE, page(3), 0x1001),
        (MEM_RELEASE, page(5), 0xB000),
        (MEM_DECOMMIT, BASE, 0),
        (MEM_DECOMMIT, page(4), 1),
        (MEM_DECOMMIT, page(5), 0x2000),
    ] {
        assert_eq!(system.free(process, kind, base, size), Err(REFUSED), "{kind:x} {base:x} {size:x}");
    }
    // What is wrong with the range itself comes first.
    assert_eq!(system.free(process, MEM_RELEASE, page(1), 0), Err(S::FREE_VM_NOT_AT_BASE));
    assert_eq!(system.free(process, MEM_RELEASE, BASE, 0x1_0001), Err(S::UNABLE_TO_FREE_VM));
    assert_eq!(system.unmap(process, BASE), Err(S::NOT_MAPPED_VIEW));
    assert_eq!(system.picture(process), before);
    assert!(system.free(process, MEM_DECOMMIT, BASE, 0x4000).is_ok());
    assert!(system.free(process, MEM_DECOMMIT, page(6), 0x1000).is_ok());
    assert!(system.free(process, MEM_RELEASE, BASE, 0x2000).is_ok());
    assert!(system.free(process, MEM_RELEASE, page(12), 0x4000).is_ok());
    system.sound();
}

#[test]
fn a_node_is_long_while_something_of_it_is_secured() {
    let (mut system, process) = system();
    let short = (VadForm::Short, Tag(*b"VadS"), VadFlags2::default());
    let (form, tag, flags, _) = node(&system, process, BASE);
    assert_eq!((form, tag, flags), short);
    let one = secure(&system, process, page(4), 0x1001, Readable);
    let expected = VadFlags2::LONG_VAD.with(VadFlags2::ONE_SECURED).with(VadFlags2::READ_ONLY);
    assert_eq!(node(&system, process, BASE), (VadForm::Long, Tag(*b"Vadl"), expected, [page(4), page(6) - 1]));
    let two = secure(&system, process, page(5), 0x1000, Writable);
    let three = secure(&system, process, page(5), 1, Writable);
    assert_eq!(two, three);
    let (form, _, flags, _) = node(&system, process, BASE);
    assert_eq!((form, flags), (VadForm::Long, VadFlags2::LONG_VAD.with(VadFlags2::MULTIPLE_SECURED)));
    system.sound();
    // Page 5 is to stay writable for two, and page 4 readable for one.
    assert_eq!(system.protect(process, page(4), 1, RO), Ok(RW));
    assert_eq!(system.protect(process, page(5), 1, RO), Err(REFUSED));
    system.space(process).unsecure(two);
    assert_eq!(system.protect(process, page(5), 1, RO), Err(REFUSED));
    system.space(process).unsecure(three);
    assert_eq!(system.protect(process, page(5), 1, RO), Ok(RW));
    assert_eq!(system.free(process, MEM_DECOMMIT, page(5), 1), Err(REFUSED));
    system.sound();
    // What was never secured, or is not any more, changes nothing.
    system.space(process).unsecure(three);
    system.space(process).unsecure(SecuredRange { mode: Writable, ..one });
    assert_eq!(system.free(process, MEM_RELEASE, BASE, 0), Err(REFUSED));
    system.space(process).unsecure(one);
    let (form, tag, flags, _) = node(&system, process, BASE);
    assert_eq!((form, tag, flags), short);
    system.sound();
    system.space(process).unsecure(one);
    assert!(system.free(process, MEM_RELEASE, BASE, 0).is_ok());
    system.space(process).unsecure(one);
    system.sound();
}

#[test]
fn a_split_leaves_each_range_with_its_pages() {
    for several in [false, true] {
        for above in [false, true] {
            let (mut system, process) = system();
            let mut ranges = vec![secure(&system, process, page(if above { 12 } else { 2 }), 1, Writable)];
            if several {
                ranges.push(secure(&system, process, page(1), 1, Readable));
                ranges.push(secure(&system, process, page(14), 0x2000, Readable));
            }
            assert!(system.free(process, MEM_RELEASE, page(6), 0x2000).is_ok());
            system.sound();
            for range in ranges {
                let at = range.range.base();
                assert_eq!(node(&system, process, at).0, VadForm::Long);
                assert_eq!(system.free(process, MEM_RELEASE, at, 1), Err(REFUSED));
                system.space(process).unsecure(range);
                system.sound();
                assert_eq!(system.free(process, MEM_DECOMMIT, at, 1), Ok((at, 0x1000)));
            }
            let forms = [BASE, page(8)].map(|half| node(&system, process, half).0);
            assert_eq!(forms, [VadForm::Short; 2], "{several} {above}");
            system.end_process(process);
            system.sound();
        }
    }
}

#[test]
fn only_what_is_good_for_it_is_secured() {
    let (mut system, process) = system();
    system.protect(process, page(2), 1, RO).expect("committed");
    system.protect(process, page(3), 1, RW | PAGE_GUARD).expect("committed");
    system.free(process, MEM_DECOMMIT, page(4), 1).expect("committed");
    let before = system.picture(process);
    let refused = [
        (page(2), 1, Writable),
        (page(1), 0x1001, Writable),
        (page(3), 1, Readable),
        (page(4), 1, Readable),
        (page(15), 0x1001, Readable),
        (BASE, 0, Readable),
        (0, 1, Readable),
        (0x7FFE_0000, 1, Readable),
        (0x8000_0000, 1, Readable),
        (BASE, u32::MAX, Writable),
    ];
    for (base, size, mode) in refused {
        assert_eq!(system.space(process).secure(base, size, mode), Err(S::ACCESS_VIOLATION), "{base:x} {size:x}");
    }
    assert_eq!(system.picture(process), before);
    secure(&system, process, page(1), 0x1001, Readable);
    system.sound();
}

#[test]
fn a_block_is_the_kernels_to_give_back() {
    let (mut system, process) = system();
    let highest = VirtualAddress(0x7FFD_FFFF).page();
    let block = system.space(process).allocate_block(highest).expect("memory");
    let at = block.address().0;
    assert_eq!(at, 0x7FFD_F000);
    let flags = VadFlags2::LONG_VAD.with(VadFlags2::ONE_SECURED);
    assert_eq!(node(&system, process, at), (VadForm::Long, Tag(*b"Vadl"), flags, [at, at + 0xFFF]));
    system.store(process, at, 7).expect("writable");
    assert_eq!(system.protect(process, at, 1, RO), Err(REFUSED));
    assert_eq!(system.free(process, MEM_RELEASE, at, 0), Err(REFUSED));
    assert_eq!(system.protect(process, at, 1, PAGE_EXECUTE_READWRITE), Ok(RW));
    system.sound();
    // Not what merely lies there.
    system.space(process).release_block(VirtualPage(BASE >> 12));
    assert_eq!(system.query(process, BASE).state, MEM_COMMIT);
    system.space(process).release_block(block);
    assert_eq!(system.query(process, at).state, MEM_FREE);
    system.space(process).release_block(block);
    system.sound();
    system.space(process).allocate_block(highest).expect("memory");
    system.end_process(process);
    system.sound();
}

#[test]
fn a_view_is_secured_like_other_memory() {
    let (mut system, process) = system();
    let section = system.add_memory(0x4000, RW, ControlAreaFlags::COMMIT).expect("memory");
    let (at, _) = system.map(process, section, &whole(RW)).expect("room");
    assert_eq!(node(&system, process, at).1, Tag(*b"Vad "));
    let range = secure(&system, process, at + 0x1000, 0x1000, Writable);
    assert_eq!(node(&system, process, at).1, Tag(*b"Vadl"));
    assert_eq!(system.unmap(process, at), Err(REFUSED));
    assert_eq!(system.protect(process, at, 0x2000, RO), Err(REFUSED));
    assert_eq!(system.protect(process, at, 0x1000, RO), Ok(RW));
    assert_eq!(system.allocate(process, MEM_COMMIT, RO, at + 0x1000, 1), Err(REFUSED));
    system.sound();
    system.space(process).unsecure(range);
    assert_eq!((node(&system, process, at).0, node(&system, process, at).1), (VadForm::Mapped, Tag(*b"Vad ")));
    system.sound();
    secure(&system, process, at + 0x1000, 0x1000, Writable);
    secure(&system, process, at + 0x2000, 0x1000, Readable);
    system.end_process(process);
    system.release(section);
    system.sound();
}

#[test]
fn a_view_that_may_not_change_may_go() {
    let (mut system, process) = system();
    let section = system.add_memory(0x4000, PAGE_EXECUTE_READWRITE, ControlAreaFlags::RESERVE).expect("memory");
    let fixed = ViewRequest { kind: SEC_NO_CHANGE, commit: 0x2000, ..whole(RW) };
    let (at, _) = system.map(process, section, &fixed).expect("room");
    let flags = VadFlags2::LONG_VAD.with(VadFlags2::SEC_NO_CHANGE);
    assert_eq!(node(&system, process, at), (VadForm::Long, Tag(*b"Vadl"), flags, [0, 0]));
    for protect in [RO, PAGE_NOACCESS, RW | PAGE_GUARD] {
        assert_eq!(system.protect(process, at, 1, protect), Err(REFUSED), "{protect:x}");
        assert_eq!(system.allocate(process, MEM_COMMIT, protect, at, 0x4000), Err(REFUSED), "{protect:x}");
    }
    assert_eq!(system.protect(process, at, 1, RW), Ok(RW), "what it has already");
    assert_eq!(system.allocate(process, MEM_COMMIT, RW, at + 0x2000, 1), Ok((at + 0x2000, 0x1000)));
    system.store(process, at + 0x2000, 1).expect("writable");
    system.sound();
    // Securing a part of it is another thing, and ends by itself.
    let range = secure(&system, process, at, 1, Readable);
    assert_eq!(system.unmap(process, at), Err(REFUSED));
    system.space(process).unsecure(range);
    assert_eq!(node(&system, process, at).2, flags);
    assert_eq!(system.protect(process, at, 1, RO), Err(REFUSED));
    system.sound();
    assert_eq!(system.unmap(process, at), Ok(()));
    system.sound();
}

#[test]
fn an_uncached_view_that_may_not_change_keeps_what_it_has() {
    let (mut system, process) = system();
    let kind = ControlAreaFlags::COMMIT | ControlAreaFlags::NO_CACHE | ControlAreaFlags::NO_CHANGE;
    let section = system.add_memory(0x1000, RW, kind).expect("memory");
    let (at, _) = system.map(process, section, &whole(RW)).expect("room");
    assert_eq!(system.protect(process, at, 1, RW), Ok(RW | PAGE_NOCACHE));
    assert_eq!(system.protect(process, at, 1, RO), Err(REFUSED));
    system.store(process, at, 1).expect("writable");
    system.sound();
}
