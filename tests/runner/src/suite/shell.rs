//! The shell of `run`, driven by a script through every command.

use super::terminal::Terminal;
use crate::error::Result;
use crate::paths::Tree;

type Verdict = std::result::Result<(), String>;

const ROOT: &str = "C:\\>";

/// Every command, and `shutdown` at the end.
///
/// # Errors
/// What stops the runner itself.
pub fn every_command(tree: &Tree) -> Result<Verdict> {
    let mut terminal = Terminal::start(tree, &["run", "--timeout", "240"])?;
    Ok(commands(&mut terminal).and_then(|()| editing(&mut terminal)).and_then(|()| shut_down(terminal)))
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
        ("cls", "\x1b[2J\x1b[H"),
        ("history", "echo %ERRORLEVEL%\nexit x\ncls\nhistory\n"),
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
    terminal.ask("dir WIN\t\t", "system32", ROOT)?;
    terminal.ask("hist\t", "echo first!\n", ROOT)?;
    terminal.send("echo never\x03")?;
    terminal.expect("^C\n")?;
    terminal.expect(ROOT)?;
    terminal.ask("echo after", "\nafter\n", ROOT).map(drop)
}

fn shut_down(mut terminal: Terminal) -> Verdict {
    terminal.send("shutdown\r")?;
    match terminal.end()? {
        Some(0) => Ok(()),
        code => Err(format!("shutdown ended the machine with {code:?}")),
    }
}
