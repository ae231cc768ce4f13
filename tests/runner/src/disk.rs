//! Disk images: an MBR with one FAT partition, which is drive C: of the guest; and reading and writing them from here.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::symlink;
use std::path::Path;

use fatfs::{FileSystem, FsOptions};

use crate::error::{Error, Result};
use crate::machine::names;
use crate::volume::{Image, Volume};

/// Bytes of a sector.
const SECTOR: u64 = 512;
/// Where the partition begins, in sectors: at the first megabyte, as every partitioner has it.
const FIRST_SECTOR: u32 = 2048;
/// Where the table's entries begin, and the length of one.
const TABLE: usize = 446;
const ENTRY: usize = 16;
const SIGNATURE: [u8; 2] = [0x55, 0xAA];
/// Kinds of partition: FAT16 and FAT32, by sector numbers.
const FAT16: u8 = 0x0E;
const FAT32: u8 = 0x0C;
/// All kinds that are a FAT volume.
const FAT_KINDS: [u8; 6] = [0x01, 0x04, 0x06, 0x0B, FAT32, FAT16];
/// What is written of an image at once, unless it is zeros.
const BLOCK: usize = 64 << 10;

/// Megabytes of free space on a disk that is made for a user.
pub const ROOM_FOR_USERS: u64 = 256;
/// Megabytes of free space on a disk that is made for tests.
pub const ROOM_FOR_TESTS: u64 = 48;

/// How QEMU is to treat a disk.
#[derive(Clone, Copy, Debug)]
pub enum Care<'a> {
    /// What the guest flushes is on the host's disk.
    Safe,
    /// The image goes anyway: flushing costs nothing.
    Unsafe,
    /// What the guest writes is forgotten when it ends.
    Fresh,
    /// The image can be thrown away, and this file tells QEMU's `blkdebug` which errors there are.
    Broken(&'a str),
    /// Every write and flush goes to this log, too, in the format of QEMU's `blklogwrites`.
    Logged(&'a Path),
}

/// A disk for the guest.
#[derive(Clone, Copy, Debug)]
pub struct Disk<'a> {
    /// Its image.
    pub path: &'a Path,
    /// How it is treated.
    pub care: Care<'a>,
    /// Its place: 0 and 1 are the drives of the first channel, 2 and 3 of the second.
    pub place: u8,
}

impl Disk<'_> {
    /// Puts what QEMU needs into the scratch folder; its arguments.
    ///
    /// # Errors
    /// [`Error::Host`].
    pub fn attach(&self, folder: &Path) -> Result<Vec<String>> {
        let path = self.path.canonicalize().map_err(Error::file("resolving", self.path))?;
        let file = match self.place {
            0 => names::DISK.to_owned(),
            place => format!("{place}-{}", names::DISK),
        };
        symlink(&path, folder.join(&file)).map_err(Error::file("linking", &path))?;
        let drive = match self.care {
            Care::Safe => format!("format=raw,file={file}"),
            Care::Unsafe => format!("format=raw,cache=unsafe,file={file}"),
            Care::Fresh => format!("format=raw,snapshot=on,file={file}"),
            Care::Broken(errors) => {
                let path = folder.join(names::DISK_ERRORS);
                std::fs::write(&path, errors).map_err(Error::file("writing", &path))?;
                let image = format!("file.image.driver=file,file.image.filename={file}");
                format!("driver=raw,cache=unsafe,file.driver=blkdebug,file.config={},{image}", names::DISK_ERRORS)
            }
            Care::Logged(path) => {
                File::create(path).map_err(Error::file("creating", path))?;
                let path = path.canonicalize().map_err(Error::file("resolving", path))?;
                symlink(&path, folder.join(names::DISK_LOG)).map_err(Error::file("linking", &path))?;
                let log = format!("log.driver=file,log.filename={}", names::DISK_LOG);
                format!("driver=blklogwrites,file.driver=file,file.filename={file},{log}")
            }
        };
        Ok(["-drive".to_owned(), format!("if=ide,index={},{drive}", self.place)].to_vec())
    }
}

/// Makes the disk at `path` with `volume` on it and `room` megabytes of free space.
///
/// # Errors
/// [`Error::Host`], or what is wrong with the volume's files.
pub fn create(volume: &Volume, room: u64, path: &Path) -> Result<()> {
    let image = volume.image(room << 20)?;
    let table = master_boot_record(&image);
    let mut file = File::create(path).map_err(Error::file("creating", path))?;
    write_sparsely(&mut file, &table, &image.bytes).map_err(Error::file("writing", path))
}

/// The first sector: one active partition with the volume.
fn master_boot_record(image: &Image) -> [u8; SECTOR as usize] {
    let mut sector = [0; SECTOR as usize];
    let sectors = u32::try_from(image.bytes.len() as u64 / SECTOR).unwrap_or(u32::MAX);
    let entry = &mut sector[TABLE..TABLE + ENTRY];
    entry[0] = 0x80;
    // Addresses by cylinder, head and sector that say: look at the numbers.
    entry[1..4].copy_from_slice(&[0xFE, 0xFF, 0xFF]);
    entry[4] = if image.is_fat32 { FAT32 } else { FAT16 };
    entry[5..8].copy_from_slice(&[0xFE, 0xFF, 0xFF]);
    entry[8..12].copy_from_slice(&FIRST_SECTOR.to_le_bytes());
    entry[12..16].copy_from_slice(&sectors.to_le_bytes());
    sector[510..].copy_from_slice(&SIGNATURE);
    sector
}

/// Writes the image, with holes where there are zeros.
fn write_sparsely(file: &mut File, table: &[u8], volume: &[u8]) -> io::Result<()> {
    let start = u64::from(FIRST_SECTOR) * SECTOR;
    file.set_len(start + volume.len() as u64)?;
    file.write_all(table)?;
    for (block, at) in volume.chunks(BLOCK).zip((start..).step_by(BLOCK)) {
        if block.iter().any(|byte| *byte != 0) {
            file.seek(SeekFrom::Start(at))?;
            file.write_all(block)?;
        }
    }
    Ok(())
}

/// Puts these files onto the disk at `path`, in the place of what has their names.
///
/// # Errors
/// [`Error::Malformed`] for a disk without a FAT volume, [`Error::Host`] for one that cannot be read or is full.
pub fn put(path: &Path, files: &Volume) -> Result<()> {
    let slice = open(path)?;
    let volume = FileSystem::new(slice, FsOptions::new()).map_err(Error::file("reading the volume of", path))?;
    files.copy_into(&volume).map_err(Error::file("writing to", path))?;
    volume.unmount().map_err(Error::file("writing to", path))
}

/// The bytes of the file `name` (from the root, parted by `\` or `/`, with or without `C:`) of the disk at `path`.
///
/// # Errors
/// [`Error::Host`] when there is no such file, else as [`put`].
pub fn get(path: &Path, name: &str) -> Result<Vec<u8>> {
    let slice = open(path)?;
    let volume = FileSystem::new(slice, FsOptions::new()).map_err(Error::file("reading the volume of", path))?;
    let inner = name.strip_prefix("C:").or_else(|| name.strip_prefix("c:")).unwrap_or(name).replace('\\', "/");
    let mut bytes = Vec::new();
    let root = volume.root_dir();
    let read = root.open_file(inner.trim_start_matches('/')).and_then(|mut file| file.read_to_end(&mut bytes));
    read.map_err(Error::file("getting from C:", Path::new(name)))?;
    Ok(bytes)
}

/// The FAT volume of the disk at `path`: the first FAT partition, or the whole of a disk without a table.
///
/// # Errors
/// [`Error::Host`], or [`Error::Malformed`].
pub fn open(path: &Path) -> Result<Slice> {
    let opened = OpenOptions::new().read(true).write(true).open(path);
    let mut file = opened.map_err(Error::file("opening", path))?;
    let mut sector = [0; SECTOR as usize];
    file.read_exact(&mut sector).map_err(Error::file("reading", path))?;
    let place = partition(&sector)
        .ok_or_else(|| Error::Malformed { path: path.to_owned(), problem: "it has no FAT partition".into() })?;
    Ok(Slice { file, start: place.0, length: place.1, position: 0 })
}

/// Where the first FAT partition is and how long it is, in bytes.
fn partition(sector: &[u8; SECTOR as usize]) -> Option<(u64, u64)> {
    let word = |entry: &[u8], at: usize| {
        u64::from(u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]))
    };
    let entries = sector[TABLE..510].chunks_exact(ENTRY);
    entries
        .filter(|_| sector[510..] == SIGNATURE)
        .find(|entry| FAT_KINDS.contains(&entry[4]))
        .map(|entry| (word(entry, 8) * SECTOR, word(entry, 12) * SECTOR))
}

/// Part of a file as a file.
#[derive(Debug)]
pub struct Slice {
    file: File,
    start: u64,
    length: u64,
    position: u64,
}

impl Slice {
    /// Where it begins in the file, and its length, in bytes.
    #[must_use]
    pub fn place(&self) -> (u64, u64) {
        (self.start, self.length)
    }

    fn seek_in_file(&mut self, wanted: usize) -> io::Result<usize> {
        self.file.seek(SeekFrom::Start(self.start + self.position))?;
        Ok(wanted.min(usize::try_from(self.length - self.position).unwrap_or(usize::MAX)))
    }
}

impl Read for Slice {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = self.seek_in_file(into.len())?;
        let count = self.file.read(&mut into[..most])?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Write for Slice {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let most = self.seek_in_file(from.len())?;
        let count = self.file.write(&from[..most])?;
        self.position += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Slice {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(distance) => self.position.checked_add_signed(distance),
            SeekFrom::End(distance) => self.length.checked_add_signed(distance),
        };
        let outside = || io::Error::new(io::ErrorKind::InvalidInput, "outside the volume");
        self.position = position.filter(|position| *position <= self.length).ok_or_else(outside)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(names: &[&str]) -> Volume {
        let mut volume = Volume::default();
        for name in names {
            volume.add_bytes(name, name.as_bytes().to_vec()).unwrap();
        }
        volume
    }

    #[test]
    fn a_disk_keeps_what_was_put_on_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        create(&volume(&["WINDOWS/system32/a.dll", "b.exe"]), 8, &path).unwrap();
        put(&path, &volume(&["B.EXE", "data/c.txt"])).unwrap();
        assert_eq!(get(&path, "C:\\windows\\system32\\A.DLL").unwrap(), b"WINDOWS/system32/a.dll");
        assert_eq!(get(&path, "b.exe").unwrap(), b"B.EXE", "the later one");
        assert_eq!(get(&path, "\\data\\c.txt").unwrap(), b"data/c.txt");
        assert!(matches!(get(&path, "d.txt"), Err(Error::Host { .. })));
    }

    #[test]
    fn a_large_disk_is_fat32_and_takes_little_of_the_host() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        create(&volume(&["x"]), 600, &path).unwrap();
        let metadata = std::fs::metadata(&path).unwrap();
        assert!(metadata.len() > 600 << 20 && metadata.blocks() * 512 < 16 << 20, "{metadata:?}");
        let mut sector = [0; 512];
        File::open(&path).unwrap().read_exact(&mut sector).unwrap();
        assert_eq!(sector[TABLE + 4], FAT32);
        assert_eq!(get(&path, "x").unwrap(), b"x");
    }

    #[test]
    fn what_is_no_disk_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        std::fs::write(&path, [0; 4096]).unwrap();
        assert!(matches!(get(&path, "x"), Err(Error::Malformed { .. })));
    }
}
