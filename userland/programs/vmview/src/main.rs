//! `vmview.exe`: what its map looks like is in the library; here is what it needs of Windows.
#![no_std]
#![no_main]

extern crate alloc;

mod ffi;
