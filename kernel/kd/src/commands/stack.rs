//! `k` and `r`: the calls and the registers of the code that stopped.

use core::fmt::{self, Write};

use mm::layout::SYSTEM_RANGE_START;
use mm::machine::Machine;

use super::vad::image_at;
use super::{Arguments, Done, Problem};
use crate::bugcheck::Registers;
use crate::modules::Place;
use crate::target::Target;

/// Calls that are shown where the command does not say.
const USUAL: u32 = 32;
pub(super) const RUNS: Problem<'static> =
    Problem::Say("the system runs: there are no registers; Ctrl-C or a breakpoint stops it");

/// `r`.
pub(super) fn registers<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    arguments.end()?;
    let registers = target.registers.as_ref().ok_or(RUNS)?;
    writeln!(out, "{registers}")?;
    Ok(place(target, registers.pointers[0], out).and_then(|()| writeln!(out))?)
}

/// `k [COUNT]`.
pub(super) fn calls<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let most = arguments.number()?.unwrap_or(USUAL);
    arguments.end()?;
    let Registers { pointers: [eip, _, ebp], .. } = *target.registers.as_ref().ok_or(RUNS)?;
    writeln!(out, "ChildEBP RetAddr")?;
    let (mut frame, mut at) = (ebp, eip);
    for _ in 0..most {
        let below =
            frame.is_multiple_of(4).then(|| (target.word(frame), frame.checked_add(4).and_then(|at| target.word(at))));
        let Some((Some(caller), Some(address))) = below else {
            write!(out, "{frame:08x} ???????? ")?;
            place(target, at, out)?;
            return Ok(writeln!(out)?);
        };
        write!(out, "{frame:08x} {address:08x} ")?;
        place(target, at, out)?;
        writeln!(out)?;
        // A chain ascends; a program's stack is never above the kernel's.
        let leaves = frame < SYSTEM_RANGE_START && caller >= SYSTEM_RANGE_START;
        if caller <= frame || leaves || address == 0 {
            break;
        }
        (frame, at) = (caller, address);
    }
    Ok(())
}

/// `address` as the function or image it lies in.
pub(super) fn place<M: Machine>(target: &Target<'_, M>, address: u32, out: &mut dyn Write) -> fmt::Result {
    if address >= SYSTEM_RANGE_START {
        return match target.symbols.lookup(address) {
            Some((name, 0)) => write!(out, "{name}"),
            Some((name, offset)) => write!(out, "{name}+{offset:#x}"),
            None => write!(out, "{address:#010x}"),
        };
    }
    if let Some(Place { module, name, offset, .. }) = target.names().place(address) {
        write!(out, "{}!{name}", module.name)?;
        return if offset == 0 { Ok(()) } else { write!(out, "+{offset:#x}") };
    }
    match target.context().and_then(|process| image_at(target, process, address)) {
        Some((base, name)) => write!(out, "{}+{:#x}", name.file().stem(), address - base),
        None => write!(out, "{address:#010x}"),
    }
}
