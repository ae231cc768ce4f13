//! Rights: what a handle lets its holder do.
//!
//! Source: public Windows headers (`winnt.h`) of the XP generation.

/// Delete the object.
pub const DELETE: u32 = 0x0001_0000;
/// Read its security descriptor.
pub const READ_CONTROL: u32 = 0x0002_0000;
/// Wait for it.
pub const SYNCHRONIZE: u32 = 0x0010_0000;
/// Delete, read and write the security descriptor, change the owner.
pub const STANDARD_RIGHTS_REQUIRED: u32 = 0x000F_0000;
/// All standard rights.
pub const STANDARD_RIGHTS_ALL: u32 = 0x001F_0000;
/// As much as the caller may have.
pub const MAXIMUM_ALLOWED: u32 = 0x0200_0000;
/// Whatever the type calls all.
pub const GENERIC_ALL: u32 = 0x1000_0000;
/// Whatever the type calls executing.
pub const GENERIC_EXECUTE: u32 = 0x2000_0000;
/// Whatever the type calls writing.
pub const GENERIC_WRITE: u32 = 0x4000_0000;
/// Whatever the type calls reading.
pub const GENERIC_READ: u32 = 0x8000_0000;

/// End a process.
pub const PROCESS_TERMINATE: u32 = 0x0001;
/// Make a thread in it.
pub const PROCESS_CREATE_THREAD: u32 = 0x0002;
/// Change its address space.
pub const PROCESS_VM_OPERATION: u32 = 0x0008;
/// Read its memory.
pub const PROCESS_VM_READ: u32 = 0x0010;
/// Write its memory.
pub const PROCESS_VM_WRITE: u32 = 0x0020;
/// Copy handles out of it and into it.
pub const PROCESS_DUP_HANDLE: u32 = 0x0040;
/// Start processes as its children.
pub const PROCESS_CREATE_PROCESS: u32 = 0x0080;
/// Change its limits.
pub const PROCESS_SET_QUOTA: u32 = 0x0100;
/// Change what is known about it.
pub const PROCESS_SET_INFORMATION: u32 = 0x0200;
/// Ask what is known about it.
pub const PROCESS_QUERY_INFORMATION: u32 = 0x0400;
/// Suspend and resume it.
pub const PROCESS_SUSPEND_RESUME: u32 = 0x0800;
/// Everything, as XP counts it.
pub const PROCESS_ALL_ACCESS: u32 = STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0xFFF;

/// End a thread.
pub const THREAD_TERMINATE: u32 = 0x0001;
/// Suspend and resume it.
pub const THREAD_SUSPEND_RESUME: u32 = 0x0002;
/// Alert it.
pub const THREAD_ALERT: u32 = 0x0004;
/// Read its registers.
pub const THREAD_GET_CONTEXT: u32 = 0x0008;
/// Write its registers.
pub const THREAD_SET_CONTEXT: u32 = 0x0010;
/// Change what is known about it.
pub const THREAD_SET_INFORMATION: u32 = 0x0020;
/// Ask what is known about it.
pub const THREAD_QUERY_INFORMATION: u32 = 0x0040;
/// Everything, as XP counts it.
pub const THREAD_ALL_ACCESS: u32 = STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3FF;

/// Ask what is known about an event.
pub const EVENT_QUERY_STATE: u32 = 0x0001;
/// Set, reset and pulse it.
pub const EVENT_MODIFY_STATE: u32 = 0x0002;
/// Everything.
pub const EVENT_ALL_ACCESS: u32 = STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3;
/// Ask what is known about a semaphore.
pub const SEMAPHORE_QUERY_STATE: u32 = 0x0001;
/// Release it.
pub const SEMAPHORE_MODIFY_STATE: u32 = 0x0002;
/// Everything.
pub const SEMAPHORE_ALL_ACCESS: u32 = STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3;
/// Ask what is known about a mutant.
pub const MUTANT_QUERY_STATE: u32 = 0x0001;
/// Everything.
pub const MUTANT_ALL_ACCESS: u32 = STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x1;

/// Ask what is known about a timer.
pub const TIMER_QUERY_STATE: u32 = 0x0001;
/// Set and cancel it.
pub const TIMER_MODIFY_STATE: u32 = 0x0002;
/// Everything.
pub const TIMER_ALL_ACCESS: u32 = STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3;

/// List an object directory.
pub const DIRECTORY_QUERY: u32 = 0x0001;
/// Look names up in it.
pub const DIRECTORY_TRAVERSE: u32 = 0x0002;
/// Make objects in it.
pub const DIRECTORY_CREATE_OBJECT: u32 = 0x0004;
/// Make directories in it.
pub const DIRECTORY_CREATE_SUBDIRECTORY: u32 = 0x0008;
/// Everything.
pub const DIRECTORY_ALL_ACCESS: u32 = STANDARD_RIGHTS_REQUIRED | 0xF;
/// Ask where a symbolic link leads.
pub const SYMBOLIC_LINK_QUERY: u32 = 0x0001;
/// Everything.
pub const SYMBOLIC_LINK_ALL_ACCESS: u32 = STANDARD_RIGHTS_REQUIRED | 0x1;

/// Read a file's data, or list a directory.
pub const FILE_READ_DATA: u32 = 0x0001;
/// Write a file's data, or make a file in a directory.
pub const FILE_WRITE_DATA: u32 = 0x0002;
/// Write behind a file's end, or make a directory in a directory.
pub const FILE_APPEND_DATA: u32 = 0x0004;
/// Read extended attributes.
pub const FILE_READ_EA: u32 = 0x0008;
/// Write extended attributes.
pub const FILE_WRITE_EA: u32 = 0x0010;
/// Run a file, or pass through a directory.
pub const FILE_EXECUTE: u32 = 0x0020;
/// Delete what is in a directory.
pub const FILE_DELETE_CHILD: u32 = 0x0040;
/// Read times and attributes.
pub const FILE_READ_ATTRIBUTES: u32 = 0x0080;
/// Write times and attributes.
pub const FILE_WRITE_ATTRIBUTES: u32 = 0x0100;
/// Everything.
pub const FILE_ALL_ACCESS: u32 = STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x1FF;
/// What GENERIC_READ means for a file.
pub const FILE_GENERIC_READ: u32 = READ_CONTROL | SYNCHRONIZE | FILE_READ_DATA | FILE_READ_EA | FILE_READ_ATTRIBUTES;
/// What GENERIC_WRITE means for a file.
pub const FILE_GENERIC_WRITE: u32 =
    READ_CONTROL | SYNCHRONIZE | FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES;
/// What GENERIC_EXECUTE means for a file.
pub const FILE_GENERIC_EXECUTE: u32 = READ_CONTROL | SYNCHRONIZE | FILE_EXECUTE | FILE_READ_ATTRIBUTES;

/// Ask what is known about a section.
pub const SECTION_QUERY: u32 = 0x0001;
/// Map views that may be written.
pub const SECTION_MAP_WRITE: u32 = 0x0002;
/// Map views that may be read.
pub const SECTION_MAP_READ: u32 = 0x0004;
/// Map views that may be executed.
pub const SECTION_MAP_EXECUTE: u32 = 0x0008;
/// Make it longer.
pub const SECTION_EXTEND_SIZE: u32 = 0x0010;
/// Everything.
pub const SECTION_ALL_ACCESS: u32 = STANDARD_RIGHTS_REQUIRED | 0x1F;

/// Attribute of a handle: it cannot be closed.
pub const OBJ_PROTECT_CLOSE: u32 = 0x1;
/// Attribute of a handle: children of the process get it too.
pub const OBJ_INHERIT: u32 = 0x2;
/// Attribute of a look-up: names are compared without regard to case.
pub const OBJ_CASE_INSENSITIVE: u32 = 0x40;
/// Attribute of an object: its name stays when its last handle goes.
pub const OBJ_PERMANENT: u32 = 0x10;
/// Attribute of a creation: an object that has the name already is opened instead.
pub const OBJ_OPENIF: u32 = 0x80;
/// Attribute of a look-up: a symbolic link that the whole name leads to is opened itself.
pub const OBJ_OPENLINK: u32 = 0x100;
/// All attributes that XP knows.
pub const OBJ_VALID_ATTRIBUTES: u32 = 0x7F2;

/// Give it to a process.
pub const TOKEN_ASSIGN_PRIMARY: u32 = 0x0001;
/// Make another like it.
pub const TOKEN_DUPLICATE: u32 = 0x0002;
/// Give it to a thread.
pub const TOKEN_IMPERSONATE: u32 = 0x0004;
/// Ask what is in it.
pub const TOKEN_QUERY: u32 = 0x0008;
/// Ask where it came from.
pub const TOKEN_QUERY_SOURCE: u32 = 0x0010;
/// Put processes into a job.
pub const JOB_OBJECT_ASSIGN_PROCESS: u32 = 0x1;
/// Set its limits.
pub const JOB_OBJECT_SET_ATTRIBUTES: u32 = 0x2;
/// Ask about it.
pub const JOB_OBJECT_QUERY: u32 = 0x4;
/// End its processes.
pub const JOB_OBJECT_TERMINATE: u32 = 0x8;
/// All that one can do with a job.
pub const JOB_OBJECT_ALL_ACCESS: u32 = STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x1F;
/// Switch privileges.
pub const TOKEN_ADJUST_PRIVILEGES: u32 = 0x0020;
/// Switch groups.
pub const TOKEN_ADJUST_GROUPS: u32 = 0x0040;
/// Change what new objects get.
pub const TOKEN_ADJUST_DEFAULT: u32 = 0x0080;
/// Everything.
pub const TOKEN_ALL_ACCESS: u32 = STANDARD_RIGHTS_REQUIRED | 0x1FF;
/// Asks a completion port how much is in it.
pub const IO_COMPLETION_QUERY_STATE: u32 = 0x1;
/// Puts something into a completion port, or takes it out.
pub const IO_COMPLETION_MODIFY_STATE: u32 = 0x2;
/// Everything that can be done with a completion port.
pub const IO_COMPLETION_ALL_ACCESS: u32 = STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3;
