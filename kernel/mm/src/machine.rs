//! What the memory manager needs of the machine it manages: mechanism only, never a choice.
//!
//! The kernel implements these with the self-map at C0000000, `invlpg` and windows onto frames; the host tests
//! with a vector of frames and a software MMU. They are generic parameters, never `dyn`.

use abi::cell::{Link, Record};

use crate::events::EventRing;
use crate::layout::{FrameNumber, VirtualPage};
use crate::pte::PteCell;

/// Reaches the record behind a kernel address.
///
/// Frame-database records (from 81000000), pool blocks (from A0000000), page-table entries of the current
/// process through the self-map (C0000000 to C07FFFFF; the page table must be present, or the page directory for
/// a PDE) and the working-set list of the current process (C0883000) are all reached so.
pub trait Records {
    /// The record at `link`. Pool memory is never unmapped: a stale link finds a record of the wrong kind, which
    /// the audit reports. A link outside the kernel half is a broken invariant and stops the system.
    fn record<T: Record>(&self, link: Link<T>) -> &T;

    /// The same, where a null link leads to nothing.
    #[inline(always)]
    fn record_if_any<T: Record>(&self, link: Link<T>) -> Option<&T> {
        link.some().map(|link| self.record(link))
    }
}

/// What changing page-table entries needs beyond storing words.
pub trait PageTables {
    /// Replaces the present entry in `cell` by `raw` in one step and returns what it was, so that no Accessed or
    /// Dirty bit the processor sets meanwhile is lost (`cmpxchg8b`).
    fn exchange(&self, cell: &PteCell, raw: u64) -> u64;
    /// Drops the translation of `page` in the current address space (`invlpg`).
    fn flush(&self, page: VirtualPage);
    /// Drops all translations of user pages of the current address space.
    fn flush_user(&self);
    /// Writes all that caches hold back to memory and empties them (`wbinvd`).
    fn write_back_caches(&self);
}

/// The bytes of one frame, which need not be mapped anywhere.
pub trait FrameBytes {
    /// Fills `frame` with zeros.
    fn zero(&self, frame: FrameNumber);
    /// Fills each of `frames` with zeros.
    fn zero_all(&self, frames: &[FrameNumber]) {
        frames.iter().for_each(|frame| self.zero(*frame));
    }
    /// Copies all of `from` to `to`.
    fn copy(&self, from: FrameNumber, to: FrameNumber);
    /// Reads from `offset` (bytes) of `frame`; the range lies within the frame.
    fn read(&self, frame: FrameNumber, offset: u32, into: &mut [u8]);
    /// Writes at `offset` (bytes) of `frame`; the range lies within the frame.
    fn write(&self, frame: FrameNumber, offset: u32, from: &[u8]);
    /// Entry `index` (0 to 511) of the page table in `frame`.
    fn read_entry(&self, frame: FrameNumber, index: u32) -> u64;
    /// Stores entry `index` (0 to 511) of the page table in `frame`; a present entry only where no
    /// processor uses it.
    fn write_entry(&self, frame: FrameNumber, index: u32, raw: u64);
}

/// Memory that the memory manager has from the first moment on, before it manages any.
pub trait Kept {
    /// The ring of the moves of frames.
    fn events(&self) -> &EventRing;
}

/// All of it: what the memory manager is generic over.
pub trait Machine: Records + PageTables + FrameBytes + Kept {}

impl<M: Records + PageTables + FrameBytes + Kept> Machine for M {}
