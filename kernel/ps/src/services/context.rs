//! Registers of threads, as services.

use core::mem::{MaybeUninit, offset_of};

use abi::access::{THREAD_GET_CONTEXT, THREAD_SET_CONTEXT};
use abi::cell::Link;
use abi::nt::context::{CONTEXT_EXTENDED_REGISTERS, Context, ExceptionRecord, MAXIMUM_PARAMETERS, PlainContext};
use abi::nt::thread::Ethread;
use abi::status::NtStatus;
use ob::Handle;

use crate::context::Image;
use crate::executive::{CURRENT_THREAD, Executive};
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    /// Goes on with other registers. Where that works the answer is EAX of the new ones: whoever stores it changes nothing.
    #[doc(alias = "NtContinue")]
    pub(super) fn continue_with(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[context_at, test_alert] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let mut extended = None;
        let context = self.read_context(context_at, &mut extended)?;
        let thread = self.platform().current_thread();
        if test_alert & 0xFF != 0 {
            self.dispatcher.test_alert();
        }
        self.set_context(thread, &context, extended.as_ref());
        Ok(NtStatus(self.user_frame(thread).eax.get()))
    }

    /// Raises an exception as if the thread with these registers had caused it. A second chance is the end of the process.
    #[doc(alias = "KiRaiseException")]
    pub(super) fn raise_from_program(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[record_at, context_at, first_chance] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let mut extended = None;
        let context = self.read_context(context_at, &mut extended)?;
        let record = self.read_exception_record(record_at)?;
        let thread = self.platform().current_thread();
        self.set_context(thread, &context, extended.as_ref());
        match first_chance & 0xFF {
            0 => self.unhandled_exception(&record),
            _ => self.raise_exception(record),
        }
        Ok(NtStatus(self.user_frame(thread).eax.get()))
    }

    /// The `EXCEPTION_RECORD` at user address `at`: as much of it as has parameters.
    ///
    /// # Errors
    /// INVALID_PARAMETER where it says that it has more than there is room for, and those of reading it.
    fn read_exception_record(&self, at: u32) -> Result<ExceptionRecord, NtStatus> {
        let mut words = [0; ExceptionRecord::WORDS];
        self.read_aligned_words(at, &mut words[..ExceptionRecord::HEADER_WORDS])?;
        let count = words[ExceptionRecord::HEADER_WORDS - 1] as usize;
        if count > MAXIMUM_PARAMETERS {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.read_aligned_words(at, &mut words[..ExceptionRecord::HEADER_WORDS + count])?;
        let read = ExceptionRecord::from_words(&words);
        // Read twice: the program may have changed its mind in between.
        Ok(ExceptionRecord { parameter_count: count as u32, ..read })
    }

    /// Only the parts that the flags there name are written.
    pub(super) fn get_context_thread(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, context_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let mut words = [0; Context::WORDS];
        self.read_aligned_words(context_at, &mut words)?;
        let mut context = Context::from_words(&words);
        let thread = self.thread_with_registers(handle, THREAD_GET_CONTEXT)?;
        self.capture_context(thread, &mut context.plain, Some(&mut context.extended_registers));
        context.to_words(&mut words);
        self.write_words(context_at, &words)?;
        Ok(NtStatus::SUCCESS)
    }

    /// A thread that is in a service gets the service's answer in EAX when it comes back.
    pub(super) fn set_context_thread(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, context_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let mut extended = None;
        let context = self.read_context(context_at, &mut extended)?;
        let thread = self.thread_with_registers(handle, THREAD_SET_CONTEXT)?;
        self.set_context(thread, &context, extended.as_ref());
        Ok(NtStatus::SUCCESS)
    }

    /// The thread of a program that `handle` names.
    fn thread_with_registers(&self, handle: u32, access: u32) -> Result<Link<Ethread>, NtStatus> {
        if handle == CURRENT_THREAD {
            return Ok(self.platform().current_thread());
        }
        let thread = self.current_handles().get::<Ethread>(Handle(handle), access)?;
        // The kernel's own threads have no TEB, and no registers in ring 3.
        match self.machine_record(thread).tcb.teb.get() {
            0 => Err(NtStatus::INVALID_HANDLE),
            _ => Ok(thread),
        }
    }

    /// The `CONTEXT` at user address `at`. All of that must be there, but its extended registers are read, into `extended`, only where its flags
    /// name them.
    ///
    /// # Errors
    /// DATATYPE_MISALIGNMENT, ACCESS_VIOLATION, or what else reading it gives.
    #[inline(always)]
    pub(crate) fn read_context(&self, at: u32, extended: &mut Option<Image>) -> Result<PlainContext, NtStatus> {
        if at & 3 != 0 {
            return Err(NtStatus::DATATYPE_MISALIGNMENT);
        }
        let mut room = [const { MaybeUninit::uninit() }; PlainContext::WORDS];
        let words = self.platform().capture_user_words(at, &mut room)?;
        let words = words.first_chunk().ok_or(NtStatus::ACCESS_VIOLATION)?;
        let context = PlainContext::from_words(words);
        if context.has(CONTEXT_EXTENDED_REGISTERS) {
            *extended = Some(self.read_extended_registers(at)?);
        } else {
            // It ends in the next page at most.
            self.platform().read_user_word(at + (size_of::<Context>() as u32 - 4))?;
        }
        Ok(context)
    }

    #[inline(never)]
    fn read_extended_registers(&self, at: u32) -> Result<Image, NtStatus> {
        let mut image = [0; size_of::<Image>()];
        self.platform().read_user(at + offset_of!(Context, extended_registers) as u32, &mut image)?;
        Ok(image)
    }

    /// Reads a structure of words, which NT wants at a multiple of four.
    pub(crate) fn read_aligned_words(&self, at: u32, into: &mut [u32]) -> Result<(), NtStatus> {
        match at & 3 {
            0 => self.platform().read_user_words(at, into),
            _ => Err(NtStatus::DATATYPE_MISALIGNMENT),
        }
    }
}
