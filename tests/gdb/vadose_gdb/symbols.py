"""`dllsyms`: the symbols of a process's EXE and DLLs, at the addresses at which it has them."""

import os
import struct

import gdb

from .command import command, show
from .environment import modules, peb_of
from .memory import Problem
from .process import image_name

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
# Where images with symbols lie, below the root of the tree, and in which order they are looked for.
FOLDERS = ("symbols", "samples", "programs", "commands", "guest", "bench", "system32")
# Of the PE header: an optional header of 32 bits.
PE32 = 0x10B

loaded = []


class Image:
    """What an image file says of itself."""

    def __init__(self, path):
        with open(path, "rb") as file:
            raw = file.read(0x1000)
        try:
            header = struct.unpack_from("<I", raw, 0x3C)[0]
            sections, self.stamp, optional = struct.unpack_from("<2xHI8xH", raw, header + 4)
            magic = struct.unpack_from("<H", raw, header + 24)[0]
            if raw[header:header + 4] != b"PE\0\0" or magic != PE32:
                raise ValueError
            self.base, self.size = struct.unpack_from("<I24xI", raw, header + 24 + 28)
            table = header + 24 + optional
            rows = (struct.unpack_from("<8s4xI20xI", raw, table + at * 40) for at in range(sections))
            self.sections = [(name.rstrip(b"\0").decode("latin-1"), address, bits) for name, address, bits in rows]
        except (struct.error, ValueError):
            raise Problem(f"{path} is no image of 32 bits") from None


def find_file(name, folders):
    """The file with the symbols of a module, or None."""
    places = [*folders, *(os.path.join(ROOT, "out", folder) for folder in FOLDERS)]
    paths = (os.path.join(place, name) for place in places)
    return next((path for path in paths if os.path.isfile(path)), None)


@command("dllsyms")
def load_symbols(system, words):
    """dllsyms [PID] [FOLDER]...: loads the symbols of the EXE and the DLLs of a process at the addresses at which it has them, from
FOLDER, out/symbols and the folders of programs in out. What an earlier dllsyms loaded goes: two processes may have different images at one
address."""
    number = None if not words.rest or os.path.isdir(words.rest[0]) else words.number()
    process, folders = system.process(number), words.rest
    for folder in folders:
        if not os.path.isdir(folder):
            raise Problem(f"{folder} is no folder")
    peb = peb_of(system, process=process)
    forget_symbols()
    show(f"{image_name(process)} ({process['unique_process_id']:04x}):")
    for module in modules(peb):
        base, name = module.get("dll_base"), module.text("base_dll_name", 260)
        if base is None or not name:
            show("  ????????")
            continue
        show(f"  {base:08x} {name:<16} {load(module, base, name, folders)}")


def load(module, base, name, folders):
    """Loads one module's symbols; what there is to say of it."""
    path = find_file(os.path.basename(name.replace("\\", "/")).lower(), folders) or find_file(name, folders)
    if path is None:
        return "no file with symbols"
    try:
        image = Image(path)
    except (OSError, Problem) as problem:
        return str(problem)
    stamp = module.get("time_date_stamp")
    if stamp is not None and stamp != image.stamp:
        return f"{os.path.relpath(path)} is another one: its time is {image.stamp:08x}, not {stamp:08x}"
    # Sections with a dot and a digit are debugging information by a long name.
    present = [(section, base + address) for section, address, bits in image.sections if section[:1] == "." and bits & 0x60]
    rest = " ".join(f"-s {section} {address:#x}" for section, address in present)
    try:
        gdb.execute(f'add-symbol-file "{path}" {rest}', to_string=True)
    except gdb.error as error:
        return str(error)
    loaded.append(path)
    return os.path.relpath(path)


def forget_symbols():
    """Drops what was loaded before."""
    while loaded:
        try:
            gdb.execute(f'remove-symbol-file "{loaded.pop()}"', to_string=True)
        except gdb.error:
            pass
