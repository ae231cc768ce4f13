//! The line to the runner: COM3, with streams and events in frames of their own.
//!
//! A frame is a channel (one byte), a length (two, low first) and so many bytes. Length 0 ends the channel's stream. To the
//! runner: 1 standard output, 2 standard error, 3 events, a line each, 4 what the debugger prints. From it: 0 standard input.

use alloc::collections::VecDeque;
use core::fmt::{self, Write};

use drivers::serial::{Port, Serial};
use ps::{Input, Stream};
use spin::mutex::SpinMutex;

const OUTPUT: u8 = 1;
const ERROR: u8 = 2;
const EVENTS: u8 = 3;
const DEBUGGER: u8 = 4;
const STANDARD_INPUT: u8 = 0;
/// Bytes in a frame at most, far below what its length could say, so that a reader needs no large buffer.
const LONGEST: usize = 0x1000;
const HEADER: usize = 3;
/// Bytes of the last event.
const LONGEST_LINE: usize = 160;

/// Held while a frame is written or bytes are taken.
static LINK: SpinMutex<Option<Link>> = SpinMutex::new(None);

struct Link {
    serial: Serial,
    /// Bytes that have come and have not been looked at.
    arrived: VecDeque<u8>,
    /// The channel of the frame that is coming, and bytes of it that are still to come.
    channel: u8,
    left: usize,
    /// Standard input that nobody has read.
    input: VecDeque<u8>,
    ended: bool,
}

/// Opens the line; whether it is there.
pub fn open() -> bool {
    let serial = Serial::open(Port::Com3);
    let mut link = LINK.lock();
    let nothing = VecDeque::new;
    *link =
        serial.map(|serial| Link { serial, arrived: nothing(), channel: 0, left: 0, input: nothing(), ended: false });
    link.is_some()
}

/// Writes a program's bytes; whether there is a line to write them to.
pub fn write(stream: Stream, bytes: &[u8]) -> bool {
    let channel = match stream {
        // What is written to a console is a program's output to whoever looks on from elsewhere.
        Stream::Output | Stream::Console => OUTPUT,
        Stream::Error => ERROR,
        Stream::Input | Stream::ConsoleInput | Stream::Null | Stream::Log => return false,
    };
    let mut link = LINK.lock();
    let Some(link) = link.as_mut() else { return false };
    bytes.chunks(LONGEST).for_each(|chunk| link.send(channel, chunk));
    true
}

/// Sends an event, where there is a line.
pub fn event(arguments: fmt::Arguments<'_>) {
    let mut link = LINK.lock();
    if let Some(link) = link.as_mut() {
        let mut text = alloc::string::String::new();
        let _ = text.write_fmt(arguments);
        text.push('\n');
        link.send(EVENTS, text.as_bytes());
    }
}

/// Sends the last event of all, if nobody was writing: then the line is in the middle of a frame. Nothing is allocated.
pub fn last_event(arguments: fmt::Arguments<'_>) {
    if let Some(mut link) = LINK.try_lock()
        && let Some(link) = link.as_mut()
    {
        let mut line = Line { bytes: [0; LONGEST_LINE], length: 0 };
        let _ = line.write_fmt(arguments);
        link.send(EVENTS, &line.bytes[..line.length]);
        link.serial.drain();
    }
}

/// Sends what the debugger prints, where there is a line.
pub fn write_debugger(bytes: &[u8]) {
    if let Some(link) = LINK.lock().as_mut() {
        bytes.chunks(LONGEST).for_each(|chunk| link.send(DEBUGGER, chunk));
    }
}

/// Waits until the last frame has left the port.
pub fn drain() {
    if let Some(link) = LINK.lock().as_mut() {
        link.serial.drain();
    }
}

/// Takes standard input; `None` where there is no line.
pub fn read(into: &mut [u8]) -> Option<Input> {
    let mut link = LINK.lock();
    let link = link.as_mut()?;
    link.receive();
    let count = into.len().min(link.input.len());
    for (place, byte) in into.iter_mut().zip(link.input.drain(..count)) {
        *place = byte;
    }
    Some(match count {
        0 if link.ended => Input::End,
        0 => Input::Nothing,
        count => Input::Bytes(count),
    })
}

/// A line that needs no heap; what does not fit is cut off.
struct Line {
    bytes: [u8; LONGEST_LINE],
    length: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for (place, byte) in self.bytes[self.length..].iter_mut().zip(text.bytes()) {
            *place = byte;
            self.length += 1;
        }
        Ok(())
    }
}

impl Link {
    fn send(&mut self, channel: u8, bytes: &[u8]) {
        let [low, high] = (bytes.len() as u16).to_le_bytes();
        self.serial.send_all(&[channel, low, high]);
        self.serial.send_all(bytes);
    }

    /// Takes what has come, whole frames or not.
    fn receive(&mut self) {
        let mut bytes = [0; 64];
        loop {
            let count = self.serial.receive(&mut bytes);
            self.arrived.extend(&bytes[..count]);
            if count == 0 {
                break;
            }
        }
        while self.left > 0 || self.take_header() {
            let count = self.left.min(self.arrived.len());
            let payload = self.arrived.drain(..count);
            match self.channel {
                STANDARD_INPUT => self.input.extend(payload),
                _ => drop(payload),
            }
            self.left -= count;
            if self.left > 0 {
                break;
            }
        }
    }

    /// Takes the header of the next frame, if it has come. The end of the input is a frame without a payload.
    fn take_header(&mut self) -> bool {
        if self.arrived.len() < HEADER {
            return false;
        }
        self.channel = self.arrived[0];
        self.left = usize::from(u16::from_le_bytes([self.arrived[1], self.arrived[2]]));
        self.arrived.drain(..HEADER);
        self.ended |= self.channel == STANDARD_INPUT && self.left == 0;
        true
    }
}
