//! The system services: from a number and a place on the program's stack to an answer.
//!
//! Arguments are captured before anything else, every pointer is probed, and a service that is refused has changed nothing.
//! What lies behind a service belongs to the rooms below; here is only what a program can get wrong.

mod arguments;
mod awe;
mod change_notice;
mod context;
mod create_process;
mod debug_control;
mod device;
mod directory;
mod directory_object;
mod duplicate;
mod event;
mod file;
mod file_information;
mod frame_information;
mod io_completion;
mod job;
mod job_limits;
mod lock;
mod memory;
mod mutant;
mod name_space;
mod notice;
mod object;
mod object_information;
mod open;
mod paging_file;
mod picture;
mod pipe;
mod pipe_control;
mod pipe_write;
mod power;
mod process;
mod process_information;
mod process_list;
mod section;
mod semaphore;
mod system_information;
mod system_time;
mod thread;
mod thread_information;
mod timer;
mod token;
mod view;
mod volume;
mod wait;
mod working_set;
mod write_watch;

pub(crate) use lock::Others;
pub(crate) use timer::active_timers;

use core::mem::MaybeUninit;

use abi::nt::dispatcher::{Kevent, Kmutant, Kqueue, Ksemaphore};
use abi::nt::job::Ejob;
use abi::nt::name_space::{ObjectDirectory, ObjectSymbolicLink};
use abi::nt::section::SectionObject;
use abi::nt::timer::Etimer;
use abi::service::{MAXIMUM_ARGUMENTS, Service};
use abi::status::NtStatus;

use crate::executive::Executive;
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    /// Answers the service `number`, whose arguments stand at user address `arguments`.
    #[doc(alias = "KiSystemService")]
    #[inline]
    pub fn system_call(&self, number: u32, arguments: u32) -> NtStatus {
        match self.answer(number, arguments) {
            Err(status @ (NtStatus::COMMITMENT_LIMIT | NtStatus::NO_MEMORY | NtStatus::INSUFFICIENT_RESOURCES)) => {
                self.answer_again(number, arguments, status)
            }
            Ok(status) | Err(status) => status,
        }
    }

    /// A service that was refused because the commit limit would be passed has changed nothing: it is tried again for as long
    /// as paging files grow. So is one that lacks a frame for a page table or for pool, for as long as there may be one.
    #[cold]
    #[inline(never)]
    fn answer_again(&self, number: u32, arguments: u32, status: NtStatus) -> NtStatus {
        let (mut status, mut waited) = (status, 0);
        loop {
            match status {
                NtStatus::COMMITMENT_LIMIT if self.extend_paging_files() => {}
                NtStatus::COMMITMENT_LIMIT => {
                    self.tell_memory_limits();
                    return status;
                }
                NtStatus::NO_MEMORY | NtStatus::INSUFFICIENT_RESOURCES if self.await_lacking_frame(waited) => {
                    // What was refused is asked for again.
                    self.count_refusals(0);
                    waited += 1;
                }
                status => return status,
            }
            match self.answer(number, arguments) {
                Ok(status) => return status,
                Err(refusal) => status = refusal,
            }
        }
    }

    #[inline(always)]
    fn answer(&self, number: u32, arguments: u32) -> Result<NtStatus, NtStatus> {
        match Service::from_number(number) {
            None => Err(NtStatus::INVALID_SYSTEM_SERVICE),
            // What programs call most reads its own number of words.
            Some(Service::NtAllocateVirtualMemory) => self.allocate_virtual_memory(arguments),
            Some(Service::NtFreeVirtualMemory) => self.free_virtual_memory(arguments),
            Some(Service::NtProtectVirtualMemory) => self.protect_virtual_memory(arguments),
            Some(Service::NtQueryVirtualMemory) => self.query_virtual_memory(arguments),
            Some(Service::NtYieldExecution) => self.yield_execution(),
            Some(Service::NtSetEvent) => self.set_event(arguments),
            Some(Service::NtWaitForSingleObject) => self.wait_for_single_object(arguments),
            Some(_) => self.serve(number, arguments),
        }
    }

    #[inline(always)]
    fn arguments<const COUNT: usize>(&self, at: u32) -> Result<[u32; COUNT], NtStatus> {
        self.platform().read_user_array(at)
    }

    #[inline(never)]
    fn serve(&self, number: u32, arguments: u32) -> Result<NtStatus, NtStatus> {
        let mut room = [const { MaybeUninit::uninit() }; MAXIMUM_ARGUMENTS];
        let count = Service::arguments_of(number).ok_or(NtStatus::INVALID_SYSTEM_SERVICE)? as usize;
        let room = room.get_mut(..count).ok_or(NtStatus::INVALID_SYSTEM_SERVICE)?;
        let words = self.platform().capture_user_words(arguments, room)?;
        let answer = match Service::from_number(number) {
            Some(service) => self.serve_with(service, words),
            None => Err(NtStatus::INVALID_SYSTEM_SERVICE),
        };
        // Whoever watches hears of it before the caller goes on.
        self.report_changes();
        answer
    }

    #[inline(always)]
    fn serve_with(&self, service: Service, words: &[u32]) -> Result<NtStatus, NtStatus> {
        match service {
            Service::NtLockVirtualMemory => self.lock_virtual_memory(words),
            Service::NtUnlockVirtualMemory => self.unlock_virtual_memory(words),
            Service::NtReadVirtualMemory => self.read_virtual_memory(words),
            Service::NtWriteVirtualMemory => self.write_virtual_memory(words),
            Service::NtGetWriteWatch => self.get_write_watch(words),
            Service::NtResetWriteWatch => self.reset_write_watch(words),
            Service::NtAllocateUserPhysicalPages => self.allocate_user_physical_pages(words),
            Service::NtFreeUserPhysicalPages => self.free_user_physical_pages(words),
            Service::NtMapUserPhysicalPages => self.map_user_physical_pages(words),
            Service::NtMapUserPhysicalPagesScatter => self.map_user_physical_pages_scatter(words),
            Service::NtCreateSection => self.create_section(words),
            Service::NtOpenSection => self.open_object::<SectionObject>(words),
            Service::NtMapViewOfSection => self.map_view_of_section(words),
            Service::NtUnmapViewOfSection => self.unmap_view_of_section(words),
            Service::NtQuerySection => self.query_section(words),
            Service::NtExtendSection => self.extend_section(words),
            Service::NtFlushVirtualMemory => self.flush_virtual_memory(words),
            Service::NtAreMappedFilesTheSame => self.are_mapped_files_the_same(words),
            Service::NtNotifyChangeDirectoryFile => self.notify_change_directory_file(words),
            Service::NtCancelIoFile => self.cancel_io_file(words),
            Service::NtOpenFile => self.open_file(words),
            Service::NtCreateFile => self.create_file(words),
            Service::NtCreatePagingFile => self.create_paging_file_for(words),
            Service::NtCreateNamedPipeFile => self.create_named_pipe_file(words),
            Service::NtFsControlFile => self.fs_control_file(words),
            Service::NtReadFile => self.read_file(words),
            Service::NtWriteFile => self.write_file(words),
            Service::NtFlushBuffersFile => self.flush_buffers_file(words),
            Service::NtLockFile => self.lock_file(words),
            Service::NtUnlockFile => self.unlock_file(words),
            Service::NtQueryInformationFile => self.query_information_file(words),
            Service::NtSetInformationFile => self.set_information_file(words),
            Service::NtQueryVolumeInformationFile => self.query_volume_information_file(words),
            Service::NtQueryAttributesFile => self.query_attributes_file(words),
            Service::NtQueryFullAttributesFile => self.query_full_attributes_file(words),
            Service::NtDeleteFile => self.delete_file(words),
            Service::NtQueryDirectoryFile => self.query_directory_file(words),
            Service::NtQueryDirectoryObject => self.query_directory_object(words),
            Service::NtDeviceIoControlFile => self.device_io_control_file(words),
            Service::NtShutdownSystem => self.shutdown_system(words),
            Service::NtDisplayString => self.display_string(words),
            Service::NtSystemDebugControl => self.system_debug_control(words),
            Service::NtClose => self.close_handle(words),
            Service::NtCreateProcess => self.create_process_as_nt4(words),
            Service::NtCreateProcessEx => self.create_process_ex(words),
            Service::NtOpenProcess => self.open_process(words),
            Service::NtTerminateProcess => self.terminate_process(words),
            Service::NtTerminateThread => self.terminate_thread(words),
            Service::NtRaiseHardError => self.raise_hard_error(words),
            Service::NtDelayExecution => self.delay_execution(words),
            Service::NtContinue => self.continue_with(words),
            Service::NtGetContextThread => self.get_context_thread(words),
            Service::NtSetContextThread => self.set_context_thread(words),
            Service::NtCreateEvent => self.create_event(words),
            Service::NtOpenEvent => self.open_object::<Kevent>(words),
            Service::NtResetEvent => self.reset_event(words),
            Service::NtClearEvent => self.clear_event(words),
            Service::NtPulseEvent => self.pulse_event(words),
            Service::NtQueryEvent => self.query_event(words),
            Service::NtCreateSemaphore => self.create_semaphore(words),
            Service::NtOpenSemaphore => self.open_object::<Ksemaphore>(words),
            Service::NtReleaseSemaphore => self.release_semaphore(words),
            Service::NtQuerySemaphore => self.query_semaphore(words),
            Service::NtCreateMutant => self.create_mutant(words),
            Service::NtOpenMutant => self.open_object::<Kmutant>(words),
            Service::NtReleaseMutant => self.release_mutant(words),
            Service::NtQueryMutant => self.query_mutant(words),
            Service::NtCreateTimer => self.create_timer(words),
            Service::NtOpenTimer => self.open_object::<Etimer>(words),
            Service::NtSetSystemInformation => self.set_system_information(words),
            Service::NtSetSystemTime => self.set_system_time(words),
            Service::NtCreateIoCompletion => self.create_io_completion(words),
            Service::NtOpenIoCompletion => self.open_object::<Kqueue>(words),
            Service::NtQueryIoCompletion => self.query_io_completion(words),
            Service::NtSetIoCompletion => self.set_io_completion(words),
            Service::NtRemoveIoCompletion => self.remove_io_completion(words),
            Service::NtCreateJobObject => self.create_job_object(words),
            Service::NtOpenJobObject => self.open_object::<Ejob>(words),
            Service::NtAssignProcessToJobObject => self.assign_process_to_job_object(words),
            Service::NtIsProcessInJob => self.is_process_in_job(words),
            Service::NtTerminateJobObject => self.terminate_job_object(words),
            Service::NtQueryInformationJobObject => self.query_information_job_object(words),
            Service::NtSetInformationJobObject => self.set_information_job_object(words),
            Service::NtSetTimer => self.set_timer(words),
            Service::NtCancelTimer => self.cancel_timer(words),
            Service::NtQueryTimer => self.query_timer(words),
            Service::NtCreateDirectoryObject => self.create_directory_object(words),
            Service::NtOpenDirectoryObject => self.open_object::<ObjectDirectory>(words),
            Service::NtCreateSymbolicLinkObject => self.create_symbolic_link_object(words),
            Service::NtOpenSymbolicLinkObject => self.open_object::<ObjectSymbolicLink>(words),
            Service::NtQuerySymbolicLinkObject => self.query_symbolic_link_object(words),
            Service::NtMakeTemporaryObject => self.make_temporary_object(words),
            Service::NtWaitForMultipleObjects => self.wait_for_multiple_objects(words),
            Service::NtQueryObject => self.query_object(words),
            Service::NtSetInformationObject => self.set_information_object(words),
            Service::NtDuplicateObject => self.duplicate_object(words),
            Service::NtCreateThread => self.create_thread(words),
            Service::NtOpenThread => self.open_thread(words),
            Service::NtSuspendThread => self.suspend_thread(words),
            Service::NtResumeThread => self.resume_thread(words),
            Service::NtAlertThread => self.alert_thread(words),
            Service::NtAlertResumeThread => self.alert_resume_thread(words),
            Service::NtTestAlert => self.test_alert(),
            Service::NtQueueApcThread => self.queue_apc_thread(words),
            Service::NtQueryInformationThread => self.query_information_thread(words),
            Service::NtSetInformationThread => self.set_information_thread(words),
            Service::NtOpenProcessToken => self.open_process_token(words),
            Service::NtOpenProcessTokenEx => self.open_process_token_ex(words),
            Service::NtOpenThreadToken => self.open_thread_token(words),
            Service::NtOpenThreadTokenEx => self.open_thread_token_ex(words),
            Service::NtQueryInformationToken => self.query_information_token(words),
            Service::NtAdjustPrivilegesToken => self.adjust_privileges_token(words),
            Service::NtPrivilegeCheck => self.privilege_check(words),
            Service::NtDuplicateToken => self.duplicate_token(words),
            Service::NtRaiseException => self.raise_from_program(words),
            Service::NtFlushInstructionCache => self.flush_instruction_cache(words),
            Service::NtQuerySystemTime => self.query_system_time(words),
            Service::NtQueryPerformanceCounter => self.query_performance_counter(words),
            Service::NtQueryInformationProcess => self.query_information_process(words),
            Service::NtSetInformationProcess => self.set_information_process(words),
            Service::NtQuerySystemInformation => self.query_system_information(words),
            _ => Err(NtStatus::NOT_IMPLEMENTED),
        }
    }
}
