//! Exceptions: from the kernel, or from a program, to the handlers; and unwinding. Who is asked and what follows is decided in
//! `user-support`; here are the ways in and out.
//!
//! A thread that has an exception goes on at [`KiUserExceptionDispatcher`] with the record and its registers on the stack. If
//! a handler wants it to go on, NtContinue makes it; if nobody does, NtRaiseException says so, and that is the end.

mod last_resort;
pub(super) mod stubs;
mod vectored;

use abi::nt::context::{EXCEPTION_NONCONTINUABLE, ExceptionRecord};
use user_ffi::{ThisProcess, peb, teb};
use user_support::exception::{Answer, Dispatch, Purpose, Thread, Unwind, dispatch, unwind};
use user_support::memory::Memory;
use user_support::status::Status;

use super::failure::terminate;
use super::services::{NtContinue, NtRaiseException};

pub(super) use last_resort::{VadoseCallUnderLastResort, last_resort, prepare_last_resort};
use stubs::{RtlRaiseException, call_handler, exception_guard, unwind_guard};

/// Offsets in a record.
mod record {
    pub(super) const FLAGS: u32 = 0x4;
    pub(super) const ADDRESS: u32 = 0xC;
}
/// Offsets in a context.
mod context {
    pub(super) const EAX: u32 = 0xB0;
    pub(super) const EIP: u32 = 0xB8;
}

fn memory() -> ThisProcess {
    // SAFETY: the records and contexts that handlers see too are only reached by address.
    unsafe { ThisProcess::new() }
}

/// The running thread, with the context that its handlers are shown.
struct Running {
    memory: ThisProcess,
    context: u32,
}

impl core::ops::Deref for Running {
    type Target = ThisProcess;
    fn deref(&self) -> &ThisProcess {
        &self.memory
    }
}

impl Thread for Running {
    fn chain(&self) -> u32 {
        teb().exception_list()
    }

    fn set_chain(&self, registration: u32) {
        teb().set_exception_list(registration);
    }

    fn stack(&self) -> (u32, u32) {
        (teb().stack_limit(), teb().stack_base())
    }

    fn call(&self, purpose: Purpose, handler: u32, registration: u32, record: u32) -> Answer {
        let guard = match purpose {
            Purpose::Exception => exception_guard,
            Purpose::Unwind => unwind_guard,
        };
        let mut dispatcher = 0;
        // SAFETY: the program registered the handler; the rest are addresses of what it is to be shown.
        let disposition = unsafe {
            call_handler(guard as *const () as u32, handler, registration, record, self.context, &mut dispatcher)
        };
        Answer { disposition, registration: dispatcher }
    }
}

/// Asks everybody who may want the exception; whether the thread goes on.
fn ask(record: u32, context: u32) -> bool {
    if vectored::ask(record, context) {
        return true;
    }
    match dispatch(&Running { memory: memory(), context }, record) {
        Dispatch::Handled => true,
        Dispatch::Unhandled => false,
        Dispatch::Raise(status) => raise_following(status, record),
    }
}

/// Raises an exception that cannot be continued and that follows from the one at `nested`, or from none.
fn raise_following(status: Status, nested: u32) -> ! {
    let mut record = ExceptionRecord::new(status.0, 0, &[]);
    record.flags = EXCEPTION_NONCONTINUABLE;
    record.nested = nested;
    // SAFETY: the record lives until somebody has ended the thread.
    unsafe { RtlRaiseException(&raw mut record) };
    terminate(status.0)
}

/// What the kernel's way in leads to.
extern "system" fn dispatch_from_kernel(record: u32, context: u32) -> ! {
    let handled = ask(record, context);
    leave(handled, record, context)
}

/// Goes on with the context, or tells the kernel that nobody wants to.
fn leave(handled: bool, record: u32, context: u32) -> ! {
    let (record_at, context_at) = (record as *const u8, context as *const u8);
    let refused = if handled {
        // SAFETY: whoever handled the exception wants the thread to have these registers.
        unsafe { NtContinue(context_at, 0) }
    } else {
        // SAFETY: the service ends the process, or reads what it refuses.
        unsafe { NtRaiseException(record_at, context_at, 0) }
    };
    raise_following(Status(refused), record)
}

/// `RtlRaiseException(record)`, with the caller's registers at `context`.
extern "system" fn raise(arguments: u32, context: u32) -> ! {
    let record = memory().read_u32(arguments);
    memory().write_u32(record + record::ADDRESS, memory().read_u32(context + context::EIP));
    raise_with(record, context)
}

fn raise_with(record: u32, context: u32) -> ! {
    if peb().being_debugged() {
        // SAFETY: the debugger's turn comes first; then the exception arrives as one of the processor's would.
        let refused = unsafe { NtRaiseException(record as *const u8, context as *const u8, 1) };
        raise_following(Status(refused), record)
    }
    leave(ask(record, context), record, context)
}

/// `RtlRaiseStatus(status)`, with the caller's registers at `context`.
extern "system" fn raise_status(arguments: u32, context: u32) -> ! {
    let status = memory().read_u32(arguments);
    let mut record = ExceptionRecord::new(status, memory().read_u32(context + context::EIP), &[]);
    record.flags = EXCEPTION_NONCONTINUABLE;
    raise_with(&raw mut record as u32, context)
}

/// `RtlUnwind(target, _, record, result)`, with the caller's registers at `context`: it returns to its caller with all of them
/// but EAX, which is the result.
extern "system" fn unwind_to(arguments: u32, context: u32) -> ! {
    let argument = |index: u32| memory().read_u32(arguments + 4 * index);
    let mut own = ExceptionRecord::new(Status::UNWIND.0, memory().read_u32(context + context::EIP), &[]);
    let record = match argument(2) {
        0 => &raw mut own as u32,
        record => record,
    };
    memory().write_u32(context + context::EAX, argument(3));
    match unwind(&Running { memory: memory(), context }, argument(0), record) {
        Unwind::Reached => leave(true, record, context),
        Unwind::Exhausted => leave(false, record, context),
        Unwind::Raise(status) => raise_following(status, record),
    }
}
