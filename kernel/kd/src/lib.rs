//! The debugger's side of the kernel: symbols of the image, walks along frame pointers, and what a bugcheck shows.
//! It reads and formats; it changes nothing.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

#[cfg(any(test, feature = "encode"))]
extern crate alloc;

pub mod backtrace;
pub mod bugcheck;
pub mod symbols;
