//! What vmview imports.

#[link(name = "kernel32", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn CloseHandle(handle: u32) -> u32;
    pub fn GetCurrentProcessId() -> u32;
    pub fn GetLastError() -> u32;
    pub fn OpenProcess(access: u32, inherit: u32, process: u32) -> u32;
    pub fn OpenThread(access: u32, inherit: u32, thread: u32) -> u32;
    pub fn ReadProcessMemory(process: u32, address: u32, buffer: *mut u32, size: u32, done: *mut u32) -> u32;
    pub fn VirtualQueryEx(process: u32, address: u32, information: *mut u32, size: u32) -> u32;
}

#[link(name = "psapi", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn GetMappedFileNameW(process: u32, address: u32, name: *mut u16, room: u32) -> u32;
    pub fn GetProcessImageFileNameW(process: u32, name: *mut u16, room: u32) -> u32;
    pub fn QueryWorkingSet(process: u32, list: *mut u32, size: u32) -> u32;
}

#[link(name = "ntdll", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn NtLockVirtualMemory(process: u32, base: *mut u32, size: *mut u32, kind: u32) -> u32;
    pub fn NtQueryInformationProcess(process: u32, class: u32, words: *mut u32, length: u32, done: *mut u32) -> u32;
    pub fn NtQueryInformationThread(thread: u32, class: u32, words: *mut u32, length: u32, done: *mut u32) -> u32;
    pub fn NtQuerySystemInformation(class: u32, words: *mut u32, length: u32, done: *mut u32) -> u32;
    pub fn NtUnlockVirtualMemory(process: u32, base: *mut u32, size: *mut u32, kind: u32) -> u32;
    pub fn RtlAllocateHeap(heap: u32, flags: u32, size: u32) -> u32;
    pub fn RtlFreeHeap(heap: u32, flags: u32, block: u32) -> u8;
    pub fn RtlReAllocateHeap(heap: u32, flags: u32, block: u32, size: u32) -> u32;
}
