//! Page-table entries of the current address space, through the self-map at C0000000.

use core::arch::asm;
use core::ptr::from_ref;

use mm::layout::{VirtualAddress, VirtualPage};
use mm::pte::{LARGE_PAGE, PteCell, VALID, WRITE, pde_of, pte_of};

use crate::registers::{cr3, set_cr3};

/// Replaces the entry in `cell` by `raw` in one step and returns what it was.
#[inline(always)]
pub fn exchange(cell: &PteCell, raw: u64) -> u64 {
    let pointer = from_ref(cell);
    let (low, high): (u32, u32);
    // SAFETY: `cell` is eight bytes, aligned, and shared only as atomics. The first attempt's guess need not be right:
    // `cmpxchg8b` then loads what it should have been.
    unsafe {
        asm!(
            "mov eax, [{cell}]",
            "mov edx, [{cell} + 4]",
            "2:",
            "lock cmpxchg8b [{cell}]",
            "jne 2b",
            cell = in(reg) pointer,
            in("ebx") raw as u32,
            in("ecx") (raw >> 32) as u32,
            out("eax") low,
            out("edx") high,
            options(nostack),
        )
    };
    u64::from(low) | u64::from(high) << 32
}

/// Drops the translation of `page`.
#[inline(always)]
pub fn flush(page: VirtualPage) {
    // SAFETY: forgetting a translation changes nothing but time.
    unsafe { asm!("invlpg [{}]", in(reg) page.address().0, options(nostack, preserves_flags)) };
}

/// Drops all translations but the global ones.
#[inline(always)]
pub fn flush_user() {
    // SAFETY: loads the address space that is loaded already.
    unsafe { set_cr3(cr3()) };
}

/// Writes all that caches hold back to memory and empties them.
pub fn write_back_caches() {
    // SAFETY: changes nothing that can be read.
    unsafe { core::arch::asm!("wbinvd", options(nostack, preserves_flags)) };
}

/// The entry behind `link`, which must lie in a page of the self-map that is present.
#[inline(always)]
pub(crate) fn entry(address: u32) -> &'static PteCell {
    // SAFETY: the page directories are always present, and the callers check the directory entry before the table's.
    unsafe { &*(address as *const PteCell) }
}

/// Whether a read of `address` in the current address space finds a page.
pub fn is_mapped(address: VirtualAddress) -> bool {
    let page = address.page();
    let directory = entry(pde_of(page).address()).load();
    if directory & VALID == 0 {
        return false;
    }
    directory & LARGE_PAGE != 0 || entry(pte_of(page).address()).load() & VALID != 0
}

/// The entry of the page of `address` in the current address space, where there is a page table; else the directory's, of a
/// large page too.
pub fn raw_entry(address: VirtualAddress) -> u64 {
    let directory = entry(pde_of(address.page()).address()).load();
    let has_table = directory & (VALID | LARGE_PAGE) == VALID;
    if has_table { entry(pte_of(address.page()).address()).load() } else { directory }
}

/// Whether a store of the kernel's to user address `address` needs nothing done first.
pub fn takes_stores(address: VirtualAddress) -> bool {
    const STORABLE: u64 = VALID | WRITE;
    raw_entry(address) & STORABLE == STORABLE
}

/// The word at `address`, where a page is mapped there. For walks over memory that may be broken.
pub fn peek(address: u32) -> Option<u32> {
    if address & 3 != 0 || !is_mapped(VirtualAddress(address)) {
        return None;
    }
    // SAFETY: the page is present, and nothing unmaps it meanwhile (H1). A word is read once, whatever it means.
    Some(unsafe { (address as *const u32).read_volatile() })
}
