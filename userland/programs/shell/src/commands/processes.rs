//! Processes and their address spaces.

use alloc::format;
use alloc::string::String;

use super::usage;
use crate::parse::Line;
use crate::shell::Shell;
use crate::system::{Region, System};
use crate::table::{Align, Table, grouped};

const COMMIT: u32 = 0x1000;
const RESERVE: u32 = 0x2000;
const FREE: u32 = 0x1_0000;
const PRIVATE: u32 = 0x2_0000;
const MAPPED: u32 = 0x4_0000;
const GUARD: u32 = 0x100;

fn kilobytes(bytes: u32) -> String {
    grouped(u64::from(bytes / 1024))
}

pub(super) fn list<S: System>(shell: &mut Shell<S>) -> u32 {
    let processes = match shell.system.processes() {
        Ok(processes) => processes,
        Err(error) => return shell.fail("", error),
    };
    let right = |name| (name, Align::Right);
    let mut table = Table::new(&[
        right("ID"),
        right("PARENT"),
        right("THREADS"),
        right("HANDLES"),
        right("FAULTS"),
        right("WORKING SET KB"),
        right("COMMIT KB"),
        ("IMAGE", Align::Left),
    ]);
    for process in processes {
        let number = |number: u32| format!("{number}");
        table.row(alloc::vec![
            number(process.id),
            number(process.parent),
            number(process.threads),
            number(process.handles),
            grouped(process.page_faults.into()),
            kilobytes(process.working_set),
            kilobytes(process.commit),
            process.name,
        ]);
    }
    shell.print(&table.text());
    0
}

pub(super) fn kill<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    let Some(Ok(id)) = line.arguments.first().map(|id| id.parse::<u32>()) else { return usage(shell, "kill") };
    match shell.system.kill(id) {
        Ok(()) => 0,
        Err(error) => shell.fail(&format!("{id}"), error),
    }
}

pub(super) fn address_space<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    let id = match line.arguments.first().map(|id| id.parse::<u32>()) {
        None => shell.system.own_id(),
        Some(Ok(id)) => id,
        Some(Err(_)) => return usage(shell, "vm"),
    };
    let regions = match shell.system.regions(id) {
        Ok(regions) => regions,
        Err(error) => return shell.fail(&format!("{id}"), error),
    };
    let mut table = Table::new(&[
        ("FROM", Align::Left),
        ("TO", Align::Left),
        ("KB", Align::Right),
        ("STATE", Align::Left),
        ("TYPE", Align::Left),
        ("PROTECTION", Align::Left),
    ]);
    let (mut committed, mut reserved) = (0u64, 0u64);
    for region in regions.iter().filter(|region| region.state != FREE) {
        *(if region.state == COMMIT { &mut committed } else { &mut reserved }) += u64::from(region.size);
        table.row(alloc::vec![
            format!("{:08x}", region.base),
            format!("{:08x}", region.base.wrapping_add(region.size) - 1),
            kilobytes(region.size),
            String::from(if region.state == RESERVE { "reserved" } else { "committed" }),
            String::from(kind(region)),
            protection(region),
        ]);
    }
    shell.print(&table.text());
    let (committed, reserved) = (grouped(committed / 1024), grouped(reserved / 1024));
    shell.print(&format!("{committed} KB committed, {reserved} KB reserved\r\n"));
    0
}

fn kind(region: &Region) -> &'static str {
    match region.kind {
        PRIVATE => "private",
        MAPPED => "mapped",
        _ => "image",
    }
}

fn protection(region: &Region) -> String {
    let name = match region.protection & 0xFF {
        0x01 => "no access",
        0x02 => "read",
        0x04 => "read write",
        0x08 => "write copy",
        0x10 => "execute",
        0x20 => "execute read",
        0x40 => "execute read write",
        0x80 => "execute write copy",
        _ => "",
    };
    if region.protection & GUARD != 0 { format!("{name} guard") } else { String::from(name) }
}
