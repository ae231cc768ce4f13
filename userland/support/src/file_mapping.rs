//! What Win32's numbers for file mappings and their views mean to the system services.
//!
//! Source: documentation of CreateFileMapping and MapViewOfFile, XP SP2 and later.

const PAGE_NOACCESS: u32 = 0x01;
const PAGE_READONLY: u32 = 0x02;
const PAGE_READWRITE: u32 = 0x04;
const PAGE_WRITECOPY: u32 = 0x08;
const PAGE_EXECUTE_READ: u32 = 0x20;
const PAGE_EXECUTE_READWRITE: u32 = 0x40;
const PAGE_EXECUTE_WRITECOPY: u32 = 0x80;

/// The `SEC_` attributes that may be or-ed to a protection: FILE, IMAGE, RESERVE, COMMIT, NOCACHE.
const ATTRIBUTES: u32 = 0x1D80_0000;
const SEC_COMMIT: u32 = 0x800_0000;

/// `STANDARD_RIGHTS_REQUIRED`, `SECTION_QUERY` and `SECTION_MAP_READ`: what every mapping's handle allows.
const ALWAYS: u32 = 0xF_0005;
const SECTION_MAP_WRITE: u32 = 0x2;
const SECTION_MAP_EXECUTE: u32 = 0x8;

const FILE_MAP_COPY: u32 = 0x1;
const FILE_MAP_WRITE: u32 = 0x2;
const FILE_MAP_READ: u32 = 0x4;
const FILE_MAP_EXECUTE: u32 = 0x20;

/// What CreateFileMapping asks of NtCreateSection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Rights of the handle.
    pub access: u32,
    /// `PAGE_`.
    pub protection: u32,
    /// `SEC_`.
    pub kind: u32,
}

/// Takes CreateFileMapping's third argument apart; `None` where it names no protection of a mapping.
pub fn mapping(protect: u32) -> Option<Mapping> {
    let (kind, protection) = (protect & ATTRIBUTES, protect & !ATTRIBUTES);
    let access = match protection {
        PAGE_READONLY | PAGE_WRITECOPY => 0,
        PAGE_READWRITE => SECTION_MAP_WRITE,
        PAGE_EXECUTE_READ | PAGE_EXECUTE_WRITECOPY => SECTION_MAP_EXECUTE,
        PAGE_EXECUTE_READWRITE => SECTION_MAP_WRITE | SECTION_MAP_EXECUTE,
        _ => return None,
    };
    Some(Mapping { access: ALWAYS | access, protection, kind: if kind == 0 { SEC_COMMIT } else { kind } })
}

/// The protection of a view that MapViewOfFile is asked for with `access`. Copying is meant only where nothing else is asked.
pub fn view_protection(access: u32) -> u32 {
    let execute = access & FILE_MAP_EXECUTE != 0;
    let choose = |plain: u32, executable: u32| if execute { executable } else { plain };
    if access & !FILE_MAP_EXECUTE == FILE_MAP_COPY {
        choose(PAGE_WRITECOPY, PAGE_EXECUTE_WRITECOPY)
    } else if access & FILE_MAP_WRITE != 0 {
        choose(PAGE_READWRITE, PAGE_EXECUTE_READWRITE)
    } else if access & FILE_MAP_READ != 0 {
        choose(PAGE_READONLY, PAGE_EXECUTE_READ)
    } else {
        PAGE_NOACCESS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protection_without_attributes_means_committed_memory() {
        let plain = Mapping { access: 0xF_0007, protection: PAGE_READWRITE, kind: SEC_COMMIT };
        assert_eq!(mapping(PAGE_READWRITE), Some(plain));
        let reserved = Mapping { access: 0xF_0005, protection: PAGE_READONLY, kind: 0x400_0000 };
        assert_eq!(mapping(PAGE_READONLY | 0x400_0000), Some(reserved));
        assert_eq!(mapping(PAGE_EXECUTE_READWRITE).map(|mapping| mapping.access), Some(0xF_000F));
    }

    #[test]
    fn what_is_no_protection_of_a_mapping_is_refused() {
        for protect in [0, 1, 0x10, 0x104, 0x204, 6, 0x0020_0004, 0x0040_0004] {
            assert_eq!(mapping(protect), None, "{protect:x}");
        }
    }

    #[test]
    fn the_most_that_is_asked_for_decides_the_view() {
        let rows = [
            (0, PAGE_NOACCESS),
            (FILE_MAP_COPY, PAGE_WRITECOPY),
            (FILE_MAP_READ, PAGE_READONLY),
            (FILE_MAP_WRITE, PAGE_READWRITE),
            (FILE_MAP_READ | FILE_MAP_WRITE, PAGE_READWRITE),
            (FILE_MAP_COPY | FILE_MAP_READ, PAGE_READONLY),
            (0xF_001F, PAGE_READWRITE),
            (FILE_MAP_READ | FILE_MAP_EXECUTE, PAGE_EXECUTE_READ),
            (FILE_MAP_WRITE | FILE_MAP_EXECUTE, PAGE_EXECUTE_READWRITE),
            (FILE_MAP_COPY | FILE_MAP_EXECUTE, PAGE_EXECUTE_WRITECOPY),
        ];
        for (access, protection) in rows {
            assert_eq!(view_protection(access), protection, "{access:x}");
        }
    }
}
