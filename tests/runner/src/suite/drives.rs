//! A second drive, and what is made with one: the address space of a listing.

use std::fs;

use super::commands::{Commands, check, expect_code, text};
use crate::error::{Error, Result};
use crate::process;
use crate::regions::{self, Row};

type Verdict = std::result::Result<(), String>;

/// Programs work with C: and D:, whether C: is the boot module or a disk, and the folder that D: is made of stays as it was.
pub(super) fn two(commands: &Commands) -> Result<Verdict> {
    let program = commands.program("drives")?;
    let folder = process::scratch_folder()?;
    let (d, c) = (folder.path().join("d"), folder.path().join("c.img"));
    let one = d.join("data/one.txt");
    fs::create_dir_all(d.join("data"))
        .and_then(|()| fs::write(&one, "on D:"))
        .and_then(|()| fs::copy(&program, d.join("data/drives.exe")))
        .map_err(Error::file("making", &d))?;
    let (d, c) = (d.to_string_lossy(), c.to_string_lossy());
    let module = commands.vadose(&["exec", "--drive-d", &d, &program], b"")?;
    let disk = commands.vadose(&["exec", "--disk", &c, "--drive-d", &d, &program], b"")?;
    Ok([module, disk]
        .iter()
        .try_for_each(|output| {
            expect_code(output, 0).and_then(|()| check(text(&output.stdout) == "two drives\n", || text(&output.stdout)))
        })
        .and_then(|()| check(fs::read(&one).is_ok_and(|bytes| bytes == b"on D:"), || "the folder has changed".into())))
}

/// The shell goes from drive to drive, and each keeps its current folder.
pub(super) fn shell(commands: &Commands) -> Result<Verdict> {
    let folder = process::scratch_folder()?;
    let data = folder.path().join("data");
    fs::create_dir(&data).and_then(|()| fs::write(data.join("one.txt"), "1")).map_err(Error::file("making", &data))?;
    let shell = commands.tree.built("system32/cmd.exe", "userland")?;
    let lines = "d:\r\ncd data\r\nc:\r\ncopy \\WINDOWS\\vadose.txt d:\r\ncd D:\\\r\nd:\r\ncd data\r\ntype vadose.txt\r\ne:\r\nexit\r\n";
    let words = ["exec", "--drive-d", &folder.path().to_string_lossy(), &shell.to_string_lossy()];
    let output = commands.vadose(&words, lines.as_bytes())?;
    let said = text(&output.stdout);
    let wanted = [
        "\nD:\\data>c:",
        "C:\\>copy \\WINDOWS\\vadose.txt d:",
        "1 file(s) copied.",
        "C:\\>cd D:\\",
        "\nD:\\>cd data",
        "The system is on this volume",
        "The system cannot find the drive specified.",
    ];
    let missing = wanted.iter().find(|line| !said.contains(**line));
    Ok(check(missing.is_none(), || format!("{missing:?} is not in:\n{said}")))
}

/// `!vad` of a bare process with the regions of a real notepad.exe: every row, and a tree as balanced as AVL's.
pub(super) fn listing(commands: &Commands) -> Result<Verdict> {
    let output = commands.vadose(&["regions"], b"")?;
    let nowhere = commands.vadose(&["regions", "no such listing"], b"")?;
    Ok(expect_code(&output, 0)
        .and_then(|()| same(&text(&output.stdout)))
        .and_then(|()| expect_code(&nowhere, crate::error::BAD_INPUT)))
}

/// Compares a listing of `!vad` with the one that is built in.
fn same(listing: &str) -> Verdict {
    let found: Vec<(usize, Row)> = listing.lines().filter_map(printed).collect();
    let wanted = regions::rows(regions::NOTEPAD).map_err(|line| format!("line {line} of the listing"))?;
    let differs = found.iter().map(|(_, row)| row).zip(&wanted).find(|(found, wanted)| found != wanted);
    if let Some((found, wanted)) = differs {
        return Err(format!("{found:?}\nshould be\n{wanted:?}"));
    }
    let total = listing.lines().any(|line| line.starts_with("Total VADs:    67 "));
    check(found.len() == 67 && wanted.len() == 67 && total, || format!("{} rows:\n{listing}", found.len()))?;
    let levels: Vec<usize> = found.iter().map(|(level, _)| *level).collect();
    balanced(&levels, 0).map(|_| ())
}

/// A row of `!vad`, and its level.
fn printed(line: &str) -> Option<(usize, Row)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [vad, level, start, end, commit, kind @ ..] = words.as_slice() else { return None };
    u32::from_str_radix(vad, 16).ok().filter(|_| vad.len() == 8)?;
    // Kind and protection are two words, or three.
    let (kind, backing) = kind.split_at_checked(if kind.get(1) == Some(&"Exe") { 3 } else { 2 })?;
    let page = |text: &str| u32::from_str_radix(text, 16).ok();
    let (start, end, commit) = (page(start)?, page(end)?, commit.parse().ok()?);
    Some((level.parse().ok()?, Row { start, end, commit, kind: kind.join(" "), backing: backing.join(" ") }))
}

/// The height of the tree whose nodes have `levels`, in order, its root's being `level`.
fn balanced(levels: &[usize], level: usize) -> std::result::Result<usize, String> {
    if levels.is_empty() {
        return Ok(0);
    }
    let mut roots = levels.iter().enumerate().filter(|(_, other)| **other == level).map(|(at, _)| at);
    let (Some(root), None) = (roots.next(), roots.next()) else {
        return Err(format!("there is not one node at level {level} of {levels:?}"));
    };
    let [left, right] = [balanced(&levels[..root], level + 1)?, balanced(&levels[root + 1..], level + 1)?];
    check(left.abs_diff(right) <= 1, || format!("heights {left} and {right} below level {level}: {levels:?}"))?;
    Ok(1 + left.max(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_balanced_or_not() {
        assert_eq!(balanced(&[1, 0, 2, 1], 0), Ok(3));
        assert_eq!(balanced(&[0], 0), Ok(1));
        assert!(balanced(&[0, 2, 1], 0).is_err_and(|why| why.contains("heights 0 and 2")));
        assert!(balanced(&[0, 0], 0).is_err() && balanced(&[1], 0).is_err());
    }

    #[test]
    fn a_printed_row_is_taken_apart() {
        let (level, row) =
            printed("a000da90    2       1000     1012         3 Mapped  Exe  EXECUTE_WRITECOPY  \\a b.exe").unwrap();
        assert_eq!((level, row.start, row.end, row.commit), (2, 0x1000, 0x1012, 3));
        assert_eq!((row.kind.as_str(), row.backing.as_str()), ("Mapped Exe EXECUTE_WRITECOPY", "\\a b.exe"));
        assert_eq!(printed("Total VADs:    67  average level:    4  maximum depth: 6"), None);
    }
}
