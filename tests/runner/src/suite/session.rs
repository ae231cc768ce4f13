//! A session of the debugger's main commands against its record, line by line, with numbers masked: words, columns and rows are what is compared.
//!
//! `tests/kd/session.txt` has the commands and what they print. With `RECORD=1` in the environment it is written anew: its lines that begin with
//! the prompt stay, what is between them is what was printed.

use std::fmt::Write;
use std::fs;

use super::commands::{Commands, expect_code, text};
use crate::error::{Error, Result};
use crate::process;

type Verdict = std::result::Result<(), String>;

const RECORD: &str = "tests/kd/session.txt";
const PROMPT: &str = "kd> ";
/// A command whose output is words alone.
const HELP: &str = "kd> .help";
/// The program, and what it ends with.
const PROGRAM: &str = "views";
const CODE: u8 = 3;
/// Lines that differ are shown up to so many.
const SHOWN: usize = 12;
/// Words that could be numbers and are none.
const WORDS: [&str; 5] = ["a", "be", "add", "dec", "fa"];

const UNITS: [&str; 1] = ["KB"];

/// Carries out the recorded commands; what differs.
///
/// # Errors
/// What stops the runner itself.
pub(super) fn run(commands: &Commands) -> Result<Verdict> {
    let path = commands.tree.file(RECORD);
    let record = fs::read_to_string(&path).map_err(Error::file("reading", &path))?;
    let script: Vec<&str> = record.lines().filter_map(|line| line.strip_prefix(PROMPT)).collect();
    let folder = process::scratch_folder()?;
    let out = folder.path().join("kd.txt");
    let program = commands.tree.built(&format!("commands/{PROGRAM}.exe"), "guest")?;
    let (script, out_path, program) = (script.join("; "), out.to_string_lossy(), program.to_string_lossy());
    let words = ["exec", "--cmdline", "debug", "--kd", &script, "--kd-out", &out_path, &program];
    let output = commands.vadose(&words, b"")?;
    let said = masked(&text(&fs::read(&out).map_err(Error::file("reading", &out))?));
    if std::env::var_os("RECORD").is_some_and(|value| value == "1") {
        fs::write(&path, &said).map_err(Error::file("writing", &path))?;
    }
    let record = fs::read_to_string(&path).map_err(Error::file("reading", &path))?;
    Ok(expect_code(&output, CODE).and_then(|()| compare(&record, &said)))
}

/// The lines of `said` that are not those of `record`, from the first on.
fn compare(record: &str, said: &str) -> Verdict {
    let (expected, found): (Vec<&str>, Vec<&str>) = (record.lines().collect(), said.lines().collect());
    let Some(first) = (0..expected.len().max(found.len())).find(|index| expected.get(*index) != found.get(*index))
    else {
        return Ok(());
    };
    let after = expected[..first.min(expected.len())].iter().rev().find(|line| line.starts_with(PROMPT));
    let mut told = format!("line {} differs, after {}", first + 1, after.unwrap_or(&"the beginning"));
    let shown =
        |lines: &[&str]| lines.iter().skip(first).take(SHOWN).fold(String::new(), |all, line| all + "\n  " + line);
    let _ = write!(told, "\nrecorded:{}\nprinted:{}", shown(&expected), shown(&found));
    Err(told)
}

/// `text` with its numbers masked, but for the commands themselves. A number in a column keeps the column's width, but for the last.
fn masked(text: &str) -> String {
    let mut is_help = false;
    text.lines().fold(String::new(), |all, line| {
        if line.starts_with(PROMPT) {
            is_help = line.starts_with(HELP);
        }
        // Members of structures stand where they always do.
        match line.starts_with(PROMPT) || is_help || line.starts_with("   +0x") {
            true => all + line + "\n",
            false => all + masked_line(line).trim_end() + "\n",
        }
    })
}

fn masked_line(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let end = rest.find(|unit: char| !is_word(unit)).unwrap_or(rest.len());
        // A unit that stands close behind its number is no part of it.
        let end = UNITS
            .iter()
            .find_map(|unit| rest[..end].strip_suffix(unit))
            .filter(|number| is_number(number))
            .map_or(end, str::len);
        let (word, behind) = rest.split_at(end);
        if is_number(word) {
            let before = out.len() - out.trim_end_matches(' ').len();
            let after = behind.len() - behind.trim_start_matches(' ').len();
            let width = word.len();
            let (take, width) = match () {
                // The whole of an address, or of an entry.
                () if matches!(width, 8 | 16) || word.starts_with("0x") && width == 10 => (0, width),
                // The last of its line may stand on either side of its column.
                () if before >= 2 && behind.trim_end().is_empty() => {
                    out.truncate(out.len() - before);
                    out += "  ";
                    (0, 1)
                }
                // To the right of its column.
                () if before >= 2 => {
                    out.truncate(out.len() - before);
                    (0, before + width)
                }
                () if after >= 2 && behind.len() > after => (after, width + after),
                () => (0, 1),
            };
            out.extend(std::iter::repeat_n('#', width));
            rest = &behind[take..];
            continue;
        }
        // When an image was linked is nobody's business.
        out += if MONTHS.contains(&word) { "Mon" } else { word };
        let between = behind.find(is_word).unwrap_or(behind.len());
        out += &behind[..between];
        rest = &behind[between..];
    }
    out
}

/// As the debugger calls them.
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn is_word(unit: char) -> bool {
    unit.is_alphanumeric() || unit == '_'
}

/// Whether `word` is a number, decimal or hexadecimal.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let is_hexadecimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let letters = digits.bytes().all(|byte| matches!(byte, b'a'..=b'f'));
    let has_digit = digits.bytes().any(|byte| byte.is_ascii_digit());
    is_hexadecimal && (has_digit || letters && !WORDS.contains(&digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_masked_and_columns_stay() {
        for (line, expected) in [
            (
                "a0006200    3         10       10         1 Private      READWRITE",
                "########################################### Private      READWRITE",
            ),
            ("pfn 35     ---DA--UWEV", "pfn #######---DA--UWEV"),
            ("pfn fe     ---DA--UWEV", "pfn #######---DA--UWEV"),
            ("Cid: 0428.042c  Teb: 7ffdf000", "Cid: #.######Teb: ########"),
            ("(5, 50, 345) (20KB, 200KB)", "(#, #, #) (#KB, #KB)"),
            ("PageFaultCount                    96", "PageFaultCount  #"),
            ("PageFaultCount                    101", "PageFaultCount  #"),
            ("Aug 28 05:48:33 2026", "Mon # #:#:# #"),
            ("a list of face", "a list of #"),
            ("_EPROCESS+0x174 DEAD", "_EPROCESS+# DEAD"),
        ] {
            assert_eq!(masked_line(line), expected, "{line}");
        }
    }

    #[test]
    fn what_differs_is_told_with_its_command() {
        let record = "kd> !vad\nVAD     level\n#\n";
        assert_eq!(compare(record, record), Ok(()));
        let told = compare(record, "kd> !vad\nVAD     level\n# #\n").unwrap_err();
        assert!(told.starts_with("line 3 differs, after kd> !vad\nrecorded:\n  #\nprinted:\n  # #"), "{told}");
        assert!(compare(record, "kd> !vad\nVAD     level\n").is_err());
    }
}
