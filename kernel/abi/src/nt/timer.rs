//! Timers as objects.
//!
//! Source: symbol type `_ETIMER` of XP SP3.

use super::dispatcher::Kapc;
use super::list::ListEntry;
use super::thread::Ktimer;
use crate::assert_layout;
use crate::cell::{Field, Record};

/// A timer that programs set and wait for.
#[doc(alias = "_ETIMER")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Etimer {
    pub ke_timer: Ktimer,
    /// The call that is made in the thread that set the timer, each time it comes.
    pub timer_apc: Kapc,
    pub timer_dpc: [Field<u32>; 8],
    /// Its place among the timers that call the thread.
    pub active_timer_list_entry: ListEntry,
    pub lock: Field<u32>,
    /// Milliseconds from one time to the next, or 0 where it comes once.
    pub period: Field<u32>,
    /// Not 0: it calls a thread.
    pub apc_associated: Field<u8>,
    pub wake_timer: Field<u8>,
    pub reserved_8a: Field<u16>,
    pub wake_timer_list_entry: ListEntry,
    pub reserved_94: Field<u32>,
}
impl Record for Etimer {}
assert_layout!(Etimer, 0x98, {
    ke_timer: 0, timer_apc: 0x28, timer_dpc: 0x58, active_timer_list_entry: 0x78, lock: 0x80, period: 0x84,
    apc_associated: 0x88, wake_timer: 0x89, wake_timer_list_entry: 0x8C,
});
