//! Tokens, as services.
//!
//! Source: documented parameters and refusals of NtOpenProcessToken, NtQueryInformationToken, NtAdjustPrivilegesToken,
//! NtPrivilegeCheck and NtDuplicateToken.

use alloc::vec::Vec;

use abi::access::{
    OBJ_INHERIT, PROCESS_QUERY_INFORMATION, THREAD_QUERY_INFORMATION, TOKEN_ADJUST_PRIVILEGES, TOKEN_DUPLICATE,
    TOKEN_QUERY, TOKEN_QUERY_SOURCE,
};
use abi::cell::Link;
use abi::nt::token::Token;
use abi::status::NtStatus;
use ob::{Handle, Kind};
use se::{Change, class, privilege::attribute};

use crate::buffer::room;
use crate::executive::Executive;
use crate::platform::Platform;

/// Bytes of a LUID_AND_ATTRIBUTES, and of a PRIVILEGE_SET without any.
const PRIVILEGE: u32 = 12;
const SET_HEAD: u32 = 8;
/// `PRIVILEGE_SET_ALL_NECESSARY`.
const ALL_NECESSARY: u32 = 1;
/// Most privileges that a request may name: more than there are.
const MOST: u32 = 0x400;

impl<P: Platform> Executive<P> {
    pub(super) fn open_process_token(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, access, handle_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.open_process_token_ex(&[process, access, 0, handle_at])
    }

    pub(super) fn open_process_token_ex(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, access, attributes, handle_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(handle_at)?;
        let process = self.any_process_by_handle(process, PROCESS_QUERY_INFORMATION)?;
        let token = self.token_of(process);
        self.objects().reference(token);
        let handle = self.insert_handle_with(token, Kind::Token.rights(access), attributes & OBJ_INHERIT)?;
        self.write_word(handle_at, handle)?;
        Ok(NtStatus::SUCCESS)
    }

    /// No thread has a token of its own.
    pub(super) fn open_thread_token(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[thread, _, _, handle_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(handle_at)?;
        self.thread_by_handle(thread, THREAD_QUERY_INFORMATION)?;
        Err(NtStatus::NO_TOKEN)
    }

    pub(super) fn open_thread_token_ex(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[thread, access, as_self, _, handle_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.open_thread_token(&[thread, access, as_self, handle_at])
    }

    pub(super) fn query_information_token(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(returned_at)?;
        let right = if class == class::SOURCE { TOKEN_QUERY_SOURCE } else { TOKEN_QUERY };
        let token = self.token_by_handle(handle, right)?;
        let words = se::information(self.machine_record(token), token, class, buffer);
        let words = words.ok_or(NtStatus::INVALID_INFO_CLASS)?;
        let needed = 4 * words.len() as u32;
        self.write_word(returned_at, needed)?;
        if length < needed {
            return Err(NtStatus::BUFFER_TOO_SMALL);
        }
        self.write_words(buffer, &words)?;
        Ok(NtStatus::SUCCESS)
    }

    pub(super) fn adjust_privileges_token(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, disable_all, wanted_at, length, previous_at, returned_at] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let disable_all = disable_all & 0xFF != 0;
        if !disable_all && wanted_at == 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        if previous_at != 0 {
            self.probe_word(returned_at)?;
        }
        let changes = if disable_all { Vec::new() } else { self.read_privileges(wanted_at, 4)? };
        let query = if previous_at != 0 { TOKEN_QUERY } else { 0 };
        let link = self.token_by_handle(handle, TOKEN_ADJUST_PRIVILEGES | query)?;
        let token = self.machine_record(link);
        let changes = (!disable_all).then_some(&changes[..]);
        if previous_at != 0 {
            // What there is no room for must not happen.
            let before = se::adjust(token, changes, false).before;
            let needed = 4 + PRIVILEGE * before.len() as u32;
            self.write_word(returned_at, needed)?;
            if length < needed {
                return Err(NtStatus::BUFFER_TOO_SMALL);
            }
            self.write_privileges(previous_at, &before)?;
        }
        let adjusted = se::adjust(token, changes, true);
        Ok(if adjusted.some_absent { NtStatus::NOT_ALL_ASSIGNED } else { NtStatus::SUCCESS })
    }

    /// Whether the privileges of a set are on: all of them, or any, as the set says. Those that are, are marked.
    pub(super) fn privilege_check(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, set_at, result_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let token = self.token_by_handle(handle, TOKEN_QUERY)?;
        let control = self.read_word(set_at.wrapping_add(4))?;
        let set = self.read_privileges(set_at, SET_HEAD)?;
        let on = |change: &Change| {
            u32::try_from(change.luid).is_ok_and(|number| se::holds(self.machine_record(token), number))
        };
        let held = set.iter().filter(|change| on(change)).count();
        for (change, at) in set.iter().zip((set_at.wrapping_add(SET_HEAD)..).step_by(PRIVILEGE as usize)) {
            if on(change) {
                self.write_word(at + 8, change.attributes | attribute::USED_FOR_ACCESS)?;
            }
        }
        let all = control & ALL_NECESSARY != 0;
        let granted = if all { held == set.len() } else { held > 0 };
        self.platform().write_user(result_at, &[u8::from(granted)])?;
        Ok(NtStatus::SUCCESS)
    }

    /// Another token, for a process or a thread as asked.
    pub(super) fn duplicate_token(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, access, attributes_at, _, kind, handle_at] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.probe_word(handle_at)?;
        if !matches!(kind, 1 | 2) {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let attributes = self.read_attributes(attributes_at)?;
        let opened = self.current_handles().get_any(Handle(handle))?;
        let token = self.token_by_handle(handle, TOKEN_DUPLICATE)?;
        let copy = self.copy_token(token)?;
        self.machine_record(copy).token_type.set(kind);
        // Without an access that is asked for, the same.
        let access = if access == 0 { opened.granted_access } else { Kind::Token.rights(access) };
        let handle = self.insert_handle_with(copy, access, attributes)?;
        self.write_word(handle_at, handle)?;
        Ok(NtStatus::SUCCESS)
    }

    fn token_by_handle(&self, handle: u32, access: u32) -> Result<Link<Token>, NtStatus> {
        self.current_handles().get(Handle(handle), access)
    }

    /// The privileges that stand `head` bytes behind `at`, where their number is.
    fn read_privileges(&self, at: u32, head: u32) -> Result<Vec<Change>, NtStatus> {
        let count = self.read_word(at)?;
        if count > MOST {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let mut changes = room(count as usize)?;
        for index in 0..count {
            let at = at.wrapping_add(head).wrapping_add(index * PRIVILEGE);
            changes.push(Change { luid: self.read_long(at)?, attributes: self.read_word(at.wrapping_add(8))? });
        }
        Ok(changes)
    }

    fn write_privileges(&self, at: u32, privileges: &[Change]) -> Result<(), NtStatus> {
        self.write_word(at, privileges.len() as u32)?;
        for (privilege, at) in privileges.iter().zip((at.wrapping_add(4)..).step_by(PRIVILEGE as usize)) {
            self.write_long(at, privilege.luid)?;
            self.write_word(at + 8, privilege.attributes)?;
        }
        Ok(())
    }
}
