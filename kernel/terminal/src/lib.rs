//! Keys, lines and the text screen, without the hardware: what the kernel's console and the shell have in common.
//!
//! Bytes of a keyboard or of a terminal on a serial port become [`Key`]s; keys become lines, in a [`Console`] or in an
//! [`Editor`]; and what is written, with the few ANSI sequences that editing needs, becomes cells of a [`Screen`].
//!
//! | to see | open |
//! |---|---|
//! | what is known of a key | [`key`] |
//! | scan codes of a PS/2 keyboard | [`scan_code`] |
//! | arrow keys of a serial terminal | [`serial`] |
//! | moving, inserting and deleting in a line | [`editor`] |
//! | lines typed before | [`history`] |
//! | cooked and raw reads, Ctrl-C, Ctrl-Z | [`console`] |
//! | the screen | [`screen`] |
//! | its cells, and how a terminal shows some of them | [`cells`] |
//! | what an interrupt handler may fill | [`ring`] |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod cells;
pub mod console;
pub mod editor;
pub mod history;
pub mod key;
pub mod ring;
pub mod scan_code;
pub mod screen;
pub mod serial;

pub use cells::{Cell, Cells};
pub use console::{Console, Signal};
pub use editor::{Edit, Editor};
pub use history::History;
pub use key::Key;
pub use ring::Ring;
pub use scan_code::Keyboard;
pub use screen::Screen;
pub use serial::Decoder;
