//! The disks: which there are, what of them is C:, and how a thread waits for one.

use core::sync::atomic::{AtomicU32, Ordering};

use alloc::vec::Vec;
use ata::channel::{DmaMemory, Drive};
use ata::command::Method;
use ata::{Channel, Machine};
use boot::image;
use boot::information::{BootInformation, Module};
use drivers::{clock_chip, ide, interrupt_controller, logln};
use hal::port;
use hal::registers::{FLAGS_INTERRUPT, flags};
use io::{
    BlockDevice, DeviceError, Direction, MountError, Partition, PartitionEntry, Piece, RamDisk, Volume, partition,
};
use mm::layout::{PAGE_SHIFT, PhysicalAddress};
use mm::machine::FrameBytes;
use ob::ObjectManager;
use spin::Once;

use crate::bugcheck::refuse;
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

/// What C: is on.
pub enum SystemDisk {
    /// A partition of a disk.
    Partition(Partition<&'static Disk>),
    /// The boot module `volume`.
    Module(RamDisk<Hardware>),
}

impl SystemDisk {
    /// Whether what is written there stays when the machine is switched off.
    pub fn is_disk(&self) -> bool {
        matches!(self, Self::Partition(_))
    }
}

/// Finds the disks and mounts C:: the first FAT volume on them that is sound, else the boot module `volume`.
pub fn mount(
    objects: &'static ObjectManager<'static, Hardware>,
    information: &BootInformation,
) -> Volume<'static, Hardware, SystemDisk> {
    for (number, disk) in (0..).zip(find_disks()) {
        if let Some(volume) = mount_first(objects, number, disk) {
            return volume;
        }
    }
    let Some(Module { start, length, .. }) = information.module("volume") else {
        refuse(format_args!("there is neither a FAT volume on a disk nor a boot module named volume: C: is missing"));
    };
    let module = RamDisk::new(Hardware, PhysicalAddress(*start), u64::from(*length));
    match Volume::mount(objects, SystemDisk::Module(module)) {
        Ok(volume) => {
            logln!("C: is the boot module volume; what is written to it is lost when the machine is switched off");
            volume
        }
        Err(error) => refuse(format_args!("the boot module volume is unusable: {error}")),
    }
}

/// The disks there are, each with a line in the log.
fn find_disks() -> &'static [Disk] {
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

/// The first sound FAT volume of `disk`, with the reasons why others are not.
fn mount_first(
    objects: &'static ObjectManager<'static, Hardware>,
    number: usize,
    disk: &'static Disk,
) -> Option<Volume<'static, Hardware, SystemDisk>> {
    let partitions = match partition::partitions(disk) {
        Ok(partitions) => partitions,
        Err(error) => {
            logln!("disk {number} is not used: {error}");
            return None;
        }
    };
    for entry in partitions.iter().filter(|entry| entry.is_fat()) {
        match mount_partition(objects, disk, entry) {
            Ok(volume) => {
                match entry.number {
                    0 => logln!("C: is disk {number}"),
                    partition => logln!("C: is partition {partition} of disk {number}"),
                }
                return Some(volume);
            }
            Err(error) => logln!("partition {} of disk {number} is not used: {error}", entry.number),
        }
    }
    if partitions.iter().all(|entry| !entry.is_fat()) {
        logln!("disk {number} has no FAT partition");
    }
    None
}

fn mount_partition(
    objects: &'static ObjectManager<'static, Hardware>,
    disk: &'static Disk,
    entry: &PartitionEntry,
) -> Result<Volume<'static, Hardware, SystemDisk>, MountError> {
    Volume::mount(objects, SystemDisk::Partition(Partition::new(disk, entry)))
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

impl BlockDevice for SystemDisk {
    fn sectors(&self) -> u64 {
        match self {
            Self::Partition(disk) => disk.sectors(),
            Self::Module(disk) => disk.sectors(),
        }
    }

    fn read(&self, first: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        match self {
            Self::Partition(disk) => disk.read(first, into),
            Self::Module(disk) => disk.read(first, into),
        }
    }

    fn write(&self, first: u64, from: &[u8]) -> Result<(), DeviceError> {
        match self {
            Self::Partition(disk) => disk.write(first, from),
            Self::Module(disk) => disk.write(first, from),
        }
    }

    fn transfer(
        &self,
        memory: &impl FrameBytes,
        first: u64,
        direction: Direction,
        pieces: &[Piece],
    ) -> Result<(), DeviceError> {
        match self {
            Self::Partition(disk) => disk.transfer(memory, first, direction, pieces),
            Self::Module(disk) => disk.transfer(memory, first, direction, pieces),
        }
    }

    fn flush(&self) -> Result<(), DeviceError> {
        match self {
            Self::Partition(disk) => disk.flush(),
            Self::Module(disk) => disk.flush(),
        }
    }
}
