//! The log of QEMU's `blklogwrites`: every write and flush of a disk, in order.
//!
//! Source: "dm-log-writes" in the documentation of the Linux kernel, whose format it is. All numbers are little-endian. A super
//! block (magic, version, number of entries, bytes of a sector) fills the first sector; each entry is a sector with its head
//! (first sector, sectors, flags, length of extra data) and then as many sectors as it says.

use std::ops::Range;

const MAGIC: u64 = 0x6A_7366_7773_6872;
const VERSION: u64 = 1;
const HEAD: usize = 32;

const FLUSH: u64 = 1 << 0;
const FORCED: u64 = 1 << 1;
const DISCARD: u64 = 1 << 2;
const MARK: u64 = 1 << 3;

/// What one entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// These bytes of the log were written to the disk, from this byte of it on.
    Write {
        /// Where on the disk.
        at: u64,
        /// Which bytes of the log.
        bytes: Range<usize>,
        /// Whether the write was on the medium when it was done.
        forced: bool,
    },
    /// So many bytes from this one on were given up; what they hold is not defined any more.
    Discard {
        /// Where on the disk.
        at: u64,
        /// How many.
        length: u64,
    },
    /// All that was written before is on the medium.
    Flush,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// Where in the log it ends, in bytes.
    pub end: u64,
}

/// Reads a log.
///
/// # Errors
/// What is wrong with it.
pub fn parse(log: &[u8]) -> Result<Vec<Entry>, String> {
    let word = |at: usize| -> Result<u64, String> {
        let bytes = log.get(at..at + 8).ok_or_else(|| format!("the log ends at {at:#x}"))?;
        Ok(bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)))
    };
    if (word(0)?, word(8)?) != (MAGIC, VERSION) {
        return Err("it does not begin as a log of writes does".into());
    }
    let count = word(16)?;
    let sector = word(24)? & 0xFFFF_FFFF;
    if !sector.is_power_of_two() || !(512..=4096).contains(&sector) {
        return Err(format!("its sectors have {sector} bytes"));
    }
    let size = sector as usize;
    let mut entries = Vec::new();
    let mut at = size;
    for number in 0..count {
        if at.checked_add(HEAD).is_none_or(|end| end > log.len()) {
            return Err(format!("entry {number} of {count} is not there"));
        }
        let (first, sectors, flags) = (word(at)?, word(at + 8)?, word(at + 16)?);
        at += size;
        let place = first.checked_mul(sector).ok_or_else(|| format!("entry {number} is beyond every disk"))?;
        let length = sectors.checked_mul(sector).ok_or_else(|| format!("entry {number} is beyond every disk"))?;
        if flags & DISCARD != 0 {
            entries.push(Entry { event: Event::Discard { at: place, length }, end: at as u64 });
            continue;
        }
        let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length));
        let end = end.filter(|end| *end <= log.len()).ok_or_else(|| format!("entry {number} is cut short"))?;
        // A write that asks for a flush has it before itself.
        if flags & FLUSH != 0 {
            entries.push(Entry { event: Event::Flush, end: at as u64 });
        }
        if flags & MARK == 0 && end > at {
            let event = Event::Write { at: place, bytes: at..end, forced: flags & FORCED != 0 };
            entries.push(Entry { event, end: end as u64 });
        }
        at = end;
    }
    Ok(entries)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Makes a log, as QEMU does.
    pub(in super::super) struct Writer {
        pub(in super::super) bytes: Vec<u8>,
        entries: u64,
    }

    impl Writer {
        pub(in super::super) fn new() -> Self {
            let mut this = Self { bytes: vec![0; 512], entries: 0 };
            this.update_super();
            this
        }

        fn update_super(&mut self) {
            for (index, word) in [MAGIC, VERSION, self.entries, 512].into_iter().enumerate() {
                self.bytes[index * 8..][..8].copy_from_slice(&word.to_le_bytes());
            }
        }

        pub(in super::super) fn add(&mut self, first: u64, sectors: u64, flags: u64, data: &[u8]) {
            for word in [first, sectors, flags, 0] {
                self.bytes.extend(word.to_le_bytes());
            }
            self.bytes.resize(self.bytes.len() + 512 - HEAD, 0);
            self.bytes.extend(data);
            self.entries += 1;
            self.update_super();
        }

        pub(in super::super) fn write(&mut self, first: u64, data: &[u8]) {
            self.add(first, data.len() as u64 / 512, 0, data);
        }

        pub(in super::super) fn flush(&mut self) {
            self.add(0, 0, FLUSH, &[]);
        }
    }

    #[test]
    fn entries_are_read_in_order() {
        let mut log = Writer::new();
        log.write(3, &[7; 1024]);
        log.flush();
        log.add(9, 2, DISCARD, &[]);
        log.add(0, 0, MARK, &[]);
        log.add(5, 1, FORCED | FLUSH, &[1; 512]);
        let entries = parse(&log.bytes).unwrap();
        let events: Vec<Event> = entries.iter().map(|entry| entry.event.clone()).collect();
        let last = log.bytes.len() - 512..log.bytes.len();
        assert_eq!(
            events,
            [
                Event::Write { at: 1536, bytes: 1024..2048, forced: false },
                Event::Flush,
                Event::Discard { at: 4608, length: 1024 },
                Event::Flush,
                Event::Write { at: 2560, bytes: last, forced: true },
            ]
        );
        assert_eq!(entries[0].end, 2048);
        assert_eq!(entries[4].end, log.bytes.len() as u64);
    }

    #[test]
    fn a_log_that_is_none_or_cut_short_is_refused() {
        let mut log = Writer::new();
        log.write(3, &[7; 1024]);
        assert!(parse(&[]).is_err() && parse(&[0; 4096]).is_err());
        assert!(parse(&log.bytes[..1600]).unwrap_err().contains("cut short"));
        assert!(parse(&log.bytes[..500]).is_err() && parse(&log.bytes[..520]).unwrap_err().contains("not there"));
        log.add(u64::MAX, 1, 0, &[]);
        assert!(parse(&log.bytes).unwrap_err().contains("beyond"));
    }
}
