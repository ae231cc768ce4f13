//! The plan: the boot module that tells the kernel which programs to run, in order.
//!
//! It is a sequence of `key=value` records in UTF-8, each ended by a NUL byte. `start` opens a job; the records
//! after it describe that job.

use crate::error::{Error, Result};

/// What a job's standard handles are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handles {
    /// Three pipes, carried by the runner's link.
    #[default]
    Pipes,
    /// The console.
    Console,
}

/// Whether the next job waits for this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The next job starts when this one has ended.
    #[default]
    Foreground,
    /// The next job runs beside this one.
    Background,
}

/// One program to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// The name under which the guest reports on it.
    pub label: String,
    /// Full path of the program, such as `C:\hello.exe`.
    pub image: String,
    /// The whole command line, program name included.
    pub command_line: String,
    /// `NAME=value` settings added to the environment.
    pub environment: Vec<String>,
    /// The current directory; the kernel takes `C:\` when it is empty.
    pub directory: String,
    /// What its standard handles are.
    pub handles: Handles,
    /// Whether the next job waits for it.
    pub order: Order,
}

/// Writes the plan module.
///
/// # Errors
/// [`Error::BadInput`] if a value contains a NUL byte, which no record can carry.
pub fn encode(jobs: &[Job]) -> Result<Vec<u8>> {
    let mut plan = Vec::new();
    for job in jobs {
        for (key, value) in records(job) {
            if value.contains('\0') {
                return Err(Error::BadInput(format!("a NUL byte in the {key} of {:?}", job.label)));
            }
            plan.extend_from_slice(format!("{key}={value}\0").as_bytes());
        }
    }
    Ok(plan)
}

fn records(job: &Job) -> Vec<(&'static str, &str)> {
    let mut records = vec![("start", job.label.as_str()), ("image", &job.image), ("commandline", &job.command_line)];
    records.extend(job.environment.iter().map(|setting| ("env", setting.as_str())));
    if !job.directory.is_empty() {
        records.push(("directory", &job.directory));
    }
    if job.handles == Handles::Console {
        records.push(("console", "1"));
    }
    if job.order == Order::Background {
        records.push(("background", "1"));
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_becomes_records_ended_by_nul_bytes() {
        let job = Job {
            label: "demo".into(),
            image: "C:\\a b.exe".into(),
            command_line: "\"C:\\a b.exe\" x=1".into(),
            environment: vec!["A=1".into(), "B=x=y".into()],
            directory: "C:\\data".into(),
            handles: Handles::Console,
            order: Order::Background,
        };
        let expected = "start=demo\0image=C:\\a b.exe\0commandline=\"C:\\a b.exe\" x=1\0env=A=1\0env=B=x=y\0\
                        directory=C:\\data\0console=1\0background=1\0";
        assert_eq!(encode(&[job]).unwrap(), expected.as_bytes());
    }

    #[test]
    fn defaults_are_left_out_and_jobs_follow_each_other() {
        let job = |label: &str| Job { label: label.into(), image: "C:\\p.exe".into(), ..Job::default() };
        let plan = encode(&[job("one"), job("two")]).unwrap();
        let expected = "start=one\0image=C:\\p.exe\0commandline=\0start=two\0image=C:\\p.exe\0commandline=\0";
        assert_eq!(plan, expected.as_bytes());
    }

    #[test]
    fn a_nul_byte_cannot_smuggle_in_a_record() {
        let job = Job { command_line: "x\0start=evil".into(), ..Job::default() };
        assert!(encode(&[job]).is_err());
    }
}
