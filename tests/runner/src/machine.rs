//! The emulated machine: what the user can choose, and the QEMU arguments that follow from it.
//!
//! QEMU runs in the scratch folder and is given relative names only, so that no path of the host needs quoting
//! in QEMU's option syntax. Two choices are not free: above 3 GB the `x86_64` binary is taken, because the i386
//! one truncates the addresses of page tables; and `pse36` belongs to the processor, because without it QEMU
//! gives 32 physical address bits and faults on any page-table entry above them.

use std::env;
use std::path::{self, Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use crate::error::{Error, Result};
use crate::process;

/// Where QEMU finds the boot modules and where the guest leaves its traces, all in the scratch folder.
pub mod names {
    /// The kernel.
    pub const KERNEL: &str = "kernel";
    /// The kernel as QEMU is told of it. QEMU puts this before the words meant for the kernel, which knows a file's
    /// name by its slash.
    pub const KERNEL_PATH: &str = "./kernel";
    /// The FAT image that is C:; also the module's own name.
    pub const VOLUME: &str = "volume";
    /// The plan; also the module's own name.
    pub const PLAN: &str = "plan";
    /// Commands for the debugger; also the module's own name.
    pub const DEBUGGER: &str = "debugger";
    /// The socket of the debugger's console.
    pub const CONSOLE: &str = "kd.socket";
    /// RAM, where it is a file.
    pub const RAM: &str = "ram.bin";
    /// The image of the disk.
    pub const DISK: &str = "disk.img";
    /// What the RAM that cannot be written holds.
    pub const DEAD_RAM: &str = "dead.ram";
    /// What QEMU's `blkdebug` is told of errors.
    pub const DISK_ERRORS: &str = "disk.errors";
    /// What QEMU's `blklogwrites` tells of writes.
    pub const DISK_LOG: &str = "writes.log";
    /// The disc image.
    pub const DISC: &str = "disc.iso";
    /// What the guest sent to COM1.
    pub const KERNEL_LOG: &str = "com1.log";
    /// The pipes of the runner's link, without `.in` and `.out`.
    pub const LINK: &str = "link";
    /// The socket of QEMU's gdb stub.
    pub const GDB: &str = "gdb.socket";
    /// The socket of QEMU's machine protocol.
    pub const MONITOR: &str = "monitor.socket";
    /// What QEMU itself says.
    pub const EMULATOR_LOG: &str = "emulator.log";
}

/// RAM above which the `x86_64` binary is taken, in MB.
const LARGEST_FOR_I386: u32 = 3072;
/// The word of a board with which RAM that could lie below 4 GB lies above.
const RAM_ABOVE: &str = "max-ram-below-4g=";
/// The largest machine of QEMU's `pc` whose RAM ends within 36 address bits, in MB, without room behind it for devices; and with.
const LARGEST: i64 = 63 * 1024;
const LARGEST_WITH_DEVICES: u32 = 61 * 1024;
/// Where that room is taken away.
const NO_ROOM_FOR_DEVICES: &str = "i440FX-pcihost.pci-hole64-size=0";
/// Where RAM that cannot be written begins, in MB.
const DEAD_FROM: u32 = 32;
/// How much, in MB.
pub const DEAD: u32 = 4;
/// What QEMU logs for a profile: blocks as they are translated and executed, and exceptions.
const TRACED: &str = "exec,nochain,in_asm,int";
/// RAM above which the kernel does not zero all that is free, in MB: every zeroed page is the host's memory.
const LARGEST_TO_ZERO: u32 = 8192;

/// Options of every command that boots.
#[derive(Args, Clone, Debug)]
pub struct MachineOptions {
    /// RAM in MB, up to 64512
    #[arg(long, value_name = "MB", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=LARGEST), help_heading = "Machine")]
    pub ram: u32,
    /// Processor, in QEMU's words; pentium3 has no NX
    #[arg(long, value_name = "MODEL", default_value = "coreduo,+pse36", help_heading = "Machine")]
    pub cpu: String,
    /// The board, in the words of QEMU's -machine
    #[arg(long, value_name = "WORDS", default_value = "pc", hide = true)]
    pub board: String,
    /// Words added to the kernel's command line: pagefile=512-1024 (MB), maxmem=MB, client4gb, zeromax=MB,
    /// badpages=1f3a,2000-20ff (frames), memtest, noexecute=optin|optout|alwayson|alwaysoff, debug, crashdump, dumpfile
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true, help_heading = "Machine")]
    pub cmdline: String,
    /// Count instructions: one tick of the time-stamp counter is one guest instruction, clock base fixed
    #[arg(long, help_heading = "Machine")]
    pub icount: bool,
    /// Run on the host's processor instead of QEMU's emulation
    #[arg(long, conflicts_with = "icount", help_heading = "Machine")]
    pub kvm: bool,
    /// Seconds after which the machine is stopped, 0 for never [default: 60; run, debug and with --gdb: never]
    #[arg(long, value_name = "SECONDS", help_heading = "Machine")]
    pub timeout: Option<u64>,
    /// Stop before the first instruction until a gdb has connected to this socket (target remote SOCKET) and says continue
    #[arg(long, value_name = "SOCKET", value_parser = parse_socket, help_heading = "Machine")]
    pub gdb: Option<PathBuf>,
    /// Whether 4 MB of the RAM, from 32 MB on, cannot be written
    #[arg(skip)]
    pub dead: bool,
    /// Whether the host gives the machine all its RAM before it starts, instead of page by page as it is touched
    #[arg(skip)]
    pub touched: bool,
    /// Whether RAM is a file of the scratch folder, which is there when the machine is gone
    #[arg(skip)]
    pub ram_file: bool,
    /// Where QEMU tells of every block of instructions that it executes
    #[arg(skip)]
    pub trace: Option<PathBuf>,
}

/// The emulator runs elsewhere.
fn parse_socket(text: &str) -> std::result::Result<PathBuf, String> {
    path::absolute(text).map_err(|error| error.to_string())
}

/// Seconds after which a machine is stopped when the user did not say.
const PATIENCE: u64 = 60;

impl MachineOptions {
    /// Words of the kernel's command line that the machine asks for.
    #[must_use]
    pub fn kernel_words(&self) -> Option<&'static str> {
        (self.ram > LARGEST_TO_ZERO).then_some("zeromax=1024")
    }

    /// Whether the machine takes the `x86_64` binary.
    fn is_large(&self) -> bool {
        self.ram > LARGEST_FOR_I386 || self.board.contains(RAM_ABOVE)
    }

    /// What gdb takes the machine for: the `x86_64` binary shows its registers as that processor's, whatever the kernel does.
    #[must_use]
    pub fn architecture(&self) -> &'static str {
        if self.is_large() { "i386:x86-64" } else { "i386" }
    }

    /// The kernel's command line: `words`, those, and the user's own.
    #[must_use]
    pub fn kernel_line(&self, words: &str) -> String {
        let parts = [words, self.kernel_words().unwrap_or_default(), &self.cmdline];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// The moment at which a machine started at `began` is stopped, if ever.
    #[must_use]
    pub fn deadline(&self, began: Instant) -> Option<Instant> {
        let usual = if self.gdb.is_some() { 0 } else { PATIENCE };
        match self.timeout.unwrap_or(usual) {
            0 => None,
            // A time-out too large to be reached is none.
            seconds => began.checked_add(Duration::from_secs(seconds)),
        }
    }
}

impl Default for MachineOptions {
    fn default() -> Self {
        Self {
            ram: 512,
            cpu: "coreduo,+pse36".into(),
            board: "pc".into(),
            cmdline: String::new(),
            icount: false,
            kvm: false,
            timeout: None,
            gdb: None,
            dead: false,
            touched: false,
            ram_file: false,
            trace: None,
        }
    }
}

/// What the machine starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// QEMU loads the kernel and its modules itself, by the first multiboot protocol.
    Kernel,
    /// The firmware starts GRUB from the disc image.
    Disc,
}

/// The serial ports of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SerialPorts {
    /// None at all.
    Absent,
    /// COM1 into the kernel log, COM3 to the runner.
    Linked,
    /// The same, and QEMU's machine protocol on a socket.
    LinkedAndWatched,
    /// The same, and COM2 on a socket for the debugger's console.
    LinkedAndInspected,
    /// COM1 into the kernel log, no link.
    Logged,
    /// COM1 and QEMU's monitor on this terminal, COM2 on a socket for the debugger's console.
    Terminal,
}

impl SerialPorts {
    /// Whether there is a link to the runner.
    #[must_use]
    pub fn are_linked(self) -> bool {
        matches!(self, Self::Linked | Self::LinkedAndWatched | Self::LinkedAndInspected)
    }
}

/// The screen of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// No window.
    Hidden,
    /// QEMU's window.
    Window,
}

/// Everything about one start of QEMU.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// The user's choices.
    pub options: &'a MachineOptions,
    /// What it starts from.
    pub medium: Medium,
    /// The modules, by name, when the kernel is loaded directly.
    pub modules: &'a [&'static str],
    /// The kernel's command line, when the kernel is loaded directly.
    pub command_line: &'a str,
    /// The serial ports.
    pub serial: SerialPorts,
    /// The screen.
    pub screen: Screen,
    /// QEMU's arguments for the disk, where there is one.
    pub disk: &'a [String],
}

impl Start<'_> {
    /// The emulator to start; `VADOSE_QEMU` names another one.
    ///
    /// # Errors
    /// [`Error::Tool`] when it is not installed.
    pub fn program(&self) -> Result<String> {
        if let Ok(program) = env::var("VADOSE_QEMU") {
            return Ok(program);
        }
        let program = if self.options.is_large() { "qemu-system-x86_64" } else { "qemu-system-i386" };
        process::require(program, "qemu-system-x86")?;
        if self.options.kvm && !Path::new("/dev/kvm").exists() {
            return Err(Error::BadInput("--kvm: this host has no /dev/kvm".into()));
        }
        Ok(program.to_owned())
    }

    /// The emulator's arguments.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let accelerator = if self.options.kvm { "kvm" } else { "tcg" };
        let mut arguments = words(&["-no-reboot", "-net", "none", "-accel", accelerator]);
        arguments.extend(words(&["-cpu", &self.options.cpu, "-m", &format!("{}M", self.options.ram)]));
        arguments.extend(self.memory_arguments());
        if self.options.touched {
            arguments.push("-mem-prealloc".into());
        }
        if self.options.icount {
            // `sleep=off`: a halted guest jumps to its next timer instead of waiting for it.
            arguments.extend(words(&["-icount", "shift=0,sleep=off"]));
            arguments.extend(words(&["-rtc", "base=2000-01-01T00:00:00,clock=vm"]));
        }
        if let Some(path) = &self.options.trace {
            arguments.extend(words(&["-d", TRACED, "-D", &path.to_string_lossy()]));
        }
        arguments.extend(self.screen_arguments());
        arguments.extend(self.serial_arguments());
        arguments.extend(self.options.gdb.as_deref().map(stub_arguments).unwrap_or_default());
        arguments.extend(words(&["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]));
        arguments.extend(self.medium_arguments());
        arguments.extend_from_slice(self.disk);
        arguments
    }

    /// Above what the host may be willing to reserve, memory is taken as the guest touches it.
    fn memory_arguments(&self) -> Vec<String> {
        let board = &self.options.board;
        if self.options.dead {
            return words(&["-machine", board]).into_iter().chain(dead_memory(self.options.ram)).collect();
        }
        if self.options.ram <= LARGEST_FOR_I386 && !self.options.ram_file {
            return words(&["-machine", board]);
        }
        let backend = match self.options.ram_file {
            false => format!("memory-backend-ram,id=ram,size={}M,reserve=off", self.options.ram),
            true => format!("memory-backend-file,id=ram,size={}M,mem-path={},share=on", self.options.ram, names::RAM),
        };
        let mut arguments = words(&["-object", &backend, "-machine", &format!("{board},memory-backend=ram")]);
        if self.options.ram > LARGEST_WITH_DEVICES {
            arguments.extend(words(&["-global", NO_ROOM_FOR_DEVICES]));
        }
        arguments
    }

    fn screen_arguments(&self) -> Vec<String> {
        match self.screen {
            Screen::Hidden => words(&["-display", "none"]),
            Screen::Window => Vec::new(),
        }
    }

    fn serial_arguments(&self) -> Vec<String> {
        let log = format!("file,id=com1,path={}", names::KERNEL_LOG);
        let logged = ["-monitor", "none", "-chardev", &log, "-serial", "chardev:com1"];
        let console = format!("socket,id=kd,path={},server=on,wait=off", names::CONSOLE);
        let console = ["-chardev", &console, "-serial", "chardev:kd"];
        let link = format!("pipe,id=link,path={}", names::LINK);
        let link = ["-chardev", &link, "-serial", "chardev:link"];
        let monitor = format!("unix:{},server=on,wait=off", names::MONITOR);
        let monitor = ["-qmp", &monitor];
        let nobody = ["-serial", "null"];
        let parts: &[&[&str]] = match self.serial {
            SerialPorts::Absent => &[&["-monitor", "none", "-serial", "none"]],
            SerialPorts::Logged => &[&logged, &nobody],
            SerialPorts::Terminal => &[&["-serial", "mon:stdio"], &console],
            SerialPorts::Linked => &[&logged, &nobody, &link],
            SerialPorts::LinkedAndWatched => &[&logged, &nobody, &monitor, &link],
            SerialPorts::LinkedAndInspected => &[&logged, &console, &monitor, &link],
        };
        parts.iter().flat_map(|part| words(part)).collect()
    }

    fn medium_arguments(&self) -> Vec<String> {
        match self.medium {
            Medium::Disc => words(&["-boot", "d", "-cdrom", names::DISC]),
            Medium::Kernel => {
                let mut arguments = words(&["-kernel", names::KERNEL_PATH, "-append", self.command_line]);
                if !self.modules.is_empty() {
                    arguments.extend(words(&["-initrd", &self.modules.join(",")]));
                }
                arguments
            }
        }
    }
}

/// QEMU stopped before its first instruction, its gdb stub on `socket`. A comma in a value is written twice.
fn stub_arguments(socket: &Path) -> Vec<String> {
    let path = socket.to_string_lossy().replace(',', ",,");
    let stub = format!("socket,id=gdb,path={path},server=on,wait=off");
    words(&["-S", "-chardev", &stub, "-gdb", "chardev:gdb"])
}

/// RAM of `megabytes` in three parts, for QEMU nodes, of which the middle one is a file that is only read.
fn dead_memory(megabytes: u32) -> Vec<String> {
    let file = format!("memory-backend-file,id=dead,size={DEAD}M,mem-path={},share=off,readonly=on", names::DEAD_RAM);
    let below = format!("memory-backend-ram,id=below,size={DEAD_FROM}M");
    let above = format!("memory-backend-ram,id=above,size={}M", megabytes - DEAD_FROM - DEAD);
    let mut arguments = words(&["-object", &below, "-object", &file, "-object", &above]);
    arguments.extend(words(&["-numa", "node,nodeid=0,cpus=0,memdev=below"]));
    arguments.extend(words(&["-numa", "node,nodeid=1,memdev=dead", "-numa", "node,nodeid=2,memdev=above"]));
    arguments
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments_of(options: &MachineOptions, medium: Medium, serial: SerialPorts) -> String {
        let modules = &[names::VOLUME, names::PLAN];
        let screen = Screen::Hidden;
        let start = Start { options, medium, modules, command_line: "link=com3 x", serial, screen, disk: &[] };
        start.arguments().join("|")
    }

    #[test]
    fn a_traced_machine_logs_to_where_it_is_told() {
        let options = MachineOptions { trace: Some("/x/trace".into()), ..MachineOptions::default() };
        let all = arguments_of(&options, Medium::Kernel, SerialPorts::Linked);
        assert!(all.contains("-d|exec,nochain,in_asm,int|-D|/x/trace"), "{all}");
    }

    #[test]
    fn gdb_is_told_the_processor_of_the_emulator() {
        let of = |ram| MachineOptions { ram, ..MachineOptions::default() }.architecture();
        assert_eq!((of(3072), of(3073)), ("i386", "i386:x86-64"));
    }

    #[test]
    fn a_stub_waits_on_its_socket() {
        let options = MachineOptions { gdb: Some("/a,b/gdb".into()), ..MachineOptions::default() };
        let stub = "|-S|-chardev|socket,id=gdb,path=/a,,b/gdb,server=on,wait=off|-gdb|chardev:gdb|";
        assert!(arguments_of(&options, Medium::Kernel, SerialPorts::Linked).contains(stub));
        assert!(!arguments_of(&MachineOptions::default(), Medium::Kernel, SerialPorts::Linked).contains("|-S|"));
        // Whoever looks takes the time it takes.
        assert_eq!(options.deadline(Instant::now()), None);
    }

    #[test]
    fn a_direct_boot_hands_over_kernel_and_modules_under_their_names() {
        let all = arguments_of(&MachineOptions::default(), Medium::Kernel, SerialPorts::Linked);
        assert!(all.contains("-kernel|./kernel|-append|link=com3 x|-initrd|volume,plan"), "{all}");
        assert!(all.contains("-serial|chardev:com1|-serial|null|-chardev|pipe,id=link"), "{all}");
        assert!(all.contains("-accel|tcg|-cpu|coreduo,+pse36|-m|512M"), "{all}");
        assert!(!all.contains("memory-backend") && !all.contains("icount"), "{all}");
    }

    #[test]
    fn the_terminal_has_the_console_and_com2_is_for_the_debugger() {
        let all = arguments_of(&MachineOptions::default(), Medium::Disc, SerialPorts::Terminal);
        let com2 = "-chardev|socket,id=kd,path=kd.socket,server=on,wait=off|-serial|chardev:kd";
        assert!(all.contains(&format!("-serial|mon:stdio|{com2}")), "{all}");
    }

    #[test]
    fn a_large_machine_reserves_nothing() {
        let options = MachineOptions { ram: 6144, icount: true, ..MachineOptions::default() };
        let all = arguments_of(&options, Medium::Disc, SerialPorts::Absent);
        assert!(all.contains("memory-backend-ram,id=ram,size=6144M,reserve=off"), "{all}");
        assert!(all.contains("-icount|shift=0,sleep=off") && all.contains("clock=vm"), "{all}");
        assert!(all.contains("-serial|none") && all.contains("-cdrom|disc.iso"), "{all}");
        assert!(!all.contains("-kernel") && !all.contains("pci-hole64"), "{all}");
        assert_eq!(options.kernel_words(), None);
    }

    #[test]
    fn the_largest_machine_has_no_room_for_devices_and_is_not_zeroed_whole() {
        let options = MachineOptions { ram: 63 * 1024, ..MachineOptions::default() };
        let all = arguments_of(&options, Medium::Kernel, SerialPorts::Absent);
        assert!(all.contains("-global|i440FX-pcihost.pci-hole64-size=0"), "{all}");
        assert_eq!(options.kernel_line("a b"), "a b zeromax=1024");
    }
}
