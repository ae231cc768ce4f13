//! The boots in which the rows are measured.
//!
//! Most rows come from one boot in which every row has a process of its own, one after the other. The boot of 60 GB and the one for the
//! kernel's memory run a program that does nothing.

use std::fs;
use std::path::{Path, PathBuf};

use super::figures::{self, Figures};
use super::rows::{Row, Source};
use crate::boot::{self, Drive, Finished, Input, Setup};
use crate::error::{Error, Result};
use crate::link::transcript::Passing;
use crate::machine::{MachineOptions, Medium, SerialPorts};
use crate::paths::Tree;
use crate::plan::Job;
use crate::process;
use crate::volume::Volume;

/// The processor of the machine on which Linux was measured.
pub const PROCESSOR: &str = "qemu32,+pae,+nx,+sep";
/// What a processor needs for more than 4 GB.
const LARGE: &str = ",+pse36";
/// RAM of the machine with much of it, in MB.
const LARGE_RAM: u32 = 60 << 10;
/// RAM of the machine with little, in MB and in KB.
const SMALL_RAM: u32 = 64;
/// The file whose pages tests/bench/paging.c maps, and its bytes.
const PAGED_FILE: (&str, usize) = ("paging.dat", 4 << 20);
/// A program that does nothing.
const NOTHING: &str = "nothing";
/// A program that tells how long a tick is.
const CLOCK: &str = "clock";
/// Seconds after which a boot is given up where the user did not say.
const PATIENCE: u64 = 300;

/// What one boot with programs said.
#[derive(Debug, Default)]
pub struct Measured {
    /// All figures.
    pub figures: Figures,
    /// Ticks from the kernel's entry to the first instruction in ring 3.
    pub boot: Option<u64>,
    /// The same on the machine with 60 GB.
    pub large_boot: Option<u64>,
    /// Ticks and the microseconds that they took.
    pub clock: Option<(u64, u64)>,
}

/// Boots `machine` once and runs the programs that measure `rows`, in their order.
///
/// # Errors
/// [`Error::Unbuilt`], or [`Error::Tool`] with what the guest said last.
pub fn measure(tree: &Tree, machine: &MachineOptions, rows: &[&Row]) -> Result<Measured> {
    let folder = tree.built("bench", "guest")?;
    // One process for each row: what the rows before it left does not count.
    let of_programs = rows.iter().filter_map(|row| Some(job(program_of(row)?, &row.name)));
    let jobs: Vec<Job> = std::iter::once(job(CLOCK, "")).chain(of_programs).collect();
    let finished = run(tree, machine, &volume(tree, &folder)?, &jobs, None, &mut |_| Ok(()))?;
    let mut measured = Measured { boot: finished.transcript.ready, ..Measured::default() };
    measured.figures.extend(figures::find(&finished.log));
    for job in &finished.transcript.jobs {
        let output = String::from_utf8_lossy(&job.output);
        if job.end.as_ref().is_some_and(|end| end.status != 0) {
            let problem = format!("status {:?} after\n{output}", job.end.as_ref().map(|end| end.status));
            return Err(Error::Tool { program: job.label.clone(), problem });
        }
        measured.figures.extend(figures::find(&output));
        measured.clock = measured.clock.or(figures::clock(&output));
    }
    Ok(measured)
}

/// The program that measures a row.
pub(super) fn program_of(row: &Row) -> Option<&str> {
    match &row.source {
        Source::Program(program) => Some(program),
        _ => None,
    }
}

/// A job that runs a program of tests/bench with these words.
pub(super) fn job(program: &str, words: &str) -> Job {
    let label = format!("{program}.exe");
    let image = format!("C:\\{label}");
    let command_line = format!("{image} {words}").trim_end().to_owned();
    Job { label, command_line, image, ..Job::default() }
}

/// Drive C: with all programs of the benchmark, and the file whose pages they map.
pub(super) fn volume(tree: &Tree, folder: &Path) -> Result<Volume> {
    let mut volume = tree.system_volume()?;
    volume.add_bytes(PAGED_FILE.0, vec![1; PAGED_FILE.1])?;
    for path in programs(folder)? {
        volume.add_file(&crate::guest_path::file_name(&path)?, &path)?;
    }
    Ok(volume)
}

fn programs(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(Error::file("reading", folder))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "exe"));
    paths.sort();
    Ok(paths)
}

/// Boots and runs `jobs` to their end.
///
/// # Errors
/// [`Error::Tool`] with what the kernel said last where it did not come to that.
pub(super) fn run(
    tree: &Tree,
    machine: &MachineOptions,
    volume: &Volume,
    jobs: &[Job],
    debugger: Option<&str>,
    passing: &mut dyn FnMut(Passing) -> Result<()>,
) -> Result<Finished> {
    let options = MachineOptions { timeout: machine.timeout.or(Some(PATIENCE)), ..machine.clone() };
    let setup = Setup {
        tree,
        options: &options,
        medium: Medium::Kernel,
        serial: SerialPorts::Linked,
        drive: Drive::Volume(volume),
        jobs,
        debugger,
        words: &["bench"],
    };
    let finished = boot::boot(&setup, Input::Bytes(Vec::new()), passing)?;
    if finished.transcript.done {
        return Ok(finished);
    }
    let log = process::last_lines(&finished.log, 20).join("\n");
    let problem = format!("the benchmark did not end ({:?})\n{log}", finished.ending);
    Err(Error::Tool { program: "the guest".into(), problem })
}

/// Ticks of the start of a machine like this one, but with 60 GB.
///
/// # Errors
/// Those of [`measure`].
pub fn large_boot(tree: &Tree, machine: &MachineOptions) -> Result<Option<u64>> {
    let cpu = format!("{}{LARGE}", machine.cpu.trim_end_matches(LARGE));
    let options = MachineOptions { ram: LARGE_RAM, cpu, ..machine.clone() };
    let volume = volume(tree, &tree.built("bench", "guest")?)?;
    let finished = run(tree, &options, &volume, &[job(NOTHING, "")], None, &mut |_| Ok(()))?;
    Ok(finished.transcript.ready)
}

/// KB that the kernel itself has on a machine like this one, but with 64 MB, while a program runs that does nothing.
///
/// # Errors
/// Those of [`measure`], and [`Error::Tool`] where the debugger did not say what is needed.
pub fn kernel_memory(tree: &Tree, machine: &MachineOptions) -> Result<u64> {
    let options = MachineOptions { ram: SMALL_RAM, icount: true, ..machine.clone() };
    let mut volume = tree.system_volume()?;
    let program = format!("{NOTHING}.exe");
    volume.add_file(&program, &tree.built(&format!("bench/{program}"), "guest")?)?;
    // It is RAM all the time, as the loader's module.
    let on_volume = volume.image(crate::volume::ROOM)?.bytes.len().div_ceil(1024) as u64;
    let mut listing = String::new();
    run(tree, &options, &volume, &[job(NOTHING, "")], Some("!memusage"), &mut |item| {
        if let Passing::Debugger(bytes) = item {
            listing.push_str(&String::from_utf8_lossy(&bytes));
        }
        Ok(())
    })?;
    let problem = || format!("said nothing of memory:\n{listing}");
    let used =
        kilobytes_in_use(&listing).ok_or_else(|| Error::Tool { program: "!memusage".into(), problem: problem() })?;
    Ok(used.saturating_sub(on_volume))
}

/// By `!memusage`: RAM less what is Zeroed, Free and Standby, less private pages of processes, less pages of sections.
fn kilobytes_in_use(listing: &str) -> Option<u64> {
    let count = |name: &str| {
        let line = listing.lines().find(|line| line.trim_start().starts_with(&format!("{name}:")))?;
        let kilobytes = line.split_once('(')?.1.split_once("kb")?.0;
        kilobytes.trim().parse::<u64>().ok()
    };
    let (total, idle) = (count("TOTAL")?, count("Zeroed")? + count("Free")? + count("Standby")?);
    // A row: control area or dashes, Valid, Standby, Dirty, Shared, Locked, PageTables, name.
    let rows = listing.lines().skip_while(|line| !line.starts_with("Control ")).skip(1);
    let users = rows.filter(|row| !row.contains("process ( System )"));
    let valid: Vec<u64> = users.map_while(|row| row.split_whitespace().nth(1)?.parse().ok()).collect();
    if valid.is_empty() { None } else { total.checked_sub(idle)?.checked_sub(valid.iter().sum()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "kd> !memusage
             Zeroed:       10 (      40 kb)
               Free:    14639 (   58556 kb)
            Standby:       38 (     152 kb)
           Modified:        0 (       0 kb)
       Active/Valid:     1567 (    6268 kb)
              TOTAL:    16254 (   65016 kb)
  Usage Summary (in Kb):
Control   Valid Standby Dirty Shared Locked PageTables  name
a0007e40      8       4     0      0      0          0  mapped_file( n.exe )
a00041d8      0     144     0      0      0          0  Page File Section
--------     32       0     0  -----      0         40  process ( n.exe )
--------   6140       0     0  -----      0          0  process ( System )
";

    #[test]
    fn the_kernels_memory_is_what_is_nobody_elses() {
        assert_eq!(kilobytes_in_use(LISTING), Some(65016 - 40 - 58556 - 152 - 8 - 32));
        assert_eq!(kilobytes_in_use("nothing"), None);
        assert_eq!(kilobytes_in_use(LISTING.split("Control").next().unwrap()), None);
    }

    #[test]
    fn a_row_by_itself_is_an_argument_of_its_program() {
        assert_eq!(job("memory", "null_system_call").command_line, "C:\\memory.exe null_system_call");
        assert_eq!(job("memory", "").command_line, "C:\\memory.exe");
    }
}
