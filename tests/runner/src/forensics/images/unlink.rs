//! A process goes off the list of active processes, as a rootkit takes it: its neighbours are told of each other.

use crate::dump::Console;
use crate::error::{Error, Result};
use crate::truth::{self, Truth};

/// The process that goes.
pub(super) const NAME: &str = "victim.exe";
/// Where `_EPROCESS` has its links, as on XP. What it has in them stays, as where this is done on Windows.
pub(super) const LINKS: u32 = 0x88;

/// Takes the process off, in a system that stands still; `told` is what the kernel said before.
///
/// # Errors
/// Where there is no such process, or the debugger does not do it.
pub(super) fn unlink(console: &mut Console, told: &str) -> Result<()> {
    let truth = truth::annotate(told).and_then(|text| Truth::read(&text)).map_err(problem)?;
    let victim = truth.processes.iter().find(|process| process.row.text("name") == NAME);
    let victim = victim.ok_or_else(|| problem(format!("there is no {NAME}")))?;
    let links = victim.row.word("address") + LINKS;
    let [next, before] = [word(console, links)?, word(console, links + 4)?];
    for (place, value) in [(before, next), (next + 4, before)] {
        let said = console.command(&format!("ed {place:x} {value:x}"))?;
        let written = word(console, place)?;
        if written != value {
            return Err(problem(format!("{place:x} is {written:x}, and not {value:x}: {said}")));
        }
    }
    Ok(())
}

fn word(console: &mut Console, address: u32) -> Result<u32> {
    let text = console.command(&format!("dd {address:x} L1"))?;
    let word = text.split_whitespace().nth(1).and_then(|word| u32::from_str_radix(word, 16).ok());
    word.ok_or_else(|| problem(format!("no word at {address:x}: {text}")))
}

fn problem(problem: String) -> Error {
    Error::Tool { program: "kd".into(), problem }
}
