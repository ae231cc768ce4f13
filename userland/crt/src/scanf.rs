//! The scanf family, in bytes and in UTF-16 by one engine.
//!
//! Input is taken character by character, and at most one is taken too many: it is handed back at the end. As with
//! printf, wide text is stored narrow and the other way round by value.

use user_support::memory::Memory;

use crate::character::is_space;
use crate::number::Scanner;
use crate::printf::Unit;

/// What a scan came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// How many values were stored; -1 if the input ended before anything was converted.
    pub stored: i32,
    /// A character that was taken and belongs to whoever reads next.
    pub unread: Option<u16>,
}

/// How a value is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Size {
    #[default]
    Plain,
    Short,
    Long,
    Double,
}

#[derive(Clone, Copy, Debug, Default)]
struct Specification {
    suppressed: bool,
    width: Option<u32>,
    size: Size,
}

/// Why a scan stops.
enum Stop {
    /// The input is not what the template wants.
    Mismatch,
    /// The input ended.
    End,
}

/// Scans the input that `get` yields by `template`. Values go where the words of `next` point.
pub fn scan<U: Unit, M: Memory>(
    memory: &M,
    template: &[U],
    next: impl FnMut() -> u32,
    get: impl FnMut() -> Option<u16>,
) -> Scanned {
    let mut scan = Scan { memory, next, get, ahead: None, taken: 0, stored: 0, converted: false };
    let ended = matches!(scan.run(template), Err(Stop::End));
    let stored = if ended && scan.stored == 0 && !scan.converted { -1 } else { scan.stored };
    Scanned { stored, unread: scan.ahead }
}

struct Scan<'memory, M, N, G> {
    memory: &'memory M,
    next: N,
    get: G,
    ahead: Option<u16>,
    taken: u32,
    stored: i32,
    converted: bool,
}

impl<M: Memory, N: FnMut() -> u32, G: FnMut() -> Option<u16>> Scan<'_, M, N, G> {
    fn peek(&mut self) -> Option<u16> {
        if self.ahead.is_none() {
            self.ahead = (self.get)();
        }
        self.ahead
    }

    fn take(&mut self) {
        self.ahead = None;
        self.taken += 1;
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.take();
        }
    }

    fn run<U: Unit>(&mut self, template: &[U]) -> Result<(), Stop> {
        let mut rest = template;
        while let Some((&unit, tail)) = rest.split_first() {
            rest = tail;
            let value = unit.value();
            if is_space(value) {
                self.skip_space();
                continue;
            }
            if value != u16::from(b'%') {
                self.literal(value)?;
                continue;
            }
            let (specification, after) = parse(rest);
            let Some((&kind, tail)) = after.split_first() else { return Ok(()) };
            rest = self.convert(specification, kind.value(), tail)?;
        }
        Ok(())
    }

    fn literal(&mut self, wanted: u16) -> Result<(), Stop> {
        match self.peek() {
            Some(unit) if unit == wanted => {
                self.take();
                Ok(())
            }
            Some(_) => Err(Stop::Mismatch),
            None => Err(Stop::End),
        }
    }

    /// Converts one value and returns the template behind it.
    fn convert<'text, U: Unit>(
        &mut self,
        specification: Specification,
        kind: u16,
        rest: &'text [U],
    ) -> Result<&'text [U], Stop> {
        let kind = u8::try_from(kind).unwrap_or(0);
        match kind {
            b'd' | b'i' | b'u' | b'o' | b'x' | b'X' | b'p' => {
                self.skip_space();
                self.integer(specification, kind)?;
            }
            b'e' | b'E' | b'f' | b'g' | b'G' => {
                self.skip_space();
                self.real(specification)?;
            }
            b's' | b'S' => {
                self.skip_space();
                self.text(specification, wide::<U>(specification, kind == b'S'), u32::MAX, true, |unit| {
                    !is_space(unit)
                })?;
            }
            b'c' | b'C' => {
                let width = specification.width.unwrap_or(1);
                self.text(specification, wide::<U>(specification, kind == b'C'), width, false, |_| true)?;
            }
            b'[' => {
                let (set, after) = Set::parse(rest);
                self.text(specification, wide::<U>(specification, false), u32::MAX, true, |unit| set.has(unit))?;
                return Ok(after);
            }
            b'n' => {
                if !specification.suppressed {
                    let (address, taken) = ((self.next)(), self.taken);
                    self.store(address, specification.size, taken.into());
                }
            }
            _ => self.literal(kind.into())?,
        }
        Ok(rest)
    }

    fn store(&mut self, address: u32, size: Size, value: u64) {
        match size {
            Size::Short => self.memory.write_u16(address, value as u16),
            Size::Double => self.memory.write_bytes(address, &value.to_le_bytes()),
            Size::Plain | Size::Long => self.memory.write_u32(address, value as u32),
        }
    }

    fn finish(&mut self, specification: Specification, store: impl FnOnce(&mut Self, u32)) {
        self.converted = true;
        if !specification.suppressed {
            let address = (self.next)();
            store(self, address);
            self.stored += 1;
        }
    }

    fn integer(&mut self, specification: Specification, kind: u8) -> Result<(), Stop> {
        let mut left = specification.width.unwrap_or(u32::MAX);
        let mut base = match kind {
            b'd' | b'u' => 10,
            b'o' => 8,
            b'i' => 0,
            _ => 16,
        };
        let mut step = |scan: &mut Self, wanted: &dyn Fn(u16) -> bool| {
            let found = if left > 0 { scan.peek().filter(|&unit| wanted(unit)) } else { None };
            found.inspect(|_| {
                scan.take();
                left -= 1;
            })
        };
        if self.peek().is_none() {
            return Err(Stop::End);
        }
        let negative = step(self, &|unit| unit == 0x2B || unit == 0x2D) == Some(0x2D);
        let (mut value, mut any) = (0u64, false);
        if matches!(base, 0 | 16) && step(self, &|unit| unit == 0x30).is_some() {
            any = true;
            if step(self, &|unit| unit == 0x78 || unit == 0x58).is_some() {
                (base, any) = (16, false);
            } else if base == 0 {
                base = 8;
            }
        }
        let base = if base == 0 { 10 } else { base };
        let digit_of = |unit: u16| char::from_u32(unit.into()).and_then(|character| character.to_digit(base));
        while let Some(digit) = step(self, &|unit| digit_of(unit).is_some()).and_then(digit_of) {
            value = value.wrapping_mul(base.into()).wrapping_add(digit.into());
            any = true;
        }
        if !any {
            return Err(Stop::Mismatch);
        }
        let value = if negative { value.wrapping_neg() } else { value };
        self.finish(specification, |scan, address| scan.store(address, specification.size, value));
        Ok(())
    }

    fn real(&mut self, specification: Specification) -> Result<(), Stop> {
        let mut scanner = Scanner::default();
        let mut left = specification.width.unwrap_or(u32::MAX);
        if self.peek().is_none() {
            return Err(Stop::End);
        }
        while left > 0 && self.peek().is_some_and(|unit| scanner.accept(unit)) {
            self.take();
            left -= 1;
        }
        if !scanner.is_complete() {
            return Err(Stop::Mismatch);
        }
        let value = scanner.finish().value;
        self.finish(specification, |scan, address| match specification.size {
            Size::Long | Size::Double => scan.memory.write_bytes(address, &value.to_le_bytes()),
            _ => scan.memory.write_bytes(address, &(value as f32).to_le_bytes()),
        });
        Ok(())
    }

    /// Takes characters while they are wanted, up to the width or `limit`; a string gets a zero.
    fn text(
        &mut self,
        specification: Specification,
        wide: bool,
        limit: u32,
        terminated: bool,
        wanted: impl Fn(u16) -> bool,
    ) -> Result<(), Stop> {
        let limit = specification.width.unwrap_or(limit);
        let Some(first) = self.peek() else { return Err(Stop::End) };
        if !wanted(first) || limit == 0 {
            return Err(Stop::Mismatch);
        }
        let target = if specification.suppressed { None } else { Some((self.next)()) };
        let put = |scan: &Self, index: u32, unit: u16| {
            let Some(target) = target else { return };
            if wide {
                scan.memory.write_u16(target.wrapping_add(2 * index), unit);
            } else {
                scan.memory.write_bytes(target.wrapping_add(index), &[unit as u8]);
            }
        };
        let mut count = 0;
        while count < limit
            && let Some(unit) = self.peek().filter(|&unit| wanted(unit))
        {
            put(self, count, unit);
            self.take();
            count += 1;
        }
        if !terminated && count < limit {
            return Err(Stop::End);
        }
        if terminated {
            put(self, count, 0);
        }
        self.converted = true;
        self.stored += i32::from(target.is_some());
        Ok(())
    }
}

fn wide<U: Unit>(specification: Specification, other: bool) -> bool {
    match specification.size {
        Size::Short => false,
        Size::Long | Size::Double => true,
        Size::Plain => U::WIDE != other,
    }
}

fn parse<U: Unit>(mut text: &[U]) -> (Specification, &[U]) {
    let byte = |text: &[U], at: usize| text.get(at).and_then(|unit| u8::try_from(unit.value()).ok()).unwrap_or(0);
    let mut specification = Specification::default();
    if byte(text, 0) == b'*' {
        specification.suppressed = true;
        text = &text[1..];
    }
    while let digit @ b'0'..=b'9' = byte(text, 0) {
        let width = specification.width.unwrap_or(0);
        specification.width = Some(width.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
        text = &text[1..];
    }
    loop {
        let (size, length) = match [byte(text, 0), byte(text, 1), byte(text, 2)] {
            [b'I', b'6', b'4'] => (Size::Double, 3),
            [b'l', b'l', _] => (Size::Double, 2),
            [b'l' | b'w' | b'L', ..] => (Size::Long, 1),
            [b'h', ..] => (Size::Short, 1),
            _ => return (specification, text),
        };
        specification.size = size;
        text = &text[length..];
    }
}

/// What stands in brackets: characters and ranges, or all but those.
struct Set<'text, U> {
    units: &'text [U],
    excluded: bool,
}

impl<'text, U: Unit> Set<'text, U> {
    /// Reads a set behind its opening bracket; a closing one that comes first belongs to it.
    fn parse(text: &'text [U]) -> (Self, &'text [U]) {
        let is = |at: usize, byte: u8| text.get(at).is_some_and(|unit| unit.value() == u16::from(byte));
        let excluded = is(0, b'^');
        let start = usize::from(excluded);
        let mut end = start + usize::from(is(start, b']'));
        while end < text.len() && !is(end, b']') {
            end += 1;
        }
        let end = end.min(text.len());
        (Self { units: &text[start.min(end)..end], excluded }, &text[(end + 1).min(text.len())..])
    }

    fn has(&self, unit: u16) -> bool {
        let (mut at, mut found) = (0, false);
        while let Some(first) = self.units.get(at).map(|unit| unit.value()) {
            match (self.units.get(at + 1).map(|unit| unit.value()), self.units.get(at + 2).map(|unit| unit.value())) {
                (Some(0x2D), Some(last)) => {
                    found |= (first.min(last)..=first.max(last)).contains(&unit);
                    at += 3;
                }
                _ => {
                    found |= first == unit;
                    at += 1;
                }
            }
        }
        found != self.excluded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use user_support::memory::fake::Bytes;

    /// Scans with five targets, 16 bytes apart; returns the result, what was left, and the memory.
    fn scanned(template: &str, input: &str) -> (i32, std::string::String, Bytes) {
        let memory = Bytes::new(0x1000, vec![0xEE; 0x60]);
        let (mut units, mut targets) = (input.encode_utf16(), (0..5).map(|index| 0x1000 + 16 * index));
        let result = scan(&memory, template.as_bytes(), || targets.next().unwrap(), || units.next());
        let left = result.unread.into_iter().chain(units);
        (result.stored, char::decode_utf16(left).map(|c| c.unwrap()).collect(), memory)
    }

    fn bytes<const N: usize>(memory: &Bytes, index: u32) -> [u8; N] {
        let mut bytes = [0; N];
        memory.read_bytes(0x1000 + 16 * index, &mut bytes);
        bytes
    }

    #[test]
    fn integers() {
        let (stored, left, memory) = scanned("%d %x%o,%i %u", "-12 0xfF 17,0x10 4294967295 rest");
        assert_eq!((stored, left.as_str()), (5, " rest"));
        let values = [0, 1, 2, 3, 4].map(|index| memory.read_u32(0x1000 + 16 * index));
        assert_eq!(values, [12u32.wrapping_neg(), 0xFF, 0o17, 16, u32::MAX]);
        let (stored, left, memory) = scanned("%2d%hd%I64d", "1234567 -5000000000");
        assert_eq!((stored, left.as_str(), memory.read_u32(0x1000)), (3, "", 12));
        assert_eq!(bytes::<4>(&memory, 1), [0x07, 0x87, 0xEE, 0xEE], "34567 in 16 bits");
        assert_eq!(i64::from_le_bytes(bytes(&memory, 2)), -5_000_000_000);
    }

    #[test]
    fn reals_in_both_sizes() {
        let (stored, left, memory) = scanned("%f%lf%g", " 1.5 -2.5e3 .25x");
        assert_eq!((stored, left.as_str()), (3, "x"));
        assert_eq!(f32::from_le_bytes(bytes(&memory, 0)), 1.5);
        assert_eq!(f64::from_le_bytes(bytes(&memory, 1)), -2500.0);
        assert_eq!(f32::from_le_bytes(bytes(&memory, 2)), 0.25);
    }

    #[test]
    fn text_characters_and_sets() {
        let (stored, left, memory) = scanned("%s %3s%c", "  hello worlds");
        assert_eq!((stored, left.as_str()), (3, "ds"));
        assert_eq!((bytes(&memory, 0), bytes(&memory, 1)), (*b"hello\0", *b"wor\0"));
        assert_eq!(bytes(&memory, 2), *b"l\xEE");
        let (stored, left, memory) = scanned("%[a-c]%[^\n]%ls", "abcabX y\nwi");
        assert_eq!((stored, left.as_str()), (3, ""));
        assert_eq!((bytes(&memory, 0), bytes(&memory, 1), bytes(&memory, 2)), (*b"abcab\0", *b"X y\0", *b"w\0i\0\0\0"));
        assert_eq!(scanned("%[]x]", "]x]y").1, "y");
    }

    #[test]
    fn what_ends_or_does_not_fit() {
        assert_eq!(scanned("%d", "").0, -1);
        assert_eq!(scanned("%d", "   ").0, -1);
        assert_eq!((scanned("%d", "x").0, scanned("%d", "x").1.as_str()), (0, "x"));
        assert_eq!((scanned("%d,%d", "1;2").0, scanned("%d,%d", "1;2").1.as_str()), (1, ";2"));
        assert_eq!(scanned("%*d%d", "1 2").0, 1);
        assert_eq!(scanned("%*d", "1").0, 0);
        assert_eq!(scanned("%d%d", "7").0, 1);
        assert_eq!(scanned("a%%b%d", "a%b9").0, 1);
        let (stored, _, memory) = scanned("ab%n%d", "ab5");
        assert_eq!((stored, memory.read_u32(0x1000), memory.read_u32(0x1010)), (1, 2, 5));
    }
}
