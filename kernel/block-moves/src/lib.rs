//! `memcpy`, `memmove` and `memset` by string instructions, for the kernel and the DLLs.
//!
//! The compiler calls them for copies of a size it does not know or that are long. `compiler_builtins` has its own, as weak symbols;
//! for this processor those are loops in Rust, of six times as many instructions. Its `memcmp` and `strlen` stay.
//!
//! On the host there is nothing here.
#![no_std]

#[cfg(all(target_arch = "x86", target_os = "none"))]
core::arch::global_asm!(".macro routine name", ".global \\name", "\\name:", ".endm", include_str!("block_moves.s"));

// In COFF the names of C functions begin with an underscore.
#[cfg(all(target_arch = "x86", target_os = "windows", target_vendor = "unknown"))]
core::arch::global_asm!(".macro routine name", ".global _\\name", "_\\name:", ".endm", include_str!("block_moves.s"));
