//! Strings as JSON has them.

use core::fmt;

use crate::target::Name;

/// A name between quotation marks. What is not ASCII stands as UTF-16 units, which loses nothing.
pub(super) struct Text<'a>(pub(super) &'a Name);

impl fmt::Display for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("\"")?;
        for unit in self.0.units() {
            match u8::try_from(*unit) {
                Ok(letter @ (b'"' | b'\\')) => write!(formatter, "\\{}", char::from(letter))?,
                Ok(letter @ b' '..=b'~') => write!(formatter, "{}", char::from(letter))?,
                _ => write!(formatter, "\\u{unit:04x}")?,
            }
        }
        formatter.write_str("\"")
    }
}
