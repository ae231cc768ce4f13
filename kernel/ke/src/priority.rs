//! Priorities: what a thread that is woken gains for a while, and how it loses that again.
//!
//! A thread below [`LOW_REALTIME`] that somebody's work wakes runs above its base priority, by as much as the work is worth;
//! each full turn that it uses takes one step back, down to its base. A thread from [`LOW_REALTIME`] on has always the priority
//! it was given.
//!
//! Source: priority boosts and decay as Russinovich and Solomon describe them ("Microsoft Windows Internals", 4th edition,
//! chapter 6), and `_KTHREAD` of XP SP3.

use abi::cell::Link;
use abi::nt::thread::Kthread;
use mm::machine::Records;

use crate::dispatcher::{Dispatcher, PRIORITIES};
use crate::thread::{QUANTUM_OF_A_WAIT, ThreadState};

/// The lowest priority that is never changed by the scheduler.
#[doc(alias = "LOW_REALTIME_PRIORITY")]
pub const LOW_REALTIME: u8 = 16;
/// From this base priority on a wait gives a whole new turn.
#[doc(alias = "TIME_CRITICAL_PRIORITY_BOUND")]
const TIME_CRITICAL_BOUND: u8 = 14;

impl<R: Records> Dispatcher<'_, R> {
    /// What the end of a wait does to the priority and the turn of `thread`.
    pub(crate) fn boost(&self, thread: Link<Kthread>, increment: u8) {
        let record = self.records.record(thread);
        let (base, turn) = (record.base_priority.get(), self.whole_turn(thread));
        if record.priority.get() >= LOW_REALTIME {
            return record.quantum.set(turn);
        }
        if record.priority_decrement.get() == 0 && record.disable_boost.get() == 0 && increment > 0 {
            let boosted = (base + increment).min(LOW_REALTIME - 1);
            record.priority.update(|priority| priority.max(boosted));
        }
        if base >= TIME_CRITICAL_BOUND {
            return record.quantum.set(turn);
        }
        let left = record.quantum.get().saturating_sub(QUANTUM_OF_A_WAIT);
        record.quantum.set(left);
        if left == 0 {
            record.quantum.set(turn);
            record.priority.set(self.decayed(thread));
        }
    }

    /// The priority of `thread` after a full turn: a step nearer to its base.
    #[doc(alias = "KiComputeNewPriority")]
    pub(crate) fn decayed(&self, thread: Link<Kthread>) -> u8 {
        let record = self.records.record(thread);
        let priority = record.priority.get();
        if priority >= LOW_REALTIME {
            return priority;
        }
        let step = record.priority_decrement.get() + 1;
        record.priority_decrement.set(0);
        priority.saturating_sub(step).max(record.base_priority.get())
    }

    pub(crate) fn whole_turn(&self, thread: Link<Kthread>) -> u8 {
        self.records.record(self.records.record(thread).apc_state.process.get()).thread_quantum.get()
    }

    /// Gives `thread` the base priority `base` (0 to 31), which becomes its priority, and a new turn.
    #[doc(alias = "KeSetBasePriorityThread")]
    pub fn set_base_priority(&self, thread: Link<Kthread>, base: u8) {
        debug_assert!(u32::from(base) < PRIORITIES);
        let record = self.records.record(thread);
        record.base_priority.set(base);
        record.priority_decrement.set(0);
        record.quantum.set(self.whole_turn(thread));
        self.change_priority(thread, base);
    }

    /// Makes `priority` the priority of `thread`, whatever it is doing.
    #[doc(alias = "KiSetPriorityThread")]
    fn change_priority(&self, thread: Link<Kthread>, priority: u8) {
        let record = self.records.record(thread);
        let before = record.priority.get();
        if before == priority {
            return;
        }
        match record.state.get() {
            state if state == ThreadState::Ready as u8 => {
                self.dequeue(thread);
                record.priority.set(priority);
                self.ready(thread);
            }
            state if state == ThreadState::Standby as u8 || state == ThreadState::Running as u8 => {
                record.priority.set(priority);
                self.choose_again();
            }
            _ => record.priority.set(priority),
        }
    }
}

/// The base priority of a thread that is `increment` above its process's, `process`: within 1 to 15, or within 16 to 31 where
/// the process is a real-time one. From [`SATURATION`] on an increment means the end of the range.
pub const fn base_priority(process: u8, increment: i32) -> u8 {
    let (lowest, highest) = if process >= LOW_REALTIME { (LOW_REALTIME, 31) } else { (1, LOW_REALTIME - 1) };
    let wanted = match increment {
        SATURATION.. => return highest,
        negative if negative <= -SATURATION => return lowest,
        _ => process as i32 + increment,
    };
    if wanted < lowest as i32 {
        lowest
    } else if wanted > highest as i32 {
        highest
    } else {
        wanted as u8
    }
}

/// The increment that means the highest priority of the range whatever the process's is; its negative means the lowest.
pub const SATURATION: i32 = 16;

#[cfg(test)]
mod tests;
