//! `winmm.dll`: the time in milliseconds.
//!
//! | to see | open |
//! |---|---|
//! | timeGetTime | `ffi/time.rs` |
#![no_std]

extern crate alloc;

mod ffi;
