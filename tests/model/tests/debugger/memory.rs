//! Memory as numbers and text, `!address`, `!pool`, `k` and `r`.

use abi::cell::Link;
use abi::nt::dispatcher::{Kevent, KwaitBlock};
use abi::nt::thread::Kthread;
use core::mem::offset_of;
use kd::bugcheck::Registers;
use kd::commands::After;
use mm::pte::Pte;

use crate::stage::Stage;

const BASE: u32 = 0x25_0000;

/// A process whose page at 250000 begins with some text; the next page is not there.
fn stage() -> Stage {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    stage.system.commit_at(process, BASE, 0x2000);
    let bytes = b"Hello\0\x01\xFF0123456789abcdefh\0\xe9\0y\0\0\0";
    for (address, byte) in (BASE..).zip(bytes) {
        stage.system.store(process, address, *byte).expect("its memory");
    }
    for (address, byte) in (BASE + 0xFF8..BASE + 0x1000).zip(0xE0..) {
        stage.system.store(process, address, byte).expect("its memory");
    }
    stage
}

#[test]
fn memory_is_shown_in_numbers_of_four_sizes() {
    let mut stage = stage();
    stage.expect(
        "db 250000 L20",
        "00250000  48 65 6c 6c 6f 00 01 ff-30 31 32 33 34 35 36 37  Hello...01234567\n\
         00250010  38 39 61 62 63 64 65 66-68 00 e9 00 79 00 00 00  89abcdefh...y...\n",
    );
    stage.expect("db 250004 L2", "00250004  6f 00                                            o.\n");
    stage.expect("dw 250000 L8", "00250000  6548 6c6c 006f ff01 3130 3332 3534 3736\n");
    stage.expect("dd 250000 L4", "00250000  6c6c6548 ff01006f 33323130 37363534\n");
    stage.expect("dq 250000 L2", "00250000  ff01006f`6c6c6548 37363534`33323130\n");
    stage.expect("da 250000", "00250000  \"Hello\"\n");
    stage.expect("da 250010 L3", "00250010  \"89a\"\n");
    stage.expect("du 250018", "00250018  \"h\u{e9}y\"\n");
}

#[test]
fn memory_that_is_not_there_is_question_marks() {
    let mut stage = stage();
    stage.expect(
        "dd 250ff8 L4; db 250ffc L8",
        "00250ff8  e3e2e1e0 e7e6e5e4 ???????? ????????\n\
         00250ffc  e4 e5 e6 e7 ?? ?? ?? ??                          ....????\n",
    );
    stage.expect("dq fffffff8 L2", "fffffff8  ????????`???????? ????????`????????\n");
    stage.expect("dw 0 L2", "00000000  ???? ????\n");
    stage.expect("da 251000; du 0", "00251000  ????????\n00000000  ????????\n");
    // The frame database and the self-map are memory like any other; the windows come and go.
    assert!(!stage.say("dd c0001280 L1").contains('?'));
}

#[test]
fn display_goes_on_where_it_ended() {
    let mut stage = stage();
    assert_eq!(stage.say("dd 250000").lines().count(), 8);
    assert!(stage.say("dd").starts_with("00250080  "));
    stage.expect("db 250000 L8; dd L1; dw L1", "00250000  48 65 6c 6c 6f 00 01 ff                          Hello...\nkd: L1 is not a number\nkd: L1 is not a number\n");
    stage.expect("dd 100000000", "kd: a virtual address has 32 bits\n");
    stage.expect("dd 0 Lffffffff", "kd: this is too much at once\n");
    stage.expect("dd 0 4", "kd: what is 4?\n");
    stage.expect("dx 0", "kd: there is no command dx; ? lists them\n");
    stage.expect("!da 0", "kd: there is no command !da; ? lists them\n");
}

#[test]
fn physical_memory_is_reached_without_a_translation() {
    let mut stage = stage();
    let Pte::Valid(valid) = stage.system.pte(stage.process, BASE) else { panic!("just touched") };
    let at = valid.frame().address().0;
    stage.expect(&format!("!dd {at:x} L4"), &format!("#{at:>9x} 6c6c6548 ff01006f 33323130 37363534\n"));
    stage.expect(&format!("!db {at:x} L5"), &format!("#{at:>9x} 48 65 6c 6c 6f{}Hello\n", " ".repeat(35)));
    stage.expect(&format!("!dq {at:x} L1"), &format!("#{at:>9x} ff01006f`6c6c6548\n"));
    stage.expect(
        "!dd 100000 L1; !dd f00000000 L1; !dd ffffffffffff0000 L1",
        "#   100000 ????????\n#f00000000 ????????\n#ffffffffffff0000 ????????\n",
    );
}

#[test]
fn what_is_at_an_address() {
    let mut stage = stage();
    let region = |range: &str, kind: &str, protect: &str, state: &str, usage: &str| {
        format!(
            "    {range}\n                    Type     {kind}\n                    Protect  {protect}\n\
             \x20                   State    {state}\n                    Usage    {usage}\n"
        )
    };
    let (private, read_write) = ("00020000 MEM_PRIVATE", "00000004 PAGE_READWRITE");
    let committed =
        region("00250000 : 00251000 - 00001000", private, read_write, "00001000 MEM_COMMIT", "RegionUsageIsVAD");
    stage.expect("!address 251004", &committed);
    let free = region(
        "00000000 : 00260000 - 7fd80000",
        "00000000 ",
        "00000001 PAGE_NOACCESS",
        "00010000 MEM_FREE",
        "RegionUsageFree",
    );
    stage.expect("!address 260000", &free);
    stage.expect("!address a0001000", "  a0000000 - 10000000\n          Usage       KernelSpaceUsageNonPagedPool\n");
    stage.expect("!address ffffffff", "  c0a00000 - 3f5fffff\n          Usage       KernelSpaceUsageSystem\n");
    stage.expect("!address 7fff0000", "kd: nothing is ever between 7fff0000 and 7fffffff\n");
}

#[test]
fn the_blocks_of_a_pool_page() {
    let mut stage = Stage::new();
    let first = stage.block::<()>(0x30, *b"Aaaa").address() - 8;
    let second = stage.block::<()>(0x20, *b"B\0 b").address() - 8;
    assert_eq!(second, first + 0x38);
    let said = stage.say(&format!("!pool {:x}", second + 0x10));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], format!("Pool page {:08x} region is Nonpaged pool", second + 0x10));
    let at = lines.iter().position(|line| line.starts_with('*')).expect("the block itself");
    let before: u32 = u32::from_str_radix(lines[at - 1].split_whitespace().nth(2).unwrap(), 16).unwrap();
    assert_eq!(before, 0x38);
    assert!(lines[at - 1].starts_with(&format!(" {first:08x} size:   38 previous size: ")), "{said}");
    assert!(lines[at - 1].ends_with("  (Allocated)  Aaaa"), "{said}");
    assert_eq!(lines[at], format!("*{second:08x} size:   28 previous size:   38  (Allocated) *B. b"));
    assert!(lines[lines.len() - 1].contains("(Free)       Free"), "{said}");
    stage.expect("!pool 80000000", "kd: this is no pool address\n");
    let far = "Pool page aff00000 region is Nonpaged pool\n aff00000 is not in memory\n";
    stage.expect("!pool aff00000", far);
}

#[test]
fn calls_and_registers_of_what_stopped() {
    let mut stage = stage();
    stage.expect("r", "kd: the system runs: there are no registers; Ctrl-C or a breakpoint stops it\n");
    // Two frames, of which the second ends the chain.
    let words = [(0x25_1000, 0x25_1010u32), (0x25_1004, 0x40_1111), (0x25_1010, 0), (0x25_1014, 0x40_2222)];
    for (address, word) in words {
        for (at, byte) in (address..).zip(word.to_le_bytes()) {
            stage.system.store(stage.process, at, byte).expect("its memory");
        }
    }
    stage.registers = Some(Registers { pointers: [0x40_1000, 0x25_0FF0, 0x25_1000], ..Registers::default() });
    stage.expect("k", "ChildEBP RetAddr\n00251000 00401111 0x00401000\n00251010 00402222 0x00401111\n");
    stage.expect("k 1", "ChildEBP RetAddr\n00251000 00401111 0x00401000\n");
    stage.expect("dd ebp L2", "00251000  00251010 00401111\n");
    assert!(stage.say("r").starts_with("eax=00000000 ebx=00000000"), "{}", stage.say("r"));
    assert!(stage.say("r").ends_with("\n0x00401000\n"));
    stage.registers = Some(Registers { pointers: [0x40_1000, 0, 0x7000_0000], ..Registers::default() });
    stage.expect("k", "ChildEBP RetAddr\n70000000 ???????? 0x00401000\n");
}

#[test]
fn commands_that_let_the_system_go_on_say_so() {
    let mut stage = stage();
    assert_eq!(stage.carry_out("g"), (String::new(), After::Go));
    assert_eq!(stage.carry_out(" ; q ;"), (String::new(), After::Quit));
    assert_eq!(stage.carry_out(".crash"), (String::new(), After::Crash));
    assert_eq!(stage.carry_out("g now"), ("kd: what is now?\n".into(), After::Stay));
    assert_eq!(stage.carry_out("!VAD"), ("kd: there is no command !VAD; ? lists them\n".into(), After::Stay));
    let (help, _) = stage.carry_out("?");
    assert!(help == stage.say("help") && help.lines().all(|line| line.len() <= 80), "{help}");
    assert_eq!(help, stage.say(".help"));
    let mut names = 0;
    for name in kd::commands::names() {
        assert!(help.contains(name), "{name}");
        assert!(stage.say(&format!(".help {name}")).contains(name), "{name}");
        assert!(!stage.say(name).contains("no command"), "{name}");
        names += 1;
    }
    assert!(names >= 43, "{names}");
    assert_eq!(stage.say(".help !nothing"), "kd: there is no command !nothing; ? lists them\n");
    assert_eq!(
        stage.say(".help u"),
        "u [VA] [L n]\n    instructions\n    Without an address it goes on, first at EIP.\n"
    );
    let process = stage.process;
    let said = format!("Implicit process is now {:08x} ( demo.exe )\n", process.address());
    assert_eq!(stage.carry_out(".process 428"), (said.clone(), After::Process(process)));
    assert_eq!(stage.carry_out(".process"), (said, After::Stay));
    assert_eq!(stage.say(".process 42"), "kd: there is no process 42\n");
}

#[test]
fn memory_is_changed_where_debugging_is_on_all_or_nothing() {
    let mut stage = stage();
    stage.system.store(stage.process, BASE + 0x1000, 0).expect("its memory");
    let refused = "kd: memory is changed only where the kernel was started with debug\n";
    stage.expect("eb 251000 1", refused);
    stage.debugging = true;
    stage.expect("eb 251000 12 ff; ew 251002 beef; ed 251004 12345678; eq 251008 1`00000002", "");
    stage.expect("dd 251000 L4", "00251000  beefff12 12345678 00000002 00000001\n");
    let usage = "kd: eb ew ed eq need an address and values\n";
    for (line, expected) in [
        ("eb", usage),
        ("eb 251000", usage),
        ("eb 251000 100", "kd: a value is too large for this\n"),
        ("ed 251000 1`00000000", "kd: a value is too large for this\n"),
        ("eb 251000 x", "kd: x is not a number\n"),
        ("ed 70000000 1", "kd: not all of this is in memory: nothing was changed\n"),
        ("ed 251ffe 11111111", "kd: not all of this is in memory: nothing was changed\n"),
        ("ed fffffffe 1", "kd: not all of this is in memory: nothing was changed\n"),
    ] {
        stage.expect(line, expected);
    }
    stage.expect("dw 251ffe L1", "00251ffe  0000\n");
}

#[test]
fn numbers_and_texts_are_searched_for() {
    let mut stage = stage();
    stage.system.store(stage.process, BASE + 0x1000, 0).expect("its memory");
    stage.debugging = true;
    stage.expect("ed 251000 11111111 22222222 11111111; eb 251ffd 61 62 63; eb 251801 61 0 62 0", "");
    stage.expect(
        "s -d 251000 L400 11111111",
        "00251000  11111111 22222222 11111111 00000000\n00251008  11111111 00000000 00000000 00000000\n",
    );
    // Across what is looked at together, and to the last byte of the page, behind which nothing is.
    assert!(stage.say("s -a 251000 L1000 \"abc\"").starts_with("00251ffd  61 62 63 ?? ??"));
    assert!(stage.say("s -u 250000 L2000 \"ab\"").starts_with("00251801  0061 0062 0000"));
    assert!(stage.say("s 250ff0 L1000 22 22 22 22 11").starts_with("00251004  22 22 22 22 11"));
    stage.expect("s -d 251000 L400 33333333", "");
    // Pages that are not there are passed over.
    assert_eq!(stage.say("s -d 10000000 L1000000 1"), "");
    assert!(stage.say("s -d 240000 L8000 22222222").starts_with("00251004"));
    let usage = "kd: s [-b|-w|-d|-q|-a|-u] ADDRESS L COUNT VALUE...|\"TEXT\"\n";
    for line in [
        "s",
        "s 1000",
        "s 1000 L10",
        "s -x 1000 L10 1",
        "s -a 1000 L10 abc",
        "s -a 1000 L10 \"a\"b\"",
        "s -a 1000 L10 \"\"",
    ] {
        stage.expect(line, usage);
    }
    stage.expect("s -b 0 L20000000 1", "kd: this is too much at once\n");
    stage.expect("s -q ffffffff L1 1", "kd: this is too much at once\n");
    stage.expect("s -w 1000 L1 12345", "kd: a value is too large for this\n");
}

#[test]
fn a_thread_is_told_with_what_it_waits_for() {
    let mut stage = stage();
    let process = stage.process;
    let thread = stage.thread(process, 0x42C, 5);
    let record = stage.record(thread);
    let event = stage.block::<Kevent>(0x10, *b"Evnt");
    let blocks = &record.tcb.wait_blocks;
    let first: Link<KwaitBlock> = thread.offset(offset_of!(Kthread, wait_blocks) as u32);
    let second: Link<KwaitBlock> = first.offset(size_of::<KwaitBlock>() as u32);
    record.tcb.wait_block_list.set(first);
    blocks[0].object.set(event.cast());
    blocks[0].next_wait_block.set(second);
    blocks[1].object.set(thread.offset(offset_of!(Kthread, timer) as u32));
    blocks[1].next_wait_block.set(first);
    record.threads_process.set(process);
    record.tcb.priority.set(10);
    record.tcb.base_priority.set(8);
    let said = stage.say("!thread 42c");
    let timer = thread.address() + offset_of!(Kthread, timer) as u32;
    let expected = format!(
        "THREAD {:08x}  Cid 0428.042c  Teb: 00000000 Win32Thread: 00000000 WAIT: (Executive) KernelMode\n\
         \x20   {:08x}  NotificationEvent\n\
         \x20   {timer:08x}  Thread timer\n\
         \x20   Owning Process            {:08x}       Image:         demo.exe\n",
        thread.address(),
        event.address(),
        process.address()
    );
    assert!(said.starts_with(&expected), "{said}");
    assert!(said.ends_with("    Priority 10 BasePriority 8 PriorityDecrement 0 DecrementCount 0\n"), "{said}");
    assert_eq!(stage.say(&format!("!thread {:x}", thread.address())), said);
    // A chain that never comes back is not followed for ever.
    stage.record(thread).tcb.wait_blocks[1].next_wait_block.set(second);
    assert!(stage.say("!thread 42c").lines().count() < 100);
    stage.expect("!thread 99999", "kd: there is no such thread\n");
}

#[test]
fn functions_are_found_by_address_and_by_name() {
    let mut stage = stage();
    let functions = [(0x8010_0000, "mm::fault"), (0x8010_0040, "mm::apply"), (0x8010_0100, "ke::wait")];
    stage.symbols = kd::symbols::encode(functions, 0x8010_0200, &[], 4096).expect("room");
    stage.expect("ln 80100010", "(80100000)   nt!mm::fault+0x10   |  (80100040)   nt!mm::apply\n");
    stage.expect("ln 80100100", "(80100100)   nt!ke::wait\nExact matches:\n    nt!ke::wait\n");
    stage.expect("ln 80100200", "kd: this lies in no function\n");
    stage.expect("ln 1000", "kd: this lies in no image\n");
    stage.expect("x nt!mm::*", "80100000 nt!mm::fault\n80100040 nt!mm::apply\n");
    stage.expect("x *w?it", "80100100 nt!ke::wait\n");
    stage.expect("x wait", "kd: there is no such function; .reload reads those of programs\n");
    stage.expect("x", "kd: x needs a name, with * and ? for what is not known of it\n");
}

#[test]
fn instructions_are_shown_with_where_they_lead() {
    let mut stage = stage();
    stage.system.store(stage.process, BASE + 0x1000, 0).expect("its memory");
    stage.debugging = true;
    let functions = [(0x8010_0000, "mm::fault"), (0x8010_0040, "mm::apply")];
    stage.symbols = kd::symbols::encode(functions, 0x8010_0200, &[], 4096).expect("room");
    stage.expect(
        "eb 251000 55 8b ec 83 ec 10 e8 35 f0 ea 7f 74 f8 f3 a5 c7 05 78 56 34 12 1 0 0 0 ff 15 0 10 40 0 c9 c3",
        "",
    );
    stage.expect("eb 251ffe ff 25", "");
    stage.expect(
        "u 251000 L9",
        "0x00251000:\n\
         00251000 55              push    ebp\n\
         00251001 8bec            mov     ebp, esp\n\
         00251003 83ec10          sub     esp, 0x10\n\
         00251006 e835f0ea7f      call    mm::apply (80100040)\n\
         0025100b 74f8            jz      0x00251005 (00251005)\n\
         0025100d f3a5            rep     movs dword es:[edi], dword ds:[esi]\n\
         0025100f c7057856341201000000 mov     dword [0x12345678], 0x1\n\
         00251019 ff1500104000    call    dword [0x401000]\n\
         0025101f c9              leave\n",
    );
    assert!(stage.say("u").starts_with("0x00251020:\n00251020 c3              ret\n"));
    // The page ends in the middle of one.
    stage.expect("u 251ffe L2", "0x00251ffe:\n00251ffe ff              ???\n00251fff 25              ???\n");
    stage.expect("u 70000000 L1", "0x70000000:\n70000000 ??              ???\n");
    stage.expect("u 251000 L2000", "kd: this is too much at once\n");
}

#[test]
fn names_of_images_whose_symbols_were_read_are_addresses() {
    let mut stage = stage();
    assert_eq!(stage.carry_out(".reload"), (String::new(), After::Reload));
    assert_eq!(stage.say(".reload now"), "kd: what is now?\n");
    let functions = [(0x1000, "main"), (0x1010, "_ZN4demo4help17h0123456789abcdefE")];
    let symbols = kd::symbols::encode(functions, 0x2000, &[], 4096).expect("room");
    stage.images.push((0x40_0000, "Demo", symbols));
    stage.expect("ln 401012", "(00401010)   Demo!demo::help+0x2\n");
    stage.expect(
        "ln demo!main",
        "(00401000)   Demo!main   |  (00401010)   Demo!demo::help\nExact matches:\n    Demo!main\n",
    );
    stage.expect("x demo!*", "00401000 Demo!main\n00401010 Demo!demo::help\n");
    stage.expect("x other!*", "kd: there is no such function; .reload reads those of programs\n");
    stage.expect("db demo!demo::help+8 L1", "00401018  ??                                               ?\n");
    stage.expect("ln demo!nothing", "kd: demo!nothing is not a number\n");
    stage.expect("ln 402000", "kd: this lies in no image\n");
    stage.registers = Some(Registers { pointers: [0x40_1003, 0, BASE + 0x100], ..Registers::default() });
    stage.expect("k 1", "ChildEBP RetAddr\n00250100 00000000 Demo!main+0x3\n");
    // Another process has images of its own.
    stage.start(0x42C, "other.exe");
    stage.images.clear();
    stage.expect("x demo!*", "kd: there is no such function; .reload reads those of programs\n");
}
