//! Lines with pipes and redirections.
//!
//! The last program is started first, so that whoever writes into a pipe has a reader. A command of the shell itself writes from
//! here, and reads nothing.

use alloc::format;
use alloc::vec::Vec;

use crate::commands;
use crate::error::Win32Error;
use crate::parse::{Line, parse};
use crate::redirection::{Stage, Target};
use crate::shell::{NOT_FOUND, Outcome, Shell};
use crate::streams::{Running, Stream};
use crate::system::System;

/// What became of a stage.
enum Part {
    Running(Running),
    Done(u32),
}

impl<S: System> Shell<S> {
    /// Carries out a line of several stages, or one with redirections; the status is that of the last stage.
    pub(crate) fn run_stages(&mut self, stages: &[Stage]) -> Outcome {
        let ends = match self.make_pipes(stages.len() - 1) {
            Ok(ends) => ends,
            Err(error) => return Outcome::Next(self.fail("", error)),
        };
        let mut parts: Vec<Part> = Vec::new();
        for (index, stage) in stages.iter().enumerate().rev() {
            let input = index.checked_sub(1).map(|before| ends[before].0);
            let output = ends.get(index).map(|(_, writer)| *writer);
            let part = self.run_stage(stage, input, output);
            // The shell's own ends go as soon as the stage has its own: a pipe ends with its last writer.
            [input, output].into_iter().flatten().for_each(|stream| self.system.close(stream));
            parts.push(part);
        }
        let mut status = 0;
        for part in parts.into_iter().rev() {
            status = match part {
                Part::Running(program) => self.system.finish(program),
                Part::Done(status) => status,
            };
        }
        Outcome::Next(status)
    }

    fn make_pipes(&mut self, count: usize) -> Result<Vec<(Stream, Stream)>, Win32Error> {
        let mut ends: Vec<(Stream, Stream)> = Vec::new();
        for _ in 0..count {
            match self.system.pipe() {
                Ok(pipe) => ends.push(pipe),
                Err(error) => {
                    ends.into_iter()
                        .flat_map(|(reader, writer)| [reader, writer])
                        .for_each(|end| self.system.close(end));
                    return Err(error);
                }
            }
        }
        Ok(ends)
    }

    fn run_stage(&mut self, stage: &Stage, input: Option<Stream>, output: Option<Stream>) -> Part {
        let Some(line) = parse(&stage.text) else { return Part::Done(0) };
        let mut opened = Vec::new();
        let mut streams = [input, output, None];
        for (index, target) in stage.targets.iter().enumerate() {
            let Some(Target::File(name, opening)) = target else { continue };
            match self.system.open(name, *opening) {
                Ok(stream) => {
                    opened.push(stream);
                    streams[index] = Some(stream);
                }
                Err(error) => {
                    opened.into_iter().for_each(|stream| self.system.close(stream));
                    return Part::Done(self.fail(name, error));
                }
            }
        }
        if stage.targets[2] == Some(Target::Output) {
            streams[2] = streams[1];
        }
        let part = self.run_with(&line, streams);
        opened.into_iter().for_each(|stream| self.system.close(stream));
        part
    }

    fn run_with(&mut self, line: &Line, streams: [Option<Stream>; 3]) -> Part {
        self.system.redirect(streams[1]);
        let command = commands::run(self, line);
        self.system.redirect(None);
        match command {
            // A shell does not end in the middle of a line.
            Some(Outcome::Next(status) | Outcome::Exit(status)) => return Part::Done(status),
            None => {}
        }
        let Some(image) = self.find_program(&line.command) else {
            let name = &line.command;
            self.print(&format!("'{name}' is not a command, and no program of that name was found.\r\n"));
            return Part::Done(NOT_FOUND);
        };
        let quoted = if image.contains(' ') { format!("\"{image}\"") } else { image.clone() };
        match self.system.start(&image, format!("{quoted} {}", line.rest).trim_end(), streams) {
            Ok(program) => Part::Running(program),
            Err(error) => Part::Done(self.fail(&line.command, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Shell;
    use crate::fake::Fake;
    use crate::shell::Outcome::Next;

    fn output(line: &str) -> (crate::shell::Outcome, String) {
        let mut shell = Shell::new(Fake::typing(b""));
        let outcome = shell.carry_out(line);
        assert_eq!(shell.system.open_streams(), 0, "{line}: streams left open");
        (outcome, shell.system.output())
    }

    #[test]
    fn the_reader_starts_first_and_gets_what_the_command_writes() {
        let (outcome, said) = output("echo some text | hello -x");
        assert_eq!(outcome, Next(3));
        assert!(said.contains("<start C:\\WINDOWS\\system32\\hello.exe -x: pipe own own>"), "{said}");
        assert!(said.find("<start").unwrap() < said.find("pipe gets some text").unwrap(), "{said}");
    }

    #[test]
    fn files_take_the_place_of_streams() {
        let (_, said) = output("hello <hello.txt >out.txt 2>&1");
        assert!(said.contains(": Read:hello.txt Create:out.txt Create:out.txt>"), "{said}");
        let (outcome, said) = output("ver >>log.txt");
        assert_eq!(outcome, Next(0));
        assert!(said.contains("Append:log.txt gets Vadose"), "{said}");
    }

    #[test]
    fn what_cannot_be_is_said_and_leaves_nothing_open() {
        assert_eq!(output("hello <nosuch.txt").0, Next(1));
        assert_eq!(output("nosuch | hello").0, Next(3));
        assert_eq!(output("hello | nosuch").0, Next(9009));
        let (outcome, said) = output("hello |");
        assert!(outcome == Next(1) && said.contains("A pipe needs a command"), "{said}");
        let (outcome, said) = output("hello >");
        assert!(outcome == Next(1) && said.contains("needs a file"), "{said}");
    }
}
