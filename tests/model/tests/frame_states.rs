//! What the memory manager tells of a frame: where it is and what it is used for.

use abi::cell::Link;
use abi::frames::{FrameState, Use};
use abi::memory::*;
use mm::frame::Location;
use mm::layout::{FrameNumber, VirtualAddress};
use mm::machine::Records;
use mm::protection::Protection;
use mm::pte::{PagingFilePage, Pte, PteCell, ValidPte, pde_of, pte_of};
use mm::section::ControlAreaFlags;
use mm::system::Contents;
use model::image::TestImage;
use model::machine::NoExecute;
use model::sections::whole;
use model::system::System;

const PAGE: u32 = 0x25_0000;

fn state(location: Location, used: Use) -> FrameState {
    FrameState::new(location as u8, used)
}

#[test]
fn pages_of_each_kind_are_told_apart() {
    let mut system = System::new(256, NoExecute::Supported);
    let process = system.start_process().expect("a process");
    let image = system.add_image(TestImage::plain(0x40_0000, 7)).expect("memory");
    let memory = system.add_memory(0x3000, PAGE_READWRITE, ControlAreaFlags::COMMIT).expect("memory");
    system.space(process).map_image(image, None).expect("room");
    let (view, _) = system.map(process, memory, &whole(PAGE_READWRITE)).expect("room");
    system.commit_at(process, PAGE, 0x1000);
    system.store(process, PAGE, 1).expect("its memory");
    system.store(process, view, 1).expect("its view");
    system.load(process, 0x40_1000).expect("its image");
    let frame = |address| match system.pte(process, address) {
        Pte::Valid(valid) => valid.frame(),
        other => panic!("{address:x}: {other:?}"),
    };
    let entry = |cell: Link<PteCell>| ValidPte(system.mm.machine.record(cell).load()).frame();
    let page = VirtualAddress(PAGE).page();
    let kernel = system.mm.map_system_page(VirtualAddress(0xB200_0000).page(), Contents::Zeros).expect("a frame");
    let table_page = VirtualAddress(pte_of(page).address()).page();
    for (frame, used) in [
        (frame(PAGE), Use::Private),
        (frame(view), Use::Memory),
        (frame(0x40_1000), Use::Image),
        (entry(pde_of(page)), Use::Table),
        (entry(pde_of(table_page)), Use::Table),
        (entry(pte_of(VirtualAddress(0xC088_3000).page())), Use::Table),
        (kernel, Use::Kernel),
        (FrameNumber(0), Use::Table),
        (FrameNumber(7), Use::Kernel),
    ] {
        assert_eq!(system.mm.frame_state(frame), state(Location::Active, used), "{frame:?}");
    }
    let (private, shared, of_image) = (frame(PAGE), frame(view), frame(0x40_1000));
    system.mm.retire_frame(FrameNumber(255)).expect("free");
    assert_eq!(system.mm.frame_state(FrameNumber(255)), state(Location::Bad, Use::Nobody));
    assert_eq!(system.mm.frame_state(FrameNumber(256)), FrameState::NO_RAM);
    assert_eq!(system.mm.frame_state(FrameNumber(u32::MAX)), FrameState::NO_RAM);
    system.end_process(process);
    assert_eq!(system.mm.frame_state(private), state(Location::Free, Use::Nobody));
    assert_eq!(system.mm.frame_state(shared), state(Location::Modified, Use::Memory));
    assert_eq!(system.mm.frame_state(of_image), state(Location::Standby, Use::Image));
    system.sound();
}

#[test]
fn a_page_with_a_place_in_a_paging_file_says_so() {
    let system = System::new(256, NoExecute::Supported);
    let process = system.start_process().expect("a process");
    system.commit_at(process, PAGE, 0x1000);
    system.store(process, PAGE, 1).expect("its memory");
    let Pte::Valid(valid) = system.pte(process, PAGE) else { panic!("just touched") };
    let record = system.mm.frame(valid.frame());
    let place = PagingFilePage { file: 0, offset: 7, protection: Protection::READWRITE };
    record.original_pte.set(Pte::PagingFile(place).encode());
    let expected = state(Location::Active, Use::Private).in_paging_file();
    assert_eq!(system.mm.frame_state(valid.frame()), expected);
}
