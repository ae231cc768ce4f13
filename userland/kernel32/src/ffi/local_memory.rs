//! `LocalAlloc` and `GlobalAlloc`, relics of 16-bit Windows: blocks of the process heap, fixed or movable.
//!
//! The handle of a fixed block is its address. That of a movable one is the address of a word that says where the block is, which is
//! never a multiple of 8 as a block's is; while it is not locked the block may move, or be discarded.
//!
//! Source: Microsoft's documentation of the functions; that a handle leads to the block's address programs have come to rely on.

use user_ffi::{ThisProcess, peb};
use user_support::error::Win32Error;
use user_support::memory::Memory;

use super::last_error::{Bool, TRUE, fail};
use super::nt::{RtlAllocateHeap, RtlFreeHeap, RtlReAllocateHeap, RtlSizeHeap};
use super::pointer_check::is_readable;

/// `LMEM_MOVEABLE`, `LMEM_ZEROINIT`, `LMEM_MODIFY` (change the attributes only), `LMEM_DISCARDABLE`, `LMEM_DISCARDED` and
/// `LMEM_INVALID_HANDLE`; their global twins have the same values, but for discardable blocks.
const MOVEABLE: u32 = 0x2;
const ZERO: u32 = 0x40;
const MODIFY: u32 = 0x80;
const DISCARDED: u32 = 0x4000;
const INVALID_HANDLE: u32 = 0x8000;
/// The lock count, in an entry and in what the flags functions tell.
const LOCK_COUNT: u32 = 0xFF;
/// `HEAP_ZERO_MEMORY`, `HEAP_REALLOC_IN_PLACE_ONLY`.
const HEAP_ZERO: u32 = 0x8;
const IN_PLACE_ONLY: u32 = 0x10;
/// What [`RtlSizeHeap`] says of what is no block.
const NO_SIZE: u32 = 0xFFFF_FFFF;

/// What makes an entry, and a movable block, known: each with the handle mixed in.
const ENTRY: u32 = 0x4D56_4C45;
const BLOCK: u32 = 0x4D56_4C42;
/// Bytes in front of a movable block: its handle, and a check word.
const PREFIX: u32 = 8;

/// Where the two families differ.
#[derive(Clone, Copy)]
struct Family {
    /// Flags that a new block may have.
    valid: u32,
    /// The flag of discardable blocks.
    discardable: u32,
    /// What unlocking a fixed block answers.
    unlocks_fixed: bool,
}

const LOCAL: Family = Family { valid: 0x0F72, discardable: 0x0F00, unlocks_fixed: false };
const GLOBAL: Family = Family { valid: 0x7F72, discardable: 0x0100, unlocks_fixed: true };

macro_rules! twins {
    ($($(#[$meta:meta])* ($local:ident, $global:ident) ($($argument:ident),*) = $body:ident;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// The caller owns the block it names and, when it is freed or moved, uses the old address no more.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $local($($argument: u32),*) -> u32 {
            $body(LOCAL, $($argument),*)
        }

        #[doc = concat!("The same as [`", stringify!($local), "`].")]
        ///
        /// # Safety
        /// As there.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $global($($argument: u32),*) -> u32 {
            $body(GLOBAL, $($argument),*)
        }
    )*};
}

twins! {
    /// Allocates a block; 0 for no memory.
    (LocalAlloc, GlobalAlloc) (flags, size) = allocate;
    /// Frees a block. Returns 0, or the handle on failure.
    (LocalFree, GlobalFree) (handle) = free;
    /// Changes a block's size, or its attributes. Returns its handle, or 0.
    (LocalReAlloc, GlobalReAlloc) (handle, size, flags) = reallocate;
    /// The size of a block, or 0.
    (LocalSize, GlobalSize) (handle) = size;
    /// The address of a block, which stays where it is until it is unlocked as often.
    (LocalLock, GlobalLock) (handle) = lock;
    /// Says that the address is no longer used; whether there are locks left.
    (LocalUnlock, GlobalUnlock) (handle) = unlock;
    /// The handle of the block at an address.
    (LocalHandle, GlobalHandle) (address) = handle_of;
    /// A block's attributes, and in the low byte how often it is locked.
    (LocalFlags, GlobalFlags) (handle) = flags;
    /// The largest block that tidying up would leave free: heaps here grow instead.
    (LocalCompact, GlobalCompact) (_least) = compact;
}

/// Makes memory smaller for a process that has but one heap: there is nothing to gain.
#[unsafe(no_mangle)]
pub extern "system" fn LocalShrink(_handle: u32, _least: u32) -> u32 {
    fail(Win32Error::SUCCESS)
}

/// Locks a block, as [`GlobalLock`] does.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GlobalFix(handle: u32) {
    lock(GLOBAL, handle);
}

/// Unlocks a block, as [`GlobalUnlock`] does.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GlobalUnfix(handle: u32) {
    unlock(GLOBAL, handle);
}

/// Locks a block, as [`GlobalLock`] does.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GlobalWire(handle: u32) -> u32 {
    lock(GLOBAL, handle)
}

/// Unlocks a block, as [`GlobalUnlock`] does.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GlobalUnWire(handle: u32) -> Bool {
    unlock(GLOBAL, handle)
}

/// What a handle names.
#[derive(Clone, Copy)]
enum Named {
    /// A fixed block, at the handle's address.
    Fixed,
    Movable(Entry),
}

/// A movable block's entry: a check word, where the block is, then attributes and lock count. The handle is the address of the second.
#[derive(Clone, Copy)]
struct Entry(u32);

fn memory() -> ThisProcess {
    // SAFETY: only entries and prefixes are touched, which are blocks of this file's own.
    unsafe { ThisProcess::new() }
}

/// A block of the process heap, or 0.
fn take(flags: u32, size: u32) -> u32 {
    // SAFETY: the process heap lives as long as the process.
    unsafe { RtlAllocateHeap(peb().heap(), flags, size) }
}

/// Returns a block to the process heap.
fn give_back(address: u32) {
    // SAFETY: the callers above pass on the promise that the block is not used any more.
    unsafe { RtlFreeHeap(peb().heap(), 0, address) };
}

/// Whether the bytes can be read. The beginning of the process heap, where most blocks are, always can.
fn can_be_read(address: u32, size: u32) -> bool {
    /// Bytes of a heap that are committed from the start, less than the largest size that is asked about.
    const COMMITTED: u32 = 0x1_0000 - 0x10;
    address.wrapping_sub(peb().heap()) < COMMITTED || is_readable(address, size)
}

/// The size of the block of the process heap at `address`, if there is one.
fn size_of_block(address: u32) -> Option<u32> {
    if address == 0 || !can_be_read(address.wrapping_sub(PREFIX), PREFIX) {
        return None;
    }
    // SAFETY: the process heap is alive; what is no block is told apart.
    Some(unsafe { RtlSizeHeap(peb().heap(), 0, address) }).filter(|size| *size != NO_SIZE)
}

impl Entry {
    fn new(attributes: u32) -> Option<Self> {
        let entry = take(0, 12);
        if entry == 0 {
            return None;
        }
        let handle = entry + 4;
        memory().write_u32(entry, ENTRY ^ handle);
        memory().write_u32(handle, 0);
        memory().write_u32(handle + 4, attributes);
        Some(Self(handle))
    }

    /// The entry whose handle is `handle`.
    fn of(handle: u32) -> Option<Self> {
        let known = handle % 8 == 4 && can_be_read(handle - 4, 12) && memory().read_u32(handle - 4) == ENTRY ^ handle;
        known.then_some(Self(handle))
    }

    fn address(self) -> u32 {
        memory().read_u32(self.0)
    }

    fn state(self) -> u32 {
        memory().read_u32(self.0 + 4)
    }

    fn set_state(self, state: u32) {
        memory().write_u32(self.0 + 4, state);
    }

    fn locks(self) -> u32 {
        self.state() & LOCK_COUNT
    }

    /// The block, of the heap, is this entry's.
    fn set_block(self, block: u32) {
        memory().write_u32(block, self.0);
        memory().write_u32(block + 4, BLOCK ^ self.0);
        memory().write_u32(self.0, block + PREFIX);
        self.set_state(self.state() & !DISCARDED);
    }

    /// Gives it a block of `size` bytes; false for no memory.
    fn allocate(self, heap_flags: u32, size: u32) -> bool {
        let block = size.checked_add(PREFIX).map_or(0, |whole| take(heap_flags, whole));
        if block != 0 {
            self.set_block(block);
        }
        block != 0
    }

    /// Gives its block up.
    fn discard(self) {
        if self.address() != 0 {
            give_back(self.address() - PREFIX);
            memory().write_u32(self.0, 0);
        }
        self.set_state(self.state() | DISCARDED);
    }

    fn free(self) {
        self.discard();
        memory().write_u32(self.0 - 4, 0);
        give_back(self.0 - 4);
    }
}

/// What `handle` names.
fn named(handle: u32) -> Option<Named> {
    match Entry::of(handle) {
        Some(entry) => Some(Named::Movable(entry)),
        None => size_of_block(handle).map(|_| Named::Fixed),
    }
}

fn zeroing(flags: u32) -> u32 {
    if flags & ZERO != 0 { HEAP_ZERO } else { 0 }
}

fn allocate(family: Family, flags: u32, size: u32) -> u32 {
    if flags & !family.valid != 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let handle = if flags & MOVEABLE == 0 { take(zeroing(flags), size) } else { allocate_movable(family, flags, size) };
    if handle == 0 { fail(Win32Error::NOT_ENOUGH_MEMORY) } else { handle }
}

fn allocate_movable(family: Family, flags: u32, size: u32) -> u32 {
    let Some(entry) = Entry::new(flags & family.discardable) else { return 0 };
    if size == 0 {
        entry.discard();
    } else if !entry.allocate(zeroing(flags), size) {
        entry.free();
        return 0;
    }
    entry.0
}

fn free(_: Family, handle: u32) -> u32 {
    match named(handle) {
        _ if handle == 0 => 0,
        Some(Named::Fixed) => {
            give_back(handle);
            0
        }
        Some(Named::Movable(entry)) => {
            entry.free();
            0
        }
        None => {
            fail(Win32Error::INVALID_HANDLE);
            handle
        }
    }
}

fn reallocate(family: Family, handle: u32, size: u32, flags: u32) -> u32 {
    if flags & !(family.valid | MODIFY) != 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    match named(handle) {
        None => fail(Win32Error::INVALID_HANDLE),
        Some(Named::Fixed) if flags & MODIFY != 0 => handle,
        Some(Named::Fixed) => or_no_memory(resize(handle, size, flags, flags & MOVEABLE == 0)),
        Some(Named::Movable(entry)) if flags & MODIFY != 0 => {
            entry.set_state(entry.state() & !family.discardable | flags & family.discardable);
            handle
        }
        Some(Named::Movable(entry)) => {
            if change(entry, size, flags) {
                handle
            } else {
                or_no_memory(0)
            }
        }
    }
}

fn or_no_memory(handle: u32) -> u32 {
    if handle == 0 { fail(Win32Error::NOT_ENOUGH_MEMORY) } else { handle }
}

/// Changes the size of a block of the heap; where it is then, or 0.
fn resize(block: u32, size: u32, flags: u32, in_place: bool) -> u32 {
    let heap_flags = zeroing(flags) | if in_place { IN_PLACE_ONLY } else { 0 };
    // SAFETY: the callers above pass on the promise that the old address is not used if the block moves.
    unsafe { RtlReAllocateHeap(peb().heap(), heap_flags, block, size) }
}

/// Changes the size of a movable block: to 0, that it is discarded; false where it cannot be.
fn change(entry: Entry, size: u32, flags: u32) -> bool {
    if size == 0 {
        let may_go = flags & MOVEABLE != 0 && entry.locks() == 0;
        if may_go {
            entry.discard();
        }
        return may_go;
    }
    if entry.address() == 0 {
        return entry.allocate(zeroing(flags), size);
    }
    let Some(whole) = size.checked_add(PREFIX) else { return false };
    let in_place = entry.locks() > 0 && flags & MOVEABLE == 0;
    let block = resize(entry.address() - PREFIX, whole, flags, in_place);
    if block != 0 {
        entry.set_block(block);
    }
    block != 0
}

fn size(_: Family, handle: u32) -> u32 {
    let found = match Entry::of(handle) {
        Some(entry) if entry.address() == 0 => Some(0),
        Some(entry) => size_of_block(entry.address() - PREFIX).map(|size| size - PREFIX),
        None => size_of_block(handle),
    };
    found.unwrap_or_else(|| fail(Win32Error::INVALID_HANDLE))
}

fn lock(_: Family, handle: u32) -> u32 {
    match named(handle) {
        None => fail(Win32Error::INVALID_HANDLE),
        Some(Named::Fixed) => handle,
        Some(Named::Movable(entry)) if entry.address() == 0 => fail(Win32Error::DISCARDED),
        Some(Named::Movable(entry)) => {
            if entry.locks() < LOCK_COUNT {
                entry.set_state(entry.state() + 1);
            }
            entry.address()
        }
    }
}

fn unlock(family: Family, handle: u32) -> Bool {
    match named(handle) {
        None => fail(Win32Error::INVALID_HANDLE),
        Some(Named::Fixed) if family.unlocks_fixed => TRUE,
        Some(Named::Movable(entry)) if entry.locks() > 0 => {
            entry.set_state(entry.state() - 1);
            if entry.locks() > 0 { TRUE } else { fail(Win32Error::SUCCESS) }
        }
        Some(_) => fail(Win32Error::NOT_LOCKED),
    }
}

fn handle_of(_: Family, address: u32) -> u32 {
    if address.is_multiple_of(8) && address != 0 && can_be_read(address.wrapping_sub(PREFIX), PREFIX) {
        let handle = memory().read_u32(address - PREFIX);
        let movable = memory().read_u32(address - PREFIX + 4) == BLOCK ^ handle;
        if movable && Entry::of(handle).is_some_and(|entry| entry.address() == address) {
            return handle;
        }
    }
    if size_of_block(address).is_some() { address } else { fail(Win32Error::INVALID_HANDLE) }
}

fn flags(family: Family, handle: u32) -> u32 {
    match named(handle) {
        None => {
            fail(Win32Error::INVALID_HANDLE);
            INVALID_HANDLE
        }
        Some(Named::Fixed) => 0,
        Some(Named::Movable(entry)) => entry.state() & (LOCK_COUNT | DISCARDED | family.discardable),
    }
}

fn compact(_: Family, _: u32) -> u32 {
    fail(Win32Error::SUCCESS)
}
