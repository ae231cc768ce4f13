//! The eight bytes in front of every block: its size, and a word that only a block of that kind at that address has.

use user_support::memory::Memory;

use super::memory;

/// Bytes of the header.
pub(super) const HEADER: u32 = 8;
/// The check word of a small block, before the address is mixed in.
const SMALL: u32 = 0x4B4C_4253;
/// The check word of a large block.
const LARGE: u32 = 0x4B4C_424C;

/// Where a block's memory comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// From `talc`.
    Small,
    /// A region of its own.
    Large,
}

/// A block that is out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    address: u32,
    size: u32,
    kind: Kind,
}

impl Block {
    /// Writes the header at `start`; the block begins behind it.
    pub(super) fn write(start: u32, size: u32, kind: Kind) -> Self {
        let address = start + HEADER;
        memory().write_u32(start, size);
        memory().write_u32(start + 4, check(kind) ^ address);
        Self { address, size, kind }
    }

    /// The block at `address`, if there is one.
    pub(super) fn at(address: u32) -> Option<Self> {
        if address < HEADER || !address.is_multiple_of(HEADER) {
            return None;
        }
        let word = memory().read_u32(address - 4) ^ address;
        let kind = [Kind::Small, Kind::Large].into_iter().find(|&kind| check(kind) == word)?;
        Some(Self { address, size: memory().read_u32(address - HEADER), kind })
    }

    /// Takes the header away, so that a second free finds no block.
    pub(super) fn erase(self) {
        memory().write_u32(self.address - 4, 0);
    }

    /// What the program knows as the block.
    pub(super) fn address(self) -> u32 {
        self.address
    }

    /// Where its header is.
    pub(super) fn start(self) -> u32 {
        self.address - HEADER
    }

    /// Bytes the program asked for.
    pub(super) fn size(self) -> u32 {
        self.size
    }

    /// Where its memory comes from.
    pub(super) fn kind(self) -> Kind {
        self.kind
    }
}

fn check(kind: Kind) -> u32 {
    match kind {
        Kind::Small => SMALL,
        Kind::Large => LARGE,
    }
}
