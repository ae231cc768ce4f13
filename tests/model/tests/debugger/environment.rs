//! `!peb`, `!teb` and `!dlls`, of a program that says what it likes of itself.

use abi::cell::Link;
use abi::nt::process::Eprocess;

use crate::stage::Stage;

const PEB: u32 = 0x20_0000;
const LOADER: u32 = 0x20_0400;
const PARAMETERS: u32 = 0x20_0800;
const MODULES: [u32; 2] = [0x20_0C00, 0x20_0D00];
const TEXTS: u32 = 0x20_1000;

fn store(stage: &Stage, process: Link<Eprocess>, address: u32, words: &[u32]) {
    for (at, byte) in (address..).zip(words.iter().flat_map(|word| word.to_le_bytes())) {
        stage.system.store(process, at, byte).expect("committed");
    }
}

/// Stores `text` at `address`, and a UNICODE_STRING of it at `string`.
fn string(stage: &Stage, process: Link<Eprocess>, string: u32, address: u32, text: &str) {
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (at, byte) in (address..).zip(&bytes) {
        stage.system.store(process, at, *byte).expect("committed");
    }
    store(stage, process, string, &[bytes.len() as u32 | (bytes.len() as u32) << 16, address]);
}

/// A process with two modules, parameters and an environment.
fn stage() -> (Stage, Link<Eprocess>) {
    let mut stage = Stage::new();
    let process = stage.start(0x28, "demo.exe");
    stage.system.commit_at(process, PEB, 0x3000);
    stage.record(process).peb.set(PEB);
    store(&stage, process, PEB, &[0x01_00_00, 0, 0x40_0000, LOADER, PARAMETERS, 0, 0x22_0000]);
    let head = LOADER + 0xC;
    store(&stage, process, LOADER, &[0x28, 1, 0, MODULES[0], MODULES[1], MODULES[0] + 8, MODULES[1] + 8, 0, 0]);
    store(&stage, process, MODULES[0], &[MODULES[1], head, 0, 0, 0, 0, 0x40_0000, 0x40_1000, 0x6000]);
    store(&stage, process, MODULES[1], &[head, MODULES[0], 0, 0, 0, 0, 0x7C92_0000, 0, 0x1_9000]);
    store(&stage, process, MODULES[0] + 0x34, &[0x4000, 0xFFFF]);
    store(&stage, process, MODULES[1] + 0x34, &[0x4006, 2]);
    store(&stage, process, MODULES[0] + 0x44, &[0x3B7D_84CB]);
    string(&stage, process, MODULES[0] + 0x24, TEXTS, "C:\\demo.exe");
    string(&stage, process, MODULES[1] + 0x24, TEXTS + 0x40, "C:\\ntdll.dll");
    string(&stage, process, PARAMETERS + 0x40, TEXTS + 0x80, "demo \"a b\"");
    // Two variables, and the end.
    string(&stage, process, PARAMETERS + 0x48, TEXTS + 0xC0, "A=1\0B=\u{e9}\0\0");
    store(&stage, process, PARAMETERS + 0x48, &[TEXTS + 0xC0]);
    (stage, process)
}

#[test]
fn a_process_block_is_told_with_modules_and_environment() {
    let (mut stage, _) = stage();
    stage.expect(
        "!peb",
        "PEB at 00200000\n\
         \x20   InheritedAddressSpace:    No\n\
         \x20   ReadImageFileExecOptions: No\n\
         \x20   BeingDebugged:            Yes\n\
         \x20   ImageBaseAddress:         00400000\n\
         \x20   Ldr                       00200400\n\
         \x20   Ldr.Initialized:          Yes\n\
         \x20   Ldr.InInitializationOrderModuleList: 00000000 . 00000000\n\
         \x20   Ldr.InLoadOrderModuleList:           00200c00 . 00200d00\n\
         \x20   Ldr.InMemoryOrderModuleList:         00200c08 . 00200d08\n\
         \x20           Base TimeStamp                     Module\n\
         \x20         400000 3b7d84cb Aug 17 20:55:39 2001 C:\\demo.exe\n\
         \x20       7c920000 00000000 Jan 01 00:00:00 1970 C:\\ntdll.dll\n\
         \x20   SubSystemData:     00000000\n\
         \x20   ProcessHeap:       00220000\n\
         \x20   ProcessParameters: 00200800\n\
         \x20   WindowTitle:  ''\n\
         \x20   ImageFile:    ''\n\
         \x20   CommandLine:  'demo \"a b\"'\n\
         \x20   DllPath:      ''\n\
         \x20   Environment:  002010c0\n\
         \x20       A=1\n\
         \x20       B=\u{e9}\n",
    );
}

#[test]
fn modules_are_told_one_by_one() {
    let (mut stage, _) = stage();
    let second = "\n0x00200d00: C:\\ntdll.dll\n\
         \x20     Base   0x7c920000  EntryPoint  0x00000000  Size        0x00019000\n\
         \x20     Flags  0x00004006  LoadCount   0x00000002  TlsIndex    0x00000000\n\
         \x20            LDRP_STATIC_LINK\n\
         \x20            LDRP_IMAGE_DLL\n\
         \x20            LDRP_ENTRY_PROCESSED\n";
    stage.expect("!dlls 7c920000", second);
    stage.expect("!dlls 200d00", second);
    assert!(stage.say("!dlls").ends_with(second) && stage.say("!dlls").starts_with("\n0x00200c00: C:\\demo.exe\n"));
    stage.expect("!dlls 1234", "kd: there is no such module\n");
}

#[test]
fn lists_that_go_in_circles_end_where_the_circle_closes() {
    let (mut stage, process) = stage();
    // The second module leads back to itself, the first one to nowhere.
    store(&stage, process, MODULES[1], &[MODULES[1]]);
    assert_eq!(stage.say("!dlls").matches("Base ").count(), 2);
    store(&stage, process, MODULES[1], &[MODULES[0]]);
    assert_eq!(stage.say("!dlls").matches("Base ").count(), 2);
    store(&stage, process, MODULES[0], &[0x7000_0000]);
    assert_eq!(stage.say("!dlls").matches("Base ").count(), 1);
    store(&stage, process, PEB + 0xC, &[0x7000_0000]);
    stage.expect("!dlls", "kd: there is no such module\n");
    let said = stage.say("!peb");
    assert!(said.contains("Ldr                       70000000\n    Ldr.Initialized:          ????????\n"), "{said}");
}

#[test]
fn what_cannot_be_read_is_told_so() {
    let (mut stage, _) = stage();
    let said = stage.say("!peb 70000000");
    assert_eq!(said.lines().count(), 9, "{said}");
    assert!(said.contains("    ProcessHeap:       ????????\n"));
    let said = stage.say("!teb fffffffc");
    assert!(said.starts_with("TEB at fffffffc\n    ExceptionList:        ????????\n"), "{said}");
    stage.expect("!teb", "kd: no thread here has a TEB\n");
    let process = stage.process;
    stage.record(process).peb.set(0);
    stage.expect("!peb", "kd: this process has no PEB\n");
}

#[test]
fn a_thread_block_is_told() {
    let (mut stage, process) = stage();
    let thread = stage.thread(process, 0x2C, 2);
    stage.record(thread).tcb.teb.set(PEB + 0x2000);
    store(
        &stage,
        process,
        PEB + 0x2000,
        &[0x21_FE98, 0x22_0000, 0x21_F000, 0, 0, 0, PEB + 0x2000, 0, 0x28, 0x2C, 0, 0, PEB, 0x57],
    );
    stage.expect(
        "!teb",
        "TEB at 00202000\n\
         \x20   ExceptionList:        0021fe98\n\
         \x20   StackBase:            00220000\n\
         \x20   StackLimit:           0021f000\n\
         \x20   SubSystemTib:         00000000\n\
         \x20   FiberData:            00000000\n\
         \x20   ArbitraryUserPointer: 00000000\n\
         \x20   Self:                 00202000\n\
         \x20   EnvironmentPointer:   00000000\n\
         \x20   ClientId:             00000028 . 0000002c\n\
         \x20   RpcHandle:            00000000\n\
         \x20   Tls Storage:          00000000\n\
         \x20   PEB Address:          00200000\n\
         \x20   LastErrorValue:       57\n\
         \x20   LastStatusValue:      0\n\
         \x20   Count Owned Locks:    0\n",
    );
}
