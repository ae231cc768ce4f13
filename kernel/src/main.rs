//! The Vadose kernel: the order in which it starts, and the wiring of its crates. Everything else is in them.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod bench;
mod bugcheck;
mod clock;
mod crash;
mod crash_dump;
mod debugger;
mod debugger_data;
mod disk;
mod link;
mod links;
mod machine;
mod options;
mod platform;
mod start;
mod system;
mod traps;
mod volumes;
