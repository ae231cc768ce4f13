//! Pictures on the screen: 1024 by 768 pixels of 32 bits on the adapter that Bochs invented and QEMU and VirtualBox have too.
//!
//! The text screen is not lost meanwhile. Its characters and its font lie in the first 256 KB of the adapter's memory, so the
//! picture lies behind them, and the adapter is asked not to clear anything; the registers of the VGA, which the adapter sets for
//! its own mode, are read before and written back after. Whoever writes to the text screen takes it back first ([`leave`]).
//!
//! A picture is written through a window, row by row: a row is a page. Nothing else ever reaches this memory (W2).
//!
//! Source: "VBE Display API" of Bochs (`vbe_display_api.txt`); the VGA's registers as IBM documented them.

use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use hal::frame_bytes;
use hal::port::{read_u8, read_u16, write_u8, write_u16};
use mm::layout::{FrameNumber, PAGE_SIZE};
use pci_types::{Bar, CommandRegister};

use crate::pci;

/// Pixels of a row, and rows.
pub const SIZE: (u32, u32) = (1024, 768);
/// Bytes of a row: a page.
const ROW: u32 = SIZE.0 * 4;
/// Rows before the picture, where the text screen's memory lies.
const ROWS_BEFORE: u32 = 128;
const _: () = assert!(ROW == PAGE_SIZE && ROWS_BEFORE * ROW >= 0x4_0000);

/// The adapter's registers: index, then data.
const INDEX: u16 = 0x1CE;
const DATA: u16 = 0x1CF;
/// Registers by number.
mod register {
    pub(super) const IDENTITY: u16 = 0;
    pub(super) const COLUMNS: u16 = 1;
    pub(super) const ROWS: u16 = 2;
    pub(super) const BITS: u16 = 3;
    pub(super) const ENABLE: u16 = 4;
    pub(super) const FIRST_ROW: u16 = 9;
    pub(super) const MEMORY: u16 = 10;
}
/// Identities with a linear frame buffer, 32 bits a pixel and a register that tells the memory.
const IDENTITIES: core::ops::RangeInclusive<u16> = 0xB0C4..=0xB0CF;
/// Enabled, linear, nothing cleared.
const ENABLED: u16 = 0xC1;
/// Class code of a display adapter that is a VGA.
const VGA: (u8, u8) = (0x03, 0x00);
/// The unit in which the adapter tells its memory.
const MEMORY_UNIT: u32 = 0x1_0000;

/// Register files of the VGA that the adapter's own mode changes: index port (data is the next one) and how many there are.
const FILES: [(u16, u8); 3] = [(0x3C4, 5), (0x3CE, 9), (CONTROLLER, 25)];
/// The CRT controller, and its register whose high bit protects the first eight.
const CONTROLLER: u16 = 0x3D4;
const PROTECTION: u8 = 0x11;

/// The first frame of the picture, or 0 where there is no adapter.
static PICTURE: AtomicU32 = AtomicU32::new(0);
static SHOWN: AtomicBool = AtomicBool::new(false);
static SAVED: [AtomicU8; 39] = [const { AtomicU8::new(0) }; 39];

fn read(register: u16) -> u16 {
    write_u16(INDEX, register);
    read_u16(DATA)
}

fn write(register: u16, value: u16) {
    write_u16(INDEX, register);
    write_u16(DATA, value);
}

/// Looks for the adapter: whether pictures can be shown from now on.
pub fn find() -> bool {
    let needed = (ROWS_BEFORE + SIZE.1) * ROW;
    if !IDENTITIES.contains(&read(register::IDENTITY)) || u32::from(read(register::MEMORY)) * MEMORY_UNIT < needed {
        return false;
    }
    pci::each_function(|space, mut function| {
        let (_, class, subclass, _) = function.header().revision_and_class(space);
        if (class, subclass) != VGA || PICTURE.load(Ordering::Relaxed) != 0 {
            return;
        }
        if let Some(Bar::Memory32 { address, .. }) = function.bar(0, space)
            && address != 0
        {
            function.update_command(space, |command| command | CommandRegister::MEMORY_ENABLE);
            PICTURE.store(address / PAGE_SIZE + ROWS_BEFORE, Ordering::Relaxed);
        }
    });
    PICTURE.load(Ordering::Relaxed) != 0
}

/// Pixels of a row, and rows, where pictures can be shown.
pub fn size() -> Option<(u32, u32)> {
    (PICTURE.load(Ordering::Relaxed) != 0).then_some(SIZE)
}

/// Shows row `row` (0 to 767): `pixels` of 4 bytes each, blue first. The picture takes the screen if the text has it.
pub fn write_row(row: u32, pixels: &[u8]) {
    let picture = PICTURE.load(Ordering::Relaxed);
    if picture == 0 || row >= SIZE.1 {
        return;
    }
    if !SHOWN.swap(true, Ordering::Relaxed) {
        enter();
    }
    let length = pixels.len().min(ROW as usize);
    frame_bytes::write(FrameNumber(picture + row), 0, &pixels[..length]);
}

fn enter() {
    for ((port, index), saved) in registers().zip(&SAVED) {
        write_u8(port, index);
        saved.store(read_u8(port + 1), Ordering::Relaxed);
    }
    write(register::ENABLE, 0);
    write(register::COLUMNS, SIZE.0 as u16);
    write(register::ROWS, SIZE.1 as u16);
    write(register::BITS, 32);
    write(register::ENABLE, ENABLED);
    write(register::FIRST_ROW, ROWS_BEFORE as u16);
}

/// Gives the screen back to the text, if a picture has it.
pub fn leave() {
    if !SHOWN.swap(false, Ordering::Relaxed) {
        return;
    }
    write(register::ENABLE, 0);
    write_u8(CONTROLLER, PROTECTION);
    write_u8(CONTROLLER + 1, 0);
    for ((port, index), saved) in registers().zip(&SAVED) {
        write_u8(port, index);
        write_u8(port + 1, saved.load(Ordering::Relaxed));
    }
}

/// The VGA's registers that are kept: index port and index.
fn registers() -> impl Iterator<Item = (u16, u8)> {
    FILES.into_iter().flat_map(|(port, count)| (0..count).map(move |index| (port, index)))
}
