//! The process's memory as [`Memory`].

use user_support::loader::LoaderData;
use user_support::memory::Memory;

use crate::peb;

/// The memory of this process.
#[derive(Clone, Copy, Debug)]
pub struct ThisProcess(());

impl ThisProcess {
    /// Access to the memory of this process.
    ///
    /// # Safety
    /// Through the value, the caller touches only what it may: images and loader structures under the loader lock,
    /// blocks it allocated, and what a program handed over by pointer. No Rust reference to that memory may be live
    /// while it is written.
    pub const unsafe fn new() -> Self {
        Self(())
    }
}

impl Memory for ThisProcess {
    #[inline(always)]
    fn read_u8(&self, address: u32) -> u8 {
        // SAFETY: the maker of `self` promised to name only memory that it may touch.
        unsafe { (address as *const u8).read() }
    }

    #[inline(always)]
    fn read_u16(&self, address: u32) -> u16 {
        // SAFETY: as in `read_u8`.
        unsafe { (address as *const u16).read_unaligned() }
    }

    #[inline(always)]
    fn read_u32(&self, address: u32) -> u32 {
        // SAFETY: as in `read_u8`.
        unsafe { (address as *const u32).read_unaligned() }
    }

    #[inline(always)]
    fn read_bytes(&self, address: u32, bytes: &mut [u8]) {
        // SAFETY: as in `read_u8`; `bytes` is a live reference, so by the same promise the two do not overlap.
        unsafe { bytes.as_mut_ptr().copy_from_nonoverlapping(address as *const u8, bytes.len()) }
    }

    #[inline(always)]
    fn write_u16(&self, address: u32, value: u16) {
        // SAFETY: as in `read_u8`.
        unsafe { (address as *mut u16).write_unaligned(value) }
    }

    #[inline(always)]
    fn write_u32(&self, address: u32, value: u32) {
        // SAFETY: as in `read_u8`.
        unsafe { (address as *mut u32).write_unaligned(value) }
    }

    #[inline(always)]
    fn write_bytes(&self, address: u32, bytes: &[u8]) {
        // SAFETY: as in `read_u8`; `bytes` is a live reference, so by the same promise the two do not overlap.
        unsafe { (address as *mut u8).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) }
    }
}

impl LoaderData for ThisProcess {
    fn loader_data(&self) -> u32 {
        peb().loader_data()
    }
}
