//! Memory of a test: one run of bytes that begins at a given address. Any access outside it panics.

use std::cell::RefCell;
use std::vec::Vec;

use user_support::memory::Memory;

/// The run of bytes.
pub(crate) struct Bytes {
    base: u32,
    bytes: RefCell<Vec<u8>>,
}

impl Bytes {
    /// `bytes`, to be found from `base` on.
    pub(crate) fn new(base: u32, bytes: Vec<u8>) -> Self {
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
