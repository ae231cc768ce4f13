//! What the kernel itself measures where the command line says `bench`: what its start-up and its zero-page thread cost, and how
//! fast a disk is read into frames, with nothing above the driver.

use core::sync::atomic::{AtomicU32, Ordering};

use drivers::logln;
use hal::registers::time_stamp;
use io::{BlockDevice, Direction, Piece, SECTOR};
use mm::MemoryManager;
use mm::frame::Location;
use mm::layout::{PAGE_SIZE, VirtualAddress};
use mm::machine::Records;
use mm::pte::{ValidPte, pte_of};

use crate::machine::Hardware;
use crate::{clock, disk};

/// Bytes of a command, and of all.
const AT_ONCE: u32 = 0x1_0000;
const ALL: u64 = 64 << 20;

/// Instructions that the frame database took at start-up, where they are what the time-stamp counter counts: to map it, with
/// what else is mapped, and to fill it.
static MAPPED: AtomicU32 = AtomicU32::new(0);
static FILLED: AtomicU32 = AtomicU32::new(0);
/// Frames that [`zero_pages`] zeroes, as far as there are so many.
const ZEROED: u32 = 1024;

/// Remembers how long the frame database took to be mapped, in ticks of the time-stamp counter.
pub fn database_is_mapped(ticks: u64) {
    MAPPED.store(ticks as u32, Ordering::Relaxed);
}

/// Remembers how long the memory manager took to start, which is the filling of the database for the most part.
pub fn database_is_filled(ticks: u64) {
    FILLED.store(ticks as u32, Ordering::Relaxed);
}

/// Tells what start-up took for each frame, rounded up.
pub fn start_up(mm: &MemoryManager<Hardware>) {
    let ticks = MAPPED.load(Ordering::Relaxed).saturating_add(FILLED.load(Ordering::Relaxed));
    logln!("bench name=frame_database instructions={}", ticks.div_ceil(mm.physical_pages().2));
}

/// Does some of the zero-page thread's work, and tells what it took for each frame, rounded up.
pub fn zero_pages(mm: &MemoryManager<Hardware>) {
    let before = mm.list_length(Location::Zeroed);
    let began = time_stamp();
    while mm.list_length(Location::Zeroed) < before + ZEROED && mm.zero_frames() {}
    let ticks = (time_stamp() - began) as u32;
    let zeroed = mm.list_length(Location::Zeroed) - before;
    if zeroed > 0 {
        logln!("bench name=zero_page instructions={}", ticks.div_ceil(zeroed));
    }
}

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
