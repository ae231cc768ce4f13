"""`process`, `thread`, `.process` and `$eprocess()`."""

import gdb

from . import layout
from .command import command, show
from .memory import Problem
from .system import SELECTION

MILLISECOND, TICK = 10_000, 10
DETAILS, THREADS = 1, 2
STATES = ("INITIALIZED", "READY", "RUNNING", "STANDBY", "TERMINATED", "WAIT", "TRANSITION")
REASONS = ("Executive", "FreePage", "PageIn", "PoolAllocation", "DelayExecution", "Suspended", "UserRequest", "WrExecutive")
OBJECTS = {
    0: "NotificationEvent", 1: "SynchronizationEvent", 2: "Mutant", 3: "ProcessObject", 4: "QueueObject", 5: "Semaphore", 6: "Thread",
    8: "NotificationTimer", 9: "SynchronizationTimer",
}
# Objects of one wait.
MOST_OBJECTS = 64


def image_name(process):
    """The name of a process's image."""
    offset, size = layout.EPROCESS.place("image_file_name")
    raw = process.space.read(process.address + offset, size) or b""
    letters = raw.split(b"\0")[0]
    return "".join(chr(letter) if 32 <= letter < 127 else "?" for letter in letters)


def show_process(system, process, flags):
    session = process["session"]
    number = "none" if session == 0 else str(system.space_of().number(session + 8) or 0)
    show(f"PROCESS {process.address:08x}  SessionId: {number}  Cid: {process['unique_process_id']:04x}    "
         f"Peb: {process['peb']:08x}  ParentCid: {process['inherited_from_unique_process_id']:04x}")
    table = system.record(layout.HANDLE_TABLE, process["object_table"])
    handles = table["handle_count"] if table else 0
    show(f"    DirBase: {process['pcb.directory_table_base[0]']:08x}  ObjectTable: {process['object_table']:08x}  "
         f"HandleCount: {handles:>3}.")
    show(f"    Image: {image_name(process)}")
    if flags & DETAILS:
        show_details(system, process)
    if flags & THREADS:
        show_threads(system, process)
    show()


def column(name, value):
    show(f"    {name:<33} {value}")


def duration(milliseconds):
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def show_details(system, process):
    show(f"    VadRoot {process['vad_root']:08x} Vads {process['number_of_vads']} Clone {process['clone_root']:x} "
         f"Private {process['number_of_private_pages']}. Modified {process['modified_page_count']}. "
         f"Locked {process['number_of_locked_pages']}.")
    show(f"    DeviceMap {process['device_map']:08x}")
    now, started = system.times()
    column("Token", f"{process['token']:08x}")
    column("ElapsedTime", duration(max(now - max(process["create_time"], started), 0) // MILLISECOND))
    column("UserTime", duration(process["pcb.user_time"] * TICK))
    column("KernelTime", duration(process["pcb.kernel_time"] * TICK))
    column("QuotaPoolUsage[PagedPool]", process["quota_usage[1]"])
    column("QuotaPoolUsage[NonPagedPool]", process["quota_usage[0]"])
    sizes = [process[f"vm.{name}working_set_size"] for name in ("", "minimum_", "maximum_")]
    pages, kilobytes = ", ".join(map(str, sizes)), ", ".join(f"{size * 4}KB" for size in sizes)
    show(f"    Working Set Sizes (now,min,max)  ({pages}) ({kilobytes})")
    column("PeakWorkingSetSize", process["vm.peak_working_set_size"])
    column("VirtualSize", f"{process['virtual_size'] >> 20} Mb")
    column("PeakVirtualSize", f"{process['peak_virtual_size'] >> 20} Mb")
    column("PageFaultCount", process["vm.page_fault_count"])
    column("MemoryPriority", "FOREGROUND" if process["vm.flags"] >> 24 else "BACKGROUND")
    column("BasePriority", process["pcb.base_priority"])
    column("CommitCharge", process["commit_charge"])


def show_threads(system, process):
    try:
        for address in system.threads(process):
            thread = system.record(layout.ETHREAD, address)
            if thread is None:
                return show(f"        THREAD {address:08x} ????????")
            show("        " + thread_line(thread))
    except Problem as problem:
        show(f"        {problem}")


def thread_line(thread):
    return (f"THREAD {thread.address:08x}  Cid {thread['cid.unique_process']:04x}.{thread['cid.unique_thread']:04x}  "
            f"Teb: {thread['tcb.teb']:08x} Win32Thread: 00000000 {state_of(thread)}")


def state_of(thread):
    number, reason = thread["tcb.state"], thread["tcb.wait_reason"]
    name = STATES[number] if number < len(STATES) else "????????"
    if name == "RUNNING":
        return "RUNNING on processor 0"
    if name != "WAIT":
        return name
    mode = "UserMode" if thread["tcb.wait_mode"] else "KernelMode"
    return f"WAIT: ({REASONS[reason] if reason < len(REASONS) else 'Unknown'}) {mode}"


@command("process")
def show_processes(system, words):
    """process [ADDRESS|ID|0] [FLAGS]: a process, or with 0 all; flags 1 details, 2 threads.
The kernel debugger's !process."""
    which, flags = words.number(), words.number()
    words.end()
    if which == 0:
        show("**** NT ACTIVE PROCESS DUMP ****")
        try:
            for process in system.processes():
                show_process(system, process, flags or 0)
        except Problem as problem:
            show(str(problem))
        return
    process = system.process(None if which == 0xFFFFFFFF else which)
    show_process(system, process, DETAILS | THREADS if flags is None else flags)


@command(".process")
def choose_process(system, words):
    """.process [ADDRESS|ID|0]: says or chooses the process that the other commands mean; 0 is the running thread's again."""
    number = words.number()
    words.end()
    if number == 0:
        system.chosen = None
    elif number is not None:
        system.chosen = system.process(number).address
    process = system.process()
    show(f"Implicit process is now {process.address:08x} ( {image_name(process)} )")


@command("thread")
def show_thread(system, words):
    """thread [ADDRESS|ID]: a thread and what it waits for; without one, the first of the process.
The kernel debugger's !thread, in place of gdb's own command: the machine has one processor, which gdb takes for its one thread."""
    number = words.number()
    words.end()
    thread = find_thread(system, number)
    if thread is None:
        raise Problem("there is no such thread")
    show(thread_line(thread))
    show_objects(system, thread)
    owner = system.record(layout.EPROCESS, thread["threads_process"])
    show(f"    Owning Process            {thread['threads_process']:08x}       Image:         "
         f"{image_name(owner) if owner else '????????'}")
    column("Wait Start TickCount", thread["tcb.wait_time"])
    column("Context Switch Count", thread["tcb.context_switches"])
    column("UserTime", duration(thread["tcb.user_time"] * TICK))
    column("KernelTime", duration(thread["tcb.kernel_time"] * TICK))
    show(f"    Win32 Start Address {thread['win32_start_address']:#010x}")
    show(f"    Start Address {thread['start_address']:#010x}")
    stack = [thread[f"tcb.{name}"] for name in ("initial_stack", "kernel_stack", "stack_base", "stack_limit")]
    show("    Stack Init {:08x} Current {:08x} Base {:08x} Limit {:08x} Call 0".format(*stack))
    numbers = [thread[f"tcb.{name}"] for name in ("priority", "base_priority", "priority_decrement", "decrement_count")]
    show("    Priority {} BasePriority {} PriorityDecrement {} DecrementCount {}".format(*numbers))


def find_thread(system, number):
    """The thread of any process that a number means; without one, the first of the process."""
    for process in [system.process()] if number is None else system.processes():
        for address in system.threads(process):
            thread = system.record(layout.ETHREAD, address)
            if thread and (number is None or number in (address, thread["cid.unique_thread"])):
                return thread
    return None


def show_objects(system, thread):
    """What a thread waits for."""
    if state_of(thread).split(":")[0] != "WAIT":
        return
    timer, first = thread.address_of("tcb.timer"), thread["tcb.wait_block_list"]
    address = first
    for _ in range(MOST_OBJECTS):
        block = system.record(layout.KWAIT_BLOCK, address)
        if block is None:
            return
        header = system.record(layout.DISPATCHER_HEADER, block["object"])
        name = "Thread timer" if block["object"] == timer else OBJECTS.get(header and header["kind"], "????????")
        show(f"    {block['object']:08x}  {name}")
        address = block["next_wait_block"]
        if address == first:
            return


class ProcessAddress(gdb.Function):
    """$eprocess([ID]): the address of the _EPROCESS that an ID means; without one, of the process that the commands mean."""

    def __init__(self):
        super().__init__("eprocess")

    def invoke(self, number=None):
        try:
            process = SELECTION.system().process(None if number is None else int(number))
        except Problem as problem:
            raise gdb.GdbError(str(problem)) from None
        return gdb.Value(process.address)


ProcessAddress()
