//! Devices: where look-ups end, and what links know of them.

use abi::nt::device::DeviceObject;
use abi::nt::file::FileObject;

use super::*;

/// What `path` leads to and what of it is left over there.
fn beyond(objects: &Objects<'_>, root: Option<Link<ObjectBody>>, path: &str) -> (Link<ObjectBody>, String) {
    match find_with(objects, root, path, Kind::File, OBJ_CASE_INSENSITIVE) {
        Ok(Found::Beyond(body, rest)) => (body, String::from_utf16_lossy(rest.units())),
        other => panic!("{path}: {other:?}"),
    }
}

fn with_device(test: impl FnOnce(&System, &Objects<'_>, &Handles<'_, SoftwareMachine>, Link<ObjectBody>)) {
    with_names(256, |system, objects, handles| {
        let device = objects.create_permanent::<DeviceObject>("\\Device\\Volume").unwrap();
        objects.create_permanent_link("\\GLOBAL??\\C:", "\\Device\\Volume").unwrap();
        test(system, objects, handles, device.cast());
        assert_eq!(objects.verify_names(), Ok(10));
    });
}

#[test]
fn a_look_up_ends_at_a_device_and_leaves_the_rest() {
    with_device(|_, objects, handles, device| {
        for (path, rest) in [
            ("\\Device\\Volume", ""),
            ("\\device\\VOLUME\\dir\\File.txt", "\\dir\\File.txt"),
            ("\\Device\\Volume\\", "\\"),
            ("\\Device\\Volume\\\\a\\\\", "\\\\a\\\\"),
            ("\\??\\C:", ""),
            ("\\??\\c:\\dir", "\\dir"),
            ("\\DosDevices\\C:\\dir", "\\dir"),
            ("\\GLOBAL??\\C:\\dir", "\\dir"),
        ] {
            assert_eq!(beyond(objects, None, path), (device, rest.to_owned()), "{path}");
        }
        for (path, status) in [
            ("\\??\\D:\\a", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\??\\c:\\a", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\Device\\Volume2\\a", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\??\\", NtStatus::OBJECT_NAME_INVALID),
            ("\\??\\\\C:", NtStatus::OBJECT_NAME_INVALID),
        ] {
            assert_eq!(find(objects, path).err(), Some(status), "{path}");
        }
        assert!(matches!(find(objects, "\\??\\C:a"), Ok(Found::Vacant(_))));
        let device_directory = object(objects, "\\Device");
        assert_eq!(beyond(objects, device_directory, "Volume\\a"), (device, "\\a".to_owned()));
        let (_, link) = named::<Kevent>(objects, handles, "\\??\\event");
        assert!(object(objects, "\\GLOBAL??\\event").is_some());
        close(objects, handles, link);
    });
}

#[test]
fn a_file_makes_of_a_name_what_it_likes() {
    with_device(|_, objects, _, _| {
        let file = objects.create::<FileObject>().unwrap();
        for name in ["", "a\\b", "\\a", "\\\\"] {
            assert_eq!(beyond(objects, Some(file.cast()), name), (file.cast(), name.to_owned()));
        }
        objects.delete(objects.release(file).expect("the last reference"));
    });
}

#[test]
fn a_link_knows_the_device_it_names_and_no_other() {
    with_device(|system, objects, handles, device| {
        let before = (objects.references(device), system.mm.pool_bytes_in_use());
        let known = |path: &str| {
            let Ok(Found::Object(link)) = find_with(objects, None, path, Kind::SymbolicLink, 0) else {
                panic!("{path}")
            };
            objects.record(link.cast::<ObjectSymbolicLink>()).link_target_object.get()
        };
        let made: Vec<_> = [
            ("\\direct", "\\DEVICE\\volume", true),
            ("\\far", "\\Device\\Volume\\dir", false),
            ("\\detour", "\\??\\C:", false),
            ("\\early", "\\Device\\Later", false),
            ("\\nowhere", "Device\\Volume", false),
        ]
        .into_iter()
        .map(|(path, target, is_known)| {
            let handle = link(objects, handles, path, target);
            assert_eq!(known(path), if is_known { device } else { Link::NULL }, "{path}");
            handle
        })
        .collect();
        assert_eq!(objects.references(device), before.0 + 1);
        assert_eq!(beyond(objects, None, "\\direct\\a"), (device, "\\a".to_owned()));
        assert_eq!(beyond(objects, None, "\\far\\a"), (device, "\\dir\\a".to_owned()));
        assert_eq!(beyond(objects, None, "\\detour\\a"), (device, "\\a".to_owned()));
        assert_eq!(objects.verify_names(), Ok(15));
        let Ok(Found::Object(direct)) = find_with(objects, None, "\\direct", Kind::SymbolicLink, 0) else { panic!() };
        let record = objects.record(direct.cast::<ObjectSymbolicLink>());
        record.link_target_object.set(direct);
        assert_eq!(objects.verify_names(), Err(NameCorruption::N4(direct.cast())));
        record.link_target_object.set(device);
        let first: Link<Field<u16>> = Link::new(record.link_target.buffer.get());
        objects.record(first).set(u16::from(b'x'));
        assert_eq!(objects.verify_names(), Err(NameCorruption::N4(direct.cast())));
        objects.record(first).set(u16::from(b'\\'));
        made.into_iter().for_each(|handle| close(objects, handles, handle));
        assert_eq!((objects.references(device), system.mm.pool_bytes_in_use()), before);
    });
}

#[test]
fn a_whole_name_is_told_from_the_root_on() {
    with_device(|_, objects, handles, device| {
        let path = |body| String::from_utf16_lossy(&objects.path_of(body).unwrap());
        assert_eq!(path(device), "\\Device\\Volume");
        assert_eq!(path(objects.root().cast()), "\\");
        assert_eq!(path(object(objects, "\\Device").unwrap()), "\\Device");
        let nameless = objects.create::<Kevent>().unwrap();
        assert_eq!(path(nameless.cast()), "");
        objects.delete(objects.release(nameless).expect("the last reference"));
        let (_, outer) = named::<ObjectDirectory>(objects, handles, "\\Device\\d");
        let (event, inner) = named::<Kevent>(objects, handles, "\\Device\\d\\event");
        assert_eq!(path(event.cast()), "\\Device\\d\\event");
        close(objects, handles, outer);
        assert_eq!(path(event.cast()), "\\event", "its directory has lost its name");
        close(objects, handles, inner);
    });
}

#[test]
fn a_directory_tells_what_is_in_it() {
    with_device(|_, objects, handles, device| {
        let directory: Link<ObjectDirectory> = object(objects, "\\Device").unwrap().cast();
        assert_eq!(objects.objects_in(directory).collect::<Vec<_>>(), [device]);
        let made: Vec<_> =
            (0..100).map(|number| named::<Kevent>(objects, handles, &format!("\\Device\\event{number}"))).collect();
        let mut found: Vec<_> = objects.objects_in(directory).map(Link::address).collect();
        let mut expected: Vec<_> = made.iter().map(|(event, _)| event.address()).chain([device.address()]).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
        made.into_iter().for_each(|(_, handle)| close(objects, handles, handle));
    });
}

#[test]
fn whoever_takes_the_first_names_away_leaves_nothing_dangling() {
    with_names(256, |_, objects, handles| {
        objects.create_permanent::<DeviceObject>("\\Device\\Volume").unwrap();
        objects.create_permanent_link("\\GLOBAL??\\C:", "\\Device\\Volume").unwrap();
        let take = |path: &str| {
            let Ok(Found::Object(body)) = find_with(objects, None, path, Kind::SymbolicLink, 0) else {
                panic!("{path}")
            };
            let handle = handles.insert(body, 1, 0).unwrap();
            objects.make_temporary(body);
            close(objects, handles, handle);
        };
        take("\\Device");
        assert_eq!(objects.verify_names(), Ok(8), "the device is out of reach, but for the link that knows it");
        assert_eq!(beyond(objects, None, "\\??\\C:\\a").1, "\\a");
        take("\\GLOBAL??");
        assert_eq!(objects.verify_names(), Ok(6));
        assert_eq!(beyond(objects, None, "\\??\\C:\\a").1, "\\a");
        assert_eq!(find(objects, "\\DosDevices\\C:\\a").err(), Some(NtStatus::OBJECT_PATH_NOT_FOUND));
        take("\\??\\C:");
        assert_eq!(find(objects, "\\??\\C:\\a").err(), Some(NtStatus::OBJECT_PATH_NOT_FOUND));
        assert!(matches!(find(objects, "\\??\\C:"), Ok(Found::Vacant(_))), "the directory is still there");
        take("\\??");
        assert_eq!(objects.verify_names(), Ok(5));
        assert!(matches!(find(objects, "\\??\\C:"), Ok(Found::Vacant(_))));
    });
}
