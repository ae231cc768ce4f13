//! The kernel proper: who runs, for how long, and who waits for what.
//!
//! Decisions are made here and carried out elsewhere: the [`Dispatcher`] changes the states of threads and says from whom to
//! whom to switch, [`ContextSwitch`] does it. So all of it runs on the host.
//!
//! | to see | open |
//! |---|---|
//! | what a thread and a process start as | [`thread`] |
//! | ready lists, quantum, who runs next | [`dispatcher`] |
//! | waiting and waking | [`wait`] |
//! | ticks, and what programs see of the time | [`clock`] |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod clock;
pub mod dispatcher;
pub mod thread;
mod verify;
pub mod wait;

#[cfg(test)]
mod test_system;

pub use clock::Ring;
pub use dispatcher::{ContextSwitch, Dispatcher, DispatcherDatabase, Switch};
pub use thread::{
    NORMAL_PRIORITY, ThreadStart, ThreadState, ZERO_PAGE_PRIORITY, initialise_process, initialise_thread,
};
pub use verify::DispatcherCorruption;
pub use wait::WaitReason;
