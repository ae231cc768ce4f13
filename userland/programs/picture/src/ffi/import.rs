//! What is imported.

#[link(name = "kernel32", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn ExitProcess(status: u32) -> !;
    pub fn FlushConsoleInputBuffer(handle: u32) -> u32;
    pub fn GetCommandLineW() -> *const u16;
    pub fn GetConsoleScreenBufferInfo(handle: u32, information: *mut u8) -> u32;
    pub fn GetNumberOfConsoleInputEvents(handle: u32, count: *mut u32) -> u32;
    pub fn GetStdHandle(which: u32) -> u32;
    pub fn ReadConsoleInputW(handle: u32, records: *mut u8, count: u32, done: *mut u32) -> u32;
    pub fn Sleep(milliseconds: u32);
    pub fn WriteFile(file: u32, buffer: *const u8, count: u32, done: *mut u32, overlapped: u32) -> u32;
}

#[link(name = "ntdll", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn NtDeviceIoControlFile(
        file: u32,
        event: u32,
        routine: u32,
        context: u32,
        status: *mut u32,
        code: u32,
        input: *const u32,
        input_length: u32,
        output: *mut u32,
        output_length: u32,
    ) -> u32;
}
