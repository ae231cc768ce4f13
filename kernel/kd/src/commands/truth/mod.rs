//! `.truth`: everything there is, a line of JSON each: what a dump of the memory is compared with.
//!
//! | `kind` | a line for each |
//! |---|---|
//! | `system` | system: one |
//! | `module` | module of the kernel |
//! | `process`, `thread`, `handle` | process, its threads, its handles |
//! | `vad` | VAD, in order of address |
//! | `pages` | pages of a process that follow each other and are alike; a number for each says where it is |
//! | `table` | page table that is in a paging file |
//! | `kernel` | run of pages of the kernel half |
//! | `frames` | frames that follow each other and are alike: of those that somebody has, what for |
//! | `end` | the last |
//!
//! Numbers are decimal, times are units of 100 ns since 1601. Nothing here reads the memory of programs: where a page's contents are is said,
//! not what they are.

mod frames;
mod json;
mod objects;
mod space;

use core::fmt::{self, Write};

use abi::cell::Link;
use abi::nt::peb::LdrDataTableEntry;
use abi::nt::process::{Eprocess, process_flags};
use mm::machine::Machine;

use super::usage::ImageName;
use super::{Arguments, Done};
use crate::target::Target;
use json::Text;

/// `.truth`.
pub(super) fn truth<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    arguments.end()?;
    system(target, out)?;
    for entry in target.list(target.modules).map_while(|entry| target.checked(entry.cast::<LdrDataTableEntry>())) {
        module(target, entry, out)?;
    }
    for (link, record) in target.processes() {
        process(target, link, record, out)?;
        objects::threads(target, link, record, out)?;
        objects::handles(target, record, out)?;
        if record.flags.get() & process_flags::HAS_ADDRESS_SPACE != 0 {
            space::vads(target, record, out)?;
            space::pages(target, record, out)?;
        }
        space::kernel_pages(target, record, out)?;
    }
    frames::frames(target, out)?;
    Ok(writeln!(out, "{{\"kind\":\"end\"}}")?)
}

fn system<M: Machine>(target: &Target<'_, M>, out: &mut dyn Write) -> fmt::Result {
    let (lowest, highest, frames) = target.mm.physical_pages();
    let [directory, ..] = target.mm.system_directories();
    writeln!(
        out,
        "{{\"kind\":\"system\",\"time\":{},\"started\":{},\"lowest_frame\":{},\"highest_frame\":{},\"frames\":{frames},\
         \"available\":{},\"first_directory\":{}}}",
        target.time,
        target.started,
        lowest.0,
        highest.0,
        target.mm.available_frames(),
        directory.0,
    )
}

fn module<M: Machine>(target: &Target<'_, M>, module: &LdrDataTableEntry, out: &mut dyn Write) -> fmt::Result {
    let (base, size) = (module.dll_base.get(), module.size_of_image.get());
    let (name, path) = (target.text(&module.base_dll_name), target.text(&module.full_dll_name));
    writeln!(
        out,
        "{{\"kind\":\"module\",\"base\":{base},\"size\":{size},\"name\":{},\"path\":{}}}",
        Text(&name),
        Text(&path)
    )
}

fn process<M: Machine>(
    target: &Target<'_, M>,
    link: Link<Eprocess>,
    process: &Eprocess,
    out: &mut dyn Write,
) -> fmt::Result {
    let handles = target.checked(process.object_table.get()).map(|table| table.handle_count.get());
    write!(
        out,
        "{{\"kind\":\"process\",\"address\":{},\"pid\":{},\"parent\":{},\"name\":\"{}\",\"directory_table\":{},",
        link.address(),
        process.unique_process_id.get(),
        process.inherited_from_unique_process_id.get(),
        ImageName(process),
        process.pcb.directory_table_base[0].get(),
    )?;
    write!(
        out,
        "\"created\":{},\"ended\":{},\"threads\":{},\"peb\":{},\"vads\":{},\"handles\":",
        process.create_time.get(),
        process.exit_time.get(),
        process.active_threads.get(),
        process.peb.get(),
        process.number_of_vads.get(),
    )?;
    match handles {
        Some(count) => writeln!(out, "{count}}}"),
        None => writeln!(out, "null}}"),
    }
}
