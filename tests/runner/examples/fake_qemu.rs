//! A stand-in for QEMU in the runner's own tests: it opens the link as QEMU would and plays the guest that
//! `VADOSE_FAKE_GUEST` names.
#![forbid(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::exit;
use std::time::Duration;
use std::{env, fs, thread};

use runner::link::frame::{Channel, encode_data};
use rustix::fs::OFlags;

fn main() -> io::Result<()> {
    if let Ok(marker) = env::var("VADOSE_FAKE_MARKER") {
        fs::write(marker, "started")?;
    }
    let arguments: Vec<String> = env::args().collect();
    let path = arguments.iter().find_map(|argument| argument.strip_prefix("pipe,id=link,path="));
    let Some(path) = path else { exit(0) };
    let open = |side: &str| OpenOptions::new().read(true).write(true).open(format!("{path}.{side}"));
    let mut guest = Guest { input: open("in")?, link: open("out")?, path: format!("{path}.in") };
    match env::var("VADOSE_FAKE_GUEST").unwrap_or_default().as_str() {
        "echo" => guest.echo()?,
        "exception" => guest.end("status=C0000005 kind=exception address=80000000 audit=ok")?,
        "loader" => guest.end("status=C0000139 kind=loader message=a.dll%20lacks%20B audit=ok")?,
        "audit" => guest.end("status=00000000 kind=exit audit=F2%20broken")?,
        "debugger" => guest.debugger(&arguments)?,
        "bugcheck" => guest.bugcheck()?,
        "silent" => thread::sleep(Duration::from_secs(600)),
        "garbage" => guest.link.write_all(b"GRUB loading.")?,
        "truncated" => guest.link.write_all(&[1, 200, 0, b'x'])?,
        "vanish" => exit(0),
        other => panic!("no such guest: {other}"),
    }
    exit(33)
}

struct Guest {
    input: File,
    link: File,
    /// Of its input.
    path: String,
}

impl Guest {
    fn event(&mut self, line: &str) -> io::Result<()> {
        self.link.write_all(&encode_data(Channel::Events, line.as_bytes()))
    }

    fn end(&mut self, fields: &str) -> io::Result<()> {
        self.event("begin label=exec")?;
        self.event("ready tsc=1000")?;
        self.event(&format!("end label=exec {fields} instructions=5 frames_before=1 frames_after=1"))?;
        self.event("done")
    }

    /// Reads standard input to its end, gives it back, and ends with its length. Like a serial port that is not
    /// set up yet, it loses what arrives before its first event.
    fn echo(&mut self) -> io::Result<()> {
        thread::sleep(Duration::from_millis(100));
        let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
        let mut early = OpenOptions::new().read(true).custom_flags(nonblocking).open(&self.path)?;
        let _ = early.read(&mut [0; 16]);
        let mut input = Vec::new();
        self.event("begin label=exec")?;
        loop {
            let mut header = [0; 3];
            self.input.read_exact(&mut header)?;
            assert_eq!(header[0], Channel::StandardInput as u8);
            let mut payload = vec![0; usize::from(u16::from_le_bytes([header[1], header[2]]))];
            self.input.read_exact(&mut payload)?;
            if payload.is_empty() {
                break;
            }
            input.extend(payload);
        }
        self.link.write_all(&encode_data(Channel::StandardOutput, &input))?;
        self.link.write_all(&encode_data(Channel::StandardError, b"to errors\n"))?;
        self.end(&format!("status={:08X} kind=exit audit=ok", input.len()))
    }

    /// Prints the commands of its boot module as the debugger would.
    fn debugger(&mut self, arguments: &[String]) -> io::Result<()> {
        assert!(arguments.iter().any(|modules| modules == "volume,plan,debugger"), "{arguments:?}");
        let said = format!("kd> {}\n", fs::read_to_string("debugger")?);
        self.link.write_all(&encode_data(Channel::Debugger, said.as_bytes()))?;
        self.end("status=00000000 kind=exit audit=ok")
    }

    fn bugcheck(&mut self) -> io::Result<()> {
        fs::write("com1.log", "first line\r\n*** STOP 0000001A\r\n")?;
        self.event("bugcheck code=0000001A p1=00000003")?;
        exit(35)
    }
}
