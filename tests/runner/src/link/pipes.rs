//! The two pipes of the link. An emulator hands on what its serial port sends a byte at a time, and a byte costs a pipe a tenth of what it
//! costs a socket.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::machine::names;

/// Where the guest's side reads, and where it writes: the names that QEMU makes of the link's.
fn path(folder: &Path, side: &str) -> PathBuf {
    folder.join(format!("{}.{side}", names::LINK))
}

/// Makes the pipe `path`.
///
/// # Errors
/// [`Error::Host`].
pub fn make_one(path: &Path) -> Result<()> {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
        .map_err(|error| Error::file("making", path)(error.into()))
}

/// Makes them in `folder`: where the guest is heard from, and what it is to hear goes to. Both are open before the emulator starts, so that nothing
/// is lost of one that ends at once.
///
/// # Errors
/// [`Error::Host`].
pub fn make(folder: &Path) -> Result<(FromGuest, File)> {
    for side in ["in", "out"] {
        make_one(&path(folder, side))?;
    }
    let (out, into) = (path(folder, "out"), path(folder, "in"));
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let heard = OpenOptions::new().read(true).custom_flags(nonblocking).open(&out);
    // For reading too: so it need not wait for the other side.
    let sent = OpenOptions::new().read(true).write(true).open(&into);
    Ok((FromGuest(heard.map_err(Error::file("opening", &out))?), sent.map_err(Error::file("opening", &into))?))
}

/// What the guest says comes from here.
#[derive(Debug)]
pub struct FromGuest(File);

impl FromGuest {
    /// Whether there is something to read, or the emulator has closed its side; waits for it for at most `time`.
    ///
    /// # Errors
    /// The host's.
    pub fn is_ready(&self, time: Duration) -> io::Result<bool> {
        let time = Timespec { tv_sec: 0, tv_nsec: time.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&time)) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl Read for FromGuest {
    /// Waits until there is something, or the emulator, which may not have opened its side yet, has closed it.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            poll(&mut [PollFd::new(&self.0, PollFlags::IN)], None)?;
            match self.0.read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_goes_in_comes_out_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        let (mut from, mut to) = make(folder.path()).unwrap();
        assert!(!from.is_ready(Duration::ZERO).unwrap(), "nobody is there");
        to.write_all(b"to it").unwrap();
        let open = |side| OpenOptions::new().read(true).write(true).open(path(folder.path(), side)).unwrap();
        let (mut hears, mut says) = (open("in"), open("out"));
        says.write_all(b"of it").unwrap();
        let mut heard = [0; 5];
        hears.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"to it");
        drop((hears, says));
        assert!(from.is_ready(Duration::ZERO).unwrap());
        let mut said = String::new();
        from.read_to_string(&mut said).unwrap();
        assert_eq!(said, "of it");
    }
}
