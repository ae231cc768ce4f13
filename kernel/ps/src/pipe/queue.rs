//! What is on its way through a pipe: bytes, or messages in fragments.
//!
//! In a pipe of messages each fragment has two bytes before it, its length and whether the message goes on behind it. So a message may be
//! longer than the buffer, and an empty one is something. A fragment is put in whole.

use abi::cell::{Field, Link, Record};
use abi::nt::dispatcher::Kevent;
use core::mem::offset_of;
use mm::machine::Records;

/// Bytes that a queue holds.
pub(crate) const CAPACITY: u32 = 0x1000;
/// Bytes before a fragment.
const HEAD: u32 = 2;
/// Its mark of one that the message does not end with.
const GOES_ON: u32 = 0x8000;

/// A queue.
#[repr(C)]
#[derive(Debug)]
pub struct Queue {
    pub(super) readable: Kevent,
    pub(super) writable: Kevent,
    /// Where the first byte is, and how many there are.
    pub(super) start: Field<u32>,
    pub(super) count: Field<u32>,
    /// How many of them are not heads of fragments.
    data: Field<u32>,
    /// Bytes left of the fragment that is being read; whether its message goes on; whether one is being read.
    left: Field<u32>,
    goes_on: Field<u32>,
    is_open: Field<u32>,
    /// Whether somebody is writing a message.
    writing: Field<u32>,
    /// Null where the name has no such way.
    buffer: Field<Link<Buffer>>,
}
impl Record for Queue {}

#[repr(C)]
#[derive(Debug)]
pub(super) struct Buffer([Field<u8>; CAPACITY as usize]);
impl Record for Buffer {}

/// Whether bytes are taken out or only looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    /// They are gone then.
    Yes,
    /// They stay.
    No,
}

/// Whether a reader sees where messages end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// There are none, or he does not: bytes follow each other.
    Bytes,
    /// There are, but he reads bytes.
    Joined,
    /// He reads one at a time.
    Messages,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Got {
    pub count: usize,
    /// Whether a message ended with it.
    pub is_end: bool,
}

/// A place in the queue.
#[derive(Clone, Copy)]
struct Cursor {
    start: u32,
    count: u32,
    left: u32,
    goes_on: bool,
    is_open: bool,
}

impl Queue {
    /// Where the two events are.
    pub(super) const EVENTS: [usize; 2] = [offset_of!(Self, readable), offset_of!(Self, writable)];

    pub(super) fn set_buffer(&self, buffer: Link<Buffer>) {
        self.buffer.set(buffer);
    }

    pub(super) fn buffer(&self) -> Link<Buffer> {
        self.buffer.get()
    }

    /// Whether the name has such a way.
    pub(crate) fn is_there(&self) -> bool {
        !self.buffer.get().is_null()
    }

    /// Whether nothing is on the way.
    pub(crate) fn is_empty(&self) -> bool {
        self.count.get() == 0
    }

    /// Whether something can be put in.
    pub(crate) fn has_room(&self) -> bool {
        self.room() > 0
    }

    /// Bytes that can be put in as a fragment of a message. There is always room for the end of one that is given up.
    pub(crate) fn room(&self) -> u32 {
        (CAPACITY - self.count.get()).saturating_sub(2 * HEAD)
    }

    /// Bytes that can be put in where there are no messages.
    pub(crate) fn room_for_bytes(&self) -> u32 {
        CAPACITY - self.count.get()
    }

    /// Bytes of data on the way.
    pub(crate) fn data(&self) -> u32 {
        self.data.get()
    }

    /// Whether somebody is writing a message.
    pub(crate) fn is_being_written(&self) -> bool {
        self.writing.get() != 0
    }

    pub(crate) fn set_being_written(&self, is: bool) {
        self.writing.set(is.into());
    }

    pub(super) fn clear(&self) {
        for field in [&self.start, &self.count, &self.data, &self.left, &self.goes_on, &self.is_open] {
            field.set(0);
        }
    }

    fn cursor(&self) -> Cursor {
        Cursor {
            start: self.start.get(),
            count: self.count.get(),
            left: self.left.get(),
            goes_on: self.goes_on.get() != 0,
            is_open: self.is_open.get() != 0,
        }
    }

    fn byte(&self, records: &impl Records, at: u32) -> u8 {
        records.record(self.buffer.get()).0[(at % CAPACITY) as usize].get()
    }

    /// Goes on to the next fragment; whether there is one.
    fn enter(&self, records: &impl Records, cursor: &mut Cursor) -> bool {
        if cursor.count < HEAD {
            return false;
        }
        let [low, high] = [0, 1].map(|index| u32::from(self.byte(records, cursor.start + index)));
        let head = high << 8 | low;
        cursor.start += HEAD;
        cursor.count -= HEAD;
        cursor.left = head & !GOES_ON;
        cursor.goes_on = head & GOES_ON != 0;
        cursor.is_open = true;
        true
    }

    /// Copies the first bytes, as many as there are and fit, and no further than a message reaches where they are kept.
    pub(crate) fn read(&self, records: &impl Records, into: &mut [u8], kept: Kept, take: Take) -> Got {
        let (mut cursor, mut got) = (self.cursor(), Got { count: 0, is_end: false });
        loop {
            if kept == Kept::Bytes {
                cursor.left = cursor.count;
            } else if (!cursor.is_open || cursor.left == 0 && cursor.goes_on) && !self.enter(records, &mut cursor) {
                break;
            }
            let step = (into.len() - got.count).min(cursor.left as usize);
            for (byte, at) in into[got.count..][..step].iter_mut().zip(cursor.start..) {
                *byte = self.byte(records, at);
            }
            got.count += step;
            cursor.start += step as u32;
            cursor.count -= step as u32;
            cursor.left -= step as u32;
            if kept == Kept::Bytes || cursor.left > 0 {
                break;
            }
            if !cursor.goes_on {
                cursor.is_open = false;
                got.is_end = kept == Kept::Messages;
            }
            if got.is_end || got.count == into.len() {
                break;
            }
        }
        if take == Take::Yes {
            self.start.set(cursor.start % CAPACITY);
            self.count.set(cursor.count);
            self.data.set(self.data.get() - got.count as u32);
            let left = if kept == Kept::Bytes { 0 } else { cursor.left };
            self.left.set(left);
            self.goes_on.set(cursor.goes_on.into());
            self.is_open.set(cursor.is_open.into());
        }
        got
    }

    /// Messages on the way, and the bytes of the first that are left, as far as they have been written.
    pub(crate) fn messages(&self, records: &impl Records) -> [u32; 2] {
        let (mut cursor, mut ends, mut first) = (self.cursor(), 0, 0);
        loop {
            if (!cursor.is_open || cursor.left == 0 && cursor.goes_on) && !self.enter(records, &mut cursor) {
                return [ends, first];
            }
            if ends == 0 {
                first += cursor.left;
            }
            cursor.start += cursor.left;
            cursor.count -= cursor.left;
            cursor.left = 0;
            if !cursor.goes_on {
                cursor.is_open = false;
                ends += 1;
            }
        }
    }

    fn put(&self, records: &impl Records, bytes: &[u8]) {
        let buffer = records.record(self.buffer.get());
        let end = self.start.get() + self.count.get();
        for (byte, at) in bytes.iter().zip(end..) {
            buffer.0[(at % CAPACITY) as usize].set(*byte);
        }
        self.count.set(self.count.get() + bytes.len() as u32);
    }

    /// Puts bytes behind those that are there, as many as there is room for.
    pub(crate) fn write_bytes(&self, records: &impl Records, from: &[u8]) -> usize {
        let step = from.len().min(self.room_for_bytes() as usize);
        self.put(records, &from[..step]);
        self.data.set(self.data.get() + step as u32);
        step
    }

    /// Puts a fragment of a message behind them, for which there is room.
    pub(crate) fn write_fragment(&self, records: &impl Records, from: &[u8], goes_on: bool) {
        let head = from.len() as u32 | if goes_on { GOES_ON } else { 0 };
        self.put(records, &(head as u16).to_le_bytes());
        self.put(records, from);
        self.data.set(self.data.get() + from.len() as u32);
    }

    /// Whether what is in it is within the buffer (B3).
    pub(super) fn is_sound(&self) -> bool {
        let (start, count) = (self.start.get(), self.count.get());
        let fits = start < CAPACITY && count <= CAPACITY && self.data.get() <= count && self.left.get() <= count;
        fits && (self.is_there() || count == 0)
    }
}
