//! Vetting a program before anything is booted: `exec` takes 32-bit x86 console EXEs and says why it does not
//! take another file, in one line.
//!
//! This refuses what a user can mix up. The finer checks of a hostile image are the kernel's.

use std::fs;
use std::path::Path;

use object::FileKind;
use object::pe;
use object::read::pe::PeFile32;

use crate::error::{Error, Result};

/// Why a file is not a program that `exec` can run. Each reads after "FILE is ".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Nothing in it.
    #[error("empty")]
    Empty,
    /// Readable text.
    #[error("a text file, not a Windows program")]
    Text,
    /// A program of a Unix system.
    #[error("an ELF file, not a Windows program")]
    Elf,
    /// Begins with neither `MZ` nor anything known.
    #[error("not a Windows program: it does not begin with MZ")]
    NoMz,
    /// `MZ` without a PE header behind it.
    #[error("a DOS program, or a Windows program cut short: it has no PE header")]
    NoPe,
    /// 64-bit.
    #[error("a 64-bit program; only 32-bit x86 programs can run")]
    SixtyFourBit,
    /// 32-bit, but for another processor.
    #[error("a program for another processor; only 32-bit x86 programs can run")]
    OtherProcessor,
    /// A DLL.
    #[error("a DLL, not a program")]
    Dll,
    /// Linking did not succeed.
    #[error("not a finished program: its header says that it cannot be executed")]
    NotExecutable,
    /// Wants windows.
    #[error("a program for the graphical subsystem; only console programs can run")]
    Graphical,
    /// Neither console nor graphical.
    #[error("a program for another subsystem than the console")]
    OtherSubsystem,
    /// Headers or sections reach beyond the end.
    #[error("cut short: its headers or sections reach beyond the end of the file")]
    Truncated,
}

/// Reads a program and vets it.
///
/// # Errors
/// [`Error::BadInput`] with one line that names the file and the reason.
pub fn read_program(path: &Path) -> Result<Vec<u8>> {
    let bad = |problem: String| Error::BadInput(format!("{} {problem}", path.display()));
    let metadata = fs::metadata(path).map_err(|error| bad(format!("cannot be opened: {error}")))?;
    if metadata.is_dir() {
        return Err(bad("is a directory".into()));
    }
    let bytes = fs::read(path).map_err(|error| bad(format!("cannot be read: {error}")))?;
    check_program(&bytes).map_err(|unfit| bad(format!("is {unfit}")))?;
    Ok(bytes)
}

/// Decides whether these bytes are a 32-bit x86 console EXE.
///
/// # Errors
/// [`Unfit`], the first reason found.
pub fn check_program(bytes: &[u8]) -> Result<(), Unfit> {
    match bytes {
        [] => return Err(Unfit::Empty),
        [b'M', b'Z', ..] => {}
        _ => return Err(not_mz(bytes)),
    }
    check_machine(bytes)?;
    let file = PeFile32::parse(bytes).map_err(|_| Unfit::Truncated)?;
    let headers = file.nt_headers();
    let characteristics = headers.file_header.characteristics.get(object::LittleEndian);
    if characteristics & pe::IMAGE_FILE_DLL == pe::IMAGE_FILE_DLL {
        return Err(Unfit::Dll);
    }
    if characteristics & pe::IMAGE_FILE_EXECUTABLE_IMAGE != pe::IMAGE_FILE_EXECUTABLE_IMAGE {
        return Err(Unfit::NotExecutable);
    }
    match headers.optional_header.subsystem.get(object::LittleEndian) {
        pe::IMAGE_SUBSYSTEM_WINDOWS_CUI => {}
        pe::IMAGE_SUBSYSTEM_WINDOWS_GUI => return Err(Unfit::Graphical),
        _ => return Err(Unfit::OtherSubsystem),
    }
    let whole = file.section_table().iter().all(|section| section.pe_data(bytes).is_ok());
    if whole { Ok(()) } else { Err(Unfit::Truncated) }
}

fn not_mz(bytes: &[u8]) -> Unfit {
    let start = &bytes[..bytes.len().min(4096)];
    let is_text = start.iter().all(|&byte| byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c));
    match start {
        [0x7f, b'E', b'L', b'F', ..] => Unfit::Elf,
        _ if is_text => Unfit::Text,
        _ => Unfit::NoMz,
    }
}

/// Checks the PE signature, the processor and the kind of optional header.
fn check_machine(bytes: &[u8]) -> Result<(), Unfit> {
    let word = |at: usize| bytes.get(at..at + 2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let header = bytes.get(0x3c..0x40).ok_or(Unfit::NoPe)?;
    let header = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
    if header.checked_add(4).and_then(|end| bytes.get(header..end)) != Some(b"PE\0\0") {
        return Err(Unfit::NoPe);
    }
    match word(header + 4).map(pe::Machine).ok_or(Unfit::Truncated)? {
        pe::IMAGE_FILE_MACHINE_I386 => {}
        pe::IMAGE_FILE_MACHINE_AMD64 | pe::IMAGE_FILE_MACHINE_ARM64 | pe::IMAGE_FILE_MACHINE_IA64 => {
            return Err(Unfit::SixtyFourBit);
        }
        _ => return Err(Unfit::OtherProcessor),
    }
    match FileKind::parse(bytes) {
        Ok(FileKind::Pe32) => Ok(()),
        Ok(FileKind::Pe64) => Err(Unfit::SixtyFourBit),
        _ => Err(Unfit::Truncated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: usize = 0x80;
    const OPTIONAL: usize = HEADER + 24;
    const SECTION: usize = OPTIONAL + 224;

    fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
        bytes[at..at + value.len()].copy_from_slice(value);
    }

    /// A console EXE of one section, 0x400 bytes long.
    fn console_program() -> Vec<u8> {
        let mut bytes = vec![0; 0x400];
        put(&mut bytes, 0, b"MZ");
        put(&mut bytes, 0x3c, &(HEADER as u32).to_le_bytes());
        put(&mut bytes, HEADER, b"PE\0\0\x4c\x01\x01\x00");
        put(&mut bytes, HEADER + 20, &224u16.to_le_bytes());
        put(&mut bytes, HEADER + 22, &0x0102u16.to_le_bytes());
        put(&mut bytes, OPTIONAL, &0x10bu16.to_le_bytes());
        put(&mut bytes, OPTIONAL + 32, &0x1000u32.to_le_bytes());
        put(&mut bytes, OPTIONAL + 36, &0x200u32.to_le_bytes());
        put(&mut bytes, OPTIONAL + 68, &3u16.to_le_bytes());
        put(&mut bytes, OPTIONAL + 92, &16u32.to_le_bytes());
        put(&mut bytes, SECTION, b".text\0\0\0");
        put(&mut bytes, SECTION + 8, &0x200u32.to_le_bytes());
        put(&mut bytes, SECTION + 12, &0x1000u32.to_le_bytes());
        put(&mut bytes, SECTION + 16, &0x200u32.to_le_bytes());
        put(&mut bytes, SECTION + 20, &0x200u32.to_le_bytes());
        bytes
    }

    fn changed(at: usize, value: &[u8]) -> Vec<u8> {
        let mut bytes = console_program();
        put(&mut bytes, at, value);
        bytes
    }

    #[test]
    fn a_console_program_passes() {
        assert_eq!(check_program(&console_program()), Ok(()));
    }

    #[test]
    fn each_kind_of_wrong_file_has_its_own_reason() {
        for (bytes, reason) in [
            (Vec::new(), Unfit::Empty),
            (b"#!/bin/sh\necho hello\n".to_vec(), Unfit::Text),
            (b"\x7fELF\x02\x01\x01\0".to_vec(), Unfit::Elf),
            (vec![1, 2, 3, 4], Unfit::NoMz),
            (b"MZ".to_vec(), Unfit::NoPe),
            (changed(0x3c, &0xffff_fff0u32.to_le_bytes()), Unfit::NoPe),
            (changed(HEADER, b"NE\0\0"), Unfit::NoPe),
            (changed(HEADER + 4, &0x8664u16.to_le_bytes()), Unfit::SixtyFourBit),
            (changed(HEADER + 4, &0xaa64u16.to_le_bytes()), Unfit::SixtyFourBit),
            (changed(OPTIONAL, &0x20bu16.to_le_bytes()), Unfit::SixtyFourBit),
            (changed(HEADER + 4, &0x01c0u16.to_le_bytes()), Unfit::OtherProcessor),
            (changed(HEADER + 22, &0x2102u16.to_le_bytes()), Unfit::Dll),
            (changed(HEADER + 22, &0x0100u16.to_le_bytes()), Unfit::NotExecutable),
            (changed(OPTIONAL + 68, &2u16.to_le_bytes()), Unfit::Graphical),
            (changed(OPTIONAL + 68, &1u16.to_le_bytes()), Unfit::OtherSubsystem),
            (changed(SECTION + 8, &[0, 0x20, 0, 0, 0, 0x10, 0, 0, 0, 0x20, 0, 0]), Unfit::Truncated),
        ] {
            assert_eq!(check_program(&bytes), Err(reason), "{:02x?}", &bytes[..bytes.len().min(8)]);
        }
    }

    #[test]
    fn a_program_cut_anywhere_is_refused() {
        let whole = console_program();
        for kept in 0..whole.len() {
            assert!(check_program(&whole[..kept]).is_err(), "kept {kept}");
        }
    }

    #[test]
    fn absent_files_and_directories_are_bad_input() {
        for path in ["/nonexistent/hello.exe", "/"] {
            assert!(matches!(read_program(Path::new(path)), Err(Error::BadInput(_))), "{path}");
        }
    }
}
