//! `.dump`: what the words behind it ask for; the caller, who has the disk, does it.

use core::fmt;

use super::{Arguments, Problem};

/// Bytes of the longest path.
const LONGEST: usize = 64;

/// What is to be written, and where.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Dump {
    bytes: [u8; LONGEST],
    length: u8,
    /// A file that is there already is overwritten (`/o`).
    pub overwrites: bool,
}

impl Dump {
    /// The DOS path of the file; none for the file that is kept ready.
    pub fn path(&self) -> Option<&str> {
        let bytes = &self.bytes[..usize::from(self.length)];
        core::str::from_utf8(bytes).ok().filter(|path| !path.is_empty())
    }
}

impl fmt::Debug for Dump {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Dump {{ {:?}, overwrites: {} }}", self.path(), self.overwrites)
    }
}

/// `.dump [/f] [/o] [FILE]`. A name alone is one in the root of C:.
pub(super) fn dump<'a>(arguments: &mut Arguments<'a>) -> Result<Dump, Problem<'a>> {
    let mut wanted = Dump { bytes: [0; LONGEST], length: 0, overwrites: false };
    while let Some(word) = arguments.word() {
        match word {
            // All of RAM is the only kind there is.
            "/f" => {}
            "/o" => wanted.overwrites = true,
            "/m" | "/ma" | "/mf" | "/b" => return Err(Problem::Say("dumps are full: .dump [/f] [/o] [FILE]")),
            option if option.starts_with(['/', '-']) => return Err(Problem::Unexpected(option)),
            path => {
                arguments.end()?;
                wanted.set_path(path)?;
            }
        }
    }
    Ok(wanted)
}

impl Dump {
    fn set_path<'a>(&mut self, path: &str) -> Result<(), Problem<'a>> {
        let root = match path.as_bytes() {
            [b'C' | b'c', b':', b'\\', _, ..] => "",
            bytes if !bytes.contains(&b':') && !bytes.contains(&b'\\') => "C:\\",
            _ => return Err(Problem::Say("a dump goes to a file on C:")),
        };
        let bytes = root.bytes().chain(path.bytes());
        let length = bytes.clone().count();
        if length > LONGEST {
            return Err(Problem::Say("this name is too long"));
        }
        self.bytes.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
        self.length = length as u8;
        Ok(())
    }
}
