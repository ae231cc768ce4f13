//! What Visual C++ tells of its functions and of what they throw: the tables behind `__CxxFrameHandler`.
//!
//! A function with objects or `try` blocks counts states: each object made and each block entered has a number. A table says
//! what to undo to leave a state; another one says which states are in which `try` block, which are in its `catch` blocks, and what those
//! take. What is thrown comes with the list of types it can be caught as.
//!
//! Source: the published descriptions of Visual C++'s tables for 32-bit x86.

use alloc::vec::Vec;
use user_support::memory::Memory;

/// The code of the exceptions that `throw` raises.
pub const CODE: u32 = 0xE06D_7363;
/// What marks their first parameter, by the compiler's generation.
const MARKS: core::ops::RangeInclusive<u32> = 0x1993_0520..=0x1993_0522;
/// The state outside everything.
pub const OUTSIDE: i32 = -1;

/// Bits of what a `catch` says of its type, and of what a `throw` says of the object's.
mod adjective {
    pub(super) const QUALIFIERS: u32 = 1 | 2 | 4;
    pub(super) const REFERENCE: u32 = 8;
}

/// Bits of one type that an object can be caught as.
mod property {
    pub(super) const SIMPLE: u32 = 1;
    pub(super) const BY_REFERENCE_ONLY: u32 = 2;
    pub(super) const VIRTUAL_BASE: u32 = 4;
}

/// An exception record's parameters, where they are those of a `throw`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thrown {
    /// The object's address; 0 for `throw;`.
    pub object: u32,
    /// What is said of its type; 0 for `throw;`.
    pub description: u32,
}

impl Thrown {
    /// What the exception record at `record` says, if a `throw` raised it.
    pub fn of(memory: &impl Memory, record: u32) -> Option<Self> {
        let word = |index: u32| memory.read_u32(record + 4 * index);
        let is_one = word(0) == CODE && word(4) == 3 && MARKS.contains(&word(5));
        is_one.then(|| Self { object: word(6), description: word(7) })
    }

    /// Whether it is the exception that is being handled, thrown once more.
    pub fn is_again(self) -> bool {
        self.description == 0
    }

    /// The function that ends the object's life; 0 if it has none.
    pub fn destructor(self, memory: &impl Memory) -> u32 {
        if self.is_again() { 0 } else { memory.read_u32(self.description + 4) }
    }

    /// The types that the object can be caught as.
    fn types(self, memory: &impl Memory) -> impl Iterator<Item = u32> {
        let list = memory.read_u32(self.description + 12);
        (0..memory.read_u32(list)).map(move |index| memory.read_u32(list + 4 + 4 * index))
    }
}

/// A `try` block of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    /// The first state in it, which is the one to go back to.
    pub low: i32,
    /// The last one.
    pub high: i32,
    /// The last state of its `catch` blocks; the first follows `high`.
    last_catch: i32,
    handlers: u32,
    first_handler: u32,
}

impl Try {
    fn contains(&self, state: i32) -> bool {
        (self.low..=self.high).contains(&state)
    }

    fn catches_contain(&self, other: &Self) -> bool {
        self.high < other.low && other.high <= self.last_catch
    }
}

/// One `catch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    adjectives: u32,
    kind: u32,
    /// Where the variable is, from the frame's EBP; 0 for none.
    pub variable: i32,
    /// The code.
    pub code: u32,
}

/// How a thrown object becomes the variable of a `catch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// There is no variable.
    None,
    /// The variable becomes this word.
    Word(u32),
    /// The variable becomes a copy of so many bytes from there.
    Bytes {
        /// Their address.
        from: u32,
        /// How many.
        count: u32,
    },
    /// A constructor makes the variable.
    Constructor {
        /// It takes the variable's address and this one.
        from: u32,
        /// Its address.
        code: u32,
        /// Whether it also takes a 1, because the class has a virtual base.
        most_derived: bool,
    },
}

/// A function's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function(pub u32);

impl Function {
    /// Whether the tables are of a kind that is known.
    pub fn is_known(self, memory: &impl Memory) -> bool {
        MARKS.contains(&(memory.read_u32(self.0) & 0x1FFF_FFFF))
    }

    /// The state after `state` has been undone, and the code that undoes it, or 0. None for one that there is not.
    pub fn undo(self, memory: &impl Memory, state: i32) -> Option<(i32, u32)> {
        let entry = memory.read_u32(self.0 + 8) + 8 * u32::try_from(state).ok()?;
        let in_table = state < memory.read_u32(self.0 + 4).cast_signed();
        in_table.then(|| (memory.read_u32(entry).cast_signed(), memory.read_u32(entry + 4)))
    }

    fn tries(self, memory: &impl Memory) -> Vec<Try> {
        let table = memory.read_u32(self.0 + 16);
        let block = |index: u32| {
            let word = |field: u32| memory.read_u32(table + 20 * index + 4 * field);
            let [low, high, last_catch] = [word(0), word(1), word(2)].map(u32::cast_signed);
            Try { low, high, last_catch, handlers: word(3), first_handler: word(4) }
        };
        (0..memory.read_u32(self.0 + 12)).map(block).collect()
    }

    /// The `try` blocks that `state` is in, innermost first, of those that are themselves in `depth` of this function's `catch` blocks.
    pub fn tries_around(self, memory: &impl Memory, state: i32, depth: u32) -> Vec<Try> {
        let all = self.tries(memory);
        let nesting = |block: &Try| all.iter().filter(|other| other.catches_contain(block)).count() as u32;
        all.iter().copied().filter(|block| block.contains(state) && nesting(block) == depth).collect()
    }
}

impl Try {
    /// The first `catch` of the block that takes what was thrown, or any other exception for none; and how.
    pub fn find(&self, memory: &impl Memory, thrown: Option<Thrown>) -> Option<(Handler, Conversion)> {
        (0..self.handlers).find_map(|index| {
            let word = |field: u32| memory.read_u32(self.first_handler + 16 * index + 4 * field);
            let handler =
                Handler { adjectives: word(0), kind: word(1), variable: word(2).cast_signed(), code: word(3) };
            let conversion = match thrown {
                _ if handler.takes_everything(memory) => Some(Conversion::None),
                Some(thrown) => thrown
                    .types(memory)
                    .find(|&kind| handler.takes(memory, thrown, kind))
                    .map(|kind| handler.conversion(memory, thrown, kind)),
                None => None,
            };
            conversion.map(|conversion| (handler, conversion))
        })
    }
}

impl Handler {
    /// `catch (...)`.
    fn takes_everything(&self, memory: &impl Memory) -> bool {
        self.kind == 0 || memory.read_u8(self.kind + 8) == 0
    }

    fn takes(&self, memory: &impl Memory, thrown: Thrown, kind: u32) -> bool {
        let own = memory.read_u32(kind + 4);
        let by_value = self.adjectives & adjective::REFERENCE == 0;
        let missing = memory.read_u32(thrown.description) & !self.adjectives & adjective::QUALIFIERS;
        (own == self.kind || same_text(memory, own + 8, self.kind + 8))
            && !(by_value && memory.read_u32(kind) & property::BY_REFERENCE_ONLY != 0)
            && missing == 0
    }

    fn conversion(&self, memory: &impl Memory, thrown: Thrown, kind: u32) -> Conversion {
        let (properties, count, code) = (memory.read_u32(kind), memory.read_u32(kind + 20), memory.read_u32(kind + 24));
        let part = |object: u32| part_of(memory, object, kind + 8);
        if self.variable == 0 {
            Conversion::None
        } else if self.adjectives & adjective::REFERENCE != 0 {
            Conversion::Word(part(thrown.object))
        } else if properties & property::SIMPLE != 0 {
            match memory.read_u32(thrown.object) {
                pointer if count == 4 && pointer != 0 => Conversion::Word(part(pointer)),
                _ => Conversion::Bytes { from: thrown.object, count },
            }
        } else if code == 0 {
            Conversion::Bytes { from: part(thrown.object), count }
        } else {
            let most_derived = properties & property::VIRTUAL_BASE != 0;
            Conversion::Constructor { from: part(thrown.object), code, most_derived }
        }
    }
}

/// Where in the object the base class is that the three words at `place` tell of: its offset; the offset of a table of virtual bases,
/// or -1; and the offset in that.
fn part_of(memory: &impl Memory, object: u32, place: u32) -> u32 {
    let [offset, table, entry] = [0, 4, 8].map(|at| memory.read_u32(place + at));
    let part = object.wrapping_add(offset);
    if table.cast_signed() < 0 {
        return part;
    }
    let virtual_bases = memory.read_u32(object.wrapping_add(table));
    part.wrapping_add(table).wrapping_add(memory.read_u32(virtual_bases.wrapping_add(entry)))
}

fn same_text(memory: &impl Memory, left: u32, right: u32) -> bool {
    for index in 0.. {
        match (memory.read_u8(left + index), memory.read_u8(right + index)) {
            (0, 0) => return true,
            (left, right) if left != right => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests;
