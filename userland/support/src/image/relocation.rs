//! Base relocations: what to add to where when an image lies elsewhere than it was linked for.

use super::{Image, Malformed, Table};
use crate::memory::Memory;

const ABSOLUTE: u16 = 0;
const HIGH: u16 = 1;
const LOW: u16 = 2;
const HIGH_LOW: u16 = 3;

/// Moves every absolute address of `image` by the difference between where it lies and where it was linked for.
///
/// The caller has made the image writable. Headers are never changed.
///
/// # Errors
/// [`Malformed`] for a block that leaves the image, reaches into the headers or uses a type that x86 has not.
/// Words before it are changed by then; the caller gives the image up.
#[doc(alias = "LdrRelocateImage")]
pub fn relocate<M: Memory>(memory: &M, image: &Image) -> Result<(), Malformed> {
    let delta = image.base().wrapping_sub(image.preferred_base());
    let directory = image.directory(memory, Table::Relocation);
    if delta == 0 || directory.size == 0 {
        return Ok(());
    }
    let end = directory.rva.checked_add(directory.size).ok_or(Malformed)?;
    let mut at = directory.rva;
    while end.saturating_sub(at) >= 8 {
        let (page, size) = (image.u32(memory, at)?, image.u32(memory, at.wrapping_add(4))?);
        if size == 0 {
            break; // some linkers pad the table with zeros
        }
        if size < 8 || size > end - at {
            return Err(Malformed);
        }
        relocate_block(memory, image, page, at + 8, (size - 8) / 2, delta)?;
        at += size;
    }
    Ok(())
}

fn relocate_block<M: Memory>(
    memory: &M,
    image: &Image,
    page: u32,
    entries: u32,
    count: u32,
    delta: u32,
) -> Result<(), Malformed> {
    for index in 0..count {
        let entry = image.u16(memory, entries + 2 * index)?;
        let rva = page.checked_add(u32::from(entry & 0xFFF)).ok_or(Malformed)?;
        let kind = entry >> 12;
        if kind != ABSOLUTE && rva < image.headers() {
            return Err(Malformed);
        }
        match kind {
            ABSOLUTE => {}
            HIGH_LOW => {
                let address = image.address(rva, 4)?;
                memory.write_u32(address, memory.read_u32(address).wrapping_add(delta));
            }
            HIGH | LOW => {
                let address = image.address(rva, 2)?;
                let part = if kind == HIGH { delta >> 16 } else { delta } as u16;
                memory.write_u16(address, memory.read_u16(address).wrapping_add(part));
            }
            _ => return Err(Malformed),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::build::Builder;
    use super::*;
    use crate::memory::fake::Bytes;

    const LINKED: u32 = 0x1000_0000;
    const MAPPED: u32 = 0x1234_0000;

    fn relocated(block: &[u32]) -> (Bytes, Result<(), Malformed>) {
        let builder = Builder::new(LINKED, 0x3000).words(0x1000, &[0x1000_1010, 0x1000_0000]);
        let builder = builder.words(0x2000, block).directory(5, 0x2000, 4 * block.len() as u32);
        let memory = Bytes::new(MAPPED, builder.finish());
        let image = Image::open(&memory, MAPPED, 0x3000).unwrap();
        let result = relocate(&memory, &image);
        (memory, result)
    }

    #[test]
    fn addresses_move_with_the_image() {
        let (memory, result) = relocated(&[0x1000, 12, 0x0000_3000]);
        assert_eq!((result, memory.read_u32(MAPPED + 0x1000)), (Ok(()), 0x1234_1010));
        let (memory, result) = relocated(&[0x1000, 12, 0x0000_1006]);
        assert_eq!((result, memory.read_u32(MAPPED + 0x1004)), (Ok(()), 0x1234_0000));
    }

    #[test]
    fn blocks_that_lie_are_refused() {
        for block in [
            &[0x1000, 4, 0][..],        // shorter than its header
            &[0x1000, 0x1000, 0],       // longer than the table
            &[0xFFFF_F000, 12, 0x3FFF], // beyond the end of memory
            &[0x2000, 12, 0x3FFD],      // leaves the image
            &[0, 12, 0x3040],           // into the headers
            &[0x1000, 12, 0x5000],      // another processor's type
        ] {
            assert_eq!(relocated(block).1, Err(Malformed), "{block:x?}");
        }
    }

    #[test]
    fn padding_ends_the_table() {
        assert_eq!(relocated(&[0x1000, 12, 0x3000, 0, 0]).1, Ok(()));
    }
}
