//! `!vad` of a process with ten thousand VADs, at the console.

use super::inspected::Inspected;
use crate::dump::Console;
use crate::error::Result;
use crate::paths::Tree;

type Verdict = std::result::Result<(), String>;

const RANGES: usize = 10_000;
const RESERVES: Inspected<'static> =
    Inspected { program: "many_vads", ram: 64, room: 64, words: &["debug"], when: "reserved until " };
const CODE: u8 = 5;

/// Lists them and counts the rows; what is wrong.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree) -> Result<Verdict> {
    let seen = RESERVES.run(tree, |console: &mut Console, flag, told| {
        console.stop()?;
        *told = console.command("!vad")?;
        console.command(&format!("ed {flag} 1"))?;
        console.go()
    })?;
    let is_range = |line: &&str| line.ends_with(" 0 Private      READWRITE") && page(line).is_some_and(is_of_ranges);
    let rows: Vec<u32> = seen.told.lines().filter(is_range).filter_map(page).collect();
    let in_order = rows.iter().copied().eq((0x1_0000..).step_by(0x10).take(RANGES));
    let total = seen.told.lines().last().unwrap_or_default();
    let count: usize = total.split_whitespace().nth(2).and_then(|count| count.parse().ok()).unwrap_or(0);
    // Not even a hundred are the loader's.
    match in_order && (RANGES..RANGES + 100).contains(&count) && seen.code == CODE {
        true => Ok(Ok(())),
        false => Ok(Err(format!("{} rows, exit code {}, at the end: {total}", rows.len(), seen.code))),
    }
}

/// Where a row begins.
fn page(line: &str) -> Option<u32> {
    u32::from_str_radix(line.split_whitespace().nth(2)?, 16).ok()
}

fn is_of_ranges(page: u32) -> bool {
    (0x1_0000..0x1_0000 + RANGES as u32 * 0x10).contains(&page)
}
