"""From virtual addresses to physical ones, through page tables that are read as physical memory.

2 bits of an address choose the page directory, 9 the page table, 9 the page, 12 the byte. Source: Intel SDM volume 3, section 4.4.
"""

import struct
from dataclasses import dataclass
from typing import Optional

from .memory import FRAME_OF_ENTRY, PAGE_SIZE

VALID, LARGE = 1 << 0, 1 << 7


def frame_of(raw):
    """The frame that an entry names."""
    return (raw & FRAME_OF_ENTRY) // PAGE_SIZE


@dataclass(frozen=True)
class Entry:
    """An entry of a page directory or page table, and where it stands."""

    physical: int
    raw: int

    @property
    def valid(self):
        return bool(self.raw & VALID)


@dataclass(frozen=True)
class Walk:
    """A translation, as far as it got: `table` is absent behind an entry that is not valid, or that maps 2 MB itself."""

    address: int
    directory: Optional[Entry]
    table: Optional[Entry]

    @property
    def large(self):
        return self.directory is not None and self.directory.raw & (VALID | LARGE) == VALID | LARGE

    @property
    def physical(self):
        """Where the byte is, or None."""
        if self.large:
            return (self.directory.raw & FRAME_OF_ENTRY & ~0x1FFFFF) | self.address & 0x1FFFFF
        if self.table is None or not self.table.valid:
            return None
        return self.table.raw & FRAME_OF_ENTRY | self.address & 0xFFF


class AddressSpace:
    """An address space, by the physical address of its page-directory-pointer table. `is_ram` says which frames are memory."""

    def __init__(self, physical, tables, is_ram=lambda frame: True):
        self.memory, self.tables, self.is_ram = physical, tables & ~0x1F, is_ram

    def directories(self):
        """The frames of the four page directories, or None where the table is not memory."""
        if not self.is_ram(self.tables // PAGE_SIZE):
            return None
        raw = self.memory.read(self.tables, 32)
        return raw and [frame_of(entry) for entry in struct.unpack("<4Q", raw)]

    def entry(self, frame, index):
        """Entry `index` of a page table, where that is memory."""
        if not self.is_ram(frame):
            return None
        raw = self.memory.read(frame * PAGE_SIZE + index * 8, 8)
        return raw and Entry(frame * PAGE_SIZE + index * 8, int.from_bytes(raw, "little"))

    def entries(self, frame):
        """All 512 entries of a page table; none where it is no memory."""
        page = self.memory.page(frame) if self.is_ram(frame) else None
        return struct.unpack("<512Q", page) if page else ()

    def walk(self, address):
        address &= 0xFFFFFFFF
        directories = self.directories()
        directory = directories and self.entry(directories[address >> 30], address >> 21 & 0x1FF)
        table = None
        if directory and directory.valid and not directory.raw & LARGE:
            table = self.entry(frame_of(directory.raw), address >> 12 & 0x1FF)
        return Walk(address, directory, table)

    def frame(self, address):
        """The frame behind an address, where it is memory."""
        physical = self.walk(address).physical
        if physical is None or not self.is_ram(physical // PAGE_SIZE):
            return None
        return physical // PAGE_SIZE

    def read(self, address, length):
        """`length` bytes, or None where one of them is not in memory."""
        parts = []
        while length:
            if not 0 <= address < 1 << 32:
                return None
            step = min(length, PAGE_SIZE - address % PAGE_SIZE)
            frame = self.frame(address)
            part = frame is not None and self.memory.read(frame * PAGE_SIZE + address % PAGE_SIZE, step)
            if not part:
                return None
            parts.append(part)
            address, length = address + step, length - step
        return b"".join(parts)

    def number(self, address, size=4):
        """A number of `size` bytes, or None."""
        raw = self.read(address, size)
        return None if raw is None else int.from_bytes(raw, "little")

    def text(self, address, units):
        """UTF-16 characters, as far as they are in memory."""
        found = bytearray()
        while len(found) < units * 2:
            at = address + len(found)
            step = min(units * 2 - len(found), PAGE_SIZE - at % PAGE_SIZE)
            part = self.read(at, step) if step % 2 == 0 else self.read(at, 2)
            if part is None:
                break
            found += part
        return found.decode("utf-16-le", "replace")
