//! `ctype.h` and `wctype.h`.

use user_crt::character::{self, TABLE};

use super::export::Export;

use character::class::{
    ALPHA, ALPHANUMERIC, CONTROL, DIGIT, GRAPHIC, HEXADECIMAL, LOWER, PRINTABLE, PUNCTUATION, SPACE, UPPER,
};

/// `WEOF`.
const WIDE_EOF: u16 = 0xFFFF;

/// The classes of `EOF` and all bytes.
#[unsafe(no_mangle)]
pub static _ctype: Export<[u16; 257]> = Export::new(TABLE);

/// A pointer that is exported.
#[repr(transparent)]
pub struct Pointer(*const u16);

// SAFETY: it points to a table that is always there.
unsafe impl Sync for Pointer {}

/// Where the class of byte 0 is; that of `EOF` is before it.
#[unsafe(no_mangle)]
pub static _pctype: Pointer = Pointer(_ctype.address().cast::<u16>().wrapping_add(1));

/// The same, for wide characters below 256.
#[unsafe(no_mangle)]
pub static _pwctype: Pointer = Pointer(_ctype.address().cast::<u16>().wrapping_add(1));

/// Where `_pctype` is.
#[unsafe(no_mangle)]
pub extern "C" fn __p__pctype() -> *const Pointer {
    &raw const _pctype
}

/// Where `_pwctype` is.
#[unsafe(no_mangle)]
pub extern "C" fn __p__pwctype() -> *const Pointer {
    &raw const _pwctype
}

/// Which of the classes in `mask` a character has.
#[unsafe(no_mangle)]
pub extern "C" fn _isctype(value: i32, mask: u32) -> u32 {
    u32::from(character::class(value)) & mask
}

/// Which of the classes in `mask` a wide character has.
#[unsafe(no_mangle)]
pub extern "C" fn iswctype(unit: u16, mask: u16) -> u32 {
    if unit == WIDE_EOF { 0 } else { (character::wide_class(unit) & mask).into() }
}

/// The same, by its old name.
#[unsafe(no_mangle)]
pub extern "C" fn is_wctype(unit: u16, mask: u16) -> u32 {
    iswctype(unit, mask)
}

macro_rules! classes {
    ($($narrow:ident $wide:ident $mask:expr;)*) => {$(
        #[doc = concat!("Whether a character has one of the classes `", stringify!($mask), "`.")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $narrow(value: i32) -> u32 {
            (character::class(value) & $mask).into()
        }

        #[doc = concat!("Whether a wide character has one of the classes `", stringify!($mask), "`.")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $wide(unit: u16) -> u32 {
            iswctype(unit, $mask)
        }
    )*};
}

classes! {
    isalnum iswalnum ALPHANUMERIC;
    isalpha iswalpha ALPHA;
    iscntrl iswcntrl CONTROL;
    isdigit iswdigit DIGIT;
    isgraph iswgraph GRAPHIC;
    islower iswlower LOWER;
    isprint iswprint PRINTABLE;
    ispunct iswpunct PUNCTUATION;
    isspace iswspace SPACE;
    isupper iswupper UPPER;
    isxdigit iswxdigit HEXADECIMAL;
}

fn ascii(value: i32, change: fn(&u8) -> u8) -> i32 {
    u8::try_from(value).map_or(value, |byte| change(&byte).into())
}

/// The small letter of a capital.
#[unsafe(no_mangle)]
pub extern "C" fn tolower(value: i32) -> i32 {
    ascii(value, u8::to_ascii_lowercase)
}

/// The capital of a small letter.
#[unsafe(no_mangle)]
pub extern "C" fn toupper(value: i32) -> i32 {
    ascii(value, u8::to_ascii_uppercase)
}

/// The small letter of a capital, which `value` is.
#[unsafe(no_mangle)]
pub extern "C" fn _tolower(value: i32) -> i32 {
    value + 0x20
}

/// The capital of a small letter, which `value` is.
#[unsafe(no_mangle)]
pub extern "C" fn _toupper(value: i32) -> i32 {
    value - 0x20
}

/// The small letter of a wide capital.
#[unsafe(no_mangle)]
pub extern "C" fn towlower(unit: u16) -> u16 {
    character::wide_lower(unit)
}

/// The capital of a wide small letter.
#[unsafe(no_mangle)]
pub extern "C" fn towupper(unit: u16) -> u16 {
    character::wide_upper(unit)
}

/// Whether a value is ASCII.
#[unsafe(no_mangle)]
pub extern "C" fn __isascii(value: i32) -> i32 {
    i32::from((0..128).contains(&value))
}

/// The low seven bits.
#[unsafe(no_mangle)]
pub extern "C" fn __toascii(value: i32) -> i32 {
    value & 0x7F
}

/// Whether a byte begins a character of two: none does.
#[unsafe(no_mangle)]
pub extern "C" fn isleadbyte(_value: i32) -> i32 {
    0
}
