//! What this DLL imports.

/// The pseudo handle of the calling process.
pub const CURRENT_PROCESS: u32 = 0xFFFF_FFFF;

#[link(name = "ntdll", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn NtTerminateProcess(process: u32, status: u32) -> u32;
    pub fn RtlAllocateHeap(heap: u32, flags: u32, size: u32) -> u32;
    pub fn RtlFreeHeap(heap: u32, flags: u32, address: u32) -> u32;
    pub fn RtlReAllocateHeap(heap: u32, flags: u32, address: u32, size: u32) -> u32;
    pub fn NtAdjustPrivilegesToken(
        token: u32,
        disable_all: u32,
        wanted: *const u32,
        length: u32,
        previous: *mut u32,
        returned: *mut u32,
    ) -> u32;
    pub fn NtDuplicateToken(
        token: u32,
        access: u32,
        attributes: *const u32,
        effective_only: u32,
        kind: u32,
        new: *mut u32,
    ) -> u32;
    pub fn NtOpenProcessToken(process: u32, access: u32, token: *mut u32) -> u32;
    pub fn NtOpenThreadToken(thread: u32, access: u32, as_self: u32, token: *mut u32) -> u32;
    pub fn NtPrivilegeCheck(token: u32, set: *mut u32, result: *mut u8) -> u32;
    pub fn NtQueryInformationToken(token: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32) -> u32;
    pub fn NtQueryPerformanceCounter(counter: *mut u64, frequency: *mut u64) -> u32;
    pub fn NtQuerySystemTime(time: *mut u64) -> u32;
    pub fn NtYieldExecution() -> u32;
}

#[link(name = "kernel32", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn GetFileAttributesW(path: *const u16) -> u32;
}
