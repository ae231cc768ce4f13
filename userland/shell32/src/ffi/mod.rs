//! All of this DLL is called with raw pointers.

mod command_line;
mod failure;
mod nt;
