//! The text screen's memory: 80 by 25 cells of character and attribute at physical B8000.

use core::sync::atomic::AtomicU16;

use mm::layout::FrameNumber;
use mm::pte::{CACHE_DISABLE, GLOBAL, PAGE_TABLES_OF, PteCell};

/// Columns.
pub const COLUMNS: usize = 80;
/// Rows.
pub const ROWS: usize = 25;
