//! The software MMU: page walks, the translation buffer (TLB), and bytes as a program sees them.
//!
//! The translation buffer is as large as the address space and forgets nothing until told to, the worst a processor
//! may do. A translation may be used as long as the page tables agree; one that would reach another frame, allow more than
//! the tables do, or write without setting Dirty is a missing flush and stops the test, at its use or in
//! [`SoftwareMachine::check_tlb`]. One that allows less than the tables do is harmless: it faults once more, and the
//! fault drops it. That of a large page goes as a whole, wherever in it the flush is.
//!
//! Source: Intel SDM volume 3, sections 4.4 (PAE paging), 4.6 (access rights), 4.7 (page-fault error code), 4.8
//! (Accessed and Dirty), 4.10 (caching of translations).

use mm::layout::{FrameNumber, VirtualAddress, VirtualPage};
use mm::machine::FrameBytes;
use mm::protection::Access;
use mm::pte::{ACCESSED, DIRTY, LARGE_PAGE, NO_EXECUTE, OWNER, VALID, ValidPte, WRITE};

use super::{NoExecute, SoftwareMachine};

/// Bits of the error code that a page fault pushes.
pub mod error_code {
    /// The page is present: the access was refused.
    pub const PRESENT: u32 = 1 << 0;
    /// A store.
    pub const WRITE: u32 = 1 << 1;
    /// From ring 3.
    pub const USER: u32 = 1 << 2;
    /// An entry has a reserved bit set.
    pub const RESERVED: u32 = 1 << 3;
    /// An instruction fetch; never set without NX.
    pub const FETCH: u32 = 1 << 4;
}

/// Bits 36 to 62 of an entry, which a processor with 36 address bits reserves.
const ABOVE_PHYSICAL: u64 = 0x7FFF_FFF0_0000_0000;
/// Bits 12 to 20 of a page-directory entry that maps 2 MB (12 is PAT's).
const WITHIN_LARGE: u64 = 0x1F_F000;

/// Who makes an access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ring {
    /// Ring 0. Read-only pages refuse its stores too: CR0.WP is set.
    Kernel,
    /// Ring 3: a program.
    User,
}

/// What the processor reports to the page-fault handler.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageFault {
    /// CR2.
    pub address: VirtualAddress,
    /// Bits of [`error_code`].
    pub error: u32,
}

/// A page-table entry and where it is stored.
#[derive(Clone, Copy)]
struct Step {
    table: FrameNumber,
    index: u32,
    raw: u64,
}

/// A completed walk: two steps, or one where the first entry maps 2 MB.
struct Walk {
    directory: Step,
    table: Option<Step>,
    /// The last entry, with the rights that both levels give.
    entry: ValidPte,
}

/// Why a walk ended early.
#[derive(Debug)]
enum WalkFault {
    NotPresent,
    Reserved,
}

impl SoftwareMachine {
    /// Makes one access as the processor does: through the translation buffer, else by a walk, setting Accessed and
    /// Dirty. Returns the frame.
    ///
    /// # Errors
    /// The page fault the processor raises.
    pub fn access(&self, address: VirtualAddress, access: Access, ring: Ring) -> Result<FrameNumber, PageFault> {
        let page = address.page();
        let cached = self.translations.borrow().get(page);
        let fault = |cause: u32| {
            // A page fault drops the translation of its address (SDM 4.10.4.1).
            self.translations.borrow_mut().drop_page(page);
            Err(PageFault { address, error: cause | self.describe(access, ring) })
        };
        if let Some(cached) = cached {
            if !allows(cached, access, ring) {
                return fault(error_code::PRESENT);
            }
            self.assert_fresh(page, cached, Some(access));
            if access != Access::Write || cached.has(DIRTY) {
                return Ok(cached.frame());
            }
        }
        let walk = match self.walk(page) {
            Ok(walk) if allows(walk.entry, access, ring) => walk,
            Ok(_) => return fault(error_code::PRESENT),
            Err(WalkFault::NotPresent) => return fault(0),
            Err(WalkFault::Reserved) => return fault(error_code::PRESENT | error_code::RESERVED),
        };
        Ok(self.complete(page, &walk, access))
    }

    /// A program's access: [`access`](Self::access) from ring 3.
    ///
    /// # Errors
    /// The page fault the processor raises.
    pub fn touch(&self, address: VirtualAddress, access: Access) -> Result<FrameNumber, PageFault> {
        self.access(address, access, Ring::User)
    }

    /// A program loads the byte at `address`.
    ///
    /// # Errors
    /// The page fault the processor raises.
    pub fn read_byte(&self, address: VirtualAddress) -> Result<u8, PageFault> {
        let frame = self.touch(address, Access::Read)?;
        let mut byte = [0];
        self.read(frame, address.offset_in_page(), &mut byte);
        Ok(byte[0])
    }

    /// A program stores `byte` at `address`.
    ///
    /// # Errors
    /// The page fault the processor raises.
    pub fn write_byte(&self, address: VirtualAddress, byte: u8) -> Result<(), PageFault> {
        let frame = self.touch(address, Access::Write)?;
        self.write(frame, address.offset_in_page(), &[byte]);
        Ok(())
    }

    /// Stops the test if any cached translation could do harm: the flush that should have dropped it is missing.
    pub fn check_tlb(&self) {
        let pages = self.translations.borrow_mut().pages();
        for page in pages {
            let cached = self.translations.borrow().get(page);
            if let Some(cached) = cached {
                self.assert_fresh(page, cached, None);
            }
        }
    }

    /// The frame behind a kernel address that the kernel itself uses.
    pub(super) fn kernel_frame(&self, address: VirtualAddress) -> FrameNumber {
        let page = address.page();
        let walk = self.walk(page).unwrap_or_else(|fault| panic!("{address:?} is not mapped: {fault:?}"));
        let cached = self.translations.borrow().get(page);
        match cached {
            Some(cached) => assert_eq!(cached.frame(), walk.entry.frame(), "{page:?}: missing flush of a kernel page"),
            None => self.translations.borrow_mut().fill(page, walk.entry),
        }
        walk.entry.frame()
    }

    /// Stores Accessed and Dirty as the walk of a successful access does, and remembers the translation.
    fn complete(&self, page: VirtualPage, walk: &Walk, access: Access) -> FrameNumber {
        let used = if access == Access::Write { ACCESSED | DIRTY } else { ACCESSED };
        self.mark(walk.directory, if walk.table.is_some() { ACCESSED } else { used });
        walk.table.into_iter().for_each(|table| self.mark(table, used));
        self.translations.borrow_mut().fill(page, walk.entry.with(used));
        walk.entry.frame()
    }

    fn mark(&self, step: Step, bits: u64) {
        // The self-map shows a page directory as its own page table: read again, the other mark may just have set bits.
        let raw = self.read_entry(step.table, step.index);
        if raw & bits != bits {
            self.write_entry(step.table, step.index, raw | bits);
        }
    }

    /// The error code but for the cause.
    fn describe(&self, access: Access, ring: Ring) -> u32 {
        let fetch = access == Access::Execute && self.no_execute() == NoExecute::Supported;
        (if access == Access::Write { error_code::WRITE } else { 0 })
            | (if fetch { error_code::FETCH } else { 0 })
            | (if ring == Ring::User { error_code::USER } else { 0 })
    }

    fn walk(&self, page: VirtualPage) -> Result<Walk, WalkFault> {
        let directory = self.attached()[(page.0 >> 18) as usize];
        let directory = self.step(directory, page.0 >> 9 & 0x1FF)?;
        if directory.raw & LARGE_PAGE != 0 {
            if directory.raw & WITHIN_LARGE != 0 {
                return Err(WalkFault::Reserved);
            }
            let entry = ValidPte(directory.raw | u64::from(page.0 & 0x1FF) << 12);
            return Ok(Walk { directory, table: None, entry });
        }
        let table = self.step(ValidPte(directory.raw).frame(), page.0 & 0x1FF)?;
        let rights = directory.raw & (WRITE | OWNER) | !(WRITE | OWNER);
        let entry = table.raw & rights | directory.raw & NO_EXECUTE;
        // Bit 7 is PAT's here: nothing sets it, and the translation of a large page is told by it.
        Ok(Walk { directory, table: Some(table), entry: ValidPte(entry & !LARGE_PAGE) })
    }

    fn step(&self, table: FrameNumber, index: u32) -> Result<Step, WalkFault> {
        let raw = self.read_entry(table, index);
        let reserved = match self.no_execute() {
            NoExecute::Supported => ABOVE_PHYSICAL,
            NoExecute::Absent => ABOVE_PHYSICAL | NO_EXECUTE,
        };
        match raw {
            _ if raw & VALID == 0 => Err(WalkFault::NotPresent),
            _ if raw & reserved != 0 => Err(WalkFault::Reserved),
            _ => Ok(Step { table, index, raw }),
        }
    }

    /// Stops the test if `cached` could do harm: in the given access, or in any.
    fn assert_fresh(&self, page: VirtualPage, cached: ValidPte, access: Option<Access>) {
        let now = match self.walk(page) {
            Ok(walk) => walk.entry,
            Err(fault) => panic!("{page:?}: missing flush, the page is gone ({fault:?}) but cached as {:x}", cached.0),
        };
        let too_much = match access {
            Some(Access::Read) => OWNER,
            Some(Access::Execute) => OWNER | NO_EXECUTE,
            Some(Access::Write) => OWNER | WRITE | DIRTY,
            None => OWNER | NO_EXECUTE | WRITE | DIRTY,
        };
        // NO_EXECUTE takes a right away, so it is compared the other way round.
        let gained = (cached.0 ^ NO_EXECUTE) & !(now.0 ^ NO_EXECUTE) & too_much;
        assert!(
            cached.frame() == now.frame() && gained == 0,
            "{page:?}: missing flush, the entry is {:x} but cached as {:x}",
            now.0,
            cached.0
        );
    }
}

fn allows(entry: ValidPte, access: Access, ring: Ring) -> bool {
    let right = match access {
        Access::Read => true,
        Access::Write => entry.has(WRITE),
        Access::Execute => !entry.has(NO_EXECUTE),
    };
    right && (ring == Ring::Kernel || entry.has(OWNER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::cell::Link;
    use mm::machine::{PageTables, Records};
    use mm::protection::Protection;
    use mm::pte::{PteCell, pde_of, pte_of};

    const PAGE: VirtualPage = VirtualPage(0x400);
    const ADDRESS: VirtualAddress = PAGE.address();
    const FRAME: FrameNumber = FrameNumber(20);

    fn machine_with(protection: Protection, no_execute: NoExecute) -> SoftwareMachine {
        let machine = SoftwareMachine::with_memory(std::slice::from_ref(&(0..32)), no_execute);
        machine.boot(FrameNumber(0));
        machine.record(pde_of(PAGE)).store(ValidPte::user_table(FrameNumber(10)).0);
        set(&machine, protection, FRAME);
        machine
    }

    fn set(machine: &SoftwareMachine, protection: Protection, frame: FrameNumber) {
        let bit = if machine.no_execute() == NoExecute::Supported { NO_EXECUTE } else { 0 };
        machine.record(pte_of(PAGE)).store(ValidPte::user(frame, protection, bit).0 & !ACCESSED);
    }

    fn error(machine: &SoftwareMachine, access: Access) -> Option<u32> {
        machine.touch(ADDRESS, access).err().map(|fault| fault.error)
    }

    #[test]
    fn rights_and_error_codes_follow_the_entry() {
        use error_code::{FETCH, PRESENT, USER};
        let machine = machine_with(Protection::READONLY, NoExecute::Supported);
        assert_eq!(error(&machine, Access::Read), None);
        assert_eq!(error(&machine, Access::Write), Some(PRESENT | error_code::WRITE | USER));
        assert_eq!(error(&machine, Access::Execute), Some(PRESENT | FETCH | USER));
        let kernel = machine.access(ADDRESS, Access::Write, Ring::Kernel).map_err(|fault| fault.error);
        assert_eq!(kernel, Err(PRESENT | error_code::WRITE));
        machine.record(pte_of(PAGE)).store(0x80);
        machine.flush(PAGE);
        assert_eq!(error(&machine, Access::Write), Some(error_code::WRITE | USER));
        assert_eq!(error(&machine_with(Protection::READONLY, NoExecute::Absent), Access::Execute), None);
    }

    #[test]
    fn nx_without_nx_and_bits_above_the_address_width_are_reserved() {
        let machine = machine_with(Protection::READWRITE, NoExecute::Absent);
        let cell = machine.record(pte_of(PAGE));
        for bit in [NO_EXECUTE, 1 << 36] {
            cell.store(ValidPte::user(FRAME, Protection::READWRITE, 0).0 | bit);
            assert_eq!(error(&machine, Access::Read), Some(0xD), "{bit:x}");
        }
    }

    #[test]
    fn the_processor_sets_accessed_and_dirty() {
        let machine = machine_with(Protection::READWRITE, NoExecute::Supported);
        let cell = machine.record(pte_of(PAGE));
        machine.read_byte(ADDRESS).unwrap();
        assert_eq!(cell.load() & (ACCESSED | DIRTY), ACCESSED);
        machine.write_byte(ADDRESS, 7).unwrap();
        assert_eq!(cell.load() & (ACCESSED | DIRTY), ACCESSED | DIRTY);
        assert_eq!(machine.frame_contents(FRAME)[0], 7);
    }

    #[test]
    fn a_wider_entry_needs_no_flush_but_may_fault_once_more() {
        let machine = machine_with(Protection::READONLY, NoExecute::Supported);
        machine.read_byte(ADDRESS).unwrap();
        set(&machine, Protection::READWRITE, FRAME);
        machine.check_tlb();
        assert!(machine.write_byte(ADDRESS, 1).is_err());
        assert!(machine.write_byte(ADDRESS, 1).is_ok());
    }

    #[test]
    #[should_panic(expected = "missing flush")]
    fn a_narrower_entry_needs_a_flush() {
        let machine = machine_with(Protection::READWRITE, NoExecute::Supported);
        machine.write_byte(ADDRESS, 1).unwrap();
        set(&machine, Protection::READONLY, FRAME);
        machine.check_tlb();
    }

    #[test]
    #[should_panic(expected = "missing flush")]
    fn another_frame_needs_a_flush() {
        let machine = machine_with(Protection::READWRITE, NoExecute::Supported);
        machine.read_byte(ADDRESS).unwrap();
        set(&machine, Protection::READWRITE, FrameNumber(21));
        let _ = machine.read_byte(ADDRESS);
    }

    #[test]
    #[should_panic(expected = "missing flush")]
    fn clearing_dirty_needs_a_flush() {
        let machine = machine_with(Protection::READWRITE, NoExecute::Supported);
        machine.write_byte(ADDRESS, 1).unwrap();
        let cell = machine.record(pte_of(PAGE));
        cell.store(cell.load() & !DIRTY);
        let _ = machine.write_byte(ADDRESS, 2);
    }

    #[test]
    #[should_panic(expected = "missing flush of a kernel page")]
    fn a_replaced_page_table_needs_a_flush_of_the_self_map() {
        let machine = machine_with(Protection::READWRITE, NoExecute::Supported);
        machine.record(pde_of(PAGE)).store(ValidPte::user_table(FrameNumber(11)).0);
        machine.record(pte_of(PAGE));
    }

    #[test]
    fn loading_cr3_keeps_global_translations_only() {
        let machine = machine_with(Protection::READWRITE, NoExecute::Supported);
        let pool = VirtualPage(0xA0000);
        machine.record(pde_of(pool)).store(ValidPte::system_table(FrameNumber(12)).0);
        machine.record(pte_of(pool)).store(ValidPte::system(FRAME, 0).0);
        machine.record(Link::<PteCell>::new(pool.address().0));
        machine.read_byte(ADDRESS).unwrap();
        machine.attach(machine.attached());
        assert_eq!(machine.translations.borrow_mut().pages(), [pool]);
        machine.check_tlb();
    }
}
