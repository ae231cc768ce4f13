use std::vec;
use std::vec::Vec;

use user_support::memory::fake::Bytes;

use super::*;

const BASE: u32 = 0x1000;

/// Words laid out one after the other from `BASE` on, under names.
struct Image(Vec<u32>);

impl Image {
    fn add(&mut self, words: &[u32]) -> u32 {
        let at = BASE + 4 * self.0.len() as u32;
        self.0.extend_from_slice(words);
        at
    }

    /// A type of up to seven letters: its functions, a spare word, its name.
    fn kind(&mut self, name: &str) -> u32 {
        let mut letters = [0; 8];
        letters[..name.len()].copy_from_slice(name.as_bytes());
        let [first, second] = [0, 4].map(|at| u32::from_le_bytes(letters[at..at + 4].try_into().unwrap()));
        self.add(&[0, 0, first, second])
    }

    /// What can be caught as `kinds`: properties, type, offset, size, constructor.
    fn description(&mut self, qualifiers: u32, destructor: u32, kinds: &[[u32; 5]]) -> u32 {
        let entries: Vec<u32> = kinds
            .iter()
            .map(|&[properties, kind, offset, size, constructor]| {
                self.add(&[properties, kind, offset, u32::MAX, 0, size, constructor])
            })
            .collect();
        let list = self.add(&[&[kinds.len() as u32], &entries[..]].concat());
        self.add(&[qualifiers, destructor, 0, list])
    }

    fn block(&mut self, states: [i32; 3], handlers: &[[u32; 4]]) -> [u32; 5] {
        let first = self.add(&handlers.concat());
        let [low, high, last] = states.map(i32::cast_unsigned);
        [low, high, last, handlers.len() as u32, first]
    }

    fn function(&mut self, undo: &[[u32; 2]], blocks: &[[u32; 5]]) -> Function {
        let undo_at = self.add(&undo.concat());
        let blocks_at = self.add(&blocks.concat());
        Function(self.add(&[0x1993_0520, undo.len() as u32, undo_at, blocks.len() as u32, blocks_at]))
    }

    fn memory(&self) -> Bytes {
        Bytes::new(BASE, self.0.iter().flat_map(|word| word.to_le_bytes()).collect())
    }
}

#[test]
fn only_the_record_of_a_throw_tells_of_an_object() {
    let record = |code, count, mark| vec![code, 1, 0, 0, count, mark, 0x2000, 0x3000];
    let read = |words| Thrown::of(&Image(words).memory(), BASE);
    assert_eq!(read(record(CODE, 3, 0x1993_0520)), Some(Thrown { object: 0x2000, description: 0x3000 }));
    assert_eq!(read(record(0xC000_0005, 3, 0x1993_0520)), None);
    assert_eq!(read(record(CODE, 2, 0x1993_0520)), None);
    assert_eq!(read(record(CODE, 3, 7)), None);
}

#[test]
fn states_are_undone_one_after_the_other() {
    let mut image = Image(vec![]);
    let function = image.function(&[[u32::MAX, 0x10], [0, 0], [1, 0x20]], &[]);
    let memory = image.memory();
    assert!(function.is_known(&memory));
    assert_eq!(function.undo(&memory, 2), Some((1, 0x20)));
    assert_eq!(function.undo(&memory, 1), Some((0, 0)));
    assert_eq!(function.undo(&memory, 0), Some((OUTSIDE, 0x10)));
    assert_eq!(function.undo(&memory, 3), None);
    assert_eq!(function.undo(&memory, OUTSIDE), None);
}

#[test]
fn a_try_in_a_catch_belongs_to_that_catch() {
    let mut image = Image(vec![]);
    // The inner one of states 3 to 4 is in the catch of the one of states 1 to 2, all of it in one of states 0 to 5.
    let inner = image.block([3, 4, 5], &[]);
    let middle = image.block([1, 2, 5], &[]);
    let outer = image.block([0, 5, 6], &[]);
    let function = image.function(&[], &[inner, middle, outer]);
    let memory = image.memory();
    let lows =
        |state, depth| function.tries_around(&memory, state, depth).iter().map(|block| block.low).collect::<Vec<_>>();
    assert_eq!(lows(1, 0), [1, 0]);
    assert_eq!(lows(3, 0), [0]);
    assert_eq!(lows(3, 1), [3]);
    assert_eq!(lows(6, 0), [] as [i32; 0]);
    assert_eq!(lows(3, 2), [] as [i32; 0]);
}

#[test]
fn the_first_catch_of_a_fitting_type_takes_it() {
    let mut image = Image(vec![]);
    let [number, base, derived, copy] = [".H", ".?base", ".?deriv", ".?deriv"].map(|name| image.kind(name));
    let object = image.add(&[77, 88]);
    let description = image.description(0, 0x99, &[[0, derived, 0, 8, 0], [0, base, 4, 4, 0x44]]);
    let block = |image: &mut Image, handlers: &[[u32; 4]]| {
        let [_, _, _, handlers, first_handler] = image.block([0, 0, 1], handlers);
        Try { low: 0, high: 0, last_catch: 1, handlers, first_handler }
    };
    let values = block(&mut image, &[[0, number, 8, 0x100], [0, base, 8, 0x200], [0, derived, 8, 0x300]]);
    let same_name = block(&mut image, &[[0, copy, 12, 0x300]]);
    let reference = block(&mut image, &[[8, base, 12, 0x200]]);
    let everything = block(&mut image, &[[0, number, 0, 0x100], [0x40, 0, 0, 0x400]]);
    let memory = image.memory();
    let thrown = Thrown { object, description };
    let found = |block: &Try, thrown| block.find(&memory, thrown).map(|(handler, how)| (handler.code, how));
    let made = Conversion::Constructor { from: object + 4, code: 0x44, most_derived: false };
    assert_eq!(found(&values, Some(thrown)), Some((0x200, made)));
    assert_eq!(found(&same_name, Some(thrown)), Some((0x300, Conversion::Bytes { from: object, count: 8 })));
    assert_eq!(found(&reference, Some(thrown)), Some((0x200, Conversion::Word(object + 4))));
    assert_eq!(found(&everything, Some(thrown)), Some((0x400, Conversion::None)));
    assert_eq!(found(&everything, None), Some((0x400, Conversion::None)));
    assert_eq!(found(&values, None), None);
    assert_eq!(thrown.destructor(&memory), 0x99);
}

#[test]
fn what_is_constant_is_caught_as_constant_only() {
    let mut image = Image(vec![]);
    let text = image.kind(".PAD");
    let object = image.add(&[BASE]);
    let description = image.description(1, 0, &[[1, text, 0, 4, 0]]);
    let [_, _, _, handlers, first_handler] = image.block([0, 0, 1], &[[0, text, 4, 0x100], [1, text, 4, 0x200]]);
    let block = Try { low: 0, high: 0, last_catch: 1, handlers, first_handler };
    let found = block.find(&image.memory(), Some(Thrown { object, description }));
    assert_eq!(found.map(|(handler, how)| (handler.code, how)), Some((0x200, Conversion::Word(BASE))));
}

#[test]
fn a_virtual_base_is_found_through_its_table() {
    let mut image = Image(vec![]);
    let table = image.add(&[0, 24]);
    let object = image.add(&[5, table, 9]);
    let place = image.add(&[0, 4, 4]);
    let plain = image.add(&[8, u32::MAX, 0]);
    let memory = image.memory();
    assert_eq!(part_of(&memory, object, place), object + 4 + 24);
    assert_eq!(part_of(&memory, object, plain), object + 8);
}
