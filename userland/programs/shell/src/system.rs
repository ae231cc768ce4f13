//! What the shell needs of the system. Errors are Win32's.

use alloc::string::String;
use alloc::vec::Vec;

use terminal::Key;

use crate::error::Win32Error;
use crate::streams::Streams;

/// `FILE_ATTRIBUTE_DIRECTORY`.
const DIRECTORY: u32 = 0x10;

/// A file or folder in a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// `FILE_ATTRIBUTE_`.
    pub attributes: u32,
    /// Bytes.
    pub size: u64,
    /// When it was written last: units of 100 ns since 1601.
    pub written: u64,
}

impl File {
    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.attributes & DIRECTORY != 0
    }
}

/// A process in a listing. Sizes are bytes.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    pub id: u32,
    pub parent: u32,
    pub threads: u32,
    pub handles: u32,
    pub working_set: u32,
    pub commit: u32,
    pub page_faults: u32,
    pub name: String,
}

/// The memory of the machine, in pages.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    pub page_size: u32,
    pub total: u32,
    pub available: u32,
    pub committed: u32,
    pub commit_limit: u32,
    pub commit_peak: u32,
    pub pool: u32,
    pub page_faults: u32,
}

/// Pages of an address space that are alike: `MEMORY_BASIC_INFORMATION`.
#[allow(missing_docs, reason = "the names are NT's")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Region {
    pub base: u32,
    pub allocation_base: u32,
    pub size: u32,
    pub state: u32,
    pub protection: u32,
    pub kind: u32,
}

/// Whether a program is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Until it ends; Ctrl-C ends it.
    ForEnd,
    /// It runs beside the shell.
    No,
}

/// What became of a program that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// It ended with this status.
    Ended(u32),
    /// It runs, as process number so much.
    Running(u32),
}

/// How the machine is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutDown {
    /// Switched off.
    PowerOff,
    /// Started anew.
    Restart,
}

/// The system.
pub trait System: Streams {
    /// Waits for a key; `None` when there will be none any more.
    fn read_key(&mut self) -> Option<Key>;
    /// Writes to standard output.
    fn write(&mut self, text: &[u8]);
    /// The column in which the cursor is.
    fn column(&mut self) -> usize;
    /// The current directory.
    fn current_directory(&mut self) -> String;
    /// Makes another directory the current one.
    ///
    /// # Errors
    /// Win32's.
    fn change_directory(&mut self, path: &str) -> Result<(), Win32Error>;
    /// The files that `pattern`, a path with wildcards in its last part, describes.
    ///
    /// # Errors
    /// Win32's; FILE_NOT_FOUND where there is none.
    fn list(&mut self, pattern: &str) -> Result<Vec<File>, Win32Error>;
    /// The attributes of a file; `None` where there is none.
    fn attributes(&mut self, path: &str) -> Option<u32>;
    /// Calls `take` with the bytes of a file, piece by piece, until it says `false`.
    ///
    /// # Errors
    /// Win32's.
    fn read_file(&mut self, path: &str, take: &mut dyn FnMut(&mut Self, &[u8]) -> bool) -> Result<(), Win32Error>;
    /// Copies a file, over what is there. `watch` is told how many bytes have been copied, and ends it by saying `false`.
    ///
    /// # Errors
    /// Win32's.
    fn copy_file(
        &mut self,
        from: &str,
        to: &str,
        watch: &mut dyn FnMut(&mut Self, u64) -> bool,
    ) -> Result<(), Win32Error>;
    /// Deletes a file.
    ///
    /// # Errors
    /// Win32's.
    fn delete_file(&mut self, path: &str) -> Result<(), Win32Error>;
    /// Makes a folder.
    ///
    /// # Errors
    /// Win32's.
    fn make_directory(&mut self, path: &str) -> Result<(), Win32Error>;
    /// Removes an empty folder.
    ///
    /// # Errors
    /// Win32's.
    fn remove_directory(&mut self, path: &str) -> Result<(), Win32Error>;
    /// Gives a file or folder another path.
    ///
    /// # Errors
    /// Win32's.
    fn move_file(&mut self, from: &str, to: &str, replaces: bool) -> Result<(), Win32Error>;
    /// Bytes that are free on the volume that `path` is on.
    fn free_bytes(&mut self, path: &str) -> Option<u64>;
    /// The environment, in its order, without the variables of drives (`=C:`).
    fn variables(&mut self) -> Vec<(String, String)>;
    /// The value of a variable, whatever its case.
    fn variable(&mut self, name: &str) -> Option<String>;
    /// Sets a variable, or removes it.
    ///
    /// # Errors
    /// Win32's.
    fn set_variable(&mut self, name: &str, value: Option<&str>) -> Result<(), Win32Error>;
    /// Runs the program at `image`.
    ///
    /// # Errors
    /// Win32's.
    fn run(&mut self, image: &str, command_line: &str, wait: Wait) -> Result<Ran, Win32Error>;
    /// All processes.
    ///
    /// # Errors
    /// Win32's.
    fn processes(&mut self) -> Result<Vec<Process>, Win32Error>;
    /// The memory of the machine.
    ///
    /// # Errors
    /// Win32's.
    fn memory(&mut self) -> Result<Memory, Win32Error>;
    /// The address space of process `id`.
    ///
    /// # Errors
    /// Win32's.
    fn regions(&mut self, id: u32) -> Result<Vec<Region>, Win32Error>;
    /// Ends process `id`.
    ///
    /// # Errors
    /// Win32's.
    fn kill(&mut self, id: u32) -> Result<(), Win32Error>;
    /// The number of the shell's own process.
    fn own_id(&mut self) -> u32;
    /// Units of 100 ns since 1601, and milliseconds since the start.
    fn now(&mut self) -> (u64, u32);
    /// Stops the machine. Returns only where that fails.
    fn shut_down(&mut self, how: ShutDown) -> Win32Error;
}
