//! The console's input: keys wait until a program reads, as characters, as lines, or as they are.
//!
//! In cooked mode (`ENABLE_LINE_INPUT`) the user edits the line here: arrows, Home and End, Backspace, Delete and Insert,
//! Escape, Ctrl with arrows, earlier lines with Up, Down, F3 and F8. Enter ends it with CR LF. What was typed before a program
//! reads is not echoed until it does. In raw mode each key that types something is a character at once. Where input is
//! processed, Ctrl-C is not a character but a signal.
//!
//! Source: behaviour of XP's console; the mode bits of `wincon.h`.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::editor::{Edit, Editor};
use crate::history::History;
use crate::key::{Key, virtual_key};

/// Mode of input: Ctrl-C is a signal, and Backspace and Enter are treated as such.
pub const ENABLE_PROCESSED_INPUT: u32 = 0x1;
/// Mode of input: reads wait for whole lines.
pub const ENABLE_LINE_INPUT: u32 = 0x2;
/// Mode of input: lines are shown as they are typed.
pub const ENABLE_ECHO_INPUT: u32 = 0x4;
/// Mode of output: control characters act.
pub const ENABLE_PROCESSED_OUTPUT: u32 = 0x1;
/// Mode of output: long lines go on in the next row.
pub const ENABLE_WRAP_AT_EOL_OUTPUT: u32 = 0x2;
/// Mode of input: what the mouse does is input too.
pub const ENABLE_MOUSE_INPUT: u32 = 0x10;
/// Mode of input: [`EXTENDED_MODES`] are meant.
pub const ENABLE_EXTENDED_FLAGS: u32 = 0x80;
/// Bits of the input mode that each call sets: processing, lines, echo, window, mouse.
const INPUT_MODES: u32 = 0x1F;
/// Those that stay as they are unless [`ENABLE_EXTENDED_FLAGS`] is given: inserting, quick editing, the window's place.
const EXTENDED_MODES: u32 = 0x160;
/// What the mode is until somebody sets it.
const COOKED: u32 = ENABLE_PROCESSED_INPUT | ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT | ENABLE_MOUSE_INPUT;

/// Keys that wait at most; what is typed beyond is lost.
pub const MOST_KEYS: usize = 4096;
/// Lines of the history.
const HISTORY: usize = 50;
const CONTROL_C: u16 = 3;
const F3: u16 = virtual_key::F1 + 2;
const F8: u16 = virtual_key::F1 + 7;

/// What a key did beside waiting to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C: the programs of the foreground are to end.
    Interrupt,
}

/// What waits to be read.
#[doc(alias = "INPUT_RECORD")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key, and how often it was pressed.
    Key(Key, u16),
    /// What a program wrote that is no key: its kind and what it says.
    Other(u16, [u8; 16]),
}

/// The input of a console.
#[derive(Debug)]
pub struct Console {
    input_mode: u32,
    /// 0 until somebody sets them.
    extended_mode: u32,
    output_mode: u32,
    events: VecDeque<Event>,
    /// The line that is being typed for a read that waits.
    line: Option<Editor>,
    /// Units of a line that has been typed and that nobody has read.
    ready: VecDeque<u16>,
    history: History,
    ended: bool,
}

impl Console {
    /// A console in cooked mode.
    pub const fn new() -> Self {
        Self {
            input_mode: COOKED,
            extended_mode: 0,
            output_mode: ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT,
            events: VecDeque::new(),
            line: None,
            ready: VecDeque::new(),
            history: History::new(HISTORY),
            ended: false,
        }
    }

    /// How input is treated.
    pub fn input_mode(&self) -> u32 {
        self.input_mode | self.extended_mode
    }

    /// How output is treated.
    pub fn output_mode(&self) -> u32 {
        self.output_mode
    }

    /// Sets how input is treated; whether it makes sense: an echo without lines does not.
    pub fn set_input_mode(&mut self, mode: u32) -> bool {
        let echo_alone = mode & (ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT) == ENABLE_ECHO_INPUT;
        let sound = mode & !(INPUT_MODES | EXTENDED_MODES | ENABLE_EXTENDED_FLAGS) == 0 && !echo_alone;
        if sound {
            self.input_mode = mode & INPUT_MODES;
            if mode & ENABLE_EXTENDED_FLAGS != 0 {
                self.extended_mode = mode & !INPUT_MODES;
            }
        }
        sound
    }

    /// Sets how output is treated; whether the mode exists.
    pub fn set_output_mode(&mut self, mode: u32) -> bool {
        let sound = mode & !(ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT) == 0;
        if sound {
            self.output_mode = mode;
        }
        sound
    }

    fn is_interrupt(&self, key: &Key) -> bool {
        self.input_mode & ENABLE_PROCESSED_INPUT != 0 && key.character == CONTROL_C && key.is_control()
    }

    /// Takes a key from the keyboard or the terminal.
    pub fn push(&mut self, key: Key) -> Option<Signal> {
        if self.is_interrupt(&key) {
            return key.is_down.then_some(Signal::Interrupt);
        }
        self.write(Event::Key(key, 1));
        None
    }

    /// Takes a Ctrl-C from among the keys that wait where input is processed now: it was typed before that was so.
    pub fn take_signal(&mut self) -> Option<Signal> {
        let mut signal = None;
        let mut events = core::mem::take(&mut self.events);
        events.retain(|event| match event {
            Event::Key(key, _) if self.is_interrupt(key) => {
                signal = signal.or(key.is_down.then_some(Signal::Interrupt));
                false
            }
            _ => true,
        });
        self.events = events;
        signal
    }

    /// Puts an event behind those that wait; whether there is room.
    #[doc(alias = "WriteConsoleInput")]
    pub fn write(&mut self, event: Event) -> bool {
        let room = self.events.len() < MOST_KEYS;
        if room {
            self.events.push_back(event);
        }
        room
    }

    /// Whether there is room for keys.
    pub fn has_room(&self) -> bool {
        self.events.len() < MOST_KEYS / 2
    }

    /// There will be no more keys: reads that find nothing give the end.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Forgets the line that is being typed, and shows that: after Ctrl-C.
    pub fn interrupt(&mut self, out: &mut Vec<u8>) {
        self.ready.clear();
        if self.line.take().is_some() {
            out.extend(b"^C\r\n");
        }
    }

    /// Units for a program that reads at most `most` of them; `None` while there are none. What is to be shown goes to `out`;
    /// the cursor is in `column` of a terminal of `columns`. An empty answer is the end of the input.
    pub fn read(&mut self, most: usize, (column, columns): (usize, usize), out: &mut Vec<u8>) -> Option<Vec<u16>> {
        if self.ready.is_empty() {
            if self.input_mode & ENABLE_LINE_INPUT != 0 {
                self.edit_line(column, columns, out);
            } else {
                self.take_characters(most);
            }
        }
        if self.ready.is_empty() {
            return (self.ended && self.events.is_empty()).then(Vec::new);
        }
        Some(self.ready.drain(..most.min(self.ready.len())).collect())
    }

    /// Forgets what is left of a line that was read in part.
    pub fn drop_rest_of_line(&mut self) {
        self.ready.clear();
    }

    fn take_characters(&mut self, most: usize) {
        while self.ready.len() < most
            && let Some(event) = self.events.pop_front()
        {
            if let Event::Key(key, count) = event
                && key.is_down
                && key.character != 0
            {
                self.ready.extend(core::iter::repeat_n(key.character, count.into()));
            }
        }
    }

    /// Edits the line with the keys that wait, until one of them ends it.
    fn edit_line(&mut self, column: usize, columns: usize, out: &mut Vec<u8>) {
        let mut line = self.line.take().unwrap_or_else(|| Editor::new(column, columns));
        while let Some(event) = self.events.pop_front() {
            let Event::Key(key @ Key { is_down: true, .. }, count) = event else { continue };
            if key.virtual_key == virtual_key::RETURN {
                line.apply(Edit::End);
                self.show(&mut line, out);
                return self.finish_line(line, out);
            }
            (0..count).for_each(|_| self.edit(&mut line, &key));
            self.show(&mut line, out);
        }
        if self.ended && !line.text().is_empty() {
            self.ready.extend(line.text());
            return;
        }
        self.line = Some(line);
    }

    fn edit(&mut self, line: &mut Editor, key: &Key) {
        let earlier = match key.virtual_key {
            virtual_key::UP | F3 => self.history.older(line.text()),
            virtual_key::DOWN => self.history.newer(),
            F8 => self.history.beginning_with(&line.text()[..line.cursor()]),
            _ => None,
        };
        if let Some(earlier) = earlier {
            line.replace(earlier);
        } else if let Some(edit) = Edit::of_key(key) {
            line.apply(edit);
        } else if key.character != 0 {
            line.apply(Edit::Insert(key.character));
        }
    }

    fn show(&self, line: &mut Editor, out: &mut Vec<u8>) {
        if self.input_mode & ENABLE_ECHO_INPUT != 0 {
            line.refresh(out);
        }
    }

    fn finish_line(&mut self, line: Editor, out: &mut Vec<u8>) {
        self.ready.extend(line.text());
        self.ready.push_back(u16::from(b'\r'));
        if self.input_mode & ENABLE_PROCESSED_INPUT != 0 {
            self.ready.push_back(u16::from(b'\n'));
        }
        if self.input_mode & ENABLE_ECHO_INPUT != 0 {
            self.history.add(line.text());
            out.extend(b"\r\n");
        }
    }

    /// The oldest `most` events, as they came; they stay where `keep` says so.
    #[doc(alias = "ReadConsoleInput")]
    #[doc(alias = "PeekConsoleInput")]
    pub fn events(&mut self, most: usize, keep: Keep) -> Vec<Event> {
        let count = most.min(self.events.len());
        match keep {
            Keep::Yes => self.events.iter().take(count).copied().collect(),
            Keep::No => self.events.drain(..count).collect(),
        }
    }

    /// How many events wait.
    pub fn event_count(&self) -> usize {
        self.events.len()
    }

    /// Forgets the events that wait.
    pub fn flush(&mut self) {
        self.events.clear();
    }

    /// Puts the modes back and forgets what one program typed for another: when the foreground changes hands for good.
    pub fn reset(&mut self) {
        self.input_mode = COOKED;
        self.extended_mode = 0;
        self.output_mode = ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT;
        self.line = None;
        self.ready.clear();
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether events that are looked at stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// They do.
    Yes,
    /// They are read.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serial::Decoder;

    const PLACE: (usize, usize) = (0, 80);

    fn type_in(console: &mut Console, bytes: &[u8]) -> Vec<Signal> {
        let mut decoder = Decoder::new();
        let mut keys: Vec<Key> = bytes.iter().filter_map(|byte| decoder.push(*byte)).collect();
        keys.extend(decoder.idle());
        keys.into_iter().flat_map(|key| [console.push(key), console.push(key.released())]).flatten().collect()
    }

    fn read(console: &mut Console, most: usize) -> (Option<String>, String) {
        let mut out = Vec::new();
        let units = console.read(most, PLACE, &mut out);
        (units.map(|units| String::from_utf16_lossy(&units)), String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_line_is_edited_echoed_and_ended_by_cr_lf() {
        let mut console = Console::new();
        assert_eq!(read(&mut console, 80), (None, String::new()));
        type_in(&mut console, b"helo\x1b[D");
        assert_eq!(read(&mut console, 80), (None, "helo\x08".into()));
        type_in(&mut console, b"l\r");
        assert_eq!(read(&mut console, 80), (Some("hello\r\n".into()), "lo\x08\x1b[1C\r\n".into()));
    }

    #[test]
    fn what_does_not_fit_is_left_for_the_next_read() {
        let mut console = Console::new();
        type_in(&mut console, b"abc\rd\r");
        assert_eq!(read(&mut console, 2).0.unwrap(), "ab");
        assert_eq!(read(&mut console, 2).0.unwrap(), "c\r");
        assert_eq!(read(&mut console, 2).0.unwrap(), "\n");
        assert_eq!(read(&mut console, 9), (Some("d\r\n".into()), "d\r\n".into()), "echoed when it is read");
    }

    #[test]
    fn earlier_lines_come_back() {
        let mut console = Console::new();
        type_in(&mut console, b"one\rtwo\r\x1b[A\x1b[A\r");
        let lines: Vec<_> = (0..3).map(|_| read(&mut console, 80).0.unwrap()).collect();
        assert_eq!(lines, ["one\r\n", "two\r\n", "one\r\n"]);
        type_in(&mut console, b"t\x1b[19~\r");
        assert_eq!(read(&mut console, 80).0.unwrap(), "two\r\n");
    }

    #[test]
    fn control_c_is_a_signal_where_input_is_processed_and_a_character_elsewhere() {
        let mut console = Console::new();
        type_in(&mut console, b"half");
        assert_eq!(read(&mut console, 80).0, None);
        assert_eq!(type_in(&mut console, b"\x03"), [Signal::Interrupt]);
        let mut out = Vec::new();
        console.interrupt(&mut out);
        assert_eq!(out, b"^C\r\n");
        type_in(&mut console, b"x\r");
        assert_eq!(read(&mut console, 80).0.unwrap(), "x\r\n", "the half line is gone");
        assert!(console.set_input_mode(0));
        assert_eq!(type_in(&mut console, b"\x03"), []);
        assert_eq!(read(&mut console, 80).0.unwrap(), "\u{3}");
    }

    #[test]
    fn a_control_c_that_waits_is_a_signal_once_input_is_processed() {
        let mut console = Console::new();
        console.set_input_mode(0);
        assert_eq!(type_in(&mut console, b"a\x03b\r\x03"), []);
        assert_eq!((console.take_signal(), console.event_count()), (None, 10), "it is a character as yet");
        console.set_input_mode(COOKED);
        assert_eq!((console.take_signal(), console.event_count()), (Some(Signal::Interrupt), 6));
        assert_eq!(console.take_signal(), None, "once");
        assert_eq!(read(&mut console, 80).0.unwrap(), "ab\r\n");
    }

    #[test]
    fn raw_reads_give_characters_at_once_and_without_an_echo() {
        let mut console = Console::new();
        console.set_input_mode(0);
        type_in(&mut console, b"a\x1b[A\r\x7f\x1b");
        assert_eq!(read(&mut console, 80), (Some("a\r\u{8}\u{1b}".into()), String::new()));
        assert_eq!(read(&mut console, 80).0, None);
    }

    #[test]
    fn keys_can_be_seen_as_they_are() {
        let mut console = Console::new();
        console.set_input_mode(0);
        type_in(&mut console, b"a\x1b[A");
        assert_eq!(console.event_count(), 4);
        let seen = console.events(10, Keep::Yes);
        assert_eq!(console.events(3, Keep::No), seen[..3]);
        let key = |index: usize| if let Event::Key(key, 1) = seen[index] { key } else { panic!("{:?}", seen[index]) };
        assert_eq!((key(0).is_down, key(1).is_down, key(2).virtual_key), (true, false, virtual_key::UP));
        console.flush();
        assert_eq!(console.event_count(), 0);
    }

    #[test]
    fn what_a_program_writes_is_read_as_if_it_were_typed() {
        let mut console = Console::new();
        let key = |character: u8| Key::pressed(0, character.into(), 0);
        let mouse = Event::Other(2, [7; 16]);
        for event in [mouse, Event::Key(key(b'x'), 3), Event::Key(key(b'y').released(), 1), mouse] {
            assert!(console.write(event));
        }
        assert_eq!(console.events(9, Keep::Yes)[0], mouse);
        console.set_input_mode(ENABLE_LINE_INPUT);
        assert_eq!(read(&mut console, 80).0, None);
        console.write(Event::Key(Key::pressed(virtual_key::RETURN, 13, 0), 1));
        assert_eq!(read(&mut console, 80).0.unwrap(), "xxx\r");
        console.set_input_mode(0);
        console.write(mouse);
        console.write(Event::Key(key(b'z'), 2));
        assert_eq!(read(&mut console, 1).0.unwrap(), "z");
        assert_eq!(read(&mut console, 80).0.unwrap(), "z");
    }

    #[test]
    fn extended_modes_stay_unless_they_are_meant() {
        let mut console = Console::new();
        assert_eq!(console.input_mode(), 0x17);
        assert!(console.set_input_mode(0x67));
        assert_eq!(console.input_mode(), 7);
        assert!(console.set_input_mode(0xA1));
        assert_eq!(console.input_mode(), 0xA1);
        assert!(console.set_input_mode(0x40));
        assert_eq!(console.input_mode(), 0xA0);
        assert!(console.set_input_mode(0x80));
        assert_eq!(console.input_mode(), 0x80);
        assert!(!console.set_input_mode(0x200));
    }

    #[test]
    fn without_echo_and_without_processing() {
        let mut console = Console::new();
        assert!(console.set_input_mode(ENABLE_LINE_INPUT));
        type_in(&mut console, b"secret\x03\r");
        assert_eq!(read(&mut console, 80), (Some("secret\u{3}\r".into()), String::new()));
        assert!(!console.set_input_mode(ENABLE_ECHO_INPUT), "an echo of what?");
        assert!(!console.set_input_mode(0x1000) && !console.set_output_mode(4));
        assert_eq!(console.input_mode(), ENABLE_LINE_INPUT);
    }

    #[test]
    fn the_end_of_a_piped_input_ends_the_last_line_and_then_the_reads() {
        let mut console = Console::new();
        type_in(&mut console, b"one\nlast");
        console.end();
        assert_eq!(read(&mut console, 80).0.unwrap(), "one\r\n");
        assert_eq!(read(&mut console, 80).0.unwrap(), "last");
        assert_eq!(read(&mut console, 80).0.unwrap(), "");
    }

    #[test]
    fn too_many_keys_are_lost_and_nothing_else() {
        let mut console = Console::new();
        for _ in 0..MOST_KEYS {
            type_in(&mut console, b"x");
        }
        assert_eq!(console.event_count(), MOST_KEYS);
        assert!(!console.has_room());
        assert_eq!(type_in(&mut console, b"\x03"), [Signal::Interrupt], "Ctrl-C is heard all the same");
    }
}
