//! The memory of the process, as the safe parts of the DLLs see it: words at 32-bit addresses.
//!
//! Nothing here holds a reference into the process: every read copies out and every write copies in, so code
//! that walks an image and patches it, or runs a DLL's initialiser in between, never holds a stale view.

use core::ops::Deref;

/// Reads and writes the process's own memory.
///
/// Addresses are the caller's to check: a read of an address that is not mapped ends the program with an access
/// violation, as any bad pointer of its own would. [`crate::image::Image`] is the checked way into an image.
pub trait Memory {
    /// The byte at `address`.
    fn read_u8(&self, address: u32) -> u8;
    /// The two bytes at `address`, of any alignment.
    fn read_u16(&self, address: u32) -> u16;
    /// The four bytes at `address`, of any alignment.
    fn read_u32(&self, address: u32) -> u32;
    /// Copies the bytes from `address` on into `bytes`.
    fn read_bytes(&self, address: u32, bytes: &mut [u8]);
    /// Replaces the two bytes at `address`.
    fn write_u16(&self, address: u32, value: u16);
    /// Replaces the four bytes at `address`.
    fn write_u32(&self, address: u32, value: u32);
    /// Copies `bytes` to `address`.
    fn write_bytes(&self, address: u32, bytes: &[u8]);
}

/// What leads to memory is that memory.
impl<T: Deref<Target: Memory>> Memory for T {
    fn read_u8(&self, address: u32) -> u8 {
        (**self).read_u8(address)
    }
    fn read_u16(&self, address: u32) -> u16 {
        (**self).read_u16(address)
    }
    fn read_u32(&self, address: u32) -> u32 {
        (**self).read_u32(address)
    }
    fn read_bytes(&self, address: u32, bytes: &mut [u8]) {
        (**self).read_bytes(address, bytes);
    }
    fn write_u16(&self, address: u32, value: u16) {
        (**self).write_u16(address, value);
    }
    fn write_u32(&self, address: u32, value: u32) {
        (**self).write_u32(address, value);
    }
    fn write_bytes(&self, address: u32, bytes: &[u8]) {
        (**self).write_bytes(address, bytes);
    }
}

/// Memory of a test: one run of bytes that begins at a given address. Any access outside it panics.
#[cfg(any(test, feature = "fake"))]
pub mod fake {
    use super::Memory;
    use alloc::vec::Vec;
    use core::cell::RefCell;

    /// The run of bytes.
    #[derive(Debug)]
    pub struct Bytes {
        base: u32,
        bytes: RefCell<Vec<u8>>,
    }

    impl Bytes {
        /// `bytes`, to be found from `base` on.
        pub fn new(base: u32, bytes: Vec<u8>) -> Self {
            Self { base, bytes: RefCell::new(bytes) }
        }
    }

    impl Memory for Bytes {
        fn read_u8(&self, address: u32) -> u8 {
            self.bytes.borrow()[(address - self.base) as usize]
        }
        fn read_u16(&self, address: u32) -> u16 {
            u16::from_le_bytes([self.read_u8(address), self.read_u8(address + 1)])
        }
        fn read_u32(&self, address: u32) -> u32 {
            u32::from(self.read_u16(address)) | u32::from(self.read_u16(address + 2)) << 16
        }
        fn read_bytes(&self, address: u32, bytes: &mut [u8]) {
            let from = (address - self.base) as usize;
            bytes.copy_from_slice(&self.bytes.borrow()[from..from + bytes.len()]);
        }
        fn write_u16(&self, address: u32, value: u16) {
            self.write_bytes(address, &value.to_le_bytes());
        }
        fn write_u32(&self, address: u32, value: u32) {
            self.write_bytes(address, &value.to_le_bytes());
        }
        fn write_bytes(&self, address: u32, bytes: &[u8]) {
            let from = (address - self.base) as usize;
            self.bytes.borrow_mut()[from..from + bytes.len()].copy_from_slice(bytes);
        }
    }
}
