//! A machine with a program on a disk, and somebody at COM2 from the moment on at which the program has said something.

use std::path::PathBuf;

use crate::boot::{self, Drive, Input, Setup};
use crate::disk::{self, Care, Disk};
use crate::dump::Console;
use crate::error::{Error, Result};
use crate::link::transcript::Passing;
use crate::machine::{MachineOptions, Medium, SerialPorts, names};
use crate::paths::Tree;
use crate::plan::{Handles, Job};
use crate::process;
use crate::report::Outcome;

/// What runs where.
pub(super) struct Inspected<'a> {
    /// The program, below `out/commands`.
    pub(super) program: &'a str,
    /// RAM and room on C:, in megabytes.
    pub(super) ram: u32,
    pub(super) room: u64,
    /// Words of the kernel's command line.
    pub(super) words: &'a [&'a str],
    /// How its line begins that says when.
    pub(super) when: &'a str,
}

/// What came of it.
pub(super) struct Seen {
    /// What the debugger said.
    pub(super) told: String,
    /// What the program said.
    pub(super) said: String,
    /// How it ended, as `exec` tells it.
    pub(super) code: u8,
    /// What the kernel said.
    pub(super) log: String,
    /// The disk, for as long as this lives.
    pub(super) disk: PathBuf,
    _folder: tempfile::TempDir,
}

impl Inspected<'_> {
    /// Boots, and has `work` do what is to be done at the console: it gets the rest of the program's line. The machine ends by itself.
    ///
    /// # Errors
    /// What stops the runner itself.
    pub(super) fn run(
        &self,
        tree: &Tree,
        mut work: impl FnMut(&mut Console, &str, &mut String) -> Result<()>,
    ) -> Result<Seen> {
        let file = format!("{}.exe", self.program);
        let mut volume = tree.system_volume()?;
        volume.add_file(&file, &tree.built(&format!("commands/{file}"), "guest")?)?;
        let folder = process::scratch_folder()?;
        let path = folder.path().join(names::DISK);
        disk::create(&volume, self.room, &path)?;
        let image = format!("C:\\{file}");
        let (command_line, handles) = (image.clone(), Handles::Pipes);
        let job = Job { label: self.program.into(), command_line, image, handles, ..Job::default() };
        let words: Vec<&str> = ["kd=com2"].into_iter().chain(self.words.iter().copied()).collect();
        let setup = Setup {
            tree,
            options: &MachineOptions { ram: self.ram, timeout: Some(180), ..MachineOptions::default() },
            medium: Medium::Kernel,
            serial: SerialPorts::LinkedAndInspected,
            drive: Drive::Disk(Disk { path: &path, care: Care::Unsafe, place: 0 }),
            jobs: &[job],
            debugger: None,
            words: &words,
        };
        let boot_folder = folder.path().join("boot");
        std::fs::create_dir(&boot_folder).map_err(Error::file("making", &boot_folder))?;
        let (mut said, mut told) = (String::new(), None);
        let finished = boot::boot_in(&boot_folder, &setup, Input::Silent, &mut |item| {
            let Passing::Output(bytes) = item else { return Ok(()) };
            said.push_str(&String::from_utf8_lossy(&bytes).replace('\r', ""));
            let line = said.split_once(self.when).and_then(|(_, rest)| rest.split_once('\n'));
            if let (Some((rest, _)), None) = (line, &told) {
                let mut heard = String::new();
                let done = Console::attach(&boot_folder).and_then(|mut console| work(&mut console, rest, &mut heard));
                if let Err(error) = done {
                    heard += &error.to_string();
                }
                told = Some(heard);
            }
            Ok(())
        })?;
        let (code, told) = (Outcome::of(&finished).exit_code(), told.unwrap_or_default());
        Ok(Seen { told, said, code, log: finished.log, disk: path, _folder: folder })
    }
}
