//! `msvcrt.dll`: the C library of programs that mingw-w64 builds.
//!
//! Thin: what needs thought is in `user-crt`, which a host tests; here pointers become slices and answers become results
//! and an `errno`. Layouts, values and quirks are those of Windows XP's library.
//!
//! | to see | open |
//! |---|---|
//! | what happens before and after `main` | `ffi/start.rs`, `ffi/exit.rs` |
//! | streams and files | `ffi/stream.rs`, `ffi/file.rs`, `ffi/descriptor.rs` |
//! | printf and scanf | `ffi/print.rs`, `ffi/scan.rs` |
//! | memory and strings | `ffi/memory.rs`, `ffi/string.rs`, `ffi/wide_string.rs` |
//! | what each thread has of its own | `ffi/thread_data.rs` |
#![no_std]

extern crate alloc;

mod ffi;
