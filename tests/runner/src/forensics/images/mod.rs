//! `image`: dumps whose answers are known, for whoever writes, tests or teaches forensics tools.
//!
//! A scenario is a program that hides something and says where, and what the debugger does to the system that stands still.

mod answers;
mod check;
mod check_forms;
mod plugins;
mod scenario;
mod unlink;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::{Study, Volatility};
use crate::dump::{self, DumpOptions};
use crate::error::{Error, Result};
use crate::machine::MachineOptions;
use crate::paths::Tree;
use answers::Finding;
pub use scenario::{SCENARIOS, Scenario, list, named};

/// What is to be found, for programs and for readers, beside the dump.
pub const ANSWERS: &str = "answers.json";
/// See [`ANSWERS`].
pub const README: &str = "README.txt";
/// What every program says when all is set.
const SET: &str = "the image is set";
/// The process that programs do something to.
const VICTIM: &str = "forensics/victim.exe";

/// Options of `image`.
#[derive(Args, Clone, Debug, Default)]
pub struct ImageOptions {
    /// Which one; without it they are listed
    #[arg(value_name = "SCENARIO")]
    pub scenario: Option<String>,
    /// The folder that is written, made where there is none [default: one with the scenario's name]
    #[arg(value_name = "OUTDIR")]
    pub folder: Option<PathBuf>,
}

/// An image.
#[derive(Debug)]
pub struct Image {
    /// The dump.
    pub study: Study,
    scenario: &'static Scenario,
    findings: Vec<Finding>,
    /// What is in `answers.json`.
    pub answers: Value,
    written: Vec<PathBuf>,
}

/// What `--help` says of the scenarios.
#[must_use]
pub fn help() -> String {
    format!("Scenarios:\n{}", list())
}

/// Builds the image that is asked for, or lists them.
///
/// # Errors
/// [`Error::BadInput`] for a scenario that there is not; what host, QEMU and kernel say.
pub fn run(tree: &Tree, options: &ImageOptions) -> Result<u8> {
    let Some(name) = &options.scenario else {
        println!("{}", list());
        return Ok(0);
    };
    let scenario =
        named(name).ok_or_else(|| Error::BadInput(format!("{name} is no scenario; there are\n{}", list())))?;
    let folder = options.folder.clone().unwrap_or_else(|| PathBuf::from(scenario.name));
    for path in Image::build(tree, scenario, &folder)?.written {
        println!("{}", path.display());
    }
    Ok(0)
}

impl Image {
    /// Builds the image of `scenario` in `folder`.
    ///
    /// # Errors
    /// What host, QEMU and kernel say, and what is not as the program says.
    pub fn build(tree: &Tree, scenario: &'static Scenario, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(Error::file("making", folder))?;
        let program = tree.built(&format!("forensics/{}", scenario.program), "guest")?;
        let options = DumpOptions {
            when: Some(SET.into()),
            folder: folder.to_owned(),
            files: vec![tree.built(VICTIM, "guest")?],
            command: vec![program.display().to_string()],
            ..DumpOptions::default()
        };
        let machine = MachineOptions {
            ram: scenario.ram,
            cmdline: scenario.cmdline.into(),
            timeout: Some(120),
            ..MachineOptions::default()
        };
        let taken = dump::take_changed(tree, &machine, &options, scenario.change)?;
        let study = Study::open(tree, folder)?;
        let malformed = |problem| Error::Malformed { path: folder.join(ANSWERS), problem };
        let findings = Finding::all(&taken.said).map_err(malformed)?;
        let answers = answers::answers(&study.scene, scenario, &findings).map_err(malformed)?;
        let mut written = taken.written;
        for (name, text) in [(ANSWERS, format!("{answers:#}\n")), (README, answers::readme(scenario, &answers))] {
            let path = folder.join(name);
            fs::write(&path, text).map_err(Error::file("writing", &path))?;
            written.push(path);
        }
        Ok(Self { study, scenario, findings, answers, written })
    }

    /// Whether what is to be found is in the dump, by exact values: [`check`].
    ///
    /// # Errors
    /// What is not.
    pub fn check(&self) -> std::result::Result<(), String> {
        check::check(self)
    }

    /// Changes a byte of what is to be found, in the dump's own files, and checks again: whether the change is noticed. The dump is of no use after it.
    ///
    /// # Errors
    /// [`Error::Host`].
    pub fn spoil(&self) -> Result<std::result::Result<(), String>> {
        let Some((name, at)) = check::first_byte(self) else {
            return Ok(Err("there is nothing to change".into()));
        };
        let path = self.study.folder.join(name);
        let file = File::options().read(true).write(true).open(&path).map_err(Error::file("opening", &path))?;
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).map_err(Error::file("reading", &path))?;
        file.write_all_at(&[!byte[0]], at).map_err(Error::file("writing", &path))?;
        Ok(if self.check().is_err() {
            Ok(())
        } else {
            Err(format!("byte {at:x} of {name} is another, and nobody notices"))
        })
    }

    /// Runs the plugins that have something to find here; what is wrong with their rows, a verdict each.
    ///
    /// # Errors
    /// What the tool says.
    pub fn ask(&self, volatility: &Volatility) -> Result<Vec<(String, std::result::Result<(), String>)>> {
        let plugins = self.scenario.plugins.iter();
        let outcomes = plugins.map(|plugin| Ok(((*plugin).to_owned(), plugins::ask(self, volatility, plugin)?)));
        outcomes.collect()
    }

    fn finding(&self, name: &str) -> std::result::Result<&Finding, String> {
        self.findings.iter().find(|finding| finding.name == name).ok_or_else(|| format!("there is no finding {name}"))
    }
}
