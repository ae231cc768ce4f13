//! NtQueryObject and NtSetInformationObject: what is known of objects, of their types, and of handles to them.
//!
//! Source: `OBJECT_INFORMATION_CLASS` and the structures of public headers (`ntifs.h`, `winternl.h`); lengths and statuses as the
//! tests of public projects found them on XP.

use abi::access::{OBJ_INHERIT, OBJ_PERMANENT, OBJ_PROTECT_CLOSE};
use abi::access::{PROCESS_ALL_ACCESS, THREAD_ALL_ACCESS};
use abi::cell::Link;
use abi::nt::name_space::ObjectSymbolicLink;
use abi::nt::object::{ObjectBody, ObjectType, object_flags};
use abi::status::NtStatus;
use alloc::vec::Vec;
use ob::handle::Opened;
use ob::object::header_of;
use ob::{Handle, Kind};

use crate::buffer::{bytes_of_text, room};
use crate::executive::{CURRENT_PROCESS, CURRENT_THREAD, Executive};
use crate::platform::Platform;

/// Bytes that a type and its name take at most.
const LONGEST_TYPE: usize = 0x100;

/// Classes of information, under NT's numbers.
mod class {
    pub(super) const BASIC: u32 = 0;
    pub(super) const NAME: u32 = 1;
    pub(super) const TYPE: u32 = 2;
    pub(super) const TYPES: u32 = 3;
    pub(super) const HANDLE_FLAGS: u32 = 4;
}

/// Bytes of an OBJECT_BASIC_INFORMATION.
const BASIC_LENGTH: u32 = 56;
/// Bytes of an OBJECT_HANDLE_FLAG_INFORMATION: inherit, protect from close.
const HANDLE_FLAGS_LENGTH: u32 = 2;
/// Bytes of an OBJECT_TYPE_INFORMATION; the type's name follows.
const TYPE_LENGTH: u32 = 0x60;
/// Bytes of a UNICODE_STRING.
const STRING: u32 = 8;
/// Bytes of the zero behind a text.
const ZERO: u32 = 2;

impl<P: Platform> Executive<P> {
    pub(super) fn query_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.check_aligned_buffer(buffer, length, if class == class::HANDLE_FLAGS { 1 } else { 4 })?;
        self.probe_optional(returned_at)?;
        if class == class::TYPES {
            return self.give_whole(&self.types_information(buffer)?, buffer, length, returned_at);
        }
        let opened = self.any_by_handle(handle)?;
        let exactly = |wanted: u32, bytes: &[u8]| match length == wanted {
            true => self.give_whole(bytes, buffer, length, returned_at),
            false => Err(NtStatus::INFO_LENGTH_MISMATCH),
        };
        match class {
            class::BASIC => exactly(BASIC_LENGTH, &self.object_basic_information(&opened)?),
            class::NAME => self.query_name(opened.body, opened.kind, buffer, length, returned_at),
            class::TYPE => {
                let mut bytes = Vec::new();
                self.add_type(self.machine_record(self.objects().type_of(opened.kind)), buffer, &mut bytes);
                self.give_whole(&bytes, buffer, length, returned_at)
            }
            class::HANDLE_FLAGS if length < HANDLE_FLAGS_LENGTH => Err(NtStatus::INFO_LENGTH_MISMATCH),
            class::HANDLE_FLAGS => {
                let flags = [OBJ_INHERIT, OBJ_PROTECT_CLOSE].map(|flag| u8::from(opened.attributes & flag != 0));
                self.give_whole(&flags, buffer, length, returned_at)
            }
            _ => Err(NtStatus::INVALID_INFO_CLASS),
        }
    }

    /// Stores an answer and how long it is; only the latter where there is no room.
    fn give_whole(&self, bytes: &[u8], buffer: u32, length: u32, returned_at: u32) -> Result<NtStatus, NtStatus> {
        let fits = bytes.len() <= length as usize;
        if fits {
            self.platform().write_user(buffer, bytes)?;
        }
        self.write_optional(returned_at, bytes.len() as u32)?;
        if fits { Ok(NtStatus::SUCCESS) } else { Err(NtStatus::INFO_LENGTH_MISMATCH) }
    }

    /// What `handle` leads to, pseudo handles among them.
    fn any_by_handle(&self, handle: u32) -> Result<Opened, NtStatus> {
        let (body, kind, granted_access) = match handle {
            CURRENT_PROCESS => (self.current_process().cast(), Kind::Process, PROCESS_ALL_ACCESS),
            CURRENT_THREAD => (self.platform().current_thread().cast(), Kind::Thread, THREAD_ALL_ACCESS),
            _ => return self.current_handles().get_any(Handle(handle)),
        };
        Ok(Opened { body, kind, granted_access, attributes: 0 })
    }

    /// OBJECT_BASIC_INFORMATION. Pool is not charged, and there are no security descriptors.
    fn object_basic_information(&self, opened: &Opened) -> Result<Vec<u8>, NtStatus> {
        let header = self.machine_record(header_of(opened.body));
        let permanent = if header.flags.get() & object_flags::PERMANENT_OBJECT != 0 { OBJ_PERMANENT } else { 0 };
        let name = self.objects().path_of(opened.body)?.len() as u32 * 2;
        let name_information = if name == 0 { 0 } else { STRING + name + ZERO };
        let kind = self.machine_record(self.objects().type_of(opened.kind));
        let created = match opened.kind {
            Kind::SymbolicLink => self.machine_record(opened.body.cast::<ObjectSymbolicLink>()).creation_time.get(),
            _ => 0,
        };
        let words = [
            opened.attributes | permanent,
            opened.granted_access,
            header.handle_count.get(),
            // XP counts the reference that the question itself takes.
            header.pointer_count.get() + 1,
            0,
            0,
            0,
            0,
            0,
            name_information,
            TYPE_LENGTH + u32::from(kind.name.length.get()) + ZERO,
            0,
            created as u32,
            (created >> 32) as u32,
        ];
        Ok(words.iter().flat_map(|word| word.to_le_bytes()).collect())
    }

    /// OBJECT_NAME_INFORMATION: an empty string for what has no name; for files, whose names are not the object manager's, as
    /// much as there is room for.
    #[doc(alias = "ObQueryNameString")]
    pub(super) fn query_name(
        &self,
        body: Link<ObjectBody>,
        kind: Kind,
        buffer: u32,
        length: u32,
        returned_at: u32,
    ) -> Result<NtStatus, NtStatus> {
        let is_file = kind == Kind::File;
        let name = match kind {
            Kind::File => self.path_of_file(body.cast())?,
            _ => self.objects().path_of(body)?,
        };
        let needed = STRING + if name.is_empty() { 0 } else { name.len() as u32 * 2 + ZERO };
        if length < STRING && is_file {
            self.write_optional(returned_at, 0)?;
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let status = match length < needed {
            true if is_file => {
                let fits = &name[..(length - STRING) as usize / 2];
                let text = bytes_of_text(fits)?;
                let bytes = text.len() as u32;
                self.write_words(buffer, &[bytes | bytes << 16, buffer + STRING])?;
                self.platform().write_user(buffer + STRING, &text)?;
                NtStatus::BUFFER_OVERFLOW
            }
            true => NtStatus::INFO_LENGTH_MISMATCH,
            false if name.is_empty() => {
                self.write_words(buffer, &[0, 0])?;
                NtStatus::SUCCESS
            }
            false => {
                self.write_counted_text(buffer, &name)?;
                NtStatus::SUCCESS
            }
        };
        self.write_optional(returned_at, needed)?;
        Ok(status)
    }

    /// OBJECT_TYPES_INFORMATION, to lie at `buffer`: how many types there are, and all of them.
    fn types_information(&self, buffer: u32) -> Result<Vec<u8>, NtStatus> {
        let mut bytes = room(self.objects().types().len() * LONGEST_TYPE)?;
        bytes.extend(0u32.to_le_bytes());
        let mut count = 0u32;
        for kind in self.objects().types().iter().map_while(|kind| kind.get().some()) {
            self.add_type(self.machine_record(kind), buffer, &mut bytes);
            count += 1;
        }
        bytes[..4].copy_from_slice(&count.to_le_bytes());
        Ok(bytes)
    }

    /// Adds the OBJECT_TYPE_INFORMATION of `kind` and its name to `bytes`, which are to lie at `buffer`.
    fn add_type(&self, kind: &ObjectType, buffer: u32, bytes: &mut Vec<u8>) {
        let (name, type_info) = (&kind.name, &kind.type_info);
        let mapping = &type_info.generic_mapping;
        let length = u32::from(name.length.get());
        let name_at = buffer.wrapping_add(bytes.len() as u32 + TYPE_LENGTH);
        let mut words = [0; TYPE_LENGTH as usize / 4];
        words[..4].copy_from_slice(&[
            length | (length + ZERO) << 16,
            name_at,
            kind.total_number_of_objects.get(),
            kind.total_number_of_handles.get(),
        ]);
        words[8] = kind.high_water_number_of_objects.get();
        words[9] = kind.high_water_number_of_handles.get();
        words[14..].copy_from_slice(&[
            type_info.invalid_attributes.get(),
            mapping.generic_read.get(),
            mapping.generic_write.get(),
            mapping.generic_execute.get(),
            mapping.generic_all.get(),
            type_info.valid_access_mask.get(),
            u32::from(type_info.security_required.get()) | u32::from(type_info.maintain_handle_count.get()) << 8,
            type_info.pool_type.get(),
            type_info.default_paged_pool_charge.get(),
            type_info.default_non_paged_pool_charge.get(),
        ]);
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        let text = self.objects().text(name).unwrap_or_default();
        bytes.extend(text.iter().chain([&0]).flat_map(|unit| unit.to_le_bytes()));
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }

    pub(super) fn set_information_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if class != class::HANDLE_FLAGS {
            return Err(NtStatus::INVALID_INFO_CLASS);
        }
        if length != HANDLE_FLAGS_LENGTH {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let mut flags = [0; 2];
        self.platform().read_user(buffer, &mut flags)?;
        let [inherit, protect] = flags.map(|flag| flag != 0);
        let attributes = if inherit { OBJ_INHERIT } else { 0 } | if protect { OBJ_PROTECT_CLOSE } else { 0 };
        self.current_handles().set_attributes(Handle(handle), attributes)?;
        Ok(NtStatus::SUCCESS)
    }
}
