//! This process, as the loader acts on it.

use core::arch::naked_asm;
use core::cell::UnsafeCell;
use core::ops::Deref;

use alloc::vec::Vec;

use user_ffi::{ThisProcess, UnicodeString, peb, shared_data, teb, wide};
use user_support::environment::value;
use user_support::loader::{Mapped, Process, Reason};
use user_support::memory::Memory;
use user_support::path;
use user_support::status::Status;
use user_support::text;

use super::heap;
use super::services::{
    CURRENT_PROCESS, NtClose, NtCreateSection, NtMapViewOfSection, NtOpenFile, NtOpenSection, NtProtectVirtualMemory,
    NtUnmapViewOfSection,
};

/// Read, execute and wait for the file.
const FILE_ACCESS: u32 = 0x0010_0021;
/// Others may read and delete it.
const FILE_SHARE: u32 = 0x5;
/// Synchronous, and no folder.
const FILE_OPTIONS: u32 = 0x60;
/// Map the section for reading, writing (to copies) and execution.
const SECTION_ACCESS: u32 = 0xE;
const SEC_IMAGE: u32 = 0x0100_0000;
const PAGE_EXECUTE: u32 = 0x10;
const PAGE_READWRITE: u32 = 0x04;
/// `OBJ_CASE_INSENSITIVE`.
const IGNORING_CASE: u32 = 0x40;
/// `ViewShare`.
const INHERIT: u32 = 1;

/// Offsets in `_RTL_USER_PROCESS_PARAMETERS`.
mod parameter {
    pub(super) const CURRENT_DIRECTORY: u32 = 0x24;
    pub(super) const IMAGE_PATH: u32 = 0x38;
    pub(super) const ENVIRONMENT: u32 = 0x48;
}

/// A folder that is looked into before all others; empty for none.
struct Folder(UnsafeCell<Vec<u16>>);

// SAFETY: only reached through a `Native`, whose maker has the loader lock.
unsafe impl Sync for Folder {}

static FIRST_FOLDER: Folder = Folder(UnsafeCell::new(Vec::new()));

/// The process that this DLL is in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Native(ThisProcess);

impl Native {
    /// This process, for the loader.
    ///
    /// # Safety
    /// The caller has the loader lock, or is alone in the process.
    pub(crate) const unsafe fn new() -> Self {
        // SAFETY: the loader touches images and its own entries, under its lock.
        Self(unsafe { ThisProcess::new() })
    }

    /// From now on DLLs are looked for in this folder before the program's; in none for an empty one. What it was before.
    pub(crate) fn look_first_in(&self, folder: &[u16]) -> Vec<u16> {
        // SAFETY: the maker of `self` has the loader lock, and no reference into the place is kept.
        unsafe { FIRST_FOLDER.0.get().replace(folder.to_vec()) }
    }

    /// The `UNICODE_STRING` at `offset` of the process parameters.
    fn parameter(self, offset: u32) -> Vec<u16> {
        let string = peb().parameters() + offset;
        let (bytes, buffer) = (self.read_u16(string), self.read_u32(string + 4));
        // SAFETY: the kernel wrote the string and programs replace it whole; it is copied at once.
        unsafe { wide(buffer as *const u16, u32::from(bytes) / 2) }.to_vec()
    }

    /// Path of the program.
    pub(crate) fn image_path(self) -> Vec<u16> {
        self.parameter(parameter::IMAGE_PATH)
    }

    /// The environment, without its last zero.
    fn environment(self) -> Vec<u16> {
        let start = self.read_u32(peb().parameters() + parameter::ENVIRONMENT);
        if start == 0 {
            return Vec::new();
        }
        let length = (0..).step_by(2).find(|offset| self.read_u32(start + offset) == 0).unwrap_or(0) / 2;
        // SAFETY: the kernel or kernel32 made the block, whose two zeros were just found; it is copied at once.
        unsafe { wide(start as *const u16, length + 1) }.to_vec()
    }

    /// The folder of Windows.
    pub(crate) fn system_root(self) -> Vec<u16> {
        shared_data().system_root_and(0)
    }

    /// The path of the file `name` in the system's own folder.
    pub(crate) fn in_system_folder(self, name: &[u16]) -> Vec<u16> {
        const FOLDER: &[u8] = b"\\system32\\";
        let mut path = shared_data().system_root_and(FOLDER.len() + name.len());
        // The root of a drive ends with the separator already.
        let separated = path.last() == Some(&u16::from(b'\\'));
        path.extend(FOLDER[usize::from(separated)..].iter().copied().map(u16::from));
        path.extend_from_slice(name);
        path
    }
}

impl Deref for Native {
    type Target = ThisProcess;

    fn deref(&self) -> &ThisProcess {
        &self.0
    }
}

impl Process for Native {
    fn allocate(&self, bytes: u32) -> Option<u32> {
        let address = heap::allocate(peb().heap(), bytes);
        (address != 0).then(|| {
            // SAFETY: the block was just allocated with that many bytes.
            unsafe { (address as *mut u8).write_bytes(0, bytes as usize) };
            address
        })
    }

    fn free(&self, address: u32) {
        heap::free(peb().heap(), address);
    }

    fn protect(&self, address: u32, size: u32, protection: u32) -> Result<(), Status> {
        let (mut base, mut size, mut old) = (address, size, 0);
        // SAFETY: the service writes the three words; the loader only opens and closes pages of images it works on.
        let status = unsafe { NtProtectVirtualMemory(CURRENT_PROCESS, &mut base, &mut size, protection, &mut old) };
        Status(status).ok()
    }

    fn map_image(&self, path: &[u16]) -> Result<Mapped, Status> {
        let file = open_file(&path::to_nt(&self.current_directory(), path))?;
        let section = create_image_section(file);
        close(file);
        let section = section?;
        let mapped = map_section(section);
        close(section);
        mapped
    }

    fn map_known(&self, name: &[u16]) -> Option<(Vec<u16>, Mapped)> {
        let section = open_known_section(name)?;
        let mapped = map_section(section);
        close(section);
        Some((self.in_system_folder(name), mapped.ok()?))
    }

    fn unmap(&self, base: u32) {
        // SAFETY: the loader unmaps only what it mapped and nobody holds any more; a refusal changes nothing.
        unsafe { NtUnmapViewOfSection(CURRENT_PROCESS, base) };
    }

    fn call(&self, entry: u32, base: u32, reason: Reason, context: u32) -> bool {
        // SAFETY: `entry` is an initialiser or TLS callback that an image of this process names; calling it is what
        // loading the image means.
        unsafe { call_initialiser(entry, base, reason as u32, context) & 0xFF != 0 }
    }

    fn thread_storage(&self) -> u32 {
        teb().storage()
    }

    fn set_thread_storage(&self, array: u32) {
        teb().set_storage(array);
    }

    fn search_folders(&self) -> Vec<Vec<u16>> {
        let root = self.system_root();
        let system = path::join(&root, &text::wide(b"system32"));
        let old_system = path::join(&root, &text::wide(b"system"));
        // The folder that a program happens to be in comes late, so that what lies there takes nobody's place: SafeDllSearchMode.
        // SAFETY: as in `look_first_in`.
        let first = unsafe { (*FIRST_FOLDER.0.get()).clone() };
        let own = if first.is_empty() { path::folder(&self.image_path()).to_vec() } else { first };
        let mut folders = [own, system, old_system, root].to_vec();
        let block = self.environment();
        let listed = value(&block, &text::wide(b"PATH")).unwrap_or_default();
        let listed = listed.split(|&unit| unit == u16::from(b';')).filter(|folder| !folder.is_empty());
        for folder in [self.current_directory()].into_iter().chain(listed.map(<[u16]>::to_vec)) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        folders
    }

    fn current_directory(&self) -> Vec<u16> {
        self.parameter(parameter::CURRENT_DIRECTORY)
    }
}

/// Calls `entry(base, reason, context)` and survives one that takes its arguments off the stack and one that does not.
#[unsafe(naked)]
unsafe extern "system" fn call_initialiser(entry: u32, base: u32, reason: u32, context: u32) -> u32 {
    naked_asm!(
        "push ebp",
        "mov ebp, esp",
        "push ebx",
        "push esi",
        "push edi",
        "push dword ptr [ebp + 20]",
        "push dword ptr [ebp + 16]",
        "push dword ptr [ebp + 12]",
        "call dword ptr [ebp + 8]",
        "lea esp, [ebp - 12]",
        "pop edi",
        "pop esi",
        "pop ebx",
        "pop ebp",
        "ret 16",
    )
}

/// The section of the DLL `name` in the directory of those that the system keeps ready.
fn open_known_section(name: &[u16]) -> Option<u32> {
    const FOLDER: &[u8] = b"\\KnownDlls\\";
    let mut path = Vec::with_capacity(FOLDER.len() + name.len());
    path.extend(FOLDER.iter().copied().map(u16::from));
    path.extend_from_slice(name);
    let name = UnicodeString::over(&path);
    let attributes = [0x18, 0, &raw const name as u32, IGNORING_CASE, 0, 0];
    let mut handle = 0;
    // SAFETY: name and attributes live until the service returns, which writes the handle.
    let status = unsafe { NtOpenSection(&mut handle, SECTION_ACCESS, attributes.as_ptr()) };
    Status(status).ok().ok().map(|()| handle)
}

fn open_file(path: &[u16]) -> Result<u32, Status> {
    let name = UnicodeString::over(path);
    let attributes = [0x18, 0, &raw const name as u32, IGNORING_CASE, 0, 0];
    let (mut handle, mut io) = (0, [0u32; 2]);
    // SAFETY: name and attributes live until the service returns; it writes the handle and the two status words.
    let status =
        unsafe { NtOpenFile(&mut handle, FILE_ACCESS, attributes.as_ptr(), io.as_mut_ptr(), FILE_SHARE, FILE_OPTIONS) };
    Status(status).ok().map(|()| handle)
}

fn create_image_section(file: u32) -> Result<u32, Status> {
    let (mut handle, none) = (0, core::ptr::null());
    // SAFETY: the service writes the handle and reads nothing.
    let status =
        unsafe { NtCreateSection(&mut handle, SECTION_ACCESS, none, core::ptr::null(), PAGE_EXECUTE, SEC_IMAGE, file) };
    Status(status).ok().map(|()| handle)
}

fn map_section(section: u32) -> Result<Mapped, Status> {
    let (mut base, mut size, whole) = (0, 0, core::ptr::null_mut());
    // SAFETY: the service writes the two words and maps the view where nothing is.
    let status = unsafe {
        NtMapViewOfSection(section, CURRENT_PROCESS, &mut base, 0, 0, whole, &mut size, INHERIT, 0, PAGE_READWRITE)
    };
    Status(status).ok().map(|()| Mapped { base, size })
}

fn close(handle: u32) {
    // SAFETY: the handle was opened here and is not used any more.
    unsafe { NtClose(handle) };
}
