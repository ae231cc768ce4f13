//! Where writes are that go on in a queue: so that each knows what it waits for, and can be taken back.

use abi::cell::{Field, Link, Record};
use mm::machine::Records;

use super::{Queue, QueuePage};

/// A place between what was written: how much was ever written before it, heads counted and not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
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

    pub(super) fn end(&self) -> Mark {
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
    /// The end of what was written.
    fn mark(&self) -> Mark {
        Mark {
            all: self.taken.get().wrapping_add(self.count.get()),
            data: self.taken_data.get().wrapping_add(self.data.get()),
        }
    }

    /// Bytes of data before `mark` that nobody has taken.
    pub(super) fn data_before(&self, mark: Mark) -> u32 {
        // Somebody may have taken what was behind it, too.
        let ahead = mark.data.wrapping_sub(self.taken_data.get());
        if ahead <= self.data.get() { ahead } else { 0 }
    }

    /// Whether a write that has been put there need not be waited for.
    pub(crate) fn is_within_quota(&self, marks: &WriteMarks, served: u32) -> bool {
        self.data_before(marks.end()) <= self.quota.get().saturating_add(served)
    }

    /// What was written so far of what `marks` are about goes, as far as nobody has taken it. Whether some of it had been taken.
    pub(in crate::pipe) fn withdraw(
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
    pub(in crate::pipe) fn begin_write(&self, records: &impl Records, marks: Link<WriteMarks>) {
        let (own, here) = (records.record(marks), self.mark());
        own.next.set(self.writes.get());
        own.set(&own.begin, here);
        own.set(&own.end, here);
        self.writes.set(marks);
    }

    /// It has been put there up to here.
    pub(in crate::pipe) fn has_put(&self, records: &impl Records, marks: Link<WriteMarks>) {
        let own = records.record(marks);
        own.set(&own.end, self.mark());
    }

    /// It is over.
    pub(in crate::pipe) fn end_write(&self, records: &impl Records, marks: Link<WriteMarks>) {
        let mut place = &self.writes;
        while place.get() != marks && !place.get().is_null() {
            place = &records.record(place.get()).next;
        }
        place.set(records.record(marks).next.get());
    }
}
