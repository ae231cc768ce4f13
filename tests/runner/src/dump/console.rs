//! The debugger's console of a machine, for a program: commands and what they print.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::machine::names;

const PROMPT: &str = "kd> ";
/// Ctrl-C.
const BREAK: u8 = 0x03;
/// What the kernel says when a program meets a breakpoint.
const BREAKPOINT: &str = "Break instruction exception";
/// What the kernel says when a dump is whole.
const WRITTEN: &str = "Dump successfully written";
/// Between two knocks at a machine that does not listen yet: what comes before its port is set up is lost.
const KNOCK: Duration = Duration::from_millis(200);
/// How long what comes is left to gather.
const GATHERING: Duration = Duration::from_millis(1);
/// How long the kernel may take to answer; a command prints without a pause.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may write a dump.
const WRITING: Duration = Duration::from_secs(300);

/// A console.
#[derive(Debug)]
pub struct Console {
    stream: UnixStream,
}

impl Console {
    /// Attaches to the machine whose scratch folder is `folder`: breakpoints stop it from now on.
    ///
    /// # Errors
    /// [`Error::Host`], or [`Error::Tool`] when nobody answers.
    pub fn attach(folder: &Path) -> Result<Self> {
        let socket = folder.join(names::CONSOLE);
        let stream = UnixStream::connect(&socket).map_err(Error::file("connecting to", &socket))?;
        stream.set_read_timeout(Some(KNOCK)).map_err(Error::host("preparing the console"))?;
        let mut console = Self { stream };
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            console.send(b"\r")?;
            if console.read_until(|text| text.ends_with(PROMPT), KNOCK)?.1 {
                return Ok(console);
            }
        }
        Err(silent("the kernel's debugger does not answer"))
    }

    /// Stops the system.
    ///
    /// # Errors
    /// As [`attach`](Self::attach).
    pub fn stop(&mut self) -> Result<()> {
        self.send(&[BREAK])?;
        self.expect(|text| text.contains("Break-in") && text.ends_with(PROMPT), Some(PATIENCE)).map(drop)
    }

    /// Waits until a program meets a breakpoint.
    ///
    /// # Errors
    /// As [`attach`](Self::attach).
    pub fn wait_for_breakpoint(&mut self) -> Result<()> {
        self.expect(|text| text.contains(BREAKPOINT) && text.ends_with(PROMPT), None).map(drop)
    }

    /// Has a system that stands still carry out `command`; what it printed.
    ///
    /// # Errors
    /// As [`attach`](Self::attach).
    pub fn command(&mut self, command: &str) -> Result<String> {
        self.command_within(command, PATIENCE)
    }

    /// Has a system that stands still write a dump with `command`; what it printed.
    ///
    /// # Errors
    /// As [`attach`](Self::attach), and when there is no dump.
    pub fn dump(&mut self, command: &str) -> Result<String> {
        let said = self.command_within(command, WRITING)?;
        if said.contains(WRITTEN) { Ok(said) } else { Err(silent(said.trim_end())) }
    }

    /// Lets the system go on.
    ///
    /// # Errors
    /// As [`attach`](Self::attach).
    pub fn go(&mut self) -> Result<()> {
        self.send(b"g\r")?;
        self.expect(|text| text.ends_with(PROMPT), Some(PATIENCE)).map(drop)
    }

    fn command_within(&mut self, command: &str, patience: Duration) -> Result<String> {
        self.send(format!("{command}\r").as_bytes())?;
        let end = format!("\n{PROMPT}");
        let text = self.expect(|text| text.ends_with(&end), Some(patience))?.replace('\r', "");
        let text = text.strip_suffix(PROMPT).unwrap_or(&text);
        Ok(text.split_once('\n').map_or("", |(_, rest)| rest).to_owned())
    }

    /// Has the kernel stop for good, as it does when something is broken, and waits until it has done what it does then: the console says no more.
    ///
    /// # Errors
    /// As [`attach`](Self::attach).
    pub fn crash(&mut self) -> Result<()> {
        self.send(b".crash\r")?;
        let mut buffer = [0; 256];
        let began = Instant::now();
        while began.elapsed() < WRITING {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
                _ => crate::process::check_interrupt()?,
            }
        }
        Err(silent("the kernel does not end"))
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).map_err(Error::host("talking to the debugger"))
    }

    /// Reads until `enough` of what came. `patience` is how long nothing may come.
    fn expect(&mut self, enough: impl Fn(&str) -> bool, patience: Option<Duration>) -> Result<String> {
        let (text, done) = self.read_until(enough, patience.unwrap_or(Duration::MAX))?;
        if done { Ok(text) } else { Err(silent("the kernel's debugger fell silent")) }
    }

    fn read_until(&mut self, enough: impl Fn(&str) -> bool, patience: Duration) -> Result<(String, bool)> {
        let mut text = String::new();
        let mut buffer = [0; 16 << 10];
        let mut heard = Instant::now();
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(silent("the machine ended")),
                Ok(count) => {
                    // What comes byte by byte costs whoever sends it more than what waits until there is more of it.
                    if count < buffer.len() {
                        std::thread::sleep(GATHERING);
                    }
                    text.push_str(&String::from_utf8_lossy(&buffer[..count]));
                    heard = Instant::now();
                    // A prompt ends what is printed, so most of it need not be looked at.
                    if text.ends_with(PROMPT) && enough(&text) {
                        return Ok((text, true));
                    }
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    crate::process::check_interrupt()?;
                    if heard.elapsed() >= patience {
                        return Ok((text, false));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::host("listening to the debugger")(error)),
            }
        }
    }
}

fn silent(problem: &str) -> Error {
    Error::Tool { program: "kd".into(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_command_prints_what_stands_between_its_echo_and_the_prompt() {
        let (here, mut there) = UnixStream::pair().unwrap();
        here.set_read_timeout(Some(KNOCK)).unwrap();
        let machine = thread::spawn(move || {
            let mut line = [0; 4];
            there.read_exact(&mut line).unwrap();
            there.write_all(b"!vm\r\none\r\nkd> no prompt\r\n").unwrap();
            there.write_all(b"kd> ").unwrap();
            line
        });
        let mut console = Console { stream: here };
        assert_eq!(console.command("!vm").unwrap(), "one\nkd> no prompt\n");
        assert_eq!(machine.join().unwrap(), *b"!vm\r");
        assert!(console.command("!vm").is_err(), "the machine has ended");
    }
}
