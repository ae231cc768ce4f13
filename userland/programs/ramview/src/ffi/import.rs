//! What ramview imports.

#[link(name = "ntdll", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn NtQuerySystemInformation(class: u32, buffer: *mut u32, length: u32, returned: *mut u32) -> u32;
    pub fn RtlAllocateHeap(heap: u32, flags: u32, size: u32) -> u32;
    pub fn RtlFreeHeap(heap: u32, flags: u32, block: u32) -> u8;
    pub fn RtlReAllocateHeap(heap: u32, flags: u32, block: u32, size: u32) -> u32;
}
