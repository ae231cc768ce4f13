//! `.dump` while a program writes to the disk: the system goes on as if nothing had been, and the dumps are there.

use super::inspected::Inspected;
use crate::disk;
use crate::dump::{Console, LIVE};
use crate::error::Result;
use crate::paths::Tree;

type Verdict = std::result::Result<(), String>;

/// The program, and room for two dumps beside the paging file.
const WRITES: Inspected<'static> = Inspected {
    program: "writes",
    ram: 32,
    room: 192,
    words: &["debug", "dumpfile", "pagefile=32"],
    when: "writing until ",
};
/// What the debugger says where a command of the disk was cut off.
const CUT_OFF: &str = "is given again";
/// Dumps after which one has to have met the disk at work: it nearly always is.
const MOST: usize = 12;
/// The file that is made for a dump.
const MADE: &str = "made.dmp";
/// What the program ends with, and says then.
const CODE: u8 = 7;
const LAST_WORDS: &str = "all is as it was written\n";

/// Takes dumps of a program that writes; what went wrong.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree) -> Result<Verdict> {
    let seen = WRITES.run(tree, take_dumps)?;
    let mut problems = Vec::new();
    let mut expect = |fine: bool, what: &str| problems.extend((!fine).then(|| what.to_owned()));
    expect(seen.code == CODE, &format!("the exit code is {}", seen.code));
    expect(seen.said.ends_with(LAST_WORDS), "the program did not find what it wrote");
    expect(seen.told.contains(CUT_OFF), "no dump met the disk at work");
    expect(seen.told.contains("The audit is clean"), "the audit found something");
    expect(seen.told.contains("kd: the file exists; /o overwrites it"), "a file was overwritten unasked");
    for name in [LIVE, MADE] {
        let bytes = disk::get(&seen.disk, name).unwrap_or_default();
        let (length, pages) = (word(&bytes, 0xFA0), word(&bytes, 0x68));
        let is_whole = bytes.starts_with(b"PAGEDUMP") && length as usize == bytes.len();
        let is_all = pages > (WRITES.ram - 1) << 8 && length == (pages + 1) << 12;
        expect(is_whole && is_all, &format!("{name}: {} bytes, {pages} pages", bytes.len()));
    }
    if problems.is_empty() {
        return Ok(Ok(()));
    }
    let (told, said, log) = (&seen.told, &seen.said, &seen.log);
    Ok(Err(format!("{}\nthe debugger: {told}\nthe program: {said}\nthe kernel: {log}", problems.join("; "))))
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// Takes dumps until one has cut a command of the disk off; `told` gets what the debugger says. The program wants a one at `flag`.
fn take_dumps(console: &mut Console, flag: &str, told: &mut String) -> Result<()> {
    console.stop()?;
    *told += &console.dump(&format!(".dump /f {MADE}"))?;
    *told += &console.command(&format!(".dump {MADE}"))?;
    for _ in 0..MOST {
        console.go()?;
        console.stop()?;
        *told += &console.dump(".dump")?;
        if told.contains(CUT_OFF) {
            break;
        }
    }
    console.go()?;
    console.stop()?;
    *told += &console.command("!verify")?;
    *told += &console.command(&format!("ed {flag} 1"))?;
    console.go()
}
