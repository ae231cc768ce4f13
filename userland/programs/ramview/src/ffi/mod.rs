//! Where ramview meets Windows: its entry, its memory, and how it goes on.

mod import;
mod system;

use core::panic::PanicInfo;

use alloc::format;
use picture::canvas::Canvas;
use picture::ffi::{self, wait_for_key};
use picture::pen::Style;
use ramview::options::{HELP, Wanted, wanted};
use ramview::pixels::draw;
use ramview::text::picture;
use system::Reader;

user_ffi::process_heap!(import);

#[panic_handler]
fn panicked(information: &PanicInfo<'_>) -> ! {
    ffi::write(format!("\nramview is wrong: {information}\n").as_bytes());
    ffi::exit(0xC000_00E5)
}

/// Where the program begins.
#[unsafe(no_mangle)]
extern "system" fn start() -> ! {
    ffi::exit(run(&ffi::command_line()))
}

fn run(line: &str) -> u32 {
    let (size, is_console) = ffi::text_size();
    let once = match wanted(line) {
        Some(Wanted::Live) => !is_console,
        Some(Wanted::Once) => true,
        Some(Wanted::Help) => {
            ffi::write(HELP.as_bytes());
            return 0;
        }
        None => {
            ffi::write(HELP.as_bytes());
            return 1;
        }
    };
    let style = if is_console { Style::Colored } else { Style::Plain };
    let screen = ffi::picture_size().filter(|_| !once);
    let shown = Reader::new().and_then(|reader| match screen {
        Some(screen) => show_pixels_until_key(reader, screen),
        None if once => show_once(reader, size, style),
        None => show_until_key(reader, size, style),
    });
    match shown {
        Some(()) => 0,
        None => {
            ffi::write(b"ramview: this system does not tell what its frames are used for\n");
            1
        }
    }
}

fn show_once(mut reader: Reader, size: (usize, usize), style: Style) -> Option<()> {
    ffi::write(picture(reader.read()?, size, style).as_bytes());
    Some(())
}

fn show_until_key(mut reader: Reader, size: (usize, usize), style: Style) -> Option<()> {
    ffi::write(b"\x1b[2J");
    loop {
        // Without the last line feed, so that a terminal of as many rows does not scroll.
        let text = picture(reader.read()?, size, style);
        ffi::write(format!("\x1b[H{}", text.trim_end()).as_bytes());
        if wait_for_key() {
            break;
        }
    }
    ffi::forget_keys();
    ffi::write(b"\n");
    Some(())
}

/// On the screen of the machine. What is written next, a line feed to begin with, gives it back to the text.
fn show_pixels_until_key(mut reader: Reader, (columns, rows): (usize, usize)) -> Option<()> {
    ffi::write(b"ramview: the picture is on the screen; any key ends it");
    let mut canvas = Canvas::new(columns, rows);
    loop {
        draw(reader.read()?, &mut canvas);
        if !ffi::show_picture(canvas.pixels(), rows) || wait_for_key() {
            break;
        }
    }
    ffi::forget_keys();
    ffi::write(b"\n");
    Some(())
}
