//! What is in the records that functions fill.

use alloc::string::String;
use alloc::vec::Vec;

use shell::system::File;

/// Bytes of `WIN32_FIND_DATAW`, and where in it the name is.
pub(super) const FIND_DATA: usize = 0x250;
const FIND_NAME: usize = 0x2C;

/// The word at `at`.
pub(super) fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The half word at `at`.
pub(super) fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// The file that a `WIN32_FIND_DATAW` describes.
pub(super) fn file_of(data: &[u8; FIND_DATA]) -> File {
    let name: Vec<u16> = data[FIND_NAME..FIND_NAME + 520]
        .chunks_exact(2)
        .map(|pair| half(pair, 0))
        .take_while(|unit| *unit != 0)
        .collect();
    File {
        name: String::from_utf16_lossy(&name),
        attributes: word(data, 0),
        size: u64::from(word(data, 0x1C)) << 32 | u64::from(word(data, 0x20)),
        written: u64::from(word(data, 0x18)) << 32 | u64::from(word(data, 0x14)),
    }
}
