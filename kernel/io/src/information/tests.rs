use super::*;
use crate::test_volume::*;
use crate::write::tests::{contents, make, open};
use abi::access::*;

fn rename(
    volume: &crate::write::tests::TestVolume<'_, '_>,
    from: &str,
    to: &str,
    replaces: bool,
) -> Result<(), NtStatus> {
    let (file, _) = open(volume, from, DELETE | SYNCHRONIZE, FILE_OPEN, 0)?;
    let to = wide(&format!("\\{to}"));
    let result = Path::parse(&to).and_then(|to| volume.rename(file, &to, replaces));
    volume.close_file(file);
    result
}

#[test]
fn a_file_gets_another_name_in_any_directory() {
    for format in FORMATS {
        with_volume(format, |volume, disk| {
            rename(volume, "HELLO.TXT", "A much longer name.text", false).unwrap();
            rename(volume, "A much longer name.text", "dir with a long name\\Moved", false).unwrap();
            volume.flush().unwrap();
            assert_eq!(contents(disk, "HELLO.TXT"), None);
            assert_eq!(contents(disk, "dir with a long name\\Moved"), Some(b"Hello from a short name".to_vec()));
            rename(volume, "DIRWIT~1\\moved", "dir with a long name\\mOVED", false).unwrap();
            let file = volume.open_to_read("\\dir with a long name\\MOVED").unwrap();
            let name = volume.name_of(volume.fcb_of(file)).unwrap();
            assert_eq!(String::from_utf16_lossy(name.units()), "\\dir with a long name\\mOVED", "case is kept");
            volume.close_file(file);
        });
    }
}

#[test]
fn a_name_that_is_taken_is_replaced_only_on_demand() {
    for format in FORMATS {
        with_volume(format, |volume, disk| {
            let free = volume.free_clusters().unwrap();
            let file = make(volume, "new").unwrap();
            volume.write(file, 0, &[1; 1000]).unwrap();
            volume.close_file(file);
            assert_eq!(rename(volume, "new", "HELLO.TXT", false), Err(NtStatus::OBJECT_NAME_COLLISION));
            let reader = volume.open_to_read("\\HELLO.TXT").unwrap();
            assert_eq!(rename(volume, "new", "HELLO.TXT", true), Err(NtStatus::ACCESS_DENIED), "it is open");
            volume.close_file(reader);
            rename(volume, "new", "HELLO.TXT", true).unwrap();
            assert_eq!(volume.free_clusters(), Ok(free - 1), "two clusters came, one went");
            assert_eq!(rename(volume, "HELLO.TXT", "dir with a long name", true), Err(NtStatus::ACCESS_DENIED));
            volume.flush().unwrap();
            assert_eq!(contents(disk, "HELLO.TXT"), Some(vec![1; 1000]));
            assert_eq!(contents(disk, "new"), None);
        });
    }
}

#[test]
fn a_directory_moves_with_what_is_in_it_but_not_into_itself() {
    for format in FORMATS {
        with_volume(format, |volume, disk| {
            let deep = "dir with a long name\\a\\b\\last";
            let file = make(volume, deep).unwrap();
            assert_eq!(
                rename(volume, "dir with a long name", "other", false),
                Err(NtStatus::ACCESS_DENIED),
                "open below"
            );
            volume.close_file(file);
            let into = "dir with a long name\\a\\self";
            assert_eq!(rename(volume, "dir with a long name", into, false), Err(NtStatus::ACCESS_DENIED));
            rename(volume, "dir with a long name\\a\\b", "B at the root", false).unwrap();
            volume.flush().unwrap();
            assert_eq!(contents(disk, "B at the root\\last"), Some(vec![7; 513]));
            rename(volume, "B at the root", "dir with a long name\\a\\back", false).unwrap();
            assert_eq!(make(volume, "dir with a long name\\a\\back\\last").map(|file| volume.close_file(file)), Ok(()));
            assert_eq!(rename(volume, "", "root", false), Err(NtStatus::ACCESS_DENIED));
        });
    }
}

#[test]
fn names_that_cannot_be_are_refused() {
    with_volume(Format::Fat16, |volume, _| {
        assert_eq!(rename(volume, "HELLO.TXT", "absent\\x", false), Err(NtStatus::OBJECT_PATH_NOT_FOUND));
        assert_eq!(rename(volume, "HELLO.TXT", "", false), Err(NtStatus::OBJECT_NAME_INVALID));
        assert_eq!(rename(volume, "HELLO.TXT", "x\\", false), Err(NtStatus::OBJECT_NAME_INVALID));
        assert_eq!(rename(volume, "HELLO.TXT", "a?b", false), Err(NtStatus::OBJECT_NAME_INVALID));
        assert_eq!(rename(volume, "HELLO.TXT", &"u".repeat(256), false), Err(NtStatus::OBJECT_NAME_INVALID));
        assert_eq!(rename(volume, "HELLO.TXT", &"u".repeat(255), false), Ok(()));
    });
}

#[test]
fn a_name_may_have_any_characters() {
    for format in FORMATS {
        with_volume(format, |volume, disk| {
            let long = "日".repeat(250);
            for name in ["über", "ß", "Größe und Maß.text", "日本語のファイル名.txt", "😀 smile", &long, "a😀"]
            {
                rename(volume, "HELLO.TXT", name, false).unwrap_or_else(|status| panic!("{name}: {status}"));
                let file = volume.open_to_read(&format!("\\{}", name.to_uppercase().replace("SS", "ß"))).unwrap();
                volume.close_file(file);
                volume.flush().unwrap();
                assert_eq!(contents(disk, name).as_deref(), Some(&b"Hello from a short name"[..]), "{name}");
                rename(volume, name, "HELLO.TXT", false).unwrap();
            }
            // What stands in for a character is no name of its own.
            volume.close_file(make(volume, "+ber").unwrap());
            volume.close_file(make(volume, "übeR").unwrap());
            volume.close_file(make(volume, "öbeR").unwrap());
            assert_eq!(volume.open_to_read("\\,ber"), Err(NtStatus::OBJECT_NAME_NOT_FOUND));
            let path: Vec<u16> = wide("\\").into_iter().chain([0xD800, 0x41]).collect();
            let request = crate::OpenRequest {
                disposition: FILE_CREATE,
                ..crate::OpenRequest::existing(DELETE, FILE_DELETE_ON_CLOSE)
            };
            let file = volume.open(&Path::parse(&path).unwrap(), &request).unwrap().file;
            volume.close_file(file);
            assert_eq!(
                volume.open(&Path::parse(&path).unwrap(), &request).map(|opened| volume.close_file(opened.file)),
                Ok(())
            );
        });
    }
}

#[test]
fn times_and_attributes_are_kept() {
    for format in FORMATS {
        with_volume(format, |volume, _| {
            let file = make(volume, "timed").unwrap();
            let fcb = volume.fcb(file);
            let day = 864_000_000_000;
            assert_eq!(fcb.creation_time.get(), noon());
            assert_eq!((fcb.last_write_time.get(), fcb.last_access_time.get()), (noon(), noon() - day / 2));
            assert_eq!(fcb.attributes.get(), FILE_ATTRIBUTE_ARCHIVE);
            volume.set_basic(file, [noon() - day, noon() - 2 * day, noon() - 3 * day], FILE_ATTRIBUTE_HIDDEN).unwrap();
            assert_eq!(volume.set_basic(file, [0; 3], FILE_ATTRIBUTE_DIRECTORY), Err(NtStatus::INVALID_PARAMETER));
            volume.write(file, 0, b"x").unwrap();
            volume.close_file(file);
            let file = volume.open_to_read("\\TIMED").unwrap();
            let fcb = volume.fcb(file);
            let times = [fcb.creation_time.get(), fcb.last_access_time.get(), fcb.last_write_time.get()];
            assert_eq!(times, [noon() - day, noon() - 2 * day - day / 2, noon() - 3 * day], "the user's time stays");
            assert_eq!(fcb.attributes.get(), FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_ARCHIVE);
            volume.set_basic(file, [0; 3], FILE_ATTRIBUTE_NORMAL).unwrap();
            volume.close_file(file);
            let file = make(volume, "timed").unwrap();
            assert_eq!(volume.fcb(file).attributes.get(), FILE_ATTRIBUTE_NORMAL);
            volume.set_clock(noon() + day);
            volume.write(file, 1, b"y").unwrap();
            assert_eq!(volume.fcb(file).last_write_time.get(), noon() + day);
            volume.close_file(file);
        });
    }
}
