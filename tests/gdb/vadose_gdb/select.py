"""`vadose-dump` and `vadose-live`: what the other commands look at. `vadose-offsets`: how it is read."""

import struct

import gdb

from . import layout
from .command import show
from .memory import Problem, RawFile
from .system import SELECTION, System

# Where the kernel's code is compared with its file: that many places, that many bytes each.
PLACES, BYTES = 64, 64
# Of a program header: a segment that is loaded, and executed.
LOADED, EXECUTABLE = 1, 1


def code_of(path):
    """Places of the kernel's code: address, and the bytes in its ELF file."""
    with open(path, "rb") as file:
        raw = file.read()
    start, size, count = struct.unpack_from("<28xI10xHH", raw)
    for at in range(count):
        kind, offset, address, _, length, _, flags = struct.unpack_from("<7I", raw, start + at * size)
        if kind == LOADED and flags & EXECUTABLE and address >= 0x80000000:
            for place in range(0, length - BYTES, max(length // PLACES, BYTES)):
                yield address + place, raw[offset + place:offset + place + BYTES]


def are_symbols_right(system):
    """Whether the code in memory is that of the file that gdb has the symbols from."""
    try:
        places = list(code_of(gdb.current_progspace().filename))
    except (OSError, TypeError, struct.error):
        return False
    same = sum(system.space.read(address, len(code)) == code for address, code in places)
    # Some code is given back after the start.
    return same * 2 > len(places)


class DumpCommand(gdb.Command):
    """vadose-dump FILE: the other commands look at a dump from now on, a file whose byte N is the byte of RAM at physical address N,
as QEMU's pmemsave writes it. The kernel's symbols, out/kernel.elf, must be those of the kernel that ran. vadose-live takes the machine again."""

    def __init__(self):
        super().__init__("vadose-dump", gdb.COMMAND_FILES, gdb.COMPLETE_FILENAME)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        words = gdb.string_to_argv(argument)
        if len(words) != 1:
            raise gdb.GdbError("vadose-dump needs a file")
        try:
            system = System(RawFile(words[0]))
            tables = system.backend.tables()
            pages = sum(count for _, count in system.runs or ())
            right = are_symbols_right(system)
        except Problem as problem:
            raise gdb.GdbError(str(problem)) from None
        SELECTION.file = system
        if not right:
            show("warning: the kernel in it is not the one whose symbols gdb has: what follows may be nonsense")
        show(f"{words[0]}: {pages} frames of RAM, page directories of the System process at {tables:x}")


class LiveCommand(gdb.Command):
    """vadose-live: the other commands look at the machine again."""

    def __init__(self):
        super().__init__("vadose-live", gdb.COMMAND_FILES)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        SELECTION.file = None


DumpCommand()
LiveCommand()


class OffsetsCommand(gdb.Command):
    """vadose-offsets: holds the kernel's debugging information against Windows XP's offsets of the fields that the commands read."""

    def __init__(self):
        super().__init__("vadose-offsets", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        lines, agreeing = layout.differences()
        for line in lines:
            show(line)
        show(f"{agreeing} fields agree, {len(lines)} do not")


OffsetsCommand()
