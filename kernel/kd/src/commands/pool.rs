//! `!pool`: the blocks of a pool page, by their headers.

use core::fmt::Write;

use mm::layout::{PAGE_SIZE, POOL_END, POOL_START};
use mm::machine::Machine;

use super::{Arguments, Done, Problem};
use crate::target::Target;

/// Bytes that block sizes are counted in.
const UNIT: u32 = 8;
/// `u1` of the frame of a page that is cut into blocks.
const HOLDS_BLOCKS: u32 = 1;

/// `!pool ADDRESS`.
pub(super) fn pool<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let address = arguments.needed("!pool needs an address")?;
    arguments.end()?;
    if !(POOL_START..POOL_END).contains(&address) {
        return Err(Problem::Say("this is no pool address"));
    }
    writeln!(out, "Pool page {address:08x} region is Nonpaged pool")?;
    let page = address & !(PAGE_SIZE - 1);
    let Some(frame) =
        target.walk(page).physical().map(|physical| physical.frame()).filter(|frame| target.mm.is_ram(*frame))
    else {
        return Ok(writeln!(out, " {page:08x} is not in memory")?);
    };
    if target.mm.frame(frame).u1.get() != HOLDS_BLOCKS {
        return Ok(writeln!(out, " {page:08x} is part of a large allocation")?);
    }
    let mut at = page;
    while at < page + PAGE_SIZE {
        let (Some(sizes), Some(tag)) = (target.word(at), target.word(at + 4)) else {
            return Ok(writeln!(out, " {at:08x} ????????")?);
        };
        // A whole page does not fit nine bits and reads as 0.
        let size = match sizes >> 16 & 0x1FF {
            0 => PAGE_SIZE,
            units => units * UNIT,
        };
        let (previous, free) = ((sizes & 0x1FF) * UNIT, sizes >> 25 == 0);
        let mark = if (at..at + size).contains(&address) { '*' } else { ' ' };
        write!(out, "{mark}{at:08x} size: {size:>4x} previous size: {previous:>4x}  ")?;
        write!(out, "{} {mark}", if free { "(Free)     " } else { "(Allocated)" })?;
        for byte in tag.to_le_bytes() {
            out.write_char(if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '.' })?;
        }
        out.write_char('\n')?;
        at += size;
    }
    Ok(())
}
