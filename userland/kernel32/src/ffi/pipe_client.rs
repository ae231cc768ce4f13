//! Pipes with names, from the client's side: waiting for one, a question and its answer; and how an end works.

use alloc::vec::Vec;

use user_ffi::{c_string, wide_string};
use user_support::error::Win32Error;
use user_support::status::Status;
use user_support::text::wide;

use super::completion::always_later;
use super::file::{open, query};
use super::file_name::set_information;
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::named_pipe::control;
use super::nt::{NtClose, NtFsControlFile};
use super::standard_handle::{INVALID_HANDLE, real_handle};

/// `FSCTL_PIPE_WAIT`, `FSCTL_PIPE_TRANSCEIVE`.
const WAIT: u32 = 0x0011_0018;
const TRANSCEIVE: u32 = 0x0011_C017;
/// `NMPWAIT_USE_DEFAULT_WAIT`, `NMPWAIT_NOWAIT`, `NMPWAIT_WAIT_FOREVER`.
const DEFAULT_WAIT: u32 = 0;
const NO_WAIT: u32 = 1;
const FOR_EVER: u32 = u32::MAX;
const UNITS_PER_MILLISECOND: i64 = 10_000;
/// `GENERIC_READ | GENERIC_WRITE`, `OPEN_EXISTING`.
const READ_WRITE: u32 = 0xC000_0000;
const EXISTING: u32 = 3;
/// `FilePipeInformation`, `FilePipeLocalInformation`.
const PIPE_INFORMATION: u32 = 23;
const LOCAL_INFORMATION: u32 = 24;
/// `PIPE_NOWAIT`, `PIPE_READMODE_MESSAGE`, `PIPE_TYPE_MESSAGE`, `PIPE_SERVER_END`.
const NEVER_WAITS: u32 = 1;
const READS_MESSAGES: u32 = 2;
const HAS_MESSAGES: u32 = 4;
const SERVER: u32 = 1;

/// What a pipe is called behind `\\.\pipe\`.
fn own_name(name: &[u16]) -> Option<&[u16]> {
    let lowered = |unit: &u16| user_support::text::lower(*unit);
    let folder = wide(b"\\\\.\\pipe\\");
    let (head, own) = name.split_at_checked(folder.len())?;
    (head.iter().map(lowered).eq(folder) && !own.is_empty()).then_some(own)
}

fn wait(name: &[u16], milliseconds: u32) -> Result<(), Win32Error> {
    let own = own_name(name).ok_or(Win32Error::PATH_NOT_FOUND)?;
    let device: Vec<u16> = wide(b"\\\\.\\pipe\\");
    let handle = open(&device, 0, 3, EXISTING, 0, 0);
    if handle == INVALID_HANDLE {
        return Err(Win32Error(super::last_error::GetLastError()));
    }
    let time = match milliseconds {
        FOR_EVER => i64::MIN + 1,
        _ => -i64::from(milliseconds) * UNITS_PER_MILLISECOND,
    };
    let mut request = time.to_le_bytes().to_vec();
    request.extend((2 * own.len() as u32).to_le_bytes());
    request.extend([u8::from(milliseconds != DEFAULT_WAIT), 0]);
    request.extend(own.iter().flat_map(|unit| unit.to_le_bytes()));
    let waited = control(handle, WAIT, &request, &mut []);
    // SAFETY: the handle was opened here.
    unsafe { NtClose(handle) };
    waited.map(|_| ()).map_err(user_support::error_map::win32_error)
}

/// Waits until an instance of a pipe listens.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WaitNamedPipeA(name: *const u8, milliseconds: u32) -> Bool {
    // SAFETY: the caller's promise.
    let name = wide(unsafe { c_string(name) });
    wait(&name, milliseconds).map_or_else(fail, |()| TRUE)
}

/// The same in UTF-16.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WaitNamedPipeW(name: *const u16, milliseconds: u32) -> Bool {
    // SAFETY: the caller's promise.
    let name = unsafe { wide_string(name) };
    wait(name, milliseconds).map_or_else(fail, |()| TRUE)
}

/// A question and the answer to it: how many bytes that has, and whether it has more.
///
/// # Safety
/// Both buffers are as long as is said; the service checks them.
unsafe fn transact(pipe: u32, question: (*const u8, u32), answer: (*mut u8, u32)) -> (Result<(), Status>, u32) {
    let mut block = [0u32; 2];
    let (pipe, words) = (real_handle(pipe), block.as_mut_ptr());
    // SAFETY: the caller's promise; the service writes two words.
    let status =
        unsafe { NtFsControlFile(pipe, 0, 0, 0, words, TRANSCEIVE, question.0, question.1, answer.0, answer.1) };
    (Status(status).ok(), block[1])
}

/// Writes a message and reads the answer.
///
/// # Safety
/// The buffers are as long as is said, `read` points to a word, `overlapped` is null or points to an OVERLAPPED.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn TransactNamedPipe(
    pipe: u32,
    question: *mut u8,
    question_length: u32,
    answer: *mut u8,
    answer_length: u32,
    read: *mut u32,
    overlapped: u32,
) -> Bool {
    // SAFETY: the caller's promise, which holds until it has completed.
    let ask = move || unsafe { transact(pipe, (question, question_length), (answer, answer_length)) };
    if overlapped != 0 {
        return always_later(pipe, overlapped, move || {
            let (result, count) = ask();
            result.map(|()| count)
        });
    }
    let (result, count) = ask();
    if !read.is_null() {
        // SAFETY: the caller's promise.
        unsafe { read.write_unaligned(count) };
    }
    result.map_or_else(fail_with, |()| TRUE)
}

/// # Safety
/// As [`CallNamedPipeA`].
unsafe fn call(name: &[u16], question: (*mut u8, u32), answer: (*mut u8, u32), read: *mut u32, timeout: u32) -> Bool {
    let pipe = loop {
        let pipe = open(name, READ_WRITE, 3, EXISTING, 0, 0);
        if pipe != INVALID_HANDLE {
            break pipe;
        }
        let error = Win32Error(super::last_error::GetLastError());
        if error != Win32Error::PIPE_BUSY || timeout == NO_WAIT {
            return fail(error);
        }
        if let Err(error) = wait(name, timeout) {
            return fail(error);
        }
    };
    let messages = [1u32, 0].map(u32::to_le_bytes);
    let done = match set_information(pipe, PIPE_INFORMATION, messages.as_flattened()) {
        // SAFETY: the caller's promise.
        Ok(()) => unsafe { TransactNamedPipe(pipe, question.0, question.1, answer.0, answer.1, read, 0) },
        Err(_) => fail(Win32Error::BAD_PIPE),
    };
    // SAFETY: the handle was opened here.
    unsafe { NtClose(pipe) };
    done
}

/// Opens a pipe, writes a message, reads the answer, and closes the pipe.
///
/// # Safety
/// `name` is a string, the buffers are as long as is said, `read` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CallNamedPipeA(
    name: *const u8,
    question: *mut u8,
    question_length: u32,
    answer: *mut u8,
    answer_length: u32,
    read: *mut u32,
    timeout: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let name = wide(unsafe { c_string(name) });
    // SAFETY: the caller's promise.
    unsafe { call(&name, (question, question_length), (answer, answer_length), read, timeout) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`CallNamedPipeA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CallNamedPipeW(
    name: *const u16,
    question: *mut u8,
    question_length: u32,
    answer: *mut u8,
    answer_length: u32,
    read: *mut u32,
    timeout: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let name = unsafe { wide_string(name) };
    // SAFETY: the caller's promise.
    unsafe { call(name, (question, question_length), (answer, answer_length), read, timeout) }
}

/// # Safety
/// All are null or point to words.
unsafe fn tell<const COUNT: usize>(places: [*mut u32; COUNT], words: [u32; COUNT]) {
    for (place, word) in places.into_iter().zip(words) {
        if !place.is_null() {
            // SAFETY: the caller's promise.
            unsafe { place.write_unaligned(word) };
        }
    }
}

fn words<const LONGS: usize>(pipe: u32, class: u32) -> Result<Vec<u32>, Status> {
    let longs = query::<LONGS>(pipe, class)?;
    Ok(longs.iter().flat_map(|long| [*long as u32, (*long >> 32) as u32]).collect())
}

/// How an end of a pipe works, and how many instances there are. Nobody works in a client's name here.
///
/// # Safety
/// All are null or point to words; `user` has room for `room` characters.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetNamedPipeHandleStateW(
    pipe: u32,
    state: *mut u32,
    instances: *mut u32,
    most_collected: *mut u32,
    collected_for: *mut u32,
    user: u32,
    _room: u32,
) -> Bool {
    /// `ERROR_CANNOT_IMPERSONATE`.
    const CANNOT_IMPERSONATE: Win32Error = Win32Error(1368);
    let (modes, local) = match (words::<1>(pipe, PIPE_INFORMATION), words::<5>(pipe, LOCAL_INFORMATION)) {
        (Ok(modes), Ok(local)) => (modes, local),
        (Err(status), _) | (_, Err(status)) => return fail_with(status),
    };
    // What is collected is for pipes of other machines.
    if user != 0 {
        return fail(CANNOT_IMPERSONATE);
    }
    if !most_collected.is_null() || !collected_for.is_null() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let mode = |word: u32, bit: u32| if word == 0 { 0 } else { bit };
    let told = [mode(modes[0], READS_MESSAGES) | mode(modes[1], NEVER_WAITS), local[3]];
    // SAFETY: the caller's promise.
    unsafe { tell([state, instances], told) };
    TRUE
}

/// The same: only the user's name would be another.
///
/// # Safety
/// As [`GetNamedPipeHandleStateW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetNamedPipeHandleStateA(
    pipe: u32,
    state: *mut u32,
    instances: *mut u32,
    most_collected: *mut u32,
    collected_for: *mut u32,
    user: u32,
    room: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { GetNamedPipeHandleStateW(pipe, state, instances, most_collected, collected_for, user, room) }
}

/// Sets how an end of a pipe works. What is collected is for pipes of other machines.
///
/// # Safety
/// All are null or point to words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetNamedPipeHandleState(
    pipe: u32,
    state: *const u32,
    most_collected: *const u32,
    collected_for: *const u32,
) -> Bool {
    if !most_collected.is_null() || !collected_for.is_null() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    if state.is_null() {
        return TRUE;
    }
    // SAFETY: the caller's promise.
    let state = unsafe { state.read_unaligned() };
    if state & !(NEVER_WAITS | READS_MESSAGES) != 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let modes = [u32::from(state & READS_MESSAGES != 0), u32::from(state & NEVER_WAITS != 0)].map(u32::to_le_bytes);
    set_information(real_handle(pipe), PIPE_INFORMATION, modes.as_flattened()).map_or_else(fail_with, |()| TRUE)
}

/// What a pipe is: which end and of what kind, room for what goes out and comes in, instances that there may be.
///
/// # Safety
/// All are null or point to words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetNamedPipeInfo(
    pipe: u32,
    flags: *mut u32,
    out_size: *mut u32,
    in_size: *mut u32,
    most: *mut u32,
) -> Bool {
    let local = match words::<5>(pipe, LOCAL_INFORMATION) {
        Ok(local) => local,
        Err(status) => return fail_with(status),
    };
    let kind = if local[0] == 0 { 0 } else { HAS_MESSAGES };
    let end = if local[9] == 0 { 0 } else { SERVER };
    // SAFETY: the caller's promise.
    unsafe { tell([flags, out_size, in_size, most], [kind | end, local[6], local[4], local[2].min(255)]) };
    TRUE
}
