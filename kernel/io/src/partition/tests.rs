use mm::layout::FrameNumber;
use model::machine::SoftwareMachine;
use proptest::prelude::*;

use super::*;
use crate::test_volume::{Format, TestDisk, boot_sector};

const SECTORS: u64 = 10_000;

/// Status, kind, first and sectors.
type Row = (u8, u8, u32, u32);
/// Where a table is, and up to four entries.
type Table<'a> = (u64, &'a [Row]);

/// A disk with these tables.
fn disk(tables: &[Table<'_>]) -> TestDisk {
    let mut bytes = vec![0; (SECTORS * 512) as usize];
    for (sector, entries) in tables {
        let table = &mut bytes[(*sector * 512) as usize..][..512];
        for (place, (status, kind, first, sectors)) in table[TABLE..510].chunks_exact_mut(ENTRY).zip(*entries) {
            (place[0], place[4]) = (*status, *kind);
            place[8..12].copy_from_slice(&first.to_le_bytes());
            place[12..].copy_from_slice(&sectors.to_le_bytes());
        }
        table[510..].copy_from_slice(&SIGNATURE);
    }
    TestDisk::new(bytes)
}

fn primary(entries: &[Row]) -> Result<Vec<PartitionEntry>, PartitionError> {
    partitions(&disk(&[(0, entries)]))
}

fn numbers(found: &[PartitionEntry]) -> Vec<(u32, u64, u64)> {
    found.iter().map(|entry| (entry.number, entry.first, entry.sectors)).collect()
}

#[test]
fn primary_partitions_keep_their_numbers() {
    let found = primary(&[(0, 0x83, 64, 100), (0, 0, 9, 9), (0x80, 0x0E, 200, 300), (0, 0x07, 500, 9_500)]).unwrap();
    assert_eq!(numbers(&found), [(1, 64, 100), (3, 200, 300), (4, 500, 9_500)]);
    assert_eq!(found.iter().map(PartitionEntry::is_fat).collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn logical_partitions_come_after_the_primary_ones() {
    let disk = disk(&[
        (0, &[(0, 0x05, 1000, 5000), (0, 0x06, 63, 900)]),
        (1000, &[(0, 0x0B, 63, 937), (0, 0x05, 2000, 1000)]),
        (3000, &[(0, 0x83, 63, 100), (0, 0x05, 1000, 1000)]),
        (2000, &[(0, 0x06, 1, 999)]),
    ]);
    let found = partitions(&disk).unwrap();
    assert_eq!(numbers(&found), [(2, 63, 900), (5, 1063, 937), (6, 3063, 100), (7, 2001, 999)]);
}

#[test]
fn a_volume_without_a_table_is_one_partition() {
    let mut bytes = vec![0; Format::Fat16.bytes() as usize];
    bytes[..512].copy_from_slice(&boot_sector(Format::Fat16));
    let found = partitions(&TestDisk::new(bytes)).unwrap();
    assert_eq!(numbers(&found), [(0, 0, Format::Fat16.bytes() / 512)]);
    assert!(found[0].is_fat());
}

#[test]
fn tables_that_lie_are_refused_whole() {
    use PartitionError::*;
    assert_eq!(primary(&[(0, 6, 64, 100), (0, 6, 163, 10)]), Err(Overlap(1, 2)));
    assert_eq!(primary(&[(0, 6, 64, 100), (0, 5, 100, 10)]), Err(Overlap(1, 2)), "over the extended one");
    assert_eq!(primary(&[(0, 6, 64, 100), (0, 6, 164, 9_837)]), Err(OutOfRange(2)));
    assert_eq!(primary(&[(0, 6, u32::MAX, u32::MAX)]), Err(OutOfRange(1)));
    assert_eq!(primary(&[(0, 6, 0, 10)]), Err(OutOfRange(1)), "over the table itself");
    assert_eq!(primary(&[(0, 6, 10, 0)]), Err(OutOfRange(1)));
    assert_eq!(primary(&[(0, 6, 10, 10), (7, 0, 0, 0)]), Err(Status(2)));
    assert_eq!(primary(&[(0, 5, 10, 10), (0, 0xF, 30, 10)]), Err(TwoExtended));
    assert_eq!(primary(&[(0, 0xEE, 1, 9_999)]), Err(Gpt));
    assert_eq!(primary(&[]), Ok(Vec::new()));
    assert_eq!(partitions(&disk(&[])), Err(NoTable));
}

#[test]
fn chains_of_logical_partitions_that_lie_are_refused() {
    let chain = |tables: &[Table<'_>]| {
        let mut all: Vec<Table<'_>> = vec![(0, &[(0, 5, 1000, 5000)])];
        all.extend(tables);
        partitions(&disk(&all))
    };
    let first: (u64, &[_]) = (1000, &[(0, 6, 10, 100), (0, 5, 2000, 100)]);
    assert_eq!(chain(&[first, (3000, &[(0, 6, 10, 100), (0, 5, 0, 100)])]), Err(PartitionError::Chain), "a circle");
    assert_eq!(chain(&[(1000, &[(0, 6, 10, 100), (0, 5, 5000, 100)])]), Err(PartitionError::Chain), "outside");
    assert_eq!(chain(&[(1000, &[(0, 6, 10, 100), (0, 5, u32::MAX, 1)])]), Err(PartitionError::Chain));
    assert_eq!(chain(&[first]), Err(PartitionError::Chain), "a link to what is no table");
    assert_eq!(chain(&[(1000, &[(0, 6, 10, 4991)])]), Err(PartitionError::OutOfRange(5)));
    assert_eq!(chain(&[(1000, &[(0, 6, 10, u32::MAX)])]), Err(PartitionError::OutOfRange(5)));
    let over = (3000, &[(0u8, 6u8, 10u32, 100u32)] as &[_]);
    assert_eq!(chain(&[(1000, &[(0, 6, 10, 2000), (0, 5, 2000, 1)]), over]), Err(PartitionError::Chain));
    assert_eq!(chain(&[]), Ok(Vec::new()), "an extended partition that was never filled");
    let endless: Vec<(u64, [Row; 2])> =
        (0..100).map(|n| (1000 + n * 10, [(0, 6, 1, 1), (0, 5, n as u32 * 10 + 10, 9)])).collect();
    let endless: Vec<(u64, &[_])> = endless.iter().map(|(at, entries)| (*at, &entries[..])).collect();
    assert_eq!(chain(&endless), Err(PartitionError::Chain), "too many");
}

#[test]
fn a_disk_that_cannot_be_read_says_so() {
    let broken = disk(&[(0, &[(0, 5, 1000, 5000)])]);
    broken.broken.set(Some(1000));
    assert_eq!(partitions(&broken), Err(PartitionError::Device(DeviceError::Medium)));
    broken.broken.set(Some(0));
    assert_eq!(partitions(&broken), Err(PartitionError::Device(DeviceError::Medium)));
}

#[test]
fn a_partition_reaches_its_own_sectors_and_no_others() {
    let disk = disk(&[]);
    let entry = PartitionEntry { number: 1, kind: 6, first: 100, sectors: 50 };
    let partition = Partition::new(&disk, &entry);
    assert_eq!(partition.sectors(), 50);
    partition.write(49, &[7; 512]).unwrap();
    let mut bytes = [0; 1024];
    disk.read(149, &mut bytes).unwrap();
    assert_eq!((bytes[0], bytes[511], bytes[512]), (7, 7, 0));
    let machine = SoftwareMachine::new(8);
    let pieces = [Piece { frame: FrameNumber(3), offset: 0, bytes: 1024 }];
    partition.transfer(&machine, 48, Direction::Read, &pieces).unwrap();
    machine.read(FrameNumber(3), 0, &mut bytes);
    assert_eq!((bytes[511], bytes[512]), (0, 7));
    for first in [49, 50, u64::MAX] {
        assert_eq!(partition.write(first, &bytes), Err(DeviceError::OutOfRange));
        assert_eq!(partition.read(first, &mut bytes), Err(DeviceError::OutOfRange));
        assert_eq!(partition.transfer(&machine, first, Direction::Write, &pieces), Err(DeviceError::OutOfRange));
    }
    partition.flush().unwrap();
    assert_eq!(disk.flushes.get(), 1);
}

proptest! {
    /// Whatever stands in the tables, what is accepted lies within the disk, does not overlap and is not the table.
    #[test]
    fn what_is_accepted_is_sound(
        primary in prop::collection::vec((0..2u8, prop::sample::select(vec![0u8, 5, 6, 0x0C]), 0..12_000u32, 0..6_000u32), 4),
        logical in prop::collection::vec((0..10_000u64, 0..3_000u32, 0..3_000u32, 0..9_000u32), 0..6),
    ) {
        let primary: Vec<_> = primary.into_iter().map(|(status, kind, first, count)| (status << 7, kind, first, count)).collect();
        let tables: Vec<_> = logical.iter().map(|&(at, first, count, next)| (at, [(0, 6, first, count), (0, 5, next, 1)])).collect();
        let mut all: Vec<(u64, &[_])> = tables.iter().map(|(at, entries)| (*at, &entries[..])).collect();
        all.push((0, &primary));
        if let Ok(found) = partitions(&disk(&all)) {
            prop_assert!(found.iter().all(|entry| entry.first > 0 && entry.sectors > 0 && entry.end() <= SECTORS));
            prop_assert_eq!(check_overlaps(&found), Ok(()));
        }
    }
}
