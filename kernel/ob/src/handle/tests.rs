use super::*;
use abi::access::{OBJ_INHERIT, PROCESS_VM_READ, PROCESS_VM_WRITE};
use abi::nt::file::FileObject;
use abi::nt::process::Eprocess;
use model::machine::NoExecute;
use model::system::System;

/// Runs `test` on a system of `frames` frames, with a process and its handle table.
fn with_table(
    frames: u32,
    test: impl FnOnce(&System, &ObjectManager<'_, model::machine::SoftwareMachine>, Link<Eprocess>, Link<HandleTable>),
) {
    let system = System::new(frames, NoExecute::Supported);
    let objects = ObjectManager::new(&system.mm).unwrap();
    let process = objects.create::<Eprocess>().unwrap();
    let table = objects.create_handle_table(process, 8).unwrap();
    test(&system, &objects, process, table);
}

#[test]
fn the_first_handle_is_4_and_a_freed_one_comes_back_first() {
    with_table(256, |_, objects, process, table| {
        let handles = objects.handles(table);
        assert_eq!(handles.insert(process, 1, 0), Ok(Handle(4)));
        assert_eq!(handles.insert(process, 1, 0), Ok(Handle(8)));
        assert!(handles.close(Handle(4)).unwrap().condemned.is_none());
        assert_eq!(handles.insert(process, 1, 0), Ok(Handle(4)));
        assert_eq!(handles.verify(), Ok(2));
        assert!(handles.names(process) && !handles.names(table));
    });
}

#[test]
fn the_low_bits_of_a_handle_are_the_programs() {
    with_table(256, |_, objects, process, table| {
        let handles = objects.handles(table);
        handles.insert(process, 1, 0).unwrap();
        assert_eq!(handles.get::<Eprocess>(Handle(7), 1), Ok(process));
        assert!(handles.close(Handle(5)).is_ok());
        assert_eq!(handles.insert(process, 1, 0), Ok(Handle(4)));
    });
}

#[test]
fn each_refusal_has_its_status() {
    with_table(256, |_, objects, process, table| {
        let handles = objects.handles(table);
        let handle = handles.insert(process, PROCESS_VM_READ, 0).unwrap();
        assert_eq!(handles.get::<Eprocess>(handle, PROCESS_VM_READ), Ok(process));
        let denied = handles.get::<Eprocess>(handle, PROCESS_VM_READ | PROCESS_VM_WRITE);
        assert_eq!(denied, Err(NtStatus::ACCESS_DENIED));
        assert_eq!(handles.get::<FileObject>(handle, 0), Err(NtStatus::OBJECT_TYPE_MISMATCH));
        for invalid in [0, 8, 0x7FC, 0x800, 0x7FFF_FFFC, 0xFFFF_FFFF, 0xFFFF_FFFE, 0x8000_0000] {
            assert_eq!(handles.get_any(Handle(invalid)), Err(NtStatus::INVALID_HANDLE), "{invalid:x}");
            assert_eq!(handles.close(Handle(invalid)).err(), Some(NtStatus::INVALID_HANDLE), "{invalid:x}");
        }
    });
}

#[test]
fn a_protected_handle_is_closed_only_when_the_process_ends() {
    with_table(256, |_, objects, process, table| {
        let handles = objects.handles(table);
        let handle = handles.insert(process, 1, OBJ_PROTECT_CLOSE | OBJ_INHERIT).unwrap();
        assert_eq!(handles.close(handle).err(), Some(NtStatus::HANDLE_NOT_CLOSABLE));
        assert_eq!(handles.get_any(handle).unwrap().attributes, OBJ_PROTECT_CLOSE | OBJ_INHERIT);
        handles.set_attributes(handle, 0).unwrap();
        assert!(handles.close(handle).is_ok());
        handles.insert(process, 1, OBJ_PROTECT_CLOSE).unwrap();
        let mut next = Handle(0);
        assert_eq!(handles.close_next(&mut next).unwrap().handles_left, 0);
        assert!(handles.close_next(&mut next).is_none());
    });
}

#[test]
fn closing_the_last_handle_leaves_the_object_to_delete() {
    with_table(256, |_, objects, _, table| {
        let handles = objects.handles(table);
        let file = objects.create::<FileObject>().unwrap();
        let first = handles.insert(file, 1, 0).unwrap();
        let second = handles.insert(file, 1, 0).unwrap();
        assert!(objects.release(file).is_none(), "the handles refer to it");
        let closed = handles.close(first).unwrap();
        assert_eq!((closed.handles_left, closed.condemned.is_some()), (1, false));
        let condemned = handles.close(second).unwrap().condemned.expect("the last");
        assert_eq!(condemned.body::<FileObject>(), Some(file));
        objects.delete(condemned);
        assert_eq!(objects.count(Kind::File), 0);
    });
}

#[test]
fn a_table_grows_by_levels_keeps_its_handles_and_gives_everything_back() {
    // 512 * 1024 entries are 1024 pages: past them two more levels of pointers stand above.
    with_table(2048, |system, objects, process, table| {
        let handles = objects.handles(table);
        let in_use = system.mm.pool_bytes_in_use();
        let references = objects.references(process);
        let levels = || objects.record(table).table_code.get() & 3;
        let usable = 511;
        let mut last = Handle(0);
        for count in 1..=usable * 1025 {
            last = handles.insert(process, count, 0).unwrap();
            match count {
                511 => assert_eq!((last, levels()), (Handle(511 * 4), 0)),
                512 => assert_eq!((last, levels()), (Handle(513 * 4), 1)),
                523_264 => assert_eq!((last, levels()), (Handle((512 * 1024 - 1) * 4), 1)),
                523_265 => assert_eq!((last, levels()), (Handle((512 * 1024 + 1) * 4), 2)),
                _ => {}
            }
        }
        assert_eq!(handles.verify(), Ok(usable * 1025));
        assert_eq!(handles.get_any(Handle(4)).unwrap().granted_access, 1);
        assert_eq!(handles.get_any(last).unwrap().granted_access, usable * 1025);
        for handle in handles.iter().collect::<Vec<_>>() {
            assert!(handles.close(handle).unwrap().condemned.is_none());
        }
        assert_eq!(handles.verify(), Ok(0));
        assert_eq!(objects.references(process), references);
        assert_eq!(system.mm.pool_bytes_in_use(), in_use);
        objects.delete_handle_table(table);
    });
}

#[test]
fn a_table_that_cannot_grow_refuses_and_stays_whole() {
    with_table(64, |_, objects, process, table| {
        let handles = objects.handles(table);
        let mut made = 0;
        while handles.insert(process, 1, 0).is_ok() {
            made += 1;
            assert!(made < 64 * 512, "the machine has no more memory than that");
        }
        assert!(made >= 511);
        assert_eq!(handles.verify(), Ok(made));
        assert!(handles.close(Handle(4)).is_ok());
        assert_eq!(handles.insert(process, 1, 0), Ok(Handle(4)));
    });
}

#[test]
fn the_audit_notices_a_broken_chain_and_a_wrong_count() {
    with_table(256, |_, objects, process, table| {
        let handles = objects.handles(table);
        handles.insert(process, 1, 0).unwrap();
        let record = objects.record(table);
        record.first_free.update(|first| first + 4);
        assert_eq!(handles.verify(), Err(HandleCorruption::H2Free { found: 510, chained: 509 }));
        record.first_free.update(|first| first - 4);
        record.handle_count.set(7);
        assert_eq!(handles.verify(), Err(HandleCorruption::H2 { found: 1, recorded: 7 }));
    });
}

#[test]
fn a_child_gets_the_inheritable_handles_under_their_numbers() {
    with_table(256, |_, objects, process, table| {
        let parent = objects.handles(table);
        let attributes = |index: u32| if index.is_multiple_of(3) { OBJ_INHERIT } else { 0 };
        (0..1200).for_each(|index| assert!(parent.insert(process, index, attributes(index)).is_ok()));
        let child = objects.handles(objects.create_handle_table(process, 12).unwrap());
        child.inherit(&parent).unwrap();
        assert_eq!(child.verify(), Ok(400));
        assert_eq!(objects.references(process), 1 + 1200 + 400);
        for handle in parent.iter() {
            let theirs = parent.get_any(handle).unwrap();
            let own = child.get_any(handle).ok();
            assert_eq!(own, (theirs.attributes & OBJ_INHERIT != 0).then_some(theirs));
        }
        assert_eq!(child.insert(process, 1, 0), Ok(Handle(8)), "the lowest that was not handed down");
        assert_eq!(child.verify(), Ok(401));
    });
}

#[test]
fn nothing_to_hand_down_leaves_the_table_as_it_was() {
    with_table(256, |_, objects, process, table| {
        let parent = objects.handles(table);
        (0..600).for_each(|_| assert!(parent.insert(process, 1, 0).is_ok()));
        let child = objects.handles(objects.create_handle_table(process, 12).unwrap());
        child.inherit(&parent).unwrap();
        assert_eq!((child.verify(), child.insert(process, 1, 0)), (Ok(0), Ok(Handle(4))));
    });
}
