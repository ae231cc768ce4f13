//! Buffers whose size a program chooses: there may be no memory for them.

use alloc::vec::Vec;

use abi::status::NtStatus;

/// Bytes from which on a buffer counts as large, and the kernel's heap refuses it before it would take its last.
const LARGE: usize = 512;
/// Bytes from which on the heap itself takes a block for large.
const LARGE_BLOCK: usize = 2048;

/// An empty vector with room for `count` values.
///
/// # Errors
/// INSUFFICIENT_RESOURCES.
pub(crate) fn room<T>(count: usize) -> Result<Vec<T>, NtStatus> {
    let mut room = Vec::new();
    let bytes = count.saturating_mul(size_of::<T>());
    // What a program chooses the size of must never come from what the kernel cannot do without.
    let count = if (LARGE..LARGE_BLOCK).contains(&bytes) { LARGE_BLOCK.div_ceil(size_of::<T>()) } else { count };
    room.try_reserve_exact(count).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
    Ok(room)
}

/// The bytes of `units`, low first.
///
/// # Errors
/// INSUFFICIENT_RESOURCES.
pub(crate) fn bytes_of_text(units: &[u16]) -> Result<Vec<u8>, NtStatus> {
    let mut bytes = room(2 * units.len())?;
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    Ok(bytes)
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
