//! `bp`, `ba` and their like, and what they put into memory.

use kd::breakpoints::{Breakpoint, Kind, Refusal, Watched};
use kd::bugcheck::Registers;
use kd::commands::After;

use crate::stage::Stage;

const BASE: u32 = 0x25_0000;
/// push ebp; call +0; rep movsd; ret.
const CODE: [u8; 9] = [0x55, 0xE8, 0, 0, 0, 0, 0xF3, 0xA5, 0xC3];

/// A process with code at 250000; the page after it is not there.
fn stage() -> Stage {
    let mut stage = Stage::new();
    let process = stage.start(0x428, "demo.exe");
    stage.system.commit_at(process, BASE, 0x2000);
    for (address, byte) in (BASE..).zip(CODE) {
        stage.system.store(process, address, byte).expect("its memory");
    }
    stage.debugging = true;
    stage
}

fn stopped_at(stage: &mut Stage, eip: u32) {
    stage.registers = Some(Registers { pointers: [eip, 0, 0], ..Registers::default() });
}

/// The bytes of the code as memory shows them.
fn shown(stage: &mut Stage) -> Vec<u8> {
    let line = stage.say("db 250000 L9");
    let bytes = line[10..].split([' ', '-']).filter(|byte| byte.len() == 2);
    bytes.take(CODE.len()).map(|byte| u8::from_str_radix(byte, 16).expect("a byte")).collect()
}

fn with_int3(places: &[usize]) -> Vec<u8> {
    let mut code = CODE.to_vec();
    places.iter().for_each(|place| code[*place] = 0xCC);
    code
}

#[test]
fn breakpoints_stand_in_the_code_only_while_the_system_runs() {
    let mut stage = stage();
    stage.expect("bp 250000; bp 250006", "");
    assert_eq!(shown(&mut stage), CODE);
    stage.arm(None);
    assert_eq!(shown(&mut stage), with_int3(&[0, 6]));
    assert_eq!((stage.meet(BASE), stage.meet(BASE + 6), stage.meet(BASE + 1)), (Some(0), Some(1), None));
    stage.disarm();
    assert_eq!(shown(&mut stage), CODE);
    assert_eq!(stage.meet(BASE), None, "where none is in place, the int 3 is the program's own");
    stage.expect("bl", " 0 e 00250000        1 0x00250000\n 1 e 00250006        1 0x00250006\n");
    // A thread that stands at one carries the instruction out first.
    stage.arm(Some(BASE));
    assert_eq!(shown(&mut stage), with_int3(&[6]));
    stage.arm(None);
    assert_eq!(shown(&mut stage), with_int3(&[0, 6]));
    stage.disarm();
}

#[test]
fn what_is_off_or_gone_or_not_in_memory_stands_nowhere() {
    let mut stage = stage();
    stage.expect("bp 250000; bp 250001; bp 250006; bp 251000; bp 7c800000; bd 1; bc 2", "");
    stage.arm(None);
    assert_eq!(shown(&mut stage), with_int3(&[0]));
    stage.disarm();
    // They wait until their pages are there.
    assert!(stage.session.breakpoints.wait_for_pages(None));
    let process = stage.process;
    stage.system.store(process, BASE + 0x1000, 0x90).expect("its memory");
    stage.arm(None);
    stage.expect("db 251000 L1", "00251000  cc                                               .\n");
    stage.disarm();
    stage.expect("db 251000 L1", "00251000  90                                               .\n");
    stage.expect("be *; bc 3 4", "");
    stage.arm(None);
    assert_eq!(shown(&mut stage), with_int3(&[0, 1]));
    stage.disarm();
    stage.expect("bc *; bl", "");
    stage.arm(None);
    assert_eq!(shown(&mut stage), CODE);
    assert!(!stage.session.breakpoints.wait_for_pages(None));
}

#[test]
fn a_frame_that_is_anothers_now_is_left_alone() {
    let mut stage = stage();
    stage.expect("bp 250000", "");
    stage.arm(None);
    let process = stage.process;
    stage.system.free(process, abi::memory::MEM_RELEASE, BASE, 0).expect("its memory");
    stage.system.commit_at(process, BASE, 0x2000);
    stage.system.store(process, BASE, 0x11).expect("its memory");
    stage.disarm();
    stage.expect("db 250000 L1", "00250000  11                                               .\n");
}

#[test]
fn the_processor_watches_for_four_addresses() {
    let mut stage = stage();
    stage.expect("ba e1 250001; ba w4 250004; ba r2 250006; ba w1 250003", "");
    let addresses = [0x25_0001, 0x25_0004, 0x25_0006, 0x25_0003];
    // Enabled for all tasks; LEN and R/W from bit 16 on: 00 00, 11 01, 01 11, 00 01.
    assert_eq!(stage.session.breakpoints.registers(), (addresses, 0x17D0_00AA));
    stage.expect("ba w4 250008", "kd: the processor watches for no more than four\n");
    stage.expect("ba w4 250004", "breakpoint 1 is there already\n");
    assert_eq!(stage.session.breakpoints.meet_watched(0b0100), Some(2));
    stage.expect("bd 0; bc 3", "");
    // Those that are left move up.
    assert_eq!(stage.session.breakpoints.registers(), ([0x25_0004, 0x25_0006, 0, 0], 0x007D_000A));
    assert_eq!(stage.session.breakpoints.meet_watched(0b0100), None);
    stage.expect(
        "bl",
        " 0 d 00250001 e 1    0 0x00250001\n 1 e 00250004 w 4    0 0x00250004\n 2 e 00250006 r 2    1 0x00250006\n",
    );
}

#[test]
fn a_step_goes_over_calls_and_into_everything_else() {
    let mut stage = stage();
    stopped_at(&mut stage, BASE);
    assert_eq!(stage.carry_out("t"), (String::new(), After::Trace));
    assert_eq!(stage.carry_out("p"), (String::new(), After::Trace));
    for (at, behind) in [(1, 6), (6, 8)] {
        stopped_at(&mut stage, BASE + at);
        assert_eq!(stage.carry_out("t").1, After::Trace);
        assert_eq!(stage.carry_out("p").1, After::Go);
        stage.expect("bl", "");
        stage.arm(None);
        assert_eq!(shown(&mut stage), with_int3(&[behind]));
        stage.disarm();
        assert!(stage.session.breakpoints.is_empty(), "a step's goes when anything stops");
    }
    // Where there is one behind the call, that does.
    stage.expect("bp 250006", "");
    stopped_at(&mut stage, BASE + 1);
    assert_eq!(stage.carry_out("p").1, After::Go);
    assert_eq!(stage.session.breakpoints.iter().count(), 1);
}

#[test]
fn refusals_say_what_is_wrong_and_change_nothing() {
    let mut stage = stage();
    let rows = [
        ("bp", "kd: bp needs an address\n"),
        ("bp 250000 1", "kd: what is 1?\n"),
        ("bp nt!nothing", "kd: nt!nothing is not a number\n"),
        ("ba", "kd: ba needs e1, or w or r with 1, 2 or 4, and an address\n"),
        ("ba w3 250000", "kd: ba needs e1, or w or r with 1, 2 or 4, and an address\n"),
        ("ba w4", "kd: ba needs an address\n"),
        ("ba w4 250002", "kd: the address is to be a multiple of the size\n"),
        ("bc", "kd: which? numbers of breakpoints, or *\n"),
        ("bc 3", "kd: there is no breakpoint with this number\n"),
        ("bd ffffffff", "kd: there is no breakpoint with this number\n"),
        ("t", "kd: the system runs: there are no registers; Ctrl-C or a breakpoint stops it\n"),
        ("bl x", "kd: what is x?\n"),
    ];
    for (line, refusal) in rows {
        stage.expect(line, refusal);
    }
    assert!(stage.session.breakpoints.is_empty());
    let many = (0..33).map(|number| format!("bp {:x};", BASE + number)).collect::<String>();
    stage.expect(&many, "kd: there are too many breakpoints: bc takes some away\n");
    stage.debugging = false;
    for line in ["bp 250000", "ba e1 250000", "t", "p"] {
        stage.expect(line, "kd: breakpoints and steps need the kernel option debug\n");
    }
}

#[test]
fn the_account_refuses_the_same_breakpoint_twice() {
    let mut stage = stage();
    let process = stage.process;
    let breakpoints = &mut stage.session.breakpoints;
    let new = |kind| Breakpoint::new(BASE, kind, process);
    assert_eq!(breakpoints.add(new(Kind::Instruction)), Ok(0));
    assert_eq!(breakpoints.add(new(Kind::Instruction)), Err(Refusal::Exists(0)));
    assert_eq!(breakpoints.at(BASE), Some(false));
    assert_eq!(breakpoints.add(new(Kind::Watched(Watched::Execute))), Ok(1));
    assert_eq!(breakpoints.at(BASE), Some(false), "the int 3 is in the way");
    assert!(breakpoints.clear(0) && !breakpoints.clear(0) && !breakpoints.clear(99));
    assert_eq!(breakpoints.at(BASE), Some(true));
    assert_eq!(breakpoints.at(BASE + 1), None);
}
