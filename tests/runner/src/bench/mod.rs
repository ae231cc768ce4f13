//! `bench`: what our paths take beside Linux's, in guest instructions and in time.
//!
//! Instructions are counted under `--icount`, so they repeat exactly; time is what the same programs take without it, where what instructions
//! cost counts too. [`rows`] says what the rows are, [`boots`] runs them, [`table`] shows them; [`record`] keeps ours and sees whether one
//! has become worse, [`peer`] keeps Linux's and measures them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::disk_speed::{self, Speeds};
use crate::error::{Error, Result};
use crate::machine::MachineOptions;
use crate::paths::Tree;

pub mod boots;
pub mod documents;
pub mod figures;
pub mod peer;
pub mod plot;
pub mod profile;
pub mod record;
pub mod rows;
pub mod table;
pub mod toolchain;

use self::boots::Measured;
use self::figures::{Figure, grouped};
use self::peer::record::PeerRecord;
use self::record::Record;
use self::rows::{Row, Source};
use self::table::Line;

/// How often time is measured; the least counts, for the host may have had something else to do.
const TIMES: usize = 3;

/// Options of `bench`.
#[derive(Args, Clone, Debug, Default)]
pub struct BenchOptions {
    /// Only the row of this name; the first column of tests/bench/targets has them
    #[arg(long, value_name = "NAME")]
    pub row: Option<String>,
    /// With --row: where its instructions are, function by function
    #[arg(long, requires = "row")]
    pub profile: bool,
    /// With --profile: so many samples, at most 1000 [default: the row's own]
    #[arg(long, value_name = "COUNT", requires = "profile")]
    pub samples: Option<u32>,
    /// Only count instructions, no time
    #[arg(long)]
    pub counts: bool,
    /// Compare with tests/bench/record.json; 1 when a row is more than 3 % above it
    #[arg(long, conflicts_with_all = ["row", "record", "disk"])]
    pub check: bool,
    /// Write tests/bench/record.json anew
    #[arg(long, conflicts_with_all = ["row", "counts", "disk"])]
    pub record: bool,
    /// Measure Linux anew, with Debian's kernel and the host's C compiler, compare with tests/bench/linux/record.json, and measure against
    /// that; with --record, write Linux's record and no other
    #[arg(long, conflicts_with_all = ["row", "check", "disk"])]
    pub peer: bool,
    /// With --peer: the vmlinuz of the kernel [default: one in /boot, or what apt has]
    #[arg(long, value_name = "FILE", requires = "peer")]
    pub vmlinuz: Option<PathBuf>,
    /// Only write the table and the picture of docs anew, from the records
    #[arg(long, hide = true)]
    pub documents: bool,
    /// Only how fast a disk is read
    #[arg(long)]
    pub disk: bool,
    /// RAM in MB
    #[arg(long, value_name = "MB", default_value_t = 512, help_heading = "Machine")]
    pub ram: u32,
    /// Processor, in QEMU's words; the one with which Linux was measured
    #[arg(long, value_name = "MODEL", default_value = boots::PROCESSOR, help_heading = "Machine")]
    pub cpu: String,
    /// Words added to the kernel's command line
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true, help_heading = "Machine")]
    pub cmdline: String,
    /// Seconds after which a boot is given up
    #[arg(long, value_name = "SECONDS", help_heading = "Machine")]
    pub timeout: Option<u64>,
}

impl BenchOptions {
    /// Those of a command line without any.
    #[must_use]
    pub fn usual() -> Self {
        Self { ram: MachineOptions::default().ram, cpu: boots::PROCESSOR.into(), ..Self::default() }
    }

    fn machine(&self, icount: bool) -> MachineOptions {
        MachineOptions {
            ram: self.ram,
            cpu: self.cpu.clone(),
            cmdline: self.cmdline.clone(),
            timeout: self.timeout,
            icount,
            ..MachineOptions::default()
        }
    }

    /// The machine in words.
    fn machine_line(&self) -> String {
        format!("one processor {}, {} MB; instructions with -icount shift=0", self.cpu, self.ram)
    }
}

/// Measures and prints the table; exit code 1 when a row has no figure, or with `--check` when one is worse than recorded.
///
/// # Errors
/// [`Error::Unbuilt`], a malformed table or record, or what stops the runner itself.
pub fn run(tree: &Tree, options: &BenchOptions) -> Result<u8> {
    if options.disk {
        return run_disk(tree).map(|fast_enough| u8::from(!fast_enough));
    }
    if options.documents {
        return documents::write(tree).map(|()| 0);
    }
    if options.check {
        return check(tree, options);
    }
    let rows = rows::read(tree)?;
    let chosen = rows::chosen(&rows, options.row.as_deref())?;
    if let ([row], true) = (chosen.as_slice(), options.profile) {
        return profile::run(tree, &options.machine(true), row, options.samples);
    }
    let peer = match options.peer {
        true => peer::run(tree, options.vmlinuz.as_deref(), options.record)?,
        false => PeerRecord::read(tree)?,
    };
    let lines = measure(tree, options, &chosen, &peer, !options.counts)?;
    print!("{}", table::text(&lines, &options.machine_line()));
    if !options.peer && lines.iter().any(|line| line.nanoseconds.and(line.linux_nanoseconds).is_some()) {
        println!("Linux's ns are of the host that recorded them: make bench PEER=1 measures Linux on this one");
    }
    let whole = options.row.is_none();
    if whole {
        let toolchain = toolchain::of(tree)?;
        let value = table::encode(&lines, &options.machine_line(), &json!(toolchain));
        write(&tree.out("bench/figures.json"), &format!("{value:#}\n"))?;
        write(&tree.out("bench/figures.svg"), &plot::svg(&lines))?;
        if options.record && !options.peer {
            write(&record::path(tree), &Record::of(&lines, &toolchain).encode())?;
            documents::write(tree)?;
        }
    }
    let measured = lines.iter().all(|line| line.count.is_some());
    if !whole || options.counts {
        return Ok(u8::from(!measured));
    }
    println!();
    let fast_enough = run_disk(tree)?;
    Ok(u8::from(!measured || !fast_enough))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(Error::file("writing", path))
}

/// The lines of the table for these rows, with Linux's figures of `peer`; in time too where that is wanted.
///
/// # Errors
/// Those of the boots.
pub fn measure(
    tree: &Tree,
    options: &BenchOptions,
    rows: &[&Row],
    peer: &PeerRecord,
    timed: bool,
) -> Result<Vec<Line>> {
    let counted = measure_once(tree, &options.machine(true), rows)?;
    let timed = if timed { times(tree, &options.machine(false), rows)? } else { BTreeMap::new() };
    let memory = match rows.iter().any(|row| row.source == Source::Memory) {
        true => Some(boots::kernel_memory(tree, &options.machine(true))?),
        false => None,
    };
    let line = |row: &&Row| {
        let (linux, linux_nanoseconds) = peer.twin(row);
        let nanoseconds = timed.get(&row.name).copied();
        let count = if row.source == Source::Memory { memory } else { ticks(&counted, row, |figure| figure.ticks) };
        Line { row: (*row).clone(), count, linux, nanoseconds, linux_nanoseconds }
    };
    Ok(rows.iter().map(line).collect())
}

/// The time of each row in nanoseconds, that of the least sample of [`TIMES`] boots: what else the host does only adds.
fn times(tree: &Tree, machine: &MachineOptions, rows: &[&Row]) -> Result<BTreeMap<String, u64>> {
    let mut times: BTreeMap<String, u64> = BTreeMap::new();
    for _ in 0..TIMES {
        let measured = measure_once(tree, machine, rows)?;
        for row in rows {
            if let (Some(clock), Some(ticks)) = (measured.clock, ticks(&measured, row, |figure| figure.least)) {
                let time = figures::nanoseconds(ticks, clock);
                times.entry(row.name.clone()).and_modify(|least| *least = time.min(*least)).or_insert(time);
            }
        }
    }
    Ok(times)
}

/// All boots of one way of measuring: the one with the programs, and the large one where it is asked for.
fn measure_once(tree: &Tree, machine: &MachineOptions, rows: &[&Row]) -> Result<Measured> {
    let of_large = |row: &&&Row| row.source == Source::LargeBoot;
    let mut measured = match rows.iter().all(|row| matches!(row.source, Source::LargeBoot | Source::Memory)) {
        true => Measured::default(),
        false => boots::measure(tree, machine, rows)?,
    };
    if rows.iter().any(|row| of_large(&row)) {
        measured.large_boot = boots::large_boot(tree, machine)?;
    }
    Ok(measured)
}

/// A row's ticks among the figures of the boots, as `chosen` takes them, but for KB.
fn ticks(measured: &Measured, row: &Row, chosen: fn(&Figure) -> u64) -> Option<u64> {
    match row.source {
        Source::Boot => measured.boot,
        Source::LargeBoot => measured.large_boot,
        Source::Memory => None,
        Source::Program(_) | Source::Kernel => measured.figures.get(&row.name).map(chosen),
    }
}

/// Counts again and compares with the record, where that was made with the same tools; 1 when a row is worse.
///
/// # Errors
/// Those of [`run`].
fn check(tree: &Tree, options: &BenchOptions) -> Result<u8> {
    let recorded = Record::read(tree)?;
    let others = toolchain::differences(&recorded.toolchain, &toolchain::of(tree)?);
    if !others.is_empty() {
        println!("bench-check: skipped, for the record was made with other tools: {}", others.join("; "));
        return Ok(0);
    }
    let rows = rows::read(tree)?;
    let lines = measure(tree, options, &rows.iter().collect::<Vec<&Row>>(), &PeerRecord::read(tree)?, false)?;
    let mut worse = 0;
    for line in &lines {
        if let Err(reason) = recorded.judge(line) {
            println!("{} {reason}", line.row.name);
            worse += 1;
        }
    }
    for name in recorded.strangers(&lines) {
        println!("{name} is recorded and is no row: make bench-record");
        worse += 1;
    }
    println!("bench-check: {} rows, {worse} worse than recorded", lines.len());
    Ok(u8::from(worse != 0))
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
