//! A channel: two drives, one command at a time, from its bytes to its result.
//!
//! A thread that waits for a drive looks at its status, and lets others run until the drive has interrupted or a tick has gone
//! by: an interrupt that is lost costs time, no more. Before there are threads, with interrupts off and when the system stops,
//! the same loop just looks again.
//!
//! * **A3** One thread uses a channel at a time; the interrupt handler only acknowledges.
//! * **A4** When a command is over, well or not, the bus-master engine is stopped: nothing moves behind the user's back.
//! * **A5** Where the system stands still, a channel that somebody holds is [seized](Channel::acquire): reset, used with memory of its own, and given back.
//!   Who held it learns of that where the command would begin or when it is over ([`Failure::Seized`]), and gives it again from the start. Only
//!   between the first register of a command and the last ([`Channel::is_being_told`]) that would come too late.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use io::{Direction, SECTOR};
use ke::Turns;

use crate::command::{Command, SECOND_DRIVE};
use crate::identity::{Identity, NotADisk, Words};
use crate::machine::{Machine, Ports};

pub use crate::descriptors::DmaMemory;

/// Registers of the drives, from the first port on.
mod register {
    pub const DATA: u16 = 0;
    pub const ERROR: u16 = 1;
    pub const FEATURES: u16 = 1;
    pub const MIDDLE: u16 = 4;
    pub const HIGH: u16 = 5;
    pub const DEVICE: u16 = 6;
    pub const STATUS: u16 = 7;
    pub const COMMAND: u16 = 7;
}

/// Bits of a drive's status.
mod status {
    pub const ERROR: u8 = 1 << 0;
    pub const DATA_REQUEST: u8 = 1 << 3;
    pub const FAULT: u8 = 1 << 5;
    pub const BUSY: u8 = 1 << 7;
    /// What reads where there is no controller.
    pub const NOBODY: u8 = 0xFF;
}

/// Registers and bits of the bus-master engine.
mod engine {
    pub const COMMAND: u16 = 0;
    pub const STATUS: u16 = 2;
    pub const TABLE: u16 = 4;
    pub const START: u8 = 1 << 0;
    pub const TO_MEMORY: u8 = 1 << 3;
    pub const ACTIVE: u8 = 1 << 0;
    pub const ERROR: u8 = 1 << 1;
    pub const INTERRUPT: u8 = 1 << 2;
}

/// Device control: software reset.
const RESET: u8 = 1 << 2;
/// What a packet device answers to IDENTIFY DEVICE in the middle and high registers.
const PACKET_SIGNATURES: [(u8, u8); 2] = [(0x14, 0xEB), (0x69, 0x96)];
/// Looks at the alternate status that take the 400 ns a drive may need.
const SETTLE: u32 = 4;
/// Looks that take longer than the two milliseconds of a reset.
const RESET_LOOKS: u32 = 4000;

/// Seconds after which a drive is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience(pub u32);

impl Patience {
    /// A drive that was not known to be there.
    pub const PROBE: Self = Self(3);
    /// Reading and writing, also where the drive has to start turning.
    pub const COMMAND: Self = Self(10);
    /// A reset, or writing all that the drive has kept.
    pub const LONG: Self = Self(31);
}

/// Why a command did not do what it was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The drive reported an error; its error register.
    Device(u8),
    /// The drive reported a fault of its own.
    Fault,
    /// The bus master did.
    Bus,
    /// The drive did not ask for the data, or not for all of it.
    Protocol,
    /// The drive did not end.
    Timeout,
    /// The channel was seized meanwhile (A5): nothing can be said of the command.
    Seized,
}

/// Which drive of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// The first ("master").
    First,
    /// The second ("slave").
    Second,
}

impl Drive {
    const fn bit(self) -> u8 {
        match self {
            Self::First => 0,
            Self::Second => SECOND_DRIVE,
        }
    }
}

/// A channel of an IDE controller.
#[derive(Debug)]
pub struct Channel {
    /// Where its registers are.
    pub ports: Ports,
    /// The line on which it interrupts, where that is known.
    pub line: Option<u8>,
    /// Memory for its transfers.
    pub memory: DmaMemory,
    /// Memory for those of whoever seizes it; as many bounce pages.
    pub spare: DmaMemory,
    turns: Turns,
    interrupted: AtomicBool,
    /// How often it was seized.
    seizures: AtomicU32,
    /// Registers of a command are being written.
    being_told: AtomicBool,
    /// It was reset since whoever holds it gave a command.
    is_quiet: AtomicBool,
}

impl Channel {
    /// The channel behind `ports`.
    pub fn new(ports: Ports, line: Option<u8>, memory: DmaMemory, spare: DmaMemory) -> Self {
        Self {
            ports,
            line,
            memory,
            spare,
            turns: Turns::new(),
            interrupted: AtomicBool::new(false),
            seizures: AtomicU32::new(0),
            being_told: AtomicBool::new(false),
            is_quiet: AtomicBool::new(false),
        }
    }

    /// How often it was seized.
    pub fn seizures(&self) -> u32 {
        self.seizures.load(Ordering::Relaxed)
    }

    /// Whether a command is being given to a drive: who seizes the channel now must not give it back (A5).
    pub fn is_being_told(&self) -> bool {
        self.being_told.load(Ordering::Relaxed)
    }

    /// An interrupt on the channel's line, which others may share: acknowledges it. Whether it was this channel's. Touches only
    /// ports and atomics.
    pub fn interrupt(&self, machine: &impl Machine) -> bool {
        if let Some(base) = self.ports.bus_master {
            let bits = machine.read_u8(base + engine::STATUS);
            if bits & engine::INTERRUPT == 0 {
                return false;
            }
            machine.read_u8(self.ports.command + register::STATUS);
            // A one clears; the error bit stays for who waits.
            machine.write_u8(base + engine::STATUS, bits & !engine::ERROR);
        } else {
            machine.read_u8(self.ports.command + register::STATUS);
        }
        self.interrupted.store(true, Ordering::Release);
        true
    }

    /// Waits until nobody else uses the channel; where nobody else can run, seizes it (A5).
    pub fn acquire<'a, M: Machine>(&'a self, machine: &'a M) -> Session<'a, M> {
        if !machine.others_can_run() && !self.turns.is_free() {
            return self.seize(machine);
        }
        let ticket = self.turns.ticket();
        while !self.turns.is_due(ticket) {
            machine.wait_for_turn(self.token());
        }
        let since = Cell::new(self.seizures.load(Ordering::Relaxed));
        Session { channel: self, machine, memory: &self.memory, since, seized: false }
    }

    #[cold]
    fn seize<'a, M: Machine>(&'a self, machine: &'a M) -> Session<'a, M> {
        let since = Cell::new(self.seizures.fetch_add(1, Ordering::Relaxed).wrapping_add(1));
        let session = Session { channel: self, machine, memory: &self.spare, since, seized: true };
        if !self.is_quiet.swap(true, Ordering::Relaxed) {
            session.reset();
        }
        session
    }

    fn token(&self) -> usize {
        core::ptr::from_ref(self) as usize
    }
}

/// The use of a channel.
pub struct Session<'a, M: Machine> {
    channel: &'a Channel,
    machine: &'a M,
    /// Memory for its transfers.
    pub memory: &'a DmaMemory,
    /// Seizures of the channel when the command was begun.
    since: Cell<u32>,
    /// It is somebody else's turn.
    seized: bool,
}

impl<M: Machine> Drop for Session<'_, M> {
    fn drop(&mut self) {
        if !self.seized {
            self.channel.turns.pass();
            self.machine.wake(self.channel.token());
        }
    }
}

impl<M: Machine> Session<'_, M> {
    /// Asks `drive` what it is; `None` where there is none.
    pub fn identify(&self, drive: Drive) -> Option<Result<Identity, NotADisk>> {
        self.write(register::DEVICE, Command::IDENTIFY.device(drive.bit()));
        self.settle();
        // A bus without drives floats; a drive that is not there reads as 0, also beside one that is.
        if matches!(self.status(), 0 | 0x7F | status::NOBODY) {
            return None;
        }
        self.issue(drive, &Command::IDENTIFY, Patience::PROBE).ok()?;
        self.is_told();
        if self.status() == 0 {
            return None;
        }
        let answer = self.await_status(Patience::PROBE, |bits| bits & status::BUSY == 0).ok()?;
        let signature = (self.read(register::MIDDLE), self.read(register::HIGH));
        if PACKET_SIGNATURES.contains(&signature) {
            self.read(register::STATUS);
            return Some(Err(NotADisk::Kind));
        }
        if answer & status::ERROR != 0 || answer & status::DATA_REQUEST == 0 {
            self.read(register::STATUS);
            return None;
        }
        let mut words: Words = [0; 256];
        words.fill_with(|| self.machine.read_u16(self.channel.ports.command + register::DATA));
        self.read(register::STATUS);
        Some(Identity::read(&words))
    }

    /// Does all of a command, from its preparation to its result: whether it was this session's all the time (A5).
    ///
    /// # Errors
    /// [`Failure`].
    pub fn whole(&self, command: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        self.since.set(self.channel.seizures.load(Ordering::Relaxed));
        let result = command();
        if self.is_unseized() { result } else { Err(Failure::Seized) }
    }

    fn is_unseized(&self) -> bool {
        self.channel.seizures.load(Ordering::Relaxed) == self.since.get()
    }

    /// Carries out a command without data.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn run_plain(&self, drive: Drive, command: &Command, patience: Patience) -> Result<(), Failure> {
        loop {
            let result = self.whole(|| {
                self.issue(drive, command, Patience::COMMAND)?;
                self.is_told();
                self.await_end(patience)
            });
            if result != Err(Failure::Seized) {
                return result;
            }
        }
    }

    /// Reads `sectors` sectors word by word; `take` gets each.
    ///
    /// # Errors
    /// [`Failure`]; the sectors that were taken are good.
    pub fn read_sectors(
        &self,
        drive: Drive,
        command: &Command,
        sectors: u32,
        mut take: impl FnMut(&[u8; SECTOR as usize]),
    ) -> Result<(), Failure> {
        self.issue(drive, command, Patience::COMMAND)?;
        self.is_told();
        let mut sector = [0; SECTOR as usize];
        for _ in 0..sectors {
            self.await_data_request()?;
            for bytes in sector.chunks_exact_mut(2) {
                let word = self.machine.read_u16(self.channel.ports.command + register::DATA);
                bytes.copy_from_slice(&word.to_le_bytes());
            }
            take(&sector);
        }
        self.settle();
        self.await_end(Patience::COMMAND)
    }

    /// Writes `sectors` sectors word by word; `give` fills each in.
    ///
    /// # Errors
    /// [`Failure`]; some may have been written.
    pub fn write_sectors(
        &self,
        drive: Drive,
        command: &Command,
        sectors: u32,
        mut give: impl FnMut(&mut [u8; SECTOR as usize]),
    ) -> Result<(), Failure> {
        self.issue(drive, command, Patience::COMMAND)?;
        self.is_told();
        let mut sector = [0; SECTOR as usize];
        for _ in 0..sectors {
            self.await_data_request()?;
            give(&mut sector);
            for bytes in sector.chunks_exact(2) {
                let word = u16::from_le_bytes([bytes[0], bytes[1]]);
                self.machine.write_u16(self.channel.ports.command + register::DATA, word);
            }
            self.settle();
        }
        self.await_end(Patience::COMMAND)
    }

    /// Lets the bus master move what the channel's table names. `base` is the first of its ports.
    ///
    /// # Errors
    /// [`Failure`]; some of it may have been moved.
    pub fn run_dma(&self, base: u16, drive: Drive, command: &Command, direction: Direction) -> Result<(), Failure> {
        let way = if direction == Direction::Read { engine::TO_MEMORY } else { 0 };
        self.machine.write_u8(base + engine::COMMAND, 0);
        self.machine.write_u32(base + engine::TABLE, self.memory.address);
        self.machine.write_u8(base + engine::COMMAND, way);
        self.clear_engine(base);
        self.channel.interrupted.store(false, Ordering::Relaxed);
        let result = self.issue(drive, command, Patience::COMMAND).and_then(|()| {
            self.machine.write_u8(base + engine::COMMAND, way | engine::START);
            self.is_told();
            self.await_engine(base)
        });
        let bits = self.machine.read_u8(base + engine::STATUS);
        self.machine.write_u8(base + engine::COMMAND, 0);
        let answer = self.read(register::STATUS);
        self.clear_engine(base);
        result?;
        self.judge(answer)?;
        match bits & (engine::ERROR | engine::ACTIVE) {
            0 => Ok(()),
            _ => Err(Failure::Bus),
        }
    }

    fn clear_engine(&self, base: u16) {
        let bits = self.machine.read_u8(base + engine::STATUS);
        self.machine.write_u8(base + engine::STATUS, bits | engine::ERROR | engine::INTERRUPT);
    }

    /// Waits until the drive has interrupted, or the engine has moved all and the drive is idle.
    fn await_engine(&self, base: u16) -> Result<(), Failure> {
        let over = |bits: u8| {
            let engine = self.machine.read_u8(base + engine::STATUS);
            let interrupted = engine & engine::INTERRUPT != 0 || self.channel.interrupted.load(Ordering::Acquire);
            let idle = engine & engine::ACTIVE == 0 && bits & status::DATA_REQUEST == 0;
            bits & status::BUSY == 0 && (interrupted || idle)
        };
        self.await_status(Patience::COMMAND, over).map(drop)
    }

    /// Resets both drives of the channel, and stops the engine.
    #[doc(alias = "SRST")]
    pub fn reset(&self) {
        if let Some(base) = self.channel.ports.bus_master {
            self.machine.write_u8(base + engine::COMMAND, 0);
            self.clear_engine(base);
        }
        let control = self.channel.ports.control;
        self.machine.write_u8(control, RESET);
        self.look(SETTLE * 4);
        self.machine.write_u8(control, 0);
        self.look(RESET_LOOKS);
        // A drive that does not come back fails the next command, too.
        let _ = self.await_status(Patience::LONG, |bits| bits & status::BUSY == 0);
    }

    /// Writes the registers of `drive`, once it takes them, and with the last one starts the command: it [is told](Self::is_told) when
    /// what belongs to its start is done, too. What was prepared for a command that another use of the channel came before is void: it is not started (A5).
    fn issue(&self, drive: Drive, command: &Command, patience: Patience) -> Result<(), Failure> {
        let free = |bits: u8| bits & (status::BUSY | status::DATA_REQUEST) == 0;
        self.await_status(patience, free)?;
        self.write(register::DEVICE, command.device(drive.bit()));
        self.settle();
        self.await_status(patience, free)?;
        self.channel.being_told.store(true, Ordering::Relaxed);
        if !self.is_unseized() {
            self.is_told();
            return Err(Failure::Seized);
        }
        if !self.seized {
            self.channel.is_quiet.store(false, Ordering::Relaxed);
        }
        for values in command.registers() {
            for (port, value) in (register::FEATURES..).zip(values) {
                self.write(port, value);
            }
        }
        self.write(register::COMMAND, command.code);
        self.settle();
        Ok(())
    }

    /// The command is under way.
    fn is_told(&self) {
        self.channel.being_told.store(false, Ordering::Relaxed);
    }

    fn await_data_request(&self) -> Result<(), Failure> {
        let answer = self.await_status(Patience::COMMAND, |bits| bits & status::BUSY == 0)?;
        self.judge(answer)?;
        if answer & status::DATA_REQUEST == 0 {
            return Err(Failure::Protocol);
        }
        Ok(())
    }

    /// Waits for the end of a command, and acknowledges its interrupt.
    fn await_end(&self, patience: Patience) -> Result<(), Failure> {
        self.await_status(patience, |bits| bits & status::BUSY == 0)?;
        let answer = self.read(register::STATUS);
        self.judge(answer)?;
        if answer & status::DATA_REQUEST != 0 {
            return Err(Failure::Protocol);
        }
        Ok(())
    }

    fn judge(&self, answer: u8) -> Result<(), Failure> {
        if answer & status::FAULT != 0 {
            return Err(Failure::Fault);
        }
        if answer & status::ERROR != 0 {
            return Err(Failure::Device(self.read(register::ERROR)));
        }
        Ok(())
    }

    /// Looks at the status until `over` says so; the status then.
    fn await_status(&self, patience: Patience, over: impl Fn(u8) -> bool) -> Result<u8, Failure> {
        let mut clock = self.machine.clock();
        let mut seconds = 0;
        loop {
            let bits = self.status();
            if over(bits) {
                return Ok(bits);
            }
            let now = self.machine.clock();
            if now != clock {
                clock = now;
                seconds += 1;
            }
            if seconds > patience.0 {
                return Err(Failure::Timeout);
            }
            self.machine.pause(self.channel.line);
        }
    }

    /// The alternate status, which acknowledges nothing.
    fn status(&self) -> u8 {
        self.machine.read_u8(self.channel.ports.control)
    }

    fn settle(&self) {
        self.look(SETTLE);
    }

    /// Passes the time that so many looks at the status take.
    fn look(&self, times: u32) {
        for _ in 0..times {
            self.status();
        }
    }

    fn read(&self, register: u16) -> u8 {
        self.machine.read_u8(self.channel.ports.command + register)
    }

    fn write(&self, register: u16, value: u8) {
        self.machine.write_u8(self.channel.ports.command + register, value);
    }
}
