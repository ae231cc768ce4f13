//! `!pte`, `!vtop` and `!pfn`.

use mm::layout::FrameNumber;
use mm::machine::FrameBytes;
use mm::protection::{Access, Protection};
use mm::pte::{PagingFilePage, Pte, ValidPte};
use model::image::TestImage;
use model::system::Outcome;

use crate::stage::Stage;

const BASE: u32 = 0x25_0000;

/// A process with one page that it has written; the frames of its page table and of the page.
fn stage() -> (Stage, FrameNumber, FrameNumber) {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    stage.system.commit_at(process, BASE, 0x10000);
    stage.system.store(process, BASE, 0x5A).expect("its memory");
    let directory = stage.system.mm.machine.attached()[0];
    let table = ValidPte(stage.system.mm.machine.read_entry(directory, 1)).frame();
    let Pte::Valid(page) = stage.system.pte(process, BASE) else { panic!("just touched") };
    (stage, table, page.frame())
}

#[test]
fn a_valid_entry_shows_frame_and_flags() {
    let (mut stage, table, page) = stage();
    let (pde, pte) = (u64::from(table.0) << 12 | 0x67, 1 << 63 | u64::from(page.0) << 12 | 0x67);
    let expected = format!(
        "               VA 00250000\n\
         PDE at C0600008         PTE at C0001280\n\
         contains {pde:016X}  contains {pte:016X}\n\
         pfn {:<7x}---DA--UWEV     pfn {:<7x}---DA--UW-V\n",
        table.0, page.0
    );
    stage.expect("!pte 250000", &expected);
    stage.expect("!pte c0001280", &expected);
    // Flag by flag: copy-on-write, global, not cached, write-through, read-only for the kernel, executable.
    let raw = 0x12A4_0000 | 1 << 9 | 1 << 8 | 1 << 4 | 1 << 3 | 1;
    stage.system.mm.machine.write_entry(table, 0x51, raw);
    let said = stage.say("!pte 251000");
    assert_eq!(said.lines().last(), Some(&*format!("pfn {:<7x}---DA--UWEV     pfn 12a40  CG---NTKREV", table.0)));
}

#[test]
fn an_entry_that_is_not_valid_says_what_it_is() {
    let (mut stage, table, _) = stage();
    let file = PagingFilePage { file: 3, offset: 0x1A2, protection: Protection::READWRITE };
    let cell = abi::cell::Link::new(0xE120_0048);
    let forms: [(u64, &[&str]); 8] = [
        (0, &[]),
        (Pte::DemandZero(Protection::READWRITE).encode(), &["DemandZero", "Protect: 4 - ReadWrite"]),
        (Pte::DemandZero(Protection::DECOMMITTED).encode(), &["DemandZero", "Protect: 10 - Decommitted"]),
        (Pte::PagingFile(file).encode(), &["PageFile:  3", "Offset: 1a2", "Protect: 4 - ReadWrite"]),
        (
            Pte::Transition(FrameNumber(0xB3C1), Protection::from_code(0x11)).encode(),
            &["Transition: b3c1", "Protect: 11 - ReadOnly Guard"],
        ),
        (Pte::Prototype(cell, Protection::ZERO).encode(), &["Proto: E1200048"]),
        (Pte::Prototype(cell, Protection::READONLY).encode(), &["Proto: E1200048", "Protect: 1 - ReadOnly"]),
        (Pte::LookInVad(Protection::EXECUTE_WRITECOPY).encode(), &["Proto: VAD", "Protect: 7 - ExecuteWriteCopy"]),
    ];
    for (raw, lines) in forms {
        stage.system.mm.machine.write_entry(table, 0x51, raw);
        let mut expected = format!(
            "               VA 00251234\nPDE at C0600008         PTE at C0001288\n\
             contains {:016X}  contains {raw:016X}\npfn {:<7x}---DA--UWEV     not valid\n",
            u64::from(table.0) << 12 | 0x67,
            table.0
        );
        lines.iter().for_each(|line| expected += &format!("{:28}{line}\n", ""));
        stage.expect("!pte 251234", &expected);
    }
}

#[test]
fn without_a_page_table_there_is_one_column() {
    let (mut stage, ..) = stage();
    stage.expect(
        "!pte 400000",
        "               VA 00400000\nPDE at C0600010         PTE at C0002000\ncontains 0000000000000000\nnot valid\n",
    );
    let directory = stage.system.mm.machine.attached()[1];
    stage.system.mm.machine.write_entry(directory, 0, 0x0080_00E7);
    stage.expect(
        "!pte 40003000",
        "               VA 40003000\nPDE at C0601000         PTE at C0200018\ncontains 00000000008000E7\n\
         pfn 800    --LDA--UWEV     LARGE PAGE pfn 803\n",
    );
}

#[test]
fn a_walk_is_told_step_by_step() {
    let (mut stage, table, page) = stage();
    let directory = stage.system.mm.machine.attached()[0].0;
    let base = stage.record(stage.process).pcb.directory_table_base[0].get();
    let (table, page) = (table.0, page.0);
    let steps = format!(
        "X86VtoP: 2-9-9-12 0 001 050 123\n\
         X86VtoP: PAE PDPE {base:x} - {:016x}\n\
         X86VtoP: PAE PDE  {directory:x}008 - {:016x}\n\
         X86VtoP: PAE PTE  {table:x}280 - 8{:015x}\n\
         X86VtoP: PAE Mapped phys {page:x}123\n\
         Virtual address 250123 translates to physical address {page:x}123.\n",
        directory << 12 | 1,
        table << 12 | 0x67,
        page << 12 | 0x67
    );
    let expected = format!("X86VtoP: Virt 00250123, pagedir {base:x}\n{steps}");
    stage.expect("!vtop 250123", &expected);
    stage.expect("!vtop 0 250123", &expected);
    stage.expect(&format!("!vtop {base:x} 250123"), &expected);
    let said = stage.say("!vtop 40000000");
    assert!(said.ends_with("Virtual address 40000000 is not in memory.\n"), "{said}");
    stage.expect("!vtop ffff0000 250123", "kd: there is no page-directory-pointer table there\n");
}

#[test]
fn the_record_of_a_frame() {
    let (mut stage, table, page) = stage();
    let (page, table) = (page.0, table.0);
    stage.expect(
        &format!("!pfn {page:x}"),
        &format!(
            "    PFN {page:08X} at address {:08X}\n\
             \x20   flink       00000006  blink / share count 00000001  pteaddress C0001280\n\
             \x20   reference count 0001                                 color {}\n\
             \x20   restore pte 00000080  containing page        {table:06X}  Active     M\n\
             \x20   Modified\n",
            0x8100_0000 + page * 28,
            page & 7
        ),
    );
    let said = stage.say("!pfn 0");
    assert!(said.ends_with("Active\n"), "{said}");
    stage.expect("!pfn 100", "kd: this frame is no RAM\n");
    stage.expect("!pfn", "kd: !pfn needs the number of a frame\n");
    stage.expect("!pfn x", "kd: x is not a number\n");
    stage.expect("!pfn 1 2", "kd: what is 2?\n");
}

#[test]
fn the_record_of_a_shared_frame_says_so() {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    let section = stage.system.add_image(TestImage::plain(0x40_0000, 7)).expect("room");
    stage.system.space(process).map_image(section, None).expect("room");
    assert_eq!(stage.system.access(process, 0x40_1000, Access::Read), Outcome::Done);
    let Pte::Valid(valid) = stage.system.pte(process, 0x40_1000) else { panic!("just touched") };
    let said = stage.say(&format!("!pfn {:x}", valid.frame().0));
    let last: Vec<&str> = said.lines().rev().take(2).collect();
    assert_eq!(last[0], "    Shared");
    assert!(last[1].ends_with("Active     P"), "{said}");
}

#[test]
fn the_moves_of_a_frame_are_listed_newest_last() {
    let (mut stage, _, page) = stage();
    let process = stage.process;
    stage.system.free(process, abi::memory::MEM_RELEASE, BASE, 0).expect("reserved");
    let next = stage.system.mm.events().next();
    let head = format!(
        "{next} moves since the start, the last {next} are kept\n\
         sequence   frame  from        to          cause      pteaddress  page\n"
    );
    let (first, last) = (next - 3, next - 2);
    let number = page.0;
    let owned = format!("{first:>8}  {number:06X}  Free        Active      owned      C0001280    00250000\n");
    let freed = format!("{last:>8}  {number:06X}  Active      Free        listed     C0001281    00250000\n");
    stage.expect(&format!("!moves 10 {number:x}"), &format!("{head}{owned}{freed}"));
    stage.expect(&format!("!moves 1 {number:x}"), &format!("{head}{freed}"));
    let all = stage.say("!moves");
    assert!(all.starts_with(&head) && all.lines().count() == 2 + next as usize && all.contains(&freed), "{all}");
    assert_eq!(stage.say("!moves 0"), head);
    stage.expect("!moves 1 100", "kd: this frame is no RAM\n");
    stage.expect("!moves x", "kd: x is not a number\n");
    stage.expect("!moves 1 1 1", "kd: what is 1?\n");
}
