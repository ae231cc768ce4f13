//! Links, counts and tables of a machine that runs are written over at the console: every command ends and the machine stands; what was there is
//! written back, and the program goes on as if nothing had been.

use super::inspected::Inspected;
use crate::dump::Console;
use crate::error::{Error, Result};
use crate::paths::Tree;

type Verdict = std::result::Result<(), String>;

const WRITES: Inspected<'static> =
    Inspected { program: "writes", ram: 64, room: 64, words: &["debug"], when: "writing until " };
const CODE: u8 = 7;
/// Bytes after which the output of a command is taken for endless: it has little to list.
const MOST: usize = 0x1_0000;
/// Kernel addresses with nothing there, and not aligned.
const NOTHING: u32 = 0xAFF0_0000;
const CROOKED: u32 = 0xA000_0013;

/// What is asked on each damage.
const COMMANDS: &[&str] = &[
    "!process 0 3",
    "!process",
    "!thread",
    "!vad",
    "!handle",
    "!ca 400000",
    "!memusage",
    "!vm",
    "!ws 0 1",
    "!verify",
    "!address 400000",
    "!address 20000",
    "!pte 400000",
    "!vtop 400000",
    "!pfn 200",
    "!peb",
    "!teb",
    "!dlls",
    "dd 400000 L4",
    "u 401000 L2",
    "ln 401000",
    "x nt!*system_call*",
    ".process",
    "k",
    "r",
];

/// A damage: what is broken, where, with what, and what one of the commands says then.
struct Damage {
    what: &'static str,
    at: fn(&Places) -> u32,
    value: fn(&Places) -> u32,
    said: &'static str,
}

const fn damage(what: &'static str, at: fn(&Places) -> u32, value: fn(&Places) -> u32, said: &'static str) -> Damage {
    Damage { what, at, value, said }
}

#[rustfmt::skip]
const DAMAGES: &[Damage] = &[
    damage("a VAD is its own left child", |places| places.root + 0xC, |places| places.root, "the tree is broken here"),
    damage("a VAD's child leads nowhere", |places| places.root + 0x10, |_| NOTHING, "the tree is broken here"),
    damage("a VAD's child is crooked", |places| places.root + 0xC, |_| CROOKED, "the tree is broken here"),
    damage("a VAD ends before it begins", |places| places.root + 4, |_| 0, "the tree is broken here"),
    damage("the root of the VADs leads nowhere", |places| places.process + 0x11C, |_| NOTHING, "Nothing is known of it: a VAD tree is broken at"),
    damage("a process leads to itself", |places| places.process + 0x88, |places| places.process + 0x88, "The list of processes is broken behind"),
    damage("a process leads nowhere", |places| places.process + 0x88, |_| NOTHING, "The list of processes is broken behind"),
    damage("the threads lead nowhere", |places| places.process + 0x190, |_| NOTHING, "The list of threads is broken behind"),
    damage("the threads lead back", |places| places.process + 0x190, |places| places.process + 0x88, "The list of threads is broken behind"),
    damage("the handle table leads nowhere", |places| places.process + 0xC4, |_| CROOKED, "The process has no handle table."),
    damage("the handle table is one of three levels", |places| places.table, |places| places.process & !0xFFF | 2, "kd> "),
    damage("the PEB is in the kernel", |places| places.process + 0x1B0, |_| NOTHING, "PEB at aff00000"),
    damage("the loader's data is nowhere", |places| places.peb + 0xC, |_| 0x7000_0000, "Ldr                       70000000"),
    damage("a control area leads to itself", |places| places.area + 4, |places| places.area, "the list of control areas is broken at"),
    damage("a control area leads nowhere", |places| places.area + 4, |_| NOTHING, "the list of control areas is broken at"),
    damage("a segment leads nowhere", |places| places.area, |_| CROOKED, "the VAD of a view is broken at"),
    damage("a free frame leads nowhere", |places| places.frame, |_| 0x00FF_FFF0, "The audit found CORRUPTION, invariant F"),
    damage("a free frame leads to itself", |places| places.frame, |places| (places.frame - 0x8100_0000) / 28, "The audit found CORRUPTION, invariant F"),
    damage("a page directory leads beyond RAM", |_| 0xC060_0010, |_| 0xFFFF_F067, "the page directory of a process is broken at"),
    damage("the page-directory-pointer table is elsewhere", |places| places.process + 0x19C, |_| NOTHING, "the page-directory-pointer table of a process is broken at"),
];

/// Where things are.
#[derive(Debug)]
struct Places {
    process: u32,
    root: u32,
    table: u32,
    peb: u32,
    area: u32,
    /// The record of a free frame that another follows.
    frame: u32,
}

/// Breaks and mends; what is wrong.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree) -> Result<Verdict> {
    let seen = WRITES.run(tree, |console, flag, told| {
        console.stop()?;
        let places = places(console)?;
        for damage in DAMAGES {
            if let Err(problem) = wreak(console, &places, damage)? {
                *told += &problem;
                *told += "\n";
            }
        }
        let audit = console.command("!verify")?;
        if !audit.contains("The audit is clean") {
            *told += &audit;
        }
        console.command(&format!("ed {flag} 1"))?;
        console.go()
    })?;
    match seen.code == CODE && seen.told.is_empty() {
        true => Ok(Ok(())),
        false => Ok(Err(format!("exit code {}\n{}\n{}", seen.code, seen.told, seen.log))),
    }
}

fn places(console: &mut Console) -> Result<Places> {
    let process = console.command("!process")?;
    let area = console.command("!ca 400000")?;
    let process = |name: &str| word_after(&process, name);
    let mut places = Places {
        process: process("PROCESS ")?,
        root: process("VadRoot ")?,
        table: process("ObjectTable: ")?,
        peb: process("Peb: ")?,
        area: word_after(&area, "ControlArea  @ ")?,
        frame: 0,
    };
    // In the middle of RAM, where the highest frames are given out first or last.
    for number in (0x1000..0x3000).step_by(0x80) {
        let record = console.command(&format!("!pfn {number:x}"))?;
        if record.contains("  Free") || record.contains("  Zeroed") {
            places.frame = word_after(&record, "at address ")?;
            return Ok(places);
        }
    }
    Err(problem("there is no free frame".into()))
}

/// Breaks one word, asks everything, and mends it.
fn wreak(console: &mut Console, places: &Places, damage: &Damage) -> Result<Verdict> {
    let at = (damage.at)(places);
    let before = word_after(&console.command(&format!("dd {at:x} L1"))?, "  ")?;
    console.command(&format!("ed {at:x} {:x}", (damage.value)(places)))?;
    let mut all = String::new();
    let mut verdict = Ok(());
    for command in COMMANDS {
        let said = console.command(command).map_err(|error| problem(format!("{}: {command}: {error}", damage.what)))?;
        if said.len() > MOST {
            verdict = Err(format!("{}: {command} prints {} bytes", damage.what, said.len()));
        }
        all += &format!("kd> {command}\n{said}");
    }
    console.command(&format!("ed {at:x} {before:x}"))?;
    if verdict.is_ok() && !all.contains(damage.said) {
        return Ok(Err(format!("{}: nothing says {:?}:\n{all}", damage.what, damage.said)));
    }
    Ok(verdict)
}

fn word_after(text: &str, name: &str) -> Result<u32> {
    let word = text.split_once(name).and_then(|(_, rest)| u32::from_str_radix(rest.get(..8)?, 16).ok());
    word.ok_or_else(|| problem(format!("no word behind {name:?}: {text}")))
}

fn problem(problem: String) -> Error {
    Error::Tool { program: "kd".into(), problem }
}
