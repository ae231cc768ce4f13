//! `!process`, `!memusage`, `!vm` and `!verify`: the state of everything.

use abi::memory::{
    MEM_COMMIT, MEM_LARGE_PAGES, MEM_RESERVE, MEM_WRITE_WATCH, PAGE_READONLY, PAGE_READWRITE, PAGE_WRITECOPY,
    SEC_NO_CHANGE,
};
use kd::target::Findings;
use mm::frame::Location;
use mm::layout::VirtualPage;
use mm::protection::Access;
use mm::pte::ValidPte;
use mm::section::{ControlAreaFlags, Disposition, ViewRequest};
use mm::vad::MmvadShort;
use mm::virtual_memory::SecureMode;
use model::image::TestImage;
use model::sections::whole;
use model::system::Outcome;

use crate::stage::{SECOND, Stage};

#[test]
fn a_process_with_all_that_is_known_of_it() {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    stage.system.allocate(process, MEM_RESERVE, PAGE_READWRITE, 0x1_0000, 0x90_0000).expect("room");
    stage.system.allocate(process, MEM_COMMIT, PAGE_READWRITE, 0x1_0000, 0x1000).expect("room");
    stage.system.store(process, 0x1_0000, 1).expect("its memory");
    let running = stage.thread(process, 0x42C, 2).address();
    let waiting = stage.thread(process, 0x430, 5);
    stage.record(waiting).tcb.wait_reason.set(6);
    stage.record(waiting).tcb.wait_mode.set(1);
    stage.record(waiting).tcb.teb.set(0x7FFD_D000);
    let record = stage.record(process);
    record.peb.set(0x7FFD_8000);
    record.inherited_from_unique_process_id.set(0x100);
    record.create_time.set(88 * SECOND - SECOND / 1000 * 400);
    record.pcb.kernel_time.set(7);
    record.pcb.user_time.set(366_205);
    record.pcb.base_priority.set(8);
    record.vm.minimum_working_set_size.set(50);
    record.vm.maximum_working_set_size.set(345);
    let (address, base, root) =
        (process.address(), record.pcb.directory_table_base[0].get(), record.vad_root.get().address());
    let brief = format!(
        "PROCESS {address:08x}  SessionId: none  Cid: 0428    Peb: 7ffd8000  ParentCid: 0100\n\
         \x20   DirBase: {base:08x}  ObjectTable: 00000000  HandleCount:   0.\n\
         \x20   Image: demo.exe\n"
    );
    let details = format!(
        "\x20   VadRoot {root:08x} Vads 1 Clone 0 Private 1. Modified 0. Locked 0.\n\
         \x20   DeviceMap 00000000\n\
         \x20   Token                             00000000\n\
         \x20   ElapsedTime                       00:00:12.400\n\
         \x20   UserTime                          01:01:02.050\n\
         \x20   KernelTime                        00:00:00.070\n\
         \x20   QuotaPoolUsage[PagedPool]         0\n\
         \x20   QuotaPoolUsage[NonPagedPool]      0\n\
         \x20   Working Set Sizes (now,min,max)  (7, 50, 345) (28KB, 200KB, 1380KB)\n\
         \x20   PeakWorkingSetSize                7\n\
         \x20   VirtualSize                       9 Mb\n\
         \x20   PeakVirtualSize                   9 Mb\n\
         \x20   PageFaultCount                    1\n\
         \x20   MemoryPriority                    BACKGROUND\n\
         \x20   BasePriority                      8\n\
         \x20   CommitCharge                      6\n"
    );
    let waiting = waiting.address();
    let threads = format!(
        "\x20       THREAD {running:08x}  Cid 0428.042c  Teb: 00000000 Win32Thread: 00000000 RUNNING on processor 0\n\
         \x20       THREAD {waiting:08x}  Cid 0428.0430  Teb: 7ffdd000 Win32Thread: 00000000 WAIT: (UserRequest) UserMode\n"
    );
    stage.expect("!process", &format!("{brief}{details}{threads}\n"));
    stage.expect("!process 428 1", &format!("{brief}{details}\n"));
    stage.expect(&format!("!process {address:x} 0"), &format!("{brief}\n"));
    stage.expect("!process -1", "kd: -1 is not a number\n");
    stage.expect("!process ffffffff 0", &format!("{brief}\n"));
    stage.expect("!process 7", "kd: there is no process 7\n");
    let other = stage.start(0x430, "other.exe");
    let all = stage.say("!process 0 0");
    assert!(
        all.starts_with(&format!("**** NT ACTIVE PROCESS DUMP ****\n{brief}\nPROCESS {:08x}", other.address())),
        "{all}"
    );
    assert_eq!(all.lines().count(), 9);
}

#[test]
fn without_a_process_commands_say_so() {
    let mut stage = Stage::new();
    stage.expect("!process", "kd: there is no process yet\n");
    stage.expect("!process 0", "**** NT ACTIVE PROCESS DUMP ****\n");
    stage.expect("!vad", "kd: there is no process: !vad needs an address\n");
    stage.expect("!address 10000", "kd: there is no process\n");
    stage.expect("dd 10000 L1", "00010000  ????????\n");
    assert!(!stage.say("dd a0000000 L1").contains('?'));
}

#[test]
fn a_list_of_processes_that_is_broken_ends_there() {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    stage.record(process).active_process_links.flink.set(abi::cell::Link::new(0x12));
    let said = stage.say("!process 0 0");
    assert_eq!(said.lines().count(), 6);
    assert!(
        said.ends_with(&format!("The list of processes is broken behind {:08x}.\n", process.address() + 0x88)),
        "{said}"
    );
    // A list that never comes back to its head is not followed for ever.
    let links = process.offset(core::mem::offset_of!(abi::nt::process::Eprocess, active_process_links) as u32);
    stage.record(process).active_process_links.flink.set(links);
    assert_eq!(stage.say("!process 5"), "kd: there is no process 5\n");
}

#[test]
fn memory_is_counted_by_state_and_by_user() {
    let mut stage = Stage::new();
    let section = stage.system.add_image(TestImage::plain(0x40_0000, 7)).expect("room");
    let file = stage.file("\\dir\\demo.dll");
    // The file of the tests' disk is a number; it gets a name only when all is read.
    let process = stage.start(0x428, "demo.exe");
    stage.system.commit_at(process, 0x1_0000, 0x5000);
    stage.system.space(process).map_image(section, None).expect("room");
    for page in 0..3 {
        stage.system.store(process, 0x1_0000 + page * 0x1000, 1).expect("its memory");
    }
    for address in [0x40_0000, 0x40_1000, 0x40_2000] {
        assert_eq!(stage.system.access(process, address, Access::Read), Outcome::Done);
    }
    let second = stage.start(0x430, "twin.exe");
    stage.system.space(second).map_image(section, None).expect("room");
    assert_eq!(stage.system.access(second, 0x40_1000, Access::Read), Outcome::Done);
    stage.record(section).file_pointer.set(file);
    let mm = &stage.system.mm;
    let count = |location| mm.list_length(location);
    let lists = [Location::Zeroed, Location::Free, Location::Standby, Location::Modified].map(count);
    let active = 256 - lists.iter().sum::<u32>();
    let line = |name: &str, count: u32| format!("{name:>19}: {count:>8} ({:>8} kb)\n", count * 4);
    let mut expected = String::from(" loading PFN database\nloading (100% complete)\n");
    for (name, count) in ["Zeroed", "Free", "Standby", "Modified"].into_iter().zip(lists) {
        expected += &line(name, count);
    }
    let rest = [
        ("ModifiedNoWrite", 0),
        ("Active/Valid", active),
        ("Transition", 0),
        ("Bad", 0),
        ("Unknown", 0),
        ("TOTAL", 256),
    ];
    rest.iter().for_each(|(name, count)| expected += &line(name, *count));
    // Three pages of the file, of which two processes share one; the second process has no page of its own.
    let own = active - 3 - (3 + 7) - 6;
    expected += "  Usage Summary (in Kb):\nControl   Valid Standby Dirty Shared Locked PageTables  name\n";
    expected +=
        &format!("{:08x}     12       0     0      4      0          0  mapped_file( demo.dll )\n", section.address());
    expected += "--------     12       0     0  -----      0         28  process ( demo.exe )\n";
    expected += "--------      0       0     0  -----      0         24  process ( twin.exe )\n";
    expected += &format!("-------- {:>6}       0     0  -----      0          0  process ( System )\n", own * 4);
    stage.expect("!memusage", &expected);
    assert!(stage.say("!memusage 8").starts_with("kd: what is 8?"));
}

#[test]
fn frames_that_are_never_paged_are_told_wherever_they_are() {
    let mut stage = Stage::of(0x1000);
    let process = stage.start(0x428, "demo.exe");
    stage.system.window(process, 0x10_0000, 16);
    let frames = stage.system.frames(process, 20);
    stage.system.map_frames(process, 0x10_2000, &frames[..3]).expect("its own");
    let large = MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES;
    stage.system.allocate(process, large, PAGE_READWRITE, 0x4000_0000, 0x20_0000).expect("room");
    let entry = ValidPte(stage.system.raw_pte(process, 0x4000_0000));
    let root = stage.record(process).vad_root.get();
    let other = stage.record(root.cast::<MmvadShort>()).right_child();
    let (root, other) = (root.address(), other.address());
    let listing = format!(
        "VAD     level      start      end    commit\n\
         {root:08x}    0        100      10f         0 Private AWE  READWRITE          UserPhysicalPages\n\
         {other:08x}    1      40000    401ff       512 Private      READWRITE          LargePages\n\
         \n\
         Total VADs:     2  average level:    0  maximum depth: 1\n"
    );
    stage.expect("!vad", &listing);
    let one = stage.say(&format!("!vad {root:x} 1"));
    assert_eq!(one.lines().last(), Some("  PrivateMemory UserPhysicalPages READWRITE"));
    let one = stage.say(&format!("!vad {other:x} 1"));
    assert_eq!(one.lines().last(), Some("  PrivateMemory MemCommit LargePages READWRITE"));
    let first = entry.frame().0;
    let expected = format!(
        "               VA 40003000\nPDE at C0601000         PTE at C0200018\ncontains {:016X}\n\
         pfn {first:<7x}--LDA--UW-V     LARGE PAGE pfn {:x}\n",
        entry.0,
        first + 3
    );
    stage.expect("!pte 40003000", &expected);
    for (number, last) in [(frames[0].0, "    Modified AweAllocation"), (first + 9, "    Modified LargePage")] {
        let said = stage.say(&format!("!pfn {number:x}"));
        assert_eq!(said.lines().last(), Some(last), "{said}");
    }
    // The page table of the window, three frames in it, seventeen elsewhere, and a large page.
    let usage = stage.say("!memusage");
    let row =
        format!("-------- {:>6}       0     0  -----  {:>5} {:>10}  process ( demo.exe )", 532 * 4, 532 * 4, 6 * 4);
    assert!(usage.contains(&row), "{usage}");
    let audit = stage.say("!verify");
    assert!(audit.contains("         AWE frames:       20\n        Large pages:        1\n"), "{audit}");
}

#[test]
fn views_of_memory_are_listed_with_what_their_section_has_committed() {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    let section = stage.system.add_memory(0x4_0000, PAGE_READWRITE, ControlAreaFlags::RESERVE).expect("memory");
    let part = ViewRequest { offset: 0x2_0000, size: 0x3000, commit: 0x1001, ..whole(PAGE_WRITECOPY) };
    assert_eq!(stage.system.map(process, section, &part), Ok((0x1_0000, 0x3000)));
    let shared = ViewRequest { base: 0x25_0000, disposition: Disposition::Share, ..whole(PAGE_READONLY) };
    assert_eq!(stage.system.map(process, section, &shared), Ok((0x25_0000, 0x4_0000)));
    let root = stage.record(process).vad_root.get();
    let other = stage.record(root.cast::<MmvadShort>()).right_child();
    let (root, other) = (root.address(), other.address());
    let listing = format!(
        "VAD     level      start      end    commit\n\
         {root:08x}    0         10       12         3 Mapped       WRITECOPY          Pagefile section, shared commit 0x2\n\
         {other:08x}    1        250      28f         0 Mapped       READONLY           Pagefile section, shared commit 0x2\n\
         \n\
         Total VADs:     2  average level:    0  maximum depth: 1\n"
    );
    stage.expect("!vad", &listing);
    let segment = stage.record(stage.record(section).segment.get());
    let first = segment.prototype_pte.get().address();
    let all = format!(
        "VAD @ {other:08x}\n\
         \x20 Start VPN:           250  End VPN:      28f  Control Area:  {:08x}\n\
         \x20 First ProtoPte: {first:08x}  Last PTE {:08x}  Commit Charge         0 (0.)\n\
         \x20 Secured.Flink          0  Blink           0  Banked/Extend:        0 Offset 0\n\
         \x20 ViewShare READONLY\n",
        section.address(),
        first + 0x3F * 8,
    );
    stage.expect(&format!("!vad {other:x} 1"), &all);
}

#[test]
fn what_is_watched_fixed_or_secured_says_so() {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    let watched = MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH;
    stage.system.allocate(process, watched, PAGE_READWRITE, 0x1_0000, 0x1000).expect("room");
    let section = stage.system.add_memory(0x1000, PAGE_READWRITE, ControlAreaFlags::COMMIT).expect("memory");
    let fixed = ViewRequest { base: 0x25_0000, kind: SEC_NO_CHANGE, ..whole(PAGE_READONLY) };
    stage.system.map(process, section, &fixed).expect("room");
    stage.system.commit_at(process, 0x30_0000, 0x2000);
    let secure = |stage: &Stage| stage.system.space(process).secure(0x30_1000, 1, SecureMode::Readable).expect("good");
    let said = |stage: &mut Stage, page: u32| {
        let vad = stage.system.space(process).vads().find(VirtualPage(page)).expect("allocated");
        stage.say(&format!("!vad {:x} 1", vad.address()))
    };
    let first = secure(&stage);
    let one = said(&mut stage, 0x300);
    assert!(one.contains("Secured.Flink     301000  Blink      301fff"), "{one}");
    assert!(one.ends_with("  PrivateMemory MemCommit NoChange OneSecured ReadOnly READWRITE\n"), "{one}");
    assert_eq!(secure(&stage), first);
    let rows = [
        (0x10, "  PrivateMemory MemCommit WriteWatch READWRITE\n"),
        (0x250, "  NoChange SecNoChange READONLY\n"),
        (0x300, "  PrivateMemory MemCommit NoChange MultipleSecured READWRITE\n"),
    ];
    for (page, words) in rows {
        let said = said(&mut stage, page);
        assert!(said.ends_with(words), "{said}");
    }
}

#[test]
fn the_sums_of_memory() {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    stage.system.commit_at(process, 0x1_0000, 0x5000);
    stage.system.add_memory(0x3000, PAGE_READWRITE, ControlAreaFlags::COMMIT).expect("memory");
    let mm = &stage.system.mm;
    let row = |label: &str, pages: u32| format!("{label:>22}: {pages:>8} ({:>9} Kb)\n", pages * 4);
    let mut expected = String::from("\n*** Virtual Memory Usage ***\n");
    expected += &row("Physical Memory", 256);
    expected += "    No paging file\n";
    expected += &row("Available Pages", mm.available_frames());
    expected += &row("Modified Pages", 0);
    expected += &row("NonPagedPool Usage", mm.pool_bytes_in_use().div_ceil(0x1000));
    expected += &row("NonPagedPool Max", 0x1_0000);
    expected += &row("Kernel Pages", mm.kernel_frames());
    expected += &row("Shared Commit", 3);
    expected += &row("Committed pages", mm.commit.current());
    expected += &row("Peak commit", mm.commit.peak());
    expected += &row("Commit limit", mm.commit.limit());
    stage.expect("!vm 1", &expected);
    expected += "\n0428 demo.exe             6 (      24 Kb)\n";
    stage.expect("!vm", &expected);
    // A paging file, with a page in it; and one with a name.
    stage.system.add_paging_file(512, 1024);
    stage.system.store(process, 0x1_0000, 1).expect("its memory");
    assert_eq!((stage.system.empty(process), stage.system.page_out()), (1, 1));
    stage.system.add_paging_file(512, 512);
    stage.system.mm.name_paging_file(1, &"\\??\\C:\\two.sys".encode_utf16().collect::<Vec<u16>>());
    let said = stage.say("!vm 1");
    let files = "\
    Page File number 0
      Current:      2048 Kb  Free Space:      2040 Kb
      Minimum:      2048 Kb  Maximum:         4096 Kb
    Page File: \\??\\C:\\two.sys
      Current:      2048 Kb  Free Space:      2044 Kb
      Minimum:      2048 Kb  Maximum:         2048 Kb
";
    assert!(said.contains(files) && !said.contains("No paging file"), "{said}");
}

#[test]
fn the_audit_counts_or_names_what_is_broken() {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    stage.system.commit_at(process, 0x1_0000, 0x5000);
    stage.system.store(process, 0x1_0000, 1).expect("its memory");
    let audit = stage.system.sound();
    let rows = [
        ("Frames", 256),
        ("Active", audit.active),
        ("Transition", 0),
        ("Deleted", 0),
        ("Transition PTEs", 0),
        ("Paged-out tables", 0),
        ("Paging-file pages", 0),
        ("Address spaces", 1),
        ("VADs", 1),
        ("Valid user PTEs", 1),
        ("AWE frames", 0),
        ("Large pages", 0),
        ("Sections", 0),
        ("Committed pages", audit.committed),
    ];
    let mut expected = String::from("The audit is clean: no invariant is broken.\n");
    rows.iter().for_each(|(name, count)| expected += &format!("{name:>19}: {count:>8}\n"));
    stage.expect("!verify", &format!("{expected}Only memory can be looked at now.\n"));
    expected += &format!("{:>19}: {:>8}\n{:>19}: {:>8}\n", "Pipes", 2, "Tokens", 3);
    stage.findings = Findings::Sound { files: None, pipes: 2, tokens: 3 };
    let busy = "Files cannot be looked at now: one is being opened or closed.";
    stage.expect("!verify", &format!("{expected}{busy}\n"));
    stage.findings = Findings::Sound { files: Some(40), pipes: 2, tokens: 3 };
    stage.expect("!verify", &format!("{expected}{:>19}: {:>8}\n", "Files", 40));
    stage.findings = Findings::Broken(&Some(0xB1));
    stage.expect("!verify", "The audit found CORRUPTION, invariant Some(b1)\n");
    stage.record(process).commit_charge.update(|charge| charge + 1);
    let said = stage.say("!verify");
    let address = process.address();
    assert_eq!(
        said,
        format!("The audit found CORRUPTION, invariant A3 {{ process: {address:08x}, found: 6, recorded: 7 }}\n")
    );
}

#[test]
fn a_working_set_is_listed_with_ages_and_locks() {
    let mut stage = Stage::new();
    stage.expect("!ws", "kd: there is no process yet\n");
    let process = stage.start(0x428, "demo.exe");
    stage.system.commit_at(process, 0x25_0000, 0x3000);
    (0..3).for_each(|page| stage.system.store(process, 0x25_0000 + page * 0x1000, 1).expect("its memory"));
    // Not used since its Accessed bit was taken away, twice; the third page again.
    stage.system.space(process).age_working_set();
    stage.system.space(process).age_working_set();
    stage.system.load(process, 0x25_2000).expect("its memory");
    stage.system.space(process).age_working_set();
    let head = stage.say("!process 428 0");
    let size = stage.record(process).vm.working_set_size.get();
    let said = stage.say("!ws");
    assert!(said.starts_with(&format!("{head}Working Set @ c0883000\n    Quota:  ")), "{said}");
    assert!(said.contains("FirstDynamic:           5\n    LastEntry         8  NextSlot:  "), "{said}");
    assert!(said.ends_with(&format!("\n    {size} pages, 5 of them locked; WorkingSetSize {size}\n    by age: 7 used lately, 0 of age 1, 2 of age 2, 0 of age 3\n")), "{said}");
    let all = stage.say("!ws 428 1");
    let rows: Vec<&str> =
        all.lines().skip_while(|line| !line.starts_with("Virtual")).skip(1).take(size as usize).collect();
    assert_eq!(rows[0], "        c0600000       0      Y       1");
    assert_eq!(
        rows[5..],
        [
            "        c0001000       0              1",
            "        00250000       2              1",
            "        00251000       2              1",
            "        00252000       0              1",
        ]
    );
    stage.expect("!ws 7", "kd: there is no process 7\n");
    stage.expect("!ws 428 1 2", "kd: what is 2?\n");
}
