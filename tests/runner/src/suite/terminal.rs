//! A terminal that follows a script: waits for what the machine writes, and types.

use std::env;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::paths::Tree;

/// How long an answer may take. The first one includes the boot.
const PATIENCE: Duration = Duration::from_secs(90);

/// What the monitor says when it waits for a command.
const PROMPT_OF_MONITOR: &str = "(qemu) ";
/// Ctrl-A C: from the serial port to the monitor, and back.
const TO_AND_FRO: &str = "\x01c";

/// This program at a terminal.
pub struct Terminal {
    child: Child,
    keyboard: Option<ChildStdin>,
    screen: Receiver<Vec<u8>>,
    /// What was written and not yet asked for.
    unread: String,
    /// Everything that was written.
    all: String,
}

impl Terminal {
    /// Starts this program with `words`.
    ///
    /// # Errors
    /// [`Error::Host`].
    pub fn start(tree: &Tree, words: &[&str]) -> Result<Self> {
        let this = env::current_exe().map_err(Error::host("finding this program"))?;
        let mut child = Command::new(this)
            .args(words)
            .env("VADOSE_ROOT", tree.root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Error::host("starting this program"))?;
        let keyboard = child.stdin.take();
        let (sender, screen) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            pump(output, sender.clone());
        }
        if let Some(errors) = child.stderr.take() {
            pump(errors, sender);
        }
        Ok(Self { child, keyboard, screen, unread: String::new(), all: String::new() })
    }

    /// Types `text`.
    ///
    /// # Errors
    /// Why it could not.
    pub fn send(&mut self, text: &str) -> std::result::Result<(), String> {
        let keyboard = self.keyboard.as_mut().ok_or("the keyboard is gone")?;
        keyboard.write_all(text.as_bytes()).and_then(|()| keyboard.flush()).map_err(|error| format!("typing: {error}"))
    }

    /// Waits until `text` has been written; what was written up to it.
    ///
    /// # Errors
    /// What was written instead.
    pub fn expect(&mut self, text: &str) -> std::result::Result<String, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.unread.find(text) {
                let rest = self.unread.split_off(at + text.len());
                return Ok(std::mem::replace(&mut self.unread, rest));
            }
            match self.screen.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => {
                    let text = String::from_utf8_lossy(&bytes).replace('\r', "");
                    self.all.push_str(&text);
                    self.unread.push_str(&text);
                }
                Err(_) => return Err(format!("no {text:?} came, but {:?}", self.unread)),
            }
        }
    }

    /// Types a line and waits for `answer` and the prompt after it.
    ///
    /// # Errors
    /// What came instead.
    pub fn ask(&mut self, line: &str, answer: &str, prompt: &str) -> std::result::Result<String, String> {
        self.send(&format!("{line}\r"))?;
        let told = self.expect(answer).map_err(|error| format!("{line}: {error}"))?;
        self.expect(prompt).map(|rest| told + &rest).map_err(|error| format!("{line}: {error}"))
    }

    /// Types `keys` and waits for `answer` and what follows it.
    ///
    /// # Errors
    /// What came instead.
    pub fn ask_with(&mut self, keys: &str, answer: &str, then: &str) -> std::result::Result<(), String> {
        self.send(keys)?;
        self.expect(answer)?;
        self.expect(then).map(drop)
    }

    /// Talks to QEMU's monitor from here on, which shares the terminal of `run`.
    ///
    /// # Errors
    /// What came instead of its prompt.
    pub fn enter_monitor(&mut self) -> std::result::Result<(), String> {
        self.ask_with(TO_AND_FRO, PROMPT_OF_MONITOR, "")
    }

    /// Talks to the machine again.
    ///
    /// # Errors
    /// Why it could not.
    pub fn leave_monitor(&mut self) -> std::result::Result<(), String> {
        self.send(TO_AND_FRO)
    }

    /// Has the monitor carry out a command; what it said, its echo of the command first.
    ///
    /// # Errors
    /// What came instead.
    pub fn command(&mut self, line: &str) -> std::result::Result<String, String> {
        self.send(&format!("{line}\n"))?;
        // The echo goes back and forth within its line.
        self.expect("\n")?;
        self.expect(PROMPT_OF_MONITOR)
    }

    /// Waits for the end of the program; its exit code.
    ///
    /// # Errors
    /// That it did not end.
    pub fn end(mut self) -> std::result::Result<Option<i32>, String> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Ok(status.code());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(format!("it did not end after {:?}", self.all))
    }
}

/// Passes on what comes, until nothing comes any more or nobody listens.
fn pump(mut source: impl Read + Send + 'static, sender: Sender<Vec<u8>>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = source.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Both fail only when it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
