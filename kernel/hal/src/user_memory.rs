//! Copies between the kernel and the user half of the current address space, which may fault.
//!
//! All of them go through one routine whose instructions the page-fault hook knows: when the memory manager refuses a
//! fault there, [`recover`] ends the copy with the status instead of the machine.

use core::mem::MaybeUninit;

use abi::status::NtStatus;
use abi::trap_frame::TrapFrame;
use mm::layout::{FrameNumber, PAGE_SIZE, USER_PROBE_ADDRESS, VirtualAddress};

use crate::frame_bytes::move_bytes;
use crate::page_tables::takes_stores;
use crate::windows::{Slot, window};

unsafe extern "C" {
    fn vadose_user_copy(target: u32, source: u32, length: u32) -> u32;
    fn vadose_user_copy_words(target: u32, source: u32, count: u32) -> u32;
    fn vadose_user_copy_end();
    fn vadose_user_copy_failed();
    fn vadose_user_words();
    fn vadose_user_words_end();
    fn vadose_user_words_failed();
}

unsafe extern "fastcall" {
    fn vadose_user_load(address: u32) -> u64;
    fn vadose_user_probe(address: u32) -> u64;
    fn vadose_user_store(address: u32, value: u32) -> u64;
}

/// Checks that `length` bytes from `address` on lie in the user half and that the address is a multiple of `alignment`, a
/// power of two. A length of 0 passes, as NT has it.
///
/// # Errors
/// `STATUS_DATATYPE_MISALIGNMENT`, `STATUS_ACCESS_VIOLATION`.
#[doc(alias = "ProbeForRead")]
#[inline]
pub fn probe(address: u32, length: u32, alignment: u32) -> Result<(), NtStatus> {
    if length == 0 {
        return Ok(());
    }
    if address & (alignment - 1) != 0 {
        return Err(NtStatus::DATATYPE_MISALIGNMENT);
    }
    match address.checked_add(length) {
        Some(end) if end <= USER_PROBE_ADDRESS => Ok(()),
        _ => Err(NtStatus::ACCESS_VIOLATION),
    }
}

/// Copies `into.len()` bytes from user address `address`.
///
/// # Errors
/// The status of the fault; `into` may be partly filled.
pub fn copy_from_user(address: u32, into: &mut [u8]) -> Result<(), NtStatus> {
    probe(address, into.len() as u32, 1)?;
    copy(into.as_mut_ptr() as u32, address, into.len() as u32)
}

/// Copies words from user address `address`, of any alignment.
///
/// # Errors
/// The status of the fault; `into` may be partly filled.
#[inline]
pub fn words_from_user(address: u32, into: &mut [u32]) -> Result<(), NtStatus> {
    let length = size_of_val(into) as u32;
    probe(address, length, 1)?;
    // SAFETY: as in `copy`: the target is a slice that the caller holds.
    match unsafe { vadose_user_copy_words(into.as_mut_ptr() as u32, address, into.len() as u32) } {
        0 => Ok(()),
        status => Err(NtStatus(status)),
    }
}

/// Fills `room` with words from user address `address`, of any alignment.
///
/// # Errors
/// The status of the fault.
#[inline(always)]
pub fn capture_words(address: u32, room: &mut [MaybeUninit<u32>]) -> Result<&[u32], NtStatus> {
    probe(address, size_of_val(room) as u32, 1)?;
    // SAFETY: as in `copy`: the target is a slice that the caller holds.
    match unsafe { vadose_user_copy_words(room.as_mut_ptr() as u32, address, room.len() as u32) } {
        // SAFETY: the copy went to its end, so all of it is filled; the slice lives as long as the room.
        0 => Ok(unsafe { core::slice::from_raw_parts(room.as_ptr().cast(), room.len()) }),
        status => Err(NtStatus(status)),
    }
}

/// The `COUNT` words at user address `address`, of any alignment.
///
/// # Errors
/// The status of the fault.
#[inline(always)]
pub fn array_from_user<const COUNT: usize>(address: u32) -> Result<[u32; COUNT], NtStatus> {
    let mut room = [const { MaybeUninit::uninit() }; COUNT];
    let words = capture_words(address, &mut room)?;
    Ok(core::array::from_fn(|index| words[index]))
}

/// Copies `from` to user address `address`.
///
/// # Errors
/// The status of the fault; part may have been written.
pub fn copy_to_user(address: u32, from: &[u8]) -> Result<(), NtStatus> {
    probe(address, from.len() as u32, 1)?;
    copy(address, from.as_ptr() as u32, from.len() as u32)
}

/// Copies `length` bytes from `offset` of `frame` to user address `address`, if the pages there take stores as they are: whether
/// they do. Nothing faults, so nothing waits.
pub fn copy_from_frame(address: u32, frame: FrameNumber, offset: u32, length: u32) -> bool {
    assert!(offset <= PAGE_SIZE && length <= PAGE_SIZE - offset, "a range beyond its frame");
    if length == 0 {
        return true;
    }
    // No more than a page long, it lies in two at most.
    let ready = probe(address, length, 1).is_ok()
        && takes_stores(VirtualAddress(address))
        && takes_stores(VirtualAddress(address + length - 1));
    if ready {
        let source = window(Slot::Bytes, frame).wrapping_add(offset as usize);
        // SAFETY: the source lies within the window; the target lies in the user half, where no Rust object is, and was just seen to
        // be there. If it is the same frame, each byte is stored where it came from, or nobody can say which comes first.
        unsafe { move_bytes(address as *mut u8, source, length) };
    }
    ready
}

/// Copies words to user address `address`, of any alignment.
///
/// # Errors
/// The status of the fault; part may have been written.
pub fn words_to_user(address: u32, from: &[u32]) -> Result<(), NtStatus> {
    let length = size_of_val(from) as u32;
    probe(address, length, 1)?;
    copy(address, from.as_ptr() as u32, length)
}

/// Reads a word, of any alignment.
///
/// # Errors
/// The status of the probe or the fault.
#[inline]
pub fn read_word(address: u32) -> Result<u32, NtStatus> {
    probe(address, 4, 1)?;
    // SAFETY: the word lies in the user half, where no Rust object is; a fault is resolved or reported.
    word_or_status(unsafe { vadose_user_load(address) })
}

/// Reads a word, of any alignment, and stores it again: it can be written too.
///
/// # Errors
/// The status of the probe or the fault.
#[doc(alias = "ProbeForWriteUlong")]
#[inline]
pub fn probe_word(address: u32) -> Result<u32, NtStatus> {
    probe(address, 4, 1)?;
    // SAFETY: as in `read_word`.
    word_or_status(unsafe { vadose_user_probe(address) })
}

/// Writes a word, of any alignment.
///
/// # Errors
/// The status of the probe or the fault.
#[inline]
pub fn write_word(address: u32, value: u32) -> Result<(), NtStatus> {
    probe(address, 4, 1)?;
    // SAFETY: as in `read_word`.
    word_or_status(unsafe { vadose_user_store(address, value) }).map(|_| ())
}

#[inline(always)]
fn word_or_status(result: u64) -> Result<u32, NtStatus> {
    match (result >> 32) as u32 {
        0 => Ok(result as u32),
        status => Err(NtStatus(status)),
    }
}

#[inline]
fn copy(target: u32, source: u32, length: u32) -> Result<(), NtStatus> {
    // SAFETY: one end is a slice of the kernel's that the caller holds, the other lies in the user half, where no Rust
    // object is. A fault there either is resolved or ends the copy.
    match unsafe { vadose_user_copy(target, source, length) } {
        0 => Ok(()),
        status => Err(NtStatus(status)),
    }
}

/// Whether `frame` was interrupted by a fault of a copy.
pub fn is_copying(frame: &TrapFrame) -> bool {
    !frame.is_user() && (in_copy(frame.eip.get()) || in_words(frame.eip.get()))
}

fn in_copy(eip: u32) -> bool {
    (vadose_user_copy_words as *const () as u32..vadose_user_copy_end as *const () as u32).contains(&eip)
}

fn in_words(eip: u32) -> bool {
    (vadose_user_words as *const () as u32..vadose_user_words_end as *const () as u32).contains(&eip)
}

/// Makes the copy that `frame` interrupted end with `status`, which is not 0. Only where [`is_copying`].
pub fn recover(frame: &TrapFrame, status: NtStatus) {
    debug_assert!(is_copying(frame) && status.0 != 0);
    let words = in_words(frame.eip.get());
    let end = if words { vadose_user_words_failed as *const () } else { vadose_user_copy_failed as *const () };
    frame.eax.set(status.0);
    frame.eip.set(end as u32);
}
