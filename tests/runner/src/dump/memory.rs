//! RAM as a file: from QEMU's, in which it has no gaps, to one whose offsets are physical addresses; holes stay holes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use rustix::fs::{SeekFrom as Sparse, seek};
use rustix::io::Errno;

use crate::error::{Error, Result};

/// What is copied at once.
const BLOCK: usize = 1 << 20;
/// Bytes of a page: the unit in which zeros become holes.
const PAGE: usize = 4096;
/// RAM, in bytes, from which on QEMU's `pc` puts what is beyond [`BELOW`] above 4 GB.
const SPLIT: u64 = 3584 << 20;
const BELOW: u64 = 3072 << 20;
const FOUR_GIGABYTES: u64 = 4096 << 20;

/// Copies the RAM of a machine of `megabytes`.
///
/// # Errors
/// [`Error::Host`].
pub fn copy(from: &Path, to: &Path, megabytes: u32) -> Result<()> {
    let size = u64::from(megabytes) << 20;
    let mut source = File::open(from).map_err(Error::file("opening", from))?;
    let mut target = File::create(to).map_err(Error::file("creating", to))?;
    let copied = target.set_len(physical(size - 1, size) + 1).and_then(|()| {
        each_data(&source, size).and_then(|parts| {
            parts.into_iter().try_for_each(|(start, end)| copy_part(&mut source, &mut target, (start, end), size))
        })
    });
    copied.map_err(Error::file("copying memory to", to))
}

/// The physical address of byte `offset` of RAM.
fn physical(offset: u64, size: u64) -> u64 {
    if size >= SPLIT && offset >= BELOW { offset - BELOW + FOUR_GIGABYTES } else { offset }
}

/// The parts of a file that are no holes, split where RAM is.
fn each_data(file: &File, size: u64) -> io::Result<Vec<(u64, u64)>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < size {
        let start = match seek(file, Sparse::Data(at)) {
            Ok(start) => start,
            Err(Errno::NXIO) => break,
            Err(error) => return Err(error.into()),
        };
        let end = seek(file, Sparse::Hole(start))?.min(size);
        match start < BELOW && end > BELOW {
            true => parts.extend([(start, BELOW), (BELOW, end)]),
            false => parts.push((start, end)),
        }
        at = end;
    }
    Ok(parts)
}

fn copy_part(source: &mut File, target: &mut File, (start, end): (u64, u64), size: u64) -> io::Result<()> {
    let mut buffer = vec![0; BLOCK];
    let mut at = start;
    source.seek(SeekFrom::Start(start))?;
    while at < end {
        let count = usize::try_from(end - at).unwrap_or(BLOCK).min(BLOCK);
        source.read_exact(&mut buffer[..count])?;
        write_pages(target, physical(at, size), &buffer[..count])?;
        at += count as u64;
    }
    Ok(())
}

/// Writes the pages of `bytes` that are not all zeros.
fn write_pages(target: &mut File, at: u64, bytes: &[u8]) -> io::Result<()> {
    for (page, at) in bytes.chunks(PAGE).zip((at..).step_by(PAGE)) {
        if page.iter().any(|byte| *byte != 0) {
            target.seek(SeekFrom::Start(at))?;
            target.write_all(page)?;
        }
    }
    Ok(())
}

/// Writes `bytes` to a new file, with holes.
///
/// # Errors
/// What the host says.
pub fn write_sparsely(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.set_len(bytes.len() as u64)?;
    write_pages(&mut file, 0, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ram_that_lies_above_four_gigabytes_is_written_there() {
        let size = 6144 << 20;
        assert_eq!(physical(0xBFFF_FFFF, size), 0xBFFF_FFFF);
        assert_eq!(physical(0xC000_0000, size), 0x1_0000_0000);
        assert_eq!(physical(0xC000_0000, 3328 << 20), 0xC000_0000);
    }

    #[test]
    fn a_copy_has_the_bytes_at_their_addresses_and_takes_little() {
        use std::os::unix::fs::{FileExt, MetadataExt};
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let ram = File::create(&from).unwrap();
        ram.set_len(6144 << 20).unwrap();
        ram.write_all_at(b"low", 0x5000).unwrap();
        ram.write_all_at(b"edge", 0xBFFF_FFFE).unwrap();
        copy(&from, &to, 6144).unwrap();
        let image = File::open(&to).unwrap();
        let read = |at: u64| {
            let mut bytes = [0; 4];
            image.read_exact_at(&mut bytes, at).unwrap();
            bytes
        };
        assert_eq!(read(0x5000), *b"low\0");
        assert_eq!((read(0xBFFF_FFFC), read(0x1_0000_0000)), (*b"\0\0ed", *b"ge\0\0"));
        let metadata = image.metadata().unwrap();
        assert_eq!(metadata.len(), (6144 << 20) + (1 << 30));
        assert!(metadata.blocks() * 512 < 1 << 20, "{metadata:?}");
    }
}
