//! `qsort` and `bsearch`, over elements that only the caller can compare and move.
//!
//! The standard library's sorts want a slice of a type, and a comparison that is consistent; `qsort` has neither. Heap
//! sort needs no memory, never recurses, and a comparison that lies costs order, not safety.

use core::cmp::Ordering;

/// An array of elements of any size.
pub trait Elements {
    /// Compares two elements.
    fn compare(&mut self, left: u32, right: u32) -> Ordering;
    /// Exchanges two elements.
    fn swap(&mut self, left: u32, right: u32);
}

/// Sorts the first `count` elements in ascending order. Equal elements may change places.
pub fn sort(elements: &mut impl Elements, count: u32) {
    for root in (0..count / 2).rev() {
        sift(elements, root, count);
    }
    for end in (1..count).rev() {
        elements.swap(0, end);
        sift(elements, 0, end);
    }
}

/// Lets the element at `root` sink until no child is larger.
fn sift(elements: &mut impl Elements, mut root: u32, end: u32) {
    // A child's index would be past the end of 32 bits only for an array that no process can hold.
    while let Some(mut child) = root.checked_mul(2).and_then(|twice| twice.checked_add(1)).filter(|&child| child < end)
    {
        if child + 1 < end && elements.compare(child, child + 1).is_lt() {
            child += 1;
        }
        if elements.compare(root, child).is_ge() {
            return;
        }
        elements.swap(root, child);
        root = child;
    }
}

/// The index of an element that compares equal, in `count` sorted ones; `compare` puts the key first.
pub fn search(count: u32, mut compare: impl FnMut(u32) -> Ordering) -> Option<u32> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        match compare(middle) {
            Ordering::Equal => return Some(middle),
            Ordering::Less => high = middle,
            Ordering::Greater => low = middle + 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    struct Numbers(Vec<u32>);

    impl Elements for Numbers {
        fn compare(&mut self, left: u32, right: u32) -> Ordering {
            self.0[left as usize].cmp(&self.0[right as usize])
        }
        fn swap(&mut self, left: u32, right: u32) {
            self.0.swap(left as usize, right as usize);
        }
    }

    #[test]
    fn every_length_and_order_is_sorted() {
        let mut seed = 1u32;
        for count in (0..40).chain([1000]) {
            for range in [1, 3, 1 << 30] {
                let mut next = || {
                    seed = seed.wrapping_mul(214_013).wrapping_add(2_531_011);
                    (seed >> 8) % range
                };
                let mut numbers = Numbers((0..count).map(|_| next()).collect());
                let mut expected = numbers.0.clone();
                expected.sort_unstable();
                sort(&mut numbers, count);
                assert_eq!(numbers.0, expected);
            }
        }
    }

    #[test]
    fn a_comparison_that_lies_still_ends() {
        struct Liar(u32);
        impl Elements for Liar {
            fn compare(&mut self, _: u32, _: u32) -> Ordering {
                self.0 = self.0.wrapping_mul(214_013).wrapping_add(2_531_011);
                if self.0 & 0x1_0000 == 0 { Ordering::Less } else { Ordering::Greater }
            }
            fn swap(&mut self, left: u32, right: u32) {
                assert!(left < 100 && right < 100);
            }
        }
        sort(&mut Liar(7), 100);
    }

    #[test]
    fn search_finds_what_is_there() {
        let numbers = [1u32, 3, 5, 7];
        for (key, place) in [(1, Some(0)), (7, Some(3)), (4, None), (0, None), (9, None)] {
            assert_eq!(search(4, |index| key.cmp(&numbers[index as usize])), place);
        }
        assert_eq!(search(0, |_| Ordering::Equal), None);
    }
}
