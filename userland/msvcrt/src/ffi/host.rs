//! The process as the safe parts see it: memory, handles, and the table of descriptors.

use user_crt::descriptors::{Descriptors, System};
use user_ffi::{ThisProcess, peb};
use user_support::memory::Memory;

use super::nt::{CloseHandle, GetLastError, ReadFile, RtlAllocateHeap, RtlFreeHeap, SetFilePointerEx, WriteFile};

static DESCRIPTORS: Descriptors = Descriptors::new();

/// This process.
#[derive(Clone, Copy)]
pub(super) struct Host(ThisProcess);

/// Access to this process, for what a C program handed over and what this DLL allocated.
pub(super) fn host() -> Host {
    // SAFETY: the library touches its own blocks, and what its callers point to, as C's functions are specified.
    Host(unsafe { ThisProcess::new() })
}

impl Memory for Host {
    fn read_u8(&self, address: u32) -> u8 {
        self.0.read_u8(address)
    }
    fn read_u16(&self, address: u32) -> u16 {
        self.0.read_u16(address)
    }
    fn read_u32(&self, address: u32) -> u32 {
        self.0.read_u32(address)
    }
    fn read_bytes(&self, address: u32, bytes: &mut [u8]) {
        self.0.read_bytes(address, bytes);
    }
    fn write_u16(&self, address: u32, value: u16) {
        self.0.write_u16(address, value);
    }
    fn write_u32(&self, address: u32, value: u32) {
        self.0.write_u32(address, value);
    }
    fn write_bytes(&self, address: u32, bytes: &[u8]) {
        self.0.write_bytes(address, bytes);
    }
}

/// Turns yes or no and a last error into a result.
fn result<T>(succeeded: u32, value: T) -> Result<T, u32> {
    if succeeded != 0 {
        return Ok(value);
    }
    // SAFETY: asking changes nothing.
    Err(unsafe { GetLastError() })
}

impl System for Host {
    fn read_handle(&self, handle: u32, bytes: &mut [u8]) -> Result<usize, u32> {
        let mut done = 0;
        // SAFETY: the buffer is as long as it says.
        let succeeded =
            unsafe { ReadFile(handle, bytes.as_mut_ptr(), bytes.len() as u32, &mut done, core::ptr::null()) };
        result(succeeded, done as usize)
    }

    fn write_handle(&self, handle: u32, bytes: &[u8]) -> Result<usize, u32> {
        let mut done = 0;
        // SAFETY: the buffer is as long as it says.
        let succeeded = unsafe { WriteFile(handle, bytes.as_ptr(), bytes.len() as u32, &mut done, core::ptr::null()) };
        result(succeeded, done as usize)
    }

    fn seek_handle(&self, handle: u32, distance: i64, origin: u32) -> Result<i64, u32> {
        let mut position = 0;
        // SAFETY: the function writes the position.
        let succeeded = unsafe { SetFilePointerEx(handle, distance, &mut position, origin) };
        result(succeeded, position)
    }

    fn close_handle(&self, handle: u32) -> Result<(), u32> {
        // SAFETY: the descriptor that had the handle is closed.
        result(unsafe { CloseHandle(handle) }, ())
    }

    fn allocate(&self, bytes: u32) -> Option<u32> {
        // SAFETY: the process heap lives as long as the process.
        Some(unsafe { RtlAllocateHeap(peb().heap(), 0, bytes) }).filter(|&block| block != 0)
    }

    fn free(&self, address: u32) {
        // SAFETY: the block came from `allocate`, and the stream that had it has let go.
        unsafe { RtlFreeHeap(peb().heap(), 0, address) };
    }

    fn descriptors(&self) -> &Descriptors {
        &DESCRIPTORS
    }
}
