//! `math.h`. The functions are `libm`'s, a port of musl's; here stand their names and `errno`.

use core::arch::naked_asm;

use user_crt::error::Errno;

use super::export::Export;
use super::thread_data::set_errno;

/// Infinity, under the name of `HUGE_VAL`.
#[unsafe(no_mangle)]
pub static _HUGE: Export<f64> = Export::new(f64::INFINITY);

/// Notes a domain error for NaN made of a number, a range error for infinity made of a finite one.
fn checked(result: f64, first: f64, second: f64) -> f64 {
    if result.is_nan() && !first.is_nan() && !second.is_nan() {
        set_errno(Errno::EDOM);
    } else if result.is_infinite() && first.is_finite() && second.is_finite() {
        set_errno(Errno::ERANGE);
    }
    result
}

/// Declares functions of one number, each with the form that old compilers call, which takes it on the x87 stack.
macro_rules! of_one {
    ($($name:ident $intrinsic:ident;)*) => {$(
        #[doc = concat!("`", stringify!($name), "`")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(value: f64) -> f64 {
            checked(libm::$name(value), value, 0.0)
        }

        #[doc = concat!("`", stringify!($name), "` of st0")]
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $intrinsic() {
            naked_asm!("sub esp, 8", "fstp qword ptr [esp]", "call {}", "add esp, 8", "ret", sym $name)
        }
    )*};
}

/// The same for functions of two numbers: the first in st1, the second in st0.
macro_rules! of_two {
    ($($name:ident $intrinsic:ident;)*) => {$(
        #[doc = concat!("`", stringify!($name), "`")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(first: f64, second: f64) -> f64 {
            checked(libm::$name(first, second), first, second)
        }

        #[doc = concat!("`", stringify!($name), "` of st1 and st0")]
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $intrinsic() {
            naked_asm!(
                "sub esp, 16",
                "fstp qword ptr [esp + 8]",
                "fstp qword ptr [esp]",
                "call {}",
                "add esp, 16",
                "ret",
                sym $name,
            )
        }
    )*};
}

of_one! {
    sin _CIsin;
    cos _CIcos;
    tan _CItan;
    asin _CIasin;
    acos _CIacos;
    atan _CIatan;
    sinh _CIsinh;
    cosh _CIcosh;
    tanh _CItanh;
    exp _CIexp;
    log _CIlog;
    log10 _CIlog10;
    sqrt _CIsqrt;
}

of_two! {
    atan2 _CIatan2;
    pow _CIpow;
    fmod _CIfmod;
}

/// The largest integer that is not larger.
#[unsafe(no_mangle)]
pub extern "C" fn floor(value: f64) -> f64 {
    libm::floor(value)
}

/// The smallest integer that is not smaller.
#[unsafe(no_mangle)]
pub extern "C" fn ceil(value: f64) -> f64 {
    libm::ceil(value)
}

/// The absolute value.
#[unsafe(no_mangle)]
pub extern "C" fn fabs(value: f64) -> f64 {
    libm::fabs(value)
}

/// A number times a power of two.
#[unsafe(no_mangle)]
pub extern "C" fn ldexp(value: f64, exponent: i32) -> f64 {
    checked(libm::ldexp(value, exponent), value, 0.0)
}

/// Mantissa, from 0.5 to below 1, and exponent.
///
/// # Safety
/// `exponent` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frexp(value: f64, exponent: *mut i32) -> f64 {
    let (mantissa, power) = libm::frexp(value);
    // SAFETY: the caller's promise.
    unsafe { exponent.write(power) };
    mantissa
}

/// Fraction and whole part.
///
/// # Safety
/// `whole` points to a double.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn modf(value: f64, whole: *mut f64) -> f64 {
    let (fraction, integer) = libm::modf(value);
    // SAFETY: the caller's promise.
    unsafe { whole.write_unaligned(integer) };
    fraction
}

/// The hypotenuse of two legs.
#[unsafe(no_mangle)]
pub extern "C" fn _hypot(first: f64, second: f64) -> f64 {
    checked(libm::hypot(first, second), first, second)
}

/// Whether a number is finite.
#[unsafe(no_mangle)]
pub extern "C" fn _finite(value: f64) -> i32 {
    i32::from(value.is_finite())
}

/// Whether it is none.
#[unsafe(no_mangle)]
pub extern "C" fn _isnan(value: f64) -> i32 {
    i32::from(value.is_nan())
}

/// A number with another one's sign.
#[unsafe(no_mangle)]
pub extern "C" fn _copysign(value: f64, sign: f64) -> f64 {
    libm::copysign(value, sign)
}

/// A number with the other sign.
#[unsafe(no_mangle)]
pub extern "C" fn _chgsign(value: f64) -> f64 {
    -value
}

/// The neighbour of a number in the direction of another.
#[unsafe(no_mangle)]
pub extern "C" fn _nextafter(from: f64, to: f64) -> f64 {
    libm::nextafter(from, to)
}

/// The class of a number, a bit each: signalling and quiet NaN, minus infinity, normal, denormal, zero, and up again.
#[unsafe(no_mangle)]
pub extern "C" fn _fpclass(value: f64) -> u32 {
    use core::num::FpCategory::{Infinite, Nan, Normal, Subnormal, Zero};
    let negative = value.is_sign_negative();
    let by_sign = |minus: u32, plus: u32| if negative { minus } else { plus };
    match value.classify() {
        Nan if value.to_bits() & 1 << 51 == 0 => 0x0001,
        Nan => 0x0002,
        Infinite => by_sign(0x0004, 0x0200),
        Normal => by_sign(0x0008, 0x0100),
        Subnormal => by_sign(0x0010, 0x0080),
        Zero => by_sign(0x0020, 0x0040),
    }
}

/// st0 as an integer of 64 bits in edx:eax, rounded towards zero.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _ftol() {
    naked_asm!(
        "sub esp, 12",
        "fnstcw [esp]",
        "movzx eax, word ptr [esp]",
        "or eax, 0xC00", // rounding control: truncate
        "mov [esp + 2], ax",
        "fldcw [esp + 2]",
        "fistp qword ptr [esp + 4]",
        "fldcw [esp]",
        "mov eax, [esp + 4]",
        "mov edx, [esp + 8]",
        "add esp, 12",
        "ret",
    )
}

/// Puts the x87 unit into the state in which a program starts.
#[unsafe(no_mangle)]
pub extern "C" fn _fpreset() {
    const CONTROL: u16 = 0x027F; // all exceptions masked, 53 bits, to nearest
    // SAFETY: the program asks for the state; nothing of this function is on the x87 stack.
    unsafe { core::arch::asm!("fninit", "fldcw [{}]", in(reg) &CONTROL, options(nostack)) };
}
