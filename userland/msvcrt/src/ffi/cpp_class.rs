//! The classes of the C++ library that live in here: `type_info` and `exception`.
//!
//! A `type_info` is the compiler's: its functions, a word for the readable name, the decorated name. An `exception` is its functions, a
//! text, and whether the text is a copy of its own.

use user_ffi::c_string;
use user_support::memory::Memory;

use super::host::host;
use super::memory::{duplicate, free};

/// Offset of the decorated name in a `type_info`.
const NAME: u32 = 8;
/// Offsets in an `exception`.
const TEXT: u32 = 4;
const OWNS: u32 = 8;
/// What an exception says that was not told what to say.
const UNKNOWN: &core::ffi::CStr = c"Unknown exception";

/// A class's virtual functions: addresses.
#[repr(transparent)]
pub struct Functions<const COUNT: usize>([*const (); COUNT]);

// SAFETY: they are addresses of functions and never change.
unsafe impl<const COUNT: usize> Sync for Functions<COUNT> {}

/// The virtual functions of `type_info`.
#[unsafe(export_name = "??_7type_info@@6B@")]
pub static TYPE_INFO: Functions<1> = Functions([end_type_info as *const ()]);
/// The virtual functions of `exception`.
#[unsafe(export_name = "??_7exception@@6B@")]
pub static EXCEPTION: Functions<2> = Functions([end_exception as *const (), exception_what as *const ()]);

/// `type_info::~type_info`: nothing is to be done, for they are the compiler's.
#[unsafe(export_name = "??1type_info@@UAE@XZ")]
pub extern "thiscall" fn destroy_type_info(_this: u32) {}

extern "thiscall" fn end_type_info(this: u32, _flags: u32) -> u32 {
    this
}

fn decorated<'text>(this: u32) -> &'text [u8] {
    // SAFETY: the compiler made the name, and nobody writes it.
    unsafe { c_string((this + NAME) as *const u8) }
}

/// `type_info::operator==`
#[unsafe(export_name = "??8type_info@@QBEHABV0@@Z")]
pub extern "thiscall" fn same_type(this: u32, other: u32) -> u32 {
    u32::from(decorated(this) == decorated(other))
}

/// `type_info::operator!=`
#[unsafe(export_name = "??9type_info@@QBEHABV0@@Z")]
pub extern "thiscall" fn different_type(this: u32, other: u32) -> u32 {
    1 - same_type(this, other)
}

/// `type_info::before`
#[unsafe(export_name = "?before@type_info@@QBEHABV1@@Z")]
pub extern "thiscall" fn type_before(this: u32, other: u32) -> u32 {
    u32::from(decorated(this) < decorated(other))
}

/// `type_info::raw_name`
#[unsafe(export_name = "?raw_name@type_info@@QBEPBDXZ")]
pub extern "thiscall" fn type_raw_name(this: u32) -> u32 {
    this + NAME
}

fn construct(this: u32, text: u32, owns: bool) -> u32 {
    host().write_u32(this, &raw const EXCEPTION as u32);
    host().write_u32(this + TEXT, text);
    host().write_u32(this + OWNS, u32::from(owns));
    this
}

/// `exception::exception()`
#[unsafe(export_name = "??0exception@@QAE@XZ")]
pub extern "thiscall" fn new_exception(this: u32) -> u32 {
    construct(this, 0, false)
}

/// `exception::exception(const char *const &)`: it says a copy of the text.
///
/// # Safety
/// `text` points to the address of a string.
#[unsafe(export_name = "??0exception@@QAE@ABQBD@Z")]
pub unsafe extern "thiscall" fn new_exception_of(this: u32, text: *const *const u8) -> u32 {
    // SAFETY: the caller's promise.
    let text = unsafe { text.read() };
    // SAFETY: the caller's promise.
    let text = unsafe { c_string(text) };
    construct(this, duplicate(text), true)
}

/// `exception::exception(const exception &)`
///
/// # Safety
/// `other` is an exception.
#[unsafe(export_name = "??0exception@@QAE@ABV0@@Z")]
pub unsafe extern "thiscall" fn copy_exception(this: u32, other: u32) -> u32 {
    let (text, owns) = (host().read_u32(other + TEXT), host().read_u32(other + OWNS));
    if owns == 0 || text == 0 {
        return construct(this, text, false);
    }
    // SAFETY: the caller's promise: the text is the other one's own copy.
    construct(this, duplicate(unsafe { c_string(text as *const u8) }), true)
}

/// `exception::operator=`
///
/// # Safety
/// Both are exceptions.
#[unsafe(export_name = "??4exception@@QAEAAV0@ABV0@@Z")]
pub unsafe extern "thiscall" fn assign_exception(this: u32, other: u32) -> u32 {
    if this == other {
        return this;
    }
    // SAFETY: the caller's promise.
    unsafe { destroy_exception(this) };
    // SAFETY: the caller's promise.
    unsafe { copy_exception(this, other) }
}

/// `exception::~exception`
///
/// # Safety
/// `this` is an exception.
#[unsafe(export_name = "??1exception@@UAE@XZ")]
pub unsafe extern "thiscall" fn destroy_exception(this: u32) {
    if host().read_u32(this + OWNS) != 0 {
        // SAFETY: the text is the exception's own copy.
        unsafe { free(host().read_u32(this + TEXT)) };
    }
}

/// What `delete` calls: the destructor, and then the memory, if the flags say so.
extern "thiscall" fn end_exception(this: u32, flags: u32) -> u32 {
    // SAFETY: this is called through an exception's table.
    unsafe { destroy_exception(this) };
    if flags & 1 != 0 {
        // SAFETY: `delete` frees what `new` allocated.
        unsafe { free(this) };
    }
    this
}

/// `exception::what`
#[unsafe(export_name = "?what@exception@@UBEPBDXZ")]
pub extern "thiscall" fn exception_what(this: u32) -> u32 {
    match host().read_u32(this + TEXT) {
        0 => UNKNOWN.as_ptr() as u32,
        text => text,
    }
}
