//! The debugger's side of the kernel: symbols of the image, walks along frame pointers, what a bugcheck shows, and the
//! commands of the debugger. It reads and formats, and keeps account of breakpoints.
//!
//! | to see | open |
//! |---|---|
//! | the commands and what they print | [`commands`] |
//! | how they read what may not be there | [`target`], [`walk`] |
//! | where the system is to stop | [`breakpoints`] |
//! | the line a person types | [`mod@line`] |
//! | what a bugcheck shows | [`bugcheck`], [`backtrace`], [`symbols`] |
//! | NT's structures | [`types`] |
//! | names in programs' images | [`modules`] |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

#[cfg(any(test, feature = "encode"))]
extern crate alloc;

mod arguments;
pub mod backtrace;
pub mod breakpoints;
pub mod bugcheck;
pub mod commands;
mod date;
pub mod line;
pub mod modules;
mod names;
pub mod symbols;
pub mod target;
pub mod types;
pub mod walk;
mod whole;
