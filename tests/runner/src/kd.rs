//! `kd`: this terminal becomes that of the debugger of the machine that `run` started.
//!
//! QEMU has the machine's COM2 on a socket in its scratch folder; `run` leaves a link to it in `out/`, which this
//! follows. The terminal is raw meanwhile, so that Ctrl-C and the arrow keys are the debugger's. An input that is no
//! terminal is sent as it is, and its end detaches. The kernel answers the end of a session with the byte that asked
//! for it, so that nothing it still had to say is lost.

use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::error::{Error, Result};
use crate::paths::Tree;

/// What `--help` says beyond the options.
pub const HELP: &str = "Keys:
  Ctrl-] or Ctrl-A X  leaves; the machine runs on, and breakpoints are the programs' again
  Ctrl-C              stops the system where it is, g lets it go on
While somebody is attached, an int 3 of a program and a bugcheck stop here. ? lists the commands.
With --cmdline kd=wait, run starts no program before the debugger says g.
An input that is no terminal is sent line by line; its end leaves.";

/// The link to the console's socket, below `out/`.
const PUBLISHED: &str = "kd.socket";
/// Ends a session, in both directions.
const DETACH: u8 = 0x04;
const LEAVE: u8 = 0x1D;
/// Ctrl-A, which an x follows.
const PREFIX: u8 = 0x01;
/// The machine has said something.
static HEARD: AtomicBool = AtomicBool::new(false);
/// Between two knocks at a machine that has not started yet: what comes before its serial port is set up is lost.
const KNOCK: Duration = Duration::from_millis(500);
/// How long the kernel may take to answer the end of a session.
const PATIENCE: Duration = Duration::from_secs(5);

/// The place where a running machine's console is found; gone when this is dropped.
#[derive(Debug)]
pub struct Published {
    link: PathBuf,
    socket: PathBuf,
}

impl Drop for Published {
    fn drop(&mut self) {
        // A machine that was started later may have taken the place.
        if fs::read_link(&self.link).is_ok_and(|socket| socket == self.socket) {
            let _ = fs::remove_file(&self.link);
        }
    }
}

/// Says where the console of a machine is.
///
/// # Errors
/// [`Error::Host`].
pub fn publish(tree: &Tree, socket: &Path) -> Result<Published> {
    let link = tree.out(PUBLISHED);
    if link.symlink_metadata().is_ok() {
        fs::remove_file(&link).map_err(Error::file("replacing", &link))?;
    }
    symlink(socket, &link).map_err(Error::file("linking", &link))?;
    Ok(Published { link, socket: socket.to_owned() })
}

/// Attaches and stays until the user leaves or the machine ends.
///
/// # Errors
/// [`Error::BadInput`] when no machine runs, [`Error::Host`].
pub fn run(tree: &Tree) -> Result<u8> {
    let console = connect(tree)?;
    let sending = console.try_clone().map_err(Error::host("preparing the console"))?;
    let input = io::stdin();
    let raw = if input.is_terminal() { Some(RawTerminal::begin()?) } else { None };
    if raw.is_some() {
        eprint!("vadose: attached; Ctrl-] leaves, Ctrl-C stops the system, ? lists the commands\r\n");
    }
    let keys = if raw.is_some() { Keys::Typed } else { Keys::Piped };
    let knocking = console.try_clone().map_err(Error::host("preparing the console"))?;
    thread::spawn(move || knock(&knocking));
    // It stands in a read when the machine ends first, and ends with the program.
    thread::spawn(move || send(&sending, &mut input.lock(), keys));
    let ending = receive(console, &mut io::stdout())?;
    drop(raw);
    if ending == Ending::Machine {
        eprintln!("\nvadose: the machine has ended");
    }
    Ok(0)
}

fn connect(tree: &Tree) -> Result<UnixStream> {
    let nobody = || Error::BadInput("no machine runs: start one with ./vadose run or make run".into());
    let socket = fs::read_link(tree.out(PUBLISHED)).map_err(|_| nobody())?;
    UnixStream::connect(&socket).map_err(|_| nobody())
}

/// Where the input comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// A person.
    Typed,
    /// A pipe or a file.
    Piped,
}

/// Says that somebody is there, and asks for a prompt, until there is one.
fn knock(mut console: &UnixStream) {
    while !HEARD.load(Ordering::Relaxed) && console.write_all(b"\r").is_ok() {
        thread::sleep(KNOCK);
    }
}

/// Sends what is typed, and the end of the session. A machine that ended takes nothing, which the other side notices.
fn send(mut console: &UnixStream, input: &mut impl Read, keys: Keys) {
    // A person sees that nobody answers yet; what is in a file would be lost.
    while keys == Keys::Piped && !HEARD.load(Ordering::Relaxed) {
        thread::sleep(KNOCK / 10);
    }
    let mut sent: io::Result<()> = Ok(());
    let mut buffer = [0; 256];
    let mut prefixed = false;
    while sent.is_ok() {
        let count = match input.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other.unwrap_or(0),
        };
        let kept = match keys {
            Keys::Typed => typed(&mut buffer[..count], &mut prefixed),
            Keys::Piped => count,
        };
        sent = console.write_all(&buffer[..kept]);
        if count == 0 || kept < count {
            break;
        }
    }
    let _ = console.write_all(&[DETACH]);
    // A machine that stands still, or that has no debugger, answers nothing.
    thread::sleep(PATIENCE);
    let _ = console.shutdown(std::net::Shutdown::Both);
}

/// How many of the bytes come before the keys that leave; all of them where there are none. Ctrl-A itself is not sent.
fn typed(bytes: &mut [u8], prefixed: &mut bool) -> usize {
    for (index, byte) in bytes.iter_mut().enumerate() {
        let after_prefix = std::mem::replace(prefixed, *byte == PREFIX);
        if *byte == LEAVE || after_prefix && matches!(byte, b'x' | b'X') {
            return index;
        }
    }
    bytes.len()
}

/// Who ended the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    User,
    Machine,
}

/// Hands on what the debugger says until it or the machine ends.
fn receive(mut console: impl Read, output: &mut impl Write) -> Result<Ending> {
    let mut buffer = [0; 4096];
    loop {
        let count = match console.read(&mut buffer) {
            Ok(0) => return Ok(Ending::Machine),
            Ok(count) => {
                HEARD.store(true, Ordering::Relaxed);
                count
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // A reset connection is a closed one.
            Err(_) => return Ok(Ending::Machine),
        };
        let said = &buffer[..count];
        let end = said.iter().position(|byte| *byte == DETACH);
        let shown = &said[..end.unwrap_or(count)];
        output.write_all(shown).and_then(|()| output.flush()).map_err(Error::host("standard output"))?;
        if end.is_some() {
            let _ = output.write_all(b"\n");
            return Ok(Ending::User);
        }
    }
}

/// The terminal, which hands over every key at once; as it was when this is dropped.
struct RawTerminal {
    before: Termios,
}

impl RawTerminal {
    fn begin() -> Result<Self> {
        let failed = |error: rustix::io::Errno| Error::host("preparing the terminal")(error.into());
        let before = tcgetattr(io::stdin()).map_err(failed)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw).map_err(failed)?;
        Ok(Self { before })
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // Nobody could do anything about it.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_machine_there_is_nothing_to_attach_to() {
        let folder = crate::process::scratch_folder().unwrap();
        fs::create_dir(folder.path().join("out")).unwrap();
        let tree = Tree::at(folder.path());
        let socket = folder.path().join("gone");
        let said = |tree: &Tree| connect(tree).unwrap_err().to_string();
        assert!(said(&tree).contains("no machine runs"));
        let published = publish(&tree, &socket).unwrap();
        assert!(said(&tree).contains("no machine runs"));
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(connect(&tree).is_ok());
        let other = publish(&tree, &folder.path().join("other")).unwrap();
        drop(published);
        assert!(tree.out(PUBLISHED).symlink_metadata().is_ok(), "the later machine keeps the place");
        drop((other, listener));
        assert!(tree.out(PUBLISHED).symlink_metadata().is_err());
    }

    #[test]
    fn keys_that_leave_end_the_input() {
        let count = |bytes: &[u8]| typed(&mut bytes.to_vec(), &mut false);
        assert_eq!(count(b"!vad\r"), 5);
        assert_eq!(count(b"g\r\x1dxx"), 2);
        assert_eq!(count(b"ab\x01x"), 3);
        assert_eq!(count(b"ab\x01cx"), 5);
        let mut prefixed = false;
        assert_eq!((typed(&mut b"\x01".to_vec(), &mut prefixed), prefixed), (1, true));
        assert_eq!(typed(&mut b"X".to_vec(), &mut prefixed), 0);
    }

    #[test]
    fn what_is_said_before_the_end_is_shown() {
        let mut shown = Vec::new();
        assert_eq!(receive(&b"kd> \x04after"[..], &mut shown).unwrap(), Ending::User);
        assert_eq!(shown, b"kd> \n");
        assert_eq!(receive(&b"kd> "[..], &mut Vec::new()).unwrap(), Ending::Machine);
    }

    #[test]
    fn an_input_goes_to_the_machine_and_its_end_detaches() {
        let (here, mut there) = UnixStream::pair().unwrap();
        HEARD.store(true, Ordering::Relaxed);
        thread::spawn(move || send(&here, &mut &b"!vad\n"[..], Keys::Piped));
        let mut arrived = [0; 6];
        there.read_exact(&mut arrived).unwrap();
        assert_eq!(&arrived, b"!vad\n\x04");
    }
}
