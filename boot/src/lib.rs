//! From the boot loader to a kernel that runs in its own address space: multiboot headers and 32-bit entry, what the
//! boot loader says about the machine, and the first frames and pages of the kernel half.
//!
//! `entry.s` leaves behind: paging with PAE, the image at 80100000 with its final rights, page tables at C0000000 by the
//! self-map, no identity map, page 0 unmapped, and a stack whose guard are pages that are not mapped.
#![cfg_attr(target_os = "none", no_std)]

pub mod database;
pub mod early_frames;
#[cfg(target_os = "none")]
pub mod image;
pub mod information;
#[cfg(target_os = "none")]
pub mod memory;
mod multiboot1;
mod multiboot2_information;
#[cfg(target_os = "none")]
mod physical;
#[cfg(target_os = "none")]
pub use physical::Physical;

#[cfg(target_os = "none")]
core::arch::global_asm!(include_str!("entry.s"), include_str!("symbols.s"));
