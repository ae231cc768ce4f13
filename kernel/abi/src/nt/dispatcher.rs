//! What every object that a thread can wait for begins with.

use super::list::ListEntry;
use super::thread::Kthread;
use crate::assert_layout;
use crate::cell::{Field, Link, Record};

/// Header of a waitable object.
#[doc(alias = "_DISPATCHER_HEADER")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct DispatcherHeader {
    /// One of the `_OBJECT` constants below.
    pub kind: Field<u8>,
    pub absolute: Field<u8>,
    /// Of the whole object, in words of 4 bytes.
    pub size: Field<u8>,
    pub inserted: Field<u8>,
    /// Not 0: nobody has to wait.
    pub signal_state: Field<u32>,
    pub wait_list_head: ListEntry,
}
impl Record for DispatcherHeader {}
assert_layout!(DispatcherHeader, 0x10, { kind: 0, absolute: 1, size: 2, inserted: 3, signal_state: 4, wait_list_head: 8 });

/// [`DispatcherHeader::kind`] of an event that stays set until it is reset.
#[doc(alias = "EventNotificationObject")]
pub const NOTIFICATION_EVENT: u8 = 0;
/// [`DispatcherHeader::kind`] of an event that lets one thread through and is reset by that.
#[doc(alias = "EventSynchronizationObject")]
pub const SYNCHRONIZATION_EVENT: u8 = 1;
/// [`DispatcherHeader::kind`] of a mutant.
#[doc(alias = "MutantObject")]
pub const MUTANT_OBJECT: u8 = 2;
/// [`DispatcherHeader::kind`] of a process.
#[doc(alias = "ProcessObject")]
pub const PROCESS_OBJECT: u8 = 3;
/// [`DispatcherHeader::kind`] of a queue.
#[doc(alias = "QueueObject")]
pub const QUEUE_OBJECT: u8 = 4;
/// [`DispatcherHeader::kind`] of a semaphore.
#[doc(alias = "SemaphoreObject")]
pub const SEMAPHORE_OBJECT: u8 = 5;
/// [`DispatcherHeader::kind`] of a thread.
#[doc(alias = "ThreadObject")]
pub const THREAD_OBJECT: u8 = 6;

/// [`DispatcherHeader::kind`] of a timer that stays signalled until it is set anew.
#[doc(alias = "TimerNotificationObject")]
pub const NOTIFICATION_TIMER: u8 = 8;
/// [`DispatcherHeader::kind`] of a timer that lets one thread through each time it comes.
#[doc(alias = "TimerSynchronizationObject")]
pub const SYNCHRONIZATION_TIMER: u8 = 9;

/// An event: the header is all of it.
#[doc(alias = "_KEVENT")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Kevent {
    pub header: DispatcherHeader,
}
impl Record for Kevent {}
assert_layout!(Kevent, 0x10, { header: 0 });

/// A queue: what a completion port is. How much is in it is the header's signal state.
#[doc(alias = "_KQUEUE")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Kqueue {
    pub header: DispatcherHeader,
    pub entry_list_head: ListEntry,
    pub current_count: Field<u32>,
    pub maximum_count: Field<u32>,
    pub thread_list_head: ListEntry,
}
impl Record for Kqueue {}
assert_layout!(Kqueue, 0x28, {
    header: 0, entry_list_head: 0x10, current_count: 0x18, maximum_count: 0x1C, thread_list_head: 0x20,
});

/// Something that has completed, on the way through a port.
///
/// Source: `IO_MINI_COMPLETION_PACKET_USER` of public symbols has these fields in this order.
#[doc(alias = "_IO_MINI_COMPLETION_PACKET_USER")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct CompletionPacket {
    pub list_entry: ListEntry,
    pub packet_type: Field<u32>,
    pub key_context: Field<u32>,
    pub apc_context: Field<u32>,
    pub io_status: Field<u32>,
    pub io_status_information: Field<u32>,
}
impl Record for CompletionPacket {}

/// A semaphore; its count is the header's signal state.
#[doc(alias = "_KSEMAPHORE")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Ksemaphore {
    pub header: DispatcherHeader,
    pub limit: Field<u32>,
}
impl Record for Ksemaphore {}
assert_layout!(Ksemaphore, 0x14, { header: 0, limit: 0x10 });

/// A mutant, which Win32 calls a mutex. Its signal state is 1 when it is free, and one less for each time its owner has
/// taken it.
#[doc(alias = "_KMUTANT")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Kmutant {
    pub header: DispatcherHeader,
    /// Its place among the mutants of its owner.
    pub mutant_list_entry: ListEntry,
    pub owner_thread: Field<Link<Kthread>>,
    /// Not 0: its last owner ended without giving it back, and nobody has been told yet.
    pub abandoned: Field<u8>,
    pub apc_disable: Field<u8>,
    pub reserved_1e: Field<u16>,
}
impl Record for Kmutant {}
assert_layout!(Kmutant, 0x20, { header: 0, mutant_list_entry: 0x10, owner_thread: 0x18, abandoned: 0x1C, apc_disable: 0x1D });

/// One object that one thread waits for.
#[doc(alias = "_KWAIT_BLOCK")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct KwaitBlock {
    /// Its place in the object's list.
    pub wait_list_entry: ListEntry,
    pub thread: Field<Link<Kthread>>,
    pub object: Field<Link<DispatcherHeader>>,
    /// The next of the same wait; the last leads to the first.
    pub next_wait_block: Field<Link<KwaitBlock>>,
    /// What the wait answers when this object ends it.
    pub wait_key: Field<u16>,
    /// [`WAIT_ALL`] or [`WAIT_ANY`].
    pub wait_type: Field<u16>,
}
impl Record for KwaitBlock {}
assert_layout!(KwaitBlock, 0x18, { wait_list_entry: 0, thread: 8, object: 0xC, next_wait_block: 0x10, wait_key: 0x14, wait_type: 0x16 });

/// [`KwaitBlock::wait_type`]: all objects at once.
#[doc(alias = "WaitAll")]
pub const WAIT_ALL: u16 = 0;
/// [`KwaitBlock::wait_type`]: whichever comes first.
#[doc(alias = "WaitAny")]
pub const WAIT_ANY: u16 = 1;
/// Objects that one wait may have.
pub const MAXIMUM_WAIT_OBJECTS: usize = 64;

/// A call that is to be made in a thread.
#[doc(alias = "_KAPC")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Kapc {
    /// [`APC_OBJECT`].
    pub kind: Field<u16>,
    pub size: Field<u16>,
    pub spare: Field<u32>,
    pub thread: Field<Link<Kthread>>,
    pub apc_list_entry: ListEntry,
    pub kernel_routine: Field<u32>,
    pub rundown_routine: Field<u32>,
    pub normal_routine: Field<u32>,
    pub normal_context: Field<u32>,
    pub system_argument_1: Field<u32>,
    pub system_argument_2: Field<u32>,
    pub apc_state_index: Field<u8>,
    /// 0 kernel, 1 user: which list of the thread.
    pub apc_mode: Field<u8>,
    pub inserted: Field<u8>,
    pub reserved_2f: Field<u8>,
}
impl Record for Kapc {}
assert_layout!(Kapc, 0x30, {
    kind: 0, thread: 8, apc_list_entry: 0xC, normal_routine: 0x1C, normal_context: 0x20, system_argument_1: 0x24,
    system_argument_2: 0x28, apc_state_index: 0x2C, apc_mode: 0x2D, inserted: 0x2E,
});

/// [`Kapc::kind`].
#[doc(alias = "ApcObject")]
pub const APC_OBJECT: u16 = 0x12;
