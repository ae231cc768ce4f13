//! The executive: what the services share, and how they reach processes, handles and memory.

use alloc::vec::Vec;
use core::sync::atomic::AtomicBool;

use abi::cell::{Field, Link, Record};
use abi::nt::dispatcher::Kevent;
use abi::nt::file::FileObject;
use abi::nt::list::ListEntry;
use abi::nt::process::Eprocess;
use abi::nt::section::SectionObject;
use abi::nt::thread::Ethread;
use abi::processor::Kpcr;
use abi::status::NtStatus;
use abi::time_zone::TimeZone;
use io::Volume;
use ke::{Dispatcher, DispatcherDatabase, Turns};
use mm::MemoryManager;
use mm::system::Exhausted;
use ob::{Closed, Handle, Handles, Kind, ObjectManager};
use spin::{Mutex, Once};

use crate::console::ConsoleDevice;
use crate::deletion::Line;
use crate::device_objects::Devices;
use crate::directory_watch::Watches;
use crate::endings::Endings;
use crate::files::Opened;
use crate::identifiers::Identifiers;
use crate::ntdll::Ntdll;
use crate::page_writer::PageWriters;
use crate::pipe::PipeName;
use crate::platform::Platform;
use crate::read_ahead::ReadAhead;
use crate::refusals::Refusals;
use crate::services::Others;
use crate::stacks::KernelStacks;

/// NtCurrentProcess.
pub const CURRENT_PROCESS: u32 = 0xFFFF_FFFF;
/// NtCurrentThread.
pub const CURRENT_THREAD: u32 = 0xFFFF_FFFE;
/// Numbers below this are the logon sessions' own, by XP's custom.
const FIRST_TOKEN: u32 = 0x3E8;
/// Words that the audit counts shares in: 64 KB.
const SCRATCH: usize = 0x8000;

/// Everything above the memory manager.
pub struct Executive<P: Platform> {
    mm: &'static MemoryManager<P>,
    objects: &'static ObjectManager<'static, P>,
    pub(crate) volumes: Vec<Volume<'static, P, P::Disk>>,
    pub(crate) devices: Devices,
    /// Of those who change what is open on a volume, or go through its directories: all volumes have one lock.
    pub(crate) volume_turns: Turns,
    /// Of those who write pages of files.
    pub(crate) page_turns: Turns,
    /// Page faults that waited for another thread's read of the page.
    pub(crate) collisions: Field<u32>,
    pub(crate) read_ahead: ReadAhead,
    pub(crate) page_writers: PageWriters,
    /// How often the lazy writer was told that a frame is needed.
    pub(crate) hurries: Field<u32>,
    pub(crate) refusals: Refusals,
    pub(crate) dispatcher: Dispatcher<'static, P>,
    pub(crate) stacks: KernelStacks,
    pub(crate) endings: Endings,
    pub(crate) line: Line,
    pub(crate) ntdll: Once<Ntdll>,
    /// Head of the list of all processes.
    #[doc(alias = "PsActiveProcessHead")]
    pub(crate) active_processes: Link<ListEntry>,
    pub(crate) system_process: Link<Eprocess>,
    /// The sections that have an address of their own, the highest first.
    #[doc(alias = "MmSectionBasedRoot")]
    pub(crate) based_sections: Field<Link<SectionObject>>,
    pub(crate) identifiers: Identifiers,
    /// The thread that ended last, until it is buried.
    pub(crate) reaper: Field<Link<Ethread>>,
    pub(crate) scratch: Mutex<Vec<u16>>,
    /// Whether programs may read all memory.
    pub(crate) debugging: AtomicBool,
    pub(crate) console: ConsoleDevice,
    /// The time zone. Never held over a wait.
    #[doc(alias = "ExpTimeZoneInformation")]
    pub(crate) time_zone: Mutex<TimeZone>,
    /// Who watches directories. Never held over a wait.
    #[doc(alias = "DirNotifyList")]
    pub(crate) watches: Mutex<Watches>,
    /// Whether anybody does.
    pub(crate) is_watching: Field<u32>,
    /// The names of pipes that have a server.
    pub(crate) pipes: Field<Link<PipeName>>,
    /// The number that the next token gets, and the next change of one.
    #[doc(alias = "ExpLuid")]
    pub(crate) token_numbers: Field<u32>,
}

impl<P: Platform> Executive<P> {
    /// The executive over `volumes`, C: first and at most [`crate::MOST_VOLUMES`], with the System process in the address space whose page-directory-pointer table is at
    /// physical address `pointer_table`, and its idle thread on the stack that the boot code runs on, `stack` being its lowest
    /// address and the one past it.
    ///
    /// # Errors
    /// [`Exhausted`]; the system is starting and cannot go on.
    #[doc(alias = "PsInitSystem")]
    pub fn new(
        objects: &'static ObjectManager<'static, P>,
        volumes: Vec<Volume<'static, P, P::Disk>>,
        processor: Link<Kpcr>,
        pointer_table: u32,
        stack: (u32, u32),
    ) -> Result<Self, Exhausted> {
        let mm = objects.memory();
        let active_processes = match mm.machine.process_list_head() {
            Some(head) => head,
            None => mm.allocate_zeroed_pool(8, mm::pool::Tag(*b"PsAp"))?,
        };
        mm::list::initialise(&mm.machine, active_processes);
        let system_process = objects.create::<Eprocess>()?;
        let idle = objects.create::<Ethread>()?;
        let database = mm.allocate_zeroed_pool(size_of::<DispatcherDatabase>() as u32, mm::pool::Tag(*b"KeDb"))?;
        let has_records = mm.allocate_zeroed_pool(size_of::<Kevent>() as u32, mm::pool::Tag(*b"PsCo"))?;
        ke::initialise_event(&mm.machine, has_records, ke::EventKind::Notification, 0);
        let devices = Devices::create(objects, volumes.len())?;
        volumes.iter().zip(&devices.volumes).for_each(|(volume, device)| volume.set_device_object(*device));
        let this = Self {
            mm,
            objects,
            volumes,
            devices,
            volume_turns: Turns::new(),
            page_turns: Turns::new(),
            collisions: Field::new(0),
            read_ahead: ReadAhead::new(),
            page_writers: PageWriters::new(),
            hurries: Field::new(0),
            refusals: Refusals::new(),
            dispatcher: Dispatcher::new(&mm.machine, database, processor, idle.cast()),
            stacks: KernelStacks::new(),
            endings: Endings::new(),
            line: Line::new(),
            ntdll: Once::new(),
            active_processes,
            system_process,
            based_sections: Field::<Link<SectionObject>>::NULL,
            identifiers: Identifiers::new(),
            reaper: Field::<Link<Ethread>>::NULL,
            scratch: Mutex::new(alloc::vec![0; SCRATCH]),
            debugging: AtomicBool::new(false),
            console: ConsoleDevice::new(has_records),
            time_zone: Mutex::new(abi::time_zone::UTC),
            watches: Mutex::new(Watches::new()),
            is_watching: Field::new(0),
            pipes: Field::<Link<PipeName>>::NULL,
            token_numbers: Field::new(FIRST_TOKEN),
        };
        this.describe_system_process(pointer_table);
        this.give_system_token()?;
        this.describe_thread(idle, system_process, 0, (stack.1, 0, 0), 0);
        Ok(this)
    }

    /// The memory manager.
    #[inline(always)]
    pub fn mm(&self) -> &'static MemoryManager<P> {
        self.mm
    }

    /// The machine.
    #[inline(always)]
    pub fn platform(&self) -> &'static P {
        &self.mm.machine
    }

    /// The object manager.
    pub fn objects(&self) -> &'static ObjectManager<'static, P> {
        self.objects
    }

    #[inline(always)]
    pub(crate) fn machine_record<T: Record>(&self, link: Link<T>) -> &'static T {
        self.mm.machine.record(link)
    }

    /// The process whose address space the processor is in.
    #[inline(always)]
    pub fn current_process(&self) -> Link<Eprocess> {
        let thread = self.machine_record(self.platform().current_thread());
        thread.tcb.apc_state.process.get().cast()
    }

    /// The handles of the current process.
    #[inline]
    pub(crate) fn current_handles(&self) -> Handles<'_, P> {
        self.objects.handles(self.machine_record(self.current_process()).object_table.get())
    }

    /// Makes a handle with these `OBJ_` attributes that takes over the caller's reference to `body`.
    pub(crate) fn insert_handle_with<T>(&self, body: Link<T>, access: u32, attributes: u32) -> Result<u32, NtStatus> {
        let inserted = self.current_handles().insert(body, access, attributes);
        self.release(body);
        Ok(inserted?.0)
    }

    /// The process that `handle` names, with at least `access`, whether it still runs or not.
    pub(crate) fn any_process_by_handle(&self, handle: u32, access: u32) -> Result<Link<Eprocess>, NtStatus> {
        match handle {
            CURRENT_PROCESS => Ok(self.current_process()),
            CURRENT_THREAD => Err(NtStatus::OBJECT_TYPE_MISMATCH),
            _ => self.current_handles().get::<Eprocess>(Handle(handle), access),
        }
    }

    /// The process that `handle` names, with at least `access`, which has an address space to work on.
    #[inline(always)]
    pub(crate) fn process_by_handle(&self, handle: u32, access: u32) -> Result<Link<Eprocess>, NtStatus> {
        if handle == CURRENT_PROCESS {
            return Ok(self.current_process());
        }
        self.other_process_by_handle(handle, access)
    }

    #[inline(never)]
    fn other_process_by_handle(&self, handle: u32, access: u32) -> Result<Link<Eprocess>, NtStatus> {
        let process = self.any_process_by_handle(handle, access)?;
        match self.is_alive(process) {
            true => Ok(process),
            false => Err(NtStatus::PROCESS_IS_TERMINATING),
        }
    }

    pub(crate) fn file_by_handle(&self, handle: u32, access: u32) -> Result<Link<FileObject>, NtStatus> {
        self.current_handles().get(Handle(handle), access)
    }

    pub(crate) fn section_by_handle(&self, handle: u32, access: u32) -> Result<Link<SectionObject>, NtStatus> {
        self.current_handles().look_up(Handle(handle), access)
    }

    /// Gives up a reference.
    pub(crate) fn release<T>(&self, body: Link<T>) {
        if let Some(condemned) = self.objects.release(body) {
            self.take_apart(condemned);
        }
    }

    /// The last handle to a file is gone.
    fn clean_up_file(&self, file: Link<FileObject>) {
        match self.opened(file) {
            Opened::File => {
                let _held = self.hold(file);
                let _lock = self.lock_volume();
                self.volume_of(file).clean_up(file);
            }
            Opened::Pipe(end) => self.leave_pipe(file, end),
            Opened::Null | Opened::Stream(_) | Opened::Buffer(_) | Opened::Device => {}
        }
    }

    /// Whether `process` has a handle to `file`: by looking at all of them, which few have to.
    pub(crate) fn has_handle(&self, process: Link<Eprocess>, file: Link<FileObject>) -> bool {
        let table = self.machine_record(process).object_table.get().some();
        table.is_some_and(|table| self.objects.handles(table).names(file))
    }

    /// Does what closing a handle of `process` left to do.
    pub(crate) fn dispose(&self, process: Link<Eprocess>, closed: Closed) {
        self.give_up_locks(process, &closed, Others::MayStay);
        self.settle_closed(closed);
    }

    /// The same, but for locks.
    pub(crate) fn settle_closed(&self, closed: Closed) {
        if closed.handles_left == 0 && closed.condemned.is_none() && closed.opened.kind == Kind::File {
            self.clean_up_file(closed.opened.body.cast());
        }
        if closed.handles_left == 0 && closed.opened.kind == Kind::File && self.is_watching.get() != 0 {
            // Its requests may have held the last references.
            self.end_watch(closed.opened.body.cast());
        }
        if closed.handles_left == 0 && closed.condemned.is_none() && closed.opened.kind == Kind::Job {
            self.job_is_closed(closed.opened.body.cast());
        }
        if let Some(condemned) = closed.condemned {
            self.take_apart(condemned);
        }
    }
}
