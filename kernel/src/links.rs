//! What cannot be said safely: that the entry code calls [`start`], and that a link is a reference.
//!
//! The only file of this crate with `unsafe` in it.
#![allow(unsafe_code, reason = "see the module's head")]

use abi::cell::{Link, Record};
use kd::bugcheck::BugcheckCode;
use mm::machine::Records;

use crate::bugcheck::bugcheck;
use crate::machine::Hardware;
use crate::start::start;

/// First address of the kernel half.
const LOWEST: u32 = 0x8000_0000;

/// What the entry code calls, on its stack.
#[unsafe(export_name = "vadose_start")]
extern "C" fn enter(magic: u32, information: u32) -> ! {
    start(magic, information)
}

impl Records for Hardware {
    #[inline(always)]
    fn record<T: Record>(&self, link: Link<T>) -> &T {
        let address = link.address();
        if address < LOWEST {
            broken_link(address);
        }
        debug_assert!(
            (address as usize).is_multiple_of(align_of::<T>()),
            "a link to {address:08x}, which is not aligned"
        );
        // SAFETY: the address lies in the kernel half, and no record is so large that it could wrap into the other from the
        // highest mapped page; a `Record` has interior mutability throughout and takes any bits, so that a wrong link finds
        // rubbish, not undefined values. Memory that records live in is not unmapped; a page that is not there faults, and the
        // fault is a bugcheck.
        unsafe { &*(address as *const T) }
    }

    /// One comparison tells both a null link and a broken one: searches of trees end at null.
    #[inline(always)]
    fn record_if_any<T: Record>(&self, link: Link<T>) -> Option<&T> {
        let address = link.address();
        if address >= LOWEST {
            return Some(self.record(link));
        }
        if address != 0 {
            broken_link(address);
        }
        None
    }
}

#[cold]
#[inline(never)]
fn broken_link(address: u32) -> ! {
    bugcheck(BugcheckCode::MEMORY_MANAGEMENT, [0x1_0000, address, 0, 0])
}
