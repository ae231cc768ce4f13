//! The stack of a new thread: a reservation whose upper end is committed, over a guard page.

use user_ffi::{ThisProcess, peb};
use user_support::memory::Memory;
use user_support::status::Status;

use super::nt::{NtAllocateVirtualMemory, NtFreeVirtualMemory};

/// `STACK_SIZE_PARAM_IS_A_RESERVATION`.
const SIZE_IS_RESERVATION: u32 = 0x1_0000;
const PAGE: u32 = 0x1000;
/// Reservations are multiples of this.
const GRANULARITY: u32 = 0x1_0000;
/// What a reservation that is too small for what is to be committed grows to a multiple of.
const MEGABYTE: u32 = 0x10_0000;
const MEM_COMMIT: u32 = 0x1000;
const MEM_RESERVE: u32 = 0x2000;
const MEM_RELEASE: u32 = 0x8000;
const READ_WRITE: u32 = 0x04;
const GUARD: u32 = 0x100;
/// Offsets in the program's headers: of the PE header's, and in that of what stacks have.
const NEW_HEADER: u32 = 0x3C;
const STACK_RESERVE: u32 = 0x60;
const STACK_COMMIT: u32 = 0x64;

/// The stack of a thread that does not run yet.
pub(super) struct Stack {
    process: u32,
    bottom: u32,
    limit: u32,
    top: u32,
}

impl Stack {
    /// A stack in `process` of which `size` bytes are committed or, if `flags` say so, reserved; 0 is as this program's headers
    /// say.
    #[doc(alias = "BaseCreateStack")]
    pub(super) fn new(process: u32, size: u32, flags: u32) -> Result<Self, Status> {
        match flags & SIZE_IS_RESERVATION {
            0 => Self::of(process, 0, size),
            _ => Self::of(process, size, 0),
        }
    }

    /// A stack in `process` of which `reserve` bytes are reserved and `commit` of them committed; 0 is as this program's headers say.
    pub(super) fn of(process: u32, reserve: u32, commit: u32) -> Result<Self, Status> {
        let (reserve, commit) = sizes(reserve, commit).ok_or(Status::NO_MEMORY)?;
        let bottom = allocate(process, 0, reserve, MEM_RESERVE, READ_WRITE)?;
        let (top, limit) = (bottom + reserve, bottom + reserve - commit);
        let stack = Self { process, bottom, limit, top };
        let committed = allocate(process, limit, commit, MEM_COMMIT, READ_WRITE).and_then(|_| match limit - bottom {
            0 => Ok(0),
            _ => allocate(process, limit - PAGE, PAGE, MEM_COMMIT, READ_WRITE | GUARD),
        });
        committed.map_err(|status| stack.free_with(status))?;
        Ok(stack)
    }

    /// The stack that begins at `bottom`, to be given back.
    pub(super) fn at(process: u32, bottom: u32) -> Self {
        Self { process, bottom, limit: bottom, top: bottom }
    }

    fn free_with(&self, status: Status) -> Status {
        self.free();
        status
    }

    /// Gives it back.
    pub(super) fn free(&self) {
        let (mut base, mut size) = (self.bottom, 0);
        // SAFETY: nobody uses the stack.
        unsafe { NtFreeVirtualMemory(self.process, &mut base, &mut size, MEM_RELEASE) };
    }

    /// Just past it.
    pub(super) fn top(&self) -> u32 {
        self.top
    }

    /// `INITIAL_TEB`.
    pub(super) fn initial_teb(&self) -> [u32; 5] {
        [0, 0, self.top, self.limit, self.bottom]
    }
}

/// How much is reserved and how much of that committed, each as asked or as the headers say.
fn sizes(reserve: u32, commit: u32) -> Option<(u32, u32)> {
    // SAFETY: the headers of the program, which stay mapped, are only read.
    let memory = unsafe { ThisProcess::new() };
    let header = peb().image_base() + memory.read_u32(peb().image_base() + NEW_HEADER);
    let or_default = |asked: u32, offset: u32| if asked == 0 { memory.read_u32(header + offset) } else { asked };
    let (mut reserve, commit) = (or_default(reserve, STACK_RESERVE), or_default(commit, STACK_COMMIT));
    let commit = commit.max(1).checked_next_multiple_of(PAGE)?;
    if commit >= reserve {
        reserve = commit.checked_next_multiple_of(MEGABYTE)?;
    }
    Some((reserve.checked_next_multiple_of(GRANULARITY)?, commit))
}

fn allocate(process: u32, base: u32, size: u32, kind: u32, protection: u32) -> Result<u32, Status> {
    let (mut base, mut size) = (base, size);
    // SAFETY: the service writes the two words; what it allocates is nobody's yet.
    let status = unsafe { NtAllocateVirtualMemory(process, &mut base, 0, &mut size, kind, protection) };
    Status(status).ok().map(|()| base)
}
