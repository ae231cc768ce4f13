//! Directories and symbolic links of the name space, as services.

use abi::access::{DELETE, SYMBOLIC_LINK_QUERY};
use abi::cell::Link;
use abi::nt::name_space::{ObjectDirectory, ObjectSymbolicLink};
use abi::status::NtStatus;
use ob::Handle;

use crate::executive::Executive;
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    pub(super) fn create_directory_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(handle_at)?;
        self.create_object::<ObjectDirectory>(access, attributes_at, handle_at, |_| Ok(()))
    }

    /// The target need not be there, nor even be a name.
    pub(super) fn create_symbolic_link_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, target_at] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.probe_word(handle_at)?;
        let lengths = self.read_word(target_at)?;
        let (length, maximum) = (lengths & 0xFFFF, lengths >> 16);
        if length & 1 != 0 || maximum == 0 || length > maximum {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let target = self.read_string(target_at)?;
        let time = self.platform().system_time();
        self.create_object::<ObjectSymbolicLink>(access, attributes_at, handle_at, |link| {
            Ok(self.objects().set_target(link, &target, time)?)
        })
    }

    /// Stores the target in the buffer of the UNICODE_STRING at `target_at`. Who wants to know how many bytes it has gets it with
    /// a zero behind it, which counts then, and learns the number also if the buffer is too small.
    pub(super) fn query_symbolic_link_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, target_at, length_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let (lengths, buffer) = (self.probe_word(target_at)?, self.read_word(target_at.wrapping_add(4))?);
        self.probe_optional(length_at)?;
        let link: Link<ObjectSymbolicLink> = self.current_handles().get(Handle(handle), SYMBOLIC_LINK_QUERY)?;
        let target = self.objects().text(&self.machine_record(link).link_target)?;
        let length = target.len() as u32 * 2;
        let zero: &[u16] = if length_at == 0 { &[] } else { &[0] };
        let stored = length + zero.len() as u32 * 2;
        let room = lengths >> 16;
        if room < stored {
            self.write_optional(length_at, stored)?;
            return Err(NtStatus::BUFFER_TOO_SMALL);
        }
        self.check_buffer(buffer, room)?;
        let mut bytes = crate::buffer::room(stored as usize)?;
        bytes.extend(target.iter().chain(zero).flat_map(|unit| unit.to_le_bytes()));
        self.platform().write_user(buffer, &bytes)?;
        self.write_word(target_at, room << 16 | length)?;
        self.write_optional(length_at, stored)?;
        Ok(NtStatus::SUCCESS)
    }

    pub(super) fn make_temporary_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let opened = self.current_handles().get_any(Handle(handle))?;
        if opened.granted_access & DELETE == 0 {
            return Err(NtStatus::ACCESS_DENIED);
        }
        self.objects().make_temporary(opened.body);
        Ok(NtStatus::SUCCESS)
    }
}
