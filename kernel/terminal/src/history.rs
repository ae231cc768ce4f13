//! Lines typed before, to be found again.

use alloc::vec::Vec;

/// Lines kept, the newest last.
#[derive(Clone, Debug)]
pub struct History {
    lines: Vec<Vec<u16>>,
    most: usize,
    /// How far back the user is: 0 is the line being typed.
    back: usize,
    /// The line that was being typed when the user went back.
    unfinished: Vec<u16>,
}

impl History {
    /// An empty one that keeps `most` lines.
    pub const fn new(most: usize) -> Self {
        Self { lines: Vec::new(), most, back: 0, unfinished: Vec::new() }
    }

    /// Keeps `line`, unless it is empty or the same as the last one. The next step back leads to it.
    pub fn add(&mut self, line: &[u16]) {
        self.back = 0;
        self.unfinished.clear();
        if line.is_empty() || self.lines.last().is_some_and(|last| last == line) {
            return;
        }
        if self.lines.len() == self.most {
            self.lines.remove(0);
        }
        self.lines.push(line.to_vec());
    }

    /// One line further back; `line` is what is being typed.
    pub fn older(&mut self, line: &[u16]) -> Option<Vec<u16>> {
        if self.back == self.lines.len() {
            return None;
        }
        if self.back == 0 {
            self.unfinished = line.to_vec();
        }
        self.back += 1;
        Some(self.lines[self.lines.len() - self.back].clone())
    }

    /// One line further forward; in the end what was being typed.
    pub fn newer(&mut self) -> Option<Vec<u16>> {
        match self.back {
            0 => None,
            1 => {
                self.back = 0;
                Some(core::mem::take(&mut self.unfinished))
            }
            back => {
                self.back = back - 1;
                Some(self.lines[self.lines.len() - self.back].clone())
            }
        }
    }

    /// The next older line that begins with `start`, searching from where the user is and round.
    pub fn beginning_with(&mut self, start: &[u16]) -> Option<Vec<u16>> {
        let count = self.lines.len();
        for step in 1..=count {
            let back = (self.back + step - 1) % count + 1;
            let line = &self.lines[count - back];
            if line.starts_with(start) {
                self.back = back;
                return Some(line.clone());
            }
        }
        None
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &[u16]> {
        self.lines.iter().map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn back_and_forth_ends_where_it_began() {
        let mut history = History::new(10);
        for line in ["one", "two", "two", ""] {
            history.add(&wide(line));
        }
        assert_eq!(history.older(&wide("half")), Some(wide("two")));
        assert_eq!(history.older(&wide("two")), Some(wide("one")));
        assert_eq!(history.older(&wide("one")), None);
        assert_eq!(history.newer(), Some(wide("two")));
        assert_eq!(history.newer(), Some(wide("half")));
        assert_eq!(history.newer(), None);
    }

    #[test]
    fn the_oldest_lines_go() {
        let mut history = History::new(2);
        for line in ["one", "two", "three"] {
            history.add(&wide(line));
        }
        assert_eq!(history.lines().collect::<Vec<_>>(), [wide("two"), wide("three")]);
    }

    #[test]
    fn a_line_is_found_by_its_beginning() {
        let mut history = History::new(10);
        for line in ["dir a", "echo", "dir b"] {
            history.add(&wide(line));
        }
        assert_eq!(history.beginning_with(&wide("dir")), Some(wide("dir b")));
        assert_eq!(history.beginning_with(&wide("dir")), Some(wide("dir a")));
        assert_eq!(history.beginning_with(&wide("dir")), Some(wide("dir b")));
        assert_eq!(history.beginning_with(&wide("x")), None);
    }
}
