//! NtDeviceIoControlFile: what the console can do beyond reading and writing. Nothing else has control codes.

use alloc::vec::Vec;

use abi::console::*;
use abi::status::NtStatus;
use terminal::console::Keep;

use crate::buffer::{bytes_of_text, room, zeros};
use crate::console_buffers::FIRST;
use crate::executive::Executive;
use crate::files::Opened;
use crate::platform::{Platform, Stream};

/// Most records moved at once.
const MOST_RECORDS: u32 = 512;
/// Most cells changed at once: those of a screen.
const MOST_CELLS: u32 = (terminal::screen::COLUMNS * terminal::screen::ROWS) as u32;
/// Most units read at once.
const MOST_UNITS: u32 = 0x1000;

impl<P: Platform> Executive<P> {
    pub(super) fn device_io_control_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, event, routine, context, status_at, code, input, input_length, output, output_length] = arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let object = self.file_by_handle(handle, 0)?;
        self.probe_word(status_at)?;
        let notice = self.prepare_notice(event, routine, context, status_at)?;
        let result = match self.opened(object) {
            Opened::Stream(stream @ (Stream::Console | Stream::ConsoleInput)) => {
                self.control_console((stream, FIRST), code, (input, input_length), (output, output_length))
            }
            Opened::Buffer(buffer) => {
                self.control_console((Stream::Console, buffer), code, (input, input_length), (output, output_length))
            }
            _ => Err(NtStatus::INVALID_DEVICE_REQUEST),
        };
        notice.give(self.complete(status_at, result))
    }

    fn control_console(
        &self,
        (stream, buffer): (Stream, u32),
        code: u32,
        (input, input_length): (u32, u32),
        (output, output_length): (u32, u32),
    ) -> Result<u32, NtStatus> {
        let word = || match input_length {
            4.. => self.read_word(input),
            _ => Err(NtStatus::BUFFER_TOO_SMALL),
        };
        let second = || match input_length {
            8.. => self.read_word(input + 4),
            _ => Err(NtStatus::BUFFER_TOO_SMALL),
        };
        let give = |bytes: &[u8]| self.give(output, output_length, bytes);
        // Others than who asks for it back have nothing of a console that they gave up.
        if code != ATTACH {
            self.need_console()?;
        }
        match code {
            GET_MODE => give(&self.console_mode(stream, buffer).to_le_bytes()),
            SET_MODE => word().and_then(|mode| self.set_console_mode(stream, buffer, mode)).map(|()| 0),
            GET_SCREEN if stream == Stream::Console => give(&self.console_screen(buffer).to_bytes()),
            READ_CELLS if stream == Stream::Console => {
                self.check_buffer(output, output_length)?;
                give(&self.console_cells(buffer, word()?, output_length)?)
            }
            WRITE_CELLS if stream == Stream::Console => self.write_console_cells(buffer, input, input_length),
            SET_WINDOW if stream == Stream::Console => {
                let mut window = [0; 8];
                if input_length < 8 {
                    return Err(NtStatus::BUFFER_TOO_SMALL);
                }
                self.platform().read_user(input, &mut window)?;
                let half = |index: usize| u16::from_le_bytes([window[2 * index], window[2 * index + 1]]);
                self.set_console_window(buffer, [0, 1, 2, 3].map(half)).map(|()| 0)
            }
            SHOW_BUFFER if stream == Stream::Console => {
                self.show_buffer(buffer);
                Ok(0)
            }
            LIST_PROCESSES => self.list_console_processes(output, output_length),
            DETACH => word().and_then(|id| self.detach_console(id)).map(|()| 0),
            ATTACH => word().and_then(|id| self.attach_console(id)).map(|()| 0),
            GET_PICTURE_SIZE if stream == Stream::Console => self.picture_size().and_then(|(columns, rows)| {
                let size = u64::from(rows) << 32 | u64::from(columns);
                give(&size.to_le_bytes())
            }),
            SHOW_PICTURE if stream == Stream::Console => self.show_picture(input, input_length).map(|()| 0),
            SET_FOREGROUND => word().and_then(|id| self.set_foreground(id, second()?)).map(|()| 0),
            SET_CONTROL_ROUTINE => word().map(|routine| self.set_control_routine(routine)).map(|()| 0),
            LEAD_GROUP => word().and_then(|id| self.lead_group(id)).map(|()| 0),
            GENERATE_EVENT => word().and_then(|event| self.generate_control_event(event, second()?)).map(|()| 0),
            IGNORE_CONTROL_C => word().map(|ignore| self.ignore_control_c(ignore != 0)).map(|()| 0),
            WRITE_RECORDS if stream == Stream::ConsoleInput => self.write_console_records(input, input_length),
            _ if stream == Stream::ConsoleInput => self.console_input(code, output, output_length),
            _ => Err(NtStatus::INVALID_DEVICE_REQUEST),
        }
    }

    /// The codes of the console's input.
    fn console_input(&self, code: u32, output: u32, length: u32) -> Result<u32, NtStatus> {
        match code {
            READ => {
                self.check_buffer(output, length)?;
                let units = self.read_console((length / 2).min(MOST_UNITS))?;
                self.give(output, length, &bytes_of_text(&units)?)
            }
            READ_RECORDS | PEEK_RECORDS => {
                self.check_buffer(output, length)?;
                let most = (length / RECORD_SIZE).min(MOST_RECORDS);
                let keep = if code == PEEK_RECORDS { Keep::Yes } else { Keep::No };
                if most == 0 {
                    return Err(NtStatus::BUFFER_TOO_SMALL);
                }
                let records = self.console_records(most, keep)?;
                let mut bytes = room(records.len() * RECORD_SIZE as usize)?;
                bytes.extend(records.into_iter().flatten());
                self.give(output, length, &bytes)
            }
            COUNT_RECORDS => self.give(output, length, &self.console_record_count().to_le_bytes()),
            FLUSH => {
                self.flush_console();
                Ok(0)
            }
            _ => Err(NtStatus::INVALID_DEVICE_REQUEST),
        }
    }

    /// Changes cells as a program says: two words and the cells.
    fn write_console_cells(&self, buffer: u32, input: u32, length: u32) -> Result<u32, NtStatus> {
        let length = length.checked_sub(8).ok_or(NtStatus::BUFFER_TOO_SMALL)?.min(MOST_CELLS * CELL_SIZE);
        let (first, mask) = (self.read_word(input)?, self.read_word(input.wrapping_add(4))?);
        let mut cells = zeros(length)?;
        self.platform().read_user(input.wrapping_add(8), &mut cells)?;
        self.set_console_cells(buffer, first, mask, &cells)
    }

    fn list_console_processes(&self, output: u32, length: u32) -> Result<u32, NtStatus> {
        self.check_buffer(output, length)?;
        let ids = self.console_processes()?;
        let count = ids.len() as u32;
        let bytes = core::iter::once(count).chain(ids).flat_map(u32::to_le_bytes);
        let mut list: Vec<u8> = room(4 + 4 * count as usize)?;
        list.extend(bytes.take(length as usize & !3));
        self.give(output, length, &list)
    }

    /// Puts records of a program behind those that wait.
    fn write_console_records(&self, input: u32, length: u32) -> Result<u32, NtStatus> {
        let most = (length / RECORD_SIZE).min(MOST_RECORDS);
        for index in 0..most {
            let mut record = [0; RECORD_SIZE as usize];
            self.platform().read_user(input.wrapping_add(index * RECORD_SIZE), &mut record)?;
            if !self.write_console_record(&record) {
                return Ok(index * RECORD_SIZE);
            }
        }
        Ok(most * RECORD_SIZE)
    }

    /// Writes an answer into a program's buffer; how many bytes it has.
    fn give(&self, output: u32, length: u32, bytes: &[u8]) -> Result<u32, NtStatus> {
        if (length as usize) < bytes.len() {
            return Err(NtStatus::BUFFER_TOO_SMALL);
        }
        self.platform().write_user(output, bytes)?;
        Ok(bytes.len() as u32)
    }
}
