//! The event ring: what it says of the life of pages. That it says enough to know where every frame is, the replay checks
//! wherever a test audits.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use mm::events::{Cause, Event, RECORDS};
use mm::frame::Location;
use mm::layout::FrameNumber;
use mm::pte::Pte;
use model::image::TestImage;
use model::machine::NoExecute;
use model::replay::Replay;
use model::system::System;

const PAGE: u32 = 0x25_0000;
/// The PTE of [`PAGE`] in the self-map.
const ENTRY: u32 = 0xC000_1280;

fn started() -> (System, Link<Eprocess>) {
    let system = System::new(256, NoExecute::Supported);
    let process = system.start_process().expect("a process");
    (system, process)
}

/// What was recorded of `frame` since number `since`: from where, to where, why.
fn moves(system: &System, since: u32, frame: FrameNumber) -> Vec<(Location, Location, Cause)> {
    let (lost, events) = system.mm.events().since(since);
    assert_eq!(lost, 0);
    events.filter(|event| event.frame == frame).map(|event| (event.from(), event.to(), event.cause)).collect()
}

fn frame_at(system: &System, process: Link<Eprocess>, address: u32) -> FrameNumber {
    match system.pte(process, address) {
        Pte::Valid(valid) => valid.frame(),
        Pte::Transition(frame, _) => frame,
        other => panic!("{address:x}: {other:?}"),
    }
}

#[test]
fn nothing_is_recorded_of_start_up_itself() {
    let system = System::new(256, NoExecute::Supported);
    let (lost, mut events) = system.mm.events().since(0);
    assert_eq!(lost, 0);
    // What follows it, the pool's first pages, begins with frames that are free.
    let first = events.next().expect("the pool's");
    assert_eq!((first.sequence, first.from(), first.to()), (0, Location::Free, Location::Active));
    assert!(events.all(|event| event.from() == Location::Free && event.cause == Cause::Owned));
}

#[test]
fn a_private_page_from_its_first_touch_to_its_end() {
    use Location::*;
    let (mut system, process) = started();
    while system.mm.zero_one_frame() {}
    system.commit_at(process, PAGE, 0x1000);
    let since = system.mm.events().next();
    system.store(process, PAGE, 0x5A).expect("its memory");
    let frame = frame_at(&system, process, PAGE);
    let (_, events) = system.mm.events().since(since);
    let events: Vec<Event> = events.collect();
    assert_eq!(events.len(), 2, "its page table and itself, one move each: {events:?}");
    assert_eq!((events[0].cause, events[0].pte_address), (Cause::Owned, 0xC060_0008));
    let first = Event {
        sequence: since + 1,
        frame,
        cause: Cause::Owned,
        before: 0x1000 | (frame.0 as u16 & 7) << 4,
        after: 0x1600 | (frame.0 as u16 & 7) << 4,
        pte_address: ENTRY,
    };
    assert_eq!(events[1], first);
    // Without access it is kept in transition; a soft fault brings it back; then it is given up, freed and zeroed.
    system.protect(process, PAGE, 0x1000, PAGE_NOACCESS).expect("committed");
    system.protect(process, PAGE, 0x1000, PAGE_READWRITE).expect("committed");
    assert_eq!(system.load(process, PAGE), Ok(0x5A));
    system.free(process, MEM_RELEASE, PAGE, 0).expect("reserved");
    while system.mm.zero_one_frame() {}
    let expected = [
        (Zeroed, Active, Cause::Owned),
        (Active, Modified, Cause::Listed),
        (Modified, Active, Cause::Reclaimed),
        (Active, Free, Cause::Listed),
        (Free, Zeroed, Cause::Listed),
    ];
    assert_eq!(moves(&system, since, frame), expected);
    system.sound();
}

#[test]
fn a_page_of_a_file_is_read_shared_kept_and_found_again() {
    use Location::*;
    let (mut system, process) = started();
    let image = TestImage::plain(0x40_0000, 7);
    let section = system.add_image(image.clone()).expect("memory");
    system.space(process).map_image(section, None).expect("room");
    let since = system.mm.events().next();
    assert_eq!(system.load(process, 0x40_1000), Ok(image.byte(0x1000)));
    let frame = frame_at(&system, process, 0x40_1000);
    system.end_process(process);
    let other = system.start_process().expect("a process");
    system.space(other).map_image(section, None).expect("room");
    assert_eq!(system.load(other, 0x40_1000), Ok(image.byte(0x1000)));
    let expected = [
        (Free, Transition, Cause::Owned),
        (Transition, Standby, Cause::Listed),
        (Standby, Active, Cause::Reclaimed),
        (Active, Standby, Cause::Listed),
        (Standby, Active, Cause::Reclaimed),
    ];
    assert_eq!(moves(&system, since, frame), expected);
    system.sound();
}

#[test]
fn a_page_that_is_read_or_locked_while_its_last_mapper_goes_waits_in_transition() {
    use Location::*;
    let (mut system, process) = started();
    system.commit_at(process, PAGE, 0x1000);
    let since = system.mm.events().next();
    system.store(process, PAGE, 0x5A).expect("its memory");
    let frame = frame_at(&system, process, PAGE);
    system.mm.add_reference(frame);
    system.end_process(process);
    system.sound();
    system.mm.release_reference(frame);
    let expected = [(Free, Active, Cause::Owned), (Active, Transition, Cause::Held), (Transition, Free, Cause::Listed)];
    assert_eq!(moves(&system, since, frame), expected);
    system.sound();
}

#[test]
fn a_standby_page_that_is_taken_for_another_is_owned_and_not_reclaimed() {
    let (mut system, process) = started();
    system.commit_at(process, PAGE, 0x1000);
    system.store(process, PAGE, 0x5A).expect("its memory");
    let frame = frame_at(&system, process, PAGE);
    system.allocate(process, MEM_RESET, PAGE_READWRITE, PAGE, 0x1000).expect("committed");
    system.protect(process, PAGE, 0x1000, PAGE_NOACCESS).expect("committed");
    let since = system.mm.events().next();
    let mut hog = model::hog::Hog::new(&mut system);
    hog.fill(&system, 0);
    // The hog's pages come from a file.
    let first = moves(&system, since, frame)[0];
    assert_eq!(first, (Location::Standby, Location::Transition, Cause::Owned));
    system.sound();
}

#[test]
fn replayed_over_many_moves_the_ring_is_the_database() {
    let (system, process) = started();
    let mut replay = Replay::start(&system.mm);
    for round in 0..400 {
        system.commit_at(process, PAGE, 0x8000);
        (0..8).for_each(|page| system.store(process, PAGE + page * 0x1000, 1).expect("its memory"));
        system.free(process, MEM_RELEASE, PAGE, 0).expect("reserved");
        if round % 3 == 0 {
            (0..20).for_each(|_| assert!(system.mm.zero_one_frame()));
        }
        replay.check(&system.mm);
    }
    assert!(replay.followed() > 2 * u64::from(RECORDS), "{}", replay.followed());
    assert_eq!(system.mm.events().since(0).0, system.mm.events().next() - RECORDS);
}
