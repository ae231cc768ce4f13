//! Paging files: their space under random use against naive sets, their sizes, and what they do to the commit limit.

use std::collections::BTreeSet;

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use mm::machine::Records;
use mm::paging_file::{LARGEST, MOST_FILES, SMALLEST, Slots};
use mm::protection::Protection;
use mm::pte::PagingFilePage;
use model::machine::NoExecute;
use model::random::Random;
use model::system::System;

fn system() -> System {
    System::new(400, NoExecute::Supported)
}

/// What the audit of paging files says: nobody's pages are taken here, so that the whole would find them missing.
#[track_caller]
fn check(system: &System) {
    assert_eq!(system.mm.verify_paging_files(), Ok(()));
}

/// What stands for the file object of a paging file.
fn file(number: u32) -> Link<FileObject> {
    Link::new(0xA100_0000 + number * 0x70)
}

fn page(file: u32, offset: u32) -> PagingFilePage {
    PagingFilePage { file, offset, protection: Protection::READWRITE }
}

#[test]
fn a_paging_file_raises_the_limit_by_its_size_and_has_one_page_less_free() {
    let system = system();
    let limit = system.mm.commit.limit();
    assert_eq!(system.mm.add_paging_file(file(0), 300, 1000), Ok(0));
    assert_eq!(system.mm.add_paging_file(file(1), SMALLEST, SMALLEST), Ok(1));
    assert_eq!(system.mm.commit.limit(), limit + 300 + SMALLEST);
    let figures: Vec<_> = system.mm.paging_files().collect();
    let told = figures.iter().map(|file| (file.number, file.size, file.minimum, file.maximum, file.free, file.current));
    assert_eq!(told.collect::<Vec<_>>(), [(0, 300, 300, 1000, 299, 0), (1, 256, 256, 256, 255, 0)]);
    assert_eq!(system.mm.paging_file_object(1), file(1));
    check(&system);
}

#[test]
fn sizes_and_numbers_that_cannot_be_are_refused_and_change_nothing() {
    let system = system();
    let before = (system.mm.commit.limit(), system.mm.pool_bytes_in_use());
    for (pages, maximum, status) in [
        (0, 1000, NtStatus::INVALID_PARAMETER_2),
        (SMALLEST - 1, 1000, NtStatus::INVALID_PARAMETER_2),
        (LARGEST + 1, LARGEST + 1, NtStatus::INVALID_PARAMETER_2),
        (1000, 999, NtStatus::INVALID_PARAMETER_3),
        (1000, LARGEST + 1, NtStatus::INVALID_PARAMETER_3),
    ] {
        assert_eq!(system.mm.add_paging_file(file(0), pages, maximum), Err(status), "{pages} {maximum}");
    }
    assert_eq!((system.mm.commit.limit(), system.mm.pool_bytes_in_use()), before);
    for number in 0..MOST_FILES {
        assert_eq!(system.mm.add_paging_file(file(number), SMALLEST, SMALLEST), Ok(number));
    }
    let before = (system.mm.commit.limit(), system.mm.pool_bytes_in_use());
    assert_eq!(system.mm.add_paging_file(file(16), SMALLEST, SMALLEST), Err(NtStatus::TOO_MANY_PAGING_FILES));
    assert_eq!((system.mm.commit.limit(), system.mm.pool_bytes_in_use()), before);
    check(&system);
}

#[test]
fn without_memory_for_the_bits_there_is_no_paging_file() {
    let system = system();
    while system.mm.allocate_pool_pages::<()>(1).is_ok() {}
    let before = (system.mm.commit.limit(), system.mm.commit.current());
    assert_eq!(system.mm.add_paging_file(file(0), SMALLEST, LARGEST), Err(NtStatus::INSUFFICIENT_RESOURCES));
    assert_eq!((system.mm.commit.limit(), system.mm.commit.current()), before);
    check(&system);
}

#[test]
fn the_files_take_turns_and_a_run_is_given_whole_where_there_is_one() {
    let system = system();
    (0..2).for_each(|number| assert_eq!(system.mm.add_paging_file(file(number), SMALLEST, SMALLEST), Ok(number)));
    let taken: Vec<_> = (0..4).map(|_| system.mm.take_slots(16).expect("room")).collect();
    let slots = |file, first| Slots { file, first, count: 16 };
    assert_eq!(taken, [slots(1, 1), slots(0, 1), slots(1, 17), slots(0, 17)]);
    while system.mm.take_slots(16).is_some_and(|slots| slots.count == 16) {}
    assert_eq!(system.mm.slots_taken(), 15 * 16 + 15 + 15 * 16, "one rest is still there");
    assert_eq!(system.mm.take_slots(16).map(|slots| slots.count), Some(15));
    assert_eq!(system.mm.take_slots(1), None);
}

#[test]
fn a_full_file_that_may_grow_is_asked_to() {
    let system = system();
    assert_eq!(system.mm.extension_wanted(), None);
    system.mm.add_paging_file(file(0), SMALLEST, SMALLEST + 300).expect("memory");
    while system.mm.take_slots(16).is_some() {}
    assert_eq!(system.mm.extension_wanted(), Some((0, 256)));
    let limit = system.mm.commit.limit();
    system.mm.extend_paging_file(0, 256);
    assert_eq!((system.mm.extension_wanted(), system.mm.commit.limit()), (None, limit + 256));
    assert_eq!(system.mm.take_slots(16), Some(Slots { file: 0, first: 256, count: 16 }));
    while system.mm.take_slots(16).is_some() {}
    assert_eq!(system.mm.extension_wanted(), Some((0, 44)), "less than what was asked for, but all that there is");
    system.mm.extend_paging_file(0, 44);
    while system.mm.take_slots(16).is_some() {}
    assert_eq!(system.mm.extension_wanted(), None);
    check(&system);
}

#[test]
fn with_hardly_a_page_free_a_file_grows_while_memory_is_short() {
    let system = system();
    system.mm.add_paging_file(file(0), 400, 1000).expect("memory");
    while system.mm.free_slots() >= 256 {
        system.mm.take_slots(1).expect("a page");
    }
    assert_eq!(system.mm.extension_wanted(), None, "there is memory");
    while !system.mm.is_memory_short() {
        system.mm.allocate_pool_pages::<()>(1).expect("there is more");
    }
    assert_eq!(system.mm.extension_wanted(), Some((0, 256)));
    system.mm.extend_paging_file(0, 256);
    assert_eq!(system.mm.extension_wanted(), None);
}

#[test]
fn commit_that_is_refused_asks_for_what_was_short_of_it_unless_that_can_never_be() {
    let system = system();
    system.mm.add_paging_file(file(0), SMALLEST, SMALLEST + 100).expect("memory");
    system.mm.add_paging_file(file(1), SMALLEST, 10_000).expect("memory");
    let left = system.mm.commit.limit() - system.mm.commit.current();
    assert!(system.mm.commit.charge(left + 1000).is_err());
    assert_eq!(system.mm.extension_wanted(), Some((0, 100)));
    system.mm.extend_paging_file(0, 100);
    assert_eq!(system.mm.extension_wanted(), Some((1, 900)));
    system.mm.extend_paging_file(1, 900);
    assert_eq!(system.mm.extension_wanted(), None);
    assert!(system.mm.commit.charge(left + 1000).is_ok());
    assert!(system.mm.commit.charge(left + 1000 + 9000).is_err());
    assert_eq!(system.mm.extension_wanted(), None);
    check(&system);
}

#[test]
fn a_maximum_can_be_raised_and_what_is_taken_stays_taken() {
    let system = system();
    system.mm.add_paging_file(file(0), SMALLEST, SMALLEST).expect("memory");
    let slots = system.mm.take_slots(16).expect("room");
    assert_eq!(system.mm.raise_paging_file_maximum(0, SMALLEST - 1), Err(NtStatus::INVALID_PARAMETER_3));
    // From a block of the pool to whole pages.
    assert_eq!(system.mm.raise_paging_file_maximum(0, 200_000), Ok(()));
    assert!((0..16).all(|index| system.mm.slot_is_taken(0, slots.first + index)));
    system.mm.extend_paging_file(0, 199_000);
    assert_eq!(system.mm.paging_files().next().map(|file| file.size), Some(199_256));
    check(&system);
}

#[test]
fn a_paging_file_tells_its_name() {
    let system = system();
    system.mm.add_paging_file(file(0), SMALLEST, SMALLEST).expect("memory");
    let name: Vec<u16> = r"\??\C:\pagefile.sys".encode_utf16().collect();
    system.mm.name_paging_file(0, &name);
    let figures = system.mm.paging_files().next().expect("one");
    let told = &system.mm.machine.record(figures.record).page_file_name;
    assert_eq!(u32::from(told.length.get()), name.len() as u32 * 2);
    let unit =
        |index: u32| system.mm.machine.record(Link::<abi::cell::Field<u16>>::new(told.buffer.get() + index * 2)).get();
    assert!((0..).zip(&name).all(|(index, expected)| unit(index) == *expected));
}

#[test]
fn random_use_agrees_with_naive_sets() {
    for seed in 0..12 {
        let system = system();
        let mut random = Random::new(seed);
        let mut sizes: Vec<u32> = Vec::new();
        let mut taken: BTreeSet<(u32, u32)> = BTreeSet::new();
        for step in 0..1500 {
            match random.below(40) {
                0 if sizes.len() < 4 => {
                    let size = SMALLEST + random.below(100);
                    let added = system.mm.add_paging_file(file(sizes.len() as u32), size, size + 200);
                    assert_eq!(added, Ok(sizes.len() as u32));
                    sizes.push(size);
                }
                1 if !sizes.is_empty() => {
                    let number = random.below(sizes.len() as u32);
                    let most = system.mm.paging_files().nth(number as usize).map(|file| file.maximum - file.size);
                    let pages = random.below(30);
                    system.mm.extend_paging_file(number, pages);
                    sizes[number as usize] += pages.min(most.expect("it is there"));
                }
                // It fills, then empties, in turns.
                choice if (choice > 13) == (step / 300 % 2 == 0) => {
                    let most = 1 + random.below(16);
                    let Some(slots) = system.mm.take_slots(most) else {
                        let all: u32 = sizes.iter().map(|size| size - 1).sum();
                        assert_eq!(taken.len() as u32, all, "seed {seed}, step {step}: refused though some are free");
                        continue;
                    };
                    assert!((1..=most).contains(&slots.count));
                    for offset in slots.first..slots.first + slots.count {
                        assert!(offset > 0 && offset < sizes[slots.file as usize]);
                        assert!(taken.insert((slots.file, offset)), "seed {seed}, step {step}: given twice");
                    }
                }
                _ if !taken.is_empty() => {
                    let index = random.below(taken.len() as u32) as usize;
                    let (file, offset) = taken.iter().nth(index).copied().expect("one");
                    assert!(system.mm.slot_is_taken(file, offset));
                    system.mm.free_slot(page(file, offset));
                    assert!(!system.mm.slot_is_taken(file, offset));
                    taken.remove(&(file, offset));
                }
                _ => {}
            }
            assert_eq!(system.mm.slots_taken() as usize, taken.len());
            if step % 16 == 0 {
                check(&system);
            }
        }
        taken.iter().for_each(|(file, offset)| system.mm.free_slot(page(*file, *offset)));
        assert!(system.mm.paging_files().all(|file| file.free == file.size - 1 && file.current == 0));
        check(&system);
    }
}
