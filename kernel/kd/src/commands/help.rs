//! `?` and `.help`: what commands there are and what each takes; completion of their names.

use core::fmt::Write;

use super::{Arguments, Done, Problem};

/// Commands that are explained together.
struct Entry {
    /// All of their names.
    names: &'static [&'static str],
    /// How they are called.
    usage: &'static str,
    /// What they do, in a line.
    what: &'static str,
    /// The rest of it.
    details: &'static str,
}

const fn entry(
    names: &'static [&'static str],
    usage: &'static str,
    what: &'static str,
    details: &'static str,
) -> Entry {
    Entry { names, usage, what, details }
}

#[rustfmt::skip]
const ENTRIES: &[Entry] = &[
    entry(&["!process"], "!process [ADDRESS|ID|0] [FLAGS]", "a process, or all; flags 1 details, 2 threads",
        "Without an argument the implicit process; 0 lists all of them. The address is that of an EPROCESS."),
    entry(&["!thread"], "!thread [ADDRESS|ID]", "a thread, and what it waits for",
        "Without an argument the thread that stopped."),
    entry(&["!vad"], "!vad [ROOT|PROCESS] [1]", "VADs in order of address; with 1 all of one VAD",
        "The columns: address of the node, its level in the tree (the root's is 0), first and last page (VPN), commit charge in pages, kind, protection, file."),
    entry(&["!peb", "!teb"], "!peb [ADDRESS]   !teb [ADDRESS]", "what a program knows of itself",
        "Read from the program's own memory, which is not trusted; without an argument those of the implicit process and of the thread that stopped."),
    entry(&["!dlls"], "!dlls [ADDRESS]", "modules of the process",
        "In the order in which the loader loaded them; with an address the module that it lies in."),
    entry(&["!handle"], "!handle [HANDLE] [FLAGS] [PROCESS]", "handles; flags 1 rights, 2 objects",
        "Handle 0 means all of them."),
    entry(&["!ca"], "!ca ADDRESS", "a control area, or that of the view at VA",
        "Its segment, its counts, its subsections with the prototype PTEs of each."),
    entry(&["!pte", "!vtop"], "!pte VA      !vtop [DIRBASE] VA", "how an address is translated",
        "!pte shows the entry of the page directory and of the page table and takes apart whichever of their forms they have. !pte VA write sets the write bit (kernel option debug). \
         !vtop translates as the processor does, with the page-directory-pointer table at physical DIRBASE."),
    entry(&["!pfn"], "!pfn N", "the record of a frame", "N is the frame's number: its physical address without the last three digits."),
    entry(&["!badpage"], "!badpage N", "retires a frame (kernel option debug)",
        "The frame goes to the Bad list, at once or when it becomes free; what it holds is copied first where it can be."),
    entry(&["!memusage", "!vm"], "!memusage    !vm [1]", "what memory is used for",
        "!memusage counts frames by list and by control area; !vm shows the counters, with 1 for each process."),
    entry(&["!ws"], "!ws [ADDRESS|ID|0] [1]", "working-set list; with 1 all of its pages", "0 means all processes."),
    entry(&["!moves"], "!moves [COUNT] [FRAME]", "where frames went last, newest last", "With a frame only where that one went."),
    entry(&["!verify"], "!verify", "the audit of everything", "Names the invariant that is broken, by the number it has in the sources, and where."),
    entry(&["!address", "!pool"], "!address VA  !pool ADDRESS", "what is at an address; blocks of a pool page", ""),
    entry(&["db", "dw", "dd", "dq", "da", "du"], "db dw dd dq da du [VA] [L n]", "memory in numbers, as text",
        "Bytes, words, double words, quad words, characters of one byte and of two, up to a zero. Without an address it goes on behind what was shown last."),
    entry(&["!db", "!dw", "!dd", "!dq"], "!db !dw !dd !dq [PHYSICAL]", "the same by physical address", ""),
    entry(&["u"], "u [VA] [L n]", "instructions", "Without an address it goes on, first at EIP."),
    entry(&["eb", "ew", "ed", "eq"], "eb ew ed eq VA VALUE...", "changes memory (kernel option debug)",
        "The values go to the frames themselves, whatever the page tables allow and whoever shares them; all of them or none."),
    entry(&["s"], "s [-b|w|d|q|a|u] VA L n WHAT", "where it stands: numbers, or \"text\"", ""),
    entry(&["ln", "x"], "ln VA        x NAME", "the function there; functions by name (* ?)", ""),
    entry(&["dt"], "dt [-r[N]] TYPE [VA]", "a structure; memory as one (dt * lists)",
        "Names of members may stand before the address: then only they are shown. -r shows the structures in it as well, N levels of them."),
    entry(&[".reload"], ".reload", "reads symbols of the process's images from C:",
        "From C:\\WINDOWS\\symbols\\NAME.sym; after that k, u, ln and x know the functions, and image!name is an address. The system runs meanwhile."),
    entry(&[".lines"], ".lines N", "waits for a key after each N lines",
        "0 for never, as at first at COM2; the screen waits when it is full. q at the halt leaves the rest out."),
    entry(&[".process"], ".process [ADDRESS|ID|IMAGE]", "the process that the others mean", "IMAGE is the name of a process's image: the first that has it."),
    entry(&[".truth"], ".truth", "all there is, a line of JSON each",
        "For ./vadose dump: frames, processes, threads, VADs, pages, modules, handles, from the kernel's own structures."),
    entry(&[".dump"], ".dump [/f] [/o] [C:\\FILE]", "RAM into a file, as Windows' crash dumps",
        "The system stands still until all is written, and is as it was. Without a file into C:\\memory.dmp, which the kernel option dumpfile keeps ready, so that it can be \
         done inside the kernel as well; else the file is made first, and the system runs meanwhile. /o overwrites a file."),
    entry(&["r", "k"], "r   k [n]", "registers and calls of what stopped", ""),
    entry(&["bp", "ba"], "bp VA   ba e1|w4|r4 VA", "stops there (kernel option debug)",
        "bp puts int 3 over an instruction of the implicit process or of the kernel. ba has the processor watch for the instruction (e1), for stores (w1 w2 w4) or \
         for any access (r1 r2 r4); it does so in every process, and there are four at most."),
    entry(&["bl", "bc", "bd", "be"], "bl   bc bd be N...|*", "lists them; takes away, off, on",
        "bl shows number, e for on or d for off, address, what is watched, how often it was met, and the function."),
    entry(&["t", "p"], "t   p", "one instruction; p whole calls",
        "For the thread that stopped; the others run meanwhile."),
    entry(&["g", "q", ".crash"], "g   q   .crash", "go on; go on and detach; bugcheck",
        "q leaves breakpoints and bugchecks to the programs and the system again."),
    entry(&["?", "help", ".help"], "?   .help [NAME]", "this list; what one of them does", ""),
];

/// Columns of the usage in the list.
const WIDTH: usize = 31;

/// `?`, and `.help` without a name.
pub(super) fn list(out: &mut dyn Write) -> core::fmt::Result {
    for Entry { usage, what, .. } in ENTRIES {
        writeln!(out, "{usage:WIDTH$}  {what}")?;
    }
    out.write_str("Numbers are hexadecimal; semicolons part commands. .help NAME tells more.\n")
}

/// `.help [NAME]`.
pub(super) fn help<'a>(arguments: &mut Arguments<'a>, out: &mut dyn Write) -> Done<'a> {
    let Some(name) = arguments.word() else { return Ok(list(out)?) };
    arguments.end()?;
    let entry = ENTRIES.iter().find(|entry| entry.names.contains(&name)).ok_or(Problem::Unknown(name))?;
    writeln!(out, "{}\n    {}", entry.usage, entry.what)?;
    if entry.details.is_empty() { Ok(()) } else { Ok(writeln!(out, "    {}", entry.details)?) }
}

/// The names of all commands.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    ENTRIES.iter().flat_map(|entry| entry.names).copied()
}
