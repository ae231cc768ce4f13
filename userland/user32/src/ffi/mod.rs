//! All of this DLL is called with raw pointers.

mod character;
mod failure;
mod format;
mod message;
mod nt;
mod window;
