//! The services as a program calls them, in one line each, and a picture of everything they could change.

use abi::cell::Link;
use abi::memory::{MEM_COMMIT, MEM_RESERVE, PAGE_READWRITE};
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::fault::FaultOutcome;
use mm::layout::{VirtualAddress, VirtualPage};
use mm::machine::{FrameBytes, Records};
use mm::protection::Access;
use mm::pte::{LARGE_PAGE, Pte};
use mm::verify::Audit;
use mm::virtual_memory::{AllocateFlags, AskedRange, FreeKind, PageRange, Region, check_protect};

use crate::system::System;

/// Reserve and commit.
pub const BOTH: u32 = MEM_RESERVE | MEM_COMMIT;

/// First address and bytes of a range.
pub type Bytes = (u32, u32);

/// All that a refused service must leave as it was, of the system and of one process.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    audit: Audit,
    available: u32,
    /// Start, end and flags of each VAD.
    vads: Vec<(u32, u32, u32)>,
    /// Charge, peak and size of address space, private pages, working set.
    counts: [u32; 5],
    /// The page table entries that are not zero, by page; Accessed and Dirty are the processor's.
    entries: Vec<(u32, u64)>,
}

impl Picture {
    /// The same without the `frames` that the kernel has taken for itself, its pool's among them.
    #[must_use]
    pub fn without_kernel(mut self, frames: u32) -> Self {
        self.audit.active -= frames;
        self.audit.committed -= frames;
        self.available += frames;
        self
    }
}

impl System {
    /// NtAllocateVirtualMemory with ZeroBits 0.
    ///
    /// # Errors
    /// As the service.
    pub fn allocate(
        &self,
        process: Link<Eprocess>,
        kind: u32,
        protect: u32,
        base: u32,
        size: u32,
    ) -> Result<Bytes, NtStatus> {
        let flags = AllocateFlags::check(0, kind, protect)?;
        self.space(process).allocate(flags, AskedRange::check(base, size)?).map(bytes)
    }

    /// Reserves and commits `size` bytes at `base`, readable and writable: the usual case, which must succeed.
    pub fn commit_at(&self, process: Link<Eprocess>, base: u32, size: u32) {
        self.allocate(process, BOTH, PAGE_READWRITE, base, size).expect("room and memory");
    }

    /// NtFreeVirtualMemory.
    ///
    /// # Errors
    /// As the service.
    pub fn free(&self, process: Link<Eprocess>, kind: u32, base: u32, size: u32) -> Result<Bytes, NtStatus> {
        self.space(process).free(FreeKind::check(kind)?, base, size).map(bytes)
    }

    /// NtProtectVirtualMemory; the protection the first page had.
    ///
    /// # Errors
    /// As the service.
    pub fn protect(&self, process: Link<Eprocess>, base: u32, size: u32, new: u32) -> Result<u32, NtStatus> {
        self.space(process).protect(base, size, check_protect(new)?).map(|(_, old)| old)
    }

    /// NtGetWriteWatch with room for `most` addresses, which are reset where `reset`.
    ///
    /// # Errors
    /// As the service.
    pub fn get_watch(
        &self,
        process: Link<Eprocess>,
        (base, size): Bytes,
        most: usize,
        reset: bool,
    ) -> Result<Vec<u32>, NtStatus> {
        let space = self.space(process);
        let range = space.check_watched(base, size)?;
        let mut addresses = vec![0; most];
        let found = space.written_pages(range, &mut addresses);
        addresses.truncate(found);
        if reset {
            space.forget_written(&addresses);
        }
        Ok(addresses)
    }

    /// NtQueryVirtualMemory of a user address.
    pub fn query(&self, process: Link<Eprocess>, address: u32) -> Region {
        self.space(process).query(address).expect("a user address")
    }

    /// One fault, whatever comes of it.
    pub fn fault(&self, process: Link<Eprocess>, address: u32, access: Access) -> FaultOutcome {
        self.space(process).fault(VirtualAddress(address), access)
    }

    /// The raw PTE of `address` in `process`, the page directory's entry under a large page, 0 where there is no page table.
    pub fn raw_pte(&self, process: Link<Eprocess>, address: u32) -> u64 {
        self.space(process);
        let page = VirtualAddress(address).page();
        let directory = self.mm.machine.attached()[(page.0 >> 18) as usize];
        match Pte::decode(self.mm.machine.read_entry(directory, page.0 >> 9 & 0x1FF)) {
            Pte::Valid(large) if large.has(LARGE_PAGE) => large.0,
            Pte::Valid(table) => self.mm.machine.read_entry(table.frame(), page.0 & 0x1FF),
            _ => 0,
        }
    }

    /// What the PTE of `address` says.
    pub fn pte(&self, process: Link<Eprocess>, address: u32) -> Pte {
        Pte::decode(self.raw_pte(process, address))
    }

    /// What the system's own record of `process` counts: commit charge.
    pub fn process_charge(&self, process: Link<Eprocess>) -> u32 {
        self.mm.machine.record(process).commit_charge.get()
    }

    /// The audit, which must find nothing.
    #[track_caller]
    pub fn sound(&mut self) -> Audit {
        match self.verify() {
            Ok(audit) => audit,
            Err(corruption) => panic!("{corruption:?}"),
        }
    }

    /// The picture of `process` and of the system, audited.
    #[track_caller]
    pub fn picture(&mut self, process: Link<Eprocess>) -> Picture {
        let audit = self.sound();
        let record = self.mm.machine.record(process);
        let space = self.space(process);
        let vads = space.vads();
        let vad_list =
            vads.iter().map(|vad| vads.node(vad)).map(|node| (node.start().0, node.end().0, node.flags().0)).collect();
        let counts = [
            record.commit_charge.get(),
            record.commit_charge_peak.get(),
            record.virtual_size.get(),
            record.number_of_private_pages.get(),
            record.vm.working_set_size.get(),
        ];
        let mut entries = Vec::new();
        let tables = (0..1024).map(|table| VirtualPage(table << 9));
        for first in tables {
            let pde =
                self.mm.machine.read_entry(self.mm.machine.attached()[(first.0 >> 18) as usize], first.0 >> 9 & 0x1FF);
            let Pte::Valid(pde) = Pte::decode(pde) else { continue };
            if pde.has(LARGE_PAGE) {
                entries.push((first.0, without_marks(pde.0)));
                continue;
            }
            let raw = (0..512).map(|index| self.mm.machine.read_entry(pde.frame(), index));
            entries.extend(
                (first.0..).zip(raw).filter(|(_, raw)| *raw != 0).map(|(page, raw)| (page, without_marks(raw))),
            );
        }
        Picture { audit, available: self.mm.available_frames(), vads: vad_list, counts, entries }
    }
}

fn without_marks(raw: u64) -> u64 {
    match Pte::decode(raw) {
        Pte::Valid(valid) => valid.0 & !(mm::pte::ACCESSED | mm::pte::DIRTY),
        _ => raw,
    }
}

fn bytes(range: PageRange) -> Bytes {
    (range.base(), range.bytes())
}
