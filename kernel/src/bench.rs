//! What the kernel itself measures where the command line says `bench`: how fast a disk is read into frames, with nothing
//! above the driver.

use drivers::logln;
use io::{BlockDevice, Direction, Piece, SECTOR};
use mm::MemoryManager;
use mm::layout::{PAGE_SIZE, VirtualAddress};
use mm::machine::Records;
use mm::pte::{ValidPte, pte_of};

use crate::machine::Hardware;
use crate::{clock, disk};

/// Bytes of a command, and of all.
const AT_ONCE: u32 = 0x1_0000;
const ALL: u64 = 64 << 20;

/// Reads the start of the first disk, where there is one that is large enough.
pub fn read_disk(mm: &MemoryManager<Hardware>) {
    let Some(disk) = disk::disks().first().filter(|disk| disk.sectors() >= ALL / u64::from(SECTOR)) else { return };
    let pages = AT_ONCE / PAGE_SIZE;
    let Ok(buffer) = mm.allocate_pool_pages::<abi::cell::Field<u32>>(pages) else { return };
    let pieces: [Piece; (AT_ONCE / PAGE_SIZE) as usize] = core::array::from_fn(|page| {
        let page = VirtualAddress(buffer.address() + page as u32 * PAGE_SIZE).page();
        let frame = ValidPte(mm.machine.record(pte_of(page)).load()).frame();
        Piece { frame, offset: 0, bytes: PAGE_SIZE }
    });
    let (began, frequency) = clock::performance_counter();
    let mut firsts = (0..ALL / u64::from(SECTOR)).step_by((AT_ONCE / SECTOR) as usize);
    let result = firsts.try_for_each(|first| disk.transfer(&mm.machine, first, Direction::Read, &pieces));
    let (ended, _) = clock::performance_counter();
    mm.free_pool_pages(buffer, pages);
    match result {
        Ok(()) => {
            let microseconds = (ended - began).max(1) * 1_000_000 / frequency;
            logln!("bench disk_raw: {} KB a second", ALL * 1000 / 1024 * 1000 / microseconds);
        }
        Err(error) => logln!("bench disk_raw: {error:?}"),
    }
}
