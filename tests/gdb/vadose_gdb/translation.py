"""`pte` and `vtop`: how an address is translated."""

from . import pte
from .command import command, show
from .memory import Problem
from .paging import AddressSpace, frame_of
from .system import PAGE_DIRECTORIES, PAGE_TABLES, PAGE_TABLES_END

# Where the second column begins.
COLUMN = 27


@command("pte")
def show_pte(system, words):
    """pte VA: the page-directory and page-table entry of an address.
An address in the self-map, C0000000 to C07FFFFF, means the page whose entry stands there."""
    address = words.address("pte needs an address")
    words.end()
    if PAGE_TABLES <= address < PAGE_TABLES_END:
        address = (address - PAGE_TABLES) // 8 << 12
    walk = system.space_of().walk(address)
    show(f"               VA {address:08x}")
    show(f"PDE at {PAGE_DIRECTORIES + (address >> 21) * 8:08X}         PTE at {PAGE_TABLES + (address >> 12) * 8:08X}")
    if walk.directory is None:
        return show("contains ????????????????")
    above = walk.directory.raw
    first = f"pfn {frame_of(above):<7x}{pte.letters(above)}     "
    if walk.table is not None:
        show(f"contains {above:016X}  contains {walk.table.raw:016X}")
        lines = pte.lines_of(walk.table.raw, COLUMN)
        if walk.table.valid:
            lines = [f"pfn {frame_of(walk.table.raw):<7x}{pte.letters(walk.table.raw)}"]
    else:
        show(f"contains {above:016X}")
        lines = [f"LARGE PAGE pfn {frame_of(above) + (address >> 12 & 0x1FF):x}"]
        if not walk.large:
            first, lines = "", pte.lines_of(above, 0)
    show(first + lines[0])
    for line in lines[1:]:
        show(line)


@command("vtop")
def show_translation(system, words):
    """vtop [DIRBASE] VA: each step of a translation.
DIRBASE is the physical address of a page-directory-pointer table; without one, or with 0, the process's own."""
    first, second = words.number(), words.number()
    words.end()
    if first is None:
        raise Problem("vtop needs an address")
    base, address = (0, first) if second is None else (first, second)
    if not 0 <= address < 1 << 32:
        raise Problem(f"{address:x} is no address")
    space = AddressSpace(system.physical, base, system.is_ram) if base else system.space_of()
    directories = space.directories()
    if directories is None:
        raise Problem("there is no page-directory-pointer table there")
    base = base or space.tables
    top, walk = address >> 30, space.walk(address)
    show(f"X86VtoP: Virt {address:08x}, pagedir {base:x}")
    show(f"X86VtoP: 2-9-9-12 {top:x} {address >> 21 & 0x1FF:03x} {address >> 12 & 0x1FF:03x} {address & 0xFFF:03x}")
    show(f"X86VtoP: PAE PDPE {base + top * 8:x} - {directories[top] << 12 | 1:016x}")
    for entry, name in ((walk.directory, "Large page PDE" if walk.large else "PDE "), (walk.table, "PTE ")):
        if entry is not None:
            show(f"X86VtoP: PAE {name} {entry.physical:x} - {entry.raw:016x}")
    if walk.physical is None:
        return show(f"Virtual address {address:x} is not in memory.")
    show(f"X86VtoP: PAE Mapped phys {walk.physical:x}")
    show(f"Virtual address {address:x} translates to physical address {walk.physical:x}.")
