//! The frames of RAM.

use core::fmt::{self, Write};

use mm::frame::{Flags, Location, Mmpfn};
use mm::layout::FrameNumber;
use mm::machine::Machine;

use crate::commands::frame::location_name;
use crate::target::Target;

/// What frames have in common that stand in one line.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Kind {
    location: Location,
    shared: bool,
    references: u16,
}

impl Kind {
    fn of(record: &Mmpfn) -> Self {
        let shared = record.flags().contains(Flags::PROTOTYPE);
        Self { location: record.location(), shared, references: record.reference_count.get() }
    }

    /// Whether nobody has such a frame.
    fn is_unowned(self) -> bool {
        matches!(self.location, Location::Zeroed | Location::Free | Location::Bad)
    }
}

/// All frames of RAM, lowest first: of those that nobody has, how many; of each of the others the address of the PTE, the frame of the page table,
/// and what the PTE becomes when the page goes.
pub(super) fn frames<M: Machine>(target: &Target<'_, M>, out: &mut dyn Write) -> fmt::Result {
    let (lowest, highest, _) = target.mm.physical_pages();
    let mut run: Option<(u32, u32, Kind)> = None;
    for number in (lowest.0..=highest.0).filter(|number| target.mm.is_ram(FrameNumber(*number))) {
        let record = target.mm.frame(FrameNumber(number));
        let kind = Kind::of(record);
        match run.as_mut().filter(|(first, count, of)| *first + *count == number && *of == kind) {
            Some((_, count, _)) => {
                *count += 1;
                if !kind.is_unowned() {
                    out.write_str(",")?;
                }
            }
            None => {
                end(run.replace((number, 1, kind)), out)?;
                begin(number, kind, out)?;
            }
        }
        if !kind.is_unowned() {
            let (pte, table) = (record.pte_address.get(), record.pte_frame().0);
            write!(out, "[{pte},{table},{}]", record.original_pte.get())?;
        }
    }
    end(run, out)
}

fn begin(number: u32, kind: Kind, out: &mut dyn Write) -> fmt::Result {
    write!(out, "{{\"kind\":\"frames\",\"first\":{number},\"state\":\"{}\"", location_name(kind.location))?;
    match kind.is_unowned() {
        true => Ok(()),
        false => write!(out, ",\"shared\":{},\"references\":{},\"owners\":[", kind.shared, kind.references),
    }
}

fn end(run: Option<(u32, u32, Kind)>, out: &mut dyn Write) -> fmt::Result {
    match run {
        Some((_, count, kind)) if kind.is_unowned() => writeln!(out, ",\"count\":{count}}}"),
        Some(_) => writeln!(out, "]}}"),
        None => Ok(()),
    }
}
