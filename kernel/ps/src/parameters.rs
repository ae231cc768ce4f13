//! The process parameters and the environment, as the bytes that go into a new process.
//!
//! Both stand in one block: first the environment, then `_RTL_USER_PROCESS_PARAMETERS` with the strings it points to.
//! Addresses are absolute from the start ("normalised").

use alloc::string::String;
use alloc::vec::Vec;
use core::mem::offset_of;

use abi::nt::peb::{RtlUserProcessParameters, parameter_flags};

/// Bytes of the structure.
const SIZE: usize = 0x290;

/// What a process is told when it starts.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    /// DOS path of the image.
    pub image: String,
    /// The command line.
    pub command_line: String,
    /// DOS path of the current directory, with its last backslash.
    pub directory: String,
    /// Where DLLs are looked for, directories separated by `;`.
    pub dll_path: String,
    /// `K=V` settings.
    pub environment: Vec<String>,
    /// Standard input, output and error.
    pub standard_handles: [u32; 3],
}

/// The parameters as bytes for one address.
pub struct ParameterBlock {
    /// What to write there.
    pub bytes: Vec<u8>,
    /// Where in it, in bytes, the structure stands.
    pub structure: u32,
}

impl Parameters {
    /// The block for address `base`.
    pub fn to_block(&self, base: u32) -> ParameterBlock {
        let mut bytes = self.environment_block();
        bytes.resize(bytes.len().next_multiple_of(16), 0);
        let structure = bytes.len();
        bytes.resize(structure + SIZE, 0);
        let mut block = Block { bytes, structure, base };
        block.put(offset_of!(RtlUserProcessParameters, flags), parameter_flags::NORMALIZED);
        for (index, handle) in self.standard_handles.into_iter().enumerate() {
            block.put(offset_of!(RtlUserProcessParameters, standard_input) + index * 4, handle);
        }
        block.put(offset_of!(RtlUserProcessParameters, environment), base);
        block.string(offset_of!(RtlUserProcessParameters, current_directory), &self.directory, MAXIMUM_PATH);
        block.string(offset_of!(RtlUserProcessParameters, dll_path), &self.dll_path, 0);
        block.string(offset_of!(RtlUserProcessParameters, image_path_name), &self.image, 0);
        block.string(offset_of!(RtlUserProcessParameters, command_line), &self.command_line, 0);
        block.string(offset_of!(RtlUserProcessParameters, window_title), &self.image, 0);
        let length = (block.bytes.len() - structure) as u32;
        block.put(offset_of!(RtlUserProcessParameters, maximum_length), length);
        block.put(offset_of!(RtlUserProcessParameters, length), length);
        ParameterBlock { bytes: block.bytes, structure: structure as u32 }
    }

    /// `K=V` strings, each ended by a zero, and a zero more.
    fn environment_block(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for setting in &self.environment {
            push_utf16(&mut bytes, setting);
            bytes.extend([0, 0]);
        }
        bytes.extend([0, 0]);
        if self.environment.is_empty() {
            bytes.extend([0, 0]);
        }
        bytes
    }
}

/// Bytes there are for a current directory: 260 characters.
const MAXIMUM_PATH: usize = 520;

struct Block {
    bytes: Vec<u8>,
    structure: usize,
    base: u32,
}

impl Block {
    fn put(&mut self, offset: usize, value: u32) {
        let at = self.structure + offset;
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// Appends `text` and points the UNICODE_STRING at `offset` to it; `room` bytes at least.
    fn string(&mut self, offset: usize, text: &str, room: usize) {
        let start = self.bytes.len();
        push_utf16(&mut self.bytes, text);
        let length = self.bytes.len() - start;
        self.bytes.resize(start + (length + 2).max(room).next_multiple_of(4), 0);
        let maximum = (length + 2).max(room);
        self.put(offset, length as u32 | (maximum as u32) << 16);
        self.put(offset + 4, self.base + start as u32);
    }
}

fn push_utf16(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(block: &ParameterBlock, offset: usize) -> u32 {
        let at = block.structure as usize + offset;
        u32::from_le_bytes(block.bytes[at..at + 4].try_into().expect("four bytes"))
    }

    fn text_at(block: &ParameterBlock, base: u32, offset: usize) -> String {
        let length = (word(block, offset) & 0xFFFF) as usize;
        let start = (word(block, offset + 4) - base) as usize;
        let units: Vec<_> =
            block.bytes[start..start + length].chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        String::from_utf16(&units).expect("text")
    }

    #[test]
    fn strings_are_where_the_structure_says() {
        let parameters = Parameters {
            image: "C:\\A.EXE".into(),
            command_line: "a b".into(),
            directory: "C:\\".into(),
            environment: alloc::vec!["PATH=C:\\".into(), "X=1".into()],
            standard_handles: [4, 8, 12],
            ..Parameters::default()
        };
        let base = 0x2_0000;
        let block = parameters.to_block(base);
        assert_eq!(text_at(&block, base, 0x38), "C:\\A.EXE");
        assert_eq!(text_at(&block, base, 0x40), "a b");
        assert_eq!(text_at(&block, base, 0x24), "C:\\");
        assert_eq!([word(&block, 0x18), word(&block, 0x1C), word(&block, 0x20)], [4, 8, 12]);
        assert_eq!((word(&block, 8), word(&block, 0x48)), (1, base));
        let environment: Vec<u8> = "PATH=C:\\\0X=1\0\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(block.bytes[..environment.len()], environment);
        assert_eq!(block.structure % 16, 0);
    }

    #[test]
    fn an_empty_environment_is_two_zeros() {
        let block = Parameters::default().to_block(0x1000);
        assert_eq!(block.bytes[..4], [0; 4]);
    }
}
