//! A machine with one IDE channel and a drive in software, which fails when it is told to.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};

use mm::layout::{FrameNumber, PAGE_SIZE};
use mm::machine::FrameBytes;

use crate::channel::{Channel, DmaMemory, Drive};
use crate::descriptors::TABLE_WORDS;
use crate::disk::Disk;
use crate::machine::{Machine, Ports};

pub const PORTS: Ports = Ports { command: 0x1F0, control: 0x3F6, bus_master: Some(0xC000) };
pub const SECTORS: u64 = 1 << 34;
/// Where the channel's own table is, and that of who seizes it.
const TABLE_ADDRESSES: [u32; 2] = [0x9000, 0xA000];
pub const BOUNCE_PAGES: u32 = 4;
const FIRST_BOUNCE_PAGES: [u32; 2] = [0x10, 0x20];

/// What goes wrong with the next command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The drive refuses it with this error register.
    Refused(u8),
    /// The drive never answers.
    Hangs,
    /// The bus master reports an error.
    Bus,
    /// The drive interrupts before all is moved.
    EndsEarly,
    /// All goes well, but nobody hears the interrupt: its bit is not set either.
    SilentEnd,
}

#[derive(Default)]
struct State {
    registers: [[u8; 2]; 8],
    status: u8,
    error: u8,
    engine: [u8; 8],
    /// Words of the data register, and whether they are the drive's.
    data: VecDeque<u16>,
    /// What is still to be written: first sector, words so far, sectors left.
    writing: Option<(u64, Vec<u16>, u32)>,
    /// A DMA command that waits for the engine: first sector, sectors, whether it reads, what goes wrong.
    dma: Option<(u64, u32, bool, Fault)>,
    sectors: HashMap<u64, [u8; 512]>,
    frames: HashMap<u32, Box<[u8; 4096]>>,
    resetting: bool,
}

/// When, and what.
type Meanwhile = (Option<u16>, Box<dyn FnOnce()>);

/// The machine.
pub struct TestMachine {
    state: RefCell<State>,
    tables: [&'static [AtomicU32; TABLE_WORDS]; 2],
    /// What happens once when this port is written to, or at the next pause.
    meanwhile: RefCell<Option<Meanwhile>>,
    faults: RefCell<VecDeque<Fault>>,
    /// Commands that were given, in order.
    pub commands: RefCell<Vec<u8>>,
    pub resets: Cell<u32>,
    /// A sector that cannot be read or written.
    pub broken: Cell<Option<u64>>,
    pub has_flushed: Cell<bool>,
    pub is_packet_device: Cell<bool>,
    pub is_absent: Cell<bool>,
    looks: Cell<u64>,
}

impl TestMachine {
    /// A machine, leaked, because channels live for ever; its channel; its first drive as a disk.
    pub fn with_disk() -> (&'static Self, Disk<'static, &'static Self>) {
        Self::with_ports(PORTS)
    }

    pub fn with_ports(ports: Ports) -> (&'static Self, Disk<'static, &'static Self>) {
        let (machine, channel) = Self::with_channel(ports);
        let identity = channel.acquire(&machine).identify(Drive::First).unwrap().unwrap();
        machine.commands.borrow_mut().clear();
        (machine, Disk::new(machine, channel, Drive::First, identity))
    }

    pub fn with_channel(ports: Ports) -> (&'static Self, &'static Channel) {
        let tables = [(); 2].map(|()| &*Box::leak(Box::new([const { AtomicU32::new(0) }; TABLE_WORDS])));
        let machine: &'static Self = Box::leak(Box::new(Self {
            state: RefCell::new(State { status: 0x50, ..State::default() }),
            tables,
            meanwhile: RefCell::default(),
            faults: RefCell::default(),
            commands: RefCell::default(),
            resets: Cell::new(0),
            broken: Cell::new(None),
            has_flushed: Cell::new(false),
            is_packet_device: Cell::new(false),
            is_absent: Cell::new(false),
            looks: Cell::new(0),
        }));
        let [memory, spare] = [0, 1].map(|number| DmaMemory {
            table: tables[number],
            address: TABLE_ADDRESSES[number],
            bounce: FrameNumber(FIRST_BOUNCE_PAGES[number]),
            bounce_pages: BOUNCE_PAGES,
            bounced: AtomicU32::new(0),
        });
        (machine, Box::leak(Box::new(Channel::new(ports, Some(14), memory, spare))))
    }

    /// Does `work` once, when `port` is written to or, without one, at the next pause.
    pub fn meanwhile(&self, port: Option<u16>, work: impl FnOnce() + 'static) {
        *self.meanwhile.borrow_mut() = Some((port, Box::new(work)));
    }

    fn comes_to(&self, port: Option<u16>) {
        let work = self.meanwhile.borrow_mut().take_if(|(at, _)| *at == port);
        if let Some((_, work)) = work {
            work();
        }
    }

    pub fn fail(&self, faults: &[Fault]) {
        self.faults.borrow_mut().extend(faults);
    }

    /// What is in a sector that nobody has written.
    pub fn original(sector: u64) -> [u8; 512] {
        core::array::from_fn(|index| (sector as usize * 7 + index) as u8)
    }

    pub fn sector(&self, sector: u64) -> [u8; 512] {
        self.state.borrow().sectors.get(&sector).copied().unwrap_or_else(|| Self::original(sector))
    }

    /// Whether the engine is at work: after a transfer it must not be (A4).
    pub fn engine_runs(&self) -> bool {
        self.state.borrow().engine[0] & 1 != 0
    }

    fn start(&self, code: u8) {
        let state = &mut *self.state.borrow_mut();
        self.commands.borrow_mut().push(code);
        let fault = self.faults.borrow_mut().pop_front().unwrap_or(Fault::None);
        state.status = 0x50;
        match fault {
            Fault::Refused(bits) => return state.refuse(bits),
            Fault::Hangs => return state.status = 0x80,
            _ => {}
        }
        let (sector, sectors) = state.address(matches!(code, 0x24 | 0x25 | 0x34 | 0x35));
        let moves = !matches!(code, 0xEC | 0xE7 | 0xEA | 0xEF);
        if moves && self.broken.get().is_some_and(|broken| (sector..sector + u64::from(sectors)).contains(&broken)) {
            return state.refuse(0x40);
        }
        match code {
            0xEC if self.is_packet_device.get() => {
                (state.registers[4][0], state.registers[5][0]) = (0x14, 0xEB);
                state.refuse(0x04);
            }
            0xEC => state.give(identity().into_iter()),
            0xE7 | 0xEA => self.has_flushed.set(true),
            0xEF => {}
            0x20 | 0x24 => {
                let words: Vec<u16> = (sector..sector + u64::from(sectors))
                    .flat_map(|sector| {
                        to_words(&state.sectors.get(&sector).copied().unwrap_or_else(|| Self::original(sector)))
                    })
                    .collect();
                state.give(words.into_iter());
            }
            0x30 | 0x34 => {
                state.writing = Some((sector, Vec::new(), sectors));
                state.status |= 0x08;
            }
            0xC8 | 0x25 | 0xCA | 0x35 => {
                state.dma = Some((sector, sectors, matches!(code, 0xC8 | 0x25), fault));
                state.status |= 0x80;
            }
            _ => state.refuse(0x04),
        }
    }

    /// The engine was started: moves everything at once.
    fn run_engine(&self) {
        let state = &mut *self.state.borrow_mut();
        let Some((first, sectors, reads, fault)) = state.dma.take() else { return };
        assert_eq!(state.engine[0] & 8 != 0, reads, "the engine's direction is the command's");
        let address = u32::from_le_bytes(state.engine[4..8].try_into().unwrap());
        let table = TABLE_ADDRESSES.iter().position(|known| *known == address).expect("a table");
        let mut sector = first;
        for entry in 0.. {
            let address = self.tables[table][entry * 2].load(Ordering::Relaxed);
            let word = self.tables[table][entry * 2 + 1].load(Ordering::Relaxed);
            let bytes = word & 0xFFFF;
            assert!(bytes > 0 && (address & 0xFFFF) + bytes <= 0x1_0000, "an entry does not cross 64 KB");
            for offset in (0..bytes).step_by(512) {
                let (frame, within) = ((address + offset) >> 12, ((address + offset) & 0xFFF) as usize);
                let page = state.frames.entry(frame).or_insert_with(|| Box::new([0; 4096]));
                let place = &mut page[within..within + 512];
                if reads {
                    place.copy_from_slice(
                        &state.sectors.get(&sector).copied().unwrap_or_else(|| Self::original(sector)),
                    );
                } else {
                    state.sectors.insert(sector, (&*place).try_into().unwrap());
                }
                sector += 1;
            }
            if word >> 31 != 0 || fault == Fault::EndsEarly {
                break;
            }
        }
        state.status = 0x50;
        state.engine[2] |= match fault {
            Fault::Bus => 0b110,
            Fault::EndsEarly => 0b101,
            Fault::SilentEnd => 0,
            _ => 0b100,
        };
        if !matches!(fault, Fault::Bus | Fault::EndsEarly) {
            assert_eq!(sector - first, u64::from(sectors), "the table holds what the command moves");
        }
    }
}

impl State {
    fn refuse(&mut self, bits: u8) {
        self.error = bits;
        self.status = 0x51;
        self.engine[2] |= 4;
    }

    fn give(&mut self, words: impl Iterator<Item = u16>) {
        self.data = words.collect();
        self.status |= 0x08;
    }

    fn address(&self, wide: bool) -> (u64, u32) {
        let byte = |register: usize, age: usize| u64::from(self.registers[register][age]);
        let low = byte(3, 0) | byte(4, 0) << 8 | byte(5, 0) << 16;
        if wide {
            let count = (byte(2, 0) | byte(2, 1) << 8) as u32;
            (low | byte(3, 1) << 24 | byte(4, 1) << 32 | byte(5, 1) << 40, if count == 0 { 65536 } else { count })
        } else {
            let count = byte(2, 0) as u32;
            (low | (byte(6, 0) & 0xF) << 24, if count == 0 { 256 } else { count })
        }
    }
}

fn to_words(bytes: &[u8; 512]) -> Vec<u16> {
    bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
}

fn identity() -> [u16; 256] {
    let mut words = [0; 256];
    words[49] = 3 << 8;
    words[53] = 6;
    words[88] = 0x203F;
    words[83] = 0x4000 | 1 << 10 | 1 << 12 | 1 << 13;
    words[102] = (SECTORS >> 32) as u16;
    words[101] = (SECTORS >> 16) as u16;
    words[100] = SECTORS as u16;
    words
}

impl Machine for &'static TestMachine {
    fn read_u8(&self, port: u16) -> u8 {
        let mut state = self.state.borrow_mut();
        if self.is_absent.get() {
            return 0xFF;
        }
        if state.registers[6][0] & 0x10 != 0 {
            return 0;
        }
        match port {
            0x1F1 => state.error,
            0x1F7 | 0x3F6 => state.status,
            0x1F0..=0x1F7 => state.registers[usize::from(port - 0x1F0)][0],
            0xC000..=0xC007 => {
                if port == 0xC002 && state.status & 0x80 == 0 && state.engine[2] & 4 != 0 {
                    state.engine[2] &= if state.engine[2] & 1 != 0 { 0xFF } else { !1 };
                }
                state.engine[usize::from(port - 0xC000)]
            }
            _ => panic!("nobody reads port {port:x}"),
        }
    }

    fn write_u8(&self, port: u16, value: u8) {
        self.comes_to(Some(port));
        match port {
            0x1F7 => return self.start(value),
            0xC000 => {
                self.state.borrow_mut().engine[0] = value;
                if value & 1 != 0 {
                    self.run_engine();
                } else {
                    self.state.borrow_mut().engine[2] &= !1;
                }
                return;
            }
            _ => {}
        }
        let state = &mut *self.state.borrow_mut();
        match port {
            0x1F1..=0x1F6 => {
                let register = &mut state.registers[usize::from(port - 0x1F0)];
                *register = [value, register[0]];
            }
            0x3F6 if value & 4 != 0 => {
                self.resets.set(self.resets.get() + 1);
                (state.status, state.resetting) = (0x80, true);
                (state.data, state.dma, state.writing) = Default::default();
            }
            0x3F6 if state.resetting => (state.status, state.resetting) = (0x50, false),
            0x3F6 => {}
            0xC002 => state.engine[2] &= !(value & 0b110),
            _ => panic!("nobody writes port {port:x}"),
        }
    }

    fn read_u16(&self, port: u16) -> u16 {
        assert_eq!(port, 0x1F0);
        let state = &mut *self.state.borrow_mut();
        let word = state.data.pop_front().expect("the drive has data");
        if state.data.is_empty() {
            state.status &= !0x08;
        }
        word
    }

    fn write_u16(&self, port: u16, value: u16) {
        assert_eq!(port, 0x1F0);
        let state = &mut *self.state.borrow_mut();
        let (sector, words, left) = state.writing.as_mut().expect("the drive wants data");
        words.push(value);
        if words.len() == 256 {
            let bytes: Vec<u8> = words.drain(..).flat_map(u16::to_le_bytes).collect();
            state.sectors.insert(*sector, bytes.try_into().unwrap());
            (*sector, *left) = (*sector + 1, *left - 1);
            if *left == 0 {
                state.writing = None;
                state.status &= !0x08;
            }
        }
    }

    fn write_u32(&self, port: u16, value: u32) {
        assert_eq!(port, 0xC004);
        self.state.borrow_mut().engine[4..8].copy_from_slice(&value.to_le_bytes());
    }

    /// A second has a hundred looks.
    fn clock(&self) -> u64 {
        self.looks.set(self.looks.get() + 1);
        self.looks.get() / 100
    }

    fn pause(&self, line: Option<u8>) {
        assert_eq!(line, Some(14));
        self.comes_to(None);
    }

    fn others_can_run(&self) -> bool {
        false
    }

    fn wait_for_turn(&self, _: usize) {
        panic!("nobody else uses the channel");
    }

    fn gives_up_dma(&self) {}

    fn wake(&self, _: usize) {}
}

impl FrameBytes for &'static TestMachine {
    fn zero(&self, frame: FrameNumber) {
        self.state.borrow_mut().frames.insert(frame.0, Box::new([0; 4096]));
    }

    fn copy(&self, from: FrameNumber, to: FrameNumber) {
        let mut page = [0; PAGE_SIZE as usize];
        self.read(from, 0, &mut page);
        self.write(to, 0, &page);
    }

    fn read(&self, frame: FrameNumber, offset: u32, into: &mut [u8]) {
        let mut state = self.state.borrow_mut();
        let page = state.frames.entry(frame.0).or_insert_with(|| Box::new([0; 4096]));
        into.copy_from_slice(&page[offset as usize..offset as usize + into.len()]);
    }

    fn write(&self, frame: FrameNumber, offset: u32, from: &[u8]) {
        let mut state = self.state.borrow_mut();
        let page = state.frames.entry(frame.0).or_insert_with(|| Box::new([0; 4096]));
        page[offset as usize..offset as usize + from.len()].copy_from_slice(from);
    }

    fn read_entry(&self, _: FrameNumber, _: u32) -> u64 {
        panic!("no page tables here")
    }

    fn write_entry(&self, _: FrameNumber, _: u32, _: u64) {
        panic!("no page tables here")
    }
}
