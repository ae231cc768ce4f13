//! `!handle` and `!ca`, and the write bit that is set by hand.

use abi::access::{EVENT_ALL_ACCESS, FILE_GENERIC_READ, OBJ_INHERIT, OBJ_PROTECT_CLOSE};
use abi::cell::Link;
use abi::memory::PAGE_READWRITE;
use abi::nt::device::DeviceObject;
use abi::nt::dispatcher::Kevent;
use abi::nt::file::{FILE_OBJECT_TYPE, FileObject};
use abi::nt::object::HandleTable;
use mm::protection::Access;
use mm::pte::{Pte, WRITE};
use mm::section::ControlAreaFlags;
use model::image::TestImage;
use model::sections::whole;
use model::system::Outcome;
use ob::{Kind, ObjectManager};

use crate::stage::Stage;

/// A process with a named event and a file among its handles; its table, and the addresses of the two and of their types.
pub fn with_handles(stage: &mut Stage) -> (Link<HandleTable>, [u32; 4]) {
    let process = stage.start(0x428, "demo.exe");
    let name = stage.file("\\dir\\demo.txt");
    let name = &stage.record(name).file_name;
    let objects = ObjectManager::new(&stage.system.mm).expect("room");
    let table = objects.create_handle_table(process, 0x428).expect("room");
    stage.record(process).object_table.set(table);
    let event = objects.create_permanent::<Kevent>("\\BaseNamedObjects\\gate").expect("room");
    let file = objects.create::<FileObject>().expect("room");
    stage.record(file).kind.set(FILE_OBJECT_TYPE);
    stage.record(file).file_name.set(name.buffer.get(), name.length.get());
    let device = objects.create_permanent::<DeviceObject>("\\Device\\HarddiskVolume1").expect("room");
    stage.record(file).device_object.set(device);
    let handles = objects.handles(table);
    handles.insert(event, EVENT_ALL_ACCESS, 0).expect("room");
    handles.insert(file, FILE_GENERIC_READ, OBJ_INHERIT | OBJ_PROTECT_CLOSE).expect("room");
    let kinds = [Kind::Event, Kind::File].map(|kind| objects.type_of(kind).address());
    (table, [event.address(), file.address(), kinds[0], kinds[1]])
}

#[test]
fn handles_are_listed_with_rights_type_and_name() {
    let mut stage = Stage::new();
    let (table, [event, file, event_type, file_type]) = with_handles(&mut stage);
    let page = stage.record(table).table_code.get();
    let info = stage.record(abi::nt::name_space::name_info_of(Link::new(event - 0x18)));
    let directory = info.directory.get().address();
    let head = stage.say("!process 428 0");
    let first = format!("0004: Object: {event:08x}  GrantedAccess: 001f0003 Entry: {:08x}\n", page + 8);
    let of_event = format!(
        "Object: {event:08x}  Type: ({event_type:08x}) Event\n\
         \x20   ObjectHeader: {:08x}\n\
         \x20       HandleCount: 1  PointerCount: 2\n\
         \x20       Directory Object: {directory:08x}  Name: gate\n",
        event - 0x18
    );
    let of_file = format!(
        "0008: Object: {file:08x}  GrantedAccess: 00120089 (Protected) (Inherit) Entry: {:08x}\n\
         Object: {file:08x}  Type: ({file_type:08x}) File\n\
         \x20   ObjectHeader: {:08x}\n\
         \x20       HandleCount: 1  PointerCount: 2\n\
         \x20       Directory Object: 00000000  Name: \\dir\\demo.txt {{HarddiskVolume1}}\n",
        page + 16,
        file - 0x18
    );
    let count = format!("Handle table at {page:08x} with 2 Entries in use\n");
    let all = format!("{head}{count}{first}{of_event}\n{of_file}\n");
    stage.expect("!handle", &all);
    stage.expect("!handle 0 3 428", &all);
    stage.expect("!handle 8", &format!("{head}{of_file}\n"));
    stage.expect("!handle 4 1", &format!("{head}{first}\n"));
    stage.expect("!handle 4 2", &format!("{head}{of_event}\n"));
    assert!(stage.say("!handle c").ends_with("kd: this is no handle of the process\n"));
    stage.expect("!handle 0 3 7", "kd: there is no process 7\n");
}

#[test]
fn a_handle_table_that_is_broken_is_not_followed() {
    let mut stage = Stage::new();
    stage.expect("!handle", "kd: there is no process yet\n");
    let (table, _) = with_handles(&mut stage);
    let head = stage.say("!process 428 0");
    stage.record(table).next_handle_needing_pool.set(u32::MAX);
    // As many as a page has, and not what lies behind it.
    assert_eq!(stage.say("!handle 0 1").matches("GrantedAccess").count(), 2);
    for wrong in [0x12, 0x8000_0000, 0xFFFF_FFFC] {
        stage.record(table).table_code.set(wrong);
        assert!(!stage.say("!handle").contains("GrantedAccess"), "{wrong:x}");
    }
    stage.record(stage.process).object_table.set(Link::new(4));
    stage.expect(
        "!handle",
        &format!(
            "{}The process has no handle table.\n",
            head.replace("  2.", "  0.").replace(&format!("{:08x}", table.address()), "00000004")
        ),
    );
}

#[test]
fn a_control_area_with_segment_and_subsection() {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    let section = stage.system.add_memory(0x3000, PAGE_READWRITE, ControlAreaFlags::COMMIT).expect("memory");
    stage.system.map(process, section, &whole(PAGE_READWRITE)).expect("room");
    let area = section.address();
    let (segment, prototypes) = {
        let segment = stage.record(section).segment.get();
        (segment.address(), stage.record(segment).prototype_pte.get().address())
    };
    let expected = format!(
        "\n\
         ControlArea  @ {area:08x}\n\
         \x20 Segment      {segment:08x}  Flink      00000000  Blink        00000000\n\
         \x20 Section Ref         1  Pfn Ref           0  Mapped Views        1\n\
         \x20 User Ref            1  WaitForDel        0  Flush Count         0\n\
         \x20 File Object  00000000  ModWriteCount     0  System Views        0\n\
         \x20 Flags (2000) Commit \n\
         \n\
         \x20     No Name for File\n\
         \n\
         Segment @ {segment:08x}\n\
         \x20 ControlArea  {area:08x}  Total Ptes        3  NonExtendPtes       3\n\
         \x20 WriteUserRef        0  Size           3000  Committed           3\n\
         \x20 Based Addr   00000000  Image Base 00000000  Image Commit        0\n\
         \x20 Image Info   00000000  ProtoPtes  {prototypes:08x}  PTE Template 0000000000000080\n\
         \n\
         Subsection 1 @ {:08x}\n\
         \x20 ControlArea  {area:08x}  Starting Sector        0  Number Of Sectors        0\n\
         \x20 Base Pte     {prototypes:08x}  Ptes In Subsect        3  Unused Ptes              0\n\
         \x20 Flags              40  Sector Offset          0  Protection               4\n\
         \x20   READWRITE\n\
         \n",
        area + 0x30
    );
    stage.expect(&format!("!ca {area:x}"), &expected);
    stage.expect("!ca 12fff", &expected);
    stage.system.commit_at(process, 0x25_0000, 0x1000);
    for no_view in ["!ca 250000", "!ca 300000"] {
        stage.expect(no_view, "kd: there is no view of a section there\n");
    }
}

#[test]
fn the_control_area_of_an_image_has_a_subsection_for_each_of_its_parts() {
    let mut stage = Stage::new();
    stage.start(0x428, "demo.exe");
    let file = stage.file("\\dir\\demo.dll");
    let section = stage.system.add_image(TestImage::plain(0x40_0000, 7)).expect("room");
    stage.record(section).file_pointer.set(file);
    let said = stage.say(&format!("!ca {:x}", section.address()));
    assert!(said.contains("  Flags (a0) Image File \n\n      \\dir\\demo.dll\n"), "{said}");
    let words: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("    ")).map(str::trim).collect();
    assert_eq!(words, ["\\dir\\demo.dll", "READONLY", "EXECUTE_READ", "READONLY", "WRITECOPY"]);
    assert!(said.contains("  Based Addr   00400000") && said.contains("Image Commit        4\n"), "{said}");
    // A chain of subsections that is broken ends there.
    let first: Link<mm::section::Subsection> = section.offset(0x30);
    stage.record(first).next_subsection.set(Link::new(0x12));
    assert!(stage.say(&format!("!ca {:x}", section.address())).ends_with("Subsection 2 @ 00000012\n  ????????\n"));
    let segment = stage.record(section).segment.get().address();
    stage.expect(&format!("!ca {segment:x}"), "kd: there is no control area there\n");
    stage.expect("!ca a0000000", "kd: there is no control area there\n");
    stage.expect("!ca 1000", "kd: there is no view of a section there\n");
    stage.expect("!ca", "kd: !ca needs the address of a control area\n");
}

#[test]
fn a_write_bit_set_by_hand_is_past_copy_on_write_and_the_audit_names_the_page() {
    let mut stage = Stage::new();
    let section = stage.system.add_image(TestImage::plain(0x40_0000, 7)).expect("room");
    let [one, other] = ["one.exe", "other.exe"].map(|name| {
        let process = stage.start(if name == "one.exe" { 0x428 } else { 0x430 }, name);
        stage.system.space(process).map_image(section, None).expect("room");
        assert_eq!(stage.system.access(process, 0x40_4000, Access::Read), Outcome::Done);
        process
    });
    let before = stage.say("!pte 404000");
    stage.expect("!pte 404000 write", "kd: a PTE is changed only where the kernel has the option debug\n");
    assert_eq!(stage.say("!pte 404000"), before);
    stage.debugging = true;
    for nothing in ["!pte 405000 write", "!pte 500000 write", "!pte 80000000 write"] {
        stage.expect(nothing, "kd: no page of a program is in memory there\n");
    }
    stage.expect("!pte 404000 now", "kd: what is now?\n");
    stage.expect("!pte 404000 write please", "kd: what is please?\n");
    let Pte::Valid(valid) = stage.system.pte(other, 0x40_4000) else { panic!("just touched") };
    let said = stage.say("!pte 404000 write");
    assert_eq!(
        said,
        before
            .replace(&format!("{:016X}", valid.0), &format!("{:016X}", valid.0 | WRITE))
            .replace("C---A--UR", "C---A--UW")
    );
    let vad = stage.record(other).vad_root.get().address();
    let audit = stage.say("!verify");
    let (name, words) = audit.split_once('\n').expect("two lines");
    assert!(name.contains("invariant T3") && name.contains("page: 404,"), "{audit}");
    assert_eq!(
        words,
        format!(
            "The PTE of page 00404000 in other.exe (0430), {:016X}, is not what its VAD {vad:08x} (EXECUTE_WRITECOPY) allows.\n",
            valid.0 | WRITE
        )
    );
    // A plain store now changes what all processes see.
    stage.system.store(other, 0x40_4008, 0xEE).expect("writable");
    assert_eq!(stage.system.load(one, 0x40_4008), Ok(0xEE));
}
