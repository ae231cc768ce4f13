//! Other programs: started and waited for, or in the place of this one.

use alloc::vec::Vec;

use user_crt::descriptors::System;
use user_crt::error::Errno;
use user_crt::process::{candidates, command_line, environment_block};
use user_ffi::{c_string, wide_string};
use user_support::memory::Memory;
use user_support::text::wide;

use super::environment::variable;
use super::exit::_exit;
use super::host::host;
use super::nt::{CreateProcessW, GetCurrentProcessId, GetExitCodeProcess, GetFileAttributesW, WaitForSingleObject};
use super::stream::flush_all;
use super::thread_data::{fail, fail_with_last_error};
use super::variadic::variadic;

/// How a program is started: `_P_WAIT`, `_P_NOWAIT`, `_P_OVERLAY`, `_P_NOWAITO`, `_P_DETACH`.
const WAIT: u32 = 0;
const NO_WAIT: u32 = 1;
const OVERLAY: u32 = 2;
const NO_WAIT_EITHER: u32 = 3;
const DETACH: u32 = 4;
/// `DETACHED_PROCESS`, and what says that the environment is UTF-16.
const DETACHED: u32 = 8;
const WIDE_ENVIRONMENT: u32 = 0x400;
const FOR_EVER: u32 = u32::MAX;
/// `FILE_ATTRIBUTE_DIRECTORY`.
const DIRECTORY: u32 = 0x10;
/// `STARTF_USESTDHANDLES`; the places of flags and handles in STARTUPINFO, in words.
const USE_HANDLES: u32 = 0x100;
const STARTUP_FLAGS: usize = 11;
const STARTUP_HANDLES: usize = 14;
/// The number of this process.
#[unsafe(no_mangle)]
pub extern "C" fn _getpid() -> u32 {
    // SAFETY: asking changes nothing.
    unsafe { GetCurrentProcessId() }
}

fn is_program(name: &[u16]) -> bool {
    let name: Vec<u16> = name.iter().copied().chain([0]).collect();
    // SAFETY: the name ends in a zero and lives until the function returns.
    let attributes = unsafe { GetFileAttributesW(name.as_ptr()) };
    attributes != u32::MAX && attributes & DIRECTORY == 0
}

/// What a program is started with.
pub(super) struct Start<'words> {
    pub(super) line: Vec<u16>,
    pub(super) environment: Option<&'words [Vec<u16>]>,
    /// Standard handles of its own.
    pub(super) handles: Option<[u32; 3]>,
}

/// Starts the program in file `image`; the handle of its process, or None with `errno`.
pub(super) fn create(image: &[u16], start: &Start<'_>, flags: u32) -> Option<u32> {
    let image: Vec<u16> = image.iter().copied().chain([0]).collect();
    let mut line: Vec<u16> = start.line.iter().copied().chain([0]).collect();
    let environment = start.environment.map(environment_block);
    let environment_at = environment.as_ref().map_or(core::ptr::null(), |block| block.as_ptr());
    let mut startup = [0u32; 17];
    startup[0] = size_of_val(&startup) as u32;
    if let Some(handles) = start.handles {
        startup[STARTUP_FLAGS] = USE_HANDLES;
        startup[STARTUP_HANDLES..].copy_from_slice(&handles);
    }
    let mut information = [0u32; 4];
    // SAFETY: the strings end in zeros, the structures have their sizes.
    let done = unsafe {
        CreateProcessW(
            image.as_ptr(),
            line.as_mut_ptr(),
            core::ptr::null(),
            core::ptr::null(),
            1,
            flags | WIDE_ENVIRONMENT,
            environment_at,
            core::ptr::null(),
            startup.as_ptr(),
            information.as_mut_ptr(),
        )
    };
    if done == 0 {
        fail_with_last_error();
        return None;
    }
    let [process, thread, ..] = information;
    let _ = host().close_handle(thread);
    Some(process)
}

/// Waits for the end of a process; its status.
pub(super) fn wait_for(process: u32) -> i32 {
    let mut status = 0;
    // SAFETY: waiting touches no memory.
    unsafe { WaitForSingleObject(process, FOR_EVER) };
    // SAFETY: the function writes one word.
    unsafe { GetExitCodeProcess(process, &mut status) };
    let _ = host().close_handle(process);
    status.cast_signed()
}

/// Starts a program in one of the ways; what the function answers.
fn spawn(how: u32, name: &[u16], words: &[Vec<u16>], environment: Option<&[Vec<u16>]>, along_path: bool) -> i32 {
    if how > DETACH {
        return fail(Errno::EINVAL);
    }
    let path = if along_path { variable(&wide(b"PATH")) } else { None };
    let Some(image) = candidates(name, path.as_deref()).into_iter().find(|name| is_program(name)) else {
        return fail(Errno::ENOENT);
    };
    flush_all();
    let start = Start { line: command_line(words), environment, handles: None };
    let Some(process) = create(&image, &start, if how == DETACH { DETACHED } else { 0 }) else { return -1 };
    match how {
        WAIT => wait_for(process),
        NO_WAIT | NO_WAIT_EITHER => process.cast_signed(),
        OVERLAY => _exit(0),
        _ => {
            let _ = host().close_handle(process);
            0
        }
    }
}

/// The strings of a table that ends with a null.
fn table(at: u32, read: impl Fn(u32) -> Vec<u16>) -> Vec<Vec<u16>> {
    (0..).map(|index| host().read_u32(at + 4 * index)).take_while(|&word| word != 0).map(read).collect()
}

fn narrow_string(at: u32) -> Vec<u16> {
    // SAFETY: the caller of the function promised that this is a string.
    wide(unsafe { c_string(at as *const u8) })
}

fn wide_text(at: u32) -> Vec<u16> {
    // SAFETY: the caller of the function promised that this is a string.
    unsafe { wide_string(at as *const u16) }.to_vec()
}

/// Where the environment stands behind a list of words and its null.
fn behind(list: u32) -> u32 {
    let count = (0..).take_while(|&index| host().read_u32(list + 4 * index) != 0).count() as u32;
    host().read_u32(list + 4 * count + 4)
}

macro_rules! spawns {
    ($($read:ident $list:ident $list_e:ident $vector:ident $vector_e:ident $execute_list:ident $execute_list_e:ident
        $execute:ident $execute_e:ident $along_path:literal;)*) => {$(
        /// Starts a program with the words of a table: its status, its process, or -1.
        ///
        /// # Safety
        /// The name is a string, the table one of strings.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $vector(how: u32, name: u32, words: u32) -> i32 {
            spawn(how, &$read(name), &table(words, $read), None, $along_path)
        }

        /// The same with an environment; the process's own for null.
        ///
        /// # Safety
        /// The name is a string, the tables are of strings.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $vector_e(how: u32, name: u32, words: u32, environment: u32) -> i32 {
            let environment = (environment != 0).then(|| table(environment, $read));
            spawn(how, &$read(name), &table(words, $read), environment.as_deref(), $along_path)
        }

        /// Runs a program instead of this one; -1 if that fails.
        ///
        /// # Safety
        /// The name is a string, the table one of strings.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $execute(name: u32, words: u32) -> i32 {
            // SAFETY: the caller's promise.
            unsafe { $vector(OVERLAY, name, words) }
        }

        /// The same with an environment.
        ///
        /// # Safety
        /// The name is a string, the tables are of strings.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $execute_e(name: u32, words: u32, environment: u32) -> i32 {
            // SAFETY: the caller's promise.
            unsafe { $vector_e(OVERLAY, name, words, environment) }
        }

        variadic! {
            /// Starts a program with the words that follow, up to a null.
            $list 8 2 $vector;
            /// Runs a program with the words that follow, up to a null, instead of this one.
            $execute_list 4 1 $execute;
        }

        const _: () = {
            unsafe extern "C" fn start_with_list(how: u32, name: u32, words: u32) -> i32 {
                // SAFETY: the caller's promise: an environment follows the null.
                unsafe { $vector_e(how, name, words, behind(words)) }
            }

            unsafe extern "C" fn execute_with_list(name: u32, words: u32) -> i32 {
                // SAFETY: the caller's promise: an environment follows the null.
                unsafe { $execute_e(name, words, behind(words)) }
            }

            variadic! {
                /// Starts a program with the words that follow, up to a null, and the environment behind it.
                $list_e 8 2 start_with_list;
                /// Runs a program so instead of this one.
                $execute_list_e 4 1 execute_with_list;
            }
        };
    )*};
}

spawns! {
    narrow_string _spawnl _spawnle _spawnv _spawnve _execl _execle _execv _execve false;
    narrow_string _spawnlp _spawnlpe _spawnvp _spawnvpe _execlp _execlpe _execvp _execvpe true;
    wide_text _wspawnl _wspawnle _wspawnv _wspawnve _wexecl _wexecle _wexecv _wexecve false;
    wide_text _wspawnlp _wspawnlpe _wspawnvp _wspawnvpe _wexeclp _wexeclpe _wexecvp _wexecvpe true;
}

/// Waits for the end of a process that `_spawn` started: its handle, or -1.
///
/// # Safety
/// `status` is null or a word.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _cwait(status: *mut i32, process: i32, _action: u32) -> i32 {
    let mut word = 0;
    // SAFETY: the function writes one word, if there is such a process.
    if unsafe { GetExitCodeProcess(process.cast_unsigned(), &mut word) } == 0 {
        return fail(Errno::ECHILD);
    }
    let ended = wait_for(process.cast_unsigned());
    if !status.is_null() {
        // SAFETY: the caller's promise.
        unsafe { status.write(ended) };
    }
    process
}

/// The shell: what COMSPEC says, else `cmd.exe` along the path.
pub(super) fn shell() -> Option<Vec<u16>> {
    let names = variable(&wide(b"COMSPEC")).into_iter().chain([wide(b"cmd.exe")]);
    let path = variable(&wide(b"PATH"));
    names.flat_map(|name| candidates(&name, path.as_deref())).find(|name| is_program(name))
}

pub(super) fn shell_line(shell: &[u16], command: &[u16]) -> Vec<u16> {
    let quote = u16::from(b'"');
    [&[quote], shell, &[quote], &wide(b" /c "), command].concat()
}

fn run_in_shell(command: Option<&[u16]>) -> i32 {
    let shell = shell();
    let Some(command) = command else { return i32::from(shell.is_some()) };
    let Some(shell) = shell else { return fail(Errno::ENOENT) };
    flush_all();
    let start = Start { line: shell_line(&shell, command), environment: None, handles: None };
    create(&shell, &start, 0).map_or(-1, wait_for)
}

/// Has the shell carry out a command: its status, or -1. For null, whether there is a shell.
///
/// # Safety
/// `command` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn system(command: *const u8) -> i32 {
    // SAFETY: the caller's promise.
    let command = (!command.is_null()).then(|| wide(unsafe { c_string(command) }));
    run_in_shell(command.as_deref())
}

/// The same in UTF-16.
///
/// # Safety
/// `command` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wsystem(command: *const u16) -> i32 {
    // SAFETY: the caller's promise.
    let command = (!command.is_null()).then(|| unsafe { wide_string(command) });
    run_in_shell(command)
}
