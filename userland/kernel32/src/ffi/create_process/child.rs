//! The process that runs an image: made, told what it is to know, and given a stack and its first thread.

use core::arch::naked_asm;

use alloc::vec::Vec;

use abi::process_parameters::ProcessParameters;
use user_support::memory::Memory;
use user_support::path;
use user_support::status::Status;

use super::image::Image;
use super::{Startup, flag};
use crate::ffi::control_handler::{detach, lead_group};
use crate::ffi::directory::{system_directory, windows_directory};
use crate::ffi::exception::call_under_last_resort;
use crate::ffi::last_error::Bool;
use crate::ffi::nt::{
    CURRENT_PROCESS, NtAllocateVirtualMemory, NtClose, NtCreateProcessEx, NtCreateThread, NtDuplicateObject,
    NtProtectVirtualMemory, NtQueryInformationProcess, NtResumeThread, NtSetInformationProcess, NtTerminateProcess,
    NtWriteVirtualMemory,
};
use crate::ffi::process::ExitProcess;
use crate::ffi::process_information::class_of_flags;
use crate::ffi::startup::{memory, standard_handle};

const PROCESS_ACCESS: u32 = 0x001F_0FFF;
const THREAD_ACCESS: u32 = 0x001F_03FF;
/// `PROCESS_CREATE_FLAGS_INHERIT_HANDLES`.
const INHERIT_HANDLES: u32 = 4;
/// `PROCESS_CREATE_FLAGS_BREAKAWAY`.
const BREAKAWAY: u32 = 1;
/// `OBJ_INHERIT`.
const INHERITABLE: u32 = 2;
const MEM_COMMIT: u32 = 0x1000;
const MEM_RESERVE: u32 = 0x2000;
const PAGE_READWRITE: u32 = 0x04;
const PAGE_GUARD: u32 = 0x100;
const PAGE: u32 = 0x1000;
const GRANULARITY: u32 = 0x1_0000;
/// Stack of an image that does not say, in bytes; and the least there is.
const DEFAULT_STACK: u32 = 0x10_0000;
const SMALLEST_STACK: u32 = 0x4_0000;
/// `STARTF_USESTDHANDLES`.
const USES_HANDLES: u32 = 0x100;
/// Offset of the parameters' address in the PEB.
const PEB_PARAMETERS: u32 = 0x10;
const PRIORITY_CLASS: u32 = 18;
const DUPLICATE_SAME_ACCESS: u32 = 2;

/// What the child is started with.
pub(super) struct Start<'a> {
    pub command_line: &'a [u16],
    pub directory: &'a [u16],
    pub environment: &'a [u16],
    pub startup: &'a Startup,
    pub inherit: bool,
    /// Whether the child gets the standard streams of its parent.
    pub hands_streams_down: bool,
    pub flags: u32,
    pub attributes: [u32; 2],
}

/// A process with its first thread.
pub(super) struct Child {
    process: u32,
    thread: u32,
    /// Numbers of process and thread.
    client: [u32; 2],
}

impl Child {
    /// The process that runs `image`.
    pub(super) fn create(image: &Image, start: &Start<'_>) -> Result<Self, Status> {
        let process = create_process(image, start)?;
        let mut child = Self { process, thread: 0, client: [0; 2] };
        match child.complete(image, start) {
            Ok(()) => Ok(child),
            Err(status) => {
                // SAFETY: nobody knows of the process but this function.
                unsafe { NtTerminateProcess(process, status.0) };
                child.close();
                Err(status)
            }
        }
    }

    fn complete(&mut self, image: &Image, start: &Start<'_>) -> Result<(), Status> {
        if let Some(class) = class_of_flags(start.flags) {
            let word = [0, class];
            // SAFETY: the service reads two bytes.
            checked(unsafe { NtSetInformationProcess(self.process, PRIORITY_CLASS, word.as_ptr(), 2) })?;
        }
        let peb = self.peb()?;
        let handles = self.standard_handles(start)?;
        self.write_parameters(peb, image, start, handles)?;
        let stack = self.create_stack(image.stack())?;
        self.create_thread(stack, peb, image.entry(), start)?;
        if start.flags & flag::NEW_GROUP != 0 {
            lead_group(self.client[0]);
        }
        if start.flags & flag::DETACHED != 0 {
            detach(self.client[0]);
        }
        if start.flags & flag::SUSPENDED == 0 {
            // SAFETY: the thread was made here and has what it needs.
            checked(unsafe { NtResumeThread(self.thread, core::ptr::null_mut()) })?;
        }
        Ok(())
    }

    fn peb(&self) -> Result<u32, Status> {
        let (mut basic, none) = ([0u32; 6], core::ptr::null_mut());
        // SAFETY: the service writes six words.
        checked(unsafe { NtQueryInformationProcess(self.process, 0, basic.as_mut_ptr().cast(), 24, none) })?;
        Ok(basic[1])
    }

    /// The child's standard handles: those that were named, the parent's under their own numbers where handles are inherited,
    /// or copies of the parent's.
    fn standard_handles(&self, start: &Start<'_>) -> Result<[u32; 3], Status> {
        if start.startup.window_flags & USES_HANDLES != 0 {
            return Ok(start.startup.standard_handles);
        }
        let own = [0, 1, 2].map(standard_handle);
        if start.hands_streams_down {
            return Ok(own.map(|handle| self.copy_of(handle).unwrap_or(0)));
        }
        Ok(if start.inherit { own } else { [0; 3] })
    }

    fn copy_of(&self, handle: u32) -> Option<u32> {
        let mut copy = 0;
        // SAFETY: the service writes a word; a handle that leads nowhere is refused.
        let status = unsafe {
            NtDuplicateObject(CURRENT_PROCESS, handle, self.process, &mut copy, 0, INHERITABLE, DUPLICATE_SAME_ACCESS)
        };
        Status(status).ok().ok().map(|()| copy)
    }

    fn write_parameters(&self, peb: u32, image: &Image, start: &Start<'_>, handles: [u32; 3]) -> Result<(), Status> {
        let separator = u16::from(b';');
        let folder = path::folder(&image.path).to_vec();
        let dll_path: Vec<u16> = [folder, system_directory(), windows_directory()].join(&separator);
        let startup = start.startup;
        let parameters = ProcessParameters {
            image: &image.path,
            command_line: start.command_line,
            directory: start.directory,
            dll_path: &dll_path,
            environment: start.environment,
            standard_handles: handles,
            window: startup.window,
            window_flags: startup.window_flags,
            show_window: startup.show_window,
            title: startup.title.as_deref().unwrap_or(&image.path),
            desktop: &startup.desktop,
            runtime_data: &startup.runtime_data,
        };
        let mut block = parameters.block();
        let base = self.allocate(0, block.bytes.len() as u32, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)?;
        let structure = block.place_at(base);
        self.write(base, &block.bytes)?;
        self.write(peb + PEB_PARAMETERS, &structure.to_le_bytes())
    }

    /// Reserves a stack of at least `reserve` bytes and commits the upper `commit` of them, over a guard page: the words of
    /// INITIAL_TEB.
    fn create_stack(&self, (reserve, commit): (u32, u32)) -> Result<[u32; 5], Status> {
        let reserve = if reserve == 0 { DEFAULT_STACK } else { reserve.min(0x4000_0000) };
        let reserve = reserve.max(SMALLEST_STACK).next_multiple_of(GRANULARITY);
        let commit = commit.min(reserve - 3 * PAGE).max(1).next_multiple_of(PAGE);
        let low = self.allocate(0, reserve, MEM_RESERVE, PAGE_READWRITE)?;
        let (top, limit) = (low + reserve, low + reserve - commit);
        self.allocate(limit - PAGE, commit + PAGE, MEM_COMMIT, PAGE_READWRITE)?;
        let (mut base, mut size, mut old) = (limit - PAGE, PAGE, 0);
        // SAFETY: the service changes a page of the child, which does not run yet.
        checked(unsafe {
            NtProtectVirtualMemory(self.process, &mut base, &mut size, PAGE_READWRITE | PAGE_GUARD, &mut old)
        })?;
        Ok([0, 0, top, limit, low])
    }

    fn create_thread(&mut self, stack: [u32; 5], peb: u32, entry: u32, start: &Start<'_>) -> Result<(), Status> {
        let context = first_context(stack[2], peb, entry);
        let attributes = ObjectAttributes::of(start.attributes[1]);
        let (mut thread, suspended) = (0, 1);
        // SAFETY: context, stack and attributes live until the service returns; it writes the handle and the two numbers.
        checked(unsafe {
            NtCreateThread(
                &mut thread,
                THREAD_ACCESS,
                attributes.pointer(),
                self.process,
                self.client.as_mut_ptr(),
                context.as_ptr().cast(),
                stack.as_ptr(),
                suspended,
            )
        })?;
        self.thread = thread;
        Ok(())
    }

    fn allocate(&self, base: u32, size: u32, kind: u32, protection: u32) -> Result<u32, Status> {
        let (mut base, mut size) = (base, size);
        // SAFETY: the service writes the two words; the memory is the child's.
        checked(unsafe { NtAllocateVirtualMemory(self.process, &mut base, 0, &mut size, kind, protection) })?;
        Ok(base)
    }

    fn write(&self, address: u32, bytes: &[u8]) -> Result<(), Status> {
        let (count, none) = (bytes.len() as u32, core::ptr::null_mut());
        // SAFETY: the service reads the bytes; the memory it writes is the child's, which does not run yet.
        checked(unsafe { NtWriteVirtualMemory(self.process, address, bytes.as_ptr(), count, none) })
    }

    /// The words of `PROCESS_INFORMATION`.
    pub(super) fn information(&self) -> [u32; 4] {
        [self.process, self.thread, self.client[0], self.client[1]]
    }

    /// Gives the handles up.
    pub(super) fn close(&self) {
        for handle in [self.thread, self.process] {
            if handle != 0 {
                // SAFETY: the handle was made here and is not used any more.
                unsafe { NtClose(handle) };
            }
        }
    }
}

fn checked(status: u32) -> Result<(), Status> {
    Status(status).ok()
}

fn create_process(image: &Image, start: &Start<'_>) -> Result<u32, Status> {
    let attributes = ObjectAttributes::of(start.attributes[0]);
    let inherit = if start.inherit { INHERIT_HANDLES } else { 0 };
    let flags = if start.flags & flag::BREAKAWAY == 0 { inherit } else { inherit | BREAKAWAY };
    let mut process = 0;
    // SAFETY: the attributes live until the service returns, which writes the handle.
    checked(unsafe {
        NtCreateProcessEx(
            &mut process,
            PROCESS_ACCESS,
            attributes.pointer(),
            CURRENT_PROCESS,
            flags,
            image.section,
            0,
            0,
            0,
        )
    })?;
    Ok(process)
}

/// `OBJECT_ATTRIBUTES` for a handle, where its `SECURITY_ATTRIBUTES` ask for one that is inherited.
struct ObjectAttributes([u32; 6], bool);

impl ObjectAttributes {
    fn of(security: u32) -> Self {
        // The third word of SECURITY_ATTRIBUTES says whether.
        let inherited: Bool = if security == 0 { 0 } else { memory().read_u32(security + 8) };
        Self([0x18, 0, 0, INHERITABLE, 0, 0], inherited != 0)
    }

    fn pointer(&self) -> *const u32 {
        if self.1 { self.0.as_ptr() } else { core::ptr::null() }
    }
}

/// Words of `CONTEXT`.
const CONTEXT_WORDS: usize = 0x2CC / 4;

/// The registers that the first thread begins with once the loader is done: XP's, with the entry point in EAX and the PEB in
/// EBX, at this DLL's [`begin_process`], which lies at the same address in every process.
fn first_context(top: u32, peb: u32, entry: u32) -> [u32; CONTEXT_WORDS] {
    const FULL: u32 = 0x1_0007;
    const INTERRUPTS: u32 = 0x200;
    let mut words = [0; CONTEXT_WORDS];
    let begin = begin_process as unsafe extern "C" fn() as usize as u32;
    let registers = [
        (0x00, FULL),
        (0x8C, 0),     // gs
        (0x90, 0x3B),  // fs
        (0x94, 0x23),  // es
        (0x98, 0x23),  // ds
        (0xA4, peb),   // ebx
        (0xB0, entry), // eax
        (0xB8, begin), // eip
        (0xBC, 0x1B),  // cs
        (0xC0, INTERRUPTS),
        (0xC4, top - 4), // esp
        (0xC8, 0x23),    // ss
    ];
    for (offset, word) in registers {
        words[offset / 4] = word;
    }
    words
}

/// The first instructions of a process: EAX is its entry point, EBX the PEB.
#[doc(alias = "BaseProcessStartThunk")]
#[unsafe(naked)]
unsafe extern "C" fn begin_process() {
    naked_asm!(
        "xor ebp, ebp",
        "and esp, 0xFFFFFFF0",
        "sub esp, 4",
        "push ebx",
        "push eax",
        "push 0",
        "jmp {start}",
        start = sym start_process,
    )
}

/// Calls the entry point under the last resort for exceptions, and ends the process with what it returns.
#[doc(alias = "BaseProcessStart")]
unsafe extern "system" fn start_process(entry: u32, peb: u32) -> ! {
    // SAFETY: the entry point is that of the process's own image.
    ExitProcess(unsafe { call_under_last_resort(entry, peb) })
}
