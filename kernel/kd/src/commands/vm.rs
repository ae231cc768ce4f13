//! `!vm`, the sums of memory, and `!verify`, the audit of all of it.

use core::fmt::{self, Write};

use abi::cell::Link;
use abi::nt::process::Eprocess;
use mm::frame::Location;
use mm::layout::{PAGE_SIZE, POOL_END, POOL_START, VirtualPage};
use mm::machine::Machine;
use mm::verify::{Audit, Corruption};

use super::usage::ImageName;
use super::vad::vad_at;
use super::{Arguments, Done};
use crate::names;
use crate::target::{Findings, Target};

/// No line for each process.
const SUMS_ONLY: u32 = 1;

/// `!vm [1]`.
pub(super) fn vm<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let flags = arguments.number()?.unwrap_or(0);
    arguments.end()?;
    let mm = target.mm;
    writeln!(out, "\n*** Virtual Memory Usage ***")?;
    row("Physical Memory", mm.physical_pages().2, out)?;
    paging_files(target, out)?;
    row("Available Pages", mm.available_frames(), out)?;
    row("Modified Pages", mm.list_length(Location::Modified), out)?;
    row("NonPagedPool Usage", mm.pool_bytes_in_use().div_ceil(PAGE_SIZE), out)?;
    row("NonPagedPool Max", (POOL_END - POOL_START) / PAGE_SIZE, out)?;
    row("Kernel Pages", mm.kernel_frames(), out)?;
    row("Shared Commit", shared_commit(target), out)?;
    row("Committed pages", mm.commit.current(), out)?;
    row("Peak commit", mm.commit.peak(), out)?;
    row("Commit limit", mm.commit.limit(), out)?;
    if flags & SUMS_ONLY != 0 {
        return Ok(());
    }
    writeln!(out)?;
    for (_, process) in target.processes() {
        let (id, pages) = (process.unique_process_id.get(), process.commit_charge.get());
        writeln!(out, "{id:04x} {:<15} {pages:>6} ({:>8} Kb)", ImageName(process), u64::from(pages) * 4)?;
    }
    Ok(())
}

/// Each paging file by its name, with its sizes.
fn paging_files<M: Machine>(target: &Target<'_, M>, out: &mut dyn Write) -> fmt::Result {
    if target.mm.paging_files().next().is_none() {
        return writeln!(out, "    No paging file");
    }
    let kilobytes = |pages: u32| u64::from(pages) * 4;
    for figures in target.mm.paging_files() {
        let name = target.checked(figures.record).map(|record| target.text(&record.page_file_name));
        match name.filter(|name| !name.is_empty()) {
            Some(name) => writeln!(out, "    Page File: {name}")?,
            None => writeln!(out, "    Page File number {}", figures.number)?,
        }
        let (current, free) = (kilobytes(figures.size), kilobytes(figures.free));
        let (minimum, maximum) = (kilobytes(figures.minimum), kilobytes(figures.maximum));
        writeln!(out, "      Current: {current:>9} Kb  Free Space: {free:>9} Kb")?;
        writeln!(out, "      Minimum: {minimum:>9} Kb  Maximum:    {maximum:>9} Kb")?;
    }
    Ok(())
}

/// Pages that sections have committed for all who map them.
fn shared_commit<M: Machine>(target: &Target<'_, M>) -> u32 {
    let segments = target.control_areas().filter_map(|(_, area)| target.checked(area.segment.get()));
    segments.fold(0, |sum, segment| sum.saturating_add(segment.number_of_committed_pages.get()))
}

fn row(label: &str, pages: u32, out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "{label:>22}: {pages:>8} ({:>9} Kb)", u64::from(pages) * 4)
}

/// `!verify`.
pub(super) fn verify<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    scratch: &mut [u16],
    out: &mut dyn Write,
) -> Done<'a> {
    arguments.end()?;
    if let Err(broken) = target.all_is_whole() {
        return Ok(writeln!(out, "The audit found CORRUPTION: {broken}")?);
    }
    let audit = match target.mm.verify(scratch) {
        Ok(audit) => audit,
        Err(corruption) => return Ok(corrupt(target, &corruption, out)?),
    };
    let mut printed = Ok(());
    (target.audit)(&mut |findings| {
        printed = match findings {
            Findings::Broken(corruption) => broken(corruption, out),
            sound => clean(&audit, out).and_then(|()| others(sound, out)),
        }
    });
    Ok(printed?)
}

fn broken(corruption: &dyn fmt::Debug, out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "The audit found CORRUPTION, invariant {corruption:x?}")
}

/// What is told of all that is not memory.
fn others(findings: Findings<'_>, out: &mut dyn Write) -> fmt::Result {
    let Findings::Sound { files, pipes, tokens } = findings else {
        return writeln!(out, "Only memory can be looked at now.");
    };
    writeln!(out, "{:>19}: {pipes:>8}\n{:>19}: {tokens:>8}", "Pipes", "Tokens")?;
    match files {
        Some(files) => writeln!(out, "{:>19}: {files:>8}", "Files"),
        None => writeln!(out, "Files cannot be looked at now: one is being opened or closed."),
    }
}

fn clean(audit: &Audit, out: &mut dyn Write) -> fmt::Result {
    let Audit {
        frames,
        active,
        transition,
        deleted,
        parked,
        tables_out,
        hidden: _,
        places,
        processes,
        vads,
        mapped,
        awe,
        large_pages,
        large_frames: _,
        sections,
        committed,
    } = audit;
    writeln!(out, "The audit is clean: no invariant is broken.")?;
    let rows = [
        ("Frames", frames),
        ("Active", active),
        ("Transition", transition),
        ("Deleted", deleted),
        ("Transition PTEs", parked),
        ("Paged-out tables", tables_out),
        ("Paging-file pages", places),
        ("Address spaces", processes),
        ("VADs", vads),
        ("Valid user PTEs", mapped),
        ("AWE frames", awe),
        ("Large pages", large_pages),
        ("Sections", sections),
        ("Committed pages", committed),
    ];
    rows.into_iter().try_for_each(|(name, count)| writeln!(out, "{name:>19}: {count:>8}"))
}

fn corrupt<M: Machine>(target: &Target<'_, M>, corruption: &Corruption, out: &mut dyn Write) -> fmt::Result {
    broken(corruption, out)?;
    match corruption {
        Corruption::T3 { process, page, raw } => wrong_entry(target, *process, *page, *raw, out),
        _ => Ok(()),
    }
}

/// The page whose entry does not agree with its VAD.
fn wrong_entry<M: Machine>(
    target: &Target<'_, M>,
    process: Link<Eprocess>,
    page: VirtualPage,
    raw: u64,
    out: &mut dyn Write,
) -> fmt::Result {
    let Some(record) = target.checked(process) else { return Ok(()) };
    let (id, at) = (record.unique_process_id.get(), page.address().0);
    write!(out, "The PTE of page {at:08x} in {} ({id:04x}), {raw:016X}, ", ImageName(record))?;
    match vad_at(target, record, page.0) {
        Some((vad, node)) => {
            let protection = names::in_vad(node.flags().protection());
            writeln!(out, "is not what its VAD {:08x} ({protection}) allows.", vad.address())
        }
        None => writeln!(out, "belongs to no VAD."),
    }
}
