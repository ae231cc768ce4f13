//! `shell32.dll`: the command line as words.
//!
//! | to see | open |
//! |---|---|
//! | CommandLineToArgvW | `ffi/command_line.rs` |
#![no_std]

extern crate alloc;

mod ffi;
