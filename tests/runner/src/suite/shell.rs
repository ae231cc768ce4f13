//! The shell, driven by scripts: through every command from the disc image, and with programs that it runs.

use std::thread;
use std::time::{Duration, Instant};

use super::terminal::Terminal;
use crate::error::Result;
use crate::machine::names;
use crate::paths::Tree;
use crate::process;

type Verdict = std::result::Result<(), String>;

pub(super) const ROOT: &str = "C:\\>";
/// Programs of `tests/commands` that the shell runs.
const PROGRAMS: [&str; 5] = ["arguments", "control", "copy_input", "large_status", "spin"];
/// How long the screen may take to show an answer, and between two looks at it.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);
/// Columns of the screen, and bytes of a row of it in memory.
const COLUMNS: usize = 80;

/// Every command, keys of the keyboard, and `shutdown` at the end.
///
/// # Errors
/// What stops the runner itself.
pub fn every_command(tree: &Tree) -> Result<Verdict> {
    let folder = process::scratch_folder()?;
    let disk = folder.path().join(names::DISK);
    let mut terminal = Terminal::start(tree, &["run", "--disk", &disk.to_string_lossy(), "--timeout", "240"])?;
    Ok(commands(&mut terminal)
        .and_then(|()| editing(&mut terminal))
        .and_then(|()| live_picture(&mut terminal))
        .and_then(|()| keyboard_and_screen(&mut terminal))
        .and_then(|()| shut_down(terminal)))
}

/// Programs with arguments, beside the shell and ended by it; Ctrl-C; and `reboot` at the end.
///
/// # Errors
/// What stops the runner itself.
pub fn programs(tree: &Tree) -> Result<Verdict> {
    let mut words = vec![String::from("exec"), "--console".into(), "--timeout".into(), "120".into()];
    for program in PROGRAMS {
        let path = tree.built(&format!("commands/{program}.exe"), "guest")?;
        words.extend(["--file".into(), path.to_string_lossy().into_owned()]);
    }
    words.push(tree.built("system32/cmd.exe", "userland")?.to_string_lossy().into_owned());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut terminal = Terminal::start(tree, &words)?;
    Ok(run_programs(&mut terminal)
        .and_then(|()| pipes(&mut terminal))
        .and_then(|()| files(&mut terminal))
        .and_then(|()| interrupt(&mut terminal))
        .and_then(|()| background(&mut terminal))
        .and_then(|()| reboot(terminal)))
}

fn commands(terminal: &mut Terminal) -> Verdict {
    terminal.expect(ROOT)?;
    for (line, answer) in [
        ("ver", "Vadose 0."),
        ("help", "shutdown  switches the machine off"),
        ("help kill", "kill ID"),
        ("dir", "2 folders"),
        ("ls", "WINDOWS\\"),
        ("dir C:\\WINDOWS\\system32\\*.dll", "kernel32.dll"),
        ("dir nosuch", "The system cannot find the file specified."),
        ("echo one  two %OS%", "one  two Windows_NT\n"),
        ("set GREETING=good day", ""),
        ("echo %greeting%", "good day\n"),
        ("set sys", "SystemRoot=C:\\WINDOWS"),
        ("ps", "cmd.exe"),
        ("mem", "commit limit"),
        ("vm", "KB committed"),
        ("maps", "KB committed"),
        ("vm 999", "999: "),
        ("kill", "usage: kill ID"),
        ("kill 999", "The parameter is incorrect."),
        ("time", " UTC, running for "),
        ("type nosuch", "The system cannot find the file specified."),
        ("cat", "usage: type FILE"),
        ("start nosuch", "'nosuch' is not a command"),
        ("nosuch", "'nosuch' is not a command"),
        ("echo %ERRORLEVEL%", "9009\n"),
        ("exit x", "usage: exit"),
        ("samples\\hello", "Hello from ring 3, by way of kernel32 and ntdll."),
        ("cls", "\x1b[2J\x1b[H"),
        ("history", "exit x\nsamples\\hello\ncls\nhistory\n"),
    ] {
        terminal.ask(line, answer, ROOT)?;
    }
    terminal.ask("cd WINDOWS\\system32", "", "C:\\WINDOWS\\system32>")?;
    terminal.ask("type cmd.exe", "MZ", "C:\\WINDOWS\\system32>")?;
    terminal.ask("cd ..", "", "C:\\WINDOWS>")?;
    terminal.ask("cd nosuch", "cannot find the path", "C:\\WINDOWS>")?;
    terminal.ask("cd\\", "", ROOT).map(drop)
}

/// Arrows, history, completion, Ctrl-C.
fn editing(terminal: &mut Terminal) -> Verdict {
    terminal.ask("echo ac\x1b[Db", "\nabc\n", ROOT)?;
    terminal.ask("echo first", "\nfirst\n", ROOT)?;
    terminal.ask("\x1b[A\x1b[A\x1b[B!", "\nfirst!\n", ROOT)?;
    terminal.ask("echo one two\x17three\x1b[H\x1b[3~E", "\none three\n", ROOT)?;
    terminal.ask("dir WIN\t\ts\t", "system32", ROOT)?;
    terminal.ask("hist\t", "echo first!\n", ROOT)?;
    terminal.send("echo never\x03")?;
    terminal.expect("^C\n")?;
    terminal.expect(ROOT)?;
    terminal.ask("echo after", "\nafter\n", ROOT).map(drop)
}

/// `ramview` draws again and again in colours until a key is pressed, which is not the shell's; `vmview` once.
fn live_picture(terminal: &mut Terminal) -> Verdict {
    terminal.send("ramview\r")?;
    terminal.expect("\x1b[2J")?;
    for _ in 0..3 {
        terminal.expect("\x1b[H")?;
        let picture = terminal.expect("K\x1b[0m Kernel")?;
        if !picture.contains("\x1b[41;97mK") || !picture.contains("\x1b[42;97mP\x1b[0m Private") {
            return Err(format!("the picture: {picture}"));
        }
    }
    terminal.send("x")?;
    terminal.expect(ROOT)?;
    terminal.ask("echo typed", "\ntyped\n", ROOT)?;
    // An address space is shown once.
    terminal.ask("vmview", "\x1b[44;97mI\x1b[0m Image", ROOT).map(drop)
}

/// QEMU's monitor presses keys of the PS/2 keyboard, and reads from the memory of the screen what the shell answers.
fn keyboard_and_screen(terminal: &mut Terminal) -> Verdict {
    terminal.ask("cls", "", ROOT)?;
    terminal.enter_monitor()?;
    for key in ["e", "c", "h", "o", "spc", "shift-k", "e", "x", "backspace", "y", "shift-1", "ret"] {
        terminal.command(&format!("sendkey {key}"))?;
    }
    // Monitor and serial port share the terminal: the answer comes between the monitor's words.
    terminal.expect("Key!\n")?;
    let screen = screen_to_prompt(terminal, 3)?;
    terminal.leave_monitor()?;
    match screen.as_slice() {
        [typed, answer, prompt] if typed == "C:\\>echo Key!" && answer == "Key!" && prompt == ROOT => Ok(()),
        other => Err(format!("on the screen: {other:?}")),
    }
}

/// The first `count` rows of the screen, asked of the monitor until the last of them is the prompt: on the serial port that is earlier.
pub(super) fn screen_to_prompt(terminal: &mut Terminal, count: usize) -> std::result::Result<Vec<String>, String> {
    let begun = Instant::now();
    loop {
        let screen = rows(&terminal.command(&format!("xp /{}hx 0xb8000", count * COLUMNS))?);
        if screen.get(count - 1).is_some_and(|row| row == ROOT) || begun.elapsed() > PATIENCE {
            return Ok(screen);
        }
        thread::sleep(PAUSE);
    }
}

/// The rows of text in what the monitor says of the screen's memory: half words with the character in the low byte.
fn rows(dump: &str) -> Vec<String> {
    let cells = dump.split_whitespace().filter_map(|word| u16::from_str_radix(word.strip_prefix("0x")?, 16).ok());
    let text: Vec<char> = cells.map(|cell| char::from(cell as u8)).collect();
    text.chunks_exact(COLUMNS).map(|row| String::from_iter(row).trim_end().to_owned()).collect()
}

fn run_programs(terminal: &mut Terminal) -> Verdict {
    terminal.expect(ROOT)?;
    terminal.ask("set GREETING=from the shell", "", ROOT)?;
    terminal.ask(
        "arguments one  \"two words\" \"say \\\"hi\\\"\"",
        "arguments.exe one  \"two words\" \"say \\\"hi\\\"\"\nfrom the shell\n",
        ROOT,
    )?;
    terminal.ask("\"C:\\arguments.exe\" x", "C:\\arguments.exe x\n", ROOT)?;
    terminal.ask("large_status", "", ROOT)?;
    terminal.ask("echo %ERRORLEVEL%", "\n74630\n", ROOT).map(drop)
}

/// What one writes the other reads, be it a program or the shell itself; a file may stand in for what is typed.
fn pipes(terminal: &mut Terminal) -> Verdict {
    for (line, answer) in [
        ("echo some words | copy_input", "some words\n12 bytes\n"),
        ("arguments to | copy_input 2>&1 | copy_input", "\narguments.exe to\nfrom the shell\n32 bytes\n"),
        ("echo %ERRORLEVEL%", "\n7\n"),
        ("type cmd.exe | copy_input 2>&1 | arguments last", "arguments.exe last\n"),
        ("copy_input <large_status.exe | large_status", ""),
        ("copy_input <nosuch", "nosuch: The system cannot find the file specified."),
        ("nosuch | copy_input", "0 bytes\n"),
        ("copy_input |", "A pipe needs a command on both sides."),
        ("echo in the shell | nosuch", "'nosuch' is not a command"),
    ] {
        terminal.ask(line, answer, ROOT)?;
    }
    Ok(())
}

/// What is written goes to a file, anew or at its end, and is read from it; files are copied and deleted.
fn files(terminal: &mut Terminal) -> Verdict {
    for (line, answer) in [
        ("echo one>notes.txt", ""),
        ("arguments two >>notes.txt", ""),
        ("type notes.txt", "type notes.txt\none\narguments.exe two\nfrom the shell\n"),
        ("echo three>notes.txt", ""),
        ("type notes.txt", "type notes.txt\nthree\n"),
        ("copy_input <notes.txt", "copy_input <notes.txt\nthree\n7 bytes\n"),
        ("copy_input <notes.txt >input.txt 2>&1", ""),
        ("type input.txt", "type input.txt\nthree\n7 bytes\n"),
        ("del input.txt", ""),
        ("copy notes.txt copy.txt", "        1 file(s) copied.\n"),
        ("echo four>>notes.txt", ""),
        ("type notes.txt", "type notes.txt\nthree\nfour\n"),
        ("copy notes.txt nosuch\\copy.txt", "The system cannot find the path specified."),
        ("del notes.txt", ""),
        ("type notes.txt", "The system cannot find the file specified."),
        ("type copy.txt", "type copy.txt\nthree\n"),
        ("del copy.txt", ""),
        ("dir copy.txt", "The system cannot find the file specified."),
    ] {
        terminal.ask(line, answer, ROOT)?;
    }
    Ok(())
}

/// Ctrl-C ends the program and not the shell, after the program's handlers have been asked; where it is typed before the program
/// runs, too.
fn interrupt(terminal: &mut Terminal) -> Verdict {
    terminal.send("spin\r")?;
    terminal.expect("spinning\n")?;
    terminal.ask_with("\x03", "^C\nspin: ended with status C000013A\n", ROOT)?;
    terminal.ask_with("spin\r\x03", "^C\nspin: ended with status C000013A\n", ROOT)?;
    terminal.send("control\r")?;
    terminal.expect("<ready>\n")?;
    terminal.ask_with("\x03", "^C\n<dealt with>\n", "<goes on>\n")?;
    terminal.ask_with("\x03", "^C\n<asked first>\n", "control: ended with status C000013A\n")?;
    terminal.expect(ROOT)?;
    terminal.ask("echo %ERRORLEVEL%", "\n-1073741510\n", ROOT).map(drop)
}

/// A program beside the shell is among the processes until it is ended.
fn background(terminal: &mut Terminal) -> Verdict {
    for start in ["spin &", "start spin"] {
        let told = terminal.ask(start, "]\n", ROOT)?;
        let id = told.rsplit_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(id, _)| id.to_owned());
        let id = id.ok_or_else(|| format!("no number of the process: {told:?}"))?;
        terminal.ask("ps", "spin.exe\n", ROOT)?;
        terminal.ask(&format!("vm {id}"), "KB committed", ROOT)?;
        terminal.ask(&format!("kill {id}"), "", ROOT)?;
        let left = terminal.ask("ps", "cmd.exe\n", ROOT)?;
        if left.contains("spin.exe") {
            return Err(format!("kill left it there: {left}"));
        }
    }
    Ok(())
}

fn reboot(mut terminal: Terminal) -> Verdict {
    terminal.send("reboot\r")?;
    // QEMU is told to end where the machine would start anew; a machine that is switched off ends with 33.
    terminal.expect("the machine ended (status 0) before the program did")?;
    terminal.end().map(drop)
}

pub(super) fn shut_down(mut terminal: Terminal) -> Verdict {
    terminal.send("shutdown\r")?;
    match terminal.end()? {
        Some(0) => Ok(()),
        code => Err(format!("shutdown ended the machine with {code:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screen_is_read_from_the_monitors_words() {
        let cells = "0x0741 ".to_owned() + &"0x0720 ".repeat(COLUMNS - 2) + "0x0742";
        let dump =
            format!("xp /1hx\n00000000000b8000: {cells}\n00000000000b80a0: {}\n(qemu) ", "0x0720 ".repeat(COLUMNS));
        assert_eq!(rows(&dump), [format!("A{}B", " ".repeat(COLUMNS - 2)), String::new()]);
    }
}
