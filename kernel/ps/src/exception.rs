//! Exceptions of programs: from what the processor or a program raised to ntdll's dispatcher in ring 3, or to the end.
//!
//! A first chance puts the record and the context on the thread's stack and lets the thread go on in
//! `KiUserExceptionDispatcher`, which finds there, from ESP up: the address of the record, that of the context, the record
//! as far as it has parameters, and the context. Where the stack cannot take them, and for a second chance, the process ends
//! with the exception's code.
//!
//! Source: `KiUserExceptionDispatcher`'s arguments, and XP's codes and parameters of each exception, as debuggers show them.

use alloc::format;
use alloc::string::String;

use abi::cell::Link;
use abi::nt::context::{
    CONTEXT_DEBUG_REGISTERS, CONTEXT_EXTENDED_REGISTERS, CONTEXT_FLOATING_POINT, CONTEXT_FULL, Context, ExceptionRecord,
};
use abi::nt::thread::Ethread;
use abi::status::NtStatus;
use abi::trap_frame::TrapFrame;
use mm::protection::Access;

use crate::context::{acknowledge, begin_at, set_status, sse_exception, status, x87_exception};
use crate::endings::Ending;
use crate::executive::Executive;
use crate::platform::Platform;

/// Vectors of the processor's exceptions.
mod vector {
    pub const DIVIDE: u32 = 0;
    pub const DEBUG: u32 = 1;
    pub const BREAKPOINT: u32 = 3;
    pub const OVERFLOW: u32 = 4;
    pub const BOUND: u32 = 5;
    pub const INVALID_TASK: u32 = 10;
    pub const NOT_PRESENT: u32 = 11;
    pub const STACK: u32 = 12;
    pub const PROTECTION: u32 = 13;
    pub const FLOATING_POINT: u32 = 16;
    pub const ALIGNMENT: u32 = 17;
    pub const SIMD: u32 = 19;
}

const FLAG_TRAP: u32 = 1 << 8;
const FLAG_V86: u32 = 1 << 17;
/// A bit of an exception's code that belongs to the system.
const RESERVED_CODE_BIT: u32 = 1 << 28;
/// The parameter of an access violation that no address explains.
const NO_ADDRESS: u32 = u32::MAX;

impl<P: Platform> Executive<P> {
    /// The processor's exception `vector`, no page fault, interrupted ring 3 at `frame`.
    #[doc(alias = "KiDispatchException")]
    pub fn user_exception(&self, frame: &TrapFrame, vector: u32) {
        let eip = frame.eip.get();
        let record = match vector {
            vector::DIVIDE => simple(NtStatus::INTEGER_DIVIDE_BY_ZERO, eip),
            vector::DEBUG => {
                // The handler is not stepped, nor is what goes on after it, unless it asks for that.
                frame.eflags.update(|flags| flags & !FLAG_TRAP);
                frame.restore_fully();
                set_status(frame, self.platform().take_debug_status());
                simple(NtStatus::SINGLE_STEP, eip)
            }
            vector::BREAKPOINT => {
                let parameters = [0, frame.ecx.get(), frame.edx.get()];
                ExceptionRecord::new(NtStatus::BREAKPOINT.0, eip.wrapping_sub(1), &parameters)
            }
            vector::OVERFLOW => simple(NtStatus::INTEGER_OVERFLOW, eip.wrapping_sub(1)),
            vector::BOUND => simple(NtStatus::ARRAY_BOUNDS_EXCEEDED, eip),
            vector::INVALID_TASK | vector::NOT_PRESENT | vector::STACK => violation(eip),
            vector::PROTECTION if self.is_privileged_at(eip) => simple(NtStatus::PRIVILEGED_INSTRUCTION, eip),
            vector::PROTECTION => violation(eip),
            vector::FLOATING_POINT => self.x87_record(eip),
            vector::ALIGNMENT => simple(NtStatus::DATATYPE_MISALIGNMENT, eip),
            vector::SIMD => ExceptionRecord::new(sse_exception(&self.own_floating_point()).0, eip, &[0]),
            _ => simple(NtStatus::ILLEGAL_INSTRUCTION, eip),
        };
        self.raise_in(frame, record, vector == vector::FLOATING_POINT);
    }

    /// A page fault in ring 3 that was refused with `status`.
    pub fn user_page_fault(&self, frame: &TrapFrame, address: u32, access: Access, status: NtStatus) {
        let access = match access {
            Access::Read => 0,
            Access::Write => 1,
            Access::Execute => 8,
        };
        let eip = frame.eip.get();
        let record = match status {
            NtStatus::ACCESS_VIOLATION | NtStatus::GUARD_PAGE_VIOLATION | NtStatus::STACK_OVERFLOW => {
                ExceptionRecord::new(status.0, eip, &[access, address])
            }
            // What kept the page away is the third parameter: the disk, or another reason.
            NtStatus::IN_PAGE_ERROR => {
                ExceptionRecord::new(status.0, eip, &[access, address, NtStatus::DEVICE_DATA_ERROR.0])
            }
            cause => ExceptionRecord::new(NtStatus::IN_PAGE_ERROR.0, eip, &[access, address, cause.0]),
        };
        self.raise_in(frame, record, false);
    }

    fn raise_in(&self, frame: &TrapFrame, record: ExceptionRecord, of_x87: bool) {
        // No processor lets a program into V86 mode, but QEMU does: such a frame lies elsewhere, and nobody handles it.
        if frame.eflags.get() & FLAG_V86 != 0 {
            self.unhandled_exception(&record);
        }
        let thread = self.platform().current_thread();
        let mut context = self.context_for_handler(thread);
        if record.code == NtStatus::SINGLE_STEP.0 {
            context.plain.dr6 = status(frame);
        }
        if of_x87 {
            self.acknowledge_x87(thread);
        }
        self.dispatch_exception(thread, record, context);
    }

    /// Raises what `record` says in the running thread, which goes on in its handler with the registers it has now.
    pub(crate) fn raise_exception(&self, mut record: ExceptionRecord) {
        record.code &= !RESERVED_CODE_BIT;
        let thread = self.platform().current_thread();
        let context = self.context_for_handler(thread);
        self.dispatch_exception(thread, record, context);
    }

    fn context_for_handler(&self, thread: Link<Ethread>) -> Context {
        let mut flags = CONTEXT_FULL | CONTEXT_FLOATING_POINT | CONTEXT_DEBUG_REGISTERS;
        if self.platform().floating_point_form() == crate::context::Form::Extended {
            flags |= CONTEXT_EXTENDED_REGISTERS;
        }
        let mut context = Context::ZERO;
        context.plain.flags = flags;
        self.capture_context(thread, &mut context.plain, Some(&mut context.extended_registers));
        context
    }

    fn dispatch_exception(&self, thread: Link<Ethread>, mut record: ExceptionRecord, mut context: Context) {
        if record.code == NtStatus::BREAKPOINT.0 {
            context.plain.eip = context.plain.eip.wrapping_sub(1);
        }
        let Some(dispatcher) = self.ntdll.get().map(|ntdll| ntdll.entries.exception_dispatcher) else {
            self.unhandled_exception(&record)
        };
        loop {
            match self.push_exception(&record, &context) {
                Ok(esp) => return begin_at(self.user_frame(thread), dispatcher, esp),
                // The last page of the stack is usable now: the overflow is what there is to handle.
                Err(NtStatus::STACK_OVERFLOW) if record.code != NtStatus::STACK_OVERFLOW.0 => {
                    record = simple(NtStatus::STACK_OVERFLOW, record.address);
                }
                Err(_) => self.unhandled_exception(&record),
            }
        }
    }

    /// Stores what the dispatcher finds on the stack; the stack pointer then.
    fn push_exception(&self, record: &ExceptionRecord, context: &Context) -> Result<u32, NtStatus> {
        let context_at = (context.plain.esp & !3).wrapping_sub(size_of::<Context>() as u32);
        let length = ExceptionRecord::HEADER_WORDS + record.parameters().len();
        let record_at = context_at.wrapping_sub(length as u32 * 4);
        let esp = record_at.wrapping_sub(8);
        let mut words = [0; Context::WORDS];
        context.to_words(&mut words);
        self.write_words(esp, &[record_at, context_at])?;
        self.write_words(record_at, &record.to_words()[..length])?;
        self.write_words(context_at, &words)?;
        Ok(esp)
    }

    fn own_floating_point(&self) -> crate::context::Image {
        let thread = self.machine_record(self.platform().current_thread());
        self.platform().floating_point(thread.tcb.stack_base.get())
    }

    /// The x87 reports an exception at the next x87 instruction; the record names the one that caused it.
    fn x87_record(&self, eip: u32) -> ExceptionRecord {
        let (status, cause) = x87_exception(&self.own_floating_point(), self.platform().floating_point_form());
        ExceptionRecord::new(status.0, cause.unwrap_or(eip), &[0])
    }

    fn acknowledge_x87(&self, thread: Link<Ethread>) {
        let stack = self.machine_record(thread).tcb.stack_base.get();
        let mut image = self.platform().floating_point(stack);
        acknowledge(&mut image, self.platform().floating_point_form());
        self.platform().set_floating_point(stack, &image);
    }

    /// Ends the current process: nobody handled the exception.
    pub(crate) fn unhandled_exception(&self, record: &ExceptionRecord) -> ! {
        self.record_exception(record.code, record.address, record.parameters());
        self.exit_process(NtStatus(record.code))
    }

    /// Keeps what there is to say of an exception that ends the current process.
    pub(crate) fn record_exception(&self, code: u32, address: u32, parameters: &[u32]) {
        let id = self.machine_record(self.current_process()).unique_process_id.get();
        let detail = detail(code, parameters);
        self.endings.record(id, Ending::Exception { status: NtStatus(code), address, detail });
    }
}

/// What a program did to memory, for people.
fn detail(code: u32, parameters: &[u32]) -> String {
    const WITH_ADDRESS: [NtStatus; 4] =
        [NtStatus::ACCESS_VIOLATION, NtStatus::IN_PAGE_ERROR, NtStatus::GUARD_PAGE_VIOLATION, NtStatus::STACK_OVERFLOW];
    match *parameters {
        [access, address, ..] if WITH_ADDRESS.contains(&NtStatus(code)) => {
            let verb = match access {
                0 => "read of",
                1 => "write to",
                _ => "execution of",
            };
            format!(" ({verb} {address:08X})")
        }
        _ => String::new(),
    }
}

fn simple(status: NtStatus, address: u32) -> ExceptionRecord {
    ExceptionRecord::new(status.0, address, &[])
}

/// An access violation that the processor gives no address for.
fn violation(address: u32) -> ExceptionRecord {
    ExceptionRecord::new(NtStatus::ACCESS_VIOLATION.0, address, &[0, NO_ADDRESS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_an_address_names_one() {
        let violation = NtStatus::ACCESS_VIOLATION.0;
        assert_eq!(detail(violation, &[0, 0x8000_0000]), " (read of 80000000)");
        assert_eq!(detail(violation, &[1, 0]), " (write to 00000000)");
        assert_eq!(detail(violation, &[8, 0x1234]), " (execution of 00001234)");
        assert_eq!(detail(violation, &[0, NO_ADDRESS]), " (read of FFFFFFFF)");
        assert_eq!(detail(violation, &[]), "");
        assert_eq!(detail(NtStatus::IN_PAGE_ERROR.0, &[0, 0x1000, 0xC000_009C]), " (read of 00001000)");
        assert_eq!(detail(0xE06D_7363, &[1, 2, 3]), "");
    }
}
