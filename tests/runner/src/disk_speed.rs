//! How fast a disk is read: by the kernel's own loop of 64 KB commands into frames, and by a program's ReadFile.
//!
//! Time, not instructions, for a thread that waits for a disk executes none: so this is a figure of its own, from a boot
//! without `--icount`.

use crate::boot::{self, Drive, Input, Setup};
use crate::disk::{self, Care, Disk};
use crate::error::{Error, Result};
use crate::machine::{MachineOptions, Medium, SerialPorts, names};
use crate::paths::Tree;
use crate::plan::Job;
use crate::process;

/// The program, of `tests/commands`.
const PROGRAM: &str = "read_file.exe";
/// Bytes of the file that it reads.
const BYTES: u32 = 64 << 20;

/// Both figures, in KB a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speeds {
    /// The kernel's loop.
    pub raw: u64,
    /// ReadFile.
    pub file: u64,
}

/// Measures both in one boot.
///
/// # Errors
/// [`Error::Unbuilt`], or [`Error::Tool`] with what the guest said.
pub fn measure(tree: &Tree) -> Result<Speeds> {
    let folder = process::scratch_folder()?;
    let path = folder.path().join(names::DISK);
    let mut volume = tree.system_volume()?;
    volume.add_file(PROGRAM, &tree.built(&format!("commands/{PROGRAM}"), "guest")?)?;
    // Each page another byte: what is read is what was asked for, and no hole in the image.
    volume.add_bytes("large.bin", (0..BYTES).map(|at| (at >> 12) as u8).collect())?;
    disk::create(&volume, disk::ROOM_FOR_TESTS, &path)?;
    // The kernel's loop reads into few frames, a program's reading into many: giving the machine its RAM is not to be timed.
    let options = MachineOptions { ram: 256, timeout: Some(120), touched: true, ..MachineOptions::default() };
    let image = format!("C:\\{PROGRAM}");
    let setup = Setup {
        tree,
        options: &options,
        medium: Medium::Kernel,
        serial: SerialPorts::Linked,
        drive: Drive::Disk(Disk { path: &path, care: Care::Unsafe, place: 0 }),
        jobs: &[Job { label: "read".into(), command_line: image.clone(), image, ..Job::default() }],
        debugger: None,
        words: &["bench"],
    };
    let finished = boot::boot(&setup, Input::Bytes(Vec::new()), &mut |_| Ok(()))?;
    let output = finished.transcript.job("read").map(|job| String::from_utf8_lossy(&job.output).into_owned());
    let raw = figure(&finished.log, "disk_raw");
    match (raw, output.as_deref().and_then(|output| figure(output, "disk_read"))) {
        (Some(raw), Some(file)) => Ok(Speeds { raw, file }),
        _ => {
            let log = process::last_lines(&finished.log, 10).join("\n");
            Err(Error::Tool { program: PROGRAM.into(), problem: format!("printed {output:?}\n{log}") })
        }
    }
}

/// The figure of the line `bench NAME: FIGURE KB a second` in `text`.
fn figure(text: &str, name: &str) -> Option<u64> {
    let start = format!("bench {name}: ");
    let rest = text.lines().find_map(|line| line.trim().strip_prefix(&start))?;
    rest.strip_suffix(" KB a second")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_read_from_its_line() {
        let text = "x\nbench disk_raw: 81363 KB a second\r\nbench other: 1 KB a second\n";
        assert_eq!(figure(text, "disk_raw"), Some(81_363));
        assert_eq!(figure(text, "disk_read"), None);
        assert_eq!(figure("bench disk_raw: Medium\n", "disk_raw"), None);
    }
}
