//! Pipes and redirected programs, by kernel32.

use alloc::vec::Vec;

use shell::error::Win32Error;
use shell::streams::{Opening, Running, Stream, Streams};

use super::import::{
    CreateFileW, CreatePipe, CreateProcessW, GetStdHandle, ResumeThread, SetFilePointer, SetHandleInformation,
};
use super::windows::{Windows, check, close, last_error, wide};

const GENERIC_READ: u32 = 0x8000_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;
const CREATE_ALWAYS: u32 = 2;
const OPEN_EXISTING: u32 = 3;
const OPEN_ALWAYS: u32 = 4;
/// `FILE_SHARE_READ | FILE_SHARE_WRITE`.
const SHARE: u32 = 3;
const FILE_END: u32 = 2;
const INVALID_HANDLE: u32 = 0xFFFF_FFFF;
/// `HANDLE_FLAG_INHERIT`.
const INHERIT: u32 = 1;
/// `STARTF_USESTDHANDLES`, and where flags and handles are in STARTUPINFO, in words.
const USE_HANDLES: u32 = 0x100;
const FLAGS: usize = 11;
const HANDLES: usize = 14;
/// `CREATE_SUSPENDED`.
const SUSPENDED: u32 = 4;
/// Standard input, output, error.
const STANDARD: [u32; 3] = [0xFFFF_FFF6, 0xFFFF_FFF5, 0xFFFF_FFF4];

impl Streams for Windows {
    fn pipe(&mut self) -> Result<(Stream, Stream), Win32Error> {
        let (mut reader, mut writer) = (0, 0);
        // SAFETY: the function writes two words. Nobody inherits the handles.
        check(unsafe { CreatePipe(&mut reader, &mut writer, 0, 0) })?;
        Ok((Stream(reader), Stream(writer)))
    }

    fn open(&mut self, path: &str, opening: Opening) -> Result<Stream, Win32Error> {
        let (access, how) = match opening {
            Opening::Read => (GENERIC_READ, OPEN_EXISTING),
            Opening::Create => (GENERIC_WRITE, CREATE_ALWAYS),
            Opening::Append => (GENERIC_WRITE, OPEN_ALWAYS),
        };
        // SAFETY: the path ends with a zero.
        let file = unsafe { CreateFileW(wide(path).as_ptr(), access, SHARE, 0, how, 0x80, 0) };
        if file == INVALID_HANDLE {
            return Err(last_error());
        }
        if opening == Opening::Append {
            // SAFETY: the file is open, and the upper half of the distance is not given.
            unsafe { SetFilePointer(file, 0, core::ptr::null_mut(), FILE_END) };
        }
        Ok(Stream(file))
    }

    fn close(&mut self, stream: Stream) {
        close(stream.0);
    }

    fn redirect(&mut self, output: Option<Stream>) {
        self.redirected = output.map(|stream| stream.0);
    }

    fn start(&mut self, image: &str, command_line: &str, streams: [Option<Stream>; 3]) -> Result<Running, Win32Error> {
        let mut startup = [0u32; 17];
        (startup[0], startup[FLAGS]) = (68, USE_HANDLES);
        for ((word, stream), number) in startup[HANDLES..].iter_mut().zip(streams).zip(STANDARD) {
            // SAFETY: it only looks the handle up.
            *word = stream.map_or_else(|| unsafe { GetStdHandle(number) }, |stream| stream.0);
        }
        let given: Vec<u32> = streams.into_iter().flatten().map(|stream| stream.0).collect();
        let (image, mut line, mut information) = (wide(image), wide(command_line), [0u32; 4]);
        let (image, line) = (image.as_ptr(), line.as_mut_ptr());
        inheritable(&given, INHERIT);
        // SAFETY: both strings end with a zero; the structures have their sizes.
        let made = check(unsafe {
            CreateProcessW(image, line, 0, 0, 1, SUSPENDED, 0, 0, startup.as_ptr(), information.as_mut_ptr())
        });
        // Others that are started must not get them: a pipe ends with its last writer.
        inheritable(&given, 0);
        made?;
        let [process, thread, id, _] = information;
        self.give_console(id);
        // SAFETY: the thread is the new process's first one, which has waited for this.
        unsafe { ResumeThread(thread) };
        close(thread);
        Ok(Running { process, id })
    }

    fn finish(&mut self, program: Running) -> u32 {
        let status = self.wait(program.process);
        close(program.process);
        status
    }
}

fn inheritable(handles: &[u32], flags: u32) {
    for handle in handles {
        // SAFETY: it changes nothing but the handle.
        unsafe { SetHandleInformation(*handle, INHERIT, flags) };
    }
}
