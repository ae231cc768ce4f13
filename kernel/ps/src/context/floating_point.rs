//! Between `CONTEXT` and the saved x87 and SSE registers, and what exception they are.
//!
//! An [`Image`] is what FXSAVE stores, where the processor has it, else what FNSAVE stores in its first 108 bytes. `CONTEXT`
//! has room for both: `FloatSave` always has the older form, `ExtendedRegisters` the newer. Where a program hands back both,
//! the x87 registers are taken from `FloatSave` and the rest from `ExtendedRegisters`, so that a program that knows only the
//! former is understood.
//!
//! * **C3** MXCSR has no bit that the processor does not know: FXRSTOR would refuse it.
//!
//! Source: Intel SDM volume 1, sections 8.1 (x87), 10.2.3 (MXCSR) and 10.5 (FXSAVE); `winnt.h`.

use abi::nt::context::{CONTEXT_EXTENDED_REGISTERS, CONTEXT_FLOATING_POINT, FloatingSaveArea, PlainContext};
use abi::status::NtStatus;

/// Bytes of an image.
pub const IMAGE_SIZE: usize = 512;
/// The saved registers.
pub type Image = [u8; IMAGE_SIZE];

/// Which form an image has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// FXSAVE's.
    Extended,
    /// FNSAVE's.
    Plain,
}

/// Bytes that FNSAVE stores before the registers, and of a register.
const REGISTER: usize = 10;
/// Where FXSAVE stores the registers, 16 bytes each.
const EXTENDED_REGISTERS: usize = 32;
const MXCSR: usize = 24;
const MXCSR_MASK: usize = 28;
/// Bits of MXCSR that a processor has that does not say.
const DEFAULT_MXCSR_MASK: u32 = 0xFFBF;

/// Exceptions of the status word and the control word, in bits 0 to 5; of MXCSR too, with their masks 7 bits higher.
const EXCEPTIONS: u32 = 0x3F;
const INVALID: u32 = 1 << 0;
const DENORMAL: u32 = 1 << 1;
const ZERO_DIVIDE: u32 = 1 << 2;
const OVERFLOW: u32 = 1 << 3;
const UNDERFLOW: u32 = 1 << 4;
const STACK_FAULT: u32 = 1 << 6;
const MXCSR_MASK_SHIFT: u32 = 7;
/// Busy, summary, stack fault and the exceptions.
const STATUS_EXCEPTIONS: u32 = 0x80FF;

fn word(image: &[u8], at: usize) -> u32 {
    image[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn half(image: &[u8], at: usize) -> u32 {
    word(image, at) & 0xFFFF
}

fn set_word(image: &mut [u8], at: usize, value: u32) {
    image[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn set_half(image: &mut [u8], at: usize, value: u32) {
    image[at..at + 2].copy_from_slice(&(value as u16).to_le_bytes());
}

/// Copies what the flags of `context` name out of the image.
pub(super) fn capture(image: &Image, form: Form, context: &mut PlainContext, extended: Option<&mut Image>) {
    if context.has(CONTEXT_FLOATING_POINT) {
        context.float_save = match form {
            Form::Extended => to_plain(image),
            Form::Plain => plain_of(image),
        };
    }
    if let Some(extended) = extended
        && context.has(CONTEXT_EXTENDED_REGISTERS)
        && form == Form::Extended
    {
        *extended = *image;
    }
}

/// Puts what the flags of `context` name into the image, which holds what the thread had (C3).
pub(super) fn restore(image: &mut Image, form: Form, context: &PlainContext, extended: Option<&Image>) {
    match form {
        Form::Plain if context.has(CONTEXT_FLOATING_POINT) => store_plain(image, &context.float_save),
        Form::Plain => {}
        Form::Extended => {
            let known = match word(image, MXCSR_MASK) {
                0 => DEFAULT_MXCSR_MASK,
                mask => mask,
            };
            if let Some(extended) = extended
                && context.has(CONTEXT_EXTENDED_REGISTERS)
            {
                *image = *extended;
                let control = word(image, MXCSR) & known;
                set_word(image, MXCSR, control);
                set_word(image, MXCSR_MASK, known);
            }
            if context.has(CONTEXT_FLOATING_POINT) {
                from_plain(image, &context.float_save);
            }
        }
    }
}

fn plain_of(image: &Image) -> FloatingSaveArea {
    let mut area = FloatingSaveArea {
        control_word: word(image, 0),
        status_word: word(image, 4),
        tag_word: word(image, 8),
        error_offset: word(image, 12),
        error_selector: word(image, 16),
        data_offset: word(image, 20),
        data_selector: word(image, 24),
        ..FloatingSaveArea::ZERO
    };
    area.register_area.copy_from_slice(&image[28..108]);
    area
}

fn store_plain(image: &mut Image, area: &FloatingSaveArea) {
    let words = [
        area.control_word,
        area.status_word,
        area.tag_word,
        area.error_offset,
        area.error_selector,
        area.data_offset,
        area.data_selector,
    ];
    for (index, value) in words.into_iter().enumerate() {
        set_word(image, index * 4, value);
    }
    image[28..108].copy_from_slice(&area.register_area);
}

/// What FNSAVE would have stored where FXSAVE stored `image`.
#[doc(alias = "KiFxsaveToFnsave")]
fn to_plain(image: &Image) -> FloatingSaveArea {
    let mut area = FloatingSaveArea {
        // Unused upper halves are ones, as the instruction stores them.
        control_word: half(image, 0) | 0xFFFF_0000,
        status_word: half(image, 2) | 0xFFFF_0000,
        tag_word: full_tags(image) | 0xFFFF_0000,
        error_offset: word(image, 8),
        error_selector: half(image, 12) | half(image, 6) << 16,
        data_offset: word(image, 16),
        data_selector: half(image, 20) | 0xFFFF_0000,
        ..FloatingSaveArea::ZERO
    };
    for (register, bytes) in area.register_area.chunks_exact_mut(REGISTER).enumerate() {
        bytes.copy_from_slice(register_of(image, register));
    }
    area
}

/// Puts what FNSAVE stores into what FXSAVE stores; the rest of the image stays.
#[doc(alias = "KiFnsaveToFxsave")]
fn from_plain(image: &mut Image, area: &FloatingSaveArea) {
    set_half(image, 0, area.control_word);
    set_half(image, 2, area.status_word);
    let in_use = (0..8).filter(|register| area.tag_word >> (register * 2) & 3 != 3);
    image[4] = in_use.fold(0, |tags, register| tags | 1 << register);
    image[5] = 0;
    set_half(image, 6, area.error_selector >> 16);
    set_word(image, 8, area.error_offset);
    set_word(image, 12, area.error_selector & 0xFFFF);
    set_word(image, 16, area.data_offset);
    set_word(image, 20, area.data_selector & 0xFFFF);
    for (register, bytes) in area.register_area.chunks_exact(REGISTER).enumerate() {
        let at = EXTENDED_REGISTERS + register * 16;
        image[at..at + REGISTER].copy_from_slice(bytes);
    }
}

/// ST(`register`), ten bytes.
fn register_of(image: &Image, register: usize) -> &[u8] {
    let at = EXTENDED_REGISTERS + register * 16;
    &image[at..at + REGISTER]
}

/// The two-bit tags of the eight registers: FXSAVE keeps only whether each is in use.
fn full_tags(image: &Image) -> u32 {
    let top = half(image, 2) >> 11 & 7;
    (0..8).fold(0, |tags, register: u32| {
        let tag = match image[4] >> register & 1 {
            0 => 3,
            _ => tag_of(register_of(image, (register.wrapping_sub(top) & 7) as usize)),
        };
        tags | tag << (register * 2)
    })
}

/// 0 valid, 1 zero, 2 anything special.
fn tag_of(register: &[u8]) -> u32 {
    let exponent = u32::from(register[9] & 0x7F) << 8 | u32::from(register[8]);
    let (low, high) = (word(register, 0), word(register, 4));
    match (exponent, high >> 31) {
        (0, _) if low == 0 && high == 0 => 1,
        (1..0x7FFF, 1) => 0,
        _ => 2,
    }
}

/// The exception that an x87 instruction raised, and where that instruction is, if the processor says.
#[doc(alias = "KiTrap10")]
pub(crate) fn x87_exception(image: &Image, form: Form) -> (NtStatus, Option<u32>) {
    let (control, status, offset) = match form {
        Form::Extended => (half(image, 0), half(image, 2), word(image, 8)),
        Form::Plain => (half(image, 0), half(image, 4), word(image, 12)),
    };
    let raised = status & !control & EXCEPTIONS;
    let name = match raised & INVALID != 0 && status & STACK_FAULT != 0 {
        true => NtStatus::FLOAT_STACK_CHECK,
        false => name_of(raised),
    };
    (name, (offset != 0).then_some(offset))
}

/// The exception that an SSE instruction raised.
#[doc(alias = "KiTrap13")]
pub(crate) fn sse_exception(image: &Image) -> NtStatus {
    let control = word(image, MXCSR);
    name_of(control & !(control >> MXCSR_MASK_SHIFT) & EXCEPTIONS)
}

/// The first of `raised` in the order the processor gives them priority.
fn name_of(raised: u32) -> NtStatus {
    const ORDER: [(u32, NtStatus); 5] = [
        (INVALID, NtStatus::FLOAT_INVALID_OPERATION),
        (ZERO_DIVIDE, NtStatus::FLOAT_DIVIDE_BY_ZERO),
        (DENORMAL, NtStatus::FLOAT_DENORMAL_OPERAND),
        (OVERFLOW, NtStatus::FLOAT_OVERFLOW),
        (UNDERFLOW, NtStatus::FLOAT_UNDERFLOW),
    ];
    ORDER.into_iter().find(|(bit, _)| raised & bit != 0).map_or(NtStatus::FLOAT_INEXACT_RESULT, |(_, status)| status)
}

/// Takes a pending x87 exception back, so that a handler can compute. Its context has kept it.
pub(crate) fn acknowledge(image: &mut Image, form: Form) {
    let at = match form {
        Form::Extended => 2,
        Form::Plain => 4,
    };
    let status = half(image, at) & !STATUS_EXCEPTIONS;
    set_half(image, at, status);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1.0, 0.0, an infinity, a denormal and a number without its integer bit, as registers.
    const ONE: [u8; 10] = [0, 0, 0, 0, 0, 0, 0, 0x80, 0xFF, 0x3F];
    const ZERO: [u8; 10] = [0; 10];
    const INFINITY: [u8; 10] = [0, 0, 0, 0, 0, 0, 0, 0x80, 0xFF, 0x7F];
    const TINY: [u8; 10] = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const UNNORMAL: [u8; 10] = [0, 0, 0, 0, 0, 0, 0, 0x40, 0xFF, 0x3F];

    /// Two registers in use, 6 and 7, TOP being 6.
    fn image() -> Image {
        let mut image = [0; IMAGE_SIZE];
        set_half(&mut image, 0, 0x027F);
        set_half(&mut image, 2, 6 << 11);
        image[4] = 0b1100_0000;
        set_half(&mut image, 6, 0x0123);
        set_word(&mut image, 8, 0x40_1000);
        set_half(&mut image, 12, 0x1B);
        set_word(&mut image, 16, 0x40_2000);
        set_half(&mut image, 20, 0x23);
        set_word(&mut image, MXCSR, 0x1F80);
        set_word(&mut image, MXCSR_MASK, 0xFFFF);
        image[32..42].copy_from_slice(&ONE);
        image[48..58].copy_from_slice(&ZERO);
        image[160..176].fill(0xAA);
        image
    }

    fn context(flags: u32) -> PlainContext {
        PlainContext { flags, ..PlainContext::ZERO }
    }

    #[test]
    fn the_older_form_is_what_fnsave_would_store() {
        let area = to_plain(&image());
        assert_eq!((area.control_word, area.status_word), (0xFFFF_027F, 0xFFFF_3000));
        // Register 6, ST(0), is valid; 7, ST(1), is zero; the others are empty.
        assert_eq!(area.tag_word, 0xFFFF_4FFF);
        assert_eq!((area.error_offset, area.error_selector), (0x40_1000, 0x0123_001B));
        assert_eq!((area.data_offset, area.data_selector), (0x40_2000, 0xFFFF_0023));
        assert_eq!(area.register_area[..10], ONE);
        assert_eq!(area.register_area[10..20], ZERO);
    }

    #[test]
    fn both_forms_say_the_same() {
        let mut back = [0; IMAGE_SIZE];
        back[160..].copy_from_slice(&image()[160..]);
        set_word(&mut back, MXCSR, 0x1F80);
        set_word(&mut back, MXCSR_MASK, 0xFFFF);
        from_plain(&mut back, &to_plain(&image()));
        assert_eq!(back, image());
        let mut plain = [0; IMAGE_SIZE];
        store_plain(&mut plain, &to_plain(&image()));
        assert_eq!(plain_of(&plain), to_plain(&image()));
    }

    #[test]
    fn a_tag_says_what_kind_of_number_it_is() {
        for (register, tag) in [(ONE, 0), (ZERO, 1), (INFINITY, 2), (TINY, 2), (UNNORMAL, 2)] {
            assert_eq!(tag_of(&register), tag, "{register:x?}");
        }
    }

    #[test]
    fn only_the_parts_that_are_named_move() {
        let mut seen = context(CONTEXT_FLOATING_POINT);
        let mut extended = [0; 512];
        capture(&image(), Form::Extended, &mut seen, Some(&mut extended));
        assert_eq!(seen.float_save, to_plain(&image()));
        assert_eq!(extended, [0; 512]);
        let mut changed = image();
        restore(&mut changed, Form::Extended, &PlainContext { flags: 0, ..seen }, Some(&extended));
        assert_eq!(changed, image());
        restore(&mut changed, Form::Plain, &context(CONTEXT_EXTENDED_REGISTERS), Some(&[0x11; 512]));
        assert_eq!(changed, image(), "a processor without FXSAVE has no such registers");
    }

    #[test]
    fn x87_registers_come_from_the_older_form_and_sse_from_the_newer() {
        let mut seen = context(CONTEXT_FLOATING_POINT | CONTEXT_EXTENDED_REGISTERS);
        let mut extended = [0; 512];
        capture(&image(), Form::Extended, &mut seen, Some(&mut extended));
        seen.float_save.control_word = 0x0340;
        extended[160] = 0x55;
        let mut changed = image();
        restore(&mut changed, Form::Extended, &seen, Some(&extended));
        assert_eq!(half(&changed, 0), 0x0340);
        assert_eq!(changed[160..162], [0x55, 0xAA]);
    }

    #[test]
    fn mxcsr_has_no_bit_that_the_processor_does_not_know() {
        for (mask, known) in [(0, 0xFFBF), (0xFFBF, 0xFFBF), (0xFFFF, 0xFFFF)] {
            let mut own = image();
            set_word(&mut own, MXCSR_MASK, mask);
            restore(&mut own, Form::Extended, &context(CONTEXT_EXTENDED_REGISTERS), Some(&[0xFF; 512]));
            assert_eq!((word(&own, MXCSR), word(&own, MXCSR_MASK)), (known, known));
        }
    }

    #[test]
    fn each_exception_has_its_status() {
        let rows = [
            (0x01, NtStatus::FLOAT_INVALID_OPERATION),
            (0x41, NtStatus::FLOAT_STACK_CHECK),
            (0x02, NtStatus::FLOAT_DENORMAL_OPERAND),
            (0x04, NtStatus::FLOAT_DIVIDE_BY_ZERO),
            (0x08, NtStatus::FLOAT_OVERFLOW),
            (0x10, NtStatus::FLOAT_UNDERFLOW),
            (0x20, NtStatus::FLOAT_INEXACT_RESULT),
            (0x28, NtStatus::FLOAT_OVERFLOW),
            (0x03, NtStatus::FLOAT_INVALID_OPERATION),
        ];
        for (bits, status) in rows {
            let mut own = image();
            set_half(&mut own, 0, 0x0340);
            set_half(&mut own, 2, bits);
            assert_eq!(x87_exception(&own, Form::Extended), (status, Some(0x40_1000)), "{bits:x}");
            let mut plain = [0; IMAGE_SIZE];
            set_half(&mut plain, 0, 0x0340);
            set_half(&mut plain, 4, bits);
            assert_eq!(x87_exception(&plain, Form::Plain), (status, None), "{bits:x}");
            if bits & 0x40 == 0 {
                set_word(&mut own, MXCSR, bits);
                assert_eq!(sse_exception(&own), status, "{bits:x}");
            }
        }
    }

    #[test]
    fn a_masked_exception_is_not_the_one_raised() {
        let mut own = image();
        set_half(&mut own, 0, 0x037B);
        set_half(&mut own, 2, 0x25);
        assert_eq!(x87_exception(&own, Form::Extended).0, NtStatus::FLOAT_DIVIDE_BY_ZERO);
        set_word(&mut own, MXCSR, 0x1D80 | 0x25);
        assert_eq!(sse_exception(&own), NtStatus::FLOAT_DIVIDE_BY_ZERO);
    }

    #[test]
    fn an_acknowledged_exception_is_pending_no_more() {
        let mut own = image();
        set_half(&mut own, 2, 0xB8FF);
        acknowledge(&mut own, Form::Extended);
        assert_eq!(half(&own, 2), 0x3800, "condition codes and TOP stay");
    }
}
