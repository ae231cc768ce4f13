//! Numbers and amounts of money as the locale writes them.

use alloc::vec::Vec;

use user_ffi::{bytes_mut, c_string, wide_mut, wide_string};
use user_support::error::Win32Error;
use user_support::locale::is_known;
use user_support::locale_override::grouping;
use user_support::number_format::{Currency, NumberFormat, number};
use user_support::text::{ansi, wide};

use super::code_page::copy;
use super::last_error::fail;
use super::locale_override::{number_of, text_of};

/// `LOCALE_NOUSEROVERRIDE` and `LOCALE_USE_CP_ACP`, which are for the locale's own format only.
const NO_MATTER: u32 = 0xC000_0000;
const LEADING_ZERO: u32 = 0x12;

/// The numbers of `NUMBERFMT` or `CURRENCYFMT` under which the locale has what it says of numbers, and of money.
struct Kinds {
    digits: u32,
    decimal: u32,
    thousand: u32,
    grouping: u32,
    negative: u32,
}

const OF_NUMBERS: Kinds = Kinds { digits: 0x11, decimal: 0x0E, thousand: 0x0F, grouping: 0x10, negative: 0x1010 };
const OF_MONEY: Kinds = Kinds { digits: 0x19, decimal: 0x16, thousand: 0x17, grouping: 0x18, negative: 0x1C };
const CURRENCY_SYMBOL: u32 = 0x14;
const POSITIVE_CURRENCY: u32 = 0x1B;

type Words = [u32; 8];

fn own_format((locale, flags): (u32, u32), kinds: &Kinds) -> NumberFormat {
    let (text, number) = (|kind| text_of(locale, flags, kind), |kind| number_of(locale, flags, kind));
    NumberFormat {
        digits: number(kinds.digits),
        leading_zero: number(LEADING_ZERO),
        grouping: grouping(&text(kinds.grouping)),
        decimal: text(kinds.decimal),
        thousand: text(kinds.thousand),
        negative: number(kinds.negative),
    }
}

fn own_currency((locale, flags): (u32, u32)) -> Currency {
    Currency { positive: number_of(locale, flags, POSITIVE_CURRENCY), symbol: text_of(locale, flags, CURRENCY_SYMBOL) }
}

/// The format that the first words of a structure are; `text` reads the string at an address.
fn given_format(words: &Words, text: impl Fn(u32) -> Vec<u16>) -> Option<NumberFormat> {
    let [digits, leading_zero, grouping, decimal, thousand, negative, ..] = *words;
    (decimal != 0 && thousand != 0).then(|| NumberFormat {
        digits,
        leading_zero,
        grouping,
        decimal: text(decimal),
        thousand: text(thousand),
        negative,
    })
}

fn given_currency(words: &Words, text: impl Fn(u32) -> Vec<u16>) -> Option<Currency> {
    (words[7] != 0).then(|| Currency { positive: words[6], symbol: text(words[7]) })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Number,
    Money,
}

impl What {
    /// Words of the structure that a program describes it with.
    const fn words(self) -> usize {
        match self {
            Self::Number => 6,
            Self::Money => 8,
        }
    }
}

/// `value` as text with its zero; `format` is what the program gave, none for the locale's own.
fn written(
    what: What,
    (locale, flags): (u32, u32),
    value: Option<Vec<u16>>,
    format: Option<Words>,
    text: impl Fn(u32) -> Vec<u16>,
) -> Result<Vec<u16>, Win32Error> {
    if flags & !NO_MATTER != 0 || format.is_some() && flags != 0 {
        return Err(Win32Error::INVALID_FLAGS);
    }
    let value = value.filter(|_| is_known(locale)).ok_or(Win32Error::INVALID_PARAMETER)?;
    let kinds = if what == What::Money { &OF_MONEY } else { &OF_NUMBERS };
    let numbers = match &format {
        Some(words) => given_format(words, &text),
        None => Some(own_format((locale, flags), kinds)),
    };
    let currency = match (what, &format) {
        (What::Number, _) => Some(None),
        (What::Money, None) => Some(Some(own_currency((locale, flags)))),
        (What::Money, Some(words)) => given_currency(words, &text).map(Some),
    };
    let drawn = numbers.zip(currency).and_then(|(numbers, currency)| number(&value, &numbers, currency.as_ref()));
    let mut drawn = drawn.ok_or(Win32Error::INVALID_PARAMETER)?;
    drawn.push(0);
    Ok(drawn)
}

/// The words of a program's structure, as many as `what` has.
///
/// # Safety
/// `format` is null or points to the structure.
unsafe fn words(format: *const u32, what: What) -> Option<Words> {
    let mut words = [0; 8];
    if format.is_null() {
        return None;
    }
    for (index, word) in words.iter_mut().enumerate().take(what.words()) {
        let at = format.wrapping_add(index);
        // SAFETY: the caller's promise.
        *word = unsafe { at.read_unaligned() };
    }
    Some(words)
}

/// Whether a buffer makes sense: a room below 0 does not, nor room without a buffer.
fn is_sound(target: u32, room: u32) -> bool {
    room == 0 || room <= i32::MAX as u32 && target != 0
}

macro_rules! formats {
    ($($(#[$meta:meta])* $ansi:ident $wide:ident $what:ident;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// `value` is a string, `format` null or points to a structure with strings, `target` has room for `room` bytes.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $ansi(
            locale: u32,
            flags: u32,
            value: *const u8,
            format: *const u32,
            target: *mut u8,
            room: u32,
        ) -> u32 {
            if !is_sound(target as u32, room) {
                return fail(Win32Error::INVALID_PARAMETER);
            }
            // SAFETY: the caller's promise.
            let value = (!value.is_null()).then(|| wide(unsafe { c_string(value) }));
            // SAFETY: the caller's promise.
            let format = unsafe { words(format, What::$what) };
            // SAFETY: the caller's promise.
            let text = |at: u32| wide(unsafe { c_string(at as *const u8) });
            match written(What::$what, (locale, flags), value, format, text) {
                // SAFETY: the caller's promise.
                Ok(text) => copy(&ansi(&text), unsafe { bytes_mut(target, room) }, room),
                Err(error) => fail(error),
            }
        }

        $(#[$meta])*
        ///
        /// # Safety
        /// `value` is a string, `format` null or points to a structure with strings, `target` has room for `room` units.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $wide(
            locale: u32,
            flags: u32,
            value: *const u16,
            format: *const u32,
            target: *mut u16,
            room: u32,
        ) -> u32 {
            if !is_sound(target as u32, room) {
                return fail(Win32Error::INVALID_PARAMETER);
            }
            // SAFETY: the caller's promise.
            let value = (!value.is_null()).then(|| unsafe { wide_string(value) }.to_vec());
            // SAFETY: the caller's promise.
            let format = unsafe { words(format, What::$what) };
            // SAFETY: the caller's promise.
            let text = |at: u32| unsafe { wide_string(at as *const u16) }.to_vec();
            match written(What::$what, (locale, flags), value, format, text) {
                // SAFETY: the caller's promise.
                Ok(text) => copy(&text, unsafe { wide_mut(target, room) }, room),
                Err(error) => fail(error),
            }
        }
    )*};
}

formats! {
    /// A number as the locale writes it, or as a `NUMBERFMT` says: its length with the zero, or the room it needs.
    GetNumberFormatA GetNumberFormatW Number;
    /// An amount of money as the locale writes it, or as a `CURRENCYFMT` says: its length with the zero, or the room it needs.
    GetCurrencyFormatA GetCurrencyFormatW Money;
}
