//! NTSTATUS: what every service answers with.
//!
//! Source: the values are those of the Windows XP headers; names without their `STATUS_`.

use core::fmt;

/// An answer: severity in the top two bits, 0 and 1 being success.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct NtStatus(pub u32);

impl NtStatus {
    /// Whether the service did what was asked.
    #[doc(alias = "NT_SUCCESS")]
    pub const fn is_success(self) -> bool {
        self.0 >> 31 == 0
    }
}

impl fmt::Debug for NtStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => formatter.write_str(name),
            None => write!(formatter, "{:08X}", self.0),
        }
    }
}

macro_rules! statuses {
    ($($name:ident = $value:literal),* $(,)?) => {
        impl NtStatus {
            $(
                #[doc = concat!("`STATUS_", stringify!($name), "`")]
                pub const $name: Self = Self($value);
            )*

            /// The name, without `STATUS_`, where the status is one of those above.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

statuses! {
    SUCCESS = 0x0000_0000,
    PAGE_FAULT_TRANSITION = 0x0000_0110,
    PAGE_FAULT_DEMAND_ZERO = 0x0000_0111,
    PAGE_FAULT_COPY_ON_WRITE = 0x0000_0112,
    PAGE_FAULT_GUARD_PAGE = 0x0000_0113,
    PAGE_FAULT_PAGING_FILE = 0x0000_0114,
    IMAGE_NOT_AT_BASE = 0x4000_0003,
    WAS_LOCKED = 0x4000_0019,
    GUARD_PAGE_VIOLATION = 0x8000_0001,
    DATATYPE_MISALIGNMENT = 0x8000_0002,
    BREAKPOINT = 0x8000_0003,
    SINGLE_STEP = 0x8000_0004,
    PARTIAL_COPY = 0x8000_000D,
    UNSUCCESSFUL = 0xC000_0001,
    NOT_IMPLEMENTED = 0xC000_0002,
    INVALID_INFO_CLASS = 0xC000_0003,
    INFO_LENGTH_MISMATCH = 0xC000_0004,
    ACCESS_VIOLATION = 0xC000_0005,
    IN_PAGE_ERROR = 0xC000_0006,
    PAGEFILE_QUOTA = 0xC000_0007,
    INVALID_HANDLE = 0xC000_0008,
    INVALID_PARAMETER = 0xC000_000D,
    NO_SUCH_FILE = 0xC000_000F,
    END_OF_FILE = 0xC000_0011,
    NO_MEMORY = 0xC000_0017,
    CONFLICTING_ADDRESSES = 0xC000_0018,
    NOT_MAPPED_VIEW = 0xC000_0019,
    UNABLE_TO_FREE_VM = 0xC000_001A,
    UNABLE_TO_DELETE_SECTION = 0xC000_001B,
    INVALID_SYSTEM_SERVICE = 0xC000_001C,
    ILLEGAL_INSTRUCTION = 0xC000_001D,
    INVALID_VIEW_SIZE = 0xC000_001F,
    INVALID_FILE_FOR_SECTION = 0xC000_0020,
    ALREADY_COMMITTED = 0xC000_0021,
    ACCESS_DENIED = 0xC000_0022,
    OBJECT_TYPE_MISMATCH = 0xC000_0024,
    NOT_LOCKED = 0xC000_002A,
    NOT_COMMITTED = 0xC000_002D,
    OBJECT_NAME_INVALID = 0xC000_0033,
    OBJECT_NAME_NOT_FOUND = 0xC000_0034,
    OBJECT_PATH_NOT_FOUND = 0xC000_003A,
    SECTION_TOO_BIG = 0xC000_0040,
    QUOTA_EXCEEDED = 0xC000_0044,
    INVALID_PAGE_PROTECTION = 0xC000_0045,
    SECTION_NOT_IMAGE = 0xC000_0049,
    INCOMPATIBLE_FILE_MAP = 0xC000_004D,
    SECTION_PROTECTION = 0xC000_004E,
    PRIVILEGE_NOT_HELD = 0xC000_0061,
    INVALID_IMAGE_FORMAT = 0xC000_007B,
    SECTION_NOT_EXTENDED = 0xC000_0087,
    NOT_MAPPED_DATA = 0xC000_0088,
    ARRAY_BOUNDS_EXCEEDED = 0xC000_008C,
    FLOAT_DENORMAL_OPERAND = 0xC000_008D,
    FLOAT_DIVIDE_BY_ZERO = 0xC000_008E,
    FLOAT_INEXACT_RESULT = 0xC000_008F,
    FLOAT_INVALID_OPERATION = 0xC000_0090,
    FLOAT_OVERFLOW = 0xC000_0091,
    FLOAT_STACK_CHECK = 0xC000_0092,
    FLOAT_UNDERFLOW = 0xC000_0093,
    INTEGER_DIVIDE_BY_ZERO = 0xC000_0094,
    INTEGER_OVERFLOW = 0xC000_0095,
    PRIVILEGED_INSTRUCTION = 0xC000_0096,
    FILE_INVALID = 0xC000_0098,
    INSUFFICIENT_RESOURCES = 0xC000_009A,
    MEDIA_WRITE_PROTECTED = 0xC000_00A2,
    FREE_VM_NOT_AT_BASE = 0xC000_009F,
    MEMORY_NOT_ALLOCATED = 0xC000_00A0,
    WORKING_SET_QUOTA = 0xC000_00A1,
    FILE_IS_A_DIRECTORY = 0xC000_00BA,
    NOT_SUPPORTED = 0xC000_00BB,
    INVALID_PARAMETER_1 = 0xC000_00EF,
    INVALID_PARAMETER_2 = 0xC000_00F0,
    INVALID_PARAMETER_3 = 0xC000_00F1,
    INVALID_PARAMETER_4 = 0xC000_00F2,
    INVALID_PARAMETER_5 = 0xC000_00F3,
    INVALID_PARAMETER_6 = 0xC000_00F4,
    INVALID_PARAMETER_7 = 0xC000_00F5,
    INVALID_PARAMETER_8 = 0xC000_00F6,
    INVALID_PARAMETER_9 = 0xC000_00F7,
    INVALID_PARAMETER_10 = 0xC000_00F8,
    STACK_OVERFLOW = 0xC000_00FD,
    NOT_A_DIRECTORY = 0xC000_0103,
    PROCESS_IS_TERMINATING = 0xC000_010A,
    MAPPED_FILE_SIZE_ZERO = 0xC000_011E,
    COMMITMENT_LIMIT = 0xC000_012D,
    INVALID_IMAGE_NOT_MZ = 0xC000_012F,
    DLL_NOT_FOUND = 0xC000_0135,
    ORDINAL_NOT_FOUND = 0xC000_0138,
    ENTRYPOINT_NOT_FOUND = 0xC000_0139,
    INVALID_ADDRESS = 0xC000_0141,
    DLL_INIT_FAILED = 0xC000_0142,
    MAPPED_ALIGNMENT = 0xC000_0220,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_tells_success() {
        assert!(NtStatus::SUCCESS.is_success());
        assert!(NtStatus::IMAGE_NOT_AT_BASE.is_success());
        assert!(!NtStatus::GUARD_PAGE_VIOLATION.is_success());
        assert!(!NtStatus::ACCESS_VIOLATION.is_success());
    }

    #[test]
    fn a_status_prints_its_name() {
        assert_eq!(format!("{:?}", NtStatus(0xC000_0005)), "ACCESS_VIOLATION");
        assert_eq!(format!("{:?}", NtStatus(0xC0FF_0005)), "C0FF0005");
    }
}
