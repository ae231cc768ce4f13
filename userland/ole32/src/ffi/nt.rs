//! What this DLL imports.

/// The pseudo handle of the calling process.
pub const CURRENT_PROCESS: u32 = 0xFFFF_FFFF;

#[link(name = "ntdll", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn NtTerminateProcess(process: u32, status: u32) -> u32;
    pub fn RtlAllocateHeap(heap: u32, flags: u32, size: u32) -> u32;
    pub fn RtlFreeHeap(heap: u32, flags: u32, address: u32) -> u32;
    pub fn RtlReAllocateHeap(heap: u32, flags: u32, address: u32, size: u32) -> u32;
}

#[link(name = "kernel32", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn TlsAlloc() -> u32;
    pub fn TlsGetValue(slot: u32) -> u32;
    pub fn TlsSetValue(slot: u32, value: u32) -> u32;
}

#[link(name = "advapi32", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    /// RtlGenRandom: fills a buffer with random bytes.
    pub fn SystemFunction036(buffer: *mut u8, length: u32) -> u8;
}
