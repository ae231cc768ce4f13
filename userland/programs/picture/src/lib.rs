//! What the programs that draw pictures of memory have in common.
//!
//! | to see | open |
//! |---|---|
//! | pixels: squares and text on a canvas | [`canvas`] |
//! | colours of text on a terminal | [`pen`] |
//! | what follows a program's name | [`command_line`] |
//! | console, screen and keys of Windows, with the feature `program` | `ffi` |
#![cfg_attr(not(test), no_std)]
#![cfg_attr(not(feature = "program"), forbid(unsafe_code))]

extern crate alloc;

pub mod canvas;
pub mod command_line;
#[cfg(feature = "program")]
pub mod ffi;
pub mod pen;
