//! What programs ask about windows, of which there are none, and about what the user does in them, which is nothing.

use user_ffi::last_error::{Bool, FALSE, TRUE, fail};
use user_support::error::Win32Error;

macro_rules! none {
    ($($(#[$meta:meta])* $name:ident($($argument:ident),*);)*) => {$(
        $(#[$meta])*
        #[unsafe(no_mangle)]
        pub extern "system" fn $name($($argument: u32),*) -> u32 {
            $(let _ = $argument;)*
            0
        }
    )*};
}

none! {
    /// The window that the mouse is bound to.
    GetCapture();
    /// Who put something on the clipboard.
    GetClipboardOwner();
    /// Who watches the clipboard.
    GetClipboardViewer();
    /// The window that gets the keys.
    GetFocus();
    /// Whether keys or the mouse have something to say.
    GetInputState();
    /// When the last message came.
    GetMessageTime();
    /// Where the mouse was then.
    GetMessagePos();
    /// Who has the clipboard open.
    GetOpenClipboardWindow();
    /// What messages there are.
    GetQueueStatus(kinds);
    /// Translates the code of a key: no layout of a keyboard is known.
    MapVirtualKeyW(code, how);
    /// The same.
    MapVirtualKeyA(code, how);
    /// Makes characters of a message about keys.
    TranslateMessage(message);
    /// Gives a message to its window.
    DispatchMessageA(message);
    /// The same.
    DispatchMessageW(message);
    /// Looks for a message.
    PeekMessageA(message, window, first, last, remove);
    /// The same.
    PeekMessageW(message, window, first, last, remove);
}

/// Waits for a message: none will ever come, so that the loop which asks ends at once.
#[unsafe(no_mangle)]
pub extern "system" fn GetMessageA(_message: u32, _window: u32, _first: u32, _last: u32) -> Bool {
    FALSE
}

/// The same.
#[unsafe(no_mangle)]
pub extern "system" fn GetMessageW(_message: u32, _window: u32, _first: u32, _last: u32) -> Bool {
    FALSE
}

/// Lets a process bring its windows forward.
#[unsafe(no_mangle)]
pub extern "system" fn AllowSetForegroundWindow(_process: u32) -> Bool {
    TRUE
}

/// Waits until a process with windows is ready for input: one with a console never says so.
#[unsafe(no_mangle)]
pub extern "system" fn WaitForInputIdle(_process: u32, _milliseconds: u32) -> u32 {
    /// `WAIT_FAILED`.
    const FAILED: u32 = 0xFFFF_FFFF;
    FAILED
}

/// Where the mouse is: in the corner.
///
/// # Safety
/// `target` points to two words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetCursorPos(target: *mut [u32; 2]) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned([0; 2]) };
    TRUE
}

/// Where the caret is: there is none.
///
/// # Safety
/// `target` points to two words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetCaretPos(target: *mut [u32; 2]) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned([0; 2]) };
    TRUE
}

/// Sends a message to a window: there are none.
#[unsafe(no_mangle)]
pub extern "system" fn PostThreadMessageA(_thread: u32, _message: u32, _first: u32, _second: u32) -> Bool {
    /// `ERROR_INVALID_THREAD_ID`.
    const NO_THREAD: Win32Error = Win32Error(1444);
    fail(NO_THREAD)
}
