//! Console, screen and keys, for programs that draw pictures.

mod import;
mod system;

pub use system::{
    command_line, console_size, exit, forget_keys, key_was_pressed, picture_size, show_picture, sleep, wait_for_key,
    write,
};

/// Columns and rows of a picture that goes to no console.
const PAPER: (usize, usize) = (79, 25);

/// Columns and rows that a picture of text may have, and whether they are a console's.
pub fn text_size() -> ((usize, usize), bool) {
    match console_size() {
        // A cell in the last column may or may not take the cursor to the next line.
        Some((columns, rows)) => ((columns.saturating_sub(1), rows), true),
        None => (PAPER, false),
    }
}
