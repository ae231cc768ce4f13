//! The two pipes of the link. An emulator hands on what its serial port sends a byte at a time, and a byte costs a pipe a tenth of what it
//! costs a socket.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, fcntl_setfl, mknodat};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::machine::names;

/// Where the guest's side reads, and where it writes: the names that QEMU makes of the link's.
fn path(folder: &Path, side: &str) -> PathBuf {
    folder.join(format!("{}.{side}", names::LINK))
}

/// Makes them in `folder`.
///
/// # Errors
/// [`Error::Host`].
pub fn make(folder: &Path) -> Result<()> {
    for side in ["in", "out"] {
        let path = path(folder, side);
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
            .map_err(|error| Error::file("making", &path)(error.into()))?;
    }
    Ok(())
}

/// What the guest is to hear goes here; `None` while the emulator has not opened its side.
///
/// # Errors
/// [`Error::Host`].
pub fn to_guest(folder: &Path) -> Result<Option<File>> {
    let path = path(folder, "in");
    match OpenOptions::new().write(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(&path) {
        Ok(pipe) => {
            fcntl_setfl(&pipe, OFlags::empty()).map_err(|error| Error::file("preparing", &path)(error.into()))?;
            Ok(Some(pipe))
        }
        Err(error) if Errno::from_io_error(&error) == Some(Errno::NXIO) => Ok(None),
        Err(error) => Err(Error::file("opening", &path)(error)),
    }
}

/// What the guest says comes from here. Waits until the emulator has opened its side, which is the next thing it does after the other.
///
/// # Errors
/// The host's.
pub fn from_guest(folder: &Path) -> io::Result<File> {
    File::open(path(folder, "out"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn what_goes_in_comes_out_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path()).unwrap();
        assert!(to_guest(folder.path()).unwrap().is_none(), "nobody is there");
        let open = |side| OpenOptions::new().read(true).write(true).open(path(folder.path(), side)).unwrap();
        let (mut hears, mut says) = (open("in"), open("out"));
        let mut to = to_guest(folder.path()).unwrap().unwrap();
        let mut from = from_guest(folder.path()).unwrap();
        to.write_all(b"to it").unwrap();
        says.write_all(b"of it").unwrap();
        let mut heard = [0; 5];
        hears.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"to it");
        drop((hears, says));
        let mut said = String::new();
        from.read_to_string(&mut said).unwrap();
        assert_eq!(said, "of it");
        assert!(to.write_all(b"x").is_err(), "nobody is there any more");
    }
}
