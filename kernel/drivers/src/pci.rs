//! What is on the PCI buses.
//!
//! `pci_types` (rust-osdev, released twice a year) knows the headers; the way to them is `hal::port`'s.

use hal::port::PciConfiguration;
use pci_types::{EndpointHeader, HeaderType, PciAddress, PciHeader, PciPciBridgeHeader};

const BUSES: usize = 256;
const DEVICES: u8 = 32;
const FUNCTIONS: u8 = 8;
/// What a slot without a device answers for the vendor.
const NOBODY: u16 = 0xFFFF;

/// Calls `each` with every function of every device, bridges apart. Nothing where there is no PCI bus.
#[doc(alias = "HalpInitializePciBus")]
pub fn each_function(mut each: impl FnMut(PciConfiguration, EndpointHeader)) {
    let Some(space) = PciConfiguration::find() else { return };
    // Buses behind bridges have been given higher numbers than those before them; one that has not is looked at too late.
    let mut there = [false; BUSES];
    there[0] = true;
    for bus in 0..BUSES {
        if !there[bus] {
            continue;
        }
        for device in 0..DEVICES {
            let first = PciHeader::new(PciAddress::new(0, bus as u8, device, 0));
            let functions = if first.has_multiple_functions(space) { FUNCTIONS } else { 1 };
            if first.id(space).0 == NOBODY {
                continue;
            }
            for function in 0..functions {
                let header = PciHeader::new(PciAddress::new(0, bus as u8, device, function));
                match header.header_type(space) {
                    _ if header.id(space).0 == NOBODY => {}
                    HeaderType::Endpoint => {
                        if let Some(endpoint) = EndpointHeader::from_header(header, space) {
                            each(space, endpoint);
                        }
                    }
                    HeaderType::PciPciBridge => {
                        if let Some(bridge) = PciPciBridgeHeader::from_header(header, space) {
                            there[usize::from(bridge.secondary_bus_number(space))] = true;
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}
