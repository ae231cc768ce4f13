//! The command line of `./vadose`, and what each subcommand leads to.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::bench::{self, BenchOptions};
use crate::dump::{self, DumpOptions};
use crate::error::{self, Result};
use crate::exec::{self, ExecOptions};
use crate::forensics::images::{self, ImageOptions};
use crate::forensics::{self, ForensicsOptions};
use crate::iso::{self, IsoOptions};
use crate::machine::MachineOptions;
use crate::paths::Tree;
use crate::picture::{self, PictureOptions};
use crate::power_cut::PowerCutOptions;
use crate::regions::{self, RegionsOptions};
use crate::run::RunOptions;
use crate::suite::{self, TestOptions};
use crate::{bind, debug, kd, power_cut, process, run, strip, symbols, unsafe_list};

/// Exit code for a command that does not exist yet or was called wrongly.
const USAGE: u8 = 2;

const EXIT_CODES: &str = "Exit codes:
  the program's own (low 8 bits), or
  134  an unhandled exception ended it (NTSTATUS and address on standard error)
  127  the loader refused it (DLL and export named)
  126  bad input: no such file, not a 32-bit console EXE, wrong options; nothing was booted
  125  the kernel stopped or an audit failed (the end of its log on standard error)
  124  the time was up
  123  the runner itself failed
--report tells a program's own 123 to 134 apart.";

/// Boots the Vadose kernel and runs Windows programs on it.
#[derive(Parser, Debug)]
#[command(name = "vadose", bin_name = "./vadose", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run a Windows program headless; its streams and exit code pass through
    #[command(after_help = EXIT_CODES)]
    Exec {
        #[command(flatten)]
        machine: MachineOptions,
        #[command(flatten)]
        options: ExecOptions,
    },
    /// Boot the disc image with the console on this terminal
    Run {
        #[command(flatten)]
        machine: MachineOptions,
        #[command(flatten)]
        options: RunOptions,
    },
    /// Run the tests; the last line is `N passed, N failed`
    Test(TestOptions),
    /// See whether what was flushed survives a loss of power
    PowerCut(PowerCutOptions),
    /// Print the benchmark table beside Linux's: guest instructions, and time
    Bench(BenchOptions),
    /// Stop at the kernel's entry with gdb attached
    Debug {
        #[command(flatten)]
        machine: MachineOptions,
        #[command(flatten)]
        options: debug::DebugOptions,
    },
    /// Build the disc image for a CD, a USB stick or an emulator
    Iso(IsoOptions),
    /// Attach to the debugger of the machine that `run` started
    #[command(after_help = kd::HELP)]
    Kd,
    /// Stop the machine and write its memory, paging file and symbols, for forensics tools, and what the kernel says of them
    Dump {
        #[command(flatten)]
        machine: MachineOptions,
        #[command(flatten)]
        options: DumpOptions,
    },
    /// Compare what stock Volatility 3 makes of a dump with what the kernel says; a table, and 1 when a row differs
    Forensics(ForensicsOptions),
    /// Run a program that draws on the screen, headless, and take the screen as a PNG file
    Picture {
        #[command(flatten)]
        machine: MachineOptions,
        #[command(flatten)]
        options: PictureOptions,
    },
    /// Make a process with the address space of a `!vad` listing, and print `!vad` of it
    Regions {
        #[command(flatten)]
        machine: MachineOptions,
        #[command(flatten)]
        options: RegionsOptions,
    },
    /// Build a dump with known answers, for whoever writes or tests forensics tools; without a scenario, list them
    #[command(after_help = images::help())]
    Image(ImageOptions),
    /// Pack the symbols of a linked kernel into its reserved section
    #[command(hide = true)]
    PackSymbols {
        /// The linked kernel
        input: PathBuf,
        /// Where to write the kernel with its symbols
        output: PathBuf,
    },
    /// Take the debugging information out of a DLL
    #[command(hide = true)]
    StripDll {
        /// The linked DLL
        input: PathBuf,
        /// Where to write the DLL without debugging information
        output: PathBuf,
        /// Fill its import address tables with the addresses in this DLL (repeatable)
        #[arg(long, value_name = "DLL")]
        bind_to: Vec<PathBuf>,
        /// Put the exported names in the lines of this file before all others
        #[arg(long, value_name = "FILE")]
        first_names: Option<PathBuf>,
    },
    /// Check which files contain the keyword `unsafe` against the checked-in list
    #[command(hide = true)]
    UnsafeList,
}

/// Parses the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    process::catch_interrupts();
    let tree = Tree::find();
    let result = match arguments.command {
        Command::Exec { machine, options } => return exec::run(&tree, &machine, &options).into(),
        Command::Run { machine, options } => run::run(&tree, &machine, &options),
        Command::Test(options) => suite::run(&tree, &options),
        Command::PowerCut(options) => power_cut::run(&tree, &options),
        Command::Bench(options) => bench::run(&tree, &options),
        Command::Debug { machine, options } => debug::run(&tree, &machine, &options),
        Command::Iso(options) => build_iso(&tree, &options),
        Command::Kd => kd::run(&tree),
        Command::Dump { machine, options } => dump::run(&tree, &machine, &options),
        Command::Forensics(options) => forensics::run(&tree, &options),
        Command::Picture { machine, options } => picture::run(&tree, &machine, &options),
        Command::Regions { machine, options } => regions::run(&tree, &machine, &options),
        Command::Image(options) => images::run(&tree, &options),
        Command::PackSymbols { input, output } => symbols::pack(&input, &output).map(|()| 0),
        Command::StripDll { input, output, bind_to, first_names } => {
            strip::strip(&input, &output, first_names.as_deref())
                .and_then(|()| bind::bind(&output, &bind_to))
                .map(|()| 0)
        }
        Command::UnsafeList => unsafe_list::run(&tree),
    };
    match result {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("vadose: {error}");
            error.exit_code().into()
        }
    }
}

fn build_iso(tree: &Tree, options: &IsoOptions) -> Result<u8> {
    let path = iso::build_release(tree, options)?;
    println!("{}", path.display());
    Ok(0)
}

/// Prints what clap has to say. A wrong `exec` line is bad input like any other and has that exit code.
fn refuse(error: &clap::Error) -> ExitCode {
    // Fails only when the stream is closed, and then nobody reads it.
    let _ = error.print();
    let help = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion];
    if help.contains(&error.kind()) {
        return ExitCode::SUCCESS;
    }
    match std::env::args().nth(1).as_deref() {
        Some("exec") => error::BAD_INPUT.into(),
        _ => USAGE.into(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_after_the_program_are_the_programs() {
        let words = ["vadose", "exec", "--ram", "64", "p.exe", "--ram", "-x", "--help"];
        let Command::Exec { machine, options } = Arguments::try_parse_from(words).unwrap().command else {
            panic!("not exec");
        };
        assert_eq!(machine.ram, 64);
        assert_eq!(options.command, ["p.exe", "--ram", "-x", "--help"]);
    }

    #[test]
    fn a_machine_without_memory_is_refused() {
        for ram in ["0", "-1", "999999", "many"] {
            assert!(Arguments::try_parse_from(["vadose", "run", "--ram", ram]).is_err(), "{ram}");
        }
        assert!(Arguments::try_parse_from(["vadose", "run", "--icount", "--kvm"]).is_err());
    }
}
