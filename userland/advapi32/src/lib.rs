//! `advapi32.dll`: tokens, privileges, random numbers, and a registry that has nothing in it.
//!
//! | to see | open |
//! |---|---|
//! | tokens | `ffi/token.rs` |
//! | names of privileges | `ffi/privilege.rs` |
//! | security identifiers | `ffi/security_identifier.rs` |
//! | random numbers | `ffi/random.rs` |
//! | the registry | `ffi/registry.rs` |
#![no_std]

extern crate alloc;

mod ffi;
