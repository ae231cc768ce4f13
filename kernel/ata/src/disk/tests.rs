use mm::layout::{FrameNumber, PAGE_SIZE};

use super::*;
use crate::channel::Channel;
use crate::identity::NotADisk;
use crate::machine::Ports;
use crate::test_machine::{Fault, PORTS, SECTORS, TestMachine};

const NO_ENGINE: Ports = Ports { bus_master: None, ..PORTS };
/// A frame that 32 bits do not reach.
const HIGH: u32 = 0x12_3456;

fn page(frame: u32) -> Piece {
    Piece { frame: FrameNumber(frame), offset: 0, bytes: PAGE_SIZE }
}

fn sectors_of(machine: &&'static TestMachine, piece: Piece) -> Vec<Vec<u8>> {
    let mut bytes = vec![0; piece.bytes as usize];
    machine.read(piece.frame, piece.offset, &mut bytes);
    bytes.chunks(512).map(<[u8]>::to_vec).collect()
}

#[test]
fn pieces_anywhere_are_read_by_one_command() {
    let (machine, disk) = TestMachine::with_disk();
    let pieces = [
        Piece { frame: FrameNumber(0x100), offset: 0xE00, bytes: 512 },
        page(HIGH),
        Piece { frame: FrameNumber(HIGH + 1), offset: 0x200, bytes: 1024 },
        page(0x200),
    ];
    disk.transfer(&machine, 1000, Direction::Read, &pieces).unwrap();
    assert_eq!(*machine.commands.borrow(), [0xC8]);
    let found: Vec<Vec<u8>> = pieces.iter().flat_map(|piece| sectors_of(&machine, *piece)).collect();
    let wanted: Vec<Vec<u8>> = (1000..1019).map(|sector| TestMachine::original(sector).to_vec()).collect();
    assert_eq!(found, wanted);
    assert!(!machine.engine_runs());
}

#[test]
fn pieces_anywhere_are_written_and_what_is_around_them_is_not() {
    for ports in [PORTS, NO_ENGINE] {
        let (machine, disk) = TestMachine::with_ports(ports);
        for (number, frame) in [0x100, HIGH].into_iter().enumerate() {
            machine.write(FrameNumber(frame), 0, &[number as u8 + 1; 4096]);
        }
        let pieces = [page(HIGH), Piece { frame: FrameNumber(0x100), offset: 512, bytes: 512 }];
        disk.transfer(&machine, SECTORS - 9, Direction::Write, &pieces).unwrap();
        assert_eq!(*machine.commands.borrow(), [if ports == PORTS { 0x35 } else { 0x34 }]);
        assert_eq!(machine.sector(SECTORS - 10), TestMachine::original(SECTORS - 10));
        assert!((SECTORS - 9..SECTORS - 1).all(|sector| machine.sector(sector) == [2; 512]));
        assert_eq!(machine.sector(SECTORS - 1), [1; 512]);
    }
}

#[test]
fn a_long_transfer_takes_as_many_commands_as_it_needs() {
    for (frames, commands) in [(0x100..0x100 + 70, 3), (HIGH..HIGH + 9, 3)] {
        let (machine, disk) = TestMachine::with_disk();
        let pieces: Vec<Piece> = frames.map(page).collect();
        disk.transfer(&machine, 8, Direction::Read, &pieces).unwrap();
        assert_eq!(machine.commands.borrow().len(), commands);
        for (index, piece) in pieces.iter().enumerate() {
            let first = 8 + index as u64 * 8;
            let wanted: Vec<Vec<u8>> =
                (first..first + 8).map(|sector| TestMachine::original(sector).to_vec()).collect();
            assert_eq!(sectors_of(&machine, *piece), wanted);
        }
    }
}

#[test]
fn slices_go_both_ways_by_dma_and_without_it() {
    for ports in [PORTS, NO_ENGINE] {
        let (machine, disk) = TestMachine::with_ports(ports);
        let bytes: Vec<u8> = (0..40 * 512).map(|index| (index / 3) as u8).collect();
        disk.write(5, &bytes).unwrap();
        assert_eq!(machine.sector(4), TestMachine::original(4));
        assert_eq!(machine.sector(45), TestMachine::original(45));
        let mut back = vec![0; bytes.len()];
        disk.read(5, &mut back).unwrap();
        assert_eq!(back, bytes);
    }
}

#[test]
fn nothing_beyond_the_end_reaches_the_drive() {
    let (machine, disk) = TestMachine::with_disk();
    let pieces = [page(0x100)];
    for first in [SECTORS - 7, SECTORS, u64::MAX, u64::MAX - 7] {
        assert_eq!(disk.transfer(&machine, first, Direction::Write, &pieces), Err(DeviceError::OutOfRange));
        assert_eq!(disk.read(first, &mut [0; 4096]), Err(DeviceError::OutOfRange));
    }
    assert!(machine.commands.borrow().is_empty());
}

#[test]
fn an_error_of_the_drive_is_tried_twice_and_told() {
    for (bits, direction, error) in [
        (0x40, Direction::Read, DeviceError::Medium),
        (0x40, Direction::Write, DeviceError::WriteProtected),
        (0x10, Direction::Read, DeviceError::OutOfRange),
        (0x04, Direction::Write, DeviceError::Medium),
    ] {
        for ports in [PORTS, NO_ENGINE] {
            let (machine, disk) = TestMachine::with_ports(ports);
            machine.fail(&[Fault::Refused(bits); 2]);
            assert_eq!(disk.transfer(&machine, 0, direction, &[page(0x100)]), Err(error));
            assert_eq!((machine.commands.borrow().len(), machine.resets.get()), (2, 0));
            assert!(!machine.engine_runs());
            machine.fail(&[Fault::Refused(bits)]);
            assert_eq!(disk.transfer(&machine, 0, direction, &[page(0x100)]), Ok(()), "it comes back");
        }
    }
}

#[test]
fn a_broken_sector_breaks_only_transfers_that_need_it() {
    let (machine, disk) = TestMachine::with_disk();
    machine.broken.set(Some(100));
    assert_eq!(disk.read(96, &mut [0; 2048]), Ok(()));
    assert_eq!(disk.read(96, &mut [0; 2560]), Err(DeviceError::Medium));
    assert_eq!(disk.method(), Method::Dma, "the medium is no reason to give DMA up");
}

#[test]
fn failures_on_the_way_are_reset_and_tried_again_and_end_dma() {
    for fault in [Fault::Hangs, Fault::Bus, Fault::EndsEarly, Fault::Refused(0x84)] {
        let (machine, disk) = TestMachine::with_disk();
        machine.fail(&[fault]);
        disk.transfer(&machine, 0, Direction::Read, &[page(0x100), page(0x101)]).unwrap();
        assert_eq!((machine.resets.get(), disk.method()), (1, Method::Dma), "{fault:?}");
        machine.fail(&[fault; 3]);
        disk.transfer(&machine, 8, Direction::Read, &[page(0x100)]).unwrap();
        assert_eq!((machine.resets.get(), disk.method()), (4, Method::Pio), "{fault:?}");
        assert_eq!(*machine.commands.borrow(), [0xC8, 0xC8, 0xC8, 0xC8, 0xC8, 0x20]);
        assert_eq!(sectors_of(&machine, page(0x100))[0], TestMachine::original(8));
    }
}

#[test]
fn a_drive_that_never_answers_is_given_up() {
    let (machine, disk) = TestMachine::with_disk();
    machine.fail(&[Fault::Hangs; 5]);
    assert_eq!(disk.read(0, &mut [0; 512]), Err(DeviceError::Medium));
    assert_eq!(machine.commands.borrow().len(), 4);
    assert_eq!(disk.flush(), Err(DeviceError::Medium));
    assert_eq!(disk.flush(), Ok(()));
}

#[test]
fn an_interrupt_that_nobody_hears_costs_nothing_but_time() {
    let (machine, disk) = TestMachine::with_disk();
    machine.fail(&[Fault::SilentEnd]);
    disk.transfer(&machine, 3, Direction::Read, &[page(HIGH)]).unwrap();
    assert_eq!(sectors_of(&machine, page(HIGH))[7], TestMachine::original(10));
    assert_eq!(machine.resets.get(), 0);
}

#[test]
fn a_flush_reaches_the_drive_and_its_failure_is_told_at_once() {
    let (machine, disk) = TestMachine::with_disk();
    disk.flush().unwrap();
    assert!(machine.has_flushed.get());
    machine.fail(&[Fault::Refused(0x04)]);
    assert_eq!(disk.flush(), Err(DeviceError::Medium));
    assert_eq!(*machine.commands.borrow(), [0xEA, 0xEA]);
}

#[test]
fn drives_that_are_not_there_or_no_disks_are_told_apart() {
    let (machine, channel) = TestMachine::with_channel(PORTS);
    let identify = |drive| Channel::acquire(channel, &machine).identify(drive);
    assert!(matches!(identify(Drive::First), Some(Ok(identity)) if identity.sectors == SECTORS));
    assert_eq!(identify(Drive::Second), None);
    machine.is_packet_device.set(true);
    assert_eq!(identify(Drive::First), Some(Err(NotADisk::Kind)));
    machine.is_packet_device.set(false);
    machine.fail(&[Fault::Refused(4)]);
    assert_eq!(identify(Drive::First), None);
    machine.fail(&[Fault::Hangs]);
    assert_eq!(identify(Drive::First), None);
    machine.is_absent.set(true);
    assert_eq!(identify(Drive::First), None);
}

#[test]
fn the_interrupt_is_acknowledged_only_where_it_is_the_channels() {
    let (machine, channel) = TestMachine::with_channel(PORTS);
    assert!(!channel.interrupt(&machine));
    machine.fail(&[Fault::Refused(4)]);
    let _ = channel.acquire(&machine).identify(Drive::First);
    assert!(channel.interrupt(&machine), "the engine's bit is set");
    assert!(!channel.interrupt(&machine), "and was cleared");
}

/// A second use of the first drive, as the kernel has it where the system stands still.
fn other(
    machine: &&'static TestMachine,
    disk: &Disk<'static, &'static TestMachine>,
) -> Disk<'static, &'static TestMachine> {
    Disk::new(*machine, disk.channel, Drive::First, *disk.identity())
}

#[test]
fn a_channel_that_is_held_is_seized_and_who_held_it_begins_its_command_again() {
    for (ports, codes) in [(PORTS, [0xC8, 0xCA, 0xCA, 0xC8]), (NO_ENGINE, [0x20, 0x30, 0x30, 0x20])] {
        let (machine, disk) = TestMachine::with_ports(ports);
        let seizing = other(&machine, &disk);
        machine.commands.borrow_mut().clear();
        machine.write(FrameNumber(HIGH), 0, &[0xAA; 4096]);
        machine.fail(&[Fault::Hangs]);
        machine.meanwhile(None, move || {
            for first in [5000, 6000] {
                seizing.transfer(&machine, first, Direction::Write, &[page(HIGH)]).unwrap();
            }
        });
        // Through a bounce page, which is not the one that the other goes through.
        disk.transfer(&machine, 1000, Direction::Read, &[page(HIGH + 1)]).unwrap();
        assert_eq!(*machine.commands.borrow(), codes);
        assert_eq!(sectors_of(&machine, page(HIGH + 1))[7], TestMachine::original(1007));
        assert!((5000..5008).chain(6000..6008).all(|sector| machine.sector(sector) == [0xAA; 512]));
        assert_eq!((machine.resets.get(), disk.dma_failures.load(Ordering::Relaxed)), (1, 0), "it was reset once");
        assert!(!machine.engine_runs());
        assert_eq!(disk.read(0, &mut [0; 512]), Ok(()), "the turns are as they were");
        assert_eq!(machine.resets.get(), 1);
    }
}

#[test]
fn what_was_to_be_written_is_written_although_another_wrote_meanwhile() {
    for ports in [PORTS, NO_ENGINE] {
        let (machine, disk) = TestMachine::with_ports(ports);
        let seizing = other(&machine, &disk);
        machine.write(FrameNumber(HIGH), 0, &[0xAA; 4096]);
        machine.fail(&[Fault::Hangs]);
        machine.meanwhile(None, move || seizing.transfer(&machine, 5000, Direction::Write, &[page(HIGH)]).unwrap());
        disk.write(100, &[0x55; 1024]).unwrap();
        assert_eq!((machine.sector(100), machine.sector(101)), ([0x55; 512], [0x55; 512]));
        assert_eq!((machine.sector(5000), machine.sector(5007)), ([0xAA; 512], [0xAA; 512]));
        let seizing = other(&machine, &disk);
        machine.fail(&[Fault::Hangs]);
        machine.meanwhile(None, move || seizing.transfer(&machine, 5000, Direction::Write, &[page(HIGH)]).unwrap());
        disk.flush().unwrap();
        assert!(machine.commands.borrow().ends_with(&[0xEA, if ports == PORTS { 0xCA } else { 0x30 }, 0xEA]));
    }
}

#[test]
fn a_command_that_was_prepared_is_not_given_after_another_use_of_the_channel() {
    let (machine, disk) = TestMachine::with_disk();
    let seizing = other(&machine, &disk);
    machine.commands.borrow_mut().clear();
    // The engine has the table already, and the drive is chosen next.
    machine.meanwhile(Some(0x1F6), move || {
        seizing.transfer(&machine, 5000, Direction::Write, &[page(0x200)]).unwrap();
    });
    disk.transfer(&machine, 1000, Direction::Read, &[page(0x100)]).unwrap();
    assert_eq!(*machine.commands.borrow(), [0xCA, 0xC8]);
    assert_eq!(sectors_of(&machine, page(0x100))[0], TestMachine::original(1000));
}

#[test]
fn between_its_registers_a_command_is_being_told() {
    let (machine, disk) = TestMachine::with_disk();
    let channel = disk.channel;
    for (port, told) in
        [(Some(0xC004), false), (Some(0x1F6), false), (Some(0x1F2), true), (Some(0x1F7), true), (None, false)]
    {
        let seen = std::rc::Rc::new(std::cell::Cell::new(None));
        let look = seen.clone();
        machine.meanwhile(port, move || look.set(Some(channel.is_being_told())));
        if port.is_none() {
            machine.fail(&[Fault::Hangs]);
        }
        disk.transfer(&machine, 1000, Direction::Read, &[page(0x100)]).unwrap();
        // The engine's table register is written as a double word.
        assert_eq!(seen.get(), (port != Some(0xC004)).then_some(told), "{port:x?}");
        machine.meanwhile(None, || ());
    }
}
