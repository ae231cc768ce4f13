//! The pictures of memory: what `ramview` shows, counted.

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
    terminal.ask("cls", "", shell::ROOT)?;
    terminal.send("ramview\r")?;
    terminal.expect("any key ends it")?;
    terminal.send("x")?;
    terminal.expect(shell::ROOT)?;
    terminal.ask("echo back", "\nback\n", shell::ROOT)?;
    terminal.enter_monitor()?;
    let screen = shell::rows(&terminal.command(&format!("xp /{}hx 0xb8000", 5 * shell::COLUMNS))?);
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
