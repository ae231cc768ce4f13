//! `cmd.exe`: the shell as a program. What it does is in the library; here is what it needs of Windows.
#![no_std]
#![no_main]

extern crate alloc;

mod ffi;
