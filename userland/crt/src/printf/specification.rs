//! What stands between `%` and the letter: flags, width, precision, size.

use super::Unit;

/// How large an argument is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Size {
    /// As its conversion says.
    #[default]
    Plain,
    /// `h`: 16 bits, or narrow text.
    Short,
    /// `l` or `w`: 32 bits, or wide text.
    Long,
    /// `I64` or `ll`: 64 bits.
    Double,
}

/// A conversion without its letter.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Specification {
    pub(super) left: bool,
    pub(super) plus: bool,
    pub(super) space: bool,
    pub(super) alternate: bool,
    pub(super) zero: bool,
    pub(super) width: u32,
    pub(super) precision: Option<u32>,
    pub(super) size: Size,
}

impl Specification {
    /// Whether text is wide, for a conversion that is so by itself if `own`.
    pub(super) fn is_wide(&self, own: bool) -> bool {
        match self.size {
            Size::Short => false,
            Size::Long | Size::Double => true,
            Size::Plain => own,
        }
    }

    /// The sign to put before a number.
    pub(super) fn sign(&self, negative: bool) -> &'static [u8] {
        match (negative, self.plus, self.space) {
            (true, ..) => b"-",
            (false, true, _) => b"+",
            (false, false, true) => b" ",
            _ => b"",
        }
    }
}

/// Reads a specification from the head of `text`; `next` yields what a `*` asks for.
pub(super) fn parse<'text, U: Unit>(
    mut text: &'text [U],
    next: &mut impl FnMut() -> u32,
) -> (Specification, &'text [U]) {
    let mut specification = Specification::default();
    while let Some((first, rest)) = text.split_first() {
        match byte(*first) {
            b'-' => specification.left = true,
            b'+' => specification.plus = true,
            b' ' => specification.space = true,
            b'#' => specification.alternate = true,
            b'0' => specification.zero = true,
            _ => break,
        }
        text = rest;
    }
    let (width, rest) = number(text, next);
    specification.left |= width < 0;
    specification.width = width.unsigned_abs();
    text = rest;
    if let Some((first, rest)) = text.split_first()
        && byte(*first) == b'.'
    {
        let (precision, rest) = number(rest, next);
        specification.precision = u32::try_from(precision).ok();
        text = rest;
    }
    sizes(specification, text)
}

fn sizes<U: Unit>(mut specification: Specification, mut text: &[U]) -> (Specification, &[U]) {
    loop {
        let head: [u8; 3] = core::array::from_fn(|index| text.get(index).map_or(0, |&unit| byte(unit)));
        let (size, length) = match head {
            [b'I', b'6', b'4'] => (Size::Double, 3),
            [b'I', b'3', b'2'] => (Size::Plain, 3),
            // A pointer's size, if a conversion of integers follows; otherwise `I` is its own letter.
            [b'I', b'd' | b'i' | b'u' | b'x' | b'X' | b'o', _] => (Size::Plain, 1),
            [b'l', b'l', _] => (Size::Double, 2),
            [b'l' | b'w', ..] => (Size::Long, 1),
            [b'h', ..] => (Size::Short, 1),
            [b'L', ..] => (specification.size, 1),
            _ => return (specification, text),
        };
        specification.size = size;
        text = &text[length..];
    }
}

fn number<'text, U: Unit>(mut text: &'text [U], next: &mut impl FnMut() -> u32) -> (i32, &'text [U]) {
    if let Some((first, rest)) = text.split_first()
        && byte(*first) == b'*'
    {
        return (next().cast_signed(), rest);
    }
    let mut value = 0i32;
    while let Some((first, rest)) = text.split_first()
        && let digit @ b'0'..=b'9' = byte(*first)
    {
        value = value.saturating_mul(10).saturating_add(i32::from(digit - b'0'));
        text = rest;
    }
    (value, text)
}

/// A character of the template as ASCII, 0 for any other.
fn byte<U: Unit>(unit: U) -> u8 {
    u8::try_from(unit.value()).unwrap_or(0)
}
