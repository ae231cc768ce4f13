//! Processes: how one is made from an image, and how it is taken apart.

use alloc::format;
use alloc::string::String;
use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::peb::Peb;
use abi::nt::process::{Eprocess, process_flags};
use abi::nt::section::SectionObject;
use abi::nt::teb::Teb;
use abi::status::NtStatus;
use ke::NORMAL_PRIORITY;
use mm::layout::{HIGHEST_VAD_ADDRESS, PAGE_SIZE, VirtualAddress};
use mm::section::ImageInformation;

use crate::endings::Ending;
use crate::executive::Executive;
use crate::parameters::Parameters;
use crate::plan::{Console, Job};
use crate::platform::{Platform, Stream};

/// Number of the System process.
pub(crate) const SYSTEM_ID: u32 = 4;
/// Where DLLs are, and the system's own.
pub(crate) const SYSTEM_DIRECTORY: &str = "C:\\WINDOWS\\system32";
/// Stack of a first thread whose image does not say, in bytes.
const DEFAULT_STACK: u32 = 0x10_0000;
const SMALLEST_STACK: u32 = 0x1_0000;

impl<P: Platform> Executive<P> {
    /// Gives the first process its name and number. Its address space is the one the boot code made, with its
    /// page-directory-pointer table at physical address `pointer_table`.
    pub(crate) fn describe_system_process(&self, pointer_table: u32) {
        let record = self.machine_record(self.system_process);
        record.pcb.directory_table_base[0].set(pointer_table);
        self.describe_process(self.system_process, "System");
        self.enlist_process(self.system_process);
    }

    fn describe_process(&self, process: Link<Eprocess>, name: &str) {
        let record = self.machine_record(process);
        let directory_table = record.pcb.directory_table_base[0].get();
        ke::initialise_process(self.platform(), process.cast(), NORMAL_PRIORITY, directory_table);
        for offset in [offset_of!(Eprocess, thread_list_head), offset_of!(Eprocess, physical_vad_list)] {
            mm::list::initialise(self.platform(), process.offset(offset as u32));
        }
        let id = self.next_id.get();
        self.next_id.set(id + 4);
        record.unique_process_id.set(id);
        record.create_time.set(self.platform().system_time());
        for (cell, byte) in record.image_file_name.iter().take(15).zip(name.bytes()) {
            cell.set(byte);
        }
    }

    fn enlist_process(&self, process: Link<Eprocess>) {
        let links = process.offset(offset_of!(Eprocess, active_process_links) as u32);
        mm::list::insert_tail(self.platform(), self.active_processes, links);
    }

    /// All processes, oldest first.
    pub fn processes(&self) -> impl Iterator<Item = Link<Eprocess>> + '_ {
        let offset = offset_of!(Eprocess, active_process_links) as u32;
        mm::list::entries(self.platform(), self.active_processes).map(move |entry| Link::new(entry.address() - offset))
    }

    pub(crate) fn process_by_id(&self, id: u32) -> Option<Link<Eprocess>> {
        self.processes()
            .find(|process| self.machine_record(*process).unique_process_id.get() == id && self.is_alive(*process))
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
    #[doc(alias = "NtCreateProcessEx")]
    pub fn start(&self, job: &Job<'_>) -> Result<Link<Eprocess>, Ending> {
        let refusal = |status: NtStatus| Ending::Loader(status, format!("{} cannot be started: {status}", job.image));
        let section = self.image_section(job.image).map_err(refusal)?;
        let process = match self.create_process(job) {
            Ok(process) => process,
            Err(status) => {
                self.release(section);
                return Err(refusal(status));
            }
        };
        let filled = self.fill_process(process, section, job);
        self.release(section);
        match filled {
            Ok(()) => Ok(process),
            Err(status) => {
                self.attached(process, |space| space.clean(|section| self.delete_section(section)));
                self.close_all_handles(process);
                self.delete_process(process);
                Err(refusal(status))
            }
        }
    }

    /// The image section of the file at DOS path `path`.
    pub(crate) fn image_section(&self, path: &str) -> Result<Link<SectionObject>, NtStatus> {
        let object = self.open_image(path)?;
        let section = self.create_image_section(object);
        self.release(object);
        section
    }

    /// A process with an empty address space and its standard handles.
    fn create_process(&self, job: &Job<'_>) -> Result<Link<Eprocess>, NtStatus> {
        let process = self.objects().create::<Eprocess>()?;
        let name = job.image.rsplit('\\').next().unwrap_or(job.image);
        self.describe_process(process, name);
        let record = self.machine_record(process);
        if let Err(exhausted) = self.mm().create_address_space(process) {
            self.release(process);
            return Err(exhausted.into());
        }
        record.flags.set(process_flags::HAS_ADDRESS_SPACE | process_flags::ADDRESS_SPACE_INITIALIZED);
        record.inherited_from_unique_process_id.set(SYSTEM_ID);
        match self.objects().create_handle_table(process, record.unique_process_id.get()) {
            Ok(table) => record.object_table.set(table),
            Err(exhausted) => {
                self.mm().delete_address_space(process);
                self.release(process);
                return Err(exhausted.into());
            }
        }
        self.enlist_process(process);
        Ok(process)
    }

    /// Maps image and ntdll, makes PEB, TEB, parameters, stack and the first thread.
    fn fill_process(
        &self,
        process: Link<Eprocess>,
        section: Link<SectionObject>,
        job: &Job<'_>,
    ) -> Result<(), NtStatus> {
        let ntdll = self.ntdll.get().ok_or(NtStatus::DLL_NOT_FOUND)?;
        let before = self.current_process();
        self.attach(process);
        let prepared = self.prepare_user_space(process, section, job);
        self.attach(before);
        let (teb, stack_pointer) = prepared?;
        self.create_user_thread(process, teb, ntdll.entries.initialize_thunk, stack_pointer)
    }

    /// The same, in the new address space: the TEB, and where the stack pointer starts.
    fn prepare_user_space(
        &self,
        process: Link<Eprocess>,
        section: Link<SectionObject>,
        job: &Job<'_>,
    ) -> Result<(u32, u32), NtStatus> {
        let ntdll = self.ntdll.get().ok_or(NtStatus::DLL_NOT_FOUND)?;
        let space = self.mm().address_space(process);
        let image = space.map_image(self.control_area_of(section), None)?;
        let base = image.start.address().0;
        let information = self.mm().image_information(self.control_area_of(section));
        self.machine_record(process).section_base_address.set(base);
        let ntdll_view = space.map_image(self.control_area_of(ntdll.section), None)?;
        if ntdll_view.place != mm::section::Place::AtBase {
            return Err(NtStatus::CONFLICTING_ADDRESSES);
        }
        let highest = VirtualAddress(HIGHEST_VAD_ADDRESS).page();
        let peb = space.allocate_block(highest)?.address().0;
        let teb = space.allocate_block(highest)?.address().0;
        let parameters = self.write_parameters(process, job)?;
        let (low, limit, top) = self.create_user_stack(process, information)?;
        self.write_peb(peb, base, parameters, information)?;
        self.write_teb(process, teb, peb, (low, limit, top))?;
        self.machine_record(process).peb.set(peb);
        // As if LdrInitializeThunk(0, ntdll, 0) had been called from nowhere.
        let stack_pointer = top - 16;
        for (index, word) in [0, 0, ntdll_view.start.address().0, 0].into_iter().enumerate() {
            self.write_word(stack_pointer + index as u32 * 4, word)?;
        }
        Ok((teb, stack_pointer))
    }

    /// Reserves the first thread's stack and commits its upper end, over a guard page: bottom, limit and top.
    #[doc(alias = "RtlCreateUserStack")]
    fn create_user_stack(
        &self,
        process: Link<Eprocess>,
        image: &ImageInformation,
    ) -> Result<(u32, u32, u32), NtStatus> {
        use abi::memory::{MEM_COMMIT, MEM_RESERVE, PAGE_GUARD, PAGE_READWRITE};
        use mm::virtual_memory::AllocateFlags;
        let space = self.mm().address_space(process);
        let wanted = match image.maximum_stack_size.get() {
            0 => DEFAULT_STACK,
            size => size.min(0x4000_0000),
        };
        let reserve = wanted.max(SMALLEST_STACK).next_multiple_of(0x1_0000);
        let commit = image.committed_stack_size.get().min(reserve - 3 * PAGE_SIZE).max(1).next_multiple_of(PAGE_SIZE);
        let range = space.allocate(AllocateFlags::check(0, MEM_RESERVE, PAGE_READWRITE)?, 0, reserve)?;
        let (low, top) = (range.base(), range.base() + range.bytes());
        let limit = top - commit;
        space.allocate(AllocateFlags::check(0, MEM_COMMIT, PAGE_READWRITE)?, limit, commit)?;
        let guard = AllocateFlags::check(0, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD)?;
        space.allocate(guard, limit - PAGE_SIZE, PAGE_SIZE)?;
        Ok((low, limit, top))
    }

    /// Writes environment and process parameters; where the parameters are.
    fn write_parameters(&self, process: Link<Eprocess>, job: &Job<'_>) -> Result<u32, NtStatus> {
        use abi::memory::{MEM_COMMIT, MEM_RESERVE, PAGE_READWRITE};
        use mm::virtual_memory::AllocateFlags;
        let parameters = self.parameters(process, job)?;
        let size = parameters.to_block(0).bytes.len() as u32;
        let flags = AllocateFlags::check(0, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)?;
        let base = self.mm().address_space(process).allocate(flags, 0, size)?.base();
        let block = parameters.to_block(base);
        self.platform().write_user(base, &block.bytes)?;
        Ok(base + block.structure)
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
        use abi::access::{FILE_GENERIC_READ, FILE_GENERIC_WRITE};
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
            let inserted = self.objects().handles(table).insert(object, access, 0);
            self.release(object);
            *handle = inserted?.0;
        }
        Ok(handles)
    }

    fn write_peb(&self, peb: u32, base: u32, parameters: u32, image: &ImageInformation) -> Result<(), NtStatus> {
        let version = image.subsystem_version.get();
        let words = [
            (offset_of!(Peb, mutant), u32::MAX),
            (offset_of!(Peb, image_base_address), base),
            (offset_of!(Peb, process_parameters), parameters),
            (offset_of!(Peb, number_of_processors), 1),
            (offset_of!(Peb, heap_segment_reserve), 0x10_0000),
            (offset_of!(Peb, heap_segment_commit), 0x2000),
            (offset_of!(Peb, heap_decommit_total_free_threshold), 0x1_0000),
            (offset_of!(Peb, heap_decommit_free_block_threshold), 0x1000),
            (offset_of!(Peb, os_major_version), 5),
            (offset_of!(Peb, os_minor_version), 1),
            (offset_of!(Peb, os_build_number), 2600 | 0x300 << 16),
            (offset_of!(Peb, os_platform_id), 2),
            (offset_of!(Peb, image_subsystem), image.subsystem.get()),
            (offset_of!(Peb, image_subsystem_major_version), version >> 16),
            (offset_of!(Peb, image_subsystem_minor_version), version & 0xFFFF),
            (offset_of!(Peb, image_process_affinity_mask), 1),
        ];
        words.into_iter().try_for_each(|(offset, word)| self.write_word(peb + offset as u32, word))
    }

    fn write_teb(
        &self,
        process: Link<Eprocess>,
        teb: u32,
        peb: u32,
        (low, limit, top): (u32, u32, u32),
    ) -> Result<(), NtStatus> {
        let id = self.machine_record(process).unique_process_id.get();
        let words = [
            (0x00, u32::MAX),
            (0x04, top),
            (0x08, limit),
            (0x18, teb),
            (offset_of!(Teb, client_id), id),
            (offset_of!(Teb, client_id) + 4, id + 4),
            (offset_of!(Teb, process_environment_block), peb),
            (offset_of!(Teb, deallocation_stack), low),
        ];
        words.into_iter().try_for_each(|(offset, word)| self.write_word(teb + offset as u32, word))
    }

    /// Closes every handle of `process` and gives up its table.
    pub(crate) fn close_all_handles(&self, process: Link<Eprocess>) {
        let record = self.machine_record(process);
        let Some(table) = record.object_table.get().some() else { return };
        while let Some(closed) = self.objects().handles(table).close_any() {
            self.dispose(closed);
        }
        record.object_table.set(Link::NULL);
        self.objects().delete_handle_table(table);
    }

    /// Takes what is left of a process that nobody runs in: its address space and the caller's reference.
    pub(crate) fn delete_process(&self, process: Link<Eprocess>) {
        let record = self.machine_record(process);
        record.flags.update(|flags| flags & !process_flags::HAS_ADDRESS_SPACE | process_flags::VM_DELETED);
        self.mm().delete_address_space(process);
        mm::list::remove(self.platform(), process.offset(offset_of!(Eprocess, active_process_links) as u32));
        self.release(process);
    }
}

/// Whether two settings are of the same variable.
fn same_variable(left: &str, right: &str) -> bool {
    let name = |setting: &str| setting.split('=').next().unwrap_or("").to_uppercase();
    name(left) == name(right)
}
