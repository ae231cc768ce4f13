//! The balance-set manager: sees to it that there are frames before anybody has to wait for one.
//!
//! When memory is short it looks at the working sets of all processes, takes the pages that have not been used for the longest time, and goes on to
//! those that have only where that is not enough. What was trimmed stays where it is until somebody needs the frame: a page
//! that is used again meanwhile costs a soft fault. So the Standby list is what the ages of working sets cannot tell, the order in
//! which pages were used last.
//!
//! Source: Russinovich and Solomon on the balance-set manager and the working-set manager; how much is kept is ours.

use ke::WaitReason;
use mm::working_set::AgeCounts;

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
    pub(crate) fn trim_all(&self) {
        let mut short = self.mm().frames_short();
        if short == 0 {
            return;
        }
        for process in self.processes().filter(|process| self.is_alive(*process) && *process != self.system_process) {
            self.attached(process, |space| space.age_working_set());
        }
        for age in (0..AgeCounts::AGES as u32).rev() {
            for process in self.processes().filter(|process| self.is_alive(*process) && *process != self.system_process)
            {
                if short == 0 {
                    return self.wake_page_writers();
                }
                let floor = self.machine_record(process).vm.minimum_working_set_size.get();
                let gone = self.attached(process, |space| space.trim_working_set(age, short, floor));
                short = short.saturating_sub(gone);
            }
        }
        self.wake_page_writers();
    }
}
