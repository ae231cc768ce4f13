//! What the control codes of pipes ask for, and how an end of one works.
//!
//! Source: the control codes and structures of pipes in public headers, and what is documented of the Win32 functions that use them.

use abi::access::{FILE_READ_DATA, FILE_WRITE_DATA};
use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;

use super::pipe::Moved;
use crate::buffer::{room, zeros};
use crate::executive::Executive;
use crate::files::Opened;
use crate::pipe::{End, Kept, LONGEST_NAME, PipeEnd, PipeState, Queue, Way, Whose};
use crate::platform::Platform;

/// `FSCTL_PIPE_DISCONNECT`, `FSCTL_PIPE_LISTEN`, `FSCTL_PIPE_PEEK`, `FSCTL_PIPE_WAIT`, `FSCTL_PIPE_TRANSCEIVE`.
const DISCONNECT: u32 = 0x0011_0004;
const LISTEN: u32 = 0x0011_0008;
const PEEK: u32 = 0x0011_400C;
const WAIT: u32 = 0x0011_0018;
const TRANSCEIVE: u32 = 0x0011_C017;
/// Bytes of FILE_PIPE_PEEK_BUFFER before the data: state, bytes to be read, messages, length of a message.
const PEEK_HEAD: u32 = 16;
/// Where in FILE_PIPE_WAIT_FOR_BUFFER are the length of the name in bytes, whether there is a time-out, and the name.
const WAIT_LENGTH: u32 = 8;
const WAIT_IS_TIMED: u32 = 12;
const WAIT_NAME: u32 = 14;
/// `FILE_PIPE_INBOUND`, `FILE_PIPE_OUTBOUND`, `FILE_PIPE_FULL_DUPLEX`: which way the bytes go, seen from the server.
const INBOUND: u32 = 0;
const OUTBOUND: u32 = 1;
const DUPLEX: u32 = 2;

impl<P: Platform> Executive<P> {
    /// NtFsControlFile: of all codes, those of pipes.
    pub(super) fn fs_control_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, event, routine, context, status_at, code, input, input_length, output, length] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.probe_word(status_at)?;
        let object = self.file_by_handle(handle, 0)?;
        let notice = self.prepare_notice(event, routine, context, status_at)?;
        let _held = self.hold(object);
        notice.give(match (self.opened(object), code) {
            (Opened::Pipe(end), PEEK) => self.peek_pipe((handle, end), status_at, output, length),
            (Opened::Pipe(end), LISTEN) => self.complete(status_at, self.listen(object, end, input_length != 0)),
            (Opened::Pipe(end), DISCONNECT) => self.complete(status_at, self.disconnect_pipe(end).map(|()| 0)),
            (Opened::Pipe(end), TRANSCEIVE) => {
                self.file_by_handle(handle, FILE_READ_DATA | FILE_WRITE_DATA)?;
                let moved = self.transceive(object, end, (input, input_length), (output, length));
                self.complete_moved(status_at, moved)
            }
            (Opened::Device, WAIT) if self.machine_record(object).device_object.get() == self.devices.pipes => {
                let waited = self.wait_for_named_pipe(input, input_length);
                self.complete(status_at, waited.map(|()| 0))
            }
            _ => self.complete(status_at, Err(NtStatus::INVALID_DEVICE_REQUEST)),
        })
    }

    /// Writes a message and reads the answer.
    #[doc(alias = "TransactNamedPipe")]
    fn transceive(
        &self,
        file: Link<FileObject>,
        end: PipeEnd,
        (input, input_length): (u32, u32),
        (output, length): (u32, u32),
    ) -> Result<Moved, NtStatus> {
        self.check_buffer(input, input_length)?;
        self.probe_buffer(output, length)?;
        self.check_writable(end)?;
        let is_both_ways = self.queue(end, Way::In).is_there() && self.queue(end, Way::Out).is_there();
        if !is_both_ways || self.kept(end) != Kept::Messages {
            return Err(NtStatus::INVALID_PIPE_STATE);
        }
        if !self.queue(end, Way::In).is_empty() {
            return Err(NtStatus::PIPE_BUSY);
        }
        self.write_pipe(file, end, input, input_length)?;
        self.receive(file, end, output, length)
    }

    /// Waits until an instance of a pipe listens: a time, whether it is meant, and a name.
    fn wait_for_named_pipe(&self, input: u32, length: u32) -> Result<(), NtStatus> {
        if length < WAIT_NAME {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let timeout = self.read_long(input)?;
        let bytes = self.read_word(input.wrapping_add(WAIT_LENGTH))?;
        let is_timed = self.read_word(input.wrapping_add(WAIT_IS_TIMED))? & 0xFF != 0;
        if bytes % 2 != 0 || bytes == 0 || bytes > length - WAIT_NAME {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let mut text = zeros(bytes.min(2 * LONGEST_NAME as u32))?;
        self.platform().read_user(input.wrapping_add(WAIT_NAME), &mut text)?;
        let mut name = room(text.len() / 2)?;
        name.extend(text.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)));
        self.wait_for_instance(&name, is_timed.then(|| timeout.wrapping_neg()))
    }

    fn peek_pipe(
        &self,
        (handle, end): (u32, PipeEnd),
        status_at: u32,
        output: u32,
        length: u32,
    ) -> Result<NtStatus, NtStatus> {
        self.file_by_handle(handle, FILE_READ_DATA)?;
        if length < PEEK_HEAD {
            return self.complete(status_at, Err(NtStatus::INFO_LENGTH_MISMATCH));
        }
        self.check_buffer(output, length)?;
        self.complete_moved(status_at, self.peek(end, output, length))
    }

    /// Waits until the other end has been opened, or only says that it may be.
    ///
    /// # Errors
    /// PIPE_CONNECTED where that is so already, PIPE_CLOSING where it has been closed again, PIPE_LISTENING where the end does not wait,
    /// PIPE_BROKEN where it is closed itself, PROCESS_IS_TERMINATING, CANCELLED.
    fn listen(&self, file: Link<FileObject>, end: PipeEnd, only_begins: bool) -> Result<u32, NtStatus> {
        self.begin_listening(end)?;
        if only_begins {
            return Ok(0);
        }
        if self.pipe_modes(end)[1] != 0 {
            return Err(NtStatus::PIPE_LISTENING);
        }
        while self.pipe_state(end)? == PipeState::Listening {
            self.nap_at_pipe(file)?;
        }
        if !self.is_end_there(end, Whose::Own) {
            return Err(NtStatus::PIPE_BROKEN);
        }
        Ok(0)
    }

    /// FILE_PIPE_INFORMATION: sets whether messages are read, and whether the end never waits.
    ///
    /// # Errors
    /// INVALID_PARAMETER for what is no mode, or messages where there are only bytes.
    #[doc(alias = "FilePipeInformation")]
    pub(super) fn set_pipe_mode_information(&self, end: PipeEnd, modes: [u32; 2]) -> Result<(), NtStatus> {
        if modes.iter().any(|mode| *mode > 1) || modes[0] == 1 && !self.name_of_pipe(end).has_messages() {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.pipe_state(end)?;
        self.set_pipe_modes(end, modes);
        Ok(())
    }

    /// FILE_PIPE_LOCAL_INFORMATION: kind, direction, instances allowed and there; the quota of what goes to the server, and how many bytes
    /// there are to be read; the quota of what goes to the client, and how much is left of that for who writes; state, and which end this is.
    ///
    /// Both ends are told the quotas under the server's names: inferred from the direction, which is told so too.
    #[doc(alias = "FilePipeLocalInformation")]
    pub(super) fn pipe_information(&self, end: PipeEnd) -> [u32; 10] {
        let name = self.name_of_pipe(end);
        let direction = match name.ways() {
            1 => OUTBOUND,
            2 => INBOUND,
            _ => DUPLEX,
        };
        let [maximum, instances] = name.counts();
        let state = self.pipe_state(end).unwrap_or(PipeState::Disconnected) as u32;
        let [in_quota, out_quota] = self.pipe_quotas(end);
        let (to_read, left) = (self.queue(end, Way::In).data(), self.queue(end, Way::Out).quota_left());
        let is_server = u32::from(end.end == End::Server);
        let kind = u32::from(name.has_messages());
        [kind, direction, maximum, instances, in_quota, to_read, out_quota, left, state, is_server]
    }

    fn peek(&self, end: PipeEnd, output: u32, length: u32) -> Result<Moved, NtStatus> {
        let queue = self.queue(end, Way::In);
        if queue.is_empty() || !queue.is_there() {
            self.nothing_to_read(end)?;
        }
        let mut bytes = zeros((length - PEEK_HEAD).min(queue.data()))?;
        let (mut got, mut told) = (0, [queue.data(), 0, 0]);
        if queue.is_there() {
            got = Queue::read(self.platform(), &mut queue.cursor(), &mut bytes, self.kept(end)).count;
        }
        let has_messages = self.name_of_pipe(end).has_messages();
        if has_messages && queue.is_there() {
            [told[1], told[2]] = queue.messages(self.platform());
        }
        self.write_words(output, &[self.pipe_state(end)? as u32, told[0], told[1], told[2]])?;
        self.platform().write_user(output + PEEK_HEAD, &bytes[..got])?;
        let whole = if self.kept(end) == Kept::Messages { told[2] } else { told[0] };
        Ok(Moved { count: PEEK_HEAD + got as u32, has_more: (got as u32) < whole })
    }
}
