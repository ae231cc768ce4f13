//! All of this DLL is called with raw pointers; what can be thought about without them is in `user-support`.

mod code_page;
mod console;
mod create_process;
mod critical_section;
mod debug;
mod directory;
mod environment;
mod failure;
mod file;
mod heap;
mod interlocked;
mod last_error;
mod local_memory;
mod module;
mod nt;
mod pointer_check;
mod process;
mod process_information;
mod process_memory;
mod standard_handle;
mod startup;
mod string;
mod thread_slot;
mod time;
mod version;
mod virtual_memory;
