//! `dump`: boots headless, stops the machine at a point that is asked for, and writes what it was made of then: RAM, paging file, symbols, and
//! what the kernel itself says of it all.
//!
//! The kernel's debugger stops the system and [tells the truth](crate::truth); then QEMU stops the machine and ends. RAM is a file of the
//! scratch folder, and what is left of it is copied with its holes.

mod console;
mod crash;
mod memory;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::boot::{self, Drive, Input, Setup};
use crate::command_line;
use crate::disk::{self, Care, Disk};
use crate::error::{Error, Result};
use crate::guest_path;
use crate::isf;
use crate::link::event::Event;
use crate::link::transcript::Passing;
use crate::machine::{MachineOptions, Medium, SerialPorts, names};
use crate::monitor::Monitor;
use crate::paths::Tree;
use crate::plan::{Handles, Job};
use crate::process;
use crate::report::{self, Outcome};
use crate::truth;
use crate::vet;
pub use console::Console;

/// RAM, in the folder that is written; an offset in it is a physical address.
pub const RAM: &str = "memory.raw";
/// The first paging file.
pub const PAGING_FILE: &str = "pagefile.sys";
/// What the kernel wrote itself when it had to stop, in Windows' format.
pub const CRASH: &str = "crash.dmp";
/// What it wrote of a system that goes on, in the same format.
pub const LIVE: &str = "memory.dmp";
/// What the kernel says.
pub const TRUTH: &str = "truth.jsonl";
/// Where the symbols are.
pub const SYMBOLS: &str = "symbols";

/// The least room on C:, in megabytes, of which paging files take half.
const LEAST_ROOM: u32 = 64;
const MOST_ROOM: u32 = 512;
/// What runs where no program is named.
const SHELL: &str = "C:\\WINDOWS\\system32\\cmd.exe";
/// Seconds after which it waits.
const SHELL_STARTS: u64 = 2;

/// Options of `dump`.
#[derive(Args, Clone, Debug, Default)]
pub struct DumpOptions {
    /// Stop when the program has written this text
    #[arg(long, value_name = "TEXT", conflicts_with = "after")]
    pub when: Option<String>,
    /// Stop so many seconds after the program's start
    #[arg(long, value_name = "SECONDS")]
    pub after: Option<u64>,
    /// Have the kernel stop with a bugcheck and write a crash dump of its own, in Windows' format, into the paging file; it is taken out of it
    #[arg(long)]
    pub crash: bool,
    /// Have the kernel's debugger write a dump of its own as well (.dump), in Windows' format, of the system that stands still
    #[arg(long, conflicts_with = "crash")]
    pub live: bool,
    /// Copy this file to C:\ too (repeatable)
    #[arg(long = "file", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Set a variable in the program's environment (repeatable)
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub environment: Vec<String>,
    /// The folder that is written, made where there is none
    #[arg(value_name = "OUTDIR")]
    pub folder: PathBuf,
    /// The program and its arguments; else cmd.exe, which waits for a line. Without --when and --after the machine is stopped where the
    /// program meets a breakpoint
    #[arg(value_names = ["PROG.EXE", "ARGS"], num_args = 0.., trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
}

/// When the machine is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Moment {
    Text(Vec<u8>),
    Seconds(u64),
    Breakpoint,
}

/// What the kernel said when it was stopped, or why it was not.
type Told = Arc<Mutex<Option<Result<String>>>>;

/// Boots, stops and writes.
///
/// # Errors
/// [`Error::BadInput`] for what is no program, and where the program ended before it was stopped; what QEMU, kernel and host say.
pub fn run(tree: &Tree, machine: &MachineOptions, options: &DumpOptions) -> Result<u8> {
    let folder = &options.folder;
    fs::create_dir_all(folder).map_err(Error::file("making", folder))?;
    let written = take(tree, machine, options)?;
    for path in written {
        println!("{}", path.display());
    }
    Ok(0)
}

/// What is done by the debugger's console after the kernel has told all, and before the machine ends: `told` is what it said.
pub type Change = fn(console: &mut Console, told: &str) -> Result<()>;

/// The same, without a word; the paths of what was written.
///
/// # Errors
/// As [`run`].
pub fn take(tree: &Tree, machine: &MachineOptions, options: &DumpOptions) -> Result<Vec<PathBuf>> {
    take_changed(tree, machine, options, None).map(|taken| taken.written)
}

/// What came of a dump.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The paths of what was written.
    pub written: Vec<PathBuf>,
    /// What the program said before the machine was stopped.
    pub said: String,
}

/// The same after a `change`, of which the truth knows nothing.
///
/// # Errors
/// As [`run`], and what the change says.
pub fn take_changed(
    tree: &Tree,
    machine: &MachineOptions,
    options: &DumpOptions,
    change: Option<Change>,
) -> Result<Taken> {
    let mut machine = MachineOptions { ram_file: true, ..machine.clone() };
    if options.crash {
        // A page more than RAM, for the header.
        machine.cmdline = format!("crashdump pagefile={} {}", machine.ram + 1, machine.cmdline);
    }
    if options.live {
        machine.cmdline = format!("dumpfile {}", machine.cmdline);
    }
    let scratch = process::scratch_folder()?;
    let disk = scratch_disk(tree, &machine, options, scratch.path())?;
    let boot_folder = scratch.path().join("boot");
    fs::create_dir(&boot_folder).map_err(Error::file("making", &boot_folder))?;
    let (told, said) = stop(tree, &machine, options, &Place { folder: &boot_folder, disk: &disk }, change)?;
    let ram = options.folder.join(RAM);
    memory::copy(&boot_folder.join(names::RAM), &ram, machine.ram)?;
    let mut written = vec![ram];
    if let Some(bytes) = paging_file(&disk)? {
        let crash = crash::length(&bytes);
        if options.crash && crash.is_none() {
            return Err(Error::Malformed {
                path: disk,
                problem: "the kernel left no crash dump in its paging file".into(),
            });
        }
        let (name, length) = crash.map_or((PAGING_FILE, bytes.len()), |length| (CRASH, length));
        let path = options.folder.join(name);
        memory::write_sparsely(&path, &bytes[..length]).map_err(Error::file("writing", &path))?;
        written.push(path);
    }
    if options.live {
        let path = options.folder.join(LIVE);
        memory::write_sparsely(&path, &disk::get(&disk, LIVE)?).map_err(Error::file("writing", &path))?;
        written.push(path);
    }
    let path = options.folder.join(TRUTH);
    let told = truth::annotate(&told).map_err(|problem| Error::Malformed { path: path.clone(), problem })?;
    fs::write(&path, told).map_err(Error::file("writing", &path))?;
    written.push(path);
    written.push(isf::write(&tree.kernel_for_debugger()?, &options.folder.join(SYMBOLS))?);
    Ok(Taken { written, said })
}

/// C: on a disk that is thrown away, so that there is a paging file.
fn scratch_disk(tree: &Tree, machine: &MachineOptions, options: &DumpOptions, folder: &Path) -> Result<PathBuf> {
    let mut volume = tree.system_volume()?;
    for file in options.command.first().map(PathBuf::from).iter().chain(&options.files) {
        let name = guest_path::file_name(file)?;
        let bytes = fs::read(file).map_err(|error| Error::BadInput(format!("{}: {error}", file.display())))?;
        volume.add_bytes(&name, bytes)?;
    }
    let path = folder.join(names::DISK);
    let room = match () {
        () if options.crash => machine.ram + LEAST_ROOM,
        // The paging file takes half of it.
        () if options.live => 2 * (machine.ram + LEAST_ROOM),
        () => machine.ram.clamp(LEAST_ROOM, MOST_ROOM),
    };
    disk::create(&volume, room.into(), &path)?;
    Ok(path)
}

fn paging_file(disk: &Path) -> Result<Option<Vec<u8>>> {
    match disk::get(disk, PAGING_FILE) {
        Ok(bytes) => Ok(Some(bytes)),
        // The command line can do without one.
        Err(Error::Host { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn job_and_moment(options: &DumpOptions) -> Result<(Job, Moment)> {
    let (image, arguments) = match options.command.as_slice() {
        [] => (SHELL.to_owned(), &[][..]),
        [program, arguments @ ..] => {
            vet::read_program(Path::new(program))?;
            (format!("C:\\{}", guest_path::file_name(Path::new(program))?), arguments)
        }
    };
    let moment = match (&options.when, options.after) {
        (Some(text), _) => Moment::Text(text.clone().into_bytes()),
        (None, Some(seconds)) => Moment::Seconds(seconds),
        (None, None) if options.command.is_empty() => Moment::Seconds(SHELL_STARTS),
        (None, None) => Moment::Breakpoint,
    };
    let command_line = command_line::join(&image, arguments);
    let handles = if options.command.is_empty() { Handles::Console } else { Handles::Pipes };
    let environment = options.environment.clone();
    Ok((Job { label: "dump".into(), command_line, image, environment, handles, ..Job::default() }, moment))
}

/// Where a machine is booted, and its disk.
#[derive(Clone, Copy)]
struct Place<'p> {
    folder: &'p Path,
    disk: &'p Path,
}

/// What the machine is made to do when it stands still.
#[derive(Clone, Copy)]
struct Last {
    crash: bool,
    live: bool,
    change: Option<Change>,
}

/// Boots and stops at the moment; what the kernel then said, and the program before.
fn stop(
    tree: &Tree,
    machine: &MachineOptions,
    options: &DumpOptions,
    place: &Place<'_>,
    change: Option<Change>,
) -> Result<(String, String)> {
    let Place { folder, disk } = *place;
    let (job, moment) = job_and_moment(options)?;
    let setup = Setup {
        tree,
        options: machine,
        medium: Medium::Kernel,
        serial: SerialPorts::LinkedAndInspected,
        drive: Drive::Disk(Disk { path: disk, care: Care::Unsafe, place: 0 }),
        jobs: &[job],
        debugger: None,
        words: &["kd=com2"],
    };
    let (told, last) = (Told::default(), Last { crash: options.crash, live: options.live, change });
    let mut said = Vec::new();
    let finished = boot::boot_in(folder, &setup, Input::Silent, &mut |item| {
        match item {
            Passing::Output(bytes) | Passing::Errors(bytes) => {
                said.extend(bytes);
                if matches!(&moment, Moment::Text(text) if is_in(text, &said)) && is_untold(&told) {
                    capture(folder, Moment::Seconds(0), last, &told);
                }
            }
            // The console is open by now.
            Passing::Event(Event::Ready { .. }) if !matches!(moment, Moment::Text(_)) => {
                let (folder, moment, told) = (folder.to_owned(), moment.clone(), Arc::clone(&told));
                thread::spawn(move || capture(&folder, moment, last, &told));
            }
            _ => {}
        }
        Ok(())
    })?;
    if let Some(result) = told.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return result.map(|told| (told, String::from_utf8_lossy(&said).into_owned()));
    }
    let outcome = Outcome::of(&finished);
    let kernel = report::log_tail(&outcome, &finished.log).join("\n");
    let said = String::from_utf8_lossy(&said).into_owned();
    Err(Error::BadInput(format!(
        "the machine ended before it was stopped: --when and --after say when\n{said}{kernel}"
    )))
}

fn is_in(text: &[u8], said: &[u8]) -> bool {
    said.windows(text.len().max(1)).any(|part| part == text)
}

fn is_untold(told: &Told) -> bool {
    told.lock().unwrap_or_else(PoisonError::into_inner).is_none()
}

/// Waits for the moment, has the kernel stop and tell, does what comes `last`, and ends the machine, or has it end itself with a crash.
fn capture(folder: &Path, moment: Moment, last: Last, told: &Told) {
    let tell = |result| *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    let stopped = || -> Result<()> {
        let mut console = Console::attach(folder)?;
        match moment {
            Moment::Breakpoint => console.wait_for_breakpoint()?,
            Moment::Seconds(seconds) => {
                thread::sleep(Duration::from_secs(seconds));
                console.stop()?;
            }
            Moment::Text(_) => console.stop()?,
        }
        let text = console.command(".truth")?;
        if let Some(change) = last.change {
            change(&mut console, &text)?;
        }
        if last.live {
            console.dump(".dump /f")?;
        }
        // While the machine is there: who waits for its end asks then.
        tell(Ok(text));
        if last.crash { console.crash() } else { Ok(()) }
    };
    let mut result = stopped();
    if !last.crash {
        result = result.and(end(folder));
    }
    if let Err(error) = result {
        tell(Err(error));
    }
}

/// Stops the machine, and ends it.
fn end(folder: &Path) -> Result<()> {
    let mut monitor = Monitor::connect(folder)?;
    monitor.command(&json!({ "execute": "stop" }))?;
    monitor.command(&json!({ "execute": "quit" }))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::os::unix::net::UnixListener;

    use super::*;

    /// The kernel's debugger: a prompt for each line, and what it says when it is stopped.
    fn debug(listener: &UnixListener) {
        let (mut console, _) = listener.accept().unwrap();
        let mut byte = [0];
        while console.read(&mut byte).unwrap_or(0) == 1 {
            let said = match byte[0] {
                b'\r' => "\r\nkd> ",
                3 => "Break-in\r\nkd> ",
                _ => continue,
            };
            let _ = console.write_all(said.as_bytes());
        }
    }

    /// QEMU's monitor, which ends with `quit`; whether something had been told by then.
    fn obey(listener: &UnixListener, told: &Told) -> bool {
        let (mut monitor, _) = listener.accept().unwrap();
        monitor.write_all(b"{\"QMP\": {}}\n").unwrap();
        let commands = BufReader::new(monitor.try_clone().unwrap());
        for command in commands.lines() {
            let (is_last, was_told) = (command.unwrap().contains("quit"), !is_untold(told));
            monitor.write_all(b"{\"return\": {}}\n").unwrap();
            if is_last {
                return was_told;
            }
        }
        false
    }

    #[test]
    fn what_the_kernel_said_is_told_before_the_machine_ends() {
        let folder = process::scratch_folder().unwrap();
        let listen = |name| UnixListener::bind(folder.path().join(name)).unwrap();
        let (console, monitor) = (listen(names::CONSOLE), listen(names::MONITOR));
        let told = Told::default();
        thread::scope(|scope| {
            scope.spawn(|| debug(&console));
            let machine = scope.spawn(|| obey(&monitor, &told));
            capture(folder.path(), Moment::Seconds(0), Last { crash: false, live: false, change: None }, &told);
            assert!(machine.join().unwrap(), "the machine has ended, and nothing was told");
        });
        assert!(told.lock().unwrap().take().unwrap().is_ok());
    }
}
