//! The pictures of memory: what `ramview` shows, counted, and what `vmview` does of a program that knows what it has.

use std::fs;

use super::commands::{Commands, expect_code, text};
use super::shell;
use super::terminal::Terminal;
use crate::error::{self, Result};
use crate::process;

type Verdict = std::result::Result<(), String>;

/// What the legend of `ramview` calls the states.
const STATES: [&str; 13] = [
    "Zeroed", "Free", "Standby", "Modified", "No write", "Bad", "Transit", "Private", "Tables", "Shared", "Images",
    "Files", "Kernel",
];

/// `ramview -1` shows every frame once.
///
/// # Errors
/// What stops the runner itself.
pub(super) fn ramview(commands: &Commands) -> Result<Verdict> {
    let program = commands.tree.built("system32/ramview.exe", "userland")?.to_string_lossy().into_owned();
    let output = commands.vadose(&["exec", "--ram", "64", &program, "-1"], b"")?;
    let wrong = commands.vadose(&["exec", &program, "-2"], b"")?;
    Ok(expect_code(&output, 0)
        .and_then(|()| letters(&text(&output.stdout)))
        .and_then(|()| expect_code(&wrong, 1))
        .and_then(|()| if text(&wrong.stdout).contains("ramview -1") { Ok(()) } else { Err(text(&wrong.stdout)) }))
}

/// `picture` takes what `ramview` draws on the screen, and says so where a program draws nothing.
///
/// # Errors
/// What stops the runner itself.
pub(super) fn taken(commands: &Commands) -> Result<Verdict> {
    let folder = process::scratch_folder()?;
    let path = folder.path().join("ram.png");
    let output = commands.vadose(&["picture", "-o", &path.to_string_lossy(), "ramview"], b"")?;
    let bytes = fs::read(&path).unwrap_or_default();
    let nothing = commands.vadose_in(folder.path(), &["picture", "ramview", "-1"], b"")?;
    Ok(expect_code(&output, 0)
        .and_then(|()| png(&bytes))
        .and_then(|()| expect_code(&nothing, error::BAD_INPUT))
        .and_then(|()| match text(&nothing.stderr) {
            said if said.contains("ramview showed no picture") && !folder.path().join("picture.png").exists() => Ok(()),
            said => Err(said),
        }))
}

/// What `vmview -l` says of `vmview_target` where it has something of every kind.
const ROWS: [&str; 14] = [
    "\n10000000        16 Private   rw-                   12\n",
    "\n 10004000        4 Private   rw- guard              0\n",
    "\n 10005000        4 Private   r-x                    0\n",
    "\n 10006000        4 Private   ---                    0\n",
    "\n 10007000        4 Private   rw- uncached           0\n",
    "\n 10008000       32 Private   reserved               0\n",
    "\n11000000        64 Private   rw-                    0\n",
    "\n12000000        64 Private   rwx                    0\n",
    "\n14000000        64 AWE       reserved               0\n",
    "\n 14010000       64 AWE       rw-                    0\n",
    "\n16000000      2048 Large     rw-                    0\n",
    "\n18000000      2048 AWE       rw-                    0\n",
    "\n1A000000        16 Shareable rw-                    4\n",
    "\n1C000000         8 File      r--                    0 \\",
];

/// `vmview` tells what another process has, as rows and as a map, and says what it cannot look at.
///
/// # Errors
/// What stops the runner itself.
pub(super) fn vmview(commands: &Commands) -> Result<Verdict> {
    let target = commands.tree.built("commands/vmview_target.exe", "guest")?.to_string_lossy().into_owned();
    let program = commands.tree.built("system32/vmview.exe", "userland")?.to_string_lossy().into_owned();
    let rows = commands.vadose(&["exec", &target, "-l"], b"")?;
    let map = commands.vadose(&["exec", &target, "-1"], b"")?;
    let none = commands.vadose(&["exec", &program, "99999"], b"")?;
    let system = commands.vadose(&["exec", &program, "4"], b"")?;
    let wrong = commands.vadose(&["exec", &program, "cmd"], b"")?;
    Ok(expect_code(&rows, 0)
        .and_then(|()| rows_of_target(&text(&rows.stdout)))
        .and_then(|()| expect_code(&map, 0))
        .and_then(|()| map_of_target(&text(&map.stdout)))
        .and_then(|()| expect_code(&none, 2))
        .and_then(|()| says(&text(&none.stdout), "vmview: there is no process 99999"))
        .and_then(|()| expect_code(&system, 3))
        .and_then(|()| says(&text(&system.stdout), "vmview: process 4 has no address space to look at"))
        .and_then(|()| expect_code(&wrong, 1))
        .and_then(|()| says(&text(&wrong.stdout), "vmview PID")))
}

fn says(said: &str, expected: &str) -> Verdict {
    if said.contains(expected) { Ok(()) } else { Err(format!("no {expected:?} in:\n{said}")) }
}

fn rows_of_target(said: &str) -> Verdict {
    ROWS.into_iter().try_for_each(|row| says(said, row))?;
    // Two threads with guarded stacks, two heaps, the program; and no address is left out.
    for (kind, least) in [(" Stack     rw- guard ", 2), (" Heap      rw- ", 2), ("\\vmview_target.exe\n", 1)] {
        if said.matches(kind).count() < least {
            return Err(format!("too few of {kind:?} in:\n{said}"));
        }
    }
    let mut at = 0x1_0000;
    for line in said.lines().skip(1) {
        let mut words = line.split_whitespace();
        let address = words.next().and_then(|word| u64::from_str_radix(word, 16).ok());
        let size = words.next().and_then(|word| word.parse::<u64>().ok());
        let (Some(address), Some(size)) = (address, size) else { return Err(format!("a row: {line}")) };
        if address != at {
            return Err(format!("{at:08X} is missing in:\n{said}"));
        }
        at += size * 1024;
    }
    if at == 0x7FFF_0000 { Ok(()) } else { Err(format!("the rows end at {at:08X}")) }
}

/// The totals of the map.
fn map_of_target(said: &str) -> Verdict {
    for total in [
        "\nA AWE           2176      2112       0  ",
        "\nL Large         2048      2048       0  ",
        "  W rwx              64\n",
        "  n no access         4\n",
    ] {
        says(said, total)?;
    }
    let cells: String = said.lines().skip(2).take_while(|line| !line.starts_with("  KB")).collect();
    match "IFMPHSALg:.wrxWn".chars().find(|letter| !cells.contains(*letter)) {
        None => Ok(()),
        Some(letter) => Err(format!("no cell shows {letter}:\n{said}")),
    }
}

/// Pixels of a row.
const WIDTH: usize = 1024;
/// The colours of the legend's squares: kinds at the left, protections at the right.
const SQUARES: [(u32, u32); 11] = [
    (0x50_80F0, 0x50_80F0),
    (0x2C_4CA8, 0x40_C050),
    (0xE0_9030, 0x00_7050),
    (0x40_C050, 0xA0_7010),
    (0xF0_60C0, 0xE0_9030),
    (0x30_C8D0, 0xF0_60C0),
    (0xB0_E040, 0xA0_60FF),
    (0x80_FFB0, 0xB0_B8C0),
    (0xD0_4038, 0xD0_4038),
    (0x50_5860, 0x50_5860),
    (0x20_2830, 0x20_2830),
];

/// `picture` takes what `vmview` draws on the screen, as PNG and as pixels, whose colours are the legend's.
///
/// # Errors
/// What stops the runner itself.
pub(super) fn vmview_taken(commands: &Commands) -> Result<Verdict> {
    let folder = process::scratch_folder()?;
    let (compressed, plain) = (folder.path().join("vm.png"), folder.path().join("vm.ppm"));
    let first = commands.vadose(&["picture", "-o", &compressed.to_string_lossy(), "vmview"], b"")?;
    let second = commands.vadose(&["picture", "-o", &plain.to_string_lossy(), "vmview"], b"")?;
    let (compressed, own) = (fs::read(&compressed).unwrap_or_default(), fs::read(&plain).unwrap_or_default());
    let target = commands.tree.built("commands/vmview_target.exe", "guest")?.to_string_lossy().into_owned();
    let third = commands.vadose(&["picture", "-o", &plain.to_string_lossy(), &target], b"")?;
    let of_target = fs::read(&plain).unwrap_or_default();
    Ok(expect_code(&first, 0)
        .and_then(|()| png(&compressed))
        .and_then(|()| expect_code(&second, 0))
        .and_then(|()| colors(&own))
        .and_then(|()| expect_code(&third, 0))
        .and_then(|()| regions(&of_target)))
}

/// The pixels of a PPM file of 1024 by 768 of them.
fn pixels(bytes: &[u8]) -> std::result::Result<Vec<u32>, String> {
    let pixels = bytes.strip_prefix(b"P6\n1024 768\n255\n").filter(|pixels| pixels.len() == 3 * WIDTH * 768);
    let pixels = pixels.ok_or_else(|| format!("{} bytes", bytes.len()))?;
    Ok(pixels.chunks_exact(3).map(|pixel| u32::from_be_bytes([0, pixel[0], pixel[1], pixel[2]])).collect())
}

/// Checks the squares of the legend, and that both maps begin with the first region: private memory that is read and written.
fn colors(bytes: &[u8]) -> Verdict {
    let pixels = pixels(bytes)?;
    let legend = SQUARES.iter().enumerate().map(|(index, square)| (550 + 18 * index + 7, *square));
    let squares = legend.flat_map(|(y, (kind, protection))| [(15, y, kind), (527, y, protection)]);
    for (x, y, color) in squares.chain([(90, 54, 0x40_C050), (90, 300, 0x40_C050)]) {
        let found = pixels[y * WIDTH + x];
        if found != color {
            return Err(format!("at {x}, {y}: {found:06x}, not {color:06x}"));
        }
    }
    Ok(())
}

/// Checks how many pixels `vmview_target`'s regions have: 8 by 7 a page of 4 KB, a column less where an allocation ends.
fn regions(bytes: &[u8]) -> Verdict {
    let pixels = pixels(bytes)?;
    let (kinds, protections) = (&pixels[52 * WIDTH..280 * WIDTH], &pixels[298 * WIDTH..526 * WIDTH]);
    for (name, map, color, pages, ends) in [
        ("large pages", kinds, 0x80_FFB0, 512, 1),
        ("AWE", kinds, 0xB0_E040, 16 + 512, 2),
        ("files", kinds, 0x2C_4CA8, 2, 1),
        ("guards", kinds, 0xD0_4038, 3, 0),
        ("rwx", protections, 0xF0_60C0, 16, 1),
        ("no access", protections, 0xB0_B8C0, 1, 0),
    ] {
        let count = map.iter().filter(|pixel| **pixel == color).count();
        if count != pages * 8 * 7 - ends * 7 {
            return Err(format!("{count} pixels of {name}"));
        }
    }
    Ok(())
}

/// With a picture on it the screen is as large as the adapter makes it; the key that ends the picture gives it back to the text, which is
/// all there.
///
/// # Errors
/// What stops the runner itself.
pub(super) fn given_back(commands: &Commands) -> Result<Verdict> {
    let mut terminal =
        Terminal::start(&commands.tree, &["run", "--no-disk", "--cmdline", "video", "--timeout", "120"])?;
    Ok(screen_and_back(&mut terminal).and_then(|()| shell::shut_down(terminal)))
}

fn screen_and_back(terminal: &mut Terminal) -> Verdict {
    terminal.expect(shell::ROOT)?;
    terminal.send("vmview\r")?;
    terminal.expect("vmview: the picture is on the screen; any key ends it")?;
    terminal.send("x")?;
    terminal.expect(shell::ROOT)?;
    terminal.ask("cls", "", shell::ROOT)?;
    terminal.send("ramview\r")?;
    terminal.expect("any key ends it")?;
    terminal.send("x")?;
    terminal.expect(shell::ROOT)?;
    terminal.ask("echo back", "\nback\n", shell::ROOT)?;
    terminal.enter_monitor()?;
    let screen = shell::screen_to_prompt(terminal, 5)?;
    terminal.leave_monitor()?;
    let expected = [
        "C:\\>ramview",
        "ramview: the picture is on the screen; any key ends it",
        "C:\\>echo back",
        "back",
        shell::ROOT,
    ];
    if screen == expected { Ok(()) } else { Err(format!("on the screen: {screen:?}")) }
}

/// Checks that `bytes` are a PNG file of 1024 by 768 pixels with something in it.
fn png(bytes: &[u8]) -> Verdict {
    // Signature; length and type of the first chunk; columns and rows.
    let header = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x04\0\0\0\x03\0";
    match bytes.starts_with(header) && bytes.len() > 4096 {
        true => Ok(()),
        false => Err(format!("{} bytes that begin with {:02x?}", bytes.len(), &bytes[..bytes.len().min(24)])),
    }
}

/// Checks a picture of letters: the title's frames are the legend's, and the letters of the cells are in the legend.
fn letters(said: &str) -> Verdict {
    let lines: Vec<&str> = said.lines().collect();
    let [title, rows @ ..] = lines.as_slice() else { return Err("nothing was printed".into()) };
    let frames: u32 = title
        .split_once("RAM, ")
        .and_then(|(_, rest)| rest.split(' ').next()?.parse().ok())
        .ok_or_else(|| format!("the title: {title}"))?;
    let (cells, legend) = rows.split_at_checked(19).ok_or_else(|| format!("too few lines:\n{said}"))?;
    let legend = legend.join("\n");
    let mut counted = 0;
    for name in STATES {
        let (letter, count) = entry(&legend, name).ok_or_else(|| format!("no {name} in the legend:\n{legend}"))?;
        counted += count;
        // What is in use is seen; of what is rare a cell may show something else.
        let shown = cells.iter().any(|row| row.contains(letter));
        if count == 0 && shown {
            return Err(format!("the legend knows of no {name}:\n{said}"));
        }
        if name == "Kernel" && !shown {
            return Err(format!("no cell shows {name}:\n{said}"));
        }
    }
    if counted == frames { Ok(()) } else { Err(format!("the legend adds up to {counted}:\n{said}")) }
}

/// Letter and number of `name` in the legend.
fn entry(legend: &str, name: &str) -> Option<(char, u32)> {
    let (before, after) = legend.split_once(&format!(" {name} "))?;
    Some((before.chars().last()?, after.split_whitespace().next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_does_not_add_up_is_refused() {
        let letters_of = ".:smnXtPTMIFK".chars();
        let legend: String =
            STATES.iter().zip(letters_of).map(|(name, letter)| format!("{letter} {name:<9}{:>8}\n", 10)).collect();
        let picture = format!("0 MB of RAM, 130 frames of 4 KB, a letter each\n{}{legend}", "..KK::PP\n".repeat(19));
        assert_eq!(letters(&picture), Ok(()));
        for (right, wrong) in
            [("130", "131"), ("KK", "PP"), ("Bad ", "Good"), ("Private        10", "Private         0")]
        {
            assert!(letters(&picture.replacen(right, wrong, 19)).is_err(), "{wrong}");
        }
        assert!(letters("").is_err() && letters("x\n").is_err());
    }
}
