"""`peb`, `teb` and `dlls`: what a program knows of itself, read from its own memory, which is not trusted."""

import time

from . import layout
from .command import command, show
from .memory import Problem
from .system import LONGEST_WALK

UNREADABLE = "????????"
LONGEST_TEXT, MOST_MODULES = 0x1000, 0x1000
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
MODULE_FLAGS = (
    (0x2, "LDRP_STATIC_LINK"), (0x4, "LDRP_IMAGE_DLL"), (0x1000, "LDRP_LOAD_IN_PROGRESS"), (0x4000, "LDRP_ENTRY_PROCESSED"),
    (0x40000, "LDRP_DONT_CALL_FOR_THREADS"), (0x80000, "LDRP_PROCESS_ATTACH_CALLED"), (0x100000, "LDRP_DEBUG_SYMBOLS_LOADED"),
)


def word(value):
    return UNREADABLE if value is None else f"{value:08x}"


def answer(value):
    return UNREADABLE if value is None else "Yes" if value else "No"


def printable(text):
    return "".join(unit if unit.isprintable() and unit != "\ufffd" else "." for unit in text)


def text_of(record, field):
    """The characters of a string of a program, and that there would be more."""
    text = record.text(field, LONGEST_TEXT)
    if text is None:
        return None
    length = record.space.number(record.address_of(field), 2) // 2
    whole = len(text.encode("utf-16-le")) // 2 >= min(length, LONGEST_TEXT)
    return printable(text) + ("" if whole else UNREADABLE)


def date(stamp):
    """`Aug 17 20:53:31 2001`."""
    moment = time.gmtime(stamp)
    return (f"{MONTHS[moment.tm_mon - 1]} {moment.tm_mday:02} {moment.tm_hour:02}:{moment.tm_min:02}:{moment.tm_sec:02} "
            f"{moment.tm_year}")


def peb_of(system, address=None, process=None):
    """The process block at an address, or that of a process."""
    process = process or (system.process() if address is None else None)
    address = process["peb"] if address is None else address
    if not address:
        raise Problem("this process has no PEB")
    return layout.PEB.at(system.space_of(process), address)


def follow(record, field, structure):
    address = record.get(field)
    return None if address is None else structure.at(record.space, address)


def modules(peb):
    """The modules in the order in which they were loaded, as far as each entry names the one before."""
    loader = follow(peb, "ldr", layout.PEB_LDR_DATA)
    if loader is None:
        return
    head = loader.address_of("in_load_order_module_list")
    entry = head
    for _ in range(MOST_MODULES):
        following = peb.space.number(entry)
        if following in (None, head) or peb.space.number((following + 4) & 0xFFFFFFFF) != entry:
            return
        entry = following
        yield layout.LDR_DATA_TABLE_ENTRY.at(peb.space, entry)


@command("peb")
def show_peb(system, words):
    """peb [ADDRESS]: what the program knows of its process. The kernel debugger's !peb."""
    peb = peb_of(system, words.number())
    words.end()
    show(f"PEB at {peb.address:08x}")
    show(f"    InheritedAddressSpace:    {answer(peb.get('inherited_address_space'))}")
    show(f"    ReadImageFileExecOptions: {answer(peb.get('read_image_file_exec_options'))}")
    show(f"    BeingDebugged:            {answer(peb.get('being_debugged'))}")
    show(f"    ImageBaseAddress:         {word(peb.get('image_base_address'))}")
    show_loader(peb)
    show(f"    SubSystemData:     {word(peb.get('sub_system_data'))}")
    show(f"    ProcessHeap:       {word(peb.get('process_heap'))}")
    show(f"    ProcessParameters: {word(peb.get('process_parameters'))}")
    show_parameters(peb)


def show_loader(peb):
    loader = follow(peb, "ldr", layout.PEB_LDR_DATA)
    if loader is None:
        return show(f"    Ldr {UNREADABLE}")
    show(f"    Ldr                       {loader.address:08x}")
    show(f"    Ldr.Initialized:          {answer(loader.get('initialized'))}")
    for name in ("InInitializationOrder", "InLoadOrder", "InMemoryOrder"):
        field = {"InI": "in_initialization_order", "InL": "in_load_order", "InM": "in_memory_order"}[name[:3]]
        at = loader.address_of(f"{field}_module_list")
        title = f"Ldr.{name}ModuleList:"
        show(f"    {title:<36} {word(peb.space.number(at))} . {word(peb.space.number(at + 4))}")
    show("            Base TimeStamp                     Module")
    for module in modules(peb):
        base, stamp = module.get("dll_base"), module.get("time_date_stamp")
        known = base is not None and stamp is not None
        start = f"{base:>8x} {stamp:08x} {date(stamp)}" if known else UNREADABLE
        show(f"        {start} {text_of(module, 'full_dll_name') or UNREADABLE}")


def show_parameters(peb):
    block = follow(peb, "process_parameters", layout.PROCESS_PARAMETERS)
    if block is None or block.address == 0:
        return
    for title, field in (
        ("WindowTitle:", "window_title"), ("ImageFile:", "image_path_name"), ("CommandLine:", "command_line"), ("DllPath:", "dll_path"),
    ):
        text = text_of(block, field)
        show(f"    {title:<13} " + (UNREADABLE if text is None else f"'{text}'"))
    address = block.get("environment")
    show(f"    Environment:  {word(address)}")
    for _ in range(LONGEST_WALK):
        text = None if address is None else terminated(peb.space, address)
        if not text:
            return
        show(f"        {printable(text)}")
        address += len(text.encode("utf-16-le")) + 2


def terminated(space, address):
    """The characters up to a zero, or None where there is none in LONGEST_TEXT."""
    raw = space.text(address, LONGEST_TEXT)
    end = raw.find("\0")
    return raw[:end] if end >= 0 else None


@command("teb")
def show_teb(system, words):
    """teb [ADDRESS]: what the program knows of a thread; without an address, of the process's first. The kernel debugger's !teb."""
    address = words.number()
    words.end()
    address = first_teb(system) if address is None else address
    teb = layout.TEB.at(system.space_of(), address)
    rows = (
        ("ExceptionList", "nt_tib.exception_list"), ("StackBase", "nt_tib.stack_base"), ("StackLimit", "nt_tib.stack_limit"),
        ("SubSystemTib", "nt_tib.sub_system_tib"), ("FiberData", "nt_tib.fiber_data"),
        ("ArbitraryUserPointer", "nt_tib.arbitrary_user_pointer"), ("Self", "nt_tib.self_pointer"),
        ("EnvironmentPointer", "environment_pointer"), ("ClientId", "client_id.unique_process"), ("RpcHandle", "active_rpc_handle"),
        ("Tls Storage", "thread_local_storage_pointer"), ("PEB Address", "process_environment_block"),
    )
    show(f"TEB at {address:08x}")
    for name, field in rows:
        line = f"    {name + ':':<21} {word(teb.get(field))}"
        show(line + (f" . {word(teb.get('client_id.unique_thread'))}" if name == "ClientId" else ""))
    for name, field in (
        ("LastErrorValue:", "last_error_value"), ("LastStatusValue:", "last_status_value"),
        ("Count Owned Locks:", "count_of_owned_critical_sections"),
    ):
        value = teb.get(field)
        show(f"    {name:<21} " + (UNREADABLE if value is None else f"{value:x}"))


def first_teb(system):
    for address in system.threads(system.process()):
        thread = system.record(layout.ETHREAD, address)
        if thread and thread["tcb.teb"]:
            return thread["tcb.teb"]
    raise Problem("no thread here has a TEB")


@command("dlls")
def show_modules(system, words):
    """dlls [ADDRESS]: the modules of the process, all or the one whose entry or base ADDRESS is. The kernel debugger's !dlls."""
    asked = words.number()
    words.end()
    meant = [module for module in modules(peb_of(system)) if asked is None or asked in (module.address, module.get("dll_base"))]
    if not meant:
        raise Problem("there is no such module")
    for module in meant:
        show_module(module)


def show_module(module):
    base, entry, size, flags, count, index = (
        word(module.get(name)) for name in ("dll_base", "entry_point", "size_of_image", "flags", "load_count", "tls_index")
    )
    show(f"\n0x{module.address:08x}: {text_of(module, 'full_dll_name') or UNREADABLE}")
    show(f"      Base   0x{base}  EntryPoint  0x{entry}  Size        0x{size}")
    show(f"      Flags  0x{flags}  LoadCount   0x{count}  TlsIndex    0x{index}")
    for bit, name in MODULE_FLAGS:
        if (module.get("flags") or 0) & bit:
            show(f"             {name}")
