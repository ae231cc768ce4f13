//! How regions are protected.

use abi::memory::{
    MEM_COMMIT, MEM_FREE, PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY, PAGE_GUARD,
    PAGE_READONLY, PAGE_READWRITE, PAGE_WRITECOPY,
};
use picture::pen::Ansi;

use crate::kind::{Look, look};

/// What may be done with a page; whether it is cached is told by rows only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it, and `look` says it to people")]
pub enum Protection {
    Read,
    ReadWrite,
    Copy,
    Execute,
    ExecuteRead,
    ExecuteReadWrite,
    ExecuteCopy,
    NoAccess,
    Guard,
    Reserved,
    Free,
}

/// How many there are.
pub const PROTECTIONS: usize = 11;

const LOOKS: [Look; PROTECTIONS] = [
    look("r--", 'r', (Ansi::Blue, Ansi::White, true), 0x50_80F0),
    look("rw-", 'w', (Ansi::Green, Ansi::White, true), 0x40_C050),
    look("rc- copy", 'c', (Ansi::Green, Ansi::Black, false), 0x00_7050),
    look("--x", 'e', (Ansi::Yellow, Ansi::White, true), 0xA0_7010),
    look("r-x", 'x', (Ansi::Yellow, Ansi::Black, false), 0xE0_9030),
    look("rwx", 'W', (Ansi::Magenta, Ansi::White, true), 0xF0_60C0),
    look("rcx copy", 'C', (Ansi::Magenta, Ansi::Yellow, true), 0xA0_60FF),
    look("no access", 'n', (Ansi::White, Ansi::Black, false), 0xB0_B8C0),
    look("guard", 'g', (Ansi::Red, Ansi::White, true), 0xD0_4038),
    look("reserved", ':', (Ansi::Black, Ansi::White, false), 0x50_5860),
    look("free", '.', (Ansi::Black, Ansi::Black, true), 0x20_2830),
];

impl Protection {
    /// All of them, those of committed pages first.
    pub const ALL: [Self; PROTECTIONS] = [
        Self::Read,
        Self::ReadWrite,
        Self::Copy,
        Self::Execute,
        Self::ExecuteRead,
        Self::ExecuteReadWrite,
        Self::ExecuteCopy,
        Self::NoAccess,
        Self::Guard,
        Self::Reserved,
        Self::Free,
    ];

    /// That of pages of a state (`MEM_`) and a protection (`PAGE_`).
    pub fn of(state: u32, protect: u32) -> Self {
        match (state, protect & 0xFF) {
            (MEM_FREE, _) => Self::Free,
            (MEM_COMMIT, _) if protect & PAGE_GUARD != 0 => Self::Guard,
            (MEM_COMMIT, PAGE_READONLY) => Self::Read,
            (MEM_COMMIT, PAGE_READWRITE) => Self::ReadWrite,
            (MEM_COMMIT, PAGE_WRITECOPY) => Self::Copy,
            (MEM_COMMIT, PAGE_EXECUTE) => Self::Execute,
            (MEM_COMMIT, PAGE_EXECUTE_READ) => Self::ExecuteRead,
            (MEM_COMMIT, PAGE_EXECUTE_READWRITE) => Self::ExecuteReadWrite,
            (MEM_COMMIT, PAGE_EXECUTE_WRITECOPY) => Self::ExecuteCopy,
            (MEM_COMMIT, _) => Self::NoAccess,
            _ => Self::Reserved,
        }
    }

    /// How it is shown.
    pub fn look(self) -> &'static Look {
        &LOOKS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::memory::{MEM_RESERVE, PAGE_NOACCESS, PAGE_NOCACHE};

    #[test]
    fn every_protection_is_told_apart() {
        for (index, protect) in [
            PAGE_READONLY,
            PAGE_READWRITE,
            PAGE_WRITECOPY,
            PAGE_EXECUTE,
            PAGE_EXECUTE_READ,
            PAGE_EXECUTE_READWRITE,
            PAGE_EXECUTE_WRITECOPY,
            PAGE_NOACCESS,
            PAGE_GUARD | PAGE_READWRITE,
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(Protection::of(MEM_COMMIT, protect), Protection::ALL[index]);
            assert_eq!(Protection::of(MEM_COMMIT, protect | PAGE_NOCACHE), Protection::ALL[index]);
            assert_eq!(Protection::ALL[index] as usize, index);
        }
        assert_eq!(Protection::of(MEM_RESERVE, 0), Protection::Reserved);
        assert_eq!(Protection::of(MEM_FREE, PAGE_NOACCESS), Protection::Free);
    }
}
