//! Cells and links: how NT's structures are shared without `unsafe`.
//!
//! An NT structure is a block of plain words that many parts of the kernel read and write through
//! pointers. Here every word is a [`Field`], a relaxed atomic (the same `mov` as a plain word), a
//! structure is a [`Record`] of such fields, and a pointer to one is a [`Link`]: a 32-bit kernel address,
//! so that the layout is the same in a 64-bit host test. Turning a link into a reference is the business of
//! one file of the kernel and one of the host tests.

use core::fmt;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, Ordering};

/// A value that fits one machine word cell.
pub trait Word: Copy {
    /// The atomic that stores it.
    type Cell;
    /// A cell holding `value`.
    fn cell(value: Self) -> Self::Cell;
    /// The value in `cell`.
    fn load(cell: &Self::Cell) -> Self;
    /// Replaces the value in `cell`.
    fn store(cell: &Self::Cell, value: Self);
}

macro_rules! word {
    ($($word:ty => $atomic:ty),*) => {$(
        impl Word for $word {
            type Cell = $atomic;
            fn cell(value: Self) -> $atomic { <$atomic>::new(value) }
            #[inline(always)]
            fn load(cell: &$atomic) -> Self { cell.load(Ordering::Relaxed) }
            #[inline(always)]
            fn store(cell: &$atomic, value: Self) { cell.store(value, Ordering::Relaxed) }
        }
    )*};
}
word!(u8 => AtomicU8, u16 => AtomicU16, u32 => AtomicU32);

impl<T> Word for Link<T> {
    type Cell = AtomicU32;
    fn cell(value: Self) -> AtomicU32 {
        AtomicU32::new(value.0)
    }
    #[inline(always)]
    fn load(cell: &AtomicU32) -> Self {
        Self::new(cell.load(Ordering::Relaxed))
    }
    #[inline(always)]
    fn store(cell: &AtomicU32, value: Self) {
        cell.store(value.0, Ordering::Relaxed);
    }
}

/// One word of an NT structure.
#[repr(transparent)]
pub struct Field<T: Word>(T::Cell);

impl<T: Word> Field<T> {
    /// A field holding `value`.
    pub fn new(value: T) -> Self {
        Self(T::cell(value))
    }

    /// The value.
    #[inline(always)]
    pub fn get(&self) -> T {
        T::load(&self.0)
    }

    /// Replaces the value.
    #[inline(always)]
    pub fn set(&self, value: T) {
        T::store(&self.0, value);
    }

    /// Replaces the value by `change` of it and returns the new one. Not atomic as a whole: the lock that
    /// guards the field makes it so.
    #[inline(always)]
    pub fn update(&self, change: impl FnOnce(T) -> T) -> T {
        let value = change(self.get());
        self.set(value);
        value
    }
}

impl<T: Word + fmt::Debug> fmt::Debug for Field<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(formatter)
    }
}

impl Field<u32> {
    /// A zero word, usable in constants.
    pub const ZERO: Self = Self(AtomicU32::new(0));

    /// Sets `bits` in one step, which no interrupt can come into.
    #[inline(always)]
    pub fn set_bits(&self, bits: u32) {
        self.0.fetch_or(bits, Ordering::Relaxed);
    }

    /// Clears `bits` in one step, which no interrupt can come into.
    #[inline(always)]
    pub fn clear_bits(&self, bits: u32) {
        self.0.fetch_and(!bits, Ordering::Relaxed);
    }
}

impl Field<u16> {
    /// A zero half word, usable in constants.
    pub const ZERO_HALF: Self = Self(AtomicU16::new(0));
}

impl Field<u8> {
    /// A zero byte, usable in constants.
    pub const ZERO_BYTE: Self = Self(AtomicU8::new(0));
}

impl<T> Field<Link<T>> {
    /// A link to nothing, usable in constants.
    pub const NULL: Self = Self(AtomicU32::new(0));
}

/// A 64-bit value of an NT structure as two words: `u64` would be aligned differently on the host.
#[repr(C)]
#[derive(Debug)]
pub struct Field64 {
    /// Bits 0 to 31.
    pub low: Field<u32>,
    /// Bits 32 to 63.
    pub high: Field<u32>,
}

impl Field64 {
    /// The value; not atomic as a whole.
    #[inline(always)]
    pub fn get(&self) -> u64 {
        u64::from(self.low.get()) | u64::from(self.high.get()) << 32
    }

    /// Replaces the value; not atomic as a whole.
    #[inline(always)]
    pub fn set(&self, value: u64) {
        self.low.set(value as u32);
        self.high.set((value >> 32) as u32);
    }
}

/// A structure made of [`Field`]s only: every bit pattern is a valid value and it is shared by reference.
///
/// Contract of an implementation: `#[repr(C)]`, every member a `Field`, a `Field64`, another `Record` or an
/// array of these, alignment at most 8.
pub trait Record: Sized + 'static {}

impl<T: Word + 'static> Record for Field<T> {}
impl Record for Field64 {}

/// The kernel address of a `T`, or null. Links frames of memory together where a host pointer would not fit.
#[repr(transparent)]
pub struct Link<T>(u32, PhantomData<fn() -> T>);

impl<T> Link<T> {
    /// No record.
    pub const NULL: Self = Self::new(0);

    /// A link to the record at kernel address `address`.
    #[inline(always)]
    pub const fn new(address: u32) -> Self {
        Self(address, PhantomData)
    }

    /// The kernel address.
    #[inline(always)]
    pub const fn address(self) -> u32 {
        self.0
    }

    /// Whether there is no record.
    #[inline(always)]
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }

    /// The link itself, or `None` where it is null.
    #[inline(always)]
    pub const fn some(self) -> Option<Self> {
        if self.is_null() { None } else { Some(self) }
    }

    /// The same address seen as another type: a structure that begins with a `T`, or a part of it.
    #[inline(always)]
    pub const fn cast<U>(self) -> Link<U> {
        Link::new(self.0)
    }

    /// The address `bytes` further on, as a `U`.
    #[inline(always)]
    pub const fn offset<U>(self, bytes: u32) -> Link<U> {
        Link::new(self.0.wrapping_add(bytes))
    }
}

impl<T> Clone for Link<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Link<T> {}
impl<T> PartialEq for Link<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Link<T> {}
impl<T> fmt::Debug for Link<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:08x}", self.0)
    }
}

/// Asserts at compile time that members of a structure stand where XP has them, and its size.
#[macro_export]
macro_rules! assert_layout {
    ($structure:ty, $size:literal, { $($field:ident : $offset:literal),* $(,)? }) => {
        const _: () = {
            assert!(core::mem::size_of::<$structure>() == $size);
            $(assert!(core::mem::offset_of!($structure, $field) == $offset);)*
        };
    };
}
