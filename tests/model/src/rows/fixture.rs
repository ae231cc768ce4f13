//! What there is before each row: the arena of `fixture.rows`, with the sections of `sections.rows`, built as the guest builds it.

use abi::access::{FILE_EXECUTE, FILE_READ_DATA, FILE_WRITE_DATA, SECTION_ALL_ACCESS};
use abi::cell::Link;
use abi::memory::{MEM_DECOMMIT, PAGE_READONLY, VIEW_UNMAP};
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::layout::{HIGHEST_USER_ADDRESS, PAGE_SIZE, PageCount, VirtualAddress, VirtualPage};
use mm::machine::Records;
use mm::protection::Access;
use mm::section::{
    ControlArea, ControlAreaFlags, Mapped, SectionArguments, SectionLimits, ViewArguments, ViewRequest,
    check_flush_range, check_view_range, section_attributes,
};
use mm::virtual_memory::{AllocateFlags, AskedRange, PageRange};
use mm::working_set::{LockKind, WorkingSetLimits, check_lock_range};

use super::{Form, Names, Row, constants, read};
use crate::calls::Bytes;
use crate::machine::NoExecute;
use crate::system::{Outcome, System};

/// What the fixture is built by.
const STEPS: [Form; 6] = [
    Form::new("ALLOCATE", 4),
    Form::new("DECOMMIT", 2),
    Form::new("PROTECT", 3),
    Form::new("STORE", 2),
    Form::new("LOCK", 2),
    Form::new("MAP", 6),
];
/// Frames of the machine.
const FRAMES: u32 = 512;

/// The files of `tests/rows`, read.
pub struct Plan {
    /// What names stand for.
    pub names: Names,
    sections: Vec<Row>,
    steps: Vec<Row>,
    image: Vec<u8>,
}

impl Plan {
    /// Reads them.
    #[track_caller]
    pub fn read() -> Self {
        let mut names = constants::names();
        for row in read("names", &names, &[Form::naming("NAME", 2)]) {
            let given = names.insert(row.name(0).to_owned(), row[1]);
            assert_eq!(given, None, "{}: {} is given twice", row.place, row.name(0));
        }
        let sections = read("sections", &names, &[Form::naming("SECTION", 5)]);
        for (section, index) in sections.iter().zip(0..) {
            let given = names.insert(section.name(0).to_owned(), index);
            assert_eq!(given, None, "{}: {} is given twice", section.place, section.name(0));
        }
        let steps = read("fixture", &names, &STEPS);
        let image = image_of(&read("image", &names, &[Form::new("PUT", 3)]));
        Self { names, sections, steps, image }
    }

    /// Builds it all on a new machine.
    #[track_caller]
    pub fn build(&self, no_execute: NoExecute) -> Scene {
        let mut system = System::new(FRAMES, no_execute);
        let size = self.names["DATA_SIZE"] as u32;
        let bytes = (0..size).map(data_byte).collect();
        let data = system.add_data(bytes, ControlAreaFlags::empty()).expect("memory");
        let image_data = system.add_data(self.image.clone(), ControlAreaFlags::empty()).expect("memory");
        let empty = system.add_data(Vec::new(), ControlAreaFlags::empty()).expect("memory");
        let image = system.add_file(self.image.clone()).expect("a sound image").expect("memory");
        let process = system.start_process().expect("memory");
        let limits = WorkingSetLimits { minimum: PageCount(50), maximum: PageCount(345) };
        system.space(process).set_working_set_limits(limits).expect("what every process begins with");
        let files = Files { data, image_data, image, empty };
        let mut scene = Scene { system, process, sections: Vec::new(), files };
        for section in &self.sections {
            let [made_of, protect, attributes] = [1, 3, 4].map(|column| section.word(column));
            let made = scene.create_section(made_of, section[2], protect, attributes);
            scene.sections.push(made.unwrap_or_else(|status| panic!("{}: {status}", section.place)));
        }
        for step in &self.steps {
            let done = scene.step(step);
            assert_eq!(done, Ok(()), "{}", step.place);
        }
        scene
    }
}

/// The bytes that `PUT`s make.
fn image_of(puts: &[Row]) -> Vec<u8> {
    let length = puts.iter().map(|put| (put[0] + put[1]) as usize).max().expect("an image");
    let mut bytes = vec![0; length];
    for put in puts {
        let (at, count) = (put[0] as usize, put[1] as usize);
        bytes[at..at + count].copy_from_slice(&put[2].to_le_bytes()[..count]);
    }
    bytes
}

/// The byte at `offset` of the file of data.
pub fn data_byte(offset: u32) -> u8 {
    (offset ^ offset >> 8) as u8 | 1
}

/// The control areas of the files.
struct Files {
    data: Link<ControlArea>,
    image_data: Link<ControlArea>,
    image: Link<ControlArea>,
    empty: Link<ControlArea>,
}

/// A section object, as far as the memory manager knows of one.
#[derive(Clone, Copy)]
pub struct Section {
    /// What it is over.
    pub area: Link<ControlArea>,
    /// What it lets its views be.
    pub limits: SectionLimits,
}

/// A system with one process and the arena.
pub struct Scene {
    /// It.
    pub system: System,
    /// The process.
    pub process: Link<Eprocess>,
    /// The sections of `sections.rows`, in their order.
    pub sections: Vec<Section>,
    files: Files,
}

impl Scene {
    fn step(&mut self, step: &Row) -> Result<(), NtStatus> {
        match step.word.as_str() {
            "ALLOCATE" => {
                let [base, size, kind, protect] = step.words(0);
                self.allocate(0, kind, protect, base, size).map(|_| ())
            }
            "DECOMMIT" => self.system.free(self.process, MEM_DECOMMIT, step.word(0), step.word(1)).map(|_| ()),
            "PROTECT" => {
                let [base, size, protect] = step.words(0);
                self.system.protect(self.process, base, size, protect).map(|_| ())
            }
            "STORE" => {
                let [base, size] = step.words(0);
                let pages = (base..base + size).step_by(PAGE_SIZE as usize);
                pages.for_each(|page| self.system.store(self.process, page, 1).expect("writable"));
                Ok(())
            }
            "LOCK" => self.lock(step.word(0), step.word(1), 1).map(|_| ()),
            _ => {
                let request = ViewCall {
                    section: step[0] as usize,
                    base: step.word(1),
                    offset: step[2],
                    size: step.word(3),
                    kind: step.word(4),
                    protect: step.word(5),
                    ..ViewCall::default()
                };
                self.map(&request).map(|_| ())
            }
        }
    }

    /// NtAllocateVirtualMemory.
    ///
    /// # Errors
    /// As the service.
    pub fn allocate(&self, zero_bits: u32, kind: u32, protect: u32, base: u32, size: u32) -> Result<Bytes, NtStatus> {
        let flags = AllocateFlags::check(zero_bits, kind, protect)?;
        self.system
            .space(self.process)
            .allocate(flags, AskedRange::check(base, size)?)
            .map(|range| (range.base(), range.bytes()))
    }

    /// NtCreateSection, over a handle of a file that allows what `made_of` says.
    ///
    /// # Errors
    /// As the service.
    pub fn create_section(&self, made_of: u32, size: u64, protect: u32, attributes: u32) -> Result<Section, NtStatus> {
        let asked = SectionArguments::check(attributes, protect)?;
        if made_of == 0 && asked.is_image() {
            return Err(NtStatus::INVALID_FILE_FOR_SECTION);
        }
        let (read, write, execute) = (FILE_READ_DATA, FILE_WRITE_DATA, FILE_EXECUTE);
        let (file, allowed) = match made_of {
            0 => return self.create_memory(size, asked),
            1 => (self.files.data, read),
            2 => (self.files.data, read | write),
            3 => (self.files.data, read | execute),
            4 => (self.files.data, read | write | execute),
            5 => (self.files.data, execute),
            6 => (self.files.data, 0),
            7 => (self.files.image_data, read | execute),
            8 => (self.files.image_data, read),
            _ => (self.files.empty, read | write | execute),
        };
        if asked.needed_file_access() & !allowed != 0 {
            return Err(NtStatus::ACCESS_DENIED);
        }
        if asked.is_image() { self.create_image(file, size, asked) } else { self.create_data(file, size, asked) }
    }

    fn create_memory(&self, size: u64, asked: SectionArguments) -> Result<Section, NtStatus> {
        let area = self.system.mm.create_memory(size, asked.protection, asked.flags())?;
        Ok(self.section(area, None, asked))
    }

    fn create_image(&self, file: Link<ControlArea>, size: u64, asked: SectionArguments) -> Result<Section, NtStatus> {
        let bytes = self.system.on_disk(file);
        if bytes.is_empty() {
            return Err(NtStatus::INVALID_FILE_FOR_SECTION);
        }
        mm::section::ImageLayout::parse(&bytes, bytes.len() as u64)?;
        let area = self.files.image;
        let size = asked.image_size(self.segment_size(area), size)?;
        self.system.mm.reference_section(area);
        Ok(self.section(area, Some(size), asked))
    }

    fn create_data(&self, area: Link<ControlArea>, size: u64, asked: SectionArguments) -> Result<Section, NtStatus> {
        let whole = self.system.mm.data_file_size(area);
        let size = asked.data_size(whole, size)?;
        if size > whole {
            self.system.extend(area, size)?;
        }
        self.system.mm.reference_section(area);
        Ok(self.section(area, Some(size), asked))
    }

    fn section(&self, area: Link<ControlArea>, size: Option<u64>, asked: SectionArguments) -> Section {
        let size = size.unwrap_or_else(|| self.segment_size(area));
        let no_change = asked.flags().contains(ControlAreaFlags::NO_CHANGE);
        Section { area, limits: SectionLimits { size, protection: Some(asked.protection), base: 0, no_change } }
    }

    fn segment_size(&self, area: Link<ControlArea>) -> u64 {
        let segment = self.system.mm.machine.record(area).segment.get();
        self.system.mm.machine.record(segment).size_of_segment.get()
    }

    /// The attributes that a query tells of `section`.
    pub fn attributes(&self, section: &Section) -> u32 {
        let flags = self.system.mm.machine.record(section.area).flags.get();
        let own = if section.limits.no_change { ControlAreaFlags::NO_CHANGE } else { ControlAreaFlags::empty() };
        section_attributes(ControlAreaFlags::from_bits_truncate(flags) | own)
    }

    /// NtMapViewOfSection.
    ///
    /// # Errors
    /// As the service.
    pub fn map(&self, call: &ViewCall) -> Result<Mapped, NtStatus> {
        self.map_section(&self.sections[call.section], SECTION_ALL_ACCESS, call)
    }

    /// The same of `section`, whose handle allows `access`.
    ///
    /// # Errors
    /// As the service.
    pub fn map_section(&self, section: &Section, access: u32, call: &ViewCall) -> Result<Mapped, NtStatus> {
        let arguments = ViewArguments::check(call.disposition, call.kind, call.protect)?;
        check_view_range(call.base, call.size, call.zero_bits)?;
        if arguments.needed_access() & !access != 0 {
            return Err(NtStatus::ACCESS_DENIED);
        }
        let ViewCall { base, zero_bits, commit, offset, size, kind, .. } = *call;
        let ViewArguments { protection, disposition, .. } = arguments;
        let request =
            ViewRequest { base, zero_bits, commit, section_size: 0, offset, size, kind, protection, disposition };
        self.system.space(self.process).map_view(section.area, &section.limits, &request)
    }

    /// NtLockVirtualMemory, by a program without privileges; whether some of it was locked before.
    ///
    /// # Errors
    /// As the service.
    pub fn lock(&self, base: u32, size: u32, map_type: u32) -> Result<(Bytes, bool), NtStatus> {
        let kind = LockKind::of(map_type)?;
        let range = check_lock_range(base, size)?;
        if kind.needs_privilege() {
            return Err(NtStatus::PRIVILEGE_NOT_HELD);
        }
        let bytes = (range.base(), range.bytes());
        loop {
            self.system.space(self.process).check_lockable(range)?;
            let Some(VirtualPage(page)) = self.system.space(self.process).first_not_valid(range) else { break };
            if self.system.access(self.process, page * PAGE_SIZE, Access::Read) != Outcome::Done {
                return Err(NtStatus::ACCESS_VIOLATION);
            }
        }
        self.system.space(self.process).lock_pages(range, kind).map(|was_locked| (bytes, was_locked))
    }

    /// NtUnlockVirtualMemory, by a program without privileges.
    ///
    /// # Errors
    /// As the service.
    pub fn unlock(&self, base: u32, size: u32, map_type: u32) -> Result<Bytes, NtStatus> {
        let kind = LockKind::of(map_type)?;
        let range = check_lock_range(base, size)?;
        if kind.needs_privilege() {
            return Err(NtStatus::PRIVILEGE_NOT_HELD);
        }
        self.system.space(self.process).unlock_pages(range, kind)?;
        Ok((range.base(), range.bytes()))
    }

    /// NtUnmapViewOfSection.
    ///
    /// # Errors
    /// As the service.
    pub fn unmap(&self, address: u32) -> Result<(), NtStatus> {
        if address > HIGHEST_USER_ADDRESS {
            return Err(NtStatus::NOT_MAPPED_VIEW);
        }
        self.system.unmap(self.process, address)
    }

    /// NtClose of a section's only handle.
    pub fn close(&self, section: Section) {
        self.system.release(section.area);
    }

    /// NtFlushVirtualMemory: the pages that it writes.
    ///
    /// # Errors
    /// As the service.
    pub fn flush(&self, base: u32, size: u32) -> Result<PageRange, NtStatus> {
        check_flush_range(base, size)?;
        let view = self.system.space(self.process).gather_view(base, size)?;
        self.system.flush(view.control_area, view.pages.start, view.pages.end).expect("a disk");
        Ok(view.range)
    }

    /// The last character of the name of the file that is mapped at `address`.
    ///
    /// # Errors
    /// As NtQueryVirtualMemory.
    pub fn name_at(&self, address: u32) -> Result<u8, NtStatus> {
        if address > HIGHEST_USER_ADDRESS {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let file = self.system.space(self.process).file_at(VirtualAddress(address).page())?;
        let is_data = file == self.system.mm.machine.record(self.files.data).file_pointer.get();
        Ok(if is_data { b't' } else { b'l' })
    }

    /// The process ends; nothing of it is left.
    #[track_caller]
    pub fn end(mut self) {
        self.system.end_process(self.process);
        self.system.sound();
    }
}

/// What NtMapViewOfSection is called with.
#[derive(Clone, Copy, Debug)]
pub struct ViewCall {
    /// The number of the section in `sections.rows`.
    pub section: usize,
    /// The address, 0 for anywhere.
    pub base: u32,
    /// High bits that are to be 0.
    pub zero_bits: u32,
    /// Bytes to be committed.
    pub commit: u32,
    /// Where in the section, in bytes.
    pub offset: u64,
    /// Bytes, 0 for all that follow.
    pub size: u32,
    /// `ViewShare` or `ViewUnmap`.
    pub disposition: u32,
    /// `MEM_` flags.
    pub kind: u32,
    /// `PAGE_` protection.
    pub protect: u32,
}

impl Default for ViewCall {
    fn default() -> Self {
        Self {
            section: 0,
            base: 0,
            zero_bits: 0,
            commit: 0,
            offset: 0,
            size: 0,
            disposition: VIEW_UNMAP,
            kind: 0,
            protect: PAGE_READONLY,
        }
    }
}
