"""`vad`: the VADs of a process, in order of address, or all of one."""

from dataclasses import dataclass

from . import layout
from .command import command, show
from .memory import Problem
from .pte import protection_name
from .system import LONGEST_WALK

IMAGE_MAP, PHYSICAL_MAPPING, USER_PHYSICAL_PAGES = 1 << 20, 1 << 19, 1 << 21
NO_CHANGE, WRITE_WATCH, LARGE_PAGES, MEM_COMMIT, PRIVATE_MEMORY = 1 << 22, 1 << 23, 1 << 29, 1 << 30, 1 << 31
LONG_VAD = 1 << 28
UNCOUNTED = 0x7FFFF
SECTION_OF_PHYSICAL_MEMORY = 1 << 10
# In the order in which they are listed.
FLAGS = (
    (PRIVATE_MEMORY, "PrivateMemory"), (IMAGE_MAP, "ImageMap"), (PHYSICAL_MAPPING, "PhysicalMapping"),
    (USER_PHYSICAL_PAGES, "UserPhysicalPages"), (MEM_COMMIT, "MemCommit"), (NO_CHANGE, "NoChange"), (WRITE_WATCH, "WriteWatch"),
    (LARGE_PAGES, "LargePages"),
)
FLAGS2 = (
    (1 << 30, "ViewShare"), (1 << 31, "CopyOnWrite"), (1 << 24, "SecNoChange"), (1 << 25, "OneSecured"), (1 << 26, "MultipleSecured"),
    (1 << 27, "ReadOnly"), (1 << 29, "ExtendableFile"),
)
# What is said of private memory that is something special.
SPECIAL = ("UserPhysicalPages", "LargePages", "WriteWatch")


@dataclass(frozen=True)
class Node:
    """A VAD in its tree."""

    record: object
    level: int
    start: int
    end: int
    flags: int

    @property
    def address(self):
        return self.record.address

    @property
    def private(self):
        return bool(self.flags & PRIVATE_MEMORY)

    @property
    def protection(self):
        return self.flags >> 24 & 0x1F

    @property
    def charge(self):
        return self.flags & UNCOUNTED


def node_at(system, address, level=0, parent=None):
    """The VAD at an address, or None where there is none that could be one below `parent`."""
    record = system.record(layout.MMVAD_SHORT, address)
    if record is None:
        return None
    node = Node(record, level, record["starting_vpn"], record["ending_vpn"], record["flags"])
    fits = parent is None or record["parent"] == parent
    return node if node.start <= node.end and fits else None


def tree(system, root):
    """The VADs below and with `root`, by address. A tree that is broken ends in a Problem that says where."""
    pending, seen = [], set()
    address, level, parent = root, 0, None
    for _ in range(LONGEST_WALK):
        while address:
            node = node_at(system, address, level, parent) if address not in seen else None
            if node is None:
                raise Problem(f"{address:08x} is no VAD: the tree is broken here")
            seen.add(address)
            pending.append(node)
            address, level, parent = node.record["left_child"], level + 1, node.address
        if not pending:
            return
        node = pending.pop()
        yield node
        address, level, parent = node.record["right_child"], node.level + 1, node.address


def find(system, process, page):
    """The VAD that covers a page, where the way down to it is whole."""
    address = process["vad_root"]
    for _ in range(64):
        node = node_at(system, address) if address else None
        if node is None:
            return None
        if node.start <= page <= node.end:
            return node
        address = node.record["left_child" if page < node.start else "right_child"]
    return None


def kind_of(flags):
    private = flags & PRIVATE_MEMORY
    if flags & IMAGE_MAP:
        return "Mapped  Exe"
    if flags & PHYSICAL_MAPPING:
        return "Mapped  Phys"
    if private:
        return "Private AWE" if flags & USER_PHYSICAL_PAGES else "Private"
    return "Mapped"


def control_area(system, node):
    """The control area of a view, or None."""
    view = None if node.private else system.record(layout.MMVAD, node.address)
    return view and system.record(layout.CONTROL_AREA, view["control_area"])


def backing(system, node):
    """What follows the protection of a VAD in a listing; empty for ordinary private memory."""
    if node.private:
        return " ".join(name for bit, name in FLAGS if node.flags & bit and name in SPECIAL)
    area = control_area(system, node)
    if area is None:
        return "????????"
    if area["flags"] & SECTION_OF_PHYSICAL_MEMORY:
        return "\\Device\\PhysicalMemory"
    name = system.file_name(area)
    if name:
        return name
    segment = system.record(layout.SEGMENT, area["segment"])
    return f"Pagefile section, shared commit {segment['number_of_committed_pages']:#x}" if segment else "????????"


def row(system, node):
    charge = -1 if node.charge == UNCOUNTED else node.charge
    line = f"{node.address:08x} {node.level:>4} {node.start:>10x} {node.end:>8x} {charge:>9} {kind_of(node.flags):<12} "
    behind = backing(system, node)
    name = protection_name(node.protection)
    return line + (f"{name:<18} {behind}" if behind else name)


@command("vad")
def show_vads(system, words):
    """vad [ROOT|PROCESS] [1]: the VADs of a process in order of address; with 1 all of the one at ROOT.
The kernel debugger's !vad. Without an address, those of the process that is meant."""
    address, flags = words.number(0), words.number(0)
    words.end()
    process = system.process() if not address else system.find_process(address)
    root = process["vad_root"] if process else address
    if flags & 1:
        return show_one(system, root)
    show("VAD     level      start      end    commit")
    levels = []
    try:
        for node in tree(system, root):
            show(row(system, node))
            levels.append(node.level)
    except Problem as problem:
        return show(str(problem))
    average = sum(levels) // len(levels) if levels else 0
    show(f"\nTotal VADs: {len(levels):>5}  average level: {average:>4}  maximum depth: {max(levels, default=0)}")


def show_one(system, address):
    show(f"VAD @ {address:08x}")
    short = system.record(layout.MMVAD_SHORT, address)
    if short is None:
        return show("  ????????")
    flags = short["flags"]
    is_short = flags & (PRIVATE_MEMORY | NO_CHANGE) == PRIVATE_MEMORY
    view = None if is_short else system.record(layout.MMVAD, address)
    flags2 = view["flags2"] if view else 0
    long = system.record(layout.MMVAD_LONG, address) if flags2 & LONG_VAD else None
    area, first, last = (view[name] if view else 0 for name in ("control_area", "first_prototype_pte", "last_contiguous_pte"))
    flink, blink, extended = (long[name] if long else 0 for name in ("secured[0]", "secured[1]", "extended"))
    charge = flags & UNCOUNTED
    show(f"  Start VPN:     {short['starting_vpn']:>9x}  End VPN: {short['ending_vpn']:>8x}  Control Area:  {area:08x}")
    show(f"  First ProtoPte: {first:08x}  Last PTE {last:08x}  Commit Charge  {charge:>8x} ({charge}.)")
    offset = (flags2 & 0xFFFFFF) << 16
    show(f"  Secured.Flink  {flink:>9x}  Blink    {blink:>8x}  Banked/Extend: {extended:>8x} Offset {offset:x}")
    names = [name for bit, name in FLAGS if flags & bit] + [name for bit, name in FLAGS2 if flags2 & bit]
    show("  " + " ".join([*names, protection_name(flags >> 24 & 0x1F)]))
