//! Switching the machine off.

use abi::status::NtStatus;

use crate::executive::Executive;
use crate::platform::{Platform, ShutDown};

/// `SHUTDOWN_ACTION`: stop, start again, switch off.
const NO_REBOOT: u32 = 0;
const REBOOT: u32 = 1;
const POWER_OFF: u32 = 2;

impl<P: Platform> Executive<P> {
    /// Whoever sits at the console may switch the machine off; on XP the privilege to do so is what such users have. A
    /// program that runs for somebody elsewhere is refused. What files still have in memory is written first.
    #[doc(alias = "NtShutdownSystem")]
    pub(super) fn shutdown_system(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[action] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let how = match action {
            NO_REBOOT | POWER_OFF => ShutDown::PowerOff,
            REBOOT => ShutDown::Restart,
            _ => return Err(NtStatus::INVALID_PARAMETER),
        };
        if !self.has_console_users() {
            return Err(NtStatus::PRIVILEGE_NOT_HELD);
        }
        self.tell_unwritten(self.settle_volumes());
        if let Err(corruption) = self.verify() {
            self.platform().log(format_args!("the audit found {corruption:?}"));
            self.shut_down(ShutDown::Corrupt);
        }
        self.shut_down(how)
    }
}
