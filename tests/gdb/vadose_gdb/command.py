"""How a command of gdb is made of a function: its words, and what becomes of what it cannot do.

Numbers are hexadecimal, as in the kernel's debugger: `7ffdf000`, `0x10`; `0n16` is decimal, a back quote may part a long one; `$esp`, `esp`
and sums such as `esp+8` go too.
"""

import re

import gdb

from .memory import Problem
from .system import SELECTION

REGISTERS = "eax ebx ecx edx esi edi ebp esp eip cr0 cr2 cr3 cr4".split()


class Words:
    """The words that follow a command's name, taken one by one."""

    def __init__(self, text):
        self.rest = text.split()

    def word(self):
        return self.rest.pop(0) if self.rest else None

    def number(self, default=None):
        """The next word as a number."""
        word = self.word()
        return default if word is None else value_of(word)

    def address(self, what):
        """The next word as an address, which must be there."""
        found = self.number()
        if found is None:
            raise Problem(what)
        if not 0 <= found < 1 << 32:
            raise Problem(f"{found:x} is no address")
        return found

    def end(self):
        if self.rest:
            raise Problem(f"what is {self.rest[0]}?")


def value_of(word):
    parts = re.findall(r"([+-]?)([^+-]+)", word)
    if not parts or "".join(sign + part for sign, part in parts) != word:
        raise Problem(f"{word} is not a number")
    return sum(-term(part, word) if sign == "-" else term(part, word) for sign, part in parts)


def term(part, word):
    plain = part.replace("`", "")
    if re.fullmatch(r"0n[0-9]+", plain):
        return int(plain[2:])
    if re.fullmatch(r"(0[xX])?[0-9a-fA-F]+", plain):
        return int(plain, 16)
    name = part.lstrip("$@")
    if name in REGISTERS or part.startswith("$"):
        try:
            return int(gdb.parse_and_eval(f"${name}")) & 0xFFFFFFFF
        except gdb.error as error:
            raise Problem(f"{word}: {error}") from None
    raise Problem(f"{word} is not a number")


class Command(gdb.Command):
    """A function of a system and words, as a command of gdb."""

    def __init__(self, name, function):
        self.__doc__ = function.__doc__
        self.function = function
        super().__init__(name, gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        try:
            self.function(SELECTION.system(), Words(argument))
        except Problem as problem:
            raise gdb.GdbError(str(problem)) from None


def command(*names):
    """Makes a function a command."""

    def make(function):
        for name in names:
            Command(name, function)
        return function

    return make


def show(text=""):
    """A line. What is in memory may be anything: what would move the cursor is a dot, what the terminal's character set lacks `?`."""
    text = "".join(unit if unit >= " " or unit == "\n" else "." for unit in text)
    try:
        gdb.write(text + "\n")
    except UnicodeError:
        gdb.write(text.encode("ascii", "replace").decode() + "\n")
