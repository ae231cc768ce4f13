//! Where ramview meets Windows: its entry, its memory, and how it goes on.

mod import;
mod system;

use core::panic::PanicInfo;

use alloc::format;
use ramview::options::{HELP, Wanted, wanted};
use ramview::pixels::{Canvas, draw};
use ramview::text::{Style, picture};
use system::Reader;

user_ffi::process_heap!(import);

/// Between two pictures, and between two looks for a key, in milliseconds.
const PERIOD: u32 = 300;
const LOOK: u32 = 50;
/// Columns and rows of a picture that goes to no console.
const PAPER: (usize, usize) = (79, 25);

#[panic_handler]
fn panicked(information: &PanicInfo<'_>) -> ! {
    system::write(format!("\nramview is wrong: {information}\n").as_bytes());
    system::exit(0xC000_00E5)
}

/// Where the program begins.
#[unsafe(no_mangle)]
extern "system" fn start() -> ! {
    system::exit(run(&system::command_line()))
}

fn run(line: &str) -> u32 {
    let console = system::console_size();
    let once = match wanted(line) {
        Some(Wanted::Live) => console.is_none(),
        Some(Wanted::Once) => true,
        Some(Wanted::Help) => {
            system::write(HELP.as_bytes());
            return 0;
        }
        None => {
            system::write(HELP.as_bytes());
            return 1;
        }
    };
    // A cell in the last column may or may not take the cursor to the next line.
    let size = console.map_or(PAPER, |(columns, rows)| (columns.saturating_sub(1), rows));
    let style = if console.is_some() { Style::Colored } else { Style::Plain };
    let screen = system::picture_size().filter(|_| !once);
    let shown = system::Reader::new().and_then(|reader| match screen {
        Some(screen) => show_pixels_until_key(reader, screen),
        None if once => show_once(reader, size, style),
        None => show_until_key(reader, size, style),
    });
    match shown {
        Some(()) => 0,
        None => {
            system::write(b"ramview: this system does not tell what its frames are used for\n");
            1
        }
    }
}

fn show_once(mut reader: Reader, size: (usize, usize), style: Style) -> Option<()> {
    system::write(picture(reader.read()?, size, style).as_bytes());
    Some(())
}

fn show_until_key(mut reader: Reader, size: (usize, usize), style: Style) -> Option<()> {
    system::write(b"\x1b[2J");
    loop {
        // Without the last line feed, so that a terminal of as many rows does not scroll.
        let text = picture(reader.read()?, size, style);
        system::write(format!("\x1b[H{}", text.trim_end()).as_bytes());
        if wait_for_key() {
            break;
        }
    }
    system::forget_keys();
    system::write(b"\n");
    Some(())
}

/// On the screen of the machine. What is written next, a line feed to begin with, gives it back to the text.
fn show_pixels_until_key(mut reader: Reader, (columns, rows): (usize, usize)) -> Option<()> {
    system::write(b"ramview: the picture is on the screen; any key ends it");
    let mut canvas = Canvas::new(columns, rows);
    loop {
        draw(reader.read()?, &mut canvas);
        if !system::show_picture(canvas.pixels(), rows) || wait_for_key() {
            break;
        }
    }
    system::forget_keys();
    system::write(b"\n");
    Some(())
}

/// Waits for the time of the next picture: whether a key came instead.
fn wait_for_key() -> bool {
    for _ in 0..PERIOD / LOOK {
        if system::key_was_pressed() {
            return true;
        }
        system::sleep(LOOK);
    }
    false
}
