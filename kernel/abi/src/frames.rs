//! What programs may know of physical memory: classes of `NtQuerySystemInformation` that tell where frames are, and went.
//!
//! The lengths of the six lists have the class and the structure that Vista gave them, of which XP says
//! `STATUS_INVALID_INFO_CLASS`. States and moves of frames have classes of this system's own: XP's end at 71 and those of later
//! Windows below 300. Source of Vista's: `SYSTEM_MEMORY_LIST_INFORMATION` as public headers declare it.

/// Gives the lengths of the page lists, in pages: a [`MemoryLists`].
#[doc(alias = "SystemMemoryListInformation")]
pub const MEMORY_LISTS: u32 = 80;
/// Gives the states of frames: two words, and then a byte, a [`FrameState`], for each frame. The first word is asked for in the
/// buffer and says which frame is the first; the second is answered and says how many bytes follow. The answer may be shorter
/// than the buffer has room for, and is empty only past the last frame of RAM, or without room.
pub const FRAME_STATES: u32 = 0x1000;
/// Gives the moves of frames: four words, and then records of [`EVENT_BYTES`] each. The first word says from which number on they
/// are asked for, and in the answer the number of the first that follows; then come how many follow, how many between both numbers
/// were lost because newer ones took their place, and the number of the move that will be next.
pub const FRAME_EVENTS: u32 = 0x1001;

/// Bytes before the states of [`FRAME_STATES`].
pub const STATES_HEADER: u32 = 8;
/// Most states that are answered at once.
pub const MOST_STATES: u32 = 0x1_0000;
/// Bytes before the records of [`FRAME_EVENTS`].
pub const EVENTS_HEADER: u32 = 16;
/// Bytes of the record of a move. Word 0: its number. Word 1: bits 0 to 23 the frame, bits 24 and 25 why it moved: 0 it went on a list
/// or, where it is active or in transition now, got an owner; 1 its owner took it back; 2 only I/O or a lock holds it. Word 2: the
/// address of the PTE that names it, bit 0 set where its page was deleted. Word 3: `u3.e1` of its record before the move and, in the
/// high half, after it, with the location in bits 8 to 10.
pub const EVENT_BYTES: u32 = 16;

/// Pages on the lists.
#[doc(alias = "SYSTEM_MEMORY_LIST_INFORMATION")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the lists'")]
pub struct MemoryLists {
    pub zeroed: u32,
    pub free: u32,
    pub standby: u32,
    pub modified: u32,
    pub modified_no_write: u32,
    pub bad: u32,
}

impl MemoryLists {
    /// Words of the structure.
    pub const WORDS: usize = 21;
    /// Where the counts of the standby lists of Vista's eight priorities begin. XP's one list stands for the priority that pages
    /// have unless somebody asks for another.
    const STANDBY: usize = 5;
    const NORMAL_PRIORITY: usize = 5;

    /// As it lies in memory.
    pub fn to_words(self) -> [u32; Self::WORDS] {
        let mut words = [0; Self::WORDS];
        words[..5].copy_from_slice(&[self.zeroed, self.free, self.modified, self.modified_no_write, self.bad]);
        words[Self::STANDBY + Self::NORMAL_PRIORITY] = self.standby;
        words
    }

    /// What lies in memory as `words`.
    pub fn from_words(words: &[u32; Self::WORDS]) -> Self {
        let [zeroed, free, modified, modified_no_write, bad, ..] = *words;
        let standby = words[Self::STANDBY..Self::STANDBY + 8].iter().sum();
        Self { zeroed, free, standby, modified, modified_no_write, bad }
    }
}

/// What a frame is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Use {
    /// Nobody's: on Zeroed, Free or Bad.
    Nobody = 0,
    /// A private page of a process.
    Private = 1,
    /// A page table or page directory of a process, or its working-set list.
    Table = 2,
    /// A page of memory that processes share, which has no file: the paging file backs it.
    Memory = 3,
    /// A page of an EXE or DLL.
    Image = 4,
    /// A page of a file's data, mapped or cached.
    File = 5,
    /// The kernel's own: its image, pools, stacks, page tables, the frame database.
    Kernel = 6,
    /// A frame that a process owns by its number (AWE), mapped or not.
    Awe = 7,
    /// Part of a large page of a process.
    LargePage = 8,
}

impl Use {
    /// All of them, by number.
    pub const ALL: [Self; 9] = [
        Self::Nobody,
        Self::Private,
        Self::Table,
        Self::Memory,
        Self::Image,
        Self::File,
        Self::Kernel,
        Self::Awe,
        Self::LargePage,
    ];
}

/// The state of a frame in a byte: bits 0 to 2 where it is, by NT's numbers (0 Zeroed, 1 Free, 2 Standby, 3 Modified,
/// 4 ModifiedNoWrite, 5 Bad, 6 active, 7 in transition), bits 3 to 5 and 7 its [`Use`], bit 6 set where its contents are in a paging
/// file too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameState(pub u8);

impl FrameState {
    /// A number between two pieces of RAM.
    pub const NO_RAM: Self = Self(0xFF);
    const USE_SHIFT: u8 = 3;
    /// The lower bits of the use; the next one stands above bit 6.
    const LOW_USE: u8 = 7;
    const HIGH_USE_SHIFT: u8 = 7;
    const IN_PAGING_FILE: u8 = 1 << 6;

    /// A frame at `location`, 0 to 7, used for `used`.
    pub const fn new(location: u8, used: Use) -> Self {
        let used = used as u8;
        Self(location | (used & Self::LOW_USE) << Self::USE_SHIFT | used >> 3 << Self::HIGH_USE_SHIFT)
    }

    /// The same, its contents in a paging file too.
    pub const fn in_paging_file(self) -> Self {
        Self(self.0 | Self::IN_PAGING_FILE)
    }

    /// Whether there is a frame.
    pub const fn is_ram(self) -> bool {
        self.0 != Self::NO_RAM.0
    }

    /// Where it is, by NT's number.
    pub const fn location(self) -> u8 {
        self.0 & 7
    }

    /// What it is used for.
    pub fn used(self) -> Use {
        let number = self.0 >> Self::USE_SHIFT & Self::LOW_USE | self.0 >> Self::HIGH_USE_SHIFT << 3;
        Use::ALL.get(usize::from(number)).copied().unwrap_or(Use::Kernel)
    }

    /// Whether its contents are in a paging file too.
    pub const fn is_in_paging_file(self) -> bool {
        self.is_ram() && self.0 & Self::IN_PAGING_FILE != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_tells_place_use_and_copy() {
        for location in 0..8 {
            for used in &Use::ALL {
                let state = FrameState::new(location, *used);
                assert_eq!((state.location(), state.used(), state.is_ram()), (location, *used, true));
                assert!(!state.is_in_paging_file() && state.in_paging_file().is_in_paging_file());
                assert_eq!(state.in_paging_file().used(), *used);
            }
        }
        assert_eq!(FrameState::new(6, Use::Image), FrameState(0x26));
        assert_eq!(
            [Use::Awe, Use::LargePage].map(|used| FrameState::new(6, used)),
            [FrameState(0x3E), FrameState(0x86)]
        );
        assert!(!FrameState::NO_RAM.is_ram() && !FrameState::NO_RAM.is_in_paging_file());
    }

    #[test]
    fn the_lists_lie_in_memory_as_vista_has_them() {
        let lists = MemoryLists { zeroed: 1, free: 2, standby: 3, modified: 4, modified_no_write: 5, bad: 6 };
        let words = lists.to_words();
        assert_eq!(words, [1, 2, 4, 5, 6, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(MemoryLists::from_words(&words), lists);
    }
}
