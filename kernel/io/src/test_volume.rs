//! FAT images for tests, written by another implementation than the one that reads them, and disks that hold them.

use std::cell::{Cell, RefCell};
use std::io::{Cursor, Write};
use std::ops::Range;
use std::sync::OnceLock;

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use model::machine::{NoExecute, SoftwareMachine};
use model::system::System;
use ob::ObjectManager;

use crate::device::{BlockDevice, DeviceError, SECTOR};
use crate::open::OpenRequest;
use crate::path::Path;
use crate::volume::Volume;

/// A kind of volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Fat12,
    Fat16,
    Fat32,
}

pub const FORMATS: [Format; 3] = [Format::Fat12, Format::Fat16, Format::Fat32];

impl Format {
    /// Bytes of the volume. Clusters are one sector each.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Fat12 => 1 << 20,
            Self::Fat16 => 5 << 20,
            Self::Fat32 => 35 << 20,
        }
    }
}

/// Bytes of `\dir with a long name\Fragmented file.bin`.
pub const FRAGMENTED: usize = 40_000;

/// What stands in the fragmented file at `offset`.
pub fn fragmented_byte(offset: usize) -> u8 {
    (offset / 7 + offset % 251) as u8
}

/// A volume with files of all sorts; the same each time.
pub fn image(format: Format) -> &'static [u8] {
    static IMAGES: [OnceLock<Vec<u8>>; 3] = [const { OnceLock::new() }; 3];
    IMAGES[format as usize].get_or_init(|| make_image(format))
}

fn make_image(format: Format) -> Vec<u8> {
    let mut bytes = vec![0; format.bytes() as usize];
    let kind = match format {
        Format::Fat12 => fatfs::FatType::Fat12,
        Format::Fat16 => fatfs::FatType::Fat16,
        Format::Fat32 => fatfs::FatType::Fat32,
    };
    let options = fatfs::FormatVolumeOptions::new().bytes_per_cluster(SECTOR).fat_type(kind);
    fatfs::format_volume(Cursor::new(&mut bytes[..]), options).unwrap();
    {
        let files = fatfs::FileSystem::new(Cursor::new(&mut bytes[..]), fatfs::FsOptions::new()).unwrap();
        fill(&files.root_dir());
    }
    bytes.chunks_mut(SECTOR as usize).for_each(straighten);
    bytes
}

/// `fatfs` gives the entries `.` and `..` long names, which they must not have: takes them out of `sector`, if it is where a
/// directory starts.
fn straighten(sector: &mut [u8]) {
    const ENTRY: usize = 32;
    let is_start = sector[11] == 0x0F && sector[ENTRY..ENTRY + 2] == *b". " && sector[2 * ENTRY + 11] == 0x0F;
    if is_start {
        sector.copy_within(ENTRY..2 * ENTRY, 0);
        sector.copy_within(3 * ENTRY..4 * ENTRY, ENTRY);
        sector.copy_within(4 * ENTRY.., 2 * ENTRY);
        let end = sector.len() - 2 * ENTRY;
        let is_last = sector[end - ENTRY] == 0;
        sector[end..].fill(0);
        sector[end] = if is_last { 0 } else { 0xE5 };
        sector[end + ENTRY] = sector[end];
        // And the root, which is cluster 2 on FAT32, is 0 there.
        if sector[ENTRY + 20..ENTRY + 22] == [0; 2] && sector[ENTRY + 26..ENTRY + 28] == [2, 0] {
            sector[ENTRY + 26] = 0;
        }
    }
}

fn fill<T: std::io::Read + Write + std::io::Seek>(root: &fatfs::Dir<'_, T>) {
    root.create_file("HELLO.TXT").unwrap().write_all(b"Hello from a short name").unwrap();
    root.create_file("EMPTY").unwrap();
    let folder = root.create_dir("dir with a long name").unwrap();
    let mut large = folder.create_file("Fragmented file.bin").unwrap();
    let mut other = folder.create_file("Another long file name, quite long indeed.dat").unwrap();
    let contents: Vec<u8> = (0..FRAGMENTED).map(fragmented_byte).collect();
    for piece in contents.chunks(1500) {
        large.write_all(piece).unwrap();
        other.write_all(&[0xEE; 700]).unwrap();
    }
    let deep = folder.create_dir("a").unwrap().create_dir("b").unwrap();
    deep.create_file("Größe.txt").unwrap().write_all(b"umlauts").unwrap();
    for number in 0..60 {
        deep.create_file(&format!("file number {number}")).unwrap();
    }
    deep.create_file("last").unwrap().write_all(&[7; 513]).unwrap();
}

/// The first sector of a volume.
pub fn boot_sector(format: Format) -> [u8; 512] {
    image(format)[..512].try_into().unwrap()
}

/// A disk in the test's memory that counts what is read.
pub struct TestDisk {
    pub bytes: RefCell<Vec<u8>>,
    pub sectors_read: Cell<u64>,
    pub sectors_written: Cell<u64>,
    /// Calls of `flush`.
    pub flushes: Cell<u64>,
    /// A sector that can be neither read nor written.
    pub broken: Cell<Option<u64>>,
    /// What was written and flushed, where somebody wants to know.
    pub log: RefCell<Option<Vec<Logged>>>,
}

/// What a disk was told.
#[derive(Clone)]
pub enum Logged {
    Write(u64, Vec<u8>),
    Flush,
}

impl TestDisk {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes: RefCell::new(bytes),
            sectors_read: Cell::new(0),
            sectors_written: Cell::new(0),
            flushes: Cell::new(0),
            broken: Cell::new(None),
            log: RefCell::new(None),
        }
    }

    /// Has dosfstools look at the volume, which must be whole.
    pub fn check(&self) {
        check(&self.bytes.borrow());
    }

    /// Where the bytes of the `length` bytes from `first` on are.
    fn place(&self, first: u64, length: usize) -> Result<Range<usize>, DeviceError> {
        assert!(length.is_multiple_of(SECTOR as usize), "whole sectors only");
        let count = (length / SECTOR as usize) as u64;
        if self.broken.get().is_some_and(|broken| (first..first + count).contains(&broken)) {
            return Err(DeviceError::Medium);
        }
        let from = usize::try_from(first).unwrap().checked_mul(SECTOR as usize).unwrap();
        let place = from..from + length;
        if place.end > self.bytes.borrow().len() { Err(DeviceError::OutOfRange) } else { Ok(place) }
    }
}

impl BlockDevice for TestDisk {
    fn sectors(&self) -> u64 {
        self.bytes.borrow().len() as u64 / u64::from(SECTOR)
    }

    fn read(&self, first: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        self.sectors_read.set(self.sectors_read.get() + (into.len() / SECTOR as usize) as u64);
        let place = self.place(first, into.len())?;
        into.copy_from_slice(&self.bytes.borrow()[place]);
        Ok(())
    }

    fn write(&self, first: u64, from: &[u8]) -> Result<(), DeviceError> {
        self.sectors_written.set(self.sectors_written.get() + (from.len() / SECTOR as usize) as u64);
        let place = self.place(first, from.len())?;
        self.bytes.borrow_mut()[place].copy_from_slice(from);
        if let Some(log) = self.log.borrow_mut().as_mut() {
            log.extend(from.chunks(SECTOR as usize).zip(first..).map(|(bytes, at)| Logged::Write(at, bytes.to_vec())));
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.flushes.set(self.flushes.get() + 1);
        if let Some(log) = self.log.borrow_mut().as_mut() {
            log.push(Logged::Flush);
        }
        Ok(())
    }
}

/// What dosfstools' `fsck.fat -n` says of the volume in `bytes`, and whether it found anything to say.
pub fn fsck(bytes: &[u8]) -> (bool, String) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("vadose-{}-{number}.img", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    let tool = ["fsck.fat", "/sbin/fsck.fat", "/usr/sbin/fsck.fat"];
    let output = tool.iter().find_map(|tool| std::process::Command::new(tool).arg("-n").arg(&path).output().ok());
    std::fs::remove_file(&path).unwrap();
    let output = output.expect("the tests need fsck.fat of dosfstools");
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The volume in `bytes` must be whole.
pub fn check(bytes: &[u8]) {
    let (is_whole, said) = fsck(bytes);
    assert!(is_whole, "{said}");
}

pub type TestObjects<'m> = ObjectManager<'m, SoftwareMachine>;

/// Runs `test` with a fresh system.
pub fn with_objects(test: impl FnOnce(&TestObjects<'_>)) {
    let system = System::new(512, NoExecute::Supported);
    let objects = ObjectManager::new(&system.mm).unwrap();
    test(&objects);
}

/// Runs `test` with the volume of `image(format)` mounted, and sees to it that it leaves nothing open or allocated.
pub fn with_volume(format: Format, test: impl FnOnce(&Volume<'_, SoftwareMachine, &TestDisk>, &TestDisk)) {
    with_objects(|objects| {
        let disk = TestDisk::new(image(format).to_vec());
        let before = objects.memory().pool_bytes_in_use();
        let volume = Volume::mount(objects, &disk).unwrap();
        volume.set_clock(noon());
        test(&volume, &disk);
        assert_eq!(volume.open_files().count(), 0);
        disk.broken.set(None);
        volume.unmount().unwrap();
        assert_eq!(objects.memory().pool_bytes_in_use(), before);
        disk.check();
    });
}

/// The time at which tests happen.
pub fn noon() -> u64 {
    use abi::calendar::{Date, system_time};
    system_time(Date { year: 2008, month: 4, day: 14, hour: 12, minute: 0, second: 0 })
}

impl<D: BlockDevice> Volume<'_, SoftwareMachine, D> {
    /// Opens a file for reading.
    pub fn open_to_read(&self, path: &str) -> Result<Link<FileObject>, NtStatus> {
        let path = wide(path);
        let request = OpenRequest {
            share_access: abi::file::FILE_SHARE_READ,
            ..OpenRequest::existing(abi::access::GENERIC_READ, 0)
        };
        Ok(self.open(&Path::parse(&path)?, &request)?.file)
    }

    /// Gives up the one reference to `file`.
    pub fn close_file(&self, file: Link<FileObject>) {
        self.close(self.objects.release(file).expect("the only reference"));
    }
}

pub fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}
