"""Looks at a dump in which words were replaced at random, by every command: each must end, with what it found or with why it cannot.

`$rounds` says how often, `$seed` which numbers; without it they are the same each time. Only words of the kernel's structures and of the program's own are replaced, and page
tables: what the commands follow.
"""

import random
import time

import gdb

from vadose_gdb import memory, system
from vadose_gdb.system import SELECTION

COMMANDS = (
    "vad; vad $root 1; process 0 3; process; thread; pte 3000000; vtop 401000; pfn 100; vm; handle; handle 4; ca 3000000; ca 3500000; ca 400000; "
    "ws 0 1; peb; teb; dlls; address 3500000; address 20000; address 400000; address 3300000; address 7fffffff; pool $root; dllsyms; dt _MMVAD $root; "
    "dt _EPROCESS $process; .process 4; .process 28; .process 0; verify; memusage"
).split("; ")
# Those that look at all frames: now and then.
HEAVY, SELDOM = ("verify", "memusage"), 0.1
# Where words are replaced, beside the pool's first pages: kernel statics, tables, processor's block, working-set list, PEB, TEB, stack, heap.
PLACES = (
    0xFFDFF000, 0xC0883000, 0xC0600000, 0xC0601000, 0xC0602000, 0xC0002000, 0xC0000000, 0x81000000, 0x81001000, 0x7FFDF000, 0x7FFDE000,
    0x10000, 0x220000,
)
POOL, POOL_PAGES = 0xA0000000, 0x10
# Seconds that one command may take.
PATIENCE = 30


class Corrupt(memory.RawFile):
    """A dump of which some pages are others."""

    def __init__(self, path):
        super().__init__(path)
        self.changed = {}

    def page(self, frame):
        return self.changed.get(frame) or super().page(frame)

    def corrupt(self, frames, pointers):
        self.changed = {}
        for frame in random.sample(frames, random.choice((1, 2, 4, len(frames)))):
            page = bytearray(self.page(frame))
            for _ in range(random.choice((1, 4, 40, 400))):
                at = random.randrange(1024) * 4
                old = int.from_bytes(page[at:at + 4], "little")
                new = random.choice((0, 0xFFFFFFFF, random.getrandbits(32), random.getrandbits(12), old ^ 1 << random.randrange(32), *pointers))
                page[at:at + 4] = new.to_bytes(4, "little")
            self.changed[frame] = bytes(page)


def main():
    random.seed(int(gdb.convenience_variable("seed") or 7))
    dump = Corrupt(SELECTION.system().backend.name)
    looked_at = system.System(dump)
    process = list(looked_at.processes())[-1]
    space, root = looked_at.space_of(process), process["vad_root"]
    statics = [int(gdb.lookup_static_symbol(f"vadose_kernel::system::{name}").value().address) for name in ("MEMORY", "EXECUTIVE")]
    places = [*PLACES, *statics, *(POOL + at * 0x1000 for at in range(POOL_PAGES))]
    frames = sorted({frame for frame in map(space.frame, places) if frame} | {space.tables >> 12})
    pointers = (root, process.address, process["peb"], POOL, POOL + 0x4040, statics[0])
    SELECTION.file = looked_at
    ran, failed = 0, []
    for _ in range(int(gdb.convenience_variable("rounds"))):
        dump.corrupt(frames, pointers)
        looked_at.forget()
        looked_at.chosen = None
        for command in COMMANDS:
            if command in HEAVY and random.random() > SELDOM:
                continue
            began = time.monotonic()
            try:
                gdb.execute(command.replace("$root", f"{root:x}").replace("$process", f"{process.address:x}"), to_string=True)
            except gdb.error as error:
                if "Error occurred in Python" in str(error):
                    failed.append(f"{command}: {error}")
            if time.monotonic() - began > PATIENCE:
                failed.append(f"{command} took {time.monotonic() - began:.0f} s")
            ran += 1
    for line in failed[:10]:
        print(line)
    print(f"{ran} commands over {len(frames)} pages, {len(failed)} failed")


main()
