use super::*;
use crate::lock::{ByteRange, LockOwner, LockRequest, Locked};
use crate::test_volume::*;
use crate::write::tests::{TestVolume, make};

const PROCESS: Link<Eprocess> = Link::new(0xA000_1000);

fn audit(volume: &TestVolume<'_, '_>) -> Result<u32, FileCorruption> {
    volume.verify_files(|process, _| process == PROCESS)
}

#[test]
fn what_is_open_is_counted() {
    for format in FORMATS {
        with_volume(format, |volume, _| {
            assert_eq!(audit(volume), Ok(0));
            let one = make(volume, "one").unwrap();
            volume.write(one, 0, &[7; 5000]).unwrap();
            let (two, reader) = (make(volume, "two").unwrap(), volume.open_to_read("\\HELLO.TXT").unwrap());
            let again = volume.open_to_read("\\hello.txt").unwrap();
            volume.data_area(one).unwrap();
            assert_eq!(audit(volume), Ok(3));
            volume.set_disposition(two, true).unwrap();
            volume.clean_up(two);
            assert_eq!(audit(volume), Ok(3), "without a name, and still there");
            [reader, again, two].into_iter().for_each(|file| volume.close_file(file));
            assert_eq!(audit(volume), Ok(1));
            volume.clean_up(one);
            assert!(volume.objects.release(one).is_none(), "its pages refer to it");
            assert_eq!(audit(volume), Ok(1));
            volume.forget_unused(0);
            assert_eq!(audit(volume), Ok(0));
        });
    }
}

/// Changes a word, sees what the audit says, and changes it back.
fn broken(volume: &TestVolume<'_, '_>, word: &abi::cell::Field<u32>, value: u32) -> FileCorruption {
    let before = word.get();
    word.set(value);
    let found = audit(volume).expect_err("broken");
    word.set(before);
    assert!(audit(volume).is_ok());
    found
}

#[test]
fn the_audit_names_what_is_wrong_with_files() {
    with_volume(Format::Fat16, |volume, _| {
        let (one, two) = (make(volume, "one").unwrap(), make(volume, "one").unwrap());
        volume.write(one, 0, &[7; 5000]).unwrap();
        let area = volume.data_area(one).unwrap();
        let (fcb, link) = (volume.fcb(one), volume.fcb_of(one));
        let other = make(volume, "other").unwrap();
        assert_eq!(audit(volume), Ok(2));

        assert_eq!(
            broken(volume, &fcb.open_count, 3),
            FileCorruption::I1 { fcb: link, found: 2, recorded: 3 },
            "a count too high"
        );
        let strange = Link::<Fcb>::new(link.address() + 8);
        assert!(matches!(
            broken(volume, &volume.record(other).fs_context, strange.address()),
            FileCorruption::I1 { recorded: 1, found: 0, .. }
        ));
        let run = volume.record(nth_run(fcb.runs.get(), 0));
        assert_eq!(broken(volume, &run.file_sector, 1), FileCorruption::I2(link, 0));
        assert_eq!(broken(volume, &run.volume_sector, u32::MAX), FileCorruption::I2(link, 0));
        assert_eq!(broken(volume, &fcb.clusters, 1), FileCorruption::I2(link, fcb.run_count.get()));
        assert_eq!(broken(volume, &fcb.file_size, 10_000_000), FileCorruption::I2(link, fcb.run_count.get()));
        assert_eq!(broken(volume, &fcb.valid_data_length, 5001), FileCorruption::I4(link));
        assert_eq!(broken(volume, &fcb.clean_count, 1), FileCorruption::I6(link));
        assert_eq!(broken(volume, &fcb.share.writers, 0), FileCorruption::I6(link));
        assert_eq!(broken(volume, &fcb.share.shared_delete, 1), FileCorruption::I6(link));
        assert_eq!(broken(volume, &fcb.flags, fcb_flags::DELETED), FileCorruption::I7(link));
        let pointers = &fcb.section_object_pointers;
        assert_eq!(broken(volume, &pointers.data_section_object, 0), FileCorruption::I8(area));
        let foreign = &volume.fcb(other).section_object_pointers.image_section_object;
        assert_eq!(broken(volume, foreign, area.address()), FileCorruption::I8(area));
        assert_eq!(
            broken(volume, &pointers.image_section_object, 0xA123_4560),
            FileCorruption::I8(Link::new(0xA123_4560))
        );
        let files = &volume.record(volume.objects.type_of(Kind::File)).total_number_of_objects;
        let count = files.get();
        assert_eq!(broken(volume, files, count + 1), FileCorruption::O3 { found: count, recorded: count + 1 });

        let owner = LockOwner { process: PROCESS, file: one, key: 0 };
        let range = ByteRange::new(0, 1).unwrap();
        let request = LockRequest { owner, range, excludes: true, fails: true };
        assert_eq!(volume.lock_range(&request), Ok(Locked::Done));
        assert_eq!(
            broken(volume, &fcb.lock_count, 0),
            FileCorruption::Locks(link, LockCorruption::L1 { found: 1, recorded: 0 })
        );
        volume.unlock_all(one, PROCESS, |_| {});
        volume.clean_up(one);
        assert!(volume.objects.release(one).is_none());
        [two, other].into_iter().for_each(|file| volume.close_file(file));
        volume.forget_unused(0);
    });
}
