//! The two page writers: threads that make dirty pages clean when frames run out, so that their frames can be had.
//!
//! The modified page writer writes what has no file to the paging files, the mapped page writer pages of files that nobody has mapped
//! any more to theirs. They are apart because the second may have to wait for whoever writes the same file, and frames must come
//! meanwhile. The first waits for the disk alone: between a dirty page and its place in a paging file there is no lock and no
//! allocation, and no page that could itself be paged out.
//!
//! What a disk refuses stays dirty. A paging file's page gets another place the next time (`mm::paging_file`), which is not at once: a
//! disk that is broken would else be asked without end.
//!
//! Source: Russinovich and Solomon on the modified and mapped page writers.

use abi::cell::{Field, Field64};
use ke::WaitReason;
use mm::layout::FrameNumber;
use mm::section::WriteResult;

use crate::executive::Executive;
use crate::platform::Platform;

/// Ticks between two looks when nobody wakes a writer: a second.
const SECOND: u64 = 100;
/// Ticks of rest after a disk has failed.
const REST: u64 = 10;
/// Units of 100 ns after which a volume that had no room may have some: a second.
const PAUSE: u64 = 10_000_000;
/// Pages of a file that are written for one that is wanted clean: those around it are probably dirty too.
const AROUND: u32 = 16;

/// What threads wait for that have to do with dirty pages: the addresses of these words stand for it.
#[derive(Debug)]
pub(crate) struct PageWriters {
    /// The modified page writer: something to write.
    modified: Field<u32>,
    /// The mapped page writer: the same.
    mapped: Field<u32>,
    /// Whoever needs a frame; how often a writer has told them.
    frames: Field<u32>,
    /// Clusters that the disk refused.
    refused: Field<u32>,
    /// The interrupt time before which no paging file is tried to be made larger again: there was no room for that.
    no_room_until: Field64,
}

impl PageWriters {
    pub(crate) fn new() -> Self {
        Self {
            modified: Field::new(0),
            mapped: Field::new(0),
            frames: Field::new(0),
            refused: Field::new(0),
            no_room_until: Field64 { low: Field::new(0), high: Field::new(0) },
        }
    }

    /// Whether it may be tried at `now` to make a paging file larger.
    pub(crate) fn may_extend(&self, now: u64) -> bool {
        now >= self.no_room_until.get()
    }

    /// There was no room for that at `now`: a volume need not be searched without end.
    pub(crate) fn had_no_room(&self, now: u64) {
        self.no_room_until.set(now + PAUSE);
    }
}

fn token(word: &Field<u32>) -> u32 {
    core::ptr::from_ref(word) as usize as u32
}

/// How an attempt to write ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    /// Pages are clean.
    Written,
    /// There is nothing to write, or no place for it.
    Nothing,
    /// The disk refused.
    Refused,
}

impl<P: Platform> Executive<P> {
    /// What the modified page writer does for ever.
    #[doc(alias = "MiModifiedPageWriter")]
    pub fn write_modified_pages(&self) -> ! {
        loop {
            let attempt = match self.mm().is_memory_short() {
                true => self.page_out(),
                false => Attempt::Nothing,
            };
            self.rest_after(attempt, token(&self.page_writers.modified));
        }
    }

    /// What the mapped page writer does for ever: it also makes paging files larger, which needs the volume.
    #[doc(alias = "MiMappedPageWriter")]
    pub fn write_mapped_pages(&self) -> ! {
        loop {
            let gained = self.extend_paging_files();
            let attempt = match self.mm().is_memory_short() {
                true => self.write_mapped_page(),
                false => Attempt::Nothing,
            };
            if gained {
                self.wake(token(&self.page_writers.modified));
            }
            self.rest_after(attempt, token(&self.page_writers.mapped));
        }
    }

    /// Tells those who need a frame what was gained, or waits until there is something to do.
    fn rest_after(&self, attempt: Attempt, awaited: u32) {
        match attempt {
            Attempt::Written => self.tell_of_frames(),
            Attempt::Nothing => self.wait_at_most(SECOND, WaitReason::Executive, awaited),
            Attempt::Refused => {
                self.page_writers.refused.update(|count| count.wrapping_add(1));
                self.sleep(REST);
            }
        }
    }

    /// There may be something to write.
    pub(crate) fn wake_page_writers(&self) {
        self.wake(token(&self.page_writers.modified));
        self.wake(token(&self.page_writers.mapped));
    }

    /// There may be a frame for whoever needs one.
    pub(crate) fn tell_of_frames(&self) {
        self.page_writers.frames.update(|count| count.wrapping_add(1));
        self.wake(token(&self.page_writers.frames));
    }

    /// What stands for a frame that comes free.
    pub(crate) fn any_frame(&self) -> u32 {
        token(&self.page_writers.frames)
    }

    /// Writes up to sixteen pages to a paging file. Where all of these are full they are to grow, which is for the other writer.
    fn page_out(&self) -> Attempt {
        let Some(request) = self.mm().next_page_out() else {
            if self.mm().extension_wanted().is_some() {
                self.wake(token(&self.page_writers.mapped));
            }
            return Attempt::Nothing;
        };
        let frames = request.frames;
        let written = self.volume_of(request.file).write_pages(&request);
        self.mm().complete_write(request, written);
        self.dispatcher.wake_where(|address| frames.contains(&FrameNumber(address)));
        if written == WriteResult::Done { Attempt::Written } else { Attempt::Refused }
    }

    /// Writes the page of a file that has waited for the longest time, and its neighbours.
    fn write_mapped_page(&self) -> Attempt {
        let Some((area, page)) = self.mm().next_modified_file_page() else { return Attempt::Nothing };
        let _held = self.hold(self.machine_record(area).file_pointer.get());
        let first = page - page % AROUND;
        let written = self.write_dirty_run(area, first, first + AROUND);
        // What nobody can write must not keep this thread busy.
        let stays = self.mm().next_modified_file_page() == Some((area, page));
        if written.is_ok() && !stays { Attempt::Written } else { Attempt::Refused }
    }
}
