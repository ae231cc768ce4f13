//! ATA disks behind an IDE controller.
//!
//! All ports are reached through [`Machine`], so that the whole of it runs on the host against a drive in software that
//! fails in every way a test wants. The kernel's driver of the controller (`drivers::ide`) finds the channels.
//!
//! | to see | open |
//! |---|---|
//! | what the machine must give | [`machine`] |
//! | the bytes of a command | [`command`] |
//! | what a drive says of itself | [`identity`] |
//! | frames as the controller is told of them | [`descriptors`] |
//! | one command, from its bytes to its result; the interrupt | [`channel`] |
//! | a disk: pieces, limits, what is tried again | [`disk`] |
//!
//! Source: ATA/ATAPI-6 (T13 1410D), and "Programming Interface for Bus Master IDE Controller", revision 1.0.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod channel;
pub mod command;
pub mod descriptors;
pub mod disk;
pub mod identity;
pub mod machine;

#[cfg(test)]
mod test_machine;

pub use channel::{Channel, DmaMemory, Drive};
pub use disk::Disk;
pub use identity::Identity;
pub use machine::{Machine, Ports};
