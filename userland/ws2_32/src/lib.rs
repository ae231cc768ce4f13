//! `ws2_32.dll`: sockets. There is no network: WSAStartup says so, and everything else that it was not called.
//!
//! | to see | open |
//! |---|---|
//! | all of it | `ffi/socket.rs` |
#![no_std]

extern crate alloc;

mod ffi;
