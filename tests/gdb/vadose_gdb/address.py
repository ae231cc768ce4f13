"""`address`: what is at an address: the allocation, its state and its protection, as VirtualQuery would tell them."""

from . import layout
from .command import command, show
from .memory import Problem
from .pte import decode, PROTOTYPE
from .system import HIGHEST_USER_ADDRESS, SYSTEM_RANGE_START
from .vad import IMAGE_MAP, MEM_COMMIT, PHYSICAL_MAPPING, control_area, find, tree

KERNEL_HALF = (
    (0x80000000, "Image"), (0x81000000, "PFNDatabase"), (0x9D000000, "Unused"), (0xA0000000, "NonPagedPool"),
    (0xB0000000, "KernelStacks"), (0xB1000000, "Unused"), (0xC0000000, "PageTables"), (0xC0800000, "HyperSpace"),
    (0xC0A00000, "System"), (0xFFFFFFFF, ""),
)
SHARED_DATA, VAD_END = 0x7FFE0000, 0x7FFE0000
COMMIT, RESERVE, FREE = 0x1000, 0x2000, 0x10000
STATES = {COMMIT: "MEM_COMMIT", RESERVE: "MEM_RESERVE", FREE: "MEM_FREE"}
KINDS = {0: "", 0x20000: "MEM_PRIVATE", 0x40000: "MEM_MAPPED", 0x1000000: "MEM_IMAGE"}
# The value of each access in Win32, with the bit of each kind of protection.
ACCESS = (0x01, 0x02, 0x10, 0x20, 0x04, 0x08, 0x40, 0x80)
KIND_BITS = (0, 0x200, 0x100, 0x400)
NAMES = {
    0x01: "NOACCESS", 0x02: "READONLY", 0x04: "READWRITE", 0x08: "WRITECOPY", 0x10: "EXECUTE", 0x20: "EXECUTE_READ",
    0x40: "EXECUTE_READWRITE", 0x80: "EXECUTE_WRITECOPY",
}
NO_ACCESS, DECOMMITTED, GUARD = 0x18, 0x10, 0x10
WRITE, COPY_ON_WRITE, NO_EXECUTE, EXECUTABLE_ANYWAY = 1 << 1, 1 << 9, 1 << 63, 1 << 11
CACHE_DISABLE, WRITE_THROUGH = 1 << 4, 1 << 3
# Entries of a page table.
TABLE = 512


@command("address")
def show_address(system, words):
    """address VA: what is at an address of the process or of the kernel. The kernel debugger's !address."""
    address = words.address("address needs an address")
    words.end()
    if address >= SYSTEM_RANGE_START:
        at = next(at for at in range(len(KERNEL_HALF) - 1, -1, -1) if KERNEL_HALF[at][0] <= address)
        at = min(at, len(KERNEL_HALF) - 2)
        start, usage = KERNEL_HALF[at]
        show(f"  {start:08x} - {KERNEL_HALF[at + 1][0] - start:08x}")
        return show(f"          Usage       KernelSpaceUsage{usage}")
    if address > HIGHEST_USER_ADDRESS:
        raise Problem("nothing is ever between 7fff0000 and 7fffffff")
    allocation, size, kind, protect, state = region(system, system.process(), address & ~0xFFF)
    show(f"    {allocation:08x} : {address & ~0xFFF:08x} - {size:08x}")
    guard = protect & 0x100
    name = "" if not protect else "PAGE_GUARD" if guard else "PAGE_" + NAMES.get(protect & 0xFF, "?")
    for title, value, text in (("Type", kind, KINDS[kind]), ("Protect", protect, name), ("State", state, STATES[state])):
        show(f"                    {title:<8} {value:08x} {text}")
    show(f"                    Usage    {'RegionUsageFree' if state == FREE else 'RegionUsageIsVAD'}")


def region(system, process, base):
    """Allocation base, size, kind, protection and state of the run of like pages that begins with the page at `base`."""
    if base >= SHARED_DATA:
        shared = (SHARED_DATA, 0x1000, 0x20000, 2, COMMIT)
        return shared if base == SHARED_DATA else (SHARED_DATA, HIGHEST_USER_ADDRESS + 1 - base, 0x20000, 1, RESERVE)
    page = base >> 12
    node = find(system, process, page)
    if node is None:
        above = (node.start << 12 for node in tree(system, process["vad_root"]) if node.start > page)
        return 0, next(above, VAD_END) - base, 0, 1, FREE
    pages = Pages(system, process, node)
    code = pages.protection(page)
    end = pages.run_end(page, code)
    kind = 0x20000 if node.private else 0x1000000 if node.flags & IMAGE_MAP else 0x40000
    state, protect = (RESERVE, 0) if code is None else (COMMIT, win32(code))
    return node.start << 12, (end + 1 - page) << 12, kind, protect, state


def win32(code):
    """A protection as Win32 has it."""
    return ACCESS[code & 7] | KIND_BITS[code >> 3] if code & 7 else 1


class Pages:
    """The pages of one VAD."""

    def __init__(self, system, process, node):
        self.system, self.node, self.space = system, node, system.space_of(process)
        self.view = None if node.private else system.record(layout.MMVAD, node.address)
        self.area = control_area(system, node)
        self.no_execute = system.manager["no_execute"]
        self.subsections = list(self.all_subsections())

    def run_end(self, page, code):
        """The last page from `page` on that is like it."""
        node = self.node
        reserved = self.area is not None and self.area["flags"] >> 12 & 1
        even = node.private or not node.flags & IMAGE_MAP and not reserved
        end, last = page, min(node.end, HIGHEST_USER_ADDRESS >> 12)
        while end < last:
            if self.protection(end + 1) != code:
                break
            end += 1
            # Where there is no page table, all that it would map is alike.
            if even and self.entry(end) is None:
                end = min(end | TABLE - 1, last)
        return end

    def entry(self, page):
        """The page's entry, or None where there is no page table."""
        table = self.space.walk(page << 12).table
        return table and table.raw

    def protection(self, page):
        """The code of a committed page, None of another."""
        raw = self.entry(page) or 0
        form = decode(raw)
        if form.kind == "empty":
            return self.unsaid(page)
        if form.kind == "prototype":
            return form.protection or self.prototype_protection(form.where)
        if form.kind != "valid":
            return None if form.kind == "zero" and form.protection == DECOMMITTED else form.protection
        if raw & PROTOTYPE:
            return self.shared(page, raw)
        if self.node.flags & PHYSICAL_MAPPING:
            return self.node.protection
        return self.system.frame(form.where)["original_pte"] >> 5 & 0x1F

    def unsaid(self, page):
        """The protection of a page that has no entry."""
        node = self.node
        if node.private:
            return node.protection if node.flags & MEM_COMMIT else None
        if node.flags & PHYSICAL_MAPPING:
            return node.protection
        cell = self.prototype(page)
        if cell is None:
            return None
        if node.flags & IMAGE_MAP:
            return self.prototype_protection(cell)
        return node.protection if self.system.space.number(cell, 8) else None

    def shared(self, page, raw):
        """The protection of a page that is mapped and shared: what the view or the image gives, unless the bits say otherwise."""
        if self.node.flags & IMAGE_MAP:
            cell = self.prototype(page)
            own = NO_ACCESS if cell is None else self.prototype_protection(cell)
        else:
            own = self.node.protection & ~0x18 if self.node.protection >> 3 == 2 else self.node.protection
        execute = not raw & NO_EXECUTE and not raw & EXECUTABLE_ANYWAY if self.no_execute else own & 2
        access = 5 if raw & COPY_ON_WRITE else 4 if raw & WRITE else 1
        caching = 0 if not raw & CACHE_DISABLE else 0x18 if raw & WRITE_THROUGH else 8
        told = access | (2 if execute else 0) | caching
        # An entry does not tell EXECUTE from EXECUTE_READ.
        readable = own | 1 if own & 7 == 2 else own
        return own if told == readable else told

    def prototype_protection(self, cell):
        raw = self.system.space.number(cell, 8) or 0
        form = decode(raw, prototype=True)
        if form.kind == "empty":
            return NO_ACCESS
        if form.kind == "valid":
            return self.system.frame(form.where)["original_pte"] >> 5 & 0x1F
        return form.protection

    def prototype(self, page):
        """Where the prototype PTE of a page stands, or None."""
        if self.view is None:
            return None
        index = page - self.node.start
        cell = self.view["first_prototype_pte"] + index * 8
        if cell <= self.view["last_contiguous_pte"]:
            return cell
        index += (self.view["flags2"] & 0xFFFFFF) << 4
        for base, count in self.subsections if not self.node.flags & IMAGE_MAP else ():
            if index < count:
                return base + index * 8 if base else None
            index -= count
        return None

    def all_subsections(self):
        """Base and number of prototype PTEs of each."""
        address, seen = self.area.address + layout.CONTROL_AREA.bytes() if self.area else 0, set()
        while address and address not in seen:
            seen.add(address)
            subsection = self.system.record(layout.SUBSECTION, address)
            if subsection is None:
                return
            yield subsection["subsection_base"], subsection["ptes_in_subsection"]
            address = subsection["next_subsection"]
