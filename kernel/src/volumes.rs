//! The volumes: what of the disks is C:, D: and so on.

use alloc::vec::Vec;

use boot::information::{BootInformation, Module};
use drivers::logln;
use io::{
    BlockDevice, DeviceError, Direction, MountError, Partition, PartitionEntry, Path, Piece, RamDisk, Volume, partition,
};
use mm::layout::PhysicalAddress;
use mm::machine::FrameBytes;
use ob::ObjectManager;

use crate::bugcheck::refuse;
use crate::disk::{self, Disk};
use crate::machine::Hardware;

/// A file that there is on the system's volume, and on no other system's.
const SYSTEM_MARK: &str = "\\WINDOWS\\vadose.txt";

/// What a volume is on.
pub enum VolumeDisk {
    /// A partition of a disk.
    Partition(Partition<&'static Disk>),
    /// The boot module `volume`.
    Module(RamDisk<Hardware>),
}

impl VolumeDisk {
    /// Whether what is written there stays when the machine is switched off.
    pub fn is_disk(&self) -> bool {
        matches!(self, Self::Partition(_))
    }
}

/// A volume of a disk, or of the boot module.
type Mounted = Volume<'static, Hardware, VolumeDisk>;

/// Where a volume was found, for the log.
#[derive(Clone, Copy)]
enum Place {
    /// A disk, and its partition; 0 for all of it.
    Disk(usize, u32),
    Module,
}

/// Finds the disks and mounts the sound FAT volumes on them. C: is the first that the system is on, else the boot module `volume`,
/// else the first; the others are the drives after it.
pub fn mount(objects: &'static ObjectManager<'static, Hardware>, information: &BootInformation) -> Vec<Mounted> {
    let mut found = Vec::new();
    for (number, disk) in disk::find().iter().enumerate() {
        mount_all(objects, number, disk, &mut found);
    }
    let path: Vec<u16> = SYSTEM_MARK.encode_utf16().collect();
    let has_system = |volume: &Mounted| Path::parse(&path).is_ok_and(|path| volume.has(&path));
    let system = match found.iter().position(|(_, volume)| has_system(volume)) {
        Some(at) => found.remove(at),
        None => match (mount_module(objects, information), found.is_empty()) {
            (Some(volume), _) => (Place::Module, volume),
            (None, false) => found.remove(0),
            (None, true) => refuse(format_args!(
                "there is neither a FAT volume on a disk nor a boot module named volume: C: is missing"
            )),
        },
    };
    found.insert(0, system);
    for (place, letter) in found.iter().map(|(place, _)| place).zip('C'..='Z') {
        match place {
            Place::Module => {
                logln!(
                    "{letter}: is the boot module volume; what is written to it is lost when the machine is switched off"
                );
            }
            Place::Disk(disk, 0) => logln!("{letter}: is disk {disk}"),
            Place::Disk(disk, partition) => logln!("{letter}: is partition {partition} of disk {disk}"),
        }
    }
    found.truncate(ps::MOST_VOLUMES);
    found.into_iter().map(|(_, volume)| volume).collect()
}

fn mount_module(objects: &'static ObjectManager<'static, Hardware>, information: &BootInformation) -> Option<Mounted> {
    let Module { start, length, .. } = information.module("volume")?;
    let module = RamDisk::new(Hardware, PhysicalAddress(*start), u64::from(*length));
    match Volume::mount(objects, VolumeDisk::Module(module)) {
        Ok(volume) => Some(volume),
        Err(error) => refuse(format_args!("the boot module volume is unusable: {error}")),
    }
}

/// Adds the sound FAT volumes of `disk` to `found`, with the reasons why others are not used.
fn mount_all(
    objects: &'static ObjectManager<'static, Hardware>,
    number: usize,
    disk: &'static Disk,
    found: &mut Vec<(Place, Mounted)>,
) {
    let partitions = match partition::partitions(disk) {
        Ok(partitions) => partitions,
        Err(error) => return logln!("disk {number} is not used: {error}"),
    };
    for entry in partitions.iter().filter(|entry| entry.is_fat()) {
        match mount_partition(objects, disk, entry) {
            Ok(volume) => found.push((Place::Disk(number, entry.number), volume)),
            Err(error) => logln!("partition {} of disk {number} is not used: {error}", entry.number),
        }
    }
    if partitions.iter().all(|entry| !entry.is_fat()) {
        logln!("disk {number} has no FAT partition");
    }
}

fn mount_partition(
    objects: &'static ObjectManager<'static, Hardware>,
    disk: &'static Disk,
    entry: &PartitionEntry,
) -> Result<Mounted, MountError> {
    Volume::mount(objects, VolumeDisk::Partition(Partition::new(disk, entry)))
}

impl BlockDevice for VolumeDisk {
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
