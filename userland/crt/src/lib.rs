//! The thinking part of `msvcrt`, kept apart from memory and system calls so that a host can test it.
//!
//! `msvcrt` is thin: it turns pointers into values and slices, calls this crate, and turns the answer into a result and
//! an `errno`. What needs the memory of the process asks for it through [`user_support::memory::Memory`].
//!
//! | to see | open |
//! |---|---|
//! | how printf formats, how scanf reads | `printf`, `scanf` |
//! | numbers in text, the parts of a path | `number`, `path` |
//! | streams and descriptors | `stdio`, `descriptors` |
//! | command lines, programs that are started | `arguments`, `process` |
//! | who may use a file meanwhile | `sharing` |
//! | what `stat` tells | `file_status` |
//! | what C++ programs throw and catch | `cpp_exception` |
//! | classes of characters, dates, sorting, `errno` | `character`, `time`, `sort`, `error` |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod arguments;
pub mod character;
pub mod cpp_exception;
pub mod descriptors;
pub mod error;
pub mod file_status;
pub mod floating_control;
pub mod number;
pub mod path;
pub mod printf;
pub mod process;
pub mod scanf;
pub mod sharing;
pub mod sort;
pub mod stdio;
pub mod time;
pub mod time_zone;
