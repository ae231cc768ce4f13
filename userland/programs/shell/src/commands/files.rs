//! Files and folders.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use terminal::screen::COLUMNS;

use super::usage;
use crate::error::Win32Error;
use crate::parse::Line;
use crate::shell::Shell;
use crate::system::{File, System};
use crate::table::{Align, Table, grouped, side_by_side};
use crate::time;

/// The files that the arguments describe: those of a folder where they name one, of the current one without any.
fn listed<S: System>(shell: &mut Shell<S>, line: &Line) -> Result<Vec<File>, (String, Win32Error)> {
    let pattern = line.arguments.first().cloned().unwrap_or_default();
    let is_folder = |attributes: u32| attributes & 0x10 != 0;
    let ends = pattern.ends_with(['\\', '/']);
    let wanted = match pattern.as_str() {
        "" => String::from("*"),
        _ if ends => format!("{pattern}*"),
        _ if shell.system.attributes(&pattern).is_some_and(is_folder) => format!("{pattern}\\*"),
        _ => pattern.clone(),
    };
    match shell.system.list(&wanted) {
        // A folder with nothing in it.
        Err(Win32Error::FILE_NOT_FOUND) if wanted != pattern => Ok(Vec::new()),
        result => result.map_err(|error| (pattern, error)),
    }
}

pub(super) fn list<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    let files = match listed(shell, line) {
        Ok(files) => files,
        Err((what, error)) => return shell.fail(&what, error),
    };
    let mut table = Table::new(&[("WRITTEN", Align::Left), ("BYTES", Align::Right), ("NAME", Align::Left)]);
    for file in &files {
        let size = if file.is_folder() { String::from("<DIR>") } else { grouped(file.size) };
        let written = if file.written == 0 { String::new() } else { time::minutes(file.written) };
        table.row(alloc::vec![written, size, file.name.clone()]);
    }
    shell.print(&table.text());
    let folders = files.iter().filter(|file| file.is_folder()).count();
    let bytes: u64 = files.iter().map(|file| file.size).sum();
    let free = shell
        .system
        .free_bytes(line.arguments.first().map_or("", String::as_str))
        .map_or(String::new(), |free| format!(", {} bytes free", grouped(free)));
    let count = files.len() - folders;
    shell.print(&format!("{count} files with {} bytes, {folders} folders{free}\r\n", grouped(bytes)));
    0
}

pub(super) fn list_names<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    match listed(shell, line) {
        Ok(files) => {
            let name = |file: &File| if file.is_folder() { format!("{}\\", file.name) } else { file.name.clone() };
            let names: Vec<String> = files.iter().filter(|file| !file.name.starts_with('.')).map(name).collect();
            shell.print(&side_by_side(&names, COLUMNS));
            0
        }
        Err((what, error)) => shell.fail(&what, error),
    }
}

pub(super) fn change_directory<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    if line.rest.is_empty() {
        let directory = shell.system.current_directory();
        shell.print(&format!("{directory}\r\n"));
        return 0;
    }
    // A path may have spaces without quotes here, as on Windows.
    let rest = line.rest.replace('"', "");
    let (path, switches) = match rest.split_at_checked(2) {
        Some((switch, path)) if switch.eq_ignore_ascii_case("/d") => (path.trim(), true),
        _ => (rest.trim_end(), false),
    };
    let before = shell.system.current_directory();
    let mut changed = enter(shell, path);
    // Another drive's folder is where that begins; the shell stays.
    if changed.is_ok() && !switches && drive_of(&shell.system.current_directory()) != drive_of(&before) {
        changed = enter(shell, &before);
    }
    match changed {
        Ok(()) => 0,
        // That there is no such folder is no matter of a file.
        Err(Win32Error::FILE_NOT_FOUND) => shell.fail("", Win32Error::PATH_NOT_FOUND),
        Err(error) => shell.fail("", error),
    }
}

/// Goes to another drive, at the folder that was the current one there last.
pub(super) fn change_drive<S: System>(shell: &mut Shell<S>, drive: &str) -> u32 {
    // That folder may be gone.
    match enter(shell, drive).or_else(|_| enter(shell, &format!("{drive}\\"))) {
        Ok(()) => 0,
        Err(_) => shell.fail("", Win32Error::INVALID_DRIVE),
    }
}

fn drive_of(path: &str) -> Option<char> {
    path.chars().next().map(|letter| letter.to_ascii_uppercase())
}

/// Makes `path` the current folder, and the one where its drive begins for all who run after this.
fn enter<S: System>(shell: &mut Shell<S>, path: &str) -> Result<(), Win32Error> {
    shell.system.change_directory(path)?;
    let current = shell.system.current_directory();
    match drive_of(&current) {
        Some(drive) => shell.system.set_variable(&format!("={drive}:"), Some(&current)),
        None => Ok(()),
    }
}

pub(super) fn write_files<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    if line.arguments.is_empty() {
        return usage(shell, "type");
    }
    let mut status = 0;
    for path in &line.arguments {
        let mut last = b'\n';
        let written = shell.system.read_file(path, &mut |system: &mut S, bytes| {
            system.write(bytes);
            last = bytes.last().copied().unwrap_or(last);
            true
        });
        match written {
            Ok(()) if last != b'\n' => shell.print("\r\n"),
            Ok(()) => {}
            Err(error) => status = shell.fail(path, error),
        }
    }
    status
}
