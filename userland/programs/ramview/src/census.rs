//! What is known of all frames at one moment.

use alloc::vec::Vec;

use abi::frames::{FrameState, MemoryLists};

use crate::kind::{KINDS, Kind};

/// It.
#[derive(Clone, Debug, Default)]
pub struct Census {
    /// A [`FrameState`] a frame, from frame 0 to the last of RAM.
    pub states: Vec<u8>,
    /// The lengths of the six lists, as the system counts them.
    pub lists: MemoryLists,
}

impl Census {
    /// How many frames there are of each kind. The six lists are the system's own figures.
    pub fn counts(&self) -> [u32; KINDS] {
        let mut counts = [0; KINDS];
        for kind in self.states.iter().filter_map(|state| Kind::of(FrameState(*state))) {
            counts[kind as usize] += 1;
        }
        let lists = &self.lists;
        counts[..6].copy_from_slice(&[
            lists.zeroed,
            lists.free,
            lists.standby,
            lists.modified,
            lists.modified_no_write,
            lists.bad,
        ]);
        counts
    }

    /// Frames of RAM.
    pub fn frames(&self) -> u32 {
        self.states.iter().filter(|state| FrameState(**state).is_ram()).count() as u32
    }

    /// How many frames a cell stands for where there is room for `cells`.
    pub fn frames_a_cell(&self, cells: usize) -> usize {
        self.states.len().div_ceil(cells.max(1)).max(1)
    }

    /// What cell `cell` shows, each of which stands for `frames` frames: the kind with the most weight among them; none where
    /// there is no RAM.
    pub fn cell(&self, cell: usize, frames: usize) -> Option<Kind> {
        let start = cell.saturating_mul(frames).min(self.states.len());
        let end = start.saturating_add(frames).min(self.states.len());
        let mut weights = [0u64; KINDS];
        for kind in self.states[start..end].iter().filter_map(|state| Kind::of(FrameState(*state))) {
            weights[kind as usize] += kind.look().weight;
        }
        // Of two with the same weight the later one, which is in use.
        let heaviest = Kind::ALL.into_iter().max_by_key(|kind| weights[*kind as usize])?;
        (weights[heaviest as usize] > 0).then_some(heaviest)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use abi::frames::Use;

    /// So many frames of each state, in order.
    pub(crate) fn census(parts: &[(usize, FrameState)]) -> Census {
        let states: Vec<u8> = parts.iter().flat_map(|(count, state)| core::iter::repeat_n(state.0, *count)).collect();
        let on = |list| {
            states.iter().filter(|state| FrameState(**state).location() == list && **state != 0xFF).count() as u32
        };
        let lists = MemoryLists {
            zeroed: on(0),
            free: on(1),
            standby: on(2),
            modified: on(3),
            modified_no_write: on(4),
            bad: on(5),
        };
        Census { states, lists }
    }

    #[test]
    fn a_cell_shows_what_most_of_its_frames_are_unless_a_rare_one_matters_more() {
        let zeroed = FrameState::new(0, Use::Nobody);
        let private = FrameState::new(6, Use::Private);
        let census = census(&[
            (6, zeroed),
            (4, private),
            (9, zeroed),
            (1, FrameState::new(5, Use::Nobody)),
            (8, FrameState::NO_RAM),
            (2, FrameState::NO_RAM),
            (10, private),
            (3, zeroed),
        ]);
        let cells: Vec<_> = (0..6).map(|cell| census.cell(cell, 10)).collect();
        let expected = [Some(Kind::Private), Some(Kind::Bad), None, Some(Kind::Private), Some(Kind::Zeroed), None];
        assert_eq!(cells, expected);
        assert_eq!((census.frames(), census.frames_a_cell(4), census.frames_a_cell(0)), (33, 11, 43));
        let counts = census.counts();
        assert_eq!(
            (counts[Kind::Zeroed as usize], counts[Kind::Private as usize], counts[Kind::Bad as usize]),
            (18, 14, 1)
        );
    }

    #[test]
    fn nothing_is_known_of_an_empty_census() {
        let census = Census::default();
        assert_eq!((census.cell(0, 1), census.frames(), census.frames_a_cell(1520)), (None, 0, 1));
    }
}
