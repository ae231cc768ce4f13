//! Small PE images for tests, laid out as they lie in memory.

use super::{NameIndex, OEM_ID, OEM_ID_AT};
use std::vec;
use std::vec::Vec;

/// Where the NT headers begin.
const HEADERS: usize = 0x40;
/// Where the optional header begins.
const OPTIONAL: usize = HEADERS + 24;
/// Where the section table begins.
const SECTIONS: usize = OPTIONAL + 224;

/// An image under construction: a DLL with headers of one page.
pub(crate) struct Builder {
    bytes: Vec<u8>,
    sections: u16,
}

impl Builder {
    /// An empty DLL linked to lie at `base`, `size` bytes in memory.
    pub(crate) fn new(base: u32, size: u32) -> Self {
        let mut builder = Self { bytes: vec![0; size as usize], sections: 0 };
        builder.put(0, b"MZ");
        builder.word(0x3C, HEADERS as u32);
        builder.put(HEADERS, b"PE\0\0");
        builder.word(HEADERS + 4, 0x014C);
        builder.word(HEADERS + 20, 0x2102_00E0);
        builder.word(OPTIONAL, 0x010B);
        builder.word(OPTIONAL + 28, base);
        builder.word(OPTIONAL + 32, 0x1000);
        builder.word(OPTIONAL + 36, 0x1000);
        builder.word(OPTIONAL + 56, size);
        builder.word(OPTIONAL + 60, 0x1000);
        builder.word(OPTIONAL + 92, 16);
        builder
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn word(&mut self, at: usize, value: u32) {
        self.put(at, &value.to_le_bytes());
    }

    /// Sets the entry point.
    pub(crate) fn entry(mut self, rva: u32) -> Self {
        self.word(OPTIONAL + 16, rva);
        self
    }

    /// Makes the image an EXE.
    pub(crate) fn program(mut self) -> Self {
        self.word(HEADERS + 20, 0x0102_00E0);
        self
    }

    /// Adds a section.
    pub(crate) fn section(mut self, rva: u32, size: u32, characteristics: u32) -> Self {
        let at = SECTIONS + 40 * usize::from(self.sections);
        self.word(at + 8, size);
        self.word(at + 12, rva);
        self.word(at + 36, characteristics);
        self.sections += 1;
        let count = self.sections;
        self.put(HEADERS + 6, &count.to_le_bytes());
        self
    }

    /// Sets entry `index` of the data directory.
    pub(crate) fn directory(mut self, index: usize, rva: u32, size: u32) -> Self {
        self.word(OPTIONAL + 96 + 8 * index, rva);
        self.word(OPTIONAL + 100 + 8 * index, size);
        self
    }

    /// Puts `bytes` at `rva`.
    pub(crate) fn bytes(mut self, rva: u32, bytes: &[u8]) -> Self {
        self.put(rva as usize, bytes);
        self
    }

    /// Puts `words` at `rva`.
    pub(crate) fn words(mut self, rva: u32, words: &[u32]) -> Self {
        for (index, &word) in words.iter().enumerate() {
            self.word(rva as usize + 4 * index, word);
        }
        self
    }

    /// Exports `symbols` under the DLL name `name`, in a table at `rva`: each name with the value of its entry, which
    /// is an offset into the image. Names must be sorted; ordinals count from `base`.
    pub(crate) fn exports(self, rva: u32, name: &str, base: u32, symbols: &[(&str, u32)]) -> Self {
        let count = symbols.len() as u32;
        let (functions, names) = (rva + 40, rva + 40 + 4 * count);
        let (ordinals, mut text) = (names + 4 * count, names + 4 * count + 2 * count);
        let header = [0, 0, 0, text, base, count, count, functions, names, ordinals];
        let mut builder = self.words(rva, &header);
        builder = builder.bytes(text, name.as_bytes());
        text += name.len() as u32 + 1;
        for (index, (symbol, value)) in symbols.iter().enumerate() {
            let index = index as u32;
            builder = builder.words(functions + 4 * index, &[*value]).words(names + 4 * index, &[text]);
            builder = builder.bytes(ordinals + 2 * index, &(index as u16).to_le_bytes());
            builder = builder.bytes(text, symbol.as_bytes());
            text += symbol.len() as u32 + 1;
        }
        builder.directory(0, rva, text - rva)
    }

    /// Puts an index of the exported `names` at `at`, in the headers.
    pub(crate) fn name_index(self, at: u32, names: &[&str]) -> Self {
        let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        let index = NameIndex::build(&names, 0x1000).unwrap();
        self.bytes(at, &index).words(OEM_ID_AT, &[u32::from(OEM_ID) | at << 16])
    }

    /// Imports from several DLLs, in tables at `rva`: per DLL its name and its symbols (`#n` for an ordinal).
    /// Returns the image and, per DLL, the offset of its import address table.
    pub(crate) fn imports(self, rva: u32, dlls: &[(&str, &[&str])]) -> (Self, Vec<u32>) {
        let mut at = rva + 20 * (dlls.len() as u32 + 1);
        let (mut builder, mut tables) = (self, Vec::new());
        for (index, (dll, symbols)) in dlls.iter().enumerate() {
            let (lookup, address) = (at, at + 4 * (symbols.len() as u32 + 1));
            at = address + 4 * (symbols.len() as u32 + 1);
            for (slot, symbol) in symbols.iter().enumerate() {
                let thunk = match symbol.strip_prefix('#') {
                    Some(ordinal) => 0x8000_0000 | ordinal.parse::<u32>().unwrap(),
                    None => at,
                };
                let slot = 4 * slot as u32;
                builder = builder.words(lookup + slot, &[thunk]).words(address + slot, &[thunk]);
                if thunk == at {
                    builder = builder.bytes(at + 2, symbol.as_bytes());
                    at += symbol.len() as u32 + 3;
                }
            }
            builder = builder.words(rva + 20 * index as u32, &[lookup, 0, 0, at, address]).bytes(at, dll.as_bytes());
            at += dll.len() as u32 + 1;
            tables.push(address);
        }
        (builder.directory(1, rva, at - rva), tables)
    }

    /// The bytes.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}
