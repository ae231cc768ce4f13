//! Tokens and privileges: what is in a token, what a program is told of it, and how privileges are switched on and off.
//!
//! There is one user besides the system itself, an administrator, and no access check leads here yet: handles give what was
//! asked for. Privileges are kept as XP keeps them, so that programs that switch one on before they use it find it.
//!
//! Pure: the records belong to `ob`, the services to `ps`.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod account;
mod adjust;
mod information;
pub mod privilege;
mod verify;

pub use account::{Account, copy, describe};
pub use adjust::{Adjusted, Change, adjust, holds};
pub use information::{class, information};
pub use verify::{TokenFault, verify};
