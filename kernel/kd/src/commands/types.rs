//! `dt`: structures by name, and memory as what it is.

use core::fmt::{self, Write};

use mm::machine::Machine;

use super::symbol::matches;
use super::{Arguments, Done, Problem};
use crate::symbols::KERNEL;
use crate::target::Target;
use crate::types::{Encoded, Kind, Member, Structure, Types};

/// Structures in each other that `-r` goes down, at most.
const DEEPEST: u32 = 8;
/// Characters of a text that are shown.
const LONGEST_TEXT: u32 = 128;
/// Bytes of an array of characters that are looked at.
const LONGEST_ARRAY: usize = 64;

/// `dt [-r[N]] TYPE [MEMBER...] [ADDRESS]`, or with `*` and `?` in the name those that are like it.
pub(super) fn display<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let depth = match arguments.option() {
        None => 0,
        Some("r") => DEEPEST,
        Some(option) => {
            let digits = option.strip_prefix('r').and_then(|digits| u32::from_str_radix(digits, 16).ok());
            digits.ok_or(Problem::Unexpected(option))?.min(DEEPEST)
        }
    };
    let types = target.symbols.types();
    let name = arguments.word().ok_or(Problem::Say("dt needs the name of a type; dt * lists them"))?;
    let name = name.strip_prefix(KERNEL).unwrap_or(name);
    if name.contains(['*', '?']) {
        arguments.end()?;
        return list(types, name, out);
    }
    let structure = types
        .find(name)
        .or_else(|| types.structures().find(|known| known.name.strip_prefix('_') == Some(name)))
        .ok_or(Problem::Say("there is no such type; dt * lists them"))?;
    let (wanted, address) = members_and_address(arguments)?;
    writeln!(out, "{KERNEL}{}", structure.name)?;
    let mut view = View { target, types, out };
    Ok(view.members(&structure, address, depth, 1, &wanted)?)
}

fn list<'a>(types: Types<'_>, pattern: &str, out: &mut dyn Write) -> Done<'a> {
    let mut found = false;
    for structure in types.structures().filter(|known| matches(pattern.as_bytes(), known.name.as_bytes())) {
        found = true;
        writeln!(out, "          {KERNEL}{}", structure.name)?;
    }
    if found { Ok(()) } else { Err(Problem::Say("there is no such type; dt * lists them")) }
}

/// Names of members that are wanted, where not all of them are.
type Wanted<'a> = [Option<&'a str>; 4];

/// What follows the type: names of members, and an address. A word that is a number is the address.
fn members_and_address<'a>(arguments: &mut Arguments<'a>) -> Result<(Wanted<'a>, Option<u32>), Problem<'a>> {
    let (mut wanted, mut address) = ([None; 4], None);
    loop {
        let mut ahead = arguments.clone();
        match arguments.number() {
            Ok(None) => return Ok((wanted, address)),
            Ok(number) if address.is_none() => address = number,
            Ok(_) => return Err(Problem::Unexpected(ahead.word().unwrap_or(""))),
            Err(_) => {
                let place = wanted.iter_mut().find(|place| place.is_none());
                let name = ahead.word();
                *place.ok_or(Problem::Unexpected(name.unwrap_or("")))? = name;
            }
        }
    }
}

/// Something that is shown.
struct View<'t, 'm, 'o, M> {
    target: &'t Target<'m, M>,
    types: Types<'t>,
    out: &'o mut dyn Write,
}

impl<'t, M: Machine> View<'t, '_, '_, M> {
    /// The members of `structure`, which is at `address`, and for `depth` levels theirs.
    fn members(
        &mut self,
        structure: &Structure<'t>,
        address: Option<u32>,
        depth: u32,
        level: usize,
        wanted: &Wanted<'_>,
    ) -> fmt::Result {
        let all = wanted.iter().all(Option::is_none);
        for member in structure.members() {
            if !all && !wanted.iter().flatten().any(|name| *name == member.name) {
                continue;
            }
            let at = address.map(|address| address.wrapping_add(member.offset));
            write!(self.out, "{:indent$}+{:#05x} {:<16} : ", "", member.offset, member.name, indent = level * 3)?;
            match at {
                Some(at) => self.value(&member, at)?,
                None => self.name(member.kind)?,
            }
            writeln!(self.out)?;
            if let Kind::Structure(index) = member.kind
                && depth > 0
                && let Some(inner) = self.types.structure(index)
            {
                self.members(&inner, at, depth - 1, level + 1, &[None; 4])?;
            }
        }
        Ok(())
    }

    /// What a kind is called.
    fn name(&mut self, kind: Kind<'t>) -> fmt::Result {
        match kind {
            Kind::Void => self.out.write_str("Void"),
            Kind::Number { bytes: 1, is_signed } => self.out.write_str(if is_signed { "Char" } else { "UChar" }),
            Kind::Number { bytes, is_signed } => {
                write!(self.out, "{}{bytes}B", if is_signed { "Int" } else { "Uint" })
            }
            Kind::Pointer(to) => {
                self.out.write_str("Ptr32 ")?;
                self.name(to.kind())
            }
            Kind::Array(count, of) => {
                write!(self.out, "[{count}] ")?;
                self.name(of.kind())
            }
            Kind::Structure(index) => {
                let name = self.types.structure(index).map_or("??", |structure| structure.name);
                self.out.write_str(name)
            }
            Kind::Enumeration(index) => {
                let name = self.types.enumeration(index, 0).map_or("??", |(name, _)| name);
                self.out.write_str(name)
            }
            Kind::Bits { first, count, .. } => {
                write!(self.out, "Pos {first}, {count} Bit{}", if count == 1 { "" } else { "s" })
            }
        }
    }

    /// The number of `bytes` bytes at `address`.
    fn number(&self, address: u32, bytes: u8) -> Option<u64> {
        let mut number = [0; 8];
        self.target.read(address, number.get_mut(..bytes.into())?)?;
        Some(u64::from_le_bytes(number))
    }

    /// What a member at `at` is now.
    fn value(&mut self, member: &Member<'t>, at: u32) -> fmt::Result {
        const UNREADABLE: &str = "??";
        match member.kind {
            Kind::Number { bytes, is_signed } => match self.number(at, bytes) {
                Some(number) if is_signed => write!(self.out, "0n{}", extended(number, bytes)),
                Some(number) => write!(self.out, "{number:#x}"),
                None => self.out.write_str(UNREADABLE),
            },
            Kind::Pointer(to) => {
                match self.target.word(at) {
                    Some(0) => return self.out.write_str("(null)"),
                    Some(address) => write!(self.out, "{address:#010x} ")?,
                    None => return self.out.write_str(UNREADABLE),
                }
                self.name(to.kind())
            }
            Kind::Bits { first, count, bytes } => match self.number(at, bytes) {
                Some(number) => {
                    let bits = number >> first & (u64::MAX >> (64 - u32::from(count).clamp(1, 64)));
                    write!(self.out, "0y{bits:0count$b}", count = usize::from(count))?;
                    if count == 1 { Ok(()) } else { write!(self.out, " ({bits:#x})") }
                }
                None => self.out.write_str(UNREADABLE),
            },
            Kind::Enumeration(index) => match self.target.word(at) {
                Some(value) => {
                    let name = self.types.enumeration(index, value).and_then(|(_, name)| name);
                    write!(self.out, "{value} ( {} )", name.unwrap_or(UNREADABLE))
                }
                None => self.out.write_str(UNREADABLE),
            },
            Kind::Array(count, of) => self.array(count, of, at),
            Kind::Structure(index) => self.structure(index, at),
            Kind::Void => self.name(member.kind),
        }
    }

    /// An array of bytes that hold text is shown as that.
    fn array(&mut self, count: u16, of: Encoded<'t>, at: u32) -> fmt::Result {
        self.name(Kind::Array(count, of))?;
        let mut bytes = [0; LONGEST_ARRAY];
        let bytes = &mut bytes[..usize::from(count).min(LONGEST_ARRAY)];
        if of.kind() != (Kind::Number { bytes: 1, is_signed: false }) || self.target.read(at, bytes).is_none() {
            return Ok(());
        }
        let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        match core::str::from_utf8(&bytes[..length]) {
            Ok(text) if length > 0 && bytes[..length].iter().all(|byte| (0x20..0x7F).contains(byte)) => {
                write!(self.out, " \"{text}\"")
            }
            _ => Ok(()),
        }
    }

    /// Some small structures are shown with what is in them.
    fn structure(&mut self, index: u16, at: u32) -> fmt::Result {
        self.name(Kind::Structure(index))?;
        match self.types.structure(index).map_or("", |structure| structure.name) {
            "_LIST_ENTRY" => match (self.target.word(at), at.checked_add(4).and_then(|at| self.target.word(at))) {
                (Some(next), Some(last)) => write!(self.out, " [ {next:#x} - {last:#x} ]"),
                _ => Ok(()),
            },
            "_LARGE_INTEGER" => match self.number(at, 8) {
                Some(number) => write!(self.out, " {number:#x}"),
                None => Ok(()),
            },
            "_UNICODE_STRING" => self.unicode_string(at),
            _ => Ok(()),
        }
    }

    fn unicode_string(&mut self, at: u32) -> fmt::Result {
        let (Some(length), Some(buffer)) = (self.number(at, 2), at.checked_add(4).and_then(|at| self.target.word(at)))
        else {
            return Ok(());
        };
        self.out.write_str(" \"")?;
        let units = (length as u32 / 2).min(LONGEST_TEXT);
        let target = self.target;
        let unit = |index: u32| {
            let mut bytes = [0; 2];
            target.read(buffer.wrapping_add(index * 2), &mut bytes)?;
            Some(u16::from_le_bytes(bytes))
        };
        for character in char::decode_utf16((0..units).map_while(unit)) {
            self.out.write_char(character.unwrap_or(char::REPLACEMENT_CHARACTER))?;
        }
        self.out.write_char('"')
    }
}

/// A number of `bytes` bytes with its sign.
fn extended(number: u64, bytes: u8) -> i64 {
    let unused = 64 - u32::from(bytes.clamp(1, 8)) * 8;
    (number << unused).cast_signed() >> unused
}
