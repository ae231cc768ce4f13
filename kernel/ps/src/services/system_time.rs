//! The clock, its speed and the time zone, as programs set them.
//!
//! Timers that were set for a time of day come at that time, whatever the clock says meanwhile; waits that end at one end when they would
//! have. The zone is XP's to be read from its registry; here it is information of the system that is set.
//!
//! Source: `SYSTEM_QUERY_TIME_ADJUST_INFORMATION`, `SYSTEM_SET_TIME_ADJUST_INFORMATION` of the XP generation's public headers; what is
//! documented of the functions that ask for it.

use abi::status::NtStatus;
use abi::time_zone::{TimeZone, UNITS_PER_MINUTE, ZONE_WORDS};

use super::system_information::class;
use crate::executive::Executive;
use crate::platform::Platform;

/// The clock ends here: its sign, and the bits that no date has.
const LATEST: u64 = 0x2000_0000_0000_0000;

impl<P: Platform> Executive<P> {
    /// Sets the clock, which the second argument, where there is one, is told the time of before.
    #[doc(alias = "NtSetSystemTime")]
    #[inline(never)]
    pub(super) fn set_system_time(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[time_at, before_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if before_at != 0 {
            self.probe_word(before_at)?;
            self.probe_word(before_at.wrapping_add(4))?;
        }
        let time = self.read_long(time_at)?;
        self.need_clock()?;
        if time == 0 || time > LATEST {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let before = self.platform().system_time();
        self.platform().set_system_time(time);
        let later = time.wrapping_sub(before) as i64;
        self.dispatcher.shift_absolute_timers(later, self.platform().interrupt_time());
        self.refresh_time_zone();
        if before_at != 0 {
            self.write_long(before_at, before)?;
        }
        Ok(NtStatus::SUCCESS)
    }

    /// Who sets the clock needs a privilege for it.
    fn need_clock(&self) -> Result<(), NtStatus> {
        let token = self.machine_record(self.token_of(self.current_process()));
        if se::holds(token, se::privilege::SYSTEM_TIME) { Ok(()) } else { Err(NtStatus::PRIVILEGE_NOT_HELD) }
    }

    #[doc(alias = "NtSetSystemInformation")]
    #[inline(never)]
    pub(super) fn set_system_information(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[class, buffer, length] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        match class {
            class::TIME_ADJUSTMENT_INFORMATION => self.adjust_time(buffer, length)?,
            class::CURRENT_TIME_ZONE_INFORMATION => self.set_time_zone(buffer, length)?,
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        }
        Ok(NtStatus::SUCCESS)
    }

    /// How far the clock goes on with a tick, how far it would by itself, and whether it does.
    pub(super) fn time_adjustment_information(&self) -> [u32; 3] {
        let (adjustment, increment, is_own) = self.platform().time_adjustment();
        [adjustment, increment, u32::from(is_own)]
    }

    /// Makes the clock go faster or slower, or at its own speed again.
    fn adjust_time(&self, buffer: u32, length: u32) -> Result<(), NtStatus> {
        const LENGTH: u32 = 8;
        if length != LENGTH {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let (adjustment, is_own) = (self.read_word(buffer)?, self.read_word(buffer.wrapping_add(4))? & 0xFF != 0);
        self.need_clock()?;
        match (is_own, adjustment) {
            (true, _) => self.platform().set_time_adjustment(None),
            (false, 0) => return Err(NtStatus::INVALID_PARAMETER_2),
            (false, adjustment) => self.platform().set_time_adjustment(Some(adjustment)),
        }
        Ok(())
    }

    /// The time zone.
    pub(super) fn time_zone(&self) -> TimeZone {
        *self.time_zone.lock()
    }

    fn set_time_zone(&self, buffer: u32, length: u32) -> Result<(), NtStatus> {
        let mut words = [0; ZONE_WORDS];
        if length != ZONE_WORDS as u32 * 4 {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.platform().read_user_words(buffer, &mut words)?;
        self.need_clock()?;
        let zone = TimeZone(words);
        if !zone.is_sound() {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        *self.time_zone.lock() = zone;
        self.refresh_time_zone();
        Ok(())
    }

    /// Tells programs how far local time is behind, now that summer may have begun or ended.
    #[doc(alias = "ExpRefreshTimeZoneInformation")]
    pub(crate) fn refresh_time_zone(&self) {
        let (season, minutes) = self.time_zone().at(self.platform().system_time());
        self.platform().set_time_zone_bias((minutes * UNITS_PER_MINUTE) as u64, season as u32);
    }
}
