"""`handle`: the handles of a process, and the objects they lead to.

A handle table has pages of 512 entries, and up to two levels of pages of 1024 pointers above them; how many is in the low bits of TableCode.
"""

from . import layout
from .command import command, show
from .memory import Problem
from .process import show_process

ENTRIES, POINTERS, MOST_TOP_POINTERS = 512, 1024, 32
# Bytes of an entry.
ENTRY = 8
BODY = 0x18
BASIC, OBJECT = 1, 2
PROTECTED, INHERIT, ATTRIBUTES = 1, 2, 7


@command("handle")
def show_handles(system, words):
    """handle [HANDLE] [FLAGS] [PROCESS]: handles; flags 1 rights, 2 objects. HANDLE 0 means all.
The kernel debugger's !handle, in place of gdb's own command, which is for signals: the machine has none."""
    wanted, flags, number = words.number(0), words.number(BASIC | OBJECT), words.number()
    words.end()
    process = system.process(number)
    show_process(system, process, 0)
    table = system.record(layout.HANDLE_TABLE, process["object_table"])
    if table is None:
        return show("The process has no handle table.")
    if wanted:
        address = entry_of(system, table, wanted >> 2)
        if address is None or not system.space.number(address):
            raise Problem("this is no handle of the process")
        return show_row(system, wanted & ~3, address, flags)
    show(f"Handle table at {table['table_code'] & ~3:08x} with {table['handle_count']} Entries in use")
    try:
        for handle, address in entries(system, table):
            show_row(system, handle, address, flags)
    except Problem as problem:
        show(str(problem))


def entries(system, table):
    """The handles of a table, and where their entries stand. The first entry of each page says something else."""
    seen = set()
    for first in range(0, number_of_entries(table), ENTRIES):
        page = entry_of(system, table, first)
        if page in seen:
            raise Problem(f"{page:08x} was there before: the table is broken here")
        raw = page and system.space.read(page, ENTRIES * ENTRY)
        if not raw:
            continue
        seen.add(page)
        for index in range(1, min(ENTRIES, number_of_entries(table) - first)):
            if raw[index * ENTRY:index * ENTRY + 4] != b"\0\0\0\0":
                yield first + index << 2, page + index * ENTRY


def number_of_entries(table):
    most = (ENTRIES, ENTRIES * POINTERS, ENTRIES * POINTERS * MOST_TOP_POINTERS)[min(table["table_code"] & 3, 2)]
    return min(table["next_handle_needing_pool"] >> 2, most)


def entry_of(system, table, index):
    """Where an entry stands, if the way there is whole."""
    code = table["table_code"]
    page = code & ~3
    for level in range(code & 3, 0, -1):
        span = ENTRIES if level == 1 else ENTRIES * POINTERS
        page = kernel_word(system, page + index // span % POINTERS * 4)
        if page is None:
            return None
    address = page + index % ENTRIES * ENTRY
    return address if index < number_of_entries(table) and kernel_word(system, address) is not None else None


def kernel_word(system, address):
    return system.space.number(address) if 0x80000000 <= address < 0xC0000000 and address % 4 == 0 else None


def show_row(system, handle, address, flags):
    word, rights = system.space.number(address), system.space.number(address + 4)
    header = word & ~ATTRIBUTES
    if flags & BASIC:
        marks = (" (Protected)" if word & PROTECTED else "") + (" (Inherit)" if word & INHERIT else "")
        show(f"{handle:04x}: Object: {header + BODY & 0xFFFFFFFF:08x}  GrantedAccess: {rights or 0:08x}{marks} Entry: {address:08x}")
    if flags & OBJECT:
        show_object(system, header)
    show()


def show_object(system, address):
    body = address + BODY & 0xFFFFFFFF
    header = system.record(layout.OBJECT_HEADER, address)
    if header is None:
        return show(f"Object: {body:08x}  ????????")
    kind = type_name(system, header)
    show(f"Object: {body:08x}  Type: ({header['object_type']:08x}) {kind or '????????'}")
    show(f"    ObjectHeader: {address:08x}")
    show(f"        HandleCount: {header['handle_count']}  PointerCount: {header['pointer_count']}")
    info = name_info(system, header)
    if info:
        return show(f"        Directory Object: {info['directory']:08x}  Name: {system.text(info, 'name')}")
    file = system.record(layout.FILE_OBJECT, address + BODY) if kind == "File" else None
    if file:
        show_file(system, file)


def show_file(system, file):
    """A file's name is its own affair; the device behind it stands in braces."""
    name = system.text(file, "file_name")
    device = system.record(layout.OBJECT_HEADER, file["device_object"] - BODY)
    info = device and name_info(system, device)
    if info:
        name += f" {{{system.text(info, 'name')}}}"
    if name:
        show(f"        Directory Object: 00000000  Name: {name}")


def type_name(system, header):
    record = system.record(layout.OBJECT_TYPE, header["object_type"])
    return record and system.text(record, "name")


def name_info(system, header):
    offset = header["name_info_offset"]
    return system.record(layout.OBJECT_HEADER_NAME_INFO, header.address - offset) if offset else None
