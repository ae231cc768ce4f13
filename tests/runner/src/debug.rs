//! `debug`: QEMU stopped before its first instruction, gdb attached, a breakpoint at the kernel's entry.
//!
//! gdb has the project's commands (`tests/gdb`), which look at the machine or, with `--dump`, at a file of RAM.
//!
//! The machine runs the demonstration directly from the kernel file, without firmware or GRUB in between. gdb
//! talks to QEMU over a socket in the scratch folder, so that two debuggers can run on one host.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{self, Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::error::{Error, Result};
use crate::iso;
use crate::machine::{MachineOptions, Medium, Screen, SerialPorts, Start, names};
use crate::paths::Tree;
use crate::process::{self, Process, Streams};

/// What gdb does when it has connected, and the project's commands alone; below the tree's root.
const SCRIPT: &str = "tests/gdb/vadose.gdb";
const COMMANDS: &str = "tests/gdb/vadose.py";
/// How long QEMU may take until its gdb stub listens.
const PATIENCE: Duration = Duration::from_secs(20);

/// Options of `debug`.
#[derive(Args, Clone, Debug, Default)]
pub struct DebugOptions {
    /// No machine: gdb's commands look at a file whose byte N is the byte of RAM at physical address N
    #[arg(long, value_name = "FILE")]
    pub dump: Option<PathBuf>,
    /// Arguments handed to gdb, such as -batch -ex "info registers"
    #[arg(value_name = "GDB ARGUMENTS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

/// Starts QEMU and gdb and stays until gdb ends; its exit code passes through.
///
/// # Errors
/// [`Error::Unbuilt`] or [`Error::Tool`].
pub fn run(tree: &Tree, machine: &MachineOptions, options: &DebugOptions) -> Result<u8> {
    process::require("gdb", "gdb")?;
    if machine.gdb.is_some() {
        return Err(Error::BadInput("--gdb: debug starts gdb itself; it is for exec and run".into()));
    }
    if let Some(dump) = &options.dump {
        return run_gdb(tree, &over(dump)?, options);
    }
    let folder = process::scratch_folder()?;
    iso::demonstration(tree)?.write(folder.path())?;
    let words = machine.kernel_line("console=com1 poweroff=qemu");
    let emulator = start_stopped(tree, machine, folder.path(), &words)?;
    let connect = format!("target remote {}", folder.path().join(names::GDB).display());
    let processor = format!("set architecture {}", machine.architecture());
    let code = run_gdb(tree, &[&processor, &connect, &format!("source {SCRIPT}")], options)?;
    drop(emulator);
    keep_log(tree, folder.path())?;
    Ok(code)
}

/// Starts QEMU in `folder`, which has the modules, stopped before its first instruction, and waits until gdb can connect to
/// the socket there.
///
/// # Errors
/// [`Error::Unbuilt`] or [`Error::Tool`].
pub fn start_stopped(tree: &Tree, machine: &MachineOptions, folder: &Path, words: &str) -> Result<Process> {
    let kernel = tree.kernel()?;
    symlink(&kernel, folder.join(names::KERNEL)).map_err(Error::file("linking", &kernel))?;
    let modules = [names::VOLUME, names::PLAN];
    let options = MachineOptions { gdb: Some(names::GDB.into()), ..machine.clone() };
    let start = Start {
        options: &options,
        medium: Medium::Kernel,
        modules: &modules,
        command_line: words,
        serial: SerialPorts::Logged,
        screen: Screen::Hidden,
        disk: &[],
    };
    let streams = Streams::Logged(names::EMULATOR_LOG);
    let mut emulator = Process::start(&start.program()?, &start.arguments(), folder, streams)?;
    wait_for_stub(&mut emulator, folder)?;
    Ok(emulator)
}

fn wait_for_stub(emulator: &mut Process, folder: &Path) -> Result<()> {
    let began = Instant::now();
    while !folder.join(names::GDB).exists() {
        if emulator.ended()?.is_some() || began.elapsed() > PATIENCE {
            let said = process::read_log(&folder.join(names::EMULATOR_LOG));
            let problem = format!("did not start: {}", process::last_lines(&said, 3).join("; "));
            return Err(Error::Tool { program: emulator.name().into(), problem });
        }
        process::check_interrupt()?;
        thread::sleep(process::PAUSE);
    }
    Ok(())
}

/// On a busy host an answer may take longer than the usual two seconds.
const PATIENT: &str = "set remotetimeout 60";

/// What gdb does first when it is to look at a file.
fn over(dump: &Path) -> Result<[String; 2]> {
    let path = path::absolute(dump).map_err(Error::file("resolving", dump))?;
    let quoted = path.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    Ok([format!("source {COMMANDS}"), format!("vadose-dump \"{quoted}\"")])
}

/// Runs gdb over the kernel: `first`, and then what the user wants.
fn run_gdb<S: AsRef<str>>(tree: &Tree, first: &[S], options: &DebugOptions) -> Result<u8> {
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-q"]).arg(tree.kernel_for_debugger()?);
    let settings = ["set confirm off", PATIENT];
    for line in settings.into_iter().chain(first.iter().map(AsRef::as_ref)) {
        gdb.args(["-ex", line]);
    }
    let status = gdb.args(&options.words).current_dir(tree.root()).status().map_err(Error::host("starting gdb"))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}

/// Keeps what the kernel wrote to COM1 while gdb had the terminal.
fn keep_log(tree: &Tree, folder: &Path) -> Result<()> {
    let kept = tree.out("debug-com1.log");
    fs::write(&kept, process::read_log(&folder.join(names::KERNEL_LOG))).map_err(Error::file("writing", &kept))
}
