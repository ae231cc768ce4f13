//! Resources of a module: finding them and the bytes behind them.
//!
//! A handle to a resource is the address of its leaf in the tree, as on Windows; one to its bytes is their address. Nothing is
//! copied, so that nothing has to be freed.

use user_ffi::{ThisProcess, c_string, peb, wide_string};
use user_support::error::Win32Error;
use user_support::image::{DataFile, Directory, Image, Malformed, NoResource, Placed, ResourceName, Resources};
use user_support::loader::Module;
use user_support::memory::Memory;
use user_support::text;

use super::data_file::{data_file, is_data};
use super::last_error::{Bool, FALSE, fail};
use super::startup::memory;

/// Values below this are numbers, not addresses of names.
const NUMBERS: u32 = 0x1_0000;
/// Offsets in a leaf.
const LEAF_DATA: u32 = 0;
const LEAF_SIZE: u32 = 4;

/// A resource's name or type as bytes: a number, or a string.
///
/// # Safety
/// `name` is a number or a string.
pub(super) unsafe fn ansi_name(name: *const u8) -> ResourceName {
    if (name as u32) < NUMBERS {
        return ResourceName::Number(name as u16);
    }
    // SAFETY: the caller's promise.
    ResourceName::of(&text::wide(unsafe { c_string(name) }))
}

/// The same in UTF-16.
///
/// # Safety
/// As [`ansi_name`].
pub(super) unsafe fn wide_name(name: *const u16) -> ResourceName {
    if (name as u32) < NUMBERS {
        return ResourceName::Number(name as u16);
    }
    // SAFETY: the caller's promise.
    ResourceName::of(unsafe { wide_string(name) })
}

/// The resources of a module, or of a file that was loaded as data.
pub(super) enum Source {
    /// A module.
    Image(Image),
    /// A file.
    File(DataFile),
}

impl Placed for Source {
    fn resources<M: Memory>(&self, memory: &M) -> Directory {
        match self {
            Self::Image(image) => image.resources(memory),
            Self::File(file) => file.resources(memory),
        }
    }

    fn place(&self, rva: u32, size: u32) -> Result<u32, Malformed> {
        match self {
            Self::Image(image) => image.place(rva, size),
            Self::File(file) => file.place(rva, size),
        }
    }
}

/// What a handle leads to: the module at `base`, the program for 0, or a file loaded as data.
fn source(base: u32) -> Result<Source, Win32Error> {
    if is_data(base) {
        return data_file(base).map(Source::File);
    }
    let base = if base == 0 { peb().image_base() } else { base };
    let module = Module::at(&memory(), base).ok_or(Win32Error::RESOURCE_DATA_NOT_FOUND)?;
    module.image(&memory()).map(Source::Image).map_err(|_| Win32Error::BAD_EXE_FORMAT)
}

/// Does `work` with the resources of what `base` leads to.
pub(super) fn with_resources<T>(
    base: u32,
    work: impl FnOnce(&Resources<'_, ThisProcess, Source>) -> Result<T, NoResource>,
) -> Result<T, Win32Error> {
    let (memory, source) = (memory(), source(base)?);
    Resources::open(&memory, &source).and_then(|resources| work(&resources)).map_err(error_of)
}

fn error_of(problem: NoResource) -> Win32Error {
    match problem {
        NoResource::Data | NoResource::Malformed => Win32Error::RESOURCE_DATA_NOT_FOUND,
        NoResource::Type => Win32Error::RESOURCE_TYPE_NOT_FOUND,
        NoResource::Name => Win32Error::RESOURCE_NAME_NOT_FOUND,
        NoResource::Language => Win32Error::RESOURCE_LANG_NOT_FOUND,
    }
}

fn find(base: u32, kind: &ResourceName, name: &ResourceName, language: Option<u16>) -> u32 {
    with_resources(base, |resources| resources.find(kind, name, language)).unwrap_or_else(fail)
}

/// A resource of a module, the program's for 0; 0 where there is none.
///
/// # Safety
/// `name` and `kind` are numbers or strings.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindResourceA(base: u32, name: *const u8, kind: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    let kind = unsafe { ansi_name(kind) };
    // SAFETY: as above.
    let name = unsafe { ansi_name(name) };
    find(base, &kind, &name, None)
}

/// The same in UTF-16.
///
/// # Safety
/// As [`FindResourceA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindResourceW(base: u32, name: *const u16, kind: *const u16) -> u32 {
    // SAFETY: the caller's promise.
    let kind = unsafe { wide_name(kind) };
    // SAFETY: as above.
    let name = unsafe { wide_name(name) };
    find(base, &kind, &name, None)
}

/// A resource in one language.
///
/// # Safety
/// As [`FindResourceA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindResourceExA(base: u32, kind: *const u8, name: *const u8, language: u16) -> u32 {
    // SAFETY: the caller's promise.
    let kind = unsafe { ansi_name(kind) };
    // SAFETY: as above.
    let name = unsafe { ansi_name(name) };
    find(base, &kind, &name, Some(language))
}

/// The same in UTF-16.
///
/// # Safety
/// As [`FindResourceA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindResourceExW(base: u32, kind: *const u16, name: *const u16, language: u16) -> u32 {
    // SAFETY: the caller's promise.
    let kind = unsafe { wide_name(kind) };
    // SAFETY: as above.
    let name = unsafe { wide_name(name) };
    find(base, &kind, &name, Some(language))
}

/// Where the bytes of a resource lie; 0 for one that is none.
///
/// # Safety
/// `resource` came from FindResource of the same module, which is still there.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LoadResource(base: u32, resource: u32) -> u32 {
    if resource == 0 {
        return fail(Win32Error::INVALID_HANDLE);
    }
    let (data, size) = (memory().read_u32(resource + LEAF_DATA), memory().read_u32(resource + LEAF_SIZE));
    match source(base).map(|source| source.place(data, size)) {
        Ok(Ok(address)) => address,
        Ok(Err(_)) => fail(Win32Error::RESOURCE_DATA_NOT_FOUND),
        Err(error) => fail(error),
    }
}

/// Bytes of a resource.
///
/// # Safety
/// As [`LoadResource`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SizeofResource(_base: u32, resource: u32) -> u32 {
    if resource == 0 { fail(Win32Error::INVALID_HANDLE) } else { memory().read_u32(resource + LEAF_SIZE) }
}

/// The address of a resource that was loaded: it is that already.
#[unsafe(no_mangle)]
pub extern "system" fn LockResource(data: u32) -> u32 {
    data
}

/// Does nothing, as on every Windows with protected memory.
#[unsafe(no_mangle)]
pub extern "system" fn FreeResource(_data: u32) -> Bool {
    FALSE
}
