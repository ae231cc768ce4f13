//! The kernel proper: who runs, for how long, and who waits for what.
//!
//! Decisions are made here and carried out elsewhere: the [`Dispatcher`] changes the states of threads and says from whom to
//! whom to switch, [`ContextSwitch`] does it. So all of it runs on the host.
//!
//! | to see | open |
//! |---|---|
//! | what a thread and a process start as | [`thread`] |
//! | ready lists, quantum, who runs next | [`dispatcher`] |
//! | waiting for objects | [`wait`], [`timer`] |
//! | what can be waited for | [`event`], [`semaphore`], [`mutant`], [`timer_object`] |
//! | the kernel's own waits | [`address_wait`], [`turns`] |
//! | calls made in a thread, alerts, suspension | [`apc`] |
//! | boosts and their decay | [`priority`] |
//! | ticks, and what programs see of the time | [`clock`] |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod address_wait;
pub mod apc;
pub mod clock;
pub mod dispatcher;
pub mod event;
pub mod mutant;
pub mod priority;
pub mod semaphore;
pub mod thread;
pub mod timer;
pub mod timer_object;
pub mod turns;
mod verify;
pub mod wait;

#[cfg(test)]
mod test_system;

pub use apc::{MAXIMUM_SUSPEND_COUNT, initialise_apc, suspend_semaphore};
pub use clock::Ring;
pub use dispatcher::{ContextSwitch, Dispatcher, DispatcherDatabase, Switch};
pub use event::{EventKind, WAKE_INCREMENT, initialise_event};
pub use mutant::initialise_mutant;
pub use semaphore::{initialise_queue, initialise_semaphore};
pub use thread::{
    NORMAL_PRIORITY, ThreadStart, ThreadState, ZERO_PAGE_PRIORITY, initialise_process, initialise_thread,
};
pub use timer_object::{TimerKind, initialise_timer, timer_call};
pub use turns::Turns;
pub use verify::DispatcherCorruption;
pub use wait::{Alertable, THREAD_WAIT_OBJECTS, WaitKind, WaitReason, WaitTerms};
