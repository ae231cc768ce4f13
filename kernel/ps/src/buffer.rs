//! Buffers whose size a program chooses: there may be no memory for them.

use alloc::vec::Vec;

use abi::status::NtStatus;

/// An empty vector with room for `count` values.
///
/// # Errors
/// INSUFFICIENT_RESOURCES.
pub(crate) fn room<T>(count: usize) -> Result<Vec<T>, NtStatus> {
    let mut room = Vec::new();
    room.try_reserve_exact(count).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
    Ok(room)
}

/// `length` zero bytes.
///
/// # Errors
/// INSUFFICIENT_RESOURCES.
pub(crate) fn zeros(length: u32) -> Result<Vec<u8>, NtStatus> {
    let mut bytes = room(length as usize)?;
    bytes.resize(length as usize, 0);
    Ok(bytes)
}
