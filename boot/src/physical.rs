//! Physical memory through the windows.

use crate::information::PhysicalMemory;

/// All of it.
pub struct Physical;

impl PhysicalMemory for Physical {
    fn view<R>(&self, start: u64, length: u32, look: impl FnOnce(&[u8]) -> R) -> Option<R> {
        hal::windows::view(start, length, look)
    }
}
