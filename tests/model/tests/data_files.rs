//! The data of files as sections: pages the kernel holds, clusters, what is dirty and what is written, growing and shrinking.

use abi::cell::Link;
use abi::status::NtStatus;
use mm::fault::{InPageRequest, ReadResult};
use mm::frame::{Flags, Location};
use mm::layout::FrameNumber;
use mm::machine::FrameBytes;
use mm::protection::Protection;
use mm::pte::PrototypePte;
use mm::section::{
    ControlArea, ControlAreaFlags, DirtyRun, HeldPage, LARGEST_FILE, Need, Truncation, WriteRequest, WriteResult,
};
use model::data_files::NoPage;
use model::machine::NoExecute;
use model::system::{Disk, System};

const PLAIN: ControlAreaFlags = ControlAreaFlags::empty();
const METADATA: ControlAreaFlags = ControlAreaFlags::NO_MODIFIED_WRITING;
/// Pages of the file most tests use, and its bytes: the last page has one.
const PAGES: u32 = 40;
const SIZE: u32 = (PAGES - 1) * 0x1000 + 1;

fn system() -> System {
    System::new(512, NoExecute::Supported)
}

/// What stands at `offset` of a test's file.
fn byte(offset: u32) -> u8 {
    (offset ^ offset >> 8 ^ offset >> 16).wrapping_mul(7) as u8 | 1
}

fn contents(size: u32) -> Vec<u8> {
    (0..size).map(byte).collect()
}

fn file(system: &System, flags: ControlAreaFlags) -> Link<ControlArea> {
    system.add_data(contents(SIZE), flags).expect("memory")
}

fn started_read(system: &System, section: Link<ControlArea>, page: u32) -> InPageRequest {
    match system.mm.hold_file_page(section, page, Need::Contents) {
        HeldPage::Unread(page) => system.mm.start_in_page(page).expect("frames"),
        other => panic!("{other:?}"),
    }
}

fn started_write(system: &System, section: Link<ControlArea>, from: u32) -> WriteRequest {
    match system.mm.next_dirty_run(section, from, u32::MAX) {
        DirtyRun::Write(request) => request,
        other => panic!("{other:?}"),
    }
}

fn frame_of(system: &System, section: Link<ControlArea>, page: u32) -> FrameNumber {
    match system.prototype(section, page) {
        PrototypePte::Transition(frame, _) => frame,
        PrototypePte::Valid(valid) => valid.frame(),
        other => panic!("page {page}: {other:?}"),
    }
}

fn location(system: &System, section: Link<ControlArea>, page: u32) -> Location {
    system.mm.frame(frame_of(system, section, page)).location()
}

fn lists(system: &System) -> [u32; 3] {
    [Location::Standby, Location::Modified, Location::ModifiedNoWrite].map(|list| system.mm.list_length(list))
}

#[test]
fn making_one_reads_nothing_and_deleting_it_gives_everything_back() {
    for size in [0u64, 1, 0x1000, SIZE.into(), 0x20_0000, 0x20_0001, 0x4000_0000, 0x1_0000_0000, 0x10_0000_0001] {
        let mut system = system();
        system.sound();
        let (bytes, frames) = (system.mm.pool_bytes_in_use(), system.mm.kernel_frames());
        let section = system.mm.create_data_file(Link::new(0xA000_0000), size, PLAIN).expect("memory");
        assert_eq!(system.mm.data_file_size(section), size);
        assert_eq!((system.sound().sections, system.pfn_references(section)), (1, 0));
        assert!(system.mm.kernel_frames() - frames <= 24, "{size:x} costs {}", system.mm.kernel_frames() - frames);
        assert!(!system.mm.is_dirty(section));
        let _ = system.mm.release_section(section);
        system.mm.delete_section(section);
        assert_eq!((system.sound().sections, system.mm.pool_bytes_in_use()), (0, bytes), "{size:x}");
    }
    let system = system();
    let too_big = system.mm.create_data_file(Link::new(0xA000_0000), LARGEST_FILE + 1, PLAIN);
    assert_eq!(too_big, Err(NtStatus::SECTION_TOO_BIG));
}

#[test]
fn a_held_page_shows_the_file_with_zeros_behind_its_end() {
    let mut system = system();
    let section = file(&system, PLAIN);
    for offset in [0, 1, 0xFFF, 0x1000, 0x1_2345, SIZE - 1] {
        assert_eq!(system.read_file(section, offset), Ok(byte(offset)), "{offset:x}");
        system.sound();
    }
    let frame = system.hold(section, PAGES - 1, Need::Contents).expect("memory");
    let mut page = [1; 0x1000];
    system.mm.machine.read(frame, 0, &mut page);
    assert_eq!((page[0], page[1..].iter().all(|byte| *byte == 0)), (byte(SIZE - 1), true));
    assert_eq!(system.mm.frame(frame).location(), Location::Active);
    assert_eq!(system.mm.frame(frame).share_count(), 1);
    assert_eq!(system.hold(section, PAGES - 1, Need::Contents), Ok(frame));
    assert_eq!(system.mm.frame(frame).share_count(), 2);
    system.mm.release_file_page(frame, false);
    system.mm.release_file_page(frame, false);
    assert_eq!(location(&system, section, PAGES - 1), Location::Standby);
    assert_eq!(system.hold(section, PAGES, Need::Contents), Err(NoPage::Beyond));
    assert_eq!(system.hold(section, u32::MAX, Need::Overwrite), Err(NoPage::Beyond));
    system.sound();
}

#[test]
fn reading_in_order_takes_thirty_two_pages_at_once_and_elsewhere_four() {
    let mut system = system();
    let section = file(&system, PLAIN);
    let request = started_read(&system, section, 0);
    assert_eq!((request.offset, request.bytes, request.frames.len()), (0, 0x2_0000, 32));
    let audit = system.sound();
    assert_eq!((audit.transition, system.pfn_references(section)), (32, 32));
    assert_eq!(system.mm.hold_file_page(section, 9, Need::Contents), HeldPage::Collided(request.frames[9]));
    assert_eq!(system.mm.hold_file_page(section, 9, Need::Overwrite), HeldPage::Collided(request.frames[9]));
    system.read(request);
    assert_eq!(lists(&system), [32, 0, 0]);
    assert!(system.mm.is_next_to_read(section, 32));
    assert!(![31, 33, PAGES, u32::MAX].iter().any(|page| system.mm.is_next_to_read(section, *page)));
    let request = started_read(&system, section, 33);
    assert_eq!((request.offset, request.bytes, request.frames.len()), (0x2_1000, 0x4000, 4));
    system.read(request);
    let request = started_read(&system, section, 32);
    assert_eq!((request.offset, request.frames.len()), (0x2_0000, 1), "up to the pages that are there");
    system.read(request);
    let request = started_read(&system, section, 37);
    assert_eq!((request.bytes, request.frames.len()), (0x2001, 3), "to the end of the file");
    system.read(request);
    assert_eq!((lists(&system), system.pfn_references(section)), ([40, 0, 0], 40));
    assert!((0..SIZE).step_by(0x321).all(|offset| system.read_file(section, offset) == Ok(byte(offset))));
    system.sound();
}

#[test]
fn a_read_that_fails_leaves_all_its_pages_in_the_file() {
    let mut system = system();
    let section = file(&system, PLAIN);
    // The array of prototype PTEs is there from the first touch on.
    system.read_file(section, 0x2_0000).expect("memory");
    let available = system.mm.available_frames();
    let request = started_read(&system, section, 0);
    let request = system.mm.narrow_in_page(request);
    assert_eq!((request.offset, request.bytes, request.frames.len()), (0, 0x1000, 1));
    assert_eq!((system.pfn_references(section), system.sound().transition), (5, 1));
    system.mm.complete_in_page(request, ReadResult::Failed);
    assert_eq!(system.prototype(section, 0), system.prototype(section, 7));
    assert!(matches!(system.prototype(section, 0), PrototypePte::Subsection(_, Protection::EXECUTE_READWRITE)));
    assert_eq!((system.pfn_references(section), system.mm.available_frames()), (4, available));
    system.sound();
    system.set_disk(Disk::Broken);
    assert_eq!(system.read_file(section, 0), Err(NoPage::DeviceError));
    system.sound();
    system.set_disk(Disk::Sound);
    assert_eq!(system.read_file(section, 0), Ok(byte(0)));
    let narrowed = started_read(&system, section, PAGES - 1);
    let narrowed = system.mm.narrow_in_page(narrowed);
    assert_eq!(narrowed.bytes, 1, "a last page by itself stays as short as it is");
    system.read(narrowed);
    system.sound();
}

#[test]
fn a_page_that_is_overwritten_is_not_read() {
    let mut system = system();
    let section = file(&system, PLAIN);
    system.set_disk(Disk::Broken);
    let frame = system.hold(section, 3, Need::Overwrite).expect("no disk is needed");
    system.mm.machine.write(frame, 0, &[9; 0x1000]);
    system.mm.release_file_page(frame, true);
    assert_eq!((lists(&system), system.pfn_references(section)), ([0, 1, 0], 1));
    assert_eq!(system.hold(section, 3, Need::Overwrite), Ok(frame), "it is there now");
    system.mm.release_file_page(frame, false);
    assert_eq!(system.read_file(section, 0x3FFF), Ok(9));
    assert_eq!(location(&system, section, 3), Location::Modified, "dirty until it is written");
    system.sound();
}

#[test]
fn dirty_pages_are_written_in_runs_of_sixteen_and_clean_from_then_on() {
    let mut system = system();
    let section = file(&system, PLAIN);
    (0..20).for_each(|page| system.write_file(section, page << 12, 0).expect("memory"));
    system.write_file(section, 30 << 12, 0).expect("memory");
    system.write_file(section, SIZE - 1, 0).expect("memory");
    assert_eq!(lists(&system)[1], 22);
    assert_eq!(system.mm.next_modified_file_page(), Some((section, 0)));
    let runs = [(0, 0x1_0000), (0x1_0000, 0x4000), (0x1_E000, 0x1000), (0x2_7000, 1)];
    let mut requests = Vec::new();
    for (offset, bytes) in runs {
        let page =
            requests.last().map_or(0, |last: &WriteRequest| (last.offset >> 12) as u32 + last.frames.len() as u32);
        let request = started_write(&system, section, page);
        assert_eq!((request.offset, request.bytes), (offset, bytes));
        requests.push(request);
        system.sound();
    }
    assert!(matches!(system.mm.next_dirty_run(section, 0, u32::MAX), DirtyRun::Busy(0, _)));
    assert_eq!(system.mm.next_dirty_run(section, 20, 30), DirtyRun::Clean);
    assert_eq!(system.mm.next_modified_file_page(), None);
    for request in requests {
        assert_eq!(system.write(request), WriteResult::Done);
        system.sound();
    }
    assert_eq!((lists(&system)[1], system.mm.is_dirty(section)), (0, false));
    let disk = system.on_disk(section);
    assert!((0..SIZE).all(|at| {
        let written = at % 0x1000 == 0 && (at < 20 << 12 || at == 30 << 12) || at == SIZE - 1;
        disk[at as usize] == if written { 0 } else { byte(at) }
    }));
    assert_eq!(system.flush(section, 0, u32::MAX), Ok(0));
}

#[test]
fn a_page_stored_to_while_it_is_written_is_dirty_again_and_a_failed_write_leaves_it_dirty() {
    let mut system = system();
    let section = file(&system, PLAIN);
    system.write_file(section, 0x5000, 0).expect("memory");
    let request = started_write(&system, section, 0);
    let frame = request.frames[0];
    assert_eq!(system.mm.frame(frame).location(), Location::Transition);
    system.write_file(section, 0x5001, 0).expect("memory");
    assert!(system.mm.frame(frame).flags().contains(Flags::MODIFIED | Flags::WRITE_IN_PROGRESS));
    assert!(matches!(system.mm.next_dirty_run(section, 0, u32::MAX), DirtyRun::Busy(5, busy) if busy == frame));
    assert!(system.mm.is_dirty(section));
    system.sound();
    assert_eq!(system.write(request), WriteResult::Done);
    assert_eq!(location(&system, section, 5), Location::Modified);
    system.set_disk(Disk::Broken);
    assert_eq!(system.flush(section, 0, u32::MAX), Err(NoPage::DeviceError));
    assert_eq!(location(&system, section, 5), Location::Modified);
    system.sound();
    system.set_disk(Disk::Sound);
    assert_eq!(system.flush(section, 0, 5), Ok(0), "not asked for");
    assert_eq!(system.flush(section, 5, 6), Ok(1));
    assert_eq!(location(&system, section, 5), Location::Standby);
    assert_eq!(&system.on_disk(section)[0x5000..0x5003], &[0, 0, byte(0x5002)]);
    // A page in use is written where it is.
    let frame = system.hold(section, 5, Need::Contents).expect("resident");
    system.mm.frame(frame).insert_flags(Flags::MODIFIED);
    let request = started_write(&system, section, 0);
    assert_eq!(
        (system.mm.frame(frame).location(), system.mm.frame(frame).reference_count.get()),
        (Location::Active, 2)
    );
    system.mm.release_file_page(frame, false);
    assert_eq!(system.mm.frame(frame).location(), Location::Transition, "the write holds it");
    system.write(request);
    assert_eq!(location(&system, section, 5), Location::Standby);
    system.sound();
}

#[test]
fn what_only_its_owner_writes_waits_on_a_list_of_its_own() {
    let mut system = system();
    let (section, other) = (file(&system, METADATA), file(&system, PLAIN));
    system.write_file(section, 0x2000, 0).expect("memory");
    assert_eq!(lists(&system)[1..], [0, 1]);
    assert_eq!(system.mm.next_modified_file_page(), None);
    system.write_file(other, 0x3000, 0).expect("memory");
    assert_eq!(lists(&system)[1..], [1, 1]);
    assert_eq!(system.mm.next_modified_file_page(), Some((other, 3)));
    system.sound();
    system.set_disk(Disk::Broken);
    assert_eq!(system.flush(section, 0, u32::MAX), Err(NoPage::DeviceError));
    assert_eq!(lists(&system)[1..], [1, 1]);
    system.set_disk(Disk::Sound);
    assert_eq!(system.flush(section, 0, u32::MAX), Ok(1));
    assert_eq!((lists(&system)[1..].to_vec(), system.on_disk(section)[0x2000]), (vec![1, 0], 0));
    system.sound();
}

#[test]
fn a_file_grows_by_subsections_and_what_is_new_is_zeros() {
    let mut system = system();
    let section = system.add_data(contents(3), PLAIN).expect("memory");
    assert_eq!(system.read_file(section, 2), Ok(byte(2)));
    let frame = system.hold(section, 0, Need::Contents).expect("resident");
    system.mm.machine.write(frame, 3, &[0xEE; 100]);
    system.mm.release_file_page(frame, true);
    let mut size = 3;
    for more in [1, 0x1000, 0xC000, 0x3_0000, 0x10_0000, 0x30_0000, 1] {
        let (before, old) = (system.mm.subsections(section).count(), size);
        size += more;
        system.extend(section, u64::from(size)).expect("memory");
        assert_eq!(system.mm.data_file_size(section), u64::from(size));
        assert!(system.mm.subsections(section).count() - before <= 3, "{more:x}");
        system.sound();
        assert_eq!((system.read_file(section, old), system.read_file(section, size - 1)), (Ok(0), Ok(0)));
        system.write_file(section, size - 1, byte(size - 1)).expect("memory");
        assert_eq!(
            system.flush(section, 0, u32::MAX),
            Ok(if old / 0x1000 == size / 0x1000 || old != 3 { 1 } else { 2 })
        );
        assert_eq!(system.extend(section, u64::from(old)), Ok(()), "never shorter");
        system.sound();
    }
    assert_eq!(system.read_file(section, 0x10), Ok(0), "stored behind the end, gone when the file grew");
    assert_eq!(system.mm.extend_data_file(section, LARGEST_FILE + 1), Err(NtStatus::SECTION_TOO_BIG));
    system.sound();
    let _ = system.mm.release_section(section);
    system.mm.delete_section(section);
    system.sound();
}

#[test]
fn growing_without_memory_changes_nothing() {
    let mut system = System::new(64, NoExecute::Supported);
    let section = file(&system, PLAIN);
    let before = system.mm.subsections(section).count();
    // 64 GB in subsections of 32 MB: more of them than memory has room for.
    assert_eq!(system.mm.extend_data_file(section, 1 << 40), Err(NtStatus::INSUFFICIENT_RESOURCES));
    assert_eq!((system.mm.subsections(section).count(), system.mm.data_file_size(section)), (before, SIZE.into()));
    system.sound();
    assert_eq!(system.read_file(section, SIZE - 1), Ok(byte(SIZE - 1)));
}

#[test]
fn a_file_shrinks_unless_somebody_is_at_the_pages_that_go() {
    let mut system = system();
    let section = file(&system, PLAIN);
    (0..PAGES).for_each(|page| system.write_file(section, page << 12, 0).expect("memory"));
    let write = started_write(&system, section, 10);
    assert_eq!(system.truncate(section, 0xB000), Err(Truncation::Busy(write.frames[1])));
    assert_eq!(system.mm.data_file_size(section), SIZE.into());
    assert_eq!(system.write(write), WriteResult::Done);
    assert_eq!(system.truncate(section, 0x1_8000), Ok(()));
    assert_eq!((system.pfn_references(section), system.sound().parked), (24, 24));
    assert_eq!(system.hold(section, 24, Need::Contents), Err(NoPage::Beyond));
    assert_eq!(system.truncate(section, 0x1_7010), Ok(()), "within the last page");
    system.sound();
    system.extend(section, 0x2_0000).expect("memory");
    system.sound();
    assert_eq!(system.read_file(section, 0x1_700F), Ok(byte(0x1_700F)));
    for offset in [0x1_7010, 0x1_7FFF, 0x1_8000, 0x1_9000, 0x1_FFFF] {
        assert_eq!(system.read_file(section, offset), Ok(0), "{offset:x}");
    }
    let held = system.hold(section, 0x1F, Need::Contents).expect("resident");
    assert_eq!(system.truncate(section, 0), Err(Truncation::Busy(held)));
    system.mm.release_file_page(held, false);
    let read = {
        system.truncate(section, 0x1_F000).expect("nobody is at it");
        system.extend(section, 0x2_0000).expect("memory");
        started_read(&system, section, 0x1F)
    };
    assert_eq!(system.truncate(section, 0), Err(Truncation::Busy(read.frames[0])));
    system.read(read);
    assert_eq!(system.truncate(section, 0), Ok(()));
    assert_eq!((system.pfn_references(section), lists(&system)), (0, [0, 0, 0]));
    assert_eq!(system.hold(section, 0, Need::Overwrite), Err(NoPage::Beyond));
    system.extend(section, 1).expect("memory");
    assert_eq!(system.read_file(section, 0), Ok(0));
    system.sound();
}

#[test]
fn a_large_file_finds_the_pages_of_each_subsection() {
    let mut system = system();
    let section = system.add_data(contents(0x50_1000), PLAIN).expect("memory");
    for round in 0..2 {
        for page in [0, 0x1FF, 0x200, 0x3FF, 0x400, 0x500, 0x1FE] {
            assert_eq!(system.read_file(section, (page << 12) + 7), Ok(byte((page << 12) + 7)), "{page:x} {round}");
            system.write_file(section, page << 12, page as u8).expect("memory");
        }
        system.sound();
    }
    assert_eq!(system.flush(section, 0, u32::MAX), Ok(6), "no run goes from one subsection into the next");
    system.extend(section, 0x80_0000).expect("memory");
    for page in [0x501, 0x600, 0x7FF, 0x500, 0] {
        let expected = if page > 0x500 { 0 } else { page as u8 };
        assert_eq!(system.read_file(section, page << 12), Ok(expected), "{page:x}");
    }
    system.sound();
}

#[test]
fn a_section_may_go_while_its_pages_are_written() {
    for result in [WriteResult::Done, WriteResult::Failed] {
        let mut system = system();
        let section = file(&system, PLAIN);
        system.write_file(section, 0, 0).expect("memory");
        let request = started_write(&system, section, 0);
        let frame = request.frames[0];
        let _ = system.mm.release_section(section);
        system.mm.delete_section(section);
        assert_eq!((system.sound().deleted, system.mm.frame(frame).location()), (1, Location::Transition));
        let other = system.add_data(contents(0x10_0000), METADATA).expect("memory");
        system.mm.complete_write(request, result);
        assert_eq!(system.mm.frame(frame).location(), Location::Free);
        assert_eq!(system.read_file(other, 0xF_FFFF), Ok(byte(0xF_FFFF)));
        system.sound();
    }
}
