"""`vadose-dump` and `vadose-live`: what the other commands look at."""

from . import layout
from .command import show
from .memory import Problem, RawFile
from .system import SELECTION, System
import gdb


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
        except Problem as problem:
            raise gdb.GdbError(str(problem)) from None
        SELECTION.file = system
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
