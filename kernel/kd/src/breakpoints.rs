//! Breakpoints of the debugger: `int 3` put over an instruction, and addresses that the processor watches for.
//!
//! While the system stands still none is in place, so that memory shows what is really there; when it goes on they are put in ([`Breakpoints::arm`]).
//! An `int 3` goes to the frame itself, as `eb` would write it: every process that shares the frame meets it. Where an instruction is not in memory just
//! then, the breakpoint waits for its page.
//!
//! Source: Intel SDM volume 3, chapter 17.2, for the debug registers.

use abi::cell::Link;
use abi::nt::process::Eprocess;
use mm::layout::{PAGE_SIZE, PhysicalAddress, SYSTEM_RANGE_START};
use mm::machine::Machine;

use crate::target::Target;
use crate::walk::Walk;

/// Breakpoints that there may be.
pub const MOST: usize = 32;
/// Debug registers.
const REGISTERS: usize = 4;
/// `int 3`.
const INT3: u8 = 0xCC;

/// What a breakpoint waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The instruction, by `int 3` over it.
    Instruction,
    /// Bytes, by a debug register.
    Watched(Watched),
}

/// What the processor watches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// An instruction that begins there.
    Execute,
    /// A store to so many bytes: 1, 2 or 4.
    Write(u8),
    /// A load or store.
    Access(u8),
}

impl Watched {
    /// R/W and LEN of DR7.
    fn control(self) -> u32 {
        match self {
            Self::Execute => 0b0000,
            Self::Write(size) => 0b0001 | (u32::from(size) - 1) << 2,
            Self::Access(size) => 0b0011 | (u32::from(size) - 1) << 2,
        }
    }
}

/// Where an `int 3` is, and what it stands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    physical: PhysicalAddress,
    original: u8,
}

/// A breakpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breakpoint {
    /// Where.
    pub address: u32,
    /// What it waits for.
    pub kind: Kind,
    /// Whether it stops anything.
    pub is_enabled: bool,
    /// How often it did.
    pub hits: u32,
    /// The process whose address it is; of an address of the kernel, anyone's.
    pub process: Link<Eprocess>,
    /// It goes when it is met: a step's.
    is_once: bool,
    place: Option<Place>,
}

impl Breakpoint {
    /// A breakpoint that waits for `kind` at `address` of `process`.
    pub fn new(address: u32, kind: Kind, process: Link<Eprocess>) -> Self {
        Self { address, kind, is_enabled: true, hits: 0, process, is_once: false, place: None }
    }

    /// The same, which goes when it is met.
    pub fn once(self) -> Self {
        Self { is_once: true, ..self }
    }

    /// Whether a step made it.
    pub fn is_once(&self) -> bool {
        self.is_once
    }

    /// Where its first byte is in RAM now.
    fn physical<M: Machine>(&self, target: &Target<'_, M>) -> Option<PhysicalAddress> {
        let directories = match self.address {
            SYSTEM_RANGE_START.. => target.mm.system_directories(),
            // The process may be gone.
            _ => target.directories_of(target.find_process(self.process.address())?.1)?,
        };
        let walk = Walk::of(&directories, self.address, |frame, index| target.entry(frame, index));
        walk.physical().filter(|physical| target.mm.is_ram(physical.frame()))
    }
}

/// Why there is no new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There are [`MOST`] of them.
    TooMany,
    /// The processor can watch for no more.
    NoRegister,
    /// There is one like it, with this number.
    Exists(usize),
}

/// All of them, by number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Breakpoints {
    entries: [Option<Breakpoint>; MOST],
}

impl Breakpoints {
    /// None.
    pub const NONE: Self = Self { entries: [None; MOST] };

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Adds one; its number.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn add(&mut self, new: Breakpoint) -> Result<usize, Refusal> {
        let same = |old: &Breakpoint| (old.address, old.kind, old.process) == (new.address, new.kind, new.process);
        if let Some((number, _)) = self.iter().find(|(_, old)| same(old)) {
            return Err(Refusal::Exists(number));
        }
        let watched = self.iter().filter(|(_, old)| old.kind != Kind::Instruction).count();
        if new.kind != Kind::Instruction && watched == REGISTERS {
            return Err(Refusal::NoRegister);
        }
        let number = self.entries.iter().position(Option::is_none).ok_or(Refusal::TooMany)?;
        self.entries[number] = Some(new);
        Ok(number)
    }

    /// All of them, by ascending number.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Breakpoint)> {
        self.entries.iter().enumerate().filter_map(|(number, entry)| Some((number, entry.as_ref()?)))
    }

    /// The one with this number.
    pub fn get_mut(&mut self, number: usize) -> Option<&mut Breakpoint> {
        self.entries.get_mut(number)?.as_mut()
    }

    /// Takes the one with this number away; whether there was one. None is in place.
    pub fn clear(&mut self, number: usize) -> bool {
        self.entries.get_mut(number).is_some_and(|entry| entry.take().is_some())
    }

    /// Puts an `int 3` over each instruction that is in memory but the one at `except`, where the thread that goes on stands.
    pub fn arm<M: Machine>(&mut self, target: &Target<'_, M>, except: Option<u32>) {
        for entry in self.entries.iter_mut().flatten() {
            let is_wanted = entry.is_enabled && entry.kind == Kind::Instruction && Some(entry.address) != except;
            if !is_wanted || entry.place.is_some() {
                continue;
            }
            let Some(physical) = entry.physical(target) else { continue };
            let mut byte = [0];
            if target.read_physical(physical, &mut byte).is_some() && byte[0] != INT3 {
                entry.place = Some(Place { physical, original: byte[0] });
                write(target, physical, INT3);
            }
        }
    }

    /// Whether one waits for its page, but for the one at `except`.
    pub fn wait_for_pages(&self, except: Option<u32>) -> bool {
        let waits = |entry: &Breakpoint| {
            entry.is_enabled
                && entry.kind == Kind::Instruction
                && entry.place.is_none()
                && Some(entry.address) != except
        };
        self.entries.iter().flatten().any(waits)
    }

    /// Takes every `int 3` out again, and forgets those that go when they are met, whichever it was. Where the frame has come to be another's, nothing
    /// is written.
    pub fn disarm<M: Machine>(&mut self, target: &Target<'_, M>) {
        for entry in self.entries.iter_mut().flatten() {
            let Some(place) = entry.place.take() else { continue };
            if entry.physical(target) == Some(place.physical) {
                let mut byte = [0];
                if target.read_physical(place.physical, &mut byte).is_some() && byte[0] == INT3 {
                    write(target, place.physical, place.original);
                }
            }
        }
        for entry in &mut self.entries {
            if entry.is_some_and(|breakpoint| breakpoint.is_once) {
                *entry = None;
            }
        }
    }

    /// The number of the breakpoint whose `int 3` the code at `address` in the address space of `target` met; that counts it. `None` where the
    /// `int 3` is the program's own.
    pub fn meet<M: Machine>(&mut self, target: &Target<'_, M>, address: u32) -> Option<usize> {
        let here = target.walk(address).physical()?;
        let is_it =
            |entry: &Breakpoint| entry.address == address && entry.place.is_some_and(|place| place.physical == here);
        let number = self.iter().find(|(_, entry)| is_it(entry))?.0;
        self.count(number);
        Some(number)
    }

    /// The number of the breakpoint that DR6, `status`, tells of; that counts it.
    pub fn meet_watched(&mut self, status: u32) -> Option<usize> {
        let register = (0..REGISTERS).find(|register| status & 1 << register != 0)?;
        let number = self.watched().nth(register)?.0;
        self.count(number);
        Some(number)
    }

    fn count(&mut self, number: usize) {
        if let Some(entry) = self.get_mut(number) {
            entry.hits += 1;
        }
    }

    fn watched(&self) -> impl Iterator<Item = (usize, &Breakpoint)> {
        self.iter().filter(|(_, entry)| entry.is_enabled && entry.kind != Kind::Instruction)
    }

    /// Whether one waits for an instruction at `address`: with `int 3` (`Some(false)`), or by a debug register (`Some(true)`).
    pub fn at(&self, address: u32) -> Option<bool> {
        let here = |entry: &&Breakpoint| entry.is_enabled && entry.address == address;
        let by_register = |entry: &Breakpoint| entry.kind == Kind::Watched(Watched::Execute);
        let waits = |entry: &Breakpoint| entry.kind == Kind::Instruction || by_register(entry);
        let entries = self.entries.iter().flatten().filter(here).filter(|entry| waits(entry));
        entries.map(by_register).reduce(|one, other| one && other)
    }

    /// What DR0 to DR3 and DR7 are to be, as far as the debugger needs them.
    pub fn registers(&self) -> ([u32; REGISTERS], u32) {
        let (mut addresses, mut control) = ([0; REGISTERS], 0);
        for (register, (_, entry)) in self.watched().take(REGISTERS).enumerate() {
            let Kind::Watched(watched) = entry.kind else { continue };
            addresses[register] = entry.address;
            // Enabled in every task.
            control |= 0b10 << (register * 2) | watched.control() << (16 + register * 4);
        }
        (addresses, control)
    }
}

fn write<M: Machine>(target: &Target<'_, M>, at: PhysicalAddress, byte: u8) {
    target.mm.machine.write(at.frame(), at.0 as u32 % PAGE_SIZE, &[byte]);
}
