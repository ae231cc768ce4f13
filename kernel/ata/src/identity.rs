//! What a drive says of itself in answer to IDENTIFY DEVICE: 256 words.

use core::fmt;

use io::SECTOR;

/// The words.
pub type Words = [u16; 256];

/// A disk, as it describes itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Its name, without the spaces at its end.
    model: [u8; 40],
    /// How many sectors it has.
    pub sectors: u64,
    /// Whether it does DMA.
    pub dma: bool,
    /// The best multiword DMA mode, where no mode has been chosen by the firmware.
    pub unset_mode: Option<u8>,
    /// How what it has taken is made safe.
    pub flush: Flush,
}

/// How a disk is told to write what it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// It keeps nothing, or cannot be told.
    Never,
    /// FLUSH CACHE.
    Plain,
    /// FLUSH CACHE EXT.
    Wide,
}

/// Why a drive is not used as a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotADisk {
    /// It is a packet device or says that it is no ATA drive.
    Kind,
    /// Its sectors can be addressed by cylinder, head and sector only.
    Addresses,
    /// It says that it has no sector.
    Empty,
    /// Its sectors are not of 512 bytes.
    SectorSize,
}

impl fmt::Display for NotADisk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Kind => "it is no ATA disk",
            Self::Addresses => "it does not number its sectors",
            Self::Empty => "it has no sectors",
            Self::SectorSize => "its sectors do not have 512 bytes",
        })
    }
}

/// Word 0 of a CompactFlash card, which has the bit set that means a packet device elsewhere.
const COMPACT_FLASH: u16 = 0x848A;
const PACKET_DEVICE: u16 = 1 << 15;

impl Identity {
    /// Reads the answer.
    ///
    /// # Errors
    /// [`NotADisk`].
    pub fn read(words: &Words) -> Result<Self, NotADisk> {
        let has = |word: usize, bit: u32| words[word] & 1 << bit != 0;
        if words[0] & PACKET_DEVICE != 0 && words[0] != COMPACT_FLASH {
            return Err(NotADisk::Kind);
        }
        if !has(49, 9) {
            return Err(NotADisk::Addresses);
        }
        if sector_size(words) != SECTOR {
            return Err(NotADisk::SectorSize);
        }
        // Words 82 to 84 mean something where 83 begins with 01.
        let supports = |word: usize, bit: u32| words[83] >> 14 == 1 && has(word, bit);
        let wide = supports(83, 10);
        let number = |first: usize, count: usize| {
            (0..count).rev().fold(0, |number, index| number << 16 | u64::from(words[first + index]))
        };
        let sectors = match number(100, 4) {
            sectors if wide && sectors > 0 && sectors <= 1 << 48 => sectors,
            _ => number(60, 2).min(1 << 28),
        };
        if sectors == 0 {
            return Err(NotADisk::Empty);
        }
        let flush = match (supports(83, 13), supports(83, 12)) {
            (true, _) if wide => Flush::Wide,
            (_, true) => Flush::Plain,
            _ => Flush::Never,
        };
        let dma = has(49, 8);
        Ok(Self { model: model(words), sectors, dma, unset_mode: unset_mode(words).filter(|_| dma), flush })
    }

    /// What it is called.
    pub fn model(&self) -> &str {
        core::str::from_utf8(&self.model).unwrap_or_default().trim_end()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} sectors, {:?})", self.model(), self.sectors, self.flush)
    }
}

/// Bytes of a sector: word 106 begins with 01 and says whether words 117 and 118 do.
fn sector_size(words: &Words) -> u32 {
    if words[106] >> 14 == 1 && words[106] & 1 << 12 != 0 {
        (u32::from(words[118]) << 16 | u32::from(words[117])).saturating_mul(2)
    } else {
        SECTOR
    }
}

/// The best multiword mode where neither a multiword nor an Ultra mode is chosen.
fn unset_mode(words: &Words) -> Option<u8> {
    let ultra = if words[53] & 1 << 2 != 0 { words[88] >> 8 } else { 0 };
    let chosen = words[63] >> 8 != 0 || ultra != 0;
    (!chosen).then(|| (words[63] as u8 & 7).checked_ilog2()).flatten().map(|mode| mode as u8)
}

/// The name: two characters a word, the first in the high byte; anything odd becomes a question mark.
fn model(words: &Words) -> [u8; 40] {
    let mut model = [b' '; 40];
    for (place, byte) in model.iter_mut().zip(words[27..47].iter().flat_map(|word| word.to_be_bytes())) {
        *place = if (0x20..0x7F).contains(&byte) { byte } else { b'?' };
    }
    model
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk of 1,000,000 sectors with everything.
    fn words() -> Words {
        let mut words = [0; 256];
        words[0] = 0x0040;
        words[49] = 3 << 8;
        words[53] = 6;
        words[60] = 0x4240;
        words[61] = 0x000F;
        words[63] = 7;
        words[83] = 0x4000 | 1 << 10 | 1 << 12 | 1 << 13;
        words[88] = 0x203F;
        words[100] = 0x4240;
        words[101] = 0x000F;
        for (word, pair) in words[27..47].iter_mut().zip(b"QEMU HARDDISK                           ".chunks(2)) {
            *word = u16::from_be_bytes([pair[0], pair[1]]);
        }
        words
    }

    fn read(change: impl FnOnce(&mut Words)) -> Result<Identity, NotADisk> {
        let mut words = words();
        change(&mut words);
        Identity::read(&words)
    }

    #[test]
    fn a_disk_is_read_with_its_name() {
        let disk = read(|_| {}).unwrap();
        assert_eq!((disk.model(), disk.sectors, disk.dma), ("QEMU HARDDISK", 1_000_000, true));
        assert_eq!((disk.flush, disk.unset_mode), (Flush::Wide, None));
    }

    #[test]
    fn what_is_no_disk_of_ours_is_refused() {
        assert_eq!(read(|words| words[0] = 0x85C0), Err(NotADisk::Kind), "a CD drive");
        assert!(read(|words| words[0] = 0x848A).is_ok(), "a CompactFlash card");
        assert_eq!(read(|words| words[49] = 1 << 8), Err(NotADisk::Addresses));
        assert_eq!(read(|words| (words[60], words[61], words[83]) = (0, 0, 0)), Err(NotADisk::Empty));
        let large_sectors = |words: &mut Words| (words[106], words[117]) = (0x5000, 2048);
        assert_eq!(read(large_sectors), Err(NotADisk::SectorSize));
        assert_eq!(read(|words| *words = [0; 256]), Err(NotADisk::Addresses));
        assert_eq!(read(|words| *words = [0xFFFF; 256]), Err(NotADisk::Kind));
    }

    #[test]
    fn sizes_beyond_what_the_form_can_say_are_cut() {
        assert_eq!(read(|words| words[83] = 0x4000).unwrap().sectors, 1_000_000, "the 28-bit number");
        let short = read(|words| (words[61], words[83]) = (0xFFFF, 0x4000)).unwrap();
        assert_eq!(short.sectors, 1 << 28);
        let absurd = read(|words| words[103] = 2).unwrap();
        assert_eq!(absurd.sectors, 1_000_000, "more than 48 bits: the other number is taken");
        assert_eq!(read(|words| words[102] = 1).unwrap().sectors, (1 << 32) + 1_000_000);
    }

    #[test]
    fn flushing_is_what_the_drive_says_it_understands() {
        assert_eq!(read(|words| words[83] = 0x4000 | 1 << 12).unwrap().flush, Flush::Plain);
        assert_eq!(read(|words| words[83] = 0x4000).unwrap().flush, Flush::Never);
        assert_eq!(read(|words| words[83] = 0xFFFF).unwrap().flush, Flush::Never, "words that mean nothing");
    }

    #[test]
    fn a_mode_is_chosen_where_the_firmware_chose_none() {
        assert_eq!(read(|words| words[88] = 0x003F).unwrap().unset_mode, Some(2));
        assert_eq!(read(|words| (words[63], words[88]) = (0x0403, 0)).unwrap().unset_mode, None);
        assert_eq!(read(|words| (words[63], words[88]) = (0, 0)).unwrap().unset_mode, None);
    }
}
