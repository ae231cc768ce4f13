//! `s`: where in memory something stands.

use core::fmt::Write;

use mm::layout::PAGE_SIZE;
use mm::machine::Machine;

use super::memory::{Format, Space, line_at};
use super::{Arguments, Done, Problem};
use crate::target::Target;

/// Most bytes that are searched at once.
const MOST: u64 = 1 << 28;
/// Most bytes of what is searched for.
const LONGEST: usize = 64;
/// Bytes that are looked at together.
const WINDOW: usize = 256;
/// Places that are told.
const MOST_FOUND: usize = 1000;

/// What is searched for.
struct Pattern {
    bytes: [u8; LONGEST],
    length: usize,
    /// How each place is shown, and from where to where it steps.
    format: Format,
    step: usize,
}

/// `s [-b|-w|-d|-q|-a|-u] ADDRESS L COUNT VALUE...|"TEXT"`: COUNT is one of bytes, or of numbers of that size.
pub(super) fn search<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    const USAGE: Problem<'static> = Problem::Say("s [-b|-w|-d|-q|-a|-u] ADDRESS L COUNT VALUE...|\"TEXT\"");
    let format = Format::of(arguments.option().unwrap_or("b")).ok_or(USAGE)?;
    // Text may stand at any byte.
    let step = if let Format::Numbers(size) = format { size as usize } else { 1 };
    let address = arguments.number()?.ok_or(USAGE)?;
    let count = arguments.count()?.ok_or(USAGE)?;
    let pattern = pattern(format, step, arguments, USAGE)?;
    let end = u64::from(address) + u64::from(count) * step as u64;
    if end - u64::from(address) > MOST || end > 1 << 32 {
        return Err(Problem::Say("this is too much at once"));
    }
    Ok(find(target, &pattern, u64::from(address), end, out)?)
}

fn pattern<'a>(
    format: Format,
    step: usize,
    arguments: &mut Arguments<'a>,
    usage: Problem<'static>,
) -> Result<Pattern, Problem<'a>> {
    let mut pattern = Pattern { bytes: [0; LONGEST], length: 0, format, step };
    let too_long = Problem::Say("this is too long");
    match format {
        Format::Numbers(size) => {
            while let Some(value) = arguments.sized(size)? {
                pattern.push(&value.to_le_bytes()[..size as usize]).ok_or(too_long)?;
            }
        }
        Format::Ascii | Format::Unicode => {
            for unit in arguments.quoted().ok_or(usage)?.encode_utf16() {
                let bytes = unit.to_le_bytes();
                pattern.push(&bytes[..format.size() as usize]).ok_or(too_long)?;
            }
        }
    }
    if pattern.length == 0 { Err(usage) } else { Ok(pattern) }
}

impl Pattern {
    fn push(&mut self, bytes: &[u8]) -> Option<()> {
        self.bytes.get_mut(self.length..self.length + bytes.len())?.copy_from_slice(bytes);
        self.length += bytes.len();
        Some(())
    }
}

/// Tells each place from `start` to `end` where all of the pattern stands. Pages that are not there are passed over.
fn find<M: Machine>(
    target: &Target<'_, M>,
    pattern: &Pattern,
    start: u64,
    end: u64,
    out: &mut dyn Write,
) -> core::fmt::Result {
    let wanted = &pattern.bytes[..pattern.length];
    let (mut at, mut found) = (start, 0);
    while at + wanted.len() as u64 <= end && found < MOST_FOUND {
        let mut window = [0; WINDOW];
        let length = (end - at).min(WINDOW as u64) as usize;
        if target.read(at as u32, &mut window[..length]).is_none() {
            // Either the next page is not there, and only what is before it is looked at, or this one.
            let page = u64::from(PAGE_SIZE);
            let next = (at + 1).next_multiple_of(page);
            let before = (next - at).min(length as u64) as usize;
            if target.read(at as u32, &mut window[..before]).is_some() {
                found += tell(target, pattern, at, &window[..before], out)?;
            }
            at += (next - at).next_multiple_of(pattern.step as u64);
            continue;
        }
        found += tell(target, pattern, at, &window[..length], out)?;
        let done = (length + 1 - wanted.len()).next_multiple_of(pattern.step);
        at += done as u64;
    }
    Ok(())
}

/// Tells the places in `window`, which stands at `at`; how many.
fn tell<M: Machine>(
    target: &Target<'_, M>,
    pattern: &Pattern,
    at: u64,
    window: &[u8],
    out: &mut dyn Write,
) -> Result<usize, core::fmt::Error> {
    let wanted = &pattern.bytes[..pattern.length];
    let mut found = 0;
    for offset in (0..(window.len() + 1).saturating_sub(wanted.len())).step_by(pattern.step) {
        if window[offset..].starts_with(wanted) {
            found += 1;
            line_at(target, Space::Virtual, at + offset as u64, pattern.format.size(), out)?;
        }
    }
    Ok(found)
}
