//! `bench --row NAME --profile`: where the instructions of a row are, function by function.
//!
//! The row's program runs alone, under a QEMU that logs every block of instructions it executes; the log goes through a pipe, for it is
//! hundreds of megabytes. The programs read the time-stamp counter right before and right after a sample and nowhere else, so the samples
//! can be told apart, and under `-icount` each one's instructions are exactly what the counter said. The profile is that of the sample that
//! stands for the row, the median: its sum is the row's figure.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;

use rustix::fs::OFlags;

use super::boots;
use super::figures::{self, Figure, grouped};
use super::rows::{Row, Source};
use crate::error::{Error, Result};
use crate::link::pipes;
use crate::machine::MachineOptions;
use crate::paths::Tree;
use crate::process;

pub mod names;
pub mod trace;

use self::names::Names;
use self::trace::{Execution, Reader};

/// The program whose rows start others, and those.
const STARTS: (&str, [&str; 2]) = ("process", ["nothing", "hello"]);
/// The zero-page thread has to zero less than all of RAM: it would be most of the log.
const LITTLE_ZEROED: &str = "zeromax=16";
/// Functions that are listed one by one.
const LISTED: usize = 60;
/// Seconds for a boot that is logged.
const PATIENCE: u64 = 900;

/// Instructions and calls by the function's number.
type ByFunction = HashMap<usize, (u64, u64)>;

/// What the samples of one length did: how many of them there are, and instructions and calls of all of them by function.
#[derive(Debug, Default)]
struct Alike {
    samples: u64,
    functions: ByFunction,
}

/// The samples of a run by the instructions they took.
#[derive(Debug, Default)]
struct Samples {
    by_length: BTreeMap<u64, Alike>,
    /// Image and function by number.
    functions: Vec<(String, String)>,
}

/// One line of a profile.
#[derive(Clone, Debug, PartialEq)]
struct Share {
    image: String,
    function: String,
    instructions: f64,
    calls: f64,
}

/// Runs a row with so many samples and prints where its instructions are.
///
/// # Errors
/// [`Error::BadInput`] for a row that no program measures; [`Error::Unbuilt`]; [`Error::Tool`] where the log does not fit the figure.
pub fn run(tree: &Tree, machine: &MachineOptions, row: &Row, samples: Option<u32>) -> Result<u8> {
    let Source::Program(program) = &row.source else {
        let problem = format!("{} is measured by the kernel; only rows of programs have profiles", row.name);
        return Err(Error::BadInput(problem));
    };
    let mut programs = vec![program.as_str()];
    if program == STARTS.0 {
        programs.extend(STARTS.1);
    }
    let names = Names::read(tree, &programs)?;
    let range = names.range(program).unwrap_or_default();
    let words = samples.map_or(row.name.clone(), |samples| format!("{} {samples}", row.name));
    let volume = boots::volume(tree, &tree.built("bench", "guest")?)?;
    let folder = process::scratch_folder()?;
    let pipe = folder.path().join("trace");
    pipes::make_one(&pipe)?;
    let timeout = machine.timeout.or(Some(PATIENCE));
    let cmdline = format!("{LITTLE_ZEROED} {}", machine.cmdline);
    let options = MachineOptions { icount: true, trace: Some(pipe.clone()), timeout, cmdline, ..machine.clone() };
    let (finished, read) = thread::scope(|scope| {
        let reading = scope.spawn(|| read(&pipe, &names, &range));
        let finished = boots::run(tree, &options, &volume, &[boots::job(program, &words)], None, &mut |_| Ok(()));
        // A reader that nobody wrote to still waits for the first writer.
        drop(OpenOptions::new().write(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(&pipe));
        (finished, reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let (finished, samples) = (finished?, read?);
    let output: String =
        finished.transcript.jobs.iter().map(|job| String::from_utf8_lossy(&job.output).into_owned()).collect();
    let figure = figures::find(&output).find(|(name, _)| *name == row.name).map(|(_, figure)| figure);
    let problem = || Error::Tool { program: program.clone(), problem: format!("printed {output:?}") };
    let figure = figure.ok_or_else(problem)?;
    let shares = samples.shares(&figure).ok_or_else(|| {
        let counted = figure.sample + figure.empty;
        let nearest = samples.by_length.keys().min_by_key(|length| length.abs_diff(counted)).copied().unwrap_or(0);
        let problem =
            format!("no sample in the log takes the {counted} instructions that were counted; the nearest {nearest}");
        Error::Tool { program: "the profile".into(), problem }
    })?;
    print!("{}", text(row, &figure, &shares));
    Ok(0)
}

/// Reads the log to its end.
fn read(pipe: &Path, names: &Names, program: &std::ops::Range<u32>) -> Result<Samples> {
    let mut log = BufReader::with_capacity(1 << 20, File::open(pipe).map_err(Error::file("opening", pipe))?);
    let (mut reader, mut collector) = (Reader::default(), Collector::new(names, program));
    let mut line = Vec::new();
    while log.read_until(b'\n', &mut line).map_err(Error::file("reading", pipe))? > 0 {
        if let Some(done) = reader.line(&line) {
            collector.take(&done);
        }
        line.clear();
    }
    Ok(collector.samples)
}

/// Parts what is executed into samples.
struct Collector<'a> {
    names: &'a Names,
    program: &'a std::ops::Range<u32>,
    numbers: HashMap<(&'a str, &'a str), usize>,
    /// Number of the function of a block by its first address, and whether the function begins there.
    by_address: HashMap<u32, (usize, bool)>,
    /// The sample that is being taken.
    sample: Option<(u64, ByFunction)>,
    samples: Samples,
}

impl<'a> Collector<'a> {
    fn new(names: &'a Names, program: &'a std::ops::Range<u32>) -> Self {
        let (numbers, by_address, samples) = (HashMap::new(), HashMap::new(), Samples::default());
        Self { names, program, numbers, by_address, sample: None, samples }
    }

    fn take(&mut self, done: &Execution) {
        let Some(&address) = done.block.addresses.first() else { return };
        let (function, is_start) = self.function_at(address);
        if let Some((length, functions)) = &mut self.sample {
            *length += u64::from(done.count);
            let share = functions.entry(function).or_default();
            share.0 += u64::from(done.count);
            share.1 += u64::from(is_start && done.count > 0);
        }
        if done.is_whole() && done.block.reads_counter && self.program.contains(&address) {
            self.sample = match self.sample.take() {
                None => Some((0, HashMap::new())),
                Some((length, functions)) => {
                    self.samples.add(length, functions);
                    None
                }
            };
        }
    }

    fn function_at(&mut self, address: u32) -> (usize, bool) {
        if let Some(known) = self.by_address.get(&address) {
            return *known;
        }
        let (image, function, is_start) = self.names.of(address);
        let number = *self.numbers.entry((image, function)).or_insert_with(|| {
            self.samples.functions.push((image.to_owned(), function.to_owned()));
            self.samples.functions.len() - 1
        });
        self.by_address.insert(address, (number, is_start));
        (number, is_start)
    }
}

impl Samples {
    fn add(&mut self, length: u64, functions: ByFunction) {
        let alike = self.by_length.entry(length).or_default();
        alike.samples += 1;
        for (function, (instructions, calls)) in functions {
            let share = alike.functions.entry(function).or_default();
            share.0 += instructions;
            share.1 += calls;
        }
    }

    /// The samples that took `counted` instructions beyond what reading the counter takes; or one more, for the program takes off the
    /// instruction that is measured where it is a single one.
    fn of_length(&self, counted: u64, empty: u64) -> Option<&Alike> {
        let exact = counted + empty;
        self.by_length.get(&exact).or_else(|| self.by_length.get(&(exact + 1)))
    }

    /// The shares of all functions in the sample that stands for the row, for one unit; the largest first.
    fn shares(&self, figure: &Figure) -> Option<Vec<Share>> {
        let mut sums: HashMap<usize, (f64, f64)> = HashMap::new();
        let mut add = |alike: &Alike, sign: f64| {
            let divisor = alike.samples * figure.units;
            for (function, (instructions, calls)) in &alike.functions {
                let sum = sums.entry(*function).or_default();
                sum.0 += sign * quotient(*instructions, divisor);
                sum.1 += sign * quotient(*calls, divisor);
            }
        };
        add(self.of_length(figure.sample, figure.empty)?, 1.0);
        if let Some(less) = figure.less {
            add(self.of_length(less, figure.empty)?, -1.0);
        }
        let mut shares: Vec<Share> = sums
            .into_iter()
            .filter(|(_, (instructions, _))| instructions.abs() > 1e-9)
            .map(|(function, (instructions, calls))| {
                let (image, function) = self.functions[function].clone();
                Share { image, function, instructions, calls }
            })
            .collect();
        shares.sort_by(|one, other| {
            other.instructions.abs().total_cmp(&one.instructions.abs()).then_with(|| one.function.cmp(&other.function))
        });
        Some(shares)
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn quotient(number: u64, divisor: u64) -> f64 {
    number as f64 / divisor as f64
}

/// The profile as text.
fn text(row: &Row, figure: &Figure, shares: &[Share]) -> String {
    let mut out = format!("{}: {} instructions ({})\n\n", row.name, grouped(figure.ticks), row.title);
    let mut images: BTreeMap<&str, f64> = BTreeMap::new();
    for share in shares {
        *images.entry(&share.image).or_default() += share.instructions;
    }
    let mut images: Vec<(&str, f64)> = images.into_iter().collect();
    images.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()));
    // Writing to a string cannot fail.
    for (image, instructions) in images {
        let _ = writeln!(out, "{instructions:>12.1}          {image}");
    }
    let _ = writeln!(out, "\ninstructions    calls  function");
    for share in shares.iter().take(LISTED) {
        let Share { image, function, instructions, calls } = share;
        let _ = writeln!(out, "{instructions:>12.1} {calls:>8.1}  {image}!{function}");
    }
    if let Some(rest) = shares.get(LISTED..).filter(|rest| !rest.is_empty()) {
        let sum: f64 = rest.iter().map(|share| share.instructions).sum();
        let _ = writeln!(out, "{sum:>12.1}           {} more", rest.len());
    }
    let sum: f64 = shares.iter().map(|share| share.instructions).sum();
    let beyond = sum - quotient(figure.sample - figure.less.unwrap_or(0).min(figure.sample), figure.units);
    let _ = writeln!(
        out,
        "{sum:>12.1}           sum; {beyond:.1} of it measure: they read the counter, or are the access itself"
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::rows;

    fn figure(sample: u64, less: Option<u64>, units: u64) -> Figure {
        let ticks = (sample - less.unwrap_or(0)) / units;
        Figure { ticks, least: ticks, sample, less, units, empty: 3 }
    }

    /// Two samples of 13 instructions and one of 24, of two functions.
    fn samples() -> Samples {
        let mut samples = Samples {
            functions: vec![("kernel".into(), "fault".into()), ("memory".into(), "measure".into())],
            ..Samples::default()
        };
        samples.add(13, [(0, (10, 1)), (1, (3, 0))].into());
        samples.add(13, [(0, (8, 1)), (1, (5, 0))].into());
        samples.add(24, [(0, (21, 3)), (1, (3, 0))].into());
        samples
    }

    #[test]
    fn the_profile_is_that_of_the_samples_that_stand_for_the_row() {
        let shares = samples().shares(&figure(10, None, 1)).unwrap();
        let plain: Vec<_> =
            shares.iter().map(|share| (share.function.as_str(), share.instructions, share.calls)).collect();
        assert_eq!(plain, [("fault", 9.0, 1.0), ("measure", 4.0, 0.0)]);
        // The access itself was taken off.
        assert_eq!(samples().shares(&figure(9, None, 1)), Some(shares));
        assert_eq!(samples().shares(&figure(5, None, 1)), None);
    }

    #[test]
    fn of_a_difference_the_one_is_taken_from_the_other() {
        let shares = samples().shares(&figure(21, Some(10), 1)).unwrap();
        assert_eq!((shares[0].instructions, shares[0].calls), (12.0, 2.0));
        assert_eq!((shares[1].instructions, shares[1].function.as_str()), (-1.0, "measure"));
    }

    #[test]
    fn the_sum_is_the_rows_figure_and_what_measures() {
        let row = &rows::parse("a | x | 100 | - | A row").unwrap()[0];
        let figure = figure(10, None, 1);
        let text = text(row, &figure, &samples().shares(&figure).unwrap());
        assert!(text.starts_with("a: 10 instructions (A row)"), "{text}");
        assert!(text.contains("         9.0      1.0  kernel!fault\n"), "{text}");
        assert!(text.contains("        13.0           sum; 3.0 of it measure"), "{text}");
    }
}
