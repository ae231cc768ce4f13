//! All of this DLL is called with raw pointers.

mod error_information;
mod failure;
mod nt;
mod text;
mod variant;
