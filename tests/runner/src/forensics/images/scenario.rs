//! The scenarios: programs of `tests/forensics`, and what is to be found after each.

use super::unlink;
use crate::dump::Change;

/// One of them.
#[derive(Debug)]
pub struct Scenario {
    /// What it is called.
    pub name: &'static str,
    /// What was done, in a sentence.
    pub about: &'static str,
    /// The program, below `out/forensics`.
    pub program: &'static str,
    /// RAM in megabytes.
    pub ram: u32,
    /// Words for the kernel.
    pub cmdline: &'static str,
    /// What there is to find: the name that the program gives it, and what it is.
    pub findings: &'static [(&'static str, &'static str)],
    /// How a tool finds it.
    pub hint: &'static str,
    /// Plugins of Volatility 3, without `windows.`, that are held against the truth.
    pub plugins: &'static [&'static str],
    /// What the debugger changes after the truth was told.
    pub change: Option<Change>,
}

/// All, in the order of the list.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "injected",
        about: "private executable memory with code in it, which another process allocated, wrote and started a thread in",
        program: "injected.exe",
        ram: 64,
        cmdline: "",
        findings: &[
            ("code", "the instructions; a thread of the process began with the first"),
            (
                "parameter",
                "what that thread was given: a word that the instructions set to 1, and the address of Sleep",
            ),
        ],
        hint: "a VAD VadS, PAGE_EXECUTE_READWRITE, without a file, and a thread whose Win32StartAddress is in it: windows.malware.malfind, windows.threads",
        plugins: &["malware.malfind"],
        change: None,
    },
    Scenario {
        name: "hollowed",
        about: "a process whose EXE image was unmapped before its first instruction and replaced by private memory with another program at the same base",
        program: "hollowed.exe",
        ram: 64,
        cmdline: "",
        findings: &[
            ("image", "the other program, headers first, where victim.exe was"),
            ("entry", "where its first thread was made to begin"),
        ],
        hint: "the loader's lists and the PEB have victim.exe at a base where the VAD is private and has no file: windows.malware.ldrmodules, windows.malware.malfind",
        plugins: &["malware.ldrmodules"],
        change: None,
    },
    Scenario {
        name: "hooked",
        about: "a DLL's function that begins with a jump in one process, written through copy-on-write",
        program: "hooked.exe",
        ram: 64,
        cmdline: "",
        findings: &[
            ("hook", "kernel32's GetVersion: a jump, in a frame that is this process's own"),
            ("target", "where the jump leads: mov eax, 0C0DE0005h; ret"),
            (
                "original",
                "the same address in another process: the function as its file has it, in the frame that all share",
            ),
        ],
        hint: "a page of an image whose frame belongs to the process (the frame's record says no prototype PTE) and whose bytes are not the file's",
        plugins: &[],
        change: None,
    },
    Scenario {
        name: "unlinked",
        about: "a process taken off the list of active processes, with its threads and handles as before",
        program: "unlinked.exe",
        ram: 64,
        cmdline: "debug",
        findings: &[("unlinked", "the process that the list has no longer")],
        hint: "windows.psscan finds it by its pool tag, windows.pslist does not; its parent has a handle for it",
        plugins: &["pslist", "psscan"],
        change: Some(unlink::unlink),
    },
    Scenario {
        name: "pte-forms",
        about: "a page in every form of PTE, and of prototype PTE, in one process",
        program: "pte_forms.exe",
        ram: 32,
        cmdline: "",
        findings: &[
            ("valid", "written, in the working set"),
            ("transition-standby", "trimmed, and in the paging file too: its frame waits to be used again"),
            ("transition-modified", "trimmed, and nowhere else: its frame waits to be written"),
            ("paging-file", "in the paging file alone"),
            ("empty", "committed, never touched: the VAD says what it is"),
            ("demand-zero", "committed, never touched, and made read-only by itself"),
            ("decommitted", "decommitted in the middle of committed memory"),
            ("guard", "written, trimmed, and made a guard page"),
            ("no-access", "written, trimmed, and made PAGE_NOACCESS"),
            ("large", "the first of 2 MB that one entry of the page directory is for"),
            ("awe", "a frame that the program has by its number and mapped into a window"),
            ("shared-valid", "memory of a section, in the working set"),
            ("prototype-valid", "the same page in another view, trimmed there: only the prototype PTE has the frame"),
            ("prototype-transition", "memory of a section, trimmed everywhere"),
            ("prototype-paging-file", "memory of a section, in the paging file"),
            ("prototype-demand-zero", "memory of a section, never touched"),
            ("prototype-in-file", "a view of a file, never touched: the prototype PTE has its subsection"),
            (
                "prototype-in-vad",
                "a view to copy on write, never touched, with a protection of its own: the VAD has the prototype PTE",
            ),
            (
                "prototype-address",
                "the headers of the program's image, trimmed: the entry has the address of the prototype PTE",
            ),
        ],
        hint: "the entry of each, below; pages of prototype form need the VAD's or the entry's prototype PTE, which Volatility does not follow",
        plugins: &[],
        change: None,
    },
    Scenario {
        name: "paged",
        about: "40 MB with a pattern on a machine with 32 MB of RAM: most of it in the paging file",
        program: "paged.exe",
        ram: 32,
        cmdline: "",
        findings: &[("pattern", "10,240 pages; word w of page p is p * 2654435761 + w * 40503 + 1 modulo 2^32")],
        hint: "each page read back, from RAM or from the paging file by its PTE, has the pattern: windows.memmap --dump",
        plugins: &[],
        change: None,
    },
];

/// The one with this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

/// A line on each.
#[must_use]
pub fn list() -> String {
    let line = |scenario: &Scenario| format!("  {:<10} {}", scenario.name, scenario.about);
    SCENARIOS.iter().map(line).collect::<Vec<_>>().join("\n")
}
