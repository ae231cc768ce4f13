//! Corrupt volumes: whatever stands on the disk, every call ends soon, and with a status.

use abi::status::NtStatus;
use proptest::prelude::*;

use abi::access::*;
use abi::file::*;

use crate::test_volume::*;
use crate::volume::Volume;
use crate::write::tests::{TestVolume, open};

const PATHS: [&str; 5] = [
    "\\HELLO.TXT",
    "\\dir with a long name\\Fragmented file.bin",
    "\\dir with a long name\\a\\b\\last",
    "\\dir with a long name\\a\\b\\..absent",
    "\\DIRWIT~1\\A\\B",
];

/// Sectors that one call may read at most: what the budget of a directory allows each of a path's names, in sectors that are
/// read again for every byte, would be far more.
const MOST_SECTORS: u64 = 4 << 20;

/// Mounts the volume in `bytes`, opens and reads what is there, and checks that nothing stays behind.
fn exercise(bytes: Vec<u8>) {
    with_objects(|objects| {
        let disk = TestDisk::new(bytes);
        let before = objects.memory().pool_bytes_in_use();
        let Ok(volume) = Volume::mount(objects, &disk) else {
            assert_eq!(objects.memory().pool_bytes_in_use(), before);
            return;
        };
        for path in PATHS {
            disk.sectors_read.set(0);
            if let Ok(file) = volume.open_to_read(path) {
                read_all(&volume, file);
                volume.close_file(file);
            }
            assert!(disk.sectors_read.get() < MOST_SECTORS, "{path}: {} sectors", disk.sectors_read.get());
        }
        change(&volume);
        let _ = volume.unmount();
        assert_eq!(objects.memory().pool_bytes_in_use(), before);
    });
}

/// Changes what a corrupt volume says it has: whatever comes of it, it ends, and leaves nothing open.
fn change(volume: &TestVolume<'_, '_>) {
    let access = GENERIC_READ | GENERIC_WRITE | DELETE;
    for (path, disposition) in
        [("HELLO.TXT", FILE_OPEN), ("dir with a long name\\a\\b\\new", FILE_OPEN_IF), ("EMPTY", FILE_OVERWRITE_IF)]
    {
        let Ok((file, _)) = open(volume, path, access, disposition, 0) else { continue };
        let _ = volume.write(file, 5000, &[0xAB; 3000]);
        let _ = volume.set_end_of_file(file, 100);
        let to = wide("\\dir with a long name\\moved");
        let _ = crate::Path::parse(&to).and_then(|to| volume.rename(file, &to, true));
        let _ = volume.set_disposition(file, true);
        volume.close_file(file);
    }
    for path in ["dir with a long name\\a\\b", "made"] {
        if let Ok((folder, _)) = open(volume, path, access, FILE_OPEN_IF, FILE_DIRECTORY_FILE) {
            let _ = volume.set_disposition(folder, true);
            volume.close_file(folder);
        }
    }
    let _ = volume.flush();
}

fn read_all(
    volume: &Volume<'_, model::machine::SoftwareMachine, &TestDisk>,
    file: abi::cell::Link<abi::nt::file::FileObject>,
) {
    let mut buffer = [0; 3000];
    let mut at = 0;
    // A corrupt size may be as large as the volume.
    for _ in 0..100 {
        match volume.read(file, at, &mut buffer) {
            Ok(length) => at += u64::from(length),
            Err(_) => return,
        }
    }
}

/// Where damage does most: the boot sector, the tables, the directories at the start of the data.
fn place(format: Format) -> impl Strategy<Value = usize> {
    let bytes = format.bytes() as usize;
    let data: usize = match format {
        Format::Fat12 => 512 * 45,
        Format::Fat16 => 512 * 150,
        Format::Fat32 => 512 * 1100,
    };
    prop_oneof![3 => 0..96usize, 3 => 512..2048usize, 3 => data - 4096..data + 8192, 1 => 0..bytes]
}

fn damage(format: Format) -> impl Strategy<Value = Vec<(usize, u8)>> {
    let interesting = prop_oneof![any::<u8>(), Just(0), Just(1), Just(0xFF), Just(0xF8), Just(0x80)];
    prop::collection::vec((place(format), interesting), 1..40)
}

fn damaged(format: Format, damage: &[(usize, u8)]) -> Vec<u8> {
    let mut bytes = image(format).to_vec();
    for (at, byte) in damage {
        bytes[*at] = *byte;
    }
    bytes
}

/// The same pseudo-random numbers each time (xorshift).
pub(crate) struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// The bytes that steer: the volume up to the end of the last sector of its first 4 MB that is not all zeros.
fn used(bytes: &[u8]) -> usize {
    let mut sectors = bytes[..bytes.len().min(4 << 20)].chunks(512);
    sectors.rposition(|sector| sector.iter().any(|byte| *byte != 0)).map_or(0, |last| last + 1) * 512
}

/// How often [`bits_that_flip_harm_nobody`] damages each kind of volume.
const FLIPS: [(Format, u32); 2] = [(Format::Fat12, 3000), (Format::Fat16, 1000)];

#[test]
fn bits_that_flip_harm_nobody() {
    let mut random = Random(0x5641_444F_5345);
    let (mut tried, mut changed) = (0, 0);
    for (format, times) in FLIPS {
        let sound = image(format);
        let end = used(sound);
        for _ in 0..times {
            let mut bytes = sound.to_vec();
            for _ in 0..=random.below(8) {
                bytes[random.below(end)] ^= 1 << random.below(8);
            }
            changed += u32::from(bytes != sound);
            exercise(bytes);
            tried += 1;
        }
    }
    assert!(changed * 10 > tried * 9, "most volumes were damaged: {changed} of {tried}");
}

#[test]
fn a_volume_cut_anywhere_is_refused() {
    let sound = image(Format::Fat12);
    let mut random = Random(7);
    for _ in 0..300 {
        let length = random.below(sound.len() - 512);
        with_objects(|objects| {
            let disk = TestDisk::new(sound[..length].to_vec());
            assert!(Volume::mount(objects, &disk).is_err(), "{length} bytes");
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_fat12_volume_harms_nobody(damage in damage(Format::Fat12)) {
        exercise(damaged(Format::Fat12, &damage));
    }

    #[test]
    fn a_damaged_fat16_volume_harms_nobody(damage in damage(Format::Fat16)) {
        exercise(damaged(Format::Fat16, &damage));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_fat32_volume_harms_nobody(damage in damage(Format::Fat32)) {
        exercise(damaged(Format::Fat32, &damage));
    }

    #[test]
    fn rubbish_behind_a_sound_boot_sector_harms_nobody(seed in any::<u64>()) {
        let mut bytes = image(Format::Fat12).to_vec();
        let mut random = Random(seed | 1);
        bytes[512..].fill_with(|| random.below(256) as u8);
        exercise(bytes);
    }
}

/// The offset of the 32-byte entry that begins with `short_name`.
fn entry_of(bytes: &[u8], short_name: &[u8; 11]) -> usize {
    bytes.chunks(32).position(|entry| entry.starts_with(short_name)).expect("an entry") * 32
}

/// Opens `path` on a FAT16 volume changed by `change`.
fn open_changed(path: &str, change: impl FnOnce(&mut [u8])) -> Result<(), NtStatus> {
    let mut bytes = image(Format::Fat16).to_vec();
    change(&mut bytes);
    let mut result = Ok(());
    with_objects(|objects| {
        let disk = TestDisk::new(bytes);
        let volume = Volume::mount(objects, &disk).unwrap();
        result = volume.open_to_read(path).map(|file| volume.close_file(file));
    });
    result
}

fn set_half(bytes: &mut [u8], at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

/// The offset of the first table's entry for `cluster` on a FAT16 volume.
fn table_entry(bytes: &[u8], cluster: u16) -> usize {
    let reserved = usize::from(bytes[14]) | usize::from(bytes[15]) << 8;
    reserved * 512 + usize::from(cluster) * 2
}

#[test]
fn a_file_whose_chain_ends_early_leaves_it_or_runs_in_a_circle_is_corrupt_or_cut() {
    let path = "\\dir with a long name\\Fragmented file.bin";
    let change_chain = |value: fn(u16) -> u16| {
        open_changed(path, |bytes| {
            let entry = entry_of(bytes, b"FRAGME~1BIN");
            let first = u16::from_le_bytes([bytes[entry + 26], bytes[entry + 27]]);
            let at = table_entry(bytes, first);
            set_half(bytes, at, value(first));
        })
    };
    assert_eq!(change_chain(|_| 0xFFFF), Err(NtStatus::FILE_CORRUPT_ERROR), "ends early");
    assert_eq!(change_chain(|_| 0), Err(NtStatus::FILE_CORRUPT_ERROR), "a free cluster");
    assert_eq!(change_chain(|_| 1), Err(NtStatus::FILE_CORRUPT_ERROR), "no cluster has that number");
    assert_eq!(change_chain(|_| 0xFFF0), Err(NtStatus::FILE_CORRUPT_ERROR), "past the volume");
    assert_eq!(change_chain(|first| first), Err(NtStatus::FILE_CORRUPT_ERROR), "a circle");
}

#[test]
fn a_file_larger_than_the_volume_or_without_a_first_cluster_is_corrupt() {
    let with_entry = |change: fn(&mut [u8])| {
        open_changed("\\HELLO.TXT", |bytes| {
            let entry = entry_of(bytes, b"HELLO   TXT");
            change(&mut bytes[entry..entry + 32]);
        })
    };
    assert_eq!(with_entry(|entry| entry[28..32].fill(0xFF)), Err(NtStatus::FILE_CORRUPT_ERROR));
    assert_eq!(with_entry(|entry| entry[26..28].fill(0)), Err(NtStatus::FILE_CORRUPT_ERROR));
    assert_eq!(with_entry(|entry| set_half(entry, 26, 1)), Err(NtStatus::FILE_CORRUPT_ERROR));
    assert_eq!(with_entry(|entry| set_half(entry, 26, 0xFFFF)), Err(NtStatus::FILE_CORRUPT_ERROR));
}

#[test]
fn a_directory_without_an_end_is_corrupt() {
    let result = open_changed("\\dir with a long name\\absent", |bytes| {
        let entry = entry_of(bytes, b"DIRWIT~1   ");
        let first = u16::from_le_bytes([bytes[entry + 26], bytes[entry + 27]]);
        // Its first cluster follows itself, and holds nothing but deleted entries.
        let at = table_entry(bytes, first);
        set_half(bytes, at, first);
        let geometry = crate::Geometry::read(&bytes[..512].try_into().unwrap(), bytes.len() as u64).unwrap();
        let data = geometry.data_start as usize + usize::from(first - 2) * 512;
        bytes[data..data + 512].fill(0xE5);
    });
    assert_eq!(result, Err(NtStatus::FILE_CORRUPT_ERROR));
}
