//! IDE controllers: where their channels are. What happens on a channel is `ata`'s to know.
//!
//! A channel is where it always was, at 1F0 and 170 with lines 14 and 15, or where the controller's base addresses say
//! ("native"); a bit of the programming interface tells which. Without a PCI bus the two old places are tried.
//!
//! Source: "PCI IDE Controller Specification", revision 1.0; "Programming Interface for Bus Master IDE Controller", 1.0.

use ata::Ports;
use hal::port::PciConfiguration;
use pci_types::{Bar, CommandRegister, EndpointHeader};

use crate::pci;

/// Channels that are looked for at most.
pub const MOST_CHANNELS: usize = 4;

/// A channel of a controller, which may have drives.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Its registers.
    pub ports: Ports,
    /// The line on which it interrupts, if that is known.
    pub line: Option<u8>,
}

/// Class code of mass storage that is an IDE controller.
const IDE: (u8, u8) = (0x01, 0x01);
/// Programming interface: the controller has a bus-master engine.
const BUS_MASTER: u8 = 1 << 7;
/// The slot of the base address of the bus-master registers.
const BUS_MASTER_SLOT: u8 = 4;
/// The second channel's bus-master registers, counted from the first's.
const SECOND_BUS_MASTER: u16 = 8;
/// In the four ports of a native channel's control block: the device control register.
const NATIVE_CONTROL: u16 = 2;
/// Lines that the interrupt controllers have.
const LINES: u8 = 16;

const OLD_PLACES: [(u16, u16, u8); 2] = [(0x1F0, 0x3F6, 14), (0x170, 0x376, 15)];

/// The channels there are; the first [`MOST_CHANNELS`] of them.
#[doc(alias = "PciIdeX")]
pub fn channels() -> impl Iterator<Item = Found> {
    let mut found = [None; MOST_CHANNELS];
    let mut places = found.iter_mut();
    match PciConfiguration::find() {
        Some(_) => pci::each_function(|space, function| {
            let (_, class, subclass, interface) = function.header().revision_and_class(space);
            if (class, subclass) == IDE {
                for (place, channel) in places.by_ref().zip(of_controller(space, function, interface)) {
                    *place = channel;
                }
            }
        }),
        None => {
            for (place, channel) in places.zip(0..2) {
                *place = Some(old_channel(channel, None));
            }
        }
    }
    found.into_iter().flatten()
}

/// Both channels of a controller, which is told to answer and to be master of the bus.
fn of_controller(space: PciConfiguration, mut function: EndpointHeader, interface: u8) -> [Option<Found>; 2] {
    let wanted = CommandRegister::IO_ENABLE | CommandRegister::BUS_MASTER_ENABLE;
    function.update_command(space, |command| command | wanted);
    let has_engine = interface & BUS_MASTER != 0;
    let engine = port(space, &function, BUS_MASTER_SLOT).filter(|_| has_engine);
    let (_, line) = function.interrupt(space);
    let line = Some(line).filter(|line| (1..LINES).contains(line));
    [0, 1].map(|channel| {
        let bus_master = engine.map(|base| base + channel * SECOND_BUS_MASTER);
        // Two bits a channel: whether it is native, and whether that can be changed.
        if interface >> (channel * 2) & 1 == 0 {
            return Some(old_channel(usize::from(channel), bus_master));
        }
        let slot = channel as u8 * 2;
        let command = port(space, &function, slot)?;
        let control = port(space, &function, slot + 1)? + NATIVE_CONTROL;
        Some(Found { ports: Ports { command, control, bus_master }, line })
    })
}

fn old_channel(channel: usize, bus_master: Option<u16>) -> Found {
    let (command, control, line) = OLD_PLACES[channel];
    Found { ports: Ports { command, control, bus_master }, line: Some(line) }
}

/// The first of the ports that base address `slot` names, if it names any.
fn port(space: PciConfiguration, function: &EndpointHeader, slot: u8) -> Option<u16> {
    match function.bar(slot, space) {
        Some(Bar::Io { port }) if port != 0 => u16::try_from(port).ok(),
        _ => None,
    }
}
