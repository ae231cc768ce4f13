//! `!address`: what is at an address.

use core::fmt::Write;

use abi::memory::*;
use mm::layout::{
    FRAME_DATABASE, FRAME_DATABASE_END, HIGHEST_USER_ADDRESS, HYPERSPACE, KERNEL_STACKS, KERNEL_STACKS_END,
    PAGE_TABLES, POOL_END, POOL_START, SYSTEM_RANGE_START, WINDOWS,
};
use mm::machine::Machine;

use super::{Arguments, Done, Problem};
use crate::target::Target;

/// What the kernel half is used for.
const KERNEL_HALF: [(u32, u32, &str); 9] = [
    (SYSTEM_RANGE_START, FRAME_DATABASE, "KernelSpaceUsageImage"),
    (FRAME_DATABASE, FRAME_DATABASE_END, "KernelSpaceUsagePFNDatabase"),
    (FRAME_DATABASE_END, POOL_START, "KernelSpaceUsageUnused"),
    (POOL_START, POOL_END, "KernelSpaceUsageNonPagedPool"),
    (KERNEL_STACKS, KERNEL_STACKS_END, "KernelSpaceUsageKernelStacks"),
    (KERNEL_STACKS_END, PAGE_TABLES, "KernelSpaceUsageUnused"),
    (PAGE_TABLES, HYPERSPACE, "KernelSpaceUsagePageTables"),
    (HYPERSPACE, WINDOWS, "KernelSpaceUsageHyperSpace"),
    (WINDOWS, u32::MAX, "KernelSpaceUsageSystem"),
];

/// `!address VA`.
pub(super) fn address<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let address = arguments.needed("!address needs an address")?;
    arguments.end()?;
    if address >= SYSTEM_RANGE_START {
        let part = KERNEL_HALF.iter().find(|(_, end, _)| address < *end).unwrap_or(&KERNEL_HALF[KERNEL_HALF.len() - 1]);
        let (start, end, usage) = *part;
        writeln!(out, "  {start:08x} - {:08x}", end - start)?;
        return Ok(writeln!(out, "          Usage       {usage}")?);
    }
    if address > HIGHEST_USER_ADDRESS {
        return Err(Problem::Say("nothing is ever between 7fff0000 and 7fffffff"));
    }
    target.context().ok_or(Problem::Say("there is no process"))?;
    if let Err(broken) = target.space_is_whole(target.process) {
        return Ok(writeln!(out, "Nothing is known of it: {broken}")?);
    }
    let region = target.mm.address_space(target.process).query(address);
    let region = region.map_err(|_| Problem::Say("this is no user address"))?;
    writeln!(out, "    {:08x} : {:08x} - {:08x}", region.allocation_base, region.base, region.size)?;
    let mut line =
        |name: &str, value: u32, word: &str| writeln!(out, "                    {name:<8} {value:08x} {word}");
    line("Type", region.kind, kind_name(region.kind))?;
    line("Protect", region.protect, protect_name(region.protect))?;
    line("State", region.state, state_name(region.state))?;
    let usage = if region.state == MEM_FREE { "RegionUsageFree" } else { "RegionUsageIsVAD" };
    Ok(writeln!(out, "                    Usage    {usage}")?)
}

fn kind_name(kind: u32) -> &'static str {
    match kind {
        MEM_PRIVATE => "MEM_PRIVATE",
        MEM_MAPPED => "MEM_MAPPED",
        MEM_IMAGE => "MEM_IMAGE",
        _ => "",
    }
}

fn state_name(state: u32) -> &'static str {
    match state {
        MEM_COMMIT => "MEM_COMMIT",
        MEM_RESERVE => "MEM_RESERVE",
        _ => "MEM_FREE",
    }
}

fn protect_name(protect: u32) -> &'static str {
    match protect {
        0 => "",
        PAGE_NOACCESS => "PAGE_NOACCESS",
        _ if protect & PAGE_GUARD != 0 => "PAGE_GUARD",
        _ => match protect & 0xFF {
            PAGE_READONLY => "PAGE_READONLY",
            PAGE_READWRITE => "PAGE_READWRITE",
            PAGE_WRITECOPY => "PAGE_WRITECOPY",
            PAGE_EXECUTE => "PAGE_EXECUTE",
            PAGE_EXECUTE_READ => "PAGE_EXECUTE_READ",
            PAGE_EXECUTE_READWRITE => "PAGE_EXECUTE_READWRITE",
            _ => "PAGE_EXECUTE_WRITECOPY",
        },
    }
}
