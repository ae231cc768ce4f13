//! `ole32.dll`: COM as far as a program gets that finds no class registered: starting it, its allocator, GUIDs.
//!
//! | to see | open |
//! |---|---|
//! | starting and ending, classes | `ffi/component.rs` |
//! | memory that one side allocates and the other frees | `ffi/allocator.rs` |
//! | GUIDs | `ffi/identifier.rs` |
#![no_std]

extern crate alloc;

mod ffi;
