//! `!thread`: one thread, what it waits for, and its calls where they can be known.

use core::fmt::{self, Write};
use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::dispatcher::{DispatcherHeader, KwaitBlock};
use abi::nt::process::Eprocess;
use abi::nt::thread::{Ethread, Kthread};
use mm::machine::Machine;

use super::process::{TICK, Time, column, thread_line, threads_of};
use super::usage::ImageName;
use super::{Arguments, Done, Problem};
use crate::target::Target;

/// The state of a thread that waits.
const WAITING: u8 = 5;
/// Objects of one wait after which its chain is taken for a cycle.
const MOST_OBJECTS: usize = 64;

/// `!thread [ADDRESS | ID]`; without one, the first of the process.
pub(super) fn thread<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let wanted = arguments.number()?;
    arguments.end()?;
    let found = match wanted {
        None => target.context().and_then(|_| threads_of(target, target.process).next()),
        Some(number) => find(target, number),
    };
    let link = found.ok_or(Problem::Say("there is no such thread"))?;
    let record = target.checked(link).ok_or(Problem::Say("there is no such thread"))?;
    thread_line(link, record, out)?;
    objects(target, link, record, out)?;
    Ok(details(target, record, out)?)
}

/// The thread of any process that `number` means: its address, or its number.
fn find<M: Machine>(target: &Target<'_, M>, number: u32) -> Option<Link<Ethread>> {
    let is_meant = |link: &Link<Ethread>| {
        let id = target.checked(*link).map(|thread| thread.cid.unique_thread.get());
        link.address() == number || id == Some(number)
    };
    target.processes().find_map(|(process, _)| threads_of(target, process).find(is_meant))
}

/// The objects that it waits for.
fn objects<M: Machine>(
    target: &Target<'_, M>,
    link: Link<Ethread>,
    thread: &Ethread,
    out: &mut dyn Write,
) -> fmt::Result {
    if thread.tcb.state.get() != WAITING {
        return Ok(());
    }
    let own_timer = link.offset::<DispatcherHeader>(offset_of!(Kthread, timer) as u32);
    let first = thread.tcb.wait_block_list.get();
    let mut next = first;
    for _ in 0..MOST_OBJECTS {
        let Some(block) = target.checked::<KwaitBlock>(next) else { break };
        let object = block.object.get();
        let name = if object == own_timer { "Thread timer" } else { kind_of(target, object) };
        writeln!(out, "    {:08x}  {name}", object.address())?;
        next = block.next_wait_block.get();
        if next == first {
            break;
        }
    }
    Ok(())
}

/// What can be waited for, by the numbers in its header.
fn kind_of<M: Machine>(target: &Target<'_, M>, object: Link<DispatcherHeader>) -> &'static str {
    match target.checked(object).map(|header| header.kind.get()) {
        Some(0) => "NotificationEvent",
        Some(1) => "SynchronizationEvent",
        Some(2) => "Mutant",
        Some(3) => "ProcessObject",
        Some(4) => "QueueObject",
        Some(5) => "Semaphore",
        Some(6) => "Thread",
        Some(8) => "NotificationTimer",
        Some(9) => "SynchronizationTimer",
        _ => "????????",
    }
}

fn details<M: Machine>(target: &Target<'_, M>, thread: &Ethread, out: &mut dyn Write) -> fmt::Result {
    let owner: Link<Eprocess> = thread.threads_process.get();
    write!(out, "    Owning Process            {:08x}       Image:         ", owner.address())?;
    match target.checked(owner) {
        Some(process) => writeln!(out, "{}", ImageName(process))?,
        None => writeln!(out, "????????")?,
    }
    let own = &thread.tcb;
    column("Wait Start TickCount", format_args!("{}", own.wait_time.get()), out)?;
    column("Context Switch Count", format_args!("{}", own.context_switches.get()), out)?;
    column("UserTime", format_args!("{}", Time(u64::from(own.user_time.get()) * TICK)), out)?;
    column("KernelTime", format_args!("{}", Time(u64::from(own.kernel_time.get()) * TICK)), out)?;
    writeln!(out, "    Win32 Start Address {:#010x}", thread.win32_start_address.get())?;
    writeln!(out, "    Start Address {:#010x}", thread.start_address.get())?;
    let [initial, current, base, limit] =
        [&own.initial_stack, &own.kernel_stack, &own.stack_base, &own.stack_limit].map(|word| word.get());
    writeln!(out, "    Stack Init {initial:08x} Current {current:08x} Base {base:08x} Limit {limit:08x} Call 0")?;
    let [priority, base, decrement, count] =
        [&own.priority, &own.base_priority, &own.priority_decrement, &own.decrement_count].map(|byte| byte.get());
    writeln!(out, "    Priority {priority} BasePriority {base} PriorityDecrement {decrement} DecrementCount {count}")
}
