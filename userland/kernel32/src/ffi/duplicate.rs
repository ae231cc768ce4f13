//! Copies of handles.

use super::last_error::{Bool, succeeded};
use super::nt::NtDuplicateObject;

/// `OBJ_INHERIT`.
const INHERIT: u32 = 2;

/// Makes a handle in one process to what a handle in another leads to.
///
/// # Safety
/// `to` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DuplicateHandle(
    from_process: u32,
    from: u32,
    to_process: u32,
    to: *mut u32,
    access: u32,
    inherit: Bool,
    options: u32,
) -> Bool {
    let attributes = if inherit != 0 { INHERIT } else { 0 };
    let from = super::standard_handle::real_handle(from);
    // SAFETY: the service writes the handle, or answers with a status.
    succeeded(unsafe { NtDuplicateObject(from_process, from, to_process, to, access, attributes, options) })
}
