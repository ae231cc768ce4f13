use std::cell::{Cell, RefCell};
use std::vec::Vec;

use user_support::memory::Memory;

use super::*;
use crate::descriptors::{Descriptors, read, write};
use user_support::memory::fake::Bytes;

/// A file of handle 7 in memory, with a count of the writes that reached it.
struct Machine {
    memory: Bytes,
    file: RefCell<Vec<u8>>,
    position: Cell<usize>,
    writes: Cell<u32>,
    free: Cell<u32>,
    refusing: Cell<bool>,
    descriptors: Descriptors,
}

const STREAM: Stream = Stream(0x1000);
const FILE: u32 = 3;

impl Machine {
    fn new(contents: &[u8], descriptor_flags: u32, stream_flags: u32) -> Self {
        let machine = Self {
            memory: Bytes::new(0x1000, std::vec![0; 0x4000]),
            file: RefCell::new(contents.to_vec()),
            position: Cell::new(0),
            writes: Cell::new(0),
            free: Cell::new(0x2000),
            refusing: Cell::new(false),
            descriptors: Descriptors::new(),
        };
        machine.descriptors.place(FILE, 7, descriptor_flags).unwrap();
        STREAM.initialise(&machine, FILE, stream_flags);
        machine
    }

    fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        while let Ok(byte) = STREAM.get(self) {
            text.push(byte);
        }
        text
    }
}

impl Memory for Machine {
    fn read_u8(&self, address: u32) -> u8 {
        self.memory.read_u8(address)
    }
    fn read_u16(&self, address: u32) -> u16 {
        self.memory.read_u16(address)
    }
    fn read_u32(&self, address: u32) -> u32 {
        self.memory.read_u32(address)
    }
    fn read_bytes(&self, address: u32, bytes: &mut [u8]) {
        self.memory.read_bytes(address, bytes);
    }
    fn write_u16(&self, address: u32, value: u16) {
        self.memory.write_u16(address, value);
    }
    fn write_u32(&self, address: u32, value: u32) {
        self.memory.write_u32(address, value);
    }
    fn write_bytes(&self, address: u32, bytes: &[u8]) {
        self.memory.write_bytes(address, bytes);
    }
}

impl System for Machine {
    fn read_handle(&self, handle: u32, bytes: &mut [u8]) -> Result<usize, u32> {
        assert_eq!(handle, 7);
        let file = self.file.borrow();
        let rest = &file[self.position.get().min(file.len())..];
        let count = rest.len().min(bytes.len());
        bytes[..count].copy_from_slice(&rest[..count]);
        self.position.set(self.position.get() + count);
        Ok(count)
    }
    fn write_handle(&self, handle: u32, bytes: &[u8]) -> Result<usize, u32> {
        assert_eq!(handle, 7);
        if self.refusing.get() {
            return Err(5);
        }
        self.writes.set(self.writes.get() + 1);
        let (mut file, at) = (self.file.borrow_mut(), self.position.get());
        let end = at + bytes.len();
        if file.len() < end {
            file.resize(end, 0);
        }
        file[at..end].copy_from_slice(bytes);
        self.position.set(end);
        Ok(bytes.len())
    }
    fn seek_handle(&self, _: u32, distance: i64, origin: u32) -> Result<i64, u32> {
        let from = [0, self.position.get() as i64, self.file.borrow().len() as i64][origin as usize];
        let position = usize::try_from(from + distance).map_err(|_| 131u32)?;
        self.position.set(position);
        Ok(position as i64)
    }
    fn close_handle(&self, _: u32) -> Result<(), u32> {
        Ok(())
    }
    fn allocate(&self, bytes: u32) -> Option<u32> {
        let address = self.free.get();
        self.free.set(address + bytes);
        (address + bytes <= 0x5000).then_some(address)
    }
    fn free(&self, _: u32) {}
    fn descriptors(&self) -> &Descriptors {
        &self.descriptors
    }
}

const TEXT: u32 = descriptor_flag::TEXT;

#[test]
fn writing_is_buffered_until_the_buffer_is_full_or_flushed() {
    let machine = Machine::new(b"", 0, flag::WRITE);
    assert_eq!(STREAM.write(&machine, b"hello"), (5, None));
    assert_eq!((machine.writes.get(), STREAM.position(&machine)), (0, Ok(5)));
    assert_eq!(STREAM.flush(&machine), Ok(()));
    assert_eq!(machine.file.borrow().as_slice(), b"hello");
    assert_eq!(STREAM.write(&machine, &[b'x'; 5000]), (5000, None));
    assert_eq!(machine.file.borrow().len(), 5 + 4096);
    assert_eq!(STREAM.close(&machine), Ok(()));
    assert_eq!(machine.file.borrow().len(), 5005);
    assert_eq!(STREAM.flags(&machine), 0);
}

#[test]
fn unbuffered_streams_and_devices_write_at_once() {
    for (descriptor, stream) in [(0, flag::WRITE | flag::UNBUFFERED), (descriptor_flag::DEVICE, flag::WRITE)] {
        let machine = Machine::new(b"", descriptor, stream);
        assert_eq!(STREAM.write(&machine, b"now"), (3, None));
        assert_eq!((machine.file.borrow().as_slice(), machine.writes.get()), (&b"now"[..], 1));
        assert_eq!(machine.read_u32(STREAM.0 + 4), 0, "macros must call");
    }
}

#[test]
fn lines_end_in_two_bytes_outside_and_one_inside() {
    let machine = Machine::new(b"", TEXT, flag::WRITE);
    STREAM.write(&machine, b"a\nb\n");
    assert_eq!(STREAM.position(&machine), Ok(6));
    STREAM.flush(&machine).unwrap();
    assert_eq!(machine.file.borrow().as_slice(), b"a\r\nb\r\n");
    let machine = Machine::new(b"a\r\nb\rc\n\r\n\x1Anever", TEXT, flag::READ);
    assert_eq!(machine.text(), b"a\nb\rc\n\n");
    assert_eq!(STREAM.flags(&machine) & flag::END, flag::END);
    let machine = Machine::new(b"a\r\n\x1Ab", 0, flag::READ);
    assert_eq!(machine.text(), b"a\r\n\x1Ab");
}

#[test]
fn a_line_end_on_the_border_of_two_reads_is_one() {
    for kind in [TEXT, TEXT | descriptor_flag::PIPE] {
        for (contents, expected) in
            [(&b"ab\r\ncd"[..], &b"ab\ncd"[..]), (b"ab\rcd", b"ab\rcd"), (b"ab\r", b"ab\r"), (b"\r\n\r\n", b"\n\n")]
        {
            for size in 1..5 {
                let machine = Machine::new(contents, kind, flag::READ);
                let (mut text, mut bytes) = (Vec::new(), [0; 8]);
                while let Ok(count @ 1..) = read(&machine, FILE, &mut bytes[..size]) {
                    text.extend_from_slice(&bytes[..count]);
                }
                assert_eq!(text, expected, "{contents:?} by {size}");
            }
        }
    }
}

#[test]
fn positions_in_text_are_those_of_the_file() {
    let machine = Machine::new(b"one\r\ntwo\r\nthree", TEXT, flag::READ);
    for (count, expected) in [(3, 3), (1, 5), (2, 7)] {
        assert_eq!(STREAM.read(&machine, &mut std::vec![0; count]).0, count);
        assert_eq!(STREAM.position(&machine), Ok(expected));
    }
    STREAM.seek(&machine, -2, 1).unwrap();
    assert_eq!(machine.text(), b"two\nthree");
    STREAM.seek(&machine, 5, 0).unwrap();
    assert_eq!(STREAM.flags(&machine) & flag::END, 0);
    assert_eq!(STREAM.get(&machine), Ok(b't'));
    STREAM.seek(&machine, -5, 2).unwrap();
    assert_eq!(machine.text(), b"three");
    assert_eq!(STREAM.seek(&machine, 0, 3), Err(Stopped(Some(Errno::EINVAL))));
    assert_eq!(STREAM.seek(&machine, -1, 0), Err(Stopped(Some(Errno::EINVAL))));
}

#[test]
fn a_byte_goes_back_even_before_the_first_read() {
    let machine = Machine::new(b"bc", 0, flag::READ);
    STREAM.unget(&machine, b'a').unwrap();
    assert_eq!(machine.text(), b"abc");
    STREAM.unget(&machine, b'c').unwrap();
    assert_eq!(STREAM.flags(&machine) & flag::END, 0);
    assert_eq!(machine.text(), b"c");
}

#[test]
fn a_stream_for_both_directions_is_turned_by_seeking() {
    let machine = Machine::new(b"abcdef", 0, flag::BOTH);
    assert_eq!(STREAM.get(&machine), Ok(b'a'));
    assert_eq!(STREAM.write(&machine, b"X"), (0, Some(Stopped(Some(Errno::EBADF)))));
    STREAM.seek(&machine, 0, 1).unwrap();
    assert_eq!(STREAM.write(&machine, b"X"), (1, None));
    STREAM.seek(&machine, 0, 1).unwrap();
    assert_eq!(STREAM.get(&machine), Ok(b'c'));
    assert_eq!(machine.file.borrow().as_slice(), b"aXcdef");
}

#[test]
fn the_wrong_direction_is_an_error_and_so_is_a_refusal() {
    let machine = Machine::new(b"a", 0, flag::READ);
    assert_eq!(STREAM.write(&machine, b"X").0, 0);
    assert_eq!(STREAM.flags(&machine) & flag::ERROR, flag::ERROR);
    STREAM.clear_errors(&machine);
    assert_eq!(STREAM.flags(&machine) & flag::ERROR, 0);
    let machine = Machine::new(b"", 0, flag::WRITE);
    assert_eq!(STREAM.get(&machine), Err(Stopped(Some(Errno::EBADF))));
    machine.refusing.set(true);
    STREAM.write(&machine, b"lost");
    assert_eq!(STREAM.flush(&machine), Err(Stopped(Some(Errno::EBADF))));
    assert_eq!(STREAM.close(&machine), Ok(()), "what was lost is not tried again");
}

#[test]
fn appending_writes_behind_everything() {
    let machine = Machine::new(b"old", descriptor_flag::APPEND, flag::WRITE);
    STREAM.write(&machine, b"new");
    STREAM.flush(&machine).unwrap();
    assert_eq!(machine.file.borrow().as_slice(), b"oldnew");
    assert_eq!(write(&machine, 9, b"x"), Err(Errno::EBADF));
}

#[test]
fn a_buffer_of_the_program_is_used_and_given_back() {
    let machine = Machine::new(b"", 0, flag::WRITE);
    STREAM.set_buffer(&machine, 0x1800, Some(4)).unwrap();
    STREAM.write(&machine, b"abcdef");
    assert_eq!(machine.file.borrow().as_slice(), b"abcd");
    STREAM.set_buffer(&machine, 0, None).unwrap();
    assert_eq!(machine.file.borrow().as_slice(), b"abcdef");
    STREAM.write(&machine, b"g");
    assert_eq!(machine.file.borrow().as_slice(), b"abcdefg");
}

#[test]
fn modes() {
    let mode = |text: &str| parse_mode(text.as_bytes());
    assert!(mode("r").is_some_and(|mode| mode.read && !mode.write && !mode.create && mode.binary.is_none()));
    assert!(mode("w+b").is_some_and(|mode| mode.read && mode.write && mode.truncate && mode.binary == Some(true)));
    assert!(mode("at").is_some_and(|mode| mode.append && !mode.truncate && mode.binary == Some(false)));
    assert!(mode("").is_none() && mode("x").is_none() && mode("rq").is_none());
}

#[test]
fn descriptors_are_taken_from_the_lowest_on() {
    let descriptors = Descriptors::new();
    assert_eq!((descriptors.add(1, 0), descriptors.add(2, 0)), (Ok(0), Ok(1)));
    assert_eq!((descriptors.remove(0), descriptors.remove(0)), (Ok(1), Err(Errno::EBADF)));
    assert_eq!(
        (descriptors.add(3, 0), descriptors.handle(0), descriptors.flags(2048)),
        (Ok(0), Ok(3), Err(Errno::EBADF))
    );
}
