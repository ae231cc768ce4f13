use std::cell::RefCell;
use std::io::Cursor;
use std::rc::Rc;

use fatfs::{FileSystem, FsOptions};

use super::log::tests::Writer;
use super::*;

const SIZE: usize = 4 << 20;

/// A disk in memory that keeps a log as QEMU does, in sectors. What it is told to forget is not logged: a drive that lies.
struct LoggedDisk {
    bytes: Cursor<Vec<u8>>,
    log: Rc<RefCell<Writer>>,
}

impl Read for LoggedDisk {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(into)
    }
}

impl Seek for LoggedDisk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

impl Write for LoggedDisk {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let at = self.bytes.position() as usize;
        let count = self.bytes.write(from)?;
        let (first, end) = (at / 512, (at + count).div_ceil(512));
        self.log.borrow_mut().write(first as u64, &self.bytes.get_ref()[first * 512..end * 512]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A run of a program that writes records and files; it says that they are flushed with a flush, or before it.
fn recorded(says_too_early: bool) -> (Vec<u8>, Vec<u8>, Told) {
    let mut empty = Cursor::new(vec![0; SIZE]);
    fatfs::format_volume(&mut empty, fatfs::FormatVolumeOptions::new()).unwrap();
    let original = empty.into_inner();
    let log = Rc::new(RefCell::new(Writer::new()));
    let disk = LoggedDisk { bytes: Cursor::new(original.clone()), log: log.clone() };
    let mut told: Told = Vec::new();
    let mut promises = Promises::default();
    let mut say = |promises: &Promises| {
        if !says_too_early {
            log.borrow_mut().flush();
        }
        told.push((promises.clone(), log.borrow().bytes.len() as u64));
        if says_too_early {
            log.borrow_mut().flush();
        }
    };
    let volume = FileSystem::new(disk, FsOptions::new()).unwrap();
    let folder = volume.root_dir().create_dir("kept").unwrap();
    for number in 0..40 {
        let mut records = volume.root_dir().create_file("records.dat").unwrap();
        records.seek(SeekFrom::End(0)).unwrap();
        records.write_all(&check::record(number)).unwrap();
        drop(records);
        promises.records = number + 1;
        say(&promises);
        if number % 8 == 0 {
            let (name, contents) = check::file(number / 8);
            folder.create_file(&name).unwrap().write_all(&contents).unwrap();
            promises.files = number / 8 + 1;
            say(&promises);
        }
    }
    drop(folder);
    drop(volume);
    let bytes = log.borrow().bytes.clone();
    (original, bytes, told)
}

/// How many of 200 moments of the run show a broken promise.
fn broken(says_too_early: bool) -> usize {
    let (original, log, told) = recorded(says_too_early);
    let entries = log::parse(&log).unwrap();
    let mut image = tempfile::NamedTempFile::new().unwrap();
    image.write_all(&original).unwrap();
    let mut replay = Replay::new(image.as_file(), (0, SIZE as u64), &log, &entries);
    let mut random = Random::new(7);
    let mut moments: Vec<usize> = (0..200).map(|_| random.below(entries.len() as u64 + 1) as usize).collect();
    moments.sort_unstable();
    moments
        .into_iter()
        .filter(|moment| {
            replay.cut(*moment, &mut random).unwrap();
            let disk = ReadOnly(File::open(image.path()).unwrap());
            check::promises(disk, &promised_at(&told, &entries, *moment)).is_err()
        })
        .count()
}

#[test]
fn a_program_that_flushes_before_it_says_so_loses_nothing() {
    assert_eq!(broken(false), 0);
}

#[test]
fn a_program_that_says_so_before_it_flushes_is_found_out() {
    assert!(broken(true) > 0);
}

#[test]
fn what_the_program_says_adds_up() {
    let mut told: Told = Vec::new();
    for (line, length) in [(&b"r 0"[..], 100), (b"f 0\r", 200), (b"noise", 250), (b"r 7", 300)] {
        told.extend(promise(told.last(), line).map(|promises| (promises, length)));
    }
    assert_eq!(told.len(), 3);
    let entries: Vec<Entry> = [100, 199, 300].map(|end| Entry { event: log::Event::Flush, end }).into();
    let at = |moment| promised_at(&told, &entries, moment);
    assert_eq!(at(0), Promises::default());
    assert_eq!(at(2), Promises { records: 1, files: 0 });
    assert_eq!(at(3), Promises { records: 8, files: 1 });
}
