//! The text screen's memory: 80 by 25 cells of character and attribute at physical B8000, seen at FFCB8000.

use core::sync::atomic::AtomicU16;

use mm::layout::{FrameNumber, VirtualAddress};
use mm::pte::{CACHE_DISABLE, ValidPte, pte_of};

use crate::page_tables;
use crate::windows::no_execute;

/// Columns.
pub const COLUMNS: usize = 80;
/// Rows.
pub const ROWS: usize = 25;

const FRAME: FrameNumber = FrameNumber(0xB8);
const ADDRESS: VirtualAddress = VirtualAddress(0xFFCB_8000);

/// The cells, row by row: character in the low byte, attribute in the high one. Maps them the first time.
pub fn cells() -> &'static [AtomicU16; COLUMNS * ROWS] {
    let page = ADDRESS.page();
    if !page_tables::is_mapped(ADDRESS) {
        let entry = ValidPte::system(FRAME, no_execute()).with(CACHE_DISABLE);
        page_tables::entry(pte_of(page).address()).store(entry.0);
        page_tables::flush(page);
    }
    // SAFETY: the page is mapped from here on and is not RAM; a PC without a text screen ignores stores there.
    unsafe { &*(ADDRESS.0 as *const [AtomicU16; COLUMNS * ROWS]) }
}
