//! Looking for files, and what there is to know of one without opening it.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use user_ffi::{UnicodeString, bytes_mut, c_string, wide_string};
use user_support::error::Win32Error;
use user_support::find::{ANSI_SIZE, Entry, WIDE_SIZE, split};
use user_support::path::{dos_device, to_nt};
use user_support::status::Status;
use user_support::text;

use super::directory::directory_for;
use super::file::open_folder;
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::nt::{NtClose, NtQueryAttributesFile, NtQueryDirectoryFile, NtQueryVolumeInformationFile};
use super::standard_handle::{INVALID_HANDLE, with_status_block};

/// `FileBothDirectoryInformation`.
const BOTH_INFORMATION: u32 = 3;
/// `FileFsSizeInformation`.
const SIZE_INFORMATION: u32 = 3;
/// Room for entries, in words so that it is aligned.
const ROOM: usize = 0x400;
/// `INVALID_FILE_ATTRIBUTES`.
const NO_ATTRIBUTES: u32 = 0xFFFF_FFFF;

/// A search that is under way. Its handle is its address.
struct Search {
    folder: u32,
    entries: Vec<u32>,
    /// Where in the entries the next is; none when they are used up.
    next: Option<usize>,
}

impl Search {
    fn begin(path: &[u16]) -> Result<(Box<Self>, Entry), Win32Error> {
        let (folder, expression) = split(&directory_for(path), path);
        if expression.is_empty() {
            return Err(Win32Error::FILE_NOT_FOUND);
        }
        let folder = open_folder(&to_nt(&[], &folder)).map_err(|status| match status {
            Status::OBJECT_NAME_NOT_FOUND => Win32Error::PATH_NOT_FOUND,
            other => user_support::error_map::win32_error(other),
        })?;
        let mut search = Box::new(Self { folder, entries: vec![0; ROOM], next: None });
        search.fill(Some(&expression)).and_then(|()| search.next()).map(|entry| (search, entry)).map_err(|status| {
            // SAFETY: the handle was opened here and nobody else has it.
            unsafe { NtClose(folder) };
            user_support::error_map::win32_error(status)
        })
    }

    /// Gets as many entries as there is room for.
    fn fill(&mut self, expression: Option<&[u16]>) -> Result<(), Status> {
        let name = expression.map(UnicodeString::over);
        let name = name.as_ref().map_or(core::ptr::null(), |name| core::ptr::from_ref(name).cast());
        let (buffer, length) = (self.entries.as_mut_ptr().cast(), 4 * ROOM as u32);
        self.next = with_status_block(|block| {
            // SAFETY: the service reads the name and writes at most `length` bytes and the status words.
            unsafe { NtQueryDirectoryFile(self.folder, 0, 0, 0, block, buffer, length, BOTH_INFORMATION, 0, name, 0) }
        })
        .map(|_| Some(0))?;
        Ok(())
    }

    fn next(&mut self) -> Result<Entry, Status> {
        if self.next.is_none() {
            self.fill(None)?;
        }
        let bytes: Vec<u8> = self.entries.iter().flat_map(|word| word.to_le_bytes()).collect();
        let at = self.next.take().ok_or(Status::NO_MORE_FILES)?;
        let (entry, next) = Entry::parse(&bytes, at).ok_or(Status::NO_MORE_FILES)?;
        self.next = next;
        Ok(entry)
    }
}

/// Begins a search and tells of the first file.
///
/// # Safety
/// `target` has room for the data.
unsafe fn find_first(path: &[u16], target: *mut u8, size: usize, data: fn(&Entry) -> Vec<u8>) -> u32 {
    match Search::begin(path) {
        Ok((search, entry)) => {
            // SAFETY: the caller's promise.
            unsafe { bytes_mut(target, size as u32) }.copy_from_slice(&data(&entry));
            Box::into_raw(search) as u32
        }
        Err(error) => {
            fail(error);
            INVALID_HANDLE
        }
    }
}

/// Tells of the next file.
///
/// # Safety
/// `search` came from `find_first` and has not been closed; `target` has room for the data.
unsafe fn find_next(search: u32, target: *mut u8, size: usize, data: fn(&Entry) -> Vec<u8>) -> Bool {
    if search == INVALID_HANDLE || search == 0 {
        return fail(Win32Error::INVALID_HANDLE);
    }
    // SAFETY: the caller's promise.
    let search = unsafe { &mut *(search as *mut Search) };
    match search.next() {
        Ok(entry) => {
            // SAFETY: the caller's promise.
            unsafe { bytes_mut(target, size as u32) }.copy_from_slice(&data(&entry));
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

/// Looks for files. Returns a handle for [`FindNextFileA`], or -1.
///
/// # Safety
/// `path` is a string; `data` points to a `WIN32_FIND_DATAA`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindFirstFileA(path: *const u8, data: *mut u8) -> u32 {
    // SAFETY: the caller's promise.
    let path = text::wide(unsafe { c_string(path) });
    // SAFETY: the caller's promise.
    unsafe { find_first(&path, data, ANSI_SIZE, Entry::to_ansi) }
}

/// Looks for files. Returns a handle for [`FindNextFileW`], or -1.
///
/// # Safety
/// `path` is a string; `data` points to a `WIN32_FIND_DATAW`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindFirstFileW(path: *const u16, data: *mut u8) -> u32 {
    // SAFETY: the caller's promise.
    let path = unsafe { wide_string(path) };
    // SAFETY: the caller's promise.
    unsafe { find_first(path, data, WIDE_SIZE, Entry::to_wide) }
}

/// The next file of a search.
///
/// # Safety
/// `search` is a search that has not been closed; `data` points to a `WIN32_FIND_DATAA`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindNextFileA(search: u32, data: *mut u8) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { find_next(search, data, ANSI_SIZE, Entry::to_ansi) }
}

/// The next file of a search.
///
/// # Safety
/// `search` is a search that has not been closed; `data` points to a `WIN32_FIND_DATAW`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindNextFileW(search: u32, data: *mut u8) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { find_next(search, data, WIDE_SIZE, Entry::to_wide) }
}

/// Information levels: `FindExInfoStandard` is the only one there is. Ways to search: by name, or folders only, which is advice.
const STANDARD_LEVEL: u32 = 0;
const LIMIT_TO_FOLDERS: u32 = 1;

/// Whether XP knows the way to search; a last error where it does not.
fn is_way(level: u32, way: u32, filter: u32) -> bool {
    if level != STANDARD_LEVEL || way > LIMIT_TO_FOLDERS {
        fail(Win32Error::NOT_SUPPORTED);
        return false;
    }
    if filter != 0 {
        fail(Win32Error::INVALID_PARAMETER);
    }
    filter == 0
}

/// Looks for files as [`FindFirstFileA`] does.
///
/// # Safety
/// As [`FindFirstFileA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindFirstFileExA(
    path: *const u8,
    level: u32,
    data: *mut u8,
    way: u32,
    filter: u32,
    _flags: u32,
) -> u32 {
    if !is_way(level, way, filter) {
        return INVALID_HANDLE;
    }
    // SAFETY: the caller's promise.
    unsafe { FindFirstFileA(path, data) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`FindFirstFileW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindFirstFileExW(
    path: *const u16,
    level: u32,
    data: *mut u8,
    way: u32,
    filter: u32,
    _flags: u32,
) -> u32 {
    if !is_way(level, way, filter) {
        return INVALID_HANDLE;
    }
    // SAFETY: the caller's promise.
    unsafe { FindFirstFileW(path, data) }
}

/// The directory's entry of what is at DOS path `path`.
pub(super) fn entry_of(path: &[u16]) -> Option<Entry> {
    let (search, entry) = Search::begin(path).ok()?;
    // SAFETY: the search has just been made, and nobody else has it.
    unsafe { FindClose(Box::into_raw(search) as u32) };
    Some(entry)
}

/// Ends a search.
///
/// # Safety
/// `search` is a search that has not been closed, and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindClose(search: u32) -> Bool {
    if search == INVALID_HANDLE || search == 0 {
        return fail(Win32Error::INVALID_HANDLE);
    }
    // SAFETY: the caller's promise: it came from `Box::into_raw`.
    let search = unsafe { Box::from_raw(search as *mut Search) };
    // SAFETY: the handle is the search's own.
    unsafe { NtClose(search.folder) };
    TRUE
}

/// The attributes of what is at DOS path `path`.
pub(super) fn attributes_of(path: &[u16]) -> Result<u32, Status> {
    let path = to_nt(&directory_for(path), path);
    let name = UnicodeString::over(&path);
    let object = [0x18, 0, &raw const name as u32, 0x40, 0, 0];
    let mut information = [0u64; 5];
    // SAFETY: name and attributes live until the service returns; it writes 40 bytes.
    let status = unsafe { NtQueryAttributesFile(object.as_ptr(), information.as_mut_ptr().cast()) };
    Status(status).ok().map(|()| information[4] as u32)
}

/// A device has those of a file, though it cannot be asked.
fn attributes(path: &[u16]) -> u32 {
    const ARCHIVE: u32 = 0x20;
    match attributes_of(path) {
        Ok(attributes) => attributes,
        Err(_) if dos_device(path).is_some() => ARCHIVE,
        Err(status) => !fail_with(status) & NO_ATTRIBUTES,
    }
}

/// What kind of file there is, or FFFFFFFF.
///
/// # Safety
/// `path` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileAttributesA(path: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    attributes(&text::wide(unsafe { c_string(path) }))
}

/// What kind of file there is, or FFFFFFFF.
///
/// # Safety
/// `path` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileAttributesW(path: *const u16) -> u32 {
    // SAFETY: the caller's promise.
    attributes(unsafe { wide_string(path) })
}

/// The volume behind `root`: clusters, free clusters, sectors a cluster, bytes a sector.
fn sizes(root: &[u16]) -> Result<[u32; 4], Status> {
    let root = if root.is_empty() { text::wide(b"\\") } else { root.to_vec() };
    let folder = open_folder(&to_nt(&directory_for(&root), &root))?;
    let mut answer = [0u32; 6];
    let buffer = answer.as_mut_ptr().cast();
    let result = with_status_block(|block| {
        // SAFETY: the service writes the status words and 24 bytes.
        unsafe { NtQueryVolumeInformationFile(folder, block, buffer, 24, SIZE_INFORMATION) }
    });
    // SAFETY: the handle was opened here and nobody else has it.
    unsafe { NtClose(folder) };
    result.map(|_| [answer[0], answer[2], answer[4], answer[5]])
}

/// # Safety
/// Each of the four is null or points to a word.
unsafe fn disk_free_space(root: &[u16], targets: [*mut u32; 4]) -> Bool {
    let [clusters, free, sectors, bytes] = match sizes(root) {
        Ok(sizes) => sizes,
        Err(status) => return fail_with(status),
    };
    for (target, value) in targets.into_iter().zip([sectors, bytes, free, clusters]) {
        if !target.is_null() {
            // SAFETY: the caller's promise.
            unsafe { target.write_unaligned(value) };
        }
    }
    TRUE
}

/// How large a volume is: sectors a cluster, bytes a sector, free clusters, all clusters.
///
/// # Safety
/// `root` is null or a string; the others are null or point to words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetDiskFreeSpaceA(
    root: *const u8,
    sectors: *mut u32,
    bytes: *mut u32,
    free: *mut u32,
    clusters: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let root = text::wide(unsafe { c_string(root) });
    // SAFETY: the caller's promise.
    unsafe { disk_free_space(&root, [sectors, bytes, free, clusters]) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`GetDiskFreeSpaceA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetDiskFreeSpaceW(
    root: *const u16,
    sectors: *mut u32,
    bytes: *mut u32,
    free: *mut u32,
    clusters: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let root = unsafe { wide_string(root) };
    // SAFETY: the caller's promise.
    unsafe { disk_free_space(root, [sectors, bytes, free, clusters]) }
}

/// # Safety
/// Each of the three is null or points to 8 bytes.
unsafe fn disk_free_space_ex(root: &[u16], targets: [*mut u64; 3]) -> Bool {
    let [clusters, free, sectors, bytes] = match sizes(root) {
        Ok(sizes) => sizes.map(u64::from),
        Err(status) => return fail_with(status),
    };
    let cluster = sectors * bytes;
    for (target, value) in targets.into_iter().zip([free * cluster, clusters * cluster, free * cluster]) {
        if !target.is_null() {
            // SAFETY: the caller's promise.
            unsafe { target.write_unaligned(value) };
        }
    }
    TRUE
}

/// How many bytes of a volume the caller may have, how many there are, and how many are free.
///
/// # Safety
/// `root` is null or a string; the others are null or point to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetDiskFreeSpaceExA(
    root: *const u8,
    available: *mut u64,
    all: *mut u64,
    free: *mut u64,
) -> Bool {
    // SAFETY: the caller's promise.
    let root = text::wide(unsafe { c_string(root) });
    // SAFETY: the caller's promise.
    unsafe { disk_free_space_ex(&root, [available, all, free]) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`GetDiskFreeSpaceExA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetDiskFreeSpaceExW(
    root: *const u16,
    available: *mut u64,
    all: *mut u64,
    free: *mut u64,
) -> Bool {
    // SAFETY: the caller's promise.
    let root = unsafe { wide_string(root) };
    // SAFETY: the caller's promise.
    unsafe { disk_free_space_ex(root, [available, all, free]) }
}
