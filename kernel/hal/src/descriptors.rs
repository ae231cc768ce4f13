//! Descriptor tables: segments, the task states, and the gates of the interrupt table.
//!
//! Selectors are XP's. All segments are flat but two: FS is the processor control region in ring 0 and the TEB in ring 3.
//! There is one task state for the kernel's stack pointer and one that a double fault switches to, so that it finds a good
//! stack whatever happened to the current one. Neither has an I/O permission map: ring 3 reaches no port.
//!
//! Source: Intel SDM volume 3, chapters 3, 6 and 7.

use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};

use abi::processor::PROCESSOR_CONTROL_REGION;

/// Ring 0 code.
pub const KERNEL_CODE: u32 = 0x08;
/// Ring 0 data and stack.
pub const KERNEL_DATA: u32 = 0x10;
/// Ring 3 code.
pub const USER_CODE: u32 = 0x1B;
/// Ring 3 data and stack.
pub const USER_DATA: u32 = 0x23;
/// The task state.
pub const TASK: u32 = 0x28;
/// FS in ring 0: the processor control region.
pub const CONTROL_REGION: u32 = 0x30;
/// FS in ring 3: the TEB.
pub const USER_TEB: u32 = 0x3B;
/// The task state of the double-fault handler.
pub const DOUBLE_FAULT_TASK: u32 = 0x50;

const CODE: u32 = 0x9B;
const DATA: u32 = 0x93;
const RING_3: u32 = 0x60;
const TASK_STATE: u32 = 0x89;
/// Limit counted in pages, 32-bit operands.
const FLAT: u32 = 0xC0_0000;
/// Limit counted in bytes, 32-bit operands.
const BYTES: u32 = 0x40_0000;

const GATE_INTERRUPT: u32 = 0x8E00;
const GATE_TASK: u32 = 0x8500;
const GATE_RING_3: u32 = 0x6000;

const TASK_WORDS: usize = 26;
const DOUBLE_FAULT_STACK: usize = 0x3000;

/// A task state, by words. Never crosses a page boundary.
#[repr(C, align(128))]
struct TaskState([AtomicU32; TASK_WORDS]);

/// Words of a [`TaskState`].
mod word {
    pub const ESP0: usize = 1;
    pub const SS0: usize = 2;
    pub const CR3: usize = 7;
    pub const EIP: usize = 8;
    pub const EFLAGS: usize = 9;
    pub const EAX: usize = 10;
    pub const ESP: usize = 14;
    pub const ES: usize = 18;
    pub const CS: usize = 19;
    pub const SS: usize = 20;
    pub const DS: usize = 21;
    pub const FS: usize = 22;
    pub const GS: usize = 23;
    pub const IO_MAP: usize = 25;
}

#[repr(C, align(8))]
struct Table<const WORDS: usize>([AtomicU32; WORDS]);

#[repr(C, align(16))]
struct Stack<const BYTES: usize>([AtomicU32; BYTES]);

static SEGMENTS: Table<24> = Table([const { AtomicU32::new(0) }; 24]);
static GATES: Table<512> = Table([const { AtomicU32::new(0) }; 512]);
static TASK_STATE_0: TaskState = TaskState([const { AtomicU32::new(0) }; TASK_WORDS]);
static DOUBLE_FAULT_STATE: TaskState = TaskState([const { AtomicU32::new(0) }; TASK_WORDS]);
static DOUBLE_FAULT_STACK_0: Stack<{ DOUBLE_FAULT_STACK / 4 }> =
    Stack([const { AtomicU32::new(0) }; DOUBLE_FAULT_STACK / 4]);

/// The registers at the moment of a double fault, as the task switch saved them.
#[derive(Clone, Copy, Debug)]
pub struct InterruptedTask {
    /// EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI.
    pub general: [u32; 8],
    /// EIP.
    pub eip: u32,
    /// EFLAGS.
    pub eflags: u32,
    /// CS, SS, DS, ES, FS, GS.
    pub segments: [u32; 6],
    /// Kernel address of the task state.
    pub address: u32,
}

fn address_of<T>(object: &'static T) -> u32 {
    core::ptr::from_ref(object) as u32
}

fn set_segment(selector: u32, base: u32, limit: u32, access: u32, flags: u32) {
    let index = (selector >> 3) as usize * 2;
    let low = base << 16 | limit & 0xFFFF;
    let high = base & 0xFF00_0000 | flags | limit & 0xF_0000 | access << 8 | base >> 16 & 0xFF;
    SEGMENTS.0[index].store(low, Ordering::Relaxed);
    SEGMENTS.0[index + 1].store(high, Ordering::Relaxed);
}

fn set_word(state: &TaskState, index: usize, value: u32) {
    state.0[index].store(value, Ordering::Relaxed);
}

/// Who may call a gate by an `int` instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GateAccess {
    /// The kernel.
    Kernel,
    /// Programs too.
    User,
}

/// Makes `vector` enter the code at `handler` with interrupts off.
pub(crate) fn set_gate(vector: u32, handler: u32, access: GateAccess) {
    let ring = if access == GateAccess::User { GATE_RING_3 } else { 0 };
    let index = vector as usize * 2;
    GATES.0[index].store(KERNEL_CODE << 16 | handler & 0xFFFF, Ordering::Relaxed);
    GATES.0[index + 1].store(handler & 0xFFFF_0000 | GATE_INTERRUPT | ring, Ordering::Relaxed);
}

/// Makes a double fault switch to a task that runs `handler` in the address space of `page_directory`.
pub(crate) fn set_double_fault_task(handler: u32, page_directory: u32) {
    let state = &DOUBLE_FAULT_STATE;
    let stack = address_of(&DOUBLE_FAULT_STACK_0) + DOUBLE_FAULT_STACK as u32 - 16;
    for (index, value) in [
        (word::ESP0, stack),
        (word::SS0, KERNEL_DATA),
        (word::CR3, page_directory),
        (word::EIP, handler),
        (word::EFLAGS, 2),
        (word::ESP, stack),
        (word::ES, USER_DATA),
        (word::CS, KERNEL_CODE),
        (word::SS, KERNEL_DATA),
        (word::DS, USER_DATA),
        (word::FS, CONTROL_REGION),
        (word::IO_MAP, (TASK_WORDS as u32 * 4) << 16),
    ] {
        set_word(state, index, value);
    }
    let index = 8 * 2;
    GATES.0[index].store(DOUBLE_FAULT_TASK << 16, Ordering::Relaxed);
    GATES.0[index + 1].store(GATE_TASK, Ordering::Relaxed);
}

/// What the processor was doing when it switched to the double-fault task.
pub fn interrupted_task() -> InterruptedTask {
    let state = &TASK_STATE_0;
    let get = |index: usize| state.0[index].load(Ordering::Relaxed);
    InterruptedTask {
        general: core::array::from_fn(|index| get(word::EAX + index)),
        eip: get(word::EIP),
        eflags: get(word::EFLAGS),
        segments: [word::CS, word::SS, word::DS, word::ES, word::FS, word::GS].map(get),
        address: address_of(state),
    }
}

/// The stack pointer that a trap out of ring 3 begins with.
#[inline(always)]
pub(crate) fn kernel_stack_pointer() -> u32 {
    TASK_STATE_0.0[word::ESP0].load(Ordering::Relaxed)
}

/// Sets the stack pointer that a trap out of ring 3 begins with.
#[inline(always)]
pub(crate) fn set_kernel_stack_pointer(stack_pointer: u32) {
    set_word(&TASK_STATE_0, word::ESP0, stack_pointer);
}

/// Sets the base of FS in ring 3. It counts from the next time FS is loaded, which every way back to ring 3 does.
#[inline(always)]
pub(crate) fn set_user_teb(base: u32) {
    set_segment(USER_TEB, base, 0xFFF, DATA | RING_3, BYTES);
}

/// Addresses of the segment table, the interrupt table and the task state.
pub fn addresses() -> (u32, u32, u32) {
    (address_of(&SEGMENTS), address_of(&GATES), address_of(&TASK_STATE_0))
}

/// Fills and loads the segment table and the task state. Interrupts are off.
#[doc(alias = "KiInitializeGDT")]
pub(crate) fn load_segments() {
    set_segment(KERNEL_CODE, 0, 0xF_FFFF, CODE, FLAT);
    set_segment(KERNEL_DATA, 0, 0xF_FFFF, DATA, FLAT);
    set_segment(USER_CODE, 0, 0xF_FFFF, CODE | RING_3, FLAT);
    set_segment(USER_DATA, 0, 0xF_FFFF, DATA | RING_3, FLAT);
    let task_limit = TASK_WORDS as u32 * 4 - 1;
    set_segment(TASK, address_of(&TASK_STATE_0), task_limit, TASK_STATE, 0);
    set_segment(CONTROL_REGION, PROCESSOR_CONTROL_REGION, 0xFFF, DATA, BYTES);
    set_user_teb(0);
    set_segment(DOUBLE_FAULT_TASK, address_of(&DOUBLE_FAULT_STATE), task_limit, TASK_STATE, 0);
    set_word(&TASK_STATE_0, word::SS0, KERNEL_DATA);
    set_word(&TASK_STATE_0, word::IO_MAP, (TASK_WORDS as u32 * 4) << 16);

    let pointer = table_pointer(address_of(&SEGMENTS), size_of::<Table<24>>() as u32);
    // SAFETY: the table is a static; its flat segments continue the ones in use.
    unsafe { asm!("lgdt [{}]", in(reg) &pointer, options(readonly, nostack, preserves_flags)) };
    // SAFETY: reloads every segment register with a selector of the new table; FS has its base at the control region,
    // which nobody touches through FS before it is mapped.
    unsafe {
        asm!(
            "push {code}", "lea {scratch}, [2f]", "push {scratch}", "retf", "2:",
            "mov ss, {stack:x}", "mov ds, {data:x}", "mov es, {data:x}", "mov fs, {control:x}",
            "mov gs, {zero:x}", "lldt {zero:x}", "ltr {task:x}",
            code = const KERNEL_CODE, scratch = out(reg) _, stack = in(reg) KERNEL_DATA, data = in(reg) USER_DATA,
            control = in(reg) CONTROL_REGION, zero = in(reg) 0, task = in(reg) TASK,
        )
    };
}

/// Loads the interrupt table.
pub(crate) fn load_gates() {
    let pointer = table_pointer(address_of(&GATES), size_of::<Table<512>>() as u32);
    // SAFETY: the table is a static, and its gates lead to the entry paths of `traps`.
    unsafe { asm!("lidt [{}]", in(reg) &pointer, options(readonly, nostack, preserves_flags)) };
}

/// The operand of `lgdt` and `lidt`.
fn table_pointer(base: u32, size: u32) -> [u16; 3] {
    [size as u16 - 1, base as u16, (base >> 16) as u16]
}
