//! A system with processes on a list, files with names, and somebody who types commands.

use abi::cell::{Field, Link, Record};
use abi::nt::file::{FILE_OBJECT_TYPE, FileObject};
use abi::nt::list::ListEntry;
use abi::nt::process::Eprocess;
use abi::nt::thread::Ethread;
use core::mem::offset_of;
use kd::bugcheck::Registers;
use kd::commands::{self, After, Session};
use kd::modules::Module;
use kd::symbols::Symbols;
use kd::target::{Findings, KnownPages, Name, Target};
use mm::list;
use mm::machine::Records;
use mm::pool::Tag;
use model::machine::{NoExecute, SoftwareMachine};
use model::system::System;

/// A second, in units of 100 ns.
pub const SECOND: u64 = 10_000_000;

/// It.
pub struct Stage {
    pub system: System,
    pub processes: Link<ListEntry>,
    pub process: Link<Eprocess>,
    pub registers: Option<Registers>,
    pub debugging: bool,
    /// The address space of the process is the current one: what would find it again may be broken.
    pub is_attached: bool,
    /// The packed names of functions.
    pub symbols: Vec<u8>,
    /// Images of the process whose symbols were read: base, name, packed symbols.
    pub images: Vec<(u32, &'static str, Vec<u8>)>,
    /// What is found of all that is not memory.
    pub findings: Findings<'static>,
    /// What the debugger remembers.
    pub session: Session,
}

impl Stage {
    /// A system of 256 frames without processes.
    pub fn new() -> Self {
        Self::of(256)
    }

    /// The same with so many frames.
    pub fn of(frames: u32) -> Self {
        let system = System::new(frames, NoExecute::Supported);
        let processes = system.mm.allocate_zeroed_pool(8, Tag(*b"PsAp")).expect("room");
        list::initialise(&system.mm.machine, processes);
        let (process, findings) = (Link::NULL, Findings::Nothing);
        Self {
            system,
            processes,
            process,
            registers: None,
            debugging: false,
            is_attached: false,
            symbols: Vec::new(),
            images: Vec::new(),
            findings,
            session: Session::default(),
        }
    }

    /// Starts a process, which becomes the one that commands mean.
    pub fn start(&mut self, id: u32, name: &str) -> Link<Eprocess> {
        let process = self.system.start_process().expect("memory for a process");
        let record = self.record(process);
        record.unique_process_id.set(id);
        for (cell, byte) in record.image_file_name.iter().zip(name.bytes()) {
            cell.set(byte);
        }
        let machine = &self.system.mm.machine;
        list::insert_tail(machine, self.processes, process.offset(offset_of!(Eprocess, active_process_links) as u32));
        list::initialise(machine, process.offset(offset_of!(Eprocess, thread_list_head) as u32));
        self.process = process;
        process
    }

    /// A thread of `process`, in `state`.
    pub fn thread(&self, process: Link<Eprocess>, id: u32, state: u8) -> Link<Ethread> {
        let machine = &self.system.mm.machine;
        let thread: Link<Ethread> = self.block(size_of::<Ethread>() as u32, *b"Thre");
        let record = self.record(thread);
        record.cid.unique_process.set(self.record(process).unique_process_id.get());
        record.cid.unique_thread.set(id);
        record.tcb.state.set(state);
        let head = process.offset(offset_of!(Eprocess, thread_list_head) as u32);
        list::insert_tail(machine, head, thread.offset(offset_of!(Ethread, thread_list_entry) as u32));
        thread
    }

    /// A block of pool full of zeros.
    pub fn block<T>(&self, bytes: u32, tag: [u8; 4]) -> Link<T> {
        self.system.mm.allocate_zeroed_pool(bytes, Tag(tag)).expect("room")
    }

    pub fn record<T: Record>(&self, link: Link<T>) -> &T {
        self.system.mm.machine.record(link)
    }

    /// An open file called `name`.
    pub fn file(&self, name: &str) -> Link<FileObject> {
        let units: Vec<u16> = name.encode_utf16().collect();
        let buffer: Link<()> = self.block(units.len() as u32 * 2, *b"Name");
        for (index, unit) in (0..).zip(&units) {
            self.record(buffer.offset::<Field<u16>>(index * 2)).set(*unit);
        }
        let file: Link<FileObject> = self.block(size_of::<FileObject>() as u32, *b"File");
        self.record(file).kind.set(FILE_OBJECT_TYPE);
        self.record(file).file_name.set(buffer.address(), units.len() as u16 * 2);
        file
    }

    /// Does `work` with the system and what the debugger remembers.
    fn with_target<T>(&mut self, work: impl FnOnce(&Target<'_, SoftwareMachine>, &mut Session) -> T) -> T {
        if !self.process.is_null() && !self.is_attached {
            self.system.space(self.process);
        }
        let process = self.process;
        let mut images = Vec::new();
        for (base, name, symbols) in &self.images {
            let (name, symbols) = (Name::of(name.encode_utf16()), Symbols::new(symbols));
            images.push(Module { process, base: *base, name, symbols });
        }
        let target = Target {
            mm: &self.system.mm,
            processes: self.processes,
            modules: Link::NULL,
            process: self.process,
            symbols: Symbols::new(&self.symbols),
            images: &images,
            registers: self.registers,
            time: 100 * SECOND,
            started: 40 * SECOND,
            debugging: self.debugging,
            pages: KnownPages::NONE,
            audit: &|take| take(self.findings),
        };
        work(&target, &mut self.session)
    }

    /// The system goes on, but from `except`.
    pub fn arm(&mut self, except: Option<u32>) {
        self.with_target(|target, session| session.breakpoints.arm(target, except));
    }

    /// The system stops.
    pub fn disarm(&mut self) {
        self.with_target(|target, session| session.breakpoints.disarm(target));
    }

    /// The breakpoint that code at `address` met.
    pub fn meet(&mut self, address: u32) -> Option<usize> {
        self.with_target(|target, session| session.breakpoints.meet(target, address))
    }

    /// What `line` prints, and what is to happen after it.
    pub fn carry_out(&mut self, line: &str) -> (String, After) {
        let (mut out, mut after) = (String::new(), After::Stay);
        for command in commands::split(line) {
            let mut scratch = [0; 64];
            after = self
                .with_target(|target, session| commands::run(target, session, &mut scratch, command, &mut out))
                .expect("a string takes all");
        }
        (out, after)
    }

    /// What `line` prints.
    pub fn say(&mut self, line: &str) -> String {
        self.carry_out(line).0
    }

    /// Checks what `line` prints.
    #[track_caller]
    pub fn expect(&mut self, line: &str, expected: &str) {
        let said = self.say(line);
        assert!(said == expected, "{line} printed\n{said}\nand not\n{expected}");
    }
}
