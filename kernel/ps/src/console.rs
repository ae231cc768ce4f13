//! The console: one for the whole system, a keyboard and a screen, or a terminal, that programs share.
//!
//! On XP a console belongs to csrss, and kernel32 sends it messages. Here it is a device: standard handles, `CONIN$` and
//! `CONOUT$` are file objects; NtReadFile and NtWriteFile move characters, and NtDeviceIoControlFile does the rest under the
//! codes of `abi::console`. What is written may hold ANSI sequences, in which kernel32 says what XP has functions for.
//!
//! A thread of the kernel takes keys from the devices each tick while programs use the console, so that Ctrl-C is heard when
//! nobody reads. It goes to the foreground: the process the runner started or a shell named, and all its descendants (see
//! `control_event`).

use alloc::vec::Vec;

use abi::cell::{Field, Link};
use abi::console::{InputRecord, RECORD_SIZE, ScreenInformation};
use abi::nt::dispatcher::Kevent;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use ke::{WAKE_INCREMENT, WaitReason};
use spin::Mutex;
use terminal::console::{ENABLE_PROCESSED_OUTPUT, ENABLE_WRAP_AT_EOL_OUTPUT, Event, Keep};
use terminal::screen::{COLUMNS, ROWS};
use terminal::{Decoder, Key, Keyboard, Signal};

use crate::console_buffers::Buffers;
use crate::console_member::Members;
use crate::control_event::CONTROL_C;
use crate::executive::Executive;
use crate::platform::{ConsoleByte, Platform, Stream};

/// Ticks without another byte after which an ESC was a key of its own: 50 ms.
const PATIENCE: u32 = 5;

/// The console's state.
pub(crate) struct ConsoleDevice {
    /// Never held over a wait.
    state: Mutex<State>,
    /// Programs started at the console that have not ended. The thread that takes keys waits while there are none.
    users: Field<u32>,
    /// An event that is set while records wait: what is waited for at a handle to the console's input.
    pub(crate) has_records: Link<Kevent>,
    /// The screen buffers. Its lock is taken before the state's.
    pub(crate) buffers: Mutex<Buffers>,
}

struct State {
    input: terminal::Console,
    keyboard: Keyboard,
    decoder: Decoder,
    /// Ticks since an ESC that nothing has followed.
    waited: u32,
    /// The process that Ctrl-C ends, or 0.
    foreground: u32,
    /// All processes but the system's.
    members: Members,
    /// The part of the screen that programs are told is their window: left, top, right and bottom, inclusive.
    window: [u16; 4],
}

const WHOLE_SCREEN: [u16; 4] = [0, 0, COLUMNS as u16 - 1, ROWS as u16 - 1];

impl ConsoleDevice {
    /// `has_records` is an event that nobody waits for yet.
    pub(crate) fn new(has_records: Link<Kevent>) -> Self {
        let state = State {
            input: terminal::Console::new(),
            keyboard: Keyboard::new(),
            decoder: Decoder::new(),
            waited: 0,
            foreground: 0,
            members: Members::default(),
            window: WHOLE_SCREEN,
        };
        Self { state: Mutex::new(state), users: Field::new(0), has_records, buffers: Mutex::new(Buffers::new()) }
    }
}

impl State {
    fn push(&mut self, key: Option<Key>) -> Option<Signal> {
        let key = key?;
        let signal = self.input.push(key);
        // A terminal does not tell when a key is let go.
        if key.scan_code == 0 {
            self.input.push(key.released());
        }
        signal
    }

    fn take(&mut self, byte: ConsoleByte) -> Option<Signal> {
        match byte {
            ConsoleByte::Keyboard(byte) => {
                let key = self.keyboard.push(byte);
                self.push(key)
            }
            ConsoleByte::Terminal(byte) => {
                self.waited = 0;
                let key = self.decoder.push(byte);
                self.push(key)
            }
            ConsoleByte::End => {
                let key = self.decoder.idle();
                let signal = self.push(key);
                self.input.end();
                signal
            }
        }
    }
}

impl<P: Platform> Executive<P> {
    /// `process` was started at the console: it is in the foreground.
    pub(crate) fn enter_console(&self, process: Link<Eprocess>) {
        let id = self.machine_record(process).unique_process_id.get();
        let mut state = self.console.state.lock();
        state.foreground = id;
        state.input.reset();
        state.window = WHOLE_SCREEN;
        self.console.users.update(|users| users + 1);
        self.dispatcher.wake(self.console_address());
    }

    /// A process that was started at the console has ended.
    pub(crate) fn leave_console(&self) {
        self.console.users.update(|users| users.saturating_sub(1));
    }

    /// Whether somebody sits at the console.
    pub(crate) fn has_console_users(&self) -> bool {
        self.console.users.get() != 0
    }

    fn console_address(&self) -> u32 {
        core::ptr::from_ref(&self.console.users) as usize as u32
    }

    /// What the thread that takes keys does for ever.
    pub fn serve_console(&self) -> ! {
        loop {
            while self.has_console_users() {
                self.take_keys();
                self.sleep(1);
            }
            let switch = self.dispatcher.wait(WaitReason::Executive, self.console_address(), None);
            self.switch(switch);
        }
    }

    /// Takes what the devices have.
    fn take_keys(&self) {
        self.take_bytes();
        self.tell_of_records();
    }

    fn take_bytes(&self) {
        loop {
            let mut state = self.console.state.lock();
            let byte = if state.input.has_room() { self.platform().read_console() } else { None };
            let signal = match byte {
                Some(byte) => state.take(byte),
                None if state.decoder.is_waiting() => {
                    state.waited += 1;
                    let key = if state.waited > PATIENCE { state.decoder.idle() } else { None };
                    state.push(key)
                }
                None => None,
            };
            drop(state);
            if signal == Some(Signal::Interrupt) {
                self.interrupt_foreground();
            }
            if matches!(byte, None | Some(ConsoleByte::End)) {
                return;
            }
        }
    }

    /// Ctrl-C was typed: tells the foreground.
    #[doc(alias = "CtrlRoutine")]
    fn interrupt_foreground(&self) {
        let mut out = Vec::new();
        self.console.state.lock().input.interrupt(&mut out);
        if out.is_empty() {
            out.extend(b"^C\r\n");
        }
        self.platform().write_stream(Stream::Console, &out);
        let foreground = self.foreground();
        self.signal_below(foreground, CONTROL_C, None);
    }

    /// Reads at most `most` units, and waits for them. None is the end of the input.
    ///
    /// # Errors
    /// PROCESS_IS_TERMINATING where the process that waits is to end.
    pub(crate) fn read_console(&self, most: u32) -> Result<Vec<u16>, NtStatus> {
        self.wait_for_console(|state, out, place| state.input.read(most as usize, place, out))
    }

    /// The same for NtReadFile: a line that begins with Ctrl-Z is the end, as kernel32 has it on XP.
    pub(crate) fn read_console_file(&self, most: u32) -> Result<Vec<u8>, NtStatus> {
        const CONTROL_Z: u16 = 0x1A;
        let cooked = |mode: u32| mode & terminal::console::ENABLE_PROCESSED_INPUT != 0;
        let units = self.read_console(most)?;
        if units.first() == Some(&CONTROL_Z) {
            let mut state = self.console.state.lock();
            if cooked(state.input.input_mode()) {
                state.input.drop_rest_of_line();
                return Ok(Vec::new());
            }
        }
        Ok(units.into_iter().map(|unit| u8::try_from(unit).unwrap_or(b'?')).collect())
    }

    /// The keys that wait, at most `most`; waits for one unless they stay.
    pub(crate) fn console_records(&self, most: u32, keep: Keep) -> Result<Vec<Record>, NtStatus> {
        let events = self.wait_for_console(|state, _, _| {
            let events = state.input.events(most as usize, keep);
            (keep == Keep::Yes || !events.is_empty()).then_some(events)
        })?;
        Ok(events.iter().map(record_of).collect())
    }

    /// Puts a record behind those that wait; whether there is room.
    pub(crate) fn write_console_record(&self, record: &Record) -> bool {
        let has_room = self.console.state.lock().input.write(event_of(record));
        self.tell_of_records();
        has_room
    }

    /// Sets the event of the console's input, or resets it, as there are records.
    fn tell_of_records(&self) {
        let (event, count) = (self.console.has_records, self.console.state.lock().input.event_count());
        if count == 0 {
            self.dispatcher.reset_event(event);
        } else if self.machine_record(event).header.signal_state.get() == 0 {
            self.dispatcher.set_event(event, WAKE_INCREMENT);
        }
    }

    /// Asks `ask` each tick until it has an answer; shows what it wants shown.
    fn wait_for_console<T>(
        &self,
        mut ask: impl FnMut(&mut State, &mut Vec<u8>, (usize, usize)) -> Option<T>,
    ) -> Result<T, NtStatus> {
        let mut out = Vec::new();
        loop {
            self.take_keys();
            let (column, _) = self.platform().console_place().0;
            let answer = ask(&mut self.console.state.lock(), &mut out, (column, COLUMNS));
            self.tell_of_records();
            self.platform().write_stream(Stream::Console, &out);
            out.clear();
            match answer {
                Some(answer) => return Ok(answer),
                None if self.is_told_to_end() => return Err(NtStatus::PROCESS_IS_TERMINATING),
                None => self.sleep(1),
            }
        }
    }

    /// The window of the screen buffer that is shown.
    pub(crate) fn shown_window(&self) -> [u16; 4] {
        self.console.state.lock().window
    }

    /// The output mode of the screen buffer that is shown.
    pub(crate) fn shown_mode(&self) -> u32 {
        self.console.state.lock().input.output_mode()
    }

    /// Another screen buffer is shown, with its window and its mode.
    pub(crate) fn set_shown(&self, (window, mode): ([u16; 4], u32)) {
        let mut state = self.console.state.lock();
        state.window = window;
        state.input.set_output_mode(mode);
    }

    /// The mode of the console's side that `stream` is, in screen buffer `buffer`.
    pub(crate) fn console_mode(&self, stream: Stream, buffer: u32) -> u32 {
        if stream == Stream::Console
            && let Some(mode) = self.with_hidden(buffer, |_, mode| *mode)
        {
            return mode;
        }
        let state = self.console.state.lock();
        if stream == Stream::ConsoleInput { state.input.input_mode() } else { state.input.output_mode() }
    }

    /// Sets it.
    ///
    /// # Errors
    /// INVALID_PARAMETER for a mode that does not exist.
    pub(crate) fn set_console_mode(&self, stream: Stream, buffer: u32, mode: u32) -> Result<(), NtStatus> {
        let has_mode = mode & !(ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT) == 0;
        if stream == Stream::Console && has_mode && self.with_hidden(buffer, |_, place| *place = mode).is_some() {
            return Ok(());
        }
        let input = &mut self.console.state.lock().input;
        let set = if stream == Stream::ConsoleInput { input.set_input_mode(mode) } else { input.set_output_mode(mode) };
        set.then_some(()).ok_or(NtStatus::INVALID_PARAMETER)
    }

    /// A screen buffer.
    pub(crate) fn console_screen(&self, buffer: u32) -> ScreenInformation {
        let ((column, row), attributes, window) = self.buffer_place(buffer);
        ScreenInformation {
            size: (COLUMNS as u16, ROWS as u16),
            cursor: (column as u16, row as u16),
            attributes: u16::from(attributes),
            window,
        }
    }

    /// Makes a part of the screen the window.
    ///
    /// # Errors
    /// INVALID_PARAMETER where it is not one, or is empty.
    pub(crate) fn set_console_window(&self, buffer: u32, window: [u16; 4]) -> Result<(), NtStatus> {
        let [left, top, right, bottom] = window;
        if left > right || top > bottom || usize::from(right) >= COLUMNS || usize::from(bottom) >= ROWS {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        if self.with_hidden(buffer, |place, _| *place = window).is_none() {
            self.console.state.lock().window = window;
        }
        Ok(())
    }

    /// How many records wait.
    pub(crate) fn console_record_count(&self) -> u32 {
        self.take_keys();
        self.console.state.lock().input.event_count() as u32
    }

    /// Forgets them.
    pub(crate) fn flush_console(&self) {
        self.take_keys();
        self.console.state.lock().input.flush();
        self.tell_of_records();
    }

    /// Makes process `id` the foreground, or nobody for 0, and sets the input's mode: at once, so that no Ctrl-C is a character
    /// for who gives the console away or a signal to him.
    ///
    /// # Errors
    /// INVALID_CID where there is no such process, INVALID_PARAMETER for a mode that does not exist.
    pub(crate) fn set_foreground(&self, id: u32, mode: u32) -> Result<(), NtStatus> {
        if id != 0 && self.process_by_id(id).is_none() {
            return Err(NtStatus::INVALID_CID);
        }
        let mut state = self.console.state.lock();
        if !state.input.set_input_mode(mode) {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        state.foreground = id;
        let signal = state.input.take_signal();
        drop(state);
        self.tell_of_records();
        if signal == Some(Signal::Interrupt) {
            self.interrupt_foreground();
        }
        Ok(())
    }

    /// The process that Ctrl-C ends, or 0.
    pub(crate) fn foreground(&self) -> u32 {
        self.console.state.lock().foreground
    }

    /// Does `work` with the processes that events may go to.
    pub(crate) fn with_console_members<T>(&self, work: impl FnOnce(&mut Members) -> T) -> T {
        work(&mut self.console.state.lock().members)
    }
}

/// An event as it lies in a program's memory.
pub(crate) type Record = [u8; RECORD_SIZE as usize];

fn record_of(event: &Event) -> Record {
    match event {
        Event::Key(key, count) => InputRecord {
            is_down: key.is_down,
            repeat_count: *count,
            virtual_key: key.virtual_key,
            scan_code: key.scan_code,
            character: key.character,
            control_state: key.control,
        }
        .to_bytes(),
        Event::Other(kind, data) => {
            let mut bytes = [0; RECORD_SIZE as usize];
            bytes[..2].copy_from_slice(&kind.to_le_bytes());
            bytes[4..].copy_from_slice(data);
            bytes
        }
    }
}

fn event_of(record: &Record) -> Event {
    match InputRecord::from_bytes(record) {
        Ok(InputRecord { is_down, repeat_count, virtual_key, scan_code, character, control_state }) => {
            Event::Key(Key { is_down, virtual_key, scan_code, character, control: control_state }, repeat_count)
        }
        Err((kind, data)) => Event::Other(kind, data),
    }
}
