//! What the boot loader says: memory map, modules, command line. Copied, so that nothing of the loader's is needed later.

use core::fmt;

use mm::frame::FrameRun;
use mm::layout::{FrameNumber, PAGE_SIZE};
use mm::memory_map::{Region, RegionKind};

use crate::{multiboot1, multiboot2_information};

/// Entries of a memory map that are kept.
const REGIONS: usize = 128;
/// Modules that are kept.
const MODULES: usize = 8;
/// Bytes of a command line that are kept.
pub const LINE: usize = 512;
/// Bytes of a module's name that are kept.
pub(crate) const NAME: usize = 128;

/// The first page holds real mode's vectors and the firmware's data: frame 0 is not RAM, whatever the map says.
const REAL_MODE: Region = Region { start: 0, length: PAGE_SIZE as u64, kind: RegionKind::Reserved };

/// Why the machine cannot start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootError {
    /// The boot loader left no information, or it breaks its own rules.
    Corrupt(&'static str),
    /// There is no memory map in it.
    NoMemoryMap,
    /// More entries than there is room for.
    TooMany(&'static str),
    /// A module lies where it cannot: outside RAM, over the kernel, or ends before it begins. Its index.
    BadModule(usize),
}

impl fmt::Display for BootError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt(what) => write!(formatter, "the boot loader's information is corrupt: {what}"),
            Self::NoMemoryMap => formatter.write_str("the boot loader gave no memory map"),
            Self::TooMany(what) => write!(formatter, "the boot loader gave too many {what}"),
            Self::BadModule(index) => {
                write!(formatter, "boot module {index} is corrupt: it is not wholly in RAM, or lies over the kernel")
            }
        }
    }
}

/// Physical memory as the boot loader left it.
pub trait PhysicalMemory {
    /// Shows `length` bytes from `start` on, in a row and aligned as they are, to `look`; `None` if they cannot be shown.
    fn view<R>(&self, start: u64, length: u32, look: impl FnOnce(&[u8]) -> R) -> Option<R>;

    /// Copies bytes from `start` on; `None` if they cannot be shown.
    fn read(&self, start: u64, into: &mut [u8]) -> Option<()> {
        self.view(start, into.len() as u32, |bytes| into.copy_from_slice(bytes))
    }
}

/// Text of at most `N` bytes.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Text<N> {
    /// No text.
    pub const EMPTY: Self = Self { bytes: [0; N], length: 0 };

    /// `text` up to its first NUL, cut where it is too long or stops being UTF-8.
    pub fn new(text: &[u8]) -> Self {
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        let text = &text[..text.len().min(N)];
        let length = core::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        let mut this = Self { bytes: [0; N], length };
        this.bytes[..length].copy_from_slice(&text[..length]);
        this
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

/// A file the boot loader has put into memory. Its frames stay as they are.
#[derive(Clone, Copy)]
pub struct Module {
    /// First physical address; a multiple of the page size.
    pub start: u64,
    /// Bytes, at least 1.
    pub length: u32,
    /// The command line it was given.
    pub command_line: Text<NAME>,
}

impl Module {
    /// Whether the module goes by `name`: a word of its command line is that, or a path that ends in it. GRUB passes on
    /// what stands after the file's path, QEMU the path too.
    pub fn is_called(&self, name: &str) -> bool {
        let words = self.command_line.as_str().split_ascii_whitespace();
        words.filter_map(|word| word.rsplit('/').next()).any(|word| word == name)
    }

    /// Its frames.
    pub fn frames(&self) -> FrameRun {
        let first = (self.start / u64::from(PAGE_SIZE)) as u32;
        let end = (self.start + u64::from(self.length)).div_ceil(u64::from(PAGE_SIZE)) as u32;
        FrameRun { base: FrameNumber(first), count: end - first }
    }
}

/// Everything that is kept of the boot loader's information.
pub struct BootInformation {
    regions: [Region; REGIONS],
    region_count: usize,
    modules: [Module; MODULES],
    module_count: usize,
    /// The kernel's command line.
    pub command_line: Text<LINE>,
}

impl BootInformation {
    /// Reads what the boot loader with `magic` left at physical address `information` of `memory`. In place, for the
    /// structure is large and stacks are not.
    ///
    /// # Errors
    /// [`BootError`]: the machine cannot start.
    pub fn read(&mut self, magic: u32, information: u32, memory: &impl PhysicalMemory) -> Result<(), BootError> {
        match magic {
            multiboot1::MAGIC => multiboot1::read(u64::from(information), memory, self)?,
            multiboot2::MAGIC => multiboot2_information::read(u64::from(information), memory, self)?,
            _ => return Err(BootError::Corrupt("unknown magic number")),
        }
        if self.region_count == 0 {
            return Err(BootError::NoMemoryMap);
        }
        self.add_region(REAL_MODE)
    }

    /// Nothing known yet.
    pub const fn new() -> Self {
        let region = Region { start: 0, length: 0, kind: RegionKind::Reserved };
        let module = Module { start: 0, length: 0, command_line: Text::EMPTY };
        Self {
            regions: [region; REGIONS],
            region_count: 0,
            modules: [module; MODULES],
            module_count: 0,
            command_line: Text::EMPTY,
        }
    }

    pub(crate) fn add_region(&mut self, region: Region) -> Result<(), BootError> {
        let place = self.regions.get_mut(self.region_count).ok_or(BootError::TooMany("memory ranges"))?;
        *place = region;
        self.region_count += 1;
        Ok(())
    }

    /// Adds the module in `start..end`, which must not be empty and must begin at a page boundary, as both headers ask.
    pub(crate) fn add_module(&mut self, start: u32, end: u32, command_line: &[u8]) -> Result<(), BootError> {
        let index = self.module_count;
        let place = self.modules.get_mut(index).ok_or(BootError::TooMany("modules"))?;
        if end <= start || !start.is_multiple_of(PAGE_SIZE) {
            return Err(BootError::BadModule(index));
        }
        *place = Module { start: u64::from(start), length: end - start, command_line: Text::new(command_line) };
        self.module_count += 1;
        Ok(())
    }

    /// The memory map as the firmware gave it.
    pub fn regions(&self) -> &[Region] {
        &self.regions[..self.region_count]
    }

    /// The modules in the boot loader's order.
    pub fn modules(&self) -> &[Module] {
        &self.modules[..self.module_count]
    }

    /// The first module that is called `name`.
    pub fn module(&self, name: &str) -> Option<&Module> {
        self.modules().iter().find(|module| module.is_called(name))
    }

    /// Checks that each module lies in `ram`, off the kernel's image in `image` and off every other module.
    ///
    /// # Errors
    /// [`BootError::BadModule`].
    pub fn check_modules(&self, ram: &[FrameRun], image: FrameRun) -> Result<(), BootError> {
        for (index, module) in self.modules().iter().enumerate() {
            let frames = module.frames();
            let inside = ram.iter().any(|run| contains(*run, frames));
            let others = self.modules()[..index].iter().map(Module::frames);
            if !inside || others.chain([image]).any(|other| overlap(other, frames)) {
                return Err(BootError::BadModule(index));
            }
        }
        Ok(())
    }
}

impl Default for BootInformation {
    fn default() -> Self {
        Self::new()
    }
}

fn contains(outer: FrameRun, inner: FrameRun) -> bool {
    outer.base <= inner.base && inner.base.0 + inner.count <= outer.base.0 + outer.count
}

fn overlap(one: FrameRun, other: FrameRun) -> bool {
    one.base.0 < other.base.0 + other.count && other.base.0 < one.base.0 + one.count
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAM: [FrameRun; 1] = [FrameRun { base: FrameNumber(0x100), count: 0x1000 }];
    const IMAGE: FrameRun = FrameRun { base: FrameNumber(0x100), count: 0x80 };

    fn with_modules(modules: &[(u32, u32)]) -> Result<BootInformation, BootError> {
        let mut information = BootInformation::new();
        for (start, end) in modules {
            information.add_module(*start, *end, b"volume\0rubbish")?;
        }
        information.check_modules(&RAM, IMAGE)?;
        Ok(information)
    }

    #[test]
    fn a_module_is_found_by_a_word_or_the_end_of_a_path() {
        let mut information = BootInformation::new();
        information.add_module(0x20_0000, 0x20_0001, b"plan  the rest").unwrap();
        information.add_module(0x30_0000, 0x30_0001, b"/boot/disk.img volume").unwrap();
        information.add_module(0x40_0000, 0x40_0001, b"/some/where/notes").unwrap();
        assert_eq!(information.module("volume").unwrap().start, 0x30_0000);
        assert_eq!(information.module("notes").unwrap().start, 0x40_0000);
        assert!(information.module("where").is_none());
        assert_eq!(information.module("plan").unwrap().frames(), FrameRun { base: FrameNumber(0x200), count: 1 });
        assert!(information.module("pla").is_none());
    }

    #[test]
    fn modules_that_cannot_be_are_refused() {
        assert!(with_modules(&[(0x20_0000, 0x30_0000), (0x30_0000, 0x30_0001)]).is_ok());
        for bad in [
            (0x20_0000, 0x20_0000),
            (0x20_0000, 0x10_0000),
            (0x20_0800, 0x30_0000),
            (0x10_0000, 0x20_0000),
            (0x17_F000, 0x20_0000),
            (0x100_0000, 0x110_0001),
            (0xFFFF_F000, 0xFFFF_FFFF),
        ] {
            assert_eq!(with_modules(&[bad]).err(), Some(BootError::BadModule(0)), "{bad:x?}");
        }
        assert_eq!(
            with_modules(&[(0x20_0000, 0x30_0000), (0x2F_F000, 0x40_0000)]).err(),
            Some(BootError::BadModule(1))
        );
    }

    #[test]
    fn text_ends_where_it_stops_being_text() {
        assert_eq!(Text::<8>::new(b"ab\0cd").as_str(), "ab");
        assert_eq!(Text::<8>::new(b"ab\xFFcd").as_str(), "ab");
        assert_eq!(Text::<4>::new(b"abcdef").as_str(), "abcd");
    }
}
