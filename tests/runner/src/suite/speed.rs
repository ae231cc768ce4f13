//! The benchmark's rows once more, counted, and compared with the record: what `make bench-check` does.
//!
//! Other compilers make other code, and another emulator may count otherwise: under other tools than the record's the rows have to come to
//! figures, which are not compared.

use std::time::Instant;

use super::{SuiteResult, Tally};
use crate::bench::peer::record::PeerRecord;
use crate::bench::record::Record;
use crate::bench::{self, BenchOptions, rows, toolchain};
use crate::error::Result;
use crate::paths::Tree;

/// Measures all rows and judges them.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree, tally: &Tally) -> Result<()> {
    let began = Instant::now();
    let mut suite = SuiteResult::new("bench");
    let recorded = Record::read(tree)?;
    let others = toolchain::differences(&recorded.toolchain, &toolchain::of(tree)?);
    let rows = rows::read(tree)?;
    let peer = PeerRecord::read(tree)?;
    match bench::measure(tree, &BenchOptions::usual(), &rows.iter().collect::<Vec<_>>(), &peer, false) {
        Err(error) => suite.record("the rows", Err(error.to_string())),
        Ok(lines) => {
            let without = lines.iter().filter(|line| line.count.is_none()).map(|line| line.row.name.as_str());
            let without = without.collect::<Vec<&str>>().join(" ");
            let all = if without.is_empty() { Ok(()) } else { Err(format!("no figure for {without}")) };
            suite.record("the rows", all);
            if others.is_empty() {
                lines.iter().for_each(|line| suite.record(&line.row.name, recorded.judge(line)));
            }
        }
    }
    if !others.is_empty() {
        suite.note = format!("not compared: the record was made with other tools: {}", others.join("; "));
    }
    tally.add(suite, began.elapsed());
    Ok(())
}
