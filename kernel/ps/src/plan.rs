//! What to run: a list of jobs that travels beside the kernel as a boot module.
//!
//! The format is `key=value` records in UTF-8, each ended by a NUL byte, so that values may hold anything a command line
//! may. `start` begins a job; the keys after it describe it. Nothing is copied: a job's parts point into the module.

use core::fmt;

/// One program to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Job<'a> {
    /// By what name its events are reported.
    pub label: &'a str,
    /// DOS path of the image, `C:\...`.
    pub image: &'a str,
    /// The whole command line; the image's path where it is empty.
    pub command_line: &'a str,
    /// DOS path of the current directory; `C:\` where it is empty.
    pub directory: &'a str,
    /// Whether the next job starts without waiting for this one.
    pub wait: Wait,
    /// What its standard handles are.
    pub console: Console,
    records: &'a str,
}

/// Whether the next job waits for this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wait {
    /// It does.
    #[default]
    ForEnd,
    /// They run beside each other.
    Beside,
}

/// What standard input, output and error are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Console {
    /// Three byte streams.
    #[default]
    Pipes,
    /// The console.
    Console,
}

/// The plan is not what it should be; the text says what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPlan(pub &'static str);

impl fmt::Display for BadPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the plan is unusable: {}", self.0)
    }
}

impl<'a> Job<'a> {
    /// A job that runs `image` at the console.
    pub fn console(image: &'a str) -> Self {
        Self { label: image, image, console: Console::Console, ..Self::default() }
    }

    /// `K=V` settings of the environment, in order.
    pub fn environment(&self) -> impl Iterator<Item = &'a str> {
        records(self.records).filter(|(key, _)| *key == "env").map(|(_, value)| value)
    }
}

/// The jobs of the plan in `module`.
///
/// # Errors
/// [`BadPlan`] where it is not UTF-8, has an unknown key, or a job without an image.
pub fn jobs(module: &[u8]) -> Result<impl Iterator<Item = Job<'_>>, BadPlan> {
    let text = core::str::from_utf8(module).map_err(|_| BadPlan("not UTF-8"))?;
    let known = |key| matches!(key, "start" | "image" | "commandline" | "env" | "directory" | "console" | "background");
    if records(text).any(|(key, _)| !known(key)) {
        return Err(BadPlan("a key that is not known"));
    }
    if parse(text).any(|job| job.image.is_empty()) {
        return Err(BadPlan("a job without an image"));
    }
    Ok(parse(text))
}

fn records(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('\0').filter(|record| !record.is_empty()).map(|record| record.split_once('=').unwrap_or((record, "")))
}

/// The text of each job: from one `start` to the next.
fn parse(text: &str) -> impl Iterator<Item = Job<'_>> {
    let mut rest = text;
    core::iter::from_fn(move || {
        if rest.trim_matches('\0').is_empty() {
            return None;
        }
        let end = rest.get(1..).and_then(|tail| tail.find("\0start=")).map_or(rest.len(), |at| at + 2);
        let (mine, others) = rest.split_at(end);
        rest = others;
        Some(job(mine))
    })
}

fn job(text: &str) -> Job<'_> {
    let mut job = Job { records: text, ..Job::default() };
    for (key, value) in records(text) {
        match key {
            "start" => job.label = value,
            "image" => job.image = value,
            "commandline" => job.command_line = value,
            "directory" => job.directory = value,
            "console" if value == "1" => job.console = Console::Console,
            "background" if value == "1" => job.wait = Wait::Beside,
            _ => {}
        }
    }
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &[u8] = b"start=one\0image=C:\\A.EXE\0commandline=a \"b c\"\0env=X=1\0env=Y=a=b\0start=two\0image=C:\\B.EXE\0background=1\0console=1\0";

    #[test]
    fn jobs_come_apart_and_keep_their_own() {
        let jobs: Vec<_> = jobs(PLAN).expect("sound").collect();
        assert_eq!(jobs.len(), 2);
        assert_eq!((jobs[0].label, jobs[0].image, jobs[0].command_line), ("one", "C:\\A.EXE", "a \"b c\""));
        assert_eq!(jobs[0].environment().collect::<Vec<_>>(), ["X=1", "Y=a=b"]);
        assert_eq!((jobs[0].wait, jobs[0].console), (Wait::ForEnd, Console::Pipes));
        assert_eq!((jobs[1].label, jobs[1].wait, jobs[1].console), ("two", Wait::Beside, Console::Console));
        assert_eq!(jobs[1].environment().count(), 0);
    }

    #[test]
    fn bad_plans_are_refused() {
        assert_eq!(jobs(b"start=x\0").err(), Some(BadPlan("a job without an image")));
        assert_eq!(jobs(b"start=x\0image=y\0what=z\0").err(), Some(BadPlan("a key that is not known")));
        assert_eq!(jobs(&[0xFF]).err(), Some(BadPlan("not UTF-8")));
        assert_eq!(jobs(b"").expect("empty").count(), 0);
    }
}
