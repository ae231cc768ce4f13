//! What programs ask about frames: the lengths of the lists, states, moves. See [`abi::frames`].

use abi::frames::*;
use abi::status::NtStatus;
use mm::frame::Location;
use mm::layout::{FrameNumber, PAGE_SIZE};

use crate::buffer;
use crate::executive::Executive;
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    /// SYSTEM_MEMORY_LIST_INFORMATION.
    pub(super) fn memory_lists(&self) -> [u32; MemoryLists::WORDS] {
        let length = |location| self.mm().list_length(location);
        let lists = MemoryLists {
            zeroed: length(Location::Zeroed),
            free: length(Location::Free),
            standby: length(Location::Standby),
            modified: length(Location::Modified),
            modified_no_write: length(Location::ModifiedNoWrite),
            bad: length(Location::Bad),
        };
        lists.to_words()
    }

    /// Writes the states of frames into the `length` bytes at `buffer`, the first of which say from where on: what it came to,
    /// and how many bytes were written.
    pub(super) fn frame_states(&self, buffer: u32, length: u32) -> Result<(NtStatus, u32), NtStatus> {
        let room = length.checked_sub(STATES_HEADER).ok_or(NtStatus::INFO_LENGTH_MISMATCH)?;
        let first = self.probe_word(buffer)?;
        let (_, highest, _) = self.mm().physical_pages();
        let count = (highest.0 + 1).saturating_sub(first).min(room).min(MOST_STATES);
        self.write_words(buffer, &[first, count])?;
        let mut states = buffer::zeros(count.min(PAGE_SIZE))?;
        for done in (0..count).step_by(PAGE_SIZE as usize) {
            let states = &mut states[..(count - done).min(PAGE_SIZE) as usize];
            for (frame, state) in (first + done..).map(FrameNumber).zip(states.iter_mut()) {
                *state = self.mm().frame_state(frame).0;
            }
            self.platform().write_user(buffer.wrapping_add(STATES_HEADER + done), states)?;
        }
        Ok((NtStatus::SUCCESS, STATES_HEADER + count))
    }

    /// Writes the moves of frames into the `length` bytes at `buffer`, the first of which say from which number on: what it came
    /// to, and how many bytes were written.
    pub(super) fn frame_events(&self, buffer: u32, length: u32) -> Result<(NtStatus, u32), NtStatus> {
        let room = length.checked_sub(EVENTS_HEADER).ok_or(NtStatus::INFO_LENGTH_MISMATCH)? / EVENT_BYTES;
        let from = self.probe_word(buffer)?;
        // The room comes first: to find it may move frames, and so does writing to the program.
        let mut records = buffer::room(room.min(mm::events::RECORDS) as usize)?;
        let ring = self.mm().events();
        let (lost, events) = ring.since(from);
        records.extend(events.take(records.capacity()).map(|event| event.words()));
        let (count, next) = (records.len() as u32, ring.next());
        let first = if count == 0 { next } else { from.wrapping_add(lost) };
        for (index, words) in (0..).zip(&records) {
            self.write_words(buffer.wrapping_add(EVENTS_HEADER + index * EVENT_BYTES), words)?;
        }
        self.write_words(buffer, &[first, count, lost, next])?;
        Ok((NtStatus::SUCCESS, EVENTS_HEADER + count * EVENT_BYTES))
    }
}
