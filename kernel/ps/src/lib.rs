//! Processes and threads as objects, and the system services that programs call.
//!
//! | to see | open |
//! |---|---|
//! | how a process is made from an image | `create`, `process` |
//! | threads, waits, the end of a process | `thread` |
//! | a program's page fault or exception | `trap` |
//! | a system service | `services` |
//! | what runs after start-up, and what is told of it | `session`, `plan` |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod buffer;
mod create;
mod deletion;
mod endings;
mod executive;
mod files;
mod identifiers;
mod known_dlls;
mod ntdll;
mod parameters;
pub mod plan;
mod platform;
mod priority;
mod privileged;
mod process;
mod services;
mod session;
mod stacks;
mod thread;
mod trap;

pub use endings::Ending;
pub use executive::Executive;
pub use ntdll::Entries;
pub use platform::{Input, KernelRoutine, Platform, Stream};
pub use session::Verdict;
