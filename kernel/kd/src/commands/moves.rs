//! `!moves`: the event ring, which has every move of a frame between lists and owners.

use core::fmt::Write;

use mm::events::{Cause, Event};
use mm::frame::Flags;
use mm::layout::{FrameNumber, PAGE_TABLES, PAGE_TABLES_END};
use mm::machine::Machine;

use super::frame::location_name;
use super::{Arguments, Done, Problem};
use crate::target::Target;

/// How many are shown where no number is given.
const SHOWN: u32 = 20;

/// `!moves [COUNT] [FRAME]`: the last moves, of all frames or of one, newest last.
pub(super) fn moves<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let count = arguments.number()?.unwrap_or(SHOWN);
    let frame = arguments.number()?.map(FrameNumber);
    arguments.end()?;
    if frame.is_some_and(|frame| !target.mm.is_ram(frame)) {
        return Err(Problem::Say("this frame is no RAM"));
    }
    let ring = target.mm.events();
    let (oldest, next) = (ring.oldest(), ring.next());
    writeln!(out, "{next} moves since the start, the last {} are kept", next.wrapping_sub(oldest))?;
    let meant = |event: &Event| frame.is_none_or(|frame| event.frame == frame);
    let known = ring.since(oldest).1.filter(meant).count();
    writeln!(out, "sequence   frame  from        to          cause      pteaddress  page")?;
    for event in ring.since(oldest).1.filter(meant).skip(known.saturating_sub(count as usize)) {
        row(&event, out)?;
    }
    Ok(())
}

fn row(event: &Event, out: &mut dyn Write) -> core::fmt::Result {
    let cause = match event.cause {
        Cause::Listed => "listed",
        Cause::Owned => "owned",
        Cause::Reclaimed => "reclaimed",
        Cause::Held => "held",
    };
    let (from, to) = (location_name(event.from()), location_name(event.to()));
    let Event { sequence, frame, pte_address: pte, .. } = event;
    write!(out, "{sequence:>8}  {:06X}  {from:<10}  {to:<10}  {cause:<9}  {pte:08X}    ", frame.0)?;
    let prototype = Flags::from_bits_truncate(event.after).contains(Flags::PROTOTYPE);
    match pte & !7 {
        _ if prototype => writeln!(out, "prototype"),
        pte if (PAGE_TABLES..PAGE_TABLES_END).contains(&pte) => writeln!(out, "{:08x}", (pte - PAGE_TABLES) << 9),
        _ => writeln!(out, "-"),
    }
}
