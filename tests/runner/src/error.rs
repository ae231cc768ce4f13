//! What can go wrong on the host, each kind with the exit code that `exec` gives for it.

use std::io;
use std::path::{Path, PathBuf};

use crate::link::LinkError;

/// Exit code of `exec` when the runner itself failed.
pub const RUNNER_FAILED: u8 = 123;
/// Exit code of `exec` when the time-out ended the run.
pub const TIMED_OUT: u8 = 124;
/// Exit code of `exec` after a bugcheck, a failed audit or a machine that stopped by itself.
pub const KERNEL_FAILED: u8 = 125;
/// Exit code of `exec` for bad input; nothing was booted.
pub const BAD_INPUT: u8 = 126;
/// Exit code of `exec` when the guest's loader refused the program.
pub const LOADER_REFUSED: u8 = 127;
/// Exit code of `exec` when an unhandled exception ended the program.
pub const EXCEPTION: u8 = 134;

/// A failure on the host.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the user named cannot be used.
    #[error("{0}")]
    BadInput(String),
    /// A file that `make` builds is not there.
    #[error("{} is not built yet: run `make {target}`", path.display())]
    Unbuilt {
        /// The absent file.
        path: PathBuf,
        /// The make target that builds it.
        target: &'static str,
    },
    /// An operation of the host's operating system failed.
    #[error("{doing}: {source}")]
    Host {
        /// What was being done, as a phrase.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
    /// The bytes on the serial link are not what the protocol allows.
    #[error("the link to the guest broke: {0}")]
    Link(#[from] LinkError),
    /// A tool that the runner started failed.
    #[error("{program}: {problem}")]
    Tool {
        /// The tool.
        program: String,
        /// What it did, with its own last words.
        problem: String,
    },
    /// A checked-in or generated file does not say what it should.
    #[error("{}: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The user pressed Ctrl-C or the runner was asked to end.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// The exit code of `exec` for this failure.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::BadInput(_) => BAD_INPUT,
            _ => RUNNER_FAILED,
        }
    }

    /// Wraps an operating system error with what was being done.
    pub fn host(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Host { doing, source }
    }

    /// Wraps an operating system error about one file.
    pub fn file<'a>(doing: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::Host { doing: format!("{doing} {}", path.display()), source }
    }
}

/// The result of an operation on the host.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bad_input_has_the_code_that_promises_no_boot() {
        assert_eq!(Error::BadInput("x".into()).exit_code(), BAD_INPUT);
        assert_eq!(Error::Interrupted.exit_code(), RUNNER_FAILED);
        assert_eq!(Error::host("reading")(io::Error::other("x")).exit_code(), RUNNER_FAILED);
    }
}
