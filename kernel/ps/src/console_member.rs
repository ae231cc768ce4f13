//! Who has the console: all programs, but for those that gave it up.
//!
//! There is one console. Who gives it up (FreeConsole) can no longer use what he has opened of it, is told of no event, and may have it back
//! (AllocConsole, AttachConsole). A child has it if its parent has.
//!
//! Source: Microsoft's documentation of the three functions and of GetConsoleProcessList.

use alloc::vec::Vec;

use abi::cell::Link;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;

use crate::buffer::room;
use crate::executive::Executive;
use crate::platform::Platform;

/// What the console knows of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub id: u32,
    /// The process that leads its group.
    pub group: u32,
    /// Whether Ctrl-C passes it over.
    pub ignores: bool,
    /// Where the thread begins that calls its handlers, or 0.
    pub routine: u32,
    /// Whether it has the console: it has not after FreeConsole.
    pub is_attached: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Members(Vec<Member>);

impl Members {
    pub(crate) fn get(&mut self, id: u32) -> Option<&mut Member> {
        self.0.iter_mut().find(|member| member.id == id)
    }

    /// Process `id` begins, as a child of `parent`.
    fn join(&mut self, id: u32, parent: u32) -> Result<(), NtStatus> {
        self.0.try_reserve(1).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        let first = Member { id, group: id, ignores: false, routine: 0, is_attached: true };
        let member = self.get(parent).map_or(first, |parent| Member { id, routine: 0, ..*parent });
        self.0.push(member);
        Ok(())
    }

    /// Process `id` is no more.
    fn leave(&mut self, id: u32) {
        self.0.retain(|member| member.id != id);
    }
}

impl<P: Platform> Executive<P> {
    pub(crate) fn id_of(&self, process: Link<Eprocess>) -> u32 {
        self.machine_record(process).unique_process_id.get()
    }

    /// `process` has been made, as a child of `parent`: events may go to it.
    #[doc(alias = "CsrCreateProcess")]
    pub(crate) fn join_console(&self, process: Link<Eprocess>, parent: Link<Eprocess>) -> Result<(), NtStatus> {
        let (id, parent) = (self.id_of(process), self.id_of(parent));
        self.with_console_members(|members| members.join(id, parent))
    }

    /// Nobody can be told by the number `id` any more.
    pub(crate) fn forget_console_member(&self, id: u32) {
        self.with_console_members(|members| members.leave(id));
    }

    pub(crate) fn change_own_member(&self, change: impl FnOnce(&mut Member)) {
        let id = self.id_of(self.current_process());
        self.with_console_members(|members| members.get(id).map(change));
    }

    /// Whether the current process has the console. The kernel's own has.
    pub(crate) fn has_console(&self) -> bool {
        let id = self.id_of(self.current_process());
        self.with_console_members(|members| members.get(id).is_none_or(|member| member.is_attached))
    }

    /// # Errors
    /// INVALID_HANDLE where the current process has given the console up.
    pub(crate) fn need_console(&self) -> Result<(), NtStatus> {
        if self.has_console() { Ok(()) } else { Err(NtStatus::INVALID_HANDLE) }
    }

    /// Process `id`, a child of the current one, has no console, or the current one gives it up for 0.
    ///
    /// # Errors
    /// INVALID_CID where there is no such process, ACCESS_DENIED where it is another's child.
    #[doc(alias = "FreeConsole")]
    pub(crate) fn detach_console(&self, id: u32) -> Result<(), NtStatus> {
        if id == 0 {
            self.change_own_member(|member| member.is_attached = false);
            return Ok(());
        }
        self.own_child(id)?;
        self.with_console_members(|members| members.get(id).map(|member| member.is_attached = false));
        Ok(())
    }

    /// # Errors
    /// INVALID_CID where there is no process `id`, ACCESS_DENIED where it is no child of the current one.
    pub(crate) fn own_child(&self, id: u32) -> Result<(), NtStatus> {
        let process = self.process_by_id(id).ok_or(NtStatus::INVALID_CID)?;
        let parent = self.machine_record(process).inherited_from_unique_process_id.get();
        if parent == self.id_of(self.current_process()) { Ok(()) } else { Err(NtStatus::ACCESS_DENIED) }
    }

    /// It has the console again, as process `id` has, or anew for 0.
    ///
    /// # Errors
    /// ACCESS_DENIED where it has one, INVALID_PARAMETER where there is no such process, INVALID_HANDLE where that has none.
    #[doc(alias = "AttachConsole")]
    #[doc(alias = "AllocConsole")]
    pub(crate) fn attach_console(&self, id: u32) -> Result<(), NtStatus> {
        if self.has_console() {
            return Err(NtStatus::ACCESS_DENIED);
        }
        if id != 0 {
            let other = self.with_console_members(|members| members.get(id).copied());
            if !other.ok_or(NtStatus::INVALID_PARAMETER)?.is_attached {
                return Err(NtStatus::INVALID_HANDLE);
            }
        }
        self.change_own_member(|member| member.is_attached = true);
        Ok(())
    }

    /// The numbers of the processes that share the current one's console, the latest first.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES.
    #[doc(alias = "GetConsoleProcessList")]
    pub(crate) fn console_processes(&self) -> Result<Vec<u32>, NtStatus> {
        let root = self.console_root();
        let mut ids = room(self.processes().count())?;
        for process in self.processes() {
            let id = self.id_of(process);
            let has = self.with_console_members(|members| members.get(id).is_some_and(|member| member.is_attached));
            if has && self.is_alive(process) && self.descends_from(id, root) {
                ids.push(id);
            }
        }
        ids.sort_unstable_by(|one, other| other.cmp(one));
        Ok(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_of_its_parents_group_and_minds_what_it_minds() {
        let mut members = Members::default();
        members.join(24, 4).unwrap();
        assert_eq!(
            members.get(24),
            Some(&mut Member { id: 24, group: 24, ignores: false, routine: 0, is_attached: true })
        );
        members.get(24).unwrap().routine = 0x40_1000;
        members.join(28, 24).unwrap();
        assert_eq!(
            members.get(28),
            Some(&mut Member { id: 28, group: 24, ignores: false, routine: 0, is_attached: true })
        );
        *members.get(28).unwrap() = Member { id: 28, group: 28, ignores: true, routine: 0, is_attached: true };
        members.join(32, 28).unwrap();
        assert_eq!(
            members.get(32),
            Some(&mut Member { id: 32, group: 28, ignores: true, routine: 0, is_attached: true })
        );
        members.leave(28);
        assert_eq!(members.get(28), None);
        members.join(28, 999).unwrap();
        assert_eq!(members.get(28).unwrap().group, 28, "somebody else by the same number");
    }
}
