//! What a new process is told, as the bytes that go into it: the environment, then `_RTL_USER_PROCESS_PARAMETERS` with the
//! strings that it points to. Addresses are absolute from the start ("normalised").
//!
//! The kernel builds them for the process of a plan, kernel32 for those of `CreateProcess`.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

use core::mem::offset_of;

use crate::nt::peb::{RtlUserProcessParameters, parameter_flags};

/// Bytes of the structure.
const SIZE: usize = size_of::<RtlUserProcessParameters>();
/// Bytes there are for a current directory: 260 characters.
const LONGEST_PATH: usize = 520;

/// Offsets in the structure.
mod offset {
    use super::{RtlUserProcessParameters, offset_of};

    pub(super) const MAXIMUM_LENGTH: usize = offset_of!(RtlUserProcessParameters, maximum_length);
    pub(super) const LENGTH: usize = offset_of!(RtlUserProcessParameters, length);
    pub(super) const FLAGS: usize = offset_of!(RtlUserProcessParameters, flags);
    pub(super) const STANDARD_HANDLES: usize = offset_of!(RtlUserProcessParameters, standard_input);
    pub(super) const CURRENT_DIRECTORY: usize = offset_of!(RtlUserProcessParameters, current_directory);
    pub(super) const DLL_PATH: usize = offset_of!(RtlUserProcessParameters, dll_path);
    pub(super) const IMAGE_PATH: usize = offset_of!(RtlUserProcessParameters, image_path_name);
    pub(super) const COMMAND_LINE: usize = offset_of!(RtlUserProcessParameters, command_line);
    pub(super) const ENVIRONMENT: usize = offset_of!(RtlUserProcessParameters, environment);
    pub(super) const WINDOW: usize = offset_of!(RtlUserProcessParameters, reserved_4c);
    /// Behind the seven words of the window.
    pub(super) const WINDOW_FLAGS: usize = WINDOW + 28;
    pub(super) const SHOW_WINDOW: usize = offset_of!(RtlUserProcessParameters, show_window_flags);
    pub(super) const WINDOW_TITLE: usize = offset_of!(RtlUserProcessParameters, window_title);
    pub(super) const DESKTOP: usize = offset_of!(RtlUserProcessParameters, desktop_info);
    pub(super) const ENVIRONMENT_SIZE: usize = offset_of!(RtlUserProcessParameters, environment_size);
    pub(super) const RUNTIME_DATA: usize = offset_of!(RtlUserProcessParameters, runtime_data);
}

/// What a process is told.
#[derive(Clone, Debug, Default)]
#[doc(alias = "RtlCreateProcessParameters")]
pub struct ProcessParameters<'a> {
    /// DOS path of the image.
    pub image: &'a [u16],
    /// The command line.
    pub command_line: &'a [u16],
    /// DOS path of the current directory, with its last backslash.
    pub directory: &'a [u16],
    /// Where DLLs are looked for, folders separated by `;`.
    pub dll_path: &'a [u16],
    /// `K=V` strings, each ended by a zero, and a zero more.
    pub environment: &'a [u16],
    /// Standard input, output and error.
    pub standard_handles: [u32; 3],
    /// Position, size, size in characters and fill: what `STARTUPINFO` says of the window.
    pub window: [u32; 7],
    /// `STARTF_` bits.
    pub window_flags: u32,
    /// `SW_` value.
    pub show_window: u32,
    /// The window's title.
    pub title: &'a [u16],
    /// Window station and desktop.
    pub desktop: &'a [u16],
    /// What the C library of the parent hands to that of the child: address and length of bytes.
    pub runtime_data: &'a [u8],
}

/// The parameters as bytes for one address.
#[derive(Clone, Debug)]
pub struct ParameterBlock {
    /// What to write there.
    pub bytes: Vec<u8>,
    /// Where in it, in bytes, the structure stands.
    pub structure: usize,
    /// Where in the bytes there are addresses, of what is as far behind the block's start as the words say.
    addresses: Vec<usize>,
}

/// Units, and bytes, by which a part is filled up at most.
const PADDING: usize = 16;
/// Addresses in a block at most: of the environment, of six strings, and of what the C library hands on.
const ADDRESSES: usize = 8;

impl ProcessParameters<'_> {
    /// The block, for an address that [`ParameterBlock::place_at`] is told.
    pub fn block(&self) -> ParameterBlock {
        self.block_in(Vec::with_capacity(self.room()))
    }

    /// The same, where there may be no memory for it.
    ///
    /// # Errors
    /// That there is none.
    pub fn try_block(&self) -> Result<ParameterBlock, TryReserveError> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(self.room())?;
        Ok(self.block_in(bytes))
    }

    /// Bytes that the block has at most.
    fn room(&self) -> usize {
        let texts = [self.directory, self.dll_path, self.image, self.command_line, self.title, self.desktop];
        let units =
            self.environment.len() + LONGEST_PATH + texts.iter().map(|text| text.len() + PADDING).sum::<usize>();
        2 * units + SIZE + self.runtime_data.len() + PADDING
    }

    /// The block in `bytes`, which are empty.
    fn block_in(&self, mut bytes: Vec<u8>) -> ParameterBlock {
        push(&mut bytes, self.environment);
        bytes.resize(bytes.len().next_multiple_of(16), 0);
        let structure = bytes.len();
        bytes.resize(structure + SIZE, 0);
        let mut block = ParameterBlock { bytes, structure, addresses: Vec::with_capacity(ADDRESSES) };
        block.put(offset::FLAGS, parameter_flags::NORMALIZED);
        for (index, handle) in self.standard_handles.into_iter().enumerate() {
            block.put(offset::STANDARD_HANDLES + 4 * index, handle);
        }
        for (index, word) in self.window.into_iter().enumerate() {
            block.put(offset::WINDOW + 4 * index, word);
        }
        block.put(offset::WINDOW_FLAGS, self.window_flags);
        block.put(offset::SHOW_WINDOW, self.show_window);
        block.address(offset::ENVIRONMENT, 0);
        block.put(offset::ENVIRONMENT_SIZE, 2 * self.environment.len() as u32);
        block.string(offset::CURRENT_DIRECTORY, self.directory, LONGEST_PATH);
        block.string(offset::DLL_PATH, self.dll_path, 0);
        block.string(offset::IMAGE_PATH, self.image, 0);
        block.string(offset::COMMAND_LINE, self.command_line, 0);
        block.string(offset::WINDOW_TITLE, self.title, 0);
        if !self.desktop.is_empty() {
            block.string(offset::DESKTOP, self.desktop, 0);
        }
        block.data(offset::RUNTIME_DATA, self.runtime_data);
        let length = (block.bytes.len() - structure) as u32;
        block.put(offset::MAXIMUM_LENGTH, length);
        block.put(offset::LENGTH, length);
        block
    }
}

impl ParameterBlock {
    /// Makes the addresses those of a block at `base`; where the structure then is.
    pub fn place_at(&mut self, base: u32) -> u32 {
        for &at in &self.addresses {
            let word = u32::from_le_bytes([self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], self.bytes[at + 3]]);
            self.bytes[at..at + 4].copy_from_slice(&word.wrapping_add(base).to_le_bytes());
        }
        self.addresses.clear();
        base + self.structure as u32
    }

    fn put(&mut self, offset: usize, value: u32) {
        let at = self.structure + offset;
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// Puts the address of what is `target` bytes behind the block's start.
    fn address(&mut self, offset: usize, target: usize) {
        self.put(offset, target as u32);
        self.addresses.push(self.structure + offset);
    }

    /// Appends `text` and points the UNICODE_STRING at `offset` to it; `room` bytes at least.
    fn string(&mut self, offset: usize, text: &[u16], room: usize) {
        // A UNICODE_STRING counts no more.
        let text = &text[..text.len().min(0x7FFE)];
        let (start, length) = (self.bytes.len(), 2 * text.len());
        let maximum = (length + 2).max(room);
        push(&mut self.bytes, text);
        self.bytes.resize((start + maximum).next_multiple_of(4), 0);
        self.put(offset, length as u32 | (maximum as u32) << 16);
        self.address(offset + 4, start);
    }

    fn data(&mut self, offset: usize, data: &[u8]) {
        if data.is_empty() || data.len() > 0xFFFC {
            return;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(data);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.put(offset, data.len() as u32 | (data.len() as u32) << 16);
        self.address(offset + 4, start);
    }
}

fn push(bytes: &mut Vec<u8>, units: &[u16]) {
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &[u8]) -> Vec<u16> {
        text.iter().map(|&byte| byte.into()).collect()
    }

    fn word(block: &ParameterBlock, at: usize) -> u32 {
        u32::from_le_bytes(block.bytes[at..at + 4].try_into().unwrap())
    }

    #[test]
    fn strings_are_where_the_structure_says_wherever_it_lies() {
        let [image, line] = [wide(b"C:\\A.EXE"), wide(b"a b")];
        let environment = wide(b"PATH=C:\\\0\0");
        let parameters = ProcessParameters {
            image: &image,
            command_line: &line,
            environment: &environment,
            standard_handles: [4, 8, 12],
            runtime_data: &[1, 2, 3],
            ..ProcessParameters::default()
        };
        let mut block = parameters.block();
        let base = 0x2_0000;
        let structure = (block.place_at(base) - base) as usize;
        for (offset, expected) in [(offset::IMAGE_PATH, &image), (offset::COMMAND_LINE, &line)] {
            let length = (word(&block, structure + offset) & 0xFFFF) as usize;
            let start = (word(&block, structure + offset + 4) - base) as usize;
            let mut bytes = Vec::new();
            push(&mut bytes, expected);
            assert_eq!(block.bytes[start..start + length], bytes);
            assert_eq!(block.bytes[start + length..start + length + 2], [0, 0], "a zero behind it");
        }
        assert_eq!(word(&block, structure + offset::ENVIRONMENT), base);
        assert_eq!(word(&block, structure + offset::CURRENT_DIRECTORY), 520 << 16);
        assert_eq!(word(&block, structure + offset::STANDARD_HANDLES + 8), 12);
        let data = (word(&block, structure + offset::RUNTIME_DATA + 4) - base) as usize;
        assert_eq!(
            (word(&block, structure + offset::RUNTIME_DATA), &block.bytes[data..data + 3]),
            (0x3_0003, &[1, 2, 3][..])
        );
        assert_eq!(word(&block, structure + offset::LENGTH) as usize, block.bytes.len() - structure);
    }
}
