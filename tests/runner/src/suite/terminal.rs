//! A terminal that follows a script: waits for what the machine writes, and types.

use std::env;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::paths::Tree;

/// How long an answer may take. The first one includes the boot.
const PATIENCE: Duration = Duration::from_secs(90);

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
            .stderr(Stdio::null())
            .spawn()
            .map_err(Error::host("starting this program"))?;
        let (keyboard, output) = (child.stdin.take(), child.stdout.take());
        let (sender, screen) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            let Some(mut output) = output else { return };
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
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

impl Drop for Terminal {
    fn drop(&mut self) {
        // Both fail only when it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
