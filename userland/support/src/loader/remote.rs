//! The modules of a process, read from its loader data by somebody else: it may be another process, which goes on meanwhile, and
//! nothing it says is trusted.

use alloc::vec::Vec;

use super::Order;

/// Modules after which a list is taken for a circle.
const MOST: usize = 1024;
/// UTF-16 units of a name that are believed.
const LONGEST_NAME: u32 = 0x200;
/// Where the PEB says where the loader data is.
const PEB_LOADER_DATA: u32 = 0x0C;
/// Bytes of an entry that are looked at.
const ENTRY: usize = 0x34;

/// A module as its entry describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteModule {
    /// Where it lies.
    pub base: u32,
    /// Where it begins to run, or 0.
    pub entry_point: u32,
    /// Bytes.
    pub size: u32,
    /// Its path.
    pub full_name: Vec<u16>,
    /// Its file name.
    pub base_name: Vec<u16>,
}

/// The modules of the process whose PEB is at `peb`, in the order in which they were loaded. `read` copies memory of the process;
/// `false` where there is none. `None` for a process that has not begun to load, or whose lists are broken.
pub fn remote_modules(peb: u32, read: impl Fn(u32, &mut [u8]) -> bool) -> Option<Vec<RemoteModule>> {
    let word = |address: u32| {
        let mut bytes = [0; 4];
        read(address, &mut bytes).then(|| u32::from_le_bytes(bytes))
    };
    let data = word(peb.checked_add(PEB_LOADER_DATA)?)?;
    if data == 0 {
        return None;
    }
    let head = Order::Load.head(data);
    let mut modules = Vec::new();
    let mut at = word(head)?;
    while at != head {
        if modules.len() == MOST {
            return None;
        }
        let mut entry = [0; ENTRY];
        if !read(at, &mut entry) {
            return None;
        }
        let field = |offset: usize| u32::from_le_bytes([0, 1, 2, 3].map(|index| entry[offset + index]));
        let name = |offset: usize| name(field(offset) & 0xFFFF, field(offset + 4), &read);
        modules.push(RemoteModule {
            base: field(0x18),
            entry_point: field(0x1C),
            size: field(0x20),
            full_name: name(0x24),
            base_name: name(0x2C),
        });
        at = field(0);
    }
    Some(modules)
}

/// The text of `bytes` bytes at `buffer`; empty where it cannot be read.
fn name(bytes: u32, buffer: u32, read: &impl Fn(u32, &mut [u8]) -> bool) -> Vec<u16> {
    let mut text = alloc::vec![0; 2 * (bytes / 2).min(LONGEST_NAME) as usize];
    if !read(buffer, &mut text) {
        return Vec::new();
    }
    text.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::wide;

    const BASE: u32 = 0x1000;

    fn with(words: &[(usize, u32)]) -> Vec<u8> {
        let mut bytes = vec![0; 0x400];
        for (at, word) in words {
            bytes[*at..*at + 4].copy_from_slice(&word.to_le_bytes());
        }
        bytes[0x300..0x30E].copy_from_slice(b"C\0:\0\\\0a\0.\0b\0c\0");
        bytes
    }

    fn list(memory: &[u8]) -> Option<Vec<RemoteModule>> {
        remote_modules(BASE, |address, into| {
            let start = address.wrapping_sub(BASE) as usize;
            let Some(bytes) = memory.get(start..).and_then(|rest| rest.get(..into.len())) else { return false };
            into.copy_from_slice(bytes);
            true
        })
    }

    /// PEB at 1000h, loader data at 1100h, one entry at 1200h.
    const ONE: [(usize, u32); 11] = [
        (0x00C, 0x1100),
        (0x10C, 0x1200),
        (0x110, 0x1200),
        (0x200, 0x110C),
        (0x218, 0x40_0000),
        (0x21C, 0x40_1000),
        (0x220, 0x5000),
        (0x224, 0x0010_000E),
        (0x228, 0x1300),
        (0x22C, 0x0010_0008),
        (0x230, 0x1306),
    ];

    #[test]
    fn a_module_is_read_with_its_names() {
        let expected = RemoteModule {
            base: 0x40_0000,
            entry_point: 0x40_1000,
            size: 0x5000,
            full_name: wide(b"C:\\a.bc"),
            base_name: wide(b"a.bc"),
        };
        assert_eq!(list(&with(&ONE)), Some([expected].to_vec()));
    }

    #[test]
    fn what_is_not_there_yet_or_broken_is_no_list() {
        assert_eq!(list(&with(&[])), None, "nothing loaded yet");
        for (at, wrong) in [(0x00C, 0x9000), (0x10C, 0x9000), (0x10C, 0x12), (0x200, 0x1200)] {
            let mut words = ONE.to_vec();
            words.push((at, wrong));
            assert_eq!(list(&with(&words)), None, "{at:x}");
        }
        let mut words = ONE.to_vec();
        words.push((0x228, 0x9000));
        assert!(list(&with(&words)).unwrap()[0].full_name.is_empty());
    }
}
