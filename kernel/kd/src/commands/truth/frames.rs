//! The frames of RAM.

use core::fmt::{self, Write};

use mm::frame::{Flags, Location, Mmpfn};
use mm::layout::FrameNumber;
use mm::machine::Machine;

use crate::commands::frame::location_name;
use crate::target::Target;

/// All frames of RAM, lowest first. Those that nobody has are told by runs.
pub(super) fn frames<M: Machine>(target: &Target<'_, M>, out: &mut dyn Write) -> fmt::Result {
    let (lowest, highest, _) = target.mm.physical_pages();
    let mut run: Option<(u32, u32, Location)> = None;
    for number in (lowest.0..=highest.0).filter(|number| target.mm.is_ram(FrameNumber(*number))) {
        let record = target.mm.frame(FrameNumber(number));
        let location = record.location();
        if let Some((_, count, of)) = run.as_mut().filter(|(first, count, _)| *first + *count == number)
            && *of == location
        {
            *count += 1;
            continue;
        }
        end(run.take(), out)?;
        match location {
            Location::Zeroed | Location::Free | Location::Bad => run = Some((number, 1, location)),
            _ => frame(number, record, out)?,
        }
    }
    end(run, out)
}

fn end(run: Option<(u32, u32, Location)>, out: &mut dyn Write) -> fmt::Result {
    let Some((first, count, location)) = run else { return Ok(()) };
    let name = location_name(location);
    writeln!(out, "{{\"kind\":\"frames\",\"first\":{first},\"count\":{count},\"state\":\"{name}\"}}")
}

fn frame(number: u32, record: &Mmpfn, out: &mut dyn Write) -> fmt::Result {
    write!(
        out,
        "{{\"kind\":\"frame\",\"frame\":{number},\"state\":\"{}\",\"pte\":{},\"table\":{},\"references\":{},",
        location_name(record.location()),
        record.pte_address.get(),
        record.pte_frame().0,
        record.reference_count.get(),
    )?;
    let shared = record.flags().contains(Flags::PROTOTYPE);
    writeln!(out, "\"original\":{},\"shared\":{shared}}}", record.original_pte.get())
}
