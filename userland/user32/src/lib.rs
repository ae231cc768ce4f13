//! `user32.dll`: what console programs use of it: formatted texts, characters, strings in resources, messages.
//!
//! | to see | open |
//! |---|---|
//! | wsprintf | `ffi/format.rs` |
//! | characters | `ffi/character.rs` |
//! | texts in resources, messages | `ffi/message.rs` |
#![no_std]

extern crate alloc;

mod ffi;
