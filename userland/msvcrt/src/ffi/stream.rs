//! The streams of the process: `_iob`, those opened later, their locks.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use user_crt::descriptors::{System, flag as descriptor_flag, write};
use user_crt::error::Errno;
use user_crt::stdio::{SIZE, Stream, flag};

use super::export::Export;
use super::host::host;
use super::lock::{_lock, _unlock, FIRST_STREAM, STREAMS, with};
use super::nt::{
    GetFileType, GetStdHandle, INVALID_HANDLE, RtlEnterCriticalSection, RtlInitializeCriticalSection,
    RtlLeaveCriticalSection,
};
use super::thread_data::fail;

/// Streams of `_iob`.
const BUILT_IN: u32 = 20;
/// Streams that a process may ever have, and may have unless it asks for more.
const MOST: usize = 2048;
const USUALLY: u32 = 512;
/// Bytes of a critical section, which follows the `FILE` of a stream that is not of `_iob`.
const LOCK_SIZE: u32 = 24;

/// The first 20 streams; the first three are standard input, output and error.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".data")]
pub static _iob: Export<[u32; (BUILT_IN * SIZE / 4) as usize]> = Export::new([0; (BUILT_IN * SIZE / 4) as usize]);

/// The streams that are not of `_iob`, once they are needed. They are never freed.
static LATER: [AtomicU32; MOST - BUILT_IN as usize] = [const { AtomicU32::new(0) }; MOST - BUILT_IN as usize];

/// Whether there is any of them: most processes have none, and need not look there.
#[unsafe(link_section = ".data")]
static HAS_LATER: AtomicBool = AtomicBool::new(false);

/// Streams that the process may have now.
static MAXIMUM: AtomicU32 = AtomicU32::new(USUALLY);

fn built_in(index: u32) -> Stream {
    Stream(_iob.address() as u32 + index * SIZE)
}

/// Standard output.
pub(super) fn output() -> u32 {
    built_in(1).0
}

/// Standard input.
pub(super) fn input() -> u32 {
    built_in(0).0
}

/// Standard error.
pub(super) fn errors() -> u32 {
    built_in(2).0
}

/// Gives the standard streams their handles.
pub(super) fn attach() {
    for (descriptor, flags) in [flag::READ, flag::WRITE, flag::WRITE | flag::UNBUFFERED].into_iter().enumerate() {
        let descriptor = descriptor as u32;
        // SAFETY: asking changes nothing. The three handles have the numbers -10, -11 and -12.
        let handle = unsafe { GetStdHandle(0xFFFF_FFF6 - descriptor) };
        let file = if handle == 0 || handle == INVALID_HANDLE { INVALID_HANDLE } else { descriptor };
        if file == descriptor {
            let _ = host().descriptors().place(descriptor, handle, descriptor_flag::TEXT | kind_of(handle));
        }
        built_in(descriptor).initialise(&host(), file, flags);
    }
}

/// What a handle leads to, as flags of its descriptor.
pub(super) fn kind_of(handle: u32) -> u32 {
    // SAFETY: asking changes nothing.
    match unsafe { GetFileType(handle) } & 0xF {
        2 => descriptor_flag::DEVICE,
        3 => descriptor_flag::PIPE,
        _ => 0,
    }
}

/// The index in `_iob`, if the stream is one of those.
fn index_of(file: u32) -> Option<u32> {
    let offset = file.wrapping_sub(_iob.address() as u32);
    (offset < BUILT_IN * SIZE).then_some(offset / SIZE)
}

/// Takes the lock of a stream.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _lock_file(file: u32) {
    match index_of(file) {
        Some(index) => _lock(FIRST_STREAM + index),
        // SAFETY: the lock follows the stream, by the caller's promise.
        None => drop(unsafe { RtlEnterCriticalSection((file + SIZE) as *const u32) }),
    }
}

/// Gives the lock of a stream back.
///
/// # Safety
/// `file` is a stream whose lock this thread has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _unlock_file(file: u32) {
    match index_of(file) {
        Some(index) => _unlock(FIRST_STREAM + index),
        // SAFETY: the lock follows the stream, by the caller's promise.
        None => drop(unsafe { RtlLeaveCriticalSection((file + SIZE) as *const u32) }),
    }
}

/// Runs `work` with the lock of a stream held.
///
/// # Safety
/// `file` is a stream.
pub(super) unsafe fn locked<R>(file: u32, work: impl FnOnce(Stream) -> R) -> R {
    // SAFETY: the caller's promise.
    unsafe { _lock_file(file) };
    let result = work(Stream(file));
    // SAFETY: the caller's promise.
    unsafe { _unlock_file(file) };
    result
}

/// Every stream that there is.
fn all() -> impl Iterator<Item = Stream> {
    let places = if HAS_LATER.load(Ordering::Acquire) { &LATER[..] } else { &[] };
    let later = places.iter().map(|place| place.load(Ordering::Acquire)).take_while(|&file| file != 0);
    (0..BUILT_IN).map(built_in).chain(later.map(Stream))
}

/// A stream that is not in use, made one over `descriptor`.
pub(super) fn claim(descriptor: u32, flags: u32) -> Option<Stream> {
    with(STREAMS, || {
        let maximum = MAXIMUM.load(Ordering::Relaxed) as usize;
        let free = all().take(maximum).find(|stream| stream.flags(&host()) & flag::IN_USE == 0);
        let stream = free.or_else(add)?;
        stream.initialise(&host(), descriptor, flags);
        Some(stream)
    })
}

/// One more stream, with a lock behind it.
fn add() -> Option<Stream> {
    let maximum = MAXIMUM.load(Ordering::Relaxed).saturating_sub(BUILT_IN) as usize;
    let place = LATER.iter().take(maximum).find(|place| place.load(Ordering::Acquire) == 0)?;
    let file = host().allocate(SIZE + LOCK_SIZE)?;
    // SAFETY: the block has room for the section behind the stream.
    unsafe { RtlInitializeCriticalSection((file + SIZE) as *mut u32) };
    HAS_LATER.store(true, Ordering::Release);
    place.store(file, Ordering::Release);
    Some(Stream(file))
}

/// Flushes every stream that is being written; returns how many are open, or -1 if one failed.
pub(super) fn flush_all() -> Option<u32> {
    let (mut open, mut good) = (0, true);
    for stream in all() {
        if stream.flags(&host()) & flag::IN_USE != 0 {
            open += 1;
            // SAFETY: `all` yields streams.
            good &= unsafe { locked(stream.0, |stream| stream.flush(&host())) }.is_ok();
        }
    }
    good.then_some(open)
}

/// Closes every stream but the standard ones; returns how many.
#[unsafe(no_mangle)]
pub extern "C" fn _fcloseall() -> i32 {
    let mut closed = 0;
    for stream in all().skip(3) {
        if stream.flags(&host()) & flag::IN_USE != 0 {
            // SAFETY: `all` yields streams.
            closed += i32::from(unsafe { locked(stream.0, |stream| stream.close(&host())) }.is_ok());
        }
    }
    closed
}

/// Flushes every stream; returns how many are open.
#[unsafe(no_mangle)]
pub extern "C" fn _flushall() -> u32 {
    flush_all().unwrap_or(0)
}

/// Says something on standard error, whatever the streams are doing.
pub(super) fn complain(text: &[u8]) {
    let _ = write(&host(), 2, text);
}

/// How many streams the process may have.
#[unsafe(no_mangle)]
pub extern "C" fn _getmaxstdio() -> u32 {
    MAXIMUM.load(Ordering::Relaxed)
}

/// Sets how many streams the process may have: the number, or -1 where it is out of range.
#[unsafe(no_mangle)]
pub extern "C" fn _setmaxstdio(count: i32) -> i32 {
    if !(BUILT_IN as i32..=MOST as i32).contains(&count) {
        return fail(Errno::EINVAL);
    }
    MAXIMUM.store(count as u32, Ordering::Relaxed);
    count
}

/// Where `_iob` is.
#[unsafe(no_mangle)]
pub extern "C" fn __p__iob() -> u32 {
    _iob.address() as u32
}

/// The same.
#[unsafe(no_mangle)]
pub extern "C" fn __iob_func() -> u32 {
    _iob.address() as u32
}
