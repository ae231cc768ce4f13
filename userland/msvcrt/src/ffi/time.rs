//! `time.h`. What local time is stands in `time_zone`.

use user_crt::time::{BrokenDown, ascii, break_down, format, from_system};
use user_crt::time_zone::{combine_local, local_date};
use user_ffi::{bytes_mut, c_string, shared_data};

use super::export::Export;
use super::thread_data::block;
use super::time_zone::{with_names, zone};

/// System time when this DLL came into the process, low and high word.
#[unsafe(link_section = ".data")]
static START: Export<u64> = Export::new(0);

/// Notes when the process began, for `clock`.
pub(super) fn attach() {
    START.set(shared_data().system_time());
}

/// Milliseconds since the process began.
#[unsafe(no_mangle)]
pub extern "C" fn clock() -> u32 {
    (shared_data().system_time().wrapping_sub(START.get()) / 10_000) as u32
}

/// Seconds since 1970; they go where `target` points, too, unless that is null.
///
/// # Safety
/// `target` is null or a word.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn time(target: *mut i32) -> i32 {
    let now = from_system(shared_data().system_time()) as i32;
    if !target.is_null() {
        // SAFETY: the caller's promise.
        unsafe { target.write(now) };
    }
    now
}

/// Seconds since 1970; they go where `target` points, too, unless that is null.
///
/// # Safety
/// `target` is null or points to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _time64(target: *mut i64) -> i64 {
    let now = from_system(shared_data().system_time());
    if !target.is_null() {
        // SAFETY: the caller's promise.
        unsafe { target.write_unaligned(now) };
    }
    now
}

/// Seconds between two times.
#[unsafe(no_mangle)]
pub extern "C" fn difftime(later: i32, earlier: i32) -> f64 {
    f64::from(later) - f64::from(earlier)
}

/// Puts a date where this thread's next call will put another; null if there is none.
fn deliver(date: Option<BrokenDown>) -> *mut BrokenDown {
    let Some(date) = date else { return core::ptr::null_mut() };
    // SAFETY: the block lives as long as the thread; only an address inside it is made.
    let place = unsafe { &raw mut (*block()).broken_down };
    // SAFETY: this thread is the only one to use its block.
    unsafe { place.write(date) };
    place
}

fn text_of(date: &BrokenDown) -> *mut u8 {
    // SAFETY: this thread is the only one to use its block, and no other reference to the field is made.
    let place = unsafe { &mut (*block()).text };
    place.iter_mut().zip(ascii(date).iter().chain(&[0])).for_each(|(place, &byte)| *place = byte);
    place.as_mut_ptr()
}

macro_rules! dates {
    ($($universal:ident $local:ident $text:ident $make:ident $type:ty;)*) => {$(
        /// The date of a time in UTC; this thread's next date replaces it.
        ///
        /// # Safety
        /// `seconds` points to a time.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $universal(seconds: *const $type) -> *mut BrokenDown {
            // SAFETY: the caller's promise.
            deliver(break_down(unsafe { seconds.read_unaligned() }.into()))
        }

        /// The local date of a time; this thread's next date replaces it.
        ///
        /// # Safety
        /// `seconds` points to a time.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $local(seconds: *const $type) -> *mut BrokenDown {
            // SAFETY: the caller's promise.
            deliver(local_date(&zone(), unsafe { seconds.read_unaligned() }.into()))
        }

        /// The text of a time's local date, as `asctime` writes it.
        ///
        /// # Safety
        /// `seconds` points to a time.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $text(seconds: *const $type) -> *mut u8 {
            // SAFETY: the caller's promise.
            let date = local_date(&zone(), unsafe { seconds.read_unaligned() }.into());
            date.map_or(core::ptr::null_mut(), |date| text_of(&date))
        }

        /// The time of a local date, whose fields are put into their ranges; -1 if there is none.
        ///
        /// # Safety
        /// `date` points to a date.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $make(date: *mut BrokenDown) -> $type {
            // SAFETY: the caller's promise.
            let (seconds, zone) = (unsafe { date.read() }, zone());
            let seconds = combine_local(&zone, &seconds);
            let proper = seconds.and_then(|seconds| Some((seconds, local_date(&zone, seconds)?)));
            let Some((seconds, proper)) = proper else { return -1 };
            // Behind January 2038 a time of 32 bits has no seconds.
            let result = seconds as $type;
            if i64::from(result) != seconds {
                return -1;
            }
            // SAFETY: the caller's promise.
            unsafe { date.write(proper) };
            result
        }
    )*};
}

dates! {
    gmtime localtime ctime mktime i32;
    _gmtime64 _localtime64 _ctime64 _mktime64 i64;
}

/// The text of a date; this thread's next call replaces it.
///
/// # Safety
/// `date` points to a date.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asctime(date: *const BrokenDown) -> *mut u8 {
    // SAFETY: the caller's promise.
    text_of(&unsafe { date.read() })
}

/// Formats a date; how many bytes without the zero, or 0 if they do not fit.
///
/// # Safety
/// `target` has room for `room` bytes, `template` is a string, `date` points to a date.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strftime(target: *mut u8, room: u32, template: *const u8, date: *const BrokenDown) -> u32 {
    // SAFETY: the caller's promise.
    let date = unsafe { date.read() };
    // SAFETY: the caller's promise.
    let Some(mut text) = with_names(|names| format(unsafe { c_string(template) }, &date, names)) else { return 0 };
    text.push(0);
    // SAFETY: the caller's promise.
    let target = unsafe { bytes_mut(target, room) };
    if text.len() > target.len() {
        return 0;
    }
    target[..text.len()].copy_from_slice(&text);
    text.len() as u32 - 1
}
