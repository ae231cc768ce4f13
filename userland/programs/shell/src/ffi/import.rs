//! What the shell imports.

/// `LPPROGRESS_ROUTINE`: sizes and bytes copied, of the file and of its stream; the stream's number, why, both handles, and the
/// watcher's own word.
pub type ProgressRoutine = unsafe extern "system" fn(u64, u64, u64, u64, u32, u32, u32, u32, u32) -> u32;

#[link(name = "kernel32", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn CloseHandle(handle: u32) -> u32;
    pub fn CopyFileExW(
        from: *const u16,
        to: *const u16,
        routine: ProgressRoutine,
        data: u32,
        cancel: *const u32,
        flags: u32,
    ) -> u32;
    pub fn CreateDirectoryW(path: *const u16, security: u32) -> u32;
    pub fn CreateFileW(
        name: *const u16,
        access: u32,
        share: u32,
        security: u32,
        creation: u32,
        flags: u32,
        template: u32,
    ) -> u32;
    pub fn CreatePipe(reader: *mut u32, writer: *mut u32, security: u32, size: u32) -> u32;
    pub fn CreateProcessW(
        image: *const u16,
        command_line: *mut u16,
        process: u32,
        thread: u32,
        inherit: u32,
        flags: u32,
        environment: u32,
        directory: u32,
        startup: *const u32,
        information: *mut u32,
    ) -> u32;
    pub fn DeleteFileW(path: *const u16) -> u32;
    pub fn ExitProcess(status: u32) -> !;
    pub fn FindClose(search: u32) -> u32;
    pub fn FindFirstFileW(path: *const u16, data: *mut u8) -> u32;
    pub fn FindNextFileW(search: u32, data: *mut u8) -> u32;
    pub fn FreeEnvironmentStringsW(strings: *const u16) -> u32;
    pub fn GetCommandLineW() -> *const u16;
    pub fn GetConsoleScreenBufferInfo(handle: u32, information: *mut u8) -> u32;
    pub fn GetCurrentDirectoryW(room: u32, target: *mut u16) -> u32;
    pub fn GetCurrentProcessId() -> u32;
    pub fn GetDiskFreeSpaceW(
        root: *const u16,
        sectors: *mut u32,
        bytes: *mut u32,
        free: *mut u32,
        clusters: *mut u32,
    ) -> u32;
    pub fn GetEnvironmentStringsW() -> *const u16;
    pub fn GetEnvironmentVariableW(name: *const u16, target: *mut u16, room: u32) -> u32;
    pub fn GetExitCodeProcess(process: u32, status: *mut u32) -> u32;
    pub fn GetFileAttributesW(path: *const u16) -> u32;
    pub fn GetLastError() -> u32;
    pub fn GetProcessHeap() -> u32;
    pub fn GetStdHandle(which: u32) -> u32;
    pub fn GetSystemTimeAsFileTime(time: *mut u64);
    pub fn GetTickCount() -> u32;
    pub fn HeapAlloc(heap: u32, flags: u32, size: u32) -> *mut u8;
    pub fn HeapFree(heap: u32, flags: u32, block: *mut u8) -> u32;
    pub fn MoveFileExW(from: *const u16, to: *const u16, flags: u32) -> u32;
    pub fn OpenProcess(access: u32, inherit: u32, identifier: u32) -> u32;
    pub fn ReadConsoleInputW(handle: u32, records: *mut u8, count: u32, done: *mut u32) -> u32;
    pub fn ReadFile(file: u32, buffer: *mut u8, count: u32, done: *mut u32, overlapped: u32) -> u32;
    pub fn RemoveDirectoryW(path: *const u16) -> u32;
    pub fn ResumeThread(thread: u32) -> u32;
    pub fn SetConsoleMode(handle: u32, mode: u32) -> u32;
    pub fn SetFilePointer(file: u32, distance: u32, high: *mut u32, from: u32) -> u32;
    pub fn SetHandleInformation(handle: u32, mask: u32, flags: u32) -> u32;
    pub fn SetCurrentDirectoryW(path: *const u16) -> u32;
    pub fn SetEnvironmentVariableW(name: *const u16, value: *const u16) -> u32;
    pub fn TerminateProcess(process: u32, status: u32) -> u32;
    pub fn WaitForSingleObject(handle: u32, milliseconds: u32) -> u32;
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
        output: *mut u8,
        output_length: u32,
    ) -> u32;
    pub fn NtQuerySystemInformation(class: u32, buffer: *mut u32, length: u32, returned: *mut u32) -> u32;
    pub fn NtQueryVirtualMemory(
        process: u32,
        address: u32,
        class: u32,
        buffer: *mut u32,
        length: u32,
        returned: u32,
    ) -> u32;
    pub fn NtShutdownSystem(action: u32) -> u32;
    pub fn RtlNtStatusToDosError(status: u32) -> u32;
}
