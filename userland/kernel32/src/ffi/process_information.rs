//! Other processes: opening them, and what is known of them.

use user_support::error::Win32Error;
use user_support::status::Status;

use super::last_error::{Bool, FALSE, TRUE, fail, fail_with, succeeded};
use super::nt::{
    CURRENT_PROCESS, NtClose, NtOpenProcess, NtQueryInformationProcess, NtQuerySystemInformation, NtReadVirtualMemory,
    NtSetInformationProcess,
};

/// Classes of information.
mod class {
    pub(super) const BASIC: u32 = 0;
    pub(super) const TIMES: u32 = 4;
    pub(super) const PRIORITY_CLASS: u32 = 18;
    pub(super) const AFFINITY_MASK: u32 = 21;
    pub(super) const HANDLE_COUNT: u32 = 20;
    pub(super) const PRIORITY_BOOST: u32 = 22;
}

/// Priority classes: the flag that Win32 has for each, in the order in which they are looked for, and NT's number.
pub(super) const CLASSES: [(u32, u8); 6] = [(0x40, 1), (0x4000, 5), (0x20, 2), (0x8000, 6), (0x80, 3), (0x100, 4)];

/// The class that creation flags ask for, under NT's number.
pub(super) fn class_of_flags(flags: u32) -> Option<u8> {
    CLASSES.iter().find(|(flag, _)| flags & flag != 0).map(|(_, class)| *class)
}

/// Words of a class of information about a process.
fn query<const WORDS: usize>(process: u32, class: u32) -> Result<[u32; WORDS], Status> {
    let (mut words, none) = ([0; WORDS], core::ptr::null_mut());
    let length = 4 * WORDS as u32;
    // SAFETY: the service writes so many bytes.
    let status = unsafe { NtQueryInformationProcess(process, class, words.as_mut_ptr().cast(), length, none) };
    Status(status).ok().map(|()| words)
}

/// The number of the process that made this one; 0 where that cannot be found out.
pub(super) fn parent_of_this() -> u32 {
    query::<6>(CURRENT_PROCESS, class::BASIC).map_or(0, |words| words[5])
}

/// Opens a process by its identifier. Returns a handle, or 0.
#[unsafe(no_mangle)]
pub extern "system" fn OpenProcess(access: u32, inherit: Bool, identifier: u32) -> u32 {
    let attributes = [0x18, 0, 0, if inherit == FALSE { 0 } else { 2 }, 0, 0];
    let (client, mut handle) = ([identifier, 0], 0);
    // SAFETY: attributes and identifiers live until the service returns, which writes the handle.
    let status = unsafe { NtOpenProcess(&mut handle, access, attributes.as_ptr(), client.as_ptr()) };
    match Status(status).ok() {
        Ok(()) => handle,
        Err(status) => fail_with(status),
    }
}

/// The exit status of a process; 259 while it runs.
///
/// # Safety
/// `status` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetExitCodeProcess(process: u32, status: *mut u32) -> Bool {
    match query::<6>(process, class::BASIC) {
        Ok(basic) => {
            // SAFETY: the caller's promise.
            unsafe { status.write_unaligned(basic[0]) };
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

/// The processors that a process may run on, and those there are.
///
/// # Safety
/// Both point to words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetProcessAffinityMask(process: u32, own: *mut u32, all: *mut u32) -> Bool {
    match query::<6>(process, class::BASIC) {
        Ok(basic) => {
            // SAFETY: the caller's promise.
            unsafe { own.write_unaligned(basic[2]) };
            // SAFETY: the caller's promise. There is one.
            unsafe { all.write_unaligned(1) };
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

/// Chooses the processors that a process may run on.
#[unsafe(no_mangle)]
pub extern "system" fn SetProcessAffinityMask(process: u32, mask: u32) -> Bool {
    // SAFETY: the service reads the word.
    succeeded(unsafe { NtSetInformationProcess(process, class::AFFINITY_MASK, (&raw const mask).cast(), 4) })
}

/// The identifier of a process, or 0.
#[unsafe(no_mangle)]
pub extern "system" fn GetProcessId(process: u32) -> u32 {
    query::<6>(process, class::BASIC).map_or_else(fail_with, |basic| basic[4])
}

/// When a process began and ended, and how long it ran in ring 0 and ring 3.
///
/// # Safety
/// Each pointer leads to a `FILETIME`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetProcessTimes(
    process: u32,
    created: *mut [u32; 2],
    ended: *mut [u32; 2],
    kernel: *mut [u32; 2],
    user: *mut [u32; 2],
) -> Bool {
    match query::<8>(process, class::TIMES) {
        Ok(words) => {
            for (target, pair) in [created, ended, kernel, user].into_iter().zip(words.chunks_exact(2)) {
                // SAFETY: the caller's promise.
                unsafe { target.write_unaligned([pair[0], pair[1]]) };
            }
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

/// How many handles a process has.
///
/// # Safety
/// `count` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetProcessHandleCount(process: u32, count: *mut u32) -> Bool {
    match query::<1>(process, class::HANDLE_COUNT) {
        Ok([handles]) => {
            // SAFETY: the caller's promise.
            unsafe { count.write_unaligned(handles) };
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

/// The priority class of a process, or 0.
#[unsafe(no_mangle)]
pub extern "system" fn GetPriorityClass(process: u32) -> u32 {
    let (mut bytes, none) = ([0u8; 2], core::ptr::null_mut());
    // SAFETY: the service writes two bytes.
    let status = unsafe { NtQueryInformationProcess(process, class::PRIORITY_CLASS, bytes.as_mut_ptr(), 2, none) };
    match Status(status).ok() {
        Ok(()) => CLASSES.iter().find(|(_, number)| *number == bytes[1]).map_or(0x20, |(flag, _)| *flag),
        Err(status) => fail_with(status),
    }
}

/// Sets the priority class of a process.
#[unsafe(no_mangle)]
pub extern "system" fn SetPriorityClass(process: u32, class: u32) -> Bool {
    let Some((_, number)) = CLASSES.iter().find(|(flag, _)| *flag == class) else {
        return fail(Win32Error::INVALID_PARAMETER);
    };
    let bytes = [0, *number];
    // SAFETY: the service reads two bytes.
    succeeded(unsafe { NtSetInformationProcess(process, class::PRIORITY_CLASS, bytes.as_ptr(), 2) })
}

/// The version of the system that a process's image was made for, major number in the high half; 0 identifies the caller.
#[unsafe(no_mangle)]
pub extern "system" fn GetProcessVersion(identifier: u32) -> u32 {
    const QUERY_AND_READ: u32 = 0x0410;
    let process = if identifier == 0 { CURRENT_PROCESS } else { OpenProcess(QUERY_AND_READ, FALSE, identifier) };
    if process == 0 {
        return 0;
    }
    let version = query::<6>(process, class::BASIC).and_then(|basic| image_version(process, basic[1]));
    if identifier != 0 {
        // SAFETY: the handle was opened here.
        unsafe { NtClose(process) };
    }
    version.unwrap_or_else(fail_with)
}

/// The subsystem version in the headers of the image that the PEB at `peb` of `process` names.
fn image_version(process: u32, peb: u32) -> Result<u32, Status> {
    const IMAGE_BASE: u32 = 8;
    const HEADER_OFFSET: u32 = 0x3C;
    const SUBSYSTEM_VERSION: u32 = 0x48;
    let base = read_word(process, peb.wrapping_add(IMAGE_BASE))?;
    let headers = read_word(process, base.wrapping_add(HEADER_OFFSET))?;
    let version = read_word(process, base.wrapping_add(headers).wrapping_add(SUBSYSTEM_VERSION))?;
    Ok(version.rotate_left(16))
}

fn read_word(process: u32, address: u32) -> Result<u32, Status> {
    let mut word = 0u32;
    // SAFETY: the service writes four bytes.
    let status = unsafe { NtReadVirtualMemory(process, address, (&raw mut word).cast(), 4, core::ptr::null_mut()) };
    Status(status).ok().map(|()| word)
}

/// Says whether the threads of a process gain no priority when they are woken: those there are, and those to come.
#[unsafe(no_mangle)]
pub extern "system" fn SetProcessPriorityBoost(process: u32, disable: Bool) -> Bool {
    let word = u32::from(disable != 0).to_le_bytes();
    // SAFETY: the service reads four bytes.
    succeeded(unsafe { NtSetInformationProcess(process, class::PRIORITY_BOOST, word.as_ptr().cast(), 4) })
}

/// What [`SetProcessPriorityBoost`] has set.
///
/// # Safety
/// `disabled` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetProcessPriorityBoost(process: u32, disabled: *mut u32) -> Bool {
    match query::<1>(process, class::PRIORITY_BOOST) {
        Ok([word]) => {
            // SAFETY: the caller's promise.
            unsafe { disabled.write_unaligned(word) };
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

/// What processors there are and what they share: a list of structures of 24 bytes.
///
/// # Safety
/// `length` points to a word, the number of bytes at `buffer`; it becomes how many there are.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetLogicalProcessorInformation(buffer: *mut u8, length: *mut u32) -> Bool {
    /// `SystemLogicalProcessorInformation`.
    const LOGICAL_PROCESSORS: u32 = 73;
    if length.is_null() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    let room = unsafe { length.read_unaligned() };
    let mut needed = 0;
    // SAFETY: the caller's promise; the service checks the buffer.
    let status = unsafe { NtQuerySystemInformation(LOGICAL_PROCESSORS, buffer, room, &mut needed) };
    if needed != 0 {
        // SAFETY: the caller's promise.
        unsafe { length.write_unaligned(needed) };
    }
    match Status(status).ok() {
        Ok(()) => TRUE,
        Err(Status::INFO_LENGTH_MISMATCH) => fail(Win32Error::INSUFFICIENT_BUFFER),
        Err(status) => fail_with(status),
    }
}
