//! `!vad` on the address space of a real notepad.exe, rebuilt from a debugger's listing: all that does not depend on the shape
//! of the tree is printed as it was there.

use abi::cell::Link;
use mm::layout::{PageCount, VirtualPage};
use mm::protection::Protection;
use mm::section::{ControlArea, ControlAreaFlags, Segment};
use mm::vad::{Mmvad, MmvadShort, VadFlags, VadFlags2, VadForm, VadLink, VadTree};

use crate::stage::Stage;

/// Bytes of a VAD's pool block: the largest form and the index behind it.
const VAD_BLOCK: u32 = 0x3C;

const LISTING: &str = include_str!("../../data/notepad-vads.tsv");

/// The columns of each line of the listing.
fn lines() -> impl Iterator<Item = Vec<&'static str>> {
    LISTING.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn protection(name: &str) -> Protection {
    match name {
        "READONLY" => Protection::READONLY,
        "READWRITE" => Protection::READWRITE,
        "EXECUTE_READ" => Protection::EXECUTE_READ,
        "EXECUTE_WRITECOPY" => Protection::EXECUTE_WRITECOPY,
        other => panic!("{other}"),
    }
}

/// A section with `backing`, as the listing says it.
fn section(stage: &Stage, backing: &str) -> Link<ControlArea> {
    let area: Link<ControlArea> = stage.block(0x30, *b"MmCa");
    let segment: Link<Segment> = stage.block(0x40, *b"MmSg");
    stage.record(area).segment.set(segment);
    match backing.strip_prefix("Pagefile section, shared commit 0x") {
        Some(commit) => stage.record(segment).number_of_committed_pages.set(u32::from_str_radix(commit, 16).unwrap()),
        None => {
            stage.record(area).flags.set(ControlAreaFlags::FILE.bits());
            stage.record(area).file_pointer.set(stage.file(backing));
        }
    }
    area
}

/// Adds the VAD of one line.
fn insert(stage: &Stage, columns: &[&str]) -> VadLink {
    let hexadecimal = |text: &str| u32::from_str_radix(text, 16).unwrap();
    let (kind, name) = columns[5].rsplit_once(' ').unwrap();
    let (form, flags) = match kind {
        "Private" => (VadForm::Short, VadFlags::PRIVATE_MEMORY),
        "Mapped Exe" => (VadForm::Mapped, VadFlags::IMAGE_MAP),
        _ => (VadForm::Mapped, VadFlags::default()),
    };
    let flags = flags.with_protection(protection(name)).with_commit_charge(PageCount(columns[4].parse().unwrap()));
    let vad: VadLink = stage.block(VAD_BLOCK, form.tag());
    let range = (VirtualPage(hexadecimal(columns[2])), VirtualPage(hexadecimal(columns[3])));
    stage.record(vad.cast::<MmvadShort>()).initialize(range, flags);
    if form == VadForm::Mapped {
        let mapped = stage.record(vad.cast::<Mmvad>());
        mapped.set_flags2(VadFlags2::default());
        mapped.control_area.set(section(stage, columns[6]));
    }
    VadTree::new(&stage.record(stage.process).vad_root, &stage.system.mm.machine).insert(vad);
    vad
}

/// How many parents `vad` has.
fn depth(stage: &Stage, vad: VadLink) -> u32 {
    let parent = stage.record(vad.cast::<MmvadShort>()).parent();
    if parent.is_null() { 0 } else { 1 + depth(stage, parent) }
}

#[test]
fn the_listing_of_a_real_notepad_is_printed_again() {
    let mut stage = Stage::new();
    stage.start(0x428, "notepad.exe");
    let rows: Vec<_> = lines().collect();
    let vads: Vec<_> = rows.iter().map(|columns| insert(&stage, columns)).collect();
    let mut expected = String::from("VAD     level      start      end    commit\n");
    let (mut levels, mut deepest) = (0, 0);
    for (columns, vad) in rows.iter().zip(&vads) {
        let level = depth(&stage, *vad);
        (levels, deepest) = (levels + level, deepest.max(level));
        let (kind, name) = columns[5].rsplit_once(' ').unwrap();
        let kind = kind.replace("Mapped Exe", "Mapped  Exe");
        let (start, end, commit, backing) = (columns[2], columns[3], columns[4], columns[6]);
        let line = format!(
            "{:08x} {level:>4} {start:>10} {end:>8} {commit:>9} {kind:<12} {name:<18} {backing}",
            vad.address()
        );
        expected += line.trim_end();
        expected.push('\n');
    }
    expected += &format!("\nTotal VADs:    67  average level: {:>4}  maximum depth: {deepest}\n", levels / 67);
    assert!(deepest <= 7, "an AVL tree of 67 nodes: {deepest}");
    stage.expect("!vad", &expected);
    // Asked for by address or number of the process it is the same; a node below the root is the root of what is below it.
    stage.expect("!vad 428", &expected);
    let root = stage.record(stage.process).vad_root.get();
    stage.expect(&format!("!vad {:x}", root.address()), &expected);
    let left = stage.record(root.cast::<MmvadShort>()).left_child();
    let below = stage.say(&format!("!vad {:x}", left.address()));
    let first: Vec<&str> = below.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(first[2..4], ["10", "10"]);
    assert!(below.lines().any(|line| line.starts_with(&format!("{:08x}    0", left.address()))), "{below}");
    assert!(below.lines().count() < expected.lines().count() - 20);
}

#[test]
fn a_broken_tree_ends_the_listing() {
    let mut stage = Stage::new();
    stage.start(0x428, "notepad.exe");
    let vads: Vec<_> = lines().take(3).map(|columns| insert(&stage, &columns)).collect();
    // A child that leads nowhere: the word of the left child stands at C.
    for (bad, shown) in [(0x1234_5678, "12345678"), (0xB000_0000, "b0000000"), (0xA000_0001, "a0000001")] {
        stage.record(vads[0].offset::<abi::cell::Field<u32>>(0xC)).set(bad);
        stage.expect(
            "!vad",
            &format!("VAD     level      start      end    commit\n{shown} is no VAD: the tree is broken here\n"),
        );
    }
    // A node that is its own left child is walked down only so far.
    stage.record(vads[0].offset::<abi::cell::Field<u32>>(0xC)).set(vads[0].address());
    let said = stage.say("!vad");
    assert!(said.ends_with("is no VAD: the tree is broken here\n"), "{said}");
    stage
        .expect("!vad 5", "VAD     level      start      end    commit\n00000005 is no VAD: the tree is broken here\n");
    stage.expect("!vad 5 1", "VAD @ 00000005\n  ????????\n");
}

#[test]
fn all_of_a_vad() {
    let mut stage = Stage::new();
    stage.start(0x428, "notepad.exe");
    let vads: Vec<_> = lines().take(13).map(|columns| insert(&stage, &columns)).collect();
    let short = vads[6].address();
    stage.expect(
        &format!("!vad {short:x} 1"),
        &format!(
            "VAD @ {short:08x}\n\
             \x20 Start VPN:            a0  End VPN:      19f  Control Area:  00000000\n\
             \x20 First ProtoPte: 00000000  Last PTE 00000000  Commit Charge        15 (21.)\n\
             \x20 Secured.Flink          0  Blink           0  Banked/Extend:        0 Offset 0\n\
             \x20 PrivateMemory READWRITE\n"
        ),
    );
    let mapped = stage.record(vads[12].cast::<Mmvad>());
    mapped.set_flags2(VadFlags2::INHERIT.with_file_offset(0x30000));
    mapped.first_prototype_pte.set(Link::new(0xA000_0040));
    mapped.last_contiguous_pte.set(Link::new(0xA000_0238));
    let (vad, area) = (vads[12].address(), mapped.control_area.get().address());
    stage.expect(
        &format!("!vad {vad:x} 1"),
        &format!(
            "VAD @ {vad:08x}\n\
             \x20 Start VPN:           280  End VPN:      285  Control Area:  {area:08x}\n\
             \x20 First ProtoPte: a0000040  Last PTE a0000238  Commit Charge         0 (0.)\n\
             \x20 Secured.Flink          0  Blink           0  Banked/Extend:        0 Offset 30000\n\
             \x20 ViewShare READONLY\n"
        ),
    );
}
