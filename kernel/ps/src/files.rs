//! Open files as objects, the streams behind standard handles, and the image sections of files.

use alloc::vec::Vec;

use abi::access::{FILE_EXECUTE, FILE_READ_DATA, SYNCHRONIZE};
use abi::cell::{Field, Link};
use abi::file::{FILE_NON_DIRECTORY_FILE, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SYNCHRONOUS_IO_NONALERT};
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use io::OpenRequest;
use mm::fault::{ReadResult, UnreadPage};
use mm::layout::{FrameNumber, SYSTEM_RANGE_START};
use mm::section::{ControlArea, ImageLayout, SectionFate};
use ob::ObjectName;

use crate::buffer::zeros;
use crate::executive::Executive;
use crate::pipe::PipeEnd;
use crate::platform::{Platform, Stream};

/// Bytes of a file in which an image's headers are looked for.
const HEADERS: u32 = 0x2000;

/// What an open file stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// A file of the volume.
    File,
    /// A stream of the program.
    Stream(Stream),
    /// A screen buffer of the console, but the first.
    Buffer(u32),
    /// An end of a pipe.
    Pipe(PipeEnd),
    /// The device that holds nothing.
    Null,
    /// Another device itself: the volume, or that of pipes.
    Device,
}

/// What a file object's second context word is for a screen buffer: its number from here on.
pub(crate) const BUFFERS: u32 = 0x100;
const STREAMS: [Stream; 5] = [Stream::Input, Stream::Output, Stream::Error, Stream::Console, Stream::ConsoleInput];

impl Stream {
    /// What a file object's second context word is for the stream: its place among them, from 1 on.
    pub(crate) fn number(self) -> u32 {
        STREAMS.iter().position(|other| *other == self).unwrap_or_default() as u32 + 1
    }
}

impl<P: Platform> Executive<P> {
    /// Opens the file at DOS path `path` for the kernel itself, to be read and run.
    pub(crate) fn open_image(&self, path: &str) -> Result<Link<FileObject>, NtStatus> {
        let path: Vec<u16> = "\\??\\".encode_utf16().chain(path.encode_utf16()).collect();
        let access = FILE_READ_DATA | FILE_EXECUTE | SYNCHRONIZE;
        let request = OpenRequest {
            share_access: FILE_SHARE_READ | FILE_SHARE_DELETE,
            ..OpenRequest::existing(access, FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT)
        };
        let name = ObjectName { root: None, path: &path, attributes: 0 };
        self.open_by_name(&name, &request).map(|opened| opened.file)
    }

    /// All bytes of the file at DOS path `path`, of which there are `most` at most.
    ///
    /// # Errors
    /// FILE_TOO_LARGE, INSUFFICIENT_RESOURCES, and what opening and reading a file gives.
    pub fn whole_file(&self, path: &str, most: u32) -> Result<Vec<u8>, NtStatus> {
        let file = self.open_image(path)?;
        let read = || {
            let _lock = self.lock_volume();
            let size = self.volume_of(file).fcb(file).file_size.get();
            if u64::from(size) > u64::from(most) {
                return Err(NtStatus::FILE_TOO_LARGE);
            }
            let mut bytes = zeros(size)?;
            self.volume_of(file).read(file, 0, &mut bytes)?;
            Ok(bytes)
        };
        let bytes = read();
        self.close_image(file);
        bytes
    }

    /// Gives up a file that the kernel opened for itself: it no longer counts among those who share it.
    pub(crate) fn close_image(&self, file: Link<FileObject>) {
        {
            let _lock = self.lock_volume();
            self.volume_of(file).clean_up(file);
        }
        self.release(file);
    }

    /// What the file object stands for.
    pub(crate) fn opened(&self, object: Link<FileObject>) -> Opened {
        let record = self.machine_record(object);
        // A file of the volume has an FCB; its second word is the file system's own.
        match (record.fs_context.get(), record.fs_context2.get()) {
            (0, 0) if record.device_object.get() == self.devices.null => Opened::Null,
            (0, 0) => Opened::Device,
            (0, word) if word >= SYSTEM_RANGE_START => Opened::Pipe(PipeEnd::of(word)),
            (0, word) if word >= BUFFERS => Opened::Buffer(word - BUFFERS),
            (0, index) => Opened::Stream(STREAMS[(index - 1) as usize % STREAMS.len()]),
            _ => Opened::File,
        }
    }

    /// The control area of the image in `object`'s file, with one reference for a section: the one there is, or a new one.
    #[doc(alias = "MmCreateSection")]
    pub(crate) fn image_of(&self, object: Link<FileObject>) -> Result<Link<ControlArea>, NtStatus> {
        if self.opened(object) != Opened::File || self.volume_of(object).fcb(object).is_directory() {
            return Err(NtStatus::INVALID_FILE_FOR_SECTION);
        }
        let _held = self.hold(object);
        // What has been written is to be run.
        self.write_all_pages(object)?;
        let _lock = self.lock_volume();
        let fcb = self.volume_of(object).fcb(object);
        let place: &Field<u32> = &fcb.section_object_pointers.image_section_object;
        if let Some(control_area) = Link::<ControlArea>::new(place.get()).some() {
            self.mm().reference_section(control_area);
            return Ok(control_area);
        }
        let size = fcb.file_size.get();
        if size == 0 {
            return Err(NtStatus::INVALID_FILE_FOR_SECTION);
        }
        let mut headers = zeros(size.min(HEADERS))?;
        self.volume_of(object).read(object, 0, &mut headers)?;
        let layout = ImageLayout::parse(&headers, u64::from(size))?;
        let control_area = self.mm().create_image(object, u64::from(size), &layout)?;
        // The control area reads through this file object for as long as it lives.
        self.objects().reference(object);
        place.set(control_area.address());
        Ok(control_area)
    }

    /// Does with a control area what the memory manager says.
    pub(crate) fn settle_section(&self, fate: SectionFate) {
        if let SectionFate::Delete(control_area) = fate {
            self.delete_section(control_area);
        }
    }

    /// Forgets a control area nobody uses, and its file object where it has one.
    pub(crate) fn delete_section(&self, control_area: Link<ControlArea>) {
        let object = self.machine_record(control_area).file_pointer.get().some();
        if let Some(object) = object {
            let pointers = &self.volume_of(object).fcb(object).section_object_pointers;
            let place = [&pointers.image_section_object, &pointers.data_section_object];
            place.into_iter().filter(|place| place.get() == control_area.address()).for_each(|place| place.set(0));
        }
        self.mm().delete_section(control_area);
        if let Some(object) = object {
            self.release(object);
        }
    }

    /// Reads `page` and what is read along with it, or at least that one, and lets go on who waits for them; `None` where there is no
    /// frame for it. The section may be deleted meanwhile; the file stays.
    #[doc(alias = "IoPageRead")]
    #[inline(never)]
    pub(crate) fn read_page(&self, page: UnreadPage) -> Option<ReadResult> {
        let mut request = self.mm().start_in_page(page).ok()?;
        let frames = request.frames;
        let _held = self.hold(request.file);
        let mut result = self.volume_of(request.file).read_pages(&request);
        if result == ReadResult::Failed && request.frames.len() > 1 {
            request = self.mm().narrow_in_page(request);
            result = self.volume_of(request.file).read_pages(&request);
        }
        self.mm().complete_in_page(request, result);
        self.dispatcher.wake_where(|address| frames.contains(&FrameNumber(address)));
        Some(result)
    }
}
