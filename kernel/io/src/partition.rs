//! How a disk is divided: the partition table of its first sector (MBR), and a partition as a device of its own.
//!
//! The table is believed as a whole or not at all: where one entry lies outside the disk or over another, nobody knows which
//! of them is wrong, and a write to a partition that is not there destroys somebody else's. No crate for `no_std` reads
//! logical partitions (mbrman needs `std`, mbr-nostd knows only the four primary ones).
//!
//! Source: the layout that every system since PC DOS 3.3 shares, as Wikipedia's "Master boot record" and "Extended boot
//! record" describe it.

use alloc::vec::Vec;
use core::fmt;

use mm::machine::FrameBytes;

use crate::device::{BlockDevice, DeviceError, Direction, Piece, SECTOR};
use crate::geometry::Geometry;

type Sector = [u8; SECTOR as usize];

/// Where the four entries begin, and how long one is.
const TABLE: usize = 446;
const ENTRY: usize = 16;
const ENTRIES: usize = 4;
const SIGNATURE: [u8; 2] = [0x55, 0xAA];

/// Logical partitions that are looked for at most.
const MOST_LOGICAL: usize = 64;
/// The number of the first logical partition.
const FIRST_LOGICAL: u32 = 5;

/// Kinds of partition, as the table has them.
mod kind {
    pub const UNUSED: u8 = 0;
    pub const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];
    pub const GPT: u8 = 0xEE;
    /// FAT12, FAT16 up to 32 MB, FAT16, FAT32, FAT32 and FAT16 by sector numbers.
    pub const FAT: [u8; 6] = [0x01, 0x04, 0x06, 0x0B, 0x0C, 0x0E];
}

/// A partition that a table names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionEntry {
    /// 1 to 4 in the order of the table, logical ones from 5 on; 0 for a disk that is one volume as a whole.
    pub number: u32,
    /// What the table says it holds.
    pub kind: u8,
    /// Its first sector.
    pub first: u64,
    /// How many it has.
    pub sectors: u64,
}

impl PartitionEntry {
    /// Whether it is said to hold a FAT volume.
    pub fn is_fat(&self) -> bool {
        self.number == 0 || kind::FAT.contains(&self.kind)
    }

    fn end(&self) -> u64 {
        self.first + self.sectors
    }
}

/// Why a disk's partitions are not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionError {
    /// The disk failed.
    Device(DeviceError),
    /// There is neither a table nor a volume.
    NoTable,
    /// It is divided by a GUID partition table.
    Gpt,
    /// An entry says neither that it is active nor that it is not: there is no table here.
    Status(u32),
    /// This partition does not lie within the disk or within the extended partition it belongs to.
    OutOfRange(u32),
    /// These two overlap.
    Overlap(u32, u32),
    /// There are two extended partitions.
    TwoExtended,
    /// The list of logical partitions is broken, runs in a circle or is too long.
    Chain,
}

impl fmt::Display for PartitionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(error) => write!(formatter, "it cannot be read ({error:?})"),
            Self::NoTable => write!(formatter, "it has neither a partition table nor a FAT volume"),
            Self::Gpt => write!(formatter, "it has a GUID partition table"),
            Self::Status(number) => write!(formatter, "its partition table is corrupt: the status of entry {number}"),
            Self::OutOfRange(number) => {
                write!(formatter, "its partition table is corrupt: partition {number} is out of range")
            }
            Self::Overlap(one, other) => {
                write!(formatter, "its partition table is corrupt: partitions {one} and {other} overlap")
            }
            Self::TwoExtended => write!(formatter, "its partition table is corrupt: two extended partitions"),
            Self::Chain => write!(formatter, "its partition table is corrupt: the logical partitions"),
        }
    }
}

/// The partitions of `device`, the logical ones behind the primary ones, without the extended one that holds them; or the whole
/// of it, where its first sector is a FAT volume's.
///
/// # Errors
/// [`PartitionError`].
pub fn partitions(device: &impl BlockDevice) -> Result<Vec<PartitionEntry>, PartitionError> {
    let sector = read(device, 0)?;
    if Geometry::read(&sector, device.sectors().saturating_mul(u64::from(SECTOR))).is_ok() {
        return Ok(alloc::vec![PartitionEntry { number: 0, kind: 0, first: 0, sectors: device.sectors() }]);
    }
    let mut found = Vec::new();
    let mut extended = None;
    for (number, entry) in (1..).zip(entries(&sector)?) {
        let partition = PartitionEntry { number, kind: entry.kind, first: entry.first, sectors: entry.sectors };
        match entry.kind {
            kind::UNUSED => continue,
            kind::GPT => return Err(PartitionError::Gpt),
            // Sector 0 is the table's own.
            _ if entry.first == 0 || entry.sectors == 0 || partition.end() > device.sectors() => {
                return Err(PartitionError::OutOfRange(number));
            }
            kind if kind::EXTENDED.contains(&kind) && extended.replace(partition).is_some() => {
                return Err(PartitionError::TwoExtended);
            }
            _ => found.push(partition),
        }
    }
    check_overlaps(&found)?;
    if let Some(extended) = extended {
        found.retain(|partition| partition.number != extended.number);
        let logical = logical_partitions(device, &extended)?;
        check_overlaps(&logical)?;
        found.extend(logical);
    }
    Ok(found)
}

/// The partitions inside `extended`: each has a table before it, whose first entry is the partition, counted from that table,
/// and whose second is the next table, counted from the start of the extended partition.
fn logical_partitions(
    device: &impl BlockDevice,
    extended: &PartitionEntry,
) -> Result<Vec<PartitionEntry>, PartitionError> {
    let mut found: Vec<PartitionEntry> = Vec::new();
    let mut tables: Vec<u64> = Vec::new();
    let mut next = Some(extended.first);
    while let Some(table) = next {
        if tables.contains(&table) || tables.len() == MOST_LOGICAL || table >= extended.end() {
            return Err(PartitionError::Chain);
        }
        tables.push(table);
        let [partition, link, ..] = match entries(&read(device, table)?) {
            Err(PartitionError::Device(error)) => return Err(PartitionError::Device(error)),
            // The table of an extended partition that was never filled may be rubbish.
            Err(_) if found.is_empty() => return Ok(found),
            other => other.map_err(|_| PartitionError::Chain)?,
        };
        if partition.kind != kind::UNUSED {
            let number = FIRST_LOGICAL + found.len() as u32;
            let first = table + partition.first;
            let entry = PartitionEntry { number, kind: partition.kind, first, sectors: partition.sectors };
            if partition.first == 0 || partition.sectors == 0 || entry.end() > extended.end() {
                return Err(PartitionError::OutOfRange(number));
            }
            found.push(entry);
        }
        next = (link.kind != kind::UNUSED).then_some(extended.first + link.first);
    }
    // A table inside a partition would be overwritten by it.
    match found.iter().find(|entry| tables.iter().any(|table| (entry.first..entry.end()).contains(table))) {
        Some(_) => Err(PartitionError::Chain),
        None => Ok(found),
    }
}

fn check_overlaps(partitions: &[PartitionEntry]) -> Result<(), PartitionError> {
    for (index, one) in partitions.iter().enumerate() {
        if let Some(other) =
            partitions[index + 1..].iter().find(|other| one.first < other.end() && other.first < one.end())
        {
            return Err(PartitionError::Overlap(one.number, other.number));
        }
    }
    Ok(())
}

/// An entry as it stands in a table.
#[derive(Clone, Copy)]
struct RawEntry {
    kind: u8,
    first: u64,
    sectors: u64,
}

fn entries(sector: &Sector) -> Result<[RawEntry; ENTRIES], PartitionError> {
    if sector[510..] != SIGNATURE {
        return Err(PartitionError::NoTable);
    }
    let mut found = [RawEntry { kind: 0, first: 0, sectors: 0 }; ENTRIES];
    for (index, (entry, bytes)) in found.iter_mut().zip(sector[TABLE..510].chunks_exact(ENTRY)).enumerate() {
        if bytes[0] & 0x7F != 0 {
            return Err(PartitionError::Status(index as u32 + 1));
        }
        let word = |at: usize| u64::from(u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]));
        *entry = RawEntry { kind: bytes[4], first: word(8), sectors: word(12) };
    }
    Ok(found)
}

fn read(device: &impl BlockDevice, sector: u64) -> Result<Sector, PartitionError> {
    let mut bytes = [0; SECTOR as usize];
    device.read(sector, &mut bytes).map_err(PartitionError::Device)?;
    Ok(bytes)
}

/// Part of a device as a device: nothing outside it is reached.
#[derive(Debug)]
pub struct Partition<D> {
    device: D,
    first: u64,
    sectors: u64,
}

impl<D: BlockDevice> Partition<D> {
    /// The part of `device` that `entry` names.
    pub fn new(device: D, entry: &PartitionEntry) -> Self {
        Self { device, first: entry.first, sectors: entry.sectors }
    }

    /// Where on the device the sector `first` is, `sectors` of which are to follow.
    fn place(&self, first: u64, sectors: u64) -> Result<u64, DeviceError> {
        let end = first.checked_add(sectors).ok_or(DeviceError::OutOfRange)?;
        if end <= self.sectors { Ok(self.first + first) } else { Err(DeviceError::OutOfRange) }
    }
}

impl<D: BlockDevice> BlockDevice for Partition<D> {
    fn sectors(&self) -> u64 {
        self.sectors
    }

    fn read(&self, first: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        self.device.read(self.place(first, sectors_of(into))?, into)
    }

    fn write(&self, first: u64, from: &[u8]) -> Result<(), DeviceError> {
        self.device.write(self.place(first, sectors_of(from))?, from)
    }

    fn transfer(
        &self,
        memory: &impl FrameBytes,
        first: u64,
        direction: Direction,
        pieces: &[Piece],
    ) -> Result<(), DeviceError> {
        let bytes: u64 = pieces.iter().map(|piece| u64::from(piece.bytes)).sum();
        self.device.transfer(memory, self.place(first, bytes / u64::from(SECTOR))?, direction, pieces)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.device.flush()
    }
}

fn sectors_of(bytes: &[u8]) -> u64 {
    (bytes.len() as u64).div_ceil(u64::from(SECTOR))
}

#[cfg(test)]
mod tests;
