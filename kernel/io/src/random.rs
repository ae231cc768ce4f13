//! Random operations against a tree of files in memory, and losses of power at random points of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use abi::access::*;
use abi::cell::Link;
use abi::file::*;
use abi::nt::file::FileObject;
use abi::status::NtStatus;

use crate::fuzz::Random;
use crate::path::Path;
use crate::test_volume::*;
use crate::volume::Volume;
use crate::write::tests::{TestVolume, open};

/// What a path leads to: a directory, or bytes.
type Tree = BTreeMap<String, Option<Vec<u8>>>;

const NAMES: [&str; 8] =
    ["a", "B.TXT", "A long name, with more.than one dot", "über", "file number one.text", "x~1", "Zeile", "deep"];

/// The tree that another implementation finds in `bytes`.
pub(crate) fn read_tree(bytes: &[u8]) -> Tree {
    let mut copy = bytes.to_vec();
    let files = fatfs::FileSystem::new(Cursor::new(&mut copy[..]), fatfs::FsOptions::new()).unwrap();
    let mut tree = Tree::new();
    read_directory(&files.root_dir(), "", &mut tree);
    tree
}

fn read_directory<T: fatfs::ReadWriteSeek>(directory: &fatfs::Dir<'_, T>, path: &str, tree: &mut Tree) {
    for entry in directory.iter().map(Result::unwrap).filter(|entry| !entry.file_name().starts_with('.')) {
        let path = format!("{path}{}", entry.file_name());
        if entry.is_dir() {
            read_directory(&entry.to_dir(), &format!("{path}\\"), tree);
            tree.insert(path, None);
        } else {
            let mut contents = Vec::new();
            entry.to_file().read_to_end(&mut contents).unwrap();
            tree.insert(path, Some(contents));
        }
    }
}

/// A volume, and what should be on it.
struct Run<'v, 'm, 'd> {
    volume: &'v TestVolume<'m, 'd>,
    tree: Tree,
    random: Random,
    /// What was operated on since it was emptied.
    touched: BTreeSet<String>,
}

impl Run<'_, '_, '_> {
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.random.below(from.len())]
    }

    /// A path that may or may not lead to something.
    fn path(&mut self) -> String {
        let name = *self.pick(&NAMES);
        let directories: Vec<String> =
            self.tree.iter().filter(|(_, what)| what.is_none()).map(|(path, _)| path.clone()).collect();
        match directories.is_empty() || self.random.below(3) == 0 {
            true => name.to_owned(),
            false => format!("{}\\{name}", self.pick(&directories)),
        }
    }

    fn open(&self, path: &str, disposition: u32, options: u32) -> Result<Link<FileObject>, NtStatus> {
        open(self.volume, path, GENERIC_READ | GENERIC_WRITE | DELETE, disposition, options).map(|opened| opened.0)
    }

    fn has_children(&self, path: &str) -> bool {
        let below = format!("{path}\\");
        self.tree.keys().any(|other| other.starts_with(&below))
    }

    /// Whether there is room for one more operation of the test's sizes.
    fn is_roomy(&self) -> bool {
        self.volume.free_clusters().unwrap() > 400
    }

    fn step(&mut self) {
        let path = self.path();
        let known = self.tree.get(&path).cloned();
        self.touched.insert(path.clone());
        match self.random.below(10) {
            0 => self.make_directory(path, known),
            1..=4 if self.is_roomy() => self.write(path, known),
            5 => self.resize(path, known),
            6 => self.delete(path, known),
            7 | 8 => self.rename(path, known),
            _ => self.read(path, known),
        }
    }

    fn make_directory(&mut self, path: String, known: Option<Option<Vec<u8>>>) {
        match (self.open(&path, FILE_CREATE, FILE_DIRECTORY_FILE), known) {
            (Ok(file), None) => {
                self.volume.close_file(file);
                self.tree.insert(path, None);
            }
            (result, known) => {
                assert_eq!(result, Err(NtStatus::OBJECT_NAME_COLLISION), "{path} {known:?}");
            }
        }
    }

    fn write(&mut self, path: String, known: Option<Option<Vec<u8>>>) {
        let empties = self.random.below(4) == 0;
        let disposition = if empties { FILE_OVERWRITE_IF } else { FILE_OPEN_IF };
        let opened = self.open(&path, disposition, FILE_NON_DIRECTORY_FILE);
        let Some(mut contents) = known.unwrap_or(Some(vec![])) else {
            assert_eq!(opened, Err(NtStatus::FILE_IS_A_DIRECTORY), "{path}");
            return;
        };
        let file = opened.unwrap_or_else(|status| panic!("{path}: {status}"));
        if empties {
            contents.clear();
        }
        for _ in 0..=self.random.below(3) {
            let at = self.random.below(contents.len() + 3000);
            let length = 1 + self.random.below(5000);
            let byte = self.random.below(256) as u8;
            self.volume.write(file, at as u64, &vec![byte; length]).unwrap();
            contents.resize(contents.len().max(at + length), 0);
            contents[at..at + length].fill(byte);
        }
        self.volume.close_file(file);
        self.tree.insert(path, Some(contents));
    }

    fn resize(&mut self, path: String, known: Option<Option<Vec<u8>>>) {
        let Some(Some(mut contents)) = known else { return };
        let file = self.open(&path, FILE_OPEN, 0).unwrap();
        let size = self.random.below(2 * contents.len() + 100);
        match self.random.below(3) {
            0 => {
                self.volume.set_allocation(file, size as u64).unwrap();
                contents.truncate(size);
            }
            _ => {
                self.volume.set_end_of_file(file, size as u64).unwrap();
                contents.resize(size, 0);
            }
        }
        self.volume.close_file(file);
        self.tree.insert(path, Some(contents));
    }

    fn delete(&mut self, path: String, known: Option<Option<Vec<u8>>>) {
        let opened = self.open(&path, FILE_OPEN, 0);
        if known.is_none() {
            assert!(matches!(opened, Err(NtStatus::OBJECT_NAME_NOT_FOUND)), "{path}: {opened:?}");
            return;
        }
        let file = opened.unwrap();
        let expected = if self.has_children(&path) { Err(NtStatus::DIRECTORY_NOT_EMPTY) } else { Ok(()) };
        assert_eq!(self.volume.set_disposition(file, true), expected, "{path}");
        self.volume.close_file(file);
        if expected.is_ok() {
            self.tree.remove(&path);
        }
    }

    fn rename(&mut self, from: String, known: Option<Option<Vec<u8>>>) {
        let Some(what) = known else { return };
        let (to, replaces) = (self.path(), self.random.below(2) == 0);
        self.touched.insert(to.clone());
        let file = self.open(&from, FILE_OPEN, 0).unwrap();
        let wide = wide(&format!("\\{to}"));
        let result = self.volume.rename(file, &Path::parse(&wide).unwrap(), replaces);
        self.volume.close_file(file);
        let expected = match self.tree.get(&to) {
            _ if to.starts_with(&format!("{from}\\")) => Err(NtStatus::ACCESS_DENIED),
            _ if to == from => Ok(()),
            Some(_) if !replaces => Err(NtStatus::OBJECT_NAME_COLLISION),
            Some(None) => Err(NtStatus::ACCESS_DENIED),
            _ => Ok(()),
        };
        assert_eq!(result, expected, "{from} -> {to}");
        if result.is_ok() && from != to {
            self.tree.remove(&from);
            let below = format!("{from}\\");
            let moved: Vec<String> = self.tree.keys().filter(|path| path.starts_with(&below)).cloned().collect();
            for path in moved {
                let what = self.tree.remove(&path).unwrap();
                self.tree.insert(format!("{to}\\{}", &path[below.len()..]), what);
            }
            self.tree.insert(to, what);
        }
    }

    fn read(&mut self, path: String, known: Option<Option<Vec<u8>>>) {
        let Some(Some(contents)) = known else { return };
        let file = self.open(&path, FILE_OPEN, 0).unwrap();
        let mut read = vec![0; contents.len()];
        let result = self.volume.read(file, 0, &mut read);
        self.volume.close_file(file);
        assert!(
            result == if contents.is_empty() { Ok(0) } else { Ok(contents.len() as u32) } && read == contents,
            "{path}"
        );
    }
}

fn random_steps(format: Format, seed: u64, steps: u32) {
    with_objects(|objects| {
        let disk = TestDisk::new(image(format).to_vec());
        let volume = Volume::mount(objects, &disk).unwrap();
        volume.set_clock(noon());
        let tree = read_tree(&disk.bytes.borrow());
        let mut run = Run { volume: &volume, tree, random: Random(seed), touched: BTreeSet::new() };
        for step in 0..steps {
            run.step();
            if step % 20 == 19 || step == steps - 1 {
                if run.random.below(2) == 0 {
                    volume.flush().unwrap()
                } else {
                    volume.close_volume().unwrap()
                }
                assert!(read_tree(&disk.bytes.borrow()) == run.tree, "{format:?} {seed} {step}");
            }
        }
        volume.close_volume().unwrap();
        disk.check();
        assert_eq!(volume.open_files().count(), 0);
    });
}

#[test]
fn random_operations_do_what_they_do_to_a_tree_in_memory() {
    for seed in 1..=12 {
        random_steps(Format::Fat12, seed, 150);
        random_steps(Format::Fat16, seed + 100, 150);
    }
    random_steps(Format::Fat32, 1000, 200);
}

/// The disk as a loss of power leaves it after the first `end` entries of `log`: what was flushed, and any of the rest.
pub(crate) fn cut(start: &[u8], log: &[Logged], end: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes = start.to_vec();
    let flushed = log[..end].iter().rposition(|logged| matches!(logged, Logged::Flush)).unwrap_or(0);
    for (index, logged) in log[..end].iter().enumerate() {
        if let Logged::Write(sector, contents) = logged
            && (index < flushed || random.below(2) == 0)
        {
            let at = *sector as usize * 512;
            bytes[at..at + contents.len()].copy_from_slice(contents);
        }
    }
    bytes
}

/// What fsck may find on a volume that lost its power.
const HARMLESS: [&str; 23] = [
    "fsck.fat",
    "Dirty bit is set",
    "improperly unmounted",
    "Automatically removing dirty bit",
    "Orphaned long file name part",
    "Reclaimed",
    "Free cluster summary",
    "Leaving filesystem unchanged",
    "Reclaiming unconnected clusters",
    "cluster chain length is >",
    "Truncating file to",
    "FATs differ but appear to be intact",
    "Using first FAT",
    "Auto-deleting.",
    "Wrong checksum for long file name",
    "may have changed without updating the long name",
    "Not auto-correcting this.",
    "found outside a LFN sequence",
    "Maybe the start bit is missing",
    "Invalid '..' entry",
    "share clusters.",
    "Truncating second to 0 bytes.",
    "cluster chain length is 0 bytes.",
];

#[test]
fn a_loss_of_power_loses_nothing_that_was_flushed_and_leaves_no_wrong_entry() {
    for (format, seeds) in [(Format::Fat12, 6), (Format::Fat16, 4)] {
        for seed in 0..seeds {
            power_cuts(format, seed + 1);
        }
    }
}

fn power_cuts(format: Format, seed: u64) {
    with_objects(|objects| {
        let disk = TestDisk::new(image(format).to_vec());
        let volume = Volume::mount(objects, &disk).unwrap();
        volume.set_clock(noon());
        let start = disk.bytes.borrow().clone();
        let tree = read_tree(&start);
        *disk.log.borrow_mut() = Some(vec![]);
        let mut run = Run { volume: &volume, tree, random: Random(seed), touched: BTreeSet::new() };
        // How long the log was, what was on the disk, and what was changed until the next one.
        let mut snapshots = vec![(0, run.tree.clone(), BTreeSet::new())];
        for step in 0..120 {
            run.step();
            if step % 7 == 6 || step == 119 {
                volume.flush().unwrap();
                snapshots.last_mut().unwrap().2 = core::mem::take(&mut run.touched);
                snapshots.push((disk.log.borrow().as_ref().unwrap().len(), run.tree.clone(), BTreeSet::new()));
            }
        }
        let log = disk.log.borrow_mut().take().unwrap();
        for _ in 0..40 {
            let end = run.random.below(log.len() + 1);
            let bytes = cut(&start, &log, end, &mut run.random);
            let last = snapshots.iter().rposition(|(at, ..)| *at <= end).unwrap();
            survives(&bytes, &snapshots[last].1, &snapshots[last].2);
        }
    });
}

/// Whether what was on the disk and has not been touched since is on the volume; and nothing is wrong with it but what a loss of
/// power may do.
pub(crate) fn survives(bytes: &[u8], before: &Tree, touched: &BTreeSet<String>) {
    let (_, said) = fsck(bytes);
    let is_touched = |path: &str| touched.iter().any(|other| path == other || path.starts_with(&format!("{other}\\")));
    // A file that was just getting another name may have both.
    let lines: Vec<&str> = said.lines().map(str::trim).collect();
    let named = |line: &str| line.trim_end_matches(" and").trim().trim_start_matches('/').replace('/', "\\");
    for pair in lines.windows(3).filter(|lines| lines[2] == "share clusters.") {
        assert!(is_touched(&named(pair[0])) || is_touched(&named(pair[1])), "{touched:?}\n{said}");
    }
    let bad = said.lines().map(str::trim).filter(|line| {
        let harmless = HARMLESS.iter().any(|harmless| line.contains(harmless));
        !(line.is_empty() || harmless || line.starts_with('/') || line.ends_with("clusters"))
    });
    let bad: Vec<&str> = bad.collect();
    assert!(bad.is_empty(), "{bad:#?}\n{said}");
    with_objects(|objects| {
        let disk = TestDisk::new(bytes.to_vec());
        let volume = Volume::mount(objects, &disk).unwrap();
        for (path, contents) in before.iter().filter(|(path, _)| !is_touched(path)) {
            let Some(contents) = contents else { continue };
            let opened = volume.open_to_read(&format!("\\{path}"));
            let file = opened.unwrap_or_else(|status| panic!("{path}: {status}\n{said}"));
            let mut read = vec![0; contents.len() + 1];
            let length = volume.read(file, 0, &mut read).unwrap_or(0) as usize;
            assert!(read[..length] == contents[..], "{path}: {length} bytes of {}\n{said}", contents.len());
            volume.close_file(file);
        }
    });
}
