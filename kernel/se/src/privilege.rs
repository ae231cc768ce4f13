//! The privileges that XP knows, by number, and which of them a user has.
//!
//! Source: `SE_*_PRIVILEGE` of public headers; what an administrator of XP holds, and what is switched on, as `whoami /priv`
//! shows it there. That he may lock pages in memory is what a local policy grants him who wants to use AWE; there is no policy here.

/// What is true of a privilege in a token.
pub mod attribute {
    /// It was on from the start.
    pub const ENABLED_BY_DEFAULT: u32 = 1;
    /// It is on.
    pub const ENABLED: u32 = 2;
    /// In a request: the token loses it for good.
    pub const REMOVED: u32 = 4;
    /// In the answer to a check: it was what the check needed.
    pub const USED_FOR_ACCESS: u32 = 0x8000_0000;
}

/// To read and write all memory, and other people's processes.
pub const DEBUG: u32 = 20;
/// To keep pages in memory.
pub const LOCK_MEMORY: u32 = 4;
/// To set the clock.
pub const SYSTEM_TIME: u32 = 12;
/// To own what belongs to others, and so to say who may use it.
pub const TAKE_OWNERSHIP: u32 = 9;
/// To make paging files.
#[doc(alias = "SE_CREATE_PAGEFILE_PRIVILEGE")]
pub const PAGEFILE: u32 = 15;
/// To switch the machine off.
pub const SHUTDOWN: u32 = 19;

const OFF: u32 = 0;
const ON: u32 = attribute::ENABLED;
const ALWAYS_ON: u32 = attribute::ENABLED | attribute::ENABLED_BY_DEFAULT;

/// An administrator's, in the order in which XP lists them.
pub(crate) const ADMINISTRATOR: [(u32, u32); 21] = [
    (23, ALWAYS_ON),       // SeChangeNotifyPrivilege
    (LOCK_MEMORY, OFF),    // SeLockMemoryPrivilege
    (8, OFF),              // SeSecurityPrivilege
    (17, OFF),             // SeBackupPrivilege
    (18, OFF),             // SeRestorePrivilege
    (12, OFF),             // SeSystemtimePrivilege
    (SHUTDOWN, OFF),       // SeShutdownPrivilege
    (24, OFF),             // SeRemoteShutdownPrivilege
    (TAKE_OWNERSHIP, OFF), // SeTakeOwnershipPrivilege
    (DEBUG, OFF),          // SeDebugPrivilege
    (22, OFF),             // SeSystemEnvironmentPrivilege
    (11, OFF),             // SeSystemProfilePrivilege
    (13, OFF),             // SeProfileSingleProcessPrivilege
    (14, OFF),             // SeIncreaseBasePriorityPrivilege
    (10, ON),              // SeLoadDriverPrivilege
    (PAGEFILE, OFF),       // SeCreatePagefilePrivilege
    (5, OFF),              // SeIncreaseQuotaPrivilege
    (25, ON),              // SeUndockPrivilege
    (28, OFF),             // SeManageVolumePrivilege
    (29, ALWAYS_ON),       // SeImpersonatePrivilege
    (30, ALWAYS_ON),       // SeCreateGlobalPrivilege
];

/// The system's own: all that it ever uses are on.
pub(crate) const SYSTEM: [(u32, u32); 21] = [
    (7, ALWAYS_ON),           // SeTcbPrivilege
    (2, OFF),                 // SeCreateTokenPrivilege
    (TAKE_OWNERSHIP, OFF),    // SeTakeOwnershipPrivilege
    (PAGEFILE, ALWAYS_ON),    // SeCreatePagefilePrivilege
    (LOCK_MEMORY, ALWAYS_ON), // SeLockMemoryPrivilege
    (3, OFF),                 // SeAssignPrimaryTokenPrivilege
    (5, OFF),                 // SeIncreaseQuotaPrivilege
    (14, ALWAYS_ON),          // SeIncreaseBasePriorityPrivilege
    (16, ALWAYS_ON),          // SeCreatePermanentPrivilege
    (DEBUG, ALWAYS_ON),       // SeDebugPrivilege
    (21, ALWAYS_ON),          // SeAuditPrivilege
    (8, OFF),                 // SeSecurityPrivilege
    (22, OFF),                // SeSystemEnvironmentPrivilege
    (23, ALWAYS_ON),          // SeChangeNotifyPrivilege
    (17, OFF),                // SeBackupPrivilege
    (18, OFF),                // SeRestorePrivilege
    (SHUTDOWN, OFF),          // SeShutdownPrivilege
    (10, OFF),                // SeLoadDriverPrivilege
    (13, ALWAYS_ON),          // SeProfileSingleProcessPrivilege
    (SYSTEM_TIME, OFF),       // SeSystemtimePrivilege
    (30, ALWAYS_ON),          // SeCreateGlobalPrivilege
];
