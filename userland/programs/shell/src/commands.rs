//! The commands that the shell carries out itself.

mod changes;
mod files;
mod machine;
mod processes;

use alloc::format;
use alloc::string::String;

use crate::parse::Line;
use crate::shell::{Outcome, Shell};
use crate::system::System;

/// A command.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// What may follow it.
    pub usage: &'static str,
    /// What it does.
    pub help: &'static str,
}

const fn command(name: &'static str, usage: &'static str, help: &'static str) -> Command {
    Command { name, usage, help }
}

/// All of them, by name.
pub const COMMANDS: &[Command] = &[
    command("cat", "FILE...", "the same as type"),
    command("cd", "[/D] [FOLDER]", "shows the current folder, or goes to another, with /D to another drive"),
    command("cls", "", "clears the screen"),
    command("copy", "[/Y] SOURCE [TARGET]", "copies files, and shows how far a large one is"),
    command("del", "[/Q] FILE...", "deletes files"),
    command("dir", "[PATTERN]", "lists files and folders"),
    command("echo", "[TEXT]", "writes text; %NAME% is a variable's value"),
    command("exit", "[STATUS]", "ends the shell"),
    command("help", "[COMMAND]", "shows what there is, or what a command does"),
    command("history", "", "shows the lines typed before"),
    command("kill", "ID", "ends a process"),
    command("ls", "[PATTERN]", "the same as dir, names only"),
    command("maps", "[ID]", "the same as vm"),
    command("mem", "", "shows the memory of the machine"),
    command("mkdir", "FOLDER...", "makes folders, with those that lead there"),
    command("move", "[/Y] SOURCE TARGET", "moves files, or gives a file or folder another name"),
    command("ps", "", "shows all processes"),
    command("reboot", "", "starts the machine anew"),
    command("ren", "FILE NAME", "gives a file another name"),
    command("rmdir", "[/S] [/Q] FOLDER...", "removes folders, with all that is in them after /S"),
    command("set", "[NAME[=VALUE]]", "shows variables, or sets one; an empty value removes it"),
    command("shutdown", "", "switches the machine off"),
    command("start", "PROGRAM [ARGUMENTS]", "runs a program beside the shell, as PROGRAM & does"),
    command("time", "", "shows date and time (UTC), and how long the machine runs"),
    command("type", "FILE...", "writes what is in files"),
    command("ver", "", "shows the version"),
    command("vm", "[ID]", "shows the address space of a process, the shell's own without a number"),
];

/// Carries out `line` if it is a command.
pub fn run<S: System>(shell: &mut Shell<S>, line: &Line) -> Option<Outcome> {
    let status = match line.command.to_ascii_lowercase().as_str() {
        "cat" | "type" => files::write_files(shell, line),
        "cd" | "chdir" => files::change_directory(shell, line),
        "copy" => changes::copy(shell, line),
        "del" | "erase" => changes::delete(shell, line),
        "dir" => files::list(shell, line),
        "ls" => files::list_names(shell, line),
        "cls" => machine::clear(shell),
        "echo" => machine::echo(shell, line),
        "help" | "?" => help(shell, line),
        "history" => machine::history(shell),
        "mem" => machine::memory(shell),
        "md" | "mkdir" => changes::make_directory(shell, line),
        "move" => changes::move_files(shell, line),
        "rd" | "rmdir" => changes::remove_directory(shell, line),
        "ren" | "rename" => changes::rename(shell, line),
        "set" => machine::set(shell, line),
        "time" | "date" => machine::time(shell),
        "ver" => machine::version(shell),
        "shutdown" => machine::shut_down(shell, crate::system::ShutDown::PowerOff),
        "reboot" => machine::shut_down(shell, crate::system::ShutDown::Restart),
        "ps" => processes::list(shell),
        "kill" => processes::kill(shell, line),
        "vm" | "maps" => processes::address_space(shell, line),
        "start" => return Some(start(shell, line)),
        "exit" => return Some(exit(shell, line)),
        drive if is_drive(drive) && line.rest.is_empty() => files::change_drive(shell, &drive.to_ascii_uppercase()),
        _ => return None,
    };
    Some(Outcome::Next(status))
}

/// Whether `command` is a drive's letter with its colon.
fn is_drive(command: &str) -> bool {
    matches!(command.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic())
}

/// Says how a command is used; the status of one that was used wrongly.
fn usage<S: System>(shell: &mut Shell<S>, name: &str) -> u32 {
    if let Some(command) = COMMANDS.iter().find(|command| command.name == name) {
        shell.print(format!("usage: {} {}", command.name, command.usage).trim_end());
        shell.print("\r\n");
    }
    1
}

fn exit<S: System>(shell: &mut Shell<S>, line: &Line) -> Outcome {
    match line.arguments.first().map(|status| status.parse::<i32>()) {
        None => Outcome::Exit(shell.status),
        Some(Ok(status)) => Outcome::Exit(status.cast_unsigned()),
        Some(Err(_)) => Outcome::Next(usage(shell, "exit")),
    }
}

fn start<S: System>(shell: &mut Shell<S>, line: &Line) -> Outcome {
    match line.rest.as_str() {
        "" => Outcome::Next(usage(shell, "start")),
        rest => shell.carry_out(&format!("{rest} &")),
    }
}

fn help<S: System>(shell: &mut Shell<S>, line: &Line) -> u32 {
    let Some(name) = line.arguments.first() else {
        let lines: String =
            COMMANDS.iter().map(|command| format!("  {:<9} {}\r\n", command.name, command.help)).collect();
        shell.print(&lines);
        shell
            .print("A program is run by its name; Ctrl-C ends it. Tab completes, arrows bring earlier lines back.\r\n");
        shell.print("D: goes to drive D:.\r\n");
        shell.print("a | b pipes, <file >file >>file 2>file 2>&1 redirect.\r\n");
        return 0;
    };
    match COMMANDS.iter().find(|command| command.name.eq_ignore_ascii_case(name)) {
        Some(command) => {
            let usage = format!("{} {}", command.name, command.usage);
            shell.print(&format!("{}\r\n  {}\r\n", usage.trim_end(), command.help));
            0
        }
        None => {
            shell.print(&format!("There is no command {name}.\r\n"));
            1
        }
    }
}
