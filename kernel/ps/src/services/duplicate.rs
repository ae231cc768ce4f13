//! NtDuplicateObject.

use abi::access::{OBJ_INHERIT, OBJ_PROTECT_CLOSE, PROCESS_DUP_HANDLE};
use abi::cell::Link;
use abi::nt::object::ObjectBody;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use ob::{Handle, Handles, Kind};

use crate::executive::{CURRENT_PROCESS, CURRENT_THREAD, Executive};
use crate::platform::Platform;

const DUPLICATE_CLOSE_SOURCE: u32 = 1;
const DUPLICATE_SAME_ACCESS: u32 = 2;
const DUPLICATE_SAME_ATTRIBUTES: u32 = 4;
/// The generic rights and "as much as possible", of which the type has a say.
const EVERYTHING: u32 = abi::access::GENERIC_ALL;

impl<P: Platform> Executive<P> {
    /// Without a target process the handle is only closed, where that is asked for.
    pub(super) fn duplicate_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[from_process, from, to_process, to_at, access, attributes, options] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.probe_optional(to_at)?;
        let source = self.process_by_handle(from_process, PROCESS_DUP_HANDLE)?;
        let target = match to_process {
            0 => None,
            handle => Some(self.process_by_handle(handle, PROCESS_DUP_HANDLE)?),
        };
        let (body, kind, granted, old) = self.named_in(source, from)?;
        self.objects().reference(body);
        let made = target.map(|target| {
            let rights = if options & DUPLICATE_SAME_ACCESS != 0 { granted } else { kind.rights(access) };
            // What the handle allows is not asked for again.
            let rights = if rights & !granted == 0 { rights } else { self.granted_rights(body, kind, access)? };
            let attributes = if options & DUPLICATE_SAME_ATTRIBUTES != 0 { old } else { attributes & OBJ_INHERIT };
            self.handles_of(target)
                .and_then(|handles| Ok(handles.insert(body, rights, attributes & !OBJ_PROTECT_CLOSE)?))
        });
        if options & DUPLICATE_CLOSE_SOURCE != 0
            && let Ok(closed) = self.handles_of(source).and_then(|handles| handles.close(Handle(from)))
        {
            self.dispose(source, closed);
        }
        self.release(body);
        if let Some(handle) = made.transpose()? {
            self.write_optional(to_at, handle.0)?;
        }
        Ok(NtStatus::SUCCESS)
    }

    fn handles_of(&self, process: Link<Eprocess>) -> Result<Handles<'_, P>, NtStatus> {
        let table = self.machine_record(process).object_table.get().some();
        Ok(self.objects().handles(table.ok_or(NtStatus::PROCESS_IS_TERMINATING)?))
    }

    /// The object that `handle` names in `process`, its type, and the rights and attributes of the handle.
    fn named_in(&self, process: Link<Eprocess>, handle: u32) -> Result<(Link<ObjectBody>, Kind, u32, u32), NtStatus> {
        match handle {
            CURRENT_PROCESS => Ok((self.current_process().cast(), Kind::Process, Kind::Process.rights(EVERYTHING), 0)),
            CURRENT_THREAD => {
                Ok((self.platform().current_thread().cast(), Kind::Thread, Kind::Thread.rights(EVERYTHING), 0))
            }
            _ => {
                let opened = self.handles_of(process)?.get_any(Handle(handle))?;
                Ok((opened.body, opened.kind, opened.granted_access, opened.attributes))
            }
        }
    }
}
