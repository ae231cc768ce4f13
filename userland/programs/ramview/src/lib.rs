//! A picture of all frames of RAM, without Windows: what the system told of them becomes text, or pixels.
//!
//! | to see | open |
//! |---|---|
//! | the states that are told apart, with letters and colours | [`kind`] |
//! | what a cell of many frames shows | [`census`] |
//! | the picture as text | [`text`] |
//! | the picture in pixels | [`pixels`] |
//! | what may be asked for | [`options`] |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod census;
pub mod kind;
pub mod options;
pub mod pixels;
pub mod text;
