//! What a call says about its failure: nobody here says anything, so that there is never any.

/// `S_OK`, `S_FALSE`.
const OK: u32 = 0;
const NOTHING: u32 = 1;

/// What was said last, and nothing.
///
/// # Safety
/// `target` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetErrorInfo(_reserved: u32, target: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned(0) };
    NOTHING
}

/// Says something, which is forgotten.
#[unsafe(no_mangle)]
pub extern "system" fn SetErrorInfo(_reserved: u32, _information: u32) -> u32 {
    OK
}
