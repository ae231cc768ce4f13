//! The thinking part of the DLLs, kept apart from memory and system calls so that a host can test it.
//!
//! `ntdll` and `kernel32` are thin: they turn pointers into values, call this crate, and turn the answer into
//! an NTSTATUS, a last-error code or a write. What needs the memory of the process asks for it through
//! [`memory::Memory`]; what needs the system through [`loader::Process`].
//!
//! | to see | open |
//! |---|---|
//! | which Win32 error an NTSTATUS becomes | `error_map` |
//! | who handles an exception | `exception` |
//! | Windows-1252, UTF-8 and UTF-16 | `text` |
//! | kinds of letters, how strings are sorted, the locale | `letter`, `collation`, `locale` |
//! | dates as text, conditions on the version | `date_format`, `version_condition` |
//! | how `prog.exe` becomes `\??\C:\prog.exe` | `path` |
//! | what the console shows | `console` |
//! | drives and lists of names | `volume` |
//! | headers, exports, imports, relocations of a mapped PE image | `image` |
//! | how a program and its DLLs are brought together | `loader` |
//! | what `CreateProcess` makes of a command line | `command_line` |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod collation;
pub mod command_line;
pub mod console;
pub mod console_cells;
pub mod date_format;
pub mod environment;
pub mod error;
pub mod error_map;
pub mod exception;
pub mod file;
pub mod file_mapping;
pub mod find;
pub mod fold;
pub mod format;
pub mod gregorian;
pub mod growing;
pub mod identifier;
pub mod image;
pub mod letter;
pub mod loader;
pub mod locale;
pub mod locale_override;
pub mod memory;
pub mod message;
pub mod network;
pub mod number_format;
pub mod path;
pub mod privilege;
pub mod profile;
pub mod status;
pub mod text;
pub mod version_condition;
pub mod version_resource;
pub mod volume;
