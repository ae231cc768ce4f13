//! A name where it lies in memory: measured and hashed in one pass, compared in place.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::name_index::{hash_of, mix};
use super::{Image, MAXIMUM_NAME, Malformed};
use crate::memory::Memory;

/// A zero-terminated name, all of it inside the image that it was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameAt {
    address: u32,
    length: u32,
    hash: u32,
}

impl Image {
    /// The zero-terminated name at `rva`, where it is.
    ///
    /// # Errors
    /// [`Malformed`] if it does not end inside the image or is not shorter than [`MAXIMUM_NAME`].
    pub fn name_at<M: Memory>(&self, memory: &M, rva: u32) -> Result<NameAt, Malformed> {
        // Most names lie well inside the image: one check for all of it, and byte by byte only near its end.
        let Ok(address) = self.address(rva, MAXIMUM_NAME) else { return self.name_at_the_end(memory, rva) };
        let (mut at, mut hash) = (address, 0);
        while at != address + MAXIMUM_NAME {
            let word = memory.read_u32(at);
            let zeros = word.wrapping_sub(0x0101_0101) & !word & 0x8080_8080;
            if zeros != 0 {
                // The lowest bit tells of the first zero; what stands before that belongs to the name.
                let first = zeros & zeros.wrapping_neg();
                hash = mix(hash, word & ((first >> 7) - 1));
                return Ok(NameAt { address, length: at - address + zeros.trailing_zeros() / 8, hash });
            }
            hash = mix(hash, word);
            at += 4;
        }
        Err(Malformed)
    }

    #[cold]
    #[inline(never)]
    fn name_at_the_end<M: Memory>(&self, memory: &M, rva: u32) -> Result<NameAt, Malformed> {
        let mut name = Vec::new();
        for at in (rva..=u32::MAX).take(MAXIMUM_NAME as usize) {
            match memory.read_u8(self.address(at, 1)?) {
                0 => return Ok(NameAt { address: self.address(rva, 1)?, length: at - rva, hash: hash_of(&name) }),
                byte => name.push(byte),
            }
        }
        Err(Malformed)
    }

    /// The same, its bytes without its zero.
    ///
    /// # Errors
    /// As [`Self::name_at`].
    pub fn name<M: Memory>(&self, memory: &M, rva: u32) -> Result<Vec<u8>, Malformed> {
        Ok(self.name_at(memory, rva)?.bytes(memory))
    }

    /// How the zero-terminated name at `rva` compares with `name`, byte by byte.
    ///
    /// # Errors
    /// [`Malformed`] if it leaves the image first.
    #[inline(never)]
    pub fn compare_name<M: Memory>(&self, memory: &M, rva: u32, name: &[u8]) -> Result<Ordering, Malformed> {
        // Most names lie well inside the image: one check for all bytes, and one by one only near its end.
        match self.address(rva, name.len() as u32 + 1) {
            Ok(address) => Ok(compare_inside(memory, address, name)),
            Err(_) => self.compare_near_the_end(memory, rva, name),
        }
    }

    fn compare_near_the_end<M: Memory>(&self, memory: &M, rva: u32, name: &[u8]) -> Result<Ordering, Malformed> {
        for (index, &expected) in (0..).zip(name.iter().chain(&[0])) {
            let address = self.address(rva.checked_add(index).ok_or(Malformed)?, 1)?;
            let order = memory.read_u8(address).cmp(&expected);
            if order.is_ne() {
                return Ok(order);
            }
        }
        Ok(Ordering::Equal)
    }
}

impl NameAt {
    /// Its hash, as [`super::NameIndex`] has it.
    pub(super) fn hash(&self) -> u32 {
        self.hash
    }

    /// Bytes of it, without its zero.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// Where its first byte is.
    pub(crate) fn address(&self) -> u32 {
        self.address
    }

    /// All its bytes, without its zero.
    pub fn bytes<M: Memory>(&self, memory: &M) -> Vec<u8> {
        let mut bytes = alloc::vec![0; self.length as usize];
        memory.read_bytes(self.address, &mut bytes);
        bytes
    }

    /// Whether the zero-terminated name at `rva` of `image` is the same. One that leaves the image is not.
    pub(super) fn is_at<M: Memory>(&self, memory: &M, image: &Image, rva: u32) -> bool {
        let Ok(other) = image.address(rva, self.length + 1) else { return false };
        if self.length < 3 {
            return (0..=self.length)
                .all(|index| memory.read_u8(self.address + index) == memory.read_u8(other + index));
        }
        // Four bytes at a time; the last four are those with the zero, of which some may have been compared.
        let last = self.length - 3;
        let mut at = 0;
        while at < last {
            if memory.read_u32(self.address + at) != memory.read_u32(other + at) {
                return false;
            }
            at += 4;
        }
        memory.read_u32(self.address + last) == memory.read_u32(other + last)
    }

    /// Whether the zero-terminated text at `rva` of `image` is the same, whatever the case.
    pub(super) fn is_at_in_any_case<M: Memory>(&self, memory: &M, image: &Image, rva: u32) -> bool {
        let Ok(other) = image.address(rva, self.length + 1) else { return false };
        (0..=self.length)
            .all(|index| memory.read_u8(self.address + index).eq_ignore_ascii_case(&memory.read_u8(other + index)))
    }
}

/// How the zero-terminated name at `address`, all of which can be read, compares with `name`: four bytes at a
/// time, the first of them the most significant.
fn compare_inside<M: Memory>(memory: &M, address: u32, name: &[u8]) -> Ordering {
    let Some(last) = name.last_chunk::<4>() else { return compare_bytes(memory, address, name) };
    let mut at = address;
    for word in name.as_chunks::<4>().0 {
        let order = memory.read_u32(at).swap_bytes().cmp(&u32::from_be_bytes(*word));
        if order.is_ne() {
            return order;
        }
        at += 4;
    }
    // Three bytes, of which some may have been compared, and the zero.
    let end = memory.read_u32(address + name.len() as u32 - 3).swap_bytes();
    end.cmp(&(u32::from_be_bytes(*last) << 8))
}

fn compare_bytes<M: Memory>(memory: &M, address: u32, name: &[u8]) -> Ordering {
    for (at, &expected) in (address..).zip(name.iter().chain(&[0])) {
        let order = memory.read_u8(at).cmp(&expected);
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::super::build::Builder;
    use super::*;
    use crate::memory::fake::Bytes;
    use std::string::String;

    #[test]
    fn names_are_measured_and_hashed_wherever_they_end() {
        for length in 0..20 {
            let name: String = ('a'..).take(length).collect();
            for rva in [0x1001, 0x2000 - 1 - length as u32] {
                let builder = Builder::new(0, 0x2000).bytes(rva, name.as_bytes());
                let memory = Bytes::new(0, builder.finish());
                let image = Image::open(&memory, 0, 0x2000).unwrap();
                let found = image.name_at(&memory, rva).unwrap();
                assert_eq!((found.length(), found.hash()), (length as u32, hash_of(name.as_bytes())), "{name} {rva:x}");
                assert_eq!(found.bytes(&memory), name.as_bytes());
            }
        }
    }

    #[test]
    fn names_without_an_end_are_refused() {
        let builder = Builder::new(0, 0x2000).bytes(0x1000, &[b'x'; MAXIMUM_NAME as usize]).bytes(0x1FFC, b"abcd");
        let memory = Bytes::new(0, builder.finish());
        let image = Image::open(&memory, 0, 0x2000).unwrap();
        for rva in [0x1000, 0x1FFC, 0x2000, u32::MAX] {
            assert_eq!(image.name_at(&memory, rva), Err(Malformed), "{rva:x}");
        }
        assert!(image.name_at(&memory, 0x1001).is_ok(), "one byte shorter");
    }

    #[test]
    fn names_are_the_same_to_their_zeros() {
        let texts = ["", "a", "ab", "abc", "abcd", "abcde", "abcdefgh", "abcdefgi", "Abcdefgh", "abcdefghi"];
        let place = |index: usize| 0x1003 + 0x21 * index as u32;
        let mut builder = Builder::new(0, 0x2000).bytes(0x1FFD, b"abc");
        for (index, text) in texts.iter().enumerate() {
            builder = builder.bytes(place(index), text.as_bytes());
        }
        let memory = Bytes::new(0, builder.finish());
        let image = Image::open(&memory, 0, 0x2000).unwrap();
        for (index, text) in texts.iter().enumerate() {
            let name = image.name_at(&memory, place(index)).unwrap();
            for (other, its) in texts.iter().enumerate() {
                assert_eq!(name.is_at(&memory, &image, place(other)), text == its, "{text} {its}");
                let same = text.eq_ignore_ascii_case(its);
                assert_eq!(name.is_at_in_any_case(&memory, &image, place(other)), same, "{text} {its}");
            }
            assert!(!name.is_at(&memory, &image, 0x1FFD) && !name.is_at(&memory, &image, 0x2000), "outside");
        }
    }
}
