//! `oleaut32.dll`: the texts and values of Automation that programs without it use, too.
//!
//! | to see | open |
//! |---|---|
//! | texts that know their length | `ffi/text.rs` |
//! | values of many types | `ffi/variant.rs` |
#![no_std]

extern crate alloc;

mod ffi;
