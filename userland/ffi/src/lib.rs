//! The outer layer of the DLLs: the one place, besides their exported functions, that turns addresses into memory.
//!
//! A DLL runs in ring 3 with exactly the rights of the program that called it. A pointer argument is as good as the
//! caller made it; what makes its use sound is the contract of the Win32 function, which every `unsafe` here passes
//! on to the caller. A bad pointer ends in an access violation of that process.
#![no_std]

extern crate alloc;

// The C functions that the compiler calls.
extern crate block_moves as _;

mod block;
mod heap;
pub mod last_error;
mod memory;
mod text;

pub use block::{ProcessBlock, SharedData, ThreadBlock, peb, shared_data, teb};
pub use heap::HEAP_ALIGNMENT;
pub use memory::ThisProcess;
pub use text::{AnsiString, UnicodeString, bytes, bytes_mut, c_string, wide, wide_mut, wide_string};
