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
