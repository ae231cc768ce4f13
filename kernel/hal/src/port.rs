//! I/O ports. For `kernel/drivers`; no other crate touches a port.
//!
//! The functions are safe because no port of a PC that the drivers know reaches memory behind the kernel's back: none of
//! them programs a DMA engine.

use core::arch::asm;

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

/// The UART whose eight registers begin at `base`, which need not exist: its driver finds out.
pub const fn uart(base: u16) -> Uart16550<PioBackend> {
    // SAFETY: the eight ports belong to a UART or to nothing on every PC, and only the serial driver asks for them.
    match unsafe { Uart16550::new_port(base) } {
        Ok(uart) => uart,
        Err(_) => panic!("no eight ports begin there"),
    }
}
