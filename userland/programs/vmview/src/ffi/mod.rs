//! Where vmview meets Windows: its entry, its memory, and how it goes on.

mod import;
mod process;
mod read;

use core::panic::PanicInfo;

use alloc::format;
use picture::canvas::Canvas;
use picture::ffi;
use picture::pen::Style;
use process::Process;
use vmview::options::{HELP, Wanted, wanted};
use vmview::pixels::draw;
use vmview::space::Space;
use vmview::{rows, text};

user_ffi::process_heap!(import);

/// What the program ends with: it was not understood, there is no such process, it may not be looked at.
const NOT_UNDERSTOOD: u32 = 1;
const NO_PROCESS: u32 = 2;
const REFUSED: u32 = 3;
/// What OpenProcess says where there is no such process.
const INVALID_PARAMETER: u32 = 87;

#[panic_handler]
fn panicked(information: &PanicInfo<'_>) -> ! {
    ffi::write(format!("\nvmview is wrong: {information}\n").as_bytes());
    ffi::exit(0xC000_00E5)
}

/// Where the program begins.
#[unsafe(no_mangle)]
extern "system" fn start() -> ! {
    ffi::exit(run(&ffi::command_line()))
}

fn run(line: &str) -> u32 {
    let Some(wanted) = wanted(line) else {
        ffi::write(HELP.as_bytes());
        return NOT_UNDERSTOOD;
    };
    if wanted.help {
        ffi::write(HELP.as_bytes());
        return 0;
    }
    let number = wanted.process.unwrap_or_else(process::own_number);
    match Process::open(number) {
        Ok(process) => look(&process, number, wanted),
        Err(INVALID_PARAMETER) => {
            ffi::write(format!("vmview: there is no process {number}\n").as_bytes());
            NO_PROCESS
        }
        Err(error) => {
            ffi::write(format!("vmview: process {number} may not be looked at: error {error}\n").as_bytes());
            REFUSED
        }
    }
}

fn look(process: &Process, number: u32, wanted: Wanted) -> u32 {
    let Some(space) = read::space(process, number) else {
        ffi::write(format!("vmview: process {number} has no address space to look at\n").as_bytes());
        return REFUSED;
    };
    match ffi::picture_size().filter(|_| !wanted.text && !wanted.rows) {
        Some(screen) => show_pixels_until_key(process, space, screen),
        None => show(&space, wanted.rows),
    }
    0
}

fn show(space: &Space, as_rows: bool) {
    if as_rows {
        ffi::write(rows::rows(space).as_bytes());
    } else {
        let (size, is_console) = ffi::text_size();
        let style = if is_console { Style::Colored } else { Style::Plain };
        ffi::write(text::map(space, size, style).as_bytes());
    }
}

/// On the screen of the machine, again and again while there is such a process. What is written next, a line feed to begin with, gives it
/// back to the text.
fn show_pixels_until_key(process: &Process, mut space: Space, (columns, rows): (usize, usize)) {
    ffi::write(b"vmview: the picture is on the screen; any key ends it");
    let mut canvas = Canvas::new(columns, rows);
    loop {
        draw(&space, &mut canvas);
        if !ffi::show_picture(canvas.pixels(), rows) || ffi::wait_for_key() {
            break;
        }
        // A process that has ended is shown as it was.
        if let Some(now) = read::space(process, space.process) {
            space = now;
        }
    }
    ffi::forget_keys();
    ffi::write(b"\n");
}
