//! What is on its way through a pipe: bytes, or messages in fragments.
//!
//! In a pipe of messages each fragment has four bytes before it, its length and whether the message goes on behind it. So a message may be
//! longer than the room there is, and an empty one is something. A fragment is put in whole.
//!
//! What is on its way stands in a chain of pages, of which one is always there: the others come as they are needed and go when they have been
//! read. So a large quota costs nothing until it is used.

use abi::cell::{Field, Link, Record};
use abi::nt::dispatcher::Kevent;
use core::mem::offset_of;
use mm::layout::PAGE_SIZE;
use mm::machine::Records;

/// Bytes before a fragment.
const HEAD: u32 = 4;
/// Their mark of one that the message does not end with.
const GOES_ON: u32 = 0x8000_0000;
/// They are no more than one byte of so many, for whoever writes as usual.
const HEADS_ARE: u32 = 64;
/// Bytes of a page behind its link.
pub(super) const IN_PAGE: u32 = PAGE_SIZE - 4;
/// The largest quota. Source: CreateNamedPipe, "the system minimum or maximum"; how much that is nobody says.
const LARGEST_QUOTA: u32 = 0x10_0000;
/// Bytes of a write that waits which are on their way at once, whatever the quota: so the usual one can be looked at whole.
const OVERDRAFT: u32 = 0x1_0000;

/// A queue.
#[repr(C)]
#[derive(Debug)]
pub struct Queue {
    pub(super) readable: Kevent,
    /// Set when something was taken out, or the ends are not what they were.
    pub(super) drained: Kevent,
    /// Null where the name has no such way.
    pub(super) first: Field<Link<QueuePage>>,
    pub(super) pages: Field<u32>,
    /// Where in the first page the first byte is, and how many there are.
    pub(super) start: Field<u32>,
    pub(super) count: Field<u32>,
    /// How many of them are not heads of fragments.
    data: Field<u32>,
    /// Bytes left of the fragment that is being read; whether its message goes on; whether one is being read.
    left: Field<u32>,
    goes_on: Field<u32>,
    is_open: Field<u32>,
    /// Whether somebody is writing.
    writing: Field<u32>,
    /// Bytes that may be on their way while nobody waits for it.
    quota: Field<u32>,
    /// Bytes that readers wait for.
    wanted: Field<u32>,
    /// The marks of writes that go on.
    pub(super) writes: Field<Link<WriteMarks>>,
    /// What was ever taken out, heads counted and not; both run over.
    taken: Field<u32>,
    taken_data: Field<u32>,
}
impl Record for Queue {}

/// A page of what is on its way.
#[repr(C)]
#[derive(Debug)]
pub struct QueuePage {
    pub(super) next: Field<Link<QueuePage>>,
    bytes: [Field<u8>; IN_PAGE as usize],
}
impl Record for QueuePage {}
const _: () = assert!(size_of::<QueuePage>() == PAGE_SIZE as usize);

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

/// How far a reader is.
#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    page: Link<QueuePage>,
    start: u32,
    count: u32,
    data: u32,
    left: u32,
    goes_on: bool,
    is_open: bool,
}

/// A place between what was written: how much was ever written before it, heads counted and not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    all: u32,
    data: u32,
}

/// Where in the queue a write is that goes on: what goes before it moves it.
#[repr(C)]
#[derive(Debug)]
pub struct WriteMarks {
    next: Field<Link<WriteMarks>>,
    begin: [Field<u32>; 2],
    end: [Field<u32>; 2],
}
impl Record for WriteMarks {}

impl WriteMarks {
    fn set(&self, place: &[Field<u32>; 2], mark: Mark) {
        place[0].set(mark.all);
        place[1].set(mark.data);
    }

    fn begin(&self) -> Mark {
        Mark { all: self.begin[0].get(), data: self.begin[1].get() }
    }

    fn end(&self) -> Mark {
        Mark { all: self.end[0].get(), data: self.end[1].get() }
    }

    /// So much has gone before it.
    fn shift(&self, gone: Mark) {
        for place in [&self.begin, &self.end] {
            place[0].update(|at| at.wrapping_sub(gone.all));
            place[1].update(|at| at.wrapping_sub(gone.data));
        }
    }

    /// Whether nothing of it has been put there.
    pub(crate) fn is_empty(&self) -> bool {
        self.begin() == self.end()
    }
}

impl Queue {
    /// Where the two events are.
    pub(super) const EVENTS: [usize; 2] = [offset_of!(Self, readable), offset_of!(Self, drained)];

    pub(super) fn set_quota(&self, quota: u32) {
        self.quota.set(quota.min(LARGEST_QUOTA));
    }

    pub(super) fn begin(&self, page: Link<QueuePage>) {
        self.first.set(page);
        self.pages.set(1);
    }

    /// Whether the name has such a way.
    pub(crate) fn is_there(&self) -> bool {
        !self.first.get().is_null()
    }

    /// Whether nothing is on the way.
    pub(crate) fn is_empty(&self) -> bool {
        self.count.get() == 0
    }

    pub(crate) fn quota(&self) -> u32 {
        self.quota.get()
    }

    /// What of the quota is left.
    pub(crate) fn quota_left(&self) -> u32 {
        self.quota.get().saturating_sub(self.data.get())
    }

    /// Bytes that can be put in as a fragment, quota or not. There is always room for the end of a message that is given up.
    pub(crate) fn room(&self) -> u32 {
        let most = OVERDRAFT + (1 + HEAD) * self.quota.get();
        most.saturating_sub(self.count.get() + 2 * HEAD)
    }

    /// How much of a write of `length` bytes is done by who never waits.
    pub(crate) fn never_waiting(&self, length: u32, has_messages: bool) -> u32 {
        let allowed = length.min(self.quota_left().saturating_add(self.wanted.get()));
        let heads = if has_messages { allowed / HEADS_ARE } else { 0 };
        allowed.min(self.room().saturating_sub(heads))
    }

    /// Bytes of data on the way.
    pub(crate) fn data(&self) -> u32 {
        self.data.get()
    }

    /// Whether somebody is writing.
    pub(crate) fn is_being_written(&self) -> bool {
        self.writing.get() != 0
    }

    pub(crate) fn set_being_written(&self, is: bool) {
        self.writing.set(is.into());
    }

    /// A reader waits for `bytes`.
    pub(crate) fn want(&self, bytes: u32) {
        self.wanted.set(self.wanted.get().saturating_add(bytes));
    }

    /// He waits no more.
    pub(crate) fn want_no_more(&self, bytes: u32) {
        self.wanted.set(self.wanted.get().saturating_sub(bytes));
    }

    /// What readers wait for, whom a write serves: the quota is not asked for that.
    pub(crate) fn wanted(&self) -> u32 {
        self.wanted.get()
    }

    /// A write has served them.
    pub(crate) fn serve(&self) {
        self.wanted.set(0);
    }

    /// The end of what was written.
    fn mark(&self) -> Mark {
        Mark {
            all: self.taken.get().wrapping_add(self.count.get()),
            data: self.taken_data.get().wrapping_add(self.data.get()),
        }
    }

    /// Bytes of data before `mark` that nobody has taken.
    fn data_before(&self, mark: Mark) -> u32 {
        // Somebody may have taken what was behind it, too.
        let ahead = mark.data.wrapping_sub(self.taken_data.get());
        if ahead <= self.data.get() { ahead } else { 0 }
    }

    /// Whether a write that has been put there need not be waited for.
    pub(crate) fn is_within_quota(&self, marks: &WriteMarks, served: u32) -> bool {
        self.data_before(marks.end()) <= self.quota.get().saturating_add(served)
    }

    pub(crate) fn cursor(&self) -> Cursor {
        Cursor {
            page: self.first.get(),
            start: self.start.get(),
            count: self.count.get(),
            data: self.data.get(),
            left: self.left.get(),
            goes_on: self.goes_on.get() != 0,
            is_open: self.is_open.get() != 0,
        }
    }

    /// Copies the first bytes, as many as there are and fit, and no further than a message reaches where they are kept.
    pub(crate) fn read(records: &impl Records, cursor: &mut Cursor, into: &mut [u8], kept: Kept) -> Got {
        let mut got = Got { count: 0, is_end: false };
        loop {
            if kept == Kept::Bytes {
                cursor.left = cursor.count;
            } else if !cursor.enter(records) {
                break;
            }
            let step = (into.len() - got.count).min(cursor.left as usize);
            cursor.copy(records, &mut into[got.count..][..step]);
            got.count += step;
            cursor.left -= step as u32;
            cursor.data -= step as u32;
            if kept == Kept::Bytes {
                cursor.left = 0;
                break;
            }
            if cursor.left > 0 {
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
        got
    }

    /// What is before `cursor` is taken out. The pages that go are for `free`.
    pub(super) fn take(&self, records: &impl Records, cursor: Cursor, mut free: impl FnMut(Link<QueuePage>)) {
        self.taken.set(self.taken.get().wrapping_add(self.count.get() - cursor.count));
        self.taken_data.set(self.taken_data.get().wrapping_add(self.data.get() - cursor.data));
        while self.first.get() != cursor.page {
            let page = self.first.get();
            self.first.set(records.record(page).next.get());
            self.pages.set(self.pages.get() - 1);
            free(page);
        }
        self.start.set(if cursor.count == 0 { 0 } else { cursor.start });
        self.count.set(cursor.count);
        self.data.set(cursor.data);
        self.left.set(cursor.left);
        self.goes_on.set(cursor.goes_on.into());
        self.is_open.set(cursor.is_open.into());
        self.trim(records, free);
    }

    /// Pages behind the last byte go, but for the first.
    fn trim(&self, records: &impl Records, mut free: impl FnMut(Link<QueuePage>)) {
        let needed = pages_for(self.start.get() + self.count.get());
        if self.pages.get() <= needed {
            return;
        }
        let last = records.record(self.page_of(records, (needed - 1) * IN_PAGE));
        let mut page = last.next.get();
        last.next.set(Link::NULL);
        self.pages.set(needed);
        while let Some(gone) = page.some() {
            page = records.record(gone).next.get();
            free(gone);
        }
    }

    /// Everything is taken out, and nobody reads a message.
    pub(super) fn clear(&self, records: &impl Records, free: impl FnMut(Link<QueuePage>)) {
        if !self.is_there() {
            return;
        }
        let mut end = self.cursor();
        end.skip(records, end.count);
        (end.data, end.left, end.goes_on, end.is_open) = (0, 0, false, false);
        self.take(records, end, free);
    }

    /// Messages on the way, and the bytes of the first that are left, as far as they have been written.
    pub(crate) fn messages(&self, records: &impl Records) -> [u32; 2] {
        let (mut cursor, mut ends, mut first) = (self.cursor(), 0, 0);
        while cursor.enter(records) {
            if ends == 0 {
                first += cursor.left;
            }
            let left = cursor.left;
            cursor.skip(records, left);
            cursor.left = 0;
            if !cursor.goes_on {
                cursor.is_open = false;
                ends += 1;
            }
        }
        [ends, first]
    }

    /// Pages that are lacking for a fragment of `bytes`.
    pub(super) fn lacking(&self, bytes: u32) -> u32 {
        pages_for(self.start.get() + self.count.get() + HEAD + bytes).saturating_sub(self.pages.get())
    }

    /// One page more.
    pub(super) fn add_page(&self, records: &impl Records, page: Link<QueuePage>) {
        records.record(page).next.set(Link::NULL);
        let last = self.page_of(records, (self.pages.get() - 1) * IN_PAGE);
        records.record(last).next.set(page);
        self.pages.set(self.pages.get() + 1);
    }

    /// The page with the byte `at` bytes behind the first page's beginning.
    fn page_of(&self, records: &impl Records, at: u32) -> Link<QueuePage> {
        (0..at / IN_PAGE).fold(self.first.get(), |page, _| records.record(page).next.get())
    }

    fn put(&self, records: &impl Records, bytes: &[u8]) {
        let end = self.start.get() + self.count.get();
        if let Some(last) = end.checked_sub(1) {
            // Where it is full the next one follows, and else is not asked for.
            let mut page = self.page_of(records, last);
            let mut at = last % IN_PAGE + 1;
            for byte in bytes {
                if at == IN_PAGE {
                    (page, at) = (records.record(page).next.get(), 0);
                }
                records.record(page).bytes[at as usize].set(*byte);
                at += 1;
            }
        } else {
            let mut page = self.first.get();
            for (index, byte) in (0u32..).zip(bytes) {
                if index > 0 && index % IN_PAGE == 0 {
                    page = records.record(page).next.get();
                }
                records.record(page).bytes[(index % IN_PAGE) as usize].set(*byte);
            }
        }
        self.count.set(self.count.get() + bytes.len() as u32);
    }

    /// Puts bytes behind those that are there, for which there are pages.
    pub(crate) fn write_bytes(&self, records: &impl Records, from: &[u8]) {
        self.put(records, from);
        self.data.set(self.data.get() + from.len() as u32);
    }

    /// Puts a fragment of a message behind them.
    pub(crate) fn write_fragment(&self, records: &impl Records, from: &[u8], goes_on: bool) {
        let head = from.len() as u32 | if goes_on { GOES_ON } else { 0 };
        self.put(records, &head.to_le_bytes());
        self.write_bytes(records, from);
    }

    /// What was written so far of what `marks` are about goes, as far as nobody has taken it. Whether some of it had been taken.
    pub(super) fn withdraw(
        &self,
        records: &impl Records,
        marks: Link<WriteMarks>,
        free: impl FnMut(Link<QueuePage>),
    ) -> bool {
        let own = records.record(marks);
        let (begin, end) = (own.begin(), own.end());
        let place = |mark: u32| Some(mark.wrapping_sub(self.taken.get())).filter(|ahead| *ahead <= self.count.get());
        let Some(to) = place(end.all) else { return false };
        let was_begun = place(begin.all).is_none();
        let from = place(begin.all).unwrap_or(0);
        let gone = Mark { all: to - from, data: self.data_before(end) - self.data_before(begin) };
        self.close_gap(records, from, to);
        self.count.set(self.count.get() - gone.all);
        self.data.set(self.data.get() - gone.data);
        if was_begun {
            self.left.set(0);
        }
        if self.count.get() == 0 {
            // So there is room for the end of a message.
            self.start.set(0);
        }
        for other in self.marks(records) {
            if other.begin().all.wrapping_sub(self.taken.get()).cast_signed() >= to.cast_signed() {
                other.shift(gone);
            }
        }
        self.trim(records, free);
        was_begun
    }

    /// What stands from `to` on moves to `from`.
    fn close_gap(&self, records: &impl Records, from: u32, to: u32) {
        let (mut target, mut source) = (self.cursor(), self.cursor());
        target.skip(records, from);
        source.skip(records, to);
        while source.count > 0 {
            let mut byte = [0];
            source.copy(records, &mut byte);
            target.store(records, byte[0]);
        }
    }

    /// The marks of all writes that go on.
    fn marks<'r>(&self, records: &'r impl Records) -> impl Iterator<Item = &'r WriteMarks> {
        let next = |marks: &Link<WriteMarks>| records.record(*marks).next.get().some();
        core::iter::successors(self.writes.get().some(), next).map(|marks| records.record(marks))
    }

    /// A write begins behind all others.
    pub(super) fn begin_write(&self, records: &impl Records, marks: Link<WriteMarks>) {
        let (own, here) = (records.record(marks), self.mark());
        own.next.set(self.writes.get());
        own.set(&own.begin, here);
        own.set(&own.end, here);
        self.writes.set(marks);
    }

    /// It has been put there up to here.
    pub(super) fn has_put(&self, records: &impl Records, marks: Link<WriteMarks>) {
        let own = records.record(marks);
        own.set(&own.end, self.mark());
    }

    /// It is over.
    pub(super) fn end_write(&self, records: &impl Records, marks: Link<WriteMarks>) {
        let mut place = &self.writes;
        while place.get() != marks && !place.get().is_null() {
            place = &records.record(place.get()).next;
        }
        place.set(records.record(marks).next.get());
    }

    /// The message that is being read has no more.
    pub(crate) fn close_message(&self) {
        self.is_open.set(0);
        self.goes_on.set(0);
    }

    /// Whether what is in it is within its pages, and these are as many as it says (B3).
    pub(super) fn is_sound(&self, records: &impl Records) -> bool {
        let (start, count) = (self.start.get(), self.count.get());
        let next = |page: &Link<QueuePage>| records.record(*page).next.get().some();
        // No further than they should reach, so that a circle ends.
        let most = self.pages.get() as usize;
        let found = core::iter::successors(self.first.get().some(), next).take(most + 1).count();
        let fits = start < IN_PAGE && self.data.get() <= count && self.left.get() <= count;
        let has_pages = if self.is_there() { pages_for(start + count) <= self.pages.get() } else { count == 0 };
        fits && has_pages && found == most
    }
}

/// Pages for `bytes`; there is always one.
fn pages_for(bytes: u32) -> u32 {
    bytes.div_ceil(IN_PAGE).max(1)
}

impl Cursor {
    /// Makes sure that a fragment is being read; whether there is one.
    fn enter(&mut self, records: &impl Records) -> bool {
        if self.is_open && (self.left > 0 || !self.goes_on) {
            return true;
        }
        if self.count < HEAD {
            return false;
        }
        let mut head = [0; HEAD as usize];
        self.copy(records, &mut head);
        let head = u32::from_le_bytes(head);
        self.left = head & !GOES_ON;
        self.goes_on = head & GOES_ON != 0;
        self.is_open = true;
        true
    }

    /// Goes on to the page with the next byte, where that is not the one it is in.
    fn turn(&mut self, records: &impl Records) {
        if self.start == IN_PAGE {
            (self.page, self.start) = (records.record(self.page).next.get(), 0);
        }
    }

    /// The next bytes, which are there.
    fn copy(&mut self, records: &impl Records, into: &mut [u8]) {
        for byte in into.iter_mut() {
            self.turn(records);
            *byte = records.record(self.page).bytes[self.start as usize].get();
            self.start += 1;
        }
        self.count -= into.len() as u32;
        self.leave(records);
    }

    /// Another byte in place of the next one, which is there.
    fn store(&mut self, records: &impl Records, byte: u8) {
        self.turn(records);
        records.record(self.page).bytes[self.start as usize].set(byte);
        self.start += 1;
    }

    fn skip(&mut self, records: &impl Records, bytes: u32) {
        let mut left = bytes;
        while left > 0 {
            self.turn(records);
            let step = left.min(IN_PAGE - self.start);
            self.start += step;
            left -= step;
        }
        self.count -= bytes;
        self.leave(records);
    }

    /// It is in no page that is done with, if there is another.
    fn leave(&mut self, records: &impl Records) {
        if self.start == IN_PAGE && self.count > 0 {
            self.turn(records);
        }
    }
}

#[cfg(test)]
mod tests;
