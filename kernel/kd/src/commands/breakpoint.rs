//! `bp ba bl bc bd be` and `t p`: where the system is to stop.

use core::fmt::Write;

use mm::layout::SYSTEM_RANGE_START;
use mm::machine::Machine;

use super::disassemble::behind_call;
use super::stack::place;
use super::{After, Arguments, Done, Problem, Session};
use crate::breakpoints::{Breakpoint, Kind, MOST, Refusal, Watched};
use crate::target::Target;

/// Breakpoints change code, so they need what `eb` does.
fn check_allowed<M: Machine>(target: &Target<'_, M>) -> Result<(), Problem<'static>> {
    if target.debugging {
        return Ok(());
    }
    Err(Problem::Say("breakpoints and steps need the kernel option debug"))
}

/// `bp ADDRESS`.
pub(super) fn set<'a, M: Machine>(
    target: &Target<'_, M>,
    session: &mut Session,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    check_allowed(target)?;
    let address = arguments.needed("bp needs an address")?;
    arguments.end()?;
    add(target, session, address, Kind::Instruction, out)
}

/// `ba e|w|r SIZE ADDRESS`.
pub(super) fn watch<'a, M: Machine>(
    target: &Target<'_, M>,
    session: &mut Session,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    const FORM: Problem<'static> = Problem::Say("ba needs e1, or w or r with 1, 2 or 4, and an address");
    check_allowed(target)?;
    let watched = match arguments.word().ok_or(FORM)? {
        "e1" => Watched::Execute,
        "w1" => Watched::Write(1),
        "w2" => Watched::Write(2),
        "w4" => Watched::Write(4),
        "r1" => Watched::Access(1),
        "r2" => Watched::Access(2),
        "r4" => Watched::Access(4),
        _ => return Err(FORM),
    };
    let address = arguments.needed("ba needs an address")?;
    arguments.end()?;
    if let Watched::Write(size) | Watched::Access(size) = watched
        && !address.is_multiple_of(size.into())
    {
        return Err(Problem::Say("the address is to be a multiple of the size"));
    }
    add(target, session, address, Kind::Watched(watched), out)
}

fn add<'a, M: Machine>(
    target: &Target<'_, M>,
    session: &mut Session,
    address: u32,
    kind: Kind,
    out: &mut dyn Write,
) -> Done<'a> {
    let process = if address < SYSTEM_RANGE_START { target.process } else { abi::cell::Link::NULL };
    match session.breakpoints.add(Breakpoint::new(address, kind, process)) {
        Ok(_) => Ok(()),
        Err(Refusal::Exists(number)) => Ok(writeln!(out, "breakpoint {number} is there already")?),
        Err(Refusal::TooMany) => Err(Problem::Say("there are too many breakpoints: bc takes some away")),
        Err(Refusal::NoRegister) => Err(Problem::Say("the processor watches for no more than four")),
    }
}

/// `bl`.
pub(super) fn list<'a, M: Machine>(
    target: &Target<'_, M>,
    session: &Session,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    arguments.end()?;
    for (number, breakpoint) in session.breakpoints.iter().filter(|(_, breakpoint)| !breakpoint.is_once()) {
        let state = if breakpoint.is_enabled { 'e' } else { 'd' };
        write!(out, "{number:2} {state} {:08x} ", breakpoint.address)?;
        match breakpoint.kind {
            Kind::Instruction => write!(out, "    ")?,
            Kind::Watched(Watched::Execute) => write!(out, "e 1 ")?,
            Kind::Watched(Watched::Write(size)) => write!(out, "w {size} ")?,
            Kind::Watched(Watched::Access(size)) => write!(out, "r {size} ")?,
        }
        write!(out, "{:4x} ", breakpoint.hits)?;
        place(target, breakpoint.address, out)?;
        writeln!(out)?;
    }
    Ok(())
}

/// `bc`, `bd` and `be`, with numbers or `*`.
pub(super) fn change<'a>(
    session: &mut Session,
    arguments: &mut Arguments<'a>,
    change: fn(&mut Session, usize),
) -> Done<'a> {
    let mut any = false;
    loop {
        let mut ahead = arguments.clone();
        let numbers = match ahead.word() {
            None if any => return Ok(()),
            None => return Err(Problem::Say("which? numbers of breakpoints, or *")),
            Some("*") => {
                *arguments = ahead;
                0..MOST
            }
            Some(word) => {
                // Numbers of breakpoints are hexadecimal like all others.
                let number = arguments.number()?.ok_or(Problem::NotANumber(word))? as usize;
                if session.breakpoints.get_mut(number).is_none() {
                    return Err(Problem::Say("there is no breakpoint with this number"));
                }
                number..number + 1
            }
        };
        numbers.for_each(|number| change(session, number));
        any = true;
    }
}

/// What `bc` does.
pub(super) fn clear(session: &mut Session, number: usize) {
    session.breakpoints.clear(number);
}

/// What `bd` does.
pub(super) fn disable(session: &mut Session, number: usize) {
    if let Some(breakpoint) = session.breakpoints.get_mut(number) {
        breakpoint.is_enabled = false;
    }
}

/// What `be` does.
pub(super) fn enable(session: &mut Session, number: usize) {
    if let Some(breakpoint) = session.breakpoints.get_mut(number) {
        breakpoint.is_enabled = true;
    }
}

/// `t` and, where calls are not followed (`over`), `p`.
pub(super) fn step<'a, M: Machine>(
    target: &Target<'_, M>,
    session: &mut Session,
    arguments: &mut Arguments<'a>,
    over: bool,
) -> Result<After, Problem<'a>> {
    check_allowed(target)?;
    arguments.end()?;
    let registers = target.registers.as_ref().ok_or(super::stack::RUNS)?;
    let eip = registers.pointers[0];
    let Some(behind) = behind_call(target, eip).filter(|_| over) else { return Ok(After::Trace) };
    let process = if behind < SYSTEM_RANGE_START { target.process } else { abi::cell::Link::NULL };
    // One that is there already does as well.
    match session.breakpoints.add(Breakpoint::new(behind, Kind::Instruction, process).once()) {
        Ok(_) | Err(Refusal::Exists(_)) => Ok(After::Go),
        Err(_) => Err(Problem::Say("there are too many breakpoints: bc takes some away")),
    }
}
