//! `exec`: one program, booted headless, its streams and its exit code passed through.
//!
//! Nothing of the runner's own goes to standard output; what it has to say goes to standard error, each line
//! beginning with `vadose:`.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::boot::{self, Input, Setup};
use crate::command_line;
use crate::drives::Drives;
use crate::error::{Error, Result};
use crate::link::transcript::Passing;
use crate::machine::{MachineOptions, Medium, SerialPorts};
use crate::paths::Tree;
use crate::plan::{Handles, Job};
use crate::report::{self, Outcome, Ticks};
use crate::vet;
use crate::volume::Volume;
use crate::{guest_path, image_symbols};

/// Options of `exec`.
#[derive(Args, Clone, Debug, Default)]
pub struct ExecOptions {
    /// Copy this file to C:\ too (repeatable)
    #[arg(long = "file", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Copy this folder with all it holds to C:\, under its own name (repeatable)
    #[arg(long = "dir", value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,
    /// Set a variable in the program's environment (repeatable)
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = parse_setting)]
    pub environment: Vec<String>,
    /// The program sees a console instead of pipes
    #[arg(long)]
    pub console: bool,
    /// Write a JSON report: exit status (32 bits), kind, guest and boot instructions (with --icount), audit
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Debugger commands, parted by semicolons: run whenever the program stops at a breakpoint (it then goes on past it),
    /// and just before it is torn down if it never did. `?` lists them
    #[arg(long, value_name = "COMMANDS", value_parser = parse_commands, help_heading = "Debugger")]
    pub kd: Option<String>,
    /// Where the debugger's output goes instead of standard error
    #[arg(long, value_name = "FILE", requires = "kd", help_heading = "Debugger")]
    pub kd_out: Option<PathBuf>,
    /// Copy this file from C: to the current directory afterwards (repeatable)
    #[arg(long, value_name = "FILE")]
    pub get: Vec<String>,
    /// C: is the first FAT partition of the disk image PATH, which is made with the system on it where there is none, and kept
    #[arg(long, value_name = "PATH")]
    pub disk: Option<PathBuf>,
    /// D: is a disk with what this folder holds, which goes with the run
    #[arg(long, value_name = "FOLDER")]
    pub drive_d: Option<PathBuf>,
    /// The program, a 32-bit x86 console EXE, and its arguments, which are quoted as `CreateProcess` does
    #[arg(
        value_names = ["PROG.EXE", "ARGS"],
        num_args = 1..,
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub command: Vec<String>,
}

/// Where a run's streams come from and go to.
pub struct Sinks<'a> {
    /// Standard input.
    pub input: Input,
    /// Standard output.
    pub output: &'a mut dyn Write,
    /// Standard error: the program's, and the runner's own lines.
    pub errors: &'a mut dyn Write,
}

/// Runs a program as `exec` does and returns the exit code; says on standard error what there is to say.
#[must_use]
pub fn run(tree: &Tree, machine: &MachineOptions, options: &ExecOptions) -> u8 {
    let (mut output, mut errors) = (io::stdout(), io::stderr());
    let sinks = Sinks { input: Input::Terminal, output: &mut output, errors: &mut errors };
    let program = options.command.first().cloned().unwrap_or_default();
    let (code, report) = match execute(tree, machine, options, sinks) {
        Ok(done) => done,
        Err(error) => {
            eprintln!("vadose: {error}");
            (error.exit_code(), report::of_failure(&program, &error))
        }
    };
    match options.report.as_deref().map(|path| report::write(path, &report)) {
        Some(Err(error)) => {
            eprintln!("vadose: {error}");
            error.exit_code()
        }
        _ => code,
    }
}

/// Runs a program as `exec` does; the exit code, and a report.
///
/// # Errors
/// What is wrong with the command, the host or the tools.
pub fn execute(
    tree: &Tree,
    machine: &MachineOptions,
    options: &ExecOptions,
    sinks: Sinks<'_>,
) -> Result<(u8, serde_json::Value)> {
    let (program, arguments) = split_command(&options.command)?;
    let bytes = vet::read_program(program)?;
    let name = guest_path::file_name(program)?;
    let mut files = Volume::default();
    if options.kd.is_some() {
        image_symbols::add(tree, &mut files, &[(&name, &bytes)])?;
    }
    files.add_bytes(&name, bytes)?;
    add_extras(&mut files, options)?;
    let medium = Drives::prepare(tree, files, options)?;
    let job = job(&name, arguments, options);
    let setup = Setup {
        tree,
        options: machine,
        medium: Medium::Kernel,
        serial: SerialPorts::Linked,
        drive: medium.drive(),
        jobs: &[job],
        debugger: options.kd.as_deref(),
        words: &[],
    };
    let Sinks { input, output, errors } = sinks;
    let mut debugger = options.kd_out.as_deref().map(DebuggerFile::create).transpose()?;
    let finished = boot::boot(&setup, input, &mut |item| pass(item, output, errors, debugger.as_mut()))?;
    let outcome = Outcome::of(&finished);
    let mut lines: Vec<String> =
        report::log_tail(&outcome, &finished.log).into_iter().map(|line| format!("vadose: kernel: {line}")).collect();
    lines.extend(outcome.line(&name).map(|line| format!("vadose: {line}")));
    for line in lines {
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(errors, "{line}");
    }
    medium.get(&options.get)?;
    let ticks = if machine.icount { Ticks::Instructions } else { Ticks::Time };
    Ok((outcome.exit_code(), report::of_run(&name, &outcome, &finished, ticks)))
}

/// Where the debugger's output goes instead of standard error.
struct DebuggerFile {
    path: PathBuf,
    file: File,
}

impl DebuggerFile {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(Error::file("creating", path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(Error::file("writing", &self.path))
    }
}

fn pass(
    item: Passing,
    output: &mut dyn Write,
    errors: &mut dyn Write,
    debugger: Option<&mut DebuggerFile>,
) -> Result<()> {
    // Flushed at once: somebody may be looking on.
    match item {
        Passing::Output(bytes) => {
            output.write_all(&bytes).and_then(|()| output.flush()).map_err(Error::host("standard output"))
        }
        Passing::Errors(bytes) => errors.write_all(&bytes).map_err(Error::host("standard error")),
        Passing::Debugger(bytes) => match debugger {
            Some(file) => file.write(&bytes),
            None => errors.write_all(&bytes).map_err(Error::host("standard error")),
        },
        Passing::Event(_) => Ok(()),
    }
}

/// The program and its arguments. What looks like an option in the program's place is a mistyped option.
fn split_command(command: &[String]) -> Result<(&Path, &[String])> {
    match command {
        [] => Err(Error::BadInput("no program".into())),
        [option, ..] if option.starts_with('-') => {
            Err(Error::BadInput(format!("there is no option {option}; see ./vadose exec --help")))
        }
        [program, arguments @ ..] => Ok((Path::new(program), arguments)),
    }
}

fn add_extras(volume: &mut Volume, options: &ExecOptions) -> Result<()> {
    for file in &options.files {
        refuse_unless(file.is_file(), file, "is not a file")?;
        volume.add_file(&guest_path::file_name(file)?, file)?;
    }
    for folder in &options.folders {
        refuse_unless(folder.is_dir(), folder, "is not a folder")?;
        // `.` and `..` have a name only once they are resolved.
        let whole = folder.canonicalize().map_err(Error::file("resolving", folder))?;
        volume.add_folder(&guest_path::file_name(&whole)?, &whole)?;
    }
    Ok(())
}

fn refuse_unless(fine: bool, path: &Path, problem: &str) -> Result<()> {
    if fine { Ok(()) } else { Err(Error::BadInput(format!("{} {problem}", path.display()))) }
}

fn job(name: &str, arguments: &[String], options: &ExecOptions) -> Job {
    let image = format!("C:\\{name}");
    Job {
        label: "exec".into(),
        command_line: command_line::join(&image, arguments),
        image,
        environment: options.environment.clone(),
        handles: if options.console { Handles::Console } else { Handles::Pipes },
        ..Job::default()
    }
}

fn parse_commands(text: &str) -> std::result::Result<String, String> {
    match text.split(';').any(|command| !command.trim().is_empty()) {
        true => Ok(text.to_owned()),
        false => Err("there is no command in it".into()),
    }
}

fn parse_setting(text: &str) -> std::result::Result<String, String> {
    match text.split_once('=') {
        Some((name, _)) if !name.is_empty() => Ok(text.to_owned()),
        _ => Err("it must look like NAME=VALUE".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_called_by_its_full_path_on_c() {
        let options = ExecOptions { console: true, ..ExecOptions::default() };
        let job = job("my prog.exe", &["a b".into()], &options);
        assert_eq!(job.image, "C:\\my prog.exe");
        assert_eq!(job.command_line, "\"C:\\my prog.exe\" \"a b\"");
        assert_eq!(job.handles, Handles::Console);
    }

    #[test]
    fn a_setting_needs_a_name() {
        assert!(parse_setting("A=").is_ok());
        assert!(parse_setting("=x").is_err() && parse_setting("A").is_err());
    }
}
