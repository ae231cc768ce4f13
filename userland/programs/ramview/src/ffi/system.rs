//! What ramview asks of the system.

use alloc::vec;
use alloc::vec::Vec;

use abi::frames::{FRAME_STATES, MEMORY_LISTS, MOST_STATES, MemoryLists, STATES_HEADER};
use ramview::census::Census;

use super::import::*;

/// Asks for information of `class` into `words`: how many bytes there are.
fn query(class: u32, words: &mut [u32]) -> Option<u32> {
    let mut returned = 0;
    // SAFETY: there are as many bytes as it is told, and `returned` is a word.
    let status = unsafe { NtQuerySystemInformation(class, words.as_mut_ptr(), words.len() as u32 * 4, &mut returned) };
    (status == 0).then_some(returned)
}

/// Asks the system for all frames, again and again into the same memory.
pub struct Reader {
    answer: Vec<u32>,
    census: Census,
}

impl Reader {
    /// One that has asked already: the memory for the answers has its frames, so that asking moves none.
    pub fn new() -> Option<Self> {
        let answer = vec![0u32; (STATES_HEADER + MOST_STATES) as usize / 4];
        let mut this = Self { answer, census: Census::default() };
        this.read()?;
        Some(this)
    }

    /// What the system knows of all frames now, if it tells.
    pub fn read(&mut self) -> Option<&Census> {
        let states = &mut self.census.states;
        states.clear();
        loop {
            self.answer[0] = states.len() as u32;
            query(FRAME_STATES, &mut self.answer)?;
            let count = self.answer[1] as usize;
            if count == 0 {
                break;
            }
            let bytes = self.answer[STATES_HEADER as usize / 4..].iter().flat_map(|word| word.to_le_bytes());
            states.extend(bytes.take(count));
        }
        let mut words = [0; MemoryLists::WORDS];
        query(MEMORY_LISTS, &mut words)?;
        self.census.lists = MemoryLists::from_words(&words);
        Some(&self.census)
    }
}
