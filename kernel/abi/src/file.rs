//! Flags of the file services.
//!
//! Source: public Windows headers (`winnt.h`, `ntddk.h`).

/// Attribute: not to be written.
pub const FILE_ATTRIBUTE_READONLY: u32 = 0x01;
/// Attribute: not listed usually.
pub const FILE_ATTRIBUTE_HIDDEN: u32 = 0x02;
/// Attribute: the system's.
pub const FILE_ATTRIBUTE_SYSTEM: u32 = 0x04;
/// Attribute: a directory.
pub const FILE_ATTRIBUTE_DIRECTORY: u32 = 0x10;
/// Attribute: changed since the last backup.
pub const FILE_ATTRIBUTE_ARCHIVE: u32 = 0x20;
/// Attribute: none of the others.
pub const FILE_ATTRIBUTE_NORMAL: u32 = 0x80;

/// What is watched: names of files.
pub const FILE_NOTIFY_CHANGE_FILE_NAME: u32 = 0x01;
/// What is watched: names of directories.
pub const FILE_NOTIFY_CHANGE_DIR_NAME: u32 = 0x02;
/// What is watched: attributes.
pub const FILE_NOTIFY_CHANGE_ATTRIBUTES: u32 = 0x04;
/// What is watched: sizes.
pub const FILE_NOTIFY_CHANGE_SIZE: u32 = 0x08;
/// What is watched: times of the last write.
pub const FILE_NOTIFY_CHANGE_LAST_WRITE: u32 = 0x10;
/// What is watched: times of the last access.
pub const FILE_NOTIFY_CHANGE_LAST_ACCESS: u32 = 0x20;
/// What is watched: times of creation.
pub const FILE_NOTIFY_CHANGE_CREATION: u32 = 0x40;
/// All that can be watched, also what files of FAT do not have.
#[doc(alias = "FILE_NOTIFY_VALID_MASK")]
pub const FILE_NOTIFY_VALID: u32 = 0xFFF;

/// What has happened: a name is there, which was not.
pub const FILE_ACTION_ADDED: u32 = 1;
/// What has happened: a name is gone.
pub const FILE_ACTION_REMOVED: u32 = 2;
/// What has happened: attributes, a size or a time.
pub const FILE_ACTION_MODIFIED: u32 = 3;
/// What has happened: a name has become another.
pub const FILE_ACTION_RENAMED_OLD_NAME: u32 = 4;
/// What has happened: it is called so now.
pub const FILE_ACTION_RENAMED_NEW_NAME: u32 = 5;

/// Others may read while the file is open.
pub const FILE_SHARE_READ: u32 = 1;
/// Others may write while the file is open.
pub const FILE_SHARE_WRITE: u32 = 2;
/// Others may delete the file while it is open.
pub const FILE_SHARE_DELETE: u32 = 4;

/// Disposition: replace the file, or make it.
pub const FILE_SUPERSEDE: u32 = 0;
/// Disposition: the file must exist.
pub const FILE_OPEN: u32 = 1;
/// Disposition: the file must not exist.
pub const FILE_CREATE: u32 = 2;
/// Disposition: open the file, or make it.
pub const FILE_OPEN_IF: u32 = 3;
/// Disposition: the file must exist, and is emptied.
pub const FILE_OVERWRITE: u32 = 4;
/// Disposition: empty the file, or make it.
pub const FILE_OVERWRITE_IF: u32 = 5;

/// Option: it must be a directory.
pub const FILE_DIRECTORY_FILE: u32 = 0x01;
/// Option: a write returns when the data is on the disk.
pub const FILE_WRITE_THROUGH: u32 = 0x02;
/// Option: the file is read from the start to the end.
pub const FILE_SEQUENTIAL_ONLY: u32 = 0x04;
/// Option: nothing of the file is kept in memory.
pub const FILE_NO_INTERMEDIATE_BUFFERING: u32 = 0x08;
/// Option: reads and writes wait, and the file keeps a position; an alert ends the wait.
pub const FILE_SYNCHRONOUS_IO_ALERT: u32 = 0x10;
/// Option: reads and writes wait, and the file keeps a position.
pub const FILE_SYNCHRONOUS_IO_NONALERT: u32 = 0x20;
/// Option: it must not be a directory.
pub const FILE_NON_DIRECTORY_FILE: u32 = 0x40;
/// Option: delete the file when its last handle is closed.
pub const FILE_DELETE_ON_CLOSE: u32 = 0x1000;

/// What `IO_STATUS_BLOCK.Information` says of an open: the file was replaced.
pub const FILE_SUPERSEDED: u32 = 0;
/// What it says: the file existed.
pub const FILE_OPENED: u32 = 1;
/// What it says: the file was made.
pub const FILE_CREATED: u32 = 2;
/// What it says: the file was emptied.
pub const FILE_OVERWRITTEN: u32 = 3;
