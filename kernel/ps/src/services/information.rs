//! What programs ask about processes and the system.

use abi::access::PROCESS_QUERY_INFORMATION;
use abi::status::NtStatus;
use mm::layout::{ALLOCATION_GRANULARITY, HIGHEST_VAD_ADDRESS, LOWEST_USER_ADDRESS, PAGE_SIZE};

use crate::executive::Executive;
use crate::platform::Platform;

const PROCESS_BASIC_INFORMATION: u32 = 0;
const PROCESS_VM_COUNTERS: u32 = 3;
const SYSTEM_BASIC_INFORMATION: u32 = 0;
/// Length of a clock tick, in units of 100 ns.
const TICK: u32 = 100_000;

impl<P: Platform> Executive<P> {
    pub(super) fn query_information_process(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let needed = match class {
            PROCESS_BASIC_INFORMATION => 6,
            PROCESS_VM_COUNTERS => 11,
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        };
        if length != needed * 4 {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.probe_optional(returned_at)?;
        let process = self.process_by_handle(handle, PROCESS_QUERY_INFORMATION)?;
        let record = self.machine_record(process);
        let words: [u32; 11] = if class == PROCESS_BASIC_INFORMATION {
            let mut words = [0; 11];
            words[..6].copy_from_slice(&[
                record.exit_status.get(),
                record.peb.get(),
                1,
                u32::from(record.pcb.base_priority.get()),
                record.unique_process_id.get(),
                record.inherited_from_unique_process_id.get(),
            ]);
            words
        } else {
            let bytes = |pages: u32| pages << 12;
            [
                record.peak_virtual_size.get(),
                record.virtual_size.get(),
                record.vm.page_fault_count.get(),
                bytes(record.vm.peak_working_set_size.get()),
                bytes(record.vm.working_set_size.get()),
                0,
                0,
                0,
                0,
                bytes(record.commit_charge.get()),
                bytes(record.commit_charge_peak.get()),
            ]
        };
        self.write_words(buffer, &words[..needed as usize])?;
        self.write_optional(returned_at, needed * 4)?;
        Ok(NtStatus::SUCCESS)
    }

    pub(super) fn query_system_information(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        const WORDS: u32 = 11;
        let &[class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if class != SYSTEM_BASIC_INFORMATION {
            return Err(NtStatus::INVALID_INFO_CLASS);
        }
        if length < WORDS * 4 {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let (lowest, highest, count) = self.mm().physical_pages();
        let words = [
            0,
            TICK,
            PAGE_SIZE,
            count,
            lowest.0,
            highest.0,
            ALLOCATION_GRANULARITY,
            LOWEST_USER_ADDRESS,
            HIGHEST_VAD_ADDRESS,
            1,
            1,
        ];
        self.write_words(buffer, &words)?;
        self.write_optional(returned_at, WORDS * 4)?;
        Ok(NtStatus::SUCCESS)
    }
}
