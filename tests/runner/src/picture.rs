//! `picture`: boots headless, runs a program that draws a picture on the screen, and takes the screen as a PNG file.
//!
//! The kernel says when a whole picture is on the screen. QEMU itself writes the file, asked through its [monitor](crate::monitor).

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::boot::{self, Drive, Input, Setup};
use crate::command_line;
use crate::error::{Error, Result};
use crate::guest_path;
use crate::link::event::Event;
use crate::link::transcript::Passing;
use crate::machine::{MachineOptions, Medium, SerialPorts};
use crate::monitor::Monitor;
use crate::paths::Tree;
use crate::plan::{Handles, Job};
use crate::process;
use crate::report::{self, Outcome};
use crate::vet;

/// Options of `picture`.
#[derive(Args, Clone, Debug)]
pub struct PictureOptions {
    /// Where to write the picture: a PNG file, or plain pixels (PPM) where the name ends in .ppm
    #[arg(short, long, value_name = "FILE.png", default_value = "picture.png")]
    pub output: PathBuf,
    /// A program of the system, like `ramview`, or an EXE here, and its arguments
    #[arg(value_names = ["PROGRAM", "ARGS"], num_args = 1.., required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
}

/// The word with which the kernel says that a picture is on the screen.
const SHOWN: &str = "picture ";
/// The file that QEMU writes, in its folder.
const FILE: &str = "picture";

/// Boots, runs the program and takes its picture.
///
/// # Errors
/// [`Error::BadInput`] without such a program, or where it ended without a picture; what QEMU says.
pub fn run(tree: &Tree, machine: &MachineOptions, options: &PictureOptions) -> Result<u8> {
    let [program, arguments @ ..] = options.command.as_slice() else {
        return Err(Error::BadInput("no program".into()));
    };
    let mut volume = tree.system_volume()?;
    let image = if Path::new(program).is_file() {
        let name = guest_path::file_name(Path::new(program))?;
        volume.add_bytes(&name, vet::read_program(Path::new(program))?)?;
        format!("C:\\{name}")
    } else {
        format!("C:\\WINDOWS\\system32\\{}.exe", program.trim_end_matches(".exe"))
    };
    let command_line = command_line::join(&image, arguments);
    let job = Job { label: "picture".into(), command_line, image, handles: Handles::Console, ..Job::default() };
    let setup = Setup {
        tree,
        options: machine,
        medium: Medium::Kernel,
        serial: SerialPorts::LinkedAndWatched,
        drive: Drive::Volume(&volume),
        jobs: &[job],
        debugger: None,
        words: &["video"],
    };
    let folder = process::scratch_folder()?;
    let mut taken = false;
    let mut said = Vec::new();
    let finished = boot::boot_in(folder.path(), &setup, Input::Bytes(Vec::new()), &mut |item| {
        match item {
            Passing::Output(bytes) | Passing::Errors(bytes) => said.extend(bytes),
            Passing::Event(Event::Other(line)) if line.starts_with(SHOWN) && !taken => {
                take(folder.path(), &options.output)?;
                taken = true;
            }
            _ => {}
        }
        Ok(())
    })?;
    if taken {
        return Ok(0);
    }
    let outcome = Outcome::of(&finished);
    let kernel = report::log_tail(&outcome, &finished.log).join("\n");
    let said = String::from_utf8_lossy(&said).into_owned();
    Err(Error::BadInput(format!("{program} showed no picture\n{said}{kernel}").trim_end().to_owned()))
}

/// Has QEMU write the screen into its folder, end, and copies what it wrote.
fn take(folder: &Path, output: &Path) -> Result<()> {
    let mut monitor = Monitor::connect(folder)?;
    let format = if output.extension().is_some_and(|extension| extension == "ppm") { "ppm" } else { "png" };
    monitor.command(&json!({ "execute": "screendump", "arguments": { "filename": FILE, "format": format } }))?;
    let file = folder.join(FILE);
    fs::copy(&file, output).map_err(Error::file("writing", output))?;
    monitor.command(&json!({ "execute": "quit" }))
}
