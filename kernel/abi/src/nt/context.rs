//! What an exception handler is told, and what a thread goes on with: `EXCEPTION_RECORD` and `CONTEXT`. Both lie in the
//! memory of programs; the kernel copies them whole, as words.
//!
//! Source: `winnt.h` for i386.

use core::mem::offset_of;

use crate::assert_layout;

/// `CONTEXT_i386`: the processor the parts belong to; in every [`PlainContext::flags`].
pub const CONTEXT_I386: u32 = 0x1_0000;
/// EBP, EIP, CS, EFLAGS, ESP, SS.
pub const CONTEXT_CONTROL: u32 = CONTEXT_I386 | 1;
/// EDI, ESI, EBX, EDX, ECX, EAX.
pub const CONTEXT_INTEGER: u32 = CONTEXT_I386 | 2;
/// GS, FS, ES, DS.
pub const CONTEXT_SEGMENTS: u32 = CONTEXT_I386 | 4;
/// The x87 registers, in [`PlainContext::float_save`].
pub const CONTEXT_FLOATING_POINT: u32 = CONTEXT_I386 | 8;
/// DR0 to DR3, DR6, DR7.
pub const CONTEXT_DEBUG_REGISTERS: u32 = CONTEXT_I386 | 0x10;
/// The FXSAVE image, in [`Context::extended_registers`].
pub const CONTEXT_EXTENDED_REGISTERS: u32 = CONTEXT_I386 | 0x20;
/// Control, integer registers and segments.
pub const CONTEXT_FULL: u32 = CONTEXT_CONTROL | CONTEXT_INTEGER | CONTEXT_SEGMENTS;

/// `FLOATING_SAVE_AREA`: what FNSAVE stores, and CR0's NPX state.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct FloatingSaveArea {
    pub control_word: u32,
    pub status_word: u32,
    pub tag_word: u32,
    pub error_offset: u32,
    pub error_selector: u32,
    pub data_offset: u32,
    pub data_selector: u32,
    pub register_area: [u8; 80],
    pub cr0_npx_state: u32,
}

/// The registers of a thread, and which of them count.
#[doc(alias = "_CONTEXT")]
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// What most contexts are all of.
    pub plain: PlainContext,
    /// The FXSAVE image.
    pub extended_registers: [u8; 512],
}
assert_layout!(Context, 0x2CC, { plain: 0, extended_registers: 0xCC });

/// A `CONTEXT` up to its extended registers.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct PlainContext {
    pub flags: u32,
    pub dr0: u32,
    pub dr1: u32,
    pub dr2: u32,
    pub dr3: u32,
    pub dr6: u32,
    pub dr7: u32,
    pub float_save: FloatingSaveArea,
    pub seg_gs: u32,
    pub seg_fs: u32,
    pub seg_es: u32,
    pub seg_ds: u32,
    pub edi: u32,
    pub esi: u32,
    pub ebx: u32,
    pub edx: u32,
    pub ecx: u32,
    pub eax: u32,
    pub ebp: u32,
    pub eip: u32,
    pub seg_cs: u32,
    pub eflags: u32,
    pub esp: u32,
    pub seg_ss: u32,
}
assert_layout!(PlainContext, 0xCC, {
    flags: 0, dr0: 4, float_save: 0x1C, seg_gs: 0x8C, edi: 0x9C, ebx: 0xA4, eax: 0xB0, ebp: 0xB4, eip: 0xB8, seg_cs: 0xBC,
    eflags: 0xC0, esp: 0xC4, seg_ss: 0xC8,
});

impl FloatingSaveArea {
    /// All zero.
    pub const ZERO: Self = Self {
        control_word: 0,
        status_word: 0,
        tag_word: 0,
        error_offset: 0,
        error_selector: 0,
        data_offset: 0,
        data_selector: 0,
        register_area: [0; 80],
        cr0_npx_state: 0,
    };
}

impl PlainContext {
    /// Words of a context up to its extended registers.
    pub const WORDS: usize = size_of::<Self>() / 4;

    /// All zero: no part is named in its flags.
    pub const ZERO: Self = Self {
        flags: 0,
        dr0: 0,
        dr1: 0,
        dr2: 0,
        dr3: 0,
        dr6: 0,
        dr7: 0,
        float_save: FloatingSaveArea::ZERO,
        seg_gs: 0,
        seg_fs: 0,
        seg_es: 0,
        seg_ds: 0,
        edi: 0,
        esi: 0,
        ebx: 0,
        edx: 0,
        ecx: 0,
        eax: 0,
        ebp: 0,
        eip: 0,
        seg_cs: 0,
        eflags: 0,
        esp: 0,
        seg_ss: 0,
    };

    /// Whether the flags name all of `part`, one of the `CONTEXT_` constants.
    pub const fn has(&self, part: u32) -> bool {
        self.flags & part == part
    }

    /// The registers that these words are.
    #[inline(always)]
    pub fn from_words(words: &[u32; Self::WORDS]) -> Self {
        let word = |offset: usize| words[offset / 4];
        let saved = |offset: usize| word(offset_of!(Self, float_save) + offset);
        let mut register_area = [0; 80];
        copy_words(&words[BEFORE_AREA..BEHIND_AREA], &mut register_area);
        Self {
            float_save: FloatingSaveArea {
                control_word: saved(offset_of!(FloatingSaveArea, control_word)),
                status_word: saved(offset_of!(FloatingSaveArea, status_word)),
                tag_word: saved(offset_of!(FloatingSaveArea, tag_word)),
                error_offset: saved(offset_of!(FloatingSaveArea, error_offset)),
                error_selector: saved(offset_of!(FloatingSaveArea, error_selector)),
                data_offset: saved(offset_of!(FloatingSaveArea, data_offset)),
                data_selector: saved(offset_of!(FloatingSaveArea, data_selector)),
                register_area,
                cr0_npx_state: saved(offset_of!(FloatingSaveArea, cr0_npx_state)),
            },
            flags: word(offset_of!(Self, flags)),
            dr0: word(offset_of!(Self, dr0)),
            dr1: word(offset_of!(Self, dr1)),
            dr2: word(offset_of!(Self, dr2)),
            dr3: word(offset_of!(Self, dr3)),
            dr6: word(offset_of!(Self, dr6)),
            dr7: word(offset_of!(Self, dr7)),
            seg_gs: word(offset_of!(Self, seg_gs)),
            seg_fs: word(offset_of!(Self, seg_fs)),
            seg_es: word(offset_of!(Self, seg_es)),
            seg_ds: word(offset_of!(Self, seg_ds)),
            edi: word(offset_of!(Self, edi)),
            esi: word(offset_of!(Self, esi)),
            ebx: word(offset_of!(Self, ebx)),
            edx: word(offset_of!(Self, edx)),
            ecx: word(offset_of!(Self, ecx)),
            eax: word(offset_of!(Self, eax)),
            ebp: word(offset_of!(Self, ebp)),
            eip: word(offset_of!(Self, eip)),
            seg_cs: word(offset_of!(Self, seg_cs)),
            eflags: word(offset_of!(Self, eflags)),
            esp: word(offset_of!(Self, esp)),
            seg_ss: word(offset_of!(Self, seg_ss)),
        }
    }

    /// Writes the registers as words.
    #[inline]
    pub fn to_words(&self, words: &mut [u32; Self::WORDS]) {
        let save = &self.float_save;
        words[..BEFORE_AREA].copy_from_slice(&[
            self.flags,
            self.dr0,
            self.dr1,
            self.dr2,
            self.dr3,
            self.dr6,
            self.dr7,
            save.control_word,
            save.status_word,
            save.tag_word,
            save.error_offset,
            save.error_selector,
            save.data_offset,
            save.data_selector,
        ]);
        copy_bytes(&save.register_area, &mut words[BEFORE_AREA..BEHIND_AREA]);
        words[BEHIND_AREA..PlainContext::WORDS].copy_from_slice(&[
            save.cr0_npx_state,
            self.seg_gs,
            self.seg_fs,
            self.seg_es,
            self.seg_ds,
            self.edi,
            self.esi,
            self.ebx,
            self.edx,
            self.ecx,
            self.eax,
            self.ebp,
            self.eip,
            self.seg_cs,
            self.eflags,
            self.esp,
            self.seg_ss,
        ]);
    }
}

impl Context {
    /// Words of a context.
    pub const WORDS: usize = size_of::<Self>() / 4;

    /// All zero: no part is named in its flags.
    pub const ZERO: Self = Self { plain: PlainContext::ZERO, extended_registers: [0; 512] };

    /// The context that these words are.
    pub fn from_words(words: &[u32; Self::WORDS]) -> Self {
        let mut context = Self::ZERO;
        let (plain, extended) = words.split_at(PlainContext::WORDS);
        if let Ok(plain) = plain.try_into() {
            context.plain = PlainContext::from_words(plain);
        }
        copy_words(extended, &mut context.extended_registers);
        context
    }

    /// Writes the context as words.
    #[inline]
    pub fn to_words(&self, words: &mut [u32; Self::WORDS]) {
        let (plain, extended) = words.split_at_mut(PlainContext::WORDS);
        if let Ok(plain) = plain.try_into() {
            self.plain.to_words(plain);
        }
        copy_bytes(&self.extended_registers, extended);
    }
}

/// Words of a context before the x87 registers, and up to their end.
const BEFORE_AREA: usize = (offset_of!(PlainContext, float_save) + offset_of!(FloatingSaveArea, register_area)) / 4;
const BEHIND_AREA: usize = (offset_of!(PlainContext, float_save) + offset_of!(FloatingSaveArea, cr0_npx_state)) / 4;

/// Fills `bytes` with words.
#[inline(always)]
fn copy_words(words: &[u32], bytes: &mut [u8]) {
    for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
}

/// Fills `words` with bytes.
#[inline]
fn copy_bytes(bytes: &[u8], words: &mut [u32]) {
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
}

/// Parameters that a record has room for.
pub const MAXIMUM_PARAMETERS: usize = 15;
/// `EXCEPTION_NONCONTINUABLE`: nobody may go on where it happened.
pub const EXCEPTION_NONCONTINUABLE: u32 = 1;

/// One exception.
#[doc(alias = "_EXCEPTION_RECORD")]
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct ExceptionRecord {
    pub code: u32,
    pub flags: u32,
    /// Address of the record of an exception that this one followed from.
    pub nested: u32,
    pub address: u32,
    pub parameter_count: u32,
    pub information: [u32; MAXIMUM_PARAMETERS],
}
assert_layout!(ExceptionRecord, 0x50, { code: 0, flags: 4, nested: 8, address: 0xC, parameter_count: 0x10, information: 0x14 });

impl ExceptionRecord {
    /// Words of a record.
    pub const WORDS: usize = size_of::<Self>() / 4;
    /// Words before its parameters.
    pub const HEADER_WORDS: usize = Self::WORDS - MAXIMUM_PARAMETERS;

    /// A record of an exception at `address`, with as many `parameters` as fit.
    pub fn new(code: u32, address: u32, parameters: &[u32]) -> Self {
        let count = parameters.len().min(MAXIMUM_PARAMETERS);
        let mut information = [0; MAXIMUM_PARAMETERS];
        information[..count].copy_from_slice(&parameters[..count]);
        Self { code, flags: 0, nested: 0, address, parameter_count: count as u32, information }
    }

    /// The parameters it says it has; never more than there is room for.
    pub fn parameters(&self) -> &[u32] {
        &self.information[..(self.parameter_count as usize).min(MAXIMUM_PARAMETERS)]
    }

    /// The record that these words are.
    pub fn from_words(words: &[u32; Self::WORDS]) -> Self {
        let [code, flags, nested, address, parameter_count, information @ ..] = *words;
        Self { code, flags, nested, address, parameter_count, information }
    }

    /// The record as words.
    pub fn to_words(&self) -> [u32; Self::WORDS] {
        let mut words = [0; Self::WORDS];
        let header = [self.code, self.flags, self.nested, self.address, self.parameter_count];
        words[..Self::HEADER_WORDS].copy_from_slice(&header);
        words[Self::HEADER_WORDS..].copy_from_slice(&self.information);
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_context_lie_where_winnt_has_them() {
        let words: [u32; Context::WORDS] = core::array::from_fn(|index| index as u32 * 4);
        let context = Context::from_words(&words);
        let expected = [0, 0x18, 0x1C, 0x88, 0x8C, 0x98, 0x9C, 0xB0, 0xB4, 0xB8, 0xC0, 0xC8];
        let found = [
            context.plain.flags,
            context.plain.dr7,
            context.plain.float_save.control_word,
            context.plain.float_save.cr0_npx_state,
            context.plain.seg_gs,
            context.plain.seg_ds,
            context.plain.edi,
            context.plain.eax,
            context.plain.ebp,
            context.plain.eip,
            context.plain.eflags,
            context.plain.seg_ss,
        ];
        assert_eq!(found, expected);
        assert_eq!(context.plain.float_save.register_area[..4], 0x38_u32.to_le_bytes());
        assert_eq!(context.extended_registers[508..], 0x2C8_u32.to_le_bytes());
        let mut stored = [0; Context::WORDS];
        context.to_words(&mut stored);
        assert_eq!(stored, words);
    }

    #[test]
    fn a_record_keeps_what_it_is_given() {
        let record = ExceptionRecord::new(0xC000_0005, 0x40_1000, &[1, 0x8000_0000]);
        assert_eq!(record.parameters(), [1, 0x8000_0000]);
        let words = record.to_words();
        assert_eq!(words[..7], [0xC000_0005, 0, 0, 0x40_1000, 2, 1, 0x8000_0000]);
        assert_eq!(ExceptionRecord::from_words(&words), record);
        let liar = ExceptionRecord { parameter_count: 100_000, ..record };
        assert_eq!(liar.parameters().len(), MAXIMUM_PARAMETERS);
        assert_eq!(ExceptionRecord::new(1, 2, &[7; 20]).parameters(), [7; 15]);
    }
}
