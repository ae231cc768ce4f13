//! What programs pass: words, strings and structures in their own memory, probed and captured before use.

use alloc::string::String;
use alloc::vec::Vec;

use abi::access::{OBJ_INHERIT, OBJ_VALID_ATTRIBUTES};
use abi::status::NtStatus;
use ob::{Handle, ObjectName};

use crate::buffer::{room, zeros};
use crate::executive::Executive;
use crate::platform::Platform;

/// Bytes of UNICODE_STRING's text at most: an even number below 64 KB.
const LONGEST_STRING: u32 = 0xFFFE;
/// Bytes of an OBJECT_ATTRIBUTES.
const ATTRIBUTES_LENGTH: u32 = 0x18;
/// Characters that are kept of a text for people: no path is longer.
const SHORT_TEXT: usize = 260;

/// An OBJECT_ATTRIBUTES, captured.
#[derive(Default)]
pub(crate) struct ObjectAttributes {
    /// The handle of what the name begins at, or 0 for the root.
    root: u32,
    /// Empty where the object is to have none.
    path: Vec<u16>,
    /// `OBJ_` attributes.
    pub flags: u32,
}

impl<P: Platform> Executive<P> {
    /// The word at user address `at`.
    ///
    /// # Errors
    /// ACCESS_VIOLATION, or what else reading it gives.
    #[inline(always)]
    pub(crate) fn read_word(&self, at: u32) -> Result<u32, NtStatus> {
        self.platform().read_user_word(at)
    }

    /// Stores a word at user address `at`.
    ///
    /// # Errors
    /// As [`Self::read_word`].
    #[inline(always)]
    pub(crate) fn write_word(&self, at: u32, word: u32) -> Result<(), NtStatus> {
        self.platform().write_user_word(at, word)
    }

    /// The word at user address `at`, which can also be written: an argument that goes in and out.
    ///
    /// # Errors
    /// As [`Self::read_word`].
    #[doc(alias = "ProbeForWriteUlong")]
    #[inline(always)]
    pub(crate) fn probe_word(&self, at: u32) -> Result<u32, NtStatus> {
        self.platform().probe_user_word(at)
    }

    /// Stores a word where the program wants one: not at 0.
    ///
    /// # Errors
    /// As [`Self::read_word`].
    pub(crate) fn write_optional(&self, at: u32, word: u32) -> Result<(), NtStatus> {
        if at == 0 { Ok(()) } else { self.write_word(at, word) }
    }

    /// Checks that an optional result can be stored.
    ///
    /// # Errors
    /// As [`Self::read_word`].
    pub(crate) fn probe_optional(&self, at: u32) -> Result<(), NtStatus> {
        if at == 0 { Ok(()) } else { self.probe_word(at).map(|_| ()) }
    }

    /// Two words as a 64-bit number.
    ///
    /// # Errors
    /// As [`Self::read_word`].
    pub(crate) fn read_long(&self, at: u32) -> Result<u64, NtStatus> {
        let low = self.read_word(at)?;
        let high = self.read_word(at.wrapping_add(4))?;
        Ok(u64::from(low) | u64::from(high) << 32)
    }

    /// The 64-bit number at user address `at`, which can also be written.
    ///
    /// # Errors
    /// As [`Self::read_word`].
    pub(crate) fn probe_long(&self, at: u32) -> Result<u64, NtStatus> {
        let low = self.probe_word(at)?;
        let high = self.probe_word(at.wrapping_add(4))?;
        Ok(u64::from(low) | u64::from(high) << 32)
    }

    /// Stores a 64-bit number.
    ///
    /// # Errors
    /// As [`Self::read_word`].
    pub(crate) fn write_long(&self, at: u32, value: u64) -> Result<(), NtStatus> {
        self.write_word(at, value as u32)?;
        self.write_word(at.wrapping_add(4), (value >> 32) as u32)
    }

    /// Stores words at user address `at`.
    ///
    /// # Errors
    /// As [`Self::read_word`]; part may have been written.
    pub(crate) fn write_words(&self, at: u32, words: &[u32]) -> Result<(), NtStatus> {
        self.platform().write_user_words(at, words)
    }

    /// Stores a UNICODE_STRING at `at`, and `text` behind it with a zero at its end: 10 bytes more than it has.
    ///
    /// # Errors
    /// As [`Self::read_word`]; part may have been written.
    pub(crate) fn write_counted_text(&self, at: u32, text: &[u16]) -> Result<(), NtStatus> {
        const STRING: u32 = 8;
        let length = text.len() as u32 * 2;
        let mut bytes = room(length as usize + 2)?;
        bytes.extend(text.iter().chain([&0]).flat_map(|unit| unit.to_le_bytes()));
        let text_at = at.wrapping_add(STRING);
        self.write_words(at, &[length | (length + 2) << 16, text_at])?;
        self.platform().write_user(text_at, &bytes)
    }

    /// The text of the UNICODE_STRING at `at`.
    ///
    /// # Errors
    /// ACCESS_VIOLATION; OBJECT_NAME_INVALID for an odd length.
    #[doc(alias = "ProbeAndCaptureUnicodeString")]
    pub(crate) fn read_string(&self, at: u32) -> Result<Vec<u16>, NtStatus> {
        let length = self.read_word(at)? & 0xFFFF;
        let buffer = self.read_word(at.wrapping_add(4))?;
        if length & 1 != 0 || length > LONGEST_STRING {
            return Err(NtStatus::OBJECT_NAME_INVALID);
        }
        let mut bytes = zeros(length)?;
        self.platform().read_user(buffer, &mut bytes)?;
        let mut units = room(length as usize / 2)?;
        units.extend(bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])));
        Ok(units)
    }

    /// The first [`SHORT_TEXT`] characters of the UNICODE_STRING at `at`, for people.
    ///
    /// # Errors
    /// As [`Self::read_string`].
    pub(crate) fn read_short_text(&self, at: u32) -> Result<String, NtStatus> {
        let mut units = self.read_string(at)?;
        units.truncate(SHORT_TEXT);
        Ok(String::from_utf16_lossy(&units))
    }

    /// The OBJECT_ATTRIBUTES at `at`, of a file, which must have a name.
    ///
    /// # Errors
    /// INVALID_PARAMETER without attributes, and those of [`Self::read_object_attributes`].
    pub(crate) fn read_file_attributes(&self, at: u32) -> Result<ObjectAttributes, NtStatus> {
        if at == 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.read_object_attributes(at)
    }

    /// The OBJECT_ATTRIBUTES at `at`; 0 stands for an object without a name.
    ///
    /// # Errors
    /// DATATYPE_MISALIGNMENT; INVALID_PARAMETER for a wrong length or unknown attributes; OBJECT_NAME_INVALID for a root without a name, and for a
    /// name of odd length or one of the greatest that a string can have; ACCESS_VIOLATION.
    #[doc(alias = "ObpCaptureObjectCreateInformation")]
    pub(crate) fn read_object_attributes(&self, at: u32) -> Result<ObjectAttributes, NtStatus> {
        if at == 0 {
            return Ok(ObjectAttributes::default());
        }
        if !at.is_multiple_of(4) {
            return Err(NtStatus::DATATYPE_MISALIGNMENT);
        }
        let mut words = [0; ATTRIBUTES_LENGTH as usize / 4];
        self.platform().read_user_words(at, &mut words)?;
        let [length, root, name, flags, _, _] = words;
        if length != ATTRIBUTES_LENGTH || flags & !OBJ_VALID_ATTRIBUTES != 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let path = match name {
            0 if root != 0 => return Err(NtStatus::OBJECT_NAME_INVALID),
            0 => Vec::new(),
            name if self.read_word(name)? & 0xFFFF == LONGEST_STRING => return Err(NtStatus::OBJECT_NAME_INVALID),
            name => self.read_string(name)?,
        };
        Ok(ObjectAttributes { root, path, flags })
    }

    /// The name of `attributes`, to be looked up.
    ///
    /// # Errors
    /// INVALID_HANDLE for its root.
    pub(crate) fn object_name<'n>(&self, attributes: &'n ObjectAttributes) -> Result<ObjectName<'n>, NtStatus> {
        let root = match attributes.root {
            0 => None,
            handle => Some(self.current_handles().get_any(Handle(handle))?.body),
        };
        Ok(ObjectName { root, path: &attributes.path, attributes: attributes.flags })
    }

    /// The `OBJ_` attributes in the OBJECT_ATTRIBUTES at `at`, of a process or a thread, which is made without a name.
    ///
    /// # Errors
    /// Those of [`Self::read_object_attributes`], NOT_IMPLEMENTED for a name.
    pub(crate) fn read_attributes(&self, at: u32) -> Result<u32, NtStatus> {
        let attributes = self.read_object_attributes(at)?;
        if attributes.is_named() { Err(NtStatus::NOT_IMPLEMENTED) } else { Ok(attributes.flags & OBJ_INHERIT) }
    }
}

impl ObjectAttributes {
    /// Whether there is a name.
    pub(crate) fn is_named(&self) -> bool {
        !self.path.is_empty()
    }
}
