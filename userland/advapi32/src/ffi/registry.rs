//! The registry: its roots are there, and nothing is below them. What is asked for is not found, and nothing can be added.
//!
//! Source: documented answers of the functions, which return the error instead of setting it.

use user_support::error::Win32Error;

/// `HKEY_CLASSES_ROOT` to `HKEY_DYN_DATA`.
const ROOTS: core::ops::RangeInclusive<u32> = 0x8000_0000..=0x8000_0006;

/// An error for keys that there are, another for those that there are not.
fn answer(key: u32, error: Win32Error) -> u32 {
    if ROOTS.contains(&key) { error.0 } else { Win32Error::INVALID_HANDLE.0 }
}

/// Whether `name`, of bytes or UTF-16, names nothing below a root.
///
/// # Safety
/// `name` is null or a string.
unsafe fn is_empty<T: Copy + PartialEq + Default>(name: *const T) -> bool {
    // SAFETY: the caller's promise.
    name.is_null() || unsafe { name.read() } == T::default()
}

/// Opens a key: a root itself, or nothing.
///
/// # Safety
/// `name` is null or a string; `opened` points to a word.
unsafe fn open<T: Copy + PartialEq + Default>(key: u32, name: *const T, opened: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    if !ROOTS.contains(&key) || !unsafe { is_empty(name) } {
        return answer(key, Win32Error::FILE_NOT_FOUND);
    }
    // SAFETY: the caller's promise.
    unsafe { opened.write_unaligned(key) };
    0
}

macro_rules! opening {
    ($unit:ty: $plain:ident $extended:ident) => {
        /// Opens a key.
        ///
        /// # Safety
        /// `name` is null or a string; `opened` points to a word.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $plain(key: u32, name: *const $unit, opened: *mut u32) -> u32 {
            // SAFETY: the caller's promise.
            unsafe { open(key, name, opened) }
        }

        /// Opens a key for some use.
        ///
        /// # Safety
        /// `name` is null or a string; `opened` points to a word.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $extended(
            key: u32,
            name: *const $unit,
            _options: u32,
            _access: u32,
            opened: *mut u32,
        ) -> u32 {
            // SAFETY: the caller's promise.
            unsafe { open(key, name, opened) }
        }
    };
}

opening!(u8: RegOpenKeyA RegOpenKeyExA);
opening!(u16: RegOpenKeyW RegOpenKeyExW);

macro_rules! answers {
    ($($error:ident: $($name:ident($($argument:ident),*))*;)*) => {$($(
        #[doc = concat!("`", stringify!($name), "`: `ERROR_", stringify!($error), "` for every key there is.")]
        #[unsafe(no_mangle)]
        pub extern "system" fn $name(key: u32 $(, $argument: u32)*) -> u32 {
            $(let _ = $argument;)*
            answer(key, Win32Error::$error)
        }
    )*)*};
}

answers! {
    SUCCESS: RegCloseKey() RegFlushKey();
    FILE_NOT_FOUND:
        RegQueryValueExA(name, reserved, kind, data, size) RegQueryValueExW(name, reserved, kind, data, size)
        RegDeleteKeyA(name) RegDeleteKeyW(name) RegDeleteValueA(name) RegDeleteValueW(name);
    NO_MORE_ITEMS:
        RegEnumKeyExA(index, name, size, reserved, class, class_size, time)
        RegEnumKeyExW(index, name, size, reserved, class, class_size, time)
        RegEnumValueA(index, name, size, reserved, kind, data, data_size)
        RegEnumValueW(index, name, size, reserved, kind, data, data_size);
    ACCESS_DENIED:
        RegCreateKeyA(name, created) RegCreateKeyW(name, created)
        RegCreateKeyExA(name, reserved, class, options, access, security, created, how)
        RegCreateKeyExW(name, reserved, class, options, access, security, created, how)
        RegSetValueExA(name, reserved, kind, data, size) RegSetValueExW(name, reserved, kind, data, size);
}
