//! Version resources: a tree of nodes, each with a name, a value and children.
//!
//! Source: documented layout of `VS_VERSIONINFO`, `StringFileInfo` and `VarFileInfo`; documented behaviour of VerQueryValue.

use alloc::vec::Vec;

use crate::memory::Memory;
use crate::text::lower;

/// Bytes of a node before its name: its length, its value's, and whether the value is text, in halves.
const HEAD: u32 = 6;
/// Deepest tree that is walked: the version, a table, a language, a text.
const DEPTH: usize = 8;

/// A value in a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// Where its bytes lie.
    pub address: u32,
    /// How many: units for text, with the zero, else bytes.
    pub length: u32,
    /// Whether it is text.
    pub is_text: bool,
}

/// A node that was checked to lie within its parent.
#[derive(Clone, Copy, Debug)]
struct Node {
    start: u32,
    end: u32,
    value: Value,
    children: u32,
}

const fn aligned(address: u32) -> u32 {
    (address + 3) & !3
}

impl Node {
    /// The node at `start`, which ends at `limit` at the latest; nothing where it does not fit. Its name goes to `name`.
    fn read<M: Memory>(memory: &M, start: u32, limit: u32, name: &mut Vec<u16>) -> Option<Self> {
        if limit.checked_sub(start)? < HEAD + 2 {
            return None;
        }
        let [length, value_length, kind] = [0, 2, 4].map(|at| u32::from(memory.read_u16(start + at)));
        let end = start.checked_add(length).filter(|&end| length >= HEAD + 2 && end <= limit)?;
        name.clear();
        let mut at = start + HEAD;
        loop {
            if end - at < 2 {
                return None;
            }
            let unit = memory.read_u16(at);
            at += 2;
            if unit == 0 {
                break;
            }
            name.push(unit);
        }
        let is_text = kind == 1;
        let address = aligned(at);
        // Some compilers of resources count the bytes of a text.
        let room = end.saturating_sub(address);
        let wanted = if is_text { 2 * value_length } else { value_length };
        let size = wanted.min(room);
        let value = Value { address, length: if is_text { size / 2 } else { size }, is_text };
        Some(Self { start, end, value, children: aligned(address + size) })
    }

    /// The child called `name`; capitals are not told apart.
    fn child<M: Memory>(&self, memory: &M, name: &[u16]) -> Option<Self> {
        let (mut at, mut own) = (self.children, Vec::new());
        while at < self.end {
            let child = Self::read(memory, at, self.end, &mut own)?;
            if own.len() == name.len() && own.iter().zip(name).all(|(&one, &other)| lower(one) == lower(other)) {
                return Some(child);
            }
            at = aligned(child.end).max(child.start + HEAD);
        }
        None
    }
}

/// How long the resource at `address` says it is: its first half word.
pub fn length<M: Memory>(memory: &M, address: u32) -> u32 {
    memory.read_u16(address).into()
}

/// The value at `path`, names parted by `\`, in the resource of `size` bytes at `address`; the root's for `\`.
#[doc(alias = "VerQueryValue")]
pub fn query<M: Memory>(memory: &M, address: u32, size: u32, path: &[u16]) -> Option<Value> {
    let mut name = Vec::new();
    let mut node = Node::read(memory, address, address.checked_add(size)?, &mut name)?;
    let parts = path.split(|&unit| unit == u16::from(b'\\')).filter(|part| !part.is_empty());
    for (depth, part) in parts.enumerate() {
        if depth == DEPTH {
            return None;
        }
        node = node.child(memory, part)?;
    }
    Some(node.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::fake::Bytes;
    use crate::text::wide;
    use std::string::String;

    const BASE: u32 = 0x8000;

    fn node(name: &str, value: &[u8], text: bool, children: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = std::vec![0; 6];
        bytes.extend(name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(value);
        for child in children {
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes.extend(child);
        }
        let length = if text { value.len() / 2 } else { value.len() };
        for (at, half) in [(0, bytes.len()), (2, length), (4, usize::from(text))] {
            bytes[at..at + 2].copy_from_slice(&(half as u16).to_le_bytes());
        }
        bytes
    }

    fn text(text: &str) -> Vec<u8> {
        text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
    }

    fn resource() -> Vec<u8> {
        let strings = [node("CompanyName", &text("Us"), true, &[]), node("FileVersion", &text("1.2.3.4"), true, &[])];
        let language = node("040904b0", &[], true, &strings);
        let translation = node("Translation", &[9, 4, 0xB0, 4], false, &[]);
        node(
            "VS_VERSION_INFO",
            &[0xBD; 52],
            false,
            &[node("StringFileInfo", &[], true, &[language]), node("VarFileInfo", &[], true, &[translation])],
        )
    }

    fn find(bytes: &[u8], path: &str) -> Option<(Value, Vec<u8>)> {
        let memory = Bytes::new(BASE, bytes.to_vec());
        let value = query(&memory, BASE, bytes.len() as u32, &wide(path.as_bytes()))?;
        let mut content = std::vec![0; (if value.is_text { 2 * value.length } else { value.length }) as usize];
        memory.read_bytes(value.address, &mut content);
        Some((value, content))
    }

    #[test]
    fn values_are_found_by_their_paths() {
        let bytes = resource();
        assert_eq!(find(&bytes, "\\").unwrap().1, [0xBD; 52]);
        let (value, content) = find(&bytes, "\\stringfileinfo\\040904B0\\FileVersion").unwrap();
        assert_eq!((value.is_text, value.length, content), (true, 8, text("1.2.3.4")));
        assert_eq!(find(&bytes, "\\VarFileInfo\\Translation").unwrap().1, [9, 4, 0xB0, 4]);
        let (value, _) = find(&bytes, "\\StringFileInfo").unwrap();
        assert_eq!(value.length, 0);
        for path in ["\\Nothing", "\\StringFileInfo\\040904b0\\Nothing", "\\VarFileInfo\\Translation\\More"] {
            assert_eq!(find(&bytes, path), None, "{path}");
        }
    }

    #[test]
    fn whatever_the_bytes_are_nothing_outside_is_read() {
        let whole = resource();
        for at in 0..whole.len() {
            for byte in [0, 1, 2, 6, 8, 0x7F, 0xFF] {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                // A read outside panics.
                let path = String::from("\\StringFileInfo\\040904b0\\FileVersion");
                let _ = find(&bytes, &path);
            }
            let cut = &whole[..at];
            assert_eq!(find(cut, "\\").map(|(_, content)| content.len()), None);
        }
    }
}
