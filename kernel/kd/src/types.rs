//! NT's structures as the debugger knows them: names and offsets of members, packed into the image behind the names of functions.
//!
//! A host tool makes the table from the debugging information of the linked kernel. All numbers are little-endian, names are a length in a byte and
//! UTF-8:
//!
//! | what | is |
//! |---|---|
//! | the table | numbers of structures and of enumerations, 2 bytes each; the structures; the enumerations |
//! | a structure | bytes of what follows, 2; its size, 4; its name; its members, by ascending offset |
//! | a member | offset, 2; name; kind |
//! | an enumeration | bytes of what follows, 2; its name; its values, 4 bytes and a name each |
//! | a kind | one of the codes below, and what follows it |
//!
//! | code | kind | followed by |
//! |---|---|---|
//! | 0 | nothing that is known | |
//! | 1, 2 | a number without, with a sign | its bytes, 1 |
//! | 3 | an address | the kind of what is there |
//! | 4 | an array | how many, 2; their kind |
//! | 5, 6 | a structure, an enumeration | its place in the table, 2 |
//! | 7 | bits of a number | the lowest, how many, bytes of the number, 1 each |

/// The table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Types<'a> {
    structures: &'a [u8],
    enumerations: &'a [u8],
}

/// A structure or a union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Structure<'a> {
    /// Bytes.
    pub size: u32,
    /// NT's name.
    pub name: &'a str,
    members: Reader<'a>,
}

/// Part of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// Bytes from the structure's beginning.
    pub offset: u32,
    /// NT's name.
    pub name: &'a str,
    /// What it is.
    pub kind: Kind<'a>,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Nothing that is known.
    Void,
    /// A number.
    Number {
        /// Its bytes.
        bytes: u8,
        /// Whether it may be negative.
        is_signed: bool,
    },
    /// An address of such a thing.
    Pointer(Encoded<'a>),
    /// So many such things.
    Array(u16, Encoded<'a>),
    /// The structure at this place of the table.
    Structure(u16),
    /// The enumeration at this place of the table.
    Enumeration(u16),
    /// Bits of a number.
    Bits {
        /// The lowest.
        first: u8,
        /// How many.
        count: u8,
        /// Bytes of the number.
        bytes: u8,
    },
}

/// A kind inside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoded<'a>(Reader<'a>);

impl<'a> Encoded<'a> {
    /// It; nothing that is known where the table is broken.
    pub fn kind(mut self) -> Kind<'a> {
        self.0.kind().unwrap_or(Kind::Void)
    }
}

impl<'a> Types<'a> {
    /// Reads a table; of one that is broken only what is whole is found.
    pub fn new(table: &'a [u8]) -> Self {
        let mut reader = Reader(table);
        let (Some(structures), Some(_)) = (reader.half(), reader.half()) else { return Self::default() };
        let all = reader.0;
        for _ in 0..structures {
            if reader.counted().is_none() {
                return Self { structures: all, enumerations: &[] };
            }
        }
        Self { structures: &all[..all.len() - reader.0.len()], enumerations: reader.0 }
    }

    /// All structures, in the order of their names.
    pub fn structures(&self) -> impl Iterator<Item = Structure<'a>> + use<'a> {
        let mut all = Reader(self.structures);
        core::iter::from_fn(move || {
            let mut reader = all.counted()?;
            Some(Structure { size: reader.word()?, name: reader.name()?, members: reader })
        })
    }

    /// The structure called `name`.
    pub fn find(&self, name: &str) -> Option<Structure<'a>> {
        self.structures().find(|structure| structure.name == name)
    }

    /// The structure at `index`.
    pub fn structure(&self, index: u16) -> Option<Structure<'a>> {
        self.structures().nth(index.into())
    }

    /// The enumeration at `index`: its name and the one of `value`, where that has one.
    pub fn enumeration(&self, index: u16, value: u32) -> Option<(&'a str, Option<&'a str>)> {
        let mut all = Reader(self.enumerations);
        for _ in 0..index {
            all.counted()?;
        }
        let mut reader = all.counted()?;
        let name = reader.name()?;
        let mut values = core::iter::from_fn(|| Some((reader.word()?, reader.name()?)));
        Some((name, values.find(|(known, _)| *known == value).map(|(_, name)| name)))
    }
}

impl<'a> Structure<'a> {
    /// Its members, by ascending offset.
    pub fn members(&self) -> impl Iterator<Item = Member<'a>> + use<'a> {
        let mut reader = self.members;
        core::iter::from_fn(move || {
            Some(Member { offset: reader.half()?.into(), name: reader.name()?, kind: reader.kind()? })
        })
    }
}

/// What is left to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn half(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn word(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn name(&mut self) -> Option<&'a str> {
        let length = self.byte()?;
        core::str::from_utf8(self.take(length.into())?).ok()
    }

    /// So many bytes as the next two say.
    fn counted(&mut self) -> Option<Self> {
        let length = self.half()?;
        self.take(length.into()).map(Self)
    }

    fn kind(&mut self) -> Option<Kind<'a>> {
        Some(match self.byte()? {
            0 => Kind::Void,
            sign @ 1..=2 => Kind::Number { bytes: self.byte()?, is_signed: sign == 2 },
            3 => Kind::Pointer(self.inner()?),
            4 => {
                let count = self.half()?;
                Kind::Array(count, self.inner()?)
            }
            5 => Kind::Structure(self.half()?),
            6 => Kind::Enumeration(self.half()?),
            7 => Kind::Bits { first: self.byte()?, count: self.byte()?, bytes: self.byte()? },
            _ => return None,
        })
    }

    /// A kind that stands here, passed over.
    fn inner(&mut self) -> Option<Encoded<'a>> {
        let here = *self;
        // As deep as they are in each other, and each takes a byte of the table at least.
        loop {
            match self.byte()? {
                3 => {}
                4 => drop(self.half()?),
                code => {
                    let length = match code {
                        0 => 0,
                        1 | 2 => 1,
                        5 | 6 => 2,
                        7 => 3,
                        _ => return None,
                    };
                    self.take(length)?;
                    return Some(Encoded(here));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `_PAIR { Next: *_PAIR, Bits: 3:2:u32, Text: [4] u8 }` of 12 bytes, and the enumeration `_COLOUR { Red = 1 }`.
    fn table() -> Vec<u8> {
        let mut pair = 12u32.to_le_bytes().to_vec();
        pair.extend(b"\x05_PAIR");
        pair.extend(b"\0\0\x04Next\x03\x05\0\0");
        pair.extend(b"\x04\0\x04Bits\x07\x03\x02\x04");
        pair.extend(b"\x08\0\x04Text\x04\x04\0\x01\x01");
        let colour = b"\x07_COLOUR\x01\0\0\0\x03Red";
        let mut table = b"\x01\0\x01\0".to_vec();
        for part in [&pair[..], colour] {
            table.extend((part.len() as u16).to_le_bytes());
            table.extend(part);
        }
        table
    }

    #[test]
    fn a_table_says_what_is_in_it() {
        let table = table();
        let types = Types::new(&table);
        let pair = types.find("_PAIR").expect("it is there");
        assert_eq!((pair.size, types.structures().count(), types.find("_PAI")), (12, 1, None));
        assert_eq!(types.structure(0), Some(pair));
        let members: Vec<_> = pair.members().collect();
        assert_eq!(
            members.iter().map(|member| (member.offset, member.name)).collect::<Vec<_>>(),
            [(0, "Next"), (4, "Bits"), (8, "Text")]
        );
        assert!(matches!(members[0].kind, Kind::Pointer(to) if to.kind() == Kind::Structure(0)));
        assert_eq!(members[1].kind, Kind::Bits { first: 3, count: 2, bytes: 4 });
        let letter = Kind::Number { bytes: 1, is_signed: false };
        assert!(matches!(members[2].kind, Kind::Array(4, of) if of.kind() == letter));
        assert_eq!(types.enumeration(0, 1), Some(("_COLOUR", Some("Red"))));
        assert_eq!(types.enumeration(0, 2), Some(("_COLOUR", None)));
        assert_eq!(types.enumeration(1, 0), None);
    }

    #[test]
    fn a_broken_table_is_harmless() {
        let good = table();
        for index in 0..good.len() {
            for value in [0, 3, 4, 0x7F, 0xFF] {
                let mut bad = good.clone();
                bad[index] = value;
                for table in [&bad[..], &good[..index]] {
                    let types = Types::new(table);
                    types.structures().for_each(|structure| {
                        structure.members().for_each(|member| match member.kind {
                            Kind::Pointer(to) | Kind::Array(_, to) => drop(to.kind()),
                            _ => {}
                        });
                    });
                    types.enumeration(0, 1);
                }
            }
        }
    }
}
