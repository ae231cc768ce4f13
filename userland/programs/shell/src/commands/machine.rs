//! The machine, the screen, and the shell's own things.

use alloc::format;
use alloc::string::String;

use crate::parse::Line;
use crate::shell::Shell;
use crate::system::{ShutDown, System};
use crate::table::{Align, Table, grouped};
use crate::time;

pub(super) fn clear<S: System>(shell: &mut Shell<S>) -> u32 {
    shell.print("\x1b[2J\x1b[H");
    0
}

pub(super) fn echo<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    shell.print(&format!("{}\r\n", line.rest));
    0
}

pub(super) fn version<S: System>(shell: &mut Shell<S>) -> u32 {
    shell.print(concat!("Vadose ", env!("CARGO_PKG_VERSION"), ", a Windows NT 5.1 to its programs\r\n"));
    0
}

pub(super) fn history<S: System>(shell: &mut Shell<S>) -> u32 {
    let lines: String = shell.prompt.history().map(|line| format!("{line}\r\n")).collect();
    shell.print(&lines);
    0
}

pub(super) fn time<S: System>(shell: &mut Shell<S>) -> u32 {
    let (now, running) = shell.system.now();
    shell.print(&format!("{} UTC, running for {}.{} s\r\n", time::seconds(now), running / 1000, running % 1000 / 100));
    0
}

pub(super) fn memory<S: System>(shell: &mut Shell<S>) -> u32 {
    let memory = match shell.system.memory() {
        Ok(memory) => memory,
        Err(error) => return shell.fail("", error),
    };
    let mut table = Table::new(&[("", Align::Left), ("PAGES", Align::Right), ("KB", Align::Right)]);
    let mut row = |name: &str, pages: u32| {
        let kilobytes = u64::from(pages) * u64::from(memory.page_size) / 1024;
        table.row(alloc::vec![String::from(name), grouped(pages.into()), grouped(kilobytes)]);
    };
    row("physical", memory.total);
    row("available", memory.available);
    row("in use", memory.total.saturating_sub(memory.available));
    row("committed", memory.committed);
    row("commit limit", memory.commit_limit);
    row("commit peak", memory.commit_peak);
    row("nonpaged pool", memory.pool);
    shell.print(&table.text());
    shell.print(&format!("{} page faults\r\n", grouped(memory.page_faults.into())));
    0
}

pub(super) fn set<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    let Some((name, value)) = line.rest.split_once('=') else {
        let start = line.rest.trim().to_ascii_uppercase();
        let variables = shell.system.variables();
        let wanted = variables.iter().filter(|(name, _)| name.to_ascii_uppercase().starts_with(&start));
        let lines: String = wanted.map(|(name, value)| format!("{name}={value}\r\n")).collect();
        if lines.is_empty() {
            return shell.fail(&line.rest, crate::error::Win32Error(203));
        }
        shell.print(&lines);
        return 0;
    };
    let value = (!value.is_empty()).then_some(value);
    match shell.system.set_variable(name.trim(), value) {
        Ok(()) => 0,
        Err(error) => shell.fail(name, error),
    }
}

pub(super) fn shut_down<S: System>(shell: &mut Shell<S>, how: ShutDown) -> u32 {
    let error = shell.system.shut_down(how);
    shell.fail("", error)
}
