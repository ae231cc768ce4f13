//! The file that is to be run, as a section.

use alloc::vec::Vec;

use user_ffi::UnicodeString;
use user_support::error::Win32Error;
use user_support::error_map::win32_error;
use user_support::path::{absolute, to_nt};
use user_support::status::Status;

use crate::ffi::directory::directory_for;
use crate::ffi::nt::{NtClose, NtCreateSection, NtOpenFile, NtQueryAttributesFile, NtQuerySection};

/// `SYNCHRONIZE | FILE_READ_DATA | FILE_EXECUTE`.
const FILE_ACCESS: u32 = 0x0010_0021;
/// Others may read and delete it.
const FILE_SHARE: u32 = 0x5;
/// Synchronous, and no folder.
const FILE_OPTIONS: u32 = 0x60;
/// `SECTION_ALL_ACCESS`.
const SECTION_ACCESS: u32 = 0x000F_001F;
const PAGE_EXECUTE: u32 = 0x10;
const SEC_IMAGE: u32 = 0x0100_0000;
/// `OBJ_CASE_INSENSITIVE`.
const IGNORING_CASE: u32 = 0x40;
/// `SectionImageInformation`, and its size in words.
const IMAGE_INFORMATION: u32 = 1;
const INFORMATION_WORDS: usize = 12;
/// `IMAGE_FILE_DLL`.
const DLL: u32 = 0x2000;
/// `IMAGE_SUBSYSTEM_WINDOWS_GUI` and `_CUI`.
const SUBSYSTEMS: [u32; 2] = [2, CONSOLE];
const CONSOLE: u32 = 3;
/// Versions of the subsystem that run here: 3.10 up to 5.1, the major number in the high half.
const VERSIONS: core::ops::RangeInclusive<u32> = 0x3_000A..=0x5_0001;
/// `ERROR_CHILD_NOT_COMPLETE`: it wants another subsystem.
const CHILD_NOT_COMPLETE: Win32Error = Win32Error(129);
/// Characteristics of the file stand in the low half of their word.
const CHARACTERISTICS: u32 = 0xFFFF;

/// An image that can be run.
#[derive(Debug)]
pub(super) struct Image {
    /// Its path.
    pub path: Vec<u16>,
    /// Handle of its section.
    pub section: u32,
    information: [u32; INFORMATION_WORDS],
}

impl Image {
    /// The image in the file at DOS path `name`.
    pub(super) fn open(name: &[u16]) -> Result<Self, Win32Error> {
        let path = absolute(&directory_for(name), name);
        let file = open_file(&path).map_err(win32_error)?;
        let section = create_section(file);
        // SAFETY: the handle was opened here and is not used any more.
        unsafe { NtClose(file) };
        let section = section.map_err(win32_error)?;
        let mut image = Self { path, section, information: [0; INFORMATION_WORDS] };
        match image.examine() {
            Ok(()) => Ok(image),
            Err(error) => {
                image.close();
                Err(error)
            }
        }
    }

    fn examine(&mut self) -> Result<(), Win32Error> {
        let (buffer, length) = (self.information.as_mut_ptr().cast(), 4 * INFORMATION_WORDS as u32);
        // SAFETY: the service writes so many bytes.
        let status = unsafe { NtQuerySection(self.section, IMAGE_INFORMATION, buffer, length, core::ptr::null_mut()) };
        Status(status).ok().map_err(win32_error)?;
        if self.information[7] & CHARACTERISTICS & DLL != 0 {
            return Err(Win32Error::BAD_EXE_FORMAT);
        }
        if !SUBSYSTEMS.contains(&self.information[4]) {
            return Err(CHILD_NOT_COMPLETE);
        }
        if VERSIONS.contains(&self.information[5]) { Ok(()) } else { Err(Win32Error::BAD_EXE_FORMAT) }
    }

    /// Address of its entry point, at its own base.
    pub(super) fn entry(&self) -> u32 {
        self.information[0]
    }

    /// Bytes that its stack reserves, and that are committed at once.
    pub(super) fn stack(&self) -> (u32, u32) {
        (self.information[2], self.information[3])
    }

    pub(super) fn is_console_program(&self) -> bool {
        self.information[4] == CONSOLE
    }

    pub(super) fn close(&self) {
        // SAFETY: the handle was opened here and is not used any more.
        unsafe { NtClose(self.section) };
    }
}

/// The attributes of the file at an absolute DOS path.
pub(super) fn attributes_of(path: &[u16]) -> Result<u32, Status> {
    let path = to_nt(&[], path);
    let name = UnicodeString::over(&path);
    let object = [0x18, 0, &raw const name as u32, IGNORING_CASE, 0, 0];
    let mut information = [0u32; 10];
    // SAFETY: name and attributes live until the service returns, which writes ten words.
    let status = unsafe { NtQueryAttributesFile(object.as_ptr(), information.as_mut_ptr().cast()) };
    Status(status).ok().map(|()| information[8])
}

fn open_file(path: &[u16]) -> Result<u32, Status> {
    let path = to_nt(&[], path);
    let name = UnicodeString::over(&path);
    let object = [0x18, 0, &raw const name as u32, IGNORING_CASE, 0, 0];
    let (mut handle, mut io) = (0, [0u32; 2]);
    // SAFETY: name and attributes live until the service returns; it writes the handle and the two status words.
    let status =
        unsafe { NtOpenFile(&mut handle, FILE_ACCESS, object.as_ptr(), io.as_mut_ptr(), FILE_SHARE, FILE_OPTIONS) };
    Status(status).ok().map(|()| handle)
}

fn create_section(file: u32) -> Result<u32, Status> {
    let (mut handle, none) = (0, core::ptr::null());
    // SAFETY: the service writes the handle and reads nothing.
    let status =
        unsafe { NtCreateSection(&mut handle, SECTION_ACCESS, none, core::ptr::null(), PAGE_EXECUTE, SEC_IMAGE, file) };
    Status(status).ok().map(|()| handle)
}
