//! What the services answer where it depends on all of an address space, which in a running system is never empty: exact addresses at
//! both its ends. All else is in `tests/rows`.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus as S;
use mm::virtual_memory::{AllocateFlags, AskedRange, Region};
use model::calls::BOTH;
use model::machine::NoExecute;
use model::system::System;

const RW: u32 = PAGE_READWRITE;
const TOP: u32 = MEM_TOP_DOWN;

/// Two allocations: 100000 to 10FFFF and 610000 to 61FFFF, committed.
fn fixture() -> (System, Link<Eprocess>) {
    let system = System::new(256, NoExecute::Supported);
    let process = system.start_process().expect("memory");
    system.commit_at(process, 0x10_0000, 0x1_0000);
    system.commit_at(process, 0x61_0000, 0x1_0000);
    (system, process)
}

/// ZeroBits, type, protection, base, size; base and size of what becomes of it.
type Row = ((u32, u32, u32, u32, u32), Result<(u32, u32), S>);

/// Runs each row on a fresh fixture.
fn run(rows: &[Row]) {
    for (arguments, expected) in rows {
        let (mut system, process) = fixture();
        let before = system.picture(process);
        let &(zero_bits, kind, protect, base, size) = arguments;
        let range = AllocateFlags::check(zero_bits, kind, protect)
            .and_then(|flags| system.space(process).allocate(flags, AskedRange::check(base, size)?))
            .map(|range| (range.base(), range.bytes()));
        assert_eq!(range, *expected, "{arguments:x?}");
        system.sound();
        if expected.is_err() {
            assert_eq!(system.picture(process), before, "{arguments:x?} changed something");
        }
        system.end_process(process);
        system.sound();
    }
}

#[test]
fn memory_anywhere_begins_at_the_lowest_free_address_or_ends_at_the_highest() {
    run(&[
        ((0, MEM_RESERVE, RW, 0, 1), Ok((0x1_0000, 0x1000))),
        ((0, MEM_COMMIT, RW, 0, 0x1001), Ok((0x1_0000, 0x2000))),
        ((0, BOTH, PAGE_NOACCESS, 0, 0x1000), Ok((0x1_0000, 0x1000))),
        ((0, MEM_RESERVE, RW, 0, 0xF_0000), Ok((0x1_0000, 0xF_0000))),
        ((0, MEM_RESERVE, RW, 0, 0xF_0001), Ok((0x11_0000, 0xF_1000))),
        ((0, MEM_RESERVE, RW, 0, 0x50_0001), Ok((0x62_0000, 0x50_1000))),
        ((0, MEM_RESERVE | TOP, RW, 0, 1), Ok((0x7FFD_0000, 0x1000))),
        ((0, MEM_RESERVE | TOP, RW, 0, 0x1_0000), Ok((0x7FFD_0000, 0x1_0000))),
        ((0, MEM_RESERVE | TOP, RW, 0, 0x1_0001), Ok((0x7FFC_0000, 0x1_1000))),
        ((0, MEM_RESERVE, RW, 0, 0x7FFE_0000), Err(S::NO_MEMORY)),
        ((0, MEM_RESERVE, RW, 0x7FFD_FFFF, 1), Ok((0x7FFD_0000, 0x1_0000))),
        ((0, MEM_RESERVE, RW, 0xF_0000, 0x1_0001), Err(S::CONFLICTING_ADDRESSES)),
        ((0, MEM_RESERVE, RW, 0xF_0000, 0x1_0000), Ok((0xF_0000, 0x1_0000))),
    ]);
}

#[test]
fn zero_bits_bound_it() {
    run(&[
        ((1, MEM_RESERVE | TOP, RW, 0, 1), Ok((0x7FFD_0000, 0x1000))),
        ((2, MEM_RESERVE | TOP, RW, 0, 1), Ok((0x3FFF_0000, 0x1000))),
        ((12, MEM_RESERVE | TOP, RW, 0, 1), Ok((0xF_0000, 0x1000))),
        ((12, MEM_RESERVE, RW, 0, 0xF_0001), Err(S::NO_MEMORY)),
        ((15, MEM_RESERVE, RW, 0, 0x1_0000), Ok((0x1_0000, 0x1_0000))),
        ((15, MEM_RESERVE, RW, 0, 0x1_0001), Err(S::NO_MEMORY)),
        ((21, MEM_RESERVE, RW, 0x70_0000, 1), Ok((0x70_0000, 0x1000))),
    ]);
}

#[test]
fn what_is_free_reaches_to_the_next_allocation_or_the_end() {
    let (system, process) = fixture();
    let free = |base, size| Region {
        base,
        allocation_base: 0,
        allocation_protect: 0,
        size,
        state: MEM_FREE,
        protect: PAGE_NOACCESS,
        kind: 0,
    };
    let rows = [
        (0, free(0, 0x10_0000)),
        (0x1_2345, free(0x1_2000, 0xE_E000)),
        (0x11_0000, free(0x11_0000, 0x50_0000)),
        (0x62_0000, free(0x62_0000, 0x7F9C_0000)),
        (0x7FFD_FFFF, free(0x7FFD_F000, 0x1000)),
    ];
    for (address, region) in rows {
        assert_eq!(system.query(process, address), region, "{address:x}");
    }
}
