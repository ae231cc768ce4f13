//! `.dump`: RAM into a file on C:, of a system that goes on.

use core::fmt;

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use hal::registers::frame_pointer;
use kd::bugcheck::Registers;
use kd::commands::Dump;
use ps::Existing;

use crate::{crash_dump, disk, system};

/// Writes the dump that is `wanted`, and says what became of it. `may_wait` where a file can be made for it.
#[inline(never)]
pub(super) fn write(
    wanted: &Dump,
    may_wait: bool,
    registers: Option<Registers>,
    out: &mut dyn fmt::Write,
) -> fmt::Result {
    let path = wanted.path().unwrap_or(crash_dump::RESERVED);
    let ready = crash_dump::reserved().filter(|_| path.eq_ignore_ascii_case(crash_dump::RESERVED));
    if ready.is_none() && !may_wait {
        return out.write_str(
            "kd: the kernel stands still: no file can be made here; the kernel option dumpfile keeps one ready\n",
        );
    }
    // Without registers the debugger's own thread stands still.
    let here = [write as *const () as u32, 0, frame_pointer()];
    let registers = registers.unwrap_or(Registers { pointers: here, ..Registers::default() });
    writeln!(out, "Creating {path} - Full kernel dump")?;
    if let Some(file) = ready {
        return write_into(file, &registers, out);
    }
    let existing = if wanted.overwrites { Existing::IsOverwritten } else { Existing::Stays };
    let file = match crash_dump::make_room(path, existing) {
        Ok(file) => file,
        Err(NtStatus::OBJECT_NAME_COLLISION) => return writeln!(out, "kd: the file exists; /o overwrites it"),
        Err(status) => return writeln!(out, "kd: there is no dump: {status}"),
    };
    write_into(file, &registers, out)?;
    match system::executive().give_up_reserved(file) {
        Ok(()) => Ok(()),
        Err(status) => writeln!(out, "kd: the file stays hidden: {status}"),
    }
}

fn write_into(file: Link<FileObject>, registers: &Registers, out: &mut dyn fmt::Write) -> fmt::Result {
    let before = disk::seizures();
    match crash_dump::write_live(file, registers) {
        Ok(pages) => {
            writeln!(out, "Dump successfully written: {pages} pages")?;
            match disk::seizures() == before {
                true => Ok(()),
                false => {
                    writeln!(out, "The disk was at work: what was cut off is given again when the system goes on.")
                }
            }
        }
        Err(why) => writeln!(out, "kd: there is no dump: {why}"),
    }
}
