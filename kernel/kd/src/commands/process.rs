//! `!process`: processes and their threads.

use core::fmt::{self, Write};
use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::list::ListEntry;
use abi::nt::process::Eprocess;
use abi::nt::thread::{Ethread, Kthread};
use mm::machine::Machine;

use super::usage::ImageName;
use super::{Arguments, Done, Problem};
use crate::target::Target;

/// Units of 100 ns in a millisecond.
const MILLISECOND: u64 = 10_000;
/// Milliseconds of a clock tick.
pub(super) const TICK: u64 = 10;

/// More than the first lines.
const DETAILS: u32 = 1;
/// Its threads too.
const THREADS: u32 = 2;
/// What is shown of a process that was asked for by itself.
const ALL: u32 = DETAILS | THREADS;

/// `!process [ADDRESS | ID | 0] [FLAGS]`.
pub(super) fn process<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let which = arguments.number()?;
    let flags = arguments.number()?;
    arguments.end()?;
    match which {
        Some(0) => {
            writeln!(out, "**** NT ACTIVE PROCESS DUMP ****")?;
            for (link, record) in target.processes() {
                one(target, link, record, flags.unwrap_or(0), out)?;
            }
            Ok(end_of_list(target, target.processes, "processes", out)?)
        }
        Some(number) if number != u32::MAX => {
            let (link, record) = target.find_process(number).ok_or(Problem::NoProcess(number))?;
            Ok(one(target, link, record, flags.unwrap_or(ALL), out)?)
        }
        _ => {
            let record = target.context().ok_or(Problem::Say("there is no process yet"))?;
            Ok(one(target, target.process, record, flags.unwrap_or(ALL), out)?)
        }
    }
}

/// A process as `flags` ask for it.
pub(super) fn one<M: Machine>(
    target: &Target<'_, M>,
    link: Link<Eprocess>,
    record: &Eprocess,
    flags: u32,
    out: &mut dyn Write,
) -> fmt::Result {
    let (id, peb) = (record.unique_process_id.get(), record.peb.get());
    let parent = record.inherited_from_unique_process_id.get();
    write!(out, "PROCESS {:08x}  SessionId: ", link.address())?;
    match record.session.get() {
        0 => write!(out, "none")?,
        // The session's number stands behind its list entry and counts.
        session => write!(out, "{}", target.word(session.wrapping_add(8)).unwrap_or(0))?,
    }
    writeln!(out, "  Cid: {id:04x}    Peb: {peb:08x}  ParentCid: {parent:04x}")?;
    let table = record.object_table.get();
    let handles = target.checked(table).map_or(0, |table| table.handle_count.get());
    let base = record.pcb.directory_table_base[0].get();
    writeln!(out, "    DirBase: {base:08x}  ObjectTable: {:08x}  HandleCount: {handles:>3}.", table.address())?;
    writeln!(out, "    Image: {}", ImageName(record))?;
    if flags & DETAILS != 0 {
        details(target, record, out)?;
    }
    if flags & THREADS != 0 {
        threads(target, link, out)?;
    }
    writeln!(out)
}

fn details<M: Machine>(target: &Target<'_, M>, record: &Eprocess, out: &mut dyn Write) -> fmt::Result {
    let (root, vads, clone) = (record.vad_root.get().address(), record.number_of_vads.get(), record.clone_root.get());
    let (private, modified) = (record.number_of_private_pages.get(), record.modified_page_count.get());
    let locked = record.number_of_locked_pages.get();
    writeln!(
        out,
        "    VadRoot {root:08x} Vads {vads} Clone {clone:x} Private {private}. Modified {modified}. Locked {locked}."
    )?;
    writeln!(out, "    DeviceMap {:08x}", record.device_map.get())?;
    let elapsed = target.time.saturating_sub(record.create_time.get().max(target.started)) / MILLISECOND;
    let (kernel, user) = (record.pcb.kernel_time.get(), record.pcb.user_time.get());
    column("Token", format_args!("{:08x}", record.token.get()), out)?;
    column("ElapsedTime", format_args!("{}", Time(elapsed)), out)?;
    column("UserTime", format_args!("{}", Time(u64::from(user) * TICK)), out)?;
    column("KernelTime", format_args!("{}", Time(u64::from(kernel) * TICK)), out)?;
    column("QuotaPoolUsage[PagedPool]", format_args!("{}", record.quota_usage[1].get()), out)?;
    column("QuotaPoolUsage[NonPagedPool]", format_args!("{}", record.quota_usage[0].get()), out)?;
    let sizes = [&record.vm.working_set_size, &record.vm.minimum_working_set_size, &record.vm.maximum_working_set_size];
    let [now, least, most] = sizes.map(|pages| pages.get());
    let [now_kb, least_kb, most_kb] = [now, least, most].map(|pages| u64::from(pages) * 4);
    writeln!(
        out,
        "    Working Set Sizes (now,min,max)  ({now}, {least}, {most}) ({now_kb}KB, {least_kb}KB, {most_kb}KB)"
    )?;
    let megabytes = |bytes: u32| bytes >> 20;
    column("PeakWorkingSetSize", format_args!("{}", record.vm.peak_working_set_size.get()), out)?;
    column("VirtualSize", format_args!("{} Mb", megabytes(record.virtual_size.get())), out)?;
    column("PeakVirtualSize", format_args!("{} Mb", megabytes(record.peak_virtual_size.get())), out)?;
    column("PageFaultCount", format_args!("{}", record.vm.page_fault_count.get()), out)?;
    let foreground = record.vm.flags.get() >> 24 != 0;
    column("MemoryPriority", format_args!("{}", if foreground { "FOREGROUND" } else { "BACKGROUND" }), out)?;
    column("BasePriority", format_args!("{}", record.pcb.base_priority.get()), out)?;
    column("CommitCharge", format_args!("{}", record.commit_charge.get()), out)
}

pub(super) fn column(name: &str, value: fmt::Arguments<'_>, out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "    {name:<33} {value}")
}

fn threads<M: Machine>(target: &Target<'_, M>, process: Link<Eprocess>, out: &mut dyn Write) -> fmt::Result {
    for link in threads_of(target, process) {
        out.write_str("        ")?;
        match target.checked(link) {
            Some(thread) => thread_line(link, thread, out)?,
            None => return writeln!(out, "THREAD {:08x} ????????", link.address()),
        }
    }
    end_of_list(target, process.offset(THREADS_OF), "threads", out)
}

/// Says where the list with `head` is broken, if it is.
pub(super) fn end_of_list<M: Machine>(
    target: &Target<'_, M>,
    head: Link<ListEntry>,
    what: &str,
    out: &mut dyn Write,
) -> fmt::Result {
    match target.list_is_whole(head) {
        Ok(()) => Ok(()),
        Err(last) => writeln!(out, "The list of {what} is broken behind {:08x}.", last.address()),
    }
}

/// Where a process has the head of its threads.
const THREADS_OF: u32 = offset_of!(Eprocess, thread_list_head) as u32;

/// The threads of `process`, as far as their list is whole.
pub(super) fn threads_of<'t, M: Machine>(
    target: &'t Target<'_, M>,
    process: Link<Eprocess>,
) -> impl Iterator<Item = Link<Ethread>> + 't {
    const LINKS: u32 = offset_of!(Ethread, thread_list_entry) as u32;
    target.list(process.offset(THREADS_OF)).map(|entry| Link::new(entry.address().wrapping_sub(LINKS)))
}

/// A thread in a line.
pub(super) fn thread_line(link: Link<Ethread>, thread: &Ethread, out: &mut dyn Write) -> fmt::Result {
    let (process, id) = (thread.cid.unique_process.get(), thread.cid.unique_thread.get());
    let teb = thread.tcb.teb.get();
    write!(out, "THREAD {:08x}  Cid {process:04x}.{id:04x}  Teb: {teb:08x} Win32Thread: 00000000 ", link.address())?;
    state(&thread.tcb, out)
}

/// The state of a thread, by NT's numbers of states and reasons to wait.
fn state(thread: &Kthread, out: &mut dyn Write) -> fmt::Result {
    const STATES: [&str; 7] = ["INITIALIZED", "READY", "RUNNING", "STANDBY", "TERMINATED", "WAIT", "TRANSITION"];
    const REASONS: [&str; 8] = [
        "Executive",
        "FreePage",
        "PageIn",
        "PoolAllocation",
        "DelayExecution",
        "Suspended",
        "UserRequest",
        "WrExecutive",
    ];
    let name = STATES.get(usize::from(thread.state.get())).copied().unwrap_or("????????");
    match name {
        "RUNNING" => writeln!(out, "RUNNING on processor 0"),
        "WAIT" => {
            let reason = REASONS.get(usize::from(thread.wait_reason.get())).copied().unwrap_or("Unknown");
            let mode = if thread.wait_mode.get() == 0 { "KernelMode" } else { "UserMode" };
            writeln!(out, "WAIT: ({reason}) {mode}")
        }
        name => writeln!(out, "{name}"),
    }
}

/// A length of time, in milliseconds.
pub(super) struct Time(pub(super) u64);

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, milliseconds) = (self.0 / 1000, self.0 % 1000);
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        write!(formatter, "{hours:02}:{minutes:02}:{:02}.{milliseconds:03}", seconds % 60)
    }
}
