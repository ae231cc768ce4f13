//! The VAD tree against naive models: a sorted list, and a look at every place for free ranges.

mod vad_arena;

use std::cell::Cell;

use abi::cell::{Field, Link, Record};
use mm::layout::VirtualPage;
use mm::machine::Records;
use mm::vad::{
    Alignment, Mmvad, MmvadShort, Vad, VadCorruption, VadCount, VadFlags, VadFlags2, VadForm, VadLink, VadTree,
};
use proptest::prelude::*;

use vad_arena::{Arena, Model, check_search, highest, lowest, page_pair, shuffled};

const FORMS: [VadForm; 3] = [VadForm::Short, VadForm::Mapped, VadForm::Long];

#[derive(Clone, Debug)]
enum Step {
    Insert {
        start: u32,
        pages: u32,
        form: usize,
    },
    Remove {
        pick: prop::sample::Index,
    },
    /// Cuts pages off a VAD's head and tail, as a partial release does.
    Cut {
        pick: prop::sample::Index,
        head: u32,
        tail: u32,
    },
    /// Moves a VAD's end up as far as the next one lets it.
    Grow {
        pick: prop::sample::Index,
        pages: u32,
    },
    Search {
        pages: u32,
        low: u32,
        length: u32,
    },
}

/// Pages of the small space the random steps work in: few 64 KB units, so that gaps of all shapes come up.
const SPACE: u32 = 0x300;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pick = any::<prop::sample::Index>;
    let step = prop_oneof![
        6 => (0..SPACE, 1u32..40, 0..3usize).prop_map(|(start, pages, form)| Step::Insert { start, pages, form }),
        2 => pick().prop_map(|pick| Step::Remove { pick }),
        2 => (pick(), 0u32..12, 0u32..12).prop_map(|(pick, head, tail)| Step::Cut { pick, head, tail }),
        1 => (pick(), 1u32..20).prop_map(|(pick, pages)| Step::Grow { pick, pages }),
        3 => (1u32..60, 0..SPACE, 0..SPACE).prop_map(|(pages, low, length)| Step::Search { pages, low, length }),
    ];
    prop::collection::vec(step, 1..120)
}

fn apply(arena: &Arena, model: &mut Model, step: &Step) {
    let tree = arena.tree();
    match *step {
        Step::Insert { start, pages, form } => {
            // Half of them start where reservations do.
            let start = if pages % 2 == 0 { start & !0xF } else { start };
            if !model.overlaps(start, start + pages - 1) {
                let vad = arena.vad(FORMS[form], page_pair(start, start + pages - 1));
                tree.insert(vad);
                model.insert(start, start + pages - 1, vad);
            }
        }
        Step::Remove { pick } if !model.0.is_empty() => {
            let (_, _, vad) = model.0.remove(pick.index(model.0.len()));
            tree.remove(vad);
            arena.give_back(vad);
        }
        Step::Cut { pick, head, tail } if !model.0.is_empty() => {
            let at = pick.index(model.0.len());
            let (start, end, vad) = &mut model.0[at];
            if *start + head + tail <= *end {
                (*start, *end) = (*start + head, *end - tail);
                tree.resize(*vad, VirtualPage(*start), VirtualPage(*end));
            }
        }
        Step::Grow { pick, pages } if !model.0.is_empty() => {
            let at = pick.index(model.0.len());
            let limit = model.0.get(at + 1).map_or(SPACE + 60, |next| next.0) - 1;
            let (start, end, vad) = &mut model.0[at];
            *end = (*end + pages).min(limit);
            tree.resize(*vad, VirtualPage(*start), VirtualPage(*end));
        }
        Step::Search { pages, low, length } => check_search(&tree, model, pages, (low, low + length)),
        Step::Remove { .. } | Step::Cut { .. } | Step::Grow { .. } => {}
    }
}

fn check(arena: &Arena, model: &Model) {
    let tree = arena.tree();
    assert_eq!(tree.verify(), Ok(VadCount(model.0.len() as u32)));
    let ranges: Vec<_> = tree.iter().map(|vad| (tree.node(vad).start().0, tree.node(vad).end().0, vad)).collect();
    assert_eq!(ranges, model.0);
    let nodes = model.0.len() as f64;
    assert!(f64::from(tree.height()) < 1.4405 * (nodes + 2.0).log2());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn random_changes_keep_every_invariant_and_every_search_is_the_brute_force_one(steps in steps()) {
        let arena = Arena::new(16);
        let mut model = Model::default();
        for step in &steps {
            apply(&arena, &mut model, step);
            check(&arena, &model);
        }
        for pages in [1, 2, 15, 16, 17, 100] {
            check_search(&arena.tree(), &model, pages, (0, SPACE + 100));
        }
    }

    #[test]
    fn looking_up_agrees_with_the_list(steps in steps(), pages in prop::collection::vec(0..SPACE + 60, 40)) {
        let arena = Arena::new(16);
        let mut model = Model::default();
        steps.iter().for_each(|step| apply(&arena, &mut model, step));
        let tree = arena.tree();
        for pair in pages.windows(2) {
            let (page, end) = (pair[0], pair[0].max(pair[1]));
            let list = || model.0.iter();
            let link = |found: Option<&(u32, u32, VadLink)>| found.map(|range| range.2);
            prop_assert_eq!(tree.find(VirtualPage(page)), link(list().find(|range| (range.0..=range.1).contains(&page))));
            let overlapping = link(list().find(|range| range.0 <= end && page <= range.1));
            prop_assert_eq!(tree.room_at(VirtualPage(page), VirtualPage(end)).is_none(), overlapping.is_some());
            prop_assert_eq!(tree.first_ending_from(VirtualPage(page)), link(list().find(|range| range.1 >= page)));
            prop_assert_eq!(tree.last_starting_to(VirtualPage(page)), link(list().rev().find(|range| range.0 <= page)));
        }
        for pair in model.0.windows(2) {
            prop_assert_eq!(tree.next(pair[0].2), Some(pair[1].2));
            prop_assert_eq!(tree.previous(pair[1].2), Some(pair[0].2));
        }
        prop_assert_eq!(tree.first(), model.0.first().map(|range| range.2));
        prop_assert_eq!(tree.last(), model.0.last().map(|range| range.2));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    // Rooms of 0x1000 pages and more are summed up as equal: the search looks into each.
    #[test]
    fn rooms_of_16_mb_and_more_are_told_apart_by_the_search(
        wide in prop::collection::vec((1..0x7FFu32, 1..0x2800u32, any::<prop::sample::Index>()), 1..80),
    ) {
        let arena = Arena::new(16);
        let mut model = Model::default();
        for (number, (place, pages, pick)) in wide.into_iter().enumerate() {
            let (start, end) = (place << 8, ((place << 8) + pages).min(0x7_FFDF));
            apply(&arena, &mut model, &Step::Insert { start, pages: end - start, form: 0 });
            if number % 3 == 0 {
                apply(&arena, &mut model, &Step::Remove { pick });
            }
            check(&arena, &model);
        }
        for pages in [0xFFF, 0x1000, 0x1001, 0x1010, 0x2000, 0x4000] {
            check_search(&arena.tree(), &model, pages, (0, 0x7_FFDF));
        }
    }
}

#[test]
fn an_empty_tree_has_room_everywhere() {
    let arena = Arena::new(1);
    let tree = arena.tree();
    let all = page_pair(0, 0x7_FFDF);
    assert_eq!(tree.verify(), Ok(VadCount(0)));
    assert_eq!(lowest(&tree, 1, all), Some(VirtualPage(0x10)));
    assert_eq!(lowest(&tree, 0x7_FFD0, all), Some(VirtualPage(0x10)));
    assert_eq!(lowest(&tree, 0x7_FFD1, all), None);
    assert_eq!(lowest(&tree, u32::MAX, all), None);
    assert_eq!(highest(&tree, 1, Alignment::Granularity, all), Some(VirtualPage(0x7_FFD0)));
    assert_eq!(highest(&tree, 1, Alignment::Page, all), Some(VirtualPage(0x7_FFDF)));
    assert_eq!(highest(&tree, u32::MAX, Alignment::Granularity, all), None);
    assert!(tree.room_at(all.0, all.1).is_some());
}

#[test]
fn each_form_is_told_by_its_flags_and_has_its_fields() {
    let arena = Arena::new(1);
    let machine = arena.machine();
    for form in FORMS {
        let vad = arena.vad(form, page_pair(0x10, 0x10));
        assert_eq!(VadForm::of(machine, vad), form);
        let handle = Vad::at(machine, vad);
        assert_eq!(handle.short().start(), VirtualPage(0x10));
        assert_eq!(
            (handle.mapped().is_some(), handle.long().is_some()),
            (form != VadForm::Short, form == VadForm::Long)
        );
    }
    // A PEB's VAD: private and secured.
    let vad = arena.vad(VadForm::Long, page_pair(0x7_FFDF, 0x7_FFDF));
    machine.record(vad.cast::<MmvadShort>()).set_flags(VadFlags::PRIVATE_MEMORY.with(VadFlags::NO_CHANGE));
    assert_eq!(VadForm::of(machine, vad), VadForm::Long);
    assert_eq!(FORMS.map(VadForm::tag), [*b"VadS", *b"Vad ", *b"Vadl"]);
}

/// Counts how many records an operation reaches.
struct Counting<'a, R> {
    records: &'a R,
    reached: Cell<u32>,
}

impl<R: Records> Records for Counting<'_, R> {
    fn record<T: Record>(&self, link: Link<T>) -> &T {
        self.reached.set(self.reached.get() + 1);
        self.records.record(link)
    }
}

#[test]
fn thirty_thousand_vads_stay_low_and_no_operation_gets_long() {
    const COUNT: u32 = 30_000;
    // A full search of the tree reaches tens of thousands of records; one path of a tree this high, a few hundred.
    const LONGEST: u32 = 700;
    let arena = Arena::new(COUNT.div_ceil(64) + 1);
    let counting = Counting { records: arena.machine(), reached: Cell::new(0) };
    let tree = VadTree::new(arena.root(), &counting);
    let cost = |what: &str, operation: &mut dyn FnMut()| {
        counting.reached.set(0);
        operation();
        let reached = counting.reached.get();
        // A debug build also checks each insertion for overlaps.
        assert!(reached <= LONGEST, "{what}: {reached} records");
    };
    // 15 pages of each 64 KB are taken: every gap is a hole of one page without room for anything.
    let range = |n: u32| page_pair(0x10 + n * 16, 0x10 + n * 16 + 14);
    let vads: Vec<VadLink> = (0..COUNT).map(|n| arena.vad(FORMS[n as usize % 3], range(n))).collect();
    for n in shuffled(COUNT) {
        cost("insert", &mut || tree.insert(vads[n as usize]));
    }
    assert_eq!(tree.verify(), Ok(VadCount(COUNT)));
    assert!(tree.height() <= 21, "height {}", tree.height());
    let all = page_pair(0x10, 0x7_FFDF);
    let after = VirtualPage(0x10 + COUNT * 16);
    let mut found = None;
    cost("lowest", &mut || found = lowest(&tree, 1, all));
    assert_eq!(found, Some(after));
    cost("highest", &mut || found = highest(&tree, 1, Alignment::Granularity, (all.0, VirtualPage(after.0 - 1))));
    assert_eq!(found, None);
    for n in shuffled(COUNT).into_iter().filter(|n| n % 3 != 0) {
        cost("remove", &mut || {
            let _ = tree.remove(vads[n as usize]);
        });
    }
    assert_eq!(tree.verify(), Ok(VadCount(COUNT / 3)));
    assert!(tree.height() <= 19, "height {}", tree.height());
    // Each third is left, from the first on: gaps of 32 pages at 64 KB boundaries.
    let after = VirtualPage(after.0 - 32);
    cost("lowest", &mut || found = lowest(&tree, 33, all));
    assert_eq!(found, Some(after));
    cost("lowest", &mut || found = lowest(&tree, 32, all));
    assert_eq!(found, Some(VirtualPage(0x20)));
}

#[test]
fn ascending_and_descending_insertion_stays_within_the_height_bound() {
    for descending in [0, 1] {
        let arena = Arena::new(65);
        for n in 0..4095u32 {
            let n = if descending == 1 { 4094 - n } else { n };
            arena.tree().insert(arena.vad(VadForm::Short, page_pair(0x10 + n * 16, 0x10 + n * 16)));
        }
        assert_eq!(arena.tree().verify(), Ok(VadCount(4095)));
        // Equal keys in order give the perfect tree.
        assert_eq!(arena.tree().height(), 12);
    }
}

/// Where the two words of the index stand.
const SUMMARY: u32 = 0x34;
const FREE_FROM: u32 = 0x38;

/// Word `offset` (bytes) of the block at `vad`.
fn word(arena: &Arena, vad: VadLink, offset: u32) -> &Field<u32> {
    arena.machine().record(vad.offset::<Field<u32>>(offset))
}

#[test]
fn the_audit_finds_each_broken_invariant() {
    let build = || {
        let arena = Arena::new(1);
        let vads: Vec<_> = (1..8).map(|n| arena.vad(VadForm::Short, page_pair(n * 0x20, n * 0x20 + 3))).collect();
        vads.iter().for_each(|&vad| arena.tree().insert(vad));
        assert_eq!(arena.tree().verify(), Ok(VadCount(7)));
        (arena, vads)
    };
    let broken = |node: usize, offset: u32, value: u32| {
        let (arena, vads) = build();
        let field = word(&arena, vads[node], offset);
        assert_ne!(field.get(), value);
        field.set(value);
        (arena.tree().verify().unwrap_err(), vads)
    };
    let (error, vads) = broken(2, 0, 0x43);
    assert_eq!(error, VadCorruption::Misplaced(vads[2]), "starts in the one before");
    let (error, vads) = broken(6, 4, 0xDF);
    assert_eq!(error, VadCorruption::Misplaced(vads[6]), "ends before it starts");
    let (error, vads) = broken(6, 4, 0x7_FFE0);
    assert_eq!(error, VadCorruption::Misplaced(vads[6]), "ends above what a VAD may cover");
    let (error, vads) = broken(3, 8, 0xA000_0000);
    assert_eq!(error, VadCorruption::WrongParent(vads[3]), "a root with a parent");
    let (error, vads) = broken(4, 8, 0);
    assert_eq!(error, VadCorruption::WrongParent(vads[4]), "a child without its parent");
    let (error, vads) = broken(2, 4, 0x64);
    assert_eq!(error, VadCorruption::WrongIndex(vads[3]), "an end moved without a repair");
    let (error, vads) = broken(4, SUMMARY, 0x10 << 12 | 1 << 5 | 2);
    assert_eq!(error, VadCorruption::WrongIndex(vads[4]), "a summary");
    let (error, vads) = broken(5, FREE_FROM, 0);
    assert_eq!(error, VadCorruption::WrongIndex(vads[5]), "the start of a gap");
    // The left child of the root with both children cut off, and its summary made to agree.
    let (arena, vads) = build();
    word(&arena, vads[1], 0xC).set(0);
    word(&arena, vads[1], 0x10).set(0);
    word(&arena, vads[1], FREE_FROM).set(0x10);
    word(&arena, vads[1], SUMMARY).set(0x30 << 12 | 1 << 5 | 1);
    word(&arena, vads[3], FREE_FROM).set(0x44);
    word(&arena, vads[3], SUMMARY).set(0x30 << 12 | 1 << 5 | 3);
    assert_eq!(arena.tree().verify(), Ok(VadCount(5)));
    word(&arena, vads[3], 0xC).set(0);
    word(&arena, vads[3], FREE_FROM).set(0x10);
    assert_eq!(arena.tree().verify(), Err(VadCorruption::Unbalanced(vads[3])));
}

#[test]
fn fields_of_a_view_stand_where_tools_read_them() {
    let arena = Arena::new(1);
    let vad = arena.vad(VadForm::Mapped, page_pair(0x20, 0x2F));
    let view: &Mmvad = arena.machine().record(vad.cast());
    view.control_area.set(Link::new(0xA000_1000));
    view.first_prototype_pte.set(Link::new(0xA000_2000));
    view.last_contiguous_pte.set(Link::new(0xA000_2078));
    view.set_flags2(VadFlags2::INHERIT.with_file_offset(0x3_0000));
    arena.tree().insert(vad);
    let words: Vec<u32> = (0..10).map(|n| word(&arena, vad, n * 4).get()).collect();
    assert_eq!(words, [0x20, 0x2F, 0, 0, 0, 0, 0xA000_1000, 0xA000_2000, 0xA000_2078, 0x4000_0003]);
}
