//! How many rows ran, told past libtest to whoever counts them.

use std::io::Write as _;

/// Tells that `count` rows of `file` ran, in a line of its own. libtest keeps what passing tests print to itself, but only what they print
/// by macros.
pub fn tell(file: &str, count: usize) {
    let line = format!("\nrows {file}: {count}\n");
    std::io::stdout().write_all(line.as_bytes()).expect("a standard output");
}
