//! How `CreateFile`'s arguments become `NtCreateFile`'s, and what a device number says about a handle.

use crate::error::Win32Error;

/// `CreateFile`'s disposition as `NtCreateFile` counts it.
///
/// # Errors
/// [`Win32Error::INVALID_PARAMETER`] for a value that is none of the five.
pub fn disposition(creation: u32) -> Result<u32, Win32Error> {
    match creation {
        1 => Ok(2), // CREATE_NEW        FILE_CREATE
        2 => Ok(5), // CREATE_ALWAYS     FILE_OVERWRITE_IF
        3 => Ok(1), // OPEN_EXISTING     FILE_OPEN
        4 => Ok(3), // OPEN_ALWAYS       FILE_OPEN_IF
        5 => Ok(4), // TRUNCATE_EXISTING FILE_OVERWRITE
        _ => Err(Win32Error::INVALID_PARAMETER),
    }
}

/// What `NtCreateFile` says it did to the file (`IO_STATUS_BLOCK.Information`) with a file that was there already:
/// `CREATE_ALWAYS` and `OPEN_ALWAYS` report it as a last error although they succeed.
pub fn existed(creation: u32, information: u32) -> bool {
    const OPENED: u32 = 1;
    const OVERWRITTEN: u32 = 3;
    creation == 2 && information == OVERWRITTEN || creation == 4 && information == OPENED
}

/// `CreateFile`'s flags as `NtCreateFile`'s create options. Files are always synchronous here unless overlapped.
pub fn options(flags: u32) -> u32 {
    const TABLE: [(u32, u32); 6] = [
        (0x8000_0000, 0x0000_0002), // WRITE_THROUGH
        (0x2000_0000, 0x0000_0008), // NO_BUFFERING
        (0x0800_0000, 0x0000_0004), // SEQUENTIAL_SCAN
        (0x1000_0000, 0x0000_0800), // RANDOM_ACCESS
        (0x0400_0000, 0x0000_1000), // DELETE_ON_CLOSE
        (0x0200_0000, 0x0000_4000), // BACKUP_SEMANTICS
    ];
    const OVERLAPPED: u32 = 0x4000_0000;
    const BACKUP_SEMANTICS: u32 = 0x0200_0000;
    const SYNCHRONOUS_NON_ALERT: u32 = 0x20;
    const NON_DIRECTORY: u32 = 0x40;
    let mut options = TABLE.iter().filter(|(flag, _)| flags & flag != 0).fold(0, |all, (_, option)| all | option);
    if flags & OVERLAPPED == 0 {
        options |= SYNCHRONOUS_NON_ALERT;
    }
    if flags & BACKUP_SEMANTICS == 0 {
        options |= NON_DIRECTORY;
    }
    options
}

/// What `GetFileType` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum FileType {
    /// Nothing known.
    Unknown = 0,
    /// A file.
    Disk = 1,
    /// A console, a serial line, the null device.
    Character = 2,
    /// A pipe.
    Pipe = 3,
}

/// The file type of a device number (`FILE_FS_DEVICE_INFORMATION.DeviceType`).
pub fn file_type(device: u32) -> FileType {
    match device {
        0x02 | 0x03 | 0x07 | 0x08 | 0x09 | 0x14 | 0x24 => FileType::Disk,
        0x0A | 0x0B | 0x0F | 0x15 | 0x1A | 0x1B | 0x50 => FileType::Character,
        0x11 | 0x12 => FileType::Pipe,
        _ => FileType::Unknown,
    }
}

/// `FILE_DEVICE_CONSOLE`: the device number of a console.
pub const CONSOLE_DEVICE: u32 = 0x50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_dispositions() {
        assert_eq!([1, 2, 3, 4, 5].map(|creation| disposition(creation).unwrap()), [2, 5, 1, 3, 4]);
        assert_eq!(disposition(0), Err(Win32Error::INVALID_PARAMETER));
        assert!(existed(2, 3) && existed(4, 1) && !existed(3, 1) && !existed(4, 2));
    }

    #[test]
    fn flags_become_options() {
        assert_eq!(options(0x80), 0x60, "FILE_ATTRIBUTE_NORMAL is an attribute, not an option");
        assert_eq!(options(0x4000_0000), 0x40);
        assert_eq!(options(0x0200_0000), 0x4020);
        assert_eq!(options(0x0400_0000), 0x1060);
    }

    #[test]
    fn devices() {
        assert_eq!(file_type(0x11), FileType::Pipe);
        assert_eq!(file_type(CONSOLE_DEVICE), FileType::Character);
        assert_eq!(file_type(7), FileType::Disk);
        assert_eq!(file_type(0x22), FileType::Unknown);
    }
}
