//! The console as kernel32 asks for it: control codes of `NtDeviceIoControlFile` on a handle to the console.
//!
//! On XP these are messages to csrss; here the console is a device of the kernel, and everything that is shown goes there as
//! bytes with ANSI sequences. Source of the structures: public Windows headers (`wincon.h`); the codes are this system's own.

use crate::nt::device::FILE_DEVICE_CONSOLE;

/// The code of a console's function: any access, buffered.
const fn code(function: u32) -> u32 {
    FILE_DEVICE_CONSOLE << 16 | function << 2
}

/// Gives the mode of the handle's side, input or output: one word.
pub const GET_MODE: u32 = code(0x800);
/// Sets it: one word.
pub const SET_MODE: u32 = code(0x801);
/// Gives a [`ScreenInformation`].
pub const GET_SCREEN: u32 = code(0x802);
/// Gives UTF-16 units, as `ReadConsole` does: waits for them.
pub const READ: u32 = code(0x803);
/// Gives at least one [`InputRecord`], and takes it away: waits for it.
pub const READ_RECORDS: u32 = code(0x804);
/// Gives the [`InputRecord`]s there are, and leaves them.
pub const PEEK_RECORDS: u32 = code(0x805);
/// Gives the number of records that wait: one word.
pub const COUNT_RECORDS: u32 = code(0x806);
/// Forgets the records that wait.
pub const FLUSH: u32 = code(0x807);
/// Makes a process the one that Ctrl-C ends, with all that it started, and sets the input's mode: two words, its identifier, or 0
/// for none, and the mode. A Ctrl-C that was typed before goes to it where the mode has input processed.
pub const SET_FOREGROUND: u32 = code(0x808);
/// Whether Ctrl-C passes the calling process over: one word.
pub const IGNORE_CONTROL_C: u32 = code(0x809);
/// Names the routine at which a thread of the calling process begins on Ctrl-C, with the event in EBX: its address, or 0 for
/// none, and then the process ends.
pub const SET_CONTROL_ROUTINE: u32 = code(0x80A);
/// Makes a process that the caller has started the first of a group of its own, which Ctrl-C passes over: its identifier.
pub const LEAD_GROUP: u32 = code(0x80B);
/// Sends an event to the programs that share the caller's console: two words, `CTRL_C_EVENT` or `CTRL_BREAK_EVENT`, and the group
/// of those that are meant, 0 for all of them.
pub const GENERATE_EVENT: u32 = code(0x80F);
/// Gives the size of the pictures that the screen can show, in pixels: two words, columns and rows.
pub const GET_PICTURE_SIZE: u32 = code(0x810);
/// Shows rows of a picture: three words, the first row, how many, and the address of their pixels. A pixel is a word with blue in the
/// low byte, then green, then red. The picture stays until something is written to the screen.
pub const SHOW_PICTURE: u32 = code(0x811);
/// Puts records behind those that wait, as many as there is room for; how many bytes of them.
pub const WRITE_RECORDS: u32 = code(0x812);

/// Gives cells of the screen: a word says from which on, row by row. As many [`CELL_SIZE`] as there are, or fit.
pub const READ_CELLS: u32 = code(0x813);
/// Changes cells: two words, the first cell and the bits of each that change, and then the cells themselves. How many bytes of these
/// there was a place for.
pub const WRITE_CELLS: u32 = code(0x814);
/// Makes a part of the screen the window that programs are told of: four halves, its left, top, right and bottom cells.
pub const SET_WINDOW: u32 = code(0x815);
/// Gives the numbers of the processes that share the caller's console: the number of all of them, and then as many as fit.
pub const LIST_PROCESSES: u32 = code(0x816);
/// The process with a number, a child of the caller's, or the caller for 0, has no console any more.
pub const DETACH: u32 = code(0x817);
/// It has one again: that of the process with a number, or, for 0, one of its own, which here is the same.
pub const ATTACH: u32 = code(0x818);
/// Shows the screen buffer that the handle is one of.
pub const SHOW_BUFFER: u32 = code(0x819);
/// What is opened below the console to have a screen buffer made.
pub const NEW_BUFFER: &str = "\\ScreenBuffer";

/// Bytes of a cell: the UTF-16 unit, and the attributes in another half.
#[doc(alias = "CHAR_INFO")]
pub const CELL_SIZE: u32 = 4;
/// Bits of a cell that are its character.
pub const CELL_CHARACTER: u32 = 0xFFFF;
/// Bits of a cell that are its colours; what else is in their half is not kept.
pub const CELL_COLORS: u32 = 0xFF_0000;

/// Bytes of a record.
pub const RECORD_SIZE: u32 = 20;
/// Kind of record: a key.
pub const KEY_EVENT: u16 = 1;

/// Something of the input other than a key, of the mouse or the window for example: its kind, and what a program says of it.
pub type OtherRecord = (u16, [u8; 16]);

/// A key in the form that programs read.
#[doc(alias = "INPUT_RECORD")]
#[doc(alias = "KEY_EVENT_RECORD")]
#[allow(missing_docs, reason = "the names are those of wincon.h")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputRecord {
    pub is_down: bool,
    pub repeat_count: u16,
    pub virtual_key: u16,
    pub scan_code: u16,
    pub character: u16,
    pub control_state: u32,
}

impl InputRecord {
    /// As it lies in memory.
    pub fn to_bytes(self) -> [u8; RECORD_SIZE as usize] {
        let mut bytes = [0; RECORD_SIZE as usize];
        let words = [
            KEY_EVENT,
            0,
            u16::from(self.is_down),
            0,
            self.repeat_count,
            self.virtual_key,
            self.scan_code,
            self.character,
        ];
        for (place, word) in bytes.chunks_exact_mut(2).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes[16..].copy_from_slice(&self.control_state.to_le_bytes());
        bytes
    }

    /// What lies in memory so.
    ///
    /// # Errors
    /// The record, if it is no key.
    pub fn from_bytes(bytes: &[u8; RECORD_SIZE as usize]) -> Result<Self, OtherRecord> {
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let word = |at: usize| u32::from(half(at + 2)) << 16 | u32::from(half(at));
        if half(0) != KEY_EVENT {
            return Err((half(0), core::array::from_fn(|index| bytes[4 + index])));
        }
        Ok(Self {
            is_down: word(4) != 0,
            repeat_count: half(8),
            virtual_key: half(10),
            scan_code: half(12),
            character: half(14),
            control_state: word(16),
        })
    }
}

/// Bytes of a [`ScreenInformation`].
pub const SCREEN_SIZE: u32 = 22;

/// The screen as programs ask for it.
#[doc(alias = "CONSOLE_SCREEN_BUFFER_INFO")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScreenInformation {
    /// Columns and rows.
    pub size: (u16, u16),
    /// Column and row of the cursor, from 0.
    pub cursor: (u16, u16),
    /// Colours of what is written next.
    pub attributes: u16,
    /// Its left, top, right and bottom cells, the last two inclusive.
    pub window: [u16; 4],
}

impl ScreenInformation {
    /// As it lies in memory.
    pub fn to_bytes(self) -> [u8; SCREEN_SIZE as usize] {
        let ((columns, rows), (column, row)) = (self.size, self.cursor);
        let [left, top, right, bottom] = self.window;
        let words = [columns, rows, column, row, self.attributes, left, top, right, bottom, columns, rows];
        let mut bytes = [0; SCREEN_SIZE as usize];
        for (place, word) in bytes.chunks_exact_mut(2).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_lies_in_memory_as_windows_has_it() {
        let record = InputRecord {
            is_down: true,
            repeat_count: 1,
            virtual_key: 0x41,
            scan_code: 0x1E,
            character: 0x61,
            control_state: 0x28,
        };
        let expected = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x41, 0, 0x1E, 0, 0x61, 0, 0x28, 0, 0, 0];
        assert_eq!(record.to_bytes(), expected);
        assert_eq!(InputRecord::from_bytes(&expected), Ok(record));
        let mut mouse = expected;
        mouse[0] = 2;
        let (kind, data) = InputRecord::from_bytes(&mouse).unwrap_err();
        assert_eq!((kind, &data[..]), (2, &expected[4..]));
    }

    #[test]
    fn the_screen_lies_in_memory_as_windows_has_it() {
        let screen = ScreenInformation { size: (80, 25), cursor: (3, 4), attributes: 7, window: [0, 1, 79, 24] };
        let expected = [80, 0, 25, 0, 3, 0, 4, 0, 7, 0, 0, 0, 1, 0, 79, 0, 24, 0, 80, 0, 25, 0];
        assert_eq!(screen.to_bytes(), expected);
    }
}
