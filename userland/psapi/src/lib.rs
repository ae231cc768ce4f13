//! `psapi.dll`: processes and what is mapped in them.
//!
//! | to see | open |
//! |---|---|
//! | processes and their memory | `ffi/process.rs` |
//! | modules | `ffi/module.rs` |
//! | commit, paging files | `ffi/system.rs` |
#![no_std]

extern crate alloc;

mod ffi;
