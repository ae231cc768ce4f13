//! All of this DLL is called with raw pointers.

mod failure;
mod module;
mod nt;
mod process;
mod system;
