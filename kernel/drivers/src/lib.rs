//! Drivers of a plain PC: serial ports, the keyboard, the screen, PCI, IDE controllers, the interrupt controllers, the timer,
//! and switching off.
#![no_std]
#![forbid(unsafe_code)]

pub mod clock_chip;
pub mod graphics;
pub mod ide;
pub mod interrupt_controller;
pub mod keyboard;
pub mod log;
pub mod pci;
pub mod power;
pub mod screen;
pub mod serial;
pub mod timer;
