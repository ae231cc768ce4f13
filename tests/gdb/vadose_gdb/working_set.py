"""`ws`: the working-set list of a process, in its own hyperspace."""

from .command import command, show
from .memory import Problem
from .process import show_process
from .system import LONGEST_WALK

WORKING_SET_LIST = 0xC0883000
# Words of the head of _MMWSL that are shown.
HEAD = 11
VALID, LOCKED, AGE_SHIFT = 1, 6, 10


@command("ws")
def show_working_set(system, words):
    """ws [ADDRESS|ID|0] [1]: a working-set list; with 1 all of its pages. The kernel debugger's !ws."""
    process, flags = system.process(words.number()), words.number(0)
    words.end()
    show_process(system, process, 0)
    space = system.space_of(process)
    head = [space.number(WORKING_SET_LIST + at * 4) for at in range(HEAD)]
    if None in head:
        raise Problem("the process has no working-set list")
    quota, free, dynamic, last, next_slot, entries, initialised, indirect, table, size, _ = head
    show(f"Working Set @ {WORKING_SET_LIST:08x}")
    show(f"    Quota:     {quota:>8x}  FirstFree: {free:>8x}  FirstDynamic:    {dynamic:>8x}")
    show(f"    LastEntry  {last:>8x}  NextSlot:  {next_slot:>8x}  LastInitialized  {initialised:>8x}")
    show(f"    NonDirect  {indirect:>8x}  HashTable: {table:>8x}  HashTableSize:   {size:>8x}")
    if flags & 1:
        show("\nVirtual Address      Age   Locked   ReferenceCount")
    ages, locked = [0] * 4, 0
    for word in valid_entries(space, entries, last):
        ages[word >> AGE_SHIFT & 3] += 1
        locked += bool(word & LOCKED)
        if flags & 1:
            show_row(system, space, word)
    show(f"\n    {sum(ages)} pages, {locked} of them locked; WorkingSetSize {process['vm.working_set_size']}")
    show("    by age: {} used lately, {} of age 1, {} of age 2, {} of age 3".format(*ages))


def valid_entries(space, address, last):
    for index in range(min(last + 1, LONGEST_WALK)):
        word = space.number((address + index * 4) & 0xFFFFFFFF)
        if word is None:
            return
        if word & VALID:
            yield word


def show_row(system, space, word):
    address, frame = word & ~0xFFF, space.frame(word & ~0xFFF)
    references = "      ?" if frame is None else f"{system.frame(frame)['reference_count']:>7}"
    show(f"        {address:08x} {word >> AGE_SHIFT & 3:>7}  {'Y' if word & LOCKED else '':>5} {references}")
