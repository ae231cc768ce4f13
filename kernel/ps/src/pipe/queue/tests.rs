use super::*;
use abi::cell::Link;
use model::machine::NoExecute;
use model::random::Random;
use model::system::System;
use std::collections::VecDeque;

/// A queue beside a plain picture of it: what each write left there.
struct Pair {
    system: System,
    queue: Link<Queue>,
    writes: VecDeque<Write>,
    next: u8,
}

struct Write {
    marks: Link<WriteMarks>,
    left: VecDeque<u8>,
    was_begun: bool,
}

impl Pair {
    fn new() -> Self {
        let system = System::new(512, NoExecute::Supported);
        let queue: Link<Queue> =
            system.mm.allocate_zeroed_pool(size_of::<Queue>() as u32, mm::pool::Tag(*b"Test")).unwrap();
        let page: Link<QueuePage> = system.mm.allocate_pool_pages(1).unwrap();
        system.mm.machine.record(page).next.set(Link::NULL);
        system.mm.machine.record(queue).begin(page);
        Self { system, queue, writes: VecDeque::new(), next: 0 }
    }

    fn queue(&self) -> &Queue {
        self.system.mm.machine.record(self.queue)
    }

    fn free(&self) -> impl FnMut(Link<QueuePage>) {
        |page| self.system.mm.free_pool_pages(page, 1)
    }

    /// Writes something, in fragments of at most `step` bytes.
    fn write(&mut self, length: usize, step: usize, has_messages: bool) {
        let records = &self.system.mm.machine;
        let bytes: Vec<u8> = (0..length).map(|index| self.next.wrapping_add(index as u8)).collect();
        let tag = mm::pool::Tag(*b"Test");
        let marks: Link<WriteMarks> = self.system.mm.allocate_zeroed_pool(size_of::<WriteMarks>() as u32, tag).unwrap();
        self.queue().begin_write(records, marks);
        let mut parts: Vec<&[u8]> = bytes.chunks(step).collect();
        if parts.is_empty() && has_messages {
            parts.push(&[]);
        }
        for (index, part) in parts.iter().enumerate() {
            for _ in 0..self.queue().lacking(part.len() as u32) {
                self.queue().add_page(records, self.system.mm.allocate_pool_pages(1).unwrap());
            }
            if has_messages {
                self.queue().write_fragment(records, part, index + 1 < parts.len());
            } else {
                self.queue().write_bytes(records, part);
            }
        }
        self.queue().has_put(records, marks);
        self.next = self.next.wrapping_add(length as u8).wrapping_add(7);
        if has_messages || length > 0 {
            self.writes.push_back(Write { marks, left: bytes.into(), was_begun: false });
        } else {
            self.end(marks);
        }
    }

    fn end(&self, marks: Link<WriteMarks>) {
        self.queue().end_write(&self.system.mm.machine, marks);
        self.system.mm.free_pool(marks);
    }

    /// Reads at most `most` bytes, and compares them.
    fn read(&mut self, most: usize, kept: Kept) {
        let mut bytes = vec![0; most];
        let mut cursor = self.queue().cursor();
        let got = Queue::read(&self.system.mm.machine, &mut cursor, &mut bytes, kept);
        self.queue().take(&self.system.mm.machine, cursor, self.free());
        let (mut expected, mut is_end, mut over) = (Vec::new(), false, Vec::new());
        while let Some(write) = self.writes.front_mut() {
            let step = write.left.len().min(most - expected.len());
            expected.extend(write.left.drain(..step));
            write.was_begun = true;
            if !write.left.is_empty() {
                break;
            }
            let marks = write.marks;
            self.writes.pop_front();
            over.push(marks);
            is_end = kept == Kept::Messages;
            if is_end || expected.len() == most && kept != Kept::Bytes {
                break;
            }
        }
        over.into_iter().for_each(|marks| self.end(marks));
        assert_eq!(bytes[..got.count], expected);
        assert_eq!(got.is_end, is_end);
    }

    /// Takes the write at `index` back.
    fn withdraw(&mut self, index: usize, has_messages: bool) {
        let Some(write) = self.writes.remove(index) else { return };
        let was_begun = self.queue().withdraw(&self.system.mm.machine, write.marks, self.free());
        self.end(write.marks);
        assert_eq!(was_begun, write.was_begun);
        if was_begun && has_messages {
            self.queue().close_message();
        }
    }

    fn check(&self, has_messages: bool) {
        let (queue, records) = (self.queue(), &self.system.mm.machine);
        assert!(queue.is_sound(records));
        let data: usize = self.writes.iter().map(|write| write.left.len()).sum();
        assert_eq!(queue.data() as usize, data);
        assert_eq!(queue.is_empty(), data == 0 && !(has_messages && self.writes.iter().any(|write| !write.was_begun)));
        let mut before = 0;
        for write in &self.writes {
            before += write.left.len();
            assert_eq!(queue.data_before(records.record(write.marks).end()) as usize, before);
        }
        if has_messages {
            let first = self.writes.front().map_or(0, |write| write.left.len());
            assert_eq!(queue.messages(records), [self.writes.len() as u32, first as u32]);
        }
        // One page is always there, and no more than are needed, but one for a head that did not come.
        let needed = (queue.start.get() + queue.count.get()).div_ceil(IN_PAGE).max(1);
        assert!((needed..=needed + 1).contains(&queue.pages.get()));
    }
}

fn run(seed: u64, kinds: &[Kept]) {
    let (mut pair, mut random) = (Pair::new(), Random::new(seed));
    let has_messages = kinds[0] != Kept::Bytes;
    for _ in 0..600 {
        let size = [1, 30, 5000, 12_000][random.below(4) as usize];
        match random.below(10) {
            0..4 if pair.queue().count.get() < 60_000 => {
                pair.write(random.below(size) as usize, 1 + random.below(3000) as usize, has_messages);
            }
            9 => {
                let index = random.below(pair.writes.len() as u32 + 1) as usize;
                pair.withdraw(index, has_messages);
            }
            _ => {
                let kept = kinds[random.below(kinds.len() as u32) as usize];
                // Who takes nothing would still begin a message.
                pair.read(1 + random.below(size) as usize, kept);
            }
        }
        pair.check(has_messages);
    }
    pair.queue().clear(&pair.system.mm.machine, pair.free());
    assert!(pair.queue().is_empty() && pair.queue().pages.get() == 1);
}

#[test]
fn bytes_come_out_as_they_went_in_but_for_what_was_taken_back() {
    (0..4).for_each(|seed| run(seed, &[Kept::Bytes]));
}

#[test]
fn so_do_messages_which_may_be_read_as_bytes() {
    (0..4).for_each(|seed| run(seed, &[Kept::Messages]));
    (4..8).for_each(|seed| run(seed, &[Kept::Messages, Kept::Joined]));
}

#[test]
fn a_quota_says_who_need_not_wait() {
    let mut pair = Pair::new();
    pair.queue().set_quota(10);
    let write = |pair: &mut Pair, length| {
        pair.write(length, 99, false);
        pair.writes.back().unwrap().marks
    };
    let is_within =
        |pair: &Pair, marks, served| pair.queue().is_within_quota(pair.system.mm.machine.record(marks), served);
    let first = write(&mut pair, 10);
    assert!(is_within(&pair, first, 0) && pair.queue().quota_left() == 0);
    let second = write(&mut pair, 4);
    assert!(!is_within(&pair, second, 3) && is_within(&pair, second, 4), "readers wait for 4");
    assert_eq!(pair.queue().never_waiting(5, false), 0);
    pair.queue().want(3);
    assert_eq!(pair.queue().never_waiting(5, false), 3, "what a reader waits for");
    pair.queue().serve();
    pair.read(4, Kept::Bytes);
    assert!(is_within(&pair, second, 0));
    pair.read(6, Kept::Bytes);
    assert_eq!((pair.queue().quota_left(), pair.queue().never_waiting(99, false)), (6, 6));
    // With none, all must have been read.
    pair.queue().set_quota(0);
    assert!(!is_within(&pair, second, 0));
    pair.read(3, Kept::Bytes);
    assert!(!is_within(&pair, second, 0));
    pair.read(1, Kept::Bytes);
    assert!(pair.queue().is_empty());
    // There is a largest, and a write beyond it waits for room.
    pair.queue().set_quota(u32::MAX);
    assert_eq!(pair.queue().quota(), LARGEST_QUOTA);
    assert!(pair.queue().room() >= LARGEST_QUOTA);
}
