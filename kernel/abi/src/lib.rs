//! What the kernel and its programs share: statuses, flags, service numbers and NT structures.
//! Data only; nothing here decides anything.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod access;
pub mod calendar;
pub mod cell;
pub mod console;
pub mod file;
pub mod frames;
pub mod memory;
pub mod nt;
pub mod process_parameters;
pub mod processor;
pub mod service;
pub mod status;
pub mod time_zone;
pub mod trap_frame;
