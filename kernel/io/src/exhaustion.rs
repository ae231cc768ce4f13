//! Each request for memory of each operation refused in turn: the operation succeeds all the same or says that memory is lacking, and
//! then the volume is as it was.

use abi::access::*;
use abi::cell::Link;
use abi::file::*;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use core::ops::ControlFlow;

use crate::directory::Scan;
use crate::path::Path;
use crate::random::read_tree;
use crate::test_volume::*;
use crate::volume::Volume;
use crate::write::tests::{TestVolume, open};

/// Whether an operation that is refused may have done part of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Never,
    OfTheFile(&'static str),
}

type Operation = fn(&TestVolume<'_, '_>) -> Result<(), NtStatus>;

const FOLDER: &str = "dir with a long name";
const LARGE: &str = "dir with a long name\\Fragmented file.bin";

/// Opens `path`, does `work` with it and closes it.
fn with_file(
    volume: &TestVolume<'_, '_>,
    path: &str,
    (disposition, options): (u32, u32),
    work: impl FnOnce(Link<FileObject>) -> Result<(), NtStatus>,
) -> Result<(), NtStatus> {
    let file = open(volume, path, GENERIC_READ | GENERIC_WRITE | DELETE, disposition, options)?.0;
    let result = work(file);
    volume.close_file(file);
    result
}

fn rename(volume: &TestVolume<'_, '_>, from: &str, to: &str) -> Result<(), NtStatus> {
    with_file(volume, from, (FILE_OPEN, 0), |file| {
        let to = wide(to);
        volume.rename(file, &Path::parse(&to)?, true)
    })
}

const OPERATIONS: [(&str, Part, Operation); 12] = [
    ("open", Part::Never, |volume| with_file(volume, LARGE, (FILE_OPEN, 0), |_| Ok(()))),
    ("read", Part::Never, |volume| {
        with_file(volume, LARGE, (FILE_OPEN, 0), |file| volume.read(file, 100, &mut [0; 9000]).map(drop))
    }),
    ("make a file", Part::Never, |volume| {
        with_file(volume, &format!("{FOLDER}\\A new file with a long name.text"), (FILE_CREATE, 0), |_| Ok(()))
    }),
    ("make a directory", Part::Never, |volume| {
        with_file(volume, &format!("{FOLDER}\\a\\b\\new"), (FILE_CREATE, FILE_DIRECTORY_FILE), |_| Ok(()))
    }),
    ("write", Part::OfTheFile("HELLO.TXT"), |volume| {
        with_file(volume, "HELLO.TXT", (FILE_OPEN, 0), |file| volume.write(file, 10, &[7; 9000]).map(drop))
    }),
    ("empty", Part::Never, |volume| with_file(volume, LARGE, (FILE_OVERWRITE, 0), |_| Ok(()))),
    ("cut", Part::Never, |volume| with_file(volume, LARGE, (FILE_OPEN, 0), |file| volume.set_end_of_file(file, 777))),
    ("grow", Part::Never, |volume| {
        with_file(volume, "HELLO.TXT", (FILE_OPEN, 0), |file| volume.set_end_of_file(file, 20_000))
    }),
    ("rename", Part::Never, |volume| rename(volume, "HELLO.TXT", "\\Another name.text")),
    ("move over another", Part::Never, |volume| rename(volume, "HELLO.TXT", &format!("\\{LARGE}"))),
    ("move a directory", Part::Never, |volume| rename(volume, &format!("{FOLDER}\\a"), "\\somewhere else")),
    ("delete", Part::Never, |volume| {
        with_file(volume, LARGE, (FILE_OPEN, 0), |file| volume.set_disposition(file, true))
    }),
];

/// Does `operation` on a fresh volume, its `nth` request refused: whether one was.
fn refuse(format: Format, name: &str, part: Part, operation: Operation, nth: u32) -> bool {
    let mut refused = false;
    with_objects(|objects| {
        let disk = TestDisk::new(image(format).to_vec());
        let pool = objects.memory().pool_bytes_in_use();
        let volume = Volume::mount(objects, &disk).unwrap();
        volume.set_clock(noon());
        let mut tree = read_tree(&disk.bytes.borrow());
        let failing = objects.memory().failing();
        failing.arm_once(nth);
        let result = operation(&volume);
        failing.disarm();
        refused = failing.has_come();
        volume.verify_files(|_, _| false).unwrap_or_else(|found| panic!("{name} {nth}: {found:?}"));
        assert_eq!(volume.open_files().filter(|fcb| volume.cached(*fcb).is_none()).count(), 0, "{name} {nth}");
        volume.forget_unused(0);
        volume.close_volume().unwrap();
        let mut after = read_tree(&disk.bytes.borrow());
        match result {
            Ok(()) => assert!(refused || name == "open" || name == "read" || tree != after, "{name}: nothing was done"),
            Err(status) => {
                assert_eq!(status, NtStatus::INSUFFICIENT_RESOURCES, "{name} {nth}");
                if let Part::OfTheFile(path) = part {
                    tree.remove(path);
                    after.remove(path);
                }
                assert!(tree == after, "{name}, request {nth} refused, has changed the volume");
            }
        }
        disk.check();
        volume.unmount().unwrap();
        assert_eq!(objects.memory().pool_bytes_in_use(), pool, "{name} {nth}");
    });
    refused
}

#[test]
fn an_operation_that_is_refused_memory_changes_nothing() {
    for (name, part, operation) in OPERATIONS {
        let requests = (1..).take_while(|nth| refuse(Format::Fat16, name, part, operation, *nth)).count();
        println!("{name}: {requests} requests");
        assert!(requests > 0, "{name}: nothing is asked for");
    }
}

/// What an operation leaves that is refused a request in the middle of a table of many pages.
#[test]
fn clusters_that_are_refused_to_a_file_are_free_in_each_table() {
    let requests = (1..).take_while(|nth| refuse(Format::Fat32, "grow much", Part::Never, grow_much, *nth)).count();
    assert!(requests > 4, "the table was not read: {requests}");
}

/// Its clusters fill many pages of a table.
fn grow_much(volume: &TestVolume<'_, '_>) -> Result<(), NtStatus> {
    with_file(volume, "HELLO.TXT", (FILE_OPEN, 0), |file| volume.set_end_of_file(file, 20 << 20))
}

#[test]
fn clusters_that_are_freed_in_part_are_not_freed_again() {
    let requests = (1..).take_while(|nth| free_in_part(*nth)).count();
    assert!(requests > 4, "the table was not read: {requests}");
}

/// Frees the clusters of a large file, with the `nth` request refused, and gives them to another: whether one was.
fn free_in_part(nth: u32) -> bool {
    let mut refused = false;
    with_objects(|objects| {
        let disk = TestDisk::new(image(Format::Fat32).to_vec());
        let mount = || {
            let volume = Volume::mount(objects, &disk).unwrap();
            volume.set_clock(noon());
            volume
        };
        let volume = mount();
        grow_much(&volume).unwrap();
        volume.unmount().unwrap();
        let volume = mount();
        with_file(&volume, "HELLO.TXT", (FILE_OPEN, 0), |file| volume.set_end_of_file(file, 0)).unwrap();
        let failing = objects.memory().failing();
        failing.arm_once(nth);
        let flushed = volume.flush_metadata();
        failing.disarm();
        refused = failing.has_come();
        assert!(flushed == Ok(()) || refused && flushed == Err(NtStatus::INSUFFICIENT_RESOURCES), "{nth}: {flushed:?}");
        with_file(&volume, "EMPTY", (FILE_OPEN, 0), |file| volume.set_end_of_file(file, 30 << 20)).unwrap();
        volume.unmount().unwrap();
        disk.check();
    });
    refused
}

#[test]
fn a_listing_that_is_refused_memory_is_where_it_was() {
    let list = |volume: &TestVolume<'_, '_>, file| {
        let mut names = Vec::new();
        let listed = volume.list(file, None, Scan::Onward, |entry| {
            names.push(String::from_utf16_lossy(entry.name));
            ControlFlow::Continue(())
        });
        listed.map(|_| names)
    };
    // A directory of more than one page, of which nothing is in memory.
    let mut filled = Vec::new();
    with_objects(|objects| {
        let disk = TestDisk::new(image(Format::Fat16).to_vec());
        let volume = Volume::mount(objects, &disk).unwrap();
        volume.set_clock(noon());
        for number in 0..60 {
            let path = format!("{FOLDER}\\one of many files with long names {number}.text");
            with_file(&volume, &path, (FILE_CREATE, 0), |_| Ok(())).unwrap();
        }
        volume.forget_unused(0);
        volume.close_volume().unwrap();
        volume.unmount().unwrap();
        filled = disk.bytes.borrow().clone();
    });
    let refuse = |nth| {
        let mut refused = false;
        with_objects(|objects| {
            let disk = TestDisk::new(filled.clone());
            let volume = Volume::mount(objects, &disk).unwrap();
            let file = open(&volume, FOLDER, GENERIC_READ, FILE_OPEN, FILE_DIRECTORY_FILE).unwrap().0;
            let failing = objects.memory().failing();
            failing.arm_once(nth);
            let first = list(&volume, file);
            failing.disarm();
            refused = failing.has_come();
            let names = first.or_else(|status| {
                assert_eq!(status, NtStatus::INSUFFICIENT_RESOURCES, "{nth}");
                list(&volume, file)
            });
            let names = names.expect("asked again");
            assert!(names.len() > 60 && names.contains(&"Fragmented file.bin".into()), "{nth}: {names:?}");
            assert_eq!(list(&volume, file), Err(NtStatus::NO_MORE_FILES));
            volume.close_file(file);
            volume.forget_unused(0);
            volume.close_volume().unwrap();
            volume.unmount().unwrap();
        });
        refused
    };
    assert!((1..).take_while(|nth| refuse(*nth)).count() > 2);
}
