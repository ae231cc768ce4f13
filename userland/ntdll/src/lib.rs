//! `ntdll.dll`: what stands between every program and the kernel.
//!
//! | to see | open |
//! |---|---|
//! | system services and their numbers | `ffi/services.rs` |
//! | how a service is entered | `ffi/system_call.rs` |
//! | the first instruction in ring 3 | `ffi/start.rs`, `ffi/thread.rs` |
//! | the loader's exports; its thinking is in `user-support` | `ffi/loader.rs` |
//! | exceptions; who is asked is decided in `user-support` | `ffi/exception/` |
//! | the heap | `ffi/heap/` |
//!
//! # How a thread starts
//!
//! The kernel has mapped the program's image (anywhere) and this DLL (at its own base), made PEB, TEB, normalised process
//! parameters and a stack. A thread made by `NtCreateThread` enters ring 3 in `KiUserApcDispatcher`, with a call of
//! `LdrInitializeThunk` on its stack and the `CONTEXT` it was made with behind it. The first thread of the process makes
//! the process heap, fills the loader data, binds and initialises everything; any other tells the DLLs of itself. Then
//! `NtContinue` goes on with the `CONTEXT`.
//!
//! The first thread of a process that the kernel itself started has no `CONTEXT`: it enters at `LdrInitializeThunk` as if
//! that had been called with three arguments, 0, this DLL's base and 0, and a return address of 0. It goes on at
//! the program's entry point, with the PEB's address in `ebx` and as the only word above the return address. What the entry
//! point returns is the process's exit status.
#![no_std]

extern crate alloc;

mod ffi;
