"""`pool`: the blocks of a pool page, by their headers."""

from .command import command, show
from .memory import PAGE_SIZE, Problem

POOL_START, POOL_END = 0xA0000000, 0xB0000000
# Bytes that block sizes are counted in.
UNIT = 8
# What the record of a page's frame says where the page is cut into blocks.
HOLDS_BLOCKS = 1


@command("pool")
def show_pool(system, words):
    """pool ADDRESS: the blocks of the pool page there. The kernel debugger's !pool."""
    address = words.address("pool needs an address")
    words.end()
    if not POOL_START <= address < POOL_END:
        raise Problem("this is no pool address")
    show(f"Pool page {address:08x} region is Nonpaged pool")
    page = address & ~(PAGE_SIZE - 1)
    frame = system.space_of().frame(page)
    if frame is None:
        return show(f" {page:08x} is not in memory")
    if system.frame(frame)["u1"] != HOLDS_BLOCKS:
        return show(f" {page:08x} is part of a large allocation")
    at = page
    while at < page + PAGE_SIZE:
        sizes, tag = system.space.number(at), system.space.read(at + 4, 4)
        if sizes is None or tag is None:
            return show(f" {at:08x} ????????")
        # A whole page does not fit nine bits and reads as 0.
        size = (sizes >> 16 & 0x1FF) * UNIT or PAGE_SIZE
        mark = "*" if at <= address < at + size else " "
        state = "(Allocated)" if sizes >> 25 else "(Free)     "
        name = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in tag)
        show(f"{mark}{at:08x} size: {size:>4x} previous size: {(sizes & 0x1FF) * UNIT:>4x}  {state} {mark}{name}")
        at += size
