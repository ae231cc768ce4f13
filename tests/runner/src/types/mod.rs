//! The kernel's types as debuggers know them: NT's structures by NT's names, with offsets from our own debugging information.
//!
//! [`dwarf`] reads the structures out of the linked kernel; [`names`] says which of them are NT's, and what NT calls their members;
//! [`added`] has what Rust cannot say: bits of words, unions, and types of which only the name is needed. What comes of it is a plain table,
//! for whoever writes it down in a form of their own ([`isf`](crate::isf) does).

mod added;
mod dwarf;
mod names;
mod notation;
mod packed;
#[cfg(test)]
mod tests;

pub use names::nt_spelling;
pub use packed::pack;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// What a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number of so many bytes, with or without a sign.
    Number {
        /// Bytes.
        bytes: u32,
        /// Whether it may be negative.
        signed: bool,
    },
    /// Nothing that is known: what untyped pointers lead to.
    Void,
    /// A 32-bit address.
    Pointer(Box<Kind>),
    /// So many of one kind.
    Array(u32, Box<Kind>),
    /// A structure or union of the table.
    Structure(String),
    /// An enumeration of the table.
    Enumeration(String),
    /// Bits of a number.
    Bits {
        /// The lowest.
        first: u32,
        /// How many.
        count: u32,
        /// Bytes of the number.
        bytes: u32,
    },
}

/// Part of a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Bytes from the structure's beginning.
    pub offset: u32,
    /// What it is.
    pub kind: Kind,
}

/// A structure or a union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Structure {
    /// Bytes.
    pub size: u32,
    /// Its members, by name.
    pub members: BTreeMap<String, Member>,
}

/// Names of values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enumeration {
    /// The values, by name.
    pub values: BTreeMap<String, i64>,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeTable {
    /// Structures and unions by NT's names.
    pub structures: BTreeMap<String, Structure>,
    /// Enumerations by NT's names; each is stored in four bytes.
    pub enumerations: BTreeMap<String, Enumeration>,
}

impl TypeTable {
    /// The types of the kernel at `path`, which has its debugging information.
    ///
    /// # Errors
    /// [`Error::Malformed`] when there is none, or a structure is missing from it.
    pub fn of_kernel(path: &Path) -> Result<Self> {
        let image = fs::read(path).map_err(Error::file("reading", path))?;
        Self::of_image(&image).map_err(|problem| Error::Malformed { path: path.to_owned(), problem })
    }

    /// The same for an image in memory.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of_image(image: &[u8]) -> Result<Self, String> {
        let mut table = Self::default();
        names::translate(&dwarf::read(image)?, &mut table)?;
        added::add(&mut table);
        Ok(table)
    }
}
