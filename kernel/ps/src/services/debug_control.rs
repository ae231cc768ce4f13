//! NtSystemDebugControl: memory as a debugger on the same machine reads and writes it, past every protection.
//!
//! XP asks for SeDebugPrivilege. Here the word `debug` on the kernel's command line alone decides, for all programs.
//! Nothing is brought in: an address without a page in memory can be neither read nor written, and reading changes neither PTE
//! nor list. Only RAM is meant, for reading a device can change it. What is written is the frame itself: no copy is made of
//! a page that is copied on write, no Dirty bit is set, and who writes into the kernel's own structures may stop the system.
//!
//! Source: `SYSDBG_COMMAND`, `SYSDBG_VIRTUAL` and `SYSDBG_PHYSICAL` as public headers declare them; statuses as
//! observed of XP.

use core::sync::atomic::Ordering;

use abi::status::NtStatus;
use mm::layout::{ENTRIES_PER_TABLE, FrameNumber, HIGHEST_USER_ADDRESS, PAGE_SIZE, VirtualAddress};
use mm::pte::{VALID, ValidPte, pde_of, pte_of};

use crate::buffer::zeros;
use crate::executive::Executive;
use crate::platform::Platform;

/// `SysDbgReadVirtual`: the input is an address, a buffer and a length.
const READ_VIRTUAL: u32 = 8;
/// `SysDbgReadPhysical`: the input is an address of 64 bits, a buffer and a length.
const READ_PHYSICAL: u32 = 10;
/// `SysDbgWriteVirtual`, with the request of the reader.
const WRITE_VIRTUAL: u32 = 9;
/// `SysDbgWritePhysical`, with the request of the reader.
const WRITE_PHYSICAL: u32 = 11;
/// Bit of a page-directory entry that maps 2 MB by itself.
const LARGE_PAGE: u64 = 1 << 7;

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From memory to the caller.
    Read,
    /// From the caller to memory.
    Write,
}

/// Where the memory is.
#[derive(Clone, Copy)]
enum Source {
    /// A linear address of the current process, in either half.
    Virtual(u32),
    /// A physical address.
    Physical(u64),
}

impl<P: Platform> Executive<P> {
    /// Lets programs read all memory from now on.
    pub fn allow_debugging(&self) {
        self.debugging.store(true, Ordering::Relaxed);
    }

    /// Whether they may.
    pub fn allows_debugging(&self) -> bool {
        self.debugging.load(Ordering::Relaxed)
    }

    pub(super) fn system_debug_control(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[command, input, input_length, _, _, returned_at] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        if !self.allows_debugging() {
            return Err(NtStatus::ACCESS_DENIED);
        }
        self.probe_optional(returned_at)?;
        let way = if matches!(command, WRITE_VIRTUAL | WRITE_PHYSICAL) { Way::Write } else { Way::Read };
        let (source, buffer, length) = match command {
            READ_VIRTUAL | WRITE_VIRTUAL => {
                let [address, buffer, length] = self.debug_request(input, input_length)?;
                (Source::Virtual(address), buffer, length)
            }
            READ_PHYSICAL | WRITE_PHYSICAL => {
                let [low, high, buffer, length] = self.debug_request(input, input_length)?;
                (Source::Physical(u64::from(high) << 32 | u64::from(low)), buffer, length)
            }
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        };
        if buffer.checked_add(length).is_none_or(|end| end > HIGHEST_USER_ADDRESS + 1) {
            return Err(NtStatus::ACCESS_VIOLATION);
        }
        let (done, status) = self.copy_for_debugger(way, source, buffer, length);
        self.write_optional(returned_at, done)?;
        Ok(status)
    }

    /// The request of `WORDS` words that a command takes.
    fn debug_request<const WORDS: usize>(&self, at: u32, length: u32) -> Result<[u32; WORDS], NtStatus> {
        if length as usize != WORDS * 4 {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let mut words = [0; WORDS];
        self.platform().read_user_words(at, &mut words)?;
        Ok(words)
    }

    /// Copies `length` bytes between `source` and user address `buffer`, a page at a time: how many, and SUCCESS;
    /// UNSUCCESSFUL where the rest is not in memory, or the status of a buffer that ends too early.
    #[doc(alias = "MmDbgCopyMemory")]
    fn copy_for_debugger(&self, way: Way, source: Source, buffer: u32, length: u32) -> (u32, NtStatus) {
        let Ok(mut bytes) = zeros(length.min(PAGE_SIZE)) else { return (0, NtStatus::INSUFFICIENT_RESOURCES) };
        let mut done = 0;
        while done < length {
            // The buffer may be what makes pages move: it comes first, and the frame is looked up right before it is written.
            let most = (length - done).min(PAGE_SIZE - (buffer + done) % PAGE_SIZE);
            let fetched = match way {
                Way::Write => self.platform().read_user(buffer + done, &mut bytes[..most as usize]),
                Way::Read => Ok(()),
            };
            if let Err(status) = fetched {
                return (done, status);
            }
            let Some((frame, within)) = self.place_of(source, done) else { return (done, NtStatus::UNSUCCESSFUL) };
            let step = (PAGE_SIZE - within).min(most);
            let bytes = &mut bytes[..step as usize];
            match way {
                Way::Write => {
                    self.platform().write(frame, within, bytes);
                    // It may have been a page table.
                    self.platform().flush_user();
                }
                Way::Read => {
                    self.platform().read(frame, within, bytes);
                    if let Err(status) = self.platform().write_user(buffer + done, bytes) {
                        return (done, status);
                    }
                }
            }
            done += step;
        }
        (done, NtStatus::SUCCESS)
    }

    /// The frame of RAM with the byte `done` behind the beginning of `source`, and where in it.
    fn place_of(&self, source: Source, done: u32) -> Option<(FrameNumber, u32)> {
        let (frame, within) = match source {
            Source::Virtual(start) => {
                let address = VirtualAddress(start.checked_add(done)?);
                (self.frame_of(address)?, address.offset_in_page())
            }
            Source::Physical(start) => {
                let address = start.checked_add(u64::from(done))?;
                let frame = u32::try_from(address / u64::from(PAGE_SIZE)).ok()?;
                (FrameNumber(frame), (address % u64::from(PAGE_SIZE)) as u32)
            }
        };
        self.mm().is_ram(frame).then_some((frame, within))
    }

    /// The frame that the processor would find behind `address`, if it found one without a fault.
    #[doc(alias = "MmIsAddressValid")]
    fn frame_of(&self, address: VirtualAddress) -> Option<FrameNumber> {
        let page = address.page();
        let present = |raw: u64| (raw & VALID != 0).then_some(ValidPte(raw));
        let directory = present(self.platform().record(pde_of(page)).load())?;
        if directory.has(LARGE_PAGE) {
            return Some(FrameNumber(directory.frame().0 + page.0 % ENTRIES_PER_TABLE));
        }
        Some(present(self.platform().record(pte_of(page)).load())?.frame())
    }
}
