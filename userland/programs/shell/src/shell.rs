//! The shell itself: reads lines and carries them out, until it is told to stop.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::commands;
use crate::error::Win32Error;
use crate::parse::{Line, expand, parse};
use crate::prompt::{Prompt, Read};
use crate::redirection::stages;
use crate::system::{Ran, System, Wait};

/// Status of a command that was not found, as Windows's shell has it.
pub(crate) const NOT_FOUND: u32 = 9009;
const EXTENSIONS: &str = ".COM;.EXE";

/// What a command leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The next line, with this as `%ERRORLEVEL%`.
    Next(u32),
    /// The end of the shell with this status.
    Exit(u32),
}

/// The shell.
pub struct Shell<S> {
    /// What it runs on.
    pub system: S,
    /// What reads its lines.
    pub prompt: Prompt,
    /// `%ERRORLEVEL%`.
    pub status: u32,
}

impl<S: System> Shell<S> {
    /// A shell that has read nothing.
    pub fn new(system: S) -> Self {
        Self { system, prompt: Prompt::default(), status: 0 }
    }

    /// Reads and carries out lines until `exit` or the end of the input; the shell's own status.
    pub fn run(&mut self) -> u32 {
        self.print("Vadose\r\nType help for the commands.\r\n\r\n");
        loop {
            let prompt = format!("{}>", self.system.current_directory());
            match self.prompt.read(&mut self.system, &prompt) {
                Read::Line(line) => match self.carry_out(&line) {
                    Outcome::Next(status) => self.status = status,
                    Outcome::Exit(status) => return status,
                },
                Read::Interrupted => {}
                Read::End => return self.status,
            }
        }
    }

    /// Carries out one command; its status.
    pub fn run_command(&mut self, text: &str) -> u32 {
        match self.carry_out(text) {
            Outcome::Next(status) | Outcome::Exit(status) => status,
        }
    }

    /// Carries out one line.
    pub fn carry_out(&mut self, text: &str) -> Outcome {
        let (system, status) = (&mut self.system, self.status);
        let text = expand(text, |name| match name.to_ascii_uppercase().as_str() {
            "ERRORLEVEL" => Some(format!("{}", status as i32)),
            "CD" => Some(system.current_directory()),
            _ => system.variable(name),
        });
        match stages(&text) {
            Ok(stages) if stages.len() > 1 || stages[0].targets != [None, None, None] => {
                return self.run_stages(&stages);
            }
            Ok(_) => {}
            Err(problem) => {
                self.print(&format!("{}\r\n", problem.text()));
                return Outcome::Next(1);
            }
        }
        let Some(line) = parse(&text) else { return Outcome::Next(self.status) };
        commands::run(self, &line).unwrap_or_else(|| Outcome::Next(self.run_program(&line)))
    }

    /// Writes text.
    pub fn print(&mut self, text: &str) {
        self.system.write(text.as_bytes());
    }

    /// Says why something failed; the status of a command that failed.
    pub fn fail(&mut self, what: &str, error: Win32Error) -> u32 {
        let text = error.text();
        self.print(&if what.is_empty() { format!("{text}\r\n") } else { format!("{what}: {text}\r\n") });
        1
    }

    fn run_program(&mut self, line: &Line) -> u32 {
        let Some(image) = self.find_program(&line.command) else {
            let name = &line.command;
            self.print(&format!("'{name}' is not a command, and no program of that name was found.\r\n"));
            return NOT_FOUND;
        };
        let quoted = if image.contains(' ') { format!("\"{image}\"") } else { image.clone() };
        let command_line = format!("{quoted} {}", line.rest);
        let wait = if line.background { Wait::No } else { Wait::ForEnd };
        match self.system.run(&image, command_line.trim_end(), wait) {
            Ok(Ran::Ended(status)) => {
                if status >> 30 == 3 {
                    self.print(&format!("{}: ended with status {status:08X}\r\n", line.command));
                }
                status
            }
            Ok(Ran::Running(id)) => {
                self.print(&format!("[{id}]\r\n"));
                0
            }
            Err(error) => self.fail(&line.command, error),
        }
    }

    /// The file of the program called `name`: in the current directory, then in those of `PATH`, with the extensions of
    /// `PATHEXT`.
    pub fn find_program(&mut self, name: &str) -> Option<String> {
        let extensions = self.system.variable("PATHEXT").unwrap_or_else(|| String::from(EXTENSIONS));
        let path = self.system.variable("PATH").unwrap_or_default();
        let mut folders: Vec<&str> = alloc::vec![""];
        if !name.contains(['\\', '/', ':']) {
            folders.extend(path.split(';').filter(|folder| !folder.is_empty()));
        }
        for folder in folders {
            let separator = if folder.is_empty() || folder.ends_with('\\') { "" } else { "\\" };
            let plain = format!("{folder}{separator}{name}");
            let has_extension = name.rsplit(['\\', '/']).next().is_some_and(|name| name.contains('.'));
            let with = extensions.split(';').map(|extension| format!("{plain}{}", extension.to_ascii_lowercase()));
            let candidates = has_extension.then(|| plain.clone()).into_iter().chain(with);
            for candidate in candidates.collect::<Vec<String>>() {
                if self.system.attributes(&candidate).is_some_and(|attributes| attributes & 0x10 == 0) {
                    return Some(candidate);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;

    fn run(lines: &str) -> (u32, String) {
        let mut shell = Shell::new(Fake::typing(lines.as_bytes()));
        let status = shell.run();
        (status, shell.system.output())
    }

    #[test]
    fn programs_are_found_on_the_path_and_their_status_is_kept() {
        let (status, output) = run("hello a \"b c\"\recho %ERRORLEVEL%\rhello\rexit\r");
        assert!(output.contains("<C:\\WINDOWS\\system32\\hello.exe a \"b c\" waited>"), "{output}");
        assert!(output.contains("\r\n3\r\n"), "{output}");
        assert_eq!(status, 3);
    }

    #[test]
    fn an_ampersand_does_not_wait() {
        let (_, output) = run("hello.exe &\r");
        assert!(output.contains("hello.exe beside>") && output.contains("[99]"), "{output}");
    }

    #[test]
    fn what_is_not_found_says_so() {
        let (status, output) = run("nosuch\r");
        assert!(output.contains("'nosuch' is not a command"), "{output}");
        assert_eq!(status, 9009);
    }

    #[test]
    fn one_command_needs_no_prompt() {
        let mut shell = Shell::new(Fake::typing(b""));
        assert_eq!(
            (shell.run_command("hello x"), shell.run_command("exit 5"), shell.run_command("nosuch")),
            (3, 5, NOT_FOUND)
        );
        assert!(!shell.system.output().contains("Vadose"), "{}", shell.system.output());
    }

    #[test]
    fn exit_gives_its_status() {
        assert_eq!(run("exit 7\recho no\r").0, 7);
        assert_eq!(run("").0, 0);
    }
}
