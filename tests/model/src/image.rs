//! PE images made for tests: each byte of a section's data tells where it is.

const HEADERS: usize = 0x400;
const PAGE: u32 = 0x1000;

/// A section of a test image.
#[derive(Clone, Copy, Debug)]
pub struct TestSection {
    /// Pages in memory.
    pub pages: u32,
    /// Bytes in the file, a multiple of 512.
    pub bytes: u32,
    /// `IMAGE_SCN_` flags.
    pub flags: u32,
}

/// `IMAGE_SCN_CNT_CODE | MEM_EXECUTE | MEM_READ`.
pub const CODE: u32 = 0x6000_0020;
/// `IMAGE_SCN_CNT_INITIALIZED_DATA | MEM_READ`.
pub const READ_ONLY_DATA: u32 = 0x4000_0040;
/// `IMAGE_SCN_CNT_INITIALIZED_DATA | MEM_READ | MEM_WRITE`.
pub const DATA: u32 = 0xC000_0040;
/// The same, shared by all processes.
pub const SHARED_DATA: u32 = 0xD000_0040;

/// A PE file, by its parts.
#[derive(Clone, Debug)]
pub struct TestImage {
    /// Where it wants to be.
    pub base: u32,
    /// What it consists of beside its headers.
    pub sections: Vec<TestSection>,
    /// Tells its bytes from another image's.
    pub seed: u8,
}

impl TestImage {
    /// Code, read-only data, data with zeros behind it.
    pub fn plain(base: u32, seed: u8) -> Self {
        let sections = vec![
            TestSection { pages: 2, bytes: 0x1200, flags: CODE },
            TestSection { pages: 1, bytes: 0x200, flags: READ_ONLY_DATA },
            TestSection { pages: 4, bytes: 0x1400, flags: DATA },
        ];
        Self { base, sections, seed }
    }

    /// Pages of the whole image.
    pub fn pages(&self) -> u32 {
        1 + self.sections.iter().map(|section| section.pages).sum::<u32>()
    }

    /// The byte at `offset` from the image's base when nobody has written there.
    pub fn byte(&self, offset: u32) -> u8 {
        if offset < PAGE {
            return self.file()[..HEADERS].get(offset as usize).copied().unwrap_or(0);
        }
        let mut start = PAGE;
        for section in &self.sections {
            let within = offset.wrapping_sub(start);
            if within < section.pages * PAGE {
                return if within < section.bytes { self.data(offset) } else { 0 };
            }
            start += section.pages * PAGE;
        }
        0
    }

    /// `IMAGE_SCN_` flags of the section that `offset` lies in; the headers are read-only data.
    pub fn flags(&self, offset: u32) -> u32 {
        let mut start = PAGE;
        for section in &self.sections {
            if offset >= start && offset < start + section.pages * PAGE {
                return section.flags;
            }
            start += section.pages * PAGE;
        }
        READ_ONLY_DATA
    }

    fn data(&self, offset: u32) -> u8 {
        (offset ^ offset >> 8).wrapping_mul(13).wrapping_add(u32::from(self.seed)) as u8
    }

    /// The file.
    pub fn file(&self) -> Vec<u8> {
        let mut file = vec![0; HEADERS];
        file[..2].copy_from_slice(b"MZ");
        put(&mut file, 0x3C, 0x80);
        file[0x80..0x84].copy_from_slice(b"PE\0\0");
        put16(&mut file, 0x84, 0x14C);
        put16(&mut file, 0x86, self.sections.len() as u16);
        put16(&mut file, 0x94, 0xE0);
        put16(&mut file, 0x96, 0x0102);
        let optional = 0x98;
        put16(&mut file, optional, 0x10B);
        put(&mut file, optional + 16, 0x1000);
        put(&mut file, optional + 28, self.base);
        put(&mut file, optional + 32, PAGE);
        put(&mut file, optional + 36, 0x200);
        put16(&mut file, optional + 48, 4);
        put(&mut file, optional + 56, self.pages() * PAGE);
        put(&mut file, optional + 60, HEADERS as u32);
        put16(&mut file, optional + 68, 3);
        put(&mut file, optional + 72, 0x10_0000);
        put(&mut file, optional + 76, 0x1000);
        put(&mut file, optional + 92, 16);
        let (mut address, mut pointer) = (PAGE, HEADERS as u32);
        for (index, section) in self.sections.iter().enumerate() {
            let header = optional + 0xE0 + index * 40;
            put(&mut file, header + 8, section.pages * PAGE);
            put(&mut file, header + 12, address);
            put(&mut file, header + 16, section.bytes);
            put(&mut file, header + 20, if section.bytes == 0 { 0 } else { pointer });
            put(&mut file, header + 36, section.flags);
            file.extend((0..section.bytes).map(|within| self.data(address + within)));
            address += section.pages * PAGE;
            pointer += section.bytes;
        }
        file
    }
}

fn put(file: &mut [u8], at: usize, value: u32) {
    file[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn put16(file: &mut [u8], at: usize, value: u16) {
    file[at..at + 2].copy_from_slice(&value.to_le_bytes());
}
