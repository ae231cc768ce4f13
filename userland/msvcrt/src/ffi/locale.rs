//! The locale, which is always "C".

use user_crt::printf::Unit;
use user_ffi::{c_string, wide_string};

use super::export::Export;

/// The largest `CHAR_MAX`: what a numeric field of the "C" locale holds, "not known".
const UNKNOWN: u8 = 127;

/// `struct lconv`: ten strings, then eight small numbers.
#[repr(C)]
#[derive(Clone, Copy)]
struct Conventions {
    texts: [*const u8; 10],
    numbers: [u8; 8],
}

const EMPTY: *const u8 = c"".as_ptr().cast();

static CONVENTIONS: Export<Conventions> = Export::new(Conventions {
    texts: [c".".as_ptr().cast(), EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY],
    numbers: [UNKNOWN; 8],
});

/// How numbers and amounts are written.
#[unsafe(no_mangle)]
pub extern "C" fn localeconv() -> u32 {
    CONVENTIONS.address() as u32
}

/// What a program calls that takes `char` for unsigned: "not known" is the largest of those then.
#[unsafe(no_mangle)]
pub extern "C" fn __lconv_init() -> u32 {
    let mut conventions = CONVENTIONS.get();
    conventions.numbers = [u8::MAX; 8];
    CONVENTIONS.set(conventions);
    0
}

/// Whether the name of a locale means "C": "" does too, which is the system's.
fn is_c<U: Unit>(name: &[U]) -> bool {
    matches!(name.iter().map(|unit| unit.value()).collect::<alloc::vec::Vec<_>>().as_slice(), [] | [0x43])
}

/// Sets the locale and returns its name, or null for one that there is not.
///
/// # Safety
/// `name` is a string or null, which only asks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn setlocale(category: u32, name: *const u8) -> *const u8 {
    const CATEGORIES: u32 = 5;
    // SAFETY: the caller's promise.
    let known = category <= CATEGORIES && is_c(unsafe { c_string(name) });
    if known { c"C".as_ptr().cast() } else { core::ptr::null() }
}

/// Sets the locale and returns its name, or null for one that there is not.
///
/// # Safety
/// `name` is a string or null, which only asks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wsetlocale(category: u32, name: *const u16) -> *const u16 {
    const C: [u16; 2] = [0x43, 0];
    // SAFETY: the caller's promise.
    let known = category <= 5 && is_c(unsafe { wide_string(name) });
    if known { const { &C }.as_ptr() } else { core::ptr::null() }
}

/// The code page of the locale: none.
#[unsafe(no_mangle)]
pub extern "C" fn ___lc_codepage_func() -> u32 {
    0
}

/// Bytes of the longest character.
#[unsafe(no_mangle)]
pub extern "C" fn ___mb_cur_max_func() -> u32 {
    1
}
