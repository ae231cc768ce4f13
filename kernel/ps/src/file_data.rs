//! The data of files: reading and writing through the pages that views map, and how these pages get to the disk.
//!
//! Nobody waits while he holds a page. So what is written goes through a buffer of the kernel's, for what the program gave may have
//! to come in first; what is read goes straight to the program's memory, where that is there.

use alloc::vec::Vec;

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use io::open::file_flags;
use io::{Intent, LockOwner, Volume};
use ke::WaitReason;
use mm::fault::ReadResult;
use mm::layout::{FrameNumber, PAGE_SIZE};
use mm::section::{ControlArea, DirtyRun, HeldPage, Need, WriteResult};

use crate::buffer::{room, zeros};
use crate::executive::Executive;
use crate::platform::{Platform, ShutDown};

/// Bytes that a program writes to a file at a time.
const CHUNK: u32 = 0x1_0000;
/// Ticks after which a read or write that needs a frame, where none comes free, is refused: two seconds.
const PATIENCE: u32 = 200;
/// Ticks between two looks for what is to be written: a second.
const LAZINESS: u64 = 100;
/// Looks in vain after which the volume counts as closed.
const QUIET: u32 = 5;
/// Files that nobody has open whose pages stay in memory.
const UNUSED_FILES: usize = 64;

impl<P: Platform> Executive<P> {
    /// Reads from `offset` of the file of `owner`'s into the program's memory; how many bytes.
    ///
    /// # Errors
    /// FILE_LOCK_CONFLICT, END_OF_FILE, INVALID_DEVICE_REQUEST for a directory, INVALID_USER_BUFFER, DEVICE_DATA_ERROR, INSUFFICIENT_RESOURCES.
    #[doc(alias = "CcCopyRead")]
    pub(crate) fn read_file_data(
        &self,
        owner: &LockOwner,
        offset: u64,
        buffer: u32,
        length: u32,
    ) -> Result<u32, NtStatus> {
        let object = owner.file;
        let _held = self.hold(object);
        let area = self.volume_of(object).data_area(object)?;
        self.volume_of(object).check_locks(owner, offset, length, Intent::Read)?;
        let _used = self.hold_area(area);
        if length == 0 {
            return Ok(0);
        }
        let mut done = 0;
        while done < length {
            let at = offset.saturating_add(u64::from(done));
            let size = u64::from(self.volume_of(object).fcb(object).file_size.get());
            let left = u64::from(length - done).min(size.saturating_sub(at)) as u32;
            let (page, within) = place(at);
            let step = left.min(PAGE_SIZE - within);
            if step == 0 || !self.copy_from_page(area, (page, within), buffer + done, step)? {
                break;
            }
            done += step;
        }
        if done == 0 { Err(NtStatus::END_OF_FILE) } else { Ok(done) }
    }

    /// Copies `length` bytes of `area` from a place in one page to the program's memory: not where the file does not reach that far.
    fn copy_from_page(
        &self,
        area: Link<ControlArea>,
        (page, within): (u32, u32),
        buffer: u32,
        length: u32,
    ) -> Result<bool, NtStatus> {
        let Some(frame) = self.hold_page(area, page, Need::Contents)? else { return Ok(false) };
        if self.platform().write_user_from_frame(buffer, frame, within, length) {
            self.mm().release_file_page(frame, false);
        } else {
            // What the program gave has to come in first.
            let copied = zeros(length).map(|mut bytes| {
                self.platform().read(frame, within, &mut bytes);
                bytes
            });
            self.mm().release_file_page(frame, false);
            self.platform().write_user(buffer, &copied?)?;
        }
        self.ask_ahead(area, page);
        Ok(true)
    }

    /// Holds a page of `area`, waiting for whatever it needs; `None` where the file does not reach that far.
    fn hold_page(&self, area: Link<ControlArea>, page: u32, need: Need) -> Result<Option<FrameNumber>, NtStatus> {
        let (mut waited, refused) = (0, self.own_refusals());
        loop {
            match self.mm().hold_file_page(area, page, need) {
                held @ (HeldPage::Ready(_) | HeldPage::Beyond) => {
                    // What was refused has been made good by asking again.
                    self.settle_refusals(refused);
                    return Ok(if let HeldPage::Ready(frame) = held { Some(frame) } else { None });
                }
                HeldPage::Unread(page) => match self.read_page(page) {
                    Some(ReadResult::Done) => continue,
                    Some(ReadResult::Failed) => return Err(NtStatus::DEVICE_DATA_ERROR),
                    None => {}
                },
                HeldPage::Collided(frame) => {
                    self.wait_for(WaitReason::PageIn, frame.0);
                    continue;
                }
                HeldPage::NoFrame => {}
            }
            if waited == PATIENCE {
                return Err(NtStatus::INSUFFICIENT_RESOURCES);
            }
            waited += 1;
            self.wait_for_frame();
        }
    }

    /// Writes the program's bytes to the file of `owner`'s at `offset`, or at its end where there is none; where they went, and how many. The
    /// file becomes longer where it must.
    ///
    /// # Errors
    /// DISK_FULL and FILE_LOCK_CONFLICT, and nothing was written; INVALID_DEVICE_REQUEST for a directory, ACCESS_VIOLATION, DEVICE_DATA_ERROR,
    /// INSUFFICIENT_RESOURCES: what was written until then stays.
    #[doc(alias = "CcCopyWrite")]
    pub(crate) fn write_file_data(
        &self,
        owner: &LockOwner,
        offset: Option<u64>,
        buffer: u32,
        length: u32,
    ) -> Result<(u64, u32), NtStatus> {
        self.write_chunks(owner, offset, buffer, length).inspect_err(|_| {
            // The service must not be asked again as a whole.
            let _ = self.mm().take_lack_of_frame();
        })
    }

    fn write_chunks(
        &self,
        owner: &LockOwner,
        offset: Option<u64>,
        buffer: u32,
        length: u32,
    ) -> Result<(u64, u32), NtStatus> {
        let object = owner.file;
        let _held = self.hold(object);
        let area = self.volume_of(object).data_area(object)?;
        let _used = self.hold_area(area);
        let mut chunk = zeros(length.min(CHUNK))?;
        let mut start = offset;
        let mut done = 0;
        while done < length {
            let bytes = &mut chunk[..(length - done).min(CHUNK) as usize];
            self.platform().read_user(buffer + done, bytes).map_err(of_file_system)?;
            let first = start;
            let at = self.with_volume(self.volume_of(object), |volume| {
                let start = first.unwrap_or_else(|| u64::from(volume.fcb(object).file_size.get()));
                if done == 0 {
                    volume.check_locks(owner, start, length, Intent::Write)?;
                    volume.prepare_write(object, start.checked_add(u64::from(length)).ok_or(NtStatus::DISK_FULL)?)?;
                }
                volume.grow(object, start + u64::from(done) + bytes.len() as u64)?;
                Ok(start)
            })?;
            start = Some(at);
            self.copy_to_pages(area, at + u64::from(done), bytes)?;
            done += bytes.len() as u32;
        }
        if length > 0 && self.machine_record(object).flags.get() & file_flags::WRITE_THROUGH != 0 {
            self.flush_file(object)?;
        }
        let at = start.unwrap_or_else(|| u64::from(self.volume_of(object).fcb(object).file_size.get()));
        Ok((at, done))
    }

    /// Stores `from` in the pages of `area` at `at`.
    fn copy_to_pages(&self, area: Link<ControlArea>, at: u64, from: &[u8]) -> Result<(), NtStatus> {
        let mut done = 0;
        while done < from.len() {
            let (page, within) = place(at + done as u64);
            let step = (from.len() - done).min((PAGE_SIZE - within) as usize);
            let need = if step == PAGE_SIZE as usize { Need::Overwrite } else { Need::Contents };
            // The file was cut meanwhile: what would have been written is gone.
            let Some(frame) = self.hold_page(area, page, need)? else { return Ok(()) };
            self.platform().write(frame, within, &from[done..done + step]);
            self.mm().release_file_page(frame, true);
            done += step;
        }
        Ok(())
    }

    /// Writes the pages of the file that are dirty, and what has been stored in views of it, where it has pages in memory.
    ///
    /// # Errors
    /// DEVICE_DATA_ERROR.
    #[doc(alias = "CcFlushCache")]
    pub(crate) fn write_all_pages(&self, object: Link<FileObject>) -> Result<(), NtStatus> {
        let volume = self.volume_of(object);
        if let Some((_, area)) = volume.cached(volume.fcb_of(object))
            && self.machine_record(area).number_of_user_references.get() > 0
        {
            for process in self.processes().filter(|process| self.is_alive(*process)) {
                self.attached(process, |space| space.gather_views(area));
            }
        }
        self.write_dirty_pages(object)
    }

    /// Writes the pages of the file that are known to be dirty, where it has pages in memory.
    ///
    /// # Errors
    /// DEVICE_DATA_ERROR.
    pub(crate) fn write_dirty_pages(&self, object: Link<FileObject>) -> Result<(), NtStatus> {
        let volume = self.volume_of(object);
        let Some((_, area)) = volume.cached(volume.fcb_of(object)) else { return Ok(()) };
        self.write_dirty_run(area, 0, u32::MAX)
    }

    /// Writes the dirty pages of `area` among those numbered `from..until`. The caller holds a file object of the file.
    ///
    /// # Errors
    /// DEVICE_DATA_ERROR, where some of them stay dirty.
    #[doc(alias = "MmFlushSection")]
    pub(crate) fn write_dirty_run(&self, area: Link<ControlArea>, from: u32, until: u32) -> Result<(), NtStatus> {
        let _used = self.hold_area(area);
        let _turn = self.lock_page_writes();
        let (mut from, mut result) = (from, Ok(()));
        loop {
            match self.mm().next_dirty_run(area, from, until) {
                DirtyRun::Clean => return result,
                DirtyRun::Busy(page, frame) => {
                    from = page;
                    self.wait_for(WaitReason::Executive, frame.0);
                }
                DirtyRun::Write(request) => {
                    let (frames, page) = (request.frames, (request.offset / u64::from(PAGE_SIZE)) as u32);
                    let written = self.volume_of(request.file).write_pages(&request);
                    self.mm().complete_write(request, written);
                    self.dispatcher.wake_where(|address| frames.contains(&FrameNumber(address)));
                    if written == WriteResult::Failed {
                        result = Err(NtStatus::DEVICE_DATA_ERROR);
                    }
                    from = page + frames.len() as u32;
                }
            }
        }
    }

    /// Returns when everything of the file is on the disk.
    ///
    /// # Errors
    /// DEVICE_DATA_ERROR.
    #[doc(alias = "FatCommonFlushBuffers")]
    pub(crate) fn flush_file(&self, object: Link<FileObject>) -> Result<(), NtStatus> {
        let _held = self.hold(object);
        self.write_all_pages(object)?;
        let volume = self.volume_of(object);
        let _lock = self.lock_volume();
        {
            let _turn = self.lock_page_writes();
            volume.tell_written(volume.fcb_of(object))?;
            volume.note_written_through(object);
        }
        volume.flush_metadata()?;
        volume.flush_device()
    }

    /// Writes what is dirty of all files of `volume`, and then of the volume itself.
    ///
    /// # Errors
    /// DEVICE_DATA_ERROR; what could be written has been.
    pub(crate) fn flush_volume(&self, volume: &Volume<'static, P, P::Disk>) -> Result<(), NtStatus> {
        let mut result = Ok(());
        for object in self.dirty_files(volume)? {
            result = result.and(self.write_dirty_pages(object));
            self.release(object);
        }
        let _lock = self.lock_volume();
        let _turn = self.lock_page_writes();
        result.and(volume.flush())
    }

    /// Files of `volume` with dirty pages: a file object of each, with a reference.
    fn dirty_files(&self, volume: &Volume<'static, P, P::Disk>) -> Result<Vec<Link<FileObject>>, NtStatus> {
        let _lock = self.lock_volume();
        let mut files = room(volume.open_files().count())?;
        for fcb in volume.open_files().filter(|fcb| volume.has_dirty_pages(*fcb)) {
            if let Some((object, _)) = volume.cached(fcb) {
                self.objects().reference(object);
                files.push(object);
            }
        }
        Ok(files)
    }

    /// Writes everything, lets go of the pages of files that nobody has open, and marks the volumes closed: the machine stops, or
    /// somebody wants to count.
    ///
    /// # Errors
    /// DEVICE_DATA_ERROR; that volume stays marked open.
    #[doc(alias = "FatShutdown")]
    pub fn settle_volumes(&self) -> Result<(), NtStatus> {
        while self.reads_ahead() {
            self.sleep(1);
        }
        self.on_volumes(|volume| {
            let flushed = self.flush_volume(volume);
            let _lock = self.lock_volume();
            volume.forget_unused(0);
            let _turn = self.lock_page_writes();
            flushed.and(volume.close_volume())
        })
    }

    /// Switches the machine off. Nobody writes to a volume any more from here on: what is half written then would stay so.
    pub fn shut_down(&self, how: ShutDown) -> ! {
        let _lock = self.lock_volume();
        let _turn = self.lock_page_writes();
        self.tell_unwritten(self.on_volumes(Volume::close_volume));
        self.platform().shut_down(how)
    }

    /// Tells whoever reads the log where what was to be written is lost.
    pub(crate) fn tell_unwritten(&self, written: Result<(), NtStatus>) {
        if let Err(status) = written {
            self.platform().log(format_args!("the volume cannot be written: {status}"));
        }
    }

    /// What the lazy writer does: every second it writes what is dirty; when there has been nothing for a while, the volumes are
    /// marked closed until somebody writes again.
    #[doc(alias = "CcLazyWriteScan")]
    pub fn write_lazily(&self) -> ! {
        let mut quiet = 0;
        loop {
            self.wait_at_most(LAZINESS, WaitReason::DelayExecution, self.lazy_writer());
            quiet = if self.volumes_are_quiet() { quiet + 1 } else { 0 };
            match quiet {
                // What fails stays dirty, and is tried again.
                0 => drop(self.on_volumes(|volume| self.flush_volume(volume))),
                QUIET => {
                    let _lock = self.lock_volume();
                    let _turn = self.lock_page_writes();
                    let _ = self.on_volumes(Volume::close_volume);
                }
                _ => {}
            }
            let _lock = self.lock_volume();
            self.volumes.iter().for_each(|volume| volume.forget_unused(UNUSED_FILES));
        }
    }

    /// Waits until a frame may have come free. The lazy writer writes what is dirty meanwhile: the pages of files that nobody has
    /// mapped can then be had.
    #[cold]
    pub(crate) fn wait_for_frame(&self) {
        if self.mm().may_ask_again() {
            return;
        }
        self.hurries.update(|count| count.wrapping_add(1));
        self.wake(self.lazy_writer());
        self.wake_balance_manager();
        self.wake_page_writers();
        self.wait_for(WaitReason::FreePage, self.any_frame());
    }

    /// What the lazy writer waits for.
    fn lazy_writer(&self) -> u32 {
        core::ptr::from_ref(&self.hurries) as usize as u32
    }

    fn volumes_are_quiet(&self) -> bool {
        let _lock = self.lock_volume();
        self.volumes.iter().all(Volume::is_quiet)
    }
}

/// What a file system makes of a fault in a program's buffer: a volume's requests do not end with exceptions of the processor. Inferred from
/// the list of statuses that FsRtlIsNtstatusExpected passes on.
fn of_file_system(status: NtStatus) -> NtStatus {
    if status == NtStatus::ACCESS_VIOLATION { NtStatus::INVALID_USER_BUFFER } else { status }
}

/// The page that holds the byte `at` of a file, and where in it.
fn place(at: u64) -> (u32, u32) {
    ((at / u64::from(PAGE_SIZE)) as u32, (at % u64::from(PAGE_SIZE)) as u32)
}
