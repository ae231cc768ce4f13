//! The VADs of a process, and where the contents of its pages are.

use core::fmt::{self, Write};

use abi::cell::Link;
use abi::nt::process::Eprocess;
use mm::layout::{ENTRIES_PER_TABLE, FrameNumber, VirtualPage};
use mm::machine::Machine;
use mm::pte::{DIRTY, LARGE_PAGE, PrototypePte, Pte, PteCell};
use mm::section::{ControlArea, Subsection};
use mm::vad::{Mmvad, VadFlags};

use super::json::Text;
use crate::commands::vad::{nodes, vad_at};
use crate::target::{LONGEST_WALK, Name, Target};

/// Number of the System process.
const SYSTEM: u32 = 4;
/// Bytes in front of a VAD in which its pool tag stands.
const TAG: u32 = 4;

/// The VADs of `process`, in order of address.
pub(super) fn vads<M: Machine>(target: &Target<'_, M>, process: &Eprocess, out: &mut dyn Write) -> fmt::Result {
    for place in nodes(target, process.vad_root.get()).map_while(Result::ok) {
        let (flags, address) = (place.node.flags(), place.link.address());
        let tag = target.word(address.wrapping_sub(TAG)).unwrap_or(0);
        let area = control_area(target, place.link, flags);
        write!(
            out,
            "{{\"kind\":\"vad\",\"pid\":{},\"address\":{address},\"start\":{},\"end\":{},\"parent\":{},\"left\":{},\"right\":{},",
            process.unique_process_id.get(),
            place.node.start().0,
            place.node.end().0,
            place.node.parent().address(),
            place.node.left_child().address(),
            place.node.right_child().address(),
        )?;
        write!(
            out,
            "\"tag\":{tag},\"protection\":{},\"commit\":{},\"private\":{},\"image\":{},\"file\":",
            flags.protection().code(),
            flags.commit_charge().0,
            flags.has(VadFlags::PRIVATE_MEMORY),
            flags.has(VadFlags::IMAGE_MAP),
        )?;
        match area.map_or(Name::EMPTY, |(_, area)| target.file_name(area)) {
            name if name.is_empty() => writeln!(out, "null}}")?,
            name => writeln!(out, "{}}}", Text(&name))?,
        }
    }
    Ok(())
}

fn control_area<'t, M: Machine>(
    target: &'t Target<'_, M>,
    vad: Link<abi::nt::process::VadNode>,
    flags: VadFlags,
) -> Option<(Link<ControlArea>, &'t ControlArea)> {
    if flags.has(VadFlags::PRIVATE_MEMORY) {
        return None;
    }
    let link = target.checked(vad.cast::<Mmvad>())?.control_area.get();
    Some((link, target.checked(link)?))
}

/// The pages of `process` that are anywhere, and its page tables that are in a paging file.
pub(super) fn pages<M: Machine>(target: &Target<'_, M>, process: &Eprocess, out: &mut dyn Write) -> fmt::Result {
    let Some([low, high, ..]) = target.directories_of(process) else { return Ok(()) };
    let pid = process.unique_process_id.get();
    let mut views = Views { target, process, last: None };
    let mut group = Group { pid, next: None };
    for (directory, half) in [(low, 0), (high, 512)] {
        for index in 0..ENTRIES_PER_TABLE {
            let first = VirtualPage((half + index) * ENTRIES_PER_TABLE);
            match target.entry(directory, index).map_or(Pte::Empty, Pte::decode) {
                Pte::Valid(large) if large.has(LARGE_PAGE) => {
                    let frame = large.frame().0;
                    (0..ENTRIES_PER_TABLE).try_for_each(|page| {
                        group.add(VirtualPage(first.0 + page), Form::Large, Some(frame + page), out)
                    })?;
                }
                Pte::Valid(table) => table_pages(&mut views, &mut group, first, Some(table.frame()), out)?,
                Pte::Transition(frame, _) => table_pages(&mut views, &mut group, first, Some(frame), out)?,
                Pte::PagingFile(place) => {
                    group.end(out)?;
                    let address = first.address().0;
                    let (file, offset) = (place.file, place.offset);
                    writeln!(
                        out,
                        "{{\"kind\":\"table\",\"pid\":{pid},\"va\":{address},\"file\":{file},\"offset\":{offset}}}"
                    )?;
                }
                _ => table_pages(&mut views, &mut group, first, None, out)?,
            }
        }
    }
    group.end(out)
}

/// The pages of the kernel half as `process` sees them that the processor, or a tool, may follow, by runs of frames. The lower half of it is the
/// same in all processes and told of the System process alone.
pub(super) fn kernel_pages<M: Machine>(target: &Target<'_, M>, process: &Eprocess, out: &mut dyn Write) -> fmt::Result {
    let Some([_, _, shared, own]) = target.directories_of(process) else { return Ok(()) };
    let pid = process.unique_process_id.get();
    let mut run = Run { pid, first: 0, pages: 0, frame: 0 };
    for (directory, half) in [(shared, 1024), (own, 1536)] {
        if half == 1024 && pid != SYSTEM {
            continue;
        }
        for index in 0..ENTRIES_PER_TABLE {
            let first = (half + index) * ENTRIES_PER_TABLE;
            match target.entry(directory, index).map_or(Pte::Empty, Pte::decode) {
                Pte::Valid(large) if large.has(LARGE_PAGE) => {
                    let frame = large.frame().0;
                    (0..ENTRIES_PER_TABLE).try_for_each(|page| run.add(first + page, frame + page, out))?;
                }
                Pte::Valid(table) => {
                    for page in 0..ENTRIES_PER_TABLE {
                        let raw = target.entry(table.frame(), page).unwrap_or(0);
                        if let Pte::Valid(valid) = Pte::decode(raw) {
                            run.add(first + page, valid.frame().0, out)?;
                        } else if let Pte::Transition(frame, _) = Pte::decode(raw) {
                            run.add(first + page, frame.0, out)?;
                        }
                    }
                }
                _ => {}
            }
        }
    }
    run.end(out)
}

/// Pages of the kernel half whose frames follow each other.
struct Run {
    pid: u32,
    first: u32,
    pages: u32,
    frame: u32,
}

impl Run {
    fn add(&mut self, page: u32, frame: u32, out: &mut dyn Write) -> fmt::Result {
        if self.pages > 0 && (page, frame) == (self.first + self.pages, self.frame + self.pages) {
            self.pages += 1;
            return Ok(());
        }
        self.end(out)?;
        (self.first, self.pages, self.frame) = (page, 1, frame);
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> fmt::Result {
        let (pid, pages, frame) = (self.pid, core::mem::take(&mut self.pages), self.frame);
        if pages == 0 {
            return Ok(());
        }
        let address = VirtualPage(self.first).address().0;
        writeln!(out, "{{\"kind\":\"kernel\",\"pid\":{pid},\"va\":{address},\"pages\":{pages},\"frame\":{frame}}}")
    }
}

/// The pages that the table in `frame` is for; without one, those that sections have.
fn table_pages<M: Machine>(
    views: &mut Views<'_, '_, M>,
    group: &mut Group,
    first: VirtualPage,
    frame: Option<FrameNumber>,
    out: &mut dyn Write,
) -> fmt::Result {
    if frame.is_none() && !views.may_have(first) {
        return Ok(());
    }
    for index in 0..ENTRIES_PER_TABLE {
        let page = VirtualPage(first.0 + index);
        let raw = frame.and_then(|frame| views.target.entry(frame, index)).unwrap_or(0);
        let shared = match Pte::decode(raw) {
            Pte::Valid(valid) => {
                let form = if valid.has(DIRTY) { Form::Written } else { Form::Valid };
                group.add(page, form, Some(valid.frame().0), out)?;
                None
            }
            Pte::Transition(frame, protection) => {
                group.add(page, Form::Transition(protection.code()), Some(frame.0), out)?;
                None
            }
            Pte::PagingFile(place) => {
                let form = Form::Paged { file: place.file, protection: place.protection.code() };
                group.add(page, form, Some(place.offset), out)?;
                None
            }
            Pte::DemandZero(_) => None,
            Pte::Prototype(cell, _) => Some(cell),
            Pte::Empty | Pte::LookInVad(_) => views.prototype_of(page),
        };
        let raw = shared.and_then(|cell| views.target.checked(cell)).map_or(0, PteCell::load);
        match PrototypePte::decode(raw) {
            PrototypePte::Empty | PrototypePte::DemandZero(_) => {}
            PrototypePte::Valid(valid) => group.add(page, Form::Shared, Some(valid.frame().0), out)?,
            PrototypePte::Transition(frame, _) => group.add(page, Form::Shared, Some(frame.0), out)?,
            PrototypePte::PagingFile(place) => {
                group.add(page, Form::SharedPaged { file: place.file }, Some(place.offset), out)?;
            }
            PrototypePte::Subsection(..) => group.add(page, Form::InFile, None, out)?,
        }
    }
    Ok(())
}

/// What the entry of a page is, as far as a line has it once for many.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Valid,
    /// Valid and dirty.
    Written,
    Large,
    /// With the protection.
    Transition(u32),
    Paged {
        file: u32,
        protection: u32,
    },
    /// The process's entry is empty or of prototype form, the page in memory.
    Shared,
    SharedPaged {
        file: u32,
    },
    /// The same, and only the mapped file has the page.
    InFile,
}

/// Pages of one form that follow each other: a line.
struct Group {
    pid: u32,
    /// The page that would go on with it, and its form.
    next: Option<(VirtualPage, Form)>,
}

impl Group {
    /// A page, and where it is: a frame, or pages from the beginning of a paging file.
    fn add(&mut self, page: VirtualPage, form: Form, place: Option<u32>, out: &mut dyn Write) -> fmt::Result {
        if self.next == Some((page, form)) {
            out.write_str(",")?;
        } else {
            self.end(out)?;
            let (pid, address) = (self.pid, page.address().0);
            write!(out, "{{\"kind\":\"pages\",\"pid\":{pid},\"va\":{address},\"form\":")?;
            match form {
                Form::Valid => out.write_str("\"valid\",\"frames\":[")?,
                Form::Written => out.write_str("\"valid\",\"dirty\":true,\"frames\":[")?,
                Form::Large => out.write_str("\"large\",\"frames\":[")?,
                Form::Transition(protection) => {
                    write!(out, "\"transition\",\"protection\":{protection},\"frames\":[")?;
                }
                Form::Paged { file, protection } => {
                    write!(out, "\"paged\",\"protection\":{protection},\"file\":{file},\"offsets\":[")?;
                }
                Form::Shared => out.write_str("\"prototype\",\"frames\":[")?,
                Form::SharedPaged { file } => write!(out, "\"prototype\",\"file\":{file},\"offsets\":[")?,
                Form::InFile => out.write_str("\"prototype\",\"in_file\":[")?,
            }
        }
        self.next = Some((VirtualPage(page.0 + 1), form));
        match place {
            Some(place) => write!(out, "{place}"),
            None => out.write_str("1"),
        }
    }

    fn end(&mut self, out: &mut dyn Write) -> fmt::Result {
        if self.next.take().is_some() { out.write_str("]}\n") } else { Ok(()) }
    }
}

/// The views of a process, of which the last that was asked about is known.
struct Views<'t, 'm, M> {
    target: &'t Target<'m, M>,
    process: &'t Eprocess,
    /// First and last page, and the view, or none for private memory.
    last: Option<(u32, u32, Option<&'t Mmvad>)>,
}

impl<M: Machine> Views<'_, '_, M> {
    /// Whether there may be a view in the 2 MB from `first` on. It may say so without need.
    fn may_have(&self, first: VirtualPage) -> bool {
        // Reservations begin at multiples of 64 KB.
        let places = (0..ENTRIES_PER_TABLE).step_by(16);
        places.into_iter().any(|place| vad_at(self.target, self.process, first.0 + place).is_some())
    }

    fn prototype_of(&mut self, page: VirtualPage) -> Option<Link<PteCell>> {
        if !self.last.is_some_and(|(first, last, _)| (first..=last).contains(&page.0)) {
            let (link, node) = vad_at(self.target, self.process, page.0)?;
            let view =
                control_area(self.target, link, node.flags()).and_then(|_| self.target.checked(link.cast::<Mmvad>()));
            self.last = Some((node.start().0, node.end().0, view));
        }
        let (first, _, view) = self.last?;
        let (view, index) = (view?, page.0 - first);
        let cell = view.first_prototype_pte.get().offset::<PteCell>(index * 8);
        if cell.address() <= view.last_contiguous_pte.get().address() {
            return Some(cell);
        }
        self.further_on(view, (view.flags2().file_offset() >> 12) as u32 + index)
    }

    /// The prototype PTE of page `index` of a file, which the view's first array does not reach.
    fn further_on(&self, view: &Mmvad, mut index: u32) -> Option<Link<PteCell>> {
        let first: Link<Subsection> = view.control_area.get().offset(size_of::<ControlArea>() as u32);
        let next = |subsection: &Link<Subsection>| self.target.checked(*subsection)?.next_subsection.get().some();
        for subsection in core::iter::successors(Some(first), next).take(LONGEST_WALK) {
            let subsection = self.target.checked(subsection)?;
            let pages = subsection.ptes_in_subsection.get();
            if index < pages {
                return subsection.subsection_base.get().some().map(|base| base.offset(index * 8));
            }
            index -= pages;
        }
        None
    }
}
