//! The services row by row: what is called, on which address space, and what comes of it. A refusal changes nothing.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus as S;
use mm::virtual_memory::AllocateFlags;
use model::calls::BOTH;
use model::image::TestImage;
use model::machine::NoExecute;
use model::system::System;

const RW: u32 = PAGE_READWRITE;
const RO: u32 = PAGE_READONLY;
const COPY: u32 = PAGE_WRITECOPY;
const TOP: u32 = MEM_TOP_DOWN;

/// | from | to | what |
/// |---|---|---|
/// | 100000 | 10FFFF | reserved, READWRITE |
/// | 200000 | 20FFFF | committed, READWRITE |
/// | 300000 | 30FFFF | reserved, of which 302000 to 303FFF are committed READONLY |
/// | 400000 | 407FFF | an image: headers, code (2 pages), constants, data (4 pages) |
/// | 500000 | 50FFFF | committed, of which 504000 to 505FFF are decommitted |
/// | 600000 | 60FFFF, 610000 61FFFF | two neighbours, committed |
fn fixture() -> (System, Link<Eprocess>) {
    let mut system = System::new(256, NoExecute::Supported);
    let section = system.add_image(TestImage::plain(0x40_0000, 1)).expect("memory");
    let process = system.start_process().expect("memory");
    let reserve = |base| system.allocate(process, MEM_RESERVE, RW, base, 0x1_0000).expect("free");
    reserve(0x10_0000);
    system.commit_at(process, 0x20_0000, 0x1_0000);
    reserve(0x30_0000);
    system.allocate(process, MEM_COMMIT, RO, 0x30_2000, 0x2000).expect("reserved");
    system.space(process).map_image(section, None).expect("free");
    system.commit_at(process, 0x50_0000, 0x1_0000);
    system.free(process, MEM_DECOMMIT, 0x50_4000, 0x2000).expect("committed");
    system.commit_at(process, 0x60_0000, 0x1_0000);
    system.commit_at(process, 0x61_0000, 0x1_0000);
    (system, process)
}

/// Arguments, and what comes of them.
type Row<A, T> = (A, Result<T, S>);

/// Runs `rows` of arguments, each on a fresh fixture.
fn run<A: Copy + std::fmt::Debug, T: PartialEq + std::fmt::Debug>(
    rows: &[Row<A, T>],
    call: impl Fn(&System, Link<Eprocess>, A) -> Result<T, S>,
) {
    for (arguments, expected) in rows {
        let (mut system, process) = fixture();
        let before = system.picture(process);
        assert_eq!(&call(&system, process, *arguments), expected, "{arguments:x?}");
        system.sound();
        if expected.is_err() {
            assert_eq!(system.picture(process), before, "{arguments:x?} changed something");
        }
        system.end_process(process);
        system.sound();
    }
}

/// ZeroBits, type, protection, base, size.
type Allocate = (u32, u32, u32, u32, u32);

fn run_allocate(rows: &[Row<Allocate, (u32, u32)>]) {
    run(rows, |system, process, (zero_bits, kind, protect, base, size)| {
        let flags = AllocateFlags::check(zero_bits, kind, protect)?;
        system.space(process).allocate(flags, base, size).map(|range| (range.base(), range.bytes()))
    });
}

#[test]
fn allocate_checks_its_parameters_by_themselves() {
    run_allocate(&[
        ((22, BOTH, RW, 0, 1), Err(S::INVALID_PARAMETER_3)),
        ((u32::MAX, 0, 0, 0, 0), Err(S::INVALID_PARAMETER_3)),
        ((0, 0, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, TOP, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, MEM_DECOMMIT, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, BOTH | MEM_RELEASE, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, BOTH | 1, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, BOTH | 1 << 31, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, MEM_RESET | MEM_COMMIT, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, MEM_RESET | TOP, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, MEM_RESERVE | MEM_LARGE_PAGES, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, MEM_COMMIT | MEM_WRITE_WATCH, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, MEM_WRITE_WATCH, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, MEM_WRITE_WATCH | TOP, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, MEM_RESET | MEM_WRITE_WATCH, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, MEM_RESERVE | MEM_PHYSICAL | MEM_WRITE_WATCH, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, BOTH | MEM_LARGE_PAGES | MEM_WRITE_WATCH, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, MEM_COMMIT | MEM_PHYSICAL, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, BOTH | MEM_PHYSICAL, RW, 0, 1), Err(S::INVALID_PARAMETER_5)),
        ((0, MEM_RESERVE | MEM_PHYSICAL, RO, 0, 1), Err(S::INVALID_PARAMETER_6)),
        ((0, BOTH, 0, 0, 1), Err(S::INVALID_PAGE_PROTECTION)),
        ((0, BOTH, RW | RO, 0, 1), Err(S::INVALID_PAGE_PROTECTION)),
        ((0, BOTH, PAGE_NOACCESS | PAGE_GUARD, 0, 1), Err(S::INVALID_PAGE_PROTECTION)),
        ((0, BOTH, RW | PAGE_GUARD | PAGE_NOCACHE, 0, 1), Err(S::INVALID_PAGE_PROTECTION)),
        ((0, BOTH, RW | 0x800, 0, 1), Err(S::INVALID_PAGE_PROTECTION)),
        ((0, MEM_RESET, 0, 0x20_0000, 1), Err(S::INVALID_PAGE_PROTECTION)),
        ((0, BOTH, RW, 0x7FFE_0000, 1), Err(S::INVALID_PARAMETER_2)),
        ((0, BOTH, RW, 0x8000_0000, 1), Err(S::INVALID_PARAMETER_2)),
        ((0, BOTH, RW, u32::MAX, u32::MAX), Err(S::INVALID_PARAMETER_2)),
        ((0, BOTH, RW, 0, 0), Err(S::INVALID_PARAMETER_4)),
        ((0, MEM_COMMIT, RW, 0x20_0000, 0), Err(S::INVALID_PARAMETER_4)),
        ((0, BOTH, RW, 0x7FFD_F000, 0x1001), Err(S::INVALID_PARAMETER_4)),
        ((0, BOTH, RW, 0x20_0000, u32::MAX), Err(S::INVALID_PARAMETER_4)),
        ((0, BOTH, RW, 0, 0x7FFE_0001), Err(S::INVALID_PARAMETER_4)),
        ((0, BOTH, RW, 0, u32::MAX), Err(S::INVALID_PARAMETER_4)),
        ((0, MEM_RESERVE | MEM_PHYSICAL, RW, 0, 1), Err(S::NOT_SUPPORTED)),
    ]);
}

#[test]
fn allocate_reserves() {
    run_allocate(&[
        ((0, MEM_RESERVE, COPY, 0, 1), Err(S::INVALID_PAGE_PROTECTION)),
        ((0, BOTH, PAGE_EXECUTE_WRITECOPY, 0x70_0000, 1), Err(S::INVALID_PAGE_PROTECTION)),
        ((0, MEM_COMMIT, COPY | PAGE_GUARD, 0, 1), Err(S::INVALID_PAGE_PROTECTION)),
        ((0, MEM_RESERVE, RW, 0, 1), Ok((0x1_0000, 0x1000))),
        ((0, MEM_COMMIT, RW, 0, 0x1001), Ok((0x1_0000, 0x2000))),
        ((0, BOTH, PAGE_NOACCESS, 0, 0x1000), Ok((0x1_0000, 0x1000))),
        ((0, BOTH, RW | PAGE_WRITECOMBINE, 0, 1), Ok((0x1_0000, 0x1000))),
        ((0, MEM_RESERVE, RW, 0, 0xF_0000), Ok((0x1_0000, 0xF_0000))),
        ((0, MEM_RESERVE, RW, 0, 0xF_0001), Ok((0x62_0000, 0xF_1000))),
        ((0, MEM_RESERVE | TOP, RW, 0, 1), Ok((0x7FFD_0000, 0x1000))),
        ((0, MEM_RESERVE | TOP, RW, 0, 0x1_0000), Ok((0x7FFD_0000, 0x1_0000))),
        ((0, MEM_RESERVE | TOP, RW, 0, 0x1_0001), Ok((0x7FFC_0000, 0x1_1000))),
        ((0, MEM_RESERVE | TOP, RW, 0x70_0000, 1), Ok((0x70_0000, 0x1000))),
        ((0, MEM_RESERVE | MEM_WRITE_WATCH, RW, 0, 1), Ok((0x1_0000, 0x1000))),
        ((0, BOTH | MEM_WRITE_WATCH | TOP, PAGE_NOACCESS, 0, 0x1_0001), Ok((0x7FFC_0000, 0x1_1000))),
        ((0, BOTH | MEM_WRITE_WATCH, RW, 0x71_2345, 0x1000), Ok((0x71_0000, 0x4000))),
        ((0, BOTH | MEM_WRITE_WATCH, RW, 0x20_0000, 1), Err(S::CONFLICTING_ADDRESSES)),
        ((0, BOTH | MEM_WRITE_WATCH, COPY, 0, 1), Err(S::INVALID_PAGE_PROTECTION)),
        ((0, MEM_RESERVE | MEM_WRITE_WATCH, RW, 0, 0x7FFE_0000), Err(S::NO_MEMORY)),
        ((0, MEM_RESERVE, RW, 0, 0x7FFE_0000), Err(S::NO_MEMORY)),
        ((0, MEM_RESERVE, RW, 0x70_0001, 1), Ok((0x70_0000, 0x1000))),
        ((0, MEM_RESERVE, RW, 0x70_FFFF, 2), Ok((0x70_0000, 0x1_1000))),
        ((0, MEM_RESERVE, RW, 0x71_2345, 0x1000), Ok((0x71_0000, 0x4000))),
        ((0, MEM_RESERVE, RW, 0x40_8000, 0x1000), Err(S::CONFLICTING_ADDRESSES)),
        ((0, MEM_RESERVE, RW, 0x41_0000, 0x1000), Ok((0x41_0000, 0x1000))),
        ((0, MEM_RESERVE, RW, 0x7FFD_FFFF, 1), Ok((0x7FFD_0000, 0x1_0000))),
        ((0, MEM_RESERVE, RW, 1, 1), Err(S::CONFLICTING_ADDRESSES)),
        ((0, MEM_RESERVE, RW, 0xFFFF, 2), Err(S::CONFLICTING_ADDRESSES)),
        ((0, BOTH, RW, 0x10_0000, 1), Err(S::CONFLICTING_ADDRESSES)),
        ((0, MEM_RESERVE, RW, 0xF_0000, 0x1_0001), Err(S::CONFLICTING_ADDRESSES)),
        ((0, MEM_RESERVE, RW, 0xF_0000, 0x1_0000), Ok((0xF_0000, 0x1_0000))),
        ((0, MEM_RESERVE, RW, 0x40_0000, 0x1000), Err(S::CONFLICTING_ADDRESSES)),
    ]);
}

#[test]
fn allocate_heeds_zero_bits_where_it_chooses() {
    run_allocate(&[
        ((1, MEM_RESERVE | TOP, RW, 0, 1), Ok((0x7FFD_0000, 0x1000))),
        ((2, MEM_RESERVE | TOP, RW, 0, 1), Ok((0x3FFF_0000, 0x1000))),
        ((12, MEM_RESERVE | TOP, RW, 0, 1), Ok((0xF_0000, 0x1000))),
        ((12, MEM_RESERVE, RW, 0, 0xF_0001), Err(S::NO_MEMORY)),
        ((15, MEM_RESERVE, RW, 0, 0x1_0000), Ok((0x1_0000, 0x1_0000))),
        ((15, MEM_RESERVE, RW, 0, 0x1_0001), Err(S::NO_MEMORY)),
        ((16, MEM_RESERVE, RW, 0, 1), Err(S::NO_MEMORY)),
        ((21, MEM_RESERVE, RW, 0, 1), Err(S::NO_MEMORY)),
        ((21, MEM_RESERVE | TOP, RW, 0, 1), Err(S::NO_MEMORY)),
        ((21, MEM_RESERVE, RW, 0x70_0000, 1), Ok((0x70_0000, 0x1000))),
    ]);
}

#[test]
fn allocate_commits() {
    run_allocate(&[
        ((0, MEM_COMMIT, RW, 0x10_0000, 1), Ok((0x10_0000, 0x1000))),
        ((0, MEM_COMMIT, RW, 0x10_0FFF, 2), Ok((0x10_0000, 0x2000))),
        ((0, MEM_COMMIT, RW, 0x10_0000, 0x1_0000), Ok((0x10_0000, 0x1_0000))),
        ((0, MEM_COMMIT, RW, 0x10_0000, 0x1_0001), Err(S::CONFLICTING_ADDRESSES)),
        ((0, MEM_COMMIT, RW, 0xF_F000, 0x2000), Err(S::CONFLICTING_ADDRESSES)),
        ((0, MEM_COMMIT, RW, 0x60_F000, 0x2000), Err(S::CONFLICTING_ADDRESSES)),
        ((0, MEM_COMMIT, RW, 0x70_0000, 1), Err(S::CONFLICTING_ADDRESSES)),
        ((0, MEM_COMMIT, RW, 0x1000, 1), Err(S::CONFLICTING_ADDRESSES)),
        ((0, MEM_COMMIT, COPY, 0x10_0000, 1), Err(S::INVALID_PAGE_PROTECTION)),
        ((0, MEM_COMMIT, RO, 0x20_0000, 0x1000), Ok((0x20_0000, 0x1000))),
        ((0, MEM_COMMIT, RW, 0x30_0000, 0x1_0000), Ok((0x30_0000, 0x1_0000))),
        ((0, MEM_COMMIT, RW, 0x50_0000, 0x1_0000), Ok((0x50_0000, 0x1_0000))),
        ((0, MEM_COMMIT, RW, 0x40_1000, 1), Err(S::ALREADY_COMMITTED)),
        ((0, MEM_COMMIT, COPY, 0x40_1000, 1), Err(S::ALREADY_COMMITTED)),
        ((0, MEM_COMMIT, RW | PAGE_NOCACHE, 0x40_1000, 1), Err(S::INVALID_PAGE_PROTECTION)),
        ((0, MEM_COMMIT, RW | PAGE_WRITECOMBINE, 0x40_1000, 1), Err(S::INVALID_PAGE_PROTECTION)),
        ((0, MEM_COMMIT, RW, 0x40_7000, 0x1001), Err(S::CONFLICTING_ADDRESSES)),
    ]);
}

#[test]
fn allocate_resets() {
    run_allocate(&[
        ((0, MEM_RESET, RW, 0x20_0001, 0x1000), Ok((0x20_0000, 0x2000))),
        ((0, MEM_RESET, PAGE_NOACCESS, 0x10_0000, 0x1_0000), Ok((0x10_0000, 0x1_0000))),
        ((0, MEM_RESET, RW, 0x40_0000, 0x8000), Ok((0x40_0000, 0x8000))),
        ((0, MEM_RESET, RW, 0x20_0000, 0x1_0001), Err(S::CONFLICTING_ADDRESSES)),
        ((0, MEM_RESET, RW, 0, 1), Err(S::CONFLICTING_ADDRESSES)),
        ((0, MEM_RESET, RW, 0x70_0000, 1), Err(S::CONFLICTING_ADDRESSES)),
    ]);
}

#[test]
fn free() {
    let (decommit, release) = (MEM_DECOMMIT, MEM_RELEASE);
    // Type, base, size.
    let rows = [
        ((0, 0x20_0000, 0), Err(S::INVALID_PARAMETER_4)),
        ((decommit | release, 0x20_0000, 0), Err(S::INVALID_PARAMETER_4)),
        ((MEM_COMMIT, 0x20_0000, 0), Err(S::INVALID_PARAMETER_4)),
        ((release | 1, 0x20_0000, 0), Err(S::INVALID_PARAMETER_4)),
        ((release, 0x7FFE_0000, 0), Err(S::INVALID_PARAMETER_2)),
        ((decommit, u32::MAX, 1), Err(S::INVALID_PARAMETER_2)),
        ((release, 0x20_0000, 0x7FFE_0000), Err(S::INVALID_PARAMETER_3)),
        ((decommit, 0x7FFD_F000, 0x1001), Err(S::INVALID_PARAMETER_3)),
        ((decommit, 0x20_0000, u32::MAX), Err(S::INVALID_PARAMETER_3)),
        ((release, 0, 0), Err(S::MEMORY_NOT_ALLOCATED)),
        ((release, 0x21_0000, 1), Err(S::MEMORY_NOT_ALLOCATED)),
        ((decommit, 0x1F_F000, 0x2000), Err(S::MEMORY_NOT_ALLOCATED)),
        ((release, 0x20_0000, 0x1_0001), Err(S::UNABLE_TO_FREE_VM)),
        ((decommit, 0x20_F000, 0x1001), Err(S::UNABLE_TO_FREE_VM)),
        ((release, 0x60_0000, 0x2_0000), Err(S::UNABLE_TO_FREE_VM)),
        ((release, 0x40_0000, 0), Err(S::UNABLE_TO_DELETE_SECTION)),
        ((decommit, 0x40_4000, 1), Err(S::UNABLE_TO_DELETE_SECTION)),
        ((decommit, 0x40_4000, 0), Err(S::UNABLE_TO_DELETE_SECTION)),
        ((release, 0x40_7000, 0x1001), Err(S::UNABLE_TO_FREE_VM)),
        ((release, 0x20_1000, 0), Err(S::FREE_VM_NOT_AT_BASE)),
        ((decommit, 0x20_1000, 0), Err(S::FREE_VM_NOT_AT_BASE)),
        ((release, 0x20_0000, 0), Ok((0x20_0000, 0x1_0000))),
        ((release, 0x20_0FFF, 0), Ok((0x20_0000, 0x1_0000))),
        ((release, 0x20_0000, 0x1_0000), Ok((0x20_0000, 0x1_0000))),
        ((release, 0x20_0000, 1), Ok((0x20_0000, 0x1000))),
        ((release, 0x20_F000, 1), Ok((0x20_F000, 0x1000))),
        ((release, 0x20_5001, 0x1000), Ok((0x20_5000, 0x2000))),
        ((release, 0x10_0000, 0), Ok((0x10_0000, 0x1_0000))),
        ((release, 0x30_1000, 0x2000), Ok((0x30_1000, 0x2000))),
        ((release, 0x50_3000, 0x2000), Ok((0x50_3000, 0x2000))),
        ((decommit, 0x20_0000, 0), Ok((0x20_0000, 0x1_0000))),
        ((decommit, 0x20_0001, 0x1000), Ok((0x20_0000, 0x2000))),
        ((decommit, 0x10_0000, 0), Ok((0x10_0000, 0x1_0000))),
        ((decommit, 0x10_4000, 1), Ok((0x10_4000, 0x1000))),
        ((decommit, 0x50_4000, 0x2000), Ok((0x50_4000, 0x2000))),
        ((decommit, 0x30_0000, 0), Ok((0x30_0000, 0x1_0000))),
    ];
    run(&rows, |system, process, (kind, base, size)| system.free(process, kind, base, size));
}

#[test]
fn protect() {
    // Base, size, new; the old protection.
    let rows = [
        ((0x20_0000, 1, 0), Err(S::INVALID_PAGE_PROTECTION)),
        ((0x20_0000, 1, RW | RO), Err(S::INVALID_PAGE_PROTECTION)),
        ((0x20_0000, 1, RW | PAGE_WRITECOMBINE), Err(S::INVALID_PAGE_PROTECTION)),
        ((0x20_0000, 1, PAGE_NOACCESS | PAGE_NOCACHE), Err(S::INVALID_PAGE_PROTECTION)),
        ((0x7FFE_0000, 1, RW), Err(S::INVALID_PARAMETER_2)),
        ((u32::MAX, 1, RW), Err(S::INVALID_PARAMETER_2)),
        ((0x20_0000, 0, RW), Err(S::INVALID_PARAMETER_3)),
        ((0x20_0000, u32::MAX, RW), Err(S::INVALID_PARAMETER_3)),
        ((0x7FFD_F000, 0x1001, RW), Err(S::INVALID_PARAMETER_3)),
        ((0, 1, RW), Err(S::CONFLICTING_ADDRESSES)),
        ((0x70_0000, 1, RW), Err(S::CONFLICTING_ADDRESSES)),
        ((0x60_F000, 0x2000, RO), Err(S::CONFLICTING_ADDRESSES)),
        ((0x40_7000, 0x2000, RO), Err(S::CONFLICTING_ADDRESSES)),
        ((0x20_0000, 1, COPY), Err(S::INVALID_PARAMETER_4)),
        ((0x20_0000, 1, PAGE_EXECUTE_WRITECOPY), Err(S::INVALID_PARAMETER_4)),
        ((0x40_1000, 1, RW | PAGE_NOCACHE), Err(S::INVALID_PARAMETER_4)),
        ((0x10_0000, 1, RO), Err(S::NOT_COMMITTED)),
        ((0x30_1000, 0x2000, RO), Err(S::NOT_COMMITTED)),
        ((0x30_3000, 0x2000, RW), Err(S::NOT_COMMITTED)),
        ((0x50_3FFF, 2, RO), Err(S::NOT_COMMITTED)),
        ((0x50_4000, 1, RO), Err(S::NOT_COMMITTED)),
        ((0x20_0000, 1, RO), Ok(RW)),
        ((0x20_0000, 0x1_0000, RW), Ok(RW)),
        ((0x20_0FFF, 2, PAGE_NOACCESS), Ok(RW)),
        ((0x30_2000, 0x2000, RW | PAGE_GUARD), Ok(RO)),
        ((0x30_2000, 1, RW | PAGE_NOCACHE), Ok(RO)),
        ((0x40_0000, 0x8000, RO), Ok(RO)),
        ((0x40_1000, 1, RW), Ok(PAGE_EXECUTE_READ)),
        ((0x40_4000, 1, RW), Ok(COPY)),
        ((0x40_4000, 1, COPY), Ok(COPY)),
        ((0x40_3000, 0x2000, PAGE_EXECUTE_READWRITE), Ok(RO)),
        ((0x40_3000, 1, PAGE_NOACCESS), Ok(RO)),
    ];
    run(&rows, |system, process, (base, size, new)| system.protect(process, base, size, new));
}

#[test]
fn query() {
    const NONE: u32 = PAGE_NOACCESS;
    // Address; base, allocation base and protection, size, state, protection, type.
    let rows = [
        (0, Ok([0, 0, 0, 0x10_0000, MEM_FREE, NONE, 0])),
        (0x1_2345, Ok([0x1_2000, 0, 0, 0xE_E000, MEM_FREE, NONE, 0])),
        (0x10_0000, Ok([0x10_0000, 0x10_0000, RW, 0x1_0000, MEM_RESERVE, 0, MEM_PRIVATE])),
        (0x10_FFFF, Ok([0x10_F000, 0x10_0000, RW, 0x1000, MEM_RESERVE, 0, MEM_PRIVATE])),
        (0x20_3000, Ok([0x20_3000, 0x20_0000, RW, 0xD000, MEM_COMMIT, RW, MEM_PRIVATE])),
        (0x30_0000, Ok([0x30_0000, 0x30_0000, RW, 0x2000, MEM_RESERVE, 0, MEM_PRIVATE])),
        (0x30_2001, Ok([0x30_2000, 0x30_0000, RW, 0x2000, MEM_COMMIT, RO, MEM_PRIVATE])),
        (0x30_4000, Ok([0x30_4000, 0x30_0000, RW, 0xC000, MEM_RESERVE, 0, MEM_PRIVATE])),
        (0x40_0000, Ok([0x40_0000, 0x40_0000, PAGE_EXECUTE_WRITECOPY, 0x1000, MEM_COMMIT, RO, MEM_IMAGE])),
        (0x40_1000, Ok([0x40_1000, 0x40_0000, 0x80, 0x2000, MEM_COMMIT, PAGE_EXECUTE_READ, MEM_IMAGE])),
        (0x40_3000, Ok([0x40_3000, 0x40_0000, 0x80, 0x1000, MEM_COMMIT, RO, MEM_IMAGE])),
        (0x40_5000, Ok([0x40_5000, 0x40_0000, 0x80, 0x3000, MEM_COMMIT, COPY, MEM_IMAGE])),
        (0x40_8000, Ok([0x40_8000, 0, 0, 0xF_8000, MEM_FREE, NONE, 0])),
        (0x50_0000, Ok([0x50_0000, 0x50_0000, RW, 0x4000, MEM_COMMIT, RW, MEM_PRIVATE])),
        (0x50_4000, Ok([0x50_4000, 0x50_0000, RW, 0x2000, MEM_RESERVE, 0, MEM_PRIVATE])),
        (0x50_6000, Ok([0x50_6000, 0x50_0000, RW, 0xA000, MEM_COMMIT, RW, MEM_PRIVATE])),
        (0x60_0000, Ok([0x60_0000, 0x60_0000, RW, 0x1_0000, MEM_COMMIT, RW, MEM_PRIVATE])),
        (0x62_0000, Ok([0x62_0000, 0, 0, 0x7F9C_0000, MEM_FREE, NONE, 0])),
        (0x7FFD_FFFF, Ok([0x7FFD_F000, 0, 0, 0x1000, MEM_FREE, NONE, 0])),
        (0x7FFE_0FFF, Ok([0x7FFE_0000, 0x7FFE_0000, RO, 0x1000, MEM_COMMIT, RO, MEM_PRIVATE])),
        (0x7FFE_1000, Ok([0x7FFE_1000, 0x7FFE_0000, RO, 0xF000, MEM_RESERVE, NONE, MEM_PRIVATE])),
        (0x7FFE_FFFF, Ok([0x7FFE_F000, 0x7FFE_0000, RO, 0x1000, MEM_RESERVE, NONE, MEM_PRIVATE])),
        (0x7FFF_0000, Err(S::INVALID_PARAMETER)),
        (0x8000_0000, Err(S::INVALID_PARAMETER)),
        (u32::MAX, Err(S::INVALID_PARAMETER)),
    ];
    run(&rows, |system, process, address| {
        let region = system.space(process).query(address)?;
        let mm::virtual_memory::Region { base, allocation_base, allocation_protect, size, state, protect, kind } =
            region;
        Ok([base, allocation_base, allocation_protect, size, state, protect, kind])
    });
}
