//! Making, opening and ending processes, as services.
//!
//! Source: documented parameters and refusals of NtCreateProcessEx, NtOpenProcess and NtTerminateProcess.

use abi::access::{OBJ_INHERIT, PROCESS_ALL_ACCESS, PROCESS_CREATE_PROCESS, PROCESS_TERMINATE, SECTION_MAP_EXECUTE};
use abi::status::NtStatus;
use ob::{Handle, Kind};

use crate::create::Inheritance;
use crate::executive::Executive;
use crate::platform::Platform;

/// Flags of NtCreateProcessEx: `PROCESS_CREATE_FLAGS_` BREAKAWAY, NO_DEBUG_INHERIT, INHERIT_HANDLES, OVERRIDE_ADDRESS_SPACE.
const KNOWN_FLAGS: u32 = 0xF;
const BREAKAWAY: u32 = 0x1;
const INHERIT_HANDLES: u32 = 0x4;
/// Offsets in OBJECT_ATTRIBUTES.
const OBJECT_NAME: u32 = 0x8;
const OBJECT_ATTRIBUTES: u32 = 0xC;

impl<P: Platform> Executive<P> {
    pub(super) fn create_process_ex(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, parent, flags, section, debug_port, exception_port, job_level] =
            arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.probe_word(handle_at)?;
        if parent == 0 || flags & !KNOWN_FLAGS != 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let attributes = self.handle_attributes(attributes_at)?;
        let parent = self.any_process_by_handle(parent, PROCESS_CREATE_PROCESS)?;
        // There are no sets of jobs, of which a process could be on a level.
        if job_level != 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        // Without a section NT copies the parent's address space, which this system cannot do.
        if section == 0 {
            return Err(NtStatus::NOT_SUPPORTED);
        }
        let section = self.section_by_handle(section, SECTION_MAP_EXECUTE)?;
        if !self.is_image(self.control_area_of(section)) {
            return Err(NtStatus::SECTION_NOT_IMAGE);
        }
        // There are neither debug objects nor ports that a handle could lead to.
        if let Some(port) = [debug_port, exception_port].into_iter().find(|port| *port != 0) {
            self.current_handles().get_any(Handle(port))?;
            return Err(NtStatus::OBJECT_TYPE_MISMATCH);
        }
        let inheritance = if flags & INHERIT_HANDLES == 0 { Inheritance::Nothing } else { Inheritance::Handles };
        let process = self.create_process(parent, section, inheritance)?;
        if let Err(status) = self.inherit_job(process, parent, flags & BREAKAWAY != 0) {
            self.release(process);
            return Err(status);
        }
        let handle = self.insert_handle_with(process, process_rights(access), attributes)?;
        self.write_word(handle_at, handle)?;
        Ok(NtStatus::SUCCESS)
    }

    /// The older form: whether handles are inherited is an argument of its own.
    pub(super) fn create_process_as_nt4(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, parent, inherit, section, debug_port, exception_port] = arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let flags = if inherit & 0xFF == 0 { 0 } else { INHERIT_HANDLES };
        self.create_process_ex(&[
            handle_at,
            access,
            attributes_at,
            parent,
            flags,
            section,
            debug_port,
            exception_port,
            0,
        ])
    }

    pub(super) fn open_process(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, client_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(handle_at)?;
        let name = self.read_word(attributes_at.wrapping_add(OBJECT_NAME))?;
        let attributes = self.read_word(attributes_at.wrapping_add(OBJECT_ATTRIBUTES))? & OBJ_INHERIT;
        if client_at == 0 || name != 0 {
            // Processes have no names: one that is asked for by name must not be asked for by number, and the other way round.
            return Err(NtStatus::INVALID_PARAMETER_MIX);
        }
        let (process, thread) = (self.read_word(client_at)?, self.read_word(client_at.wrapping_add(4))?);
        let process = match thread {
            0 => self.process_by_id(process),
            thread => self.process_of_thread(process, thread),
        };
        let process = process.ok_or(NtStatus::INVALID_CID)?;
        self.objects().reference(process);
        let handle = self.insert_handle_with(process, process_rights(access), attributes)?;
        self.write_word(handle_at, handle)?;
        Ok(NtStatus::SUCCESS)
    }

    /// A process that ends itself does not come back from here.
    pub(super) fn terminate_process(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, status] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        // Handle 0 is "all threads of mine but this one".
        if handle == 0 {
            self.condemn_other_threads(self.current_process(), NtStatus(status));
            return Ok(NtStatus::SUCCESS);
        }
        let process = self.any_process_by_handle(handle, PROCESS_TERMINATE)?;
        if process == self.current_process() {
            self.exit_process(NtStatus(status));
        }
        if !self.is_alive(process) {
            return Err(NtStatus::PROCESS_IS_TERMINATING);
        }
        if self.machine_record(process).active_threads.get() == 0 {
            // It never ran, and nobody would notice that it is to end.
            self.close_all_handles(process);
            return Ok(NtStatus::SUCCESS);
        }
        self.condemn_process(process, NtStatus(status));
        Ok(NtStatus::SUCCESS)
    }

    /// The attributes of the handle that is to be made, from the optional OBJECT_ATTRIBUTES at `at`.
    fn handle_attributes(&self, at: u32) -> Result<u32, NtStatus> {
        const LENGTH: u32 = 0x18;
        if at == 0 {
            return Ok(0);
        }
        if self.read_word(at)? != LENGTH {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        Ok(self.read_word(at.wrapping_add(OBJECT_ATTRIBUTES))? & OBJ_INHERIT)
    }
}

fn process_rights(access: u32) -> u32 {
    Kind::Process.rights(access) & PROCESS_ALL_ACCESS
}
