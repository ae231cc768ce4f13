"""`pfn`, `memusage` and `vm`: frames, and what they are used for."""

import struct

from . import layout
from .command import command, show
from .memory import Problem
from .paging import frame_of, LARGE, VALID
from .process import image_name
from .pte import PROTOTYPE, decode
from .system import FRAME_DATABASE, LONGEST_WALK, RECORD_SIZE
from .vad import PHYSICAL_MAPPING, tree

LOCATIONS = ("Zeroed", "Free", "Standby", "Modified", "ModNoWrite", "Bad", "Active", "Transition")
STANDBY, MODIFIED, MODIFIED_NO_WRITE, ACTIVE = 2, 3, 4, 6
# The rows of `memusage`, by location.
ROWS = (
    (0, "Zeroed"), (1, "Free"), (2, "Standby"), (3, "Modified"), (4, "ModifiedNoWrite"), (6, "Active/Valid"), (7, "Transition"), (5, "Bad"),
)
FLAGS = (
    (0, "M", "Modified"), (3, "P", "Shared"), (1, "R", "ReadInProgress"), (2, "W", "WriteInProgress"), (11, "Y", "RemovalRequested"),
    (7, "X", "ParityError"),
)
AWE_ALLOCATION, PTE_FRAME = 1 << 28, 0x03FFFFFF
PAGE_DIRECTORIES = 0xC0600000
POOL_PAGES = 0x10000
# Directories, working-set list and its table: what a process has beside its page tables.
FIXED_TABLES = 5
# Records read at once.
BLOCK = 0x4000


def records(system):
    """(frame, u1, PteAddress, u2, e1, references, OriginalPte, u4) of each frame of RAM."""
    for first, count in system.manager and system.runs:
        for start in range(first, first + count, BLOCK):
            number = min(BLOCK, first + count - start)
            raw = system.space.read(FRAME_DATABASE + start * RECORD_SIZE, number * RECORD_SIZE)
            if raw is None:
                raise Problem("the frame database is not in memory")
            for index, fields in enumerate(struct.iter_unpack("<IIIHHQI", raw)):
                yield (start + index, *fields)


def location_of(e1):
    return e1 >> 8 & 7


@command("pfn")
def show_frame(system, words):
    """pfn N: the record of a frame. The kernel debugger's !pfn."""
    number = words.number()
    words.end()
    if number is None:
        raise Problem("pfn needs the number of a frame")
    if not system.is_ram(number) or system.runs is None:
        raise Problem("this frame is no RAM")
    frame = system.frame(number)
    e1, u4, pte = frame["e1"], frame["u4"], frame["pte_address"]
    location = location_of(e1)
    show(f"    PFN {number:08X} at address {frame.address:08X}")
    show(f"    flink       {frame['u1']:08X}  blink / share count {frame['u2']:08X}  pteaddress {pte:08X}")
    show(f"    reference count {frame['reference_count']:04X}                                 color {e1 >> 4 & 7}")
    words_ = [(letter, word) for bit, letter, word in FLAGS if e1 >> bit & 1]
    kind = []
    if location == ACTIVE and u4 & AWE_ALLOCATION:
        kind = ["LargePage" if pte & ~1 >= PAGE_DIRECTORIES else "AweAllocation"]
    line = f"    restore pte {frame['original_pte']:08X}  containing page        {u4 & PTE_FRAME:06X}  "
    if not words_ and not kind:
        return show(line + LOCATIONS[location])
    show(line + f"{LOCATIONS[location]:<11}" + "".join(letter for letter, _ in words_))
    show("    " + " ".join([word for _, word in words_] + kind))


class Usage:
    """Frames of one user."""

    def __init__(self, states):
        self.states = states
        self.valid = self.standby = self.dirty = self.shared = self.locked = self.tables = 0

    def add_valid(self, frame):
        self.valid += 1
        if frame in self.states:
            _, share, references = self.states[frame]
            self.shared += share > 1
            self.locked += references > 1

    def add_parked(self, frame):
        location = self.states.get(frame, (None,))[0]
        self.standby += location == STANDBY
        self.dirty += location in (MODIFIED, MODIFIED_NO_WRITE)

    def line(self, address, name, shared=None):
        """A row: kilobytes, and whose they are."""
        shared = f"{self.shared * 4:>6}" if shared is None else f"{shared:>6}"
        return (f"{address} {self.valid * 4:>6} {self.standby * 4:>7} {self.dirty * 4:>5} {shared} {self.locked * 4:>6} "
                f"{self.tables * 4:>10}  {name}")


@command("memusage")
def show_usage(system, words):
    """memusage: what the frames of RAM are used for. The kernel debugger's !memusage."""
    words.end()
    show(" loading PFN database")
    states = {frame: (location_of(e1), u2, references) for frame, _, _, u2, e1, references, _, _ in records(system)}
    show("loading (100% complete)")
    counts = [0] * 8
    for location, _, _ in states.values():
        counts[location] += 1
    for name, count in [*((name, counts[at]) for at, name in ROWS), ("Unknown", 0), ("TOTAL", len(states))]:
        show(f"{name:>19}: {count:>8} ({count * 4:>8} kb)")
    show("  Usage Summary (in Kb):")
    show("Control   Valid Standby Dirty Shared Locked PageTables  name")
    active = counts[ACTIVE]
    try:
        for area in system.control_areas():
            usage = usage_of_section(system, area, states)
            active -= usage.valid
            name = system.file_name(area).rsplit("\\", 1)[-1]
            show(usage.line(f"{area.address:08x}", f"mapped_file( {name} )" if name else "Page File Section"))
        for process in system.processes():
            if process["pae_top"]:
                usage = usage_of_process(system, process, states)
                active -= usage.valid + usage.tables
                show(usage.line("--------", f"process ( {image_name(process)} )", "-----"))
    except Problem as problem:
        return show(str(problem))
    rest = Usage(states)
    rest.valid = max(active, 0)
    show(rest.line("--------", "process ( System )", "-----"))


def usage_of_section(system, area, states):
    usage, seen = Usage(states), set()
    address = area.address + layout.CONTROL_AREA.bytes()
    while address and address not in seen:
        seen.add(address)
        subsection = system.record(layout.SUBSECTION, address)
        if subsection is None:
            break
        base, count = subsection["subsection_base"], min(subsection["ptes_in_subsection"], LONGEST_WALK)
        for raw in entries(system.space, base, count) if base else ():
            form = decode(raw, prototype=True)
            if form.kind == "valid":
                usage.add_valid(form.where)
            elif form.kind == "transition":
                usage.add_parked(form.where)
        address = subsection["next_subsection"]
    return usage


def entries(space, address, count):
    """Prototype PTEs, as far as they are in memory."""
    for _ in range(count):
        raw = space.number(address, 8)
        if raw is None:
            return
        yield raw
        address += 8


def usage_of_process(system, process, states):
    usage, space = Usage(states), system.space_of(process)
    directories = space.directories()
    usage.tables = FIXED_TABLES
    awe = layout.Structure("AweInfo", "mm::virtual_memory::awe::AweInfo", 0x10, None)
    info = system.record(awe, process["awe_info"]) if process["awe_info"] else None
    if info:
        frames, mapped = system.space.number(info.address), system.space.number(info.address + 4)
        usage.valid += max(frames - mapped, 0)
        usage.locked += frames
    windows = physical_windows(system, process)
    for half in (0, 1):
        for index, raw in enumerate(space.entries(directories[half])):
            add_table(usage, space, raw, (half * 512 + index) * 512, windows)
    return usage


def add_table(usage, space, raw, first, windows):
    """What a page-directory entry leads to; `first` is the first page below it."""
    form = decode(raw)
    if raw & (VALID | LARGE) == VALID | LARGE:
        usage.valid += 512
        usage.locked += 512
    elif form.kind == "transition":
        usage.add_parked(form.where)
    elif form.kind == "valid":
        usage.tables += 1
        for index, below in enumerate(space.entries(form.where)):
            if below == 0:
                continue
            page = decode(below)
            shown = page.kind == "valid" and any(start <= first + index <= end for start, end in windows)
            if page.kind == "valid" and not below & PROTOTYPE and not shown:
                usage.add_valid(frame_of(below))
            elif page.kind == "transition":
                usage.add_parked(page.where)


def physical_windows(system, process):
    """The pages in which a process sees physical memory, whosever it is."""
    return [(node.start, node.end) for node in tree(system, process["vad_root"]) if node.flags & PHYSICAL_MAPPING]


@command("vm")
def show_sums(system, words):
    """vm [1]: the sums of memory; with 1 without the processes. The kernel debugger's !vm."""
    flags = words.number(0)
    words.end()
    manager = system.manager

    def row(label, pages):
        show(f"{label:>22}: {pages:>8} ({pages * 4:>9} Kb)")

    show("\n*** Virtual Memory Usage ***")
    row("Physical Memory", sum(count for _, count in system.runs or ()))
    show_paging_files(system)
    row("Available Pages", manager["frames.available"])
    row("Modified Pages", manager[f"frames.lists[{MODIFIED}].total"])
    row("NonPagedPool Usage", -(-manager["pool.bytes_in_use"] // 0x1000))
    row("NonPagedPool Max", POOL_PAGES)
    row("Kernel Pages", manager["kernel_frames"])
    row("Shared Commit", shared_commit(system))
    row("Committed pages", manager["commit.current"])
    row("Peak commit", manager["commit.peak"])
    row("Commit limit", manager["commit.limit"])
    if flags & 1:
        return
    show()
    for process in system.processes():
        pages = process["commit_charge"]
        show(f"{process['unique_process_id']:04x} {image_name(process):<15} {pages:>6} ({pages * 4:>8} Kb)")


def show_paging_files(system):
    count = min(system.manager["paging_files.count"], 16)
    if count == 0:
        show("    No paging file")
    for number in range(count):
        file = system.record(layout.PAGING_FILE, system.manager[f"paging_files.files[{number}]"])
        if file is None:
            return show(f"    Page File number {number}: ????????")
        name = system.text(file, "page_file_name")
        show(f"    Page File: {name}" if name else f"    Page File number {number}")
        show(f"      Current: {file['size'] * 4:>9} Kb  Free Space: {file['free_space'] * 4:>9} Kb")
        show(f"      Minimum: {file['minimum_size'] * 4:>9} Kb  Maximum:    {file['maximum_size'] * 4:>9} Kb")


def shared_commit(system):
    areas = system.control_areas()
    segments = (system.record(layout.SEGMENT, area["segment"]) for area in areas)
    return sum(segment["number_of_committed_pages"] for segment in segments if segment)
