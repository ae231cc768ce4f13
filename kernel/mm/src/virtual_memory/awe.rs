//! AWE: frames that a process owns by their numbers, and windows in its addresses through which it looks at them.
//!
//! A 32-bit program that wants more memory than it has addresses asks for frames, which are never paged, and maps those that it needs
//! just now into a range that it reserved with MEM_PHYSICAL ([`map`]). So mapping is fast: a frame is at one place at most, nobody else
//! has it, it is in no working set, and its window allows loads and stores and nothing else.
//!
//! The process's frames are a bitmap by frame number ([`AweInfo`], from `EPROCESS.AweInfo` on), which is only walked when the process
//! ends: the record of each frame names its owner in `u1`.
//!
//! * **X1** The bitmap of a process has the bits of the frames whose records name it, and no others; its two counts are of those and of
//!   the mapped ones among them. Each frame of any process is a page of commit, charged to the system.
//! * **X2** An AWE frame is active, with one share for its process and one more where it is mapped; then its record names the entry, which
//!   lies in a window of that process, allows loads and stores, and is dirty.
//! * **X3** A window is charged no commit, and its entries are empty or map AWE frames. A process that has one says HasPhysicalVad.
//! * **X4** The marks of [`map`] are gone when it returns.
//!
//! Source: Win32's "Address Windowing Extensions" and its description of AllocateUserPhysicalPages, MapUserPhysicalPages and
//! FreeUserPhysicalPages; that AWE memory is charged as commit: Russinovich and Solomon on the commit charge; the bits of a VAD and
//! of a frame's record: symbol types of XP SP3. What `AweInfo` points to has no public type: the layout is ours, a bitmap is XP's.

mod map;

use map::Owner;
pub use map::UserMapping;

use abi::assert_layout;
use abi::cell::{Field, Link, Record};
use abi::nt::process::{Eprocess, process_flags};
use abi::status::NtStatus;

use super::{AllocateFlags, PageRange};
use crate::MemoryManager;
use crate::address_space::AddressSpace;
use crate::frame::{Color, Flags};
use crate::layout::{FrameNumber, PAGE_SIZE, VirtualAddress, VirtualPage};
use crate::machine::Machine;
use crate::pool::Tag;
use crate::protection::Protection;
use crate::pte::Pte;
use crate::system::{Contents, Exhausted};
use crate::vad::{VadFlags, VadForm};

/// What a process owns of AWE frames.
#[repr(C)]
#[derive(Debug)]
pub struct AweInfo {
    /// Frames that it owns.
    pub frames: Field<u32>,
    /// Of these, frames that are mapped.
    pub mapped: Field<u32>,
    /// The bitmap's words, a bit for each frame number up to the highest of RAM.
    pub bitmap: Field<Link<Field<u32>>>,
    /// Pages of pool that the bitmap takes.
    pub bitmap_pages: Field<u32>,
}
impl Record for AweInfo {}
assert_layout!(AweInfo, 0x10, { frames: 0, mapped: 4, bitmap: 8, bitmap_pages: 0xC });

const AWE_INFO: Tag = Tag(*b"AweI");
/// Bits of a page of the bitmap.
const BITS_PER_PAGE: u32 = PAGE_SIZE * 8;
/// What the entry of a mapped frame allows, and its record says.
pub(crate) const AWE_PROTECTION: Protection = Protection::READWRITE;

impl AllocateFlags {
    /// The flags of a window.
    fn window(self) -> VadFlags {
        VadFlags::PRIVATE_MEMORY.with(VadFlags::USER_PHYSICAL_PAGES).with_protection(self.protection())
    }
}

impl<M: Machine> MemoryManager<M> {
    /// What `process` owns, where it ever owned a frame.
    pub fn awe_info(&self, process: Link<Eprocess>) -> Option<&AweInfo> {
        let info = Link::<AweInfo>::new(self.machine.record(process).awe_info.get());
        info.some().map(|info| self.machine.record(info))
    }

    /// Gives `process` frames of zeros for as much of `frames` as it can have without memory or commit becoming short, from the first on; how
    /// many.
    ///
    /// # Errors
    /// [`Exhausted`] where there is no memory for the bitmap; nothing has changed.
    #[doc(alias = "NtAllocateUserPhysicalPages")]
    pub fn allocate_user_frames(
        &self,
        process: Link<Eprocess>,
        frames: &mut [FrameNumber],
    ) -> Result<usize, Exhausted> {
        self.make_awe_info(process)?;
        let spare = |there: u32| there.saturating_sub(self.frames_wanted());
        let promised = self.commit.limit().saturating_sub(self.commit.current());
        let most = (frames.len() as u32).min(spare(self.available_frames())).min(spare(promised));
        let mut count = 0;
        if let Ok(charge) = self.commit.charge(most) {
            for (frame, _) in frames.iter_mut().zip(0..most) {
                let color = self.machine.record(process).next_page_color.update(|color| color.wrapping_add(1));
                let Ok(found) = self.insist_on_frame(Contents::Zeros, Color(color.into())) else { break };
                self.give_user_frame(process, found);
                *frame = found;
                count += 1;
            }
            let _ = charge.keep_part(count);
        }
        self.awe_frames.update(|frames| frames + count);
        self.forget_unused_awe_info(process);
        Ok(count as usize)
    }

    /// Makes `number`, just allocated, a frame of `process` that is not mapped (X1, X2).
    fn give_user_frame(&self, process: Link<Eprocess>, number: FrameNumber) {
        let record = self.own_frame(number, Link::NULL, FrameNumber(0), Pte::DemandZero(AWE_PROTECTION).encode());
        record.set_pte_of_fixed(Link::NULL, FrameNumber(0));
        record.insert_flags(Flags::MODIFIED);
        record.u1.set(process.address());
        if let Some(info) = self.awe_info(process) {
            self.awe_word(info, number).update(|word| word | 1 << (number.0 % 32));
            info.frames.update(|count| count + 1);
        }
    }

    /// Takes `number`, which is not mapped, from the process whose frames `info` counts.
    fn take_user_frame(&self, info: &AweInfo, number: FrameNumber) {
        self.awe_word(info, number).update(|word| word & !(1 << (number.0 % 32)));
        info.frames.update(|count| count - 1);
        self.awe_frames.update(|count| count - 1);
        self.frame(number).clear_fixed();
        self.delete_private_page(number);
        self.commit.give_back(1);
    }

    /// The word of the bitmap that has the bit of frame `number`.
    pub(crate) fn awe_word(&self, info: &AweInfo, number: FrameNumber) -> &Field<u32> {
        self.machine.record(info.bitmap.get().offset(number.0 / 32 * 4))
    }

    fn make_awe_info(&self, process: Link<Eprocess>) -> Result<(), Exhausted> {
        if self.awe_info(process).is_some() {
            return Ok(());
        }
        let pages = self.physical_pages().1.0 / BITS_PER_PAGE + 1;
        let bitmap: Link<Field<u32>> = self.allocate_zeroed_pool_pages(pages)?;
        let info: Link<AweInfo> = self
            .allocate_zeroed_pool(size_of::<AweInfo>() as u32, AWE_INFO)
            .inspect_err(|_| self.free_pool_pages(bitmap, pages))?;
        self.machine.record(info).bitmap.set(bitmap);
        self.machine.record(info).bitmap_pages.set(pages);
        self.machine.record(process).awe_info.set(info.address());
        Ok(())
    }

    /// Gives the bitmap of `process` back where no bit of it is set: it got no frame, or ends.
    fn forget_unused_awe_info(&self, process: Link<Eprocess>) {
        if let Some(info) = self.awe_info(process)
            && info.frames.get() == 0
        {
            self.free_pool_pages(info.bitmap.get(), info.bitmap_pages.get());
            let link = &self.machine.record(process).awe_info;
            self.free_pool(Link::<AweInfo>::new(link.get()));
            link.set(0);
        }
    }
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Reserves a window.
    pub(super) fn reserve_window(&self, flags: AllocateFlags, base: u32, size: u32) -> Result<PageRange, NtStatus> {
        let room = if base == 0 { self.find_room(flags, size)? } else { self.room_at(base, size)? };
        let range = PageRange { start: room.start, end: room.end };
        self.add_vad(VadForm::Short, room, flags.window(), |_| {})?;
        self.process.flags.update(|flags| flags | process_flags::HAS_PHYSICAL_VAD);
        Ok(range)
    }

    /// Frees the frame `number` of the process; where it is mapped it is unmapped first.
    ///
    /// # Errors
    /// CONFLICTING_ADDRESSES where it is no frame of the process's; nothing has changed.
    #[doc(alias = "NtFreeUserPhysicalPages")]
    pub fn free_user_frame(&self, number: FrameNumber) -> Result<(), NtStatus> {
        let owner = self.owner().filter(|owner| self.owns(*owner, number)).ok_or(NtStatus::CONFLICTING_ADDRESSES)?;
        self.unmap_user_frame(owner, number);
        self.mm.take_user_frame(owner.info, number);
        Ok(())
    }

    /// Frees all frames of the process, none of which is mapped any more: it ends.
    pub(super) fn free_all_user_frames(&self) {
        let Some(Owner { process, info }) = self.owner() else { return };
        debug_assert!(info.mapped.get() == 0, "X2: frames mapped in an empty address space");
        for word in 0..info.bitmap_pages.get() * BITS_PER_PAGE / 32 {
            let first = FrameNumber(word * 32);
            while let bits = self.mm.awe_word(info, first).get()
                && bits != 0
            {
                self.mm.take_user_frame(info, FrameNumber(first.0 + bits.trailing_zeros()));
            }
        }
        self.mm.forget_unused_awe_info(process);
    }

    /// Whether `range` lies in one window.
    ///
    /// # Errors
    /// INVALID_PARAMETER_1 where it does not.
    pub fn check_window(&self, range: PageRange) -> Result<(), NtStatus> {
        let vad = self.find_vad(range.start).map(|vad| self.vads().node(vad));
        match vad {
            Some(vad) if vad.flags().has(VadFlags::USER_PHYSICAL_PAGES) && range.end <= vad.end() => Ok(()),
            _ => Err(NtStatus::INVALID_PARAMETER_1),
        }
    }

    /// The pages of the window that an entry of a scattered request is for; the same where it is for none.
    pub fn pages_of_scattered(&self, addresses: impl Iterator<Item = u32>) -> PageRange {
        let mut range: Option<PageRange> = None;
        for page in addresses.map(|address| VirtualAddress(address).page()) {
            if self.check_window(PageRange { start: page, end: page }).is_ok() {
                let known = range.unwrap_or(PageRange { start: page, end: page });
                range = Some(PageRange { start: known.start.min(page), end: known.end.max(page) });
            }
        }
        range.unwrap_or(PageRange { start: VirtualPage(0), end: VirtualPage(0) })
    }
}
