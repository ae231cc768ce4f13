//! Vectored handlers: asked before the chain, in an order that those who add them choose.

use alloc::vec::Vec;

/// The handlers of a process, in order.
///
/// One may be added or removed while they are asked, by themselves too: each has a number that grows along the order, and
/// whoever asks them goes from number to number.
#[derive(Debug, Default)]
pub struct VectoredHandlers {
    entries: Vec<(u32, u32)>,
}

/// The number of the first handler added; half of the others are below.
const MIDDLE: u32 = 0x8000_0000;
/// What numbers are apart, so that they look like the addresses they are on Windows.
const STEP: u32 = 0x10;

impl VectoredHandlers {
    /// None.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Adds `handler` before all others or behind them; what to remove it by, which is not 0. `None` without memory.
    pub fn add(&mut self, first: bool, handler: u32) -> Option<u32> {
        self.entries.try_reserve(1).ok()?;
        let number = match (first, self.entries.first(), self.entries.last()) {
            (true, Some((number, _)), _) => number.checked_sub(STEP)?,
            (false, _, Some((number, _))) => number.checked_add(STEP)?,
            _ => MIDDLE,
        };
        self.entries.insert(if first { 0 } else { self.entries.len() }, (number, handler));
        (number != 0).then_some(number)
    }

    /// Removes the handler with this number, if there is one.
    pub fn remove(&mut self, number: u32) -> bool {
        let place = self.entries.iter().position(|(own, _)| *own == number);
        place.map(|place| self.entries.remove(place)).is_some()
    }

    /// Number and handler of the first one behind `number`; 0 is before all.
    pub fn next_after(&self, number: u32) -> Option<(u32, u32)> {
        self.entries.iter().copied().find(|(own, _)| *own > number)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn order(handlers: &VectoredHandlers) -> Vec<u32> {
        let mut number = 0;
        core::iter::from_fn(|| handlers.next_after(number).inspect(|(next, _)| number = *next))
            .map(|(_, h)| h)
            .collect()
    }

    #[test]
    fn handlers_are_asked_in_the_order_they_asked_for() {
        let mut handlers = VectoredHandlers::new();
        assert!(handlers.is_empty());
        let b = handlers.add(false, 0xB).unwrap();
        let c = handlers.add(false, 0xC).unwrap();
        let a = handlers.add(true, 0xA).unwrap();
        assert_eq!(order(&handlers), [0xA, 0xB, 0xC]);
        assert!(handlers.remove(b));
        assert!(!handlers.remove(b));
        assert_eq!(order(&handlers), [0xA, 0xC]);
        assert!(handlers.remove(a) && handlers.remove(c) && handlers.is_empty());
        assert!(!handlers.remove(0));
    }

    #[test]
    fn one_that_goes_while_it_is_asked_leaves_the_others_their_turn() {
        let mut handlers = VectoredHandlers::new();
        for handler in 1..=3 {
            handlers.add(false, handler).unwrap();
        }
        let (number, handler) = handlers.next_after(0).unwrap();
        assert_eq!(handler, 1);
        assert!(handlers.remove(number));
        assert_eq!(handlers.next_after(number).map(|(_, handler)| handler), Some(2));
    }
}
