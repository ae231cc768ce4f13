//! The states of a frame that a picture tells apart.

use abi::frames::{FrameState, Use};
use picture::pen::{Ansi, Colors};

/// A state: a list of pages that belong to nobody or are kept for somebody, or what an active frame is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it, and `name` says it to people")]
pub enum Kind {
    Zeroed,
    Free,
    Standby,
    Modified,
    ModifiedNoWrite,
    Bad,
    Transition,
    Private,
    Table,
    Memory,
    Image,
    File,
    Awe,
    LargePage,
    Kernel,
}

/// How many there are.
pub const KINDS: usize = 15;

/// How a state is shown.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// What it is called, in 9 characters at most.
    pub name: &'static str,
    /// One character for it.
    pub letter: char,
    /// Colours of a cell of text: behind the letter, and the letter's, which may be bright.
    pub cell: Colors,
    /// The colour of a pixel: red, green, blue.
    pub pixel: u32,
    /// How much a frame counts where frames of several states share a cell: what is rare and matters is not lost.
    pub weight: u64,
}

const fn look(name: &'static str, letter: char, cell: Colors, pixel: u32, weight: u64) -> Look {
    Look { name, letter, cell, pixel, weight }
}

const LOOKS: [Look; KINDS] = [
    look("Zeroed", '.', (Ansi::Black, Ansi::Black, true), 0x20_2830, 1),
    look("Free", ':', (Ansi::Black, Ansi::White, false), 0x50_5860, 1),
    look("Standby", 's', (Ansi::Cyan, Ansi::White, true), 0x30_C8D0, 4),
    look("Modified", 'm', (Ansi::Magenta, Ansi::White, true), 0xF0_60C0, 64),
    look("No write", 'n', (Ansi::Magenta, Ansi::Yellow, true), 0xA0_60FF, 4096),
    look("Bad", 'X', (Ansi::White, Ansi::Red, false), 0xFF_FFFF, 1 << 30),
    look("Transit", 't', (Ansi::Yellow, Ansi::White, true), 0xFF_F040, 4096),
    look("Private", 'P', (Ansi::Green, Ansi::White, true), 0x40_C050, 2),
    look("Tables", 'T', (Ansi::Green, Ansi::Black, false), 0x00_7050, 8),
    look("Shared", 'M', (Ansi::Yellow, Ansi::Black, false), 0xE0_9030, 8),
    look("Images", 'I', (Ansi::Blue, Ansi::White, true), 0x50_80F0, 2),
    look("Files", 'F', (Ansi::Blue, Ansi::Cyan, true), 0x2C_4CA8, 2),
    look("AWE", 'A', (Ansi::White, Ansi::Green, false), 0xB0_E040, 8),
    look("Large", 'L', (Ansi::White, Ansi::Blue, false), 0x80_FFB0, 8),
    look("Kernel", 'K', (Ansi::Red, Ansi::White, true), 0xD0_4038, 2),
];

impl Kind {
    /// All of them, lists first.
    pub const ALL: [Self; KINDS] = [
        Self::Zeroed,
        Self::Free,
        Self::Standby,
        Self::Modified,
        Self::ModifiedNoWrite,
        Self::Bad,
        Self::Transition,
        Self::Private,
        Self::Table,
        Self::Memory,
        Self::Image,
        Self::File,
        Self::Awe,
        Self::LargePage,
        Self::Kernel,
    ];

    /// The state of a frame; none where there is no frame.
    pub fn of(state: FrameState) -> Option<Self> {
        const LISTS: [Kind; 6] =
            [Kind::Zeroed, Kind::Free, Kind::Standby, Kind::Modified, Kind::ModifiedNoWrite, Kind::Bad];
        if !state.is_ram() {
            return None;
        }
        Some(match (state.location(), state.used()) {
            (list @ 0..=5, _) => LISTS[usize::from(list)],
            (7, _) => Self::Transition,
            (_, Use::Private) => Self::Private,
            (_, Use::Table) => Self::Table,
            (_, Use::Memory) => Self::Memory,
            (_, Use::Image) => Self::Image,
            (_, Use::File) => Self::File,
            (_, Use::Awe) => Self::Awe,
            (_, Use::LargePage) => Self::LargePage,
            (_, Use::Kernel | Use::Nobody) => Self::Kernel,
        })
    }

    /// How it is shown.
    pub fn look(self) -> &'static Look {
        &LOOKS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_kind_and_every_kind_its_own_look() {
        for location in 0..8 {
            for used in Use::ALL {
                let kind = Kind::of(FrameState::new(location, used)).expect("a frame");
                assert_eq!(location < 6, (kind as u8) < 6, "{location} {used:?}");
                assert_eq!(Kind::of(FrameState::new(location, used).in_paging_file()), Some(kind));
            }
        }
        assert_eq!(Kind::of(FrameState::NO_RAM), None);
        assert_eq!(Kind::of(FrameState::new(6, Use::Image)), Some(Kind::Image));
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
            assert!(kind.look().name.len() <= 9);
            for other in &Kind::ALL[index + 1..] {
                assert_ne!(kind.look().letter, other.look().letter);
                assert_ne!(kind.look().pixel, other.look().pixel);
                assert_ne!(kind.look().cell, other.look().cell);
            }
        }
    }
}
