//! Processes and scratch folders that never outlive the runner.
//!
//! An emulator is killed when its handle is dropped, when the time is up and on Ctrl-C; if the runner itself is
//! killed, the kernel of the host kills the emulator (`setpriv --pdeathsig`, part of every Debian).

use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::error::{Error, Result};

/// How long a wait sleeps before it looks again.
pub const PAUSE: Duration = Duration::from_millis(5);

/// How long a process that was asked to end may take.
const POLITENESS: Duration = Duration::from_secs(3);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Makes Ctrl-C, SIGTERM and SIGHUP end waits with [`Error::Interrupted`], so that everything is cleaned up.
pub fn catch_interrupts() {
    // A second handler cannot be installed; then the first one stays, which does the same.
    let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed));
}

/// # Errors
/// [`Error::Interrupted`] once a signal asked the runner to end.
pub fn check_interrupt() -> Result<()> {
    if INTERRUPTED.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
}

/// A scratch folder, removed when it is dropped.
///
/// # Errors
/// [`Error::Host`] when the temporary directory cannot be written.
pub fn scratch_folder() -> Result<TempDir> {
    tempfile::Builder::new().prefix("vadose-").tempdir().map_err(Error::host("making a temporary folder"))
}

/// What a wait came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The process ended.
    Ended(ExitStatus),
    /// The deadline passed; the process still runs.
    TimedOut,
}

/// A started emulator.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
}

/// The standard streams of a started emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// The terminal's.
    Inherited,
    /// No input; output and errors to a file of this name in its folder.
    Logged(&'static str),
}

impl Process {
    /// Starts `program` in `folder`.
    ///
    /// # Errors
    /// [`Error::Tool`] when it cannot be started, with the Debian package if it is not installed.
    pub fn start(program: &str, arguments: &[String], folder: &Path, streams: Streams) -> Result<Self> {
        let mut command = dies_with_us(program);
        command.args(arguments).current_dir(folder);
        if let Streams::Logged(name) = streams {
            let path = folder.join(name);
            let log = File::create(&path).map_err(Error::file("creating", &path))?;
            let errors = log.try_clone().map_err(Error::file("opening", &path))?;
            command.stdin(Stdio::null()).stdout(log).stderr(errors);
        }
        let child = command.spawn().map_err(|error| Error::Tool {
            program: program.to_owned(),
            problem: format!("cannot be started: {error}"),
        })?;
        Ok(Self { child, name: program.to_owned() })
    }

    /// The program's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The most memory of the host's that the process has ever had, in bytes, where the host tells.
    #[must_use]
    pub fn most_resident(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        peak.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
    }

    /// The exit status, if the process has ended.
    ///
    /// # Errors
    /// [`Error::Host`] when the host cannot tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().map_err(Error::host("waiting for the emulator"))
    }

    /// Waits for the end or the deadline.
    ///
    /// # Errors
    /// [`Error::Interrupted`], [`Error::Host`].
    pub fn wait(&mut self, deadline: Option<Instant>) -> Result<Waited> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(Waited::Ended(status));
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(Waited::TimedOut);
            }
            check_interrupt()?;
            thread::sleep(PAUSE);
        }
    }
}

impl Process {
    /// Asks the process to end, which lets it put the terminal back as it was, and waits a little for that.
    pub fn end_politely(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let patience = Instant::now() + POLITENESS;
        // Not through `wait`, which an interrupt ends. What is left after this is killed when it is dropped.
        while asked.is_ok() && matches!(self.ended(), Ok(None)) && Instant::now() < patience {
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has already ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that the host's kernel kills when the runner dies, where `setpriv` is there to arrange it.
fn dies_with_us(program: &str) -> Command {
    if !is_installed("setpriv") {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", program]);
    command
}

/// Whether a program of this name (or path) can be started.
#[must_use]
pub fn is_installed(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Checks that a tool is installed.
///
/// # Errors
/// [`Error::Tool`] that names the Debian package.
pub fn require(program: &str, package: &str) -> Result<()> {
    if is_installed(program) {
        return Ok(());
    }
    let problem = format!("is not installed (Debian package {package})");
    Err(Error::Tool { program: program.to_owned(), problem })
}

/// Runs a tool to its end and returns what it printed.
///
/// # Errors
/// [`Error::Tool`] with its last words when it cannot be started or fails.
pub fn run_tool(command: &mut Command) -> Result<Vec<u8>> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |problem: String| Error::Tool { program: program.clone(), problem };
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| failed(format!("cannot be started: {error}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(failed(format!("failed ({}): {}", output.status, last_lines(&errors, 3).join("; "))))
}

/// The last `count` lines that are not empty.
#[must_use]
pub fn last_lines(text: &str, count: usize) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].to_vec()
}

/// The text of a log file; an absent one is empty.
#[must_use]
pub fn read_log(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).replace('\r', "")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_process_is_gone_and_a_deadline_is_kept() {
        let folder = scratch_folder().unwrap();
        let started = Instant::now();
        let mut sleeper = Process::start("sleep", &["60".into()], folder.path(), Streams::Logged("log")).unwrap();
        let deadline = started + Duration::from_millis(50);
        assert_eq!(sleeper.wait(Some(deadline)).unwrap(), Waited::TimedOut);
        assert!(sleeper.most_resident().is_some_and(|bytes| (0x1_0000..0x1000_0000).contains(&bytes)));
        drop(sleeper);
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_tool_that_fails_is_quoted() {
        let error = run_tool(Command::new("sh").args(["-c", "echo bad thing >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("bad thing"), "{error}");
        let error = require("no-such-tool-anywhere", "package-x").unwrap_err();
        assert!(error.to_string().contains("package-x"), "{error}");
    }

    #[test]
    fn last_lines_skips_empty_ones() {
        assert_eq!(last_lines("a\n\nb\nc\n\n", 2), ["b", "c"]);
        assert_eq!(last_lines("", 2), Vec::<&str>::new());
    }
}
