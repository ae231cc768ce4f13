//! A program that stands at its stop under gdb.

use std::env;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::process::{self, Process, Streams, Waited};
use crate::suite::commands::Commands;
use crate::suite::tours;

/// The program that stops, and where. The shell waits for it, so that there is a second process.
const PROGRAM: &str = "commands/views.exe";
const STOP: &str = "views_stop";
const SHELL: &str = "system32/cmd.exe";
/// MB of the machine's RAM.
const RAM: u32 = 64;
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(240);
/// The project's commands, and what waits for the stop; below the tree's root.
const COMMANDS: &str = "tests/gdb/vadose.py";
const WAIT: &str = "tests/gdb/wait.py";
const SOCKET: &str = "gdb.socket";
/// The file of all of it, when it was asked for.
pub(super) const MEMORY: &str = "ram.raw";
const KD_LOG: &str = "kd.txt";
const GDB_LOG: &str = "gdb.log";
const DUMP_LOG: &str = "dump.log";
const EXEC_LOG: &str = "exec.log";

/// A program that stands at its stop, and the runner that waits for it.
pub(super) struct Stopped {
    folder: TempDir,
    exec: Process,
    deadline: Instant,
    begin: Vec<String>,
}

impl Stopped {
    /// Starts the machine, whose debugger will carry out `script` when gdb lets it go on.
    pub(super) fn start(commands: &Commands, script: &str) -> Result<Self> {
        process::require("gdb", "gdb")?;
        let folder = process::scratch_folder()?;
        let program = commands.tree.built(PROGRAM, "guest")?;
        let stop = tours::address_of(&program, STOP)?;
        let built = [program, commands.tree.built(SHELL, "userland")?].map(|path| path.to_string_lossy().into_owned());
        let ram = RAM.to_string();
        let words = ["exec", "--icount", "--ram", &ram, "--timeout", "240", "--gdb", SOCKET, "--kd", script];
        let rest = ["--kd-out", KD_LOG, "--file", &built[0], &built[1], "/c", "views.exe"];
        let words: Vec<String> = words.iter().chain(&rest).map(|&word| word.to_owned()).collect();
        let this = env::current_exe().map_err(Error::host("finding this program"))?;
        let exec = Process::start(&this.to_string_lossy(), &words, folder.path(), Streams::Logged(EXEC_LOG))?;
        let begin = vec![
            "set architecture i386".into(),
            "set remotetimeout 60".into(),
            format!("target remote {SOCKET}"),
            format!("set $stop = {stop:#x}"),
            format!("source {}", commands.tree.file(WAIT).display()),
        ];
        let mut stopped = Self { folder, exec, deadline: Instant::now() + PATIENCE, begin };
        stopped.wait_for_socket()?;
        Ok(stopped)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn wait_for_socket(&mut self) -> Result<()> {
        while !self.path().join(SOCKET).exists() && self.exec.ended()?.is_none() && Instant::now() < self.deadline {
            process::check_interrupt()?;
            thread::sleep(process::PAUSE);
        }
        Ok(())
    }

    /// What gdb says to `lines` at the stop; after them the machine goes on to its end.
    pub(super) fn ask(&mut self, commands: &Commands, lines: &[String]) -> Result<std::result::Result<String, String>> {
        let whole: Vec<String> = self.begin.iter().chain(lines).cloned().chain(["continue".to_owned()]).collect();
        let said = run_gdb(commands, self.path(), &whole, GDB_LOG, self.deadline)?;
        let ended = self.exec.wait(Some(self.deadline))?;
        let exec = process::read_log(&self.path().join(EXEC_LOG));
        Ok(match ended {
            Waited::Ended(status) if status.code() == Some(3) => Ok(said),
            _ => Err(format!("the program did not end with 3: {exec}\ngdb:\n{said}")),
        })
    }

    /// What gdb says to `lines` without a machine.
    pub(super) fn ask_of_file(&self, commands: &Commands, lines: &[String]) -> Result<String> {
        run_gdb(commands, self.path(), lines, DUMP_LOG, self.deadline)
    }

    /// The line for gdb that writes all of RAM to [`MEMORY`].
    pub(super) fn save(&self) -> String {
        format!("monitor pmemsave 0 {:#x} \"{}\"", u64::from(RAM) << 20, self.path().join(MEMORY).display())
    }

    /// What the kernel's debugger said.
    pub(super) fn kernel(&self) -> String {
        process::read_log(&self.path().join(KD_LOG))
    }
}

/// Runs gdb with the project's commands and `lines` in `folder`.
fn run_gdb(
    commands: &Commands,
    folder: &Path,
    lines: &[String],
    log: &'static str,
    deadline: Instant,
) -> Result<String> {
    let script = folder.join("script.gdb");
    fs::write(&script, "set confirm off\nset pagination off\nset width 0\nset language c\n")
        .map_err(Error::file("writing", &script))?;
    let loaded = commands.tree.file(COMMANDS).to_string_lossy().into_owned();
    let mut words = ["-nx", "-q", "-batch", "-x", "script.gdb", "-x", &loaded].map(str::to_owned).to_vec();
    words.extend(lines.iter().flat_map(|line| ["-ex".to_owned(), line.clone()]));
    words.push(commands.tree.kernel_for_debugger()?.to_string_lossy().into_owned());
    let mut gdb = Process::start("gdb", &words, folder, Streams::Logged(log))?;
    gdb.wait(Some(deadline))?;
    drop(gdb);
    Ok(process::read_log(&folder.join(log)))
}
