//! What this DLL imports.

/// What no handle is.
pub const INVALID_HANDLE: u32 = 0xFFFF_FFFF;

#[link(name = "ntdll", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn RtlAllocateHeap(heap: u32, flags: u32, size: u32) -> u32;
    pub fn RtlFreeHeap(heap: u32, flags: u32, address: u32) -> u32;
    pub fn RtlReAllocateHeap(heap: u32, flags: u32, address: u32, size: u32) -> u32;
    pub fn RtlSizeHeap(heap: u32, flags: u32, address: u32) -> u32;
    pub fn RtlEnterCriticalSection(section: *const u32) -> u32;
    pub fn RtlLeaveCriticalSection(section: *const u32) -> u32;
    pub fn RtlInitializeCriticalSection(section: *mut u32) -> u32;
}

#[link(name = "kernel32", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn CloseHandle(handle: u32) -> u32;
    pub fn CreateFileW(
        name: *const u16,
        access: u32,
        share: u32,
        security: *const u32,
        creation: u32,
        flags: u32,
        template: u32,
    ) -> u32;
    pub fn ExitProcess(status: u32) -> !;
    pub fn FlushFileBuffers(file: u32) -> u32;
    pub fn GetCommandLineA() -> *const u8;
    pub fn GetCommandLineW() -> *const u16;
    pub fn GetEnvironmentStringsW() -> *const u16;
    pub fn FreeEnvironmentStringsW(strings: *const u16) -> u32;
    pub fn GetFileSizeEx(file: u32, size: *mut u64) -> u32;
    pub fn GetFileType(file: u32) -> u32;
    pub fn GetLastError() -> u32;
    pub fn GetStdHandle(which: u32) -> u32;
    pub fn ReadFile(file: u32, buffer: *mut u8, count: u32, done: *mut u32, overlapped: *const u32) -> u32;
    pub fn SetEnvironmentVariableW(name: *const u16, value: *const u16) -> u32;
    pub fn SetFilePointerEx(file: u32, distance: i64, result: *mut i64, method: u32) -> u32;
    pub fn TlsAlloc() -> u32;
    pub fn TlsGetValue(slot: u32) -> u32;
    pub fn TlsSetValue(slot: u32, value: u32) -> u32;
    pub fn WriteFile(file: u32, buffer: *const u8, count: u32, done: *mut u32, overlapped: *const u32) -> u32;
}
