//! The services of AWE: frames that a process owns, and their places in windows.
//!
//! What a program gives as an array is copied before it is looked at, for all of it is checked before any of it is done, and the program may
//! change it meanwhile. A few words find room on the stack; more are copied to pages of pool that go back at once, which are refused where
//! there are none. Frames are given and freed in blocks, between which others may run.
//!
//! Source: Win32's description of AllocateUserPhysicalPages, MapUserPhysicalPages, MapUserPhysicalPagesScatter and
//! FreeUserPhysicalPages: the privilege; that fewer frames may be given; that mapping is all or nothing, overwrites what is mapped, and
//! takes 0 in a scattered array, or no array, for "unmap"; that a failing FreeUserPhysicalPages tells how many it freed. Which of XP's
//! statuses goes with which refusal is inferred from the numbers of the parameters.

use abi::access::PROCESS_VM_OPERATION;
use abi::cell::{Field, Link};
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::layout::{FrameNumber, HIGHEST_VAD_ADDRESS, PAGE_SIZE, USER_PROBE_ADDRESS, VirtualAddress, VirtualPage};
use mm::virtual_memory::PageRange;

use crate::executive::Executive;
use crate::platform::Platform;

/// Frames that are given or freed at a time.
const BLOCK: usize = 64;
/// Blocks after which others may run: 16 MB.
const TURN: u32 = 64;
/// Words of an array that are copied to the stack.
const FEW: usize = 64;
/// Entries that a scattered request may have: the user half has no more pages.
const MOST_SCATTERED: u32 = USER_PROBE_ADDRESS / PAGE_SIZE;
/// Bytes of an entry.
const ENTRY: u32 = 4;

/// An array of the program's, as it was when the service began.
struct Captured<'a, P: Platform> {
    system: &'a Executive<P>,
    few: [u32; FEW],
    /// First page, and how many, where there are more.
    pages: Option<(Link<Field<u32>>, u32)>,
}

impl<P: Platform> Captured<'_, P> {
    /// Entry number `index`, which there is.
    fn get(&self, index: u32) -> u32 {
        match self.pages {
            Some((first, _)) => self.system.machine_record(first.offset::<Field<u32>>(index * ENTRY)).get(),
            None => self.few[index as usize],
        }
    }
}

impl<P: Platform> Drop for Captured<'_, P> {
    fn drop(&mut self) {
        if let Some((first, pages)) = self.pages {
            self.system.mm().free_pool_pages(first, pages);
        }
    }
}

impl<P: Platform> Executive<P> {
    pub(super) fn allocate_user_physical_pages(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, count_at, array_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let wanted = self.probe_word(count_at)?;
        check_array(array_at, wanted)?;
        // Every page of the array can be written, or nothing is done.
        let bytes = wanted * ENTRY;
        for at in (0..bytes).step_by(PAGE_SIZE as usize).chain(bytes.checked_sub(ENTRY)) {
            self.probe_word(array_at + at)?;
        }
        let process = self.process_by_handle(process, PROCESS_VM_OPERATION)?;
        self.require_lock_memory()?;
        if wanted == 0 {
            return Ok(NtStatus::SUCCESS);
        }
        let _held = self.hold(process);
        let given = self.give_frames(process, array_at, wanted)?;
        // There was room for the word.
        let _ = self.write_word(count_at, given);
        Ok(NtStatus::SUCCESS)
    }

    /// Gives `process` up to `wanted` frames, and stores their numbers in the array at `array_at`; how many, which is one at least.
    fn give_frames(&self, process: Link<Eprocess>, array_at: u32, wanted: u32) -> Result<u32, NtStatus> {
        let mut given = 0;
        for turn in 1.. {
            if turn % TURN == 0 {
                self.yield_now();
            }
            if !self.is_alive(process) {
                return Err(NtStatus::PROCESS_IS_TERMINATING);
            }
            let mut block = [FrameNumber(0); BLOCK];
            let asked = (wanted - given).min(BLOCK as u32) as usize;
            // Fewer than were asked for may be given; that there is no memory to count them in is the same.
            let count = self.mm().allocate_user_frames(process, &mut block[..asked]).unwrap_or(0);
            let numbers = block.map(|frame| frame.0);
            if self.write_words(array_at + given * ENTRY, &numbers[..count]).is_err() {
                // Somebody took the array away: what it does not tell of is nobody's.
                let _ = self.free_frames(process, &block[..count]);
                break;
            }
            given += count as u32;
            if count < asked || given == wanted || self.is_told_to_end() {
                break;
            }
        }
        if given > 0 { Ok(given) } else { Err(NtStatus::INSUFFICIENT_RESOURCES) }
    }

    /// Frees `frames` of `process`, in order; how many before one that is not the process's, and the status of that.
    fn free_frames(&self, process: Link<Eprocess>, frames: &[FrameNumber]) -> (u32, Result<(), NtStatus>) {
        self.attached(process, |space| {
            for (freed, frame) in (0..).zip(frames) {
                if let Err(status) = space.free_user_frame(*frame) {
                    return (freed, Err(status));
                }
            }
            (frames.len() as u32, Ok(()))
        })
    }

    pub(super) fn free_user_physical_pages(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, count_at, array_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let wanted = self.probe_word(count_at)?;
        if wanted == 0 {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        check_array(array_at, wanted)?;
        let process = self.process_by_handle(process, PROCESS_VM_OPERATION)?;
        let _held = self.hold(process);
        let (freed, result) = self.take_frames(process, array_at, wanted);
        let _ = self.write_word(count_at, freed);
        result.map(|()| NtStatus::SUCCESS)
    }

    /// Frees `count` frames of `process` whose numbers stand at `array_at`, as far as that goes; how many.
    fn take_frames(&self, process: Link<Eprocess>, array_at: u32, count: u32) -> (u32, Result<(), NtStatus>) {
        let mut freed = 0;
        for turn in 1.. {
            if turn % TURN == 0 {
                self.yield_now();
            }
            let mut numbers = [0; BLOCK];
            let asked = (count - freed).min(BLOCK as u32) as usize;
            if let Err(status) = self.platform().read_user_words(array_at + freed * ENTRY, &mut numbers[..asked]) {
                return (freed, Err(status));
            }
            if !self.is_alive(process) {
                return (freed, Err(NtStatus::PROCESS_IS_TERMINATING));
            }
            let (done, result) = self.free_frames(process, &numbers.map(FrameNumber)[..asked]);
            freed += done;
            if result.is_err() || freed == count {
                return (freed, result);
            }
        }
        (freed, Ok(()))
    }

    pub(super) fn map_user_physical_pages(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[address, count, array_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if count == 0 || count > u32::MAX / PAGE_SIZE {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        let first = VirtualAddress(address).page();
        let last = VirtualPage(first.0 + (count - 1));
        if last > VirtualAddress(HIGHEST_VAD_ADDRESS).page() {
            return Err(NtStatus::INVALID_PARAMETER_1);
        }
        let range = PageRange { start: first, end: last };
        let process = self.current_process();
        // No more is copied than a window has room for.
        self.mm().address_space(process).check_window(range)?;
        let frames = if array_at == 0 { None } else { Some(self.capture(array_at, count)?) };
        self.with_tables(
            process,
            |_| range,
            |space| {
                space.map_user_frames(count, |index| {
                    let frame = frames.as_ref().map(|frames| FrameNumber(frames.get(index)));
                    (VirtualPage(first.0 + index), frame)
                })
            },
        )?;
        Ok(NtStatus::SUCCESS)
    }

    pub(super) fn map_user_physical_pages_scatter(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[addresses_at, count, array_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if count > MOST_SCATTERED {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        if count == 0 {
            return Ok(NtStatus::SUCCESS);
        }
        let addresses = self.capture(addresses_at, count)?;
        let frames = if array_at == 0 { None } else { Some(self.capture(array_at, count)?) };
        let frame = |index| frames.as_ref().map(|frames| frames.get(index)).filter(|number| *number != 0);
        self.with_tables(
            self.current_process(),
            |space| space.pages_of_scattered((0..count).map(|index| addresses.get(index))),
            |space| {
                space.map_user_frames(count, |index| {
                    (VirtualAddress(addresses.get(index)).page(), frame(index).map(FrameNumber))
                })
            },
        )?;
        Ok(NtStatus::SUCCESS)
    }

    /// The array of `count` words, one at least, at user address `at`.
    ///
    /// # Errors
    /// INVALID_PARAMETER_2, DATATYPE_MISALIGNMENT, ACCESS_VIOLATION; INSUFFICIENT_RESOURCES where there is no room for it.
    fn capture(&self, at: u32, count: u32) -> Result<Captured<'_, P>, NtStatus> {
        check_array(at, count)?;
        let mut captured = Captured { system: self, few: [0; FEW], pages: None };
        if count as usize <= FEW {
            self.platform().read_user_words(at, &mut captured.few[..count as usize])?;
            return Ok(captured);
        }
        let pages = (count * ENTRY).div_ceil(PAGE_SIZE);
        let first = self.mm().allocate_pool_pages(pages)?;
        captured.pages = Some((first, pages));
        for done in (0..count).step_by(FEW) {
            let part = &mut [0; FEW][..(count - done).min(FEW as u32) as usize];
            self.platform().read_user_words(at + done * ENTRY, part)?;
            for (index, word) in (done..).zip(part) {
                self.machine_record(first.offset::<Field<u32>>(index * ENTRY)).set(*word);
            }
        }
        Ok(captured)
    }

    /// Whether the caller may keep memory from being paged.
    ///
    /// # Errors
    /// PRIVILEGE_NOT_HELD.
    #[doc(alias = "SeSinglePrivilegeCheck")]
    pub(super) fn require_lock_memory(&self) -> Result<(), NtStatus> {
        let token = self.machine_record(self.token_of(self.current_process()));
        if se::holds(token, se::privilege::LOCK_MEMORY) { Ok(()) } else { Err(NtStatus::PRIVILEGE_NOT_HELD) }
    }
}

/// Checks that an array of `count` words at `at` can lie in the user half.
fn check_array(at: u32, count: u32) -> Result<(), NtStatus> {
    let bytes = count.checked_mul(ENTRY).ok_or(NtStatus::INVALID_PARAMETER_2)?;
    if bytes == 0 {
        return Ok(());
    }
    if !at.is_multiple_of(ENTRY) {
        return Err(NtStatus::DATATYPE_MISALIGNMENT);
    }
    match at.checked_add(bytes) {
        Some(end) if end <= USER_PROBE_ADDRESS => Ok(()),
        _ => Err(NtStatus::ACCESS_VIOLATION),
    }
}
