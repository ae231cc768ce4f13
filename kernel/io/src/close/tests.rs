use super::*;
use crate::test_volume::*;
use crate::write::tests::{contents, make, open};
use abi::access::*;
use abi::file::*;

#[test]
fn a_deleted_file_goes_with_its_last_handle_and_nobody_opens_it_meanwhile() {
    for format in FORMATS {
        with_volume(format, |volume, disk| {
            let free = volume.free_clusters().unwrap();
            let (one, other) = (make(volume, "doomed").unwrap(), make(volume, "doomed").unwrap());
            volume.write(one, 0, &[7; 3000]).unwrap();
            volume.set_disposition(one, true).unwrap();
            assert_eq!(make(volume, "doomed"), Err(NtStatus::DELETE_PENDING));
            volume.close_file(one);
            let mut bytes = [0; 4];
            assert_eq!(volume.read(other, 2996, &mut bytes), Ok(4), "the other still has it");
            volume.close_file(other);
            assert_eq!(volume.open_to_read("\\doomed"), Err(NtStatus::OBJECT_NAME_NOT_FOUND));
            assert_eq!(volume.free_clusters(), Ok(free));
            volume.flush().unwrap();
            assert_eq!(contents(disk, "doomed"), None);
        });
    }
}

#[test]
fn a_disposition_can_be_taken_back_and_files_go_when_they_are_closed() {
    with_volume(Format::Fat16, |volume, _| {
        let file = make(volume, "kept").unwrap();
        volume.set_disposition(file, true).unwrap();
        volume.set_disposition(file, false).unwrap();
        volume.close_file(file);
        volume.close_file(volume.open_to_read("\\kept").unwrap());
        let access = GENERIC_WRITE | DELETE;
        let (file, information) = open(volume, "passing", access, FILE_CREATE, FILE_DELETE_ON_CLOSE).unwrap();
        assert_eq!(information, FILE_CREATED);
        volume.close_file(file);
        assert_eq!(volume.open_to_read("\\passing"), Err(NtStatus::OBJECT_NAME_NOT_FOUND));
    });
}

#[test]
fn directories_are_made_and_go_only_when_they_are_empty() {
    for format in FORMATS {
        with_volume(format, |volume, _| {
            let free = volume.free_clusters().unwrap();
            let folder =
                |path, disposition| open(volume, path, GENERIC_READ | DELETE, disposition, FILE_DIRECTORY_FILE);
            let (outer, information) = folder("A folder", FILE_CREATE).unwrap();
            assert_eq!(information, FILE_CREATED);
            let (inner, _) = folder("A folder\\inside", FILE_OPEN_IF).unwrap();
            let file = make(volume, "a FOLDER\\Inside\\file").unwrap();
            volume.write(file, 0, b"x").unwrap();
            assert_eq!(volume.set_disposition(inner, true), Err(NtStatus::DIRECTORY_NOT_EMPTY));
            volume.set_disposition(file, true).unwrap();
            volume.close_file(file);
            volume.set_disposition(inner, true).unwrap();
            assert_eq!(make(volume, "A folder\\inside\\late"), Err(NtStatus::DELETE_PENDING));
            volume.close_file(inner);
            volume.set_disposition(outer, true).unwrap();
            volume.close_file(outer);
            assert_eq!(folder("A folder", FILE_OPEN).err(), Some(NtStatus::OBJECT_NAME_NOT_FOUND));
            assert_eq!(volume.free_clusters(), Ok(free));
            let (root, _) = folder("", FILE_OPEN).unwrap();
            assert_eq!(volume.set_disposition(root, true), Err(NtStatus::CANNOT_DELETE));
            volume.close_file(root);
        });
    }
}

#[test]
fn what_must_not_be_written_is_neither_written_nor_deleted() {
    with_volume(Format::Fat12, |volume, _| {
        let file = make(volume, "HELLO.TXT").unwrap();
        volume.set_basic(file, [0; 3], FILE_ATTRIBUTE_READONLY).unwrap();
        assert_eq!(volume.set_disposition(file, true), Err(NtStatus::CANNOT_DELETE));
        volume.close_file(file);
        let refused = |access, disposition, options| open(volume, "hello.txt", access, disposition, options).err();
        assert_eq!(refused(GENERIC_WRITE, FILE_OPEN, 0), Some(NtStatus::ACCESS_DENIED));
        assert_eq!(refused(FILE_APPEND_DATA, FILE_OPEN, 0), Some(NtStatus::ACCESS_DENIED));
        assert_eq!(refused(GENERIC_READ, FILE_OVERWRITE, 0), Some(NtStatus::ACCESS_DENIED));
        assert_eq!(refused(DELETE, FILE_OPEN, FILE_DELETE_ON_CLOSE), Some(NtStatus::CANNOT_DELETE));
        let (file, _) = open(volume, "hello.txt", DELETE | FILE_WRITE_ATTRIBUTES, FILE_OPEN, 0).unwrap();
        volume.set_basic(file, [0; 3], FILE_ATTRIBUTE_HIDDEN).unwrap();
        volume.close_file(file);
        assert_eq!(refused(GENERIC_WRITE, FILE_OVERWRITE_IF, 0), Some(NtStatus::ACCESS_DENIED), "it is hidden");
        let (file, _) = open(volume, "hello.txt", GENERIC_WRITE, FILE_OPEN, 0).unwrap();
        volume.close_file(file);
    });
}

#[test]
fn those_who_share_a_file_get_along_or_are_refused() {
    with_volume(Format::Fat12, |volume, _| {
        let path = wide("\\HELLO.TXT");
        let path = Path::parse(&path).unwrap();
        let open = |access, share_access| {
            let request = crate::OpenRequest { share_access, ..crate::OpenRequest::existing(access, 0) };
            volume.open(&path, &request).map(|opened| opened.file)
        };
        let reader = open(GENERIC_READ, FILE_SHARE_READ).unwrap();
        assert_eq!(open(GENERIC_WRITE, 7), Err(NtStatus::SHARING_VIOLATION));
        assert_eq!(open(GENERIC_READ, 0), Err(NtStatus::SHARING_VIOLATION));
        let attributes = open(FILE_READ_ATTRIBUTES, 0).unwrap();
        volume.clean_up(reader);
        let writer = open(GENERIC_WRITE, 0).unwrap();
        assert_eq!(open(GENERIC_READ, 7), Err(NtStatus::SHARING_VIOLATION));
        assert_eq!(volume.fcb(writer).open_count.get(), 3);
        [reader, attributes, writer].into_iter().for_each(|file| volume.close_file(file));
    });
}
