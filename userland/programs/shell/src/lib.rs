//! What the shell does, without Windows: lines are read, completed, taken apart and carried out through a [`System`].
//!
//! | to see | open |
//! |---|---|
//! | what it needs of the system | [`system`] |
//! | editing, history, completion | [`prompt`], [`complete`] |
//! | words, quotes, variables, `&` | [`parse`] |
//! | how a line is carried out | [`shell`] |
//! | pipes and redirections | [`redirection`], `pipeline`, [`streams`] |
//! | the commands | [`commands`] |
//! | columns | [`table`] |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod commands;
pub mod complete;
pub mod error;
pub mod parse;
mod pipeline;
pub mod prompt;
pub mod redirection;
pub mod shell;
pub mod streams;
pub mod system;
pub mod table;
pub mod time;

#[cfg(test)]
mod fake;

pub use shell::Shell;
pub use system::System;
