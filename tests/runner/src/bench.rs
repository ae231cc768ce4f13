//! `bench`: guest instructions of the benchmark programs, beside their targets and Linux's figures.
//!
//! The programs print `bench name=NAME instructions=N` lines, and so does the kernel in its log; `tests/bench/targets` says what each name stands
//! for. Everything runs under `--icount`, so the figures are counts and repeat exactly.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::boot::{self, Drive, Finished, Input, Setup};
use crate::disk_speed::{self, Speeds};
use crate::error::{Error, Result};
use crate::guest_path;
use crate::machine::{MachineOptions, Medium, SerialPorts};
use crate::paths::Tree;
use crate::plan::Job;
use crate::volume::Volume;

/// The row that nobody prints: from the kernel's entry to the first instruction in ring 3.
const BOOT: &str = "boot";

/// The file whose pages tests/bench/paging.c trims, and its bytes.
const PAGED_FILE: (&str, usize) = ("paging.dat", 2 << 20);

/// One row of `tests/bench/targets`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    name: String,
    /// Instructions that must not be exceeded.
    limit: u64,
    /// What Linux takes on the same machine, if it was measured.
    linux: Option<u64>,
    description: String,
}

/// Runs the benchmark and prints the table; exit code 1 when a row is missing or above its target.
///
/// # Errors
/// [`Error::Unbuilt`], a malformed table of targets, or what stops the runner itself.
pub fn run(tree: &Tree, machine: &MachineOptions) -> Result<u8> {
    let targets = read_targets(tree)?;
    let programs = programs(&tree.built("bench", "guest")?)?;
    let finished = boot_all(tree, machine, &programs)?;
    if !finished.transcript.done {
        let log = crate::process::last_lines(&finished.log, 20).join("\n");
        let problem = format!("the benchmark did not end ({:?})\n{log}", finished.ending);
        return Err(Error::Tool { program: "the guest".into(), problem });
    }
    let mut figures: BTreeMap<String, u64> =
        finished.transcript.ready.map(|ticks| (BOOT.to_owned(), ticks)).into_iter().collect();
    figures.extend(finished.log.lines().filter_map(parse_figure));
    for job in &finished.transcript.jobs {
        figures.extend(String::from_utf8_lossy(&job.output).lines().filter_map(parse_figure));
    }
    let (table, good) = table(&targets, &figures);
    print!("{table}");
    println!();
    let fast_enough = run_disk(tree)?;
    Ok(u8::from(!good || !fast_enough))
}

/// Measures how fast a disk is read and prints that; whether it is fast enough.
///
/// # Errors
/// Those of [`disk_speed::measure`].
pub fn run_disk(tree: &Tree) -> Result<bool> {
    let Speeds { raw, file } = disk_speed::measure(tree)?;
    let fast_enough = file >= raw / 2;
    println!("KB a second from a disk, without counting instructions; the second is to reach half of the first");
    println!("64 KB commands into frames, by the kernel itself {:>30}", grouped(raw));
    let verdict = if fast_enough { "" } else { "  below the target" };
    println!("ReadFile of 64 MB, 64 KB at a time {:>44}{verdict}", grouped(file));
    Ok(fast_enough)
}

fn programs(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(Error::file("reading", folder))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "exe"));
    paths.sort();
    Ok(paths)
}

fn boot_all(tree: &Tree, machine: &MachineOptions, programs: &[PathBuf]) -> Result<Finished> {
    let mut volume: Volume = tree.system_volume()?;
    volume.add_bytes(PAGED_FILE.0, vec![1; PAGED_FILE.1])?;
    let mut jobs = Vec::new();
    for path in programs {
        let name = guest_path::file_name(path)?;
        volume.add_file(&name, path)?;
        let image = format!("C:\\{name}");
        jobs.push(Job { label: name, command_line: image.clone(), image, ..Job::default() });
    }
    let options = MachineOptions { icount: true, ..machine.clone() };
    let setup = Setup {
        tree,
        options: &options,
        medium: Medium::Kernel,
        serial: SerialPorts::Linked,
        drive: Drive::Volume(&volume),
        jobs: &jobs,
        debugger: None,
        words: &["bench"],
    };
    boot::boot(&setup, Input::Bytes(Vec::new()), &mut |_| Ok(()))
}

fn read_targets(tree: &Tree) -> Result<Vec<Target>> {
    let path = tree.file("tests/bench/targets");
    let text = fs::read_to_string(&path).map_err(Error::file("reading", &path))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let problem = || format!("{line:?} is not `name target linux description`");
            parse_target(line).ok_or_else(|| Error::Malformed { path: path.clone(), problem: problem() })
        })
        .collect()
}

fn parse_target(line: &str) -> Option<Target> {
    let mut words = line.split_whitespace();
    let name = words.next()?.to_owned();
    let limit = words.next()?.parse().ok()?;
    let linux = match words.next()? {
        "-" => None,
        number => Some(number.parse().ok()?),
    };
    let description = words.collect::<Vec<&str>>().join(" ");
    Some(Target { name, limit, linux, description })
}

fn parse_figure(line: &str) -> Option<(String, u64)> {
    let rest = line.trim_end().strip_prefix("bench ")?;
    let field = |key: &str| rest.split(' ').find_map(|word| word.strip_prefix(key).and_then(|v| v.strip_prefix('=')));
    Some((field("name")?.to_owned(), field("instructions")?.parse().ok()?))
}

/// The table, and whether every target was reached.
fn table(targets: &[Target], figures: &BTreeMap<String, u64>) -> (String, bool) {
    let mut good = true;
    let mut lines = vec![format!("{:<58} {:>12} {:>12} {:>12}", "guest instructions", "Vadose", "target", "Linux 6.1")];
    for target in targets {
        let figure = figures.get(&target.name);
        let verdict = match figure {
            Some(&count) if count <= target.limit => "",
            Some(_) => "  above the target",
            None => "  not measured",
        };
        good &= verdict.is_empty();
        let shown = |number: Option<u64>| number.map_or("-".to_owned(), grouped);
        lines.push(format!(
            "{:<58} {:>12} {:>12} {:>12}{verdict}",
            target.description,
            shown(figure.copied()),
            grouped(target.limit),
            shown(target.linux)
        ));
    }
    for (name, &count) in figures.iter().filter(|(name, _)| targets.iter().all(|row| row.name != **name)) {
        lines.push(format!("{name:<58} {:>12}", grouped(count)));
    }
    (lines.join("\n") + "\n", good)
}

/// A number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let start = digits.len() % 3;
    let mut groups: Vec<&str> = Vec::new();
    if start != 0 {
        groups.push(&digits[..start]);
    }
    groups.extend((start..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_lines_of_their_form() {
        assert_eq!(parse_figure("bench name=null_call instructions=120\r"), Some(("null_call".into(), 120)));
        assert_eq!(parse_figure("bench name=x instructions=1 loops=5"), Some(("x".into(), 1)));
        for line in ["", "bench", "bench name=x", "bench name=x instructions=y", "name=x instructions=1"] {
            assert_eq!(parse_figure(line), None, "{line}");
        }
    }

    #[test]
    fn a_row_above_its_target_or_without_a_figure_is_not_good() {
        let targets = ["a 100 200 A call", "b 5000 - Another"].map(|line| parse_target(line).unwrap());
        let figures = |a: u64, b: Option<u64>| {
            [("a".to_owned(), Some(a)), ("b".to_owned(), b)]
                .into_iter()
                .filter_map(|(name, count)| count.map(|count| (name, count)))
                .collect::<BTreeMap<String, u64>>()
        };
        let (text, good) = table(&targets, &figures(100, Some(4321)));
        assert!(good && text.contains("4,321") && text.contains("A call"), "{text}");
        assert!(!table(&targets, &figures(101, Some(1))).1);
        assert!(!table(&targets, &figures(1, None)).1);
    }

    #[test]
    fn thousands_are_grouped() {
        let numbers = [0, 999, 1000, 40_000_000].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "40,000,000"]);
    }
}
