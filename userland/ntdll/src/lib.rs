//! `ntdll.dll`: what stands between every program and the kernel.
//!
//! | to see | open |
//! |---|---|
//! | system services and their numbers | `ffi/services.rs` |
//! | how a service is entered | `ffi/system_call.rs` |
//! | the first instruction of a process in ring 3 | `ffi/start.rs` |
//! | the loader's exports; its thinking is in `user-support` | `ffi/loader.rs` |
//! | exceptions; who is asked is decided in `user-support` | `ffi/exception/` |
//! | the heap | `ffi/heap/` |
//!
//! # How a process starts
//!
//! The kernel has mapped the program's image (anywhere) and this DLL (at its own base), made PEB, TEB, normalised process
//! parameters and a stack, and enters ring 3 at `LdrInitializeThunk` as if it had been called with three arguments:
//! the address of a `CONTEXT` on the stack (or 0), this DLL's base, and 0, with a return address of 0.
//! The loader then makes the process heap, fills the loader data, binds and initialises everything, cuts the stack
//! back to the context record and calls the program's entry point, with the PEB's address in `ebx` and as
//! the only word above the return address. What the entry point returns is the process's exit status.
#![no_std]

extern crate alloc;

mod ffi;
