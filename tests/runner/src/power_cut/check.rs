//! What has to be right on a volume after a loss of power: the records whose flush had returned, the files whose flush had,
//! and the volume itself as far as FAT can promise.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::process::Command;

use fatfs::{FileSystem, FsOptions};

use crate::error::{Error, Result};

/// Bytes of a record.
pub const RECORD: usize = 64;
/// The file of the records, and the folder of the files.
const RECORDS: &str = "records.dat";
const FOLDER: &str = "kept";

/// What the program had been promised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promises {
    /// Records 0 up to this one, without it.
    pub records: u32,
    /// Files 0 up to this one, without it.
    pub files: u32,
}

/// What record `number` holds: its number, and bytes that follow from it.
#[must_use]
pub fn record(number: u32) -> [u8; RECORD] {
    let mut bytes = [0; RECORD];
    for (index, word) in (0..).zip(bytes.chunks_exact_mut(4)) {
        let value = if index == 0 {
            number.wrapping_add(1)
        } else {
            (number.wrapping_add(1)).wrapping_mul(0x9E37_79B1).rotate_left(index)
        };
        word.copy_from_slice(&value.to_le_bytes());
    }
    bytes
}

/// The name of file `number`, and what it holds.
#[must_use]
pub fn file(number: u32) -> (String, Vec<u8>) {
    let length = 100 + (number * 997) % 9000;
    (format!("a file that is kept {number}.bin"), (0..length).map(|at| (at * 7 + number) as u8).collect())
}

/// Looks for what was promised, through `fatfs`.
///
/// # Errors
/// What is missing or wrong.
pub fn promises<T: Read + Write + Seek>(disk: T, promises: &Promises) -> std::result::Result<(), String> {
    let told = |doing: &'static str| move |error: io::Error| format!("{doing}: {error}");
    let volume = FileSystem::new(disk, FsOptions::new()).map_err(told("mounting the volume"))?;
    let root = volume.root_dir();
    if promises.records > 0 {
        let mut bytes = Vec::new();
        let mut records = root.open_file(RECORDS).map_err(told("opening the records"))?;
        records.read_to_end(&mut bytes).map_err(told("reading the records"))?;
        for number in 0..promises.records {
            let start = number as usize * RECORD;
            if bytes.get(start..start + RECORD) != Some(&record(number)) {
                return Err(format!("record {number} of {} is not there", promises.records));
            }
        }
    }
    if promises.files == 0 {
        return Ok(());
    }
    let folder = root.open_dir(FOLDER).map_err(told("opening the folder"))?;
    for number in 0..promises.files {
        let (name, contents) = file(number);
        let mut bytes = Vec::new();
        let read = folder.open_file(&name).and_then(|mut file| file.read_to_end(&mut bytes));
        read.map_err(|error| format!("file {number} of {}: {error}", promises.files))?;
        if bytes != contents {
            return Err(format!("file {number} of {} holds {} bytes, or others", promises.files, bytes.len()));
        }
    }
    Ok(())
}

/// What `fsck.fat` may say of a volume that was not unmounted: things that cost space or time, never data.
const ALLOWED: [&str; 20] = [
    "fsck.fat ",
    "Dirty bit is set",
    "dirty bit",
    "Automatically removing dirty bit",
    "Free cluster summary",
    "Auto-correcting",
    "Reclaimed ",
    "Reclaiming ",
    "Orphaned ",
    // A long name lies in several entries, and those of a file that was being made in two sectors.
    "Auto-deleting.",
    "Long filename fragment ",
    "(Maybe the start bit is missing",
    "Not auto-correcting this",
    "FATs differ",
    "Using first FAT",
    "Leaving filesystem unchanged",
    "There are differences between boot sector and its backup",
    "This is mostly harmless",
    "Not automatically fixing",
    "Filesystem might be shrunk",
];

/// Asks `fsck.fat -n` about the volume that the file at `path` is. How often it said each thing that it may say.
///
/// # Errors
/// [`Error::Tool`] where it is not installed.
pub fn fsck(path: &Path) -> Result<std::result::Result<BTreeMap<String, u32>, String>> {
    let output = Command::new("fsck.fat").arg("-n").arg(path).output().map_err(Error::host("starting fsck.fat"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ok(judge(&text))
}

fn judge(text: &str) -> std::result::Result<BTreeMap<String, u32>, String> {
    let mut said = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let summary = line.contains(" files, ") && line.ends_with(" clusters");
        // A chain that is longer than the file: clusters that were taken and not used yet.
        let long_chain = line.contains("cluster chain length is > ");
        // The name that such a line belongs to stands alone on the one before it.
        let name = line.starts_with('/');
        let detail = line.starts_with("Truncating file to ")
            || line.contains(':')
                && line.split(':').all(|part| part.trim().parse::<u64>().is_ok() || part.contains('/'));
        match ALLOWED
            .iter()
            .find(|allowed| line.starts_with(**allowed) || line.contains(**allowed) && **allowed == "dirty bit")
        {
            Some(allowed) => *said.entry((*allowed).trim().to_owned()).or_insert(0) += 1,
            None if summary || name || detail => {}
            None if long_chain => *said.entry("a chain longer than its file".to_owned()).or_insert(0) += 1,
            None => return Err(format!("fsck.fat: {line}\n{text}")),
        }
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn volume(records: u32, files: u32, harm: impl FnOnce(&mut Vec<u8>)) -> Cursor<Vec<u8>> {
        let mut disk = Cursor::new(vec![0; 4 << 20]);
        fatfs::format_volume(&mut disk, fatfs::FormatVolumeOptions::new()).unwrap();
        {
            let volume = FileSystem::new(&mut disk, FsOptions::new()).unwrap();
            let mut bytes: Vec<u8> = (0..records).flat_map(record).collect();
            harm(&mut bytes);
            volume.root_dir().create_file(RECORDS).unwrap().write_all(&bytes).unwrap();
            let folder = volume.root_dir().create_dir(FOLDER).unwrap();
            for number in 0..files {
                let (name, contents) = file(number);
                folder.create_file(&name).unwrap().write_all(&contents).unwrap();
            }
        }
        disk.set_position(0);
        disk
    }

    #[test]
    fn promises_that_were_kept_are_seen_and_broken_ones_too() {
        let wanted = Promises { records: 100, files: 5 };
        assert_eq!(promises(volume(100, 5, |_| {}), &wanted), Ok(()));
        assert_eq!(promises(volume(120, 7, |_| {}), &wanted), Ok(()), "more is fine");
        let missing = |disk| promises(disk, &wanted).unwrap_err();
        assert!(missing(volume(99, 5, |_| {})).contains("record 99 of 100"));
        assert!(missing(volume(100, 5, |bytes| bytes[63] ^= 1)).contains("record 0 of 100"));
        assert!(missing(volume(100, 4, |_| {})).contains("file 4 of 5"));
        assert!(promises(Cursor::new(vec![0; 4 << 20]), &wanted).is_err());
    }

    #[test]
    fn what_fsck_says_is_told_apart() {
        let harmless = "fsck.fat 4.2 (2021-01-31)\nDirty bit is set. Fs was not properly unmounted and some data may be \
                        corrupt.\n Automatically removing dirty bit.\nReclaimed 3 unused clusters (1536 bytes).\n\n\
                        Leaving filesystem unchanged.\nx.img: 5 files, 33/8167 clusters\n";
        let said = judge(harmless).unwrap();
        assert_eq!((said["Dirty bit is set"], said["Reclaimed"]), (1, 1));
        for bad in [
            "/A.TXT and\n/B.TXT\n  share clusters.\n  Truncating second to 0 bytes.\n",
            "/A.TXT\n  File size is 5000 bytes, cluster chain length is < 4096 bytes.\n",
            "/A\n  Bad short file name (A\\x01).\n",
        ] {
            assert!(judge(bad).is_err(), "{bad}");
        }
    }
}
