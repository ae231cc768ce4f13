//! All of this DLL is called with raw pointers.

mod allocator;
mod component;
mod failure;
mod identifier;
mod nt;
