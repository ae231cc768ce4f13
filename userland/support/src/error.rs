//! Win32 error codes: what `GetLastError` returns.

/// A Win32 error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Win32Error(pub u32);

macro_rules! errors {
    ($($name:ident = $value:literal,)*) => {
        /// The values, under their Win32 names without the prefix `ERROR_`.
        #[allow(missing_docs, reason = "the names are the documentation")]
        impl Win32Error {
            $(pub const $name: Self = Self($value);)*
        }
    };
}

errors! {
    SUCCESS = 0,
    INVALID_FUNCTION = 1,
    FILE_NOT_FOUND = 2,
    PATH_NOT_FOUND = 3,
    ACCESS_DENIED = 5,
    INVALID_HANDLE = 6,
    NOT_ENOUGH_MEMORY = 8,
    NOT_SAME_DEVICE = 17,
    NO_MORE_FILES = 18,
    WRITE_PROTECT = 19,
    NOT_READY = 21,
    CRC = 23,
    BAD_LENGTH = 24,
    GEN_FAILURE = 31,
    SHARING_VIOLATION = 32,
    LOCK_VIOLATION = 33,
    HANDLE_EOF = 38,
    NOT_SUPPORTED = 50,
    FILE_EXISTS = 80,
    CANNOT_MAKE = 82,
    INVALID_PARAMETER = 87,
    BROKEN_PIPE = 109,
    BUFFER_OVERFLOW = 111,
    DISK_FULL = 112,
    CALL_NOT_IMPLEMENTED = 120,
    SEM_TIMEOUT = 121,
    INSUFFICIENT_BUFFER = 122,
    INVALID_NAME = 123,
    MOD_NOT_FOUND = 126,
    PROC_NOT_FOUND = 127,
    NEGATIVE_SEEK = 131,
    DIR_NOT_EMPTY = 145,
    SIGNAL_REFUSED = 156,
    NOT_LOCKED = 158,
    BAD_PATHNAME = 161,
    INVALID_ORDINAL = 182,
    ALREADY_EXISTS = 183,
    BAD_EXE_FORMAT = 193,
    ENVVAR_NOT_FOUND = 203,
    FILENAME_EXCED_RANGE = 206,
    NO_DATA = 232,
    PIPE_NOT_CONNECTED = 233,
    MORE_DATA = 234,
    WAIT_TIMEOUT = 258,
    NO_MORE_ITEMS = 259,
    DIRECTORY = 267,
    NOT_OWNER = 288,
    TOO_MANY_POSTS = 298,
    PARTIAL_COPY = 299,
    MR_MID_NOT_FOUND = 317,
    INVALID_ADDRESS = 487,
    ARITHMETIC_OVERFLOW = 534,
    OPERATION_ABORTED = 995,
    IO_PENDING = 997,
    NOACCESS = 998,
    SWAPERROR = 999,
    STACK_OVERFLOW = 1001,
    INVALID_FLAGS = 1004,
    FILE_INVALID = 1006,
    NO_TOKEN = 1008,
    NO_UNICODE_TRANSLATION = 1113,
    DLL_INIT_FAILED = 1114,
    MAPPED_ALIGNMENT = 1132,
    NOT_FOUND = 1168,
    USER_MAPPED_FILE = 1224,
    REQUEST_ABORTED = 1235,
    NOT_ALL_ASSIGNED = 1300,
    NO_SUCH_PRIVILEGE = 1313,
    PRIVILEGE_NOT_HELD = 1314,
    FILE_CORRUPT = 1392,
    DISK_CORRUPT = 1393,
    NO_SYSTEM_RESOURCES = 1450,
    WORKING_SET_QUOTA = 1453,
    PAGEFILE_QUOTA = 1454,
    COMMITMENT_LIMIT = 1455,
    RESOURCE_DATA_NOT_FOUND = 1812,
    RESOURCE_TYPE_NOT_FOUND = 1813,
    RESOURCE_NAME_NOT_FOUND = 1814,
    RESOURCE_LANG_NOT_FOUND = 1815,
    NOT_ENOUGH_QUOTA = 1816,
}
