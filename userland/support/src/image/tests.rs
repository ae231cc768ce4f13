//! Headers, sections and names of images, good and broken.

use super::build::Builder;
use super::*;
use crate::memory::fake::Bytes;

#[test]
fn headers_of_a_good_image() {
    let image = Builder::new(0x1000_0000, 0x3000).entry(0x1004).finish();
    let memory = Bytes::new(0x2000_0000, image);
    let image = Image::open(&memory, 0x2000_0000, 0x3000).unwrap();
    assert_eq!(image.entry_point(), Ok(0x2000_1004));
    assert_eq!((image.preferred_base(), image.size(), image.is_dll()), (0x1000_0000, 0x3000, true));
}

#[test]
fn headers_that_lie_are_refused() {
    let good = Builder::new(0x1000_0000, 0x3000).finish();
    let broken: [(usize, u32); 6] = [
        (0, 0),              // no MZ
        (0x3C, 0xFFFF_FFF0), // headers beyond the end of memory
        (0x3C, 0x2FF0),      // headers leave the view
        (0x40, 0),           // no PE
        (0x44, 0x0001_8664), // another machine
        (0x46, 0x0000_FFFF), // more sections than anything may have
    ];
    for (at, value) in broken {
        let mut bytes = good.clone();
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let memory = Bytes::new(0x1000_0000, bytes);
        assert_eq!(Image::open(&memory, 0x1000_0000, 0x3000).err(), Some(Malformed), "{at:x}");
    }
}

#[test]
fn nothing_behind_a_section_without_access_is_read() {
    let image = Builder::new(0x1000_0000, 0x4000).section(0x2000, 0x1000, 0).finish();
    let memory = Bytes::new(0x1000_0000, image);
    let image = Image::open(&memory, 0x1000_0000, 0x4000).unwrap();
    assert_eq!(image.u32(&memory, 0x1FFC), Ok(0));
    assert_eq!(image.u32(&memory, 0x1FFD), Err(Malformed));
    assert_eq!(image.address(u32::MAX, 4), Err(Malformed));
}

#[test]
fn names_end_inside_the_image() {
    let image = Builder::new(0, 0x2000).bytes(0x1FFC, b"abcd").bytes(0x1F00, b"Sleep\0").finish();
    let memory = Bytes::new(0, image);
    let image = Image::open(&memory, 0, 0x2000).unwrap();
    assert_eq!(image.name(&memory, 0x1FFC), Err(Malformed));
    assert_eq!(image.name(&memory, 0x1F00).unwrap(), b"Sleep");
    assert_eq!(image.compare_name(&memory, 0x1F00, b"Sleep"), Ok(core::cmp::Ordering::Equal));
    assert_eq!(image.compare_name(&memory, 0x1F00, b"SleepEx"), Ok(core::cmp::Ordering::Less));
    assert_eq!(image.compare_name(&memory, 0x1FFC, b"abcd"), Err(Malformed));
}
