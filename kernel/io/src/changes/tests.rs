use super::*;
use crate::path::Path;
use crate::test_volume::*;
use crate::write::tests::{TestVolume, make, open};
use abi::access::*;
use abi::status::NtStatus;

/// What was noted: paths, actions, filters.
fn told(volume: &TestVolume<'_, '_>) -> Vec<(String, Action, u32)> {
    let (changes, is_complete) = volume.take_changes();
    assert!(is_complete && !volume.has_changes());
    changes.into_iter().map(|change| (String::from_utf16_lossy(&change.path), change.action, change.filter)).collect()
}

fn change(path: &str, action: Action, filter: u32) -> (String, Action, u32) {
    (path.into(), action, filter)
}

#[test]
fn names_that_come_and_go_are_noted_while_somebody_watches() {
    with_volume(Format::Fat16, |volume, _| {
        volume.close_file(make(volume, "unseen").unwrap());
        assert!(!volume.has_changes(), "nobody watches");
        volume.set_watched(true);
        let file = make(volume, "Made").unwrap();
        assert_eq!(told(volume), [change("\\Made", Action::Added, FILE_NOTIFY_CHANGE_FILE_NAME)]);
        volume.close_file(make(volume, "made").unwrap());
        assert_eq!(told(volume), [], "it was there");
        let (folder, _) = open(volume, "folder", GENERIC_READ | DELETE, FILE_CREATE, FILE_DIRECTORY_FILE).unwrap();
        assert_eq!(told(volume), [change("\\folder", Action::Added, FILE_NOTIFY_CHANGE_DIR_NAME)]);
        let rename = |to: &str, replaces| {
            let to = wide(to);
            volume.rename(file, &Path::parse(&to).unwrap(), replaces)
        };
        rename("\\other", false).unwrap();
        rename("\\folder\\moved", false).unwrap();
        assert_eq!(rename("\\unseen", false), Err(NtStatus::OBJECT_NAME_COLLISION));
        let name = FILE_NOTIFY_CHANGE_FILE_NAME;
        assert_eq!(
            told(volume),
            [
                change("\\Made", Action::RenamedFrom, name),
                change("\\other", Action::RenamedTo, name),
                change("\\other", Action::Removed, name),
                change("\\folder\\moved", Action::Added, name),
            ]
        );
        rename("\\folder\\again", false).unwrap();
        volume.close_file(make(volume, "folder\\replaced").unwrap());
        told(volume);
        rename("\\folder\\replaced", true).unwrap();
        assert_eq!(
            told(volume),
            [
                change("\\folder\\replaced", Action::Removed, name),
                change("\\folder\\again", Action::RenamedFrom, name),
                change("\\folder\\replaced", Action::RenamedTo, name),
            ]
        );
        volume.set_disposition(file, true).unwrap();
        assert_eq!(told(volume), [], "it is there still");
        volume.close_file(file);
        assert_eq!(told(volume), [change("\\folder\\replaced", Action::Removed, name)]);
        volume.set_disposition(folder, true).unwrap();
        assert_eq!(told(volume), [change("\\folder", Action::Going, 0)]);
        volume.close_file(folder);
        assert_eq!(told(volume), [change("\\folder", Action::Removed, FILE_NOTIFY_CHANGE_DIR_NAME)]);
    });
}

#[test]
fn what_is_written_is_noted_when_it_is_told_and_what_is_set_at_once() {
    with_volume(Format::Fat12, |volume, _| {
        let file = make(volume, "file").unwrap();
        volume.set_watched(true);
        let (size, written) = (FILE_NOTIFY_CHANGE_SIZE, FILE_NOTIFY_CHANGE_LAST_WRITE);
        volume.write(file, 0, b"some bytes").unwrap();
        assert_eq!(told(volume), [], "nobody has told");
        volume.note_written_through(file);
        volume.note_written_through(file);
        assert_eq!(told(volume), [change("\\file", Action::Modified, size | written)]);
        volume.write(file, 0, b"other").unwrap();
        volume.note_written_through(file);
        assert_eq!(told(volume), [change("\\file", Action::Modified, written)], "it is as long as it was");
        volume.grow(file, 100).unwrap();
        volume.note_written_through(file);
        assert_eq!(told(volume), [change("\\file", Action::Modified, size | written)]);
        volume.set_end_of_file(file, 5).unwrap();
        assert_eq!(told(volume), [change("\\file", Action::Modified, size)]);
        volume.set_basic(file, [1 << 57, 0, u64::MAX], FILE_ATTRIBUTE_HIDDEN).unwrap();
        let set = FILE_NOTIFY_CHANGE_CREATION | FILE_NOTIFY_CHANGE_ATTRIBUTES;
        assert_eq!(told(volume), [change("\\file", Action::Modified, set)]);
        volume.write(file, 0, b"this").unwrap();
        volume.close_file(file);
        assert_eq!(told(volume), [], "its time is the user's");
        let request = FILE_ATTRIBUTE_HIDDEN;
        let path = wide("\\file");
        let overwrite = crate::OpenRequest {
            disposition: FILE_OVERWRITE,
            attributes: request,
            ..crate::OpenRequest::existing(GENERIC_WRITE, 0)
        };
        let emptied = volume.open(&Path::parse(&path).unwrap(), &overwrite).unwrap().file;
        let all = FILE_NOTIFY_CHANGE_ATTRIBUTES | size | written;
        assert_eq!(told(volume), [change("\\file", Action::Modified, all)]);
        volume.close_file(emptied);
        assert_eq!(told(volume), []);
        volume.set_watched(false);
    });
}
