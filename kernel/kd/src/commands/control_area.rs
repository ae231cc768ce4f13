//! `!ca`: a control area, its segment and its subsections.

use core::fmt::{self, Write};

use abi::cell::Link;
use mm::layout::{HIGHEST_USER_ADDRESS, VirtualAddress};
use mm::machine::Machine;
use mm::section::{ControlArea, Segment, Subsection};
use mm::vad::{Mmvad, VadFlags};

use super::vad::vad_at;
use super::{Arguments, Done, Problem};
use crate::names;
use crate::target::Target;

/// Bits of `_MMSECTION_FLAGS` and WinDbg's words for them.
const FLAGS: [(u32, &str); 27] = [
    (0, "BeingDeleted"),
    (1, "BeingCreated"),
    (2, "BeingPurged"),
    (3, "NoModifiedWriting"),
    (4, "FailAllIo"),
    (5, "Image"),
    (6, "Based"),
    (7, "File"),
    (8, "Networked"),
    (9, "NoCache"),
    (10, "PhysicalMemory"),
    (11, "CopyOnWrite"),
    (12, "Reserve"),
    (13, "Commit"),
    (15, "WasPurged"),
    (16, "UserReference"),
    (17, "GlobalMemory"),
    (18, "DeleteOnClose"),
    (19, "FilePointerNull"),
    (22, "CollidedFlush"),
    (23, "NoChange"),
    (24, "HadUserReference"),
    (25, "ImageMappedInSystemSpace"),
    (26, "UserWritable"),
    (27, "Accessed"),
    (28, "GlobalOnlyPerSession"),
    (29, "Rom"),
];

/// `!ca ADDRESS`; an address of a program means the section of the view there.
pub(super) fn control_area<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let address = arguments.needed("!ca needs the address of a control area")?;
    arguments.end()?;
    let link = if address <= HIGHEST_USER_ADDRESS { of_view(target, address)? } else { Link::new(address) };
    let known = target.control_areas().find(|(area, _)| *area == link);
    let Some((_, area)) = known else { return Err(Problem::Say("there is no control area there")) };
    let Some(segment) = target.checked(area.segment.get()) else {
        return Err(Problem::Say("its segment is not there"));
    };
    head(target, link, area, out)?;
    of_segment(area.segment.get(), segment, out)?;
    let first: Link<Subsection> = link.offset(size_of::<ControlArea>() as u32);
    let (mut at, mut mark) = (first, Link::NULL);
    for number in 1..=area.number_of_subsections.get() {
        if at == mark {
            return Ok(writeln!(out, "The chain comes back to {:08x}: it is broken here.", at.address())?);
        }
        // Some earlier one, ever less often another: no circle keeps clear of it for long.
        if number.is_power_of_two() {
            mark = at;
        }
        let Some(record) = target.checked(at) else {
            return Ok(writeln!(out, "Subsection {number} @ {:08x}\n  ????????", at.address())?);
        };
        of_subsection(number, at, record, out)?;
        at = record.next_subsection.get();
    }
    Ok(())
}

/// The control area of the view at `address` of the chosen process.
fn of_view<'a, M: Machine>(target: &Target<'_, M>, address: u32) -> Result<Link<ControlArea>, Problem<'a>> {
    let process = target.context().ok_or(Problem::Say("there is no process"))?;
    let found = vad_at(target, process, VirtualAddress(address).page().0);
    let view = found.filter(|(_, node)| !node.flags().has(VadFlags::PRIVATE_MEMORY));
    let vad = view.and_then(|(link, _)| target.checked(link.cast::<Mmvad>()));
    vad.map(|vad| vad.control_area.get()).ok_or(Problem::Say("there is no view of a section there"))
}

fn head<M: Machine>(
    target: &Target<'_, M>,
    link: Link<ControlArea>,
    area: &ControlArea,
    out: &mut dyn Write,
) -> fmt::Result {
    let flags = area.flags.get();
    let [flink, blink] = [0, 1].map(|index: usize| area.dereference_list[index].get());
    writeln!(out, "\nControlArea  @ {:08x}", link.address())?;
    writeln!(
        out,
        "  Segment      {:08x}  Flink      {flink:08x}  Blink        {blink:08x}",
        area.segment.get().address()
    )?;
    writeln!(
        out,
        "  Section Ref  {:8x}  Pfn Ref    {:8x}  Mapped Views {:8x}",
        area.number_of_section_references.get(),
        area.number_of_pfn_references.get(),
        area.number_of_mapped_views.get()
    )?;
    writeln!(
        out,
        "  User Ref     {:8x}  WaitForDel {:8x}  Flush Count  {:8x}",
        area.number_of_user_references.get(),
        area.waiting_for_deletion.get(),
        area.flush_in_progress_count.get()
    )?;
    writeln!(
        out,
        "  File Object  {:08x}  ModWriteCount{:6x}  System Views {:8x}",
        area.file_pointer.get().address(),
        area.modified_write_count.get(),
        area.number_of_system_cache_views.get()
    )?;
    write!(out, "  Flags ({flags:x}) ")?;
    let set = FLAGS.iter().filter(|(bit, _)| flags >> bit & 1 != 0);
    set.map(|(_, word)| word).try_for_each(|word| write!(out, "{word} "))?;
    writeln!(out, "\n")?;
    let name = target.file_name(area);
    if name.is_empty() { writeln!(out, "      No Name for File\n") } else { writeln!(out, "      {name}\n") }
}

fn of_segment(link: Link<Segment>, segment: &Segment, out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "Segment @ {:08x}", link.address())?;
    writeln!(
        out,
        "  ControlArea  {:08x}  Total Ptes {:8x}  NonExtendPtes{:8x}",
        segment.control_area.get().address(),
        segment.total_number_of_ptes.get(),
        segment.non_extended_ptes.get()
    )?;
    writeln!(
        out,
        "  WriteUserRef {:8x}  Size       {:8x}  Committed    {:8x}",
        segment.writable_user_references.get(),
        segment.size_of_segment.get(),
        segment.number_of_committed_pages.get()
    )?;
    writeln!(
        out,
        "  Based Addr   {:08x}  Image Base {:08x}  Image Commit {:8x}",
        segment.based_address.get(),
        segment.system_image_base.get(),
        segment.image_commitment.get()
    )?;
    writeln!(
        out,
        "  Image Info   {:08x}  ProtoPtes  {:08x}  PTE Template {:016X}\n",
        segment.image_information.get().address(),
        segment.prototype_pte.get().address(),
        segment.segment_pte_template.get()
    )
}

fn of_subsection(number: u16, link: Link<Subsection>, record: &Subsection, out: &mut dyn Write) -> fmt::Result {
    let flags = record.flags.get();
    let protection = record.protection();
    writeln!(out, "Subsection {number} @ {:08x}", link.address())?;
    writeln!(
        out,
        "  ControlArea  {:08x}  Starting Sector {:8x}  Number Of Sectors {:8x}",
        record.control_area.get().address(),
        record.starting_sector.get(),
        record.number_of_full_sectors.get()
    )?;
    writeln!(
        out,
        "  Base Pte     {:08x}  Ptes In Subsect {:8x}  Unused Ptes       {:8x}",
        record.subsection_base.get().address(),
        record.ptes_in_subsection.get(),
        record.unused_ptes.get()
    )?;
    writeln!(
        out,
        "  Flags        {flags:8x}  Sector Offset   {:8x}  Protection        {:8x}",
        flags >> 20,
        protection.code()
    )?;
    writeln!(out, "    {}\n", names::in_vad(protection))
}
