//! The kernel's command line: words, some with a value after `=`. A word nobody knows is reported and does no harm.

use abi::nt::user_shared_data::nx_policy;
use boot::information::{LINE, Text};
use drivers::logln;
use drivers::power::PowerOff;
use mm::frame::FrameList;
use mm::paging_file::MOST_FILES;
use ps::{PagingWish, Terms};

use crate::crash::Crash;

/// Characters of what is said of a paging file at most.
const PAGING_FILE: usize = 80;

/// How a run ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    /// `exit=debug`: through QEMU's `isa-debug-exit` device.
    pub debug: bool,
    /// `poweroff=qemu`, `bochs` or `halt`.
    pub power_off: PowerOff,
}

/// Where a program's console is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Console {
    /// `console=com1`: COM1 and the screen, as the log.
    #[default]
    Com1,
    /// `console=none`: nowhere.
    None,
}

/// Who may debug the system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Debugger {
    /// Nobody.
    #[default]
    None,
    /// `kd=com2`: whoever is at COM2.
    Listening,
    /// `kd=wait`: the same, and no program starts before they say so.
    Waiting,
    /// `kd=screen`: whoever presses Pause on the machine's own keyboard.
    Screen,
}

/// What the command line asks for.
#[derive(Clone)]
pub struct Options {
    /// How the run ends.
    pub exit: Exit,
    /// Where a program's console is.
    pub console: Console,
    /// `kd=com2` or `kd=wait`: a debugger may be at COM2; `kd=screen`: at the keyboard.
    pub debugger: Debugger,
    /// `link=com3`: a runner listens there.
    pub link: bool,
    /// `debug`: programs may read all memory, through NtSystemDebugControl.
    pub debug: bool,
    /// `video`: programs may show pictures on the screen, where the adapter can.
    pub video: bool,
    /// `bench`: measure and print.
    pub bench: bool,
    /// `fail=`: requests for memory that are refused to programs.
    pub fail: Option<Terms>,
    /// `noexecute=`: which programs data execution prevention covers, one of [`nx_policy`].
    pub no_execute: u8,
    /// `test`: run the guest tests.
    pub test: bool,
    /// `crash=`: what to break instead of running programs.
    pub crash: Option<Crash>,
    /// `crashdump`: a bugcheck writes all RAM into the first paging file.
    pub crash_dump: bool,
    /// `dumpfile`: a file for dumps is kept ready.
    pub dump_file: bool,
    /// `pagefile=`: paging files, as [`ps::PagingWish`] reads them.
    pub paging_files: [Option<Text<PAGING_FILE>>; MOST_FILES as usize],
    /// `maxmem=`: the first physical address, in MB, from which on RAM is left alone.
    pub maximum_memory: Option<u32>,
    /// `client4gb`: RAM is used as Windows XP's client editions use it, up to the physical address of 4 GB, in spite of PAE.
    pub client: bool,
    /// `zeromax=`: most megabytes that the zero-page thread keeps ready.
    pub maximum_zeroed: Option<u32>,
    /// `badpages=`: frames that are never to be used.
    pub bad_frames: FrameList,
    /// `memtest`: all RAM that is free at start-up is tested.
    pub test_memory: bool,
    /// `run=`: DOS path of the program to start without a plan.
    pub run: Option<Text<LINE>>,
}

impl Options {
    /// Reads `line`. The words of `-kernel` loaders begin with the name of the file they loaded, which is passed over.
    pub fn parse(line: &str) -> Self {
        let mut options = Self {
            exit: Exit::default(),
            console: Console::default(),
            debugger: Debugger::default(),
            link: false,
            debug: false,
            video: false,
            bench: false,
            fail: None,
            no_execute: nx_policy::OPT_IN,
            test: false,
            crash: None,
            crash_dump: false,
            dump_file: false,
            paging_files: [None; MOST_FILES as usize],
            maximum_memory: None,
            client: false,
            maximum_zeroed: None,
            bad_frames: FrameList::EMPTY,
            test_memory: false,
            run: None,
        };
        for (index, word) in line.split_ascii_whitespace().enumerate() {
            let is_file_name = index == 0 && word.contains('/');
            if !options.accept(word) && !is_file_name {
                logln!("command line: what is \"{word}\"?");
            }
        }
        options
    }

    /// Whether `word` is known.
    fn accept(&mut self, word: &str) -> bool {
        match word.split_once('=').unwrap_or((word, "")) {
            ("exit", "debug") => self.exit.debug = true,
            ("poweroff", "qemu") => self.exit.power_off = PowerOff::Qemu,
            ("poweroff", "bochs") => self.exit.power_off = PowerOff::Bochs,
            ("poweroff", "halt") => self.exit.power_off = PowerOff::Halt,
            ("console", "com1") => self.console = Console::Com1,
            ("console", "none") => self.console = Console::None,
            ("kd", "com2") => self.debugger = Debugger::Listening,
            ("kd", "screen") => self.debugger = Debugger::Screen,
            ("kd", "wait") => self.debugger = Debugger::Waiting,
            ("link", "com3") => self.link = true,
            ("debug", "") => self.debug = true,
            ("video", "") => self.video = true,
            ("noexecute", "alwayson") => self.no_execute = nx_policy::ALWAYS_ON,
            ("noexecute", "alwaysoff") => self.no_execute = nx_policy::ALWAYS_OFF,
            ("noexecute", "optin") => self.no_execute = nx_policy::OPT_IN,
            ("noexecute", "optout") => self.no_execute = nx_policy::OPT_OUT,
            ("bench", "") => self.bench = true,
            ("test", "") => self.test = true,
            ("fail", terms) => {
                self.fail = terms.parse().ok();
                return self.fail.is_some();
            }
            ("maxmem", number) => return set(&mut self.maximum_memory, number.parse().ok()),
            ("client4gb", "") => self.client = true,
            ("zeromax", number) => return set(&mut self.maximum_zeroed, number.parse().ok()),
            ("badpages", frames) => {
                let Some(frames) = FrameList::parse(frames) else { return false };
                self.bad_frames = frames;
            }
            ("memtest", "") => self.test_memory = true,
            ("crash", word) => {
                self.crash = Crash::parse(word);
                return self.crash.is_some();
            }
            ("crashdump", "") => self.crash_dump = true,
            ("dumpfile", "") => self.dump_file = true,
            ("pagefile", word) => return self.accept_paging_file(word),
            ("run", path) if !path.is_empty() => self.run = Some(Text::new(path.as_bytes())),
            _ => return false,
        }
        true
    }
    /// Keeps what is said of a paging file, if it makes sense and there are not too many.
    fn accept_paging_file(&mut self, word: &str) -> bool {
        match self.paging_files.iter_mut().find(|place| place.is_none()) {
            Some(place) if word.len() <= PAGING_FILE && PagingWish::parse(word).is_some() => {
                *place = Some(Text::new(word.as_bytes()));
                true
            }
            _ => false,
        }
    }
}

/// Sets `option` where there is a value; whether there was.
fn set<T>(option: &mut Option<T>, value: Option<T>) -> bool {
    let known = value.is_some();
    *option = value.or(option.take());
    known
}
