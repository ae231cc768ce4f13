//! `CreateProcess`: a section over the image, a process that maps it, what the process is told, a stack and a thread.
//!
//! Source: Microsoft's documentation of CreateProcess; the steps as "Microsoft Windows Internals" has them.

mod child;
mod image;

use alloc::vec::Vec;

use user_ffi::{ThisProcess, c_string, wide, wide_string};
use user_support::command_line::{Reading, SearchPlaces, readings, told};
use user_support::environment::value;
use user_support::error::Win32Error;
use user_support::error_map::win32_error;
use user_support::memory::Memory;
use user_support::path;
use user_support::text;

use super::directory::{current_directory, directory_for, system_directory, windows_directory};
use super::environment::block;
use super::last_error::{Bool, TRUE, fail};
use super::startup::parameter_string;
use child::{Child, Start};
use image::{Image, attributes_of};

/// `FILE_ATTRIBUTE_DIRECTORY`.
const DIRECTORY: u32 = 0x10;
/// Offset of the program's path in the process parameters.
const IMAGE_PATH: u32 = 0x38;

/// Creation flags.
mod flag {
    pub(super) const DEBUG: u32 = 0x1 | 0x2;
    pub(super) const SUSPENDED: u32 = 0x4;
    pub(super) const DETACHED: u32 = 0x8;
    pub(super) const NEW_CONSOLE: u32 = 0x10;
    pub(super) const NEW_GROUP: u32 = 0x200;
    pub(super) const BREAKAWAY: u32 = 0x0100_0000;
    pub(super) const UNICODE_ENVIRONMENT: u32 = 0x400;
    pub(super) const NO_WINDOW: u32 = 0x0800_0000;
}

/// Starts a program.
///
/// # Safety
/// The strings are null or strings; the environment is null or a block of strings; `startup` and `information` point to what
/// Windows says they do.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateProcessA(
    application: *const u8,
    command_line: *const u8,
    process_attributes: *const u32,
    thread_attributes: *const u32,
    inherit: Bool,
    flags: u32,
    environment: *const u8,
    directory: *const u8,
    startup: *const u32,
    information: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise, for each of them.
    let string = |pointer: *const u8| (!pointer.is_null()).then(|| text::wide(unsafe { c_string(pointer) }));
    // SAFETY: the caller's promise.
    let environment = unsafe { environment_of(environment, flags) };
    // SAFETY: the caller's promise. The strings of STARTUPINFOA are bytes.
    let startup = unsafe { Startup::read(startup, |pointer| string(pointer as *const u8).unwrap_or_default()) };
    let request = Request {
        application: string(application),
        command_line: string(command_line),
        directory: string(directory),
        attributes: [process_attributes as u32, thread_attributes as u32],
        inherit: inherit != 0,
        flags,
        environment,
        startup,
    };
    // SAFETY: the caller's promise.
    unsafe { deliver(request.run(), information) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`CreateProcessA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateProcessW(
    application: *const u16,
    command_line: *const u16,
    process_attributes: *const u32,
    thread_attributes: *const u32,
    inherit: Bool,
    flags: u32,
    environment: *const u8,
    directory: *const u16,
    startup: *const u32,
    information: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise, for each of them.
    let string = |pointer: *const u16| (!pointer.is_null()).then(|| unsafe { wide_string(pointer) }.to_vec());
    // SAFETY: the caller's promise.
    let environment = unsafe { environment_of(environment, flags) };
    // SAFETY: the caller's promise.
    let startup = unsafe { Startup::read(startup, |pointer| string(pointer as *const u16).unwrap_or_default()) };
    let request = Request {
        application: string(application),
        command_line: string(command_line),
        directory: string(directory),
        attributes: [process_attributes as u32, thread_attributes as u32],
        inherit: inherit != 0,
        flags,
        environment,
        startup,
    };
    // SAFETY: the caller's promise.
    unsafe { deliver(request.run(), information) }
}

/// Runs a program, as 16-bit Windows did: more than 31 is success.
///
/// # Safety
/// `command_line` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WinExec(command_line: *const u8, show: u32) -> u32 {
    const USES_SHOW_WINDOW: u32 = 1;
    const SUCCESS: u32 = 33;
    // SAFETY: the caller's promise.
    let line = text::wide(unsafe { c_string(command_line) });
    let startup = Startup { window_flags: USES_SHOW_WINDOW, show_window: show & 0xFFFF, ..Startup::default() };
    match (Request { command_line: Some(line), startup, ..Request::default() }).run() {
        Ok(child) => {
            child.close();
            SUCCESS
        }
        // Only four errors have numbers that fit; everything else is "out of memory".
        Err(error @ (Win32Error::FILE_NOT_FOUND | Win32Error::PATH_NOT_FOUND)) => error.0,
        Err(Win32Error::BAD_EXE_FORMAT) => 11,
        Err(_) => 0,
    }
}

/// Writes `PROCESS_INFORMATION`.
///
/// # Safety
/// `information` points to four words.
unsafe fn deliver(result: Result<Child, Win32Error>, information: *mut u32) -> Bool {
    match result {
        Ok(child) => {
            // SAFETY: the caller's promise.
            unsafe { information.cast::<[u32; 4]>().write_unaligned(child.information()) };
            TRUE
        }
        Err(error) => fail(error),
    }
}

/// The environment that the caller names, as UTF-16, with its final zeros.
///
/// # Safety
/// `pointer` is null or a block of strings, of bytes or of UTF-16 as `flags` say.
unsafe fn environment_of(pointer: *const u8, flags: u32) -> Option<Vec<u16>> {
    if pointer.is_null() {
        return None;
    }
    if flags & flag::UNICODE_ENVIRONMENT == 0 {
        let mut units = Vec::new();
        loop {
            // SAFETY: the caller's promise: the string lies before the block's end.
            let entry = unsafe { c_string(pointer.wrapping_add(units.len())) };
            units.extend(text::wide(entry));
            units.push(0);
            if entry.is_empty() {
                return Some(units);
            }
        }
    }
    let (start, mut length) = (pointer.cast::<u16>(), 0);
    loop {
        // SAFETY: the caller's promise: the string lies before the block's end.
        let entry = unsafe { wide_string(start.wrapping_add(length)) }.len();
        length += entry + 1;
        if entry == 0 {
            // SAFETY: the units that were just walked.
            return Some(unsafe { wide(start, length as u32) }.to_vec());
        }
    }
}

/// `STARTUPINFO`, read.
#[derive(Clone, Debug, Default)]
struct Startup {
    desktop: Vec<u16>,
    title: Option<Vec<u16>>,
    window: [u32; 7],
    window_flags: u32,
    show_window: u32,
    runtime_data: Vec<u8>,
    standard_handles: [u32; 3],
}

impl Startup {
    /// # Safety
    /// `pointer` points to a `STARTUPINFO`, whose strings `string` can read.
    unsafe fn read(pointer: *const u32, string: impl Fn(u32) -> Vec<u16>) -> Self {
        // SAFETY: the caller's promise: 68 bytes.
        let words = unsafe { pointer.cast::<[u32; 17]>().read_unaligned() };
        let mut runtime_data = alloc::vec![0; (words[12] >> 16) as usize];
        if words[13] != 0 {
            // SAFETY: the caller's promise: so many bytes stand there.
            unsafe { ThisProcess::new() }.read_bytes(words[13], &mut runtime_data);
        } else {
            runtime_data.clear();
        }
        let mut window = [0; 7];
        window.copy_from_slice(&words[4..11]);
        Self {
            desktop: string(words[2]),
            title: (words[3] != 0).then(|| string(words[3])),
            window,
            window_flags: words[11],
            show_window: words[12] & 0xFFFF,
            runtime_data,
            standard_handles: [words[14], words[15], words[16]],
        }
    }
}

/// What the caller asks for.
#[derive(Clone, Debug, Default)]
struct Request {
    application: Option<Vec<u16>>,
    command_line: Option<Vec<u16>>,
    directory: Option<Vec<u16>>,
    /// Addresses of `SECURITY_ATTRIBUTES` for the two handles, or 0.
    attributes: [u32; 2],
    inherit: bool,
    flags: u32,
    environment: Option<Vec<u16>>,
    startup: Startup,
}

impl Request {
    fn run(self) -> Result<Child, Win32Error> {
        let both = flag::DETACHED | flag::NEW_CONSOLE;
        if self.flags & both == both || self.application.is_none() && self.command_line.is_none() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        if self.flags & flag::DEBUG != 0 {
            return Err(Win32Error::NOT_SUPPORTED);
        }
        let directory = self.child_directory()?;
        let (image, command_line) = self.find_image()?;
        let parent_environment;
        let environment = match &self.environment {
            Some(own) => own,
            None => {
                parent_environment = block().to_vec();
                &parent_environment
            }
        };
        let streams_are_kept = self.flags & (both | flag::NO_WINDOW) == 0;
        let start = Start {
            command_line: &command_line,
            directory: &directory,
            environment,
            startup: &self.startup,
            inherit: self.inherit,
            hands_streams_down: streams_are_kept && !self.inherit && image.is_console_program(),
            flags: self.flags,
            attributes: self.attributes,
        };
        let child = Child::create(&image, &start).map_err(win32_error);
        image.close();
        child
    }

    /// The directory that the child is to start in, with its final backslash.
    fn child_directory(&self) -> Result<Vec<u16>, Win32Error> {
        let Some(named) = &self.directory else { return Ok(current_directory()) };
        let mut directory = path::absolute(&directory_for(named), named);
        match attributes_of(&directory) {
            Ok(attributes) if attributes & DIRECTORY != 0 => {}
            _ => return Err(Win32Error::DIRECTORY),
        }
        if directory.last() != Some(&u16::from(b'\\')) {
            directory.push(u16::from(b'\\'));
        }
        Ok(directory)
    }

    /// The image to run, and what the child is told its command line is.
    fn find_image(&self) -> Result<(Image, Vec<u16>), Win32Error> {
        if let Some(application) = &self.application {
            let image = Image::open(application)?;
            let line = self.command_line.as_ref().unwrap_or(application).clone();
            return Ok((image, line));
        }
        let line = self.command_line.as_deref().unwrap_or_default();
        let places = search_places();
        let mut refusal = None;
        for reading in readings(line) {
            match first_image(&places, &reading) {
                Ok(image) => return Ok((image, told(line, &reading))),
                // What is there and cannot be run ends the search; the first thing that is not there is what is told.
                Err(error) if is_absence(error) => refusal = refusal.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        Err(refusal.unwrap_or(Win32Error::FILE_NOT_FOUND))
    }
}

/// The image at the first of the places where there is a file.
fn first_image(places: &SearchPlaces, reading: &Reading) -> Result<Image, Win32Error> {
    let mut refusal = Win32Error::FILE_NOT_FOUND;
    for candidate in places.candidates(&reading.name) {
        match Image::open(&candidate) {
            // Folders that do not exist are passed over, unless the name itself has one.
            Err(error) if is_absence(error) => {
                refusal = if path::has_folder(&reading.name) { error } else { Win32Error::FILE_NOT_FOUND };
            }
            found => return found,
        }
    }
    Err(refusal)
}

fn is_absence(error: Win32Error) -> bool {
    let absences = [
        Win32Error::FILE_NOT_FOUND,
        Win32Error::PATH_NOT_FOUND,
        Win32Error::INVALID_NAME,
        Win32Error::BAD_PATHNAME,
        Win32Error::ACCESS_DENIED, // a folder of that name
    ];
    absences.contains(&error)
}

fn search_places() -> SearchPlaces {
    SearchPlaces {
        own: path::folder(&parameter_string(IMAGE_PATH)).to_vec(),
        current: current_directory(),
        system: system_directory(),
        windows: windows_directory(),
        path: value(block(), &text::wide(b"PATH")).unwrap_or_default().to_vec(),
    }
}
