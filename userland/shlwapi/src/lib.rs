//! `shlwapi.dll`: paths and texts, of which console programs use a few.
//!
//! | to see | open |
//! |---|---|
//! | paths | `ffi/path.rs` |
//! | texts | `ffi/text.rs` |
#![no_std]

extern crate alloc;

mod ffi;
