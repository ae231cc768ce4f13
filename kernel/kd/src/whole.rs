//! Whether what others follow without a look is whole: the memory manager's audit and its answers take links as they are, and would run
//! into whatever somebody has written over them.
//!
//! A list is whole where each entry names the one before, so that nothing is met twice; a tree where each node names its parent, pages ascend, and
//! no way down is longer than [`DEEPEST`](crate::commands::DEEPEST).

use core::fmt;
use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::list::ListEntry;
use abi::nt::process::{Eprocess, Mmsupport};
use mm::layout::PAGE_SIZE;
use mm::machine::Machine;
use mm::pte::{LARGE_PAGE, Pte, PteCell};
use mm::section::{ControlArea, ControlAreaFlags, Subsection};
use mm::vad::{Mmvad, MmvadLong, MmvadShort, VadFlags, VadFlags2};

use crate::commands::{handles_are_whole, vad_nodes};
use crate::target::{LONGEST_WALK, Target};

/// What is not whole, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    what: &'static str,
    /// The structure that leads on to what is none of its kind, or is that itself.
    at: u32,
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is broken at {:08x}", self.what, self.at)
    }
}

type Whole = Result<(), Broken>;

/// Place of a process in the list of address spaces.
const SPACE_LINKS: u32 = (offset_of!(Eprocess, vm) + offset_of!(Mmsupport, working_set_expansion_links)) as u32;

impl<M: Machine> Target<'_, M> {
    /// Whether the list with `head` comes back to it.
    ///
    /// # Errors
    /// The last entry of it that is whole.
    pub fn list_is_whole(&self, head: Link<ListEntry>) -> Result<(), Link<ListEntry>> {
        let last = self.list(head).last().unwrap_or(head);
        match self.checked(last) {
            Some(entry) if entry.flink.get() == head => Ok(()),
            _ => Err(last),
        }
    }

    /// The control areas, as far as their list is whole.
    pub fn control_areas(&self) -> impl Iterator<Item = (Link<ControlArea>, &ControlArea)> {
        let known = |link: Link<ControlArea>, before: u32| {
            let record = self.checked(link)?;
            (record.dereference_list[1].get() == before).then_some((link, record))
        };
        let first = self.mm.first_control_area().some();
        // The first names none before it, whatever stands there.
        let first = first.and_then(|link| Some((link, self.checked(link)?)));
        let next = move |(link, record): &(Link<ControlArea>, &ControlArea)| {
            known(Link::new(record.dereference_list[0].get()).some()?, link.address())
        };
        core::iter::successors(first, next).take(LONGEST_WALK)
    }

    /// Whether all is whole that the audits follow.
    ///
    /// # Errors
    /// What is not.
    pub fn all_is_whole(&self) -> Whole {
        self.objects_are_whole()?;
        self.memory_is_whole()
    }

    fn objects_are_whole(&self) -> Whole {
        self.list_is_whole(self.processes).map_err(|link| broken("the list of processes", link))?;
        for (link, record) in self.processes() {
            let head = link.offset(offset_of!(Eprocess, thread_list_head) as u32);
            self.list_is_whole(head).map_err(|link| broken("a list of threads", link))?;
            let table = record.object_table.get();
            if !table.is_null() && !self.checked(table).is_some_and(|table| handles_are_whole(self, table)) {
                return Err(broken("a handle table", table));
            }
        }
        Ok(())
    }

    fn memory_is_whole(&self) -> Whole {
        let head = self.mm.address_space_list();
        self.list_is_whole(head).map_err(|link| broken("the list of address spaces", link))?;
        for entry in self.list(head) {
            self.space_is_whole(Link::new(entry.address().wrapping_sub(SPACE_LINKS)))?;
        }
        let last = self.control_areas().last();
        if let Some((link, record)) = last
            && record.dereference_list[0].get() != 0
        {
            return Err(broken("the list of control areas", link));
        }
        if last.is_none() && !self.mm.first_control_area().is_null() {
            return Err(broken("the list of control areas", self.mm.first_control_area()));
        }
        self.control_areas().try_for_each(|(link, record)| self.section_is_whole(link, record))
    }

    /// Whether all is whole that is followed of the address space of `process`.
    ///
    /// # Errors
    /// What is not.
    pub fn space_is_whole(&self, process: Link<Eprocess>) -> Whole {
        let record = self.checked(process).ok_or(broken("a process", process))?;
        let pointers: Link<PteCell> = Link::new(record.pae_top.get());
        let directories = (0..4).map(|index| self.checked(pointers.offset::<PteCell>(index * 8)));
        let is_directory = |cell: Option<&PteCell>| matches!(cell.map(|cell| Pte::decode(cell.load())), Some(Pte::Valid(valid)) if self.mm.is_ram(valid.frame()));
        if !directories.map(is_directory).fold(true, |all, one| all & one) {
            return Err(broken("the page-directory-pointer table of a process", process));
        }
        self.tables_are_ram(process, record)?;
        let hint = record.vad_hint.get();
        if !hint.is_null() && self.checked(hint.cast::<MmvadShort>()).is_none() {
            return Err(broken("the VAD hint of a process", process));
        }
        for node in vad_nodes(self, record.vad_root.get()) {
            let (link, node) = node.map_err(|link| broken("a VAD tree", link))?;
            if !node.flags().has(VadFlags::PRIVATE_MEMORY) {
                self.view_is_whole(link.cast(), node.flags())?;
            }
        }
        Ok(())
    }

    /// Page directories that lead to what is no RAM lead the audit to records that are not there.
    fn tables_are_ram(&self, process: Link<Eprocess>, record: &Eprocess) -> Whole {
        let Some([low, high, ..]) = self.directories_of(record) else { return Err(broken("a process", process)) };
        for directory in [low, high] {
            for index in 0..512 {
                let is_ram = match Pte::decode(self.entry(directory, index).unwrap_or(0)) {
                    Pte::Valid(valid) => valid.0 & LARGE_PAGE != 0 || self.mm.is_ram(valid.frame()),
                    Pte::Transition(frame, _) => self.mm.is_ram(frame),
                    _ => true,
                };
                if !is_ram {
                    return Err(Broken { what: "the page directory of a process", at: process.address() });
                }
            }
        }
        Ok(())
    }

    fn view_is_whole(&self, link: Link<Mmvad>, flags: VadFlags) -> Whole {
        let what = "the VAD of a view";
        let view = self.checked(link).ok_or(broken(what, link))?;
        let area = self.checked(view.control_area.get()).ok_or(broken(what, link))?;
        let is_long = view.flags2().has(VadFlags2::LONG_VAD);
        let ends = [view.first_prototype_pte.get(), view.last_contiguous_pte.get()];
        let is_mapped = flags.has(VadFlags::PHYSICAL_MAPPING) || ends.iter().all(|cell| self.checked(*cell).is_some());
        let is_whole = self.checked(area.segment.get()).is_some()
            && is_mapped
            && (!is_long || self.checked(link.cast::<MmvadLong>()).is_some());
        if is_whole { Ok(()) } else { Err(broken(what, link)) }
    }

    fn section_is_whole(&self, link: Link<ControlArea>, record: &ControlArea) -> Whole {
        let segment = self.checked(record.segment.get()).ok_or(broken("a control area", link))?;
        let flags = ControlAreaFlags::from_bits_truncate(record.flags.get());
        // Those of a file's data are its subsections' alone.
        let is_data = flags.contains(ControlAreaFlags::FILE) && !flags.contains(ControlAreaFlags::IMAGE);
        if !is_data && !self.prototypes_are_there(segment.prototype_pte.get(), segment.total_number_of_ptes.get()) {
            return Err(broken("a segment", record.segment.get()));
        }
        let mut at: Link<Subsection> = link.offset(size_of::<ControlArea>() as u32);
        // One more than it counts is one too many: the chain ends, or closes to a circle.
        let most = match record.number_of_subsections.get() {
            // It counts no further.
            u16::MAX => LONGEST_WALK,
            count => count.into(),
        };
        for _ in 0..=most {
            let subsection = self.checked(at).ok_or(broken("a chain of subsections", link))?;
            if !self.prototypes_are_there(subsection.subsection_base.get(), subsection.ptes_in_subsection.get()) {
                return Err(broken("a subsection", at));
            }
            at = subsection.next_subsection.get();
            if at.is_null() {
                return Ok(());
            }
        }
        Err(broken("a chain of subsections", link))
    }

    /// Whether `count` prototype PTEs from `first` on are in memory, where there are any.
    fn prototypes_are_there(&self, first: Link<PteCell>, count: u32) -> bool {
        let Some(bytes) = count.checked_mul(8) else { return false };
        if first.is_null() || count == 0 {
            return true;
        }
        let Some(last) = first.address().checked_add(bytes - 8) else { return false };
        let pages = (first.address()..=last).step_by(PAGE_SIZE as usize).chain([last]);
        pages.into_iter().all(|address| self.checked(Link::<PteCell>::new(address)).is_some())
    }
}

fn broken<T>(what: &'static str, at: Link<T>) -> Broken {
    Broken { what, at: at.address() }
}
