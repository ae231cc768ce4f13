//! How far a reader of a queue is.

use abi::cell::Link;
use mm::machine::Records;

use super::{GOES_ON, HEAD, IN_PAGE, QueuePage};

/// How far a reader is.
#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    pub(super) page: Link<QueuePage>,
    pub(super) start: u32,
    pub(super) count: u32,
    pub(super) data: u32,
    pub(super) left: u32,
    pub(super) goes_on: bool,
    pub(super) is_open: bool,
}

impl Cursor {
    /// Makes sure that a fragment is being read; whether there is one.
    pub(super) fn enter(&mut self, records: &impl Records) -> bool {
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
    pub(super) fn copy(&mut self, records: &impl Records, into: &mut [u8]) {
        for byte in into.iter_mut() {
            self.turn(records);
            *byte = records.record(self.page).bytes[self.start as usize].get();
            self.start += 1;
        }
        self.count -= into.len() as u32;
        self.leave(records);
    }

    /// Another byte in place of the next one, which is there.
    pub(super) fn store(&mut self, records: &impl Records, byte: u8) {
        self.turn(records);
        records.record(self.page).bytes[self.start as usize].set(byte);
        self.start += 1;
    }

    pub(super) fn skip(&mut self, records: &impl Records, bytes: u32) {
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
