//! What a watch keeps: changes as FILE_NOTIFY_INFORMATION, or that there were more than it can keep.
//!
//! Source: documented layout of FILE_NOTIFY_INFORMATION.

use alloc::vec::Vec;

use abi::file::*;
use io::Action;

/// Bytes of a record before its name: where the next one is, what happened, how long the name is.
const HEAD: usize = 12;

/// Changes that have not been told.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    bytes: Vec<u8>,
    /// Where the last record begins.
    last: usize,
    /// Bytes that there may be.
    room: usize,
    has_changed: bool,
    /// Whether a change did not fit, and all are to be looked for.
    is_lost: bool,
}

impl Kept {
    pub fn new(room: u32) -> Self {
        Self { room: room as usize, ..Self::default() }
    }

    pub fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// The records; none where there were too many.
    pub fn records(&self) -> Option<&[u8]> {
        (!self.is_lost).then_some(&self.bytes)
    }

    /// All that there is to tell, if there is anything, and none of it stays.
    pub fn take(&mut self) -> Option<Self> {
        let room = self.room;
        self.has_changed.then(|| core::mem::replace(self, Self { room, ..Self::default() }))
    }

    /// Something has changed that cannot be kept.
    pub fn lose(&mut self) {
        *self = Self { room: self.room, has_changed: true, is_lost: true, ..Self::default() };
    }

    /// Keeps what has happened to `name`.
    pub fn add(&mut self, action: Action, name: &[u16]) {
        if self.is_lost {
            return;
        }
        let start = self.bytes.len().next_multiple_of(4);
        let end = start + HEAD + 2 * name.len();
        if end > self.room || self.bytes.try_reserve(end - self.bytes.len()).is_err() {
            return self.lose();
        }
        if self.has_changed {
            let next = (start - self.last) as u32;
            self.bytes[self.last..self.last + 4].copy_from_slice(&next.to_le_bytes());
        }
        self.bytes.resize(start, 0);
        for word in [0, number_of(action), 2 * name.len() as u32] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(name.iter().flat_map(|unit| unit.to_le_bytes()));
        (self.last, self.has_changed) = (start, true);
    }
}

fn number_of(action: Action) -> u32 {
    match action {
        Action::Added => FILE_ACTION_ADDED,
        Action::Removed => FILE_ACTION_REMOVED,
        Action::Modified | Action::Going => FILE_ACTION_MODIFIED,
        Action::RenamedFrom => FILE_ACTION_RENAMED_OLD_NAME,
        Action::RenamedTo => FILE_ACTION_RENAMED_NEW_NAME,
    }
}

/// What `path` is called in `directory`: below other directories in it only if `is_tree` says so.
pub(super) fn name_below<'p>(directory: &[u16], path: &'p [u16], is_tree: bool) -> Option<&'p [u16]> {
    const BACKSLASH: u16 = b'\\' as u16;
    let directory = directory.strip_suffix(&[BACKSLASH]).unwrap_or(directory);
    let name = path.strip_prefix(directory)?.strip_prefix(&[BACKSLASH])?;
    (!name.is_empty() && (is_tree || !name.contains(&BACKSLASH))).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn records_lie_as_windows_has_them_and_too_many_are_lost_together() {
        let mut kept = Kept::new(40);
        assert!(kept.take().is_none());
        kept.add(Action::Added, &wide("abc"));
        kept.add(Action::RenamedTo, &wide("x"));
        let told = kept.take().expect("something has changed");
        let word = |at: usize| u32::from_le_bytes(told.records().unwrap()[at..at + 4].try_into().expect("four bytes"));
        assert_eq!([0, 4, 8, 20, 24, 28].map(word), [20, 1, 6, 0, 5, 2], "a record begins at a multiple of 4");
        assert_eq!(told.records().unwrap().len(), 34, "but does not end there");
        assert!(kept.take().is_none(), "it was told");
        kept.add(Action::Removed, &wide("fourteen units"));
        assert_eq!(kept.records().map(<[u8]>::len), Some(40));
        kept.add(Action::Removed, &wide("a"));
        kept.add(Action::Removed, &wide("a"));
        assert!(kept.take().expect("lost").records().is_none());
        let mut none = Kept::new(0);
        none.add(Action::Added, &wide("a"));
        assert!(none.has_changed() && none.records().is_none());
    }

    #[test]
    fn what_is_below_a_directory_is_called_by_the_rest_of_its_path() {
        let below = |directory, path, is_tree| {
            let path = wide(path);
            name_below(&wide(directory), &path, is_tree).map(String::from_utf16_lossy)
        };
        assert_eq!(below("\\", "\\a", false).as_deref(), Some("a"));
        assert_eq!(below("\\", "\\a\\b", false), None);
        assert_eq!(below("\\", "\\a\\b", true).as_deref(), Some("a\\b"));
        assert_eq!(below("\\a", "\\a\\b", false).as_deref(), Some("b"));
        assert_eq!(below("\\a", "\\a", true), None, "the directory itself");
        assert_eq!(below("\\a", "\\ab\\c", true), None);
    }
}
