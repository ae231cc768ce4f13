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
    bytes
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
}

impl TestDisk {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes: RefCell::new(bytes),
            sectors_read: Cell::new(0),
            sectors_written: Cell::new(0),
            flushes: Cell::new(0),
            broken: Cell::new(None),
        }
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
        Ok(())
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.flushes.set(self.flushes.get() + 1);
        Ok(())
    }
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
        let volume = Volume::mount(objects, &disk).unwrap();
        let before = objects.memory().pool_bytes_in_use();
        test(&volume, &disk);
        assert_eq!(volume.open_files().count(), 0);
        assert_eq!(objects.memory().pool_bytes_in_use(), before);
    });
}

impl<D: BlockDevice> Volume<'_, SoftwareMachine, D> {
    /// Opens a file for reading.
    pub fn open_to_read(&self, path: &str) -> Result<Link<FileObject>, NtStatus> {
        let path = wide(path);
        let request = OpenRequest {
            desired_access: abi::access::GENERIC_READ,
            disposition: abi::file::FILE_OPEN,
            options: 0,
            share_access: abi::file::FILE_SHARE_READ,
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
