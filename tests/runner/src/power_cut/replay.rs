//! A disk as it may be after a loss of power: what was flushed is there; of what was written after that, some.
//!
//! The cuts are visited in order, on one image that is brought forward and put back, so that a thousand of them cost little.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::log::{Entry, Event};

/// Numbers that follow from a seed and never change: SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next one.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ value >> 31
    }

    /// One below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.number() % end.max(1)
    }
}

/// An image that goes through the cuts.
pub struct Replay<'a> {
    image: &'a File,
    /// Where on the disk the image begins, and its length, in bytes: writes elsewhere are not part of it.
    place: (u64, u64),
    log: &'a [u8],
    entries: &'a [Entry],
    /// Entries that are on the image for good.
    done: usize,
    /// What has to be put back after a cut, last first.
    undo: Vec<(u64, Vec<u8>)>,
}

impl<'a> Replay<'a> {
    /// Starts with `image`, which holds the bytes of the disk from `place.0` on, `place.1` of them, as they were before the log.
    #[must_use]
    pub fn new(image: &'a File, place: (u64, u64), log: &'a [u8], entries: &'a [Entry]) -> Self {
        Self { image, place, log, entries, done: 0, undo: Vec::new() }
    }

    /// Makes the image what the disk may be when the power goes after the first `cut` entries. Cuts must not go back.
    ///
    /// # Errors
    /// What the host says of the image.
    pub fn cut(&mut self, cut: usize, random: &mut Random) -> io::Result<()> {
        self.put_back()?;
        let entries = self.entries;
        let cut = cut.min(entries.len());
        let flushed = entries[..cut].iter().rposition(|entry| entry.event == Event::Flush).unwrap_or(0);
        for entry in &entries[self.done.min(flushed)..flushed] {
            self.apply(entry, None)?;
        }
        self.done = self.done.max(flushed);
        for entry in &entries[self.done..cut] {
            let is_forced = matches!(entry.event, Event::Write { forced: true, .. });
            if is_forced || random.number() & 1 == 0 {
                self.apply(entry, Some(()))?;
            }
        }
        Ok(())
    }

    /// Writes what an entry says to the image; `undo` keeps what was there.
    fn apply(&mut self, entry: &Entry, undo: Option<()>) -> io::Result<()> {
        let Event::Write { at, bytes, .. } = &entry.event else { return Ok(()) };
        let (start, length) = self.place;
        let from = (*at).max(start);
        let until = (at + bytes.len() as u64).min(start + length);
        if from >= until {
            return Ok(());
        }
        let data = &self.log[bytes.start + (from - at) as usize..bytes.start + (until - at) as usize];
        if undo.is_some() {
            let mut old = vec![0; data.len()];
            self.image.read_exact_at(&mut old, from - start)?;
            self.undo.push((from - start, old));
        }
        self.image.write_all_at(data, from - start)
    }

    fn put_back(&mut self) -> io::Result<()> {
        while let Some((at, bytes)) = self.undo.pop() {
            self.image.write_all_at(&bytes, at)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::log::parse;
    use super::super::log::tests::Writer;
    use super::*;

    /// What the image holds after each of these cuts.
    fn sectors(log: &Writer, cuts: &[usize], seed: u64) -> Vec<Vec<u8>> {
        let image = tempfile::tempfile().unwrap();
        image.set_len(4 * 512).unwrap();
        let entries = parse(&log.bytes).unwrap();
        let mut replay = Replay::new(&image, (1024, 2048), &log.bytes, &entries);
        let mut random = Random::new(seed);
        cuts.iter()
            .map(|cut| {
                replay.cut(*cut, &mut random).unwrap();
                let mut bytes = vec![0; 2048];
                image.read_exact_at(&mut bytes, 0).unwrap();
                bytes.chunks(512).map(|sector| sector[0]).collect()
            })
            .collect()
    }

    #[test]
    fn what_was_flushed_is_there_and_of_the_rest_every_subset_comes() {
        let mut log = Writer::new();
        log.write(2, &[1; 512]);
        log.write(3, &[2; 1024]);
        log.flush();
        log.write(2, &[5; 512]);
        log.write(5, &[6; 512]);
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..64 {
            let images = sectors(&log, &[0, 3, 5, 5], seed);
            assert_eq!(images[0], [0, 0, 0, 0]);
            assert_eq!(images[1], [1, 2, 2, 0], "all that was flushed");
            for image in &images[2..] {
                assert_eq!(image[1..3], [2, 2]);
                seen.insert((image[0], image[3]));
            }
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [(1, 0), (1, 6), (5, 0), (5, 6)]);
    }

    #[test]
    fn a_cut_without_a_flush_may_lose_everything_and_writes_elsewhere_are_left_out() {
        let mut log = Writer::new();
        log.write(0, &[9; 3 * 512]);
        log.write(5, &[8; 3 * 512]);
        let images: Vec<Vec<u8>> = (0..32).map(|seed| sectors(&log, &[2], seed).remove(0)).collect();
        assert!(images.contains(&vec![0, 0, 0, 0]) && images.contains(&vec![9, 0, 0, 8]));
        let mut flushed = log;
        flushed.flush();
        assert_eq!(sectors(&flushed, &[3], 1)[0], [9, 0, 0, 8]);
    }
}
