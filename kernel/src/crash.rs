//! Breaks something of the kernel's own on purpose, where the command line says `crash=`: to see how the kernel stops.

use core::hint::black_box;

use abi::cell::{Field, Link};
use kd::bugcheck::BugcheckCode;
use mm::layout::{PAGE_SIZE, POOL_END};
use mm::machine::Records;

use crate::bugcheck::bugcheck;
use crate::machine::HARDWARE;

/// What is to be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// `crash=now`: nothing; the bugcheck is asked for.
    Now,
    /// `crash=read`: a page of pool that was never mapped is read.
    Read,
    /// `crash=write`: the kernel's code is written to.
    Write,
    /// `crash=stack`: a kernel stack runs into its guard page.
    Stack,
}

impl Crash {
    /// The word after `crash=`.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "now" => Self::Now,
            "read" => Self::Read,
            "write" => Self::Write,
            "stack" => Self::Stack,
            _ => return None,
        })
    }
}

/// Does it.
#[inline(never)]
pub fn crash(how: Crash) -> ! {
    match how {
        Crash::Now => {}
        Crash::Read => {
            word(POOL_END - PAGE_SIZE).get();
        }
        Crash::Write => word(crash as *const () as u32 & !3).set(0),
        Crash::Stack => {
            black_box(deeper(0));
        }
    }
    // Also where something was broken and nothing noticed.
    bugcheck(BugcheckCode::MANUALLY_INITIATED_CRASH, [how as u32, 0, 0, 0])
}

fn word(address: u32) -> &'static Field<u32> {
    HARDWARE.record(Link::new(address))
}

#[inline(never)]
#[allow(unconditional_recursion, reason = "the guard page ends it")]
fn deeper(depth: u32) -> u32 {
    black_box([depth; 64])[0] + black_box(deeper(depth + 1))
}
