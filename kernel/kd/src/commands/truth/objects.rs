//! Threads and handles.

use core::fmt::{self, Write};
use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::file::{FILE_OBJECT_TYPE, FileObject};
use abi::nt::list::ListEntry;
use abi::nt::object::{OBJECT_BODY, ObjectHeader};
use abi::nt::process::Eprocess;
use abi::nt::thread::Ethread;
use mm::machine::Machine;

use super::json::Text;
use crate::commands::handle::{ATTRIBUTES, name_info, used};
use crate::target::{Name, Target};

/// The threads of `process`, oldest first.
pub(super) fn threads<M: Machine>(
    target: &Target<'_, M>,
    process: Link<Eprocess>,
    record: &Eprocess,
    out: &mut dyn Write,
) -> fmt::Result {
    const LINKS: u32 = offset_of!(Ethread, thread_list_entry) as u32;
    let head = process.offset(offset_of!(Eprocess, thread_list_head) as u32);
    let link = |entry: Link<ListEntry>| Link::<Ethread>::new(entry.address().wrapping_sub(LINKS));
    for (link, thread) in target.list(head).map(link).filter_map(|link| Some((link, target.checked(link)?))) {
        writeln!(
            out,
            "{{\"kind\":\"thread\",\"address\":{},\"pid\":{},\"tid\":{},\"start\":{},\"win32_start\":{},\"created\":{},\
             \"ended\":{},\"state\":{}}}",
            link.address(),
            record.unique_process_id.get(),
            thread.cid.unique_thread.get(),
            thread.start_address.get(),
            thread.win32_start_address.get(),
            // It stands there times 8.
            thread.create_time.get() >> 3,
            thread.exit_time.get(),
            thread.tcb.state.get(),
        )?;
    }
    Ok(())
}

/// The handles of `process`, lowest first.
pub(super) fn handles<M: Machine>(target: &Target<'_, M>, process: &Eprocess, out: &mut dyn Write) -> fmt::Result {
    let Some(table) = target.checked(process.object_table.get()) else { return Ok(()) };
    for (index, (_, entry)) in used(target, table) {
        let header: Link<ObjectHeader> = Link::new(entry.object.get() & !ATTRIBUTES);
        let Some(record) = target.checked(header) else { continue };
        let kind = target.checked(record.object_type.get()).map_or(Name::EMPTY, |kind| target.text(&kind.name));
        write!(
            out,
            "{{\"kind\":\"handle\",\"pid\":{},\"handle\":{},\"object\":{},\"access\":{},\"type\":{}",
            process.unique_process_id.get(),
            index << 2,
            header.address().wrapping_add(OBJECT_BODY),
            entry.granted_access.get(),
            Text(&kind),
        )?;
        object(target, header, record, &kind, out)?;
        writeln!(out, "}}")?;
    }
    Ok(())
}

/// What is particular to the object: a file's device and name, who a process or a thread is, the name of another.
fn object<M: Machine>(
    target: &Target<'_, M>,
    header: Link<ObjectHeader>,
    record: &ObjectHeader,
    kind: &Name,
    out: &mut dyn Write,
) -> fmt::Result {
    let body = header.address().wrapping_add(OBJECT_BODY);
    if kind.is("Process") {
        let process = target.checked(Link::<Eprocess>::new(body));
        return match process {
            Some(process) => write!(out, ",\"process\":{}", process.unique_process_id.get()),
            None => Ok(()),
        };
    }
    if kind.is("Thread") {
        let Some(thread) = target.checked(Link::<Ethread>::new(body)) else { return Ok(()) };
        let (process, number) = (thread.cid.unique_process.get(), thread.cid.unique_thread.get());
        return write!(out, ",\"process\":{process},\"thread\":{number}");
    }
    let file = target.checked(Link::<FileObject>::new(body)).filter(|file| file.kind.get() == FILE_OBJECT_TYPE);
    if let Some(file) = file.filter(|_| kind.is("File")) {
        let device = Link::new(file.device_object.get().address().wrapping_sub(OBJECT_BODY));
        let device = target.checked(device).and_then(|record| name_info(target, device, record));
        let device = device.map_or(Name::EMPTY, |info| target.text(&info.name));
        return write!(out, ",\"device\":{},\"file\":{}", Text(&device), Text(&target.text(&file.file_name)));
    }
    match name_info(target, header, record) {
        Some(info) => write!(out, ",\"name\":{}", Text(&target.text(&info.name))),
        None => Ok(()),
    }
}
