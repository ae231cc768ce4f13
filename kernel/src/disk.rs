//! The disks: which there are, and how a thread waits for one.

use core::sync::atomic::{AtomicU32, Ordering};

use alloc::vec::Vec;
use ata::channel::{DmaMemory, Drive};
use ata::command::Method;
use ata::{Channel, Machine};
use boot::image;
use drivers::{clock_chip, ide, interrupt_controller, logln};
use hal::port;
use hal::registers::{FLAGS_INTERRUPT, flags};
use mm::layout::PAGE_SHIFT;
use spin::Once;

use crate::machine::{HARDWARE, Hardware};
use crate::{clock, system};

/// A disk of the machine.
pub type Disk = ata::Disk<'static, Hardware>;

/// Pages of a channel through which goes what its controller cannot reach.
const BOUNCE_PAGES: usize = 8;
/// Units of the interrupt time in a second.
const SECOND: u64 = 10_000_000;

/// A page of the kernel's image, which lies below 4 GB.
#[repr(align(4096))]
struct Page([AtomicU32; 1024]);

/// Memory of a channel: its table, then its bounce pages.
static MEMORY: [[Page; 1 + BOUNCE_PAGES]; ide::MOST_CHANNELS] =
    [const { [const { Page([const { AtomicU32::new(0) }; 1024]) }; 1 + BOUNCE_PAGES] }; ide::MOST_CHANNELS];

/// Memory of whoever seizes a channel, one at a time, while the system stands still.
static SPARE: [Page; 1 + BOUNCE_PAGES] = [const { Page([const { AtomicU32::new(0) }; 1024]) }; 1 + BOUNCE_PAGES];

static CHANNELS: Once<Vec<Channel>> = Once::new();
static DISKS: Once<Vec<Disk>> = Once::new();

/// The disks there are, each with a line in the log.
pub fn find() -> &'static [Disk] {
    let channels = CHANNELS.call_once(|| (0..).zip(ide::channels()).map(|(n, found)| channel(n, found)).collect());
    let disks = DISKS.call_once(|| {
        let drives = channels.iter().flat_map(|channel| [Drive::First, Drive::Second].map(|drive| (channel, drive)));
        drives.filter_map(|(channel, drive)| find_disk(channel, drive)).collect()
    });
    match channels.is_empty() {
        true => logln!("there is no IDE controller, so there are no disks"),
        false if disks.is_empty() => logln!("there are no disks at the IDE controller"),
        false => {}
    }
    for (number, disk) in disks.iter().enumerate() {
        let identity = disk.identity();
        let method = if disk.method() == Method::Dma { "DMA" } else { "PIO" };
        logln!("disk {number}: {}, {} MB, {method}", identity.model(), identity.sectors / 2048);
    }
    disks
}

fn channel(number: usize, found: ide::Found) -> Channel {
    Channel::new(found.ports, found.line, dma_memory(&MEMORY[number]), dma_memory(&SPARE))
}

fn dma_memory(pages: &'static [Page; 1 + BOUNCE_PAGES]) -> DmaMemory {
    let [table, bounce, ..] = pages;
    let address = |page: &'static Page| core::ptr::from_ref(page) as u32 - image::IMAGE_OFFSET;
    DmaMemory {
        table: &table.0,
        address: address(table),
        bounce: mm::layout::FrameNumber(address(bounce) >> PAGE_SHIFT),
        bounce_pages: BOUNCE_PAGES as u32,
        bounced: AtomicU32::new(0),
    }
}

fn find_disk(channel: &'static Channel, drive: Drive) -> Option<Disk> {
    let answer = channel.acquire(&HARDWARE).identify(drive)?;
    match answer {
        Ok(identity) => Some(Disk::new(Hardware, channel, drive, identity)),
        // A CD drive, in most machines.
        Err(ata::identity::NotADisk::Kind) => None,
        Err(why) => {
            logln!("the {drive:?} drive at port {:x} is not used: {why}", channel.ports.command);
            None
        }
    }
}

/// The disks there are.
pub fn disks() -> &'static [Disk] {
    DISKS.get().map_or(&[], Vec::as_slice)
}

/// Whether a disk is just being given a command: it must not be used over the head of who does that.
pub fn is_being_told() -> bool {
    CHANNELS.get().into_iter().flatten().any(Channel::is_being_told)
}

/// How often a channel was seized.
pub fn seizures() -> u32 {
    CHANNELS.get().into_iter().flatten().map(Channel::seizures).sum()
}

/// How many pieces of transfers lay where no controller reaches.
pub fn bounced() -> u32 {
    CHANNELS.get().into_iter().flatten().map(|channel| channel.memory.bounced.load(Ordering::Relaxed)).sum()
}

/// Lets the channels that have disks interrupt.
pub fn unmask() {
    if DISKS.get().is_some_and(|disks| !disks.is_empty()) {
        for line in CHANNELS.get().into_iter().flatten().filter_map(|channel| channel.line) {
            interrupt_controller::unmask(line);
        }
    }
}

/// An interrupt on `line`: acknowledges it, and says whether a channel was meant. Touches only ports and atomics.
pub fn interrupt(line: u8) -> bool {
    let mut any = false;
    for channel in CHANNELS.get().into_iter().flatten() {
        any |= channel.line == Some(line) && channel.interrupt(&HARDWARE);
    }
    any
}

impl Machine for Hardware {
    fn read_u8(&self, port: u16) -> u8 {
        port::read_u8_ordered(port)
    }

    fn write_u8(&self, port: u16, value: u8) {
        port::write_u8_ordered(port, value);
    }

    fn read_u16(&self, port: u16) -> u16 {
        port::read_u16(port)
    }

    fn write_u16(&self, port: u16, value: u16) {
        port::write_u16(port, value);
    }

    fn write_u32(&self, port: u16, value: u32) {
        port::write_u32(port, value);
    }

    fn clock(&self) -> u64 {
        if interrupts_come() { clock::interrupt_time() / SECOND } else { clock_chip::seconds().into() }
    }

    fn pause(&self, line: Option<u8>) {
        if self.others_can_run() {
            // A line that the interrupt controllers do not have never interrupts: the tick ends the wait.
            system::executive().wait_for_interrupt(line.unwrap_or(NO_LINE));
        } else {
            core::hint::spin_loop();
        }
    }

    fn others_can_run(&self) -> bool {
        interrupts_come() && system::is_up() && system::executive().can_wait()
    }

    fn wait_for_turn(&self, token: usize) {
        system::executive().wait_for_address(token as u32);
    }

    fn gives_up_dma(&self) {
        logln!("a disk goes on without DMA, which fails again and again");
    }

    fn wake(&self, token: usize) {
        if system::is_up() {
            system::executive().wake(token as u32);
        }
    }
}

/// A line that no device has.
const NO_LINE: u8 = 31;

/// Whether the processor takes interrupts: not before the first thread runs, and not when the system has stopped.
fn interrupts_come() -> bool {
    flags() & FLAGS_INTERRUPT != 0
}
