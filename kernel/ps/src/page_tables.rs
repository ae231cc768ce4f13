//! Page tables that may be paged out: making them known before a service reads or changes what they say.

use abi::cell::Link;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use ke::WaitReason;
use mm::address_space::AddressSpace;
use mm::fault::{FaultOutcome, ReadResult};
use mm::virtual_memory::{FreeKind, PageRange};

use crate::attached::Attached;
use crate::executive::Executive;
use crate::platform::Platform;

/// Ticks after which a thread that needs a frame is refused, where nothing is on its way to give one: ten seconds, in which a paging
/// file can grow.
const PATIENCE: u32 = 1000;
/// The same where dirty pages can be written: five minutes. That none of them comes to be clean in that time is a disk that is broken.
const PATIENCE_WHILE_WRITING: u32 = 30_000;

impl<P: Platform> Executive<P> {
    /// Does `work` in the address space of `process` when the page tables of the pages that `needs` tells are known. It is asked anew after each wait:
    /// others may have changed the address space meanwhile.
    ///
    /// # Errors
    /// IN_PAGE_ERROR, NO_MEMORY, PROCESS_IS_TERMINATING; else those of `work`.
    #[inline(always)]
    pub(crate) fn with_tables<T>(
        &self,
        process: Link<Eprocess>,
        needs: impl Fn(&AddressSpace<'_, P>) -> PageRange,
        work: impl FnOnce(AddressSpace<'_, P>) -> Result<T, NtStatus>,
    ) -> Result<T, NtStatus> {
        self.with_tables_of(self.attach_for_a_while(process), needs, work)
    }

    /// The same where the address space is attached to. It is left when `work` is done.
    ///
    /// # Errors
    /// As [`Self::with_tables`].
    #[inline(always)]
    pub(crate) fn with_tables_of<T>(
        &self,
        attached: Attached<'_, P>,
        needs: impl Fn(&AddressSpace<'_, P>) -> PageRange,
        work: impl FnOnce(AddressSpace<'_, P>) -> Result<T, NtStatus>,
    ) -> Result<T, NtStatus> {
        let space = attached.space();
        if space.any_table_is_out() {
            self.await_tables(attached.process(), &space, needs)?;
        }
        work(space)
    }

    #[cold]
    #[inline(never)]
    fn await_tables(
        &self,
        process: Link<Eprocess>,
        space: &AddressSpace<'_, P>,
        needs: impl Fn(&AddressSpace<'_, P>) -> PageRange,
    ) -> Result<(), NtStatus> {
        while !space.are_tables_known(needs(space)) {
            self.await_first_table(process, needs(space))?;
        }
        Ok(())
    }

    /// Whether what was just refused is to be asked again, because it was for want of a frame: then there may be one now. `waited` counts how
    /// often.
    #[cold]
    #[inline(never)]
    pub(crate) fn await_lacking_frame(&self, waited: u32) -> bool {
        let again = self.mm().take_lack_of_frame() && waited < PATIENCE && !self.is_told_to_end();
        if again {
            self.wait_for_frame();
        }
        again
    }

    /// Does `work`, which has changed nothing where it answers NO_MEMORY, until there is a frame for each page table that it needs.
    ///
    /// # Errors
    /// Those of `work`.
    pub(crate) fn with_new_tables<T>(&self, mut work: impl FnMut() -> Result<T, NtStatus>) -> Result<T, NtStatus> {
        let mut waited = 0;
        loop {
            match work() {
                Err(NtStatus::NO_MEMORY) if self.await_lacking_frame(waited) => waited += 1,
                result => return result,
            }
        }
    }

    /// Brings in the page tables of `range`, of which one at least is not known, or waits for the first of them.
    fn await_first_table(&self, process: Link<Eprocess>, range: PageRange) -> Result<(), NtStatus> {
        match self.mm().address_space(process).bring_tables_in(range) {
            Some(first) => self.await_table(process, first),
            None => Ok(()),
        }
    }

    /// Releases the allocation at `base` of `process`, where there is one.
    pub(crate) fn release_allocation(&self, process: Link<Eprocess>, base: u32) {
        let needs = |space: &AddressSpace<'_, P>| space.pages_of_allocation(base);
        let _ = self.with_tables(process, needs, |space| space.free(FreeKind::Release, base, 0));
    }

    /// Makes the page tables of `range` of `process`, which is attached to, known.
    ///
    /// # Errors
    /// IN_PAGE_ERROR, NO_MEMORY, PROCESS_IS_TERMINATING.
    pub(crate) fn bring_tables_in(&self, process: Link<Eprocess>, range: PageRange) -> Result<(), NtStatus> {
        while let Some(first) = self.mm().address_space(process).bring_tables_in(range) {
            self.await_table(process, first)?;
        }
        Ok(())
    }

    #[cold]
    fn await_table(&self, process: Link<Eprocess>, outcome: FaultOutcome) -> Result<(), NtStatus> {
        self.objects().reference(process);
        let mut waited = 0;
        let result = self.await_page(outcome, &mut waited);
        let lives = self.is_alive(process) || process == self.current_process();
        self.release(process);
        result?;
        if lives { Ok(()) } else { Err(NtStatus::PROCESS_IS_TERMINATING) }
    }

    /// Does what `outcome`, of a fault that has to be tried again, asks for. `waited` counts the waits for a frame.
    ///
    /// # Errors
    /// IN_PAGE_ERROR; NO_MEMORY after a long time.
    #[cold]
    pub(crate) fn await_page(&self, outcome: FaultOutcome, waited: &mut u32) -> Result<(), NtStatus> {
        match outcome {
            FaultOutcome::Unread(page) => match self.read_page(page) {
                Some(ReadResult::Done) => return Ok(()),
                Some(ReadResult::Failed) => return Err(NtStatus::IN_PAGE_ERROR),
                None => {}
            },
            FaultOutcome::Collided(frame) => {
                self.collisions.update(|count| count.wrapping_add(1));
                self.wait_for(WaitReason::PageIn, frame.0);
                return Ok(());
            }
            _ => {}
        }
        // What is being written, or can be trimmed, will be there.
        let patience = if self.mm().more_frames_may_come() { PATIENCE_WHILE_WRITING } else { PATIENCE };
        if *waited >= patience {
            return Err(NtStatus::NO_MEMORY);
        }
        *waited += 1;
        self.wait_for_frame();
        Ok(())
    }

    /// Takes all memory of `process` away: of each allocation, when its page tables are known. One that no disk gives back any more is given up.
    pub(crate) fn clean_address_space(&self, process: Link<Eprocess>) {
        self.attached(process, |space| {
            while let Some(range) = space.first_allocation() {
                while let Some(first) = space.bring_tables_in(range) {
                    let mut waited = 0;
                    if let Err(status) = self.await_page(first, &mut waited)
                        && status == NtStatus::IN_PAGE_ERROR
                    {
                        space.give_tables_up(range);
                    }
                }
                space.clean_first(|section| self.delete_section(section));
            }
            space.clean_rest();
        });
        self.machine_record(process).flags.update(|flags| flags | abi::nt::process::process_flags::VM_DELETED);
    }
}
