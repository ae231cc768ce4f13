"""Pretty printers: what gdb's own `print` shows of NT's structures.

`Field<T>` and `Link<T>` are words, a list entry is its two links, a UNICODE_STRING its characters, a VAD its pages, its kind and its flags, a
PTE its form.
"""

import gdb
import gdb.printing

from . import pte
from .memory import Problem
from .system import SELECTION, LONGEST_NAME
from .vad import FLAGS, FLAGS2, kind_of, UNCOUNTED

PREFIX = "abi::cell::"


def word_in(value):
    """The number in a `Field`, a `Link`, or an atomic; both words of a `Field64`."""
    value = gdb.Value(value)
    for _ in range(8):
        kind = value.type.strip_typedefs()
        if kind.code not in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
            return int(value)
        names = [field.name for field in kind.fields() if field.type.sizeof]
        if names == ["low", "high"]:
            return word_in(value["low"]) | word_in(value["high"]) << 32
        if len(names) != 1:
            break
        value = value[names[0]]
    raise gdb.error("no word")


class Text:
    """A value as one line."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        try:
            return self.text()
        except (gdb.error, Problem) as error:
            return f"<{error}>"


class Word(Text):
    """`Field<u32>` as 0x10, `Field<Link<T>>` and `Link<T>` as an address."""

    def text(self):
        name = self.value.type.strip_typedefs().name or ""
        word = word_in(self.value)
        return f"{word:08x}" if "Link<" in name else f"{word:#x}"


class LargeInteger(Text):
    """`Field64`."""

    def text(self):
        return f"{word_in(self.value):#x}"


class ListEntry(Text):
    """`ListEntry`, a _LIST_ENTRY."""

    def text(self):
        flink, blink = word_in(self.value["flink"]), word_in(self.value["blink"])
        where = self.value.address
        empty = where is not None and flink == blink == int(where) & 0xFFFFFFFF
        return f"[{flink:08x} - {blink:08x}]" + (" empty" if empty else "")


class UnicodeString(Text):
    """`UnicodeString`, a _UNICODE_STRING, read in the address space of the process that is meant."""

    def text(self):
        length, buffer = word_in(self.value["length"]), word_in(self.value["buffer"])
        if length == 0:
            return '""'
        system = SELECTION.system()
        space = system.space if buffer >= 0x80000000 else system.space_of()
        found = space.text(buffer, min(length // 2, LONGEST_NAME))
        whole = len(found) >= min(length // 2, LONGEST_NAME)
        return f'"{found}"' + ("" if whole else f" <{buffer:08x} cannot be read>")


class Entry(Text):
    """`PteCell`, a page-table entry."""

    def text(self):
        raw = word_in(self.value)
        where = self.value.address
        at = 0 if where is None else int(where) & 0xFFFFFFFF
        return f"{raw:016X} {pte.describe(raw, prototype=0xA0000000 <= at < 0xB0000000)}"


def flags_text(flags):
    names = [name for bit, name in FLAGS if flags & bit]
    charge = flags & UNCOUNTED
    names.append("CommitCharge -1" if charge == UNCOUNTED else f"CommitCharge {charge}")
    return " ".join([*names, pte.protection_name(flags >> 24 & 0x1F)])


def flags2_text(flags):
    names = [name for bit, name in FLAGS2 if flags & bit] + (["LongVad"] if flags >> 28 & 1 else [])
    return " ".join([*names, f"FileOffset {(flags & 0xFFFFFF) << 16:#x}"])


class Vad(Text):
    """`MmvadShort`, `Mmvad` and `MmvadLong`, with their flags by name."""

    def text(self):
        short = self.short()
        start, end = word_in(short["starting_vpn"]), word_in(short["ending_vpn"])
        kind = " ".join(kind_of(word_in(short["flags"])).split())
        return f"{start:x}-{end:x} {kind}"

    def short(self):
        value = self.value
        for name in ("mapped", "short"):
            if any(field.name == name for field in value.type.strip_typedefs().fields()):
                value = value[name]
        return value

    def children(self):
        value = self.value
        for field in value.type.strip_typedefs().fields():
            if field.name == "flags":
                yield "flags", flags_text(word_in(value["flags"]))
            elif field.name == "flags2":
                yield "flags2", flags2_text(word_in(value["flags2"]))
            else:
                yield field.name, value[field.name]


def collection():
    printers = gdb.printing.RegexpCollectionPrettyPrinter("vadose")
    for name, pattern, printer in (
        ("Field64", "^abi::cell::Field64$", LargeInteger),
        ("Field", "^abi::cell::(Field|Link)<", Word),
        ("_LIST_ENTRY", "^abi::nt::list::ListEntry$", ListEntry),
        ("_UNICODE_STRING", "^abi::nt::string::UnicodeString$", UnicodeString),
        ("_MMPTE", "^mm::pte::PteCell$", Entry),
        ("_MMVAD", "^mm::vad::node::Mmvad(Short|Long)?$", Vad),
    ):
        printers.add_printer(name, pattern, printer)
    return printers


gdb.printing.register_pretty_printer(None, collection(), replace=True)
