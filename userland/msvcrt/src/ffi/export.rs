//! Variables that programs import by name, and read and write as they like.
//!
//! Those that every start stores to stand in `.data`, initialised or not: there they share a page, while what else begins with zeros is
//! strewn among tables of 40 and 8 KB.

use core::cell::UnsafeCell;

/// A variable that is exported. Nobody holds a reference into it: both sides copy words in and out.
#[repr(transparent)]
pub(super) struct Export<T>(UnsafeCell<T>);

// SAFETY: the words are read and written one at a time, as C programs do with the same variables; what they race for
// is their own contract, and a torn value is at most a wrong address or number.
unsafe impl<T> Sync for Export<T> {}

impl<T: Copy> Export<T> {
    /// A variable with its first value.
    pub(super) const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// Its address.
    pub(super) const fn address(&self) -> *mut T {
        self.0.get()
    }

    /// Its value.
    pub(super) fn get(&self) -> T {
        // SAFETY: the variable is always there; see `Sync`.
        unsafe { self.0.get().read_volatile() }
    }

    /// Gives it a value.
    pub(super) fn set(&self, value: T) {
        // SAFETY: as in `get`.
        unsafe { self.0.get().write_volatile(value) };
    }
}
