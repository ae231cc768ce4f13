//! The commands, by WinDbg's names, and what they print.
//!
//! They are pure: what they need to know is in a [`Target`], what they print goes to a writer. None changes the system but
//! `eb` and its like, `!pte VA write` and `!badpage`, and breakpoints where they come to stand ([`crate::breakpoints`]); those that let it go on, or end it, are an [`After`] that the caller carries out.

mod address;
mod breakpoint;
mod control_area;
mod disassemble;
mod dump;
mod edit;
mod environment;
mod frame;
mod handle;
mod help;
mod memory;
mod moves;
mod pool;
mod process;
mod pte;
mod search;
mod stack;
mod symbol;
mod thread;
mod truth;
mod types;
mod usage;
mod vad;
mod vm;
mod working_set;

use core::fmt::{self, Write};

use abi::cell::Link;
use abi::nt::process::Eprocess;
use mm::machine::Machine;

pub use crate::arguments::{Arguments, Problem};
use crate::breakpoints::Breakpoints;
use crate::target::Target;
pub use dump::Dump;
pub(crate) use handle::handles_are_whole;
pub use help::names;
use memory::{Format, Space};
pub use vad::{DEEPEST, images_of, vad_nodes};

/// How a command went.
type Done<'a> = Result<(), Problem<'a>>;

/// What is to happen after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Stay,
    /// The system goes on.
    Go,
    /// The thread that stopped carries out one instruction, and the system stops again.
    Trace,
    /// The system goes on and is left alone.
    Quit,
    /// The system stops with a bugcheck.
    Crash,
    /// RAM is to be written to a file.
    Dump(Dump),
    /// The symbols of the process's images are to be read.
    Reload,
    /// Commands without an address mean this process from now on.
    Process(Link<Eprocess>),
}

/// What is remembered from command to command.
#[derive(Clone, Copy, Debug, Default)]
pub struct Session {
    /// Where memory display goes on.
    next_address: u64,
    /// Where instructions go on.
    next_code: Option<u32>,
    /// Where the system is to stop.
    pub breakpoints: Breakpoints,
    /// Lines after which the output waits for a key, 0 for never, where `.lines` said so.
    pub lines: Option<u32>,
}

impl Session {
    /// Of a system that has just started.
    pub const NEW: Self = Self { next_address: 0, next_code: None, breakpoints: Breakpoints::NONE, lines: None };
}

/// The commands in `line`, which semicolons part.
pub fn split(line: &str) -> impl Iterator<Item = &str> {
    line.split(';').map(str::trim_ascii).filter(|command| !command.is_empty())
}

/// Carries out one command, and prints what it has to say, a refusal among it, to `out`. `scratch` is the audit's and must
/// not be empty.
///
/// # Errors
/// `out` takes no more.
pub fn run<M: Machine>(
    target: &Target<'_, M>,
    session: &mut Session,
    scratch: &mut [u16],
    command: &str,
    out: &mut dyn Write,
) -> Result<After, fmt::Error> {
    let (name, rest) = command.split_once(|unit: char| unit.is_ascii_whitespace()).unwrap_or((command, ""));
    let mut arguments = Arguments::new(rest, target.registers, target.names());
    match dispatch(target, session, scratch, name, &mut arguments, out) {
        Ok(after) => Ok(after),
        Err(Problem::Output) => Err(fmt::Error),
        Err(problem) => writeln!(out, "kd: {problem}").map(|()| After::Stay),
    }
}

fn dispatch<'a, M: Machine>(
    target: &Target<'_, M>,
    session: &mut Session,
    scratch: &mut [u16],
    name: &'a str,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Result<After, Problem<'a>> {
    let physical = name.strip_prefix("!d").and_then(Format::of).filter(|format| matches!(format, Format::Numbers(_)));
    if let Some(format) = physical {
        memory::display(target, session, (format, Space::Physical), arguments, out)?;
        return Ok(After::Stay);
    }
    if let Some(format) = name.strip_prefix('d').and_then(Format::of) {
        memory::display(target, session, (format, Space::Virtual), arguments, out)?;
        return Ok(After::Stay);
    }
    if let Some(Format::Numbers(size)) = name.strip_prefix('e').and_then(Format::of) {
        edit::edit(target, size, arguments)?;
        return Ok(After::Stay);
    }
    match name {
        "!process" => process::process(target, arguments, out)?,
        "!vad" => vad::vad(target, arguments, out)?,
        "!handle" => handle::handle(target, arguments, out)?,
        "!ca" => control_area::control_area(target, arguments, out)?,
        "!pte" => pte::pte(target, arguments, out)?,
        "!vtop" => pte::vtop(target, arguments, out)?,
        "!pfn" => frame::pfn(target, arguments, out)?,
        "!badpage" => frame::badpage(target, arguments, out)?,
        "!memusage" => usage::memusage(target, arguments, out)?,
        "!vm" => vm::vm(target, arguments, out)?,
        "!ws" => working_set::ws(target, arguments, out)?,
        "!moves" => moves::moves(target, arguments, out)?,
        "!verify" => vm::verify(target, arguments, scratch, out)?,
        "!thread" => thread::thread(target, arguments, out)?,
        "!peb" => environment::peb(target, arguments, out)?,
        "!teb" => environment::teb(target, arguments, out)?,
        "!dlls" => environment::dlls(target, arguments, out)?,
        "!address" => address::address(target, arguments, out)?,
        "!pool" => pool::pool(target, arguments, out)?,
        "s" => search::search(target, arguments, out)?,
        "u" => disassemble::disassemble(target, session, arguments, out)?,
        "ln" => symbol::nearest(target, arguments, out)?,
        "x" => symbol::examine(target, arguments, out)?,
        "dt" => types::display(target, arguments, out)?,
        "bp" => breakpoint::set(target, session, arguments, out)?,
        "ba" => breakpoint::watch(target, session, arguments, out)?,
        "bl" => breakpoint::list(target, session, arguments, out)?,
        "bc" => breakpoint::change(session, arguments, breakpoint::clear)?,
        "bd" => breakpoint::change(session, arguments, breakpoint::disable)?,
        "be" => breakpoint::change(session, arguments, breakpoint::enable)?,
        "t" | "p" => return breakpoint::step(target, session, arguments, name == "p"),
        "r" => stack::registers(target, arguments, out)?,
        "k" => stack::calls(target, arguments, out)?,
        "?" | "help" => help::list(out)?,
        ".help" => help::help(arguments, out)?,
        ".truth" => truth::truth(target, arguments, out)?,
        ".lines" => {
            session.lines = Some(arguments.needed(".lines needs a number of lines")?);
            arguments.end()?;
        }
        ".reload" => {
            arguments.end()?;
            return Ok(After::Reload);
        }
        ".dump" => return dump::dump(arguments).map(After::Dump),
        ".process" => return context(target, arguments, out),
        "g" | "q" | ".crash" => return leave(name, arguments),
        _ => return Err(Problem::Unknown(name)),
    }
    Ok(After::Stay)
}

fn leave<'a>(name: &str, arguments: &mut Arguments<'a>) -> Result<After, Problem<'a>> {
    arguments.end()?;
    Ok(match name {
        "g" => After::Go,
        "q" => After::Quit,
        _ => After::Crash,
    })
}

/// `.process [ADDRESS | ID | IMAGE]`: says or chooses which process the others mean.
fn context<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Result<After, Problem<'a>> {
    let called = arguments.clone().word().and_then(|name| target.process_called(name));
    let wanted = match called {
        Some(_) => arguments.word().and(called),
        None => {
            let find = |number| target.find_process(number).ok_or(Problem::NoProcess(number));
            arguments.number()?.map(find).transpose()?
        }
    };
    arguments.end()?;
    let (link, record) = match wanted {
        None => (target.process, target.context().ok_or(Problem::Say("there is no process yet"))?),
        Some(found) => found,
    };
    writeln!(out, "Implicit process is now {:08x} ( {} )", link.address(), usage::ImageName(record))?;
    Ok(if wanted.is_some() { After::Process(link) } else { After::Stay })
}
