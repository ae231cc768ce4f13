//! What programs ask about threads, and set of them.

use abi::access::{THREAD_QUERY_INFORMATION, THREAD_SET_INFORMATION};
use abi::cell::Link;
use abi::nt::teb::Teb;
use abi::nt::thread::Ethread;
use abi::status::NtStatus;
use core::mem::offset_of;
use ke::priority::{SATURATION, base_priority};

use crate::executive::Executive;
use crate::platform::Platform;

const BASIC_INFORMATION: u32 = 0;
const TIMES: u32 = 1;
const PRIORITY: u32 = 2;
const BASE_PRIORITY: u32 = 3;
const AFFINITY_MASK: u32 = 4;
const WIN32_START_ADDRESS: u32 = 9;
const ZERO_TLS_CELL: u32 = 10;
const AM_I_LAST_THREAD: u32 = 12;
const PRIORITY_BOOST: u32 = 14;
/// Thread-local slots in a TEB, and in the block that it names.
const TLS_SLOTS: u32 = 64;
const TLS_EXPANSION_SLOTS: u32 = 1024;
/// Units of 100 ns in a clock tick.
const TICK: u64 = 100_000;
/// The processors there are, a bit each.
const PROCESSORS: u32 = 1;
/// Priorities that a program may set without the privilege for the real-time range.
const HIGHEST_PRIORITY: i32 = 31;

impl<P: Platform> Executive<P> {
    pub(super) fn query_information_thread(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let needed = match class {
            BASIC_INFORMATION => 7,
            TIMES => 8,
            WIN32_START_ADDRESS | AM_I_LAST_THREAD | PRIORITY_BOOST => 1,
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        };
        if length != needed * 4 {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.probe_optional(returned_at)?;
        let thread = self.thread_by_handle(handle, THREAD_QUERY_INFORMATION)?;
        let words = self.told_of_thread(thread, class);
        self.write_words(buffer, &words[..needed as usize])?;
        self.write_optional(returned_at, needed * 4)?;
        Ok(NtStatus::SUCCESS)
    }

    fn told_of_thread(&self, thread: Link<Ethread>, class: u32) -> [u32; 8] {
        let record = self.machine_record(thread);
        let process = self.machine_record(record.threads_process.get());
        let ended = record.tcb.header.signal_state.get() != 0;
        let single = |word: u32| [word, 0, 0, 0, 0, 0, 0, 0];
        match class {
            BASIC_INFORMATION => {
                let status = if ended { record.exit_status.get() } else { NtStatus::PENDING.0 };
                let above = i32::from(record.tcb.base_priority.get()) - i32::from(process.pcb.base_priority.get());
                // A saturated thread tells what it was given.
                let above = match record.tcb.saturation.get() as i8 {
                    0 => above,
                    sign => SATURATION * i32::from(sign),
                };
                [
                    status,
                    record.tcb.teb.get(),
                    record.cid.unique_process.get(),
                    record.cid.unique_thread.get(),
                    record.tcb.affinity.get(),
                    u32::from(record.tcb.priority.get()),
                    above as u32,
                    0,
                ]
            }
            TIMES => {
                let created = record.create_time.get() >> 3;
                let exited = if ended { record.exit_time.get() } else { 0 };
                let spent = |ticks: u32| u64::from(ticks) * TICK;
                let times = [created, exited, spent(record.tcb.kernel_time.get()), spent(record.tcb.user_time.get())];
                core::array::from_fn(|index| (times[index / 2] >> (32 * (index % 2))) as u32)
            }
            WIN32_START_ADDRESS => single(record.win32_start_address.get()),
            AM_I_LAST_THREAD => single(u32::from(process.active_threads.get() == 1)),
            _ => single(u32::from(record.tcb.disable_boost.get())),
        }
    }

    pub(super) fn set_information_thread(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if !matches!(class, PRIORITY..=AFFINITY_MASK | WIN32_START_ADDRESS | ZERO_TLS_CELL | PRIORITY_BOOST) {
            return Err(NtStatus::INVALID_INFO_CLASS);
        }
        if length != 4 {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let word = self.read_word(buffer)?;
        let thread = self.thread_by_handle(handle, THREAD_SET_INFORMATION)?;
        let record = self.machine_record(thread);
        match class {
            PRIORITY if (1..=HIGHEST_PRIORITY).contains(&(word as i32)) => {
                self.dispatcher.set_base_priority(thread.cast(), word as u8);
            }
            PRIORITY => return Err(NtStatus::INVALID_PARAMETER),
            BASE_PRIORITY => self.set_relative_priority(thread, word as i32)?,
            AFFINITY_MASK if word & PROCESSORS == 0 || word & !PROCESSORS != 0 => {
                return Err(NtStatus::INVALID_PARAMETER);
            }
            AFFINITY_MASK => record.tcb.affinity.set(word),
            WIN32_START_ADDRESS => record.win32_start_address.set(word),
            ZERO_TLS_CELL => self.zero_slot(thread, word)?,
            _ => record.tcb.disable_boost.set(u8::from(word != 0)),
        }
        Ok(NtStatus::SUCCESS)
    }

    /// Zeroes the thread-local slot `index` of every thread of the process that the running `thread` is of.
    fn zero_slot(&self, thread: Link<Ethread>, index: u32) -> Result<(), NtStatus> {
        if thread != self.platform().current_thread() || index >= TLS_SLOTS + TLS_EXPANSION_SLOTS {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        for other in self.living_threads_of(self.own_process()) {
            let teb = self.machine_record(other).tcb.teb.get();
            // A thread whose TEB is gone has no slots.
            let _ = match index.checked_sub(TLS_SLOTS) {
                None => self.write_word(teb + offset_of!(Teb, tls_slots) as u32 + index * 4, 0),
                Some(index) => match self.read_word(teb + offset_of!(Teb, tls_expansion_slots) as u32) {
                    Ok(0) => Ok(()),
                    Ok(block) => self.write_word(block.wrapping_add(index * 4), 0),
                    Err(status) => Err(status),
                },
            };
        }
        Ok(())
    }

    /// Makes `thread` run so much above its process's priority.
    fn set_relative_priority(&self, thread: Link<Ethread>, above: i32) -> Result<(), NtStatus> {
        let record = self.machine_record(thread);
        let process = self.machine_record(record.threads_process.get()).pcb.base_priority.get();
        let real_time = process >= ke::priority::LOW_REALTIME;
        let valid = (-2..=2).contains(&above) || above.abs() == SATURATION || real_time && (-7..=6).contains(&above);
        if !valid {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let saturated = if above.abs() == SATURATION { above.signum() } else { 0 };
        record.tcb.saturation.set(saturated as i8 as u8);
        self.dispatcher.set_base_priority(thread.cast(), base_priority(process, above));
        Ok(())
    }
}
