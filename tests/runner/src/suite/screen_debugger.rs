//! The debugger at the machine's own keyboard and screen: keys are pressed, and the text screen read, through QEMU's monitor.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::boot::{self, Drive, Input, Setup};
use crate::error::{Error, Result};
use crate::link::transcript::Passing;
use crate::machine::{MachineOptions, Medium, SerialPorts};
use crate::monitor::Monitor;
use crate::paths::Tree;
use crate::plan::{Handles, Job};
use crate::process;

/// The text screen: 25 rows of 80 characters, each with a byte of colours.
const SCREEN: u32 = 0xB_8000;
const COLUMNS: usize = 80;
const BYTES: u32 = 80 * 25 * 2;
const PATIENCE: Duration = Duration::from_secs(60);

/// What is typed, and what the screen shows then.
const STEPS: &[(&str, &[&str])] = &[
    ("", &["Break-in: the system stands still until g.", "kd> "]),
    ("dd 7ffe026c l1\n", &["7ffe026c  00000005", "kd> "]),
    ("help\n", &["-- more: a key, or q --"]),
    ("q", &["kd> "]),
    (".lines 2\nhelp\n", &["!process [ADDRESS", "-- more: a key, or q --"]),
    ("qbl\n", &["kd> bl", "kd> "]),
];

/// Stops a program that runs and looks around; what went wrong.
///
/// # Errors
/// [`Error::Unbuilt`], [`Error::Host`], [`Error::Tool`].
pub fn run(tree: &Tree) -> Result<std::result::Result<(), String>> {
    let mut volume = tree.system_volume()?;
    volume.add_file("spin.exe", &tree.built("commands/spin.exe", "guest")?)?;
    let image = "C:\\spin.exe".to_owned();
    let job =
        Job { label: "spin".into(), command_line: image.clone(), image, handles: Handles::Console, ..Job::default() };
    let setup = Setup {
        tree,
        options: &MachineOptions::default(),
        medium: Medium::Kernel,
        serial: SerialPorts::LinkedAndWatched,
        drive: Drive::Volume(&volume),
        jobs: &[job],
        debugger: None,
        words: &["kd=screen"],
    };
    let folder = process::scratch_folder()?;
    let mut verdict = None;
    boot::boot_in(folder.path(), &setup, Input::Bytes(Vec::new()), &mut |item| {
        if verdict.is_none() && matches!(item, Passing::Output(_) | Passing::Errors(_)) {
            verdict = Some(look_around(folder.path())?);
        }
        Ok(())
    })?;
    Ok(verdict.unwrap_or_else(|| Err("the program said nothing".into())))
}

fn look_around(folder: &Path) -> Result<std::result::Result<(), String>> {
    let mut monitor = Monitor::connect(folder)?;
    press(&mut monitor, &["pause"])?;
    let mut verdict = Ok(());
    for (typed, shown) in STEPS {
        for character in typed.chars() {
            press(&mut monitor, &[&key(character)])?;
        }
        verdict = wait_for(&mut monitor, folder, shown)?.map_err(|screen| format!("{typed:?}: {screen}"));
        if verdict.is_err() {
            break;
        }
    }
    monitor.command(&json!({ "execute": "quit" }))?;
    Ok(verdict)
}

/// What QEMU calls the key that types `character`.
fn key(character: char) -> String {
    match character {
        ' ' => "spc".into(),
        '\n' => "ret".into(),
        '.' => "dot".into(),
        other => other.into(),
    }
}

fn press(monitor: &mut Monitor, keys: &[&str]) -> Result<()> {
    let keys: Vec<_> = keys.iter().map(|key| json!({ "type": "qcode", "data": key })).collect();
    monitor.command(&json!({ "execute": "send-key", "arguments": { "keys": keys, "hold-time": 20 } }))?;
    // Both ways of the key have to be over before the next one.
    thread::sleep(Duration::from_millis(60));
    Ok(())
}

/// Waits until the screen has all of `wanted` and its last line with anything on it is the last of them; else what it shows.
fn wait_for(monitor: &mut Monitor, folder: &Path, wanted: &[&str]) -> Result<std::result::Result<(), String>> {
    const FILE: &str = "screen.bin";
    let began = Instant::now();
    loop {
        let arguments = json!({ "val": SCREEN, "size": BYTES, "filename": FILE });
        monitor.command(&json!({ "execute": "pmemsave", "arguments": arguments }))?;
        let path = folder.join(FILE);
        let cells = fs::read(&path).map_err(Error::file("reading", &path))?;
        let letters: Vec<char> = cells.chunks(2).map(|cell| char::from(cell[0])).collect();
        let lines: Vec<String> =
            letters.chunks(COLUMNS).map(|line| line.iter().collect::<String>().trim_end().to_owned()).collect();
        let last = lines.iter().rfind(|line| !line.is_empty()).map_or("", String::as_str);
        let screen = lines.join("\n");
        let ends = wanted.last().is_some_and(|end| last == end.trim_end());
        if ends && wanted.iter().all(|words| screen.contains(words.trim_end())) {
            return Ok(Ok(()));
        }
        if began.elapsed() > PATIENCE {
            return Ok(Err(format!("the screen shows\n{}", screen.trim_end())));
        }
        thread::sleep(Duration::from_millis(100));
    }
}
