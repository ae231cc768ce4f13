//! `run`: the disc image in QEMU, its console on this terminal.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use crate::disk::{self, Care, Disk};
use crate::error::{Error, Result};
use crate::iso;
use crate::kd;
use crate::machine::{MachineOptions, Medium, Screen, SerialPorts, Start, names};
use crate::paths::Tree;
use crate::process::{self, Process, Streams, Waited};

/// Options of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunOptions {
    /// Open QEMU's window too, and let programs show pictures on it
    #[arg(long)]
    pub video: bool,
    /// The disk image that is C:, made where there is none; the system on it is brought up to date [default: out/disk.img]
    #[arg(long, value_name = "PATH", conflicts_with = "no_disk")]
    pub disk: Option<PathBuf>,
    /// Start without a disk: C: is the boot module on the CD, and what is written to it is lost
    #[arg(long)]
    pub no_disk: bool,
}

/// Boots the disc image and stays until the machine is switched off.
///
/// # Errors
/// [`Error::Unbuilt`], [`Error::Tool`], or a machine that did not end by itself.
pub fn run(tree: &Tree, machine: &MachineOptions, options: &RunOptions) -> Result<u8> {
    let folder = process::scratch_folder()?;
    let video = if options.video { " video" } else { "" };
    let words = machine.kernel_line(&format!("console=com1 kd=com2 poweroff=qemu{video}"));
    iso::build_demonstration(tree, &words, &folder.path().join(names::DISC))?;
    let disk = attach_disk(tree, options, folder.path())?;
    let start = Start {
        options: machine,
        medium: Medium::Disc,
        modules: &[],
        command_line: "",
        serial: SerialPorts::Terminal,
        disk: &disk,
        screen: if options.video { Screen::Window } else { Screen::Hidden },
    };
    eprintln!("vadose: starting the machine; Ctrl-A X leaves it, Ctrl-A C is QEMU's monitor");
    eprintln!("vadose: ./vadose kd in a second terminal attaches to its debugger");
    let _published = kd::publish(tree, &folder.path().join(names::CONSOLE))?;
    let deadline = machine.timeout.and_then(|_| machine.deadline(Instant::now()));
    let mut emulator = Process::start(&start.program()?, &start.arguments(), folder.path(), Streams::Inherited)?;
    let waited = match emulator.wait(deadline) {
        Ok(waited) => waited,
        Err(error) => {
            emulator.end_politely();
            return Err(error);
        }
    };
    match waited {
        Waited::Ended(status) => match status.code() {
            Some(code) => Ok(u8::try_from(code).unwrap_or(u8::MAX)),
            None => Err(Error::Tool { program: emulator.name().into(), problem: "was killed".into() }),
        },
        Waited::TimedOut => {
            emulator.end_politely();
            eprintln!("vadose: the time was up");
            Ok(crate::error::TIMED_OUT)
        }
    }
}

/// Makes the disk, or brings the system on it up to date; QEMU's arguments for it.
fn attach_disk(tree: &Tree, options: &RunOptions, folder: &Path) -> Result<Vec<String>> {
    if options.no_disk {
        return Ok(Vec::new());
    }
    let path = options.disk.clone().unwrap_or_else(|| tree.out("disk.img"));
    let demonstration = iso::demonstration(tree)?;
    if path.exists() {
        let hint = |error| Error::BadInput(format!("{error}; without {} a new one is made", path.display()));
        disk::put(&path, demonstration.volume()).map_err(hint)?;
    } else {
        disk::create(demonstration.volume(), disk::ROOM_FOR_USERS, &path)?;
    }
    eprintln!("vadose: C: is {}, which stays", path.display());
    Disk { path: &path, care: Care::Safe, place: 0 }.attach(folder)
}
