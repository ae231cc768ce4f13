//! NtQueryDirectoryObject: what stands in a directory of the name space.
//!
//! Source: public declarations of OBJECT_DIRECTORY_INFORMATION (`ntifs.h`); lengths and statuses as programs rely on them.

use abi::access::DIRECTORY_QUERY;
use abi::cell::Link;
use abi::nt::name_space::ObjectDirectory;
use abi::nt::object::ObjectBody;
use abi::status::NtStatus;
use alloc::vec::Vec;
use ob::Handle;

use crate::buffer::room;
use crate::executive::Executive;
use crate::platform::Platform;

/// Bytes of an OBJECT_DIRECTORY_INFORMATION: two UNICODE_STRINGs, the name and the name of the type.
const ENTRY: u32 = 16;
/// Bytes of a buffer that are filled at once at most; more entries are left for the next time.
const LARGEST: u32 = 0x1_0000;

/// Entries on their way into a buffer.
struct Listing {
    /// Name and type of each.
    texts: Vec<[Vec<u16>; 2]>,
    /// Bytes of the entries, their texts and the empty entry behind them.
    length: u32,
}

impl Listing {
    /// What will lie at `buffer`: the entries, an empty one, and the texts, each with a zero behind it.
    fn bytes(&self, buffer: u32) -> Result<Vec<u8>, NtStatus> {
        let mut bytes = room(self.length as usize)?;
        let mut text_at = buffer + ENTRY * (self.texts.len() as u32 + 1);
        for text in self.texts.iter().flatten() {
            let length = text.len() as u32 * 2;
            bytes.extend((length | (length + 2) << 16).to_le_bytes());
            bytes.extend(text_at.to_le_bytes());
            text_at += length + 2;
        }
        bytes.extend([0; ENTRY as usize]);
        let units = self.texts.iter().flatten().flat_map(|text| text.iter().chain([&0]));
        bytes.extend(units.flat_map(|unit| unit.to_le_bytes()));
        Ok(bytes)
    }
}

impl<P: Platform> Executive<P> {
    pub(super) fn query_directory_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, buffer, length, single, restart, context_at, returned_at] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.check_aligned_buffer(buffer, length, 2)?;
        self.probe_optional(returned_at)?;
        let context = self.probe_word(context_at)?;
        let (single, restart) = (single & 0xFF != 0, restart & 0xFF != 0);
        let directory: Link<ObjectDirectory> = self.current_handles().get(Handle(handle), DIRECTORY_QUERY)?;
        let first = if restart { 0 } else { context };
        let mut listing = Listing { texts: Vec::new(), length: ENTRY };
        let mut status = NtStatus::NO_MORE_ENTRIES;
        for body in self.objects().objects_in(directory).skip(first as usize) {
            let texts = self.name_and_type(body)?;
            let entry = ENTRY + texts.iter().map(|text| text.len() as u32 * 2 + 2).sum::<u32>();
            if listing.length + entry > length.min(LARGEST) {
                if single {
                    self.write_optional(returned_at, listing.length + entry)?;
                    return Err(NtStatus::BUFFER_TOO_SMALL);
                }
                status = NtStatus::MORE_ENTRIES;
                break;
            }
            listing.length += entry;
            listing.texts.try_reserve(1).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
            listing.texts.push(texts);
            status = NtStatus::SUCCESS;
            if single {
                break;
            }
        }
        if status == NtStatus::NO_MORE_ENTRIES {
            self.write_optional(returned_at, 0)?;
            return Err(status);
        }
        if length >= listing.length {
            self.platform().write_user(buffer, &listing.bytes(buffer)?)?;
        }
        self.write_word(context_at, first + listing.texts.len() as u32)?;
        self.write_optional(returned_at, listing.length)?;
        Ok(status)
    }

    fn name_and_type(&self, body: Link<ObjectBody>) -> Result<[Vec<u16>; 2], NtStatus> {
        let name = self.objects().name_of(body).map(|name| self.objects().text(name)).transpose()?;
        let kind = self.machine_record(self.objects().type_of(self.objects().kind_of(body)));
        Ok([name.unwrap_or_default(), self.objects().text(&kind.name)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_followed_by_an_empty_one_and_their_texts() {
        let wide = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        let texts = alloc::vec![[wide("C:"), wide("SymbolicLink")], [wide(""), wide("Event")]];
        let length = 3 * ENTRY + 2 * (3 + 13 + 1 + 6);
        let listing = Listing { texts, length };
        let bytes = listing.bytes(0x1000).expect("memory");
        assert_eq!(bytes.len() as u32, length);
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        assert_eq!((word(0), word(4), word(8), word(12)), (0x6_0004, 0x1030, 0x1A_0018, 0x1036));
        assert_eq!((word(16), word(20), word(24), word(28)), (0x2_0000, 0x1050, 0xC_000A, 0x1052));
        assert_eq!(bytes[32..48], [0; 16]);
        assert_eq!(bytes[48..54], [b'C', 0, b':', 0, 0, 0]);
    }
}
