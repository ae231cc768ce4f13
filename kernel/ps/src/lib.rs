//! Processes and threads as objects, and the system services that programs call.
//!
//! | to see | open |
//! |---|---|
//! | how a process is made from an image | `process` |
//! | threads, waits, the end of a process | `thread` |
//! | registers of a thread as `CONTEXT` | `context` |
//! | a program's page fault or exception | `trap` |
//! | a system service | `services` |
//! | what runs after start-up, and what is told of it | `session`, `plan` |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod context;
mod endings;
mod executive;
mod files;
mod ntdll;
mod parameters;
pub mod plan;
mod platform;
mod privileged;
mod process;
mod services;
mod session;
mod stacks;
mod thread;
mod trap;

pub use context::{Form, IMAGE_SIZE, Image};
pub use endings::Ending;
pub use executive::Executive;
pub use ntdll::Entries;
pub use platform::{Input, KernelRoutine, Platform, Stream};
pub use session::Verdict;
