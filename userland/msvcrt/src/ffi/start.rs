//! What happens before `main`: the DLL's own start, `argc`, `argv`, the environment, and the variables that start-up
//! code sets.

use alloc::vec::Vec;

use user_crt::arguments::{split, split_and_expand};
use user_ffi::wide_string;
use user_support::text::ansi;

use super::environment;
use super::export::Export;
use super::nt::{GetCommandLineA, GetCommandLineW};
use super::{file_status, stream, thread_data, time};

/// Reasons for which the entry is called.
mod reason {
    pub(super) const PROCESS_ATTACH: u32 = 1;
    pub(super) const THREAD_DETACH: u32 = 3;
}

/// How many arguments `main` gets.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".data")]
pub static __argc: Export<u32> = Export::new(0);
/// The arguments of `main`.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".data")]
pub static __argv: Export<u32> = Export::new(0);
/// The arguments of `wmain`.
#[unsafe(no_mangle)]
pub static __wargv: Export<u32> = Export::new(0);
/// The command line.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".data")]
pub static _acmdln: Export<u32> = Export::new(0);
/// The command line in UTF-16.
#[unsafe(no_mangle)]
pub static _wcmdln: Export<u32> = Export::new(0);
/// The program's path.
#[unsafe(no_mangle)]
pub static _pgmptr: Export<u32> = Export::new(0);
/// Whether files are text or binary if `fopen` is not told: `_O_TEXT` or `_O_BINARY`.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".data")]
pub static _fmode: Export<u32> = Export::new(0);
/// Whether a flush reaches the disk.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".data")]
pub static _commode: Export<u32> = Export::new(0);
/// Whether the processor divides wrongly: no.
#[unsafe(no_mangle)]
pub static _adjust_fdiv: Export<u32> = Export::new(0);
/// Bytes of the longest character: 1.
#[unsafe(no_mangle)]
pub static __mb_cur_max: Export<u32> = Export::new(1);
/// The system's version: 5.1, build 2600.
#[unsafe(no_mangle)]
pub static _osver: Export<u32> = Export::new(2600);
/// The system's version, major in the high byte.
#[unsafe(no_mangle)]
pub static _winver: Export<u32> = Export::new(0x0501);
/// The system's major version.
#[unsafe(no_mangle)]
pub static _winmajor: Export<u32> = Export::new(5);
/// The system's minor version.
#[unsafe(no_mangle)]
pub static _winminor: Export<u32> = Export::new(1);

/// The DLL's entry.
#[unsafe(no_mangle)]
pub extern "system" fn DllMain(_module: u32, reason: u32, _reserved: u32) -> u32 {
    match reason {
        reason::PROCESS_ATTACH => {
            thread_data::attach();
            stream::attach();
            time::attach();
            // SAFETY: both only return an address that stays.
            unsafe {
                _acmdln.set(GetCommandLineA() as u32);
            }
            // SAFETY: the same.
            unsafe {
                _wcmdln.set(GetCommandLineW() as u32);
            }
        }
        reason::THREAD_DETACH => thread_data::detach_thread(),
        _ => {}
    }
    1
}

/// The command line taken apart, with wildcards expanded where the program asks for it.
fn arguments(wildcards: u32) -> Vec<Vec<u16>> {
    // SAFETY: the command line is a string that stays.
    let line = unsafe { wide_string(_wcmdln.get() as *const u16) };
    if wildcards == 0 { split(line) } else { split_and_expand(line, file_status::names) }
}

/// A table of strings that stays: their addresses, then a null.
pub(super) fn table<U: Copy + Default>(strings: impl Iterator<Item = Vec<U>>) -> u32 {
    let mut addresses: Vec<u32> = strings
        .map(|mut string| {
            string.push(U::default());
            string.leak().as_ptr() as u32
        })
        .collect();
    addresses.push(0);
    addresses.leak().as_ptr() as u32
}

/// Delivers what `main` is called with. Wildcards are expanded where `wildcards` is not 0.
///
/// # Safety
/// The first three point to words.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __getmainargs(
    count: *mut u32,
    values: *mut u32,
    environment: *mut u32,
    wildcards: u32,
    _start: *const u32,
) -> u32 {
    let arguments = arguments(wildcards);
    __argc.set(arguments.len() as u32);
    __argv.set(table(arguments.iter().map(|argument| ansi(argument))));
    _pgmptr.set(super::memory::duplicate(&ansi(&arguments[0])));
    environment::__initenv.set(environment::narrow());
    // SAFETY: the caller's promise.
    unsafe { count.write(__argc.get()) };
    // SAFETY: the caller's promise.
    unsafe { values.write(__argv.get()) };
    // SAFETY: the caller's promise.
    unsafe { environment.write(environment::__initenv.get()) };
    0
}

/// Delivers what `wmain` is called with.
///
/// # Safety
/// As [`__getmainargs`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __wgetmainargs(
    count: *mut u32,
    values: *mut u32,
    environment: *mut u32,
    wildcards: u32,
    _start: *const u32,
) -> u32 {
    let arguments = arguments(wildcards);
    __argc.set(arguments.len() as u32);
    __wargv.set(table(arguments.into_iter()));
    environment::__winitenv.set(environment::wide());
    // SAFETY: the caller's promise.
    unsafe { count.write(__argc.get()) };
    // SAFETY: the caller's promise.
    unsafe { values.write(__wargv.get()) };
    // SAFETY: the caller's promise.
    unsafe { environment.write(environment::__winitenv.get()) };
    0
}

/// Whether the program has a console or windows: nothing here depends on it.
#[unsafe(no_mangle)]
pub extern "C" fn __set_app_type(_kind: u32) {}

/// The handler of mathematical errors: none is ever called, `errno` says all.
#[unsafe(no_mangle)]
pub extern "C" fn __setusermatherr(_handler: u32) {}

/// Declares functions that return the address of a variable.
macro_rules! addresses {
    ($($name:ident $variable:path;)*) => {$(
        #[doc = concat!("Where `", stringify!($variable), "` is.")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $name() -> u32 {
            $variable.address() as u32
        }
    )*};
}

addresses! {
    __p___argc __argc;
    __p___argv __argv;
    __p___wargv __wargv;
    __p__acmdln _acmdln;
    __p__wcmdln _wcmdln;
    __p__pgmptr _pgmptr;
    __p__fmode _fmode;
    __p__commode _commode;
    __p___mb_cur_max __mb_cur_max;
    __p__osver _osver;
    __p__winver _winver;
    __p__winmajor _winmajor;
    __p__winminor _winminor;
    __p___initenv environment::__initenv;
    __p___winitenv environment::__winitenv;
    __p__environ environment::_environ;
    __p__wenviron environment::_wenviron;
}
