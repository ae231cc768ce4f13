//! What is at an address.

use abi::memory::{
    MEM_COMMIT, MEM_FREE, MEM_IMAGE, MEM_MAPPED, MEM_PRIVATE, MEM_RESERVE, PAGE_NOACCESS, PAGE_READONLY,
};
use abi::status::NtStatus;

use crate::address_space::AddressSpace;
use crate::layout::{
    ENTRIES_PER_TABLE, HIGHEST_USER_ADDRESS, HIGHEST_VAD_ADDRESS, PAGE_SIZE, USER_SHARED_DATA, VirtualAddress,
    VirtualPage,
};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::vad::{VadFlags, VadLink};

/// A run of pages of one state and one protection, as MEMORY_BASIC_INFORMATION tells it.
#[doc(alias = "MEMORY_BASIC_INFORMATION")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First address: that of the page asked for.
    pub base: u32,
    /// First address of the whole allocation, 0 where there is none.
    pub allocation_base: u32,
    /// Protection given when it was allocated (`PAGE_`), 0 where there is none.
    pub allocation_protect: u32,
    /// Bytes.
    pub size: u32,
    /// `MEM_COMMIT`, `MEM_RESERVE` or `MEM_FREE`.
    pub state: u32,
    /// Protection now (`PAGE_`), 0 for reserved pages.
    pub protect: u32,
    /// `MEM_PRIVATE`, `MEM_MAPPED`, `MEM_IMAGE`, or 0 for free pages.
    pub kind: u32,
}

impl<M: Machine> AddressSpace<'_, M> {
    /// The run of like pages from the one `address` lies in.
    ///
    /// # Errors
    /// INVALID_PARAMETER above user space.
    #[doc(alias = "NtQueryVirtualMemory")]
    #[inline(always)]
    pub fn query(&self, address: u32) -> Result<Region, NtStatus> {
        if address > HIGHEST_USER_ADDRESS {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let base = address & !(PAGE_SIZE - 1);
        if base >= USER_SHARED_DATA {
            return Ok(shared_data_region(base));
        }
        let page = VirtualAddress(base).page();
        Ok(match self.find_vad(page) {
            Some(vad) => self.region_in(vad, page),
            None => self.free_region(page),
        })
    }

    #[inline(never)]
    fn free_region(&self, page: VirtualPage) -> Region {
        let above = self.vads().first_ending_from(page).map(|vad| self.vads().node(vad).start().address().0);
        let base = page.address().0;
        Region {
            base,
            allocation_base: 0,
            allocation_protect: 0,
            size: above.unwrap_or(HIGHEST_VAD_ADDRESS + 1) - base,
            state: MEM_FREE,
            protect: PAGE_NOACCESS,
            kind: 0,
        }
    }

    #[inline(always)]
    fn region_in(&self, vad: VadLink, page: VirtualPage) -> Region {
        let node = self.vads().node(vad);
        let flags = node.flags();
        let (protection, end) = match self.vads().even_protection(vad, flags) {
            Some(even) => (Some(even), node.end()),
            None => self.run_of(vad, page, node.end()),
        };
        Region {
            base: page.address().0,
            allocation_base: node.start().address().0,
            allocation_protect: flags.protection().to_win32(),
            size: (end.0 - page.0 + 1) * PAGE_SIZE,
            state: if protection.is_some() { MEM_COMMIT } else { MEM_RESERVE },
            protect: protection.map_or(0, Protection::to_win32),
            kind: if flags.has(VadFlags::PRIVATE_MEMORY) {
                MEM_PRIVATE
            } else if flags.has(VadFlags::IMAGE_MAP) {
                MEM_IMAGE
            } else {
                MEM_MAPPED
            },
        }
    }

    /// The protection of `page`, where it is committed, and the last page up to `last` that is like it.
    #[inline(never)]
    fn run_of(&self, vad: VadLink, page: VirtualPage, last: VirtualPage) -> (Option<Protection>, VirtualPage) {
        let protection = self.committed_protection(vad, page);
        (protection, self.run_end(vad, page, last, protection))
    }

    /// The last page up to `last` that is like `page`. Where there is no page table, 2 MB are alike at a stroke, but in images
    /// and in memory that is committed page by page through any view.
    #[doc(alias = "MiQueryAddressState")]
    fn run_end(
        &self,
        vad: VadLink,
        page: VirtualPage,
        last: VirtualPage,
        protection: Option<Protection>,
    ) -> VirtualPage {
        let even = self.is_even_without_entries(vad);
        let mut end = page;
        while end < last {
            let next = VirtualPage(end.0 + 1);
            if self.committed_protection(vad, next) != protection {
                break;
            }
            end = if even && self.table(next).is_none() {
                VirtualPage((next.0 | (ENTRIES_PER_TABLE - 1)).min(last.0))
            } else {
                next
            };
        }
        end
    }
}

/// The page programs read the time from has no VAD, nor has the rest of its 64 KB.
fn shared_data_region(base: u32) -> Region {
    let (size, state, protect) = if base == USER_SHARED_DATA {
        (PAGE_SIZE, MEM_COMMIT, PAGE_READONLY)
    } else {
        (HIGHEST_USER_ADDRESS + 1 - base, MEM_RESERVE, PAGE_NOACCESS)
    };
    Region {
        base,
        allocation_base: USER_SHARED_DATA,
        allocation_protect: PAGE_READONLY,
        size,
        state,
        protect,
        kind: MEM_PRIVATE,
    }
}
