//! Ctrl-C and Ctrl-Break: which processes they go to, and how one that has handlers is told, by a thread of its own.
//!
//! An event goes to the processes that share a console, or to those among them that are of one group. A process is of its parent's
//! group, and passed over by Ctrl-C if that is, unless it was started to lead a group: then it is passed over until it asks for
//! Ctrl-C. What the runner starts leads a group, too. Here there is one console; those that share it are the foreground, and for
//! a program elsewhere what its oldest ancestor has started.
//!
//! On XP csrss keeps the groups, and makes a thread in every process of the console, at a routine of kernel32's that was named
//! when the process connected. Here kernel32 names it to the console device when the program has its first handler; a process
//! that has none ends as kernel32's own handler would end it.
//!
//! Source: Microsoft's documentation of GenerateConsoleCtrlEvent, SetConsoleCtrlHandler and CREATE_NEW_PROCESS_GROUP.

use abi::cell::Link;
use abi::nt::context::{CONTEXT_FULL, PlainContext};
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::layout::PAGE_SIZE;

use crate::console_member::Member;
use crate::executive::Executive;
use crate::platform::Platform;
use crate::process::SYSTEM_ID;
use crate::user_thread::UserStack;

/// Stack of the thread that calls the handlers: reserved and committed bytes.
const RESERVED: u32 = 0x4_0000;
const COMMITTED: u32 = 2 * PAGE_SIZE;
/// `CTRL_C_EVENT` and `CTRL_BREAK_EVENT`.
pub(crate) const CONTROL_C: u32 = 0;
const CONTROL_BREAK: u32 = 1;
/// Generations of processes that are followed up from one to its ancestors.
const GENERATIONS: usize = 64;

impl<P: Platform> Executive<P> {
    /// Where a thread of the current process begins on an event; 0 for nowhere.
    pub(crate) fn set_control_routine(&self, routine: u32) {
        self.change_own_member(|member| member.routine = routine);
    }

    /// Whether Ctrl-C passes the current process over.
    pub(crate) fn ignore_control_c(&self, ignore: bool) {
        self.change_own_member(|member| member.ignores = ignore);
    }

    /// Process `id`, a child of the current one, leads a group, which Ctrl-C passes over.
    ///
    /// # Errors
    /// INVALID_CID where there is no such process, ACCESS_DENIED where it is another's child.
    pub(crate) fn lead_group(&self, id: u32) -> Result<(), NtStatus> {
        self.own_child(id)?;
        self.with_console_members(|members| {
            members.get(id).map(|member| (member.group, member.ignores) = (id, true)).ok_or(NtStatus::INVALID_CID)
        })
    }

    /// Sends `event` to those who share the current process's console, or to those among them whose group is `group`.
    ///
    /// # Errors
    /// INVALID_PARAMETER for another event, and where there is no such group.
    #[doc(alias = "SrvGenerateConsoleCtrlEvent")]
    pub(crate) fn generate_control_event(&self, event: u32, group: u32) -> Result<(), NtStatus> {
        if !matches!(event, CONTROL_C | CONTROL_BREAK) {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let root = self.console_root();
        let told = self.signal_below(root, event, (group != 0).then_some(group));
        if told > 0 { Ok(()) } else { Err(NtStatus::INVALID_PARAMETER) }
    }

    /// Tells process `root` and its descendants, or those of them whose group is `group`, of `event`; how many there are, those
    /// that Ctrl-C passes over among them.
    pub(crate) fn signal_below(&self, root: u32, event: u32, group: Option<u32>) -> usize {
        let (mut told, mut id) = (0, 0);
        // One after the other by number, for a thread that is made in one of them may wait, and meanwhile others end.
        let after =
            |id: u32| self.processes().filter(move |next| self.id_of(*next) > id).min_by_key(|next| self.id_of(*next));
        while let Some(process) = after(id) {
            id = self.id_of(process);
            let member = self.with_console_members(|members| members.get(id).copied());
            let is_meant = |member: &Member| member.is_attached && group.is_none_or(|group| member.group == group);
            let Some(member) = member.filter(|member| self.is_alive(process) && is_meant(member)) else { continue };
            if !self.descends_from(id, root) {
                continue;
            }
            told += 1;
            match member.routine {
                _ if event == CONTROL_C && member.ignores => {}
                0 => self.condemn_process(process, NtStatus::CONTROL_C_EXIT),
                routine => self.send_control_event(process, routine, event),
            }
        }
        told
    }

    /// The number of the parent of process `id`, while there is one that is not the system.
    fn parent_of(&self, id: u32) -> Option<u32> {
        let process = self.process_by_id(id)?;
        let parent = self.machine_record(process).inherited_from_unique_process_id.get();
        (parent > SYSTEM_ID && self.process_by_id(parent).is_some()).then_some(parent)
    }

    /// Process `id`, its parent and so on.
    fn ancestors(&self, id: u32) -> impl Iterator<Item = u32> {
        core::iter::successors(Some(id), |id| self.parent_of(*id)).take(GENERATIONS)
    }

    /// Whether process `id` is `ancestor` or was started by it, or by one that was.
    pub(crate) fn descends_from(&self, id: u32, ancestor: u32) -> bool {
        ancestor > SYSTEM_ID && self.ancestors(id).any(|other| other == ancestor)
    }

    /// The process that is the oldest of those who share the current one's console.
    pub(crate) fn console_root(&self) -> u32 {
        let (own, foreground) = (self.id_of(self.current_process()), self.foreground());
        if self.descends_from(own, foreground) { foreground } else { self.oldest_ancestor(own) }
    }

    fn oldest_ancestor(&self, id: u32) -> u32 {
        self.ancestors(id).last().unwrap_or(id)
    }

    /// Tells `process` of a control event: a thread begins at `routine`, with the event in EBX. Where there is no room for
    /// it, the process ends.
    #[doc(alias = "CsrCreateRemoteThread")]
    fn send_control_event(&self, process: Link<Eprocess>, routine: u32, event: u32) {
        if self.begin_control_thread(process, routine, event).is_err() {
            self.condemn_process(process, NtStatus::CONTROL_C_EXIT);
        }
    }

    fn begin_control_thread(&self, process: Link<Eprocess>, routine: u32, event: u32) -> Result<(), NtStatus> {
        let (allocation, limit, base) = self.allocate_user_stack(process, RESERVED, COMMITTED)?;
        let context = PlainContext {
            flags: CONTEXT_FULL,
            ebx: event,
            eax: routine,
            eip: routine,
            esp: base - 4,
            seg_ds: 0x23,
            seg_es: 0x23,
            seg_fs: 0x3B,
            ..PlainContext::ZERO
        };
        match self.make_user_thread(process, (&context, None), &UserStack { base, limit, allocation }) {
            Ok(thread) => {
                self.dispatcher.ready(thread.cast());
                Ok(())
            }
            Err(status) => {
                self.release_allocation(process, allocation);
                Err(status)
            }
        }
    }
}
