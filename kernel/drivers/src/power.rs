//! Ending: a debug exit for tests, switching off under emulators, or a line that says it is safe to.

use hal::interrupts::halt_forever;
use hal::port::{write_u8, write_u16, write_u32};

/// How the machine is to be switched off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PowerOff {
    /// It cannot: stop, and say that it is safe to switch off.
    #[default]
    Halt,
    /// QEMU's power management registers.
    Qemu,
    /// The debug port of Bochs.
    Bochs,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything as wanted.
    Good,
    /// A bugcheck, or a test that failed.
    Bad,
}

/// QEMU's `isa-debug-exit` device, where the runner puts it.
const DEBUG_EXIT: u16 = 0xF4;
/// PM1a control block of QEMU's PC: sleep enable, type 0 is off.
const QEMU_POWER: u16 = 0x604;
const QEMU_POWER_OFF: u16 = 0x2000;
const BOCHS_POWER: u16 = 0x8900;

/// Ends QEMU by its `isa-debug-exit` device: its exit status tells the outcome. Returns where there is none.
pub fn debug_exit(outcome: Outcome) {
    write_u32(DEBUG_EXIT, if outcome == Outcome::Good { 0x10 } else { 0x11 });
}

/// Switches the machine off, or stops it.
#[doc(alias = "HalReturnToFirmware")]
pub fn power_off(how: PowerOff) -> ! {
    match how {
        PowerOff::Halt => {}
        PowerOff::Qemu => write_u16(QEMU_POWER, QEMU_POWER_OFF),
        PowerOff::Bochs => b"Shutdown".iter().for_each(|byte| write_u8(BOCHS_POWER, *byte)),
    }
    crate::logln!("It is now safe to turn off your computer.");
    halt_forever()
}
