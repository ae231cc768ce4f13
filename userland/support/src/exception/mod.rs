//! Structured exception handling: who is asked, in which order, and what follows from the answers.
//!
//! Each thread has a chain of registrations on its stack, the innermost first: two words, the address of the next one and of
//! the handler. Nothing in the chain is believed: whoever overran a buffer may have written it.
//!
//! * **E1** A registration lies whole within the stack, at a multiple of four, and above the one before it; so the walk ends.
//! * **E2** A handler does not lie on the stack.
//!
//! Source: public descriptions of XP SP2's exception dispatcher; `winnt.h` for flags and dispositions.

mod vectored;

pub use vectored::VectoredHandlers;

use crate::memory::Memory;
use crate::status::Status;

/// Ends the chain.
pub const END_OF_CHAIN: u32 = 0xFFFF_FFFF;

/// Flags of an exception.
pub mod flags {
    /// Nobody may go on where it happened.
    pub const NONCONTINUABLE: u32 = 0x1;
    /// Handlers are told to give up.
    pub const UNWINDING: u32 = 0x2;
    /// All of them are.
    pub const EXIT_UNWIND: u32 = 0x4;
    /// The chain cannot be followed to its end.
    pub const STACK_INVALID: u32 = 0x8;
    /// A handler caused an exception itself.
    pub const NESTED_CALL: u32 = 0x10;
}

/// What a handler answered.
mod disposition {
    pub(super) const CONTINUE_EXECUTION: u32 = 0;
    pub(super) const CONTINUE_SEARCH: u32 = 1;
    pub(super) const NESTED_EXCEPTION: u32 = 2;
    pub(super) const COLLIDED_UNWIND: u32 = 3;
}

/// Offset of `ExceptionFlags` in a record.
const RECORD_FLAGS: u32 = 4;
const REGISTRATION_SIZE: u32 = 8;

/// Why a handler is called: which guard stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be asked: an exception in it is a nested one.
    Exception,
    /// To give up: an unwind that reaches it has collided.
    Unwind,
}

/// What calling a handler gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its disposition; anything at all.
    pub disposition: u32,
    /// The registration that a nested exception or a collided unwind is about.
    pub registration: u32,
}

/// The running thread.
pub trait Thread: Memory {
    /// Head of its chain.
    fn chain(&self) -> u32;
    /// Replaces the head.
    fn set_chain(&self, registration: u32);
    /// Its stack: the lowest address and the one past it.
    fn stack(&self) -> (u32, u32);
    /// Calls `handler` of `registration` with the record at `record`.
    fn call(&self, purpose: Purpose, handler: u32, registration: u32, record: u32) -> Answer;
}

/// What became of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatch {
    /// The thread goes on with the context.
    Handled,
    /// Nobody wanted it.
    Unhandled,
    /// This exception follows from it, and cannot be continued.
    Raise(Status),
}

/// How an unwind ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwind {
    /// At the target: the caller goes on.
    Reached,
    /// At the end of the chain, without having met a target.
    Exhausted,
    /// This exception follows from it, and cannot be continued.
    Raise(Status),
}

/// Asks the handlers of the chain about the exception whose record lies at `record`.
#[doc(alias = "RtlDispatchException")]
pub fn dispatch(thread: &impl Thread, record: u32) -> Dispatch {
    let mut registration = thread.chain();
    let mut lowest = 0;
    let mut nested = 0;
    while registration != END_OF_CHAIN {
        let Some(handler) = handler_of(thread, registration, lowest) else {
            change_flags(thread, record, |flags| flags | flags::STACK_INVALID);
            return Dispatch::Unhandled;
        };
        let answer = thread.call(Purpose::Exception, handler, registration, record);
        if registration == nested {
            change_flags(thread, record, |flags| flags & !flags::NESTED_CALL);
            nested = 0;
        }
        match answer.disposition {
            disposition::CONTINUE_EXECUTION if flags_of(thread, record) & flags::NONCONTINUABLE != 0 => {
                return Dispatch::Raise(Status::NONCONTINUABLE_EXCEPTION);
            }
            disposition::CONTINUE_EXECUTION => return Dispatch::Handled,
            disposition::CONTINUE_SEARCH if flags_of(thread, record) & flags::STACK_INVALID != 0 => {
                return Dispatch::Unhandled;
            }
            disposition::CONTINUE_SEARCH => {}
            disposition::NESTED_EXCEPTION => {
                change_flags(thread, record, |flags| flags | flags::NESTED_CALL);
                nested = nested.max(answer.registration);
            }
            _ => return Dispatch::Raise(Status::INVALID_DISPOSITION),
        }
        lowest = registration + REGISTRATION_SIZE;
        registration = thread.read_u32(registration);
    }
    Dispatch::Unhandled
}

/// Tells the handlers of all registrations before `target` (or of all, for 0) to give up, and takes them off the chain.
#[doc(alias = "RtlUnwind")]
pub fn unwind(thread: &impl Thread, target: u32, record: u32) -> Unwind {
    let exit = if target == 0 { flags::EXIT_UNWIND } else { 0 };
    change_flags(thread, record, |flags| flags | flags::UNWINDING | exit);
    let mut registration = thread.chain();
    let mut lowest = 0;
    while registration != END_OF_CHAIN && registration != target {
        if target != 0 && target < registration {
            return Unwind::Raise(Status::INVALID_UNWIND_TARGET);
        }
        let Some(handler) = handler_of(thread, registration, lowest) else {
            return Unwind::Raise(Status::BAD_STACK);
        };
        let answer = thread.call(Purpose::Unwind, handler, registration, record);
        match answer.disposition {
            disposition::CONTINUE_SEARCH => {}
            // Another unwind was at work on this registration: it is done with, and this one goes on from there.
            disposition::COLLIDED_UNWIND if handler_of(thread, answer.registration, registration).is_some() => {
                registration = answer.registration;
            }
            _ => return Unwind::Raise(Status::INVALID_DISPOSITION),
        }
        lowest = registration + REGISTRATION_SIZE;
        registration = thread.read_u32(registration);
        thread.set_chain(registration);
    }
    match registration {
        END_OF_CHAIN if target != END_OF_CHAIN => Unwind::Exhausted,
        _ => Unwind::Reached,
    }
}

/// The handler of `registration`, if E1 and E2 hold.
fn handler_of(thread: &impl Thread, registration: u32, lowest: u32) -> Option<u32> {
    let (bottom, top) = thread.stack();
    let end = registration.checked_add(REGISTRATION_SIZE)?;
    if registration < bottom.max(lowest) || end > top || registration & 3 != 0 {
        return None;
    }
    let handler = thread.read_u32(registration + 4);
    (!(bottom..top).contains(&handler)).then_some(handler)
}

fn flags_of(thread: &impl Thread, record: u32) -> u32 {
    thread.read_u32(record + RECORD_FLAGS)
}

fn change_flags(thread: &impl Thread, record: u32, change: impl FnOnce(u32) -> u32) {
    thread.write_u32(record + RECORD_FLAGS, change(flags_of(thread, record)));
}

#[cfg(test)]
mod tests;
