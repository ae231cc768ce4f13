//! The control and status words of `float.h`, and those of the x87.
//!
//! Source: `float.h`'s constants; the x87's words as Intel describes them.

/// Which exceptions are masked: invalid, denormal, division by zero, overflow, underflow, inexact. As here, and in the x87.
const EXCEPTIONS: [(u32, u16); 6] =
    [(0x10, 0x01), (0x8_0000, 0x02), (0x08, 0x04), (0x04, 0x08), (0x02, 0x10), (0x01, 0x20)];
/// The denormal's, which `_controlfp` leaves alone.
pub const DENORMAL: u32 = 0x8_0000;
/// How is rounded: nearest, down, up, off.
const ROUNDING: u32 = 0x300;
/// With how many bits: 64, 53, 24. In the x87 they are 3, 2, 0.
const PRECISION: u32 = 0x3_0000;
const PRECISIONS: [(u32, u16); 3] = [(0, 0x300), (0x1_0000, 0x200), (0x2_0000, 0)];
/// What is infinite.
const INFINITY: u32 = 0x4_0000;

/// The control word as programs know it.
pub fn from_x87(control: u16) -> u32 {
    let precision = PRECISIONS.iter().find(|(_, bits)| control & 0x300 == *bits).map_or(PRECISION, |(word, _)| *word);
    let infinity = if control & 0x1000 != 0 { INFINITY } else { 0 };
    status_from_x87(control) | u32::from(control >> 10 & 3) << 8 | precision | infinity
}

/// The x87's control word. Bits that say nothing are as the processor starts with them.
pub fn to_x87(word: u32) -> u16 {
    let masks = EXCEPTIONS.iter().filter(|(bit, _)| word & bit != 0).fold(0, |masks, (_, bit)| masks | bit);
    let precision = PRECISIONS.iter().find(|(bits, _)| word & PRECISION == *bits).map_or(0, |(_, bits)| *bits);
    let infinity = if word & INFINITY != 0 { 0x1000 } else { 0 };
    masks | ((word & ROUNDING) >> 8 << 10) as u16 | precision | infinity
}

/// The exceptions of the x87's status word.
pub fn status_from_x87(status: u16) -> u32 {
    EXCEPTIONS.iter().filter(|(_, bit)| status & bit != 0).fold(0, |word, (bit, _)| word | bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_start_and_others() {
        assert_eq!(from_x87(0x027F), 0x9_001F);
        assert_eq!(from_x87(0x037F), 0x8_001F);
        assert_eq!(from_x87(0x0F40), 0x300);
        assert_eq!(to_x87(0x9_001F), 0x023F);
        assert_eq!(status_from_x87(0x24), 0x09);
    }

    #[test]
    fn both_ways_fit_together() {
        for word in [0, 0x9_001F, 0x8_0010, 0x2_0305, 0x5_0200, 0x4_0100] {
            assert_eq!(from_x87(to_x87(word)), word, "{word:x}");
        }
    }
}
