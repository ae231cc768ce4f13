"""`verify`: an audit from outside: do lists, trees, page tables and the frame database tell one story?

It shares nothing with the kernel's own but the rules:

* the walk of a VAD tree meets NumberOfVads nodes, in order, apart from each other, balanced, each naming its parent;
* a list of frames has as many as its head says, all of them where the list is, and no others are there;
* a valid entry of a program names a frame of RAM in use; the frame's record names the entry, if the page is the process's own;
* an entry in transition names a frame that is parked, and its record names the entry;
* a frame that programs map has as many valid entries as its share count says;
* a working set has as many entries as its size says, each of a page that is there.
"""

from collections import Counter

from .command import command, show
from .frames import ACTIVE, AWE_ALLOCATION, location_of, physical_windows, records
from .memory import Problem
from .paging import frame_of, LARGE, VALID
from .process import image_name
from .pte import PROTOTYPE, decode
from .system import PAGE_TABLES, SHARED_DATA
from .vad import tree
from .working_set import WORKING_SET_LIST, valid_entries

LISTS = ("Zeroed", "Free", "Standby", "Modified", "ModifiedNoWrite", "Bad")
PARKED = (2, 3, 4, 7)
END_OF_LIST, COLORS = 0xFFFFFFFF, 8
# Findings that are shown.
MOST_SHOWN = 20


class Audit:
    """What was counted, and what is wrong."""

    def __init__(self, system):
        self.system, self.findings, self.counts, self.mapped = system, [], Counter(), Counter()
        self.frames = {record[0]: record[1:] for record in records(system)}
        self.counts["Frames"] = len(self.frames)

    def wrong(self, text):
        self.findings.append(text)

    # Frames.

    def lists(self):
        at = Counter(location_of(record[3]) for record in self.frames.values())
        self.counts["Active"] = at[ACTIVE]
        for number, name in enumerate(LISTS):
            total = self.system.manager[f"frames.lists[{number}].total"]
            found = sum(1 for _ in self.listed(number, name))
            if not total == found == at[number]:
                self.wrong(f"{name}: the head says {total}, {found} are on the list, {at[number]} frames say that they are there")

    def listed(self, number, name):
        """The frames of a list, by its links: of those that belong to nobody by colour, in OriginalPte."""
        manager, seen = self.system.manager, set()
        heads = [f"frames.lists[{number}].flink"]
        if number < 2:
            heads = [f"frames.{('zeroed', 'free')[number]}_by_color[{color}].flink" for color in range(COLORS)]
        for head in heads:
            frame = manager[head]
            while frame != END_OF_LIST:
                record = self.frames.get(frame)
                if record is None or frame in seen or location_of(record[3]) != number:
                    return self.wrong(f"{name}: frame {frame:x} should not be on it")
                seen.add(frame)
                yield frame
                frame = (record[5] if number < 2 else record[0]) & 0xFFFFFFFF

    # Processes.

    def process(self, process):
        self.counts["Processes"] += 1
        name = f"{image_name(process)} ({process['unique_process_id']:04x})"
        nodes = self.vads(process, name)
        if process["pae_top"]:
            self.tables(process, name, nodes)
            self.working_set(process, name)

    def vads(self, process, name):
        nodes = []
        try:
            nodes = list(tree(self.system, process["vad_root"]))
        except Problem as problem:
            self.wrong(f"{name}: {problem}")
            return nodes
        self.counts["VADs"] += len(nodes)
        if len(nodes) != process["number_of_vads"]:
            self.wrong(f"{name}: {len(nodes)} VADs, NumberOfVads is {process['number_of_vads']}")
        for before, after in zip(nodes, nodes[1:]):
            if before.end >= after.start:
                self.wrong(f"{name}: VAD {before.address:08x} reaches into {after.address:08x}")
        heights = {0: 0}
        for node in sorted(nodes, key=lambda node: -node.level):
            left, right = (heights.get(node.record[side], 0) for side in ("left_child", "right_child"))
            heights[node.address] = 1 + max(left, right)
            if abs(left - right) > 1:
                self.wrong(f"{name}: below VAD {node.address:08x} the tree is {left} and {right} deep")
        return nodes

    def tables(self, process, name, nodes):
        space = self.system.space_of(process)
        windows = physical_windows(self.system, process) if nodes else []
        directories = space.directories() or ()
        for half, directory in enumerate(directories[:2]):
            for index, raw in enumerate(space.entries(directory)):
                if raw & (VALID | LARGE) == VALID:
                    first = (half * 512 + index) * 512
                    self.table(space, frame_of(raw), first, name, windows)

    def table(self, space, table, first, name, windows):
        for index, raw in enumerate(space.entries(table)):
            page, form = first + index, decode(raw)
            if form.kind == "transition":
                self.counts["Transition PTEs"] += 1
                self.named(form.where, page, table, name, PARKED)
            elif form.kind == "valid" and not any(start <= page <= end for start, end in windows):
                self.counts["Valid user PTEs"] += 1
                self.mapped[form.where] += 1
                if raw & PROTOTYPE:
                    self.located(form.where, page, name, (ACTIVE,))
                else:
                    self.named(form.where, page, table, name, (ACTIVE,))

    def located(self, frame, page, name, locations):
        record = self.frames.get(frame)
        if record is None:
            self.wrong(f"{name}: page {page << 12:08x} is in {frame:x}, which is no RAM")
        elif location_of(record[3]) not in locations:
            self.wrong(f"{name}: page {page << 12:08x} is in frame {frame:x}, whose location is {location_of(record[3])}")
        else:
            return record
        return None

    def named(self, frame, page, table, name, locations):
        """The record of a page's own frame names the page's entry."""
        record = self.located(frame, page, name, locations)
        if record is None:
            return
        entry, containing = PAGE_TABLES + page * 8, record[6] & 0x03FFFFFF
        if record[1] & ~1 != entry or containing != table:
            self.wrong(f"{name}: page {page << 12:08x} is in frame {frame:x}, whose PteAddress is {record[1]:08x} in {containing:x}")

    def working_set(self, process, name):
        space = self.system.space_of(process)
        last, entries = space.number(WORKING_SET_LIST + 12), space.number(WORKING_SET_LIST + 20)
        if last is None or entries is None:
            return self.wrong(f"{name}: the working-set list is not in memory")
        words = list(valid_entries(space, entries, last))
        if len(words) != process["vm.working_set_size"]:
            self.wrong(f"{name}: {len(words)} entries of the working set, WorkingSetSize is {process['vm.working_set_size']}")
        for word in words:
            self.counts["Working-set entries"] += 1
            if space.frame(word & ~0xFFF) is None:
                self.wrong(f"{name}: page {word & ~0xFFF:08x} is in the working set and not in memory")

    def shares(self):
        # The kernel maps the page of the time as well.
        shared_data = self.system.space.frame(SHARED_DATA)
        for frame, count in self.mapped.items():
            record = self.frames.get(frame)
            fixed = record is not None and record[6] & AWE_ALLOCATION
            if record is not None and not fixed and frame != shared_data and record[2] != count:
                self.wrong(f"frame {frame:x}: {count} valid PTEs, share count {record[2]}")


@command("verify")
def show_audit(system, words):
    """verify: an audit of lists, VAD trees, page tables, share counts and working sets, by other code than the kernel debugger's !verify."""
    words.end()
    audit = Audit(system)
    audit.lists()
    try:
        for process in system.processes():
            audit.process(process)
        audit.shares()
    except Problem as problem:
        audit.wrong(str(problem))
    if not audit.findings:
        show("The audit is clean: lists, trees, page tables and frames agree.")
        for name in ("Frames", "Active", "Processes", "VADs", "Valid user PTEs", "Transition PTEs", "Working-set entries"):
            show(f"{name:>19}: {audit.counts[name]:>8}")
        return
    show(f"The audit found {len(audit.findings)} contradictions:")
    for finding in audit.findings[:MOST_SHOWN]:
        show(f"  {finding}")
    if len(audit.findings) > MOST_SHOWN:
        show("  ...")
