//! What a process has in its own memory: parameters, environment, modules. Read by what XP documents, from where the truth says it is.

use super::memory::{Memory, Seen};
use crate::truth::{Hidden, Process};

/// Offsets in the PEB, in its loader data, in an entry of it and in the parameters.
mod offset {
    pub(super) const LDR: u32 = 0xC;
    pub(super) const PARAMETERS: u32 = 0x10;
    pub(super) const LISTS: [u32; 3] = [0xC, 0x14, 0x1C];
    /// Of the links of each list in an entry.
    pub(super) const LINKS: [u32; 3] = [0, 8, 0x10];
    pub(super) const DLL_BASE: u32 = 0x18;
    pub(super) const FULL_NAME: u32 = 0x24;
    pub(super) const BASE_NAME: u32 = 0x2C;
    pub(super) const LOAD_COUNT: u32 = 0x38;
    pub(super) const IMAGE_PATH: u32 = 0x38;
    pub(super) const COMMAND_LINE: u32 = 0x40;
    pub(super) const ENVIRONMENT: u32 = 0x48;
    pub(super) const ENVIRONMENT_SIZE: u32 = 0x290;
}

/// Entries of a list after which it is taken for broken.
const LONGEST: usize = 1000;

/// A module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Where it is.
    pub base: u32,
    /// Bytes.
    pub size: u32,
    /// Its file.
    pub name: String,
    /// The path of it.
    pub path: String,
    /// References, or -1.
    pub load_count: i32,
}

/// Modules of one of the loader's lists, in its order: all in load order, in order of memory, of initialisation.
///
/// # Errors
/// Why nobody can tell.
pub fn modules(memory: &Memory, process: &Process, list: usize) -> Result<Vec<Seen<Module>>, Hidden> {
    let peb = process.row.word("peb");
    if peb == 0 {
        return Ok(Vec::new());
    }
    let ldr = memory.words::<1>(process, peb + offset::LDR)?;
    let head = ldr.value[0] + offset::LISTS[list];
    let first = memory.words::<1>(process, head)?.behind(ldr.hidden);
    let (mut at, mut hidden) = (first.value[0], first.hidden);
    let mut modules = Vec::new();
    while at != head && modules.len() < LONGEST {
        let entry = at - offset::LINKS[list];
        let module = module(memory, process, entry)?.behind(hidden);
        let next = memory.words::<1>(process, at)?.behind(hidden);
        modules.push(module);
        (at, hidden) = (next.value[0], next.hidden);
    }
    Ok(modules)
}

fn module(memory: &Memory, process: &Process, entry: u32) -> Result<Seen<Module>, Hidden> {
    let words = memory.words::<3>(process, entry + offset::DLL_BASE)?;
    let name = memory.string(process, entry + offset::BASE_NAME)?;
    let path = memory.string(process, entry + offset::FULL_NAME)?;
    let count = memory.words::<1>(process, entry + offset::LOAD_COUNT)?;
    let [base, _, size] = words.value;
    let load_count = i32::from(count.value[0] as u16 as i16);
    let value = Module { base, size, name: name.value, path: path.value, load_count };
    Ok(Seen { value, hidden: words.hidden.or(name.hidden).or(path.hidden).or(count.hidden) })
}

/// Address of the parameters, where there are any.
fn parameters(memory: &Memory, process: &Process) -> Result<Option<Seen<u32>>, Hidden> {
    let peb = process.row.word("peb");
    if peb == 0 {
        return Ok(None);
    }
    let words = memory.words::<1>(process, peb + offset::PARAMETERS)?;
    Ok(Some(Seen { value: words.value[0], hidden: words.hidden }))
}

/// The command line, where there is one.
///
/// # Errors
/// Why nobody can tell.
pub fn command_line(memory: &Memory, process: &Process) -> Result<Option<Seen<String>>, Hidden> {
    string(memory, process, offset::COMMAND_LINE)
}

/// The path of the image, where there is one.
///
/// # Errors
/// Why nobody can tell.
pub fn image_path(memory: &Memory, process: &Process) -> Result<Option<Seen<String>>, Hidden> {
    string(memory, process, offset::IMAGE_PATH)
}

fn string(memory: &Memory, process: &Process, place: u32) -> Result<Option<Seen<String>>, Hidden> {
    let Some(parameters) = parameters(memory, process)? else { return Ok(None) };
    Ok(Some(memory.string(process, parameters.value + place)?.behind(parameters.hidden)))
}

/// The environment: where it is, and names and values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Where its address stands, which is what the tool calls the block.
    pub block: u32,
    /// The variables, in order.
    pub variables: Vec<(String, String)>,
}

/// The environment, where there is one.
///
/// # Errors
/// Why nobody can tell.
pub fn environment(memory: &Memory, process: &Process) -> Result<Option<Seen<Environment>>, Hidden> {
    let Some(parameters) = parameters(memory, process)? else { return Ok(None) };
    let block = memory.words::<1>(process, parameters.value + offset::ENVIRONMENT)?.behind(parameters.hidden);
    let size = memory.words::<1>(process, parameters.value + offset::ENVIRONMENT_SIZE)?.behind(block.hidden);
    let bytes = memory.read(process, block.value[0], size.value[0])?.behind(size.hidden);
    let (units, _) = bytes.value.as_chunks::<2>();
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    let text = |part: &[u16]| String::from_utf16_lossy(part);
    let variables = units.split(|unit| *unit == 0).filter_map(|line| {
        let equals = line.iter().position(|unit| *unit == u16::from(b'='))?;
        Some((text(&line[..equals]), text(&line[equals + 1..])))
    });
    let value = Environment { block: parameters.value + offset::ENVIRONMENT, variables: variables.collect() };
    Ok(Some(Seen { value, hidden: bytes.hidden }))
}
