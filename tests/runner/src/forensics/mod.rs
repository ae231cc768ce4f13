//! `forensics`: a dump of a system with something to find, stock Volatility 3 on it, and every row that it prints against the truth.
//!
//! The tool knows nothing of this system and takes it for Windows XP. What it has to print is [`expected`] from what the kernel said of itself
//! and from memory at the places that the kernel named, without a look at a page table.

mod compare;
mod crash;
mod environment;
mod expected;
mod image;
pub mod images;
mod memmap;
mod memory;
mod system;
mod volatility;
mod walk;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use clap::Args;
use serde_json::{Map, Value};

use crate::dump::{self, DumpOptions};
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::isf;
use crate::machine::MachineOptions;
use crate::paths::Tree;
use crate::process;
use crate::truth::{Process, Truth};
pub use compare::Verdict;
use compare::{Expected, compare};
use expected::Scene;
use memory::Memory;
pub use volatility::Volatility;

/// RAM of the scene, in megabytes, and what one of its processes writes: more than there is.
const RAM: u32 = 32;
const PAGED: &str = "36";
/// The program, below `out/`, and what it says when all is set.
const PROGRAM: &str = "forensics/scene.exe";
const SET: &str = "the scene is set";
/// Differing rows that are shown of a plugin.
const SHOWN: usize = 8;

/// Options of `forensics`.
#[derive(Args, Clone, Debug, Default)]
pub struct ForensicsOptions {
    /// Keep the dump in this folder; an earlier one is replaced
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
    /// Only this plugin, without `windows.` (repeatable)
    #[arg(long = "plugin", value_name = "NAME")]
    pub plugins: Vec<String>,
}

/// What a plugin is compared with.
type Expecting = fn(&Scene) -> Vec<Expected>;

/// The plugins, but for `memmap`.
const PLUGINS: &[(&str, Expecting)] = &[
    ("info", Scene::info),
    ("pslist", Scene::pslist),
    ("pstree", Scene::pstree),
    ("psscan", Scene::psscan),
    ("vadinfo", Scene::vadinfo),
    ("vadwalk", Scene::vadwalk),
    ("dlllist", Scene::dlllist),
    ("malware.ldrmodules", Scene::ldrmodules),
    ("handles", Scene::handles),
    ("virtmap", Scene::virtmap),
    ("modules", Scene::modules),
    ("threads", Scene::threads),
    ("cmdline", Scene::cmdline),
    ("envars", Scene::envars),
    ("malware.malfind", Scene::malfind),
];
const MEMMAP: &str = "memmap";

/// What came of a plugin.
#[derive(Debug)]
pub struct Outcome {
    /// Its name, and for whom.
    pub plugin: String,
    /// What it is.
    pub verdict: Verdict,
}

/// Dumps, runs and compares; prints a table. 1 when a row differs.
///
/// # Errors
/// What host, QEMU and Volatility say.
pub fn run(tree: &Tree, options: &ForensicsOptions) -> Result<u8> {
    let scratch = process::scratch_folder()?;
    let folder = options.keep.clone().unwrap_or_else(|| scratch.path().to_owned());
    let outcomes = examine(tree, &folder, &options.plugins)?;
    print(&outcomes);
    Ok(u8::from(outcomes.iter().any(|outcome| !outcome.verdict.differing.is_empty())))
}

/// The same without printing; `plugins` none means all.
///
/// # Errors
/// As [`run`].
pub fn examine(tree: &Tree, folder: &Path, plugins: &[String]) -> Result<Vec<Outcome>> {
    let unknown = plugins.iter().find(|name| *name != MEMMAP && !PLUGINS.iter().any(|(known, _)| known == name));
    if let Some(name) = unknown {
        return Err(Error::BadInput(format!("{name} is no plugin that is compared")));
    }
    let volatility = Volatility::ready(tree)?;
    Study::take(tree, folder)?.compare(&volatility, plugins)
}

/// A dump of the scene.
#[derive(Debug)]
pub struct Study {
    folder: PathBuf,
    scene: Scene,
    identity: Identity,
    /// The kernel, with its debugging information.
    kernel: PathBuf,
}

impl Study {
    /// Takes the dump.
    ///
    /// # Errors
    /// What host, QEMU and kernel say.
    pub fn take(tree: &Tree, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(Error::file("making", folder))?;
        let program = tree.built(PROGRAM, "guest")?;
        let options = DumpOptions {
            when: Some(SET.into()),
            folder: folder.to_owned(),
            environment: vec!["SCENE_PLAN=one two three".into()],
            command: vec![program.display().to_string(), PAGED.into()],
            ..DumpOptions::default()
        };
        let machine = MachineOptions { ram: RAM, timeout: Some(120), ..MachineOptions::default() };
        dump::take(tree, &machine, &options)?;
        Self::open(tree, folder)
    }

    /// Has the kernel of an idle system stop with a bugcheck and write a dump itself.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn take_crash(tree: &Tree, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(Error::file("making", folder))?;
        Self::take_idle(tree, DumpOptions { crash: true, folder: folder.to_owned(), ..DumpOptions::default() })
    }

    /// Has the debugger of an idle system write a dump as well.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn take_live(tree: &Tree, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(Error::file("making", folder))?;
        Self::take_idle(tree, DumpOptions { live: true, folder: folder.to_owned(), ..DumpOptions::default() })
    }

    fn take_idle(tree: &Tree, options: DumpOptions) -> Result<Self> {
        let machine = MachineOptions { ram: RAM, timeout: Some(120), ..MachineOptions::default() };
        dump::take(tree, &machine, &options)?;
        Self::open(tree, &options.folder)
    }

    /// Opens the dump in `folder`.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a truth that makes no sense, [`Error::Host`].
    pub fn open(tree: &Tree, folder: &Path) -> Result<Self> {
        let path = folder.join(dump::TRUTH);
        let text = fs::read_to_string(&path).map_err(Error::file("reading", &path))?;
        let truth = Truth::read(&text).map_err(|problem| Error::Malformed { path, problem })?;
        let kernel = tree.kernel_for_debugger()?;
        let symbols = isf::Symbols::of_kernel(&kernel)?;
        let file = folder.join(dump::SYMBOLS).join(symbols.file());
        let file = file.canonicalize().map_err(Error::file("resolving", &file))?;
        let scene = Scene {
            truth,
            memory: Memory::open(folder)?,
            symbols: symbols.variables,
            symbol_file: format!("file://{}", file.display()),
        };
        Ok(Self { folder: folder.to_owned(), scene, identity: symbols.identity, kernel })
    }

    /// What the kernel said.
    #[must_use]
    pub fn truth(&self) -> &Truth {
        &self.scene.truth
    }

    /// The kernel, with its debugging information.
    #[must_use]
    pub fn kernel(&self) -> &Path {
        &self.kernel
    }

    /// Whether a tool that knows nothing of the machine finds the kernel: [`image`].
    ///
    /// # Errors
    /// What it does not find.
    pub fn check_image(&self) -> std::result::Result<(), String> {
        image::check(&self.scene, &self.identity)
    }

    /// Whether page tables come to what the kernel says: [`walk`].
    ///
    /// # Errors
    /// What differs.
    pub fn check_tables(&self) -> std::result::Result<(), String> {
        self.processes_with_memory().try_for_each(|process| walk::check(&self.scene, process))
    }

    /// Whether the dump that the kernel wrote has what RAM had: [`crash`].
    ///
    /// # Errors
    /// What it has not.
    pub fn check_crash(&self) -> std::result::Result<(), String> {
        crash::check(&self.scene, &self.folder.join(dump::CRASH), crash::MANUALLY)
    }

    /// Whether the dump that the debugger wrote has what RAM had.
    ///
    /// # Errors
    /// What it has not.
    pub fn check_live(&self) -> std::result::Result<(), String> {
        crash::check(&self.scene, &self.folder.join(dump::LIVE), 0)
    }

    /// Compares the processes that the tool finds in `file`, a dump that the kernel wrote.
    ///
    /// # Errors
    /// What the tool says.
    pub fn compare_written(&self, volatility: &Volatility, file: &str) -> Result<Outcome> {
        let rows = volatility.run(&self.folder, file, "windows.pslist", &[])?;
        Ok(Outcome { plugin: "pslist".into(), verdict: compare(&self.scene.pslist(), rows) })
    }

    fn processes_with_memory(&self) -> impl Iterator<Item = &Process> {
        self.truth().processes.iter().filter(|process| !process.vads.is_empty())
    }

    /// Runs the tool and compares; `plugins` none means all.
    ///
    /// # Errors
    /// What the tool says.
    pub fn compare(&self, volatility: &Volatility, plugins: &[String]) -> Result<Vec<Outcome>> {
        let wanted = |name: &str| plugins.is_empty() || plugins.iter().any(|plugin| plugin == name);
        let rows = PLUGINS.iter().filter(|(name, _)| wanted(name)).map(|(name, rows)| Work::Rows(name, *rows));
        let memory = self.processes_with_memory().filter(|_| wanted(MEMMAP)).map(Work::Memory);
        let work: Vec<Work<'_>> = rows.chain(memory).collect();
        all(volatility, &self.scene, &self.folder, &work)
    }
}

/// One run of the tool.
#[derive(Clone, Copy)]
enum Work<'s> {
    Rows(&'static str, Expecting),
    Memory(&'s Process),
}

/// All runs, two at a time: each is a process that is busy by itself.
fn all(volatility: &Volatility, scene: &Scene, folder: &Path, work: &[Work<'_>]) -> Result<Vec<Outcome>> {
    let next = Mutex::new(0);
    let results = Mutex::new(Vec::new());
    let busy = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..busy.min(work.len()) {
            scope.spawn(|| {
                loop {
                    let index = {
                        let mut next = lock(&next);
                        *next += 1;
                        *next - 1
                    };
                    let Some(work) = work.get(index) else { return };
                    let result = one(volatility, scene, folder, *work);
                    lock(&results).push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn one(volatility: &Volatility, scene: &Scene, folder: &Path, work: Work<'_>) -> Result<Outcome> {
    match work {
        Work::Rows(name, expecting) => {
            let rows: Vec<Map<String, Value>> = volatility.run(folder, dump::RAM, &format!("windows.{name}"), &[])?;
            Ok(Outcome { plugin: name.to_owned(), verdict: compare(&expecting(scene), rows) })
        }
        Work::Memory(process) => {
            let pid = process.row.number("pid").to_string();
            let rows = volatility.run(folder, dump::RAM, "windows.memmap", &["--pid", &pid, "--dump"])?;
            let contents = folder.join(format!("pid.{pid}.dmp"));
            let verdict = memmap::compare(scene, process, &rows, &contents)?;
            // Gigabytes, when there are many processes.
            fs::remove_file(&contents).map_err(Error::file("removing", &contents))?;
            Ok(Outcome { plugin: format!("memmap {} ({pid})", process.row.text("name")), verdict })
        }
    }
}

fn print(outcomes: &[Outcome]) {
    println!("{:<28} {:>7} {:>9} {:>10} {:>10}", "plugin", "rows", "agreeing", "differing", "invisible");
    for Outcome { plugin, verdict } in outcomes {
        let invisible: usize = verdict.invisible.values().sum();
        let (agreeing, differing) = (verdict.agreeing, verdict.differing.len());
        println!("{plugin:<28} {:>7} {agreeing:>9} {differing:>10} {invisible:>10}", verdict.rows);
        for (why, count) in &verdict.invisible {
            println!("  {count} invisible: {why}");
        }
        for line in verdict.differing.iter().take(SHOWN) {
            println!("  differs: {line}");
        }
        if differing > SHOWN {
            println!("  and {} more", differing - SHOWN);
        }
    }
}
