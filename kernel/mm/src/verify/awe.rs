//! X1 to X4: frames that processes own, and the windows that show them.

use abi::cell::Link;
use abi::nt::process::{Eprocess, process_flags};

use super::{Audit, Corruption};
use crate::MemoryManager;
use crate::frame::{Flags, Location};
use crate::layout::FrameNumber;
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::Pte;
use crate::vad::{VadFlags, VadTree};
use crate::virtual_memory::{AWE_PROTECTION, AweInfo};

impl<M: Machine> MemoryManager<M> {
    /// What `process` owns, and that `mapped` AWE frames were found in its page tables.
    pub(super) fn verify_awe(
        &self,
        process: Link<Eprocess>,
        tree: &VadTree<'_, M>,
        mapped: u32,
    ) -> Result<(), Corruption> {
        self.verify_windows(process, tree)?;
        let (mut found, mut named) = (0, 0);
        if let Some(info) = self.awe_info(process) {
            for number in self.frames_of(info) {
                self.verify_user_frame(process, number)?;
                found += 1;
                named += u32::from(!self.frame(number).pte().is_null());
            }
        }
        let recorded = self.awe_info(process).map_or([0; 2], |info| [info.frames.get(), info.mapped.get()]);
        let all = [(found, recorded[0]), (named, recorded[1]), (mapped, recorded[1])];
        match all.into_iter().find(|(found, recorded)| found != recorded) {
            Some((found, recorded)) => Err(Corruption::X1 { process, found, recorded }),
            None => Ok(()),
        }
    }

    /// The frames whose bits are set.
    fn frames_of<'a>(&'a self, info: &'a AweInfo) -> impl Iterator<Item = FrameNumber> + 'a {
        let words = 0..info.bitmap_pages.get() * crate::layout::PAGE_SIZE / 4;
        words.flat_map(move |word| {
            let bits = self.awe_word(info, FrameNumber(word * 32)).get();
            (0..32).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| FrameNumber(word * 32 + bit))
        })
    }

    /// X1, X2 and X4 for one frame whose bit is set.
    fn verify_user_frame(&self, process: Link<Eprocess>, number: FrameNumber) -> Result<(), Corruption> {
        if !self.is_ram(number) || !self.frame(number).is_awe() {
            return Err(Corruption::X2(number));
        }
        let frame = self.frame(number);
        if frame.u1.get() != process.address() {
            return Err(Corruption::X4(number));
        }
        let shares = 1 + u32::from(!frame.pte().is_null());
        let is_sound = frame.location() == Location::Active
            && frame.share_count() == shares
            && !frame.flags().contains(Flags::PROTOTYPE)
            && frame.original_pte.get() == Pte::DemandZero(AWE_PROTECTION).encode();
        if is_sound { Ok(()) } else { Err(Corruption::X2(number)) }
    }

    /// X3, but for the entries.
    fn verify_windows(&self, process: Link<Eprocess>, tree: &VadTree<'_, M>) -> Result<(), Corruption> {
        let flags_of_process = self.machine.record(process).flags.get();
        for vad in tree.iter() {
            let (flags, start) = (tree.node(vad).flags(), tree.node(vad).start());
            if !flags.has(VadFlags::USER_PHYSICAL_PAGES) {
                continue;
            }
            let is_sound = flags.has(VadFlags::PRIVATE_MEMORY)
                && !flags.has(VadFlags::MEM_COMMIT)
                && flags.commit_charge().0 == 0
                && flags.protection() == Protection::READWRITE
                && flags_of_process & process_flags::HAS_PHYSICAL_VAD != 0;
            if !is_sound {
                return Err(Corruption::X3 { process, start });
            }
        }
        Ok(())
    }

    /// X1 for all processes together, when all frames are counted.
    pub(super) fn verify_awe_frames(&self, audit: &Audit) -> Result<(), Corruption> {
        let (found, recorded) = (audit.awe, self.awe_frames.get());
        if found == recorded { Ok(()) } else { Err(Corruption::X1 { process: Link::NULL, found, recorded }) }
    }
}
