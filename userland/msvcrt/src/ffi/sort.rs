//! `qsort` and `bsearch`, `abs` and `div`.

use core::cmp::Ordering;

use user_crt::sort::{Elements, search, sort};

/// Compares two elements: below, equal or above zero.
type Compare = unsafe extern "C" fn(u32, u32) -> i32;

/// The program's array.
struct Array {
    base: u32,
    size: u32,
    compare: Compare,
}

impl Array {
    fn address(&self, index: u32) -> u32 {
        self.base.wrapping_add(index.wrapping_mul(self.size))
    }
}

impl Elements for Array {
    fn compare(&mut self, left: u32, right: u32) -> Ordering {
        // SAFETY: the program's promise that its function compares its elements.
        unsafe { (self.compare)(self.address(left), self.address(right)) }.cmp(&0)
    }

    fn swap(&mut self, left: u32, right: u32) {
        if left != right {
            let (left, right) = (self.address(left) as *mut u8, self.address(right) as *mut u8);
            // SAFETY: both are whole elements of the program's array, and different ones.
            unsafe { core::ptr::swap_nonoverlapping(left, right, self.size as usize) };
        }
    }
}

/// Sorts `count` elements of `size` bytes.
///
/// # Safety
/// The array is there, and `compare` compares two elements by their addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qsort(base: u32, count: u32, size: u32, compare: Compare) {
    if size != 0 {
        sort(&mut Array { base, size, compare }, count);
    }
}

/// The address of an element that equals `key`, in a sorted array, or 0.
///
/// # Safety
/// As [`qsort`]; `compare` gets the key first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bsearch(key: u32, base: u32, count: u32, size: u32, compare: Compare) -> u32 {
    let array = Array { base, size, compare };
    // SAFETY: the caller's promise.
    let found = search(count, |index| unsafe { compare(key, array.address(index)) }.cmp(&0));
    found.map_or(0, |index| array.address(index))
}

/// The absolute value; that of the smallest number is itself.
#[unsafe(no_mangle)]
pub extern "C" fn abs(value: i32) -> i32 {
    value.wrapping_abs()
}

/// The absolute value; that of the smallest number is itself.
#[unsafe(no_mangle)]
pub extern "C" fn labs(value: i32) -> i32 {
    value.wrapping_abs()
}

/// Quotient in the low half, remainder in the high one: a structure of two words is returned in two registers.
#[unsafe(no_mangle)]
pub extern "C" fn div(dividend: i32, divisor: i32) -> u64 {
    let halves = (dividend.wrapping_div(divisor), dividend.wrapping_rem(divisor));
    u64::from(halves.0.cast_unsigned()) | u64::from(halves.1.cast_unsigned()) << 32
}

/// The same as `div`.
#[unsafe(no_mangle)]
pub extern "C" fn ldiv(dividend: i32, divisor: i32) -> u64 {
    div(dividend, divisor)
}

/// Turns the bits of a word left.
#[unsafe(no_mangle)]
pub extern "C" fn _rotl(value: u32, count: u32) -> u32 {
    value.rotate_left(count)
}

/// Turns the bits of a word right.
#[unsafe(no_mangle)]
pub extern "C" fn _rotr(value: u32, count: u32) -> u32 {
    value.rotate_right(count)
}
