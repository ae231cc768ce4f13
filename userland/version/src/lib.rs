//! `version.dll`: what a file's version resource says.
//!
//! | to see | open |
//! |---|---|
//! | getting it from a file, and looking something up in it | `ffi/information.rs` |
#![no_std]

extern crate alloc;

mod ffi;
