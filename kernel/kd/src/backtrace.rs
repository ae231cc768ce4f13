//! Who called whom, by frame pointers.
//!
//! The stack may be what is broken: every word is asked for, and a chain that does not ascend, leaves the kernel half or is
//! too long ends there. A trap frame looks like a call (its first two words are the interrupted EBP and EIP), so the walk
//! goes on through it.

/// Calls that are followed.
const DEPTH: usize = 48;
/// First address of the kernel half.
const KERNEL: u32 = 0x8000_0000;

/// The return addresses from the frame at `frame_pointer` outwards. `peek` reads a word of memory where there is one.
pub fn walk(frame_pointer: u32, peek: impl Fn(u32) -> Option<u32>) -> impl Iterator<Item = u32> {
    let mut frame = frame_pointer;
    core::iter::from_fn(move || {
        if frame < KERNEL || !frame.is_multiple_of(4) {
            return None;
        }
        let caller = peek(frame)?;
        let address = peek(frame.checked_add(4)?)?;
        frame = if caller > frame { caller } else { 0 };
        (address != 0).then_some(address)
    })
    .take(DEPTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(frame_pointer: u32, words: &[(u32, u32)]) -> Vec<u32> {
        walk(frame_pointer, |address| words.iter().find(|(at, _)| *at == address).map(|(_, word)| *word)).collect()
    }

    #[test]
    fn frames_are_followed_outwards() {
        let stack = [(0xB000_0010, 0xB000_0020), (0xB000_0014, 1), (0xB000_0020, 0), (0xB000_0024, 2)];
        assert_eq!(trace(0xB000_0010, &stack), [1, 2]);
    }

    #[test]
    fn a_loop_ends() {
        let stack = [(0xB000_0010, 0xB000_0020), (0xB000_0014, 1), (0xB000_0020, 0xB000_0010), (0xB000_0024, 2)];
        assert_eq!(trace(0xB000_0010, &stack), [1, 2]);
    }

    #[test]
    fn memory_that_is_not_there_and_user_frames_end_the_walk() {
        assert_eq!(trace(0xB000_0010, &[(0xB000_0010, 0xB000_0020)]), []);
        assert_eq!(trace(0xB000_0010, &[(0xB000_0010, 0x12_FF00), (0xB000_0014, 7)]), [7]);
        assert_eq!(trace(0x12_FF00, &[(0x12_FF00, 0x12_FF10), (0x12_FF04, 7)]), []);
        assert_eq!(trace(0xFFFF_FFFC, &[(0xFFFF_FFFC, 1)]), []);
        assert_eq!(trace(0xB000_0012, &[]), []);
    }
}
