//! The FAT image that is drive C: of the guest.
//!
//! Every time stamp and the volume's serial number are fixed, so that equal contents make equal images and runs
//! under `--icount` repeat. Written with the `fatfs` crate; the guest reads it with another implementation, so
//! that one does not hide the other's mistakes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};

use fatfs::{FatType, FileSystem, FormatVolumeOptions, FsOptions};

use crate::error::{Error, Result};
use crate::guest_path;

/// Bytes of a sector.
const SECTOR: u64 = 512;
/// A volume is never smaller: below this FAT16 would need clusters of less than a sector.
const SMALLEST: u64 = 3 << 20;
/// Volumes beyond this are FAT32.
const LARGEST_FAT16: u64 = 512 << 20;
/// Entries of the root folder that are left free on a volume with room.
const ROOM_FOR_ENTRIES: usize = 64;
/// Bytes that are left free on the volume that travels as a boot module.
pub(crate) const ROOM: u64 = 1 << 20;
/// The volume serial number.
const VOLUME_ID: u32 = 0x5644_4F53;

/// Where the contents of a file come from.
#[derive(Clone, Debug)]
enum Source {
    Bytes(Vec<u8>),
    Host(PathBuf),
}

/// The contents of drive C:, gathered before they are written.
///
/// Paths are relative to the root, with `/` between components. A path names one file: adding it twice is an
/// error, because one of the two would be lost.
#[derive(Clone, Debug, Default)]
pub struct Volume {
    files: BTreeMap<String, (String, Source)>,
}

/// A FAT volume.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether it is FAT32 and not FAT16.
    pub is_fat32: bool,
}

impl Volume {
    /// Adds a file given by its bytes.
    ///
    /// # Errors
    /// [`Error::BadInput`] if the path is taken; FAT names do not tell capitals apart.
    pub fn add_bytes(&mut self, path: &str, bytes: Vec<u8>) -> Result<()> {
        self.add(path, Source::Bytes(bytes))
    }

    /// Adds a file of the host.
    ///
    /// # Errors
    /// As [`Volume::add_bytes`].
    pub fn add_file(&mut self, path: &str, host: &Path) -> Result<()> {
        self.add(path, Source::Host(host.to_owned()))
    }

    /// Adds a folder of the host with everything below it, as `path` (empty: into the root).
    ///
    /// # Errors
    /// [`Error::BadInput`] for a name that FAT cannot hold, a taken path, or what is no folder.
    pub fn add_folder(&mut self, path: &str, host: &Path) -> Result<()> {
        let unreadable = |error: io::Error| Error::BadInput(format!("{}: {error}", host.display()));
        let mut entries: Vec<PathBuf> = fs::read_dir(host)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
            .map_err(unreadable)?;
        entries.sort();
        for entry in entries {
            let name = guest_path::file_name(&entry)?;
            let inner = if path.is_empty() { name } else { format!("{path}/{name}") };
            if entry.is_dir() {
                self.add_folder(&inner, &entry)?;
            } else {
                self.add_file(&inner, &entry)?;
            }
        }
        Ok(())
    }

    /// Adds all files of `other`.
    ///
    /// # Errors
    /// As [`Volume::add_bytes`].
    pub fn add_all(&mut self, other: Self) -> Result<()> {
        other.files.into_values().try_for_each(|(path, source)| self.add(&path, source))
    }

    fn add(&mut self, path: &str, source: Source) -> Result<()> {
        let taken = self.files.insert(path.to_uppercase(), (path.to_owned(), source));
        match taken {
            None => Ok(()),
            Some(_) => Err(Error::BadInput(format!("two files want to be C:\\{}", path.replace('/', "\\")))),
        }
    }

    /// Writes the image, with some room on it.
    ///
    /// # Errors
    /// [`Error::Host`] when a file cannot be read or the image cannot be written.
    pub fn write(&self, image: &Path) -> Result<()> {
        fs::write(image, self.image(ROOM)?.bytes).map_err(Error::file("writing", image))
    }

    /// The image, with `room` bytes of free space at least.
    ///
    /// # Errors
    /// [`Error::Host`] when a file cannot be read.
    pub fn image(&self, room: u64) -> Result<Image> {
        let sizes = self.files.values().map(|(_, source)| source_length(source));
        let mut sizes = sizes.collect::<Result<Vec<u64>>>()?;
        sizes.extend((room > 0).then_some(room));
        let bytes = image_size(&sizes);
        // Made in memory: a FAT driver writes in small pieces.
        let mut disk = Cursor::new(vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)]);
        let files = self.files.len() + if room > 0 { ROOM_FOR_ENTRIES } else { 0 };
        self.fill(&mut disk, format_options(bytes, files)).map_err(Error::host("making the volume"))?;
        let mut image = Image { bytes: disk.into_inner(), is_fat32: is_fat32(bytes) };
        mend_directories(&mut image.bytes);
        Ok(image)
    }

    fn fill(&self, disk: &mut Cursor<Vec<u8>>, options: FormatVolumeOptions) -> io::Result<()> {
        fatfs::format_volume(&mut *disk, options)?;
        let volume = FileSystem::new(disk, FsOptions::new())?;
        self.copy_into(&volume)?;
        volume.unmount()
    }

    /// Puts all files onto `volume`, in the place of what has their names.
    ///
    /// # Errors
    /// What the host or the volume says.
    pub fn copy_into<T: fatfs::ReadWriteSeek>(&self, volume: &FileSystem<T>) -> io::Result<()> {
        let root = volume.root_dir();
        for (path, source) in self.files.values() {
            for (slash, _) in path.match_indices('/') {
                // Creating a directory that exists opens it.
                root.create_dir(&path[..slash])?;
            }
            let mut target = root.create_file(path)?;
            target.truncate()?;
            match source {
                Source::Bytes(bytes) => target.write_all(bytes)?,
                Source::Host(host) => io::copy(&mut File::open(host)?, &mut target).map(drop)?,
            }
            target.flush()?;
        }
        Ok(())
    }
}

/// Takes the long names away that `fatfs` 0.3 gives to the first two entries of a directory, `.` and `..`, which have none:
/// `fsck.fat` and Windows take such a directory for damaged.
fn mend_directories(image: &mut [u8]) {
    const ENTRY: usize = 32;
    const LONG_NAME: u8 = 0x0F;
    const DIRECTORY: u8 = 0x10;
    const FREE: u8 = 0xE5;
    let kind = |entries: &[u8], index: usize| entries[index * ENTRY + 11];
    for sector in image.chunks_exact_mut(SECTOR as usize) {
        let begins = |index: usize, name: &[u8; 11]| sector[index * ENTRY..].starts_with(name);
        let kinds: [u8; 4] = std::array::from_fn(|index| kind(sector, index));
        if kinds == [LONG_NAME, DIRECTORY, LONG_NAME, DIRECTORY]
            && begins(1, b".          ")
            && begins(3, b"..         ")
        {
            sector.copy_within(ENTRY..2 * ENTRY, 0);
            sector.copy_within(3 * ENTRY..4 * ENTRY, ENTRY);
            (sector[2 * ENTRY], sector[3 * ENTRY]) = (FREE, FREE);
        }
    }
}

fn source_length(source: &Source) -> Result<u64> {
    match source {
        Source::Bytes(bytes) => Ok(bytes.len() as u64),
        Source::Host(path) => fs::metadata(path).map(|metadata| metadata.len()).map_err(Error::file("reading", path)),
    }
}

/// The size of an image that holds files of these lengths, with room for directories and both FATs.
fn image_size(lengths: &[u64]) -> u64 {
    let contents: u64 = lengths.iter().sum();
    let cluster = cluster_size(contents * 2);
    // Each file may waste one cluster and take directory entries for a long name.
    let slack = (lengths.len() as u64 + 16) * (cluster + 1024);
    let wanted = contents + contents / 64 + slack;
    wanted.max(SMALLEST).next_multiple_of(64 * SECTOR)
}

/// Bytes a cluster: the smallest that keeps a FAT16 volume below 65,525 clusters.
fn cluster_size(bytes: u64) -> u64 {
    if bytes > LARGEST_FAT16 {
        return 8 * SECTOR;
    }
    (0..6).map(|shift| SECTOR << shift).find(|cluster| bytes / cluster < 65_000).unwrap_or(8 * SECTOR)
}

/// Entries of the root folder, whose size is fixed on FAT16: a long name takes several.
fn root_entries(files: usize) -> u16 {
    const ENTRIES_PER_FILE: usize = 8;
    u16::try_from((files * ENTRIES_PER_FILE).next_multiple_of(16)).unwrap_or(u16::MAX - 15).max(512)
}

/// Whether a volume of so many bytes is FAT32.
fn is_fat32(bytes: u64) -> bool {
    bytes > LARGEST_FAT16
}

fn format_options(bytes: u64, files: usize) -> FormatVolumeOptions {
    let kind = if is_fat32(bytes) { FatType::Fat32 } else { FatType::Fat16 };
    FormatVolumeOptions::new()
        .fat_type(kind)
        .bytes_per_cluster(u32::try_from(cluster_size(bytes)).unwrap_or(4096))
        .max_root_dir_entries(root_entries(files))
        .volume_id(VOLUME_ID)
        .volume_label(*b"VADOSE     ")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn read_back(image: &Path, path: &str) -> Vec<u8> {
        let file = File::options().read(true).write(true).open(image).unwrap();
        let volume = FileSystem::new(file, FsOptions::new()).unwrap();
        let mut bytes = Vec::new();
        volume.root_dir().open_file(path).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn files_come_back_under_their_long_names() {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("volume");
        let mut volume = Volume::default();
        volume.add_bytes("WINDOWS/system32/kernel32.dll", vec![7; 70_000]).unwrap();
        volume.add_bytes("a rather long name.exe", b"MZ".to_vec()).unwrap();
        volume.add_bytes("empty.txt", Vec::new()).unwrap();
        volume.write(&image).unwrap();
        assert_eq!(read_back(&image, "windows/SYSTEM32/KERNEL32.DLL"), vec![7; 70_000]);
        assert_eq!(read_back(&image, "a rather long name.exe"), b"MZ");
        assert!(read_back(&image, "EMPTY.TXT").is_empty());
    }

    #[test]
    fn folders_begin_with_their_two_entries_and_nothing_else() {
        let mut volume = Volume::default();
        volume.add_bytes("folder/inner/x.txt", b"x".to_vec()).unwrap();
        let image = volume.image(0).unwrap().bytes;
        let starts =
            |sector: &&[u8]| sector.starts_with(b".          \x10") && sector[32..].starts_with(b"..         \x10");
        assert_eq!(image.chunks_exact(512).filter(starts).count(), 2);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&image).unwrap();
        assert_eq!(read_back(file.path(), "FOLDER/inner/x.TXT"), b"x");
    }

    #[test]
    fn a_folder_is_taken_whole() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("data/deep")).unwrap();
        fs::write(folder.path().join("data/deep/x.txt"), "x").unwrap();
        let mut volume = Volume::default();
        volume.add_folder("data", &folder.path().join("data")).unwrap();
        let image = folder.path().join("volume");
        volume.write(&image).unwrap();
        assert_eq!(read_back(&image, "data/deep/x.txt"), b"x");
    }

    #[test]
    fn equal_contents_make_equal_images() {
        let folder = tempfile::tempdir().unwrap();
        let images = [folder.path().join("a"), folder.path().join("b")];
        for image in &images {
            let mut volume = Volume::default();
            volume.add_bytes("x/y.txt", b"same".to_vec()).unwrap();
            volume.write(image).unwrap();
        }
        assert_eq!(fs::read(&images[0]).unwrap(), fs::read(&images[1]).unwrap());
    }

    #[test]
    fn two_files_of_one_name_are_refused_whatever_their_capitals() {
        let mut volume = Volume::default();
        volume.add_bytes("Hello.exe", Vec::new()).unwrap();
        assert!(matches!(volume.add_bytes("HELLO.EXE", Vec::new()), Err(Error::BadInput(_))));
    }

    #[test]
    fn every_size_of_volume_holds_what_it_was_sized_for() {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("volume");
        for (files, length) in [(1, 0), (1, 2 << 20), (1, 40 << 20), (700, 600)] {
            let mut volume = Volume::default();
            let host = folder.path().join("content");
            File::create(&host).unwrap().set_len(length).unwrap();
            for number in 0..files {
                volume.add_file(&format!("folder/a long file name {number}.bin"), &host).unwrap();
            }
            volume.write(&image).unwrap_or_else(|error| panic!("{files} files of {length}: {error}"));
        }
    }

    #[test]
    fn beyond_fat16_a_volume_is_formatted_as_fat32() {
        let mut file = tempfile::tempfile().unwrap();
        let bytes = LARGEST_FAT16 + (64 << 20);
        file.set_len(bytes).unwrap();
        fatfs::format_volume(&mut file, format_options(bytes, 1)).unwrap();
        assert_eq!(FileSystem::new(file, FsOptions::new()).unwrap().fat_type(), FatType::Fat32);
    }
}
