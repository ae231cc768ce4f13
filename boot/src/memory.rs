//! The kernel half as the memory manager finds it: frame database, heap, control region, shared data.
//!
//! Frames are zeroed as they are mapped. Page tables are added to the directory of 80000000-BFFFFFFF, which every
//! process shares.

use abi::nt::user_shared_data::KERNEL_SHARED_DATA;
use abi::processor::PROCESSOR_CONTROL_REGION;
use mm::frame::FrameRun;
use mm::layout::{ENTRIES_PER_TABLE, FrameNumber, PAGE_SIZE, VirtualAddress, VirtualPage, WORKING_SET_LIST};
use mm::pte::{DIRTY, PteCell, VALID, ValidPte, WRITE, pde_of, pte_of, table_page_of};

use crate::database::{self, Part};
use crate::early_frames::{EarlyFrames, OutOfMemory};

/// First address of the Rust heap.
pub const HEAP: u32 = 0xB100_0000;
/// Bytes of the Rust heap at the start.
pub const HEAP_SIZE: u32 = 0x8_0000;
/// The address that the Rust heap never grows past.
pub const HEAP_END: u32 = 0xB200_0000;

/// What was mapped, beside what has a fixed address.
#[derive(Clone, Copy, Debug)]
pub struct KernelHalf {
    /// The frame of KUSER_SHARED_DATA.
    pub shared_data: FrameNumber,
    /// Pages of the frame database that have a frame of their own.
    pub database_pages: u32,
}

/// Maps the kernel half for a machine with `ram`, and starts the heap and the control region.
///
/// # Errors
/// [`OutOfMemory`].
pub fn map_kernel_half(ram: &[FrameRun], frames: &mut EarlyFrames<'_>) -> Result<KernelHalf, OutOfMemory> {
    map_new(VirtualAddress(PROCESSOR_CONTROL_REGION).page(), frames)?;
    let shared_data = map_new(VirtualAddress(KERNEL_SHARED_DATA).page(), frames)?;
    map_new(VirtualAddress(WORKING_SET_LIST).page(), frames)?;
    for page in pages(HEAP, HEAP + HEAP_SIZE) {
        map_new(page, frames)?;
    }
    // SAFETY: the range was just mapped, this runs once, and nothing else lies up to the heap's end.
    unsafe { hal::heap::initialise(HEAP, HEAP_SIZE, HEAP_END) };
    let database_pages = map_database(ram, frames)?;
    Ok(KernelHalf { shared_data, database_pages })
}

/// The parts of the database that have records get frames of zeros, by large pages where there are 512 frames in a row; the
/// pages between show one frame of zeros that nobody can write.
#[doc(alias = "MiInitializePfnDatabase")]
fn map_database(ram: &[FrameRun], frames: &mut EarlyFrames<'_>) -> Result<u32, OutOfMemory> {
    let mut hole = None;
    let mut own = 0;
    for part in database::parts(ram) {
        match part {
            Part::Hole(first, count) => {
                let zeros = hole.map_or_else(|| zeroed(frames), Ok)?;
                hole = Some(zeros);
                (0..count).try_for_each(|index| map_hole(VirtualPage(first.0 + index), zeros, frames))?;
            }
            Part::Pages(first, count) => {
                map_all(first, count, frames)?;
                own += count;
            }
            Part::LargePage(first) => {
                match frames.take_large() {
                    Ok(frame) => map_large(first, frame),
                    Err(OutOfMemory) => map_all(first, ENTRIES_PER_TABLE, frames)?,
                }
                own += ENTRIES_PER_TABLE;
            }
        }
    }
    Ok(own)
}

/// Lets `page` be read and not written.
fn map_hole(page: VirtualPage, zeros: FrameNumber, frames: &mut EarlyFrames<'_>) -> Result<(), OutOfMemory> {
    map(page, zeros, frames)?;
    let cell = cell(pte_of(page).address());
    cell.store(cell.load() & !(WRITE | DIRTY));
    hal::page_tables::flush(page);
    Ok(())
}

/// Backs `count` pages from `first` on by frames of zeros.
fn map_all(first: VirtualPage, count: u32, frames: &mut EarlyFrames<'_>) -> Result<(), OutOfMemory> {
    (first.0..first.0 + count).try_for_each(|page| map_new(VirtualPage(page), frames).map(|_| ()))
}

/// Backs the large page `first`, under which there is no page table, by the 512 frames from `frame` on, and fills it with
/// zeros. Every processor with PAE has large pages (Intel SDM volume 3, section 4.4: CR4.PSE means nothing then).
fn map_large(first: VirtualPage, frame: FrameNumber) {
    cell(pde_of(first).address()).store(ValidPte::system_large(frame, hal::windows::no_execute()).0);
    // SAFETY: the pages were just mapped, and nothing uses them yet.
    unsafe { hal::frame_bytes::zero_pages(first.address().0 as *mut u8, ENTRIES_PER_TABLE) };
}

fn pages(start: u32, end: u32) -> impl Iterator<Item = VirtualPage> {
    (start / PAGE_SIZE..end / PAGE_SIZE).map(VirtualPage)
}

fn zeroed(frames: &mut EarlyFrames<'_>) -> Result<FrameNumber, OutOfMemory> {
    let frame = frames.take()?;
    hal::frame_bytes::zero(frame);
    Ok(frame)
}

/// Backs `page` by a frame of zeros.
fn map_new(page: VirtualPage, frames: &mut EarlyFrames<'_>) -> Result<FrameNumber, OutOfMemory> {
    let frame = zeroed(frames)?;
    map(page, frame, frames)?;
    Ok(frame)
}

fn map(page: VirtualPage, frame: FrameNumber, frames: &mut EarlyFrames<'_>) -> Result<(), OutOfMemory> {
    let directory = cell(pde_of(page).address());
    if directory.load() & VALID == 0 {
        let table = zeroed(frames)?;
        directory.store(ValidPte::system_table(table).0);
        hal::page_tables::flush(table_page_of(page));
    }
    cell(pte_of(page).address()).store(ValidPte::system(frame, hal::windows::no_execute()).0);
    Ok(())
}

/// A cell of the self-map whose table is there.
fn cell(address: u32) -> &'static PteCell {
    // SAFETY: `map` sees to the table before it asks for an entry of it; the directories are always there.
    unsafe { &*(address as *const PteCell) }
}
