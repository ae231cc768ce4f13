//! Ctrl-C in a process that has handlers for it: a thread of its own calls them.
//!
//! On XP csrss makes a thread in every process of the console, at a routine of kernel32's that was named when the process
//! connected. Here kernel32 names it to the console device when the program has its first handler; a process that has none ends
//! as kernel32's own handler would end it.

use abi::cell::Link;
use abi::nt::context::{CONTEXT_FULL, Context};
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::layout::PAGE_SIZE;

use crate::executive::Executive;
use crate::platform::Platform;
use crate::user_thread::UserStack;

/// Stack of the thread that calls the handlers: reserved and committed bytes.
const RESERVED: u32 = 0x4_0000;
const COMMITTED: u32 = 2 * PAGE_SIZE;
/// `CTRL_C_EVENT`.
pub(crate) const CONTROL_C: u32 = 0;

impl<P: Platform> Executive<P> {
    /// Tells `process` of a control event: a thread begins at `routine`, with the event in EBX. Where there is no room for
    /// it, the process ends.
    #[doc(alias = "CsrCreateRemoteThread")]
    pub(crate) fn send_control_event(&self, process: Link<Eprocess>, routine: u32, event: u32) {
        if self.begin_control_thread(process, routine, event).is_err() {
            self.condemn_process(process, NtStatus::CONTROL_C_EXIT);
        }
    }

    fn begin_control_thread(&self, process: Link<Eprocess>, routine: u32, event: u32) -> Result<(), NtStatus> {
        let (allocation, limit, base) =
            self.attached(process, |space| self.allocate_user_stack(&space, RESERVED, COMMITTED))?;
        let context = Context {
            flags: CONTEXT_FULL,
            ebx: event,
            eax: routine,
            eip: routine,
            esp: base - 4,
            seg_ds: 0x23,
            seg_es: 0x23,
            seg_fs: 0x3B,
            ..Context::ZERO
        };
        match self.make_user_thread(process, &context, &UserStack { base, limit, allocation }) {
            Ok(thread) => {
                self.dispatcher.ready(thread.cast());
                Ok(())
            }
            Err(status) => {
                let _ =
                    self.attached(process, |space| space.free(mm::virtual_memory::FreeKind::Release, allocation, 0));
                Err(status)
            }
        }
    }
}
