//! Streams of programs: pipes between them, files in their place. What the shell needs of the system for that.

use crate::error::Win32Error;

/// One end of a pipe, or an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream(pub u32);

/// A program that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// What is waited for.
    pub process: u32,
    /// Its number.
    pub id: u32,
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// To be read.
    Read,
    /// To be written from its start, whatever it had.
    Create,
    /// To be written behind what it has.
    Append,
}

/// The system, as far as streams go. Errors are Win32's.
pub trait Streams {
    /// A pipe: the end to read from, and the one to write to.
    ///
    /// # Errors
    /// Win32's.
    fn pipe(&mut self) -> Result<(Stream, Stream), Win32Error>;
    /// Opens a file.
    ///
    /// # Errors
    /// Win32's.
    fn open(&mut self, path: &str, opening: Opening) -> Result<Stream, Win32Error>;
    /// Closes a stream.
    fn close(&mut self, stream: Stream);
    /// Where what the shell itself writes goes from now on; to its own output without one.
    fn redirect(&mut self, output: Option<Stream>);
    /// Starts a program with these as standard input, output and error; the shell's own where there is none.
    ///
    /// # Errors
    /// Win32's.
    fn start(&mut self, image: &str, command_line: &str, streams: [Option<Stream>; 3]) -> Result<Running, Win32Error>;
    /// Waits for the end of a program, which has the console meanwhile; its status.
    fn finish(&mut self, program: Running) -> u32;
}
