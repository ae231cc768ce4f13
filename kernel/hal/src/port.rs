//! I/O ports, and PCI configuration space behind two of them. For `kernel/drivers`; no other crate touches a port.
//!
//! The functions are safe because no port of a PC that the drivers know reaches memory behind the kernel's back, but for the
//! one that programs a DMA engine (`ata`). What that one names is held by whoever wants the transfer until the engine has
//! stopped (A2, A4), as W2 asks of whoever writes through a window; and it uses the `ordered` functions, around which the
//! compiler moves no access to memory.

use core::arch::asm;

use pci_types::{ConfigRegionAccess, PciAddress};
use uart_16550::Uart16550;
use uart_16550::backend::PioBackend;

/// Reads a byte from `port`.
#[inline(always)]
pub fn read_u8(port: u16) -> u8 {
    let value;
    // SAFETY: reading a port touches no memory.
    unsafe { asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack, preserves_flags)) };
    value
}

/// Writes a byte to `port`.
#[inline(always)]
pub fn write_u8(port: u16, value: u8) {
    // SAFETY: see the module's head.
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack, preserves_flags)) };
}

/// Writes a 16-bit word to `port`.
#[inline(always)]
pub fn write_u16(port: u16, value: u16) {
    // SAFETY: see the module's head.
    unsafe { asm!("out dx, ax", in("dx") port, in("ax") value, options(nomem, nostack, preserves_flags)) };
}

/// Writes a 32-bit word to `port`.
#[inline(always)]
pub fn write_u32(port: u16, value: u32) {
    // SAFETY: see the module's head.
    unsafe { asm!("out dx, eax", in("dx") port, in("eax") value, options(nomem, nostack, preserves_flags)) };
}

/// Reads a 16-bit word from `port`.
#[inline(always)]
pub fn read_u16(port: u16) -> u16 {
    let value;
    // SAFETY: reading a port touches no memory.
    unsafe { asm!("in ax, dx", in("dx") port, out("ax") value, options(nomem, nostack, preserves_flags)) };
    value
}

/// Reads a 32-bit word from `port`.
#[inline(always)]
pub fn read_u32(port: u16) -> u32 {
    let value;
    // SAFETY: reading a port touches no memory.
    unsafe { asm!("in eax, dx", in("dx") port, out("eax") value, options(nomem, nostack, preserves_flags)) };
    value
}

/// Reads a byte from `port`; what a device wrote to memory before is seen after it.
#[inline(always)]
pub fn read_u8_ordered(port: u16) -> u8 {
    let value;
    // SAFETY: see the module's head; without `nomem` memory is read anew after it.
    unsafe { asm!("in al, dx", in("dx") port, out("al") value, options(nostack, preserves_flags)) };
    value
}

/// Writes a byte to `port`, when all that was written to memory before is there for a device.
#[inline(always)]
pub fn write_u8_ordered(port: u16, value: u8) {
    // SAFETY: see the module's head; without `nomem` memory is written before it.
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nostack, preserves_flags)) };
}

/// PCI configuration space, through the two ports of mechanism 1, where there is a PCI bus.
#[derive(Clone, Copy, Debug)]
pub struct PciConfiguration;

const PCI_ADDRESS: u16 = 0xCF8;
const PCI_DATA: u16 = 0xCFC;
/// In the address port: the data port leads to configuration space.
const PCI_ENABLE: u32 = 1 << 31;

impl PciConfiguration {
    /// The space, if there is one: the address port is a register that keeps what is written.
    pub fn find() -> Option<Self> {
        write_u32(PCI_ADDRESS, PCI_ENABLE);
        (read_u32(PCI_ADDRESS) == PCI_ENABLE).then_some(Self)
    }
}

// Not interrupted in between: interrupt handlers leave these ports alone.
impl ConfigRegionAccess for PciConfiguration {
    // SAFETY: reading configuration space changes nothing.
    unsafe fn read(&self, address: PciAddress, offset: u16) -> u32 {
        write_u32(PCI_ADDRESS, configuration_address(address, offset));
        read_u32(PCI_DATA)
    }

    // SAFETY: see the module's head.
    unsafe fn write(&self, address: PciAddress, offset: u16, value: u32) {
        write_u32(PCI_ADDRESS, configuration_address(address, offset));
        write_u32(PCI_DATA, value);
    }
}

fn configuration_address(address: PciAddress, offset: u16) -> u32 {
    let function =
        u32::from(address.bus()) << 16 | u32::from(address.device()) << 11 | u32::from(address.function()) << 8;
    PCI_ENABLE | function | u32::from(offset & 0xFC)
}

/// The UART whose eight registers begin at `base`, which need not exist: its driver finds out.
pub const fn uart(base: u16) -> Uart16550<PioBackend> {
    // SAFETY: the eight ports belong to a UART or to nothing on every PC, and only the serial driver asks for them.
    match unsafe { Uart16550::new_port(base) } {
        Ok(uart) => uart,
        Err(_) => panic!("no eight ports begin there"),
    }
}
