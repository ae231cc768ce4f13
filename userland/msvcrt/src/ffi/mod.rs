//! All of this DLL is called with raw pointers; what can be thought about without them is in `user-crt`.

mod character;
mod convert;
mod descriptor;
mod environment;
mod exit;
mod export;
mod failure;
mod file;
mod host;
mod jump;
mod locale;
mod lock;
mod memory;
mod nt;
mod position;
mod print;
mod signal;
mod sort;
mod start;
mod stream;
mod string;
mod text;
mod thread_data;
mod wide_string;
