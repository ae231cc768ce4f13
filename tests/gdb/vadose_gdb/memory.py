"""Physical memory, of a machine that stands still or of a file: what all else is read from.

A backend has `page(frame)`, the 4096 bytes of a frame or None, `tables()`, the physical address of the page-directory-pointer
table by which the kernel half can be read, and `name`. Nothing here knows a structure of the kernel.
"""

import struct

import gdb

PAGE_SIZE = 0x1000
# What QEMU's stub gives at once: its packets have 4096 characters, two for a byte.
PACKET_BYTES = 0x800
# Frames that are remembered: 64 MB.
MOST_PAGES = 0x4000
# Where the system's page-directory-pointer table lies, by the rule that tools of forensics go by.
LOWEST_TABLES, HIGHEST_TABLES = 0x30, 0x1030
FRAME_OF_ENTRY = 0x0000000FFFFFF000


class Problem(Exception):
    """What a command has to say instead of an answer."""


class Stub:
    """The machine at the other end of `target remote`: QEMU, whose stub reads physical memory when it is asked to."""

    name = "the machine"

    def __init__(self):
        self.connection = gdb.selected_inferior().connection
        if not isinstance(self.connection, gdb.RemoteTargetConnection):
            raise Problem("there is no machine: make debug has one, vadose-dump FILE takes a dump instead")

    def _send(self, packet):
        return self.connection.send_packet(packet)

    def page(self, frame):
        address = frame * PAGE_SIZE
        if not may_be_ram(address):
            return None
        if self._send("Qqemu.PhyMemMode:1") != b"OK":
            raise Problem("this stub does not read physical memory; QEMU's does, from 4.1 on")
        try:
            parts = [self._send(f"m{address + at:x},{PACKET_BYTES:x}") for at in range(0, PAGE_SIZE, PACKET_BYTES)]
        finally:
            self._send("Qqemu.PhyMemMode:0")
        try:
            page = b"".join(bytes.fromhex(part.decode("ascii")) for part in parts)
        except ValueError:
            return None
        return page if len(page) == PAGE_SIZE else None

    def tables(self):
        frame = gdb.newest_frame()
        try:
            control, tables = (int(frame.read_register(name)) & 0xFFFFFFFF for name in ("cr0", "cr3"))
        except (ValueError, gdb.error):
            raise Problem("the stub does not tell CR0 and CR3") from None
        if not control >> 31:
            raise Problem("paging is off: the kernel's address space is not there yet")
        return tables & ~0x1F


class RawFile:
    """A file in which the byte at offset N is the byte of RAM at physical address N. Holes read as zeros."""

    def __init__(self, path):
        try:
            self.file = open(path, "rb")
        except OSError as error:
            raise Problem(f"{path}: {error.strerror}") from None
        self.name = path
        self.frames = self.file.seek(0, 2) // PAGE_SIZE
        self._tables = None

    def page(self, frame):
        if frame >= self.frames:
            return None
        self.file.seek(frame * PAGE_SIZE)
        page = self.file.read(PAGE_SIZE)
        return page if len(page) == PAGE_SIZE else None

    def tables(self):
        """The table of the System process: five pages in a row, the table and the four directories that it names, the last of
        which names the four among its page tables."""
        if self._tables is None:
            found = (frame for frame in range(LOWEST_TABLES, HIGHEST_TABLES) if self._begins_tables(frame))
            self._tables = next(found, None)
        if self._tables is None:
            raise Problem(f"{self.name} has no page directories of the System process: this is no dump of RAM")
        return self._tables * PAGE_SIZE

    def _begins_tables(self, frame):
        expected = [frame + number for number in range(1, 5)]
        return self._names(frame, expected) and self._names(frame + 4, expected)

    def _names(self, frame, expected):
        page = self.page(frame)
        if page is None:
            return False
        entries = struct.unpack_from("<4Q", page)
        return all(entry & 1 and (entry & FRAME_OF_ENTRY) // PAGE_SIZE == number for entry, number in zip(entries, expected))


def may_be_ram(address):
    """Where a read does nothing to a device: neither the hole below 1 MB nor what lies below 4 GB."""
    return address < 0xA0000 or 0x100000 <= address < 0xE0000000 or 0x100000000 <= address < 1 << 36


class Physical:
    """The frames of a backend, each read once while the machine stands still."""

    def __init__(self, backend):
        self.backend = backend
        self.pages = {}

    def forget(self):
        """The machine has run: nothing is as it was."""
        self.pages.clear()

    def page(self, frame):
        """The bytes of a frame, or None where there is no memory."""
        if frame not in self.pages:
            if len(self.pages) >= MOST_PAGES:
                self.pages.clear()
            self.pages[frame] = self.backend.page(frame)
        return self.pages[frame]

    def read(self, address, length):
        """`length` bytes from a physical address on, all within one frame, or None."""
        page, offset = self.page(address // PAGE_SIZE), address % PAGE_SIZE
        if page is None or offset + length > PAGE_SIZE:
            return None
        return page[offset:offset + length]
