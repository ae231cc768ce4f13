//! Page faults of programs, and what they are told of other trouble.

use alloc::format;
use alloc::string::{String, ToString};

use abi::cell::Link;
use abi::nt::process::Eprocess;
use abi::nt::teb::Teb;
use abi::status::NtStatus;
use core::mem::offset_of;
use mm::fault::{FaultOutcome, StackGrowth};
use mm::layout::{VirtualAddress, VirtualPage};
use mm::protection::Access;
use mm::virtual_memory::PageRange;

use crate::endings::Ending;
use crate::executive::Executive;
use crate::platform::Platform;
use crate::privileged::{LONGEST_INSTRUCTION, is_privileged};

impl<P: Platform> Executive<P> {
    /// Resolves a fault at user address `address`, waiting for whatever it needs.
    ///
    /// # Errors
    /// The exception it is: ACCESS_VIOLATION, GUARD_PAGE_VIOLATION, STACK_OVERFLOW, IN_PAGE_ERROR, NO_MEMORY.
    #[doc(alias = "KiTrap0E")]
    #[inline]
    pub fn page_fault(&self, address: u32, access: Access) -> Result<(), NtStatus> {
        let process = self.current_process();
        let address = VirtualAddress(address);
        // No loop here: the compiler would have everything ready for a second round before the first.
        match self.mm().address_space(process).fault(address, access) {
            FaultOutcome::Resolved(_) => Ok(()),
            FaultOutcome::Denied => Err(NtStatus::ACCESS_VIOLATION),
            FaultOutcome::GuardPage => self.guard_page(process, address),
            outcome @ (FaultOutcome::Unread(_) | FaultOutcome::Collided(_) | FaultOutcome::NoFrame) => {
                self.page_fault_again(process, address, access, outcome)
            }
        }
    }

    /// The same after the fault had this `outcome`, which is to be waited for.
    #[cold]
    #[inline(never)]
    fn page_fault_again(
        &self,
        process: Link<Eprocess>,
        address: VirtualAddress,
        access: Access,
        mut outcome: FaultOutcome,
    ) -> Result<(), NtStatus> {
        let mut waited = 0;
        loop {
            outcome = match outcome {
                FaultOutcome::Resolved(_) => return Ok(()),
                FaultOutcome::Denied => return Err(NtStatus::ACCESS_VIOLATION),
                FaultOutcome::GuardPage => return self.guard_page(process, address),
                FaultOutcome::Unread(_) | FaultOutcome::Collided(_) | FaultOutcome::NoFrame => {
                    self.await_page(outcome, &mut waited)?;
                    self.mm().address_space(process).fault(address, access)
                }
            }
        }
    }

    /// A guard page was hit: the stack of the running thread grows, anything else is the program's to know.
    fn guard_page(&self, process: Link<Eprocess>, address: VirtualAddress) -> Result<(), NtStatus> {
        let teb = self.machine_record(self.platform().current_thread()).tcb.teb.get();
        let own = self.machine_record(self.platform().current_thread()).threads_process.get() == process;
        if teb == 0 || !own {
            return Err(NtStatus::GUARD_PAGE_VIOLATION);
        }
        let bottom = self.read_word(teb + offset_of!(Teb, deallocation_stack) as u32);
        let top = self.read_word(teb + 4);
        let (Ok(bottom), Ok(top)) = (bottom, top) else { return Err(NtStatus::GUARD_PAGE_VIOLATION) };
        if !(bottom..top).contains(&address.0) {
            return Err(NtStatus::GUARD_PAGE_VIOLATION);
        }
        let hit = address.page();
        let grown = PageRange { start: VirtualPage(hit.0.saturating_sub(1)), end: hit };
        let (mut waited, mut status) = (0, NtStatus::SUCCESS);
        let limit = loop {
            self.bring_tables_in(process, grown)?;
            match self.mm().address_space(process).grow_stack(address, VirtualAddress(bottom)) {
                StackGrowth::Grown(limit) => break limit,
                StackGrowth::NoCommit(_) if self.extend_paging_files() => {}
                StackGrowth::Overflow(limit) | StackGrowth::NoCommit(limit) => {
                    status = NtStatus::STACK_OVERFLOW;
                    break limit;
                }
                StackGrowth::NoFrame if self.await_lacking_frame(waited) => waited += 1,
                StackGrowth::NoFrame => return Err(NtStatus::NO_MEMORY),
            }
        };
        self.write_word(teb + 8, limit.0)?;
        if status.is_success() { Ok(()) } else { Err(status) }
    }

    /// Whether the instruction at `address`, which ring 3 stumbled over, is one that only ring 0 may use.
    #[doc(alias = "KiTrap0D")]
    pub(crate) fn is_privileged_at(&self, address: u32) -> bool {
        let mut code = [0; LONGEST_INSTRUCTION];
        // At the end of what can be read the instruction may be shorter.
        let mut length = 0;
        while length < code.len() {
            let at = address.wrapping_add(length as u32);
            if self.platform().read_user(at, &mut code[length..=length]).is_err() {
                break;
            }
            length += 1;
        }
        is_privileged(&code[..length])
    }

    /// The program could not be loaded: keeps what the loader has to say of it.
    pub(crate) fn hard_error(&self, status: NtStatus, texts: &[String]) {
        let first = texts.first().map_or("", String::as_str);
        let second = texts.get(1).map_or("", String::as_str);
        let text = match status {
            NtStatus::DLL_NOT_FOUND => format!("{first} was not found (looked in {second})"),
            NtStatus::ENTRYPOINT_NOT_FOUND => format!("the procedure {first} was not found in {second}"),
            NtStatus::ORDINAL_NOT_FOUND => format!("the ordinal {first} was not found in {second}"),
            other => format!("{other} {}", texts.join(" ")).trim_end().to_string(),
        };
        let id = self.machine_record(self.current_process()).unique_process_id.get();
        self.endings.record(id, Ending::Loader(status, text));
    }
}
