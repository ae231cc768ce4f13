//! What this DLL imports.

/// The pseudo handle of the calling process.
pub const CURRENT_PROCESS: u32 = 0xFFFF_FFFF;
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
    pub fn RtlUnwind(target: u32, ip: u32, record: *mut u8, result: u32);
}

#[link(name = "kernel32", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn CloseHandle(handle: u32) -> u32;
    pub fn CreateDirectoryW(path: *const u16, security: *const u32) -> u32;
    pub fn CreateFileW(
        name: *const u16,
        access: u32,
        share: u32,
        security: *const u32,
        creation: u32,
        flags: u32,
        template: u32,
    ) -> u32;
    pub fn CreatePipe(reader: *mut u32, writer: *mut u32, security: *const u32, size: u32) -> u32;
    pub fn CreateProcessW(
        image: *const u16,
        line: *mut u16,
        process_security: *const u32,
        thread_security: *const u32,
        inherit: u32,
        flags: u32,
        environment: *const u16,
        directory: *const u16,
        startup: *const u32,
        information: *mut u32,
    ) -> u32;
    pub fn CreateThread(
        security: *const u32,
        stack: u32,
        function: u32,
        argument: u32,
        flags: u32,
        identifier: *mut u32,
    ) -> u32;
    pub fn DuplicateHandle(
        from_process: u32,
        from: u32,
        to_process: u32,
        to: *mut u32,
        access: u32,
        inherit: u32,
        options: u32,
    ) -> u32;
    pub fn ExitProcess(status: u32) -> !;
    pub fn ExitThread(status: u32) -> !;
    pub fn FindClose(search: u32) -> u32;
    pub fn FindFirstFileW(path: *const u16, data: *mut u8) -> u32;
    pub fn FindNextFileW(search: u32, data: *mut u8) -> u32;
    pub fn FlushFileBuffers(file: u32) -> u32;
    pub fn GetCommandLineA() -> *const u8;
    pub fn GetCommandLineW() -> *const u16;
    pub fn GetConsoleMode(console: u32, mode: *mut u32) -> u32;
    pub fn GetCurrentDirectoryW(room: u32, target: *mut u16) -> u32;
    pub fn GetEnvironmentStringsW() -> *const u16;
    pub fn FreeEnvironmentStringsW(strings: *const u16) -> u32;
    pub fn GetCurrentProcessId() -> u32;
    pub fn GetExitCodeProcess(process: u32, status: *mut u32) -> u32;
    pub fn GetFileAttributesW(path: *const u16) -> u32;
    pub fn GetFileInformationByHandle(file: u32, information: *mut u8) -> u32;
    pub fn GetFileSizeEx(file: u32, size: *mut u64) -> u32;
    pub fn GetFileType(file: u32) -> u32;
    pub fn GetLastError() -> u32;
    pub fn GetStdHandle(which: u32) -> u32;
    pub fn GetTimeZoneInformation(target: *mut [u32; 43]) -> u32;
    pub fn LockFile(file: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> u32;
    pub fn GetFullPathNameW(path: *const u16, room: u32, target: *mut u16, part: *mut u32) -> u32;
    pub fn MoveFileW(old: *const u16, new: *const u16) -> u32;
    pub fn PeekConsoleInputA(console: u32, records: *mut u8, count: u32, done: *mut u32) -> u32;
    pub fn ReadConsoleInputA(console: u32, records: *mut u8, count: u32, done: *mut u32) -> u32;
    pub fn RaiseException(code: u32, flags: u32, count: u32, parameters: *const u32);
    pub fn UnhandledExceptionFilter(pointers: *const [u32; 2]) -> u32;
    pub fn ReadFile(file: u32, buffer: *mut u8, count: u32, done: *mut u32, overlapped: *const u32) -> u32;
    pub fn RemoveDirectoryW(path: *const u16) -> u32;
    pub fn ResumeThread(thread: u32) -> u32;
    pub fn SetConsoleMode(console: u32, mode: u32) -> u32;
    pub fn SetConsoleCtrlHandler(handler: u32, add: u32) -> u32;
    pub fn SetCurrentDirectoryW(path: *const u16) -> u32;
    pub fn SetEnvironmentVariableW(name: *const u16, value: *const u16) -> u32;
    pub fn SetErrorMode(mode: u32) -> u32;
    pub fn Sleep(milliseconds: u32);
    pub fn SetEndOfFile(file: u32) -> u32;
    pub fn SetFileAttributesW(path: *const u16, attributes: u32) -> u32;
    pub fn SetFileTime(file: u32, created: *const u64, accessed: *const u64, written: *const u64) -> u32;
    pub fn SetFilePointerEx(file: u32, distance: i64, result: *mut i64, method: u32) -> u32;
    pub fn SetStdHandle(which: u32, handle: u32) -> u32;
    pub fn TlsAlloc() -> u32;
    pub fn TlsGetValue(slot: u32) -> u32;
    pub fn TlsSetValue(slot: u32, value: u32) -> u32;
    pub fn WaitForSingleObject(handle: u32, milliseconds: u32) -> u32;
    pub fn UnlockFile(file: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> u32;
    pub fn WriteFile(file: u32, buffer: *const u8, count: u32, done: *mut u32, overlapped: *const u32) -> u32;
}
