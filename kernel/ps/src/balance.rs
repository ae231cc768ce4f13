//! The balance-set manager: sees to it that there are frames before anybody has to wait for one.
//!
//! Which pages go is `mm::balance`'s to say.
//!
//! Source: Russinovich and Solomon on the balance-set manager; how often it looks is ours.

use ke::WaitReason;

use crate::executive::Executive;
use crate::platform::Platform;

/// Ticks between two looks while memory is plentiful, and while it is short.
const SECOND: u64 = 100;
const SHORT: u64 = 5;

impl<P: Platform> Executive<P> {
    /// What the thread does for ever.
    #[doc(alias = "KeBalanceSetManager")]
    pub fn balance_sets(&self) -> ! {
        loop {
            let ticks = if self.mm().is_memory_short() { SHORT } else { SECOND };
            self.wait_at_most(ticks, WaitReason::Executive, self.balance_manager());
            self.trim_all();
            self.refresh_time_zone();
            self.enforce_job_times();
        }
    }

    /// What it waits for.
    fn balance_manager(&self) -> u32 {
        core::ptr::from_ref(&self.collisions) as usize as u32
    }

    /// Memory is short: it is looked at now.
    pub(crate) fn wake_balance_manager(&self) {
        self.wake(self.balance_manager());
    }

    /// Trims working sets until there are as many frames as there should be, or nothing may go any more.
    #[doc(alias = "MmWorkingSetManager")]
    fn trim_all(&self) {
        let Some(mut trimming) = self.mm().begin_trimming() else { return };
        loop {
            for process in self.processes().filter(|process| self.is_alive(*process) && *process != self.system_process)
            {
                self.attached(process, |space| trimming.visit(&space));
            }
            if !trimming.next_turn() {
                break;
            }
        }
        self.wake_page_writers();
    }
}
