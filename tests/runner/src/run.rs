//! `run`: the disc image in QEMU, its console on this terminal.

use std::time::Instant;

use clap::Args;

use crate::error::{Error, Result};
use crate::iso;
use crate::kd;
use crate::machine::{MachineOptions, Medium, Screen, SerialPorts, Start, names};
use crate::paths::Tree;
use crate::process::{self, Process, Streams, Waited};

/// Options of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunOptions {
    /// Open QEMU's window too
    #[arg(long)]
    pub video: bool,
}

/// Boots the disc image and stays until the machine is switched off.
///
/// # Errors
/// [`Error::Unbuilt`], [`Error::Tool`], or a machine that did not end by itself.
pub fn run(tree: &Tree, machine: &MachineOptions, options: &RunOptions) -> Result<u8> {
    let folder = process::scratch_folder()?;
    let words = format!("console=com1 kd=com2 poweroff=qemu {}", machine.cmdline);
    iso::build_demonstration(tree, words.trim_end(), &folder.path().join(names::DISC))?;
    let start = Start {
        options: machine,
        medium: Medium::Disc,
        modules: &[],
        command_line: "",
        serial: SerialPorts::Terminal,
        disk: &[],
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
