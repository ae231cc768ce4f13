//! QEMU's machine protocol: a line of JSON each way.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::machine::names;

/// A connection to the monitor of a machine.
#[derive(Debug)]
pub struct Monitor {
    answers: BufReader<UnixStream>,
    commands: UnixStream,
}

impl Monitor {
    /// Connects to the machine whose scratch folder is `folder`.
    ///
    /// # Errors
    /// [`Error::Host`], or what QEMU says.
    pub fn connect(folder: &Path) -> Result<Self> {
        let socket = folder.join(names::MONITOR);
        Self::begin(UnixStream::connect(&socket).map_err(Error::file("connecting to", &socket))?)
    }

    fn begin(commands: UnixStream) -> Result<Self> {
        let answers = commands.try_clone().map_err(Error::host("talking to QEMU"))?;
        let mut monitor = Self { answers: BufReader::new(answers), commands };
        monitor.answer("QMP")?;
        monitor.command(&json!({ "execute": "qmp_capabilities" }))?;
        Ok(monitor)
    }

    /// Has QEMU do something, and waits until it is done.
    ///
    /// # Errors
    /// [`Error::Tool`] with what QEMU says, [`Error::Host`].
    pub fn command(&mut self, command: &Value) -> Result<()> {
        // In one piece: after the last brace of `quit` nobody reads on.
        let line = format!("{command}\n");
        self.commands.write_all(line.as_bytes()).map_err(Error::host("talking to QEMU"))?;
        self.answer("return")
    }

    /// Waits for an answer with the member `wanted`; events come in between.
    fn answer(&mut self, wanted: &str) -> Result<()> {
        let failed = |problem: String| Error::Tool { program: "QEMU".into(), problem };
        loop {
            let mut line = String::new();
            let count = self.answers.read_line(&mut line).map_err(Error::host("listening to QEMU"))?;
            if count == 0 {
                return Err(failed("ended while it was asked for something".into()));
            }
            let answer: Value = serde_json::from_str(&line).map_err(|error| failed(format!("said {line}: {error}")))?;
            if let Some(error) = answer.get("error") {
                return Err(failed(format!("refused: {error}")));
            }
            if answer.get(wanted).is_some() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What asking a QEMU that says `answers` comes to.
    fn ask(answers: &str) -> Result<()> {
        let (here, mut there) = UnixStream::pair().unwrap();
        there.write_all(answers.as_bytes()).unwrap();
        there.shutdown(std::net::Shutdown::Write).unwrap();
        Monitor::begin(here).map(drop)
    }

    #[test]
    fn answers_are_waited_for_between_events() {
        let greeting = "{\"QMP\": {}}\n";
        assert!(ask(&format!("{greeting}{{\"event\": \"RESET\"}}\n{{\"return\": {{}}}}\n")).is_ok());
        for wrong in ["", "{\"error\": {\"desc\": \"no\"}}\n", "rubbish\n", "{\"event\": \"STOP\"}\n"] {
            assert!(ask(&format!("{greeting}{wrong}")).is_err(), "{wrong}");
        }
    }
}
