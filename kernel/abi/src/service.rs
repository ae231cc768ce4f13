//! System services: XP's numbers and how many words of arguments each takes.
//!
//! A program puts the number into EAX. Bits 12 and 13 select the table, 0 for the executive; the arguments are 4-byte words
//! on its stack. XP knows 11C services; those listed here are the ones that this system means to have.
//!
//! Source: the service table of XP SP2 and SP3 as Volatility publishes it; argument counts from public declarations.

/// Services in XP's table: a number from here on is `STATUS_INVALID_SYSTEM_SERVICE`.
#[doc(alias = "KiServiceLimit")]
pub const SERVICE_LIMIT: u32 = 0x11C;

/// Most words of arguments that any service takes.
pub const MAXIMUM_ARGUMENTS: usize = 14;

macro_rules! services {
    ($($name:ident = $number:literal, $arguments:literal;)*) => {
        /// A system service.
        #[doc(alias = "KiServiceTable")]
        #[allow(missing_docs, reason = "the names are NT's")]
        #[repr(u16)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Service { $($name = $number,)* }

        impl Service {
            /// All of them, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The service that `number` (EAX, with the table in bits 12 and 13) names.
            #[inline(always)]
            pub const fn from_number(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Words of arguments.
            #[doc(alias = "KiArgumentTable")]
            #[inline]
            pub const fn arguments(self) -> u32 {
                match self { $(Self::$name => $arguments,)* }
            }

            /// NT's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

impl Service {
    /// What a program puts into EAX.
    #[inline]
    pub const fn number(self) -> u32 {
        self as u32
    }
}

services! {
    NtAdjustPrivilegesToken = 0x0B, 6;
    NtAlertResumeThread = 0x0C, 2;
    NtAlertThread = 0x0D, 1;
    NtAllocateUserPhysicalPages = 0x0F, 3;
    NtAllocateVirtualMemory = 0x11, 6;
    NtAreMappedFilesTheSame = 0x12, 2;
    NtAssignProcessToJobObject = 0x13, 2;
    NtCancelIoFile = 0x16, 2;
    NtCancelTimer = 0x17, 2;
    NtClearEvent = 0x18, 1;
    NtClose = 0x19, 1;
    NtContinue = 0x20, 2;
    NtCreateDirectoryObject = 0x22, 3;
    NtCreateEvent = 0x23, 5;
    NtCreateFile = 0x25, 11;
    NtCreateIoCompletion = 0x26, 4;
    NtCreateJobObject = 0x27, 3;
    NtCreateMutant = 0x2B, 4;
    NtCreateNamedPipeFile = 0x2C, 14;
    NtCreatePagingFile = 0x2D, 4;
    NtCreateProcess = 0x2F, 8;
    NtCreateProcessEx = 0x30, 9;
    NtCreateSection = 0x32, 7;
    NtCreateSemaphore = 0x33, 5;
    NtCreateSymbolicLinkObject = 0x34, 4;
    NtCreateThread = 0x35, 8;
    NtCreateTimer = 0x36, 4;
    NtDelayExecution = 0x3B, 2;
    NtDeleteFile = 0x3E, 1;
    NtDeviceIoControlFile = 0x42, 10;
    NtDisplayString = 0x43, 1;
    NtDuplicateObject = 0x44, 7;
    NtDuplicateToken = 0x45, 6;
    NtExtendSection = 0x4A, 2;
    NtFlushBuffersFile = 0x4D, 2;
    NtFlushInstructionCache = 0x4E, 3;
    NtFlushVirtualMemory = 0x50, 4;
    NtFreeUserPhysicalPages = 0x52, 3;
    NtFreeVirtualMemory = 0x53, 4;
    NtFsControlFile = 0x54, 10;
    NtGetContextThread = 0x55, 2;
    NtGetWriteWatch = 0x58, 7;
    NtIsProcessInJob = 0x5E, 2;
    NtLockFile = 0x64, 10;
    NtLockVirtualMemory = 0x67, 4;
    NtMakeTemporaryObject = 0x69, 1;
    NtMapUserPhysicalPages = 0x6A, 3;
    NtMapUserPhysicalPagesScatter = 0x6B, 3;
    NtMapViewOfSection = 0x6C, 10;
    NtNotifyChangeDirectoryFile = 0x6E, 9;
    NtOpenDirectoryObject = 0x71, 3;
    NtOpenEvent = 0x72, 3;
    NtOpenFile = 0x74, 6;
    NtOpenIoCompletion = 0x75, 3;
    NtOpenJobObject = 0x76, 3;
    NtOpenMutant = 0x78, 3;
    NtOpenProcess = 0x7A, 4;
    NtOpenProcessToken = 0x7B, 3;
    NtOpenProcessTokenEx = 0x7C, 4;
    NtOpenSection = 0x7D, 3;
    NtOpenSemaphore = 0x7E, 3;
    NtOpenSymbolicLinkObject = 0x7F, 3;
    NtOpenThread = 0x80, 4;
    NtOpenThreadToken = 0x81, 4;
    NtOpenThreadTokenEx = 0x82, 5;
    NtOpenTimer = 0x83, 3;
    NtPrivilegeCheck = 0x86, 3;
    NtProtectVirtualMemory = 0x89, 5;
    NtPulseEvent = 0x8A, 2;
    NtQueryAttributesFile = 0x8B, 2;
    NtQueryDirectoryFile = 0x91, 11;
    NtQueryDirectoryObject = 0x92, 7;
    NtQueryEvent = 0x94, 5;
    NtQueryFullAttributesFile = 0x95, 2;
    NtQueryInformationFile = 0x97, 5;
    NtQueryInformationJobObject = 0x98, 5;
    NtQueryInformationProcess = 0x9A, 5;
    NtQueryInformationThread = 0x9B, 5;
    NtQueryInformationToken = 0x9C, 5;
    NtQueryIoCompletion = 0x9F, 5;
    NtQueryMutant = 0xA2, 5;
    NtQueryObject = 0xA3, 5;
    NtQueryPerformanceCounter = 0xA5, 2;
    NtQuerySection = 0xA7, 5;
    NtQuerySemaphore = 0xA9, 5;
    NtQuerySymbolicLinkObject = 0xAA, 3;
    NtQuerySystemInformation = 0xAD, 4;
    NtQuerySystemTime = 0xAE, 1;
    NtQueryTimer = 0xAF, 5;
    NtQueryVirtualMemory = 0xB2, 6;
    NtQueryVolumeInformationFile = 0xB3, 5;
    NtQueueApcThread = 0xB4, 5;
    NtRaiseException = 0xB5, 3;
    NtRaiseHardError = 0xB6, 6;
    NtReadFile = 0xB7, 9;
    NtReadVirtualMemory = 0xBA, 5;
    NtReleaseMutant = 0xBC, 2;
    NtReleaseSemaphore = 0xBD, 3;
    NtRemoveIoCompletion = 0xBE, 5;
    NtResetEvent = 0xCA, 2;
    NtResetWriteWatch = 0xCB, 3;
    NtResumeThread = 0xCE, 2;
    NtSetContextThread = 0xD5, 2;
    NtSetEvent = 0xDB, 2;
    NtSetInformationFile = 0xE0, 5;
    NtSetInformationJobObject = 0xE1, 4;
    NtSetInformationObject = 0xE3, 4;
    NtSetInformationProcess = 0xE4, 4;
    NtSetInformationThread = 0xE5, 4;
    NtSetIoCompletion = 0xE8, 5;
    NtSetSystemInformation = 0xF0, 3;
    NtSetSystemTime = 0xF2, 2;
    NtSetTimer = 0xF4, 7;
    NtShutdownSystem = 0xF9, 1;
    NtSuspendThread = 0xFE, 2;
    NtSystemDebugControl = 0xFF, 6;
    NtTerminateJobObject = 0x100, 2;
    NtTerminateProcess = 0x101, 2;
    NtTerminateThread = 0x102, 2;
    NtTestAlert = 0x103, 0;
    NtUnlockFile = 0x109, 5;
    NtUnlockVirtualMemory = 0x10A, 4;
    NtUnmapViewOfSection = 0x10B, 2;
    NtWaitForMultipleObjects = 0x10E, 5;
    NtWaitForSingleObject = 0x10F, 3;
    NtWriteFile = 0x112, 9;
    NtWriteVirtualMemory = 0x115, 5;
    NtYieldExecution = 0x116, 0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_within_the_limit() {
        assert!(Service::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        assert!(Service::ALL.iter().all(|service| service.number() < SERVICE_LIMIT));
    }

    #[test]
    fn numbers_lead_back_to_their_services() {
        for service in Service::ALL {
            assert_eq!(Service::from_number(service.number()), Some(*service));
            assert!(service.arguments() as usize <= MAXIMUM_ARGUMENTS);
        }
        assert_eq!(Service::from_number(SERVICE_LIMIT), None);
        assert_eq!(Service::from_number(0x1011), None, "another table");
    }

    #[test]
    fn a_service_has_xps_number_and_name() {
        let service = Service::NtAllocateVirtualMemory;
        assert_eq!((service.number(), service.arguments(), service.name()), (0x11, 6, "NtAllocateVirtualMemory"));
    }
}
