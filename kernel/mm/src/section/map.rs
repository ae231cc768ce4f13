//! Views as programs ask for them, whatever their section is made of: what the section object allows comes first.
//!
//! Source: documented parameters and refusals of NtMapViewOfSection; the order of checks as observed of Windows.

use abi::cell::Link;
use abi::memory::{MEM_DOS_LIM, MEM_RESERVE, SEC_NO_CHANGE};
use abi::status::NtStatus;

use super::records::{ControlArea, ControlAreaFlags};
use super::{Mapped, Place, ViewRequest};
use crate::address_space::AddressSpace;
use crate::layout::{ALLOCATION_GRANULARITY, PAGE_SIZE, PageCount, VirtualAddress};
use crate::machine::Machine;
use crate::protection::{Caching, Protection};
use crate::virtual_memory::PageRange;

/// What a section object lets its views be.
#[derive(Clone, Copy, Debug)]
pub struct SectionLimits {
    /// Its bytes.
    pub size: u64,
    /// The protection it was made with, where that is known.
    pub protection: Option<Protection>,
    /// Where its views lie, 0 where that is the program's choice.
    pub base: u32,
    /// Whether its views keep their protection.
    pub no_change: bool,
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Maps the view of `control_area` that `request` asks for, within the `limits` of its section object.
    ///
    /// # Errors
    /// MAPPED_ALIGNMENT, INVALID_PARAMETER_9 (MEM_RESERVE) and _10 (WRITECOMBINE) where the section is no image, and those of
    /// [`map_data`](Self::map_data), [`map_image`](Self::map_image) and [`map_physical`](Self::map_physical); nothing has changed.
    #[doc(alias = "MmMapViewOfSection")]
    pub fn map_view(
        &self,
        control_area: Link<ControlArea>,
        limits: &SectionLimits,
        request: &ViewRequest,
    ) -> Result<Mapped, NtStatus> {
        let flags = ControlAreaFlags::from_bits_truncate(self.mm.machine.record(control_area).flags.get());
        if flags.contains(ControlAreaFlags::PHYSICAL_MEMORY) {
            return self.map_physical_view(control_area, limits, request);
        }
        if request.kind & MEM_DOS_LIM == 0 {
            let unit = ALLOCATION_GRANULARITY;
            if !request.base.is_multiple_of(unit) || !request.offset.is_multiple_of(unit.into()) {
                return Err(NtStatus::MAPPED_ALIGNMENT);
            }
        }
        if flags.contains(ControlAreaFlags::IMAGE) {
            return self.map_image_view(control_area, limits, request);
        }
        if request.kind & MEM_RESERVE != 0 {
            return Err(NtStatus::INVALID_PARAMETER_9);
        }
        if request.protection.caching() == Caching::WriteCombined {
            return Err(NtStatus::INVALID_PARAMETER_10);
        }
        let request = within(limits, request, ALLOCATION_GRANULARITY)?;
        self.map_data(control_area, &request).map(mapped_at_base)
    }

    /// A view of physical memory begins with any page, at any page.
    fn map_physical_view(
        &self,
        control_area: Link<ControlArea>,
        limits: &SectionLimits,
        request: &ViewRequest,
    ) -> Result<Mapped, NtStatus> {
        if request.kind & MEM_RESERVE != 0 {
            return Err(NtStatus::INVALID_PARAMETER_9);
        }
        let request = within(limits, request, PAGE_SIZE)?;
        self.map_physical(control_area, &request).map(mapped_at_base)
    }

    /// A view of an image is always all of it.
    fn map_image_view(
        &self,
        control_area: Link<ControlArea>,
        limits: &SectionLimits,
        request: &ViewRequest,
    ) -> Result<Mapped, NtStatus> {
        if request.offset != 0 || u64::from(request.size) > limits.size {
            return Err(NtStatus::INVALID_VIEW_SIZE);
        }
        if u64::from(request.commit) > limits.size {
            return Err(NtStatus::INVALID_PARAMETER_5);
        }
        let wanted = (request.base != 0).then(|| VirtualAddress(request.base).page());
        self.map_image(control_area, wanted)
    }
}

fn mapped_at_base(range: PageRange) -> Mapped {
    Mapped { start: range.start, pages: PageCount(range.bytes() / PAGE_SIZE), place: Place::AtBase }
}

/// `request` with what the section object decides: its size, its protection where the control area is one of a file, and where its
/// views are if it has an address of its own. The address that the program wants does not count then. What a view shows begins with a
/// multiple of `unit` bytes of the section.
fn within(limits: &SectionLimits, request: &ViewRequest, unit: u32) -> Result<ViewRequest, NtStatus> {
    if limits.protection.is_some_and(|most| !most.covers(request.protection)) {
        return Err(NtStatus::SECTION_PROTECTION);
    }
    let fixed = if limits.no_change { SEC_NO_CHANGE } else { 0 };
    // With MEM_DOS_LIM a view begins with a page, and what it shows with 64 KB of the section, as every view does.
    let beyond = (request.offset % u64::from(unit)) as u32;
    let offset = request.offset - u64::from(beyond);
    let size = if request.size == 0 { 0 } else { request.size + beyond };
    let base = match limits.base {
        0 => request.base & !(PAGE_SIZE - 1),
        start => start.wrapping_add(offset as u32),
    };
    Ok(ViewRequest { base, offset, size, section_size: limits.size, kind: request.kind | fixed, ..*request })
}
