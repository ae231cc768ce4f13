//! All of this DLL is called with raw pointers.

mod failure;
mod nt;
mod path;
mod text;
