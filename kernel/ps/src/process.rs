//! Processes: how one is made from an image, and how it is taken apart.

use alloc::format;
use alloc::string::String;
use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::list::ListEntry;
use abi::nt::peb::Peb;
use abi::nt::process::{Eprocess, process_flags};
use abi::nt::section::SectionObject;
use abi::nt::teb::Teb;
use abi::nt::thread::Ethread;
use abi::nt::token::Token;
use abi::status::NtStatus;
use ke::{NORMAL_PRIORITY, ThreadState};
use mm::layout::{HIGHEST_VAD_ADDRESS, PAGE_SIZE, VirtualAddress};
use mm::section::{ControlArea, ImageInformation};

use crate::create::Inheritance;
use crate::endings::Ending;
use crate::executive::Executive;
use crate::parameters::Parameters;
use crate::plan::{Console, Job};
use crate::platform::{Platform, Stream};
use crate::priority::PriorityClass;
use crate::services::Others;

/// Number of the System process.
pub(crate) const SYSTEM_ID: u32 = 4;
/// Where DLLs are, and the system's own.
pub(crate) const SYSTEM_DIRECTORY: &str = "C:\\WINDOWS\\system32";
/// Stack of a first thread whose image does not say, in bytes.
const DEFAULT_STACK: u32 = 0x10_0000;
const SMALLEST_STACK: u32 = 0x1_0000;
/// Pages of a working set that has its default size.
#[doc(alias = "PsMinimumWorkingSet")]
const LEAST_WORKING_SET: u32 = 50;
/// Pages it may have before it is trimmed.
#[doc(alias = "PsMaximumWorkingSet")]
const MOST_WORKING_SET: u32 = 345;

impl<P: Platform> Executive<P> {
    /// Gives the first process its name and number. Its address space is the one the boot code made, with its
    /// page-directory-pointer table at physical address `pointer_table`.
    pub(crate) fn describe_system_process(&self, pointer_table: u32) {
        let record = self.machine_record(self.system_process);
        record.pcb.directory_table_base[0].set(pointer_table);
        let id = self.identifiers.take().unwrap_or(SYSTEM_ID);
        debug_assert!(id == SYSTEM_ID, "the System process is the first");
        self.name_process(self.system_process, id);
        for (cell, byte) in record.image_file_name.iter().zip("System".bytes()) {
            cell.set(byte);
        }
        self.enlist_process(self.system_process);
    }

    /// Writes what all processes have into `process`, with the number `id`.
    pub(crate) fn name_process(&self, process: Link<Eprocess>, id: u32) {
        let record = self.machine_record(process);
        let directory_table = record.pcb.directory_table_base[0].get();
        ke::initialise_process(self.platform(), process.cast(), NORMAL_PRIORITY, directory_table);
        for offset in [offset_of!(Eprocess, thread_list_head), offset_of!(Eprocess, physical_vad_list)] {
            mm::list::initialise(self.platform(), process.offset(offset as u32));
        }
        record.unique_process_id.set(id);
        record.create_time.set(self.platform().system_time());
        record.exit_status.set(NtStatus::PENDING.0);
        record.priority_class.set(PriorityClass::Normal as u8);
        record.vm.minimum_working_set_size.set(LEAST_WORKING_SET);
        record.vm.maximum_working_set_size.set(MOST_WORKING_SET);
    }

    pub(crate) fn enlist_process(&self, process: Link<Eprocess>) {
        let links = process.offset(offset_of!(Eprocess, active_process_links) as u32);
        mm::list::insert_tail(self.platform(), self.active_processes, links);
    }

    /// Head of the list of all processes.
    #[doc(alias = "PsActiveProcessHead")]
    pub fn process_list(&self) -> Link<ListEntry> {
        self.active_processes
    }

    /// All processes, oldest first.
    pub fn processes(&self) -> impl Iterator<Item = Link<Eprocess>> + '_ {
        let offset = offset_of!(Eprocess, active_process_links) as u32;
        mm::list::entries(self.platform(), self.active_processes).map(move |entry| Link::new(entry.address() - offset))
    }

    /// The process with the number `id`. It may have ended: it keeps its number as long as somebody refers to it.
    #[doc(alias = "PsLookupProcessByProcessId")]
    pub(crate) fn process_by_id(&self, id: u32) -> Option<Link<Eprocess>> {
        self.processes().find(|process| self.machine_record(*process).unique_process_id.get() == id)
    }

    /// The threads of `process` that have not ended, oldest first.
    pub(crate) fn living_threads_of(&self, process: Link<Eprocess>) -> impl Iterator<Item = Link<Ethread>> + '_ {
        let lives =
            |thread: &Link<Ethread>| self.machine_record(*thread).tcb.state.get() != ThreadState::Terminated as u8;
        self.threads_of(process).filter(lives)
    }

    /// The threads of `process`, oldest first; also those that have ended, as long as somebody refers to them.
    pub(crate) fn threads_of(&self, process: Link<Eprocess>) -> impl Iterator<Item = Link<Ethread>> + '_ {
        let head = process.offset(offset_of!(Eprocess, thread_list_head) as u32);
        let offset = offset_of!(Ethread, thread_list_entry) as u32;
        mm::list::entries(self.platform(), head).map(move |entry| Link::new(entry.address() - offset))
    }

    /// The process numbered `process`, where it has a thread numbered `thread`.
    #[doc(alias = "PsLookupProcessThreadByCid")]
    pub(crate) fn process_of_thread(&self, process: u32, thread: u32) -> Option<Link<Eprocess>> {
        let found = self.process_by_id(process)?;
        let is_it = |candidate: Link<Ethread>| self.machine_record(candidate).cid.unique_thread.get() == thread;
        self.threads_of(found).any(is_it).then_some(found)
    }

    /// Whether `process` has an address space and is not on its way out.
    pub(crate) fn is_alive(&self, process: Link<Eprocess>) -> bool {
        let flags = self.machine_record(process).flags.get();
        flags & process_flags::HAS_ADDRESS_SPACE != 0 && flags & process_flags::PROCESS_EXITING == 0
    }

    /// The name of the image, as tools show it.
    pub fn image_name(&self, process: Link<Eprocess>) -> String {
        let record = self.machine_record(process);
        record.image_file_name.iter().map(|cell| char::from(cell.get())).take_while(|letter| *letter != '\0').collect()
    }

    /// Starts the program of `job`. The caller holds a reference to the process.
    ///
    /// # Errors
    /// Why it cannot start, as it is told of a program that the loader refuses.
    pub fn start(&self, job: &Job<'_>) -> Result<Link<Eprocess>, Ending> {
        let refusal = |status: NtStatus| Ending::Loader(status, format!("{} cannot be started: {status}", job.image));
        let section = self.image_section(job.image).map_err(refusal)?;
        let process = self.create_process(self.system_process, section, Inheritance::Nothing);
        self.release(section);
        let process = process.map_err(refusal)?;
        let id = self.machine_record(process).unique_process_id.get();
        self.endings.expect(id);
        self.fill_process(process, job).map_err(|status| {
            self.endings.take(id);
            self.release(process);
            refusal(status)
        })?;
        Ok(process)
    }

    /// The image section of the file at DOS path `path`.
    pub(crate) fn image_section(&self, path: &str) -> Result<Link<SectionObject>, NtStatus> {
        self.create_section_object(self.image_area(path)?)
    }

    /// The control area of the image at `path`, with a reference for a section object to come.
    pub(crate) fn image_area(&self, path: &str) -> Result<Link<ControlArea>, NtStatus> {
        let object = self.open_image(path)?;
        let area = self.image_of(object);
        self.close_image(object);
        area
    }

    /// Gives the process of the plan its parameters, a stack, and its first thread.
    fn fill_process(&self, process: Link<Eprocess>, job: &Job<'_>) -> Result<(), NtStatus> {
        let ntdll = self.ntdll.get().ok_or(NtStatus::DLL_NOT_FOUND)?;
        let id = self.identifiers.take().ok_or(NtStatus::INSUFFICIENT_RESOURCES)?;
        let before = self.current_process();
        self.attach(process);
        let prepared = self.prepare_user_space(process, id, job);
        self.attach(before);
        prepared
            .and_then(|(teb, stack_pointer)| {
                self.create_user_thread(process, id, teb, ntdll.entries.initialize_thunk, stack_pointer)
            })
            .inspect_err(|_| self.identifiers.give_back(id))
    }

    /// The same, in the new address space, for a thread numbered `id`: the TEB, and where the stack pointer starts.
    fn prepare_user_space(&self, process: Link<Eprocess>, id: u32, job: &Job<'_>) -> Result<(u32, u32), NtStatus> {
        let ntdll = self.ntdll.get().ok_or(NtStatus::DLL_NOT_FOUND)?;
        let space = self.mm().address_space(process);
        let section: Link<SectionObject> = Link::new(self.machine_record(process).section_object.get());
        let information = self.mm().image_information(self.control_area_of(section));
        let peb = self.machine_record(process).peb.get();
        let teb = space.allocate_block(VirtualAddress(HIGHEST_VAD_ADDRESS).page())?.address().0;
        let parameters = self.write_parameters(process, job)?;
        self.write_word(peb + offset_of!(Peb, process_parameters) as u32, parameters)?;
        let stack = self.create_user_stack(process, information)?;
        self.write_teb(process, id, teb, peb, stack)?;
        // As if LdrInitializeThunk(0, ntdll, 0) had been called from nowhere.
        let stack_pointer = stack.2 - 16;
        for (index, word) in [0, 0, ntdll.base, 0].into_iter().enumerate() {
            self.write_word(stack_pointer + index as u32 * 4, word)?;
        }
        Ok((teb, stack_pointer))
    }

    /// The first thread's stack, as the image has it: bottom, limit and top.
    fn create_user_stack(
        &self,
        process: Link<Eprocess>,
        image: &ImageInformation,
    ) -> Result<(u32, u32, u32), NtStatus> {
        let wanted = match image.maximum_stack_size.get() {
            0 => DEFAULT_STACK,
            size => size.min(0x4000_0000),
        };
        let reserve = wanted.max(SMALLEST_STACK).next_multiple_of(0x1_0000);
        let commit = image.committed_stack_size.get().min(reserve - 3 * PAGE_SIZE).max(1).next_multiple_of(PAGE_SIZE);
        self.allocate_user_stack(process, reserve, commit)
    }

    /// Reserves a stack in `process` and commits its upper end, over a guard page: bottom, limit and top.
    #[doc(alias = "RtlCreateUserStack")]
    pub(crate) fn allocate_user_stack(
        &self,
        process: Link<Eprocess>,
        reserve: u32,
        commit: u32,
    ) -> Result<(u32, u32, u32), NtStatus> {
        use abi::memory::{MEM_COMMIT, MEM_RESERVE, PAGE_GUARD, PAGE_READWRITE};
        use mm::virtual_memory::{AllocateFlags, AskedRange};
        let allocate = |kind, protect, base, size| {
            let (flags, asked) = (AllocateFlags::check(0, kind, protect)?, AskedRange::check(base, size)?);
            self.with_new_tables(|| self.with_tables(process, |_| asked.pages(), |space| space.allocate(flags, asked)))
        };
        let range = allocate(MEM_RESERVE, PAGE_READWRITE, 0, reserve)?;
        let (low, top) = (range.base(), range.base() + range.bytes());
        let limit = top - commit;
        let committed = allocate(MEM_COMMIT, PAGE_READWRITE, limit, commit)
            .and_then(|_| allocate(MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD, limit - PAGE_SIZE, PAGE_SIZE));
        if let Err(status) = committed {
            self.release_allocation(process, low);
            return Err(status);
        }
        Ok((low, limit, top))
    }

    /// Writes environment and process parameters; where the parameters are.
    fn write_parameters(&self, process: Link<Eprocess>, job: &Job<'_>) -> Result<u32, NtStatus> {
        use abi::memory::{MEM_COMMIT, MEM_RESERVE, PAGE_READWRITE};
        use mm::virtual_memory::{AllocateFlags, AskedRange};
        let parameters = self.parameters(process, job)?;
        let mut block = parameters.to_block()?;
        let size = block.bytes.len() as u32;
        let flags = AllocateFlags::check(0, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)?;
        let base = self.mm().address_space(process).allocate(flags, AskedRange::check(0, size)?)?.base();
        let structure = block.place_at(base);
        self.platform().write_user(base, &block.bytes)?;
        Ok(structure)
    }

    fn parameters(&self, process: Link<Eprocess>, job: &Job<'_>) -> Result<Parameters, NtStatus> {
        let directory = if job.directory.is_empty() { "C:\\" } else { job.directory };
        let image_directory = job.image.rsplit_once('\\').map_or("C:\\", |(directory, _)| directory);
        let mut environment: alloc::vec::Vec<String> = [
            "COMSPEC=C:\\WINDOWS\\system32\\cmd.exe",
            "OS=Windows_NT",
            "PATH=C:\\WINDOWS\\system32;C:\\WINDOWS",
            "SystemDrive=C:",
            "SystemRoot=C:\\WINDOWS",
            "TEMP=C:\\",
            "TMP=C:\\",
            "windir=C:\\WINDOWS",
        ]
        .into_iter()
        .filter(|setting| !job.environment().any(|own| same_variable(own, setting)))
        .chain(job.environment())
        .map(String::from)
        .collect();
        // Windows keeps an environment sorted by name, whatever the case.
        environment.sort_by_key(|setting| setting.to_uppercase());
        Ok(Parameters {
            image: job.image.into(),
            command_line: if job.command_line.is_empty() { job.image.into() } else { job.command_line.into() },
            directory: if directory.ends_with('\\') { directory.into() } else { format!("{directory}\\") },
            dll_path: format!("{image_directory};{SYSTEM_DIRECTORY};C:\\WINDOWS"),
            environment,
            standard_handles: self.standard_handles(process, job)?,
        })
    }

    fn standard_handles(&self, process: Link<Eprocess>, job: &Job<'_>) -> Result<[u32; 3], NtStatus> {
        use abi::access::{FILE_GENERIC_READ, FILE_GENERIC_WRITE, OBJ_INHERIT};
        let table = self.machine_record(process).object_table.get();
        let mut handles = [0; 3];
        let streams = match job.console {
            Console::Pipes => [Stream::Input, Stream::Output, Stream::Error],
            Console::Console => [Stream::ConsoleInput, Stream::Console, Stream::Console],
        };
        for (handle, stream) in handles.iter_mut().zip(streams) {
            let access = match stream {
                Stream::Input => FILE_GENERIC_READ,
                // As XP opens its two sides for programs.
                Stream::Console | Stream::ConsoleInput => FILE_GENERIC_READ | FILE_GENERIC_WRITE,
                _ => FILE_GENERIC_WRITE,
            };
            let object = self.create_stream(stream)?;
            let inserted = self.objects().handles(table).insert(object, access, OBJ_INHERIT);
            self.release(object);
            *handle = inserted?.0;
        }
        Ok(handles)
    }

    fn write_teb(
        &self,
        process: Link<Eprocess>,
        id: u32,
        teb: u32,
        peb: u32,
        (low, limit, top): (u32, u32, u32),
    ) -> Result<(), NtStatus> {
        let own = self.machine_record(process).unique_process_id.get();
        let words = [
            (0x00, u32::MAX),
            (0x04, top),
            (0x08, limit),
            (0x18, teb),
            (offset_of!(Teb, client_id), own),
            (offset_of!(Teb, client_id) + 4, id),
            (offset_of!(Teb, process_environment_block), peb),
            (offset_of!(Teb, deallocation_stack), low),
        ];
        words.into_iter().try_for_each(|(offset, word)| self.write_word(teb + offset as u32, word))
    }

    /// Closes every handle of `process` and gives up its table.
    pub(crate) fn close_all_handles(&self, process: Link<Eprocess>) {
        let record = self.machine_record(process);
        let Some(table) = record.object_table.get().some() else { return };
        let mut next = ob::Handle(0);
        while let Some(closed) = self.objects().handles(table).close_next(&mut next) {
            self.give_up_locks(process, &closed, Others::GoToo);
            self.settle_closed(closed);
        }
        record.object_table.set(Link::NULL);
        self.objects().delete_handle_table(table);
        // No service follows that would.
        self.report_changes();
    }

    /// Takes apart what is left of a process to which nobody refers any more, so that no thread is in it: all it ever had,
    /// where it never ran.
    #[doc(alias = "PspProcessDelete")]
    pub(crate) fn take_process_apart(&self, process: Link<Eprocess>) {
        let record = self.machine_record(process);
        if record.flags.get() & process_flags::HAS_ADDRESS_SPACE != 0 {
            if record.flags.get() & process_flags::VM_DELETED == 0 {
                self.clean_address_space(process);
            }
            record.flags.update(|flags| flags & !process_flags::HAS_ADDRESS_SPACE);
            // A thread of the System process may still run in it.
            self.attach(self.current_process());
            self.mm().delete_address_space(process);
            mm::list::remove(self.platform(), process.offset(offset_of!(Eprocess, active_process_links) as u32));
        }
        self.close_all_handles(process);
        self.leave_job(process);
        if let Some(section) = Link::<SectionObject>::new(record.section_object.get()).some() {
            self.release(section);
        }
        if let Some(token) = Link::<Token>::new(record.token.get()).some() {
            self.release(token);
        }
        let id = record.unique_process_id.get();
        if id != 0 {
            self.forget_console_member(id);
            self.identifiers.give_back(id);
        }
    }
}

/// Whether two settings are of the same variable.
fn same_variable(left: &str, right: &str) -> bool {
    let name = |setting: &str| setting.split('=').next().unwrap_or("").to_uppercase();
    name(left) == name(right)
}
