//! `.truth`: a line for everything there is.

use abi::cell::Link;
use abi::nt::process::process_flags;
use mm::layout::FrameNumber;
use mm::machine::FrameBytes;
use mm::protection::{Access, Protection};
use mm::pte::{PagingFilePage, Pte, PteCell, ValidPte};
use model::image::TestImage;
use model::system::Outcome;

use crate::stage::Stage;

const BASE: u32 = 0x25_0000;

/// The lines that begin with `kind`.
fn lines<'t>(text: &'t str, kind: &str) -> Vec<&'t str> {
    let start = format!("{{\"kind\":\"{kind}\"");
    text.lines().filter(|line| line.starts_with(&start)).collect()
}

#[test]
fn pages_are_told_by_what_their_entries_are() {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    stage.record(process).flags.update(|flags| flags | process_flags::HAS_ADDRESS_SPACE);
    stage.system.commit_at(process, BASE, 0x10000);
    for page in 0..3 {
        stage.system.store(process, BASE + page * 0x1000, 0x5A).expect("its memory");
    }
    let frame = |page: u32| match stage.system.pte(process, BASE + page * 0x1000) {
        Pte::Valid(valid) => valid.frame().0,
        other => panic!("{other:?}"),
    };
    let frames = [0, 1, 2].map(frame);
    let directory = stage.system.mm.machine.attached()[0];
    let table = ValidPte(stage.system.mm.machine.read_entry(directory, 1)).frame();
    let file = |offset, protection| Pte::PagingFile(PagingFilePage { file: 1, offset, protection }).encode();
    for (index, raw) in [
        (0x53, file(0x1A2, Protection::READWRITE)),
        (0x54, file(0x1A3, Protection::READWRITE)),
        (0x55, file(0x1A4, Protection::READONLY)),
        (0x56, Pte::Transition(FrameNumber(7), Protection::READWRITE).encode()),
        (0x57, Pte::DemandZero(Protection::READWRITE).encode()),
        // What leads nowhere is left out.
        (0x58, Pte::Prototype(Link::<PteCell>::new(0xE120_0048), Protection::ZERO).encode()),
    ] {
        stage.system.mm.machine.write_entry(table, index, raw);
    }
    // A page table in a paging file, and 2 MB by one entry.
    stage.system.mm.machine.write_entry(directory, 2, file(0x99, Protection::READWRITE));
    stage.system.mm.machine.write_entry(directory, 3, 0x0080_00E7);
    let said = stage.say(".truth");
    let [first, second, third] = frames;
    let pages = lines(&said, "pages");
    assert_eq!(
        pages[..4],
        [
            format!("{{\"kind\":\"pages\",\"pid\":1064,\"va\":2424832,\"form\":\"valid\",\"dirty\":true,\"frames\":[{first},{second},{third}]}}"),
            "{\"kind\":\"pages\",\"pid\":1064,\"va\":2437120,\"form\":\"paged\",\"protection\":4,\"file\":1,\"offsets\":[418,419]}".into(),
            "{\"kind\":\"pages\",\"pid\":1064,\"va\":2445312,\"form\":\"paged\",\"protection\":1,\"file\":1,\"offsets\":[420]}".into(),
            "{\"kind\":\"pages\",\"pid\":1064,\"va\":2449408,\"form\":\"transition\",\"protection\":4,\"frames\":[7]}".into(),
        ]
    );
    assert!(
        pages[4]
            .starts_with("{\"kind\":\"pages\",\"pid\":1064,\"va\":6291456,\"form\":\"large\",\"frames\":[2048,2049,")
    );
    assert_eq!(pages[4].matches(',').count(), 4 + 511);
    let tables = ["{\"kind\":\"table\",\"pid\":1064,\"va\":4194304,\"file\":1,\"offset\":153}"];
    assert_eq!(lines(&said, "table"), tables);
    let vad = stage.record(process).vad_root.get().address();
    let expected = format!(
        "{{\"kind\":\"vad\",\"pid\":1064,\"address\":{vad},\"start\":592,\"end\":607,\"parent\":0,\"left\":0,\"right\":0,\
         \"tag\":{},\"protection\":4,\"commit\":16,\"private\":true,\"image\":false,\"file\":null}}",
        u32::from_le_bytes(*b"VadS")
    );
    assert_eq!(lines(&said, "vad"), [expected]);
    assert!(said.ends_with("{\"kind\":\"end\"}\n"));
}

#[test]
fn pages_that_only_a_section_knows_are_told_of_every_process() {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    stage.record(process).flags.update(|flags| flags | process_flags::HAS_ADDRESS_SPACE);
    let section = stage.system.add_image(TestImage::plain(0x40_0000, 7)).expect("room");
    stage.system.space(process).map_image(section, None).expect("room");
    assert_eq!(stage.system.access(process, 0x40_0000, Access::Read), Outcome::Done);
    let said = stage.say(".truth");
    let pages = lines(&said, "pages");
    assert!(pages[0].contains("\"va\":4194304,\"form\":\"valid\",\"frames\":["), "{}", pages[0]);
    assert!(pages[1].contains("\"form\":\"prototype\",\"in_file\":[1"), "{}", pages[1]);
}

#[test]
fn every_frame_is_told_once() {
    let mut stage = Stage::of(300);
    let process = stage.start(0x428, "demo.exe");
    stage.system.commit_at(process, BASE, 0x10000);
    stage.system.store(process, BASE, 0x5A).expect("its memory");
    let said = stage.say(".truth");
    let count = |line: &str| match line.split_once("\"count\":") {
        Some((_, rest)) => rest.trim_end_matches('}').parse().expect("a number"),
        None => line.matches('[').count() as u32 - 1,
    };
    let told: u32 = lines(&said, "frames").into_iter().map(count).sum();
    assert_eq!(told, stage.system.mm.physical_pages().2);
}

#[test]
fn processes_and_threads_have_a_line_each() {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    let record = stage.record(process);
    record.inherited_from_unique_process_id.set(4);
    record.create_time.set(0x1_0000_0001);
    record.active_threads.set(1);
    let (table, peb) = (record.pcb.directory_table_base[0].get(), record.peb.get());
    let thread = stage.thread(process, 0x42C, 5);
    stage.record(thread).create_time.set(0x1_0000_0002 << 3);
    stage.record(thread).start_address.set(0x40_1000);
    let said = stage.say(".truth");
    let processes = lines(&said, "process");
    assert_eq!(
        processes,
        [format!(
            "{{\"kind\":\"process\",\"address\":{},\"pid\":1064,\"parent\":4,\"name\":\"demo.exe\",\"directory_table\":{table},\
             \"created\":4294967297,\"ended\":0,\"threads\":1,\"peb\":{},\"vads\":0,\"handles\":null}}",
            process.address(),
            peb
        )]
    );
    assert_eq!(
        lines(&said, "thread"),
        [format!(
            "{{\"kind\":\"thread\",\"address\":{},\"pid\":1064,\"tid\":1068,\"start\":4198400,\"win32_start\":0,\
             \"created\":4294967298,\"ended\":0,\"state\":5}}",
            thread.address()
        )]
    );
    stage.expect(".truth now", "kd: what is now?\n");
}
