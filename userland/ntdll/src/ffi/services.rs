//! The system services: per service two functions, `Nt` and `Zw`, which are the same in ring 3.
//!
//! Each puts its number into eax and crosses over (see `system_call`); the kernel checks every argument, so the
//! stubs are only `unsafe` because a service may change any memory of the process. Numbers are those of Windows XP.

use core::arch::naked_asm;

use abi::service::Service;

/// The pseudo handle of the calling process.
pub const CURRENT_PROCESS: u32 = 0xFFFF_FFFF;

macro_rules! services {
    ($($nt:ident $zw:ident ($($argument:ident: $kind:ty),*);)*) => {
        /// How many services have stubs.
        const STUBS: usize = [$(stringify!($nt)),*].len();
        $(
        #[doc = concat!("System service `", stringify!($nt), "`.")]
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $nt($($argument: $kind),*) -> u32 {
            stub!($nt, ($($argument),*))
        }

        #[doc = concat!("The same as [`", stringify!($nt), "`].")]
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $zw($($argument: $kind),*) -> u32 {
            stub!($nt, ($($argument),*))
        }
    )*};
}

/// The body of a stub. The number and how many bytes the service takes are the kernel's own constants.
macro_rules! stub {
    ($nt:ident, ($($argument:ident),*)) => {
        naked_asm!(
            "mov eax, {number}",
            "mov edx, 0x7FFE0300",
            "call dword ptr [edx]",
            "ret {bytes}",
            number = const Service::$nt.number(),
            bytes = const {
                let names: &[&str] = &[$(stringify!($argument)),*];
                assert!(names.len() as u32 == Service::$nt.arguments());
                4 * names.len()
            },
        )
    };
}

// Every service that the system means to have can be called.
const _: () = assert!(STUBS == Service::ALL.len());

services! {
    NtAdjustPrivilegesToken ZwAdjustPrivilegesToken (token: u32, disable_all: u32, wanted: *const u32, length: u32, previous: *mut u32, returned: *mut u32);
    NtAlertResumeThread ZwAlertResumeThread (thread: u32, before: *mut u32);
    NtAlertThread ZwAlertThread (thread: u32);
    NtAllocateUserPhysicalPages ZwAllocateUserPhysicalPages (process: u32, count: *mut u32, frames: *mut u32);
    NtAllocateVirtualMemory ZwAllocateVirtualMemory (process: u32, base: *mut u32, zero_bits: u32, size: *mut u32, kind: u32, protection: u32);
    NtAreMappedFilesTheSame ZwAreMappedFilesTheSame (first: u32, second: u32);
    NtAssignProcessToJobObject ZwAssignProcessToJobObject (job: u32, process: u32);
    NtCancelIoFile ZwCancelIoFile (file: u32, status: *mut u32);
    NtCancelTimer ZwCancelTimer (timer: u32, state: *mut u32);
    NtClearEvent ZwClearEvent (event: u32);
    NtClose ZwClose (handle: u32);
    NtContinue ZwContinue (context: *const u8, test_alert: u32);
    NtCreateDirectoryObject ZwCreateDirectoryObject (handle: *mut u32, access: u32, attributes: *const u32);
    NtCreateEvent ZwCreateEvent (handle: *mut u32, access: u32, attributes: *const u32, kind: u32, signalled: u32);
    NtCreateFile ZwCreateFile (handle: *mut u32, access: u32, attributes: *const u32, status: *mut u32, size: *const u64, file_attributes: u32, share: u32, disposition: u32, options: u32, extended: *const u8, extended_length: u32);
    NtCreateIoCompletion ZwCreateIoCompletion (handle: *mut u32, access: u32, attributes: *const u32, threads: u32);
    NtCreateJobObject ZwCreateJobObject (handle: *mut u32, access: u32, attributes: *const u32);
    NtCreateMutant ZwCreateMutant (handle: *mut u32, access: u32, attributes: *const u32, owned: u32);
    NtCreateNamedPipeFile ZwCreateNamedPipeFile (handle: *mut u32, access: u32, attributes: *const u32, status: *mut u32, share: u32, disposition: u32, options: u32, kind: u32, read_mode: u32, completion: u32, instances: u32, in_quota: u32, out_quota: u32, timeout: *const i64);
    NtCreatePagingFile ZwCreatePagingFile (name: *const u32, minimum: *const u64, maximum: *const u64, priority: u32);
    NtCreateProcess ZwCreateProcess (handle: *mut u32, access: u32, attributes: *const u32, parent: u32, inherit: u32, section: u32, debug_port: u32, exception_port: u32);
    NtCreateProcessEx ZwCreateProcessEx (handle: *mut u32, access: u32, attributes: *const u32, parent: u32, flags: u32, section: u32, debug_port: u32, exception_port: u32, job_level: u32);
    NtCreateSection ZwCreateSection (handle: *mut u32, access: u32, attributes: *const u32, size: *const u64, protection: u32, kind: u32, file: u32);
    NtCreateSemaphore ZwCreateSemaphore (handle: *mut u32, access: u32, attributes: *const u32, count: i32, limit: i32);
    NtCreateSymbolicLinkObject ZwCreateSymbolicLinkObject (handle: *mut u32, access: u32, attributes: *const u32, target: *const u32);
    NtCreateThread ZwCreateThread (handle: *mut u32, access: u32, attributes: *const u32, process: u32, client: *mut u32, context: *const u8, stack: *const u32, suspended: u32);
    NtCreateTimer ZwCreateTimer (handle: *mut u32, access: u32, attributes: *const u32, kind: u32);
    NtDelayExecution ZwDelayExecution (alertable: u32, interval: *const i64);
    NtDeleteFile ZwDeleteFile (attributes: *const u32);
    NtDeviceIoControlFile ZwDeviceIoControlFile (file: u32, event: u32, routine: u32, context: u32, status: *mut u32, code: u32, input: *const u8, input_length: u32, output: *mut u8, output_length: u32);
    NtDisplayString ZwDisplayString (text: *const u32);
    NtDuplicateObject ZwDuplicateObject (from_process: u32, from: u32, to_process: u32, to: *mut u32, access: u32, attributes: u32, options: u32);
    NtDuplicateToken ZwDuplicateToken (token: u32, access: u32, attributes: *const u32, effective_only: u32, kind: u32, new: *mut u32);
    NtExtendSection ZwExtendSection (section: u32, size: *mut u64);
    NtFlushBuffersFile ZwFlushBuffersFile (file: u32, status: *mut u32);
    NtFlushInstructionCache ZwFlushInstructionCache (process: u32, base: u32, size: u32);
    NtFlushVirtualMemory ZwFlushVirtualMemory (process: u32, base: *mut u32, size: *mut u32, status: *mut u32);
    NtFreeUserPhysicalPages ZwFreeUserPhysicalPages (process: u32, count: *mut u32, frames: *const u32);
    NtFreeVirtualMemory ZwFreeVirtualMemory (process: u32, base: *mut u32, size: *mut u32, kind: u32);
    NtFsControlFile ZwFsControlFile (file: u32, event: u32, routine: u32, context: u32, status: *mut u32, code: u32, input: *const u8, input_length: u32, output: *mut u8, output_length: u32);
    NtGetContextThread ZwGetContextThread (thread: u32, context: *mut u8);
    NtGetWriteWatch ZwGetWriteWatch (process: u32, flags: u32, base: u32, size: u32, addresses: *mut u32, count: *mut u32, granularity: *mut u32);
    NtIsProcessInJob ZwIsProcessInJob (process: u32, job: u32);
    NtLockFile ZwLockFile (file: u32, event: u32, routine: u32, context: u32, status: *mut u32, first: *const u64, length: *const u64, key: u32, fails: u32, excludes: u32);
    NtLockVirtualMemory ZwLockVirtualMemory (process: u32, base: *mut u32, size: *mut u32, kind: u32);
    NtMakeTemporaryObject ZwMakeTemporaryObject (handle: u32);
    NtMapUserPhysicalPages ZwMapUserPhysicalPages (address: u32, count: u32, frames: *const u32);
    NtMapUserPhysicalPagesScatter ZwMapUserPhysicalPagesScatter (addresses: *const u32, count: u32, frames: *const u32);
    NtMapViewOfSection ZwMapViewOfSection (section: u32, process: u32, base: *mut u32, zero_bits: u32, commit: u32, offset: *mut u64, size: *mut u32, inherit: u32, kind: u32, protection: u32);
    NtNotifyChangeDirectoryFile ZwNotifyChangeDirectoryFile (file: u32, event: u32, routine: u32, context: u32, status: *mut u32, buffer: *mut u8, length: u32, filter: u32, tree: u32);
    NtOpenDirectoryObject ZwOpenDirectoryObject (handle: *mut u32, access: u32, attributes: *const u32);
    NtOpenEvent ZwOpenEvent (handle: *mut u32, access: u32, attributes: *const u32);
    NtOpenFile ZwOpenFile (handle: *mut u32, access: u32, attributes: *const u32, status: *mut u32, share: u32, options: u32);
    NtOpenIoCompletion ZwOpenIoCompletion (handle: *mut u32, access: u32, attributes: *const u32);
    NtOpenJobObject ZwOpenJobObject (handle: *mut u32, access: u32, attributes: *const u32);
    NtOpenMutant ZwOpenMutant (handle: *mut u32, access: u32, attributes: *const u32);
    NtOpenProcess ZwOpenProcess (handle: *mut u32, access: u32, attributes: *const u32, client: *const u32);
    NtOpenProcessToken ZwOpenProcessToken (process: u32, access: u32, token: *mut u32);
    NtOpenProcessTokenEx ZwOpenProcessTokenEx (process: u32, access: u32, attributes: u32, token: *mut u32);
    NtOpenSection ZwOpenSection (handle: *mut u32, access: u32, attributes: *const u32);
    NtOpenSemaphore ZwOpenSemaphore (handle: *mut u32, access: u32, attributes: *const u32);
    NtOpenSymbolicLinkObject ZwOpenSymbolicLinkObject (handle: *mut u32, access: u32, attributes: *const u32);
    NtOpenThread ZwOpenThread (handle: *mut u32, access: u32, attributes: *const u32, client: *const u32);
    NtOpenThreadToken ZwOpenThreadToken (thread: u32, access: u32, as_self: u32, token: *mut u32);
    NtOpenThreadTokenEx ZwOpenThreadTokenEx (thread: u32, access: u32, as_self: u32, attributes: u32, token: *mut u32);
    NtOpenTimer ZwOpenTimer (handle: *mut u32, access: u32, attributes: *const u32);
    NtPrivilegeCheck ZwPrivilegeCheck (token: u32, set: *mut u32, result: *mut u8);
    NtProtectVirtualMemory ZwProtectVirtualMemory (process: u32, base: *mut u32, size: *mut u32, protection: u32, old: *mut u32);
    NtPulseEvent ZwPulseEvent (event: u32, previous: *mut u32);
    NtQueryAttributesFile ZwQueryAttributesFile (attributes: *const u32, information: *mut u8);
    NtQueryDirectoryFile ZwQueryDirectoryFile (file: u32, event: u32, routine: u32, context: u32, status: *mut u32, buffer: *mut u8, length: u32, class: u32, single: u32, name: *const u32, restart: u32);
    NtQueryDirectoryObject ZwQueryDirectoryObject (directory: u32, buffer: *mut u8, length: u32, single: u32, restart: u32, context: *mut u32, returned: *mut u32);
    NtQueryEvent ZwQueryEvent (event: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32);
    NtQueryFullAttributesFile ZwQueryFullAttributesFile (attributes: *const u32, information: *mut u8);
    NtQueryInformationFile ZwQueryInformationFile (file: u32, status: *mut u32, buffer: *mut u8, length: u32, class: u32);
    NtQueryInformationJobObject ZwQueryInformationJobObject (job: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32);
    NtQueryInformationProcess ZwQueryInformationProcess (process: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32);
    NtQueryInformationThread ZwQueryInformationThread (thread: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32);
    NtQueryInformationToken ZwQueryInformationToken (token: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32);
    NtQueryIoCompletion ZwQueryIoCompletion (port: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32);
    NtQueryMutant ZwQueryMutant (mutant: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32);
    NtQueryObject ZwQueryObject (handle: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32);
    NtQueryPerformanceCounter ZwQueryPerformanceCounter (counter: *mut u64, frequency: *mut u64);
    NtQuerySection ZwQuerySection (section: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32);
    NtQuerySemaphore ZwQuerySemaphore (semaphore: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32);
    NtQuerySymbolicLinkObject ZwQuerySymbolicLinkObject (link: u32, target: *mut u32, length: *mut u32);
    NtQuerySystemInformation ZwQuerySystemInformation (class: u32, buffer: *mut u8, length: u32, returned: *mut u32);
    NtQuerySystemTime ZwQuerySystemTime (time: *mut u64);
    NtQueryTimer ZwQueryTimer (timer: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32);
    NtQueryVirtualMemory ZwQueryVirtualMemory (process: u32, address: u32, class: u32, buffer: *mut u8, length: u32, returned: *mut u32);
    NtQueryVolumeInformationFile ZwQueryVolumeInformationFile (file: u32, status: *mut u32, buffer: *mut u8, length: u32, class: u32);
    NtQueueApcThread ZwQueueApcThread (thread: u32, routine: u32, context: u32, first: u32, second: u32);
    NtRaiseException ZwRaiseException (record: *const u8, context: *const u8, first_chance: u32);
    NtRaiseHardError ZwRaiseHardError (status: u32, count: u32, text_mask: u32, parameters: *const u32, options: u32, response: *mut u32);
    NtReadFile ZwReadFile (file: u32, event: u32, routine: u32, context: u32, status: *mut u32, buffer: *mut u8, length: u32, offset: *const u64, key: *const u32);
    NtReadVirtualMemory ZwReadVirtualMemory (process: u32, address: u32, buffer: *mut u8, length: u32, copied: *mut u32);
    NtReleaseMutant ZwReleaseMutant (mutant: u32, previous: *mut u32);
    NtReleaseSemaphore ZwReleaseSemaphore (semaphore: u32, count: i32, previous: *mut u32);
    NtRemoveIoCompletion ZwRemoveIoCompletion (port: u32, key: *mut u32, context: *mut u32, status: *mut u32, timeout: *const i64);
    NtResetEvent ZwResetEvent (event: u32, previous: *mut u32);
    NtResetWriteWatch ZwResetWriteWatch (process: u32, base: u32, size: u32);
    NtResumeThread ZwResumeThread (thread: u32, previous: *mut u32);
    NtSetContextThread ZwSetContextThread (thread: u32, context: *const u8);
    NtSetEvent ZwSetEvent (event: u32, previous: *mut u32);
    NtSetInformationFile ZwSetInformationFile (file: u32, status: *mut u32, buffer: *const u8, length: u32, class: u32);
    NtSetInformationJobObject ZwSetInformationJobObject (job: u32, class: u32, buffer: *const u8, length: u32);
    NtSetInformationObject ZwSetInformationObject (handle: u32, class: u32, buffer: *const u8, length: u32);
    NtSetInformationProcess ZwSetInformationProcess (process: u32, class: u32, buffer: *const u8, length: u32);
    NtSetInformationThread ZwSetInformationThread (thread: u32, class: u32, buffer: *const u8, length: u32);
    NtSetIoCompletion ZwSetIoCompletion (port: u32, key: u32, context: u32, status: u32, information: u32);
    NtSetSystemInformation ZwSetSystemInformation (class: u32, information: *const u8, length: u32);
    NtSetSystemTime ZwSetSystemTime (time: *const u64, before: *mut u64);
    NtSetTimer ZwSetTimer (timer: u32, due: *const i64, routine: u32, context: u32, resume: u32, period: i32, state: *mut u32);
    NtShutdownSystem ZwShutdownSystem (action: u32);
    NtSuspendThread ZwSuspendThread (thread: u32, previous: *mut u32);
    NtSystemDebugControl ZwSystemDebugControl (command: u32, input: *const u8, input_length: u32, output: *mut u8, output_length: u32, returned: *mut u32);
    NtTerminateJobObject ZwTerminateJobObject (job: u32, status: u32);
    NtTerminateProcess ZwTerminateProcess (process: u32, status: u32);
    NtTerminateThread ZwTerminateThread (thread: u32, status: u32);
    NtTestAlert ZwTestAlert ();
    NtUnlockFile ZwUnlockFile (file: u32, status: *mut u32, first: *const u64, length: *const u64, key: u32);
    NtUnlockVirtualMemory ZwUnlockVirtualMemory (process: u32, base: *mut u32, size: *mut u32, kind: u32);
    NtUnmapViewOfSection ZwUnmapViewOfSection (process: u32, base: u32);
    NtWaitForMultipleObjects ZwWaitForMultipleObjects (count: u32, handles: *const u32, kind: u32, alertable: u32, timeout: *const i64);
    NtWaitForSingleObject ZwWaitForSingleObject (handle: u32, alertable: u32, timeout: *const i64);
    NtWriteFile ZwWriteFile (file: u32, event: u32, routine: u32, context: u32, status: *mut u32, buffer: *const u8, length: u32, offset: *const u64, key: *const u32);
    NtWriteVirtualMemory ZwWriteVirtualMemory (process: u32, address: u32, buffer: *const u8, length: u32, copied: *mut u32);
    NtYieldExecution ZwYieldExecution ();
}
