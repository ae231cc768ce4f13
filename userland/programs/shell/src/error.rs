//! Win32 errors in words, as Windows has them.

use alloc::format;
use alloc::string::String;

/// A Win32 error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Win32Error(pub u32);

impl Win32Error {
    /// There is no such file.
    pub const FILE_NOT_FOUND: Self = Self(2);
    /// There is no such folder.
    pub const PATH_NOT_FOUND: Self = Self(3);
    /// There is no such drive.
    pub const INVALID_DRIVE: Self = Self(15);
    /// It must not be done.
    pub const ACCESS_DENIED: Self = Self(5);
    /// The name cannot be one.
    pub const INVALID_NAME: Self = Self(123);
    /// It is there already.
    pub const ALREADY_EXISTS: Self = Self(183);
    /// The argument makes no sense.
    pub const INVALID_PARAMETER: Self = Self(87);

    /// What it means.
    pub fn text(self) -> String {
        let known = match self.0 {
            2 => "The system cannot find the file specified.",
            3 => "The system cannot find the path specified.",
            5 => "Access is denied.",
            8 => "Not enough memory is available to process this command.",
            15 => "The system cannot find the drive specified.",
            19 => "The media is write protected.",
            32 => "The process cannot access the file because it is being used by another process.",
            80 => "The file exists.",
            82 => "The directory or file cannot be created.",
            87 => "The parameter is incorrect.",
            112 => "There is not enough space on the disk.",
            123 => "The filename, directory name, or volume label syntax is incorrect.",
            126 => "The specified module could not be found.",
            145 => "The directory is not empty.",
            183 => "Cannot create a file when that file already exists.",
            193 => "This is not a valid Win32 application.",
            203 => "The environment variable is not defined.",
            206 => "The filename or extension is too long.",
            267 => "The directory name is invalid.",
            1314 => "A required privilege is not held by the client.",
            1450 => "Insufficient system resources exist to complete the requested service.",
            other => return format!("The system answered with error {other}."),
        };
        String::from(known)
    }
}
