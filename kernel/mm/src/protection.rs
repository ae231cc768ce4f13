//! The 32 protection codes of NT, and their translation from and to Win32's `PAGE_` values.
//!
//! A code is five bits: three of access (0 to 7) and two of kind (plain, NOCACHE, GUARD, WRITECOMBINE). It stands in
//! VADs, in every not-present PTE, in subsections and in working-set entries.
//!
//! Source: codes as in XP's `MmProtectToValue` table; validity rules inferred from documented refusals.

use abi::memory::*;

/// A five-bit protection code.
#[doc(alias = "MM_PROTECTION_MASK")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protection(u8);

/// A Win32 protection value that is none of the valid ones: `STATUS_INVALID_PAGE_PROTECTION`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidProtection;

/// What a program tries to do to a byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Load.
    Read,
    /// Store.
    Write,
    /// Instruction fetch; told apart from a load only where the processor has NX.
    Execute,
}

/// How the processor may cache a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caching {
    /// Ordinary write-back memory.
    Cached,
    /// `PAGE_NOCACHE`.
    Uncached,
    /// `PAGE_WRITECOMBINE`.
    WriteCombined,
}

const KIND: u8 = 0x18;
const NOCACHE: u8 = 0x08;
const GUARD: u8 = 0x10;
const WRITECOMBINE: u8 = 0x18;

/// The Win32 protection of each code.
#[doc(alias = "MmProtectToValue")]
static WIN32: [u32; 32] = {
    let mut table = [0; 32];
    let mut code = 0;
    while code < 32 {
        table[code as usize] = win32_of(code);
        code += 1;
    }
    table
};

const fn win32_of(code: u8) -> u32 {
    const BASE: [u32; 8] = [
        PAGE_NOACCESS,
        PAGE_READONLY,
        PAGE_EXECUTE,
        PAGE_EXECUTE_READ,
        PAGE_READWRITE,
        PAGE_WRITECOPY,
        PAGE_EXECUTE_READWRITE,
        PAGE_EXECUTE_WRITECOPY,
    ];
    let base = BASE[(code & 7) as usize];
    match code & KIND {
        GUARD => base | PAGE_GUARD,
        _ if code & 7 == 0 => PAGE_NOACCESS,
        NOCACHE => base | PAGE_NOCACHE,
        WRITECOMBINE => base | PAGE_WRITECOMBINE,
        _ => base,
    }
}

/// What each base bit, alone, becomes; [`NO_CODE`] for what is no single bit.
static PLAIN_CODES: [u8; PAGE_EXECUTE_WRITECOPY as usize + 1] = {
    let mut codes = [NO_CODE; PAGE_EXECUTE_WRITECOPY as usize + 1];
    codes[PAGE_NOACCESS as usize] = Protection::NOACCESS.0;
    codes[PAGE_READONLY as usize] = Protection::READONLY.0;
    codes[PAGE_EXECUTE as usize] = Protection::EXECUTE.0;
    codes[PAGE_EXECUTE_READ as usize] = Protection::EXECUTE_READ.0;
    codes[PAGE_READWRITE as usize] = Protection::READWRITE.0;
    codes[PAGE_WRITECOPY as usize] = Protection::WRITECOPY.0;
    codes[PAGE_EXECUTE_READWRITE as usize] = Protection::EXECUTE_READWRITE.0;
    codes[PAGE_EXECUTE_WRITECOPY as usize] = Protection::EXECUTE_WRITECOPY.0;
    codes
};
const NO_CODE: u8 = 0xFF;

impl Protection {
    /// No information: an empty code.
    pub const ZERO: Self = Self(0);
    /// Read.
    pub const READONLY: Self = Self(1);
    /// Execute.
    pub const EXECUTE: Self = Self(2);
    /// Execute and read.
    pub const EXECUTE_READ: Self = Self(3);
    /// Read and write.
    pub const READWRITE: Self = Self(4);
    /// Read; a write copies.
    pub const WRITECOPY: Self = Self(5);
    /// Execute, read and write.
    pub const EXECUTE_READWRITE: Self = Self(6);
    /// Execute and read; a write copies.
    pub const EXECUTE_WRITECOPY: Self = Self(7);
    /// What a decommitted page's PTE says, so that the VAD does not bring it back.
    #[doc(alias = "MM_DECOMMIT")]
    pub const DECOMMITTED: Self = Self(16);
    /// What `PAGE_NOACCESS` becomes.
    #[doc(alias = "MM_NOACCESS")]
    pub const NOACCESS: Self = Self(24);

    /// The code whose low five bits are those of `bits`.
    pub const fn from_code(bits: u32) -> Self {
        Self((bits & 0x1F) as u8)
    }

    /// The code, 0 to 31.
    pub const fn code(self) -> u32 {
        self.0 as u32
    }

    /// Translates a Win32 protection.
    ///
    /// # Errors
    /// [`InvalidProtection`] unless exactly one base bit is set, with at most one modifier, and none on `PAGE_NOACCESS`.
    #[doc(alias = "MiMakeProtectionMask")]
    #[inline(always)]
    pub fn from_win32(value: u32) -> Result<Self, InvalidProtection> {
        match PLAIN_CODES.get(value as usize) {
            Some(&NO_CODE) => Err(InvalidProtection),
            Some(&code) => Ok(Self(code)),
            None => Self::from_modified(value),
        }
    }

    /// The same of more than a base bit.
    #[cold]
    fn from_modified(value: u32) -> Result<Self, InvalidProtection> {
        let base = PLAIN_CODES.get((value & 0xFF) as usize).copied().unwrap_or(NO_CODE);
        match value & !0xFF {
            _ if base & KIND != 0 => Err(InvalidProtection),
            PAGE_GUARD => Ok(Self(base | GUARD)),
            PAGE_NOCACHE => Ok(Self(base | NOCACHE)),
            PAGE_WRITECOMBINE => Ok(Self(base | WRITECOMBINE)),
            _ => Err(InvalidProtection),
        }
    }

    /// The Win32 protection a query reports.
    #[inline(always)]
    pub const fn to_win32(self) -> u32 {
        WIN32[(self.0 & 0x1F) as usize]
    }

    /// Whether a store is allowed, at once or after a copy.
    pub const fn is_writable(self) -> bool {
        self.0 & 4 != 0
    }

    /// Whether a store must first make a private copy.
    pub const fn is_copy_on_write(self) -> bool {
        self.0 & 5 == 5
    }

    /// Whether instructions may be fetched.
    pub const fn is_executable(self) -> bool {
        self.0 & 2 != 0
    }

    /// Whether the first access raises a guard-page violation.
    pub const fn is_guard(self) -> bool {
        self.0 & KIND == GUARD && self.0 & 7 != 0
    }

    /// Whether nothing is allowed: `PAGE_NOACCESS` or decommitted.
    pub const fn denies_all(self) -> bool {
        self.0 & 7 == 0
    }

    /// How the page is cached.
    pub const fn caching(self) -> Caching {
        match self.0 & KIND {
            _ if self.denies_all() => Caching::Cached,
            NOCACHE => Caching::Uncached,
            WRITECOMBINE => Caching::WriteCombined,
            _ => Caching::Cached,
        }
    }

    /// Whether the page, which allows something, is not cached or write-combined.
    #[inline(always)]
    pub const fn is_not_cached(self) -> bool {
        self.0 & NOCACHE != 0
    }

    /// The code with NOCACHE, where it has no other modifier and allows anything.
    pub const fn without_cache(self) -> Self {
        if self.0 & KIND == 0 && !self.denies_all() { Self(self.0 | NOCACHE) } else { self }
    }

    /// The code, which allows something and has no modifier, for memory that is cached so.
    pub const fn cached_as(self, caching: Caching) -> Self {
        match caching {
            Caching::Cached => self,
            Caching::Uncached => Self(self.0 | NOCACHE),
            Caching::WriteCombined => Self(self.0 | WRITECOMBINE),
        }
    }

    /// The code without its guard.
    pub const fn without_guard(self) -> Self {
        if self.is_guard() { Self(self.0 & !KIND) } else { self }
    }

    /// The access alone, without cache or guard; 0 where nothing is allowed.
    pub const fn without_modifiers(self) -> Self {
        Self(self.0 & 7)
    }

    /// The code of the private copy: WRITECOPY becomes READWRITE, EXECUTE_WRITECOPY becomes EXECUTE_READWRITE.
    #[doc(alias = "MI_MAKE_PROTECT_NOT_WRITE_COPY")]
    pub const fn without_copy_on_write(self) -> Self {
        if self.is_copy_on_write() { Self(self.0 & !1) } else { self }
    }

    /// The code with writes turned into copies: what a writable protection means on a copy-on-write view.
    pub const fn with_copy_on_write(self) -> Self {
        if self.is_writable() { Self(self.0 | 1) } else { self }
    }

    /// Whether memory that was given this protection may come to have the protection `other`: a view of a section, or a page
    /// of a view. A private copy of what may be read is anybody's right, so WRITECOPY asks for no more than READONLY does;
    /// an executable one must have been allowed as such. Modifiers are another matter.
    #[doc(alias = "MmCompatibleProtectionMask")]
    pub const fn covers(self, other: Self) -> bool {
        const READ: u8 = 1;
        const WRITE: u8 = 2;
        const EXECUTE: u8 = 4;
        const COPY: u8 = 8;
        const RIGHTS: [u8; 8] = [
            0,
            READ,
            READ | EXECUTE,
            READ | EXECUTE,
            READ | WRITE,
            READ,
            READ | WRITE | EXECUTE | COPY,
            READ | EXECUTE | COPY,
        ];
        let asked = RIGHTS[(other.0 & 7) as usize];
        RIGHTS[(self.0 & 7) as usize] & asked == asked
    }

    /// Whether the base access allows `access`; the guard is another matter.
    pub const fn allows(self, access: Access) -> bool {
        match access {
            Access::Read => !self.denies_all(),
            Access::Write => self.is_writable(),
            Access::Execute => self.is_executable(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_valid_win32_protection_survives_the_round_trip() {
        let mut valid = 0;
        for value in 0..0x1000u32 {
            if let Ok(code) = Protection::from_win32(value) {
                assert_eq!(code.to_win32(), value, "{value:x}");
                valid += 1;
            }
        }
        // Eight plain, and seven bases (all but NOACCESS) with each of three modifiers.
        assert_eq!(valid, 8 + 7 * 3);
    }

    #[test]
    fn refusals() {
        for value in [0, 3, 6, 0x100, 0x101, 0x201, 0x401, 0x304, 0x704, 0x804, 0x8000_0004] {
            assert_eq!(Protection::from_win32(value), Err(InvalidProtection), "{value:x}");
        }
    }

    #[test]
    fn codes_are_those_of_xp() {
        assert_eq!(Protection::from_win32(PAGE_NOACCESS), Ok(Protection::NOACCESS));
        assert_eq!(Protection::from_win32(PAGE_READWRITE | PAGE_GUARD).map(Protection::code), Ok(20));
        assert_eq!(Protection::from_win32(PAGE_READWRITE | PAGE_NOCACHE).map(Protection::code), Ok(12));
        assert_eq!(Protection::from_win32(PAGE_EXECUTE_READ | PAGE_WRITECOMBINE).map(Protection::code), Ok(27));
    }

    #[test]
    fn only_five_and_seven_copy_on_write() {
        for code in 0..8 {
            let protection = Protection::from_code(code);
            assert_eq!(protection.is_copy_on_write(), code == 5 || code == 7);
            assert_eq!(protection.is_writable(), code >= 4);
            assert_eq!(protection.is_executable(), [2, 3, 6, 7].contains(&code));
        }
    }

    #[test]
    fn a_protection_covers_what_asks_for_no_more() {
        // One row for each base protection, a mark for each that it covers: - R X XR W C XW XC.
        let rows = ["*.......", "**...*..", "****.*..", "****.*..", "**..**..", "**...*..", "********", "****.*.*"];
        for (code, row) in (0..8).zip(rows) {
            let covered = (0..8).map(|other| Protection::from_code(code).covers(Protection::from_code(other)));
            let marks: String = covered.map(|covered| if covered { '*' } else { '.' }).collect();
            assert_eq!(marks, row, "{code}");
        }
        assert!(
            Protection::READWRITE.covers(Protection::NOACCESS) && !Protection::NOACCESS.covers(Protection::READONLY)
        );
    }

    #[test]
    fn decommitted_and_no_access_deny_everything_and_are_no_guards() {
        for protection in [Protection::DECOMMITTED, Protection::NOACCESS, Protection::ZERO] {
            assert!(protection.denies_all() && !protection.is_guard());
            assert_eq!(protection.caching(), Caching::Cached);
            assert!(!protection.allows(Access::Read));
        }
    }
}
