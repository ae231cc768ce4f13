//! `ln` and `x`: addresses and names of functions.

use core::fmt::{Display, Write};

use mm::layout::SYSTEM_RANGE_START;
use mm::machine::Machine;

use super::vad::image_at;
use super::{Arguments, Done, Problem};
use crate::modules::Place;
use crate::symbols::{KERNEL, Symbols};
use crate::target::Target;

/// `ln ADDRESS`: the function it lies in and the next one, or the image of the process.
pub(super) fn nearest<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let address = arguments.needed("ln needs an address")?;
    arguments.end()?;
    if address >= SYSTEM_RANGE_START {
        let index = target.symbols.index_of(address).ok_or(Problem::Say("this lies in no function"))?;
        return around(&target.symbols, (&&KERNEL[..KERNEL.len() - 1], 0), index, address, out);
    }
    if let Some(Place { module, index, .. }) = target.names().place(address) {
        return around(&module.symbols, (&module.name, module.base), index, address, out);
    }
    let image = target.context().and_then(|process| image_at(target, process, address));
    let (base, name) = image.ok_or(Problem::Say("this lies in no image"))?;
    Ok(writeln!(out, "({base:08x})   {}+{:#x}", name.file().stem(), address - base)?)
}

/// The function of `image`, which is at `base`, with number `index`, and the next one.
fn around<'a>(
    symbols: &Symbols<'_>,
    (image, base): (&dyn Display, u32),
    index: usize,
    address: u32,
    out: &mut dyn Write,
) -> Done<'a> {
    let (start, name) = symbols.get(index).ok_or(Problem::Say("this lies in no function"))?;
    let start = base.wrapping_add(start);
    write!(out, "({start:08x})   {image}!{name}")?;
    if address > start {
        write!(out, "+{:#x}", address - start)?;
    }
    if let Some((next, name)) = symbols.get(index + 1) {
        write!(out, "   |  ({:08x})   {image}!{name}", base.wrapping_add(next))?;
    }
    writeln!(out)?;
    if address == start { Ok(writeln!(out, "Exact matches:\n    {image}!{name}")?) } else { Ok(()) }
}

/// `x PATTERN`: the functions whose names are like it; `*` stands for anything, `?` for one character. They are the kernel's, or those of the image
/// whose name and `!` stand before it.
pub(super) fn examine<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let pattern = arguments.word().ok_or(Problem::Say("x needs a name, with * and ? for what is not known of it"))?;
    arguments.end()?;
    let kernel = &KERNEL[..KERNEL.len() - 1];
    let (image, pattern) = pattern.split_once('!').unwrap_or((kernel, pattern));
    let mut found = false;
    if image == kernel {
        found = list(&target.symbols, (&kernel, 0), pattern, out)?;
    }
    for module in target.names().modules().filter(|module| module.name.is_like(image)) {
        found |= list(&module.symbols, (&module.name, module.base), pattern, out)?;
    }
    if found { Ok(()) } else { Err(Problem::Say("there is no such function; .reload reads those of programs")) }
}

/// Lists the functions whose names are like `pattern`; whether there is one.
fn list(
    symbols: &Symbols<'_>,
    (image, base): (&dyn Display, u32),
    pattern: &str,
    out: &mut dyn Write,
) -> Result<bool, core::fmt::Error> {
    let mut found = false;
    for (address, name) in symbols.iter().filter(|(_, name)| matches(pattern.as_bytes(), name.as_bytes())) {
        found = true;
        writeln!(out, "{:08x} {image}!{name}", base.wrapping_add(address))?;
    }
    Ok(found)
}

/// Whether `name` is like `pattern`: a `*` takes as little as will do, and more when what follows does not fit.
pub(super) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut taken) = (0, 0);
    let mut retry = None;
    while taken < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at, taken));
                at += 1;
            }
            Some(unit) if *unit == b'?' || *unit == name[taken] => (at, taken) = (at + 1, taken + 1),
            _ => match retry {
                Some((star, before)) => {
                    retry = Some((star, before + 1));
                    (at, taken) = (star + 1, before + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|unit| *unit == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_and_question_marks_stand_for_others() {
        let rows = [
            ("mm::fault", "mm::fault", true),
            ("mm::fault", "mm::faults", false),
            ("*fault*", "mm::fault::apply", true),
            ("*::a?ply", "mm::fault::apply", true),
            ("*ap*ap*y", "apapapply", true),
            ("*ab", "aaab", true),
            ("a*b*c", "acb", false),
            ("*", "", true),
            ("?", "", false),
            ("", "", true),
        ];
        for (pattern, name, like) in rows {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), like, "{pattern} {name}");
        }
    }
}
