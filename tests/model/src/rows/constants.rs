//! The names of Windows that rows use, and what they stand for.

use abi::status::NtStatus;
use abi::{access, memory};

use super::Names;

/// Statuses that a service gives are among these, by severity.
const STATUSES: [std::ops::Range<u32>; 4] =
    [0..0x200, 0x4000_0000..0x4000_0100, 0x8000_0000..0x8000_0100, 0xC000_0000..0xC000_0400];

macro_rules! constants {
    ($module:ident: $($name:ident)*) => {
        [$((stringify!($name), $module::$name)),*]
    };
}

/// All of them.
pub fn names() -> Names {
    let memory = constants! {
        memory: MEM_COMMIT MEM_RESERVE MEM_DECOMMIT MEM_RELEASE MEM_FREE MEM_PRIVATE MEM_MAPPED MEM_RESET MEM_TOP_DOWN
            MEM_WRITE_WATCH MEM_PHYSICAL MEM_IMAGE MEM_LARGE_PAGES MEM_DOS_LIM
            PAGE_NOACCESS PAGE_READONLY PAGE_READWRITE PAGE_WRITECOPY PAGE_EXECUTE PAGE_EXECUTE_READ PAGE_EXECUTE_READWRITE
            PAGE_EXECUTE_WRITECOPY PAGE_GUARD PAGE_NOCACHE PAGE_WRITECOMBINE
            SEC_BASED SEC_NO_CHANGE SEC_FILE SEC_IMAGE SEC_RESERVE SEC_COMMIT SEC_NOCACHE
            VIEW_SHARE VIEW_UNMAP
    };
    let access = constants! {
        access: SECTION_QUERY SECTION_MAP_WRITE SECTION_MAP_READ SECTION_MAP_EXECUTE SECTION_EXTEND_SIZE SECTION_ALL_ACCESS
    };
    let constants = memory.into_iter().chain(access).map(|(name, value)| (name.to_owned(), u64::from(value)));
    let statuses =
        STATUSES.into_iter().flatten().filter_map(|value| Some((NtStatus(value).name()?.to_owned(), value.into())));
    constants.chain(statuses).collect()
}
