//! The program behind `./vadose`; see the library for everything.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::cli::main()
}
