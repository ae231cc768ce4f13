//! What this DLL imports from `ntdll`.

use abi::nt::context::ExceptionRecord;
use user_ffi::{AnsiString, UnicodeString};

/// The pseudo handle of the calling process.
pub const CURRENT_PROCESS: u32 = 0xFFFF_FFFF;
/// The pseudo handle of the calling thread.
pub const CURRENT_THREAD: u32 = 0xFFFF_FFFE;

#[link(name = "ntdll", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "system" {
    pub fn NtAllocateUserPhysicalPages(process: u32, count: *mut u32, frames: *mut u32) -> u32;
    pub fn NtAllocateVirtualMemory(
        process: u32,
        base: *mut u32,
        zero_bits: u32,
        size: *mut u32,
        kind: u32,
        protection: u32,
    ) -> u32;
    pub fn NtClose(handle: u32) -> u32;
    pub fn NtCreateFile(
        handle: *mut u32,
        access: u32,
        attributes: *const u32,
        status: *mut u32,
        size: *const u64,
        file_attributes: u32,
        share: u32,
        disposition: u32,
        options: u32,
        extended: *const u8,
        extended_length: u32,
    ) -> u32;
    pub fn NtCreateProcessEx(
        handle: *mut u32,
        access: u32,
        attributes: *const u32,
        parent: u32,
        flags: u32,
        section: u32,
        debug_port: u32,
        exception_port: u32,
        job_level: u32,
    ) -> u32;
    pub fn NtCreateSection(
        handle: *mut u32,
        access: u32,
        attributes: *const u32,
        size: *const u64,
        protection: u32,
        kind: u32,
        file: u32,
    ) -> u32;
    pub fn NtCreateThread(
        handle: *mut u32,
        access: u32,
        attributes: *const u32,
        process: u32,
        client: *mut u32,
        context: *const u8,
        stack: *const u32,
        suspended: u32,
    ) -> u32;
    pub fn NtCreateNamedPipeFile(
        handle: *mut u32,
        access: u32,
        attributes: *const u32,
        status: *mut u32,
        share: u32,
        disposition: u32,
        options: u32,
        kind: u32,
        read_mode: u32,
        completion: u32,
        instances: u32,
        in_quota: u32,
        out_quota: u32,
        timeout: *const i64,
    ) -> u32;
    pub fn NtFsControlFile(
        file: u32,
        event: u32,
        routine: u32,
        context: u32,
        status: *mut u32,
        code: u32,
        input: *const u8,
        input_length: u32,
        output: *mut u8,
        output_length: u32,
    ) -> u32;
    pub fn NtQuerySystemInformation(class: u32, buffer: *mut u8, length: u32, returned: *mut u32) -> u32;
    pub fn NtDelayExecution(alertable: u32, interval: *const i64) -> u32;
    pub fn NtDeviceIoControlFile(
        file: u32,
        event: u32,
        routine: u32,
        context: u32,
        status: *mut u32,
        code: u32,
        input: *const u8,
        input_length: u32,
        output: *mut u8,
        output_length: u32,
    ) -> u32;
    pub fn NtDuplicateObject(
        from_process: u32,
        from: u32,
        to_process: u32,
        to: *mut u32,
        access: u32,
        attributes: u32,
        options: u32,
    ) -> u32;
    pub fn NtFlushBuffersFile(file: u32, status: *mut u32) -> u32;
    pub fn NtFlushInstructionCache(process: u32, base: u32, size: u32) -> u32;
    pub fn NtFlushVirtualMemory(process: u32, base: *mut u32, size: *mut u32, status: *mut u32) -> u32;
    pub fn NtFreeUserPhysicalPages(process: u32, count: *mut u32, frames: *const u32) -> u32;
    pub fn NtFreeVirtualMemory(process: u32, base: *mut u32, size: *mut u32, kind: u32) -> u32;
    pub fn NtGetContextThread(thread: u32, context: *mut u8) -> u32;
    pub fn NtGetWriteWatch(
        process: u32,
        flags: u32,
        base: u32,
        size: u32,
        addresses: *mut u32,
        count: *mut u32,
        granularity: *mut u32,
    ) -> u32;
    pub fn NtLockFile(
        file: u32,
        event: u32,
        routine: u32,
        context: u32,
        status: *mut u32,
        first: *const u64,
        length: *const u64,
        key: u32,
        fails: u32,
        excludes: u32,
    ) -> u32;
    pub fn NtLockVirtualMemory(process: u32, base: *mut u32, size: *mut u32, kind: u32) -> u32;
    pub fn NtMapUserPhysicalPages(address: u32, count: u32, frames: *const u32) -> u32;
    pub fn NtMapUserPhysicalPagesScatter(addresses: *const u32, count: u32, frames: *const u32) -> u32;
    pub fn NtMapViewOfSection(
        section: u32,
        process: u32,
        base: *mut u32,
        zero_bits: u32,
        commit: u32,
        offset: *mut u64,
        size: *mut u32,
        disposition: u32,
        kind: u32,
        protection: u32,
    ) -> u32;
    pub fn NtOpenFile(
        handle: *mut u32,
        access: u32,
        attributes: *const u32,
        status: *mut u32,
        share: u32,
        options: u32,
    ) -> u32;
    pub fn NtOpenProcess(handle: *mut u32, access: u32, attributes: *const u32, client: *const u32) -> u32;
    pub fn NtProtectVirtualMemory(process: u32, base: *mut u32, size: *mut u32, protection: u32, old: *mut u32) -> u32;
    pub fn NtQueryAttributesFile(attributes: *const u32, information: *mut u8) -> u32;
    pub fn NtQueryFullAttributesFile(attributes: *const u32, information: *mut u8) -> u32;
    pub fn NtNotifyChangeDirectoryFile(
        file: u32,
        event: u32,
        routine: u32,
        context: u32,
        status: *mut u32,
        buffer: *mut u8,
        length: u32,
        filter: u32,
        tree: u32,
    ) -> u32;
    pub fn NtAlertThread(thread: u32) -> u32;
    pub fn NtCancelIoFile(file: u32, status: *mut u32) -> u32;
    pub fn NtQueryDirectoryFile(
        file: u32,
        event: u32,
        routine: u32,
        context: u32,
        status: *mut u32,
        buffer: *mut u8,
        length: u32,
        class: u32,
        single: u32,
        name: *const u32,
        restart: u32,
    ) -> u32;
    pub fn NtCreateSymbolicLinkObject(
        handle: *mut u32,
        access: u32,
        attributes: *const u32,
        target: *const UnicodeString,
    ) -> u32;
    pub fn NtMakeTemporaryObject(handle: u32) -> u32;
    pub fn NtOpenSymbolicLinkObject(handle: *mut u32, access: u32, attributes: *const u32) -> u32;
    pub fn NtQueryDirectoryObject(
        directory: u32,
        buffer: *mut u8,
        length: u32,
        single: u32,
        restart: u32,
        context: *mut u32,
        returned: *mut u32,
    ) -> u32;
    pub fn NtQuerySymbolicLinkObject(link: u32, target: *mut UnicodeString, length: *mut u32) -> u32;
    pub fn NtQueryInformationFile(file: u32, status: *mut u32, buffer: *mut u8, length: u32, class: u32) -> u32;
    pub fn NtQueryInformationProcess(process: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32)
    -> u32;
    pub fn NtQuerySection(section: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32) -> u32;
    pub fn NtQueryObject(handle: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32) -> u32;
    pub fn NtSetInformationObject(handle: u32, class: u32, buffer: *const u8, length: u32) -> u32;
    pub fn NtQueryPerformanceCounter(counter: *mut u64, frequency: *mut u64) -> u32;
    pub fn NtQueryVirtualMemory(
        process: u32,
        address: u32,
        class: u32,
        buffer: *mut u8,
        length: u32,
        returned: *mut u32,
    ) -> u32;
    pub fn NtQueryVolumeInformationFile(file: u32, status: *mut u32, buffer: *mut u8, length: u32, class: u32) -> u32;
    pub fn NtReadFile(
        file: u32,
        event: u32,
        routine: u32,
        context: u32,
        status: *mut u32,
        buffer: *mut u8,
        length: u32,
        offset: *const u64,
        key: *const u32,
    ) -> u32;
    pub fn NtReadVirtualMemory(process: u32, address: u32, buffer: *mut u8, length: u32, copied: *mut u32) -> u32;
    pub fn NtSetInformationFile(file: u32, status: *mut u32, buffer: *const u8, length: u32, class: u32) -> u32;
    pub fn NtResumeThread(thread: u32, previous: *mut u32) -> u32;
    pub fn NtSetInformationProcess(process: u32, class: u32, buffer: *const u8, length: u32) -> u32;
    pub fn NtRaiseHardError(
        status: u32,
        count: u32,
        text_mask: u32,
        parameters: *const u32,
        options: u32,
        response: *mut u32,
    ) -> u32;
    pub fn NtSetContextThread(thread: u32, context: *const u8) -> u32;
    pub fn RtlRaiseException(record: *mut ExceptionRecord);
    pub fn NtTerminateProcess(process: u32, status: u32) -> u32;
    pub fn NtUnlockFile(file: u32, status: *mut u32, first: *const u64, length: *const u64, key: u32) -> u32;
    pub fn NtUnlockVirtualMemory(process: u32, base: *mut u32, size: *mut u32, kind: u32) -> u32;
    pub fn NtUnmapViewOfSection(process: u32, base: u32) -> u32;
    pub fn NtWriteFile(
        file: u32,
        event: u32,
        routine: u32,
        context: u32,
        status: *mut u32,
        buffer: *const u8,
        length: u32,
        offset: *const u64,
        key: *const u32,
    ) -> u32;
    pub fn NtWriteVirtualMemory(process: u32, address: u32, buffer: *const u8, length: u32, copied: *mut u32) -> u32;
    pub fn NtYieldExecution() -> u32;

    /// Calls a function under the handler that asks UnhandledExceptionFilter.
    pub fn VadoseCallUnderLastResort(entry: u32, argument: u32, filter: u32) -> u32;
    pub fn NtCreateEvent(handle: *mut u32, access: u32, attributes: *const u32, kind: u32, signalled: u32) -> u32;
    pub fn NtCreateMutant(handle: *mut u32, access: u32, attributes: *const u32, owned: u32) -> u32;
    pub fn NtCreateSemaphore(handle: *mut u32, access: u32, attributes: *const u32, count: i32, limit: i32) -> u32;
    pub fn NtOpenDirectoryObject(handle: *mut u32, access: u32, attributes: *const u32) -> u32;
    pub fn NtOpenSection(handle: *mut u32, access: u32, attributes: *const u32) -> u32;
    pub fn NtOpenEvent(handle: *mut u32, access: u32, attributes: *const u32) -> u32;
    pub fn NtOpenMutant(handle: *mut u32, access: u32, attributes: *const u32) -> u32;
    pub fn NtOpenSemaphore(handle: *mut u32, access: u32, attributes: *const u32) -> u32;
    pub fn NtCancelTimer(timer: u32, state: *mut u8) -> u32;
    pub fn NtCreateTimer(handle: *mut u32, access: u32, attributes: *const u32, kind: u32) -> u32;
    pub fn NtOpenTimer(handle: *mut u32, access: u32, attributes: *const u32) -> u32;
    pub fn NtAssignProcessToJobObject(job: u32, process: u32) -> u32;
    pub fn NtCreateIoCompletion(handle: *mut u32, access: u32, attributes: *const u32, threads: u32) -> u32;
    pub fn NtQueryIoCompletion(port: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32) -> u32;
    pub fn NtSetIoCompletion(port: u32, key: u32, context: u32, status: u32, information: u32) -> u32;
    pub fn NtRemoveIoCompletion(
        port: u32,
        key: *mut u32,
        context: *mut u32,
        status: *mut u32,
        timeout: *const i64,
    ) -> u32;
    pub fn NtCreateJobObject(handle: *mut u32, access: u32, attributes: *const u32) -> u32;
    pub fn NtIsProcessInJob(process: u32, job: u32) -> u32;
    pub fn NtOpenJobObject(handle: *mut u32, access: u32, attributes: *const u32) -> u32;
    pub fn NtQueryInformationJobObject(job: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32) -> u32;
    pub fn NtSetInformationJobObject(job: u32, class: u32, buffer: *const u8, length: u32) -> u32;
    pub fn NtTerminateJobObject(job: u32, status: u32) -> u32;
    pub fn NtAdjustPrivilegesToken(
        token: u32,
        disable_all: u32,
        wanted: *const u32,
        length: u32,
        previous: *mut u32,
        returned: *mut u32,
    ) -> u32;
    pub fn NtOpenProcessToken(process: u32, access: u32, token: *mut u32) -> u32;
    pub fn NtSetSystemInformation(class: u32, information: *const u8, length: u32) -> u32;
    pub fn NtSetSystemTime(time: *const u64, before: *mut u64) -> u32;
    pub fn NtSetTimer(
        timer: u32,
        due: *const i64,
        routine: u32,
        context: u32,
        resume: u32,
        period: i32,
        before: *mut u8,
    ) -> u32;
    pub fn NtOpenThread(handle: *mut u32, access: u32, attributes: *const u32, client: *const u32) -> u32;
    pub fn NtPulseEvent(event: u32, previous: *mut u32) -> u32;
    pub fn NtQueryInformationThread(thread: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32) -> u32;
    pub fn NtQueueApcThread(thread: u32, routine: u32, context: u32, first: u32, second: u32) -> u32;
    pub fn NtReleaseMutant(mutant: u32, previous: *mut u32) -> u32;
    pub fn NtReleaseSemaphore(semaphore: u32, count: i32, previous: *mut u32) -> u32;
    pub fn NtResetEvent(event: u32, previous: *mut u32) -> u32;
    pub fn NtResetWriteWatch(process: u32, base: u32, size: u32) -> u32;
    pub fn NtSetEvent(event: u32, previous: *mut u32) -> u32;
    pub fn NtSetInformationThread(thread: u32, class: u32, buffer: *const u8, length: u32) -> u32;
    pub fn NtSuspendThread(thread: u32, previous: *mut u32) -> u32;
    pub fn NtTerminateThread(thread: u32, status: u32) -> u32;
    pub fn NtWaitForMultipleObjects(
        count: u32,
        handles: *const u32,
        kind: u32,
        alertable: u32,
        timeout: *const i64,
    ) -> u32;
    pub fn NtWaitForSingleObject(handle: u32, alertable: u32, timeout: *const i64) -> u32;

    pub fn LdrAddRefDll(flags: u32, base: u32) -> u32;
    pub fn LdrDisableThreadCalloutsForDll(base: u32) -> u32;
    pub fn LdrGetDllHandle(path: *const u16, flags: *const u32, name: *const UnicodeString, base: *mut u32) -> u32;
    pub fn LdrGetProcedureAddress(base: u32, name: *const AnsiString, ordinal: u32, address: *mut u32) -> u32;
    pub fn LdrLoadDll(path: *const u16, flags: *const u32, name: *const UnicodeString, base: *mut u32) -> u32;
    pub fn LdrShutdownProcess();
    pub fn LdrUnloadDll(base: u32) -> u32;

    pub fn LdrShutdownThread();
    pub fn RtlAllocateHeap(heap: u32, flags: u32, size: u32) -> u32;
    pub fn RtlCreateHeap(flags: u32, base: u32, reserve: u32, commit: u32, lock: u32, parameters: u32) -> u32;
    pub fn RtlEnterCriticalSection(section: u32) -> u32;
    pub fn RtlLeaveCriticalSection(section: u32) -> u32;
    pub fn RtlDestroyHeap(heap: u32) -> u32;
    pub fn RtlFreeHeap(heap: u32, flags: u32, address: u32) -> u32;
    pub fn RtlInitializeCriticalSectionAndSpinCount(section: *mut u8, spin: u32) -> u32;
    pub fn RtlLockHeap(heap: u32) -> u8;
    pub fn RtlReAllocateHeap(heap: u32, flags: u32, address: u32, size: u32) -> u32;
    pub fn RtlSizeHeap(heap: u32, flags: u32, address: u32) -> u32;
    pub fn RtlUnlockHeap(heap: u32) -> u8;
    pub fn RtlValidateHeap(heap: u32, flags: u32, address: u32) -> u8;
    pub fn RtlWalkHeap(heap: u32, entry: *mut u8) -> u32;
}

#[link(name = "ntdll", kind = "raw-dylib", import_name_type = "undecorated")]
unsafe extern "C" {
    pub fn DbgPrint(format: *const u8, ...) -> u32;
}
