//! Asking for a list whose length nobody knows before.

use alloc::vec::Vec;

use crate::status::Status;

/// Words that are offered at first.
const FIRST: usize = 0x1000;

/// Calls `ask` with ever more words until it does not say that they are too few; the words it filled.
///
/// # Errors
/// What else `ask` says.
pub fn ask_with_room(mut ask: impl FnMut(&mut [u32]) -> Status) -> Result<Vec<u32>, Status> {
    let mut words = alloc::vec![0; FIRST];
    loop {
        match ask(&mut words) {
            Status::INFO_LENGTH_MISMATCH => words.resize(words.len() * 2, 0),
            status => return status.ok().map(|()| words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_grows_until_it_is_enough() {
        let enough =
            |words: &mut [u32]| if words.len() < 0x4000 { Status::INFO_LENGTH_MISMATCH } else { Status::SUCCESS };
        assert_eq!(ask_with_room(enough).map(|words| words.len()), Ok(0x4000));
        assert_eq!(ask_with_room(|_| Status::ACCESS_DENIED), Err(Status::ACCESS_DENIED));
    }
}
