//! The types of objects, and what is particular to each.
//!
//! Source: XP's types of these names; their pool tags (the last letter has bit 7 set, NT's mark of a protected block) and
//! generic mappings.

use abi::access::*;
use abi::cell::Record;
use abi::nt::device::DeviceObject;
use abi::nt::dispatcher::{Kevent, Kmutant, Kqueue, Ksemaphore};
use abi::nt::file::FileObject;
use abi::nt::job::Ejob;
use abi::nt::name_space::{ObjectDirectory, ObjectSymbolicLink};
use abi::nt::object::ObjectType;
use abi::nt::process::Eprocess;
use abi::nt::section::SectionObject;
use abi::nt::thread::Ethread;
use abi::nt::timer::Etimer;
use abi::nt::token::Token;
use mm::pool::Tag;

/// A type of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Types themselves.
    Type,
    /// Processes.
    Process,
    /// Threads.
    Thread,
    /// Open files.
    File,
    /// Sections.
    Section,
    /// Events.
    Event,
    /// Semaphores.
    Semaphore,
    /// Mutants.
    Mutant,
    /// Directories of the name space.
    Directory,
    /// Symbolic links of the name space.
    SymbolicLink,
    /// Timers.
    Timer,
    /// Tokens.
    Token,
    /// Devices.
    Device,
    /// Jobs.
    Job,
    /// Completion ports.
    IoCompletion,
}

/// What distinguishes a type.
pub(crate) struct Definition {
    pub kind: Kind,
    pub name: &'static str,
    pub tag: Tag,
    /// Bytes of a body.
    pub body: u32,
    /// What GENERIC_READ, _WRITE, _EXECUTE and _ALL mean.
    pub generic: [u32; 4],
}

/// The body of an object of one type.
pub trait Object: Record {
    /// The type.
    const KIND: Kind;
}
impl Object for ObjectType {
    const KIND: Kind = Kind::Type;
}
impl Object for Eprocess {
    const KIND: Kind = Kind::Process;
}
impl Object for Ethread {
    const KIND: Kind = Kind::Thread;
}
impl Object for FileObject {
    const KIND: Kind = Kind::File;
}
impl Object for SectionObject {
    const KIND: Kind = Kind::Section;
}
impl Object for Kevent {
    const KIND: Kind = Kind::Event;
}
impl Object for Ksemaphore {
    const KIND: Kind = Kind::Semaphore;
}
impl Object for Kqueue {
    const KIND: Kind = Kind::IoCompletion;
}
impl Object for Kmutant {
    const KIND: Kind = Kind::Mutant;
}
impl Object for ObjectDirectory {
    const KIND: Kind = Kind::Directory;
}
impl Object for ObjectSymbolicLink {
    const KIND: Kind = Kind::SymbolicLink;
}
impl Object for Etimer {
    const KIND: Kind = Kind::Timer;
}
impl Object for Token {
    const KIND: Kind = Kind::Token;
}
impl Object for Ejob {
    const KIND: Kind = Kind::Job;
}
impl Object for DeviceObject {
    const KIND: Kind = Kind::Device;
}

/// How many types there are.
pub(crate) const KINDS: usize = 15;

/// By the number of the kind.
pub(crate) const DEFINITIONS: [Definition; KINDS] = [
    Definition {
        kind: Kind::Type,
        name: "Type",
        tag: Tag(*b"Obj\xD4"),
        body: size_of::<ObjectType>() as u32,
        generic: [READ_CONTROL, READ_CONTROL, READ_CONTROL, STANDARD_RIGHTS_REQUIRED | 1],
    },
    Definition {
        kind: Kind::Process,
        name: "Process",
        tag: Tag(*b"Pro\xE3"),
        body: size_of::<Eprocess>() as u32,
        generic: [
            READ_CONTROL | PROCESS_VM_READ | PROCESS_QUERY_INFORMATION,
            READ_CONTROL
                | PROCESS_CREATE_PROCESS
                | PROCESS_CREATE_THREAD
                | PROCESS_VM_OPERATION
                | PROCESS_VM_WRITE
                | PROCESS_DUP_HANDLE
                | PROCESS_TERMINATE
                | PROCESS_SET_QUOTA
                | PROCESS_SET_INFORMATION
                | PROCESS_SUSPEND_RESUME,
            READ_CONTROL | SYNCHRONIZE,
            PROCESS_ALL_ACCESS,
        ],
    },
    Definition {
        kind: Kind::Thread,
        name: "Thread",
        tag: Tag(*b"Thr\xE5"),
        body: size_of::<Ethread>() as u32,
        generic: [
            READ_CONTROL | THREAD_GET_CONTEXT | THREAD_QUERY_INFORMATION,
            READ_CONTROL | THREAD_TERMINATE | THREAD_SUSPEND_RESUME | THREAD_SET_INFORMATION | THREAD_SET_CONTEXT,
            READ_CONTROL | SYNCHRONIZE,
            THREAD_ALL_ACCESS,
        ],
    },
    Definition {
        kind: Kind::File,
        name: "File",
        tag: Tag(*b"Fil\xE5"),
        body: size_of::<FileObject>() as u32,
        generic: [FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS],
    },
    Definition {
        kind: Kind::Section,
        name: "Section",
        tag: Tag(*b"Sec\xF4"),
        body: size_of::<SectionObject>() as u32,
        generic: [
            READ_CONTROL | SECTION_QUERY | SECTION_MAP_READ,
            READ_CONTROL | SECTION_MAP_WRITE,
            READ_CONTROL | SECTION_MAP_EXECUTE,
            SECTION_ALL_ACCESS,
        ],
    },
    Definition {
        kind: Kind::Event,
        name: "Event",
        tag: Tag(*b"Eve\xEE"),
        body: size_of::<Kevent>() as u32,
        generic: [
            READ_CONTROL | EVENT_QUERY_STATE,
            READ_CONTROL | EVENT_MODIFY_STATE,
            READ_CONTROL | SYNCHRONIZE,
            EVENT_ALL_ACCESS,
        ],
    },
    Definition {
        kind: Kind::Semaphore,
        name: "Semaphore",
        tag: Tag(*b"Sem\xE1"),
        body: size_of::<Ksemaphore>() as u32,
        generic: [
            READ_CONTROL | SEMAPHORE_QUERY_STATE,
            READ_CONTROL | SEMAPHORE_MODIFY_STATE,
            READ_CONTROL | SYNCHRONIZE,
            SEMAPHORE_ALL_ACCESS,
        ],
    },
    Definition {
        kind: Kind::Mutant,
        name: "Mutant",
        tag: Tag(*b"Mut\xE1"),
        body: size_of::<Kmutant>() as u32,
        generic: [READ_CONTROL | MUTANT_QUERY_STATE, READ_CONTROL, READ_CONTROL | SYNCHRONIZE, MUTANT_ALL_ACCESS],
    },
    Definition {
        kind: Kind::Directory,
        name: "Directory",
        tag: Tag(*b"Dir\xE5"),
        body: size_of::<ObjectDirectory>() as u32,
        generic: [
            READ_CONTROL | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
            READ_CONTROL | DIRECTORY_CREATE_OBJECT | DIRECTORY_CREATE_SUBDIRECTORY,
            READ_CONTROL | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
            DIRECTORY_ALL_ACCESS,
        ],
    },
    Definition {
        kind: Kind::SymbolicLink,
        name: "SymbolicLink",
        tag: Tag(*b"Sym\xE2"),
        body: size_of::<ObjectSymbolicLink>() as u32,
        generic: [
            READ_CONTROL | SYMBOLIC_LINK_QUERY,
            READ_CONTROL,
            READ_CONTROL | SYMBOLIC_LINK_QUERY,
            SYMBOLIC_LINK_ALL_ACCESS,
        ],
    },
    Definition {
        kind: Kind::Timer,
        name: "Timer",
        tag: Tag(*b"Tim\xE5"),
        body: size_of::<Etimer>() as u32,
        generic: [
            READ_CONTROL | TIMER_QUERY_STATE,
            READ_CONTROL | TIMER_MODIFY_STATE,
            READ_CONTROL | SYNCHRONIZE,
            TIMER_ALL_ACCESS,
        ],
    },
    Definition {
        kind: Kind::Token,
        name: "Token",
        tag: Tag(*b"Tok\xE5"),
        body: size_of::<Token>() as u32,
        generic: [
            READ_CONTROL | TOKEN_QUERY,
            READ_CONTROL | TOKEN_ADJUST_PRIVILEGES | TOKEN_ADJUST_GROUPS | TOKEN_ADJUST_DEFAULT,
            READ_CONTROL,
            TOKEN_ALL_ACCESS,
        ],
    },
    Definition {
        kind: Kind::Device,
        name: "Device",
        tag: Tag(*b"Dev\xE9"),
        body: size_of::<DeviceObject>() as u32,
        generic: [FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS],
    },
    Definition {
        kind: Kind::Job,
        name: "Job",
        tag: Tag(*b"Job\xA0"),
        body: size_of::<Ejob>() as u32,
        generic: [
            READ_CONTROL | JOB_OBJECT_QUERY,
            READ_CONTROL | JOB_OBJECT_ASSIGN_PROCESS | JOB_OBJECT_SET_ATTRIBUTES | JOB_OBJECT_TERMINATE,
            READ_CONTROL | SYNCHRONIZE,
            JOB_OBJECT_ALL_ACCESS,
        ],
    },
    Definition {
        kind: Kind::IoCompletion,
        name: "IoCompletion",
        tag: Tag(*b"IoC\xEF"),
        body: size_of::<Kqueue>() as u32,
        generic: [
            READ_CONTROL | IO_COMPLETION_QUERY_STATE,
            READ_CONTROL | IO_COMPLETION_MODIFY_STATE,
            READ_CONTROL | SYNCHRONIZE,
            IO_COMPLETION_ALL_ACCESS,
        ],
    },
];

impl Kind {
    pub(crate) fn definition(self) -> &'static Definition {
        &DEFINITIONS[self as usize]
    }

    /// NT's name of the type.
    pub fn name(self) -> &'static str {
        self.definition().name
    }

    /// `desired` with the generic rights, and "as much as possible", replaced by what they mean for this type. There is
    /// one user, who may do everything.
    #[doc(alias = "RtlMapGenericMask")]
    pub fn rights(self, desired: u32) -> u32 {
        let [read, write, execute, all] = self.definition().generic;
        let meanings = [
            (GENERIC_READ, read),
            (GENERIC_WRITE, write),
            (GENERIC_EXECUTE, execute),
            (GENERIC_ALL, all),
            (MAXIMUM_ALLOWED, all),
        ];
        let named: u32 = meanings.iter().filter(|(bit, _)| desired & bit != 0).fold(0, |sum, (_, rights)| sum | rights);
        let generic: u32 = meanings.iter().fold(0, |sum, (bit, _)| sum | bit);
        desired & !generic | named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_stand_at_the_number_of_their_kind() {
        for (number, definition) in DEFINITIONS.iter().enumerate() {
            assert_eq!(definition.kind as usize, number);
        }
    }

    #[test]
    fn generic_rights_become_the_types_own() {
        assert_eq!(Kind::File.rights(GENERIC_READ), FILE_GENERIC_READ);
        assert_eq!(Kind::File.rights(GENERIC_READ | DELETE), FILE_GENERIC_READ | DELETE);
        assert_eq!(Kind::Process.rights(MAXIMUM_ALLOWED), PROCESS_ALL_ACCESS);
        assert_eq!(Kind::Section.rights(SECTION_MAP_READ), SECTION_MAP_READ);
    }
}
