//! The numbers of processes and threads: multiples of 4, both from one supply, as they come from one table in NT.
//!
//! A number is given back when its object is deleted, not before: whoever has a handle can rely on it. The search goes on
//! behind the number given out last, so that a number is not soon somebody else's.

use abi::cell::Field;

/// Words of 32 numbers each.
const WORDS: usize = 1024;
/// The number of the first process there is.
const FIRST: u32 = 4;

/// Which numbers are taken.
#[doc(alias = "PspCidTable")]
pub(crate) struct Identifiers {
    taken: [Field<u32>; WORDS],
    /// Where the search goes on: a number divided by 4.
    next: Field<u32>,
}

impl Identifiers {
    pub(crate) fn new() -> Self {
        Self { taken: [const { Field::<u32>::ZERO }; WORDS], next: Field::new(FIRST / 4) }
    }

    /// A number nobody has, the next one up where it is free; `None` where all are taken.
    pub(crate) fn take(&self) -> Option<u32> {
        let start = self.next.get() as usize / 32;
        // The first word is looked at twice: from where the search goes on, and up to there.
        let index = (0..=WORDS).find_map(|step| {
            let word = (start + step) % WORDS;
            let passed = if step == 0 { !(!0 << (self.next.get() % 32)) } else { 0 };
            let reserved = u32::from(word == 0);
            let free = !(self.taken[word].get() | passed | reserved);
            (free != 0).then(|| word as u32 * 32 + free.trailing_zeros())
        })?;
        self.taken[index as usize / 32].update(|word| word | 1 << (index % 32));
        self.next.set((index + 1) % (WORDS as u32 * 32));
        Some(index * 4)
    }

    /// Gives `number` back.
    pub(crate) fn give_back(&self, number: u32) {
        let index = number / 4;
        let word = &self.taken[index as usize / 32];
        debug_assert!(word.get() >> (index % 32) & 1 == 1, "{number} was not taken");
        word.update(|word| word & !(1 << (index % 32)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_multiples_of_four_from_the_first_process_on() {
        let identifiers = Identifiers::new();
        assert_eq!([(); 3].map(|()| identifiers.take()), [Some(4), Some(8), Some(12)]);
    }

    #[test]
    fn a_number_is_used_again_only_when_the_others_were() {
        let identifiers = Identifiers::new();
        let first = identifiers.take().unwrap();
        identifiers.give_back(first);
        let others = WORDS as u32 * 32 - 2;
        for index in 0..others {
            assert_eq!(identifiers.take(), Some(first + 4 + index * 4));
        }
        assert_eq!(identifiers.take(), Some(first));
        assert_eq!(identifiers.take(), None);
        identifiers.give_back(400);
        assert_eq!(identifiers.take(), Some(400));
    }
}
