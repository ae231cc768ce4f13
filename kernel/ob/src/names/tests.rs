use super::*;
use abi::access::{OBJ_CASE_INSENSITIVE, OBJ_OPENLINK};
use abi::nt::dispatcher::{Kevent, Kmutant};
use abi::nt::name_space::ObjectSymbolicLink;
use abi::nt::object::HandleTable;
use abi::nt::process::Eprocess;
use model::machine::{NoExecute, SoftwareMachine};
use model::system::System;

use crate::handle::{Handle, Handles};
use crate::kind::Kind;

mod devices;
mod random;

type Objects<'a> = ObjectManager<'a, SoftwareMachine>;

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Runs `test` on a system with a process and its handle table.
fn with_names(frames: u32, test: impl FnOnce(&System, &Objects<'_>, &Handles<'_, SoftwareMachine>)) {
    let system = System::new(frames, NoExecute::Supported);
    let objects = ObjectManager::new(&system.mm).unwrap();
    let process = objects.create::<Eprocess>().unwrap();
    let table: Link<HandleTable> = objects.create_handle_table(process, 8).unwrap();
    test(&system, &objects, &objects.handles(table));
}

fn find_with(
    objects: &Objects<'_>,
    root: Option<Link<ObjectBody>>,
    path: &str,
    wanted: Kind,
    attributes: u32,
) -> Result<Found<'static>, NtStatus> {
    objects.look_up(&ObjectName { root, path: wide(path).leak(), attributes }, wanted)
}

fn find(objects: &Objects<'_>, path: &str) -> Result<Found<'static>, NtStatus> {
    find_with(objects, None, path, Kind::Event, 0)
}

/// The object called `path`.
fn object(objects: &Objects<'_>, path: &str) -> Option<Link<ObjectBody>> {
    match find(objects, path) {
        Ok(Found::Object(body)) => Some(body),
        _ => None,
    }
}

fn vacancy(objects: &Objects<'_>, path: &str) -> Vacancy {
    match find(objects, path) {
        Ok(Found::Vacant(vacancy)) => vacancy,
        other => panic!("{path}: {other:?}"),
    }
}

/// A new object called `path`, with a handle that is its only reference but its name.
fn named<T: Object>(objects: &Objects<'_>, handles: &Handles<'_, SoftwareMachine>, path: &str) -> (Link<T>, Handle) {
    let body = objects.create_named::<T>(&vacancy(objects, path), 0).unwrap();
    let handle = handles.insert(body, 1, 0).unwrap();
    assert!(objects.release(body).is_none());
    (body, handle)
}

fn close(objects: &Objects<'_>, handles: &Handles<'_, SoftwareMachine>, handle: Handle) {
    if let Some(condemned) = handles.close(handle).unwrap().condemned {
        objects.delete(condemned);
    }
}

#[test]
fn the_first_names_are_there_and_sound() {
    with_names(256, |_, objects, _| {
        assert_eq!(objects.verify_names(), Ok(8));
        assert_eq!(object(objects, "\\"), Some(objects.root().cast()));
        let base = object(objects, "\\BaseNamedObjects").expect("it is there");
        assert_eq!(objects.kind_of(base), Kind::Directory);
        assert_eq!(object(objects, "\\BaseNamedObjects\\Local\\Global\\Local"), Some(base));
        assert_eq!(object(objects, "\\DosDevices"), object(objects, "\\GLOBAL??"));
        assert_eq!(objects.text(objects.name_of(base).unwrap()).unwrap(), wide("BaseNamedObjects"));
        assert!(objects.name_of(objects.root()).is_none());
    });
}

#[test]
fn a_named_object_has_its_name_in_front_of_its_header() {
    with_names(256, |system, objects, handles| {
        let (event, _) = named::<Kevent>(objects, handles, "\\BaseNamedObjects\\Ready");
        let header = header_of(event);
        assert_eq!(objects.record(header).name_info_offset.get(), 0x10);
        assert_eq!(system.mm.pool_tag(name_info_of(header)), Tag(*b"Eve\xEE"));
        let info = objects.record(name_info_of(header));
        assert_eq!(Some(info.directory.get().cast()), object(objects, "\\BaseNamedObjects"));
        assert_eq!(objects.text(&info.name).unwrap(), wide("Ready"));
        assert_eq!(objects.references(event), 2, "its handle and its directory");
    });
}

#[test]
fn each_refusal_of_a_name_has_its_status() {
    with_names(256, |_, objects, handles| {
        let (event, _) = named::<Kevent>(objects, handles, "\\BaseNamedObjects\\event");
        for (path, status) in [
            ("", NtStatus::OBJECT_PATH_SYNTAX_BAD),
            ("BaseNamedObjects", NtStatus::OBJECT_PATH_SYNTAX_BAD),
            ("\\\\", NtStatus::OBJECT_NAME_INVALID),
            ("\\\\BaseNamedObjects", NtStatus::OBJECT_NAME_INVALID),
            ("\\BaseNamedObjects\\", NtStatus::OBJECT_NAME_INVALID),
            ("\\BaseNamedObjects\\\\event", NtStatus::OBJECT_NAME_INVALID),
            ("\\Nowhere\\event", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\Nowhere\\", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\BASENAMEDOBJECTS\\event", NtStatus::OBJECT_PATH_NOT_FOUND),
            ("\\BaseNamedObjects\\event\\more", NtStatus::OBJECT_TYPE_MISMATCH),
            ("\\BaseNamedObjects\\event\\", NtStatus::OBJECT_TYPE_MISMATCH),
        ] {
            assert_eq!(find(objects, path).err(), Some(status), "{path}");
        }
        assert!(matches!(find(objects, "\\BaseNamedObjects\\Event"), Ok(Found::Vacant(_))));
        let base = object(objects, "\\BaseNamedObjects");
        let local = match find_with(objects, base, "Local", Kind::SymbolicLink, 0) {
            Ok(Found::Object(link)) => Some(link),
            other => panic!("{other:?}"),
        };
        for (root, path, status) in [
            (base, "\\event", NtStatus::OBJECT_PATH_SYNTAX_BAD),
            (base, "event\\", NtStatus::OBJECT_TYPE_MISMATCH),
            (base, "no\\event", NtStatus::OBJECT_PATH_NOT_FOUND),
            (local, "event", NtStatus::OBJECT_TYPE_MISMATCH),
            (local, "", NtStatus::OBJECT_TYPE_MISMATCH),
            (Some(event.cast()), "", NtStatus::INVALID_HANDLE),
            (Some(event.cast()), "x", NtStatus::INVALID_HANDLE),
        ] {
            assert_eq!(find_with(objects, root, path, Kind::Event, 0).err(), Some(status), "{path}");
        }
        let found = |root, path| find_with(objects, root, path, Kind::SymbolicLink, 0);
        assert!(matches!(found(local, ""), Ok(Found::Object(link)) if Some(link) == local));
        assert!(matches!(found(base, ""), Ok(Found::Object(body)) if Some(body) == base));
        assert!(matches!(found(base, "event"), Ok(Found::Object(body)) if body == event.cast()));
    });
}

#[test]
fn case_matters_unless_it_is_said_not_to() {
    with_names(256, |_, objects, handles| {
        let (small, _) = named::<Kevent>(objects, handles, "\\BaseNamedObjects\\straße é");
        let (large, _) = named::<Kevent>(objects, handles, "\\BaseNamedObjects\\STRAßE É");
        assert_eq!(object(objects, "\\BaseNamedObjects\\straße é"), Some(small.cast()));
        assert_eq!(object(objects, "\\BaseNamedObjects\\STRAßE É"), Some(large.cast()));
        let any = find_with(objects, None, "\\basenamedobjects\\Straße é", Kind::Event, OBJ_CASE_INSENSITIVE);
        assert!(matches!(any, Ok(Found::Object(body)) if body == small.cast() || body == large.cast()));
        assert_eq!(objects.verify_names(), Ok(10));
    });
}

#[test]
fn a_name_goes_with_the_last_handle_and_not_with_the_last_reference() {
    with_names(256, |system, objects, handles| {
        let before = system.mm.pool_bytes_in_use();
        let (event, first) = named::<Kevent>(objects, handles, "\\BaseNamedObjects\\event");
        let second = handles.insert(event, 1, 0).unwrap();
        objects.reference(event);
        close(objects, handles, first);
        assert_eq!(object(objects, "\\BaseNamedObjects\\event"), Some(event.cast()));
        close(objects, handles, second);
        assert_eq!(object(objects, "\\BaseNamedObjects\\event"), None);
        assert!(objects.name_of(event).is_none());
        let (_, again) = named::<Kmutant>(objects, handles, "\\BaseNamedObjects\\event");
        close(objects, handles, again);
        objects.delete(objects.release(event).expect("the last reference"));
        assert_eq!((objects.verify_names(), system.mm.pool_bytes_in_use()), (Ok(8), before));
    });
}

#[test]
fn a_permanent_object_stays_until_it_is_made_temporary() {
    with_names(256, |system, objects, handles| {
        let before = system.mm.pool_bytes_in_use();
        let path = "\\BaseNamedObjects\\kept";
        let event = objects.create_named::<Kevent>(&vacancy(objects, path), OBJ_PERMANENT).unwrap();
        let handle = handles.insert(event, 1, 0).unwrap();
        assert!(objects.release(event).is_none());
        close(objects, handles, handle);
        assert_eq!((object(objects, path), objects.verify_names()), (Some(event.cast()), Ok(9)));
        let handle = handles.insert(event, 1, 0).unwrap();
        objects.make_temporary(event);
        assert_eq!(object(objects, path), Some(event.cast()), "it has a handle");
        close(objects, handles, handle);
        assert_eq!((object(objects, path), system.mm.pool_bytes_in_use()), (None, before));
    });
}

#[test]
fn a_directory_outlives_its_name_while_something_is_in_it() {
    with_names(256, |system, objects, handles| {
        let before = system.mm.pool_bytes_in_use();
        let (directory, first) = named::<ObjectDirectory>(objects, handles, "\\Device\\d");
        let (event, second) = named::<Kevent>(objects, handles, "\\Device\\d\\event");
        close(objects, handles, first);
        assert_eq!(find(objects, "\\Device\\d\\event").err(), Some(NtStatus::OBJECT_PATH_NOT_FOUND));
        assert_eq!(objects.references(directory), 1, "what is in it");
        assert!(objects.name_of(event).is_some());
        close(objects, handles, second);
        assert_eq!((objects.verify_names(), system.mm.pool_bytes_in_use()), (Ok(8), before));
    });
}

fn link(objects: &Objects<'_>, handles: &Handles<'_, SoftwareMachine>, path: &str, target: &str) -> Handle {
    let (link, handle) = named::<ObjectSymbolicLink>(objects, handles, path);
    objects.set_target(link, &wide(target), 7).unwrap();
    handle
}

#[test]
fn links_are_followed_so_often_and_no_longer() {
    with_names(256, |system, objects, handles| {
        let before = system.mm.pool_bytes_in_use();
        let mut made = vec![
            link(objects, handles, "\\here", "\\BaseNamedObjects\\event"),
            link(objects, handles, "\\circle", "\\circle"),
            link(objects, handles, "\\relative", "BaseNamedObjects"),
            link(objects, handles, "\\l0", "\\BaseNamedObjects"),
        ];
        for index in 1..=32 {
            made.push(link(objects, handles, &format!("\\l{index}"), &format!("\\l{}", index - 1)));
        }
        assert!(matches!(find(objects, "\\here"), Ok(Found::Vacant(_))), "where it leads nothing is yet");
        let (event, handle) = named::<Kevent>(objects, handles, "\\here");
        assert_eq!(object(objects, "\\BaseNamedObjects\\event"), Some(event.cast()));
        assert_eq!(object(objects, "\\l30\\event"), Some(event.cast()));
        assert_eq!(find(objects, "\\l31\\event").err(), Some(NtStatus::OBJECT_PATH_NOT_FOUND));
        assert_eq!(find(objects, "\\circle").err(), Some(NtStatus::OBJECT_PATH_NOT_FOUND));
        assert_eq!(find(objects, "\\relative\\event").err(), Some(NtStatus::OBJECT_PATH_SYNTAX_BAD));
        let itself = find_with(objects, None, "\\circle", Kind::Event, OBJ_OPENLINK);
        assert!(matches!(itself, Ok(Found::Object(body)) if objects.kind_of(body) == Kind::SymbolicLink));
        made.push(handle);
        made.into_iter().for_each(|handle| close(objects, handles, handle));
        assert_eq!((objects.verify_names(), system.mm.pool_bytes_in_use()), (Ok(8), before));
    });
}

#[test]
fn a_name_that_links_make_too_long_is_invalid() {
    with_names(1024, |_, objects, handles| {
        let half = "y".repeat(0x4000);
        link(objects, handles, "\\x", &format!("\\{half}"));
        let through = |length: usize| find(objects, &format!("\\x\\{}", "z".repeat(length))).err();
        assert_eq!(through(0x7FFE - 0x4000 - 1), Some(NtStatus::OBJECT_PATH_NOT_FOUND));
        assert_eq!(through(0x7FFE - 0x4000), Some(NtStatus::OBJECT_NAME_INVALID));
        named::<Kevent>(objects, handles, &format!("\\{}", "z".repeat(0x7FFD)));
        assert_eq!(find(objects, &format!("\\{}", "z".repeat(0x7FFF))).err(), Some(NtStatus::OBJECT_NAME_INVALID));
    });
}

#[test]
fn a_deep_tree_is_audited_without_a_stack() {
    with_names(4096, |system, objects, handles| {
        let before = system.mm.pool_bytes_in_use();
        let mut root = objects.root();
        let mut made = Vec::new();
        for _ in 0..3000 {
            let name = ObjectName { root: Some(root.cast()), path: &wide("d"), attributes: 0 };
            let Ok(Found::Vacant(vacancy)) = objects.look_up(&name, Kind::Directory) else { panic!("vacant") };
            root = objects.create_named::<ObjectDirectory>(&vacancy, 0).unwrap();
            made.push(handles.insert(root, 1, 0).unwrap());
            assert!(objects.release(root).is_none());
        }
        assert_eq!(objects.verify_names(), Ok(3008));
        made.into_iter().for_each(|handle| close(objects, handles, handle));
        assert_eq!(objects.verify_names(), Ok(8));
        assert_eq!(objects.count(Kind::Directory), 5);
        assert!(system.mm.pool_bytes_in_use() >= before, "the handle table has grown");
    });
}

#[test]
fn without_memory_nothing_is_made_and_nothing_is_lost() {
    with_names(64, |_, objects, handles| {
        let mut made = 0;
        let base = object(objects, "\\BaseNamedObjects");
        loop {
            let path = wide(&format!("{made:0200}"));
            let name = ObjectName { root: base, path: &path, attributes: 0 };
            let Ok(Found::Vacant(vacancy)) = objects.look_up(&name, Kind::Event) else { panic!("vacant") };
            let Ok(event) = objects.create_named::<Kevent>(&vacancy, 0) else { break };
            let inserted = handles.insert(event, 1, 0);
            objects.forget_unused_name(event);
            if let Some(condemned) = objects.release(event) {
                objects.delete(condemned);
            }
            if inserted.is_err() {
                break;
            }
            made += 1;
        }
        assert!(made > 10);
        assert_eq!((objects.verify_names(), objects.count(Kind::Event)), (Ok(8 + made), made));
    });
}

#[test]
fn the_audit_notices_what_is_wrong() {
    with_names(256, |_, objects, handles| {
        let (event, _) = named::<Kevent>(objects, handles, "\\event");
        let header = objects.record(header_of(event));
        let info = objects.record(name_info_of(header_of(event)));
        let wrong = |corruption| assert_eq!(objects.verify_names(), Err(corruption));
        header.handle_count.set(0);
        wrong(NameCorruption::N2(event.cast()));
        header.handle_count.set(1);
        header.pointer_count.set(1);
        wrong(NameCorruption::N2(event.cast()));
        header.pointer_count.set(2);
        info.directory.set(Link::NULL);
        wrong(NameCorruption::N1(event.cast()));
        info.directory.set(objects.root());
        let first: Link<Field<u16>> = Link::new(info.name.buffer.get());
        objects.record(first).set(u16::from(b'f'));
        wrong(NameCorruption::N1(event.cast()));
        objects.record(first).set(u16::from(b'e'));
        let root = objects.record(header_of(objects.root()));
        let references = root.pointer_count.get();
        root.pointer_count.set(3);
        wrong(NameCorruption::N3(objects.root()));
        root.pointer_count.set(references);
        assert_eq!(objects.verify_names(), Ok(9));
    });
}
