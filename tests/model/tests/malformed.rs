//! Files that are no images, or hardly: parsing never panics, and what parses never breaks the audit.

use abi::cell::Link;
use abi::memory::PAGE_READWRITE;
use mm::protection::Access;
use mm::section::{ControlArea, ImageLayout, NotAnImage};
use model::image::TestImage;
use model::machine::NoExecute;
use model::random::Random;
use model::system::System;

const FORMAT: Option<NotAnImage> = Some(NotAnImage::Format);
const NOT_MZ: Option<NotAnImage> = Some(NotAnImage::NotMz);
/// Where the optional header starts in a test image, and its first section header.
const OPTIONAL: usize = 0x98;
const SECTION: usize = OPTIONAL + 0xE0;
/// Bytes of a test image that parsing looks at.
const HEADERS: u32 = 0x1F0;

fn image() -> TestImage {
    TestImage::plain(0x40_0000, 3)
}

fn refusal(file: &[u8]) -> Option<NotAnImage> {
    ImageLayout::parse(file, file.len() as u64).err()
}

/// What is wrong, where, what stands there, and what becomes of it.
type Row = (&'static str, usize, Vec<u8>, Option<NotAnImage>);

fn word(value: u16) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

fn long(value: u32) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

/// Patches a sound image by each of `rows`; one that still parses must work.
fn run(rows: Vec<Row>) {
    for (what, offset, patch, expected) in rows {
        let mut file = image().file();
        file[offset..offset + patch.len()].copy_from_slice(&patch);
        assert_eq!(refusal(&file), expected, "{what}");
        if expected.is_none() {
            use_up(file);
        }
    }
}

#[test]
fn dos_and_file_header() {
    run(vec![
        ("as it is", 0, b"MZ".to_vec(), None),
        ("ZM", 0, b"ZM".to_vec(), NOT_MZ),
        ("NZ", 0, b"NZ".to_vec(), NOT_MZ),
        ("PE header at no multiple of 4", 0x3C, long(0x82), FORMAT),
        ("PE header past the end", 0x3C, long(0x8000), FORMAT),
        ("PE header at the end of all", 0x3C, long(0xFFFF_FFFC), FORMAT),
        ("PE header in the DOS header", 0x3C, long(0), FORMAT),
        ("signature", 0x80, b"NE\0\0".to_vec(), FORMAT),
        ("x86-64", 0x84, word(0x8664), FORMAT),
        ("no machine", 0x84, word(0), FORMAT),
        ("97 sections", 0x86, word(97), FORMAT),
        ("65535 sections", 0x86, word(0xFFFF), FORMAT),
        ("section headers of zeros", 0x86, word(4), FORMAT),
        ("no optional header", 0x94, word(0), FORMAT),
        ("short optional header", 0x94, word(0x20), FORMAT),
        ("long optional header", 0x94, word(0xFFFF), FORMAT),
        ("not executable", 0x96, word(0x0100), FORMAT),
        ("a DLL", 0x96, word(0x2102), None),
    ]);
}

#[test]
fn optional_header() {
    run(vec![
        ("PE32+", OPTIONAL, word(0x20B), FORMAT),
        ("no magic", OPTIONAL, word(0), FORMAT),
        ("last possible entry", OPTIONAL + 16, long(0x7FFF), None),
        ("entry past the end", OPTIONAL + 16, long(0x8000), FORMAT),
        ("no entry", OPTIONAL + 16, long(0), None),
        ("base at a page", OPTIONAL + 28, long(0x40_1000), FORMAT),
        ("base 0", OPTIONAL + 28, long(0), None),
        ("base in the kernel half", OPTIONAL + 28, long(0xFFFF_0000), None),
        ("section alignment 0", OPTIONAL + 32, long(0), FORMAT),
        ("section alignment 3000", OPTIONAL + 32, long(0x3000), FORMAT),
        ("section alignment 200", OPTIONAL + 32, long(0x200), FORMAT),
        ("section alignment 80000000", OPTIONAL + 32, long(0x8000_0000), FORMAT),
        ("file alignment 0", OPTIONAL + 36, long(0), FORMAT),
        ("file alignment 3", OPTIONAL + 36, long(3), FORMAT),
        ("file alignment over section alignment", OPTIONAL + 36, long(0x2000), FORMAT),
        ("size 0", OPTIONAL + 56, long(0), FORMAT),
        ("size up to the probe address", OPTIONAL + 56, long(0x7FFF_0000), FORMAT),
        ("size of all", OPTIONAL + 56, long(u32::MAX), FORMAT),
        ("last section cut off", OPTIONAL + 56, long(0x7000), FORMAT),
        ("pages behind the last section", OPTIONAL + 56, long(0xA000), None),
        ("no headers", OPTIONAL + 60, long(0), FORMAT),
        ("headers past the image", OPTIONAL + 60, long(0x8001), FORMAT),
        ("headers past the file", OPTIONAL + 60, long(0x2C01), FORMAT),
        ("headers over the first section", OPTIONAL + 60, long(0x1001), FORMAT),
    ]);
}

#[test]
fn section_header() {
    run(vec![
        ("virtual size of all", SECTION + 8, long(u32::MAX), FORMAT),
        ("virtual size 80000000", SECTION + 8, long(0x8000_0000), FORMAT),
        ("virtual size 0: that in the file", SECTION + 8, long(0), None),
        ("gap before the section", SECTION + 12, long(0x2000), FORMAT),
        ("section over the headers", SECTION + 12, long(0), FORMAT),
        ("section at no page", SECTION + 12, long(0x1001), FORMAT),
        ("more in the file than in memory", SECTION + 16, long(0x7FFF_FFFF), None),
        ("nothing in the file", SECTION + 16, long(0), None),
        ("data past the end", SECTION + 20, long(0x2C00), FORMAT),
        ("data at the end of all", SECTION + 20, long(0xFFFF_FE00), FORMAT),
        ("data at no sector", SECTION + 20, long(0x401), None),
        ("no data", SECTION + 20, long(0), None),
        ("no flags", SECTION + 36, long(0), None),
        ("all flags", SECTION + 36, long(u32::MAX), None),
    ]);
}

#[test]
fn a_file_that_ends_anywhere_is_no_image() {
    let file = image().file();
    assert_eq!(refusal(&file), None);
    for length in 0..file.len() {
        let expected = if length < 2 { NOT_MZ } else { FORMAT };
        assert_eq!(refusal(&file[..length]), expected, "{length:x}");
    }
    // The first bytes are enough, as long as the file has the rest.
    let parsed = |length: usize| {
        let layout = ImageLayout::parse(&file[..length], file.len() as u64).expect("all headers");
        (layout.base, layout.entry, layout.stack, layout.runs().collect::<Vec<_>>())
    };
    for length in HEADERS as usize..file.len() {
        assert_eq!(parsed(length), parsed(file.len()));
    }
}

#[test]
fn sections_may_be_aligned_to_more_than_a_page() {
    let mut file = image().file();
    let mut put = |at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_le_bytes());
    put(OPTIONAL + 32, 0x1_0000);
    put(OPTIONAL + 56, 0x4_0000);
    for section in 0..3 {
        put(SECTION + section * 40 + 12, (section as u32 + 1) << 16);
    }
    let layout = ImageLayout::parse(&file, file.len() as u64).expect("sound");
    let runs: Vec<_> = layout.runs().map(|run| (run.pages.0, run.sector, run.bytes)).collect();
    assert_eq!(runs, [(16, 0, 0x400), (16, 2, 0x1200), (16, 11, 0x200), (16, 12, 0x1400)]);
    let mut system = System::new(256, NoExecute::Supported);
    let section = system.add_file(file.clone()).expect("sound").expect("memory");
    let process = system.start_process().expect("a process");
    system.space(process).map_image(section, None).expect("room");
    assert_eq!(system.load(process, 0x42_0000), Ok(file[11 * 512]));
    assert_eq!(system.load(process, 0x40_F000), Ok(0), "between headers and first section");
    system.sound();
}

/// Makes an image of `file`, which parses, and a process that uses all of it, and takes all away again.
fn use_up(file: Vec<u8>) {
    let mut system = System::new(256, NoExecute::Supported);
    let section = system.add_file(file).expect("it parses").expect("memory");
    touch_all(&mut system, section);
}

/// Maps `section`, touches every page in every way, and deletes it; how many pages could be read.
fn touch_all(system: &mut System, section: Link<ControlArea>) -> u32 {
    let process = system.start_process().expect("a process");
    let Ok(mapped) = system.space(process).map_image(section, None) else {
        system.end_process(process);
        system.mm.delete_section(section);
        return 0;
    };
    let mut read = 0;
    for page in (0..mapped.pages.0).take(48) {
        let address = (mapped.start.0 + page) << 12;
        read += u32::from(system.load(process, address).is_ok());
        for access in [Access::Execute, Access::Write] {
            system.access(process, address, access);
        }
        let _ = system.protect(process, address, 1, PAGE_READWRITE);
        system.access(process, address, Access::Write);
    }
    system.sound();
    system.end_process(process);
    assert_eq!(system.mm.release_section(section), fate(system, section));
    system.mm.delete_section(section);
    let audit = system.sound();
    assert_eq!((audit.sections, audit.mapped, audit.parked), (0, 0, 0));
    read
}

/// Sections whose pages can be written where all see it go with the last reference.
fn fate(system: &System, section: Link<ControlArea>) -> mm::section::SectionFate {
    use mm::machine::Records;
    use mm::section::{ControlAreaFlags, SectionFate};
    let shared = system.mm.machine.record(section).flags.get() & ControlAreaFlags::USER_WRITABLE.bits() != 0;
    if shared { SectionFate::Delete(section) } else { SectionFate::Kept }
}

#[test]
fn files_with_flipped_bytes_are_refused_or_work() {
    let original = image().file();
    let (mut parsed, mut pages) = (0, 0);
    let mut system = System::new(512, NoExecute::Supported);
    for seed in 0..6000 {
        let mut random = Random::new(seed);
        let mut file = original.clone();
        for _ in 0..1 + random.below(3) {
            let at = random.below(HEADERS) as usize;
            file[at] = match random.below(3) {
                0 => random.next() as u8,
                1 => file[at] ^ 1 << random.below(8),
                _ => random.of(&[0, 1, 0x7F, 0x80, 0xFF]),
            };
        }
        if seed % 500 == 0 {
            // Pool pages are never given back: a new machine now and then.
            system = System::new(512, NoExecute::Supported);
        }
        let Ok(section) = system.add_file(file) else { continue };
        parsed += 1;
        if let Ok(section) = section {
            pages += touch_all(&mut system, section);
        }
        system.sound();
    }
    assert!(parsed > 1000 && pages > 5000, "too few parse to tell anything: {parsed}, {pages}");
}
