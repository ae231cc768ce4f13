//! One boot from start to end: lay out the scratch folder, start QEMU, move the bytes of the link, keep the
//! deadline, and collect what the guest left behind.
//!
//! Threads: one reads the link, one pumps standard input; the caller's thread owns the emulator and everything
//! else, and learns of bytes through a channel. The link's pipes are there before QEMU starts, so
//! there is no moment at which the one waits for a file that the other has not made yet.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::iso;
use crate::link::frame::{Channel, encode_data, encode_end};
use crate::link::pipes::{self, FromGuest};
use crate::link::transcript::{Passing, Transcript};
use crate::machine::{DEAD, MachineOptions, Medium, Screen, SerialPorts, Start, names};
use crate::paths::Tree;
use crate::plan::{self, Job};
use crate::process::{self, Process, Streams, Waited};
use crate::volume::Volume;

/// How long a guest that has said everything may take to end.
const GRACE: Duration = Duration::from_secs(10);
/// The longest sleep before looking at deadline and signals again.
const TICK: Duration = Duration::from_millis(50);

/// What the guest reads as standard input.
#[derive(Clone, Debug)]
pub enum Input {
    /// This process's standard input, to its end.
    Terminal,
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// Nothing, and no end.
    Silent,
}

/// Where drive C: is.
#[derive(Clone, Copy, Debug)]
pub enum Drive<'a> {
    /// None at all.
    Missing,
    /// A volume.
    Volume(&'a Volume),
    /// Bytes that need not be a volume.
    Raw(&'a [u8]),
    /// No module but a disk, whose first FAT partition it is.
    Disk(Disk<'a>),
    /// A module, and a disk: that is C: instead of it if the system is on it, else D:.
    Both(&'a Volume, Disk<'a>),
    /// Two disks, C: and D:.
    Two([Disk<'a>; 2]),
}

/// What to boot.
#[derive(Clone, Debug)]
pub struct Setup<'a> {
    /// Where kernel and DLLs are.
    pub tree: &'a Tree,
    /// The machine.
    pub options: &'a MachineOptions,
    /// What it starts from.
    pub medium: Medium,
    /// Its serial ports; without a link only the exit status and the log tell what happened.
    pub serial: SerialPorts,
    /// Drive C:.
    pub drive: Drive<'a>,
    /// The jobs of the plan.
    pub jobs: &'a [Job],
    /// Commands for the debugger.
    pub debugger: Option<&'a str>,
    /// Words of the kernel's command line, before the user's own.
    pub words: &'a [&'a str],
}

/// How the machine came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The emulator ended with this status (`None`: a signal ended it).
    Status(Option<i32>),
    /// The deadline passed.
    TimedOut,
}

/// Status of QEMU after the guest wrote 10h to the exit port: all went well.
pub const STATUS_GOOD: i32 = 33;
/// Status of QEMU after the guest wrote 11h: a bugcheck, a failed audit or a failed job.
pub const STATUS_BAD: i32 = 35;

/// What is left after a boot.
#[derive(Debug)]
pub struct Finished {
    /// What the link said.
    pub transcript: Transcript,
    /// What the kernel wrote to COM1.
    pub log: String,
    /// What the emulator said on its own account.
    pub emulator_log: String,
    /// How the machine ended.
    pub ending: Ending,
    /// Wall-clock time.
    pub elapsed: Duration,
    /// The most memory that the emulator had, in bytes, when the link last said something.
    pub most_resident: Option<u64>,
}

/// Boots and runs the plan to its end; `passing` sees output and events as they arrive.
///
/// # Errors
/// What the host, the tools or the link did wrong. A guest that fails is no error, but a [`Finished`].
pub fn boot(setup: &Setup<'_>, input: Input, passing: &mut dyn FnMut(Passing) -> Result<()>) -> Result<Finished> {
    boot_in(process::scratch_folder()?.path(), setup, input, passing)
}

/// The same, with `folder`, which is empty, as scratch folder.
///
/// # Errors
/// As [`boot`].
pub fn boot_in(
    folder: &Path,
    setup: &Setup<'_>,
    input: Input,
    passing: &mut dyn FnMut(Passing) -> Result<()>,
) -> Result<Finished> {
    let command_line = command_line(setup);
    let modules = lay_out(setup, folder, &command_line)?;
    let disk = match setup.drive {
        Drive::Disk(disk) | Drive::Both(_, disk) => disk.attach(folder)?,
        Drive::Two([first, second]) => [first.attach(folder)?, second.attach(folder)?].concat(),
        Drive::Missing | Drive::Volume(_) | Drive::Raw(_) => Vec::new(),
    };
    let start = Start {
        options: setup.options,
        medium: setup.medium,
        modules: &modules,
        command_line: &command_line,
        serial: setup.serial,
        screen: Screen::Hidden,
        disk: &disk,
    };
    let began = Instant::now();
    let link = setup.serial.are_linked().then(|| pipes::make(folder)).transpose()?;
    let streams = Streams::Logged(names::EMULATOR_LOG);
    let mut emulator = Process::start(&start.program()?, &start.arguments(), folder, streams)?;
    let deadline = setup.options.deadline(began);
    let mut transcript = Transcript::default();
    let mut most_resident = None;
    let ending = match link {
        None => wait_for_end(&mut emulator, deadline)?,
        Some((ref heard, _)) if !accept(heard, &mut emulator, folder, deadline)? => Ending::TimedOut,
        Some(link) => converse(link, input, &mut emulator, deadline, &mut transcript, &mut most_resident, passing)?,
    };
    drop(emulator);
    Ok(Finished { most_resident, ..finish(folder, transcript, ending, began) })
}

/// The kernel's command line: what the runner needs, then the user's own words.
fn command_line(setup: &Setup<'_>) -> String {
    let mut words: Vec<&str> = Vec::new();
    if setup.serial.are_linked() {
        words.push("link=com3");
    }
    if setup.serial == SerialPorts::Absent {
        words.push("console=none");
    }
    words.push("exit=debug");
    words.extend(setup.options.kernel_words());
    words.extend(setup.words);
    words.extend(setup.options.cmdline.split_whitespace());
    words.join(" ")
}

/// Puts kernel and modules, or the disc image made of them, into the scratch folder.
fn lay_out(setup: &Setup<'_>, folder: &Path, command_line: &str) -> Result<Vec<&'static str>> {
    let kernel = setup.tree.kernel()?;
    let mut modules = Vec::new();
    let image = folder.join(names::VOLUME);
    match setup.drive {
        Drive::Missing | Drive::Disk(_) | Drive::Two(_) => {}
        Drive::Volume(volume) | Drive::Both(volume, _) => volume.write(&image)?,
        Drive::Raw(bytes) => fs::write(&image, bytes).map_err(Error::file("writing", &image))?,
    }
    if !matches!(setup.drive, Drive::Missing | Drive::Disk(_) | Drive::Two(_)) {
        modules.push(names::VOLUME);
    }
    if !setup.jobs.is_empty() {
        let path = folder.join(names::PLAN);
        fs::write(&path, plan::encode(setup.jobs)?).map_err(Error::file("writing", &path))?;
        modules.push(names::PLAN);
    }
    if let Some(commands) = setup.debugger {
        let path = folder.join(names::DEBUGGER);
        fs::write(&path, commands).map_err(Error::file("writing", &path))?;
        modules.push(names::DEBUGGER);
    }
    if setup.options.dead {
        let path = folder.join(names::DEAD_RAM);
        let made = fs::File::create(&path).and_then(|file| file.set_len(u64::from(DEAD) << 20));
        made.map_err(Error::file("making", &path))?;
    }
    match setup.medium {
        Medium::Kernel => {
            symlink(&kernel, folder.join(names::KERNEL)).map_err(Error::file("linking", &kernel))?;
        }
        Medium::Disc => {
            let modules: Vec<_> = modules.iter().map(|&name| (name, folder.join(name))).collect();
            iso::build(setup.tree, &kernel, &modules, command_line, &folder.join(names::DISC))?;
        }
    }
    Ok(modules)
}

/// Waits until the guest has said something, or its link has closed; false when the time was up.
fn accept(heard: &FromGuest, emulator: &mut Process, folder: &Path, deadline: Option<Instant>) -> Result<bool> {
    let is_ready = || heard.is_ready(process::PAUSE).map_err(Error::host("waiting for the link"));
    loop {
        if is_ready()? {
            return Ok(true);
        }
        // What it said last may have come since.
        if let Some(status) = emulator.ended()?
            && !is_ready()?
        {
            let said = process::read_log(&folder.join(names::EMULATOR_LOG));
            let words = process::last_lines(&said, 3).join("; ");
            return Err(Error::Tool {
                program: emulator.name().to_owned(),
                problem: format!("ended at once ({status}): {words}"),
            });
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Ok(false);
        }
        process::check_interrupt()?;
    }
}

fn wait_for_end(emulator: &mut Process, deadline: Option<Instant>) -> Result<Ending> {
    Ok(match emulator.wait(deadline)? {
        Waited::Ended(status) => Ending::Status(status.code()),
        Waited::TimedOut => Ending::TimedOut,
    })
}

/// Moves bytes in both directions until the guest is done, its link closes or the time is up.
fn converse(
    (heard, sending): (FromGuest, File),
    input: Input,
    emulator: &mut Process,
    deadline: Option<Instant>,
    transcript: &mut Transcript,
    most_resident: &mut Option<u64>,
    passing: &mut dyn FnMut(Passing) -> Result<()>,
) -> Result<Ending> {
    let (listening, guest_listens) = mpsc::sync_channel(1);
    thread::spawn(move || send_input(sending, input, &guest_listens));
    // Without a bound: the guest's serial driver gives up on a line that does not move for long.
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || receive(heard, &sender));
    while let Some(bytes) = next_bytes(&receiver, deadline)? {
        if bytes.is_empty() {
            return Ok(Ending::TimedOut);
        }
        // Full when it was said before, disconnected when the input has been sent: fine both.
        let _ = listening.try_send(());
        for item in transcript.push(&bytes)? {
            if matches!(item, Passing::Event(_)) {
                *most_resident = emulator.most_resident().or(*most_resident);
            }
            passing(item)?;
        }
    }
    // The link is closed, so the emulator is about to end; a guest that hangs now gets little time.
    let patience = Instant::now() + GRACE;
    let ending = wait_for_end(emulator, Some(deadline.map_or(patience, |deadline| deadline.min(patience))))?;
    if ending != Ending::TimedOut {
        transcript.finish()?;
    }
    Ok(ending)
}

/// The next bytes of the link; `None` when it has closed, an empty vector when the deadline has passed.
fn next_bytes(receiver: &Receiver<Vec<u8>>, deadline: Option<Instant>) -> Result<Option<Vec<u8>>> {
    loop {
        process::check_interrupt()?;
        let now = Instant::now();
        let left = deadline.map_or(TICK, |deadline| deadline.saturating_duration_since(now).min(TICK));
        match receiver.recv_timeout(left) {
            Ok(bytes) => return Ok(Some(bytes)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) if deadline.is_some_and(|deadline| Instant::now() >= deadline) => {
                return Ok(Some(Vec::new()));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Reads the link until it closes; ends early when nobody listens any more.
fn receive(mut link: FromGuest, sender: &Sender<Vec<u8>>) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        match link.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // The emulator was killed, or ended.
            Err(_) => return,
        }
    }
}

/// Sends standard input and its end, once the guest has sent something: what reaches a serial port before its
/// driver has set it up is lost. The guest may end before it has read everything, so failures are no news.
fn send_input(mut link: File, input: Input, guest_listens: &Receiver<()>) {
    if guest_listens.recv().is_err() {
        return;
    }
    let sent = match input {
        Input::Bytes(bytes) => link.write_all(&encode_data(Channel::StandardInput, &bytes)),
        Input::Terminal => pump(&mut io::stdin().lock(), &mut link),
        Input::Silent => loop {
            thread::park();
        },
    };
    if sent.is_ok() {
        let _ = link.write_all(&encode_end(Channel::StandardInput));
    }
}

fn pump(from: &mut impl Read, link: &mut File) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => link.write_all(&encode_data(Channel::StandardInput, &buffer[..count]))?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // What cannot be read (a closed descriptor, a directory) is an input without bytes.
            Err(_) => return Ok(()),
        }
    }
}

fn finish(folder: &Path, transcript: Transcript, ending: Ending, began: Instant) -> Finished {
    Finished {
        transcript,
        log: process::read_log(&folder.join(names::KERNEL_LOG)),
        emulator_log: process::read_log(&folder.join(names::EMULATOR_LOG)),
        ending,
        elapsed: began.elapsed(),
        most_resident: None,
    }
}
