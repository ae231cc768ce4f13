"""The system that is looked at: where its structures begin, and how they are reached.

Nothing is taken on trust: a structure is read only where all of it is memory of the kernel, and each walk ends at the first entry that is
not, at one that was met before, and at LONGEST_WALK entries.
"""

import gdb

from . import layout
from .memory import PAGE_SIZE, Physical, Problem, Stub
from .paging import AddressSpace

SYSTEM_RANGE_START, PAGE_TABLES, PAGE_TABLES_END = 0x80000000, 0xC0000000, 0xC0800000
PAGE_DIRECTORIES = 0xC0600000
HIGHEST_USER_ADDRESS = 0x7FFEFFFF
FRAME_DATABASE, RECORD_SIZE = 0x81000000, 0x1C
# The processor's block, and where the running thread stands in it.
KPCR, CURRENT_THREAD = 0xFFDFF000, 0x124
# KUSER_SHARED_DATA in the kernel half.
SHARED_DATA = 0xFFDF0000
LONGEST_WALK = 1 << 20
LONGEST_NAME = 260
MOST_RUNS = 32
FILE_OBJECT_TYPE = 5
# Of `spin::Once`: it has its value.
COMPLETE = 2


class System:
    """A system, live or in a file."""

    def __init__(self, backend):
        self.backend = backend
        self.physical = Physical(backend)
        self._runs, self._space, self._manager, self._executive, self.chosen = None, None, None, None, None

    def forget(self):
        """The machine has run, or a register was changed."""
        self.physical.forget()
        self._runs, self._space, self._manager, self._executive = None, None, None, None

    # What the kernel keeps in its statics.

    @property
    def space(self):
        """The kernel half."""
        if self._space is None:
            self._space = AddressSpace(self.physical, self.backend.tables(), self.is_ram)
        return self._space

    def _static(self, name, structure):
        """What a `Once` of the kernel holds, or None as long as it holds nothing."""
        symbol = gdb.lookup_static_symbol(name) or gdb.lookup_global_symbol(name)
        if symbol is None:
            raise Problem(f"the symbols of the kernel are missing ({name}): start gdb with out/kernel.elf")
        address = int(symbol.value().address) & 0xFFFFFFFF
        raw = AddressSpace(self.physical, self.backend.tables())
        if raw.number(address + layout.place_in(symbol.type, "status")[0], 1) != COMPLETE:
            return None
        return structure.at(raw, address + layout.place_in(symbol.type, "data")[0])

    @property
    def manager(self):
        """The memory manager's own state."""
        if self._manager is None:
            self._manager = self._static("vadose_kernel::system::MEMORY", layout.MEMORY_MANAGER)
        if self._manager is None:
            raise Problem("the memory manager has not started yet")
        return self._manager

    @property
    def executive(self):
        if self._executive is None:
            self._executive = self._static("vadose_kernel::system::EXECUTIVE", layout.EXECUTIVE)
        if self._executive is None:
            raise Problem("there is no process yet")
        return self._executive

    @property
    def runs(self):
        """The runs of RAM: first frame and count."""
        if self._runs is None:
            try:
                manager = self.manager
                count = min(manager["frames.run_count"], MOST_RUNS)
                place = "frames.runs[{}].{}".format
                self._runs = [(manager[place(at, "base")], manager[place(at, "count")]) for at in range(count)]
            except Problem:
                # Before there is a database: whatever answers.
                return None
        return self._runs

    def is_ram(self, frame):
        runs = self.runs
        return runs is None or any(first <= frame < first + count for first, count in runs)

    # Records of the kernel.

    def record(self, structure, address, alignment=4):
        """A structure of the kernel, where all of it is in memory and it is aligned; or None."""
        if address is None or address % alignment:
            return None
        last = address + structure.bytes() - 1
        if address < SYSTEM_RANGE_START or last >= PAGE_TABLES:
            return None
        whole = all(self.space.frame(at) is not None for at in {address, last})
        return structure.at(self.space, address) if whole else None

    def entries(self, head):
        """The entries of the list with `head`. A list that is broken ends in a Problem that says where."""
        entry, seen = head, set()
        for _ in range(LONGEST_WALK):
            record = self.record(layout.LIST_ENTRY, entry)
            if record is None:
                raise Problem(f"{entry:08x} is no entry: the list is broken here")
            entry = record["flink"]
            if entry == head:
                return
            if entry in seen:
                raise Problem(f"{entry:08x} was there before: the list is broken here")
            seen.add(entry)
            yield entry

    def text(self, record, field):
        """A name of the kernel's."""
        return record.text(field, LONGEST_NAME) or ""

    # Processes and threads.

    def processes(self):
        """All processes, oldest first."""
        offset = layout.EPROCESS.place("active_process_links")[0]
        for entry in self.entries(self.executive["active_processes"]):
            record = self.record(layout.EPROCESS, entry - offset)
            if record is not None:
                yield record

    def find_process(self, number):
        """The process that a number means: its address, or its own number; or None."""
        return next((one for one in self.processes() if number in (one.address, one["unique_process_id"])), None)

    def process(self, number=None):
        """The process that is meant: by `number`, or the one chosen, or the running thread's."""
        if number not in (None, 0):
            found = self.find_process(number)
            if found is None:
                raise Problem(f"there is no process {number:x}")
            return found
        found = self.record(layout.EPROCESS, self.chosen) if self.chosen else self.running_process()
        if found is None:
            raise Problem("there is no process yet")
        return found

    def running_process(self):
        thread = self.record(layout.ETHREAD, self.space.number(KPCR + CURRENT_THREAD))
        return thread and self.record(layout.EPROCESS, thread["tcb.apc_state.process"])

    def threads(self, process):
        """Addresses of the threads of a process."""
        offset = layout.ETHREAD.place("thread_list_entry")[0]
        for entry in self.entries(process.address_of("thread_list_head")):
            yield entry - offset

    def space_of(self, process=None):
        """The address space of a process, of the one that is meant if none is named; the system's where it has none."""
        try:
            process = process or self.process()
            system = self.record(layout.EPROCESS, self.executive["system_process"])
        except Problem:
            return self.space
        for one in filter(None, (process, system)):
            space = AddressSpace(self.physical, one["pcb.directory_table_base[0]"], self.is_ram)
            if space.directories():
                return space
        return self.space

    # Frames and files.

    def frame(self, number):
        """The record of a frame of RAM."""
        return layout.MMPFN.at(self.space, FRAME_DATABASE + number * RECORD_SIZE)

    def control_areas(self):
        """All control areas."""
        address, seen = self.manager["control_areas"], set()
        while address:
            area = self.record(layout.CONTROL_AREA, address)
            if area is None or address in seen:
                raise Problem(f"{address:08x} is no control area: the list is broken here")
            yield area
            seen.add(address)
            address = area["dereference_list[0]"]

    def file_name(self, area):
        """The name of the file behind a control area; empty where there is none."""
        if not area["flags"] & 1 << 7:
            return ""
        file = self.record(layout.FILE_OBJECT, area["file_pointer"])
        return self.text(file, "file_name") if file and file["kind"] == FILE_OBJECT_TYPE else ""

    def times(self):
        """System time and the time of the start, in units of 100 ns."""
        since, now = (self.space.number(SHARED_DATA + offset, 8) or 0 for offset in (8, 0x14))
        return now, now - since


class Selection:
    """Which system the commands mean: the machine behind the stub, or a file."""

    def __init__(self):
        self.file, self.live = None, None
        for name in ("cont", "exited", "memory_changed", "register_changed", "inferior_deleted"):
            if hasattr(gdb.events, name):
                getattr(gdb.events, name).connect(lambda event: self.forget())

    def forget(self):
        if self.live:
            self.live.forget()

    def system(self):
        if self.file:
            return self.file
        stub = Stub()
        if self.live is None or self.live.backend.connection != stub.connection:
            self.live = System(stub)
        return self.live


SELECTION = Selection()


def page_of(address):
    return address // PAGE_SIZE
