//! Structures out of DWARF, as Rust has them: by path, with the paths of what their members are.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use gimli::{Attribute, AttributeValue, DebuggingInformationEntry, EndianSlice, LittleEndian, UnitRef};
use object::read::elf::ElfFile32;
use object::{Object, ObjectSection};

type Bytes<'a> = EndianSlice<'a, LittleEndian>;
type Entry<'a> = DebuggingInformationEntry<Bytes<'a>>;
/// Where an entry stands in `.debug_info`.
type Place = usize;

/// What a member is, in Rust's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RustType {
    /// A primitive number of so many bytes.
    Number(u32),
    /// So many of them.
    Array(u32, Box<RustType>),
    /// A structure or an enumeration, by path without its parameters, and the parameters.
    Named(String, Vec<RustType>),
    /// What nobody asks about.
    Other,
}

/// A structure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RustStructure {
    pub size: u32,
    /// Names, offsets and types.
    pub members: Vec<(String, u32, RustType)>,
}

/// What is read of one entry.
enum Item {
    Number(u32),
    Array(Place, u32),
    Named { path: String, parameters: Vec<Place>, structure: Option<RawStructure> },
}

#[derive(Default)]
struct RawStructure {
    size: u32,
    members: Vec<(String, u32, Place)>,
}

/// The structures of the ELF file `image`, by path (`abi::nt::process::Eprocess`); none with parameters.
///
/// # Errors
/// Why it cannot be read, in words.
pub fn read(image: &[u8]) -> Result<BTreeMap<String, RustStructure>, String> {
    let file = ElfFile32::<object::LittleEndian>::parse(image).map_err(|error| error.to_string())?;
    let section = |id: gimli::SectionId| -> Result<Cow<'_, [u8]>, gimli::Error> {
        Ok(file
            .section_by_name(id.name())
            .and_then(|section| section.data().ok())
            .map_or(Cow::default(), Cow::Borrowed))
    };
    let sections = gimli::DwarfSections::load(section).map_err(|error| error.to_string())?;
    let dwarf = sections.borrow(|bytes| EndianSlice::new(bytes, LittleEndian));
    let mut items = HashMap::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next().map_err(|error| error.to_string())? {
        let unit = dwarf.unit(header).map_err(|error| error.to_string())?;
        read_unit(unit.unit_ref(&dwarf), &mut items).map_err(|error| error.to_string())?;
    }
    if items.is_empty() {
        return Err("it has no debugging information".into());
    }
    Ok(structures(&items))
}

fn structures(items: &HashMap<Place, Item>) -> BTreeMap<String, RustStructure> {
    let mut found = BTreeMap::new();
    for item in items.values() {
        let Item::Named { path, parameters, structure: Some(raw) } = item else { continue };
        if parameters.is_empty() && !raw.members.is_empty() {
            let member = |(name, offset, place): &(String, u32, Place)| (name.clone(), *offset, resolve(items, *place));
            let members = raw.members.iter().map(member).collect();
            found.insert(path.clone(), RustStructure { size: raw.size, members });
        }
    }
    found
}

fn resolve(items: &HashMap<Place, Item>, place: Place) -> RustType {
    match items.get(&place) {
        Some(Item::Number(bytes)) => RustType::Number(*bytes),
        Some(Item::Array(of, count)) => RustType::Array(*count, Box::new(resolve(items, *of))),
        Some(Item::Named { path, parameters, .. }) => {
            RustType::Named(path.clone(), parameters.iter().map(|parameter| resolve(items, *parameter)).collect())
        }
        None => RustType::Other,
    }
}

fn read_unit(unit: UnitRef<'_, Bytes<'_>>, items: &mut HashMap<Place, Item>) -> Result<(), gimli::Error> {
    // The places of the entries above the one at hand, with their names where they are name spaces or types.
    let mut above: Vec<(Place, Option<String>)> = Vec::new();
    let mut entries = unit.entries();
    while let Some(entry) = entries.next_dfs()? {
        above.truncate(usize::try_from(entry.depth()).unwrap_or(0));
        let place = place_of(unit, entry);
        let name = match entry.tag() {
            gimli::DW_TAG_namespace | gimli::DW_TAG_structure_type | gimli::DW_TAG_enumeration_type => {
                name_of(unit, entry)?
            }
            _ => None,
        };
        let parent = above.last().map_or(0, |(place, _)| *place);
        match entry.tag() {
            gimli::DW_TAG_base_type => {
                items.insert(place, Item::Number(number(entry, gimli::DW_AT_byte_size)));
            }
            gimli::DW_TAG_array_type => {
                items.insert(place, Item::Array(type_of(unit, entry), 0));
            }
            gimli::DW_TAG_subrange_type => {
                if let Some(Item::Array(_, count)) = items.get_mut(&parent) {
                    *count = number(entry, gimli::DW_AT_count);
                }
            }
            gimli::DW_TAG_structure_type | gimli::DW_TAG_enumeration_type => {
                let spaces = above.iter().filter_map(|(_, name)| name.as_deref());
                let own = name.as_deref().map(|name| name.split('<').next().unwrap_or(name));
                let path = spaces.chain(own).collect::<Vec<_>>().join("::");
                let size = number(entry, gimli::DW_AT_byte_size);
                let structure =
                    (entry.tag() == gimli::DW_TAG_structure_type).then(|| RawStructure { size, members: Vec::new() });
                items.insert(place, Item::Named { path, parameters: Vec::new(), structure });
            }
            gimli::DW_TAG_template_type_parameter => {
                if let Some(Item::Named { parameters, .. }) = items.get_mut(&parent) {
                    parameters.push(type_of(unit, entry));
                }
            }
            gimli::DW_TAG_member => {
                if let (Some(Item::Named { structure: Some(raw), .. }), Some(name)) =
                    (items.get_mut(&parent), name_of(unit, entry)?)
                {
                    let offset = number(entry, gimli::DW_AT_data_member_location);
                    raw.members.push((name, offset, type_of(unit, entry)));
                }
            }
            _ => {}
        }
        above.push((place, name));
    }
    Ok(())
}

fn place_of<'a>(unit: UnitRef<'_, Bytes<'a>>, entry: &Entry<'a>) -> Place {
    entry.offset().to_debug_info_offset(&unit.header).map_or(0, |offset| offset.0)
}

fn attribute<'e, 'a>(entry: &'e Entry<'a>, which: gimli::DwAt) -> Option<&'e Attribute<Bytes<'a>>> {
    entry.attrs().iter().find(|attribute| attribute.name() == which)
}

fn name_of<'a>(unit: UnitRef<'_, Bytes<'a>>, entry: &Entry<'a>) -> Result<Option<String>, gimli::Error> {
    let Some(attribute) = attribute(entry, gimli::DW_AT_name) else { return Ok(None) };
    Ok(Some(unit.attr_string(attribute.value())?.to_string_lossy().into_owned()))
}

fn number(entry: &Entry<'_>, which: gimli::DwAt) -> u32 {
    attribute(entry, which)
        .and_then(|attribute| attribute.udata_value())
        .and_then(|value| value.try_into().ok())
        .unwrap_or(0)
}

fn type_of<'a>(unit: UnitRef<'_, Bytes<'a>>, entry: &Entry<'a>) -> Place {
    match attribute(entry, gimli::DW_AT_type).map(Attribute::value) {
        Some(AttributeValue::UnitRef(offset)) => offset.to_debug_info_offset(&unit.header).map_or(0, |offset| offset.0),
        Some(AttributeValue::DebugInfoRef(offset)) => offset.0,
        _ => 0,
    }
}
