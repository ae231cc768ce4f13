//! `regions`: a process with the address space of a `!vad` listing, made by a program of the guest, and `!vad` of it.
//!
//! The listing names images and files of another system. Here are made files of the same names, on drive D:, with what an
//! address space shows of them: their sizes, and how many of their pages can be written. `samples/regions.c` maps them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use object::pe;
use object::write::pe::{NtHeaders, Writer};

use crate::boot::Input;
use crate::error::{Error, Result};
use crate::exec::{self, ExecOptions, Sinks};
use crate::machine::MachineOptions;
use crate::paths::Tree;
use crate::process;

/// Options of `regions`.
#[derive(Args, Clone, Debug, Default)]
pub struct RegionsOptions {
    /// The listing, in the form of tests/model/data/notepad-vads.tsv [default: that one]
    pub listing: Option<PathBuf>,
}

/// The listing where none is given.
pub const NOTEPAD: &str = include_str!("../../model/data/notepad-vads.tsv");
/// What it is called on D:.
const LISTING: &str = "listing.tsv";
const PAGE: u32 = 0x1000;
/// Least unit of an image's sections in the file.
const FILE_ALIGNMENT: u32 = 0x200;

/// A row of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its first page.
    pub start: u32,
    /// Its last page.
    pub end: u32,
    /// Pages charged.
    pub commit: u32,
    /// Kind and protection: `Mapped Exe EXECUTE_WRITECOPY`.
    pub kind: String,
    /// The file behind it, or what is said of the section; may be empty.
    pub backing: String,
}

impl Row {
    /// Its name from the root of the volume, parted by `/`, where a file is behind it.
    fn file(&self) -> Option<String> {
        self.backing.strip_prefix('\\').map(|name| name.replace('\\', "/"))
    }

    fn is_image(&self) -> bool {
        self.kind.starts_with("Mapped Exe ")
    }
}

/// The rows of `listing`.
///
/// # Errors
/// The number of a line that is none.
pub fn rows(listing: &str) -> std::result::Result<Vec<Row>, usize> {
    let lines = (1..).zip(listing.lines()).filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
    lines.map(|(number, line)| row(line).ok_or(number)).collect()
}

fn row(line: &str) -> Option<Row> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [_, _, start, end, commit, kind, rest @ ..] = columns.as_slice() else { return None };
    let page = |text: &str| u32::from_str_radix(text, 16).ok().filter(|page| *page < 0x8_0000);
    let (start, end, commit) = (page(start)?, page(end)?, commit.parse().ok()?);
    let backing = rest.first().copied().unwrap_or_default();
    let pages = end.checked_sub(start)? + 1;
    // In an image there is a page of headers beside those that can be written.
    let fits = commit < pages || !kind.starts_with("Mapped Exe ");
    fits.then(|| Row { start, end, commit, kind: (*kind).to_owned(), backing: backing.to_owned() })
}

/// An image of `pages` pages that is to be at `base`, with no code to speak of: so many of them can be written.
///
/// # Errors
/// [`Error::BadInput`] for sizes that no image has.
fn image(base: u32, pages: u32, writable: u32, is_library: bool) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(false, PAGE, FILE_ALIGNMENT, &mut bytes);
    let readable = pages - 1 - writable;
    let sections: Vec<_> = [
        (*b".rdata\0\0", pe::IMAGE_SCN_CNT_INITIALIZED_DATA | pe::IMAGE_SCN_MEM_READ, readable),
        (
            *b".data\0\0\0",
            pe::IMAGE_SCN_CNT_INITIALIZED_DATA | pe::IMAGE_SCN_MEM_READ | pe::IMAGE_SCN_MEM_WRITE,
            writable,
        ),
    ]
    .into_iter()
    .filter(|(_, _, pages)| *pages > 0)
    .collect();
    writer.reserve_dos_header();
    writer.reserve_nt_headers(pe::IMAGE_NUMBEROF_DIRECTORY_ENTRIES);
    writer.reserve_section_headers(u16::try_from(sections.len()).unwrap_or_default());
    let ranges: Vec<_> = sections
        .iter()
        .map(|(name, flags, pages)| writer.reserve_section(*name, *flags, pages * PAGE, FILE_ALIGNMENT))
        .collect();
    writer.write_empty_dos_header().map_err(unmade)?;
    let program = pe::IMAGE_FILE_EXECUTABLE_IMAGE | pe::IMAGE_FILE_32BIT_MACHINE;
    writer.write_nt_headers(NtHeaders {
        machine: pe::IMAGE_FILE_MACHINE_I386,
        time_date_stamp: 0,
        characteristics: if is_library { program | pe::IMAGE_FILE_DLL } else { program },
        major_linker_version: 0,
        minor_linker_version: 0,
        address_of_entry_point: 0,
        image_base: base.into(),
        major_operating_system_version: 5,
        minor_operating_system_version: 1,
        major_image_version: 0,
        minor_image_version: 0,
        major_subsystem_version: 4,
        minor_subsystem_version: 0,
        subsystem: pe::IMAGE_SUBSYSTEM_WINDOWS_CUI,
        dll_characteristics: pe::DllFlags::default(),
        size_of_stack_reserve: 0x4_0000,
        size_of_stack_commit: 0x1_1000,
        size_of_heap_reserve: 0x10_0000,
        size_of_heap_commit: 0x1000,
    });
    writer.write_section_headers();
    for range in &ranges {
        writer.write_section(range.file_offset, &[0; FILE_ALIGNMENT as usize]);
    }
    Ok(bytes)
}

fn unmade(error: object::write::Error) -> Error {
    Error::BadInput(format!("an image cannot be made: {error}"))
}

/// Puts the files behind `rows` into `folder`, which is to be D:.
fn make_files(rows: &[Row], folder: &Path) -> Result<()> {
    for (row, name) in rows.iter().filter_map(|row| Some((row, row.file()?))) {
        let path = folder.join(&name);
        let pages = row.end - row.start + 1;
        let bytes = if row.is_image() {
            image(row.start * PAGE, pages, row.commit, !is_program(&name))?
        } else {
            vec![0; (pages * PAGE) as usize]
        };
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).and_then(|()| fs::write(&path, bytes)).map_err(Error::file("writing", &path))?;
    }
    Ok(())
}

fn is_program(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".exe")
}

/// Makes the process and prints `!vad` of it.
///
/// # Errors
/// [`Error::BadInput`] for a listing that is none or has not one program, and what [`exec::execute`] gives.
pub fn run(tree: &Tree, machine: &MachineOptions, options: &RegionsOptions) -> Result<u8> {
    let listing = match &options.listing {
        Some(path) => {
            fs::read_to_string(path).map_err(|error| Error::BadInput(format!("{}: {error}", path.display())))?
        }
        None => NOTEPAD.to_owned(),
    };
    let (mut output, mut debugger) = (io::stdout(), io::stdout());
    make(tree, machine, &listing, Sinks { input: Input::Silent, output: &mut output, errors: &mut debugger })
}

fn make(tree: &Tree, machine: &MachineOptions, listing: &str, sinks: Sinks<'_>) -> Result<u8> {
    let rows =
        rows(listing).map_err(|line| Error::BadInput(format!("line {line} of the listing is no row of !vad")))?;
    let programs: Vec<String> =
        rows.iter().filter(|row| row.is_image()).filter_map(Row::file).filter(|name| is_program(name)).collect();
    let [program] = programs.as_slice() else {
        return Err(Error::BadInput(format!("the listing has {} images called .exe and not one", programs.len())));
    };
    let name = program.rsplit('/').next().unwrap_or(program);
    let folder = process::scratch_folder()?;
    make_files(&rows, folder.path())?;
    let path = folder.path().join(LISTING);
    fs::write(&path, listing).map_err(Error::file("writing", &path))?;
    let maker = tree.built("samples/regions.exe", "guest")?;
    let options = ExecOptions {
        kd: Some(format!(".process {name}; !vad")),
        drive_d: Some(folder.path().to_owned()),
        command: vec![maker.to_string_lossy().into_owned(), format!("D:\\{LISTING}")],
        ..ExecOptions::default()
    };
    exec::execute(tree, machine, &options, sinks).map(|(code, _)| code)
}

#[cfg(test)]
mod tests {
    use object::read::pe::PeFile32;
    use object::{LittleEndian as LE, Object, ObjectSection};

    use super::*;

    #[test]
    fn a_row_is_what_the_listing_says() {
        let rows = rows(NOTEPAD).unwrap();
        assert_eq!(rows.len(), 67);
        assert_eq!(rows[35].file(), Some("WINDOWS/system32/notepad.exe".into()));
        assert_eq!((rows[66].start, rows[66].end, rows[66].commit), (0x7_FFDF, 0x7_FFDF, 1));
        assert_eq!(rows.iter().filter(|row| row.is_image()).count(), 28);
    }

    #[test]
    fn what_is_no_row_is_told() {
        let line = |text: &str| super::rows(&format!("# x\n{text}\n"));
        assert!(line("0\t0\t10\t1f\t3\tPrivate READWRITE\t").is_ok());
        for wrong in ["x", "0\t0\t1f\t10\t3\tP\t", "0\t0\t10\t80000\t3\tP\t", "0\t0\t10\t10\t1\tMapped Exe X\t\\a"] {
            assert_eq!(line(wrong), Err(2), "{wrong}");
        }
    }

    #[test]
    fn images_have_the_sizes_that_the_listing_says() {
        for row in rows(NOTEPAD).unwrap().into_iter().filter(Row::is_image) {
            let pages = row.end - row.start + 1;
            let bytes = image(row.start * PAGE, pages, row.commit, true).unwrap();
            let file = PeFile32::parse(bytes.as_slice()).unwrap();
            let optional = &file.nt_headers().optional_header;
            assert_eq!(optional.size_of_image.get(LE), pages * PAGE);
            assert_eq!(file.relative_address_base(), u64::from(row.start * PAGE));
            let data = file.section_by_name(".data").map_or(0, |section| section.size());
            assert_eq!(data, u64::from(row.commit * PAGE), "{row:?}");
        }
    }
}
