//! The mode string of `fopen`.

use crate::printf::Unit;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Whether it may be read.
    pub read: bool,
    /// Whether it may be written.
    pub write: bool,
    /// Whether it is made if it is not there.
    pub create: bool,
    /// Whether what it holds is thrown away.
    pub truncate: bool,
    /// Whether every write goes to its end.
    pub append: bool,
    /// Binary or text, if the string says so.
    pub binary: Option<bool>,
    /// Whether the file goes when it is closed.
    pub temporary: bool,
    /// Whether a child process inherits the handle.
    pub inherit: bool,
}

/// Reads a mode: `r`, `w` or `a`, then any of `+ b t c n S R T D N`; `None` for anything else.
pub fn parse_mode<U: Unit>(text: &[U]) -> Option<Mode> {
    let byte = |unit: &U| u8::try_from(unit.value()).unwrap_or(0);
    let mut letters = text.iter().map(byte).skip_while(|&letter| letter == b' ');
    let first = letters.next()?;
    let mut mode = Mode {
        read: first == b'r',
        write: first != b'r',
        create: first != b'r',
        truncate: first == b'w',
        append: first == b'a',
        binary: None,
        temporary: false,
        inherit: true,
    };
    if !matches!(first, b'r' | b'w' | b'a') {
        return None;
    }
    for letter in letters {
        match letter {
            b'+' => (mode.read, mode.write) = (true, true),
            b'b' => mode.binary = Some(true),
            b't' => mode.binary = Some(false),
            b'D' => mode.temporary = true,
            b'N' => mode.inherit = false,
            b'c' | b'n' | b'S' | b'R' | b'T' | b' ' => {}
            _ => return None,
        }
    }
    Some(mode)
}
