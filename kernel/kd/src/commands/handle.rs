//! `!handle`: the handles of a process, and the objects they lead to.
//!
//! The table is walked by its own links with a look at each first, as XP lays it out: entries in pages of 512, pages of 1024
//! pointers above them.

use core::fmt::{self, Write};

use abi::cell::{Field, Link};
use abi::nt::file::FileObject;
use abi::nt::name_space::{ObjectHeaderNameInfo, name_info_of};
use abi::nt::object::{HandleTable, HandleTableEntry, OBJECT_BODY, ObjectHeader, ObjectType};
use mm::machine::Machine;

use super::{Arguments, Done, Problem, process};
use crate::target::Target;

/// Entries of a page.
pub(super) const ENTRIES: u32 = 512;
/// Pointers of a page.
const POINTERS: u32 = 1024;
/// Bits of `TableCode` that count the levels of pointers.
const LEVEL: u32 = 3;
/// Bits of an entry's first word that are no part of the address.
pub(super) const ATTRIBUTES: u32 = 7;
/// Entries in a row that lead to no object, after which what follows is taken for no handles.
const MOST_STRANGERS: u32 = 16;
/// The handle is not to be closed.
const PROTECTED: u32 = 1;
/// Children inherit the handle.
const INHERIT: u32 = 2;
/// The line with rights and entry.
const BASIC: u32 = 1;
/// What is known of the object.
const OBJECT: u32 = 2;

/// A page of a handle table, of entries or of pointers.
enum Page {}

/// `!handle [HANDLE] [FLAGS] [PROCESS]`; HANDLE 0 means all.
pub(super) fn handle<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let wanted = arguments.number()?.unwrap_or(0);
    let flags = arguments.number()?.unwrap_or(BASIC | OBJECT);
    let process = arguments.number()?;
    arguments.end()?;
    let (link, record) = match process {
        None | Some(0) => (target.process, target.context().ok_or(Problem::Say("there is no process yet"))?),
        Some(number) => target.find_process(number).ok_or(Problem::NoProcess(number))?,
    };
    process::one(target, link, record, 0, out)?;
    let Some(table) = target.checked(record.object_table.get()) else {
        return Ok(writeln!(out, "The process has no handle table.")?);
    };
    let code = table.table_code.get();
    if wanted != 0 {
        return match entry_of(target, table, wanted >> 2).filter(|(_, entry)| entry.object.get() != 0) {
            Some(found) => Ok(row(target, wanted & !3, found, flags, out)?),
            None => Err(Problem::Say("this is no handle of the process")),
        };
    }
    writeln!(out, "Handle table at {:08x} with {} Entries in use", code & !LEVEL, table.handle_count.get())?;
    let mut strangers = 0;
    for (index, found) in used(target, table) {
        row(target, index << 2, found, flags, out)?;
        strangers = if is_object(target, found.1) { 0 } else { strangers + 1 };
    }
    if strangers == MOST_STRANGERS {
        writeln!(out, "{MOST_STRANGERS} entries in a row lead to no object: the table is broken here")?;
    }
    Ok(())
}

/// The entries of `table` that are in use: index, place and entry. One page that is not there hides all that it would have led to, and
/// [`MOST_STRANGERS`] in a row end it.
pub(super) fn used<'t, M: Machine>(
    target: &'t Target<'_, M>,
    table: &'t HandleTable,
) -> impl Iterator<Item = (u32, (Link<HandleTableEntry>, &'t HandleTableEntry))> {
    let (mut index, mut strangers) = (1, 0);
    core::iter::from_fn(move || {
        while index < entries(table) && strangers < MOST_STRANGERS {
            let at = index;
            index += 1;
            match entry_of(target, table, at) {
                // The first of each page says something else.
                Some(found) if found.1.object.get() != 0 && !at.is_multiple_of(ENTRIES) => {
                    strangers = if is_object(target, found.1) { 0 } else { strangers + 1 };
                    return Some((at, found));
                }
                Some(_) => {}
                None => index = at.next_multiple_of(ENTRIES).max(index),
            }
        }
        None
    })
}

/// Whether every page that the table should have is there, and every entry in use leads to an object.
pub(crate) fn handles_are_whole<M: Machine>(target: &Target<'_, M>, table: &HandleTable) -> bool {
    let mut pages = (0..entries(table)).step_by(ENTRIES as usize);
    table.table_code.get() & LEVEL < LEVEL
        && pages.all(|index| entry_of(target, table, index).is_some())
        && used(target, table).all(|(_, (_, entry))| is_object(target, entry))
}

/// Whether an object with a type that has a name stands where `entry` says.
fn is_object<M: Machine>(target: &Target<'_, M>, entry: &HandleTableEntry) -> bool {
    let header = target.checked(Link::<ObjectHeader>::new(entry.object.get() & !ATTRIBUTES));
    let kind = header.and_then(|header| target.checked::<ObjectType>(header.object_type.get()));
    kind.is_some_and(|kind| !target.text(&kind.name).is_empty())
}

/// How many entries the pages of `table` have, as far as its levels go.
pub(super) fn entries(table: &HandleTable) -> u32 {
    let most = match table.table_code.get() & LEVEL {
        0 => ENTRIES,
        1 => ENTRIES * POINTERS,
        _ => ENTRIES * POINTERS * 32,
    };
    (table.next_handle_needing_pool.get() >> 2).min(most)
}

/// The entry `index`, and where it stands, if the way there is whole.
pub(super) fn entry_of<'t, M: Machine>(
    target: &'t Target<'_, M>,
    table: &HandleTable,
    index: u32,
) -> Option<(Link<HandleTableEntry>, &'t HandleTableEntry)> {
    let code = table.table_code.get();
    let mut page: Link<Page> = Link::new(code & !LEVEL);
    for level in (1..=code & LEVEL).rev() {
        let span = if level == 1 { ENTRIES } else { ENTRIES * POINTERS };
        let pointer: Link<Field<Link<Page>>> = page.offset(index / span % POINTERS * 4);
        page = target.checked(pointer)?.get();
    }
    let link: Link<HandleTableEntry> = page.offset(index % ENTRIES * 8);
    (index < entries(table)).then_some((link, target.checked(link)?))
}

fn row<M: Machine>(
    target: &Target<'_, M>,
    handle: u32,
    (link, entry): (Link<HandleTableEntry>, &HandleTableEntry),
    flags: u32,
    out: &mut dyn Write,
) -> fmt::Result {
    let word = entry.object.get();
    let header: Link<ObjectHeader> = Link::new(word & !ATTRIBUTES);
    if flags & BASIC != 0 {
        let inherit = if word & INHERIT != 0 { " (Inherit)" } else { "" };
        let protected = if word & PROTECTED != 0 { " (Protected)" } else { "" };
        writeln!(
            out,
            "{handle:04x}: Object: {:08x}  GrantedAccess: {:08x}{protected}{inherit} Entry: {:08x}",
            header.address().wrapping_add(OBJECT_BODY),
            entry.granted_access.get(),
            link.address()
        )?;
    }
    if flags & OBJECT != 0 {
        object(target, header, out)?;
    }
    writeln!(out)
}

/// The object behind `header`: type, counts and name.
fn object<M: Machine>(target: &Target<'_, M>, header: Link<ObjectHeader>, out: &mut dyn Write) -> fmt::Result {
    let body = header.address().wrapping_add(OBJECT_BODY);
    let Some(record) = target.checked(header) else { return writeln!(out, "Object: {body:08x}  ????????") };
    let kind = record.object_type.get();
    match target.checked::<ObjectType>(kind) {
        Some(record) => {
            writeln!(out, "Object: {body:08x}  Type: ({:08x}) {}", kind.address(), target.text(&record.name))?;
        }
        None => writeln!(out, "Object: {body:08x}  Type: ({:08x}) ????????", kind.address())?,
    }
    let (handles, pointers) = (record.handle_count.get(), record.pointer_count.get());
    writeln!(out, "    ObjectHeader: {:08x}", header.address())?;
    writeln!(out, "        HandleCount: {handles}  PointerCount: {pointers}")?;
    name(target, header, record, out)
}

/// Where the object stands and what it is called there. A file's name is its own affair; its device stands behind it, in braces.
fn name<M: Machine>(
    target: &Target<'_, M>,
    header: Link<ObjectHeader>,
    record: &ObjectHeader,
    out: &mut dyn Write,
) -> fmt::Result {
    if let Some(info) = name_info(target, header, record) {
        let directory = info.directory.get().address();
        return writeln!(out, "        Directory Object: {directory:08x}  Name: {}", target.text(&info.name));
    }
    let file: Link<FileObject> = header.offset(OBJECT_BODY);
    let Some(file) = target.checked(file).filter(|_| is_file(target, record)) else { return Ok(()) };
    let device = Link::new(file.device_object.get().address().wrapping_sub(OBJECT_BODY));
    let device = target.checked(device).and_then(|record| name_info(target, device, record));
    let name = target.text(&file.file_name);
    match device {
        Some(device) => {
            writeln!(out, "        Directory Object: 00000000  Name: {name} {{{}}}", target.text(&device.name))
        }
        None if file.file_name.length.get() == 0 => Ok(()),
        None => writeln!(out, "        Directory Object: 00000000  Name: {name}"),
    }
}

/// The name information in front of `header`, where there is any.
pub(super) fn name_info<'t, M: Machine>(
    target: &'t Target<'_, M>,
    header: Link<ObjectHeader>,
    record: &ObjectHeader,
) -> Option<&'t ObjectHeaderNameInfo> {
    (record.name_info_offset.get() != 0).then(|| target.checked(name_info_of(header)))?
}

fn is_file<M: Machine>(target: &Target<'_, M>, header: &ObjectHeader) -> bool {
    let kind = target.checked(header.object_type.get());
    kind.is_some_and(|kind| target.text(&kind.name).is("File"))
}
