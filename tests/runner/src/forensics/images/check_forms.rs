//! Whether each page of the scenario of PTE forms has the entry that it is said to have, bit by bit, and the contents that the program wrote.
//!
//! Source of the bits: XP's `_MMPTE_HARDWARE`, `_MMPTE_SOFTWARE`, `_MMPTE_TRANSITION`, `_MMPTE_PROTOTYPE` and `_MMPTE_SUBSECTION` (x86, PAE).

use super::Image;
use super::answers::{form_of, frame_record, prototype_of};
use super::check::{Verdict, pattern, process, same};
use crate::truth::{PAGE, Place};

/// Everything but the frame; bits of the frame.
const FRAME: u64 = 0x0000_000F_FFFF_F000;
/// No execution, and present, writable, user, accessed, dirty.
const VALID: u64 = 1 << 63 | 0x067;
/// Where the frame's number, or an address, begins in an entry.
const HIGH: u32 = 32;
/// NT's code of PAGE_READWRITE, and the bits that make it a guard page's; of PAGE_NOACCESS.
const READWRITE: u64 = 4;
const GUARD: u64 = 0x10;
const NO_ACCESS: u64 = 0x18;
const READONLY: u64 = 1;
/// What the prototype PTEs of a file that is no image have.
const EXECUTE_READWRITE: u64 = 6;
const DECOMMITTED: u64 = 0x10;
const TRANSITION: u64 = 0x800;
const PROTOTYPE: u64 = 0x400;
/// Instead of an address: the VAD has the prototype PTE.
const LOOK_IN_VAD: u64 = 0xFFFF_FFFF;

/// What an entry has to be.
#[derive(Clone, Copy)]
enum Entry {
    /// These bits, all of them.
    Exactly(u64),
    /// These bits beside the number of a frame that is in this state, or is nobody's page that can be put on a list.
    Frame(u64, &'static str),
    /// A page of the paging file, with this protection.
    Paged(u64),
    /// The address of the prototype PTE.
    OfPrototype,
    /// The address of something of the kernel's, and these bits.
    OfKernel(u64),
}

/// What a page has in it.
#[derive(Clone, Copy)]
enum Contents {
    /// What programs write into the page with this number.
    Pattern(u32),
    /// The headers of the program's image.
    Image,
    /// Nothing yet.
    Nothing,
}

/// A page: its name, its entry, its prototype PTE, and its contents.
type Page = (&'static str, Entry, Option<Entry>, Contents);

const fn protected(code: u64) -> u64 {
    code << 5
}

/// A page of a view that is not mapped keeps the view's protection, where it is not an image's.
const TRIMMED_VIEW: Entry = Entry::Exactly(LOOK_IN_VAD << HIGH | PROTOTYPE | protected(READWRITE));

const PAGES: [Page; 19] = [
    ("valid", Entry::Frame(VALID, "Active"), None, Contents::Pattern(10)),
    ("transition-standby", Entry::Frame(TRANSITION | protected(READWRITE), "Standby"), None, Contents::Pattern(64)),
    ("transition-modified", Entry::Frame(TRANSITION | protected(READWRITE), "Modified"), None, Contents::Pattern(4)),
    ("paging-file", Entry::Paged(READWRITE), None, Contents::Pattern(0)),
    ("empty", Entry::Exactly(0), None, Contents::Nothing),
    ("demand-zero", Entry::Exactly(protected(READONLY)), None, Contents::Nothing),
    ("decommitted", Entry::Exactly(protected(DECOMMITTED)), None, Contents::Nothing),
    ("guard", Entry::Frame(TRANSITION | protected(GUARD | READWRITE), "Modified"), None, Contents::Pattern(5)),
    ("no-access", Entry::Frame(TRANSITION | protected(NO_ACCESS), "Modified"), None, Contents::Pattern(6)),
    ("large", Entry::Frame(VALID | 0x80, "Active"), None, Contents::Pattern(1)),
    ("awe", Entry::Frame(VALID, "Active"), None, Contents::Pattern(2)),
    // Bit 10 of a valid entry says that the frame is a section's; it was read, and is not dirty.
    (
        "shared-valid",
        Entry::Frame(1 << 63 | 0x427, "Active"),
        Some(Entry::Frame(1 << 63 | 0x023, "Active")),
        Contents::Pattern(8),
    ),
    ("prototype-valid", TRIMMED_VIEW, Some(Entry::Frame(1 << 63 | 0x023, "Active")), Contents::Pattern(8)),
    (
        "prototype-transition",
        TRIMMED_VIEW,
        Some(Entry::Frame(TRANSITION | protected(READWRITE), "Modified")),
        Contents::Pattern(9),
    ),
    ("prototype-paging-file", TRIMMED_VIEW, Some(Entry::Paged(READWRITE)), Contents::Pattern(3)),
    ("prototype-demand-zero", Entry::Exactly(0), Some(Entry::Exactly(protected(READWRITE))), Contents::Nothing),
    (
        "prototype-in-file",
        Entry::Exactly(0),
        Some(Entry::OfKernel(PROTOTYPE | protected(EXECUTE_READWRITE))),
        Contents::Nothing,
    ),
    (
        "prototype-in-vad",
        Entry::Exactly(LOOK_IN_VAD << HIGH | PROTOTYPE | protected(READONLY)),
        Some(Entry::OfKernel(PROTOTYPE | protected(EXECUTE_READWRITE))),
        Contents::Nothing,
    ),
    (
        "prototype-address",
        Entry::OfPrototype,
        Some(Entry::Frame(TRANSITION | protected(READONLY), "Standby")),
        Contents::Image,
    ),
];

/// Checks all of them.
///
/// # Errors
/// What is not as it has to be.
pub(super) fn check(image: &Image) -> Verdict {
    PAGES.iter().try_for_each(|page| one(image, page).map_err(|problem| format!("{}: {problem}", page.0)))?;
    same("findings", &image.findings.len(), &PAGES.len())
}

fn one(image: &Image, (name, entry, prototype, contents): &Page) -> Verdict {
    let finding = image.finding(name)?;
    let (scene, owner, page) = (&image.study.scene, process(image, finding)?, finding.address / PAGE);
    let form = form_of(scene, owner, page);
    same("an entry of 2 MB", &!form.small, &(*name == "large"))?;
    let found = prototype_of(scene, owner, page);
    matches(image, form.raw, *entry, found)?;
    match (found, prototype) {
        (Some((_, raw)), Some(prototype)) => {
            matches(image, raw, *prototype, None).map_err(|why| format!("prototype PTE: {why}"))?
        }
        (None, None) => {}
        (found, _) => return Err(format!("its prototype PTE is {found:x?}")),
    }
    // Where the truth says that the contents are, there they are.
    let contents = match contents {
        Contents::Pattern(index) => pattern(*index),
        Contents::Image => b"MZ".to_vec(),
        Contents::Nothing => {
            return match owner.pages.get(&page).map(|page| page.place) {
                None | Some(Place::MappedFile) => Ok(()),
                Some(place) => Err(format!("it is said to be at {place:?}")),
            };
        }
    };
    let seen = scene.memory.page(owner, page).map_err(|why| why.to_string())?;
    if seen.value.starts_with(&contents) { Ok(()) } else { Err("its contents are others".into()) }
}

/// Whether an entry is what it has to be; `prototype` is the page's prototype PTE.
fn matches(image: &Image, raw: u64, entry: Entry, prototype: Option<(u32, u64)>) -> Verdict {
    let scene = &image.study.scene;
    match entry {
        Entry::Exactly(bits) => same("the entry", &raw, &bits),
        Entry::Frame(bits, state) => {
            same("the bits beside the frame", &(raw & !FRAME), &bits)?;
            let frame = u32::try_from((raw & FRAME) / u64::from(PAGE)).unwrap_or(u32::MAX);
            let record = frame_record(scene, frame).ok_or_else(|| format!("frame {frame:x} is nobody's"))?;
            same("the frame's state", &record.text("state"), &state)
        }
        Entry::Paged(code) => {
            same("the bits beside the place", &(raw & 0xFFFF_FFFF), &protected(code))?;
            if raw >> HIGH == 0 { Err("there is no place in the paging file".into()) } else { Ok(()) }
        }
        Entry::OfPrototype => {
            let (address, _) = prototype.ok_or("there is no prototype PTE")?;
            same("the entry", &raw, &(u64::from(address) << HIGH | PROTOTYPE))
        }
        Entry::OfKernel(bits) => {
            same("the bits beside the address", &(raw & 0xFFFF_FFFF), &bits)?;
            match scene.physical((raw >> HIGH) as u32) {
                0 => Err("the kernel has nothing at its address".into()),
                _ => Ok(()),
            }
        }
    }
}
