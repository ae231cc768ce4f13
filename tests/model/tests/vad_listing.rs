//! The VAD tree of a real process, rebuilt from a debugger's listing.

mod vad_arena;

use mm::layout::{PageCount, VirtualPage};
use mm::protection::Protection;
use mm::vad::{Alignment, VadCount, VadFlags, VadForm};

use vad_arena::{Arena, Model, check_search, highest, lowest, page_pair, shuffled};

/// One line of the listing.
struct Listed {
    start: u32,
    end: u32,
    form: VadForm,
    flags: VadFlags,
}

/// The `!vad` listing of a notepad.exe on Windows XP SP3.
fn notepad() -> Vec<Listed> {
    let hexadecimal = |text: &str| u32::from_str_radix(text, 16).expect("a hexadecimal number");
    include_str!("../data/notepad-vads.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let columns: Vec<_> = line.split('\t').collect();
            let words: Vec<_> = columns[5].split(' ').collect();
            let protection = match words[words.len() - 1] {
                "READONLY" => Protection::READONLY,
                "READWRITE" => Protection::READWRITE,
                "EXECUTE_READ" => Protection::EXECUTE_READ,
                "EXECUTE_WRITECOPY" => Protection::EXECUTE_WRITECOPY,
                other => panic!("{other}"),
            };
            let kind = match words[0] {
                "Private" => VadFlags::PRIVATE_MEMORY,
                _ if words[1] == "Exe" => VadFlags::IMAGE_MAP,
                _ => VadFlags::default(),
            };
            let commit = PageCount(columns[4].parse().expect("a decimal number"));
            Listed {
                start: hexadecimal(columns[2]),
                end: hexadecimal(columns[3]),
                form: if words[0] == "Private" { VadForm::Short } else { VadForm::Mapped },
                flags: kind.with_protection(protection).with_commit_charge(commit),
            }
        })
        .collect()
}

#[test]
fn the_address_space_of_a_real_notepad_can_be_rebuilt() {
    let listing = notepad();
    assert_eq!(listing.len(), 67);
    let ascending: Vec<u32> = (0..67).collect();
    let descending = ascending.iter().rev().copied().collect();
    for order in [ascending, descending, shuffled(67)] {
        let arena = Arena::new(2);
        let tree = arena.tree();
        for &line in &order {
            let Listed { start, end, form, flags } = listing[line as usize];
            let vad = arena.vad(form, page_pair(start, end));
            tree.node(vad).set_flags(flags);
            tree.insert(vad);
        }
        assert_eq!(tree.verify(), Ok(VadCount(67)));
        assert!(tree.height() <= 8, "height {}", tree.height());
        let rows: Vec<_> =
            tree.iter().map(|vad| tree.node(vad)).map(|node| (node.start().0, node.end().0, node.flags())).collect();
        let expected: Vec<_> = listing.iter().map(|line| (line.start, line.end, line.flags)).collect();
        assert_eq!(rows, expected);
    }
}

#[test]
fn free_ranges_of_a_real_notepad_are_the_brute_force_ones() {
    let arena = Arena::new(2);
    let mut model = Model::default();
    for Listed { start, end, form, .. } in notepad() {
        let vad = arena.vad(form, page_pair(start, end));
        arena.tree().insert(vad);
        model.insert(start, end, vad);
    }
    let tree = arena.tree();
    // Its first thread block is the page 7FFDF; the next goes below it.
    let blocks = page_pair(0x7_FFB0, 0x7_FFDF);
    assert_eq!(highest(&tree, 1, Alignment::Page, blocks), Some(VirtualPage(0x7_FFDE)));
    for pages in [1, 0xF, 0x10, 0x11, 0x7F] {
        check_search(&tree, &model, pages, (0x10, 0x7_FFDF));
        check_search(&tree, &model, pages, (0x7_7000, 0x7_7FFF));
    }
    let bounds = page_pair(0x10, 0x7_FFDF);
    for pages in [0x1000, 0x4_0000, 0x6_0000] {
        let expected = model.places(pages, 16, 0x10, 0x7_FFDF).next();
        let found = lowest(&tree, pages, bounds);
        assert_eq!(found.map(|page| page.0), expected);
    }
}
