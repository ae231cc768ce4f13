//! A disk: transfers cut into commands, and what is tried again when one fails.
//!
//! A command that failed on the way (no answer, an error of the bus or of the checksum on it) is tried again after a reset; one
//! that the drive itself refused, once more; one during which the channel was seized (A5) as often as it takes. Where DMA has failed on the way [`MOST_DMA_FAILURES`] times in a row the disk
//! goes on without it.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use io::{BlockDevice, DeviceError, Direction, Piece, SECTOR};
use mm::machine::FrameBytes;

use crate::channel::{Channel, Drive, Failure, Patience, Session};
use crate::command::{Command, MOST_SECTORS, Method};
use crate::descriptors::Batch;
use crate::identity::{Flush, Identity};
use crate::machine::Machine;

/// How often a command is given at most.
const ATTEMPTS: u32 = 4;
/// How often one is given that the drive refused.
const ATTEMPTS_AT_A_REFUSAL: u32 = 2;
/// Failures on the way after which DMA is given up.
pub const MOST_DMA_FAILURES: u32 = 3;
/// Bounce pages that one slice goes through at once.
const MOST_BOUNCE_PAGES: usize = 16;

/// Bits of a drive's error register.
mod error {
    pub const CHECKSUM: u8 = 1 << 7;
    /// In answer to a write.
    pub const WRITE_PROTECTED: u8 = 1 << 6;
    pub const NO_SUCH_SECTOR: u8 = 1 << 4;
}

/// A disk behind a channel.
pub struct Disk<'c, M> {
    machine: M,
    channel: &'c Channel,
    drive: Drive,
    identity: Identity,
    /// Whether DMA is used.
    dma: AtomicBool,
    dma_failures: AtomicU32,
}

impl<'c, M: Machine + FrameBytes> Disk<'c, M> {
    /// The disk that is `drive` of `channel` and has described itself as `identity`.
    pub fn new(machine: M, channel: &'c Channel, drive: Drive, identity: Identity) -> Self {
        let dma = identity.dma && channel.ports.bus_master.is_some();
        let this =
            Self { machine, channel, drive, identity, dma: AtomicBool::new(dma), dma_failures: AtomicU32::new(0) };
        if dma && let Some(mode) = identity.unset_mode {
            let command = Command::set_multiword_mode(mode);
            let set = this.session().run_plain(drive, &command, Patience::COMMAND);
            this.dma.store(set.is_ok(), Ordering::Relaxed);
        }
        this
    }

    /// What it says of itself.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// How its bytes go.
    pub fn method(&self) -> Method {
        if self.dma.load(Ordering::Relaxed) { Method::Dma } else { Method::Pio }
    }

    fn session(&self) -> Session<'_, M> {
        self.channel.acquire(&self.machine)
    }

    fn check(&self, first: u64, sectors: u64) -> Result<(), DeviceError> {
        let end = first.checked_add(sectors).ok_or(DeviceError::OutOfRange)?;
        if end <= self.identity.sectors { Ok(()) } else { Err(DeviceError::OutOfRange) }
    }

    /// Moves one batch, trying again where that may help.
    fn run(
        &self,
        session: &Session<'_, M>,
        memory: &impl FrameBytes,
        transfer: Transfer<'_>,
    ) -> Result<(), DeviceError> {
        let mut refusals = 0;
        let mut attempt = 1;
        loop {
            let method = self.method();
            let result = session.whole(|| self.attempt(session, memory, transfer, method));
            if method == Method::Dma {
                self.count_dma_failure(&result);
            }
            let Err(failure) = result else { return Ok(()) };
            match failure {
                Failure::Seized => continue,
                Failure::Device(bits) if bits & error::CHECKSUM == 0 => refusals += 1,
                Failure::Fault => refusals += 1,
                _ => session.reset(),
            }
            if attempt == ATTEMPTS || refusals == ATTEMPTS_AT_A_REFUSAL {
                return Err(told(failure, transfer.direction));
            }
            attempt += 1;
        }
    }

    fn attempt(
        &self,
        session: &Session<'_, M>,
        memory: &impl FrameBytes,
        transfer: Transfer<'_>,
        method: Method,
    ) -> Result<(), Failure> {
        let Transfer { direction, first, sectors, pieces } = transfer;
        let command = Command::transfer(direction, method, first, sectors);
        let base = match (method, self.channel.ports.bus_master) {
            (Method::Dma, Some(base)) => base,
            _ => return self.move_words(session, memory, &command, transfer),
        };
        session.memory.prepare(memory, direction, pieces);
        let result = session.run_dma(base, self.drive, &command, direction);
        match result {
            Ok(()) if direction == Direction::Read => session.memory.deliver(memory, pieces),
            _ => {}
        }
        result
    }

    /// Counts how often in a row DMA failed on the way, and gives it up.
    fn count_dma_failure(&self, result: &Result<(), Failure>) {
        let on_the_way = match result {
            Err(Failure::Seized) => return,
            Ok(()) | Err(Failure::Fault) => false,
            Err(Failure::Device(bits)) => bits & error::CHECKSUM != 0,
            Err(Failure::Bus | Failure::Protocol | Failure::Timeout) => true,
        };
        if !on_the_way {
            self.dma_failures.store(0, Ordering::Relaxed);
        } else if self.dma_failures.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_DMA_FAILURES {
            self.dma.store(false, Ordering::Relaxed);
            self.machine.gives_up_dma();
        }
    }

    fn move_words(
        &self,
        session: &Session<'_, M>,
        memory: &impl FrameBytes,
        command: &Command,
        transfer: Transfer<'_>,
    ) -> Result<(), Failure> {
        let places = transfer.pieces.iter().flat_map(|piece| {
            let offsets = (piece.offset..piece.offset + piece.bytes).step_by(SECTOR as usize);
            offsets.map(|offset| (piece.frame, offset))
        });
        let mut places = places.fuse();
        match transfer.direction {
            Direction::Read => session.read_sectors(self.drive, command, transfer.sectors, |sector| {
                if let Some((frame, offset)) = places.next() {
                    memory.write(frame, offset, sector);
                }
            }),
            Direction::Write => session.write_sectors(self.drive, command, transfer.sectors, |sector| {
                if let Some((frame, offset)) = places.next() {
                    memory.read(frame, offset, sector);
                }
            }),
        }
    }

    /// Calls `part` for one part of `length` bytes after the other, each small enough for the bounce pages, with the channel held:
    /// session, the first sector, bytes done, bytes of the part.
    fn each_part(
        &self,
        first: u64,
        length: usize,
        mut part: impl FnMut(&Session<'_, M>, u64, usize, usize) -> Result<(), DeviceError>,
    ) -> Result<(), DeviceError> {
        debug_assert!(length.is_multiple_of(SECTOR as usize), "whole sectors");
        self.check(first, length as u64 / u64::from(SECTOR))?;
        let most = (self.channel.memory.bounce_pages as usize).min(MOST_BOUNCE_PAGES) * mm::layout::PAGE_SIZE as usize;
        let mut done = 0;
        while done < length {
            let step = (length - done).min(most);
            part(&self.session(), first + (done / SECTOR as usize) as u64, done, step)?;
            done += step;
        }
        Ok(())
    }
}

/// One batch.
#[derive(Clone, Copy)]
struct Transfer<'a> {
    direction: Direction,
    first: u64,
    sectors: u32,
    pieces: &'a [Piece],
}

/// What a volume is told of a failure.
fn told(failure: Failure, direction: Direction) -> DeviceError {
    match failure {
        Failure::Device(bits) if bits & error::NO_SUCH_SECTOR != 0 => DeviceError::OutOfRange,
        Failure::Device(bits) if bits & error::WRITE_PROTECTED != 0 && direction == Direction::Write => {
            DeviceError::WriteProtected
        }
        _ => DeviceError::Medium,
    }
}

impl<M: Machine + FrameBytes> BlockDevice for Disk<'_, M> {
    fn sectors(&self) -> u64 {
        self.identity.sectors
    }

    fn read(&self, first: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        self.each_part(first, into.len(), |session, first, done, step| {
            let (pieces, count) = session.memory.bounce_pieces::<MOST_BOUNCE_PAGES>(step as u32);
            let pieces = &pieces[..count];
            let sectors = step as u32 / SECTOR;
            self.run(session, &self.machine, Transfer { direction: Direction::Read, first, sectors, pieces })?;
            let mut rest = &mut into[done..done + step];
            for piece in pieces {
                let (now, later) = rest.split_at_mut(piece.bytes as usize);
                self.machine.read(piece.frame, 0, now);
                rest = later;
            }
            Ok(())
        })
    }

    fn write(&self, first: u64, from: &[u8]) -> Result<(), DeviceError> {
        self.each_part(first, from.len(), |session, first, done, step| {
            let (pieces, count) = session.memory.bounce_pieces::<MOST_BOUNCE_PAGES>(step as u32);
            let pieces = &pieces[..count];
            let mut rest = &from[done..done + step];
            for piece in pieces {
                let (now, later) = rest.split_at(piece.bytes as usize);
                self.machine.write(piece.frame, 0, now);
                rest = later;
            }
            let sectors = step as u32 / SECTOR;
            self.run(session, &self.machine, Transfer { direction: Direction::Write, first, sectors, pieces })
        })
    }

    fn transfer(
        &self,
        memory: &impl FrameBytes,
        first: u64,
        direction: Direction,
        pieces: &[Piece],
    ) -> Result<(), DeviceError> {
        self.check(first, pieces.iter().map(|piece| u64::from(piece.bytes / SECTOR)).sum())?;
        let (mut first, mut rest) = (first, pieces);
        while !rest.is_empty() {
            let batch = Batch::of(rest, self.channel.memory.bounce_pages);
            debug_assert!(batch.pieces > 0 && batch.sectors <= MOST_SECTORS, "a piece fits a command");
            let (now, later) = rest.split_at(batch.pieces);
            let transfer = Transfer { direction, first, sectors: batch.sectors, pieces: now };
            // The channel is given up between commands: others have their turn.
            self.run(&self.session(), memory, transfer)?;
            first += u64::from(batch.sectors);
            rest = later;
        }
        Ok(())
    }

    /// Not tried again when the drive says that it failed: it has lost something.
    fn flush(&self) -> Result<(), DeviceError> {
        let wide = match self.identity.flush {
            Flush::Never => return Ok(()),
            Flush::Plain => false,
            Flush::Wide => true,
        };
        let session = self.session();
        session.run_plain(self.drive, &Command::flush(wide), Patience::LONG).map_err(|failure| {
            if failure == Failure::Timeout {
                session.reset();
            }
            DeviceError::Medium
        })
    }
}

#[cfg(test)]
mod tests;
