//! Memory as numbers and as text: `db dw dd dq da du`, and by physical address `!db !dw !dd !dq`.

use core::fmt::{self, Write};

use mm::layout::PhysicalAddress;
use mm::machine::Machine;

use super::{Arguments, Done, Problem, Session};
use crate::target::Target;

/// Bytes of a line of numbers.
const LINE: u32 = 16;
/// Bytes shown where the command does not say.
const USUAL: u32 = 128;
/// Most bytes shown at once.
const MOST: u32 = 1 << 20;
/// Characters of text shown where the command does not say.
const USUAL_TEXT: u32 = 64;

/// How memory is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// So many bytes a number: 1, 2, 4 or 8.
    Numbers(u32),
    /// Characters of one byte, to a zero.
    Ascii,
    /// UTF-16, to a zero.
    Unicode,
}

/// Where the memory is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Virtual,
    Physical,
}

impl Format {
    /// What the letter after `d` means.
    pub(super) fn of(letter: &str) -> Option<Self> {
        Some(match letter {
            "b" => Self::Numbers(1),
            "w" => Self::Numbers(2),
            "d" => Self::Numbers(4),
            "q" => Self::Numbers(8),
            "a" => Self::Ascii,
            "u" => Self::Unicode,
            _ => return None,
        })
    }

    /// Bytes of a number, or of a character.
    pub(super) fn size(self) -> u32 {
        match self {
            Self::Numbers(size) => size,
            Self::Ascii => 1,
            Self::Unicode => 2,
        }
    }
}

/// `dX [ADDRESS] [L COUNT]`; without an address, what follows what was shown last.
pub(super) fn display<'a, M: Machine>(
    target: &Target<'_, M>,
    session: &mut Session,
    (format, space): (Format, Space),
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let start = arguments.long()?.unwrap_or(session.next_address);
    let count = arguments.count()?;
    arguments.end()?;
    if space == Space::Virtual && start > u64::from(u32::MAX) {
        return Err(Problem::Say("a virtual address has 32 bits"));
    }
    let usual = match format {
        Format::Numbers(size) => USUAL / size,
        Format::Ascii | Format::Unicode => USUAL_TEXT,
    };
    let bytes = count.unwrap_or(usual).checked_mul(format.size()).filter(|bytes| *bytes <= MOST);
    let bytes = bytes.ok_or(Problem::Say("this is too much at once"))?;
    session.next_address = start + u64::from(bytes);
    let memory = Memory { target, space };
    match format {
        Format::Numbers(size) => {
            let lines = (0..bytes).step_by(LINE as usize);
            lines
                .into_iter()
                .try_for_each(|at| memory.line(start + u64::from(at), (bytes - at).min(LINE), size, out))?;
        }
        Format::Ascii => memory.text(start, bytes, 1, out)?,
        Format::Unicode => memory.text(start, bytes, 2, out)?,
    }
    Ok(())
}

/// One line of what is at `address`, as numbers of `size` bytes.
pub(super) fn line_at<M: Machine>(
    target: &Target<'_, M>,
    space: Space,
    address: u64,
    size: u32,
    out: &mut dyn Write,
) -> fmt::Result {
    Memory { target, space }.line(address, LINE, size, out)
}

struct Memory<'t, 'm, M> {
    target: &'t Target<'m, M>,
    space: Space,
}

impl<M: Machine> Memory<'_, '_, M> {
    /// The number of `size` bytes at `address`; byte by byte, for it may lie across pages.
    fn number(&self, address: u64, size: u32) -> Option<u64> {
        let mut bytes = [0; 8];
        for (at, byte) in (address..).zip(&mut bytes[..size as usize]) {
            *byte = self.byte(at)?;
        }
        Some(u64::from_le_bytes(bytes))
    }

    fn byte(&self, address: u64) -> Option<u8> {
        let mut byte = [0];
        match self.space {
            Space::Virtual => self.target.read(u32::try_from(address).ok()?, &mut byte)?,
            Space::Physical => self.target.read_physical(PhysicalAddress(address), &mut byte)?,
        }
        Some(byte[0])
    }

    fn address(&self, address: u64, out: &mut dyn Write) -> fmt::Result {
        match self.space {
            Space::Virtual => write!(out, "{:08x} ", address as u32),
            Space::Physical => write!(out, "#{address:>9x}"),
        }
    }

    /// `bytes` bytes from `address` on in numbers of `size`; of single bytes also the characters.
    fn line(&self, address: u64, bytes: u32, size: u32, out: &mut dyn Write) -> fmt::Result {
        self.address(address, out)?;
        for at in (0..bytes).step_by(size as usize) {
            let separator = if size == 1 && at == LINE / 2 { '-' } else { ' ' };
            out.write_char(separator)?;
            match (self.number(address + u64::from(at), size), size) {
                (Some(number), 8) => write!(out, "{:08x}`{:08x}", number >> 32, number as u32)?,
                (Some(number), _) => write!(out, "{number:0width$x}", width = size as usize * 2)?,
                (None, 8) => out.write_str("????????`????????")?,
                (None, _) => write!(out, "{:?<width$}", "", width = size as usize * 2)?,
            }
        }
        if size == 1 {
            write!(out, "{:width$}", "", width = ((LINE - bytes) * 3 + 2) as usize)?;
            for at in 0..bytes {
                let character = match self.byte(address + u64::from(at)) {
                    Some(byte) if byte.is_ascii_graphic() || byte == b' ' => char::from(byte),
                    Some(_) => '.',
                    None => '?',
                };
                out.write_char(character)?;
            }
        }
        out.write_char('\n')
    }

    /// Characters of `size` bytes up to a zero, or `bytes` bytes of them.
    fn text(&self, address: u64, bytes: u32, size: u32, out: &mut dyn Write) -> fmt::Result {
        self.address(address, out)?;
        if self.number(address, size).is_none() {
            return writeln!(out, " ????????");
        }
        out.write_str(" \"")?;
        for at in (0..bytes).step_by(size as usize) {
            match self.number(address + u64::from(at), size) {
                None | Some(0) => break,
                Some(unit) => {
                    let character = char::from_u32(unit as u32).filter(|character| !character.is_control());
                    out.write_char(if size == 1 && unit >= 0x80 { '.' } else { character.unwrap_or('.') })?;
                }
            }
        }
        writeln!(out, "\"")
    }
}
