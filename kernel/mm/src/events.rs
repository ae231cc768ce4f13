//! The event ring: every move of a frame from one place to another, with a sequence number.
//!
//! A move is recorded where a frame arrives: on a list, with an owner, back with its owner, in transition. Taking a frame off a
//! list is no move of its own, for its record says where it was until it says where it is. A record has the word of flags
//! before and after, so that a reader who knows all places at one moment can follow them to any later one.
//!
//! * **E1** Sequence numbers have no gaps: the record with number `n` stands in slot `n` modulo [`RECORDS`], and the last
//!   [`RECORDS`] are there.
//! * **E2** What a record says of before is what the frame's record before it says of after: replayed, the ring gives the
//!   location of every frame in the database.
//!
//! Sequence numbers are 32 bits and start anew after 4,294,967,296 moves. Lock: the frame-database lock.

use abi::cell::Field;

use crate::MemoryManager;
use crate::frame::Location;
use crate::layout::FrameNumber;
use crate::machine::Machine;

/// Moves that the ring holds, a power of two.
pub const RECORDS: u32 = 4096;

/// Why a frame moved. The two most frequent causes have no bits of their own in a record: where the frame went tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing holds it any more, or a list of another kind is right for it: it went on a list.
    Listed,
    /// It was allocated, and has a new owner.
    Owned,
    /// The page that it holds was asked for again: a soft fault.
    Reclaimed,
    /// Only I/O or a lock holds it.
    Held,
}

impl Cause {
    #[inline(always)]
    const fn bits(self) -> u32 {
        match self {
            Self::Listed | Self::Owned => 0,
            Self::Reclaimed => 1,
            Self::Held => 2,
        }
    }

    fn of(bits: u32, to: Location) -> Self {
        match (bits & 3, to) {
            (0, Location::Active | Location::Transition) => Self::Owned,
            (0, _) => Self::Listed,
            (1, _) => Self::Reclaimed,
            _ => Self::Held,
        }
    }
}

const SLOTS: usize = RECORDS as usize;
const CAUSE_SHIFT: u32 = 24;
const FRAME_MASK: u32 = (1 << CAUSE_SHIFT) - 1;
const LOCATION_SHIFT: u16 = 8;

/// A move that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number.
    pub sequence: u32,
    /// The frame.
    pub frame: FrameNumber,
    /// Why it moved.
    pub cause: Cause,
    /// `u3.e1` before: location, colour and flags.
    pub before: u16,
    /// `u3.e1` after.
    pub after: u16,
    /// Address of the PTE that names the frame, bit 0 set where its page was deleted.
    pub pte_address: u32,
}

impl Event {
    /// Where the frame was.
    pub fn from(&self) -> Location {
        Location::in_word(self.before)
    }

    /// Where it is.
    pub fn to(&self) -> Location {
        Location::in_word(self.after)
    }

    /// The record in 16 bytes, as programs get it: see [`abi::frames::EVENT_BYTES`].
    pub fn words(&self) -> [u32; 4] {
        let frame = self.frame.0 | self.cause.bits() << CAUSE_SHIFT;
        [self.sequence, frame, self.pte_address, u32::from(self.before) | u32::from(self.after) << 16]
    }
}

impl Location {
    fn in_word(e1: u16) -> Self {
        Self::ALL[usize::from(e1 >> LOCATION_SHIFT) & 7]
    }
}

/// The words of a frame's record that say where it is, before and after a move.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flagged {
    /// `u3.e1` before.
    pub before: u16,
    /// `u3.e1` after.
    pub after: u16,
}

/// The ring. It lives where the machine keeps it, and is empty when the memory manager starts. A record is spread over arrays, so
/// that its place is found without a multiplication: recording is part of every fault.
#[derive(Debug)]
pub struct EventRing {
    /// Number of the next record.
    next: Field<u32>,
    /// Number of the first record there ever was.
    first: Field<u32>,
    /// Bits 0 to 23 the frame, 24 and 25 the bits of the [`Cause`].
    frames: [Field<u32>; SLOTS],
    pte_addresses: [Field<u32>; SLOTS],
    before: [Field<u16>; SLOTS],
    after: [Field<u16>; SLOTS],
}

impl EventRing {
    /// A ring without a record.
    pub const EMPTY: Self = Self {
        next: Field::ZERO,
        first: Field::ZERO,
        frames: [Field::ZERO; SLOTS],
        pte_addresses: [Field::ZERO; SLOTS],
        before: [Field::ZERO_HALF; SLOTS],
        after: [Field::ZERO_HALF; SLOTS],
    };

    /// Records that `frame` moved because of `cause`. Its record says `pte_address` now, and of where it is, what `flags` has.
    #[inline(always)]
    pub(crate) fn push(&self, frame: FrameNumber, cause: Cause, pte_address: u32, flags: Flagged) {
        let sequence = self.next.get();
        self.next.set(sequence.wrapping_add(1));
        let slot = (sequence % RECORDS) as usize;
        self.frames[slot].set(frame.0 | cause.bits() << CAUSE_SHIFT);
        self.pte_addresses[slot].set(pte_address);
        self.before[slot].set(flags.before);
        self.after[slot].set(flags.after);
    }

    /// Forgets what was recorded; the next record has number `first`.
    pub(crate) fn restart(&self, first: u32) {
        self.next.set(first);
        self.first.set(first);
    }

    /// Number of the next record.
    pub fn next(&self) -> u32 {
        self.next.get()
    }

    /// Number of the oldest record that is there; [`Self::next`] where there is none.
    pub fn oldest(&self) -> u32 {
        let (next, first) = (self.next.get(), self.first.get());
        if next.wrapping_sub(first) > RECORDS { next.wrapping_sub(RECORDS) } else { first }
    }

    /// Record number `sequence`, if it is still there.
    pub fn event(&self, sequence: u32) -> Option<Event> {
        let oldest = self.oldest();
        if sequence.wrapping_sub(oldest) >= self.next.get().wrapping_sub(oldest) {
            return None;
        }
        let slot = (sequence % RECORDS) as usize;
        let (frame, after) = (self.frames[slot].get(), self.after[slot].get());
        Some(Event {
            sequence,
            frame: FrameNumber(frame & FRAME_MASK),
            cause: Cause::of(frame >> CAUSE_SHIFT, Location::in_word(after)),
            before: self.before[slot].get(),
            after,
            pte_address: self.pte_addresses[slot].get(),
        })
    }

    /// The records from number `from` on, oldest first, and how many since `from` are lost. A number that is yet to come, by less
    /// than half of all numbers, has no records and lost none.
    pub fn since(&self, from: u32) -> (u32, impl Iterator<Item = Event> + '_) {
        let (oldest, next) = (self.oldest(), self.next());
        let ahead = from.wrapping_sub(next);
        let lost = oldest.wrapping_sub(from);
        let (lost, start) = match () {
            () if ahead < u32::MAX / 2 => (0, next),
            () if lost <= u32::MAX / 2 => (lost, oldest),
            () => (0, from),
        };
        (lost, (0..next.wrapping_sub(start)).filter_map(move |index| self.event(start.wrapping_add(index))))
    }
}

impl<M: Machine> MemoryManager<M> {
    /// The moves of frames since the memory manager started, as far back as they are kept.
    pub fn events(&self) -> &EventRing {
        self.machine.events()
    }

    /// Moves `number`, which is on no list, to `location` and records it; its flags stay.
    #[inline(always)]
    pub(crate) fn move_frame(&self, number: FrameNumber, location: Location, cause: Cause) {
        let frame = self.frame(number);
        let flags = frame.set_location(location);
        self.machine.events().push(number, cause, frame.pte_address.get(), flags);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: u32 = 0xC000_1289;

    /// A ring with `count` records from number `first` on, each of the frame with its number's low bits.
    fn ring(first: u32, count: u32) -> Box<EventRing> {
        let ring = Box::new(EventRing::EMPTY);
        ring.restart(first);
        let flags = Flagged { before: 0x0010, after: 0x1618 };
        for index in 0..count {
            ring.push(FrameNumber(first.wrapping_add(index) & FRAME_MASK), Cause::Owned, ENTRY, flags);
        }
        ring
    }

    #[test]
    fn a_record_gives_back_what_was_recorded() {
        let ring = ring(0, 0);
        let flags = Flagged { before: 0x1259, after: 0x1619 };
        ring.push(FrameNumber(0xFE_DCBA), Cause::Reclaimed, ENTRY, flags);
        let event = ring.event(0).expect("one");
        let expected = Event {
            sequence: 0,
            frame: FrameNumber(0xFE_DCBA),
            cause: Cause::Reclaimed,
            before: 0x1259,
            after: 0x1619,
            pte_address: ENTRY,
        };
        assert_eq!((event, event.from(), event.to()), (expected, Location::Standby, Location::Active));
        assert_eq!(event.words(), [0, 0x01FE_DCBA, 0xC000_1289, 0x1619_1259]);
        for (cause, after) in [
            (Cause::Listed, 0x1200),
            (Cause::Owned, 0x1600),
            (Cause::Owned, 0x1702),
            (Cause::Reclaimed, 0x1600),
            (Cause::Held, 0x1700),
        ] {
            ring.push(FrameNumber(1), cause, 0, Flagged { before: 0x1100, after });
            assert_eq!(ring.event(ring.next() - 1).map(|event| event.cause), Some(cause));
        }
    }

    #[test]
    fn numbers_have_no_gaps_and_what_is_overwritten_is_lost() {
        // Empty, half full, full, overwritten once and again, and past the last number.
        let start = u32::MAX - 10;
        for (first, count) in
            [(0, 0), (0, 7), (0, 4096), (0, 4097), (5, 9000), (start, 8), (start, 4096), (start, 20_000)]
        {
            let ring = ring(first, count);
            let (lost, events) = ring.since(first);
            assert_eq!(lost, count.saturating_sub(RECORDS));
            let sequences: Vec<u32> = events.map(|event| event.sequence).collect();
            let expected: Vec<u32> = (lost..count).map(|index| first.wrapping_add(index)).collect();
            assert_eq!(sequences, expected, "{first:x} {count}");
            assert!(ring.since(first).1.all(|event| event.frame.0 == event.sequence & FRAME_MASK));
            assert_eq!(ring.event(ring.next()), None);
            assert_eq!(ring.event(ring.oldest().wrapping_sub(1)), None);
        }
    }

    #[test]
    fn a_reader_goes_on_where_it_was_and_ahead_of_all_finds_nothing() {
        let ring = ring(0, 5000);
        let (lost, events) = ring.since(4998);
        assert_eq!((lost, events.map(|event| event.sequence).collect::<Vec<_>>()), (0, vec![4998, 4999]));
        for ahead in [5000, 5001, 0x7FFF_0000] {
            let (lost, events) = ring.since(ahead);
            assert_eq!((lost, events.count()), (0, 0), "{ahead:x}");
        }
    }
}
