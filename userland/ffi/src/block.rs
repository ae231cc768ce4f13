//! The blocks that every program can see: TEB, PEB, process parameters and the shared page.
//!
//! Fields are reached by XP SP3's offsets, word by word: programs write to these blocks too, so no reference to one
//! is ever made.

use alloc::vec::Vec;
use core::arch::asm;

use user_support::memory::Memory;

use crate::memory::ThisProcess;

/// Where the page that the kernel shares with every process lies.
const SHARED_DATA: u32 = 0x7FFE_0000;

/// Declares a getter and, with a second name, a setter for the word at an offset.
macro_rules! words {
    ($($(#[$meta:meta])* $offset:literal $get:ident $($set:ident)?;)*) => {$(
        $(#[$meta])*
        pub fn $get(self) -> u32 {
            self.memory().read_u32(self.0 + $offset)
        }
        $(
            /// Sets the word that the getter of the same name reads.
            pub fn $set(self, value: u32) {
                self.memory().write_u32(self.0 + $offset, value);
            }
        )?
    )*};
}

/// The block of the running thread.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "TEB")]
pub struct ThreadBlock(u32);

/// The block of the process.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "PEB")]
pub struct ProcessBlock(u32);

/// The page that the kernel shares with every process.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "KUSER_SHARED_DATA")]
pub struct SharedData(u32);

/// The running thread's block.
pub fn teb() -> ThreadBlock {
    let address: u32;
    // SAFETY: in ring 3, fs is based on the TEB, whose word 18h is its own address.
    unsafe { asm!("mov {:e}, fs:[0x18]", out(reg) address, options(nostack, preserves_flags, readonly)) };
    ThreadBlock(address)
}

/// The process's block.
pub fn peb() -> ProcessBlock {
    ProcessBlock(teb().process_block())
}

/// The shared page.
pub fn shared_data() -> SharedData {
    SharedData(SHARED_DATA)
}

impl ThreadBlock {
    fn memory(self) -> ThisProcess {
        // SAFETY: only fields of the TEB are touched through it, word by word.
        unsafe { ThisProcess::new() }
    }

    words! {
        /// The innermost exception registration.
        0x00 exception_list set_exception_list;
        /// Address just past the stack.
        0x04 stack_base;
        /// Lowest address of the stack that is committed and no guard page.
        0x08 stack_limit;
        /// Address of the block of the fiber that runs, or 0.
        0x10 fiber set_fiber;
        /// Identifier of the process.
        0x20 process_identifier;
        /// Identifier of the thread.
        0x24 thread_identifier;
        /// Address of the array of thread-local blocks.
        0x2C storage set_storage;
        /// Address of the PEB.
        0x30 process_block;
        /// The last Win32 error.
        0x34 last_error set_last_error;
        /// The locale of the thread, or 0.
        0xC4 locale set_locale;
        /// Lowest address of the stack that is reserved.
        0xE0C stack_allocation;
        /// Address of the words of the slots from 64 on, or 0.
        0xF94 expansion_slots set_expansion_slots;
    }

    /// Whoever ends the thread gives its stack back.
    pub fn free_stack_at_end(self) {
        self.memory().write_bytes(self.0 + 0xF75, &[1]);
    }

    /// The value in slot `index` (0-63).
    #[doc(alias = "TlsSlots")]
    pub fn slot(self, index: u32) -> u32 {
        self.memory().read_u32(self.0 + 0xE10 + 4 * index)
    }

    /// Sets the value in slot `index` (0-63).
    pub fn set_slot(self, index: u32, value: u32) {
        self.memory().write_u32(self.0 + 0xE10 + 4 * index, value);
    }
}

impl ProcessBlock {
    fn memory(self) -> ThisProcess {
        // SAFETY: only fields of the PEB are touched through it, word by word.
        unsafe { ThisProcess::new() }
    }

    words! {
        /// Where the program's image lies.
        0x08 image_base;
        /// Address of `_PEB_LDR_DATA`.
        0x0C loader_data set_loader_data;
        /// Address of `_RTL_USER_PROCESS_PARAMETERS`.
        0x10 parameters;
        /// The process heap.
        0x18 heap set_heap;
        /// The critical section of the PEB.
        0x1C lock set_lock;
        /// Address of the `RTL_BITMAP` of thread-local slots.
        0x40 slot_bitmap set_slot_bitmap;
        /// Slots 0-31 in use, a bit each.
        0x44 slots_low set_slots_low;
        /// Slots 32-63 in use, a bit each.
        0x48 slots_high set_slots_high;
        /// Processors of the machine.
        0x64 processors;
        /// Bytes that a new heap reserves.
        0x78 heap_reserve;
        /// Heaps of the process.
        0x88 heap_count set_heap_count;
        /// Room in the array of heaps.
        0x8C maximum_heaps set_maximum_heaps;
        /// Address of the array of heaps.
        0x90 heaps set_heaps;
        /// Address of the `RTL_BITMAP` of the slots from 64 on.
        0x150 expansion_bitmap set_expansion_bitmap;
        /// The critical section of the loader.
        0xA0 loader_lock set_loader_lock;
        /// Major version of the system.
        0xA4 major_version;
        /// Minor version of the system.
        0xA8 minor_version;
        /// Build number, and the service pack in the high half.
        0xAC build;
        /// Platform: 2 for NT.
        0xB0 platform;
    }

    /// Where the block lies.
    pub fn address(self) -> u32 {
        self.0
    }

    /// Address of the bits of the thread-local slots.
    pub fn slot_bits(self) -> u32 {
        self.0 + 0x44
    }

    /// Address of the bits of the slots from 64 on.
    pub fn expansion_bits(self) -> u32 {
        self.0 + 0x154
    }

    /// Whether a debugger is attached.
    pub fn being_debugged(self) -> bool {
        self.memory().read_u8(self.0 + 2) != 0
    }
}

impl SharedData {
    fn memory(self) -> ThisProcess {
        // SAFETY: the page is mapped read-only in every process and only read here.
        unsafe { ThisProcess::new() }
    }

    words! {
        /// Clock ticks since the start, modulo 2^32.
        0x000 tick_count;
        /// Milliseconds a tick, times 2^24.
        0x004 tick_multiplier;
        /// Which of its times the zone has: 0 its only one, 1 winter's, 2 summer's.
        0x240 time_zone_id;
        /// Bytes of a large page.
        0x244 large_page_minimum;
    }

    /// Processor feature `index` (`PF_` value).
    pub fn has_feature(self, index: u32) -> bool {
        index < 64 && self.memory().read_u8(self.0 + 0x274 + index) != 0
    }

    /// Which programs data execution prevention covers (`DEP_SYSTEM_POLICY_TYPE`): 0 none, 1 all, 2 those that ask for it, 3 all but those that
    /// ask to be left out.
    pub fn no_execute_policy(self) -> u8 {
        self.memory().read_u8(self.0 + 0x2D5)
    }

    /// The system time in units of 100 ns since 1601.
    pub fn system_time(self) -> u64 {
        self.time(0x14)
    }

    /// Units of 100 ns that local time is behind UTC.
    pub fn time_zone_bias(self) -> i64 {
        self.time(0x20).cast_signed()
    }

    /// Units of 100 ns since the start of the system.
    pub fn interrupt_time(self) -> u64 {
        self.time(0x08)
    }

    /// The time at `offset`. The kernel writes high 2, low, high 1; equal halves mean that no update came in between.
    fn time(self, offset: u32) -> u64 {
        let word = |index: u32| self.memory().read_u32(self.0 + offset + 4 * index);
        loop {
            let (high, low) = (word(1), word(0));
            if high == word(2) {
                return u64::from(high) << 32 | u64::from(low);
            }
        }
    }

    /// Unit `index` of the system root (`C:\WINDOWS`), 0 behind its end.
    pub fn system_root(self, index: u32) -> u16 {
        if index < 260 { self.memory().read_u16(self.0 + 0x30 + 2 * index) } else { 0 }
    }

    /// The system root, with room for `more` units behind it.
    pub fn system_root_and(self, more: usize) -> Vec<u16> {
        let length = (0..).take_while(|&index| self.system_root(index) != 0).count();
        let mut root = Vec::with_capacity(length + more);
        root.extend((0..length as u32).map(|index| self.system_root(index)));
        root
    }
}
