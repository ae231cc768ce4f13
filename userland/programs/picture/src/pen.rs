//! Colours of text on a terminal that understands ANSI's sequences.

use alloc::string::String;
use core::fmt::Write;

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Letters only.
    Plain,
    /// ANSI sequences.
    Colored,
}

/// A colour of the eight that every terminal has, in ANSI's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the colours'")]
pub enum Ansi {
    Black,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
    White,
}

/// Colours of a cell of text: behind the letter, and the letter's, which may be bright.
pub type Colors = (Ansi, Ansi, bool);

/// The colours that are set.
#[derive(Clone, Copy, Debug)]
pub struct Pen {
    style: Style,
    colors: Option<Colors>,
}

impl Pen {
    /// A pen with the usual colours.
    pub fn new(style: Style) -> Self {
        Self { style, colors: None }
    }

    /// Sets `colors`, or the usual ones, unless they are set.
    pub fn take(&mut self, colors: Option<Colors>, out: &mut String) {
        if self.style == Style::Plain || colors == self.colors {
            return;
        }
        self.colors = colors;
        // Writing to a string does not fail.
        let _ = match colors {
            None => write!(out, "\x1b[0m"),
            Some((back, letter, bright)) => {
                let bright = if bright { 90 } else { 30 };
                write!(out, "\x1b[{};{}m", 40 + back as u8, bright + letter as u8)
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_set_where_they_change_and_only_where_there_are_any() {
        let red = Some((Ansi::Red, Ansi::White, true));
        for (style, expected) in [(Style::Plain, "abc"), (Style::Colored, "\x1b[41;97mab\x1b[0mc")] {
            let (mut pen, mut out) = (Pen::new(style), String::new());
            for (letter, colors) in [('a', red), ('b', red), ('c', None)] {
                pen.take(colors, &mut out);
                out.push(letter);
            }
            assert_eq!(out, expected);
        }
    }
}
