//! Files whose data is a section: what a file system does for them, over the test's disk.

use abi::cell::Link;
use abi::status::NtStatus;
use mm::fault::ReadResult;
use mm::layout::{FrameNumber, PAGE_SIZE};
use mm::machine::{FrameBytes, Records};
use mm::section::{ControlArea, ControlAreaFlags, DirtyRun, HeldPage, Need, Truncation, WriteRequest, WriteResult};

use crate::system::{Disk, FIRST_FILE, System};

/// Why the kernel got no page, or could not write one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPage {
    /// It waits for a frame.
    NoFrame,
    /// The disk failed.
    DeviceError,
    /// The file does not reach that far.
    Beyond,
}

impl System {
    /// Puts a file of `bytes` on the disk and makes the section of its data.
    ///
    /// # Errors
    /// As the memory manager; the file is there all the same.
    pub fn add_data(&self, bytes: Vec<u8>, flags: ControlAreaFlags) -> Result<Link<ControlArea>, NtStatus> {
        let file = self.next_file();
        let size = bytes.len() as u64;
        self.files.borrow_mut().push(bytes);
        self.mm.create_data_file(file, size, flags)
    }

    fn index_of(&self, section: Link<ControlArea>) -> usize {
        (self.mm.machine.record(section).file_pointer.get().address() - FIRST_FILE) as usize
    }

    /// What the disk has of the file behind `section`.
    pub fn on_disk(&self, section: Link<ControlArea>) -> Vec<u8> {
        self.files.borrow()[self.index_of(section)].clone()
    }

    /// Holds a page, reading what must be read.
    ///
    /// # Errors
    /// [`NoPage`].
    pub fn hold(&self, section: Link<ControlArea>, page: u32, need: Need) -> Result<FrameNumber, NoPage> {
        loop {
            match self.mm.hold_file_page(section, page, need) {
                HeldPage::Ready(frame) => return Ok(frame),
                HeldPage::Unread(page) => match self.mm.start_in_page(page) {
                    Ok(request) if self.disk() == Disk::Broken => {
                        self.mm.complete_in_page(request, ReadResult::Failed);
                        return Err(NoPage::DeviceError);
                    }
                    Ok(request) => self.read(request),
                    Err(_) => return Err(NoPage::NoFrame),
                },
                HeldPage::NoFrame => return Err(NoPage::NoFrame),
                HeldPage::Beyond => return Err(NoPage::Beyond),
                HeldPage::Collided(frame) => panic!("nobody else reads into {frame:?}"),
            }
        }
    }

    /// ReadFile: a byte of the file, through its pages.
    ///
    /// # Errors
    /// [`NoPage`].
    pub fn read_file(&self, section: Link<ControlArea>, offset: u32) -> Result<u8, NoPage> {
        let frame = self.hold(section, offset / PAGE_SIZE, Need::Contents)?;
        let mut byte = [0];
        self.mm.machine.read(frame, offset % PAGE_SIZE, &mut byte);
        self.mm.release_file_page(frame, false);
        Ok(byte[0])
    }

    /// WriteFile within the file's size: through its pages.
    ///
    /// # Errors
    /// [`NoPage`].
    pub fn write_file(&self, section: Link<ControlArea>, offset: u32, byte: u8) -> Result<(), NoPage> {
        let frame = self.hold(section, offset / PAGE_SIZE, Need::Contents)?;
        self.mm.machine.write(frame, offset % PAGE_SIZE, &[byte]);
        self.mm.release_file_page(frame, true);
        Ok(())
    }

    /// Plays the disk: writes what `request` asks for.
    pub fn write(&self, request: WriteRequest) -> WriteResult {
        let sound = self.disk() == Disk::Sound;
        if sound {
            let mut files = self.files.borrow_mut();
            let bytes = &mut files[(request.file.address() - FIRST_FILE) as usize];
            let from = request.offset as usize;
            let bytes = &mut bytes[from..from + request.bytes as usize];
            for (frame, bytes) in request.frames.iter().zip(bytes.chunks_mut(PAGE_SIZE as usize)) {
                self.mm.machine.read(*frame, 0, bytes);
            }
        }
        let result = if sound { WriteResult::Done } else { WriteResult::Failed };
        self.mm.complete_write(request, result);
        result
    }

    /// Writes the dirty pages among `from..until`; how many requests that took.
    ///
    /// # Errors
    /// [`NoPage::DeviceError`].
    pub fn flush(&self, section: Link<ControlArea>, from: u32, until: u32) -> Result<u32, NoPage> {
        let mut requests = 0;
        loop {
            match self.mm.next_dirty_run(section, from, until) {
                DirtyRun::Clean => return Ok(requests),
                DirtyRun::Busy(page, _) => panic!("nobody else writes page {page}"),
                DirtyRun::Write(request) => match self.write(request) {
                    WriteResult::Done => requests += 1,
                    WriteResult::Failed => return Err(NoPage::DeviceError),
                },
            }
        }
    }

    /// The file behind `section` has `size` bytes from now on, the new ones zeros.
    ///
    /// # Errors
    /// As the memory manager.
    pub fn extend(&self, section: Link<ControlArea>, size: u64) -> Result<(), NtStatus> {
        self.mm.extend_data_file(section, size)?;
        self.files.borrow_mut()[self.index_of(section)].resize(size as usize, 0);
        Ok(())
    }

    /// The file behind `section` has only `size` bytes from now on.
    ///
    /// # Errors
    /// As the memory manager.
    pub fn truncate(&self, section: Link<ControlArea>, size: u64) -> Result<(), Truncation> {
        self.mm.truncate_data_file(section, size)?;
        self.files.borrow_mut()[self.index_of(section)].truncate(size as usize);
        Ok(())
    }
}
