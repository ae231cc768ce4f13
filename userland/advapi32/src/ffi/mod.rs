//! All of this DLL is called with raw pointers.

mod failure;
mod file_security;
mod nt;
mod privilege;
mod random;
mod registry;
mod security_identifier;
mod token;
mod user_name;
