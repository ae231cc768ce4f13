//! The space of one paging file: a bit for each page of it, set where the page is taken.

use abi::cell::Field;

/// A run of neighbouring pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub first: u32,
    pub count: u32,
}

/// The bits of a paging file, of which `word` gives the word with that index.
pub(super) struct Bitmap<W> {
    /// Pages that the file has.
    pub size: u32,
    pub word: W,
}

impl<'w, W: Fn(u32) -> &'w Field<u32>> Bitmap<W> {
    /// Whether the page `index` is taken.
    #[inline(always)]
    pub fn is_set(&self, index: u32) -> bool {
        (self.word)(index / 32).get() >> (index % 32) & 1 == 1
    }

    /// Frees the page `index`.
    #[inline(always)]
    pub fn clear(&self, index: u32) {
        (self.word)(index / 32).update(|word| word & !(1 << (index % 32)));
    }

    /// Takes the pages of `run`.
    pub fn set(&self, run: Run) {
        for index in run.first..run.first + run.count {
            (self.word)(index / 32).update(|word| word | 1 << (index % 32));
        }
    }

    /// The first run of `most` free pages from `hint` on, or then from the start; where there is none, the longest there is.
    pub fn find(&self, most: u32, hint: u32) -> Option<Run> {
        let hint = if hint < self.size { hint } else { 0 };
        let behind = self.find_between(most, hint, self.size);
        if behind.is_some_and(|run| run.count == most) {
            return behind;
        }
        // A run that the hint cuts is found whole here.
        let before = self.find_between(most, 0, (hint + most).min(self.size));
        match (behind, before) {
            (Some(behind), Some(before)) if behind.count >= before.count => Some(behind),
            (behind, before) => before.or(behind),
        }
    }

    /// The first run of `most` free pages among `from..until`, else the longest.
    fn find_between(&self, most: u32, from: u32, until: u32) -> Option<Run> {
        let mut best: Option<Run> = None;
        let mut at = from;
        while at < until {
            let word = (self.word)(at / 32).get() >> (at % 32);
            if word & 1 == 1 {
                // Zeros have come in from above, so that this never passes the word.
                at += word.trailing_ones();
                continue;
            }
            let run = Run { first: at, count: self.free_from(at, most.min(until - at)) };
            if best.is_none_or(|best| run.count > best.count) {
                best = Some(run);
            }
            if run.count == most {
                break;
            }
            at += run.count;
        }
        best
    }

    /// How many pages from `first` on are free, up to `most`.
    fn free_from(&self, first: u32, most: u32) -> u32 {
        let mut count = 0;
        while count < most {
            let at = first + count;
            let word = (self.word)(at / 32).get() >> (at % 32);
            if word != 0 {
                return (count + word.trailing_zeros()).min(most);
            }
            count += 32 - at % 32;
        }
        most
    }

    /// How many pages are taken, those that the file does not have counted too: the map has `words` words.
    pub fn count(&self, words: u32) -> u32 {
        (0..words).map(|index| (self.word)(index).get().count_ones()).sum()
    }

    /// How many pages are taken that the file has.
    pub fn count_within(&self) -> u32 {
        let whole = self.count(self.size / 32);
        let rest = self.size % 32;
        let last = if rest == 0 { 0 } else { (self.word)(self.size / 32).get() & ((1 << rest) - 1) };
        whole + last.count_ones()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn words(size: u32) -> Vec<Field<u32>> {
        (0..size.div_ceil(32)).map(|_| Field::new(0)).collect()
    }

    fn over<'w>(words: &'w [Field<u32>], size: u32) -> Bitmap<impl Fn(u32) -> &'w Field<u32>> {
        Bitmap { size, word: |index| &words[index as usize] }
    }

    /// The longest run of at most `most` that is free, and the lengths that there are.
    fn longest(taken: &BTreeSet<u32>, size: u32, most: u32) -> u32 {
        let (mut best, mut length) = (0, 0);
        for index in 0..size {
            length = if taken.contains(&index) { 0 } else { length + 1 };
            best = best.max(length);
        }
        best.min(most)
    }

    #[test]
    fn a_run_is_looked_for_from_the_hint_on_and_then_from_the_start() {
        let words = words(100);
        let map = over(&words, 100);
        assert_eq!(map.find(16, 40), Some(Run { first: 40, count: 16 }));
        map.set(Run { first: 40, count: 55 });
        assert_eq!(map.find(16, 40), Some(Run { first: 0, count: 16 }));
        map.set(Run { first: 0, count: 30 });
        assert_eq!(map.find(16, 50), Some(Run { first: 30, count: 10 }), "the longest that there is");
        assert_eq!(map.find(4, 50), Some(Run { first: 95, count: 4 }));
    }

    #[test]
    fn nothing_is_found_beyond_the_end_nor_where_all_is_taken() {
        let words = words(64);
        let map = over(&words, 33);
        map.set(Run { first: 0, count: 32 });
        assert_eq!(map.find(16, 7), Some(Run { first: 32, count: 1 }));
        map.set(Run { first: 32, count: 1 });
        assert_eq!(map.find(1, 0), None);
        assert_eq!((map.count(2), map.count_within()), (33, 33));
    }

    #[test]
    fn a_run_that_the_hint_cuts_is_found_whole() {
        let words = words(64);
        let map = over(&words, 64);
        map.set(Run { first: 0, count: 20 });
        map.set(Run { first: 36, count: 28 });
        assert_eq!(map.find(16, 30), Some(Run { first: 20, count: 16 }));
    }

    #[test]
    fn random_use_agrees_with_a_set() {
        let mut state = 0x1234_5678_u32;
        let mut random = |below: u32| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state % below
        };
        for size in [31, 32, 33, 97, 500] {
            let words = words(size);
            let map = over(&words, size);
            let mut taken = BTreeSet::new();
            for step in 0..4000 {
                // It fills, then empties, in turns.
                if (random(3) > 0) == (step / 500 % 2 == 0) {
                    let most = 1 + random(16);
                    let found = map.find(most, random(size + 8));
                    assert_eq!(found.map_or(0, |run| run.count), longest(&taken, size, most), "{size}, {step}");
                    let Some(run) = found else { continue };
                    for index in run.first..run.first + run.count {
                        assert!(index < size && taken.insert(index), "{size}, {step}: {index} is taken or not there");
                    }
                    map.set(run);
                } else if let Some(index) = taken.iter().nth(random(size) as usize % taken.len().max(1)).copied() {
                    assert!(map.is_set(index));
                    map.clear(index);
                    taken.remove(&index);
                }
                assert_eq!(map.count_within() as usize, taken.len());
            }
            assert!((0..size).all(|index| map.is_set(index) == taken.contains(&index)));
        }
    }
}
