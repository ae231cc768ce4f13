//! Where things are on a FAT volume, from its first sector, checked before anything else looks at the volume.
//!
//! Source: Microsoft, "FAT: General Overview of On-Disk Format", 1.03.

use core::fmt;

use abi::status::NtStatus;

use crate::device::{DeviceError, SECTOR};

/// How wide the entries of the file allocation table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FatKind {
    /// 12 bits.
    Fat12,
    /// 16 bits.
    Fat16,
    /// 28 bits of 32.
    Fat32,
}

/// Clusters from which on a volume is FAT16.
const FAT16_CLUSTERS: u64 = 4085;
/// Clusters from which on a volume is FAT32.
const FAT32_CLUSTERS: u64 = 65525;
/// Clusters a FAT32 volume can have.
const MOST_CLUSTERS: u64 = 0x0FFF_FFF4;
/// Bytes of a cluster at most, as XP has it.
const LARGEST_CLUSTER: u32 = 0x1_0000;
/// Bytes of a directory entry.
const DIRECTORY_ENTRY: u32 = 32;
/// Entries of the table that belong to no cluster.
const RESERVED_ENTRIES: u64 = FIRST_CLUSTER as u64;

/// Why a volume was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountError {
    /// The device failed, or has not even one sector.
    Device(DeviceError),
    /// There is no FAT boot sector on it.
    NotFat,
    /// The boot sector contradicts itself; where.
    Corrupt(&'static str),
    /// The volume is longer than the device, both in bytes.
    Truncated {
        /// What the volume says.
        volume: u64,
        /// What there is.
        device: u64,
    },
    /// The root directory cannot be read.
    RootDirectory(NtStatus),
    /// No memory for the volume's own structures.
    Exhausted,
}

impl fmt::Display for MountError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(error) => write!(formatter, "the device cannot be read ({error:?})"),
            Self::NotFat => write!(formatter, "it holds no FAT volume"),
            Self::Corrupt(what) => write!(formatter, "its boot sector is corrupt: {what}"),
            Self::Truncated { volume, device } => {
                write!(formatter, "it is cut short: the volume has {volume} bytes, the device {device}")
            }
            Self::RootDirectory(status) => write!(formatter, "its root directory is unreadable ({status})"),
            Self::Exhausted => write!(formatter, "there is no memory for it"),
        }
    }
}

impl From<MountError> for NtStatus {
    fn from(error: MountError) -> Self {
        match error {
            MountError::Device(_) => Self::DEVICE_DATA_ERROR,
            MountError::NotFat => Self::UNRECOGNIZED_VOLUME,
            MountError::Corrupt(_) | MountError::Truncated { .. } => Self::DISK_CORRUPT_ERROR,
            MountError::RootDirectory(status) => status,
            MountError::Exhausted => Self::INSUFFICIENT_RESOURCES,
        }
    }
}

/// Where the parts of a volume are. Positions and lengths in bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// How wide the table's entries are.
    pub kind: FatKind,
    /// A cluster, 512 to 64 KB.
    pub cluster_size: u32,
    /// How many clusters there are.
    pub clusters: u32,
    /// Where cluster 2 starts.
    pub data_start: u64,
    /// Just past the last cluster.
    pub data_end: u64,
    /// Where the allocation table that counts starts.
    pub table_start: u64,
    /// Bytes of one table.
    pub table_size: u64,
    /// Tables that are kept alike, from `table_start` on.
    pub tables: u32,
    /// Where the sector with the number of free clusters is, or 0: FAT32 has one.
    pub information_sector: u64,
}

/// Bytes of the boot sector's flags.
const FLAGS_OFFSET: u64 = 0x25;
const FLAGS_OFFSET_FAT32: u64 = 0x41;

impl Geometry {
    /// Where the byte is whose lowest bit says that the volume was not closed.
    pub fn flags_at(&self) -> u64 {
        if self.kind == FatKind::Fat32 { FLAGS_OFFSET_FAT32 } else { FLAGS_OFFSET }
    }

    /// Where the last table ends and directories may begin.
    pub fn tables_end(&self) -> u64 {
        self.table_start + self.table_size * u64::from(self.tables)
    }

    /// Whether the volume has a cluster of that number.
    pub fn has_cluster(&self, cluster: u32) -> bool {
        (FIRST_CLUSTER..self.clusters + FIRST_CLUSTER).contains(&cluster)
    }

    /// Sectors of a cluster.
    pub fn cluster_sectors(&self) -> u32 {
        self.cluster_size / SECTOR
    }

    /// The first sector of `cluster`, counted from the volume's start.
    pub fn sector_of(&self, cluster: u32) -> u32 {
        (self.data_start / u64::from(SECTOR)) as u32 + (cluster - FIRST_CLUSTER) * self.cluster_sectors()
    }

    /// The cluster that holds the sector `sector` of the volume's data.
    pub fn cluster_of(&self, sector: u32) -> u32 {
        (sector - (self.data_start / u64::from(SECTOR)) as u32) / self.cluster_sectors() + FIRST_CLUSTER
    }
}

/// The number of the first cluster.
pub const FIRST_CLUSTER: u32 = 2;

/// The members of the boot sector that matter.
struct BootSector<'a>(&'a [u8; SECTOR as usize]);

impl BootSector<'_> {
    fn byte(&self, at: usize) -> u32 {
        u32::from(self.0[at])
    }

    fn half(&self, at: usize) -> u32 {
        self.byte(at) | self.byte(at + 1) << 8
    }

    fn word(&self, at: usize) -> u32 {
        self.half(at) | self.half(at + 2) << 16
    }

    fn is_fat(&self) -> bool {
        matches!(self.0[0], 0xEB | 0xE9) && self.half(510) == 0xAA55
    }
}

/// `Ok` where `condition` holds, else what is wrong.
fn require(condition: bool, otherwise: &'static str) -> Result<(), MountError> {
    condition.then_some(()).ok_or(MountError::Corrupt(otherwise))
}

impl Geometry {
    /// Reads the boot sector `sector` of a device of `device_size` bytes.
    ///
    /// # Errors
    /// [`MountError`] `NotFat`, `Corrupt` or `Truncated`.
    pub fn read(sector: &[u8; SECTOR as usize], device_size: u64) -> Result<Self, MountError> {
        let boot = BootSector(sector);
        if !boot.is_fat() {
            return Err(MountError::NotFat);
        }
        let (sector_size, cluster_size) = cluster_size(&boot)?;
        let (reserved, tables, table_sectors) = tables(&boot)?;
        let information = boot.half(48);
        let root_bytes = boot.half(17) * DIRECTORY_ENTRY;
        let root_sectors = root_bytes.div_ceil(sector_size);
        let sector_size = u64::from(sector_size);
        let total = match boot.half(19) {
            0 => u64::from(boot.word(32)),
            total => u64::from(total),
        };
        let before_data = u64::from(reserved) + u64::from(tables) * u64::from(table_sectors) + u64::from(root_sectors);
        require(total > before_data, "no room for data")?;
        let data_start = before_data * sector_size;
        let clusters = (total - before_data) * sector_size / u64::from(cluster_size);
        require(clusters > 0, "no room for data")?;
        let kind = kind(&boot, clusters)?;
        let entries = u64::from(table_sectors) * sector_size * 8 / entry_bits(kind);
        require(entries >= clusters + RESERVED_ENTRIES, "the table is too small for the clusters")?;
        if total * sector_size > device_size {
            return Err(MountError::Truncated { volume: total * sector_size, device: device_size });
        }
        let table_size = u64::from(table_sectors) * sector_size;
        // Where the tables are not kept alike, one of them counts.
        let active = if kind == FatKind::Fat32 && boot.half(40) & 0x80 != 0 { Some(boot.half(40) & 0xF) } else { None };
        let is_told = kind == FatKind::Fat32 && (1..reserved).contains(&information);
        Ok(Self {
            kind,
            cluster_size,
            clusters: clusters as u32,
            data_start,
            data_end: data_start + clusters * u64::from(cluster_size),
            table_start: u64::from(reserved) * sector_size + table_size * u64::from(active.unwrap_or(0)),
            table_size,
            tables: if active.is_some() { 1 } else { tables },
            information_sector: if is_told { u64::from(information) * sector_size } else { 0 },
        })
    }
}

/// Bytes of the volume's own sectors, and of a cluster.
fn cluster_size(boot: &BootSector<'_>) -> Result<(u32, u32), MountError> {
    let sector = boot.half(11);
    require(sector.is_power_of_two() && (512..=4096).contains(&sector), "the size of a sector")?;
    let sectors = boot.byte(13);
    require(sectors.is_power_of_two() && sector * sectors <= LARGEST_CLUSTER, "the size of a cluster")?;
    Ok((sector, sector * sectors))
}

/// Reserved sectors, number of tables, sectors of each.
fn tables(boot: &BootSector<'_>) -> Result<(u32, u32, u32), MountError> {
    let reserved = boot.half(14);
    let tables = boot.byte(16);
    require(reserved > 0, "no reserved sector")?;
    require(tables == 1 || tables == 2, "the number of tables")?;
    let (narrow, wide) = (boot.half(22), boot.word(36));
    let sectors = if narrow == 0 { wide } else { narrow };
    require(sectors > 0, "the size of the table")?;
    Ok((reserved, tables, sectors))
}

/// The number of clusters decides the kind; the members that only one kind has must agree with it.
fn kind(boot: &BootSector<'_>, clusters: u64) -> Result<FatKind, MountError> {
    let has_wide_table = boot.half(22) == 0;
    if clusters < FAT32_CLUSTERS {
        require(!has_wide_table, "a FAT32 volume with too few clusters")?;
        require(boot.half(17) > 0, "no root directory")?;
        return Ok(if clusters < FAT16_CLUSTERS { FatKind::Fat12 } else { FatKind::Fat16 });
    }
    require(has_wide_table, "a FAT16 volume with too many clusters")?;
    require(clusters <= MOST_CLUSTERS, "too many clusters")?;
    require(boot.half(17) == 0 && boot.half(19) == 0, "a FAT32 volume with members of FAT16")?;
    require(boot.half(42) == 0, "an unknown version")?;
    let root = u64::from(boot.word(44));
    require((RESERVED_ENTRIES..clusters + RESERVED_ENTRIES).contains(&root), "the place of the root directory")?;
    let flags = boot.half(40);
    require(flags & 0x80 == 0 || flags & 0xF < boot.byte(16), "the number of the active table")?;
    Ok(FatKind::Fat32)
}

const fn entry_bits(kind: FatKind) -> u64 {
    match kind {
        FatKind::Fat12 => 12,
        FatKind::Fat16 => 16,
        FatKind::Fat32 => 32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_volume::{Format, boot_sector};

    fn read(format: Format, change: impl FnOnce(&mut [u8; 512])) -> Result<Geometry, MountError> {
        let mut sector = boot_sector(format);
        change(&mut sector);
        Geometry::read(&sector, format.bytes())
    }

    #[test]
    fn each_kind_is_told_by_its_clusters() {
        for (format, kind) in
            [(Format::Fat12, FatKind::Fat12), (Format::Fat16, FatKind::Fat16), (Format::Fat32, FatKind::Fat32)]
        {
            let geometry = read(format, |_| {}).unwrap();
            assert_eq!(geometry.kind, kind);
            assert!(geometry.data_end <= format.bytes());
            let size = u64::from(geometry.clusters) * u64::from(geometry.cluster_size);
            assert_eq!(geometry.data_end - geometry.data_start, size);
        }
    }

    #[test]
    fn what_is_no_fat_volume_is_told_from_a_corrupt_one() {
        assert_eq!(Geometry::read(&[0; 512], 1 << 20), Err(MountError::NotFat));
        assert_eq!(read(Format::Fat16, |sector| sector[511] = 0), Err(MountError::NotFat));
        let corrupt = |at: usize, value: u8| read(Format::Fat16, |sector| sector[at] = value);
        assert_eq!(corrupt(12, 0), Err(MountError::Corrupt("the size of a sector")));
        assert_eq!(corrupt(13, 3), Err(MountError::Corrupt("the size of a cluster")));
        assert_eq!(corrupt(13, 0), Err(MountError::Corrupt("the size of a cluster")));
        assert_eq!(corrupt(16, 0), Err(MountError::Corrupt("the number of tables")));
        assert_eq!(corrupt(23, 0xFF), Err(MountError::Corrupt("no room for data")));
    }

    #[test]
    fn a_volume_longer_than_its_device_is_cut_short() {
        let sector = boot_sector(Format::Fat16);
        let half = Format::Fat16.bytes() / 2;
        assert!(matches!(Geometry::read(&sector, half), Err(MountError::Truncated { device, .. }) if device == half));
    }

    #[test]
    fn a_root_cluster_outside_the_volume_is_refused() {
        let result = read(Format::Fat32, |sector| sector[44..48].copy_from_slice(&1u32.to_le_bytes()));
        assert_eq!(result, Err(MountError::Corrupt("the place of the root directory")));
    }
}
