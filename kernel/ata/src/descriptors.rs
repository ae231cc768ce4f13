//! The table that tells the controller where in memory the bytes of a command are, and the pages through which those go that
//! it cannot reach.
//!
//! * **A1** An entry names part of one frame below 4 GB: so none crosses 64 KB, which the controller could not follow.
//! * **A2** What a command names is held by whoever asked for the transfer, or is a bounce page, until the engine has stopped.

use core::sync::atomic::{AtomicU32, Ordering};

use io::{Direction, Piece, SECTOR};
use mm::layout::{FrameNumber, PAGE_SIZE};
use mm::machine::FrameBytes;

use crate::command::MOST_SECTORS;

/// Words of a table: one page, so that it does not cross 64 KB either.
pub const TABLE_WORDS: usize = 1024;
/// The first frame that 32 bits do not reach.
const FIRST_OUT_OF_REACH: FrameNumber = FrameNumber(1 << 20);
/// Second word of an entry: it is the last.
const LAST: u32 = 1 << 31;

/// Memory below 4 GB that a channel has for its transfers.
#[derive(Debug)]
pub struct DmaMemory {
    /// The table.
    pub table: &'static [AtomicU32; TABLE_WORDS],
    /// Its physical address.
    pub address: u32,
    /// The first of the bounce pages, which follow each other.
    pub bounce: FrameNumber,
    /// How many there are.
    pub bounce_pages: u32,
    /// Pieces that went through them.
    pub bounced: AtomicU32,
}

/// What one command moves: the first of the pieces it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// So many pieces.
    pub pieces: usize,
    /// So many sectors.
    pub sectors: u32,
}

impl Batch {
    /// As many of `pieces` as one command takes, by a channel with `bounce_pages` bounce pages.
    pub fn of(pieces: &[Piece], bounce_pages: u32) -> Self {
        let mut batch = Self { pieces: 0, sectors: 0 };
        let mut bounced = 0;
        for piece in pieces.iter().take(TABLE_WORDS / 2) {
            bounced += u32::from(is_out_of_reach(piece));
            let sectors = batch.sectors + piece.bytes / SECTOR;
            if sectors > MOST_SECTORS || bounced > bounce_pages {
                break;
            }
            batch = Self { pieces: batch.pieces + 1, sectors };
        }
        batch
    }
}

fn is_out_of_reach(piece: &Piece) -> bool {
    piece.frame >= FIRST_OUT_OF_REACH
}

impl DmaMemory {
    /// Fills the table with `pieces`, which are a batch, and for writing the bounce pages.
    pub fn prepare(&self, memory: &impl FrameBytes, direction: Direction, pieces: &[Piece]) {
        let mut next = self.bounce.0;
        for (index, piece) in pieces.iter().enumerate() {
            debug_assert!(piece.offset + piece.bytes <= PAGE_SIZE, "a piece lies within its frame");
            let frame = if is_out_of_reach(piece) {
                let page = FrameNumber(next);
                next += 1;
                if direction == Direction::Write {
                    copy(memory, piece, piece.frame, page);
                }
                page
            } else {
                piece.frame
            };
            let last = if index + 1 == pieces.len() { LAST } else { 0 };
            self.table[index * 2].store((frame.0 << 12) + piece.offset, Ordering::Relaxed);
            self.table[index * 2 + 1].store(piece.bytes | last, Ordering::Relaxed);
        }
        self.bounced.fetch_add(next - self.bounce.0, Ordering::Relaxed);
    }

    /// After reading: brings what is in the bounce pages to where it was wanted.
    pub fn deliver(&self, memory: &impl FrameBytes, pieces: &[Piece]) {
        for (page, piece) in (self.bounce.0..).zip(pieces.iter().filter(|piece| is_out_of_reach(piece))) {
            copy(memory, piece, FrameNumber(page), piece.frame);
        }
    }

    /// The bounce pages as pieces that hold `bytes` bytes, and how many pieces there are.
    pub fn bounce_pieces<const N: usize>(&self, bytes: u32) -> ([Piece; N], usize) {
        let mut pieces = [Piece { frame: self.bounce, offset: 0, bytes: 0 }; N];
        let count = bytes.div_ceil(PAGE_SIZE);
        for (index, piece) in (0..count).zip(pieces.iter_mut()) {
            piece.frame = FrameNumber(self.bounce.0 + index);
            piece.bytes = (bytes - index * PAGE_SIZE).min(PAGE_SIZE);
        }
        (pieces, count as usize)
    }
}

/// Copies the bytes of `piece`, which are at the same place in both frames.
fn copy(memory: &impl FrameBytes, piece: &Piece, from: FrameNumber, to: FrameNumber) {
    if piece.bytes == PAGE_SIZE {
        return memory.copy(from, to);
    }
    let mut sector = [0; SECTOR as usize];
    for offset in (piece.offset..piece.offset + piece.bytes).step_by(SECTOR as usize) {
        memory.read(from, offset, &mut sector);
        memory.write(to, offset, &sector);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(frame: u32, bytes: u32) -> Piece {
        Piece { frame: FrameNumber(frame), offset: 0, bytes }
    }

    #[test]
    fn a_batch_ends_at_256_sectors_at_the_end_of_the_table_and_with_the_bounce_pages() {
        let pages: Vec<Piece> = (0..40).map(|frame| piece(frame, PAGE_SIZE)).collect();
        assert_eq!(Batch::of(&pages, 8), Batch { pieces: 32, sectors: 256 });
        assert_eq!(Batch::of(&pages[..3], 8), Batch { pieces: 3, sectors: 24 });
        let sectors: Vec<Piece> = (0..300).map(|frame| piece(frame, SECTOR)).collect();
        assert_eq!(Batch::of(&sectors, 8), Batch { pieces: 256, sectors: 256 });
        let high: Vec<Piece> = (0..20).map(|frame| piece(0xFFFFC + frame, PAGE_SIZE)).collect();
        assert_eq!(Batch::of(&high, 8), Batch { pieces: 12, sectors: 96 }, "4 below, 8 that bounce");
    }
}
