//! A directory entry: what stands on the disk for a file, and how an FCB is told there.
//!
//! The crate cannot change attributes, and writes an entry only by its name; here it is changed where it is.
//!
//! Source: Microsoft, "FAT: General Overview of On-Disk Format", 1.03.

use abi::calendar::{Date, date, system_time};
use abi::cell::Link;
use abi::file::{FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_NORMAL};
use abi::status::NtStatus;
use mm::machine::Machine;

use crate::device::{BlockDevice, DeviceError};
use crate::fcb::{Fcb, fcb_flags};
use crate::source::Sectors;
use crate::volume::Volume;

/// Bytes of an entry.
pub(crate) const ENTRY: u64 = 32;
/// Attributes that mean something outside FAT.
pub(crate) const ATTRIBUTES: u32 = 0x37;
/// Attributes that a program can set.
pub(crate) const SETTABLE: u32 = 0x27;
/// The first byte of an entry that is none any more.
const DELETED: u8 = 0xE5;
/// FAT's years begin here, and end 127 later.
const FIRST_YEAR: u32 = 1980;
const LAST_YEAR: u32 = FIRST_YEAR + 127;
const UNITS_PER_HUNDREDTH: u64 = 100_000;

/// The bytes of an entry.
#[derive(Clone, Copy)]
pub(crate) struct Entry([u8; ENTRY as usize]);

impl Entry {
    /// The entry at `at`, in bytes from the volume's start.
    pub fn read(sectors: &impl Sectors, at: u64) -> Result<Self, DeviceError> {
        let mut bytes = [0; ENTRY as usize];
        sectors.read_bytes(at, &mut bytes)?;
        Ok(Self(bytes))
    }

    /// Puts it at `at`.
    pub fn write(&self, sectors: &impl Sectors, at: u64) -> Result<(), DeviceError> {
        sectors.write_bytes(at, &self.0)
    }

    fn half(&self, at: usize) -> u32 {
        u32::from(self.0[at]) | u32::from(self.0[at + 1]) << 8
    }

    fn set_half(&mut self, at: usize, value: u32) {
        self.0[at..at + 2].copy_from_slice(&(value as u16).to_le_bytes());
    }

    /// Whether there is no file any more.
    pub fn is_deleted(&self) -> bool {
        self.0[0] == DELETED
    }

    /// `FILE_ATTRIBUTE_`.
    pub fn attributes(&self) -> u32 {
        match u32::from(self.0[11]) & ATTRIBUTES {
            0 => FILE_ATTRIBUTE_NORMAL,
            attributes => attributes,
        }
    }

    pub fn set_attributes(&mut self, attributes: u32) {
        self.0[11] = (attributes & ATTRIBUTES) as u8;
    }

    /// 0 where there is none; the upper half counts on FAT32 only.
    pub fn first_cluster(&self, is_wide: bool) -> u32 {
        self.half(26) | if is_wide { self.half(20) << 16 } else { 0 }
    }

    pub fn set_first_cluster(&mut self, cluster: u32, is_wide: bool) {
        self.set_half(26, cluster);
        if is_wide {
            self.set_half(20, cluster >> 16);
        }
    }

    /// Bytes; 0 for a directory.
    pub fn size(&self) -> u32 {
        if self.attributes() & FILE_ATTRIBUTE_DIRECTORY == 0 { self.half(28) | self.half(30) << 16 } else { 0 }
    }

    pub fn set_size(&mut self, size: u32) {
        self.0[28..32].copy_from_slice(&size.to_le_bytes());
    }

    /// System times: creation, to 10 ms, last access, to the day, last write, to two seconds.
    pub fn times(&self) -> [u64; 3] {
        let created = time_of(self.half(16), self.half(14)) + u64::from(self.0[13].min(199)) * UNITS_PER_HUNDREDTH;
        [created, time_of(self.half(18), 0), time_of(self.half(24), self.half(22))]
    }

    pub fn set_times(&mut self, [created, accessed, written]: [u64; 3]) {
        let (date, time) = fat_time(created);
        let hundredths = created / UNITS_PER_HUNDREDTH % 200;
        self.0[13] = hundredths as u8;
        self.set_half(14, time);
        self.set_half(16, date);
        self.set_half(18, fat_time(accessed).0);
        let (date, time) = fat_time(written);
        self.set_half(22, time);
        self.set_half(24, date);
    }
}

/// FAT keeps local time; there is one time zone, UTC.
fn time_of(date: u32, time: u32) -> u64 {
    system_time(Date {
        year: FIRST_YEAR + (date >> 9),
        month: date >> 5 & 0xF,
        day: date & 0x1F,
        hour: time >> 11,
        minute: time >> 5 & 0x3F,
        second: (time & 0x1F) * 2,
    })
}

/// Date and time as FAT has them, the nearest that it can tell.
fn fat_time(time: u64) -> (u32, u32) {
    match date(time) {
        Date { year: ..FIRST_YEAR, .. } => (1 << 5 | 1, 0),
        Date { year, .. } if year > LAST_YEAR => (127 << 9 | 12 << 5 | 31, 23 << 11 | 59 << 5 | 29),
        Date { year, month, day, hour, minute, second } => {
            ((year - FIRST_YEAR) << 9 | month << 5 | day, hour << 11 | minute << 5 | (second / 2))
        }
    }
}

/// `time` as a directory entry would tell it: creation, access, write.
pub(crate) fn rounded(times: [u64; 3]) -> [u64; 3] {
    let mut entry = Entry([0; ENTRY as usize]);
    entry.set_times(times);
    entry.times()
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Tells the FCB in its directory entry, with the size `size`: no more than has been written (I4).
    #[doc(alias = "FatUpdateDirentFromFcb")]
    pub(crate) fn tell(&self, fcb: Link<Fcb>, size: u32) -> Result<(), NtStatus> {
        let record = self.record(fcb);
        if record.is_root() || record.has(fcb_flags::DELETED) {
            record.flags.clear_bits(fcb_flags::ENTRY_STALE);
            return Ok(());
        }
        self.mark_open()?;
        let at = record.entry.get();
        let mut entry = Entry::read(self, at)?;
        entry.set_attributes(record.attributes.get());
        entry.set_times([record.creation_time.get(), record.last_access_time.get(), record.last_write_time.get()]);
        if !record.is_directory() {
            entry.set_size(size);
            entry.set_first_cluster(if size == 0 { 0 } else { record.first_cluster.get() }, self.is_wide());
        }
        entry.write(self, at)?;
        record.told_size.set(size);
        record.flags.clear_bits(fcb_flags::ENTRY_STALE);
        Ok(())
    }

    /// Whether numbers of clusters have 32 bits.
    pub(crate) fn is_wide(&self) -> bool {
        self.geometry.kind == crate::geometry::FatKind::Fat32
    }

    /// The file was written: its times and the archive attribute say so.
    pub(crate) fn note_written(&self, fcb: &Fcb, sets_time: bool) {
        if sets_time {
            let [_, accessed, written] = rounded([0, self.now(), self.now()]);
            fcb.last_write_time.set(written);
            fcb.last_access_time.set(accessed);
        }
        fcb.attributes.update(|attributes| attributes & !FILE_ATTRIBUTE_NORMAL | FILE_ATTRIBUTE_ARCHIVE);
        fcb.flags.set_bits(fcb_flags::ENTRY_STALE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_what_is_put_into_it() {
        let mut entry = Entry([0x41; 32]);
        let time = system_time(Date { year: 2008, month: 4, day: 14, hour: 13, minute: 7, second: 59 })
            + 57 * UNITS_PER_HUNDREDTH;
        entry.set_times([time; 3]);
        let [created, accessed, written] = entry.times();
        assert_eq!(created, time);
        assert_eq!(accessed, system_time(Date { year: 2008, month: 4, day: 14, hour: 0, minute: 0, second: 0 }));
        assert_eq!(written, time - 57 * UNITS_PER_HUNDREDTH - 10_000_000, "to two seconds");
        entry.set_attributes(0x80);
        assert_eq!(entry.attributes(), 0x80);
        entry.set_attributes(0x21);
        entry.set_size(0x1234_5678);
        entry.set_first_cluster(0xABCDE, true);
        assert_eq!((entry.attributes(), entry.size()), (0x21, 0x1234_5678));
        assert_eq!((entry.first_cluster(true), entry.first_cluster(false)), (0xABCDE, 0xBCDE));
        entry.set_attributes(0x10);
        assert_eq!(entry.size(), 0);
        assert_eq!(&entry.0[..11], &[0x41; 11]);
    }

    #[test]
    fn times_outside_fats_become_the_nearest() {
        assert_eq!(
            rounded([0; 3])[2],
            system_time(Date { year: 1980, month: 1, day: 1, hour: 0, minute: 0, second: 0 })
        );
        let late = rounded([u64::MAX >> 1; 3])[2];
        assert_eq!(late, system_time(Date { year: 2107, month: 12, day: 31, hour: 23, minute: 59, second: 58 }));
    }
}
