//! Open files as objects, the streams behind standard handles, and the image sections of files.

use alloc::vec::Vec;

use abi::access::{FILE_EXECUTE, FILE_READ_DATA, SYNCHRONIZE};
use abi::cell::{Field, Link};
use abi::file::{FILE_NON_DIRECTORY_FILE, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SYNCHRONOUS_IO_NONALERT};
use abi::nt::file::{FILE_OBJECT_TYPE, FileObject};
use abi::status::NtStatus;
use io::open::OpenedFile;
use io::{OpenRequest, Path};
use mm::fault::{InPageRequest, ReadResult};
use mm::layout::SYSTEM_RANGE_START;
use mm::section::{ControlArea, ImageLayout, NotAnImage, SectionFate};

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
    /// An end of a pipe.
    Pipe(PipeEnd),
}

const STREAMS: [Stream; 6] =
    [Stream::Input, Stream::Output, Stream::Error, Stream::Console, Stream::ConsoleInput, Stream::Null];

impl<P: Platform> Executive<P> {
    /// Opens the file at NT path `path`.
    pub(crate) fn open_path(&self, path: &[u16], request: &OpenRequest) -> Result<OpenedFile, NtStatus> {
        let path = Path::parse(path)?;
        if path.drive != b'C' {
            return Err(NtStatus::OBJECT_PATH_NOT_FOUND);
        }
        self.with_volume(|volume| volume.open(&path, request))
    }

    /// Opens the file at DOS path `path` for the kernel itself, to be read and run.
    pub(crate) fn open_image(&self, path: &str) -> Result<Link<FileObject>, NtStatus> {
        let path: Vec<u16> = "\\??\\".encode_utf16().chain(path.encode_utf16()).collect();
        let access = FILE_READ_DATA | FILE_EXECUTE | SYNCHRONIZE;
        let request = OpenRequest {
            share_access: FILE_SHARE_READ | FILE_SHARE_DELETE,
            ..OpenRequest::existing(access, FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT)
        };
        self.open_path(&path, &request).map(|opened| opened.file)
    }

    /// Gives up a file that the kernel opened for itself: it no longer counts among those who share it.
    pub(crate) fn close_image(&self, file: Link<FileObject>) {
        {
            let _lock = self.lock_volume();
            self.volume().clean_up(file);
        }
        self.release(file);
    }

    /// A file object for a stream, with one reference.
    pub(crate) fn create_stream(&self, stream: Stream) -> Result<Link<FileObject>, NtStatus> {
        let object = self.objects().create::<FileObject>()?;
        let record = self.machine_record(object);
        record.kind.set(FILE_OBJECT_TYPE);
        record.size.set(size_of::<FileObject>() as u16);
        let index = STREAMS.iter().position(|other| *other == stream).unwrap_or_default();
        record.fs_context2.set(index as u32 + 1);
        Ok(object)
    }

    /// What the file object stands for.
    pub(crate) fn opened(&self, object: Link<FileObject>) -> Opened {
        let record = self.machine_record(object);
        // A file of the volume has an FCB; its second word is the file system's own.
        match (record.fs_context.get(), record.fs_context2.get()) {
            (0, word) if word >= SYSTEM_RANGE_START => Opened::Pipe(PipeEnd::of(word)),
            (0, index) => Opened::Stream(STREAMS[index.saturating_sub(1) as usize % STREAMS.len()]),
            _ => Opened::File,
        }
    }

    /// The control area of the image in `object`'s file, with one reference for a section: the one there is, or a new one.
    #[doc(alias = "MmCreateSection")]
    pub(crate) fn image_of(&self, object: Link<FileObject>) -> Result<Link<ControlArea>, NtStatus> {
        if self.opened(object) != Opened::File || self.volume().fcb(object).is_directory() {
            return Err(NtStatus::INVALID_FILE_FOR_SECTION);
        }
        let _held = self.hold(object);
        // What has been written is to be run.
        self.write_dirty_pages(object)?;
        let _lock = self.lock_volume();
        let fcb = self.volume().fcb(object);
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
        self.volume().read(object, 0, &mut headers)?;
        let layout = ImageLayout::parse(&headers, u64::from(size)).map_err(|reason| match reason {
            NotAnImage::NotMz => NtStatus::INVALID_IMAGE_NOT_MZ,
            NotAnImage::Format => NtStatus::INVALID_IMAGE_FORMAT,
        })?;
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
            let pointers = &self.volume().fcb(object).section_object_pointers;
            let place = [&pointers.image_section_object, &pointers.data_section_object];
            place.into_iter().filter(|place| place.get() == control_area.address()).for_each(|place| place.set(0));
        }
        self.mm().delete_section(control_area);
        if let Some(object) = object {
            self.release(object);
        }
    }

    /// Reads the pages that a fault needs, or that one at least which the program waits for, and lets go on who waits for them. Their
    /// section may be deleted meanwhile; the file stays.
    #[doc(alias = "IoPageRead")]
    #[inline(never)]
    pub(crate) fn read_pages(&self, mut request: InPageRequest) -> ReadResult {
        let frames = request.frames;
        let _held = self.hold(request.file);
        let mut result = self.volume().read_pages(&request);
        if result == ReadResult::Failed && request.frames.len() > 1 {
            request = self.mm().narrow_in_page(request);
            result = self.volume().read_pages(&request);
        }
        self.mm().complete_in_page(request, result);
        frames.iter().for_each(|frame| {
            self.dispatcher.wake(frame.0);
        });
        result
    }
}
