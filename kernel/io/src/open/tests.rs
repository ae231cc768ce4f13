use super::*;
use crate::geometry::MountError;
use crate::test_volume::*;

#[test]
fn files_of_every_kind_of_volume_are_found_by_either_name_in_any_case() {
    for format in FORMATS {
        with_volume(format, |volume, _| {
            for path in [
                "\\HELLO.TXT",
                "\\hello.txt",
                "\\Hello.Txt...",
                "\\dir with a long name\\fragmented FILE.bin",
                "\\DIRWIT~1\\FRAGME~1.BIN",
                "\\dir with a long name\\A\\B\\gRÖSSE.TXT",
                "\\dir with a long name\\a\\b\\last",
            ] {
                let result = volume.open_to_read(path);
                match path.contains("SS") {
                    true => assert_eq!(result, Err(NtStatus::OBJECT_NAME_NOT_FOUND), "ß has no capital"),
                    false => volume.close_file(result.unwrap_or_else(|status| panic!("{path}: {status}"))),
                }
            }
            let file = volume.open_to_read("\\dir with a long name\\a\\b\\GRÖßE.TXT").unwrap();
            volume.close_file(file);
        });
    }
}

#[test]
fn all_who_open_a_file_share_its_sections_however_they_call_it() {
    with_volume(Format::Fat16, |volume, _| {
        let one = volume.open_to_read("\\DIRWIT~1\\FRAGME~1.BIN").unwrap();
        let two = volume.open_to_read("\\dir with a long name\\Fragmented file.bin").unwrap();
        assert_ne!(one, two);
        let (one_record, two_record) = (volume.record(one), volume.record(two));
        assert_eq!(one_record.section_object_pointer.get(), two_record.section_object_pointer.get());
        assert_eq!(volume.fcb(one).open_count.get(), 2);
        assert_eq!(one_record.kind.get(), abi::nt::file::FILE_OBJECT_TYPE);
        let name = &one_record.file_name;
        let units = (0..u32::from(name.length.get() / 2))
            .map(|index| volume.record(Link::<abi::cell::Field<u16>>::new(name.buffer.get() + index * 2)).get());
        let spelled = String::from_utf16(&units.collect::<Vec<_>>()).unwrap();
        assert_eq!(spelled, "\\dir with a long name\\Fragmented file.bin");
        volume.close_file(one);
        assert_eq!(volume.fcb(two).open_count.get(), 1);
        volume.close_file(two);
    });
}

fn try_open(path: &str, desired_access: u32, disposition: u32, options: u32) -> Result<u32, NtStatus> {
    let mut result = Err(NtStatus::UNSUCCESSFUL);
    with_volume(Format::Fat12, |volume, _| {
        let path = wide(path);
        let request = OpenRequest { disposition, share_access: 0, ..OpenRequest::existing(desired_access, options) };
        let opened = Path::parse(&path).and_then(|path| volume.open(&path, &request));
        result = opened.map(|opened| {
            volume.close_file(opened.file);
            opened.granted_access
        });
    });
    result
}

#[test]
fn what_is_missing_on_the_way_is_told_from_what_is_missing_at_the_end() {
    let open = |path| try_open(path, GENERIC_READ, FILE_OPEN, 0).err();
    assert_eq!(open("\\absent"), Some(NtStatus::OBJECT_NAME_NOT_FOUND));
    assert_eq!(open("\\absent\\HELLO.TXT"), Some(NtStatus::OBJECT_PATH_NOT_FOUND));
    assert_eq!(open("\\HELLO.TXT\\x"), Some(NtStatus::OBJECT_PATH_NOT_FOUND));
    assert_eq!(open("\\dir with a long name\\.."), Some(NtStatus::OBJECT_NAME_NOT_FOUND));
    assert_eq!(open("\\dir with a long name\\..\\HELLO.TXT"), Some(NtStatus::OBJECT_PATH_NOT_FOUND));
    assert_eq!(open("\\."), Some(NtStatus::OBJECT_NAME_NOT_FOUND));
    assert_eq!(open("\\HELLO.TXT\\"), Some(NtStatus::OBJECT_NAME_INVALID));
    assert_eq!(open("\\dir with a long name\\"), None);
    assert_eq!(open("\\"), None);
}

#[test]
fn dispositions_and_options_have_xps_refusals() {
    let hello = "\\HELLO.TXT";
    let absent = "\\absent";
    let folder = "\\dir with a long name";
    let table = [
        (hello, FILE_OPEN_IF, 0, None),
        (hello, FILE_CREATE, 0, Some(NtStatus::OBJECT_NAME_COLLISION)),
        (hello, FILE_OVERWRITE, 0, None),
        (hello, FILE_SUPERSEDE, 0, None),
        (hello, 6, 0, Some(NtStatus::INVALID_PARAMETER)),
        (hello, FILE_OPEN, FILE_DIRECTORY_FILE, Some(NtStatus::NOT_A_DIRECTORY)),
        (hello, FILE_OVERWRITE, FILE_DIRECTORY_FILE, Some(NtStatus::INVALID_PARAMETER)),
        (hello, FILE_OPEN, FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE, Some(NtStatus::INVALID_PARAMETER)),
        (hello, FILE_OPEN, FILE_DELETE_ON_CLOSE, Some(NtStatus::INVALID_PARAMETER)),
        (hello, FILE_OPEN, FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT, Some(NtStatus::INVALID_PARAMETER)),
        (hello, FILE_OPEN, 0x0100_0000, Some(NtStatus::INVALID_PARAMETER)),
        (absent, FILE_OPEN_IF, 0, None),
        (absent, FILE_CREATE, 0, None),
        (absent, FILE_SUPERSEDE, 0, None),
        (absent, FILE_OVERWRITE, 0, Some(NtStatus::OBJECT_NAME_NOT_FOUND)),
        (absent, FILE_CREATE, FILE_DIRECTORY_FILE, None),
        (folder, FILE_OPEN, FILE_DIRECTORY_FILE, None),
        (folder, FILE_OPEN, FILE_NON_DIRECTORY_FILE, Some(NtStatus::FILE_IS_A_DIRECTORY)),
        (folder, FILE_OVERWRITE_IF, 0, Some(NtStatus::OBJECT_NAME_COLLISION)),
        (folder, FILE_OVERWRITE_IF, FILE_NON_DIRECTORY_FILE, Some(NtStatus::FILE_IS_A_DIRECTORY)),
        ("\\absent\\", FILE_CREATE, 0, Some(NtStatus::OBJECT_NAME_INVALID)),
        ("\\absent\\", FILE_CREATE, FILE_DIRECTORY_FILE, None),
        ("\\absent\\file", FILE_CREATE, 0, Some(NtStatus::OBJECT_PATH_NOT_FOUND)),
        ("\\HELLO.TXT\\file", FILE_CREATE, 0, Some(NtStatus::OBJECT_PATH_NOT_FOUND)),
    ];
    for (path, disposition, options, status) in table {
        assert_eq!(
            try_open(path, GENERIC_READ, disposition, options).err(),
            status,
            "{path} {disposition} {options:x}"
        );
    }
}

#[test]
fn as_much_as_possible_is_everything() {
    let open = |access| try_open("\\HELLO.TXT", access, FILE_OPEN, 0);
    assert_eq!(open(GENERIC_READ), Ok(FILE_GENERIC_READ));
    assert_eq!(open(GENERIC_WRITE), Ok(FILE_GENERIC_WRITE));
    assert_eq!(open(MAXIMUM_ALLOWED), Ok(FILE_ALL_ACCESS));
    assert_eq!(open(GENERIC_EXECUTE | SYNCHRONIZE), Ok(FILE_GENERIC_EXECUTE));
}

#[test]
fn a_volume_that_is_cut_short_or_unreadable_is_not_mounted() {
    with_objects(|objects| {
        let before = objects.memory().pool_bytes_in_use();
        let mount = |disk: &TestDisk| Volume::mount(objects, disk).err();
        let half = TestDisk::new(image(Format::Fat16)[..2 << 20].to_vec());
        assert!(matches!(mount(&half), Some(MountError::Truncated { device: 0x20_0000, .. })));
        let nothing = TestDisk::new(vec![]);
        assert_eq!(mount(&nothing), Some(MountError::Device(crate::DeviceError::OutOfRange)));
        let zeros = TestDisk::new(vec![0; 1 << 16]);
        assert_eq!(mount(&zeros), Some(MountError::NotFat));
        let broken = TestDisk::new(image(Format::Fat12).to_vec());
        let root = geometry_root(&broken);
        broken.broken.set(Some(root));
        assert_eq!(mount(&broken), Some(MountError::RootDirectory(NtStatus::DEVICE_DATA_ERROR)));
        assert_eq!(objects.memory().pool_bytes_in_use(), before);
    });
}

/// The first sector of the root directory of a FAT12 volume.
fn geometry_root(disk: &TestDisk) -> u64 {
    let bytes = disk.bytes.borrow();
    let half = |at: usize| u64::from(bytes[at]) | u64::from(bytes[at + 1]) << 8;
    half(14) + u64::from(bytes[16]) * half(22)
}

#[test]
fn opening_leaks_nothing_when_memory_runs_out() {
    with_volume(Format::Fat12, |volume, _| {
        let mut open = Vec::new();
        let status = loop {
            match volume.open_to_read("\\HELLO.TXT") {
                Ok(file) => open.push(file),
                Err(status) => break status,
            }
            assert!(open.len() < 1 << 20, "the machine has no more memory than that");
        };
        assert_eq!(status, NtStatus::INSUFFICIENT_RESOURCES);
        assert_eq!(volume.open_to_read("\\EMPTY"), Err(NtStatus::INSUFFICIENT_RESOURCES));
        open.into_iter().for_each(|file| volume.close_file(file));
    });
}

#[test]
fn names_are_also_told_from_an_open_directory_on() {
    with_volume(Format::Fat16, |volume, _| {
        let folder = volume.open_to_read("\\dir with a long name").unwrap();
        let root = volume.open_to_read("\\").unwrap();
        let below = |at, name: &str| volume.path_below(at, &wide(name)).map(|path| String::from_utf16_lossy(&path));
        assert_eq!(below(folder, "a\\b"), Ok("\\dir with a long name\\a\\b".to_owned()));
        assert_eq!(below(folder, ""), Ok("\\dir with a long name".to_owned()));
        assert_eq!(below(root, "HELLO.TXT"), Ok("\\HELLO.TXT".to_owned()));
        assert_eq!(below(root, ""), Ok("\\".to_owned()));
        assert_eq!(below(root, "\\HELLO.TXT"), Err(NtStatus::OBJECT_NAME_INVALID));
        assert_eq!(below(root, &"x".repeat(259)).map(|path| path.len()), Ok(260));
        assert_eq!(below(root, &"x".repeat(260)), Err(NtStatus::NAME_TOO_LONG));
        volume.close_file(folder);
        volume.close_file(root);
    });
}

#[test]
fn a_device_counts_the_files_that_lead_to_it() {
    with_volume(Format::Fat16, |volume, _| {
        let device = volume.objects.create::<abi::nt::device::DeviceObject>().unwrap();
        let count = || volume.record(device).reference_count.get();
        volume.set_device_object(device);
        assert_eq!(count(), 1, "the volume's own");
        let one = volume.open_to_read("\\HELLO.TXT").unwrap();
        let two = volume.open_to_read("\\hello.txt").unwrap();
        assert_eq!((count(), volume.record(two).device_object.get()), (3, device));
        assert!(volume.open_to_read("\\absent").is_err());
        volume.close_file(one);
        volume.close_file(two);
        assert_eq!(count(), 1);
        volume.device_object.set(Link::NULL);
        volume.record(volume.metadata.file()).device_object.set(Link::NULL);
        volume.objects.delete(volume.objects.release(device).expect("the only reference"));
    });
}
