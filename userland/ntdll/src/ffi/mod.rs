//! All of this DLL touches raw memory or the kernel; what can be thought about without is in `user-support`.

mod critical_section;
mod debug;
mod error;
mod exception;
mod failure;
mod heap;
mod loader;
mod memory;
mod process;
mod services;
mod start;
mod system_call;
mod text;
mod thread;
