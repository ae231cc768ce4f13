//! What the loader needs from the process and the system.

use alloc::vec::Vec;
use core::ops::Deref;

use crate::memory::Memory;
use crate::status::Status;

/// An image in the address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// Where it lies.
    pub base: u32,
    /// Bytes that are mapped.
    pub size: u32,
}

/// Why an initialiser is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Reason {
    /// The process ends, or the DLL is about to leave it.
    ProcessDetach = 0,
    /// The DLL has come into the process.
    ProcessAttach = 1,
    /// A thread begins.
    ThreadAttach = 2,
    /// A thread ends by itself.
    ThreadDetach = 3,
}

/// Where a process's loader data is: all that looking modules up needs.
pub trait LoaderData: Memory {
    /// Address of the PEB's `_PEB_LDR_DATA`.
    fn loader_data(&self) -> u32;
}

/// What leads to a process has its loader data.
impl<T: Deref<Target: LoaderData>> LoaderData for T {
    fn loader_data(&self) -> u32 {
        (**self).loader_data()
    }
}

/// The process, as the loader acts on it. Mechanism only: no method decides anything.
///
/// All methods take `&self`, because an initialiser that [`Process::call`] runs may enter the loader again.
pub trait Process: LoaderData {
    /// `bytes` zero bytes on the heap, aligned to 8, or `None`.
    fn allocate(&self, bytes: u32) -> Option<u32>;

    /// Returns an allocation.
    fn free(&self, address: u32);

    /// Changes the protection of the pages that hold `size` bytes at `address` to a `PAGE_` value.
    ///
    /// # Errors
    /// The status of `NtProtectVirtualMemory`.
    fn protect(&self, address: u32, size: u32, protection: u32) -> Result<(), Status>;

    /// Maps the image in the file at an absolute DOS path.
    ///
    /// # Errors
    /// The status of the service that refused: opening the file, making the section or mapping it.
    fn map_image(&self, path: &[u16]) -> Result<Mapped, Status>;

    /// Maps the DLL `name` from the system's own list of DLLs that are looked for nowhere else; its path with it. `None` where
    /// it is not on the list.
    #[doc(alias = "LdrpCheckForKnownDll")]
    fn map_known(&self, _name: &[u16]) -> Option<(Vec<u16>, Mapped)> {
        None
    }

    /// Unmaps the image at `base`.
    fn unmap(&self, base: u32);

    /// Calls an initialiser or TLS callback at `entry` and returns whether it succeeded.
    fn call(&self, entry: u32, base: u32, reason: Reason, context: u32) -> bool;

    /// This thread's array of thread-local blocks, or 0.
    fn thread_storage(&self) -> u32;

    /// Makes `array` this thread's array of thread-local blocks.
    fn set_thread_storage(&self, array: u32);

    /// The folders that are searched for a DLL without one, in order.
    fn search_folders(&self) -> Vec<Vec<u16>>;

    /// The current directory, as an absolute DOS path.
    fn current_directory(&self) -> Vec<u16>;
}
