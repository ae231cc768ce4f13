//! How the memory of a frame is cached, as its record says it and its entries have it.
//!
//! A frame that is to be read past the caches, or written past them, must not have newer bytes in them: they are emptied once, when the first such
//! entry is made. On the way back nothing is needed: stores that were combined are in memory after the instruction that changes the entry.
//!
//! Source: `CacheAttribute` of symbol type `_MMPFNENTRY`; Intel SDM volume 3, sections 11.3 (methods of caching) and 11.12 (page attribute table).

use super::record::{Flags, Mmpfn};
use crate::MemoryManager;
use crate::layout::FrameNumber;
use crate::machine::Machine;
use crate::protection::{Caching, Protection};
use crate::pte::{CACHE_DISABLE, ValidPte};

impl<M: Machine> MemoryManager<M> {
    /// An entry under `protection` of the frame that `record` is of was made.
    #[inline(always)]
    pub(crate) fn note_caching(&self, record: &Mmpfn, protection: Protection) {
        if protection.is_not_cached() {
            self.leave_caches(record, protection.caching());
        }
    }

    /// The entry of `frame` that was `before` has the protection `now`.
    #[inline(always)]
    pub(crate) fn caching_changes(&self, frame: FrameNumber, before: ValidPte, now: Protection) {
        if before.has(CACHE_DISABLE) || now.is_not_cached() {
            self.change_caching(self.frame(frame), now);
        }
    }

    #[cold]
    #[inline(never)]
    fn change_caching(&self, record: &Mmpfn, now: Protection) {
        if now.is_not_cached() {
            self.leave_caches(record, now.caching());
        } else {
            record.remove_flags(Flags::WRITE_COMBINED);
            record.insert_flags(Flags::CACHED);
        }
    }

    #[cold]
    #[inline(never)]
    fn leave_caches(&self, record: &Mmpfn, caching: Caching) {
        let wanted = if caching == Caching::WriteCombined { Flags::WRITE_COMBINED } else { Flags::empty() };
        let attribute = Flags::CACHED | Flags::WRITE_COMBINED;
        if record.flags() & attribute != wanted {
            record.remove_flags(attribute);
            record.insert_flags(wanted);
            self.machine.write_back_caches();
        }
    }
}
