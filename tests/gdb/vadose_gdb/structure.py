"""`dt`: a structure field by field, by the kernel's debugging information, of the machine or of a dump."""

import gdb

from . import layout
from .command import command, show
from .memory import Problem
from .system import SYSTEM_RANGE_START

# Fields of an array that are shown.
MOST_ELEMENTS = 8


def type_named(name):
    """The type that a name means, NT's or the source's."""
    known = next((structure for structure in layout.Structure.known if structure.name.lower() == name.lower()), None)
    kind = known.dwarf() if known else None
    if kind is None:
        try:
            kind = gdb.lookup_type(known.source if known else name)
        except gdb.error:
            raise Problem(f"the debugging information has no type {name}") from None
    kind = kind.strip_typedefs()
    if kind.code != gdb.TYPE_CODE_STRUCT:
        raise Problem(f"{name} has no fields")
    return kind


@command("dt")
def show_structure(system, words):
    """dt TYPE [ADDRESS]: the fields of a structure with their offsets; with an address, what is in them.
TYPE is NT's name, such as _EPROCESS or _MMPFN, or the one in the source, such as abi::nt::process::Kprocess."""
    name = words.word()
    if name is None:
        raise Problem("dt needs the name of a structure")
    address = words.number()
    words.end()
    kind = type_named(name)
    value = None
    if address is not None:
        space = system.space if address >= SYSTEM_RANGE_START else system.space_of()
        raw = space.read(address, kind.sizeof)
        if raw is None:
            raise Problem(f"{kind.sizeof:#x} bytes at {address:08x} are not in memory")
        value = gdb.Value(raw, kind)
    show(kind.name)
    for field in sorted(kind.fields(), key=lambda field: field.bitpos):
        if field.type.sizeof:
            row = f"   +0x{field.bitpos // 8:03x} {field.name:<32}: "
            show(row + (type_text(field.type) if value is None else value_text(value[field.name])))


def type_text(kind):
    return (kind.name or str(kind)).replace("abi::cell::", "")


def value_text(value):
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_ARRAY:
        first, last = kind.range()
        shown = [value_text(value[at]) for at in range(first, min(last, first + MOST_ELEMENTS - 1) + 1)]
        return "[" + " ".join(shown) + (" ...]" if last - first >= MOST_ELEMENTS else "]")
    if kind.code == gdb.TYPE_CODE_STRUCT and gdb.default_visualizer(value) is None:
        return type_text(kind)
    if kind.name and kind.name.startswith("mm::vad::node"):
        return gdb.default_visualizer(value).to_string()
    return value.format_string(max_elements=MOST_ELEMENTS)
