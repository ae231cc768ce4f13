//! A started system: the memory manager on a [`SoftwareMachine`], with processes whose programs the test plays.

use std::cell::{Cell, RefCell};

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::nt::process::Eprocess;
use mm::MemoryManager;
use mm::address_space::AddressSpace;
use mm::fault::{FaultOutcome, InPageRequest, ReadResult};
use mm::frame::{BootMemory, FrameRun, NoExecute};
use mm::layout::{FrameNumber, PAGE_SIZE, VirtualAddress};
use mm::machine::{FrameBytes, Records};
use mm::pool::Tag;
use mm::protection::Access;
use mm::pte::{PteCell, ValidPte};
use mm::section::{ControlArea, ImageLayout, NotAnImage};
use mm::system::Exhausted;
use mm::verify::{Audit, Corruption};

use crate::image::TestImage;
use crate::machine::{self, SoftwareMachine};
use crate::replay::Replay;

const POINTER_TABLES: u32 = 0x8020_0000;
const SHARED_DATA: u32 = 0xFFDF_0000;
const POINTER_TABLES_PER_PAGE: u32 = 128;
/// What stands for the first file on the disk.
pub(crate) const FIRST_FILE: u32 = 0xA000_0000;

/// A memory manager that has taken over a machine.
pub struct System {
    /// It.
    pub mm: MemoryManager<SoftwareMachine>,
    pub(crate) files: RefCell<Vec<Vec<u8>>>,
    disk: Cell<Disk>,
    /// Reads that have been asked for and not been made, while [`Self::delays`].
    late: RefCell<Vec<InPageRequest>>,
    delays: Cell<bool>,
    scratch: Vec<u16>,
    replay: Replay,
}

/// How the disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// It reads and writes.
    Sound,
    /// Every read and write fails.
    Broken,
}

/// What became of a program's access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// `STATUS_ACCESS_VIOLATION`.
    AccessViolation,
    /// `STATUS_GUARD_PAGE_VIOLATION`.
    GuardPage,
    /// `STATUS_IN_PAGE_ERROR`.
    InPageError,
    /// It waits for a page.
    NoFrame,
}

impl System {
    /// A system with `frames` frames from 0 on.
    pub fn new(frames: u32, no_execute: machine::NoExecute) -> Self {
        Self::with_memory(&[FrameRun { base: FrameNumber(0), count: frames }], no_execute)
    }

    /// A system with the frames of `ram`, which has at least ten from 0 on.
    pub fn with_memory(ram: &[FrameRun], no_execute: machine::NoExecute) -> Self {
        Self::with_bad_memory(ram, &[], no_execute)
    }

    /// The same, with frames that are known to be bad.
    pub fn with_bad_memory(ram: &[FrameRun], bad: &[FrameRun], no_execute: machine::NoExecute) -> Self {
        let runs: Vec<_> = ram.iter().map(|run| run.base.0..run.base.0 + run.count).collect();
        let machine = SoftwareMachine::with_memory(&runs, no_execute);
        let tables = machine.boot(FrameNumber(0));
        let nth = |n: u32| FrameNumber(tables.next.0 + n);
        let bit = match no_execute {
            machine::NoExecute::Supported => mm::pte::NO_EXECUTE,
            machine::NoExecute::Absent => 0,
        };
        map_kernel_page(&machine, tables.directories, POINTER_TABLES, (nth(0), nth(1)), bit);
        map_kernel_page(&machine, tables.directories, SHARED_DATA, (nth(2), nth(3)), bit);
        let boot = BootMemory {
            ram,
            used: &[FrameRun { base: FrameNumber(0), count: nth(4).0 }],
            bad,
            directories: tables.directories,
            pointer_tables: (POINTER_TABLES, nth(1).address().0 as u32, POINTER_TABLES_PER_PAGE),
            shared_data: nth(3),
            no_execute: if bit == 0 { NoExecute::Absent } else { NoExecute::Enabled },
        };
        let mm = MemoryManager::new(machine, &boot).expect("memory for the first structures");
        let replay = Replay::start(&mm);
        let (files, disk) = (RefCell::new(Vec::new()), Cell::new(Disk::Sound));
        let (late, delays) = (RefCell::default(), Cell::new(false));
        Self { mm, files, disk, late, delays, scratch: vec![0; 0x8000], replay }
    }

    /// Starts a process with an empty address space.
    pub fn start_process(&self) -> Option<Link<Eprocess>> {
        let process = self.mm.allocate_zeroed_pool(size_of::<Eprocess>() as u32, Tag(*b"Proc")).ok()?;
        if self.mm.create_address_space(process).is_err() {
            self.mm.free_pool(process);
            return None;
        }
        Some(process)
    }

    /// Ends `process`.
    pub fn end_process(&self, process: Link<Eprocess>) {
        while let Some(range) = self.space(process).first_allocation() {
            while let Some(first) = self.space(process).bring_tables_in(range) {
                match self.await_page(first) {
                    Ok(()) => {}
                    Err(Outcome::InPageError) => self.space(process).give_tables_up(range),
                    Err(_) => self.catch_up(None),
                }
            }
            self.space(process).clean_first(|section| self.mm.delete_section(section));
        }
        self.space(process).clean_rest();
        self.mm.machine.attach(self.mm.system_directories());
        self.mm.delete_address_space(process);
        self.mm.free_pool(process);
    }

    /// The address space of `process`, which becomes the current one.
    pub fn space(&self, process: Link<Eprocess>) -> AddressSpace<'_, SoftwareMachine> {
        let pointers = self.mm.machine.record(process).pae_top.get();
        let directories = [0, 1, 2, 3].map(|index| {
            let cell: Link<PteCell> = Link::new(pointers + index * 8);
            ValidPte(self.mm.machine.record(cell).load()).frame()
        });
        if self.mm.machine.attached() != directories {
            self.mm.machine.attach(directories);
        }
        self.mm.address_space(process)
    }

    /// Puts `image` on the disk and makes its section.
    pub fn add_image(&mut self, image: TestImage) -> Option<Link<ControlArea>> {
        self.add_file(image.file()).expect("a sound image").ok()
    }

    /// Puts a file of `bytes` on the disk and makes its image section.
    ///
    /// # Errors
    /// Why it is no image; within, that something ran out.
    pub fn add_file(&mut self, bytes: Vec<u8>) -> Result<Result<Link<ControlArea>, Exhausted>, NotAnImage> {
        let file = self.next_file();
        let layout = ImageLayout::parse(&bytes, bytes.len() as u64)?;
        let section = self.mm.create_image(file, bytes.len() as u64, &layout);
        self.files.borrow_mut().push(bytes);
        Ok(section)
    }

    /// What stands for the file that is put on the disk next.
    pub(crate) fn next_file(&self) -> Link<FileObject> {
        Link::new(FIRST_FILE + self.files.borrow().len() as u32)
    }

    /// From now on the disk is as `disk` says.
    pub fn set_disk(&self, disk: Disk) {
        self.disk.set(disk);
    }

    /// How the disk is.
    pub fn disk(&self) -> Disk {
        self.disk.get()
    }

    /// From now on a program's reads are made later where `delays`, and at once where not.
    pub fn set_delays(&self, delays: bool) {
        self.delays.set(delays);
    }

    /// Makes all reads that are late, or those that another thread waits for: `frame`.
    pub fn catch_up(&self, frame: Option<FrameNumber>) {
        let waited_for = |request: &InPageRequest| frame.is_none_or(|frame| request.frames.contains(&frame));
        let late = self.late.take();
        let (now, later): (Vec<_>, Vec<_>) = late.into_iter().partition(waited_for);
        self.late.replace(later);
        for request in now {
            match self.disk() {
                Disk::Sound => self.read(request),
                Disk::Broken => self.mm.complete_in_page(request, ReadResult::Failed),
            }
        }
    }

    /// Plays the disk: reads what `request` asks for.
    pub fn read(&self, request: InPageRequest) {
        let files = self.files.borrow();
        let bytes = &files[(request.file.address() - FIRST_FILE) as usize];
        let from = request.offset as usize;
        let bytes = &bytes[from..from + request.bytes as usize];
        for (frame, bytes) in request.frames.iter().zip(bytes.chunks(PAGE_SIZE as usize)) {
            self.mm.machine.write(*frame, 0, bytes);
        }
        self.mm.complete_in_page(request, ReadResult::Done);
    }

    /// Does what `outcome`, of something that is to be tried again, asks for.
    ///
    /// # Errors
    /// What the program would be told, or that there is no frame.
    pub fn await_page(&self, outcome: FaultOutcome) -> Result<(), Outcome> {
        match outcome {
            FaultOutcome::Unread(page) => match self.mm.start_in_page(page) {
                Ok(request) if self.delays.get() => {
                    self.late.borrow_mut().push(request);
                    Err(Outcome::NoFrame)
                }
                Ok(request) if self.disk() == Disk::Broken => {
                    self.mm.complete_in_page(request, ReadResult::Failed);
                    Err(Outcome::InPageError)
                }
                Ok(request) => {
                    self.read(request);
                    Ok(())
                }
                Err(_) => Err(Outcome::NoFrame),
            },
            FaultOutcome::NoFrame => Err(Outcome::NoFrame),
            FaultOutcome::Collided(frame) => {
                assert!(!self.late.borrow().is_empty(), "nobody else reads into {frame:?}");
                self.catch_up(Some(frame));
                Ok(())
            }
            resolved => panic!("{resolved:?} has nothing to wait for"),
        }
    }

    /// Plays the program of `process`: makes an access until it succeeds or is refused.
    pub fn access(&self, process: Link<Eprocess>, address: u32, access: Access) -> Outcome {
        let space = self.space(process);
        let address = VirtualAddress(address);
        for _ in 0..8 {
            if self.mm.machine.touch(address, access).is_ok() {
                return Outcome::Done;
            }
            match space.fault(address, access) {
                FaultOutcome::Resolved(_) => {}
                FaultOutcome::Denied => return Outcome::AccessViolation,
                FaultOutcome::GuardPage => return Outcome::GuardPage,
                outcome => {
                    if let Err(refused) = self.await_page(outcome) {
                        return refused;
                    }
                }
            }
        }
        panic!("{address:?} {access:?} never ends")
    }

    /// The program loads a byte.
    pub fn load(&self, process: Link<Eprocess>, address: u32) -> Result<u8, Outcome> {
        match self.access(process, address, Access::Read) {
            Outcome::Done => Ok(self.mm.machine.read_byte(VirtualAddress(address)).expect("just touched")),
            refused => Err(refused),
        }
    }

    /// The program stores a byte.
    pub fn store(&self, process: Link<Eprocess>, address: u32, byte: u8) -> Result<(), Outcome> {
        match self.access(process, address, Access::Write) {
            Outcome::Done => {
                self.mm.machine.write_byte(VirtualAddress(address), byte).expect("just touched");
                Ok(())
            }
            refused => Err(refused),
        }
    }

    /// Audits everything, the translations the processor holds, and what the event ring says of where frames are.
    pub fn verify(&mut self) -> Result<Audit, Corruption> {
        self.mm.machine.check_tlb();
        self.mm.machine.check_holes();
        let audit = self.mm.verify(&mut self.scratch)?;
        self.replay.check(&self.mm);
        Ok(audit)
    }
}

/// Maps the frame `frames.1` at kernel address `address` through a new page table in `frames.0`.
fn map_kernel_page(
    machine: &SoftwareMachine,
    directories: [FrameNumber; 4],
    address: u32,
    frames: (FrameNumber, FrameNumber),
    no_execute: u64,
) {
    let (table, page) = frames;
    machine.zero(table);
    machine.zero(page);
    let directory = directories[(address >> 30) as usize];
    machine.write_entry(directory, address >> 21 & 0x1FF, ValidPte::system_table(table).0);
    machine.write_entry(table, (address / PAGE_SIZE) & 0x1FF, ValidPte::system(page, no_execute).0);
}
