//! `u`: memory as instructions.

use core::fmt::{self, Write};

use mm::machine::Machine;
use yaxpeax_arch::LengthedInstruction;
use yaxpeax_x86::protected_mode::{InstDecoder, Instruction, Opcode, Operand};

use super::stack::place;
use super::{Arguments, Done, Problem, Session};
use crate::target::Target;

/// Instructions that are shown where the command does not say.
const USUAL: u32 = 8;
/// Most that are shown at once.
const MOST: u32 = 0x1000;
/// Bytes of the longest instruction.
const LONGEST: usize = 15;
/// Characters for the bytes of an instruction, and for its name.
const BYTES_COLUMN: usize = 16;
const NAME_COLUMN: usize = 8;
/// Characters of an instruction.
const LONGEST_TEXT: usize = 160;

/// `u [ADDRESS] [L COUNT]`; without an address where the system stopped, and then what follows.
pub(super) fn disassemble<'a, M: Machine>(
    target: &Target<'_, M>,
    session: &mut Session,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let stopped = target.registers.as_ref().map(|registers| registers.pointers[0]);
    let start = arguments.number()?.or(session.next_code).or(stopped);
    let count = arguments.count()?.unwrap_or(USUAL);
    arguments.end()?;
    if count > MOST {
        return Err(Problem::Say("this is too much at once"));
    }
    let mut at = start.ok_or(Problem::Say("u needs an address"))?;
    place(target, at, out)?;
    writeln!(out, ":")?;
    for _ in 0..count {
        at = at.wrapping_add(instruction(target, at, out)?);
    }
    session.next_code = Some(at);
    Ok(())
}

/// Fills `bytes` from `address` on as far as an instruction may reach and memory is there; how many, where there is one.
fn read_code<M: Machine>(target: &Target<'_, M>, address: u32, bytes: &mut [u8; LONGEST]) -> Option<usize> {
    // The last instruction before what is not there may be shorter.
    (1..=LONGEST).rev().find(|length| target.read(address, &mut bytes[..*length]).is_some())
}

/// Shows the instruction at `address`; how many bytes it has, 1 where there is none.
fn instruction<M: Machine>(target: &Target<'_, M>, address: u32, out: &mut dyn Write) -> Result<u32, fmt::Error> {
    let mut bytes = [0; LONGEST];
    let Some(length) = read_code(target, address, &mut bytes) else {
        writeln!(out, "{address:08x} {:<BYTES_COLUMN$}???", "??")?;
        return Ok(1);
    };
    write!(out, "{address:08x} ")?;
    let Ok(decoded) = InstDecoder::default().decode_slice(&bytes[..length]) else {
        writeln!(out, "{:<BYTES_COLUMN$}???", Bytes(&bytes[..1]))?;
        return Ok(1);
    };
    let length = decoded.len().to_const();
    write!(out, "{:<BYTES_COLUMN$}", Bytes(&bytes[..length as usize]))?;
    match branch_target(&decoded, address.wrapping_add(length)) {
        Some(to) => {
            write!(out, "{:<NAME_COLUMN$}", Shown(decoded.opcode()))?;
            place(target, to, out)?;
            writeln!(out, " ({to:08x})")?;
        }
        None => {
            let mut text = Text { bytes: [0; LONGEST_TEXT], length: 0 };
            write!(text, "{decoded}")?;
            let (name, operands) = text.as_str().split_once(' ').unwrap_or((text.as_str(), ""));
            writeln!(out, "{}", Columns { name, operands })?;
        }
    }
    Ok(length)
}

/// Where what the instruction at `address` calls comes back to; `None` where it calls nothing. Repeated string instructions count as calls.
pub(super) fn behind_call<M: Machine>(target: &Target<'_, M>, address: u32) -> Option<u32> {
    let mut bytes = [0; LONGEST];
    let length = read_code(target, address, &mut bytes)?;
    let decoded = InstDecoder::default().decode_slice(&bytes[..length]).ok()?;
    let calls = matches!(decoded.opcode(), Opcode::CALL | Opcode::CALLF | Opcode::INT)
        || decoded.prefixes.rep()
        || decoded.prefixes.repnz();
    calls.then(|| address.wrapping_add(decoded.len().to_const()))
}

/// Where a jump or call by a distance leads to, from `next` on.
fn branch_target(instruction: &Instruction, next: u32) -> Option<u32> {
    use Opcode::*;
    let branches = matches!(
        instruction.opcode(),
        CALL | JMP
            | JO
            | JNO
            | JB
            | JNB
            | JZ
            | JNZ
            | JNA
            | JA
            | JS
            | JNS
            | JP
            | JNP
            | JL
            | JGE
            | JLE
            | JG
            | JECXZ
            | LOOP
            | LOOPZ
            | LOOPNZ
    );
    match instruction.operand(0) {
        Operand::ImmediateI8 { imm } if branches => Some(next.wrapping_add_signed(imm.into())),
        Operand::ImmediateI32 { imm } if branches => Some(next.wrapping_add_signed(imm)),
        _ => None,
    }
}

/// The bytes of an instruction, in one word.
struct Bytes<'a>(&'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))?;
        let width = formatter.width().unwrap_or(0).max(self.0.len() * 2 + 1);
        write!(formatter, "{:1$}", "", width - self.0.len() * 2)
    }
}

/// A name, padded.
struct Shown<T>(T);

impl<T: fmt::Display> fmt::Display for Shown<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Text { bytes: [0; LONGEST_TEXT], length: 0 };
        write!(text, "{}", self.0)?;
        formatter.pad(text.as_str())?;
        if text.length < formatter.width().unwrap_or(0) { Ok(()) } else { formatter.write_char(' ') }
    }
}

/// Name and operands of an instruction.
struct Columns<'a> {
    name: &'a str,
    operands: &'a str,
}

impl fmt::Display for Columns<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.operands.is_empty() {
            return formatter.write_str(self.name);
        }
        write!(formatter, "{:<NAME_COLUMN$}{}", Shown(self.name), self.operands)
    }
}

/// Text of limited length; what is more is cut off.
struct Text {
    bytes: [u8; LONGEST_TEXT],
    length: usize,
}

impl Text {
    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or("???")
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LONGEST_TEXT - self.length;
        let taken = &text.as_bytes()[..text.floor_char_boundary(room)];
        self.bytes[self.length..self.length + taken.len()].copy_from_slice(taken);
        self.length += taken.len();
        Ok(())
    }
}
