//! Processes and threads as objects, and the system services that programs call.
//!
//! | to see | open |
//! |---|---|
//! | how a process is made from an image | `create`, `process` |
//! | registers of a thread as `CONTEXT` | `context` |
//! | threads, switches, the kernel's own threads | `thread` |
//! | how a program's thread is made and how it ends | `user_thread`, `exit` |
//! | waits, suspension, calls into programs | `wait`, `apc` |
//! | waits for devices, the volume's lock | `device` |
//! | what names of files lead to | `device_objects` |
//! | the volumes | `volumes` |
//! | a program's page fault, and what it is told of it | `trap`, `exception` |
//! | the data of files, and the lazy writer | `file_data` |
//! | paging files | `paging_file` |
//! | who watches directories | `directory_watch` |
//! | a system service | `services` |
//! | the console | `console` |
//! | what runs after start-up, and what is told of it | `session`, `plan` |
//! | requests that are made to fail, and the answers to that | `refusals` |
//! | the audit of all of it | `verify` |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod apc;
mod attached;
mod balance;
mod based_sections;
mod buffer;
mod console;
mod console_buffers;
mod console_member;
mod console_screen;
mod context;
mod control_event;
mod create;
mod data_sections;
mod deletion;
mod device;
mod device_objects;
mod directory_watch;
mod dump_file;
mod endings;
mod exception;
mod execution;
mod executive;
mod exit;
mod file_data;
mod files;
mod identifiers;
mod io_completion;
mod job;
mod job_memory;
mod job_messages;
mod known_dlls;
mod ntdll;
mod page_tables;
mod page_writer;
mod paging_file;
mod parameters;
pub mod physical_memory;
mod pipe;
pub mod plan;
mod platform;
mod priority;
mod privileged;
mod process;
mod read_ahead;
mod refusals;
mod services;
mod session;
mod stacks;
mod thread;
mod token;
mod trap;
mod user_thread;
mod verify;
mod volumes;
mod wait;

pub use context::{Form, IMAGE_SIZE, Image};
pub use dump_file::Existing;
pub use endings::Ending;
pub use executive::Executive;
pub use ntdll::Entries;
pub use paging_file::{PagingSizes, PagingWish};
pub use platform::{Cell, ConsoleByte, Input, KernelRoutine, Platform, ShutDown, Stream};
pub use refusals::{Since, Terms};
pub use session::Verdict;
pub use verify::{Corruption, ObjectAudit};
pub use volumes::MOST_VOLUMES;
