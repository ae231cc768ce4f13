//! `!pfn`: the record of one frame. `!badpage`: out of use with it.

use core::fmt::Write;

use mm::frame::{Flags, Location, NotRemoved, RECORD_SIZE, Removal};
use mm::layout::{FRAME_DATABASE, FrameNumber};
use mm::machine::Machine;

use super::{Arguments, Done, Problem};
use crate::target::Target;

/// What WinDbg calls where a frame is.
pub(super) fn location_name(location: Location) -> &'static str {
    match location {
        Location::Zeroed => "Zeroed",
        Location::Free => "Free",
        Location::Standby => "Standby",
        Location::Modified => "Modified",
        Location::ModifiedNoWrite => "ModNoWrite",
        Location::Bad => "Bad",
        Location::Active => "Active",
        Location::Transition => "Transition",
    }
}

/// The flags that `!pfn` shows: a letter and a word each.
const FLAGS: [(Flags, char, &str); 6] = [
    (Flags::MODIFIED, 'M', "Modified"),
    (Flags::PROTOTYPE, 'P', "Shared"),
    (Flags::READ_IN_PROGRESS, 'R', "ReadInProgress"),
    (Flags::WRITE_IN_PROGRESS, 'W', "WriteInProgress"),
    (Flags::REMOVAL_REQUESTED, 'Y', "RemovalRequested"),
    (Flags::PARITY_ERROR, 'X', "ParityError"),
];

/// `!pfn N`.
pub(super) fn pfn<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let number = arguments.needed("!pfn needs the number of a frame")?;
    arguments.end()?;
    if !target.mm.is_ram(FrameNumber(number)) {
        return Err(Problem::Say("this frame is no RAM"));
    }
    let frame = target.mm.frame(FrameNumber(number));
    let address = FRAME_DATABASE + number * RECORD_SIZE;
    let (flags, location) = (frame.flags(), frame.location());
    writeln!(out, "    PFN {number:08X} at address {address:08X}")?;
    let (u1, u2, pte) = (frame.u1.get(), frame.u2.get(), frame.pte_address.get());
    writeln!(out, "    flink       {u1:08X}  blink / share count {u2:08X}  pteaddress {pte:08X}")?;
    let color = frame.e1.get() >> 4 & 7;
    writeln!(
        out,
        "    reference count {:04X}                                 color {color}",
        frame.reference_count.get()
    )?;
    let (original, containing) = (frame.original_pte.get(), frame.pte_frame().0);
    write!(out, "    restore pte {original:08X}  containing page        {containing:06X}  ")?;
    let set = || FLAGS.into_iter().filter(|(flag, ..)| flags.contains(*flag));
    let kind = match () {
        () if location != Location::Active => None,
        () if frame.is_awe() => Some("AweAllocation"),
        () if frame.is_large() => Some("LargePage"),
        () => None,
    };
    if set().next().is_none() && kind.is_none() {
        return Ok(writeln!(out, "{}", location_name(location))?);
    }
    write!(out, "{:<11}", location_name(location))?;
    set().try_for_each(|(_, letter, _)| out.write_char(letter))?;
    out.write_str("\n   ")?;
    set().map(|(.., word)| word).chain(kind).try_for_each(|word| write!(out, " {word}"))?;
    Ok(out.write_char('\n')?)
}

/// `!badpage N`: retires a frame. A program's page moves to another; what cannot, goes when it is given up.
pub(super) fn badpage<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let number = arguments.needed("!badpage needs the number of a frame")?;
    arguments.end()?;
    if !target.debugging {
        return Err(Problem::Say("a frame is retired only where the kernel has the option debug"));
    }
    match target.mm.remove_frame(FrameNumber(number)) {
        Ok(Removal::Done) => Ok(writeln!(out, "frame {number:x} is on the Bad list")?),
        Ok(Removal::Requested) => Ok(writeln!(out, "frame {number:x} goes to the Bad list when it is given up")?),
        Err(NotRemoved::NotRam) => Err(Problem::Say("this frame is no RAM")),
        Err(NotRemoved::AlreadyBad) => Err(Problem::Say("this frame is on the Bad list already")),
    }
}
