//! The registers of a thread as programs see them, and how they become a thread's own: between `CONTEXT` on one side, the trap
//! frame and the saved x87 and SSE registers on the other.
//!
//! What comes from a program is never believed: see `frame`, `debug` and `floating_point` for what is made of it.
//!
mod debug;
mod floating_point;
mod frame;

use abi::cell::Link;
use abi::nt::context::{CONTEXT_DEBUG_REGISTERS, CONTEXT_EXTENDED_REGISTERS, CONTEXT_FLOATING_POINT, PlainContext};
use abi::nt::thread::Ethread;
use abi::trap_frame::TrapFrame;

pub(crate) use debug::{set_status, status};
pub(crate) use floating_point::{acknowledge, sse_exception, x87_exception};
pub(crate) use frame::begin_at;

pub use floating_point::{Form, IMAGE_SIZE, Image};

use crate::executive::Executive;
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    /// The frame through which `thread`, one of a program, goes back to ring 3. The thread is the running one, or is in the
    /// kernel, where it waits or is ready.
    pub(crate) fn user_frame(&self, thread: Link<Ethread>) -> &'static TrapFrame {
        self.platform().user_frame(self.kernel_stack_of(thread))
    }

    fn kernel_stack_of(&self, thread: Link<Ethread>) -> u32 {
        self.machine_record(thread).tcb.stack_base.get()
    }

    /// Fills `context` with the registers of `thread` (see [`Self::user_frame`]) that its flags name, and `extended` with its FXSAVE image where
    /// they name that.
    #[doc(alias = "KeContextFromKframes")]
    #[inline(always)]
    pub(crate) fn capture_context(
        &self,
        thread: Link<Ethread>,
        context: &mut PlainContext,
        extended: Option<&mut Image>,
    ) {
        let frame = self.user_frame(thread);
        frame::capture(frame, context);
        if context.has(CONTEXT_DEBUG_REGISTERS) {
            [context.dr0, context.dr1, context.dr2, context.dr3, context.dr6, context.dr7] = [0; 6];
            if self.machine_record(thread).tcb.debug_active.get() != 0 {
                debug::capture(frame, context);
            }
        }
        if context.has(CONTEXT_FLOATING_POINT) || context.has(CONTEXT_EXTENDED_REGISTERS) {
            self.capture_floating_point(thread, context, extended);
        }
    }

    #[inline(never)]
    fn capture_floating_point(&self, thread: Link<Ethread>, context: &mut PlainContext, extended: Option<&mut Image>) {
        let image = self.platform().floating_point(self.kernel_stack_of(thread));
        floating_point::capture(&image, self.platform().floating_point_form(), context, extended);
    }

    /// Makes `thread` (see [`Self::user_frame`]) go on with the registers that the flags of `context` name, made harmless; `extended` is there where
    /// they name an FXSAVE image.
    #[doc(alias = "KeContextToKframes")]
    #[inline(always)]
    pub(crate) fn set_context(&self, thread: Link<Ethread>, context: &PlainContext, extended: Option<&Image>) {
        frame::restore(self.user_frame(thread), context);
        if context.has(CONTEXT_DEBUG_REGISTERS)
            && debug::enables(context) | (self.machine_record(thread).tcb.debug_active.get() != 0)
        {
            self.set_debug_registers(thread, context);
        }
        if context.has(CONTEXT_FLOATING_POINT) || context.has(CONTEXT_EXTENDED_REGISTERS) {
            self.set_floating_point(thread, context, extended);
        }
    }

    #[inline(never)]
    fn set_floating_point(&self, thread: Link<Ethread>, context: &PlainContext, extended: Option<&Image>) {
        let stack = self.kernel_stack_of(thread);
        let mut image = self.platform().floating_point(stack);
        floating_point::restore(&mut image, self.platform().floating_point_form(), context, extended);
        self.platform().set_floating_point(stack, &image);
    }

    /// The breakpoints of a thread that does not run are armed by the switch to it.
    #[cold]
    #[inline(never)]
    fn set_debug_registers(&self, thread: Link<Ethread>, context: &PlainContext) {
        debug::restore(self.user_frame(thread), context);
        let active = debug::enables(context);
        self.machine_record(thread).tcb.debug_active.set(u8::from(active));
        self.platform().expect_debug_registers();
        if thread != self.platform().current_thread() {
            return;
        }
        match active {
            true => self.platform().load_debug_registers(self.kernel_stack_of(thread)),
            false => self.platform().unload_debug_registers(),
        }
    }

    /// Makes `thread` go on at `eip` with `esp`, as if called by nobody; its general registers stay.
    pub(crate) fn begin_at(&self, thread: Link<Ethread>, eip: u32, esp: u32) {
        frame::begin_at(self.user_frame(thread), eip, esp);
    }
}
