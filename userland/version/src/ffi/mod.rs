//! All of this DLL is called with raw pointers.

mod failure;
mod information;
mod nt;
