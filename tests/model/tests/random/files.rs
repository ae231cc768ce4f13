//! What a file system does with the data of files meanwhile: reads and writes that views see, flushes, files that grow and
//! shrink, a disk that fails.

use abi::cell::Link;
use mm::layout::VirtualPage;
use mm::section::{ControlArea, Truncation};
use model::data_files::NoPage;
use model::naive::is_shortage;
use model::system::Disk;
use std::rc::Rc;

use crate::{MEMORIES, Run};

/// Bytes of the files, at first.
pub const CONTENTS: [u32; 3] = [0x1_2345, 0x8000, 1];
/// Bytes a file has at most.
const LARGEST: u32 = 0x3_0000;

/// What a file of `size` bytes has at first.
pub fn contents(size: u32) -> Vec<u8> {
    (0..size).map(|offset| (offset ^ offset >> 8).wrapping_mul(11) as u8 | 1).collect()
}

impl Run {
    /// One operation on a file, or on the disk.
    pub fn step_of_files(&mut self) {
        self.system.catch_up(None);
        let file = MEMORIES.len() + self.random.below(CONTENTS.len() as u32) as usize;
        let section = self.sections[self.images.len() + file];
        let done = match self.random.below(20) {
            0..5 => self.read_file(section, file).then_some(10),
            5..10 => self.write_file(section, file).then_some(11),
            10..14 => self.flush_file(section, file).then_some(12),
            14..16 => self.extend_file(section, file).then_some(13),
            16..18 => self.truncate_file(section, file).then_some(14),
            18 => {
                self.system.set_disk(Disk::Broken);
                None
            }
            _ => {
                self.system.set_disk(Disk::Sound);
                None
            }
        };
        if let Some(index) = done {
            self.done[index] += 1;
        }
    }

    fn offset_in(&mut self, file: usize) -> u32 {
        let size = self.memories[file].borrow().size();
        let anywhere = self.random.below(size + 1);
        self.random.of(&[anywhere, anywhere, 0, size.saturating_sub(1), size])
    }

    fn read_file(&mut self, section: Link<ControlArea>, file: usize) -> bool {
        let offset = self.offset_in(file);
        let memory = self.memories[file].borrow();
        match self.system.read_file(section, offset) {
            Ok(byte) if offset < memory.size() => {
                assert_eq!(byte, memory.byte(offset), "file {file} at {offset:x}");
                true
            }
            Ok(_) => false,
            Err(NoPage::Beyond) => {
                assert!(offset >= memory.size(), "{offset:x} is within the file");
                false
            }
            Err(NoPage::NoFrame) => false,
            Err(NoPage::DeviceError) => {
                assert_eq!(self.system.disk(), Disk::Broken);
                false
            }
        }
    }

    fn write_file(&mut self, section: Link<ControlArea>, file: usize) -> bool {
        let offset = self.offset_in(file);
        let byte = self.random.next() as u8;
        if offset >= self.memories[file].borrow().size() || self.system.write_file(section, offset, byte).is_err() {
            return false;
        }
        self.memories[file].borrow_mut().store(offset, byte);
        true
    }

    /// Writes all of a file: then the disk has what the views show.
    fn flush_file(&mut self, section: Link<ControlArea>, file: usize) -> bool {
        for (process, _) in self.processes.iter().flatten() {
            self.system.space(*process).gather_dirty(VirtualPage(0), VirtualPage::HIGHEST_VAD);
        }
        match self.system.flush(section, 0, u32::MAX) {
            Ok(_) => {
                assert_eq!(self.system.on_disk(section), self.memories[file].borrow().contents(), "file {file}");
                assert!(!self.system.mm.is_dirty(section));
                true
            }
            Err(error) => {
                assert_eq!((error, self.system.disk()), (NoPage::DeviceError, Disk::Broken));
                assert!(self.system.mm.is_dirty(section), "what could not be written is still to be");
                false
            }
        }
    }

    fn extend_file(&mut self, section: Link<ControlArea>, file: usize) -> bool {
        let old = self.memories[file].borrow().size();
        let size = old + self.random.of(&[1, 0xFFF, 0x1000, 0x1_2000]);
        if size > LARGEST {
            return false;
        }
        match self.system.extend(section, size.into()) {
            Ok(()) => {
                self.memories[file].borrow_mut().resize(size);
                true
            }
            Err(status) => {
                assert!(is_shortage(status), "{status:?}");
                false
            }
        }
    }

    fn truncate_file(&mut self, section: Link<ControlArea>, file: usize) -> bool {
        let old = self.memories[file].borrow().size();
        let size = old.saturating_sub(self.random.of(&[1, 0xFFF, 0x1000, 0x5000]));
        let pages = |size: u32| size.div_ceil(0x1000);
        // The model's own, and one for each view.
        let views = Rc::strong_count(&self.memories[file]) - 1;
        let result = self.system.truncate(section, size.into());
        if views > 0 && pages(size) < pages(old) {
            assert_eq!(result, Err(Truncation::UserMapped), "{views} views");
            return false;
        }
        assert_eq!(result, Ok(()));
        self.memories[file].borrow_mut().resize(size);
        size < old
    }
}
