//! What regions are.

use picture::pen::{Ansi, Colors};

/// What an allocation is for; and, at the end, what parts of one are that hold nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A view of an EXE or DLL.
    Image,
    /// A view of a file's data.
    File,
    /// A view of memory that processes can share, which has no file.
    Shareable,
    /// Memory of the process alone.
    Private,
    /// The same, where a heap lies.
    Heap,
    /// The same, where the stack of a thread lies.
    Stack,
    /// A window for frames that the program owns (AWE).
    Awe,
    /// Pages of 2 MB.
    Large,
    /// Pages whose first access raises an exception.
    Guard,
    /// Addresses of an allocation that are not committed.
    Reserved,
    /// Addresses of no allocation.
    Free,
}

/// How many there are.
pub const KINDS: usize = 11;
/// How many of them are allocations'.
pub const ALLOCATIONS: usize = 8;

/// How one is shown.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// What it is called, in 9 characters at most.
    pub name: &'static str,
    /// One character for it.
    pub letter: char,
    /// Colours of a cell of text.
    pub cell: Colors,
    /// The colour of a pixel: red, green, blue.
    pub pixel: u32,
}

pub(crate) const fn look(name: &'static str, letter: char, cell: Colors, pixel: u32) -> Look {
    Look { name, letter, cell, pixel }
}

/// What ramview tells apart too has ramview's letter and colours.
const LOOKS: [Look; KINDS] = [
    look("Image", 'I', (Ansi::Blue, Ansi::White, true), 0x50_80F0),
    look("File", 'F', (Ansi::Blue, Ansi::Cyan, true), 0x2C_4CA8),
    look("Shareable", 'M', (Ansi::Yellow, Ansi::Black, false), 0xE0_9030),
    look("Private", 'P', (Ansi::Green, Ansi::White, true), 0x40_C050),
    look("Heap", 'H', (Ansi::Magenta, Ansi::White, true), 0xF0_60C0),
    look("Stack", 'S', (Ansi::Cyan, Ansi::White, true), 0x30_C8D0),
    look("AWE", 'A', (Ansi::White, Ansi::Green, false), 0xB0_E040),
    look("Large", 'L', (Ansi::White, Ansi::Blue, false), 0x80_FFB0),
    look("Guard", 'g', (Ansi::Red, Ansi::White, true), 0xD0_4038),
    look("Reserved", ':', (Ansi::Black, Ansi::White, false), 0x50_5860),
    look("Free", '.', (Ansi::Black, Ansi::Black, true), 0x20_2830),
];

impl Kind {
    /// All of them, those of allocations first.
    pub const ALL: [Self; KINDS] = [
        Self::Image,
        Self::File,
        Self::Shareable,
        Self::Private,
        Self::Heap,
        Self::Stack,
        Self::Awe,
        Self::Large,
        Self::Guard,
        Self::Reserved,
        Self::Free,
    ];

    /// How it is shown.
    pub fn look(self) -> &'static Look {
        &LOOKS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protection::Protection;

    #[test]
    fn everything_has_a_look_of_its_own() {
        let kinds = Kind::ALL.map(Kind::look);
        let protections = Protection::ALL.map(Protection::look);
        assert!(Kind::ALL.iter().enumerate().all(|(index, kind)| *kind as usize == index));
        for looks in [&kinds[..], &protections[..]] {
            for (index, look) in looks.iter().enumerate() {
                assert!(look.name.len() <= 9);
                for other in &looks[index + 1..] {
                    assert_ne!(look.letter, other.letter);
                    assert_ne!(look.pixel, other.pixel);
                    assert_ne!(look.cell, other.cell);
                }
            }
        }
    }
}
