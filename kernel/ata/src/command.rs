//! The bytes of a command.

/// A sector's address with 28 bits goes so far.
const END_OF_28_BITS: u64 = 1 << 28;
/// Sectors of one command at most: what the 8-bit form can say.
pub const MOST_SECTORS: u32 = 256;

/// Device register: sectors are addressed by number; the bits that old drives want set.
const BY_NUMBER: u8 = 0xE0;
/// Device register: the second drive of the channel.
pub const SECOND_DRIVE: u8 = 0x10;

/// How bytes reach the drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// By the controller itself.
    Dma,
    /// By the processor, word by word.
    Pio,
}

/// What the registers of a drive are set to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The command register.
    pub code: u8,
    /// The features register.
    pub features: u8,
    /// The sector count; with `wide` 16 bits, else 8.
    pub count: u16,
    /// The sector's number; with `wide` 48 bits, else 28.
    pub sector: u64,
    /// Whether the registers are written twice, high bytes first.
    pub wide: bool,
}

impl Command {
    /// IDENTIFY DEVICE.
    pub const IDENTIFY: Self = Self::plain(0xEC);

    const fn plain(code: u8) -> Self {
        Self { code, features: 0, count: 0, sector: 0, wide: false }
    }

    /// READ or WRITE of `count` sectors, 1 to [`MOST_SECTORS`], from `sector` on. The 48-bit form is taken only where the
    /// 28-bit one does not reach.
    pub const fn transfer(direction: io::Direction, method: Method, sector: u64, count: u32) -> Self {
        let wide = sector + count as u64 > END_OF_28_BITS;
        let code = match (direction, method, wide) {
            (io::Direction::Read, Method::Dma, false) => 0xC8,
            (io::Direction::Read, Method::Dma, true) => 0x25,
            (io::Direction::Read, Method::Pio, false) => 0x20,
            (io::Direction::Read, Method::Pio, true) => 0x24,
            (io::Direction::Write, Method::Dma, false) => 0xCA,
            (io::Direction::Write, Method::Dma, true) => 0x35,
            (io::Direction::Write, Method::Pio, false) => 0x30,
            (io::Direction::Write, Method::Pio, true) => 0x34,
        };
        Self { code, features: 0, count: count as u16, sector, wide }
    }

    /// FLUSH CACHE, or its 48-bit form.
    pub const fn flush(wide: bool) -> Self {
        Self::plain(if wide { 0xEA } else { 0xE7 })
    }

    /// SET FEATURES: transfers by DMA are multiword ones of `mode`.
    pub const fn set_multiword_mode(mode: u8) -> Self {
        const SET_TRANSFER_MODE: u8 = 0x03;
        const MULTIWORD: u16 = 0x20;
        Self { features: SET_TRANSFER_MODE, count: MULTIWORD | mode as u16, ..Self::plain(0xEF) }
    }

    /// The device register for the drive whose bit is `drive`.
    pub const fn device(&self, drive: u8) -> u8 {
        let number = if self.wide { 0 } else { (self.sector >> 24) as u8 & 0xF };
        BY_NUMBER | drive | number
    }

    /// The features, count and three sector registers, in the order of their ports, in the order in which they are written:
    /// the high bytes of the 48-bit form first.
    pub fn registers(&self) -> impl Iterator<Item = [u8; 5]> {
        let [s0, s1, s2, s3, s4, s5, ..] = self.sector.to_le_bytes();
        let [low, high] = self.count.to_le_bytes();
        let first = self.wide.then_some([0, high, s3, s4, s5]);
        first.into_iter().chain([[self.features, low, s0, s1, s2]])
    }
}

#[cfg(test)]
mod tests {
    use io::Direction;

    use super::*;

    #[test]
    fn a_near_sector_takes_the_short_form_and_256_sectors_are_a_zero() {
        let command = Command::transfer(Direction::Read, Method::Dma, 0x0ABC_DEF0, 256);
        assert_eq!((command.code, command.device(SECOND_DRIVE)), (0xC8, 0xFA));
        assert_eq!(command.registers().collect::<Vec<_>>(), [[0, 0, 0xF0, 0xDE, 0xBC]]);
    }

    #[test]
    fn a_far_sector_takes_the_long_form_from_the_first_command_that_does_not_fit() {
        let last = Command::transfer(Direction::Write, Method::Pio, END_OF_28_BITS - 8, 8);
        assert_eq!((last.code, last.device(0)), (0x30, 0xEF));
        let next = Command::transfer(Direction::Write, Method::Pio, END_OF_28_BITS - 7, 8);
        assert_eq!((next.code, next.device(0)), (0x34, 0xE0));
        assert_eq!(next.registers().collect::<Vec<_>>(), [[0, 0, 0x0F, 0, 0], [0, 8, 0xF9, 0xFF, 0xFF]]);
        let far = Command::transfer(Direction::Read, Method::Dma, 0x1234_5678_9ABC, 256);
        assert_eq!(far.code, 0x25);
        assert_eq!(far.registers().collect::<Vec<_>>(), [[0, 1, 0x56, 0x34, 0x12], [0, 0, 0xBC, 0x9A, 0x78]]);
    }
}
