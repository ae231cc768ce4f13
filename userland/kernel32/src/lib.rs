//! `kernel32.dll`: the Win32 functions that programs call.
//!
//! Thin: each turns its arguments into those of a system service or a function of `ntdll`, and the status into a
//! result and a last error. What needs thought is in `user-support`. Some names are forwarders to `ntdll` and stand in
//! `build.rs`. Functions that Windows offers in two forms end in `A` (bytes of the ANSI code page) and `W` (UTF-16);
//! the former convert and call the latter, or share what both do.
//!
//! | to see | open |
//! |---|---|
//! | how a failure becomes a last error | `ffi/last_error.rs` |
//! | memory: VirtualAlloc and its kin, heaps | `ffi/virtual_memory.rs`, `ffi/heap.rs` |
//! | memory that processes share, and files in memory | `ffi/file_mapping.rs` |
//! | files, pipes and the console | `ffi/file.rs`, `ffi/console.rs`, `ffi/standard_handle.rs` |
//! | exceptions and registers | `ffi/exception.rs` |
//! | DLLs and what is in them | `ffi/module.rs`, `ffi/module_handle.rs`, `ffi/resource.rs` |
//! | the process and what it was started with | `ffi/process.rs`, `ffi/startup.rs`, `ffi/environment.rs` |
#![no_std]

extern crate alloc;

mod ffi;
