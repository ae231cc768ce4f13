//! `errno`: its values, their texts, and which of them a Win32 error becomes.

/// A value of `errno`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub u32);

impl Errno {
    /// Operation not permitted.
    pub const EPERM: Self = Self(1);
    /// No such file or directory.
    pub const ENOENT: Self = Self(2);
    /// Argument list too long.
    pub const E2BIG: Self = Self(7);
    /// Exec format error.
    pub const ENOEXEC: Self = Self(8);
    /// Bad file descriptor.
    pub const EBADF: Self = Self(9);
    /// No child processes.
    pub const ECHILD: Self = Self(10);
    /// Resource temporarily unavailable.
    pub const EAGAIN: Self = Self(11);
    /// Not enough memory.
    pub const ENOMEM: Self = Self(12);
    /// Permission denied.
    pub const EACCES: Self = Self(13);
    /// File exists.
    pub const EEXIST: Self = Self(17);
    /// Improper link.
    pub const EXDEV: Self = Self(18);
    /// Invalid argument.
    pub const EINVAL: Self = Self(22);
    /// Too many open files.
    pub const EMFILE: Self = Self(24);
    /// No space left on device.
    pub const ENOSPC: Self = Self(28);
    /// Broken pipe.
    pub const EPIPE: Self = Self(32);
    /// Domain error of a function.
    pub const EDOM: Self = Self(33);
    /// Result too large.
    pub const ERANGE: Self = Self(34);
    /// Resource deadlock avoided.
    pub const EDEADLOCK: Self = Self(36);
    /// Directory not empty.
    pub const ENOTEMPTY: Self = Self(41);
    /// Illegal byte sequence.
    pub const EILSEQ: Self = Self(42);
}

/// The `errno` of a Win32 error.
#[doc(alias = "_dosmaperr")]
pub fn from_win32(error: u32) -> Errno {
    match error {
        2 | 3 | 15 | 18 | 53 | 67 | 161 | 206 => Errno::ENOENT,
        4 => Errno::EMFILE,
        5 | 16 | 65 | 82 | 83 | 108 | 132 | 158 | 167 => Errno::EACCES,
        6 | 114 | 130 => Errno::EBADF,
        7..=9 | 1816 => Errno::ENOMEM,
        10 => Errno::E2BIG,
        11 | 188..=202 => Errno::ENOEXEC,
        17 => Errno::EXDEV,
        19..=36 => Errno::EACCES,
        80 | 183 => Errno::EEXIST,
        89 | 164 | 215 => Errno::EAGAIN,
        109 => Errno::EPIPE,
        112 => Errno::ENOSPC,
        128 | 129 => Errno::ECHILD,
        145 => Errno::ENOTEMPTY,
        _ => Errno::EINVAL,
    }
}

/// How many values have a text of their own; every other has the last one.
pub const TEXT_COUNT: usize = 43;

/// The texts of `strerror`, each with its zero.
pub const TEXTS: [&core::ffi::CStr; TEXT_COUNT + 1] = [
    c"No error",
    c"Operation not permitted",
    c"No such file or directory",
    c"No such process",
    c"Interrupted function call",
    c"Input/output error",
    c"No such device or address",
    c"Arg list too long",
    c"Exec format error",
    c"Bad file descriptor",
    c"No child processes",
    c"Resource temporarily unavailable",
    c"Not enough space",
    c"Permission denied",
    c"Bad address",
    c"Unknown error",
    c"Resource device",
    c"File exists",
    c"Improper link",
    c"No such device",
    c"Not a directory",
    c"Is a directory",
    c"Invalid argument",
    c"Too many open files in system",
    c"Too many open files",
    c"Inappropriate I/O control operation",
    c"Unknown error",
    c"File too large",
    c"No space left on device",
    c"Invalid seek",
    c"Read-only file system",
    c"Too many links",
    c"Broken pipe",
    c"Domain error",
    c"Result too large",
    c"Unknown error",
    c"Resource deadlock avoided",
    c"Unknown error",
    c"Filename too long",
    c"No locks available",
    c"Function not implemented",
    c"Directory not empty",
    c"Illegal byte sequence",
    c"Unknown error",
];

/// The text of a value.
pub fn text(errno: u32) -> &'static core::ffi::CStr {
    TEXTS[(errno as usize).min(TEXT_COUNT)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_files() {
        for (error, errno) in
            [(2, 2), (3, 2), (5, 13), (6, 9), (8, 12), (19, 13), (32, 13), (80, 17), (109, 32), (9999, 22)]
        {
            assert_eq!(from_win32(error), Errno(errno), "{error}");
        }
    }

    #[test]
    fn texts_stand_at_their_values() {
        assert_eq!(text(Errno::ENOENT.0), c"No such file or directory");
        assert_eq!(text(Errno::EACCES.0), c"Permission denied");
        assert_eq!(text(Errno::ERANGE.0), c"Result too large");
        assert_eq!(text(Errno::EILSEQ.0), c"Illegal byte sequence");
        assert_eq!((text(43), text(u32::MAX)), (c"Unknown error", c"Unknown error"));
    }
}
