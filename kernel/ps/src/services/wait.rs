//! Waiting, as services.

use abi::access::SYNCHRONIZE;
use abi::cell::Link;
use abi::nt::dispatcher::{DispatcherHeader, MAXIMUM_WAIT_OBJECTS};
use abi::nt::file::FileObject;
use abi::nt::object::ObjectBody;
use abi::status::NtStatus;
use core::mem::offset_of;
use ke::{Alertable, EventKind, Ring, WaitKind, WaitReason, WaitTerms, initialise_event};
use ob::{Handle, Kind};

use crate::executive::{CURRENT_PROCESS, CURRENT_THREAD, Executive};
use crate::files::Opened;
use crate::platform::{Platform, Stream};
use crate::wait::Waited;

impl<P: Platform> Executive<P> {
    pub(super) fn wait_for_single_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, alertable, timeout_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let terms = self.wait_terms(alertable, timeout_at)?;
        let (body, header) = self.waitable(handle)?;
        Ok(self.wait_for_objects(Waited { headers: &[header], bodies: &[body] }, WaitKind::Any, &terms))
    }

    pub(super) fn wait_for_multiple_objects(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[count, handles_at, kind, alertable, timeout_at] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        if count == 0 || count as usize > MAXIMUM_WAIT_OBJECTS {
            return Err(NtStatus::INVALID_PARAMETER_1);
        }
        let kind = match kind {
            0 => WaitKind::All,
            1 => WaitKind::Any,
            _ => return Err(NtStatus::INVALID_PARAMETER_3),
        };
        let terms = self.wait_terms(alertable, timeout_at)?;
        let mut handles = [0; MAXIMUM_WAIT_OBJECTS];
        let handles = &mut handles[..count as usize];
        self.platform().read_user_words(handles_at, handles)?;
        let (mut headers, mut bodies) = ([Link::NULL; MAXIMUM_WAIT_OBJECTS], [Link::NULL; MAXIMUM_WAIT_OBJECTS]);
        let (headers, bodies) = (&mut headers[..handles.len()], &mut bodies[..handles.len()]);
        for (index, handle) in handles.iter().enumerate() {
            (bodies[index], headers[index]) = self.waitable(*handle)?;
        }
        let twice = |index: usize| headers[..index].contains(&headers[index]);
        if kind == WaitKind::All && (1..headers.len()).any(twice) {
            return Err(NtStatus::INVALID_PARAMETER_MIX);
        }
        Ok(self.wait_for_objects(Waited { headers, bodies }, kind, &terms))
    }

    /// A time of 0 lets another thread run.
    pub(super) fn delay_execution(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[alertable, interval_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let interval = self.read_long(interval_at)?;
        let terms = WaitTerms { reason: WaitReason::DelayExecution, ..self.terms_of(alertable, Some(interval)) };
        if interval == 0 && self.dispatcher.interruption(&terms).is_none() {
            self.yield_now();
            return Ok(NtStatus::SUCCESS);
        }
        Ok(match self.wait_for_objects(Waited { headers: &[], bodies: &[] }, WaitKind::Any, &terms) {
            NtStatus::TIMEOUT => NtStatus::SUCCESS,
            interrupted => interrupted,
        })
    }

    fn wait_terms(&self, alertable: u32, timeout_at: u32) -> Result<WaitTerms, NtStatus> {
        let timeout = if timeout_at == 0 { None } else { Some(self.read_long(timeout_at)?) };
        Ok(self.terms_of(alertable, timeout))
    }

    /// A negative `timeout` counts from now, another is a system time; none is for ever.
    fn terms_of(&self, alertable: u32, timeout: Option<u64>) -> WaitTerms {
        let deadline = timeout.map(|timeout| self.interrupt_time_of(timeout));
        let alertable = if alertable & 0xFF != 0 { Alertable::Yes } else { Alertable::No };
        WaitTerms { reason: WaitReason::UserRequest, mode: Ring::User, alertable, deadline }
    }

    /// The interrupt time of `time`: a negative one counts from now, another is a system time, and what is past is now.
    pub(super) fn interrupt_time_of(&self, time: u64) -> u64 {
        let units = match time as i64 {
            relative @ ..0 => relative.unsigned_abs(),
            0 => 0,
            absolute => (absolute as u64).saturating_sub(self.platform().system_time()),
        };
        self.platform().interrupt_time().saturating_add(units)
    }

    /// The object that `handle` names, and what of it can be waited for.
    ///
    /// # Errors
    /// INVALID_HANDLE, ACCESS_DENIED, OBJECT_TYPE_MISMATCH.
    fn waitable(&self, handle: u32) -> Result<(Link<ObjectBody>, Link<DispatcherHeader>), NtStatus> {
        let own: Link<ObjectBody> = match handle {
            CURRENT_PROCESS => self.current_process().cast(),
            CURRENT_THREAD => self.platform().current_thread().cast(),
            _ => Link::NULL,
        };
        if !own.is_null() {
            return Ok((own, own.cast()));
        }
        let opened = self.current_handles().get_any(Handle(handle))?;
        if opened.granted_access & SYNCHRONIZE == 0 {
            return Err(NtStatus::ACCESS_DENIED);
        }
        match opened.kind {
            Kind::Process | Kind::Thread | Kind::Event | Kind::Semaphore | Kind::Mutant | Kind::Timer | Kind::Job => {
                Ok((opened.body, opened.body.cast()))
            }
            Kind::File if self.opened(opened.body.cast()) == Opened::Stream(Stream::ConsoleInput) => {
                Ok((opened.body, self.console.has_records.cast()))
            }
            Kind::File => Ok((opened.body, self.file_event(opened.body.cast()))),
            Kind::Section
            | Kind::Type
            | Kind::Directory
            | Kind::SymbolicLink
            | Kind::Token
            | Kind::Device
            | Kind::IoCompletion => Err(NtStatus::OBJECT_TYPE_MISMATCH),
        }
    }

    /// The event of a file, which is set but while somebody waits for changes of a directory: all else is done when its service returns.
    pub(crate) fn file_event(&self, file: Link<FileObject>) -> Link<DispatcherHeader> {
        let event: Link<DispatcherHeader> = file.offset(offset_of!(FileObject, event) as u32);
        if self.machine_record(event).wait_list_head.flink.get().is_null() {
            initialise_event(self.platform(), event.cast(), EventKind::Notification, 1);
        }
        event
    }
}
