//! The project's gdb commands against the kernel's debugger: gdb stops the machine just before the debugger does, both are asked the
//! same, and what they print must be the same, line by line. They share no code, and gdb reads memory from outside.

mod broken;
mod stopped;

use stopped::{MEMORY, Stopped};

pub(super) use broken::broken;

use super::commands::Commands;
use super::listings;
use crate::error::Result;

type Verdict = std::result::Result<(), String>;

/// What both are asked, without the `!`. 28 is the shell's number, which `.process` chooses.
const QUESTIONS: &str = "\
    vad; vad a0009890 1; vad a000d870 1; vad a0000008; process 0 3; process; thread; pte 400000; \
    pte 401422; pte 405000; pte 11f000; pte 3000000; pte 3001000; pte 3100000; pte 3101000; pte 3301000; \
    pte 3400000; pte 3401000; pte 3420000; pte 3500000; pte 3510000; pte 3600000; pte 3700000; \
    pte 7c801000; pte 7ffdf000; pte 7ffe0000; pte 80000000; pte 80100000; pte 90000000; pte a0000000; \
    pte c0000000; pte c0002008; pte c0600000; pte ffdff000; pte 0; vtop 401422; vtop 80100000; \
    vtop 3410000; pfn 1; pfn 30; pfn 100; pfn 28e; pfn 3fff; memusage; vm; vm 1; ca 3000000; ca 3500000; \
    ca 400000; handle; handle 4 3; ws 0 1; ws 4; peb; peb 5; teb; dlls; dlls 7c800000; pool a0000000; \
    pool a0009890; pool a0003000; pool affff000; address 0; address 10000; address 20000; address 21f000; \
    address 400000; address 401000; address 3000000; address 3100000; address 3300000; address 3303000; \
    address 3400000; address 3402000; address 3510000; address 3600000; address 3700000; address 7c800000; \
    address 7ffde000; address 7ffe0000; address 81234567; address ffffffff; .process 28; vad; pte 400000; \
    peb; ws 0 1";
/// How many they are.
const NUMBER: usize = 87;
/// Fewer lines than these would be no listings.
const LINES: usize = 1_000;
/// VADs of the program and of the shell, and processes.
const ROWS: [usize; 3] = [16, 8, 3];
/// What replaces words, how often, and how many commands that are at least.
const FUZZ: &str = "tests/gdb/fuzz.py";
const ROUNDS: u32 = 40;
const FUZZED: u32 = 1_160;
/// What the kernel's debugger says before why it cannot do something.
const REFUSAL: &str = "kd: ";
/// What is true only for a moment.
const TIMES: [&str; 3] = ["ElapsedTime", "UserTime", "KernelTime"];

/// The questions, without the `!`.
fn questions() -> impl Iterator<Item = &'static str> {
    QUESTIONS.split("; ")
}

/// The questions for gdb, each after the echo of the kernel's.
fn for_gdb() -> Vec<String> {
    let asked = questions().flat_map(|question| [format!("echo kd> {}\\n", kernels(question)), question.to_owned()]);
    asked.chain(["echo kd> end\\n".to_owned()]).collect()
}

/// A question as the kernel's debugger is asked it.
fn kernels(question: &str) -> String {
    if question.starts_with('.') { question.to_owned() } else { format!("!{question}") }
}

/// gdb's commands print what the kernel's debugger prints at the same stop, and the same again from a file of the machine's RAM.
///
/// # Errors
/// What stops the runner itself.
pub(super) fn agree(commands: &Commands) -> Result<Verdict> {
    let script = questions().map(kernels).collect::<Vec<_>>().join("; ");
    let mut stopped = Stopped::start(commands, &script)?;
    let mut lines = for_gdb();
    lines.push(stopped.save());
    let live = match stopped.ask(commands, &lines)? {
        Ok(said) => said,
        problem @ Err(_) => return Ok(problem.map(drop)),
    };
    let mut lines = vec![format!("vadose-dump {MEMORY}")];
    lines.extend(for_gdb());
    let dump = stopped.ask_of_file(commands, &lines)?;
    Ok(judge(&stopped.kernel(), &live).and_then(|()| same("the dump", &sections(&live), &sections(&dump))))
}

/// gdb's commands end whatever stands in a dump: words of what they follow are replaced at random, and no command fails.
///
/// # Errors
/// What stops the runner itself.
pub(super) fn corrupt(commands: &Commands) -> Result<Verdict> {
    let mut stopped = Stopped::start(commands, "!vad")?;
    let save = stopped.save();
    if let problem @ Err(_) = stopped.ask(commands, &[save])? {
        return Ok(problem.map(drop));
    }
    let fuzz = format!("source {}", commands.tree.file(FUZZ).display());
    let said =
        stopped.ask_of_file(commands, &[format!("vadose-dump {MEMORY}"), format!("set $rounds = {ROUNDS}"), fuzz])?;
    let ran = said.lines().find(|line| line.ends_with(" pages, 0 failed")).and_then(|line| line.split(' ').next());
    match ran.and_then(|count| count.parse().ok()) {
        Some(count) if (FUZZED..FUZZED * 2).contains(&count) => Ok(Ok(())),
        _ => Ok(Err(said)),
    }
}

/// The lines after each `kd> `, with the question.
fn sections(text: &str) -> Vec<Vec<String>> {
    let mut sections: Vec<Vec<String>> = Vec::new();
    for line in text.lines() {
        if line.starts_with("kd> ") {
            sections.push(Vec::new());
        }
        if let Some(section) = sections.last_mut() {
            section.push(line.to_owned());
        }
    }
    // What follows the last question is gdb's.
    sections.retain(|section| section[0] != "kd> end");
    sections
}

/// The same without the values of [`TIMES`], and without the kernel's name before what it refuses.
fn timeless(sections: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let cut = |line: String| match TIMES.iter().find(|name| line.trim_start().starts_with(**name)) {
        Some(name) => (*name).to_owned(),
        None => line.strip_prefix(REFUSAL).map(str::to_owned).unwrap_or(line),
    };
    sections.into_iter().map(|section| section.into_iter().map(cut).collect()).collect()
}

fn judge(kernel: &str, gdb: &str) -> Verdict {
    let (told, found) = (timeless(sections(kernel)), timeless(sections(gdb)));
    same("gdb", &told, &found)?;
    let lines: usize = found.iter().map(Vec::len).sum();
    let listings: Vec<&Vec<String>> = found.iter().filter(|section| section[0] == "kd> !vad").collect();
    let rows = |section: &[String], start: &str| section.iter().filter(|line| line.starts_with(start)).count();
    let vads = |at: usize| listings.get(at).map_or(0, |listing| rows(listing, "a"));
    let processes =
        found.iter().find(|section| section[0] == "kd> !process 0 3").map_or(0, |all| rows(all, "PROCESS "));
    let counts = [vads(0), vads(1), processes];
    let shell =
        found.iter().flatten().any(|line| line.starts_with("Implicit process") && line.ends_with("( cmd.exe )"));
    if counts != ROWS || lines < LINES || found.len() != NUMBER || !shell {
        return Err(format!("{counts:?} rows, {lines} lines, {} answers, shell {shell}:\n{gdb}", found.len()));
    }
    listings::vad(gdb, "views.exe")
}

/// Whether `other` said the same.
fn same(other: &str, told: &[Vec<String>], found: &[Vec<String>]) -> Verdict {
    for (one, two) in told.iter().zip(found) {
        if let Some(at) = (0..one.len().max(two.len())).find(|at| one.get(*at) != two.get(*at)) {
            let (first, second) = (one.join("\n"), two.join("\n"));
            return Err(format!("{other} differs in line {at} of:\n{first}\nand\n{second}"));
        }
    }
    if told.len() == found.len() {
        return Ok(());
    }
    Err(format!("{} answers, {other} has {}", told.len(), found.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_differs_is_told_and_times_are_not() {
        let one = "noise\nkd> !vad\na0 1\n    KernelTime  5\nkd> !pte\nx\n";
        let two = "kd> !vad\na0 1\n    KernelTime  6\nkd> !pte\nx\nkd> end\nRemote connection closed\n";
        let compare = |two: &str| same("gdb", &timeless(sections(one)), &timeless(sections(two)));
        assert_eq!(compare(two), Ok(()));
        assert!(compare(&two.replace("a0 1", "a0 2")).unwrap_err().contains("line 1"));
        assert!(compare("kd> !vad\na0 1\n    KernelTime  6\n").unwrap_err().contains("2 answers, gdb has 1"));
        assert!(same("gdb", &sections(one), &sections(two)).is_err());
    }
}
