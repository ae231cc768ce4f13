use super::*;
use crate::open::OpenRequest;
use crate::path::Path;
use crate::test_volume::*;
use abi::access::*;
use abi::file::*;
use model::machine::SoftwareMachine;
use std::io::{Cursor, Read};

pub type TestVolume<'a, 'd> = Volume<'a, SoftwareMachine, &'d TestDisk>;

/// Opens `path`, making it where it is missing.
pub fn make(volume: &TestVolume<'_, '_>, path: &str) -> Result<Link<FileObject>, NtStatus> {
    open(volume, path, GENERIC_READ | GENERIC_WRITE | DELETE, FILE_OPEN_IF, FILE_NON_DIRECTORY_FILE)
        .map(|opened| opened.0)
}

pub fn open(
    volume: &TestVolume<'_, '_>,
    path: &str,
    access: u32,
    disposition: u32,
    options: u32,
) -> Result<(Link<FileObject>, u32), NtStatus> {
    let path = wide(&format!("\\{path}"));
    let request = OpenRequest { disposition, ..OpenRequest::existing(access, options) };
    volume.open(&Path::parse(&path)?, &request).map(|opened| (opened.file, opened.information))
}

/// What another implementation reads in the file `path` of `disk`.
pub fn contents(disk: &TestDisk, path: &str) -> Option<Vec<u8>> {
    let mut bytes = disk.bytes.borrow().clone();
    let files = fatfs::FileSystem::new(Cursor::new(&mut bytes[..]), fatfs::FsOptions::new()).unwrap();
    let mut contents = Vec::new();
    let result = files.root_dir().open_file(&path.replace('\\', "/")).ok()?.read_to_end(&mut contents);
    result.unwrap();
    Some(contents)
}

#[test]
fn what_is_written_is_what_others_read() {
    for format in FORMATS {
        with_volume(format, |volume, disk| {
            let file = make(volume, "A new file with a long name.data").unwrap();
            let text: Vec<u8> = (0..100_000u32).map(|at| (at / 3) as u8).collect();
            let mut at = 0;
            for piece in [1, 511, 512, 513, 4096, 7000, 20_000, text.len()] {
                let end = (at + piece).min(text.len());
                assert_eq!(volume.write(file, at as u64, &text[at..end]), Ok((end - at) as u32));
                at = end;
            }
            assert_eq!(volume.fcb(file).file_size.get() as usize, text.len());
            let mut read = vec![0; text.len() + 1];
            assert_eq!(volume.read(file, 0, &mut read), Ok(text.len() as u32));
            assert!(read[..text.len()] == text[..]);
            volume.write(file, 50_001, b"in the middle").unwrap();
            volume.close_file(file);
            volume.flush().unwrap();
            let mut expected = text;
            expected[50_001..50_014].copy_from_slice(b"in the middle");
            assert!(contents(disk, "A new file with a long name.data") == Some(expected));
        });
    }
}

#[test]
fn what_lies_between_is_zeros_and_nothing_old_shows() {
    for format in FORMATS {
        with_volume(format, |volume, disk| {
            // The clusters hold something before they are anybody's.
            let start = volume.geometry().data_start as usize + 600 * 512;
            disk.bytes.borrow_mut()[start..start + 100 * 512].fill(0xCC);
            volume.next_free.set(602);
            let file = make(volume, "gap").unwrap();
            volume.write(file, 3, b"abc").unwrap();
            volume.write(file, 5000, b"xyz").unwrap();
            volume.set_end_of_file(file, 9000).unwrap();
            let mut expected = vec![0; 9000];
            expected[3..6].copy_from_slice(b"abc");
            expected[5000..5003].copy_from_slice(b"xyz");
            let mut read = vec![1; 9000];
            assert_eq!(volume.read(file, 0, &mut read), Ok(9000));
            assert!(read == expected, "before it is told");
            volume.flush().unwrap();
            assert!(contents(disk, "gap") == Some(expected.clone()));
            volume.set_end_of_file(file, 5001).unwrap();
            volume.set_end_of_file(file, 6000).unwrap();
            expected.truncate(5001);
            expected.resize(6000, 0);
            assert_eq!(volume.read(file, 0, &mut read), Ok(6000));
            assert!(read[..6000] == expected);
            volume.close_file(file);
            volume.flush().unwrap();
            assert!(contents(disk, "gap") == Some(expected));
        });
    }
}

#[test]
fn a_full_volume_refuses_and_loses_nothing() {
    for format in [Format::Fat12, Format::Fat16] {
        with_volume(format, |volume, disk| {
            let free = volume.free_clusters().unwrap();
            let file = make(volume, "filler").unwrap();
            assert_eq!(volume.set_end_of_file(file, u64::from(free) * 512 + 1), Err(NtStatus::DISK_FULL));
            assert_eq!(volume.fcb(file).clusters.get(), 0);
            assert_eq!(volume.set_end_of_file(file, 1 << 32), Err(NtStatus::DISK_FULL));
            volume.set_end_of_file(file, u64::from(free) * 512).unwrap();
            assert_eq!(volume.free_clusters(), Ok(0));
            let other = make(volume, "other").unwrap();
            assert_eq!(volume.write(other, 0, b"x"), Err(NtStatus::DISK_FULL));
            assert_eq!(
                open(volume, "folder", GENERIC_READ, FILE_CREATE, FILE_DIRECTORY_FILE).err(),
                Some(NtStatus::DISK_FULL)
            );
            volume.set_end_of_file(file, 1000).unwrap();
            assert_eq!(volume.write(other, 0, b"x"), Ok(1), "what was cut off can be had at once");
            volume.close_file(other);
            volume.set_disposition(file, true).unwrap();
            volume.close_file(file);
            assert_eq!(volume.free_clusters(), Ok(free - 1));
            volume.flush().unwrap();
            assert_eq!(contents(disk, "other"), Some(b"x".to_vec()));
            assert_eq!(contents(disk, "filler"), None);
        });
    }
}

#[test]
fn clusters_beyond_the_end_go_when_the_file_is_closed() {
    with_volume(Format::Fat16, |volume, _| {
        let free = volume.free_clusters().unwrap();
        let file = make(volume, "allocated").unwrap();
        volume.set_allocation(file, 10_000).unwrap();
        assert_eq!((volume.fcb(file).clusters.get(), volume.fcb(file).file_size.get()), (20, 0));
        volume.write(file, 0, &[1; 600]).unwrap();
        assert_eq!(volume.free_clusters(), Ok(free - 20));
        volume.close_file(file);
        assert_eq!(volume.free_clusters(), Ok(free - 2));
        let file = make(volume, "allocated").unwrap();
        volume.set_allocation(file, 100).unwrap();
        assert_eq!(volume.fcb(file).file_size.get(), 100);
        volume.close_file(file);
        assert_eq!(volume.free_clusters(), Ok(free - 1));
    });
}

#[test]
fn a_disk_that_fails_fails_the_write_and_keeps_the_volume_whole() {
    with_volume(Format::Fat16, |volume, disk| {
        let file = make(volume, "file").unwrap();
        volume.write(file, 0, &[1; 5000]).unwrap();
        let (sector, _) = volume.place_of(volume.fcb(file), 3).unwrap();
        disk.broken.set(Some(u64::from(sector)));
        assert_eq!(volume.write(file, 0, &[2; 5000]), Err(NtStatus::DEVICE_DATA_ERROR));
        assert_eq!(volume.write(file, 4 * 512, &[2; 512]), Ok(512));
        assert_eq!(volume.fcb(file).file_size.get(), 5000);
        let table = volume.geometry().table_start / 512;
        disk.broken.set(Some(table));
        assert_eq!(volume.flush(), Err(NtStatus::DEVICE_DATA_ERROR));
        disk.broken.set(None);
        volume.close_file(file);
    });
}

#[test]
fn a_file_whose_move_cannot_be_flushed_has_one_name() {
    with_volume(Format::Fat16, |volume, disk| {
        let file = make(volume, "dir with a long name\\file").unwrap();
        volume.write(file, 0, &[1; 5000]).unwrap();
        volume.flush().unwrap();
        volume.write(file, 5000, &[1; 5000]).unwrap();
        disk.broken.set(Some(volume.geometry().table_start / 512));
        let to = wide("\\moved");
        let moved = volume.rename(file, &Path::parse(&to).unwrap(), false);
        disk.broken.set(None);
        volume.close_file(file);
        volume.forget_unused(0);
        volume.flush().unwrap();
        let names = ["dir with a long name\\file", "moved"].map(|name| volume.open_to_read(&format!("\\{name}")));
        let found = names.map(|name| name.map(|file| volume.close_file(file)));
        assert_eq!((moved, found), (Ok(()), [Err(NtStatus::OBJECT_NAME_NOT_FOUND), Ok(())]));
    });
}

#[test]
fn the_volume_is_marked_open_before_anything_is_written_and_closed_at_the_end() {
    for format in FORMATS {
        with_volume(format, |volume, disk| {
            let flags = volume.geometry().flags_at() as usize;
            let is_open = || disk.bytes.borrow()[flags] & 1 != 0;
            let file = volume.open_to_read("\\HELLO.TXT").unwrap();
            volume.close_file(file);
            assert!(!is_open() && disk.sectors_written.get() == 0, "reading writes nothing");
            let file = make(volume, "new").unwrap();
            assert!(is_open());
            assert!(format == Format::Fat12 || !fsck(&disk.bytes.borrow()).1.is_empty());
            volume.write(file, 0, &[1; 100]).unwrap();
            volume.close_file(file);
            volume.flush().unwrap();
            assert!(is_open());
            volume.close_volume().unwrap();
            assert!(!is_open());
            let written = disk.sectors_written.get();
            volume.close_volume().unwrap();
            assert_eq!(disk.sectors_written.get(), written, "there is nothing left to write");
        });
    }
}

#[test]
fn a_volume_that_was_not_closed_stays_marked() {
    with_objects(|objects| {
        let mut bytes = image(Format::Fat16).to_vec();
        bytes[0x25] |= 1;
        let disk = TestDisk::new(bytes);
        let volume = Volume::mount(objects, &disk).unwrap();
        assert!(volume.was_found_open());
        let file = make(&volume, "new").unwrap();
        volume.close_file(file);
        volume.close_volume().unwrap();
        assert_eq!(disk.bytes.borrow()[0x25] & 1, 1);
    });
}
