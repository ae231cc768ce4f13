//! Everything that is x86: registers, descriptor tables, traps, windows onto frames, copies to and from user memory,
//! kernel stacks and the switch between them.
//!
//! This crate and `boot` hold the kernel's `unsafe`. What they offer the rooms above is safe to call under the rules that
//! the modules state; two hold everywhere:
//!
//! * **H1** The kernel is not preempted in ring 0, and an interrupt handler touches nothing but atomics: whatever runs
//!   between two explicit switches of stacks runs alone.
//! * **H2** Nothing is mapped writable and executable at once.
#![no_std]

// The C functions that the compiler calls.
extern crate block_moves as _;

pub mod attempt;
pub mod context;
pub mod control_region;
pub mod cpu;
pub mod debug_registers;
pub mod descriptors;
pub mod fpu;
pub mod frame_bytes;
pub mod heap;
pub mod interrupts;
pub mod page_tables;
pub mod port;
pub mod registers;
pub mod screen;
pub mod traps;
pub mod user_memory;
pub mod windows;
