//! A map of one address space, without Windows: what the system told of it becomes text, or pixels.
//!
//! | to see | open |
//! |---|---|
//! | what regions are, with letters and colours | [`kind`] |
//! | how they are protected | [`protection`] |
//! | what is known of an address space, and its totals | [`space`] |
//! | which cell of a map shows what | [`layout`] |
//! | what an allocation is, from what the system tells of its regions | [`sort`] |
//! | the map as text | [`text`] |
//! | a row for each region | [`rows`] |
//! | the map in pixels | [`pixels`] |
//! | what may be asked for | [`options`] |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod kind;
pub mod layout;
pub mod options;
pub mod pixels;
pub mod protection;
pub mod rows;
pub mod sort;
pub mod space;
pub mod text;
