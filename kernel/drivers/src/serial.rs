//! Serial ports, on `uart_16550`. A port may be missing: then writing does nothing and there is never anything to read.
//!
//! Sending is polled, and so is receiving but for what is typed on COM1: there an interrupt handler puts the bytes where
//! [`take_typed`] finds them. A port that stops taking bytes (a cable that is not there, flow control) is waited for a bounded
//! time, then given up.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use hal::port::{read_u8, write_u8};
use terminal::Ring;
use uart_16550::backend::PioBackend;
use uart_16550::{BaudRate, Config, Uart16550};

/// Register bases of COM1 to COM4.
const BASES: [u16; 4] = [0x3F8, 0x2F8, 0x3E8, 0x2E8];
/// Times the transmitter is looked at before a byte is given up: about a second on a real port, where 16 bytes take 1.4 ms.
const PATIENCE: u32 = 1_000_000;
/// Times the port is looked at before what is inside is given up: 16 bytes take 1.4 ms at 115200 baud, a look 1 us.
const DRAIN_PATIENCE: u32 = 100_000;
/// Bytes a port holds, and one on its way.
const FIFO: u32 = 17;
/// The register of the byte that has arrived.
const RECEIVED: u16 = 0;
/// The register of interrupts wanted, and its bit for bytes that arrive.
const INTERRUPTS: u16 = 1;
const ON_RECEIPT: u8 = 1 << 0;
/// The line status register, its bit for a byte that has arrived, and the one for an empty transmitter.
const LINE_STATUS: u16 = 5;
const HAS_RECEIVED: u8 = 1 << 0;
const TRANSMITTER_EMPTY: u8 = 1 << 6;
/// What reads where there is no port.
const NO_PORT: u8 = 0xFF;

/// The interrupt line of COM1 (and of COM3, which does not interrupt).
pub const LINE: u8 = 4;

/// Bytes typed on COM1 that nobody has taken.
static TYPED: Ring<1024> = Ring::new();
/// There was no room for more: the port keeps what comes, and does not interrupt.
static IS_PAUSED: AtomicBool = AtomicBool::new(false);

/// One of the four serial ports of a PC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// At 3F8.
    Com1,
    /// At 2F8.
    Com2,
    /// At 3E8.
    Com3,
    /// At 2E8.
    Com4,
}

/// A serial port that is there: 115200 baud, 8 bits, no parity, one stop bit.
pub struct Serial {
    base: u16,
    uart: Uart16550<PioBackend>,
    /// The other side has stopped taking bytes.
    stuck: bool,
}

impl Serial {
    /// Sets up `port`, or finds that there is none: its scratch register holds nothing. What is typed in the moment of setting
    /// up may be lost. The loopback test is left out, for it would take what is typed then for its answer.
    pub fn open(port: Port) -> Option<Self> {
        let base = BASES[port as usize];
        take_early(base);
        let mut uart = hal::port::uart(base);
        uart.init(Config { baud_rate: BaudRate::Baud115200, ..Config::DEFAULT }).ok()?;
        if read_u8(base + LINE_STATUS) & HAS_RECEIVED == 0 {
            // QEMU hands on nothing more until what it has handed on is read, though the port was told to forget it.
            read_u8(base + RECEIVED);
        }
        Some(Self { base, uart, stuck: false })
    }

    /// Sends all of `bytes`, as far as the other side takes them in time.
    pub fn send(&mut self, mut bytes: &[u8]) {
        let mut patience = if self.stuck { 1 } else { PATIENCE };
        while !bytes.is_empty() && patience > 0 {
            let sent = self.uart.send_bytes(bytes);
            bytes = &bytes[sent..];
            patience = if sent > 0 { PATIENCE } else { patience - 1 };
        }
        self.stuck = !bytes.is_empty();
    }

    /// Sends all of `bytes`, however long the other side takes: for a partner that is known to listen.
    pub fn send_all(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let sent = self.uart.send_bytes(bytes);
            bytes = &bytes[sent..];
        }
    }

    /// Waits, a bounded time, until the last byte has left the port: what is still inside is lost when the machine goes off.
    pub fn drain(&mut self) {
        for _ in 0..DRAIN_PATIENCE {
            if read_u8(self.base + LINE_STATUS) & TRANSMITTER_EMPTY != 0 {
                return;
            }
        }
    }

    /// Fills `into` with what has arrived and says how much.
    pub fn receive(&mut self, into: &mut [u8]) -> usize {
        self.uart.receive_bytes(into)
    }
}

impl fmt::Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.send(b"\r\n");
            }
            self.send(line.as_bytes());
        }
        Ok(())
    }
}

/// Reads what came before the port at `base` was set up; what was typed on COM1 is kept.
fn take_early(base: u16) {
    for _ in 0..FIFO {
        let status = read_u8(base + LINE_STATUS);
        if status == NO_PORT || status & HAS_RECEIVED == 0 {
            return;
        }
        let byte = read_u8(base + RECEIVED);
        if base == BASES[0] {
            let _ = TYPED.put(byte);
        }
    }
}

/// Lets COM1, which is there, interrupt when something is typed.
pub fn listen() {
    write_u8(BASES[0] + INTERRUPTS, ON_RECEIPT);
}

/// An interrupt of COM1: touches only atomics and the port.
pub fn interrupt() {
    while TYPED.has_room() && read_u8(BASES[0] + LINE_STATUS) & HAS_RECEIVED != 0 {
        let _ = TYPED.put(read_u8(BASES[0] + RECEIVED));
    }
    if !TYPED.has_room() {
        write_u8(BASES[0] + INTERRUPTS, 0);
        IS_PAUSED.store(true, Ordering::Relaxed);
    }
}

/// The next byte typed on COM1.
pub fn take_typed() -> Option<u8> {
    let byte = TYPED.take();
    if byte.is_none() && IS_PAUSED.swap(false, Ordering::Relaxed) {
        listen();
    }
    byte
}
