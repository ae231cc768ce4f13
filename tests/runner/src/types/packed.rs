//! The types in the form in which they travel in the kernel's image: [`kd::types`].

use super::{Kind, TypeTable};

/// The table; of an array only as many elements are told as fit in two bytes.
///
/// # Panics
/// When a name has more than 255 bytes or a structure more than 64 KB: none of NT's has.
#[must_use]
pub fn pack(table: &TypeTable) -> Vec<u8> {
    let mut packed = Vec::new();
    half(&mut packed, table.structures.len());
    half(&mut packed, table.enumerations.len());
    for (structure_name, structure) in &table.structures {
        let mut part = structure.size.to_le_bytes().to_vec();
        name(&mut part, structure_name);
        let first_bit = |kind: &Kind| if let Kind::Bits { first, .. } = kind { *first } else { 0 };
        let mut members: Vec<_> = structure.members.iter().collect();
        members.sort_by_key(|(_, member)| (member.offset, first_bit(&member.kind)));
        for (member_name, member) in members {
            half(&mut part, member.offset as usize);
            name(&mut part, member_name);
            kind(table, &mut part, &member.kind);
        }
        counted(&mut packed, &part);
    }
    for (enumeration_name, enumeration) in &table.enumerations {
        let mut part = Vec::new();
        name(&mut part, enumeration_name);
        for (value_name, value) in &enumeration.values {
            part.extend((*value as u32).to_le_bytes());
            name(&mut part, value_name);
        }
        counted(&mut packed, &part);
    }
    packed
}

fn kind(table: &TypeTable, packed: &mut Vec<u8>, of: &Kind) {
    match of {
        Kind::Void => packed.push(0),
        Kind::Number { bytes, signed } => packed.extend([if *signed { 2 } else { 1 }, *bytes as u8]),
        Kind::Pointer(to) => {
            packed.push(3);
            kind(table, packed, to);
        }
        Kind::Array(count, of) => {
            packed.push(4);
            half(packed, (*count).min(u16::MAX.into()) as usize);
            kind(table, packed, of);
        }
        Kind::Structure(of) => place(packed, 5, table.structures.keys().position(|known| known == of)),
        Kind::Enumeration(of) => place(packed, 6, table.enumerations.keys().position(|known| known == of)),
        Kind::Bits { first, count, bytes } => packed.extend([7, *first as u8, *count as u8, *bytes as u8]),
    }
}

/// The place of a type in the table; one that is not there is nothing that is known.
fn place(packed: &mut Vec<u8>, code: u8, place: Option<usize>) {
    match place {
        Some(place) => {
            packed.push(code);
            half(packed, place);
        }
        None => packed.push(0),
    }
}

fn half(packed: &mut Vec<u8>, number: usize) {
    packed.extend(u16::try_from(number).expect("it fits two bytes").to_le_bytes());
}

fn name(packed: &mut Vec<u8>, name: &str) {
    packed.push(u8::try_from(name.len()).expect("names are short"));
    packed.extend(name.as_bytes());
}

fn counted(packed: &mut Vec<u8>, part: &[u8]) {
    half(packed, part.len());
    packed.extend(part);
}

#[cfg(test)]
mod tests {
    use kd::types::{self, Types};

    use super::super::{Enumeration, Member, Structure};
    use super::*;

    #[test]
    fn the_debugger_reads_what_was_packed() {
        let member = |offset, kind| Member { offset, kind };
        let members = [
            ("High", member(4, Kind::Bits { first: 9, count: 7, bytes: 2 })),
            ("Low", member(4, Kind::Bits { first: 0, count: 9, bytes: 2 })),
            ("Next", member(0, Kind::Pointer(Box::new(Kind::Structure("_B".into()))))),
            ("State", member(8, Kind::Enumeration("_E".into()))),
            ("Lost", member(12, Kind::Structure("_C".into()))),
        ];
        let mut table = TypeTable::default();
        let members = members.map(|(name, member)| (name.to_owned(), member)).into();
        table.structures.insert("_A".into(), Structure { size: 16, members });
        table.structures.insert("_B".into(), Structure::default());
        table.enumerations.insert("_E".into(), Enumeration { values: [("Minus".to_owned(), -1)].into() });
        let packed = pack(&table);
        let types = Types::new(&packed);
        let found = types.find("_A").expect("it was packed");
        let members: Vec<_> = found.members().collect();
        let names: Vec<_> = members.iter().map(|member| (member.offset, member.name)).collect();
        assert_eq!((found.size, names), (16, vec![(0, "Next"), (4, "Low"), (4, "High"), (8, "State"), (12, "Lost")]));
        assert!(matches!(members[0].kind, types::Kind::Pointer(to) if to.kind() == types::Kind::Structure(1)));
        assert_eq!(members[3].kind, types::Kind::Enumeration(0));
        assert_eq!(members[4].kind, types::Kind::Void);
        assert_eq!(types.enumeration(0, u32::MAX), Some(("_E", Some("Minus"))));
    }
}
