//! NTSTATUS to Win32 error, as a sorted table.
//!
//! Exceptions that no Win32 code stands for keep their own value, so that `GetLastError` still names them.
//! Source: Microsoft's published list of NTSTATUS values with their Win32 counterparts.

use crate::error::Win32Error;
use crate::status::Status;

/// The Win32 error for `status`.
///
/// A status in the Win32 facility (`C007xxxx`) carries its code in the low half. An unknown one becomes
/// [`Win32Error::MR_MID_NOT_FOUND`], as on Windows.
#[doc(alias = "RtlNtStatusToDosError")]
pub fn win32_error(status: Status) -> Win32Error {
    match TABLE.binary_search_by_key(&status.0, |row| row.0.0) {
        Ok(index) => TABLE[index].1,
        Err(_) if status.0 >> 16 == 0xC007 || status.0 >> 16 == 0x8007 => Win32Error(status.0 & 0xFFFF),
        Err(_) if status.0 >> 16 == 0 => Win32Error(status.0),
        Err(_) => Win32Error::MR_MID_NOT_FOUND,
    }
}

/// An exception without a Win32 code of its own.
const fn itself(status: Status) -> Win32Error {
    Win32Error(status.0)
}

/// Sorted by status.
#[rustfmt::skip]
const TABLE: &[(Status, Win32Error)] = &[
    (Status::SUCCESS, Win32Error::SUCCESS),
    (Status::TIMEOUT, itself(Status::TIMEOUT)),
    (Status::PENDING, Win32Error::IO_PENDING),
    (Status::GUARD_PAGE_VIOLATION, itself(Status::GUARD_PAGE_VIOLATION)),
    (Status::DATATYPE_MISALIGNMENT, Win32Error::NOACCESS),
    (Status::BREAKPOINT, itself(Status::BREAKPOINT)),
    (Status::SINGLE_STEP, itself(Status::SINGLE_STEP)),
    (Status::BUFFER_OVERFLOW, Win32Error::MORE_DATA),
    (Status::NO_MORE_FILES, Win32Error::NO_MORE_FILES),
    (Status::PARTIAL_COPY, Win32Error::PARTIAL_COPY),
    (Status::NO_MORE_ENTRIES, Win32Error::NO_MORE_ITEMS),
    (Status::UNSUCCESSFUL, Win32Error::GEN_FAILURE),
    (Status::NOT_IMPLEMENTED, Win32Error::INVALID_FUNCTION),
    (Status::INVALID_INFO_CLASS, Win32Error::INVALID_PARAMETER),
    (Status::INFO_LENGTH_MISMATCH, Win32Error::BAD_LENGTH),
    (Status::ACCESS_VIOLATION, Win32Error::NOACCESS),
    (Status::IN_PAGE_ERROR, Win32Error::SWAPERROR),
    (Status::PAGEFILE_QUOTA, Win32Error::PAGEFILE_QUOTA),
    (Status::INVALID_HANDLE, Win32Error::INVALID_HANDLE),
    (Status::INVALID_CID, Win32Error::INVALID_PARAMETER),
    (Status::INVALID_PARAMETER, Win32Error::INVALID_PARAMETER),
    (Status::NO_SUCH_DEVICE, Win32Error::FILE_NOT_FOUND),
    (Status::NO_SUCH_FILE, Win32Error::FILE_NOT_FOUND),
    (Status::INVALID_DEVICE_REQUEST, Win32Error::INVALID_FUNCTION),
    (Status::END_OF_FILE, Win32Error::HANDLE_EOF),
    (Status::NO_MEMORY, Win32Error::NOT_ENOUGH_MEMORY),
    (Status::CONFLICTING_ADDRESSES, Win32Error::INVALID_ADDRESS),
    (Status::NOT_MAPPED_VIEW, Win32Error::INVALID_ADDRESS),
    (Status::UNABLE_TO_FREE_VM, Win32Error::INVALID_PARAMETER),
    (Status::UNABLE_TO_DELETE_SECTION, Win32Error::INVALID_PARAMETER),
    (Status::INVALID_SYSTEM_SERVICE, Win32Error::INVALID_FUNCTION),
    (Status::ILLEGAL_INSTRUCTION, itself(Status::ILLEGAL_INSTRUCTION)),
    (Status::INVALID_VIEW_SIZE, Win32Error::ACCESS_DENIED),
    (Status::INVALID_FILE_FOR_SECTION, Win32Error::BAD_EXE_FORMAT),
    (Status::ALREADY_COMMITTED, Win32Error::ACCESS_DENIED),
    (Status::ACCESS_DENIED, Win32Error::ACCESS_DENIED),
    (Status::BUFFER_TOO_SMALL, Win32Error::INSUFFICIENT_BUFFER),
    (Status::OBJECT_TYPE_MISMATCH, Win32Error::INVALID_HANDLE),
    (Status::NOT_LOCKED, Win32Error::NOT_LOCKED),
    (Status::NOT_COMMITTED, Win32Error::INVALID_ADDRESS),
    (Status::INVALID_PARAMETER_MIX, Win32Error::INVALID_PARAMETER),
    (Status::DISK_CORRUPT_ERROR, Win32Error::DISK_CORRUPT),
    (Status::OBJECT_NAME_INVALID, Win32Error::INVALID_NAME),
    (Status::OBJECT_NAME_NOT_FOUND, Win32Error::FILE_NOT_FOUND),
    (Status::OBJECT_NAME_COLLISION, Win32Error::ALREADY_EXISTS),
    (Status::OBJECT_PATH_INVALID, Win32Error::BAD_PATHNAME),
    (Status::OBJECT_PATH_NOT_FOUND, Win32Error::PATH_NOT_FOUND),
    (Status::OBJECT_PATH_SYNTAX_BAD, Win32Error::BAD_PATHNAME),
    (Status::SECTION_TOO_BIG, Win32Error::NOT_ENOUGH_MEMORY),
    (Status::SHARING_VIOLATION, Win32Error::SHARING_VIOLATION),
    (Status::QUOTA_EXCEEDED, Win32Error::NOT_ENOUGH_QUOTA),
    (Status::INVALID_PAGE_PROTECTION, Win32Error::INVALID_PARAMETER),
    (Status::MUTANT_NOT_OWNED, Win32Error::NOT_OWNER),
    (Status::SEMAPHORE_LIMIT_EXCEEDED, Win32Error::TOO_MANY_POSTS),
    (Status::SECTION_NOT_IMAGE, Win32Error::INVALID_PARAMETER),
    (Status::SUSPEND_COUNT_EXCEEDED, Win32Error::SIGNAL_REFUSED),
    (Status::THREAD_IS_TERMINATING, Win32Error::ACCESS_DENIED),
    (Status::BAD_WORKING_SET_LIMIT, Win32Error::INVALID_PARAMETER),
    (Status::INCOMPATIBLE_FILE_MAP, Win32Error::INVALID_PARAMETER),
    (Status::SECTION_PROTECTION, Win32Error::INVALID_PARAMETER),
    (Status::FILE_LOCK_CONFLICT, Win32Error::LOCK_VIOLATION),
    (Status::LOCK_NOT_GRANTED, Win32Error::LOCK_VIOLATION),
    (Status::DELETE_PENDING, Win32Error::ACCESS_DENIED),
    (Status::PRIVILEGE_NOT_HELD, Win32Error::PRIVILEGE_NOT_HELD),
    (Status::PROCEDURE_NOT_FOUND, Win32Error::PROC_NOT_FOUND),
    (Status::INVALID_IMAGE_FORMAT, Win32Error::BAD_EXE_FORMAT),
    (Status::NO_TOKEN, Win32Error::NO_TOKEN),
    (Status::RANGE_NOT_LOCKED, Win32Error::NOT_LOCKED),
    (Status::DISK_FULL, Win32Error::DISK_FULL),
    (Status::SECTION_NOT_EXTENDED, Win32Error::OUTOFMEMORY),
    (Status::NOT_MAPPED_DATA, Win32Error::INVALID_ADDRESS),
    (Status::ARRAY_BOUNDS_EXCEEDED, itself(Status::ARRAY_BOUNDS_EXCEEDED)),
    (Status::INTEGER_DIVIDE_BY_ZERO, itself(Status::INTEGER_DIVIDE_BY_ZERO)),
    (Status::INTEGER_OVERFLOW, Win32Error::ARITHMETIC_OVERFLOW),
    (Status::PRIVILEGED_INSTRUCTION, itself(Status::PRIVILEGED_INSTRUCTION)),
    (Status::FILE_INVALID, Win32Error::FILE_INVALID),
    (Status::INSUFFICIENT_RESOURCES, Win32Error::NO_SYSTEM_RESOURCES),
    (Status::DEVICE_DATA_ERROR, Win32Error::CRC),
    (Status::FREE_VM_NOT_AT_BASE, Win32Error::INVALID_ADDRESS),
    (Status::MEMORY_NOT_ALLOCATED, Win32Error::INVALID_ADDRESS),
    (Status::WORKING_SET_QUOTA, Win32Error::WORKING_SET_QUOTA),
    (Status::MEDIA_WRITE_PROTECTED, Win32Error::WRITE_PROTECT),
    (Status::INSTANCE_NOT_AVAILABLE, Win32Error::PIPE_BUSY),
    (Status::PIPE_NOT_AVAILABLE, Win32Error::PIPE_BUSY),
    (Status::INVALID_PIPE_STATE, Win32Error::BAD_PIPE),
    (Status::PIPE_BUSY, Win32Error::PIPE_BUSY),
    (Status::ILLEGAL_FUNCTION, Win32Error::INVALID_FUNCTION),
    (Status::PIPE_DISCONNECTED, Win32Error::PIPE_NOT_CONNECTED),
    (Status::PIPE_CLOSING, Win32Error::NO_DATA),
    (Status::PIPE_CONNECTED, Win32Error::PIPE_CONNECTED),
    (Status::PIPE_LISTENING, Win32Error::PIPE_LISTENING),
    (Status::IO_TIMEOUT, Win32Error::SEM_TIMEOUT),
    (Status::FILE_IS_A_DIRECTORY, Win32Error::ACCESS_DENIED),
    (Status::NOT_SUPPORTED, Win32Error::NOT_SUPPORTED),
    (Status::NOT_SAME_DEVICE, Win32Error::NOT_SAME_DEVICE),
    (Status::PIPE_EMPTY, Win32Error::NO_DATA),
    (Status::INVALID_USER_BUFFER, Win32Error::INVALID_USER_BUFFER),
    (Status::INVALID_PARAMETER_1, Win32Error::INVALID_PARAMETER),
    (Status::INVALID_PARAMETER_2, Win32Error::INVALID_PARAMETER),
    (Status::INVALID_PARAMETER_3, Win32Error::INVALID_PARAMETER),
    (Status::INVALID_PARAMETER_4, Win32Error::INVALID_PARAMETER),
    (Status::INVALID_PARAMETER_5, Win32Error::INVALID_PARAMETER),
    (Status::INVALID_PARAMETER_6, Win32Error::INVALID_PARAMETER),
    (Status::INVALID_PARAMETER_7, Win32Error::INVALID_PARAMETER),
    (Status::INVALID_PARAMETER_8, Win32Error::INVALID_PARAMETER),
    (Status::INVALID_PARAMETER_9, Win32Error::INVALID_PARAMETER),
    (Status::INVALID_PARAMETER_10, Win32Error::INVALID_PARAMETER),
    (Status::INVALID_PARAMETER_11, Win32Error::INVALID_PARAMETER),
    (Status::INVALID_PARAMETER_12, Win32Error::INVALID_PARAMETER),
    (Status::STACK_OVERFLOW, Win32Error::STACK_OVERFLOW),
    (Status::DIRECTORY_NOT_EMPTY, Win32Error::DIR_NOT_EMPTY),
    (Status::FILE_CORRUPT_ERROR, Win32Error::FILE_CORRUPT),
    (Status::NOT_A_DIRECTORY, Win32Error::DIRECTORY),
    (Status::NAME_TOO_LONG, Win32Error::FILENAME_EXCED_RANGE),
    (Status::PROCESS_IS_TERMINATING, Win32Error::ACCESS_DENIED),
    (Status::MAPPED_FILE_SIZE_ZERO, Win32Error::FILE_INVALID),
    (Status::CANCELLED, Win32Error::OPERATION_ABORTED),
    (Status::CANNOT_DELETE, Win32Error::ACCESS_DENIED),
    (Status::FILE_DELETED, Win32Error::ACCESS_DENIED),
    (Status::COMMITMENT_LIMIT, Win32Error::COMMITMENT_LIMIT),
    (Status::INVALID_IMAGE_NOT_MZ, Win32Error::BAD_EXE_FORMAT),
    (Status::INVALID_IMAGE_PROTECT, Win32Error::BAD_EXE_FORMAT),
    (Status::DLL_NOT_FOUND, Win32Error::MOD_NOT_FOUND),
    (Status::ORDINAL_NOT_FOUND, Win32Error::INVALID_ORDINAL),
    (Status::ENTRYPOINT_NOT_FOUND, Win32Error::PROC_NOT_FOUND),
    (Status::INVALID_ADDRESS, Win32Error::UNEXP_NET_ERR),
    (Status::DLL_INIT_FAILED, Win32Error::DLL_INIT_FAILED),
    (Status::PIPE_BROKEN, Win32Error::BROKEN_PIPE),
    (Status::MAPPED_ALIGNMENT, Win32Error::MAPPED_ALIGNMENT),
    (Status::USER_MAPPED_FILE, Win32Error::USER_MAPPED_FILE),
    (Status::CANNOT_MAKE, Win32Error::CANNOT_MAKE),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_without_duplicates() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0.0 < pair[1].0.0));
    }

    #[test]
    fn memory_statuses_become_the_codes_programs_test_for() {
        let cases = [
            (Status::NO_MEMORY, 8),
            (Status::CONFLICTING_ADDRESSES, 487),
            (Status::FREE_VM_NOT_AT_BASE, 487),
            (Status::COMMITMENT_LIMIT, 1455),
            (Status::ACCESS_VIOLATION, 998),
            (Status::PARTIAL_COPY, 299),
            (Status::SECTION_NOT_EXTENDED, 14),
            (Status::INVALID_USER_BUFFER, 1784),
            (Status::INVALID_PARAMETER_4, 87),
            (Status::PIPE_BROKEN, 109),
            (Status::DLL_NOT_FOUND, 126),
        ];
        for (status, code) in cases {
            assert_eq!(win32_error(status), Win32Error(code), "{status:x?}");
        }
    }

    #[test]
    fn statuses_without_a_row() {
        assert_eq!(win32_error(Status(0xC007_007B)), Win32Error(123));
        assert_eq!(win32_error(Status(0xDEAD_BEEF)), Win32Error::MR_MID_NOT_FOUND);
    }
}
