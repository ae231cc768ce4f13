use super::*;
use crate::test_volume::*;
use mm::fault::{InPageRequest, ReadResult};
use mm::layout::FrameNumber;
use mm::section::Cluster;

const LARGE: &str = "\\dir with a long name\\Fragmented file.bin";

#[test]
fn a_fragmented_file_reads_the_same_in_any_pieces() {
    for format in FORMATS {
        with_volume(format, |volume, _| {
            let file = volume.open_to_read(LARGE).unwrap();
            let expected: Vec<u8> = (0..FRAGMENTED).map(fragmented_byte).collect();
            assert!(volume.fcb(file).run_count.get() > 10, "the test wants fragments");
            for piece in [1, 511, 512, 513, 4096, 5000, FRAGMENTED] {
                let mut at = 0;
                let mut contents = Vec::new();
                let mut buffer = vec![0; piece];
                while at < FRAGMENTED {
                    let length = volume.read(file, at as u64, &mut buffer).unwrap() as usize;
                    contents.extend_from_slice(&buffer[..length]);
                    at += length;
                }
                assert_eq!(contents, expected, "pieces of {piece}");
                if piece == 1 {
                    continue;
                }
            }
            volume.close_file(file);
        });
    }
}

#[test]
fn reading_ends_with_the_file() {
    with_volume(Format::Fat12, |volume, _| {
        let file = volume.open_to_read("\\HELLO.TXT").unwrap();
        let mut bytes = [0; 64];
        assert_eq!(volume.read(file, 0, &mut bytes), Ok(23));
        assert_eq!(&bytes[..23], b"Hello from a short name");
        assert_eq!(volume.read(file, 22, &mut bytes), Ok(1));
        assert_eq!(volume.read(file, 23, &mut bytes), Err(NtStatus::END_OF_FILE));
        assert_eq!(volume.read(file, u64::MAX, &mut bytes), Err(NtStatus::END_OF_FILE));
        assert_eq!(volume.read(file, 0, &mut []), Ok(0));
        volume.close_file(file);
        let empty = volume.open_to_read("\\EMPTY").unwrap();
        assert_eq!(volume.read(empty, 0, &mut bytes), Err(NtStatus::END_OF_FILE));
        volume.close_file(empty);
        let folder = volume.open_to_read("\\dir with a long name").unwrap();
        assert_eq!(volume.read(folder, 0, &mut bytes), Err(NtStatus::INVALID_DEVICE_REQUEST));
        volume.close_file(folder);
    });
}

#[test]
fn a_page_is_read_into_its_frame_without_looking_at_names_or_tables() {
    with_volume(Format::Fat32, |volume, disk| {
        let file = volume.open_to_read(LARGE).unwrap();
        let frame = FrameNumber(500);
        disk.sectors_read.set(0);
        let request = InPageRequest { file, offset: 0x2200, bytes: 0x1000, frames: Cluster::of(&[frame]) };
        assert_eq!(volume.read_pages(&request), ReadResult::Done);
        assert_eq!(disk.sectors_read.get(), 8, "only the sectors of the page");
        let contents = volume.memory().machine.frame_contents(frame);
        assert!((0..0x1000).all(|at| contents[at] == fragmented_byte(0x2200 + at)));
        let tail = InPageRequest { file, offset: 0x9C00, bytes: 64, frames: Cluster::of(&[FrameNumber(501)]) };
        assert_eq!(volume.read_pages(&tail), ReadResult::Done);
        // What stands behind the file's end in its last sector is not the file's.
        let last = volume.place_of(volume.fcb(file), 0x9C00 / SECTOR).unwrap().0 as usize * SECTOR as usize;
        disk.bytes.borrow_mut()[last + 64..last + 512].fill(0xEE);
        assert_eq!(volume.read_pages(&tail), ReadResult::Done);
        let contents = volume.memory().machine.frame_contents(FrameNumber(501));
        assert!(contents[..64].iter().zip(0x9C00..).all(|(byte, at)| *byte == fragmented_byte(at)));
        assert!(contents[64..].iter().all(|byte| *byte == 0));
        let beyond = InPageRequest { file, offset: 0x9C00, bytes: 65, frames: Cluster::of(&[FrameNumber(501)]) };
        assert_eq!(volume.read_pages(&beyond), ReadResult::Failed);
        volume.close_file(file);
    });
}

#[test]
fn a_sector_that_cannot_be_read_fails_the_read() {
    with_volume(Format::Fat16, |volume, disk| {
        let file = volume.open_to_read(LARGE).unwrap();
        let first = volume.record(volume.fcb(file).runs.get()).volume_sector.get();
        disk.broken.set(Some(u64::from(first) + 1));
        let mut bytes = [0; 512];
        assert_eq!(volume.read(file, 0, &mut bytes), Ok(512));
        assert_eq!(volume.read(file, 512, &mut bytes), Err(NtStatus::DEVICE_DATA_ERROR));
        let request = InPageRequest { file, offset: 0, bytes: 4096, frames: Cluster::of(&[FrameNumber(500)]) };
        assert_eq!(volume.read_pages(&request), ReadResult::Failed);
        volume.close_file(file);
    });
}
