//! What Win32's protections allow, and what they become, in the naive model.

use abi::memory::*;
use mm::protection::Access;

use crate::image;

pub(super) fn base_of(protect: u32) -> u32 {
    protect & 0xFF
}

pub(super) fn is_writable(protect: u32) -> bool {
    base_of(protect) & (PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY) != 0
}

pub(super) fn is_copy(protect: u32) -> bool {
    base_of(protect) & (PAGE_WRITECOPY | PAGE_EXECUTE_WRITECOPY) != 0
}

/// Whether what is stored is stored for all who see it.
pub(super) fn stores_for_all(protect: u32) -> bool {
    is_writable(protect) && !is_copy(protect)
}

pub(super) fn to_copy(protect: u32) -> u32 {
    match base_of(protect) {
        PAGE_READWRITE => protect ^ PAGE_READWRITE ^ PAGE_WRITECOPY,
        PAGE_EXECUTE_READWRITE => protect ^ PAGE_EXECUTE_READWRITE ^ PAGE_EXECUTE_WRITECOPY,
        _ => protect,
    }
}

pub(super) fn from_copy(protect: u32) -> u32 {
    match base_of(protect) {
        PAGE_WRITECOPY => protect ^ PAGE_READWRITE ^ PAGE_WRITECOPY,
        PAGE_EXECUTE_WRITECOPY => protect ^ PAGE_EXECUTE_READWRITE ^ PAGE_EXECUTE_WRITECOPY,
        _ => protect,
    }
}

pub(super) fn allows(protect: u32, access: Access) -> bool {
    let base = base_of(protect);
    match access {
        Access::Read => base != PAGE_NOACCESS,
        Access::Write => is_writable(base),
        Access::Execute => base >= PAGE_EXECUTE,
    }
}

pub(super) fn section_protect(flags: u32) -> u32 {
    match flags {
        image::CODE => PAGE_EXECUTE_READ,
        image::DATA => PAGE_WRITECOPY,
        image::SHARED_DATA => PAGE_READWRITE,
        _ => PAGE_READONLY,
    }
}

/// Whether what was given the protection `given` may get `asked`, row by row.
pub(super) fn covers(given: u32, asked: u32) -> bool {
    const READS: [u32; 3] = [PAGE_NOACCESS, PAGE_READONLY, PAGE_WRITECOPY];
    let asked = asked & 0xFF;
    match given & 0xFF {
        PAGE_NOACCESS => asked == PAGE_NOACCESS,
        PAGE_READONLY | PAGE_WRITECOPY => READS.contains(&asked),
        PAGE_READWRITE => READS.contains(&asked) || asked == PAGE_READWRITE,
        PAGE_EXECUTE | PAGE_EXECUTE_READ => {
            READS.contains(&asked) || [PAGE_EXECUTE, PAGE_EXECUTE_READ].contains(&asked)
        }
        PAGE_EXECUTE_WRITECOPY => ![PAGE_READWRITE, PAGE_EXECUTE_READWRITE].contains(&asked),
        _ => true,
    }
}
