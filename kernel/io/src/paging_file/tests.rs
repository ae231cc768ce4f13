use std::collections::BTreeSet;

use super::*;
use crate::device::SECTOR;
use crate::fuzz::Random;
use crate::path::Path;
use crate::random::{cut, read_tree, survives};
use crate::test_volume::*;
use crate::write::tests::{TestVolume, make, open};
use abi::access::{DELETE, FILE_READ_ATTRIBUTES, GENERIC_READ, GENERIC_WRITE};
use mm::fault::{InPageRequest, ReadResult};
use mm::layout::FrameNumber;
use mm::machine::FrameBytes;
use mm::section::{Cluster, WriteRequest, WriteResult};

const NAME: &str = "pagefile.sys";

/// Opens or makes the paging file `path`.
fn open_paging(volume: &TestVolume<'_, '_>, path: &str) -> Result<Link<FileObject>, NtStatus> {
    let path = wide(&format!("\\{path}"));
    volume.open(&Path::parse(&path)?, &OpenRequest::paging_file()).map(|opened| opened.file)
}

fn size(volume: &TestVolume<'_, '_>, file: Link<FileObject>) -> (u32, u32) {
    (volume.fcb(file).file_size.get(), volume.fcb(file).clusters.get() * volume.geometry().cluster_size)
}

#[test]
fn its_clusters_follow_each_other_and_nothing_is_written_to_them() {
    for format in FORMATS {
        with_volume(format, |volume, disk| {
            // A gap before the free space, into which the file does not fit.
            let first = make(volume, "first").unwrap();
            volume.write(first, 0, &[1; 3000]).unwrap();
            let second = make(volume, "second").unwrap();
            volume.write(second, 0, &[2; 3000]).unwrap();
            volume.set_disposition(first, true).unwrap();
            volume.close_file(first);
            volume.flush().unwrap();
            let before = disk.bytes.borrow().clone();
            let file = open_paging(volume, NAME).unwrap();
            volume.prepare_paging_file(file, 300_000).unwrap();
            let record = volume.fcb(file);
            assert_eq!((record.run_count.get(), record.clusters.get()), (1, 586), "{format:?}");
            assert_eq!((record.file_size.get(), record.valid_data_length.get()), (300_000, 300_000));
            volume.flush().unwrap();
            let start = volume.place_of(record, 0).unwrap().0 as usize * SECTOR as usize;
            assert!(disk.bytes.borrow()[start..start + 300_000] == before[start..start + 300_000]);
            assert_eq!(read_tree(&disk.bytes.borrow())["pagefile.sys"].as_ref().map(Vec::len), Some(300_000));
            [second, file].into_iter().for_each(|file| volume.close_file(file));
        });
    }
}

#[test]
fn it_is_there_again_after_a_restart_and_changes_its_size() {
    for format in FORMATS {
        with_objects(|objects| {
            let disk = TestDisk::new(image(format).to_vec());
            let mut start = None;
            for bytes in [200_000, 200_000, 250_000, 100_000, 4096] {
                let volume = Volume::mount(objects, &disk).unwrap();
                volume.set_clock(noon());
                let free = volume.free_clusters().unwrap();
                let file = open_paging(&volume, NAME).unwrap();
                let had = volume.fcb(file).clusters.get();
                assert_eq!(volume.room_for_paging(file), Ok(u64::from(free + had) * 512));
                volume.prepare_paging_file(file, bytes).unwrap();
                assert_eq!(size(&volume, file), (bytes, bytes.next_multiple_of(512)));
                let attributes = volume.fcb(file).attributes.get();
                assert_eq!(attributes & 0x36, FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM | FILE_ATTRIBUTE_ARCHIVE);
                let place = volume.place_of(volume.fcb(file), 0).unwrap().0;
                assert_eq!(*start.get_or_insert(place), place, "it stays where it is");
                assert_eq!(volume.free_clusters(), Ok(free + had - bytes.div_ceil(512)));
                volume.close_volume().unwrap();
                disk.check();
                volume.close_file(file);
                volume.unmount().unwrap();
            }
            disk.check();
        });
    }
}

#[test]
fn what_was_an_ordinary_file_can_become_one() {
    with_volume(Format::Fat16, |volume, _| {
        let file = make(volume, NAME).unwrap();
        volume.write(file, 0, &[1; 5000]).unwrap();
        assert_eq!(open_paging(volume, NAME), Err(NtStatus::SHARING_VIOLATION), "somebody has it open");
        volume.close_file(file);
        let file = open_paging(volume, NAME).unwrap();
        volume.prepare_paging_file(file, 20_000).unwrap();
        assert_eq!(size(volume, file), (20_000, 20_480));
        assert_eq!(volume.fcb(file).attributes.get() & 6, 6);
        volume.close_file(file);
    });
}

#[test]
fn nobody_else_opens_it_takes_its_name_or_deletes_it() {
    with_volume(Format::Fat16, |volume, _| {
        let file = open_paging(volume, NAME).unwrap();
        volume.prepare_paging_file(file, 20_000).unwrap();
        for access in [GENERIC_READ, GENERIC_WRITE, DELETE, FILE_READ_ATTRIBUTES] {
            for disposition in [FILE_OPEN, FILE_OPEN_IF] {
                assert_eq!(open(volume, NAME, access, disposition, 0).err(), Some(NtStatus::SHARING_VIOLATION));
            }
        }
        let made = open(volume, NAME, GENERIC_WRITE, FILE_CREATE, 0);
        assert_eq!(made.err(), Some(NtStatus::OBJECT_NAME_COLLISION));
        let deleted = open(volume, NAME, DELETE, FILE_OPEN, FILE_DELETE_ON_CLOSE);
        assert_eq!(deleted.err(), Some(NtStatus::SHARING_VIOLATION));
        let other = make(volume, "other").unwrap();
        let path = wide("\\PageFile.sys");
        assert_eq!(volume.rename(other, &Path::parse(&path).unwrap(), true), Err(NtStatus::ACCESS_DENIED));
        volume.close_file(other);
        assert!(volume.is_paging_file(file));
        let again = open_paging(volume, NAME).unwrap();
        assert_eq!(volume.fcb_of(again), volume.fcb_of(file));
        assert_eq!(volume.verify_files(|_, _| false), Ok(1));
        [again, file].into_iter().for_each(|file| volume.close_file(file));
        let file = make(volume, NAME).unwrap();
        assert!(!volume.is_paging_file(file), "once it is closed it is a file like others");
        volume.close_file(file);
    });
}

#[test]
fn on_a_full_volume_it_stays_as_it_was() {
    for format in FORMATS {
        with_volume(format, |volume, disk| {
            let free = volume.free_clusters().unwrap();
            let file = open_paging(volume, NAME).unwrap();
            assert_eq!(volume.prepare_paging_file(file, free * 512 + 1), Err(NtStatus::DISK_FULL));
            assert_eq!((size(volume, file), volume.is_paging_file(file)), ((0, 0), false));
            volume.prepare_paging_file(file, 10_000).unwrap();
            assert_eq!(volume.extend_paging_file(file, free * 512 + 1), Err(NtStatus::DISK_FULL));
            assert_eq!(size(volume, file), (10_000, 10_240));
            volume.extend_paging_file(file, free * 512).unwrap();
            assert_eq!((size(volume, file), volume.free_clusters()), ((free * 512, free * 512), Ok(0)));
            assert_eq!(volume.fcb(file).run_count.get(), 1, "{format:?}");
            volume.flush().unwrap();
            assert_eq!(
                read_tree(&disk.bytes.borrow())["pagefile.sys"].as_ref().map(Vec::len),
                Some(free as usize * 512)
            );
            volume.prepare_paging_file(file, 512).unwrap();
            volume.close_file(file);
        });
    }
}

/// Every other cluster of what is free gets a file of its own.
fn fragment(volume: &TestVolume<'_, '_>, count: u32) {
    let names: Vec<String> = (0..count).map(|number| format!("piece {number}")).collect();
    for name in &names {
        let file = make(volume, name).unwrap();
        volume.write(file, 0, &[1; 512]).unwrap();
        volume.close_file(file);
    }
    for name in names.iter().step_by(2) {
        let (file, _) = open(volume, name, DELETE, FILE_OPEN, FILE_DELETE_ON_CLOSE).unwrap();
        volume.close_file(file);
    }
    volume.flush().unwrap();
}

#[test]
fn pages_come_back_from_a_file_in_many_pieces_without_a_look_at_the_volume() {
    with_volume(Format::Fat12, |volume, disk| {
        fragment(volume, 100);
        let free = volume.free_clusters().unwrap();
        let file = open_paging(volume, NAME).unwrap();
        volume.prepare_paging_file(file, free * 512).unwrap();
        assert!(volume.fcb(file).run_count.get() > 40);
        volume.close_volume().unwrap();
        let memory = volume.memory();
        let pages = free * 512 / 4096;
        // The last pages of the test's memory are nobody's.
        let frames: Vec<_> = (480..496).map(FrameNumber).collect();
        let heap_and_pool = (memory.pool_bytes_in_use(), memory.kernel_frames());
        let mut random = Random(7);
        let mut marks = vec![None; pages as usize];
        for mark in 1..200u8 {
            let first = random.below(pages as usize) as u32;
            let count = (1 + random.below(16) as u32).min(pages - first);
            let (offset, bytes) = (u64::from(first) * 4096, count * 4096);
            let frames = Cluster::of(&frames[..count as usize]);
            frames.iter().for_each(|frame| memory.machine.write(*frame, 0, &[mark; 4096]));
            assert_eq!(volume.write_pages(&WriteRequest::new(file, offset, bytes, frames)), WriteResult::Done);
            marks[first as usize..(first + count) as usize].fill(Some(mark));
            let first = random.below(pages as usize) as u32;
            let count = (1 + random.below(16) as u32).min(pages - first);
            let frames = Cluster::of(&frames[..1]);
            for page in first..first + count {
                let request = InPageRequest { file, offset: u64::from(page) * 4096, bytes: 4096, frames };
                let read = disk.sectors_read.get();
                assert_eq!(volume.read_pages(&request), ReadResult::Done);
                assert_eq!(disk.sectors_read.get() - read, 8, "the page and nothing else");
                let mut bytes = [0; 4096];
                memory.machine.read(frames[0], 0, &mut bytes);
                let Some(mark) = marks[page as usize] else { continue };
                assert!(bytes == [mark; 4096], "page {page}");
            }
        }
        assert_eq!((memory.pool_bytes_in_use(), memory.kernel_frames()), heap_and_pool);
        assert!(volume.is_quiet(), "what is written to it is nothing that the volume has to write");
        let beyond =
            InPageRequest { file, offset: u64::from(pages) * 4096, bytes: 4096, frames: Cluster::of(&frames[..1]) };
        assert_eq!(volume.read_pages(&beyond), ReadResult::Failed);
        volume.close_file(file);
    });
}

#[test]
fn a_loss_of_power_while_it_is_made_grows_or_shrinks_leaves_the_volume_whole() {
    for format in [Format::Fat12, Format::Fat16] {
        with_objects(|objects| {
            let disk = TestDisk::new(image(format).to_vec());
            let volume = Volume::mount(objects, &disk).unwrap();
            volume.set_clock(noon());
            fragment(&volume, 40);
            let start = disk.bytes.borrow().clone();
            let before = read_tree(&start);
            *disk.log.borrow_mut() = Some(vec![]);
            let file = open_paging(&volume, NAME).unwrap();
            volume.prepare_paging_file(file, 100_000).unwrap();
            volume.flush().unwrap();
            volume.extend_paging_file(file, 150_000).unwrap();
            volume.flush().unwrap();
            volume.prepare_paging_file(file, 50_000).unwrap();
            volume.flush().unwrap();
            let log = disk.log.borrow_mut().take().unwrap();
            let mut random = Random(3);
            let touched = BTreeSet::from([NAME.to_owned()]);
            for _ in 0..30 {
                let end = random.below(log.len() + 1);
                survives(&cut(&start, &log, end, &mut random), &before, &touched);
            }
            volume.close_file(file);
            volume.unmount().unwrap();
            disk.check();
        });
    }
}
